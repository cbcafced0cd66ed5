"""The site below a path of a host, with the headers of the manual: what is there, and what is not."""

from __future__ import annotations

import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from browser.test_own_site import _CONTRAST, _OVERFLOW, _page
from hostile.builds import ROOT, copy_repository, shared, sphinx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hostile.builds import Build
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PATH = "/team/handbook"
HOST = {
    "AGENTDOCS_BASEURL": f"https://www.example.com{PATH}/",
    "GITHUB_REF_TYPE": "",
    "READTHEDOCS_VERSION_TYPE": "branch",
    "READTHEDOCS_GIT_IDENTIFIER": "main",
    "READTHEDOCS_GIT_CLONE_URL": "git@github.com:you/agents.git",
}
POLICY = re.findall(
    r"^Content-Security-Policy: (.+)$", (ROOT / "docs/hosting.md").read_text(), re.MULTILINE
)[0]


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return the site as a host builds it, in a folder of what the host has."""

    def make(folder: Path) -> Build:
        root = copy_repository(folder / "repository", manual=False)
        out = folder / "www" / PATH.strip("/")
        return sphinx(root / "docs", out, "-n", "-W", "-c", str(root), cwd=root, env=HOST)

    done = shared(tmp_path_factory, "hosted", make)
    assert done.code == 0, done.errors
    return done


class _Host(SimpleHTTPRequestHandler):
    """A static host: a page of the site's own for what is not there, and headers."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def send_error(self, code: int, *args: Any, **kwargs: Any) -> None:
        page = f"{self.directory}{PATH}/404.html"
        with open(page, "rb") as stream:
            body = stream.read()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def host(hosted: Build) -> Iterator[str]:
    handler = partial(_Host, directory=str(hosted.out.parents[1]))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}{PATH}"
        server.shutdown()
        thread.join()


def visit(page: Page, wrong: list[str], url: str) -> None:
    """Ask for what is not there; the browser complains of that once, and of nothing else."""
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 404
    page.wait_for_load_state("networkidle")
    complaints = [one for one in wrong if "status of 404" in one]
    assert len(complaints) == 1, wrong
    wrong.remove(complaints[0])


_ADDRESS = "all => all.map(a => new URL(a.getAttribute('href'), document.baseURI).href)"


def near(page: Page) -> list[str]:
    return page.locator(".agentdocs-near a").evaluate_all("all => all.map(a => a.href)")


MISSING = "agents/toolkit/backend-develper/reference.html"


def test_three_folders_down_it_has_its_style_and_knows_what_was_meant(
    browser: Browser, host: str
) -> None:
    with _page(browser) as (page, wrong):
        visit(page, wrong, f"{host}/{MISSING}")
        assert page.locator("h1").inner_text() == "This page is not here"
        assert page.locator(".agentdocs-asked code").inner_text() == f"{PATH}/{MISSING}"
        assert page.evaluate("[...document.styleSheets].every(sheet => sheet.cssRules.length > 0)")
        form = page.locator(".agentdocs-seek")
        assert form.evaluate("form => getComputedStyle(form).display") == "flex"
        assert page.get_by_label("Search for").input_value() == "backend develper"
        assert near(page)[0] == f"{host}/agents/toolkit/backend-developer/index.html"
        assert {urlsplit(one).path.split("/")[-2] for one in near(page)} >= {"backend-developer"}
        page.locator(".agentdocs-near a").first.click()
        assert page.locator("h1").first.inner_text().startswith("backend-developer")
    assert wrong == []


def test_its_search_asks_for_the_last_part(browser: Browser, host: str) -> None:
    with _page(browser) as (page, wrong):
        visit(page, wrong, f"{host}/x/y/migrator.html")
        page.get_by_role("button", name="Search", exact=True).click()
        assert page.url == f"{host}/search.html?q=migrator"
        assert page.title().startswith("Search")
    assert wrong == []


def test_each_of_its_links_leads_somewhere(browser: Browser, host: str) -> None:
    with _page(browser) as (page, wrong):
        visit(page, wrong, f"{host}/a/b/c/d/e")
        links = page.locator("a[href]").evaluate_all(_ADDRESS)
        ours = {one for one in links if one.startswith(host) and "#" not in one}
        assert len(ours) >= 2
        for one in ours:
            assert page.request.get(one).status == 200, one
        assert near(page) == []
        assert not page.get_by_text("Did you mean").is_visible()
    assert wrong == []


def test_it_leads_home_without_scripts(browser: Browser, host: str) -> None:
    with _page(browser, java_script_enabled=False) as (page, wrong):
        visit(page, wrong, f"{host}/{MISSING}")
        assert not page.locator(".agentdocs-seek").is_visible()
        article = page.locator("article")
        article.get_by_role("link", name="All agents").click()
        assert page.url == f"{host}/agents/index.html"
        page.go_back()
        article.get_by_role("link", name="Home").click()
        assert page.url == f"{host}/index.html"
    assert [one for one in wrong if "status of 404" not in one] == []


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a/%3Cimg%20src=x%20onerror=alert(1)%3E", "<img src=x onerror=alert(1)>"),
        ("%22%3E%3Cscript%3Ealert(1)%3C/script%3E", '"><script>alert(1)</script>'),
        ("%E0%A4%A", "%E0%A4%A"),
        ("x" * 3000, "x" * 200),
    ],
)
@pytest.mark.security("SEC-46")
def test_what_was_asked_for_is_text(browser: Browser, host: str, path: str, shown: str) -> None:
    with _page(browser) as (page, wrong):
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        visit(page, wrong, f"{host}/{path}")
        assert shown in page.locator(".agentdocs-asked code").inner_text()
        assert page.locator("article img, article script").count() == 0
        assert page.evaluate(_OVERFLOW) == [0, []]
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_on_any_screen(browser: Browser, host: str, scheme: str) -> None:
    with _page(browser, color_scheme=scheme) as (page, wrong):
        visit(page, wrong, f"{host}/{MISSING}")
        assert page.evaluate(_CONTRAST)["faint"] == []
        page.set_viewport_size({"width": 360, "height": 800})
        assert page.evaluate(_OVERFLOW) == [0, []]
    assert wrong == []


def test_asked_for_itself_it_guesses_nothing(browser: Browser, host: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{host}/404.html")
        assert "may have been moved" in page.locator(".agentdocs-asked").inner_text()
        assert not page.locator(".agentdocs-seek").is_visible()
    assert wrong == []


@pytest.mark.parametrize(
    "path", ["index.html", "agents/library/graph.html", "agents/library/health.html",
             "agents/toolkit/backend-developer/schemas.html", "search.html?q=developer"],
)  # fmt: skip
@pytest.mark.security("SEC-83")
def test_pages_work_below_a_path_and_with_the_headers_of_the_manual(
    browser: Browser, host: str, path: str
) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{host}/{path}")
        page.wait_for_load_state("networkidle")
        links = page.locator("a[href]").evaluate_all(_ADDRESS)
        for one in {one.partition("#")[0] for one in links if one.startswith("http://127.0.0.1")}:
            assert one.startswith(f"{host}/"), one
            assert page.request.get(one).status == 200, one
    assert wrong == []


def test_the_filter_works_below_a_path(browser: Browser, host: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{host}/agents/index.html")
        page.get_by_label("Find an agent").fill("auditor")
        page.locator(".agentdocs-results a").first.click()
        assert page.url == f"{host}/agents/toolkit/security-auditor/index.html"
    assert wrong == []


def test_pages_say_where_they_are_and_where_they_are_edited(hosted: Build) -> None:
    home, agent = hosted.page("index"), hosted.page("agents/toolkit/backend-developer/index")
    edit = "https://github.com/you/agents/edit/main"
    assert f'<link rel="canonical" href="{HOST["AGENTDOCS_BASEURL"]}index.html"' in home
    assert f'href="{edit}/docs/index.md"' in home
    assert f'href="{edit}/agents/toolkit/backend-developer/SKILL.md"' in agent
    assert edit not in hosted.page("agents/library/health")
    assert (hosted.out / ".nojekyll").is_file()


FORGES = [
    ({"READTHEDOCS_GIT_CLONE_URL": "https://gitlab.com/you/all/agents.git"},
     "https://gitlab.com/you/all/agents/-/edit/main/docs/index.md"),
    ({"READTHEDOCS_VERSION_TYPE": "tag"}, ""),
    ({"READTHEDOCS_VERSION_TYPE": "external"}, ""),
    ({"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "a/b", "GITHUB_REPOSITORY": "we/ours",
      "GITHUB_SERVER_URL": "https://git.example.com", "GITHUB_HEAD_REF": "",
      "READTHEDOCS_VERSION_TYPE": ""},
     "https://git.example.com/we/ours/edit/a/b/docs/index.md"),
    ({"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "7/merge", "GITHUB_HEAD_REF": "theirs",
      "READTHEDOCS_VERSION_TYPE": ""}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("said", "link"), FORGES)
def test_the_link_to_edit_is_that_of_the_forge(
    tmp_path: Path, said: dict[str, str], link: str
) -> None:
    root = copy_repository(tmp_path / "repository", manual=False)
    for folder in root.glob("agents/*"):
        if folder.name != "minimal":
            folder.rename(tmp_path / folder.name)
    done = sphinx(
        root / "docs", tmp_path / "out", "-c", str(root), cwd=root, env={**HOST, **said},
        files=[str(root / "docs" / "index.md")],
    )  # fmt: skip
    assert done.code == 0, done.errors
    found = re.findall(r'href="([^"]*)" rel="edit"', done.page("index"))
    assert found == ([link] if link else [])

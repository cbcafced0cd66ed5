"""Hostile agents in a real browser: nothing runs, nothing is fetched, nothing is broken."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hostile.builds import Build
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@dataclass
class Watched:
    """A page of the browser, and what happened on it that must not."""

    page: Page
    allowed: str
    """How every address begins that may be asked for."""
    wrong: list[str] = field(default_factory=list)

    def visit(self, url: str) -> None:
        """Open an address and let what would run by itself run."""
        self.page.goto(url, wait_until="load")
        self.check(url)

    def check(self, where: str) -> None:
        """Note a trick that worked."""
        pwned = self.page.evaluate("window.pwned === undefined ? '' : String(window.pwned)")
        if pwned:
            self.wrong.append(f"{where}: a script ran: {pwned}")


@contextlib.contextmanager
def _watch(browser: Browser, allowed: str) -> Iterator[Watched]:
    context = browser.new_context()
    context.set_default_timeout(10_000)
    # Nothing that is asked for elsewhere gets there, but it counts.
    page = context.new_page()
    watched = Watched(page, allowed)

    def request(url: str) -> None:
        if not url.startswith((allowed, "data:image/svg+xml")):
            watched.wrong.append(f"{page.url}: asked for {url}")

    page.on("request", lambda asked: request(asked.url))
    page.on(
        "dialog", lambda shown: (watched.wrong.append(f"dialog: {shown.message}"), shown.dismiss())
    )
    page.on("console", lambda said: said.type == "error" and watched.wrong.append(
        f"{page.url}: {said.text} ({said.location.get('url')})"
    ))  # fmt: skip
    page.on("pageerror", lambda error: watched.wrong.append(f"{page.url}: {error}"))
    page.on("popup", lambda opened: watched.wrong.append(f"{page.url}: opened {opened.url}"))
    context.route(lambda url: not url.startswith((allowed, "data:")), lambda route: route.abort())
    yield watched
    context.close()


def _pages(site: Build) -> list[str]:
    """Return a page of each kind, and all of the agents that try most; see also tests/hostile."""
    wanted = (
        "*.html", "agents/*.html", "agents/fields/*/*.html", "agents/headings/*/*.html",
        "agents/inline/html/*.html", "agents/inline/[ils]*/reference.html",
        "agents/fences/backticks/*.html", "agents/names/*rc*/index.html",
        "agents/skills/evil-skill/[it]*.html", "agents/skills/evil-skill/scripts/*.html",
        "agents/library/*.html", "agents/library/collections/fields.html",
        "agents/library/t*/*script*.html",
    )  # fmt: skip
    found = {
        path.relative_to(site.out).as_posix() for glob in wanted for path in site.out.glob(glob)
    }
    return sorted(found)


def _address(base: str, path: str) -> str:
    return f"{base}/{quote(path)}"


@pytest.mark.parametrize("part", range(3))
@pytest.mark.security("SEC-33", "SEC-34")
def test_nothing_happens_on_any_page(
    browser: Browser, hostile: Build, hostile_url: str, part: int
) -> None:
    pages = _pages(hostile)[part::3]
    assert len(pages) > 10
    with _watch(browser, hostile_url) as watched:
        for path in pages:
            watched.visit(_address(hostile_url, path))
    assert watched.wrong == []


def test_nothing_happens_when_opened_as_files(browser: Browser, hostile: Build) -> None:
    base = hostile.out.as_uri()
    with _watch(browser, "file://") as watched:
        for name in ("values", "quotes", "names", "dialogue", "plain"):
            watched.visit(_address(base, f"agents/fields/{name}/index.html"))
        for path in (
            "agents/index.html",
            "agents/inline/html/reference.html",
            "agents/library/graph.html",
        ):
            watched.visit(_address(base, path))
    assert watched.wrong == []


def test_nothing_happens_when_everything_is_pointed_at(browser: Browser, hostile_url: str) -> None:
    # Handlers such as onmouseover and onfocus wait for a person.
    with _watch(browser, hostile_url) as watched:
        for path in ("inline/html/reference", "inline/links/reference", "fields/values/index"):
            watched.visit(f"{hostile_url}/agents/{path}.html")
            watched.page.evaluate(
                """() => {
                    for (const node of document.querySelectorAll("main *, aside *, footer *")) {
                        for (const type of ["mouseover", "mouseenter", "focus", "toggle", "pointerdown"])
                            node.dispatchEvent(new Event(type, {bubbles: true}));
                    }
                }"""
            )
            watched.check(path)
    assert watched.wrong == []


@pytest.mark.security("SEC-39")
def test_the_filter_shows_hostile_agents_as_text(browser: Browser, hostile_url: str) -> None:
    with _watch(browser, hostile_url) as watched:
        watched.visit(f"{hostile_url}/agents/index.html")
        box = watched.page.locator(".agentdocs-finder-all input[type=search]")
        for word in ("script", "onerror", "<img", "substituted", "javascript:", '"'):
            box.fill(word)
            watched.page.locator(".agentdocs-results li").first.wait_for()
        name = "<script>window.pwned='name'</script>"
        box.fill("pwned='name'")
        assert name in watched.page.locator(".agentdocs-results").inner_text()
        watched.visit(
            f"{hostile_url}/agents/index.html?q={quote('<img src=x onerror=window.pwned=1>')}"
        )
        watched.visit(
            f"{hostile_url}/agents/index.html?tag={quote('<script>window.pwned=1</script>')}"
        )
        watched.check("filter")
    assert watched.wrong == []


@pytest.mark.parametrize("word", ["script", "onerror", "pwned", "include", "heading"])
@pytest.mark.security("SEC-39")
def test_the_search_shows_hostile_headings_as_text(
    browser: Browser, hostile_url: str, word: str
) -> None:
    with _watch(browser, hostile_url) as watched:
        watched.visit(f"{hostile_url}/search.html?q={word}")
        watched.page.locator(".agentdocs-search-hit, .agentdocs-search-count").first.wait_for()
        # Excerpts are fetched one after the other; they come from the pages' own text.
        watched.page.wait_for_load_state("networkidle")
        watched.check(word)
    assert watched.wrong == []


@pytest.mark.security("SEC-35")
def test_every_link_out_of_a_hostile_page_is_a_plain_one(
    browser: Browser, hostile_url: str
) -> None:
    with _watch(browser, hostile_url) as watched:
        watched.visit(f"{hostile_url}/agents/inline/links/reference.html")
        schemes = watched.page.evaluate(
            "[...new Set([...document.links].map(link => new URL(link.href).protocol))].sort()"
        )
        assert schemes == ["http:", "https:", "mailto:"]
    assert watched.wrong == []


@pytest.mark.security("SEC-38")
def test_a_download_is_saved_and_not_run(
    browser: Browser, hostile_url: str, tmp_path: Path, hostile: Build
) -> None:
    folder = hostile.out / "agents" / "files" / "skills" / "evil-skill"
    with _watch(browser, hostile_url) as watched:
        for file in sorted(path for path in folder.rglob("evil*") if path.is_file()):
            # Opened directly, as from a mail; a browser shows these as text or saves them.
            with contextlib.suppress(Exception):
                watched.page.goto(_address(hostile_url, file.relative_to(hostile.out).as_posix()))
            watched.check(file.name)
    assert [one for one in watched.wrong if "ran" in one or "tracker" in one] == []

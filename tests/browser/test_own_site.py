"""This repository's own site in a real browser: found, read, copied, on any screen."""

from __future__ import annotations

import contextlib
import gzip
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.builds import Build
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PAGES = {
    "home": "index.html",
    "catalogue": "agents/index.html",
    "overview": "agents/toolkit/backend-developer/index.html",
    "reference": "agents/toolkit/backend-developer/reference.html",
    "dialogue": "agents/dialogue/backend-developer/index.html",
    "schemas": "agents/minimal/backend-developer/schemas.html",
    "role": "agents/library/roles/backend-developer.html",
    "graph": "agents/library/graph.html",
    "health": "agents/library/health.html",
    "snippets": "agents/library/snippets/python.html",
    "tool": "agents/library/tools/read.html",
    "script": "agents/toolkit/backend-developer/scripts/check-health.html",
    "source": "agents/toolkit/backend-developer/source.html",
    "api": "agents/toolkit/backend-developer/schemas.html",
    "another api": "agents/toolkit/backend-developer/apis/sign-in-100.html",
    "tables": "agents/toolkit/database-migrator/schemas.html",
    "endpoints": "api-endpoints.html",
    "checklists": "agents/minimal/backend-developer/reference.html",
}


@contextlib.contextmanager
def _page(browser: Browser, **options: object) -> Iterator[tuple[Page, list[str]]]:
    """Yield a page, and the list of what went wrong on it."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on(
        "console", lambda said: said.type == "error" and wrong.append(f"{page.url}: {said.text}")
    )
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
    page.on(
        "requestfailed",
        # What is on its way when a page is left is given up; that is no fault.
        lambda asked: (
            asked.failure == "net::ERR_ABORTED" or wrong.append(f"{page.url}: failed {asked.url}")
        ),
    )
    page.on(
        "request",
        lambda asked: (
            asked.url.startswith(("http://127.0.0.1", "file:", "data:"))
            or wrong.append(f"{page.url}: asked for {asked.url}")
        ),
    )
    yield page, wrong
    context.close()


# --- finding -----------------------------------------------------------------------------------


def test_the_finder_filters_as_one_types(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{PAGES['catalogue']}")
        page.get_by_label("Find an agent").press_sequentially("migrat")
        results = page.locator(".agentdocs-results li")
        results.first.wait_for()
        assert "database-migrator" in results.first.inner_text()
        assert re.match(r"\d+ of 10 agents", page.locator("#agentdocs-count").inner_text())
        results.first.get_by_role("link").first.click()
        assert page.url == f"{own_url}/agents/toolkit/database-migrator/index.html"
        assert page.locator("h1").first.inner_text().startswith("database-migrator")
    assert wrong == []


def test_the_finder_filters_by_facets(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{PAGES['catalogue']}")
        page.get_by_label("Collection").select_option("minimal")
        results = page.locator(".agentdocs-results li")
        results.first.wait_for()
        assert results.count() == 3
        page.get_by_label("Find an agent").fill("build")
        names = page.locator(".agentdocs-results li a").all_inner_texts()
        assert "build-engineer" in names
        assert len(names) < 10
        assert page.get_by_label("Tool").locator("option").count() > 4
    assert wrong == []


def test_the_finder_says_when_it_finds_nothing(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{PAGES['catalogue']}")
        box = page.get_by_label("Find an agent")
        box.fill("zzzz-no-such-agent")
        page.get_by_text("0 of 10 agents").wait_for()
        assert page.locator(".agentdocs-results li").count() == 0
        box.fill("")
        assert page.locator("#agentdocs-count").inner_text() == ""
    assert wrong == []


def test_the_finder_keeps_its_state_in_the_address(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{PAGES['catalogue']}")
        page.get_by_label("Find an agent").fill("developer")
        page.get_by_label("Collection").select_option("minimal")
        assert "q=developer" in page.url
        assert "collection=minimal" in page.url
        shown = page.locator(".agentdocs-results").inner_text()
        page.reload()
        page.locator(".agentdocs-results li").first.wait_for()
        assert page.get_by_label("Find an agent").input_value() == "developer"
        assert page.get_by_label("Collection").input_value() == "minimal"
        assert page.locator(".agentdocs-results").inner_text() == shown
    assert wrong == []


def test_the_home_page_finds_agents_too(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(own_url)
        page.get_by_label("Find an agent").press_sequentially("security")
        page.locator(".agentdocs-results li").first.wait_for()
        page.locator(".agentdocs-results a").first.click()
        assert "security-auditor" in page.url
    assert wrong == []


def test_the_finder_works_without_a_mouse(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{PAGES['catalogue']}")
        box = page.get_by_label("Find an agent")
        box.focus()
        page.keyboard.type("performance")
        page.locator(".agentdocs-results a").first.wait_for()
        page.keyboard.press("Enter")  # does not send the form anywhere
        assert page.url.startswith(f"{own_url}/{PAGES['catalogue']}")
        for _ in range(8):
            page.keyboard.press("Tab")
            focused = page.evaluate("document.activeElement.closest('.agentdocs-results') !== null")
            if focused:
                break
        assert focused
        page.keyboard.press("Enter")
        page.wait_for_url("**/performance-optimizer/**")
    assert wrong == []


def test_the_finder_works_from_files(browser: Browser, own: Build) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own.out.as_uri()}/{PAGES['catalogue']}")
        page.get_by_label("Find an agent").fill("auditor")
        page.locator(".agentdocs-results li").first.wait_for()
        page.locator(".agentdocs-results a").first.click()
        assert page.url.endswith("/agents/toolkit/security-auditor/index.html")
        assert page.locator("h1").first.inner_text().startswith("security-auditor")
    assert wrong == []


def test_the_search_page_finds_an_agent(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/search.html?q=migrator")
        # Pagefind's results, or Sphinx's where it is not installed.
        links = page.locator("a.agentdocs-search-hit, #search-results li a")
        links.first.wait_for()
        found = links.evaluate_all("all => all.map(a => a.href)")
        assert any("/agents/toolkit/database-migrator/" in address for address in found)
    assert wrong == []


# --- reading -----------------------------------------------------------------------------------


def test_a_snippet_is_copied_as_it_is(browser: Browser, own_url: str) -> None:
    with _page(browser, permissions=["clipboard-read", "clipboard-write"]) as (page, wrong):
        page.goto(f"{own_url}/{PAGES['schemas']}")
        block = page.locator(".agentdocs-snippet").first
        block.get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.strip() == block.locator("pre").inner_text().strip()
        assert not copied.startswith("\n")
    assert wrong == []


def test_the_whole_file_is_copied_as_it_is(browser: Browser, own_url: str, own: Build) -> None:
    file = own.out.parent / "agents/toolkit/backend-developer/SKILL.md"
    with _page(browser, permissions=["clipboard-read", "clipboard-write"]) as (page, wrong):
        page.goto(f"{own_url}/{PAGES['source']}")
        page.locator(".agentdocs-verbatim").get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == file.read_text(encoding="utf-8")
    assert wrong == []


def test_a_line_of_a_problem_or_a_field_can_be_reached(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{PAGES['overview']}")
        page.locator("table a[href*='source.html#L3']").first.click()
        assert page.url.endswith("source.html#L3")
        line = page.locator("#L3")
        assert line.inner_text().startswith("description:")
        assert line.bounding_box()
        top = page.evaluate("document.getElementById('L3').getBoundingClientRect().top")
        assert 0 <= top < 720
    assert wrong == []


def test_the_file_is_downloaded_from_the_overview(
    browser: Browser, own_url: str, own: Build
) -> None:
    file = own.out.parent / "agents/toolkit/backend-developer/SKILL.md"
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{PAGES['overview']}")
        address = page.get_by_role("link", name="Download it").evaluate("link => link.href")
        assert page.request.get(address).body() == file.read_bytes()
    assert wrong == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_page_is_wider_than_its_screen(browser: Browser, own_url: str, name: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{PAGES[name]}")
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(_OVERFLOW) == [0, []], width
    assert wrong == []


_OVERFLOW = """() => {
    const limit = document.documentElement.clientWidth;
    const scrolls = node => {
        for (let up = node.parentElement; up; up = up.parentElement) {
            const {overflowX, position} = getComputedStyle(up);
            if (["auto", "scroll", "hidden", "clip"].includes(overflowX)) return true;
            if (position === "fixed") return true;
        }
        return false;
    };
    const wide = [...document.querySelectorAll("main *, article *")]
        .filter(node => node.getBoundingClientRect().right > limit + 1 && !scrolls(node))
        .map(node => `${node.tagName}.${node.getAttribute("class")}`);
    return [document.documentElement.scrollWidth - limit, wide.slice(0, 5)];
}"""


def test_pages_can_be_read_without_scripts(browser: Browser, own_url: str) -> None:
    with _page(browser, java_script_enabled=False) as (page, wrong):
        page.goto(f"{own_url}/{PAGES['catalogue']}")
        article = page.locator("article")
        names = (
            "backend-developer", "frontend-developer", "build-engineer", "security-auditor",
            "performance-optimizer", "database-migrator",
        )  # fmt: skip
        for name in names:
            assert article.get_by_role("link", name=name, exact=True).first.is_visible()
        assert article.get_by_role("link", name="backend-developer", exact=True).count() == 5
        article.get_by_role("link", name="security-auditor", exact=True).first.click()
        assert page.locator("h1").first.inner_text().startswith("security-auditor")
        for path in PAGES.values():
            page.goto(f"{own_url}/{path}")
            assert page.locator("h1").first.is_visible(), path
            assert len(page.locator("article").inner_text()) > 100, path
    assert wrong == []


@pytest.mark.parametrize("name", ["overview", "catalogue", "graph", "role"])
def test_dark_is_dark_and_light_is_light(browser: Browser, own_url: str, name: str) -> None:
    brightness = {}
    for scheme in ("light", "dark"):
        with _page(browser, color_scheme=scheme) as (page, wrong):
            page.goto(f"{own_url}/{PAGES[name]}")
            brightness[scheme] = page.evaluate(_CONTRAST)
        assert wrong == []
    assert brightness["light"]["ground"] > 0.8
    assert brightness["dark"]["ground"] < 0.1
    # WCAG AA for text, measured on what the browser computed.
    for scheme, found in brightness.items():
        assert found["faint"] == [], scheme


_CONTRAST = """() => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const rgba = color => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => [r, g, b]
        .map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, n) => sum + part * [0.2126, 0.7152, 0.0722][n], 0);
    const ground = node => {
        for (let up = node; up; up = up.parentElement) {
            const color = rgba(getComputedStyle(up).backgroundColor);
            if (color[3] > 250) return color;
        }
        return [255, 255, 255, 255];
    };
    const faint = new Set();
    for (const node of document.querySelectorAll("article *")) {
        const own = [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim());
        const style = getComputedStyle(node);
        if (!own || !node.getClientRects().length || style.visibility === "hidden") continue;
        if (+style.opacity < 1 || node.closest("svg, .headerlink, pre")) continue;
        const [a, b] = [light(rgba(style.color)), light(ground(node))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        const large = parseFloat(style.fontSize) >= 24;
        if (ratio < (large ? 3 : 4.5) - 0.05)
            faint.add(`${node.tagName}.${node.className} ${ratio.toFixed(2)}`);
    }
    return {ground: light(ground(document.body)), faint: [...faint].slice(0, 8)};
}"""


def test_the_graph_is_a_picture_with_links(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{PAGES['graph']}")
        picture = page.locator(".agentdocs-graph svg")
        assert picture.get_attribute("aria-label")
        boxes = picture.locator("a")
        assert boxes.count() > 5
        rectangles = [boxes.nth(n).bounding_box() for n in range(boxes.count())]
        for n, one in enumerate(rectangles):
            for other in rectangles[:n]:
                assert one is not None
                assert other is not None
                apart = (
                    one["x"] + one["width"] <= other["x"] + 1
                    or other["x"] + other["width"] <= one["x"] + 1
                    or one["y"] + one["height"] <= other["y"] + 1
                    or other["y"] + other["height"] <= one["y"] + 1
                )
                assert apart, (one, other)
    assert wrong == []


def test_a_page_weighs_little(own: Build) -> None:
    for page in (own.out / "agents").rglob("*.html"):
        data = page.read_bytes()
        # A cookbook of forty programs is long; what goes over the wire is not.
        assert len(gzip.compress(data)) < 60_000, page
        if page.name == "index.html" or "library" in page.parts:
            assert len(data) < 100_000, page


# --- checklists ------------------------------------------------------------------------------------


def test_a_checklist_is_ticked_kept_and_copied(browser: Browser, own_url: str) -> None:
    options = {"permissions": ["clipboard-read", "clipboard-write"]}
    with _page(browser, **options) as (page, wrong):
        page.goto(f"{own_url}/{PAGES['checklists']}")
        tools = page.locator(".agentdocs-checklist").first
        total = int(re.findall(r"0 of (\d+) done", tools.inner_text())[0])
        boxes = page.get_by_role("checkbox")
        first = boxes.first
        assert "Primary key" in first.evaluate("box => box.labels[0].innerText")
        first.focus()
        page.keyboard.press("Space")
        page.get_by_text("Unique and check constraints").click()  # its label
        assert f"2 of {total} done" in tools.inner_text()

        page.reload()
        assert f"2 of {total} done" in page.locator(".agentdocs-checklist").first.inner_text()
        page.get_by_role("button", name="Copy as Markdown").first.click()
        page.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("- [x] Primary key")
        assert copied.count("- [x] ") == 2
        assert len(copied.splitlines()) == total

        page.get_by_role("button", name="Reset").first.click()
        page.reload()
        assert f"0 of {total} done" in page.locator(".agentdocs-checklist").first.inner_text()
        # Nothing of it leaves the browser, and nothing stays that is not needed.
        assert (
            page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('agentdocs-ticks'))")
            == []
        )
    assert wrong == []


def test_without_scripts_a_checklist_reads_as_it_was_written(
    browser: Browser, own_url: str
) -> None:
    with _page(browser, java_script_enabled=False) as (page, _):
        page.goto(f"{own_url}/{PAGES['checklists']}")
        assert "[ ] Primary key" in page.locator("li.agentdocs-todo").first.inner_text()


# --- APIs, models, tables ----------------------------------------------------------------------------


def test_an_api_can_be_followed_and_copied(browser: Browser, own_url: str) -> None:
    options = {"permissions": ["clipboard-read", "clipboard-write"]}
    with _page(browser, **options) as (page, wrong):
        page.goto(f"{own_url}/{PAGES['endpoints']}")
        page.get_by_role("link", name="POST /v1/shipments").first.click()
        assert "/agents/toolkit/backend-developer/" in page.url
        page.goto(f"{own_url}/{PAGES['api']}")
        page.get_by_role("link", name="NewShipment").first.click()
        assert page.locator(":target").count() == 1
        page.get_by_text("The whole document").first.click()
        fold = page.locator("details[open]").first
        fold.get_by_role("button", name="Copy").click()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert '"openapi": "3.1' in copied and '"/v1/shipments"' in copied
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").first.click()
        assert download.value.suggested_filename.endswith(".json")
        page.goto(f"{own_url}/{PAGES['tables']}")
        page.locator("svg a").first.click()
        assert page.locator(":target").count() == 1
    assert wrong == []

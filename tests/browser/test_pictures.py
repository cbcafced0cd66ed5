"""Every kind of page, as pictures to look at, on a phone, on a desk and on paper.

The pictures are kept in ``AGENTDOCS_PICTURES``, or else in ``_build/pictures``, and compared with
nothing: what can be said of a page without a picture of how it should be is asserted here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.test_own_site import PAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).resolve().parents[2] / "_build" / "pictures"
KINDS = {
    **PAGES,
    "collection": "agents/library/collections/toolkit.html",
    "tag": "agents/library/tags/api.html",
    "examples": "agents/toolkit/performance-optimizer/examples.html",
    "companion": "agents/specialist/backend-developer/http.html",
    "manual": "verifying.html",
    "index": "genindex.html",
    "search": "search.html?q=migrate",
    "missing": "404.html",
}
WIDTHS = (1280, 390)
CODE = ".highlight pre:not(.agentdocs-drawn)"


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def _excess(page: Page) -> int:
    """Return by how many pixels a page is wider than the screen."""
    return page.evaluate("document.scrollingElement.scrollWidth - innerWidth")  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_of_each_kind_of_page(page: Page, own_url: str, kind: str) -> None:
    folder = Path(os.environ.get("AGENTDOCS_PICTURES") or FOLDER)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDTHS[0], "height": 1600})
    page.goto(f"{own_url}/{KINDS[kind]}")
    if kind == "search":
        page.locator(".agentdocs-search-group").first.wait_for()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1600})
        shades = []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            path = folder / f"{kind.replace(' ', '-')}-{width}-{scheme}.png"
            shades.append(page.screenshot(path=path))
        assert shades[0] != shades[1]
        assert _excess(page) <= 0
    page.set_viewport_size({"width": 360, "height": 1600})
    assert _excess(page) <= 0
    assert page.locator("article h1").is_visible()
    assert len(page.locator("article").inner_text()) > 60


def test_code_wraps_on_a_phone_and_stays_what_it_is(page: Page, own_url: str) -> None:
    texts = f"[...document.querySelectorAll('{CODE}')].map((block) => block.textContent)"
    wide = "(all) => all.filter((b) => b.checkVisibility() && b.scrollWidth > b.clientWidth).length"
    for kind in ("examples", "script", "manual", "api"):
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(f"{own_url}/{KINDS[kind]}")
        before = page.evaluate(texts)
        assert before
        page.set_viewport_size({"width": 360, "height": 900})
        page.locator(".agentdocs-line").first.wait_for(state="attached")
        assert page.locator(CODE).evaluate_all(wide) == 0
        assert page.evaluate(texts) == before
    page.goto(f"{own_url}/{KINDS['examples']}")
    block = page.locator(f".agentdocs-snippet {CODE}").first
    selected = block.evaluate(
        "(block) => { getSelection().selectAllChildren(block); return `${getSelection()}`; }"
    )
    assert selected.strip("\n") == block.text_content().strip("\n")  # type: ignore[union-attr]


def test_what_wraps_begins_below_its_own_indentation(page: Page, own_url: str) -> None:
    page.set_viewport_size({"width": 360, "height": 900})
    page.goto(f"{own_url}/{KINDS['examples']}")
    starts = page.locator(".agentdocs-line").evaluate_all(
        """(lines) => lines.map((line) => {
            const range = document.createRange();
            range.selectNodeContents(line);
            const ink = [...range.getClientRects()].filter((one) => one.width);
            const top = Math.min(...ink.map((one) => one.top));
            const later = ink.filter((one) => one.top > top + 5);
            const style = getComputedStyle(line);
            const edge = line.getBoundingClientRect().left + parseFloat(style.paddingLeft);
            return later.length ? Math.min(...later.map((one) => one.left)) - edge : null;
        }).filter((found) => found !== null)"""
    )
    assert len(starts) > 5
    assert all(abs(start) < 1 for start in starts)


def test_pictures_made_of_characters_do_not_wrap(page: Page, own_url: str) -> None:
    page.set_viewport_size({"width": 360, "height": 900})
    page.goto(f"{own_url}/architecture.html")
    drawing = page.locator("pre.agentdocs-drawn").first
    assert drawing.evaluate("(block) => block.scrollWidth > block.clientWidth")
    assert drawing.get_attribute("tabindex") == "0"


def test_code_of_the_manual_has_a_bar_and_gives_what_is_typed(
    browser: Browser, own_url: str
) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{own_url}/{KINDS['manual']}")
    bar = page.locator(".agentdocs-snippet", has_text="agents/shop/stock-keeper.md:14").first
    assert bar.locator(".agentdocs-language").inner_text() == "console"
    bar.get_by_role("button", name="Copy").click()
    bar.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    context.close()
    assert copied == "python -m agentdocs verify agents -v\n"


def test_the_head_of_a_long_table_stays_in_sight(page: Page, own_url: str) -> None:
    for width in (1280, 900):
        page.set_viewport_size({"width": width, "height": 700})
        page.goto(f"{own_url}/{KINDS['snippets']}")
        page.locator(".table-wrapper.agentdocs-fits").wait_for()
        page.evaluate("scrollTo({top: 1500, behavior: 'instant'})")
        header = page.locator(".mobile-header").bounding_box()
        expected = 0.0 if header is None else header["y"] + header["height"]
        head = page.locator("thead th").first.bounding_box()
        assert head is not None
        assert abs(head["y"] - expected) <= 1
    page.set_viewport_size({"width": 360, "height": 700})
    region = page.locator(".table-wrapper.agentdocs-wide")
    assert region.get_attribute("tabindex") == "0"
    region.evaluate("(region) => region.scrollTo(200, 600)")
    here, head, name = (
        one.bounding_box()
        for one in (region, region.locator("thead th").first, region.locator("tbody td").first)
    )
    assert here is not None
    assert head is not None
    assert name is not None
    assert abs(head["y"] - here["y"]) <= 2
    assert abs(name["x"] - here["x"]) <= 2


@pytest.mark.parametrize("kind", ["overview", "examples", "role", "another api", "source"])
def test_paper_holds_the_text_and_nothing_else(page: Page, own_url: str, kind: str) -> None:
    page.set_viewport_size({"width": 720, "height": 1000})
    page.emulate_media(media="screen", color_scheme="dark")
    page.goto(f"{own_url}/{KINDS[kind]}")
    page.emulate_media(media="print", color_scheme="dark")
    shown = "(all) => all.filter((one) => one.getClientRects().length).map((one) => one.className)"
    away = ".sidebar-drawer, .toc-drawer, .mobile-header, .agentdocs-tabs, button, .bottom-of-page"
    assert page.locator(away).evaluate_all(shown) == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    cut = "(all) => all.filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1).length"
    assert page.locator(".highlight pre, .table-wrapper").evaluate_all(cut) == 0
    assert _excess(page) <= 0
    page.emulate_media(media="screen")


def test_paper_says_where_it_is_from_and_opens_what_is_folded_up(page: Page, own_url: str) -> None:
    address = f"{own_url}/{KINDS['role']}"
    page.goto(address)
    folds = page.locator("article details:not([open])")
    count = folds.count()
    assert count > 3
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert folds.count() == 0
    assert address in page.locator(".agentdocs-printed").text_content()  # type: ignore[operator]
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert folds.count() == count
    assert page.locator(".agentdocs-printed").count() == 0

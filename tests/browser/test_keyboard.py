"""The keyboard alone: it reaches all that can be used on a page, shows where it is, and leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser.test_own_site import PAGES, _page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

WALKED = {
    **PAGES,
    "manual": "verifying.html",
    "tag": "agents/library/tags/api.html",
    "collection": "agents/library/collections/toolkit.html",
    "companion": "agents/toolkit/backend-developer/api.html",
    "examples": "agents/toolkit/backend-developer/examples.html",
    "index": "genindex.html",
    "search": "search.html",
    "not found": "404.html",
}

# Notes what can be focused and how it looks before, and at each focus whether that looks
# different and is on the screen. A box without an area shows no outline; what stretches over its
# card does so by a box of its own.
WATCH = """() => {
    document.activeElement.blur();
    const usable = "a[href], button, input, select, textarea, summary, [tabindex]";
    const shown = (it) => it.checkVisibility({ visibilityProperty: true });
    const wanted = [...document.querySelectorAll(usable)]
        .filter((it) => it.tabIndex >= 0 && !it.disabled && shown(it));
    const look = (it) => ["", "::before", "::after"].map((part) => {
        const style = getComputedStyle(it, part || null);
        const { width, height } = it.getBoundingClientRect();
        const seen = part ? style.content !== "none" : width > 1 && height > 1;
        const outline = style.outlineStyle === "none" ? "" : `${style.outlineWidth} ${style.outlineColor}`;
        return seen ? `${outline}|${style.boxShadow}` : "";
    }).join();
    const name = (it) => it.outerHTML.slice(0, 140);
    const before = new Map(wanted.map((it) => [it, look(it)]));
    const reached = new Set();
    const order = [];
    const unseen = [];
    addEventListener("focusin", ({ target }) => {
        order.push(target);
        reached.add(target);
        if (before.has(target) && look(target) === before.get(target)) unseen.push(name(target));
    });
    // Only now has it been scrolled to.
    addEventListener("keydown", () => {
        const at = document.activeElement;
        if (at === document.body) return;
        const { left, right, top, bottom } = at.getBoundingClientRect();
        if (right <= 0 || left >= innerWidth || bottom <= 0 || top >= innerHeight) {
            unseen.push(`off the screen: ${name(at)}`);
        }
    }, true);
    window.walk = () => ({
        first: order[0].textContent,
        missed: wanted.filter((it) => !reached.has(it)).map(name),
        unseen,
    });
    return wanted.length;
}"""


def _walk(page: Page) -> dict[str, object]:
    """Press Tab as often as it takes to pass everything once."""
    page.wait_for_load_state("networkidle")
    for _ in range(page.evaluate(WATCH) + 2):
        page.keyboard.press("Tab")
    found: dict[str, object] = page.evaluate("walk()")
    return found


@pytest.mark.parametrize("width", [390, 1100])
@pytest.mark.parametrize("kind", WALKED)
def test_tab_reaches_all_and_shows_where_it_is(
    browser: Browser, own_url: str, kind: str, width: int
) -> None:
    with _page(browser, viewport={"width": width, "height": 900}, reduced_motion="reduce") as (
        page,
        _,
    ):
        page.goto(f"{own_url}/{WALKED[kind]}")
        found = _walk(page)
    # One who comes to the search comes to type.
    if kind != "search":
        assert found["first"] == "Skip to content"
    assert (found["missed"], found["unseen"]) == ([], [])


def test_what_one_skips_to_is_where_one_is_next(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{WALKED['manual']}")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('article') !== null")
    assert wrong == []


@pytest.mark.parametrize("kind", ["home", "overview", "manual", "search"])
def test_nothing_moves_where_that_is_asked_for(browser: Browser, own_url: str, kind: str) -> None:
    with _page(browser, reduced_motion="reduce") as (page, _):
        page.goto(f"{own_url}/{WALKED[kind]}")
        page.wait_for_load_state("networkidle")
        moving = page.evaluate("""() => [...document.querySelectorAll("*")].flatMap((it) =>
            [null, "::before", "::after"].map((part) => getComputedStyle(it, part))
                .filter((style) => style.scrollBehavior === "smooth"
                    || style.animationName !== "none"
                    || style.transitionDuration.split(", ").some((time) => time !== "0s"))
                .map(() => it.outerHTML.slice(0, 140)))""")
    assert moving == []

"""The search in a real browser: opened by a key, read by ear and by eye, kept in the address."""

from __future__ import annotations

import re
from functools import partial
from http.server import ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from browser.conftest import _Quiet
from browser.test_own_site import _CONTRAST, _OVERFLOW, _page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.builds import Build
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser
pytest.importorskip("pagefind")

OVERVIEW = "agents/toolkit/backend-developer/index.html"
HITS = "a.agentdocs-search-hit"
OPTION = "[role=option]"  # not those of the filters


def _box(page: Page) -> Locator:
    return page.locator(".agentdocs-search").get_by_role("combobox", name="Search", exact=True)


def _open(page: Page, key: str = "/") -> Locator:
    page.keyboard.press(key)
    dialog = page.get_by_role("dialog", name="Search")
    dialog.wait_for()
    return dialog


def _first(page: Page, text: str) -> Locator:
    """Wait for a group that shows the text, at the top."""
    group = page.locator(".agentdocs-search-group").first.filter(has_text=text)
    group.wait_for()
    return group


@pytest.mark.parametrize("key", ["/", "Control+k", "Meta+k"])
def test_a_key_opens_it_anywhere(browser: Browser, own_url: str, key: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{OVERVIEW}")
        dialog = _open(page, key)
        focused = page.evaluate("document.activeElement.getAttribute('role')")
        assert focused == "combobox"
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
    assert wrong == []


def test_a_slash_is_a_slash_where_one_types(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/agents/index.html")
        field = page.get_by_label("Find an agent")
        field.focus()
        page.keyboard.type("a/b")
        assert field.input_value() == "a/b"
        assert page.locator("dialog[open]").count() == 0
        _open(page, "Control+k")
        page.keyboard.type("c/d")
        assert _box(page).input_value() == "c/d"
    assert wrong == []


def test_results_are_found_as_one_types_and_opened_by_keys(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{OVERVIEW}")
        dialog = _open(page)
        page.keyboard.type("rename a column")
        group = _first(page, "database-migrator")
        assert re.fullmatch(r"\d+ agents and pages", dialog.locator("output").inner_text())
        assert group.locator("mark").count() > 0
        # What a screen reader is told follows the arrows, and the cursor stays in the box.
        box, options = _box(page), dialog.locator(OPTION)
        assert box.get_attribute("aria-expanded") == "true"
        chosen = dialog.locator("[aria-selected=true]")
        assert chosen.count() == 1
        first = box.get_attribute("aria-activedescendant")
        assert chosen.get_attribute("id") == first == options.first.get_attribute("id")
        page.keyboard.press("ArrowDown")
        assert box.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        assert box.get_attribute("aria-activedescendant") == options.last.get_attribute("id")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/agents/toolkit/database-migrator/**")
        assert page.evaluate(
            "location.hash ? !!document.getElementById(location.hash.slice(1)) : true"
        )
    assert wrong == []


def test_an_agent_stands_once_and_has_more(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/search.html?q=retry")
        group = _first(page, "backend-developer")
        keys = page.evaluate("agentdocsSearch.find('retry').then(all => all.map(({ key }) => key))")
        assert len(keys) == len(set(keys)) == page.locator(".agentdocs-search-group").count()
        assert group.locator(HITS).count() == 1
        more = group.locator(".agentdocs-search-more")
        number = int(more.inner_text().split()[0])
        more.click()
        assert group.locator(HITS).count() == 1 + number
        assert page.evaluate("document.activeElement.getAttribute('role')") == "combobox"
    assert wrong == []


def test_every_link_leads_to_a_section_that_is_there(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/search.html?q=error")
        page.locator(HITS).first.wait_for()
        links = page.locator(HITS).evaluate_all("all => all.map(({ href }) => href)")
        for link in links[:8]:
            response = page.goto(link)
            assert response is None or response.ok
            assert page.evaluate("!location.hash || !!document.querySelector(location.hash)")
    assert wrong == []


def test_facets_narrow_and_stand_in_the_address(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/search.html?q=retry")
        page.locator(HITS).first.wait_for()
        every = page.locator(".agentdocs-search-group").count()
        page.get_by_label("Collection").select_option("specialist")
        page.wait_for_url("**/search.html?q=retry&collection=specialist")
        page.wait_for_function(
            "n => document.querySelectorAll('.agentdocs-search-group').length < n", arg=every
        )
        assert set(page.locator(".agentdocs-search-name span").all_inner_texts()) == {"specialist"}
        assert page.get_by_text("Filters (1)").is_visible()
        page.go_back()
        page.wait_for_function(
            "n => document.querySelectorAll('.agentdocs-search-group').length === n", arg=every
        )
        assert page.get_by_label("Collection").input_value() == ""
    assert wrong == []


def test_the_address_is_the_whole_state(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/search.html?q=query&tool=Bash&language=sql&kind=companion")
        page.locator(HITS).first.wait_for()
        for label, value in (("Tool", "Bash"), ("Language", "sql"), ("Kind", "companion")):
            assert page.get_by_role("combobox", name=label, exact=True).input_value() == value
        _box(page).fill("index")
        page.wait_for_url("**/search.html?q=index&kind=companion&tool=Bash&language=sql")
        page.locator("mark").first.filter(has_text=re.compile("index", re.I)).wait_for()
        shown = page.locator(".agentdocs-search-list").inner_text()
        page.locator(HITS).first.click()
        page.wait_for_url("**/agents/**")
        page.go_back()
        page.locator(HITS).first.wait_for()
        assert _box(page).input_value() == "index"
        assert page.locator(".agentdocs-search-list").inner_text() == shown
    assert wrong == []


def test_the_boxes_of_the_theme_lead_to_it(browser: Browser, own_url: str) -> None:
    with _page(browser, viewport={"width": 1300, "height": 800}) as (page, wrong):
        page.goto(f"{own_url}/{OVERVIEW}")
        page.locator(".sidebar-search").fill("migrator")
        page.keyboard.press("Enter")
        _first(page, "database-migrator")
        assert not page.locator("#search-results").is_visible()
        assert page.locator("h1").all_inner_texts() == ["Search"]
        page.goto(f"{own_url}/{OVERVIEW}")
        _open(page)
        page.keyboard.type("vacuum")
        page.locator(HITS).first.wait_for()
        page.get_by_text("On a page of its own").click()
        page.wait_for_url("**/search.html?q=vacuum")
        page.locator(HITS).first.wait_for()
    assert wrong == []


def test_what_was_searched_is_offered_again_and_forgotten(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{OVERVIEW}")
        _open(page)
        page.keyboard.type("migrator")
        _first(page, "database-migrator")
        page.keyboard.press("Enter")
        page.wait_for_url("**/database-migrator/**")
        dialog = _open(page)
        recent = dialog.get_by_role("option", name="migrator", exact=True)
        recent.wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        _first(page, "database-migrator")
        _box(page).fill("")
        recent.wait_for()
        dialog.get_by_role("button", name="Forget recent searches").click()
        assert dialog.locator(OPTION).count() == 0
        assert page.evaluate("localStorage.getItem('agentdocs-searches')") is None
    assert wrong == []


def test_it_says_when_nothing_is_found(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{own_url}/{OVERVIEW}")
        dialog = _open(page)
        page.keyboard.type('"no such phrase anywhere"')
        dialog.get_by_text("Nothing found").wait_for()
        assert dialog.locator("output").get_attribute("aria-live") == "polite"
        assert _box(page).get_attribute("aria-expanded") == "false"
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
def test_it_fits_and_can_be_read(browser: Browser, own_url: str, width: int, scheme: str) -> None:
    options = {"viewport": {"width": width, "height": 700}, "color_scheme": scheme}
    with _page(browser, **options) as (page, wrong):
        page.goto(f"{own_url}/{OVERVIEW}")
        dialog = _open(page)
        page.keyboard.type("retry")
        page.locator(HITS).first.wait_for()
        box = dialog.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= 700
        assert dialog.evaluate("it => it.scrollWidth <= it.clientWidth")
        page.goto(f"{own_url}/search.html?q=retry")
        page.locator(HITS).first.wait_for()
        assert page.evaluate(_OVERFLOW) == [0, []]
        assert page.evaluate(_CONTRAST)["faint"] == []
    assert wrong == []


@pytest.fixture
def below(own: Build) -> Iterator[str]:
    """Yield the address of the site in a folder of a server, under a strict policy."""

    class Handler(_Quiet):
        def translate_path(self, path: str) -> str:
            return super().translate_path(path.removeprefix("/some/docs"))

        def end_headers(self) -> None:
            self.send_header(
                "Content-Security-Policy",
                "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-inline'; "
                "style-src 'self' 'unsafe-inline'; img-src 'self' data:",
            )
            super().end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(own.out))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/some/docs"
        server.shutdown()
        thread.join()


def test_it_works_below_a_path_and_a_policy(browser: Browser, below: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{below}/{OVERVIEW}")
        _open(page)
        page.keyboard.type("migrator")
        _first(page, "database-migrator").locator(HITS).first.click()
        page.wait_for_url(f"{below}/agents/toolkit/database-migrator/**")
    assert wrong == []


# --- without Pagefind -----------------------------------------------------------------------------


def test_sphinx_searches_where_the_index_cannot_be_loaded(browser: Browser, own_url: str) -> None:
    with _page(browser) as (page, _):
        page.route("**/_pagefind/**", lambda route: route.abort())
        page.goto(f"{own_url}/search.html?q=migrator")
        page.locator("#search-results li a").first.wait_for()
        assert page.locator(".agentdocs-search").count() == 0
        dialog = _open(page)
        dialog.get_by_text("The search could not be loaded.").wait_for()


def test_sphinx_searches_from_files(browser: Browser, own: Build) -> None:
    with _page(browser) as (page, _):  # Sphinx asks for pages to quote, in vain
        page.goto(f"{own.out.as_uri()}/search.html?q=migrator")
        page.locator("#search-results li a").first.wait_for()
        page.keyboard.press("/")
        assert page.locator("dialog").count() == 0

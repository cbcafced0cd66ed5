"""The search in pages of other sites: the element, the page for frames, and what each may do."""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from html import escape
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from browser.conftest import _Quiet
from browser.test_accessibility import AXE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hostile.builds import Build
    from playwright.sync_api import Browser, FrameLocator, Page

pytestmark = pytest.mark.browser
pytest.importorskip("pagefind")

FRAME = "agent-search iframe"
OPTION = "[role=option]"
QUESTION = "rename a column"
PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Wiki</title>
<meta name="viewport" content="width=device-width">{head}
<script src="{site}/_static/agent-search.js" defer></script></head>
<body><main><h1>Wiki</h1><agent-search {attributes}></agent-search></main></body>
</html>
"""


@contextlib.contextmanager
def _site(folder: Path, *, shares: bool, base: str = "") -> Iterator[str]:
    """Yield the address of a site that lets others load its files, or does not."""

    class Handler(_Quiet):
        def translate_path(self, path: str) -> str:
            return super().translate_path(path.removeprefix(base))

        def end_headers(self) -> None:
            if shares:
                self.send_header("Access-Control-Allow-Origin", "*")
            super().end_headers()

    with _serving(partial(Handler, directory=str(folder))) as url:
        yield url + base


@contextlib.contextmanager
def _wiki(page: str, policy: str) -> Iterator[str]:
    """Yield the address of a page of another site, under a policy that allows no more."""

    class Handler(_Quiet):
        def do_GET(self) -> None:  # noqa: N802 - so http.server calls it
            body = page.encode()
            self.send_response(200 if self.path == "/" else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            if self.path == "/":
                self.wfile.write(body)

    with _serving(Handler) as url:
        yield f"{url}/"


@contextlib.contextmanager
def _serving(handler: Any) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def _shown(
    browser: Browser, page: str, policy: str, **options: Any
) -> Iterator[tuple[Page, list[str]]]:
    """Yield a wiki's page, and what its browser refused or complained of."""
    context = browser.new_context(**options)
    context.set_default_timeout(15_000)
    tab = context.new_page()
    said: list[str] = []
    tab.on("console", lambda one: one.type == "error" and said.append(one.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    with _wiki(page, policy) as url:
        tab.goto(url)
        yield tab, said
    context.close()


def _page(site: str, attributes: str = "", head: str = "") -> str:
    return PAGE.format(site=site, attributes=attributes, head=head)


def _policy(site: str) -> str:
    """Return the least that the manual says a wiki must allow: nothing is inline."""
    origin = "/".join(site.split("/")[:3])
    return (
        f"default-src 'none'; script-src {origin} 'wasm-unsafe-eval'; "
        f"connect-src {origin}; frame-src {origin}"
    )


def _type(place: Page | FrameLocator, text: str) -> None:
    place.get_by_role("combobox").press_sequentially(text)
    place.locator(OPTION).first.wait_for()


@pytest.fixture(scope="module")
def sharing(own: Build) -> Iterator[str]:
    with _site(own.out, shares=True, base="/some/docs") as url:
        yield url


@pytest.fixture(scope="module")
def closed(own: Build) -> Iterator[str]:
    with _site(own.out, shares=False) as url:
        yield url


def test_it_searches_in_a_page_of_another_site(browser: Browser, sharing: str) -> None:
    with _shown(browser, _page(sharing), _policy(sharing)) as (page, said):
        _type(page, QUESTION)
        assert page.locator(FRAME).count() == 0
        box, options = page.get_by_role("combobox"), page.locator(OPTION)
        links = options.evaluate_all("all => all.map(({ href }) => href)")
        assert links
        assert all(link.startswith(f"{sharing}/") for link in links)
        assert box.get_attribute("aria-expanded") == "true"
        assert page.locator("output").inner_text() == f"{len(links)} found"
        for _ in range(2):
            page.keyboard.press("ArrowDown")
        assert options.nth(1).get_attribute("aria-selected") == "true"
        assert box.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
        page.keyboard.press("Enter")
        page.wait_for_url(links[1])
        assert page.locator("h1").first.is_visible()
    assert said == []


def test_the_whole_search_goes_on_with_the_question(browser: Browser, sharing: str) -> None:
    attributes = 'filters="collection:toolkit; kind : overview" q="retry"'
    with _shown(browser, _page(sharing, attributes), _policy(sharing)) as (page, said):
        page.locator(OPTION).first.wait_for()
        assert set(page.locator(".name span").all_inner_texts()) == {"toolkit"}
        page.get_by_role("combobox").press("Enter")
        page.wait_for_url(f"{sharing}/search.html?q=retry&collection=toolkit&kind=overview")
        page.locator(".agentdocs-search-hit").first.wait_for()
        assert page.get_by_label("Collection").input_value() == "toolkit"
    assert said == []


def test_without_leave_it_is_a_frame(browser: Browser, closed: str) -> None:
    attributes = 'theme="dark" label="Ask" target="_blank" q="retry"'
    with _shown(browser, _page(closed, attributes), _policy(closed)) as (page, said):
        inside = page.frame_locator(FRAME)
        inside.locator(OPTION).first.wait_for()
        assert inside.get_by_role("combobox", name="Ask").input_value() == "retry"
        back = inside.locator(".box").evaluate("it => getComputedStyle(it).backgroundColor")
        assert back == "rgb(23, 24, 28)"
        # It is as high as what is in it.
        page.wait_for_function(
            "() => document.querySelector('agent-search').frame.offsetHeight > 300"
        )
        with page.context.expect_page() as opened:
            inside.locator(OPTION).first.click()
        assert opened.value.url.startswith(f"{closed}/")
        assert opened.value.evaluate("window.opener") is None
    assert all("CORS" in one or "ERR_FAILED" in one for one in said), said


def test_a_result_in_a_frame_takes_the_whole_window(browser: Browser, closed: str) -> None:
    with _shown(browser, _page(closed), _policy(closed)) as (page, _):
        inside = page.frame_locator(FRAME)
        _type(inside, QUESTION)
        inside.locator(OPTION).first.click()
        page.wait_for_url(f"{closed}/**")


@pytest.mark.parametrize("missing", ["connect-src", "'wasm-unsafe-eval'"])
@pytest.mark.security("SEC-67")
def test_where_the_policy_forbids_it_the_frame_takes_over(
    browser: Browser, sharing: str, missing: str
) -> None:
    policy = _policy(sharing)
    rules = [rule for rule in policy.split("; ") if not rule.startswith(missing)]
    policy = "; ".join(rules).replace(f" {missing}", "")
    with _shown(browser, _page(sharing), policy) as (page, _):
        page.get_by_role("combobox").click()
        inside = page.frame_locator(FRAME)
        inside.get_by_role("combobox").and_(inside.locator(":focus")).wait_for()
        page.keyboard.type(QUESTION)
        inside.locator(OPTION).first.wait_for()


@pytest.mark.security("SEC-64")
def test_a_stranger_cannot_set_the_height(browser: Browser, closed: str) -> None:
    with _shown(browser, _page(closed), _policy(closed)) as (page, _):
        page.frame_locator(FRAME).get_by_role("combobox").wait_for()
        page.evaluate("window.postMessage({ agentSearchHeight: 7777 }, '*')")
        page.wait_for_timeout(200)
        assert page.evaluate("document.querySelector('agent-search').frame.offsetHeight") < 1000


@pytest.mark.parametrize("src", ["javascript:alert(1)", "data:text/html,x", "http://[", "file:///"])
@pytest.mark.security("SEC-65")
def test_an_address_that_is_none_is_said(browser: Browser, sharing: str, src: str) -> None:
    page = _page(sharing, f'src="{escape(src)}"')
    with _shown(browser, page, _policy(sharing)) as (tab, said):
        tab.get_by_text("src is not the address of a site").wait_for()
        assert tab.get_by_role("combobox").is_disabled()
        assert tab.locator("agent-search a").count() == 0
    assert said == []


# --- by eye and by ear ------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "scheme"), [(300, "light"), (390, "dark"), (1100, "light")])
def test_axe_finds_nothing_and_it_fits(
    browser: Browser, sharing: str, width: int, scheme: str
) -> None:
    options: dict[str, Any] = {
        "viewport": {"width": width, "height": 800}, "color_scheme": scheme, "bypass_csp": True,
    }  # fmt: skip
    head = '<meta name="color-scheme" content="light dark">'
    with _shown(browser, _page(sharing, head=head), "", **options) as (page, _):
        wiki = page.url
        for url in (wiki, f"{sharing}/search/embed.html"):
            page.goto(url)
            _type(page, "retry")
            page.keyboard.press("ArrowDown")
            page.evaluate(AXE)
            result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            assert [
                (one["id"], node["html"][:200])
                for one in result["violations"]
                for node in one["nodes"]
            ] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            text = page.locator(".box").evaluate("it => getComputedStyle(it).color")
            assert text == ("rgb(28, 30, 33)" if scheme == "light" else "rgb(230, 231, 234)")


def test_the_page_for_frames_says_what_it_is_like(browser: Browser, closed: str) -> None:
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda one: one.type == "error" and said.append(one.text))
    page.goto(f"{closed}/search/embed.html?q=retry&theme=dark&filters=collection:toolkit")
    page.locator(OPTION).first.wait_for()
    assert set(page.locator(".name span").all_inner_texts()) == {"toolkit"}
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    assert page.locator("meta[name=robots]").get_attribute("content") == "noindex"
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = 1";
        document.body.append(script);
    }""")
    assert page.evaluate("window.ran") is None
    assert len(said) == 1
    context.close()


def test_without_an_index_the_frame_says_so(browser: Browser, closed: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route("**/_pagefind/**", lambda route: route.abort())
    page.goto(f"{closed}/search/embed.html?q=retry")
    page.get_by_text("The search could not be loaded.").wait_for()
    assert page.locator("iframe").count() == 0
    context.close()


@pytest.mark.security("SEC-66")
def test_hostile_titles_stay_text(browser: Browser, hostile: Build) -> None:
    tags = set()
    with _site(hostile.out, shares=True) as site, _shown(browser, _page(site), _policy(site)) as (
        page, said,
    ):  # fmt: skip
        for word in ("script", "alert", "img", "onerror"):
            box = page.get_by_role("combobox")
            box.fill("")
            page.locator(OPTION).first.wait_for(state="detached")
            _type(page, word)
            made = page.locator("agent-search .list *")
            tags |= set(made.evaluate_all("all => all.map(({ localName }) => localName)"))
            shown = page.locator("agent-search .list").inner_text()
            assert "<" in shown or word in shown.lower()
    assert tags <= {"div", "b", "span", "a", "small", "mark"}
    assert said == []

"""Snippets that run in the page: what a reader presses, sees and hears, in a real Chromium."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import axe_playwright_python
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
AGENT = "toolkit/backend-developer"
SHAPES = "api.md:a-whole-resource/the-shapes"
ROUTES = "api.md:a-whole-resource/the-routes"
CALLS = "api.md:a-whole-resource/the-calls-of-a-client"
ENVELOPE = "schemas.md:response-envelope"
HEAVY = re.compile(r"/_run/(pyodide|python|wheels|guest|frame)")
WAIT = 60_000


# --- a reader ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def context(browser: Browser, runnable_site: str) -> Iterator[BrowserContext]:
    """One visit; at its end, nothing has been asked of anybody else."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=runnable_site)
    context.set_default_timeout(WAIT)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    yield context
    context.close()
    hosts = {urlsplit(url).netloc for url in asked if url.startswith("http")}
    assert hosts == {urlsplit(runnable_site).netloc}


@pytest.fixture(scope="module")
def plan(context: BrowserContext, runnable_site: str) -> dict[str, Any]:
    found = context.request.get(f"{runnable_site}/_run/plans/{AGENT}.json").json()
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def page(context: BrowserContext, runnable_site: str) -> Page:
    """The page on which most is tried, kept so that its runtime is loaded once."""
    page = context.new_page()
    page.goto(address_of(runnable_site, "api"))
    return page


def address_of(site: str, page: str) -> str:
    return f"{site}/agents/{AGENT}/{page}.html"


def snippet(page: Page, address: str) -> Locator:
    return page.locator(f'.agentdocs-runnable[data-snippet="{address}"]')


def press(one: Locator, title: str) -> None:
    one.locator(".agentdocs-run-tools").get_by_role("button", name=title).click()


def verdict(one: Locator) -> str:
    """Wait until nothing runs, and return what is said."""
    one.locator(
        ".agentdocs-run-panel:not(.agentdocs-run-running) .agentdocs-run-state > *"
    ).first.wait_for()
    return one.locator(".agentdocs-run-state").inner_text()


def run(one: Locator) -> str:
    one.locator(".agentdocs-run").click()
    return verdict(one)


def begun(page: Page, address: str) -> Locator:
    """Return a snippet that has run as the agent has it, whatever was tried on the page before."""
    one = snippet(page, address)
    if one.locator(".cm-content").count():
        press(one, "Reset")
    if not one.locator(".agentdocs-run-state > *").count():
        run(one)
    return one


def edit(one: Locator, text: str) -> None:
    """Type at the end of the code."""
    if not one.locator(".cm-content").count():
        press(one, "Edit")
    one.locator(".cm-content").focus()
    page = one.page
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(text)


def faults(one: Locator) -> list[str]:
    """Return what axe-core finds in a snippet's editor and panel, light and dark."""
    page = one.page
    one.evaluate("node => node.classList.add('looked-at')")
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.evaluate(AXE)
        result = page.evaluate(
            "axe.run({include: ['.looked-at .agentdocs-run-panel', '.looked-at .agentdocs-run-editor']"
            ".filter((one) => document.querySelector(one))}, {resultTypes: ['violations']})"
        )
        found += [
            f"{scheme}: {one['id']}: {node['html'][:160]}"
            for one in result["violations"]
            for node in one["nodes"]
        ]
    page.emulate_media(color_scheme="light")
    one.evaluate("node => node.classList.remove('looked-at')")
    return found


# --- before anybody presses anything -----------------------------------------------------------


def test_a_page_loads_nothing_before_the_first_click(
    context: BrowserContext, runnable_site: str
) -> None:
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    asked: list[str] = []
    network.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
    page.goto(address_of(runnable_site, "api"))
    page.wait_for_load_state("networkidle")
    assert snippet(page, ROUTES).locator(".agentdocs-run").is_visible()
    assert asked
    assert [url for url in asked if "/_run/" in url] == []
    assert page.locator("iframe").count() == 0
    page.close()


# --- running -----------------------------------------------------------------------------------


def test_run_shows_the_verdict_and_what_ran_before(page: Page) -> None:
    one = snippet(page, ROUTES)
    one.locator(".agentdocs-run").click()
    assert one.locator(".agentdocs-run-result").get_attribute("aria-busy") == "true"
    one.locator("progress").wait_for()
    assert re.match(
        r"Loading Python, [\d.]+ of [\d.]+ MB", one.locator("progress").locator("..").inner_text()
    )
    said = verdict(one)
    assert "✓ checked" in said
    assert "Ran 1 snippet before it" in said
    assert "in this browser" in said
    assert one.locator(".agentdocs-run-panel > [role=status]").inner_text().startswith("checked")
    assert one.locator(".agentdocs-run-result").get_attribute("aria-busy") is None
    # Who pressed the button is still there.
    assert page.evaluate("document.activeElement.className") == "agentdocs-run"
    assert faults(one) == []


def test_the_app_answers_requests(page: Page) -> None:
    one = begun(page, ROUTES)
    panel = one.locator(".agentdocs-run-requests")
    request = panel.get_by_label("Request", exact=True)
    answers = panel.locator(".agentdocs-run-answer")

    def send(status: str) -> str:
        panel.get_by_role("button", name="Send").click()
        panel.locator(".agentdocs-run-send [role=status]", has_text=status).wait_for()
        return answers.first.inner_text()

    request.select_option(label="POST /v1/shipments")
    panel.get_by_label("X-API-Key").fill("key-of-ada")
    body = json.loads(panel.get_by_label("Body").input_value())
    answer = send("201 Created")
    assert f'"grams": {body["grams"]}' in answer
    panel.get_by_label("Body").fill(json.dumps({**body, "grams": 0}))
    assert "grams" in send("422 Unprocessable Content")
    panel.get_by_label("Body").fill("{")
    assert panel.get_by_label("Body").get_attribute("aria-invalid") == "true"
    # The key is still known to other operations.
    request.select_option(label="GET /v1/shipments/{id}")
    assert panel.get_by_label("X-API-Key").input_value() == "key-of-ada"
    assert "There is no such shipment." in send("404 Not Found")
    panel.get_by_label("id", exact=False).first.fill("")
    panel.get_by_role("button", name="Send").click()
    assert "cannot be empty" in panel.locator(".agentdocs-run-send [role=status]").inner_text()
    assert answers.count() == 3
    assert faults(one) == []


def test_run_all_runs_a_session_in_order(page: Page) -> None:
    one = snippet(page, CALLS)
    assert "✓ checked" in run(one)
    press(one, "Run all 3")
    for address in (SHAPES, ROUTES, CALLS):
        assert "✓ checked" in verdict(snippet(page, address))


@pytest.mark.security("SEC-56")
def test_what_is_printed_stays_text_and_is_compared(
    context: BrowserContext, runnable_site: str
) -> None:
    def promise(route: Route) -> None:
        found = route.fetch().json()
        one = found["snippets"][SHAPES]
        one["step"]["code"] = "print('<img src=x onerror=alert(1)>')\nprint('\\x1b[31mred\\x1b[0m')"
        one["step"]["check"] = None
        one["promise"]["expect"] = "<img src=x onerror=alert(1)>\ngreen\n"
        route.fulfill(json=found)

    page = context.new_page()
    page.route("**/plans/**", promise)
    page.goto(address_of(runnable_site, "api"))
    one = snippet(page, SHAPES)
    assert "✗ failed · prints something else than its contract expects" in run(one)
    lines = one.locator(".agentdocs-run-diff > li")
    assert lines.all_text_contents() == [
        "<img src=x onerror=alert(1)>",
        "expected: green",
        "came: red",
    ]
    assert "\x1b" not in one.inner_text()
    assert one.locator("img").count() == 0
    assert faults(one) == []
    page.close()


# --- changing ----------------------------------------------------------------------------------


def test_a_change_shows_whether_the_promise_holds(page: Page, plan: dict[str, Any]) -> None:
    one = begun(page, SHAPES)
    step = plan["snippets"][SHAPES]["step"]
    edit(one, "\nassert 1 == 2")
    page.keyboard.press("Control+Enter")
    one.locator(".agentdocs-run-error").wait_for()
    assert "✗ no longer holds" in verdict(one)
    line = step["line"] + len(step["code"].rstrip("\n").split("\n"))
    assert one.locator(".agentdocs-run-error button").inner_text() == f"Line {line}"
    assert one.locator(".cm-lint-marker-error").count() == 1
    assert one.locator(".agentdocs-run-changed").is_visible()
    assert faults(one) == []

    page.keyboard.press("Backspace")
    page.keyboard.type("1 / 1")  # a slash is no shortcut of the page's search
    assert one.locator(".cm-lint-marker-error").count() == 0
    page.keyboard.press("Control+Enter")
    one.locator(".agentdocs-run-verdict", has_text="holds").wait_for()
    assert "✓ checked · the promise still holds" in verdict(one)

    edit(one, "\nnowhere")  # a name that nothing defines is the place's fault only in agents
    page.keyboard.press("Control+Enter")
    one.locator(".agentdocs-run-verdict", has_text="no longer").wait_for()


def test_the_keyboard_leaves_the_editor(page: Page) -> None:
    one = begun(page, SHAPES)
    edit(one, "\n# more")
    one.locator(".cm-content").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.cm-editor')") is None
    one.get_by_role("toolbar").get_by_role("button", name="Run", exact=True).focus()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent") == "Copy link"


def test_reset_brings_the_agents_code_back(page: Page, plan: dict[str, Any]) -> None:
    one = begun(page, SHAPES)
    edit(one, "\n# more")
    press(one, "Reset")
    assert one.locator(".cm-editor").count() == 0
    shown = one.locator(".highlight pre").inner_text()
    assert shown.strip() == plan["snippets"][SHAPES]["step"]["code"].strip()
    assert one.locator(".agentdocs-run-result").inner_text() == ""
    assert not one.locator(".agentdocs-run-changed").is_visible()


def test_a_loop_without_end_is_stopped(page: Page) -> None:
    one = begun(page, SHAPES)
    edit(one, "\nwhile True: pass\n")
    press(one, "Run")
    one.locator(".agentdocs-run-said", has_text="Running").wait_for()
    assert page.evaluate("1 + 1") == 2
    press(one, "Stop")
    assert verdict(one) == "Stopped. The next run begins anew."
    assert page.locator("iframe").count() == 0
    press(one, "Reset")
    assert "✓ checked" in run(one)


# --- links -------------------------------------------------------------------------------------


@pytest.mark.security("SEC-55")
def test_code_of_a_link_waits_for_the_reader(context: BrowserContext, page: Page) -> None:
    one = begun(page, SHAPES)
    edit(one, "\nraise SystemExit('from the link')")
    press(one, "Copy link")
    one.get_by_role("button", name="Copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    press(one, "Reset")

    asked: list[str] = []
    other = context.new_page()
    other.on("request", lambda request: asked.append(request.url))
    other.goto(link)
    opened = snippet(other, SHAPES)
    opened.get_by_text("This code comes from the link, not from the agent.").first.wait_for()
    other.wait_for_load_state("networkidle")
    opened.locator(".cm-content").focus()
    other.keyboard.press("Control+End")
    opened.locator(".cm-line", has_text="from the link").wait_for()
    assert opened.locator(".agentdocs-run-result").inner_text() == ""
    assert [url for url in asked if HEAVY.search(url)] == []
    assert faults(opened) == []

    # Nor does it run because another snippet needs what stands before it.
    said = run(snippet(other, ROUTES))
    assert "✓ checked" in said
    assert "Ran 1 snippet before it" in said
    press(opened, "Run")
    opened.locator(".agentdocs-run-verdict").wait_for()
    assert "✗ no longer holds" in verdict(opened)
    other.close()


@pytest.mark.parametrize(
    ("fragment", "reason"),
    [
        ("#run=api.md", "it is not complete"),
        ("#run=api.md~%00", "it is not complete"),
        (f"#run={SHAPES}~AAAAAAAA", "it is damaged"),
        ("#run=nowhere~S0xKBgA", "a snippet that this page does not have"),
    ],
)
@pytest.mark.security("SEC-55")
def test_a_link_that_is_damaged_is_ignored_with_a_word(
    context: BrowserContext, runnable_site: str, fragment: str, reason: str
) -> None:
    page = context.new_page()
    page.goto(address_of(runnable_site, "api") + fragment)
    note = page.locator(".agentdocs-run-note")
    note.wait_for()
    assert reason in note.inner_text()
    assert page.locator(".cm-editor").count() == 0
    page.close()


# --- data --------------------------------------------------------------------------------------


def test_json_is_checked_while_it_is_typed(
    context: BrowserContext, runnable_site: str, plan: dict[str, Any]
) -> None:
    page = context.new_page()
    page.goto(address_of(runnable_site, "schemas"))
    one = snippet(page, ENVELOPE)
    one.locator(".agentdocs-run").click()
    said = one.locator(".agentdocs-run-said")
    one.locator(".agentdocs-run-said", has_text="valid").wait_for()
    text = one.locator(".cm-content").inner_text().split("\n")
    index = next(number for number, line in enumerate(text) if '"grams"' in line)

    def replace(line: str) -> None:
        one.locator(".cm-line").nth(index).click()
        page.keyboard.press("Home")
        page.keyboard.press("Shift+End")
        page.keyboard.insert_text(line)

    replace('"grams": "heavy",')
    one.locator(".agentdocs-run-faults").wait_for()
    first = plan["data"][ENVELOPE]["line"]
    fault = one.locator(".agentdocs-run-faults").inner_text()
    assert f"Line {first + index}" in fault
    assert "/data/0/grams: must be integer, is string" in fault
    assert one.locator(".cm-lint-marker-error").count() == 1
    assert faults(one) == []

    replace('"grams" 1200,')
    one.locator(".agentdocs-run-faults", has_text="no JSON").wait_for()
    assert f"Line {first + index}" in one.locator(".agentdocs-run-faults").inner_text()
    replace('"grams": 1200,')
    one.locator(".agentdocs-run-said", has_text="valid").wait_for()
    assert said.inner_text() == "✓ valid"
    page.close()


@pytest.mark.security("SEC-57")
def test_a_schema_that_takes_for_ever_is_given_up(
    context: BrowserContext, runnable_site: str
) -> None:
    def hang(route: Route) -> None:
        found = route.fetch().json()
        found["data"][ENVELOPE]["schema"] = {
            "propertyNames": {"pattern": "^(([a-z])+.)+[A-Z]([a-z])+$"}
        }
        route.fulfill(json=found)

    page = context.new_page()
    page.route("**/plans/**", hang)
    page.goto(address_of(runnable_site, "schemas"))
    one = snippet(page, ENVELOPE)
    one.locator(".agentdocs-run").click()
    one.locator(".cm-content").wait_for()
    one.locator(".cm-content").focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(json.dumps({"a" * 60: 1}))
    one.locator(".agentdocs-run-said", has_text="takes longer than 2 s").wait_for()
    page.close()


# --- later pages -------------------------------------------------------------------------------


def test_a_later_page_of_the_visit_asks_the_network_for_nothing_large(
    page: Page, runnable_site: str
) -> None:
    begun(page, SHAPES)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address_of(runnable_site, "auth"))
    page.locator("iframe[sandbox]").wait_for(state="attached")  # in advance, without a click
    one = page.locator(".agentdocs-runnable").first
    assert "✓" in run(one)
    assert [url for url in asked if url.endswith(".wasm") or "/pyodide" in url] == []

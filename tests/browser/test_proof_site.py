"""Verdicts in a real browser: folded up, reached by keyboard, readable in any light and width."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from agentdocs.verify import results
from agentdocs.verify.contract.model import digest
from agentdocs.verify.model import ContractProblem, Error, Outcome, Report, Terms
from browser.conftest import _serve
from browser.test_own_site import _CONTRAST, _OVERFLOW, _page
from hostile.builds import SMALL, Project, shared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hostile.builds import Build
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PAGES = {
    "snippets": "agents/team/ada-one/examples.html",
    "overview": "agents/team/ada-one/index.html",
    "health": "agents/library/health.html",
}
LONG = "awordthatismuchlongerthananytelephoneiswide" * 4
CODES = [f"# {number}\nprint({number})\n" for number in range(6)]


def _outcomes() -> Iterator[Outcome]:
    path = "agents/team/ada-one.md"
    terms = Terms("agents/team/ada-one.verify.yaml", 7, setup="x = 1\n", check=f"assert '{LONG}'\n")
    for number, code in enumerate(CODES[:5]):
        address = f"examples#{number + 1}" if number else "examples"
        plain = Outcome(
            path, address, path, 9 + 5 * number, 13 + 5 * number, "python", digest(code), "passed",
            "checked", seconds=0.25, date="2025-11-20T10:42:07Z", interpreter="CPython 3.11.7",
            output=f"{number}\n", terms=terms,
        )  # fmt: skip
        yield (
            plain,
            replace(plain, verdict="failed", tier="runs", reason=f"prints {LONG}", expected="2\n",
                    error=Error(LONG, plain.line + 1, f"Traceback\n  {LONG}\n")),
            replace(plain, verdict="unproved", tier="parses", reason=f"uses {LONG}"),
            replace(plain, verdict="skipped", tier="none", reason="needs a cluster"),
            replace(plain, tier="parses", output="narrow\n" * 100),
        )[number]  # fmt: skip


def _build(folder: Path) -> Build:
    project = Project(folder, SMALL.replace('"basic"', '"furo"'))
    blocks = "\n".join(f"```python\n{code}```\n" for code in CODES)
    project.agent("team/ada-one.md", f"## Examples\n\n{blocks}")
    problem = ContractProblem("agents/team/x.verify.yaml", 3, f"names {LONG}", "Remove it.")
    report = Report(tuple(_outcomes()), problems=(problem,))
    results.save(project.root / ".agentdocs" / "results.json", report)
    return project.build("-n", "-W")


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _serve(shared(tmp_path_factory, "proof-furo", _build))


def test_folds_open_by_keyboard_and_stay_where_they_are(browser: Browser, url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{url}/{PAGES['snippets']}")
        fold = page.locator(".agentdocs-snippet").first.locator("details").first
        summary = fold.locator("summary")
        assert summary.inner_text().split() == ["Output", "of", "this", "snippet"]
        output = fold.locator("pre")
        assert not output.is_visible()
        summary.focus()
        before = summary.bounding_box()
        page.keyboard.press("Enter")
        output.wait_for()
        assert output.inner_text().strip() == "0"
        assert summary.bounding_box() == before
        # The next stop of the tabulator is the next fold of the same row.
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.textContent")
        assert focused.startswith("Contract")
        box = page.evaluate(
            "JSON.parse(JSON.stringify(document.activeElement.getBoundingClientRect()))"
        )
        assert before is not None
        assert abs(box["y"] - before["y"]) < 1
        page.keyboard.press("Space")
        page.get_by_text("Set up by").first.wait_for()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        output.wait_for(state="hidden")
    assert wrong == []


def test_output_that_scrolls_can_be_reached_by_keyboard(browser: Browser, url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{url}/{PAGES['snippets']}")
        fold = page.locator(".agentdocs-snippet").nth(4).locator("details").first
        fold.locator("summary").press("Enter")
        fold.locator("pre").wait_for()
        page.wait_for_function(
            "n => document.querySelectorAll('.agentdocs-snippet')[n].querySelector('details pre').tabIndex === 0", arg=4,
        )  # fmt: skip
        box = fold.locator("pre").bounding_box()
        assert box is not None
        assert box["height"] < 500
    assert wrong == []


def test_the_copy_button_copies_the_code_alone(browser: Browser, url: str) -> None:
    with _page(browser, permissions=["clipboard-read", "clipboard-write"]) as (page, wrong):
        page.goto(f"{url}/{PAGES['snippets']}")
        page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
        for number in (0, 1, 5):
            block = page.locator(".agentdocs-snippet").nth(number)
            block.locator(".code-block-caption").get_by_role("button", name="Copy").click()
            block.get_by_role("button", name="Copied").wait_for()
            assert page.evaluate("navigator.clipboard.readText()") == CODES[number]
    assert wrong == []


def test_the_command_is_copied_as_it_is(browser: Browser, url: str) -> None:
    with _page(browser, permissions=["clipboard-read", "clipboard-write"]) as (page, wrong):
        page.goto(f"{url}/{PAGES['snippets']}")
        evidence = page.locator(".agentdocs-snippet").nth(1).locator(".agentdocs-evidence")
        evidence.locator("summary").last.click()
        evidence.get_by_role("button", name="Copy").click()
        evidence.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == "python -m agentdocs verify 'agents/team/ada-one.md::examples#2'"
    assert wrong == []


def test_a_selection_over_a_snippet_leaves_the_verdict_out(browser: Browser, url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{url}/{PAGES['snippets']}")
        selected = page.evaluate(
            """() => {
                const range = document.createRange();
                range.selectNodeContents(document.querySelector(".agentdocs-snippet"));
                getSelection().removeAllRanges();
                getSelection().addRange(range);
                return getSelection().toString();
            }"""
        )
        assert "print(0)" in selected
        assert "checked" not in selected
    assert wrong == []


def test_the_line_at_fault_is_one_click_away(browser: Browser, url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{url}/{PAGES['overview']}")
        page.locator(".agentdocs-failures a").first.click()
        page.wait_for_url("**/examples.html#code-examples2")
        block = page.locator("#code-examples2")
        block.locator("summary").first.click()
        block.get_by_role("link", name="line 15").click()
        page.wait_for_url("**/source.html#L15")
        assert page.locator("#L15").inner_text().strip() == "# 1"
    assert wrong == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_page_is_wider_than_its_screen(browser: Browser, url: str, name: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{url}/{PAGES[name]}")
        page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(_OVERFLOW) == [0, []], width
    assert wrong == []


def test_a_verdict_is_one_slim_row_on_a_wide_screen(browser: Browser, url: str) -> None:
    with _page(browser, viewport={"width": 1280, "height": 800}) as (page, wrong):
        page.goto(f"{url}/{PAGES['snippets']}")
        for number in range(5):
            row = page.locator(".agentdocs-evidence").nth(number).bounding_box()
            assert row is not None
            assert row["height"] < 34
    assert wrong == []


@pytest.mark.parametrize("name", sorted(PAGES))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_said_of_proof_can_be_read(
    browser: Browser, url: str, name: str, scheme: str
) -> None:
    with _page(browser, color_scheme=scheme) as (page, wrong):
        page.goto(f"{url}/{PAGES[name]}")
        page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
        found = page.evaluate(_CONTRAST)
        assert (found["ground"] > 0.8) == (scheme == "light")
        assert found["faint"] == []
        # The bar's colours stand out from the page (WCAG asks for 3 : 1), and are three.
        if page.locator(".agentdocs-bar").count():
            colours = page.evaluate(
                "[...document.querySelectorAll('.agentdocs-bar > i')].map(part => getComputedStyle(part).backgroundColor)"
            )
            assert len(set(colours)) == len(colours) == 4
    assert wrong == []


def test_colours_are_more_than_the_text_s_own(browser: Browser, url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{url}/{PAGES['snippets']}")
        colours = {
            kind: page.locator(f".agentdocs-{kind} b").first.evaluate(
                "node => getComputedStyle(node).color"
            )
            for kind in ("good", "bad", "open", "plain", "unknown")
        }
        assert len({colours[kind] for kind in ("good", "bad", "open", "plain")}) == 4
        assert colours["plain"] == colours["unknown"]
    assert wrong == []


def test_paper_shows_no_folds_that_nobody_can_open(browser: Browser, url: str) -> None:
    with _page(browser) as (page, wrong):
        page.goto(f"{url}/{PAGES['snippets']}")
        page.locator(".agentdocs-snippet").first.locator("summary").first.click()
        page.emulate_media(media="print")
        summaries = page.locator(".agentdocs-evidence summary:visible")
        assert summaries.count() == 1
        assert summaries.first.evaluate("node => getComputedStyle(node).listStyleType") == "none"
        assert page.locator(".agentdocs-verdict:visible").count() == 6
        assert page.get_by_text("0.25 s").first.is_visible()
    assert wrong == []


def test_folds_work_without_scripts(browser: Browser, url: str) -> None:
    with _page(browser, java_script_enabled=False) as (page, wrong):
        page.goto(f"{url}/{PAGES['snippets']}")
        fold = page.locator(".agentdocs-snippet").first.locator("details").first
        fold.locator("summary").click()
        assert fold.locator("pre").is_visible()
    assert wrong == []

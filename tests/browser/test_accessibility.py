"""axe-core over every kind of page of our own site, and what the policy of a page keeps out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import axe_playwright_python
import pytest
from browser.test_own_site import PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
MORE = {"manual": "verifying.html", "index": "genindex.html", "search": "search.html?q=migrate"}
SCREENS = [(360, "light"), (1100, "dark"), (1920, "light")]


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_nothing(browser: Browser, own_url: str, width: int, scheme: str) -> None:
    # The policy is kept out of the way of the tool that looks, and of nothing else.
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )  # type: ignore[arg-type]
    page = context.new_page()
    found = []
    for kind, path in {**PAGES, **MORE}.items():
        page.goto(f"{own_url}/{path}")
        page.wait_for_load_state("networkidle")
        page.evaluate(AXE)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found += [
            (kind, one["id"], one["impact"], node["html"][:200])
            for one in result["violations"]
            for node in one["nodes"]
        ]
    context.close()
    assert found == []


def test_a_script_that_comes_into_a_page_does_not_run(browser: Browser, own_url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for kind in ("overview", "schemas", "home"):
        page.goto(f"{own_url}/{PAGES[kind]}")
        page.evaluate("""() => {
            document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran = 1'>");
            const script = document.createElement("script");
            script.textContent = "window.ran = 2";
            document.body.append(script);
            const away = document.createElement("script");
            away.src = "https://example.invalid/x.js";
            document.body.append(away);
        }""")
        page.wait_for_timeout(200)
        assert page.evaluate("window.ran") is None
        refused = page.evaluate(
            "fetch('https://example.invalid/').then(() => 'sent', () => 'refused')"
        )
        assert refused == "refused"
    assert sum("Content Security Policy" in text for text in said) >= 9
    context.close()

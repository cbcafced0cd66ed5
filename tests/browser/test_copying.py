"""The buttons that copy a page or an agent, in a real browser: over HTTP, from a disk, without."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hostile.builds import Build
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PAGE = "agents/toolkit/backend-developer/reference"
LINKS = ".agentdocs-machines a"


def test_a_page_and_its_agent_are_copied(browser: Browser, own: Build, own_url: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{own_url}/{PAGE}.html")
    copied = "navigator.clipboard.readText()"
    for title, file in (
        ("Copy page as Markdown", own.out / f"{PAGE}.md"),
        ("Copy agent", own.source.parent / "agents/toolkit/backend-developer/SKILL.md"),
    ):
        button = page.get_by_role("button", name=title)
        button.click()
        page.get_by_role("button", name="Copied").wait_for()
        assert page.evaluate(copied) == file.read_text(encoding="utf-8")
        button.wait_for()  # it says again what it does
    context.close()


def test_without_a_server_or_a_script_they_are_links(
    browser: Browser, own: Build, own_url: str
) -> None:
    disk = Path(own.out, f"{PAGE}.html").as_uri()
    for url, scripts in ((disk, True), (f"{own_url}/{PAGE}.html", False)):
        context = browser.new_context(java_script_enabled=scripts)
        page = context.new_page()
        page.goto(url)
        assert page.locator(LINKS).all_inner_texts() == ["Page as Markdown", "Agent's file"]
        assert page.locator(LINKS).first.get_attribute("href") == "reference.md"
        context.close()


def test_what_cannot_be_fetched_is_opened(browser: Browser, own_url: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{own_url}/{PAGE}.html")
    page.route("**/reference.md", lambda route: route.fulfill(status=500, body="no"))
    with page.expect_request(lambda asked: asked.is_navigation_request()) as asked:
        page.get_by_role("button", name="Copy page as Markdown").click()
    assert asked.value.url.endswith("/reference.md")
    context.close()

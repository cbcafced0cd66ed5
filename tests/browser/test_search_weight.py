"""What a first answer loads: the structure that keeps it light, whatever the machine."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from browser.test_own_site import _page

if TYPE_CHECKING:
    from hostile.builds import Build
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
pytest.importorskip("pagefind")

FRAGMENTS = 14
FIXED = 110_000
"""Bytes of what is loaded whatever is asked: Pagefind itself, and what names its files."""


@pytest.mark.parametrize(
    ("question", "words"), [("slow query", 2), ("who reviews code", 2), ("rename a column", 2)]
)
def test_a_first_answer_is_light(
    browser: Browser, own_url: str, own: Build, question: str, words: int
) -> None:
    with _page(browser) as (page, wrong):
        asked: list[str] = []
        page.context.on("request", lambda request: asked.append(request.url))
        page.goto(f"{own_url}/agents/index.html")
        page.keyboard.press("/")
        page.get_by_role("dialog", name="Search").wait_for()
        page.keyboard.insert_text(question)
        page.locator("a.agentdocs-search-hit").first.wait_for()
        files = {url.partition("/_pagefind/")[2].partition("?")[0] for url in asked} - {""}
        kinds = [file.partition("/")[0] for file in files]
        assert 0 < kinds.count("fragment") <= FRAGMENTS
        # One piece for a word; words that begin like one of them may go on in the next piece.
        assert 0 < kinds.count("index") <= words + 1
        assert "filter" not in kinds
        fixed = [own.out / "_pagefind" / file for file in files if "/" not in file]
        assert sum(_sent(path.read_bytes()) for path in fixed) < FIXED

        page.get_by_text("Filters", exact=True).click()
        page.get_by_role("dialog", name="Search").get_by_label("Collection").wait_for()
        assert any("/filter/" in url for url in asked)
    assert wrong == []


def _sent(data: bytes) -> int:
    # What Pagefind made is compressed already.
    return len(data) if data.startswith(b"\x1f\x8b") else len(gzip.compress(data, 6))

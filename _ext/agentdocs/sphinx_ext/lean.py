"""A page as a theme makes it → the same without style sheets and scripts that it has no use for.

sphinx-design adds its own to every page, and they are the largest of all: where nothing is drawn
with them, a browser would wait for them before it shows a word. Sphinx's index of all words is
as large as everything else on the search page together; where Pagefind searches, its script asks
for that index only when Pagefind cannot be loaded.
"""

from __future__ import annotations

import re

_DRAWN = re.compile(r"\bclass=\"(?:[^\"]*\s)?sd-")
_SHEET = re.compile(r"<link\b[^>]*\bhref=\"[^\"]*/sphinx-design\.min\.css\b[^>]*>\n?")
_TABS = re.compile(r"<script\b[^>]*\bsrc=\"[^\"]*/design-tabs\.js\b[^>]*></script>\n?")
_INDEX = re.compile(r"<script\b[^>]*\bsrc=\"(?:[^\"]*/)?searchindex\.js\b[^>]*></script>\n?")


def lean(page: str) -> str:
    """Return a page that loads these files only if there is something for them to do."""
    # Looked for as plain text first: most sites have neither, and pages are long.
    if "/sphinx-design.min.css" in page and not _DRAWN.search(page):
        page = _without(page, _SHEET)
    if "/design-tabs.js" in page and "sd-tab-set" not in page:
        page = _without(page, _TABS)
    if "/agentdocs-search.js" in page:
        page = _without(page, _INDEX)
    return page


def _without(page: str, tag: re.Pattern[str]) -> str:
    """Return a page without a tag and the blanks before it.

    These are no part of the pattern: it would be tried at every blank of the page.
    """
    before, at = [], 0
    for found in tag.finditer(page):
        before.append(page[at : found.start()].rstrip(" \t"))
        at = found.end()
    return "".join([*before, page[at:]])

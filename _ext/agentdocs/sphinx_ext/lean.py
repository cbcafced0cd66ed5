"""A page as a theme makes it → the same without style sheets and scripts that it has no use for.

sphinx-design adds its own to every page, and they are the largest of all: where nothing is drawn
with them, a browser would wait for them before it shows a word. Sphinx's index of all words is
as large as everything else on the search page together; where Pagefind searches, its script asks
for that index only when Pagefind cannot be loaded.
"""

from __future__ import annotations

import re

_DRAWN = re.compile(r"\bclass=\"(?:[^\"]*\s)?sd-")
_SHEET = re.compile(r"[ \t]*<link\b[^>]*\bhref=\"[^\"]*/sphinx-design\.min\.css\b[^>]*>\n?")
_TABS = re.compile(r"[ \t]*<script\b[^>]*\bsrc=\"[^\"]*/design-tabs\.js\b[^>]*></script>\n?")
_INDEX = re.compile(r"[ \t]*<script\b[^>]*\bsrc=\"(?:[^\"]*/)?searchindex\.js\b[^>]*></script>\n?")


def lean(page: str) -> str:
    """Return a page that loads these files only if there is something for them to do."""
    # Looked for as plain text first: most sites have neither, and pages are long.
    if "/sphinx-design.min.css" in page and not _DRAWN.search(page):
        page = _SHEET.sub("", page)
    if "/design-tabs.js" in page and "sd-tab-set" not in page:
        page = _TABS.sub("", page)
    if "/agentdocs-search.js" in page:
        page = _INDEX.sub("", page)
    return page

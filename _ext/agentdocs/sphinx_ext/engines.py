"""A page that no document stands behind → what search engines go by.

Indexes, the search and the page for what is not there get a description. And where pages have an
address, the search may be listed: Sphinx forbids it, so that results are not taken for pages, but
its one address says already that all results are the same page.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

_WORDS = {
    "genindex": "Everything that {site} has a name for, from A to Z.",
    "search": "Search {site}.",
    "404": "There is no such page in {site}; these come close.",
}
_OTHERS = "{title}: an index of {site}."
_TAG = re.compile(r"<[^>]*>")
_UNLISTED = re.compile(r'[ \t]*<meta name="robots" content="noindex" ?/?>\n?')


def add_description(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Add a description to a page that has none."""
    tags = str(context.get("metatags") or "")
    if doctree is not None or 'name="description"' in tags:
        return
    site = str(app.config.html_title or app.config.project)
    title = context.get("title") or context.get("indextitle") or pagename
    title = Markup(_TAG.sub("", str(title))).unescape()
    text = _WORDS.get(pagename, _OTHERS).format(site=site, title=title)
    tag = f'<meta name="description" content="{escape(text)}" />'
    context["metatags"] = f"{tags}\n{tag}" if tags else tag


def listed(page: str, pagename: str) -> str:
    """Return a page; the search, if it has an address, without the order to leave it out."""
    if pagename == "search" and '<link rel="canonical"' in page:
        return _UNLISTED.sub("", page)
    return page


def setup(app: Sphinx) -> None:
    """Register the handler."""
    # After those that know what the page is about.
    app.connect("html-page-context", add_description, priority=650)

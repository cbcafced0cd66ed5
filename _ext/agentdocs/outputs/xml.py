"""Addresses and dates → ``sitemap.xml``; changes → an Atom feed; a search → OpenSearch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_ATOM = "http://www.w3.org/2005/Atom"
_OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
OPENSEARCH_TYPE = "application/opensearchdescription+xml"
_NAME, _LONG_NAME = 16, 48
"""Characters that OpenSearch allows in names."""
# What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Change:
    """A change to agents."""

    id: str
    """An address that is its own."""
    title: str
    url: str
    updated: str
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class Search:
    """A site that can be searched; addresses are whole."""

    title: str
    url: str
    """The address of its search page, without a question."""
    itself: str
    """The address of its description."""
    language: str
    image: tuple[str, str] | None = None
    """The address of its icon, and the icon's media type."""


def sitemap(pages: Iterable[tuple[str, str]]) -> bytes:
    """Return a sitemap of addresses, each with the time of its last change or an empty text."""
    root = ElementTree.Element("urlset", xmlns=_SITEMAP)
    for url, changed in pages:
        page = ElementTree.SubElement(root, "url")
        _add(page, "loc", url)
        if changed:
            _add(page, "lastmod", changed)
    return _bytes(root)


def robots(sitemap_url: str) -> str:
    """Return a ``robots.txt`` that allows all and names the sitemap."""
    return f"User-agent: *\nAllow: /\n\nSitemap: {sitemap_url}\n"


def atom(title: str, url: str, site: str, changes: Sequence[Change]) -> bytes:
    """Return an Atom feed; there must be a change.

    :param url: the address of the feed itself.
    :param site: the address of the page that it is about.
    """
    root = ElementTree.Element("feed", xmlns=_ATOM)
    _add(root, "title", title)
    _add(root, "id", url)
    _add(root, "updated", max(change.updated for change in changes))
    ElementTree.SubElement(root, "link", rel="self", type="application/atom+xml", href=url)
    ElementTree.SubElement(root, "link", rel="alternate", type="text/html", href=site)
    for change in changes:
        entry = ElementTree.SubElement(root, "entry")
        _add(entry, "title", change.title)
        _add(entry, "id", change.id)
        _add(entry, "updated", change.updated)
        _add(ElementTree.SubElement(entry, "author"), "name", change.author)
        ElementTree.SubElement(entry, "link", rel="alternate", type="text/html", href=change.url)
        _add(entry, "summary", change.text)
    return _bytes(root)


def opensearch(search: Search) -> bytes:
    """Return a description by which browsers and wikis learn to ask a site's search.

    The form is that of OpenSearch 1.1, Draft 6: https://github.com/dewitt/opensearch.
    """
    root = ElementTree.Element("OpenSearchDescription", xmlns=_OPENSEARCH)
    _add(root, "ShortName", _short(search.title, _NAME))
    _add(root, "LongName", _short(search.title, _LONG_NAME))
    _add(root, "Description", f"Search {_short(search.title, _LONG_NAME)}")
    # Braces are parameters there.
    url = search.url.replace("{", "%7B").replace("}", "%7D")
    asked = f"{url}?q={{searchTerms}}"
    ElementTree.SubElement(root, "Url", type="text/html", template=asked)
    ElementTree.SubElement(root, "Url", type=OPENSEARCH_TYPE, rel="self", template=search.itself)
    if search.image:
        address, kind = search.image
        ElementTree.SubElement(root, "Image", type=kind).text = address
    for name, text in (("Language", search.language), ("InputEncoding", "UTF-8"),
                       ("OutputEncoding", "UTF-8")):  # fmt: skip
        _add(root, name, text)
    return _bytes(root)


def _short(text: str, most: int) -> str:
    """Return a text in one line, with as many of its words as there is room for."""
    flat = " ".join(text.split())
    if len(flat) <= most:
        return flat
    words = flat[: most + 1].rpartition(" ")[0]
    return words or flat[:most]


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = _FORBIDDEN.sub("\ufffd", text)


def _bytes(root: ElementTree.Element) -> bytes:
    ElementTree.indent(root)
    data: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"

"""Addresses and dates → ``sitemap.xml``; changes → an Atom feed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_ATOM = "http://www.w3.org/2005/Atom"
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


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = _FORBIDDEN.sub("\ufffd", text)


def _bytes(root: ElementTree.Element) -> bytes:
    ElementTree.indent(root)
    data: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"

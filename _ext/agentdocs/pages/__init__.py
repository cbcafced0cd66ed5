"""Catalog → pages: decides what each page shows; the templates decide how.

A page is Markdown text. It depends on nothing but the catalog, so the same library gives the
same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdocs.pages.agent import agent_pages
from agentdocs.pages.library import library_pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentdocs.catalog import Catalog
    from agentdocs.model import Page


def pages(catalog: Catalog) -> Iterator[Page]:
    """Yield every page of the site, agents first."""
    by_id = {entry.id: entry for entry in catalog.entries}
    peers = catalog.peers()
    for entry in catalog.entries:
        yield from agent_pages(entry, by_id, peers)
    yield from library_pages(catalog)

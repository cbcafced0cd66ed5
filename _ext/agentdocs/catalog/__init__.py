"""Agents → :class:`Catalog`: identity, pages, links, backlinks and indexes.

Only here is it known that there is more than one agent. Nothing is read from disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdocs.catalog.entries import identify
from agentdocs.catalog.links import backlinked, files_of, linked, spellings
from agentdocs.catalog.types import (
    HOME,
    MADE,
    AgentPage,
    Catalog,
    Entry,
    Location,
    Relation,
    Resolved,
    key_slug,
)
from agentdocs.names import Names
from agentdocs.placing import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agentdocs.library import Library
    from agentdocs.placing import Rule

__all__ = [
    "HOME",
    "MADE",
    "AgentPage",
    "Catalog",
    "Entry",
    "Location",
    "Relation",
    "Resolved",
    "build",
    "key_slug",
]


def build(library: Library, rules: Iterable[Rule] = ()) -> Catalog:
    """Give every agent its identity, decide its pages and resolve what it names."""
    entries = identify(library, (*rules, *RULES))
    names = Names([(entry.id, entry.collection, entry.role, spellings(entry)) for entry in entries])
    files = files_of(entries)
    entries = [linked(entry, files, names) for entry in entries]
    entries = backlinked(entries)
    problems = [*library.problems, *(p for entry in entries for p in entry.problems)]
    return Catalog(library.name, tuple(entries), tuple(sorted(set(problems))))

"""Agents that share a role → one table of their fields and one of their sections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdocs.render import cut
from agentdocs.slugs import slugify

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentdocs.catalog import Entry, Location


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a comparison: a cell for each agent."""

    title: str
    cells: tuple[str, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What several agents of one role have, side by side."""

    fields: tuple[Row, ...]
    tools: tuple[Row, ...]
    sections: tuple[tuple[str, tuple[tuple[Location, ...], ...]], ...]
    """Title, and for each agent the places of its sections of that title."""


def comparison(members: list[Entry]) -> Comparison:
    """Compare agents field by field, tool by tool and section by section."""
    return Comparison(_fields(members), _tools(members), _sections(members))


def _fields(members: list[Entry]) -> tuple[Row, ...]:
    getters: dict[str, Callable[[Entry], str]] = {
        "Dialect": lambda e: e.agent.dialect,
        "Summary": lambda e: cut(e.agent.summary or e.agent.description, 140),
        "Model": lambda e: e.agent.model,
        "Version": lambda e: e.agent.version,
        "Author": lambda e: e.agent.author,
        "Updated": lambda e: e.agent.updated,
        "Tags": lambda e: ", ".join(e.agent.tags),
        "Depends on": lambda e: ", ".join(r.name for r in e.depends),
        "Sections": lambda e: str(sum(bool(s.level) for s in e.agent.outline.sections)),
        "Snippets": lambda e: str(sum(1 for _ in e.snippets())),
        "Conversations": lambda e: str(len(e.agent.examples) or ""),
        "Problems": lambda e: str(len(e.problems) or ""),
    }
    rows = []
    for title, get in getters.items():
        cells = tuple(get(entry) for entry in members)
        if any(cells):
            rows.append(Row(title, cells, len(set(cells)) > 1))
    return tuple(rows)


def _tools(members: list[Entry]) -> tuple[Row, ...]:
    names = dict.fromkeys(t.name for e in members for t in e.agent.tools if t.allowed)
    rows = []
    for name in names:
        cells = tuple(
            ", ".join(t.raw for t in entry.agent.tools if t.allowed and t.name == name)
            for entry in members
        )
        rows.append(Row(name, cells, len({bool(cell) for cell in cells}) > 1))
    return tuple(rows)


def _sections(
    members: list[Entry],
) -> tuple[tuple[str, tuple[tuple[Location, ...], ...]], ...]:
    found: dict[str, tuple[str, list[list[Location]]]] = {}
    for index, entry in enumerate(members):
        for page in entry.pages:
            for item in page.sections:
                if not item.depth:
                    continue
                title = item.section.title or "(untitled)"
                _, cells = found.setdefault(slugify(title), (title, [[] for _ in members]))
                cells[index].append(entry.anchors[item.path, item.section.slug])
    shared_first = sorted(found.values(), key=lambda row: -sum(bool(cell) for cell in row[1]))
    return tuple((title, tuple(tuple(cell) for cell in cells)) for title, cells in shared_first)

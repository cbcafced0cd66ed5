"""Agents that share a role → their facts and their tools, as rows with a cell for each agent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdocs import tools
from agentdocs.fields import TOOLS
from agentdocs.render import cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agentdocs.catalog import Entry

FURTHER = 16
"""Further fields of front matter that get a row."""
MOST = 48
"""Tools that get a row."""

_DONE = frozenset({
    *TOOLS, "name", "description", "model", "version", "author", "tags", "keywords", "updated",
    "dependencies", "disallowedtools", "disallowed-tools",
})  # fmt: skip
"""Fields that have rows of their own, or none."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one agent has, and the line that says so; 0 where none does."""

    text: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a comparison."""

    title: str
    cells: tuple[Cell, ...]
    key: str = ""
    """The front matter's field that it is about."""

    @property
    def differs(self) -> bool:
        """Whether not all have the same."""
        return len({cell.text for cell in self.cells}) > 1


@dataclass(frozen=True, slots=True)
class Permit:
    """What a kind of tools permits: who has any of the kind, and who has which."""

    row: Row
    tools: tuple[Row, ...]


def named(members: Sequence[Entry]) -> Row:
    """Return the line on which each names its tools."""
    lines = (min((t.line for t in entry.agent.tools), default=0) for entry in members)
    return Row("Named in", tuple(Cell(f"line {n}" if n else "", n) for n in lines))


def facts(members: Sequence[Entry]) -> tuple[Row, ...]:
    """Return the rows that have something in any cell."""
    columns = [dict(_facts(entry)) for entry in members]
    titles = dict.fromkeys(title for column in columns for title in column)
    rows = (Row(t, tuple(column.get(t, Cell()) for column in columns)) for t in titles)
    further = _further(members)
    return (*(row for row in rows if any(cell.text for cell in row.cells)), *further)


def _facts(entry: Entry) -> Iterator[tuple[str, Cell]]:
    """Yield a title and a cell, with the same titles in the same order for every agent."""
    agent, outline = entry.agent, entry.agent.outline
    lines = {field.key.lower(): field.line for field in reversed(agent.fields)}

    def said(text: str, *keys: str) -> Cell:
        return Cell(text, next((lines[key] for key in keys if key in lines), 0) if text else 0)

    yield "Model", said(cut(agent.model, 60), "model")
    yield "Tags", said(cut(", ".join(agent.tags), 120), "tags", "keywords")
    languages = Counter(s.language or "text" for _, text in agent.texts() for s in text.snippets)
    top = sorted(languages.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{cut(name, 20)} {count}" for name, count in top[:4])
    yield "Snippets", Cell(str(sum(languages.values())) if languages else "none")
    yield "Languages", Cell(named + (f" and {len(top) - 4} more" if len(top) > 4 else ""))
    yield "Size", Cell(_size(entry))
    yield "Sections", Cell(str(sum(bool(s.level) for s in outline.sections)))
    beside = agent.companions
    size = sum(one.size for one in beside)
    yield "Files beside it", Cell(f"{len(beside)} ({_kilobytes(size)})" if beside else "none")
    yield "Conversations", Cell(str(len(agent.examples) or "none"))
    yield "Depends on", said(cut(", ".join(r.name for r in entry.depends), 120), "dependencies")
    yield "Needs packages", said(cut(", ".join(agent.packages), 120), "dependencies", "requires")
    yield "Version", said(cut(agent.version, 40), "version")
    yield "Author", said(cut(agent.author, 60), "author")
    yield "Updated", said(cut(agent.updated, 40), "updated")
    yield "Dialect", Cell(agent.dialect)
    yield "Kind", Cell("skill" if agent.is_skill else "agent")
    yield "Problems", Cell(str(len(entry.problems) or "none"))


def _size(entry: Entry) -> str:
    raw = entry.agent.raw
    return f"{_kilobytes(raw.size)}, {len(raw.body.split()):,} words"


def _kilobytes(size: int) -> str:
    return f"{size / 1000:,.1f} kB" if size < 100_000 else f"{size // 1000:,} kB"


def _further(members: Sequence[Entry]) -> tuple[Row, ...]:
    columns: list[dict[str, Cell]] = []
    titles: dict[str, str] = {}
    for entry in members:
        column: dict[str, Cell] = {}
        for field in entry.agent.raw.fields:
            key = field.key.lower()
            if key not in _DONE:
                titles.setdefault(key, field.key)
                text = field.value if isinstance(field.value, str) else field.raw.partition(":")[2]
                column[key] = Cell(cut(text, 80), field.line)
        columns.append(column)
    return tuple(
        Row(cut(title, 40), tuple(column.get(key, Cell()) for column in columns), key)
        for key, title in list(titles.items())[:FURTHER]
    )


def permits(members: Sequence[Entry]) -> tuple[Permit, ...]:
    """Return what the tools of any agent permit, in the order of pages."""
    columns = [_column(entry) for entry in members]
    names = list(dict.fromkeys(name for column in columns if column for name in column))[:MOST]
    found = []
    for kind, title in tools.PERMITS.items():
        of_kind = [name for name in names if tools.permits(name) == kind]
        if of_kind:
            rows = tuple(
                Row(name, tuple(_tool(column, name) for column in columns)) for name in of_kind
            )
            cells = tuple(_any(column, of_kind) for column in columns)
            found.append(Permit(Row(title, cells), rows))
    return tuple(found)


Column = dict[str, Cell] | None
"""Tools by their canonical name; None for an agent whose file says nothing of tools."""


def _column(entry: Entry) -> Column:
    agent = entry.agent
    if not agent.tools and not any(f.key in TOOLS for f in agent.fields):
        return None
    column: dict[str, Cell] = {}
    raw: dict[str, list[str]] = {}
    for tool in agent.tools:
        if tool.allowed:
            raw.setdefault(tool.name, []).extend([tool.argument] if tool.argument else [])
            some = ", ".join(dict.fromkeys(raw[tool.name]))
            column[tool.name] = Cell(f"yes: {cut(some, 60)}" if some else "yes")
    for tool in agent.tools:
        if not tool.allowed:
            column.setdefault(tool.name, Cell("forbidden"))
    return column


def _tool(column: Column, name: str) -> Cell:
    if column is None or (column and not any(c.text != "forbidden" for c in column.values())):
        return column.get(name, Cell("not limited")) if column else Cell("not limited")
    if name not in column and column.get("All tools", Cell()).text.startswith("yes"):
        return Cell("yes")
    return column.get(name, Cell("no"))


def _any(column: Column, names: Sequence[str]) -> Cell:
    cells = [_tool(column, name).text for name in names]
    for text in ("not limited", "forbidden"):
        if all(cell == text for cell in cells):
            return Cell(text)
    return Cell("yes" if any(cell.startswith(("yes", "not")) for cell in cells) else "no")

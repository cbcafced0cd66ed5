"""A database's tables, as an inspection of it gives them → frozen tables that know each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from agentdocs.artefacts.json_schema.phrases import cut, spell

TABLES = 100
"""Tables that are shown."""
COLUMNS = 200
"""Columns, keys, checks or indexes of a table that are shown."""
NAME = 120
"""Characters of a name."""
TEXT = 1000
"""Characters of a comment, a default or a check."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column."""

    name: str
    type: str
    nullable: bool | None
    """None where nothing is said of it."""
    keys: tuple[str, ...] = ()
    """Some of ``PK``, ``FK`` and ``UQ``."""
    default: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key."""

    table: str
    """Whose key it is."""
    columns: tuple[str, ...]
    to: str
    """The table that it leads to, which may be unknown."""
    references: tuple[str, ...]
    on_delete: str = ""
    on_update: str = ""
    one: bool = False
    """No two rows lead to the same."""
    optional: bool = False
    """A row may lead to none."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index."""

    name: str
    columns: tuple[str, ...]
    unique: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    references: tuple[Reference, ...]
    referenced_by: tuple[Reference, ...]
    uniques: tuple[tuple[str, ...], ...]
    checks: tuple[str, ...]
    indexes: tuple[Index, ...]
    more: tuple[tuple[str, int], ...] = ()
    """What is not shown, and how much of it: ``("column", 12)``."""
    unread: int = 0
    """Entries that are nothing of the kind that they should be."""


@dataclass(frozen=True, slots=True)
class Database:
    """All tables."""

    tables: tuple[Table, ...]
    more: int = 0
    """Tables that are not shown."""
    unread: int = 0


def read(data: Any) -> Database:
    """Return the tables, each with the keys that lead to it from others."""
    given = data.get("tables") if isinstance(data, dict) else data
    given = given if isinstance(given, list) else []
    known = [item for item in given if isinstance(item, dict) and _text(item.get("name"), NAME)]
    names: dict[str, dict[str, Any]] = {}
    for item in known:
        names.setdefault(_text(item["name"], NAME), item)
    tables = [_table(item, name) for name, item in list(names.items())[:TABLES]]
    into: dict[str, list[Reference]] = {table.name: [] for table in tables}
    for table in tables:
        for reference in table.references:
            if reference.to in into:
                into[reference.to].append(reference)
    unread = len(given) - len(names)
    linked = []
    for table in tables:
        all_ = into[table.name]
        rest = ("reference to it", len(all_) - COLUMNS)
        linked.append(replace(table, referenced_by=tuple(all_[:COLUMNS]),
                              more=(*table.more, *([rest] if rest[1] > 0 else []))))  # fmt: skip
    return Database(tuple(linked), max(len(names) - TABLES, 0), unread)


def _text(value: Any, most: int = TEXT) -> str:
    """Return a text; numbers and the like as JSON."""
    if isinstance(value, str):
        return cut(value.strip(), most)
    return "" if value is None or isinstance(value, dict | list) else spell(value)


def _said(value: Any) -> str:
    """Return a default: null is none."""
    return _text(value) if not isinstance(value, dict | list) else spell(value)


def _texts(value: Any) -> tuple[str, ...]:
    """Return a list of names."""
    items = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    return tuple(found for item in items[:COLUMNS] if (found := _text(item, NAME)))


class _Lists:
    """Reads a table's lists, and counts what is left out."""

    def __init__(self, item: dict[str, Any]) -> None:
        self.item = item
        self.more: list[tuple[str, int]] = []
        self.unread = 0

    def of(self, key: str, kind: str, types: Any = dict) -> list[Any]:
        """Return the entries of a list that are of these types, as many as are shown."""
        given = self.item.get(key)
        if not isinstance(given, list):
            self.unread += given is not None
            return []
        found = [entry for entry in given if isinstance(entry, types)]
        self.unread += len(given) - len(found)
        if len(found) > COLUMNS:
            self.more.append((kind, len(found) - COLUMNS))
        return found[:COLUMNS]


def _table(item: dict[str, Any], name: str) -> Table:
    lists = _Lists(item)
    columns = lists.of("columns", "column")
    keys = lists.of("foreign_keys", "foreign key")
    uniques = [_texts(entry) for entry in lists.of("uniques", "unique key", (list, str))]
    checks = [_text(entry) for entry in lists.of("checks", "check", str)]
    indexes = tuple(_index(entry) for entry in lists.of("indexes", "index"))
    primary = tuple(_text(c.get("name"), NAME) for c in columns if c.get("primary_key") is True)
    alone = {_text(c.get("name"), NAME) for c in columns if c.get("unique") is True}
    alone |= {unique[0] for unique in uniques if len(unique) == 1}
    alone |= {i.columns[0] for i in indexes if i.unique and len(i.columns) == 1 and not i.where}
    foreign = {one for key in keys for one in _texts(key.get("columns"))}
    made = tuple(_column(column, alone, foreign) for column in columns)
    single = {frozenset(unique) for unique in (primary, *uniques) if unique}
    single |= {frozenset((one,)) for one in alone}
    single |= {frozenset(i.columns) for i in indexes if i.unique and not i.where and i.columns}
    nullable = {column.name for column in made if column.nullable}
    references = []
    for key in keys:
        to = _text(key.get("table"), NAME)
        if not to:
            lists.unread += 1
            continue
        own = _texts(key.get("columns"))
        references.append(Reference(
            name, own, to, _texts(key.get("references")),
            _text(key.get("on_delete"), NAME), _text(key.get("on_update"), NAME),
            one=any(unique <= set(own) for unique in single),
            optional=any(column in nullable for column in own),
        ))  # fmt: skip
    return Table(
        name, _text(item.get("comment")), made, tuple(references), (),
        tuple(unique for unique in uniques if len(unique) > 0), tuple(filter(None, checks)),
        indexes, tuple(lists.more), lists.unread,
    )  # fmt: skip


def _column(column: dict[str, Any], alone: set[str], foreign: set[str]) -> Column:
    name = _text(column.get("name"), NAME)
    nullable = column.get("nullable")
    key = column.get("primary_key") is True
    keys = [*(["PK"] if key else []), *(["FK"] if name in foreign else [])]
    keys += ["UQ"] if name in alone and not key else []
    return Column(
        name, _text(column.get("type"), NAME), nullable if isinstance(nullable, bool) else None,
        tuple(keys), _said(column.get("default")), _text(column.get("comment")),
    )  # fmt: skip


def _index(entry: dict[str, Any]) -> Index:
    return Index(
        _text(entry.get("name"), NAME), _texts(entry.get("columns")),
        entry.get("unique") is True, _text(entry.get("where")),
    )  # fmt: skip

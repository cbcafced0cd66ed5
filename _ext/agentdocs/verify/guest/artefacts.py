"""What a snippet has made → descriptions of it: APIs, models, tables.

Nothing is imported for it: who has an API has imported its framework. What a snippet made is its
own, and may lie about itself; it says so much, of so much size, and is taken as data.
"""

# No pathlib: the server starts sooner without it.

from __future__ import annotations

import contextlib
import json
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

MOST = 400_000
"""Characters of JSON that one description may have, and all of a step together."""
NUMBER = 60
"""Descriptions of one step."""


class Python:
    """Sees what is new in a namespace from step to step."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def new(self, names: dict[str, Any]) -> list[dict[str, Any]]:
        """Describe what has come since it was asked last, or has changed."""
        found: list[dict[str, Any]] = []
        size = 0
        for describe in (_openapi, _models, _tables):
            with contextlib.suppress(Exception):  # of a framework, or of what was made with it
                for one in describe(names):
                    told = _told(one)
                    if told and told not in self.seen and size + len(told) <= MOST:
                        self.seen.add(told)
                        size += len(told)
                        found.append(one)
        return found[:NUMBER]


def _told(one: dict[str, Any]) -> str:
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        return json.dumps(one, allow_nan=False)
    return ""


def _one(kind: str, name: str, data: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "data": data}


def _openapi(names: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if (fastapi := sys.modules.get("fastapi")) is None:
        return
    for value in {id(value): value for value in list(names.values())}.values():
        if isinstance(value, fastapi.FastAPI) and value.openapi_url:
            value.openapi_schema = None  # what was made before the last route is not the last word
            data = value.openapi()
            if data.get("paths") or data.get("webhooks"):
                yield _one("openapi", f"{value.title} {value.version}", data)


def _models(names: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Describe classes that the snippets define; what is imported is somebody else's."""
    if (pydantic := sys.modules.get("pydantic")) is None:
        return
    import dataclasses

    own: list[Any] = [
        value
        for value in {id(value): value for value in list(names.values())}.values()
        if isinstance(value, type) and value.__module__ == "__main__"
    ]
    for model in own:
        name = str(model.__name__)
        with contextlib.suppress(Exception):  # some types have no schema
            if issubclass(model, pydantic.BaseModel):
                if model.model_fields:
                    yield _one("json-schema", name, model.model_json_schema())
            elif dataclasses.is_dataclass(model):
                yield _one("json-schema", name, pydantic.TypeAdapter(model).json_schema())


def _tables(names: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if (sqlalchemy := sys.modules.get("sqlalchemy")) is None:
        return
    every: dict[int, Any] = {}
    for value in list(names.values()):
        one = value if isinstance(value, sqlalchemy.MetaData) else None
        if isinstance(value, type) and value.__module__ == "__main__":
            one = getattr(value, "metadata", None)
        if isinstance(one, sqlalchemy.MetaData) and one.tables:
            every[id(one)] = one
    for metadata in every.values():
        rows = [_table(table) for table in metadata.tables.values()]
        yield _one("tables", _title(rows), {"tables": rows})


def _title(tables: list[dict[str, Any]]) -> str:
    names = [str(table["name"]) for table in tables]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _table(table: Any) -> dict[str, Any]:
    keys = table.foreign_key_constraints
    uniques = [r for r in table.constraints if type(r).__name__ == "UniqueConstraint"]
    checks = [r for r in table.constraints if type(r).__name__ == "CheckConstraint"]
    alone = {next(iter(r.columns)).name for r in uniques if len(r.columns) == 1}
    return {
        "name": table.fullname,
        "comment": table.comment or "",
        "columns": [
            {
                "name": column.name,
                "type": _type(column.type),
                "nullable": bool(column.nullable),
                "primary_key": bool(column.primary_key),
                "default": _default(column),
                "unique": bool(column.unique) or column.name in alone,
                "comment": column.comment or "",
            }
            for column in table.columns
        ],
        "foreign_keys": [
            {
                "columns": [column.name for column in key.columns],
                "table": key.elements[0].target_fullname.rpartition(".")[0],
                "references": [e.target_fullname.rpartition(".")[2] for e in key.elements],
                "on_delete": key.ondelete or "",
            }
            for key in sorted(keys, key=lambda key: [column.name for column in key.columns])
        ],
        "uniques": sorted([c.name for c in r.columns] for r in uniques if len(r.columns) > 1),
        "checks": sorted(_sql(r.sqltext) for r in checks),
        "indexes": [
            {
                "name": index.name or "",
                "columns": [getattr(e, "name", None) or str(e) for e in index.expressions],
                "unique": bool(index.unique),
                "where": _where(index),
            }
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        ],
    }


def _type(kind: Any) -> str:
    # Without a database, SQLAlchemy says of these how one without them would keep them.
    return "UUID" if kind.__visit_name__ == "uuid" else str(kind)


def _sql(expression: Any) -> str:
    """Return an expression with its values in it."""
    return " ".join(str(expression.compile(compile_kwargs={"literal_binds": True})).split())


def _default(column: Any) -> str | None:
    if column.server_default is not None:
        return str(getattr(column.server_default, "arg", column.server_default))
    default = column.default
    if default is None:
        return None
    if default.is_callable:
        return f"{getattr(default.arg, '__name__', 'made')}()"
    return str(default.arg)


def _where(index: Any) -> str:
    for options in index.dialect_options.values():
        if (where := options.get("where")) is not None:
            return _sql(where)
    return ""


# --- SQL ------------------------------------------------------------------------------------------


def tables(database: sqlite3.Connection, before: set[str]) -> list[dict[str, Any]]:
    """Describe the tables that SQLite has now and did not have before.

    :param before: their names; the new ones are added.
    """
    query = (
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table'"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        " ORDER BY rowid"
    )
    try:
        # What belongs to a virtual table is named after it.
        virtual = "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'"
        hidden = tuple(f"{name}_" for (name,) in database.execute(virtual))
        new = [(n, s) for n, s in database.execute(query) if n not in before]
        before |= {name for name, _ in new}
        rows = [_described(database, n, s) for n, s in new if not (hidden and n.startswith(hidden))]
    except Exception:  # in the middle of a transaction that failed, for instance
        return []
    one = _one("tables", _title(rows), {"tables": rows}) if rows else None
    return [one] if one and len(_told(one)) in range(1, MOST) else []


def _described(database: sqlite3.Connection, name: str, sql: str) -> dict[str, Any]:
    def ask(pragma: str, argument: str = name) -> list[tuple[Any, ...]]:
        return database.execute(f"SELECT * FROM pragma_{pragma}(?)", (argument,)).fetchall()

    indexes, uniques = [], []
    for _, index, unique, origin, _ in ask("index_list"):
        columns = [row[2] or "(expression)" for row in ask("index_info", index)]
        made = database.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (index,)).fetchone()
        where = re.search(r"\sWHERE\s+(.*)$", (made and made[0]) or "", re.DOTALL | re.IGNORECASE)
        if origin == "u":
            uniques.append(columns)
        elif origin == "c":
            indexes.append({
                "name": index, "columns": columns, "unique": bool(unique),
                "where": " ".join(where[1].split()) if where else "",
            })  # fmt: skip
    alone = {columns[0] for columns in uniques if len(columns) == 1}
    keys: dict[int, dict[str, Any]] = {}
    for number, _, table, column, target, _, deleted, _ in ask("foreign_key_list"):
        key = keys.setdefault(
            number,
            {
                "columns": [], "table": table, "references": [],
                "on_delete": "" if deleted == "NO ACTION" else deleted,
            },
        )  # fmt: skip
        key["columns"].append(column)
        key["references"].append(target or "")
    return {
        "name": name,
        "comment": "",
        "columns": [
            {
                "name": column, "type": kind, "nullable": not (required or primary),
                "primary_key": bool(primary), "default": default, "unique": column in alone,
                "comment": "",
            }
            for _, column, kind, required, default, primary in ask("table_info")
        ],
        "foreign_keys": [keys[number] for number in sorted(keys, reverse=True)],
        "uniques": [columns for columns in reversed(uniques) if len(columns) > 1],
        "checks": _checks(sql),
        "indexes": indexes[::-1],
    }  # fmt: skip


def _checks(sql: str) -> list[str]:
    """Return what stands in the parentheses behind each CHECK."""
    found = []
    for match in re.finditer(r"\bCHECK\s*\(", sql, re.IGNORECASE):
        depth, at, quoted = 1, match.end(), ""
        while at < len(sql) and depth:
            sign = sql[at]
            if quoted:
                quoted = "" if sign == quoted else quoted
            elif sign in "'\"":
                quoted = sign
            else:
                depth += (sign == "(") - (sign == ")")
            at += 1
        found.append(" ".join(sql[match.end() : at - 1].split()))
    return found

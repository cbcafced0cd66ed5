"""What a step left behind → pictures and tables that a page can show."""

from __future__ import annotations

import ast
import base64
import contextlib
import dataclasses
import io
import sys
from typing import Any

ROWS = 200
PICTURES = 10
SIZE = 4_000_000
"""Bytes of a picture that are handed on."""


def tree_of(code: str) -> ast.Module:
    """Return a snippet's tree; an empty one where it is not Python, as of a ``>>>`` session."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def names(tree: ast.Module) -> list[str]:
    """Return the names that a snippet uses, each once, in order."""
    return list(dict.fromkeys(n.id for n in ast.walk(tree) if isinstance(n, ast.Name)))


def last(tree: ast.Module, namespace: dict[str, Any]) -> Any:
    """Return the value of a name that stands alone in the last line, as consoles show it.

    Anything else would have to be evaluated a second time.
    """
    end = tree.body[-1] if tree.body else None
    if isinstance(end, ast.Expr) and isinstance(end.value, ast.Name):
        return namespace.get(end.value.id)
    return None


def pictures(value: Any) -> list[str]:
    """Return data URLs of a value that can draw itself, and of matplotlib's figures."""
    found = []
    for method, kind in (("_repr_png_", "image/png"), ("_repr_svg_", "image/svg+xml")):
        with contextlib.suppress(Exception):
            data = getattr(value, method)()
            if data:
                found.append(_url(kind, data))
                break
    plots = sys.modules.get("matplotlib.pyplot")
    if plots is not None:
        for number in plots.get_fignums()[:PICTURES]:
            file = io.BytesIO()
            plots.figure(number).savefig(file, format="png", bbox_inches="tight")
            found.append(_url("image/png", file.getvalue()))
        plots.close("all")
    return [url for url in found if len(url) <= SIZE][:PICTURES]


def _url(kind: str, data: Any) -> str:
    raw = data.encode() if isinstance(data, str) else bytes(data)
    return f"data:{kind};base64,{base64.b64encode(raw).decode()}"


def tables(value: Any) -> list[dict[str, Any]]:
    """Return a list of mappings or dataclasses as a table; nothing of any other value."""
    if not isinstance(value, list) or not value:
        return []
    first = value[0]
    if isinstance(first, dict):
        columns = list(first)
        if all(isinstance(row, dict) and list(row) == columns for row in value):
            return [table(map(str, columns), [list(row.values()) for row in value])]
    elif dataclasses.is_dataclass(first) and all(type(row) is type(first) for row in value):
        fields = [field.name for field in dataclasses.fields(first)]
        return [table(fields, [[getattr(row, name) for name in fields] for row in value])]
    return []


def table(columns: Any, rows: list[Any]) -> dict[str, Any]:
    """Return a table as text, cut after many rows: ``{columns, rows, more}``."""
    shown = [["" if v is None else str(v)[:1000] for v in row] for row in rows[:ROWS]]
    return {"columns": list(columns), "rows": shown, "more": max(0, len(rows) - ROWS)}

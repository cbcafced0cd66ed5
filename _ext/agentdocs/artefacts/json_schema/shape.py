"""A JSON value → its inferred shape, as the same kind of rows as a schema's."""

from __future__ import annotations

import re
from typing import Any

from agentdocs.artefacts.json_schema.phrases import (
    Phrase,
    bare,
    code,
    cut,
    join,
    more,
    number,
    phrase,
)
from agentdocs.artefacts.json_schema.rows import Kind, Row

ROWS = 200
"""Rows that are shown."""
DEPTH = 10
"""Levels of nesting that are shown."""
_MEMBERS = 200
"""Different members of an object that are told apart."""
_VALUES = 10_000
"""Elements of an array, or strings, that are looked at."""

_ORDER = ("object", "array", "string", "integer", "number", "boolean", "null")
_PLURALS = {
    "object": "objects", "array": "arrays", "string": "strings", "integer": "integers",
    "number": "numbers", "boolean": "booleans", "null": "nulls",
}  # fmt: skip

FORMATS = {
    "date-time": re.compile(
        r"\d{4}-(0\d|1[0-2])-[0-3]\d[Tt ][0-2]\d:[0-5]\d:[0-6]\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)"
    ),
    "date": re.compile(r"\d{4}-(0\d|1[0-2])-[0-3]\d"),
    "time": re.compile(r"[0-2]\d:[0-5]\d:[0-6]\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?"),
    "uuid": re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
    "email": re.compile(
        r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}"
    ),
    "uri": re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s<>\"]{1,2000}"),
    "ipv4": re.compile(r"((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)", re.ASCII),
}  # fmt: skip
"""What a string may be; the first that fits all strings of a member is what is said."""


def shape(value: Any) -> tuple[Row, ...]:
    """Return the type of a value and of all its members; the first row is the value's own."""
    reader = _Shapes()
    reader.row("", "", -1, [value], "")
    return tuple(reader.rows)


def kind(value: Any) -> str:
    """Return the JSON type of a value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) else "number"
    return "null"


def format_of(texts: list[str]) -> str:
    """Return the format that all texts have, or nothing."""
    looked = texts[:_VALUES]
    if not looked or any(len(text) > 2000 for text in looked):
        return ""
    return next((n for n, form in FORMATS.items() if all(map(form.fullmatch, looked))), "")


class _Shapes:
    def __init__(self) -> None:
        self.rows: list[Row] = []

    def row(self, path: str, name: str, depth: int, values: list[Any], how_often: str) -> None:
        """Add what stands at one place, in all the values that have it."""
        inner = self._elements(values)
        notes = (phrase(how_often),) if how_often else ()
        words, more_notes = self._type(values, inner)
        label, top = cut(name, 300), depth < 0
        named: Kind = "schema" if top else "property"
        self.rows.append(
            Row(named, label, cut(path, 300), max(depth, 0), words, notes=notes + more_notes)
        )
        here = f"{path}{label}" if not top else ""
        objects, step = [v for v in values if isinstance(v, dict)], here
        while inner and not objects:  # arrays of arrays: down to what has members
            step += "[]"
            objects = [v for v in inner if isinstance(v, dict)]
            if objects or len(step) > len(here) + 2 * DEPTH:
                break
            inner = self._elements(inner)
        if objects:
            self._members(f"{step}." if step else "", depth + 1, objects)

    def _elements(self, values: list[Any]) -> list[Any]:
        found: list[Any] = []
        for value in values:
            if isinstance(value, list):
                found += value[: _VALUES - len(found)]
        return found

    def _members(self, path: str, depth: int, objects: list[dict[str, Any]]) -> None:
        if depth > DEPTH:
            self.rows.append(Row("more", "What is nested deeper is not shown.", "", depth))
            return
        names: dict[str, list[Any]] = {}
        unknown: dict[str, None] = {}
        for one in objects:
            for name, value in one.items():
                if name in names or len(names) < _MEMBERS:
                    names.setdefault(str(name), []).append(value)
                else:
                    unknown[name] = None
        rest = len(unknown)
        for index, (name, values) in enumerate(names.items()):
            if len(self.rows) >= ROWS:
                rest += len(names) - index
                break
            often = "" if len(values) == len(objects) else f"in {len(values)} of {len(objects)}"
            self.row(path, name, depth, values, often)
        if rest:
            self.rows.append(Row("more", more(rest, "member", "members"), "", depth))

    def _type(self, values: list[Any], inner: list[Any]) -> tuple[Phrase, tuple[Phrase, ...]]:
        kinds = {kind(value) for value in values}
        if {"integer", "number"} <= kinds:
            kinds.discard("integer")
        parts: list[Phrase] = []
        for one in (name for name in _ORDER if name in kinds):
            if one == "string":
                form = format_of([v for v in values if isinstance(v, str)])
                parts.append(phrase(f"string ({form})" if form else "string"))
            elif one == "array":
                parts.append(self._array(values, inner))
            else:
                parts.append(phrase(one))
        notes: list[Phrase] = []
        if "array" in kinds:
            lengths = [len(value) for value in values if isinstance(value, list)]
            low, high = min(lengths), max(lengths)
            words = number(low) if low == high else f"{low} to {high}"
            notes.append(phrase(f"{words} {'item' if high == 1 else 'items'}"))
        if kinds <= {"string", "integer", "number", "boolean"} and len(values) == 1:
            value = values[0]
            if not isinstance(value, str) or len(value) <= 60:
                notes.append(phrase("for example ", code(bare(value).text)))
        return join(parts), tuple(notes)

    def _array(self, values: list[Any], inner: list[Any], depth: int = 0) -> Phrase:
        if not inner:
            return phrase("array, always empty" if len(values) > 1 else "empty array")
        kinds = {kind(value) for value in inner}
        if {"integer", "number"} <= kinds:
            kinds.discard("integer")
        names = []
        for one in (name for name in _ORDER if name in kinds):
            word = _PLURALS[one]
            if one == "string" and (form := format_of([v for v in inner if isinstance(v, str)])):
                word = f"strings ({form})"
            if one == "array" and depth < 3:
                names.append(self._array(inner, self._elements(inner), depth + 1))
                names[-1] = phrase("arrays", names[-1][0].text.removeprefix("array"))
            else:
                names.append(phrase(word))
        return phrase("array of " + "".join(span.text for span in join(names)))

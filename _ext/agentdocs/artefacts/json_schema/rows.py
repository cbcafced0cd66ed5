"""A JSON Schema 2020-12, or one that OpenAPI or pydantic wrote → rows that say what it allows.

Each keyword ends up in one of four places: in a row's type, as a note below it, as rows of its
own, or, where it is unknown or its value makes no sense, as it stands. So nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from agentdocs.artefacts.json_schema.merge import merged
from agentdocs.artefacts.json_schema.notes import VALUES, names, notes_of
from agentdocs.artefacts.json_schema.phrases import (
    between,
    code,
    cut,
    is_count,
    is_names,
    more,
    phrase,
    spell,
)
from agentdocs.artefacts.json_schema.pointers import Document, escape
from agentdocs.artefacts.json_schema.types import Types

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from agentdocs.artefacts.json_schema.phrases import Phrase

ROWS = 600
"""Rows that are shown of a schema with all its definitions."""
DEPTH = 10
"""Levels of nesting that are shown."""
SECTIONS = 100
"""Definitions that are shown."""
DEFINITIONS = ("$defs", "definitions")

Kind = Literal["schema", "property", "pattern", "part", "more"]


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a schema, in words."""

    kind: Kind
    """``part`` is what has no name of its own; ``more`` is a sentence on what is not shown."""
    label: str
    """A property's name, a pattern of names, or words such as ``each item``."""
    path: str
    """What stands before the name: ``legs[].`` for ``origin``."""
    depth: int
    type: Phrase = ()
    flags: tuple[str, ...] = ()
    """Some of ``required``, ``read-only``, ``write-only``, ``deprecated``."""
    title: str = ""
    description: str = ""
    notes: tuple[Phrase, ...] = ()
    """What else the schema says, each in a few words."""


@dataclass(frozen=True, slots=True)
class Section:
    """The schema itself, or one of its definitions."""

    pointer: str
    """``#`` is the schema itself."""
    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """All that is shown of a schema."""

    sections: tuple[Section, ...]
    more: int = 0
    """Definitions that are not shown."""


def read(
    schema: Any, name: str = "", *, root: Any = None, elsewhere: Collection[str] = ()
) -> Reading:
    """Return what a schema says, with a section for each of its definitions.

    :param root: the document that the schema's references are about, where it is only a part.
    :param elsewhere: pointers of definitions that are shown in another place.
    """
    return _Reader(schema, schema if root is None else root, elsewhere).read(name, root is None)


def _same(title: str, label: str) -> bool:
    """Return whether a title is but the name again, as pydantic makes them."""
    one, other = ("".join(filter(str.isalnum, text)).lower() for text in (title, label))
    return one == other


class _Reader:
    """Reads one document; what it shows in all is bounded."""

    def __init__(self, schema: Any, root: Any, elsewhere: Collection[str]) -> None:
        self.schema = schema
        self.document = Document(root)
        self.types = Types(self.document)
        self.elsewhere = set(elsewhere)
        self.rows: list[Row] = []
        self.left = ROWS
        self.nested: dict[str, None] = {}

    def read(self, name: str, whole: bool) -> Reading:
        """Read the schema, then the definitions that it holds or leads to."""
        sections = [self._section("#", name, self.schema, "#" if whole else "")]
        done = {"#"} | self.elsewhere
        queue = dict(self._definitions("#", self.schema)) if whole else {}
        waiting = 0
        while True:
            queue |= dict.fromkeys(self.nested) | dict.fromkeys(self.types.met)
            open_ = [place for place in queue if place not in done]
            if not open_ or len(sections) > SECTIONS or self.left <= 0:
                waiting = len(open_)
                break
            done.add(open_[0])
            found = self.document.find(open_[0])
            if found is not None:
                title = self.types.name(found.pointer)
                sections.append(self._section(found.pointer, title, found.value, found.pointer))
        return Reading(tuple(sections), waiting)

    def _definitions(self, place: str, schema: Any) -> dict[str, None]:
        if not isinstance(schema, dict):
            return {}
        return {
            f"{place}/{key}/{escape(name)}": None
            for key in DEFINITIONS
            if isinstance(schema.get(key), dict)
            for name in schema[key]
        }

    def _section(self, pointer: str, name: str, schema: Any, place: str) -> Section:
        self.rows = []
        self._row("schema", name, "", 0, schema, False, place)
        return Section(pointer, name, tuple(self.rows))

    def _more(self, count: int, one: str, many: str, depth: int) -> None:
        self.rows.append(Row("more", more(count, one, many), "", depth))

    def _row(
        self, kind: Kind, label: str, path: str, depth: int, schema: Any, required: bool,
        place: str = "", notes: tuple[Phrase, ...] = (),
    ) -> None:  # fmt: skip
        """Add a schema's row, and the rows of what is in it."""
        raw, schema = schema, merged(schema)
        self.left -= 1
        said = self.types.say(schema)
        label = cut(label, 300)
        flags: tuple[str, ...] = ("required",) if required else ()
        if not isinstance(schema, dict):
            self.rows.append(Row(kind, label, path, depth, said.words, flags, notes=notes))
            return
        left = {str(key): value for key, value in schema.items() if key not in said.told}
        title, description = self._texts(left, label)
        for key, word in (("readOnly", "read-only"), ("writeOnly", "write-only"),
                          ("deprecated", "deprecated")):  # fmt: skip
            if left.get(key) is True:
                flags += (word,)
                del left[key]
        if place:
            self.nested |= self._definitions(place, raw)
        for key in DEFINITIONS:
            if isinstance(left.get(key), dict):
                if left[key] and not (place and key in raw):
                    notes += (phrase("definitions of its own: ", names(list(left[key]))),)
                del left[key]
        found = tuple(notes_of(schema, left, self.types))
        inner = list(self._inner(schema, left))
        unknown = tuple(
            phrase(code(key.strip()), ": ", code(spell(value, 160)))
            for key, value in list(left.items())[:VALUES]
        )
        if len(left) > VALUES:
            count = len(left) - VALUES
            unknown += (phrase(more(count, "unknown keyword", "unknown keywords")),)
        found = (*notes, *found, *unknown)
        if label == "each item" and kind == "part" and not (found or title or description or flags):
            self._below(schema, inner, path, depth)  # its type stands in the array's
            return
        self.rows.append(
            Row(kind, label, path, depth, said.words, flags, title, description, found)
        )
        at = "" if kind == "schema" else path + (label if kind != "part" else "")
        self._below(schema, inner, at, depth + (kind != "schema"))

    def _texts(self, left: dict[str, Any], label: str) -> tuple[str, str]:
        title, description = "", ""
        if isinstance(left.get("title"), str):
            title = cut(left.pop("title"), 300)
        if isinstance(left.get("description"), str):
            description = cut(left.pop("description").strip())
        return "" if _same(title, label) else title, description

    def _inner(
        self, schema: dict[str, Any], left: dict[str, Any]
    ) -> Iterator[tuple[str, str, Any, str]]:
        """Yield keyword, label, schema and what is added to the path; take them from ``left``."""
        for key in ("properties", "patternProperties"):
            if isinstance(left.get(key), dict):
                for name, value in left.pop(key).items():
                    yield key, str(name), value, ""
        for key, label in (
            ("additionalProperties", "any other property"),
            ("unevaluatedProperties", "any property not named anywhere"),
            ("propertyNames", "each property's name"),
        ):
            if isinstance(left.get(key), dict | bool):
                yield key, label, left.pop(key), "*"
        for key in ("prefixItems", "items"):
            if isinstance(left.get(key), list):
                for index, value in enumerate(left.pop(key)):
                    yield key, f"item {index + 1}", value, f"[{index}]"
        tuple_ = isinstance(schema.get("prefixItems"), list) or isinstance(
            schema.get("items"), list
        )
        for key, label in (
            ("items", "each further item" if tuple_ else "each item"),
            ("additionalItems", "each further item"),
            ("unevaluatedItems", "each item not named anywhere"),
        ):
            if isinstance(left.get(key), dict | bool):
                yield key, label, left.pop(key), "[]"
        if isinstance(left.get("contains"), dict | bool):
            low, high = left.get("minContains"), left.get("maxContains")
            low = left.pop("minContains") if is_count(low) else None
            high = left.pop("maxContains") if is_count(high) else None
            words = between(1 if low is None else low, high)
            one = (low or 1 if high is None else high) == 1
            label = f"{words} {'item' if one else 'items'} must be"
            yield "contains", label, left.pop("contains"), "[]"
        yield from self._composed(left)

    def _composed(self, left: dict[str, Any]) -> Iterator[tuple[str, str, Any, str]]:
        for key, label in (("allOf", "and also"), ("anyOf", "either"), ("oneOf", "either")):
            if isinstance(left.get(key), list):
                for index, value in enumerate(left.pop(key)):
                    first = label if key != "oneOf" else "exactly one: either"
                    yield key, "or" if index and key != "allOf" else first, value, ""
        for key, label in (("not", "but not"), ("if", "if it is"), ("then", "then it is"),
                           ("else", "otherwise it is")):  # fmt: skip
            if isinstance(left.get(key), dict | bool):
                yield key, label, left.pop(key), ""
        for key in ("dependentSchemas", "dependencies"):
            if isinstance(left.get(key), dict):
                for name, value in left.pop(key).items():
                    yield key, f"with {cut(str(name), 120)}, also", value, ""
        if isinstance(left.get("contentSchema"), dict | bool):
            yield "contentSchema", "its content", left.pop("contentSchema"), ""

    def _below(
        self, schema: dict[str, Any], inner: list[tuple[str, str, Any, str]], path: str, depth: int
    ) -> None:
        required = schema.get("required")
        needed = set(required) if is_names(required) else set()
        if inner and depth > DEPTH:
            self.rows.append(Row("more", "What is nested deeper is not shown.", "", depth))
            return
        for index, (key, label, value, step) in enumerate(inner):
            if self.left <= 0:
                rest = inner[index:]
                names = sum(key == "properties" for key, *_ in rest)
                if names:
                    self._more(names, "property", "properties", depth)
                if len(rest) > names:
                    self._more(len(rest) - names, "part", "parts", depth)
                return
            if key == "properties":
                before = f"{path}." if path and not path.endswith(".") else path
                self._row("property", label, cut(before, 300), depth, value, label in needed)
            elif key == "patternProperties":
                self._row(
                    "pattern", label, cut(f"{path}." if path else "", 300), depth, value, False
                )
            else:
                dot = "." if path and step == "*" else ""
                self._row("part", label, cut(f"{path}{dot}{step}", 300), depth, value, False)

"""A schema → its type in a few words, and the keywords that these words tell all of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentdocs.artefacts.json_schema.phrases import (
    Phrase,
    Span,
    bare,
    between,
    code,
    cut,
    is_names,
    is_number,
    join,
    listed,
    number,
    phrase,
    plain,
    spell,
)
from agentdocs.artefacts.json_schema.pointers import Document, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = 8
"""Values of an ``enum`` that fit into a type."""

TYPES = {
    "string": "strings", "integer": "integers", "number": "numbers", "boolean": "booleans",
    "object": "objects", "array": "arrays", "null": "nulls",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A type in words, and the keywords that these words tell all of."""

    words: Phrase
    told: frozenset[str]

    def all_of(self, schema: Any) -> bool:
        """Return whether the words say all that a schema does."""
        return not isinstance(schema, dict) or schema.keys() <= self.told


def bounds(schema: dict[str, Any]) -> tuple[str, frozenset[str]]:
    """Return ``1 to 200`` or ``more than 0``, and the keywords that say so."""
    keys = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    found = {key: schema[key] for key in keys if is_number(schema.get(key))}
    told = set(found)
    for edge, key in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(key), bool) and edge in found:  # as OpenAPI 3.0 has it
            told.add(key)
            if schema[key]:
                found[key] = found.pop(edge)
    low, high = found.get("minimum"), found.get("maximum")
    above, below = found.get("exclusiveMinimum"), found.get("exclusiveMaximum")
    words = [f"more than {number(above)}"] if above is not None else []
    words += [between(low, high)] if low is not None or high is not None else []
    words += [f"less than {number(below)}"] if below is not None else []
    return ", ".join(words), frozenset(told)


_PYTHON = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null",
           dict: "object", list: "array"}  # fmt: skip


def _fits(values: list[Any], types: Any) -> bool:
    """Return whether values say all that ``type`` does."""
    known = {types} if isinstance(types, str) else set(types) if is_names(types) else set()
    return {_PYTHON.get(type(value), "") for value in values} <= known | (
        {"integer"} if "number" in known else set()
    )


def _plural(words: Phrase) -> Phrase:
    """Return ``strings`` for ``string``, and brackets around what is more than a word."""
    text = plain(words)
    if text in TYPES:
        return phrase(TYPES[text])
    first, comma, rest = text.partition(", ")
    if first in TYPES and comma and " or " not in text and len(words) == 1:
        return phrase(f"{TYPES[first]}, each {rest}")
    first, space, rest = text.partition(" ")
    if first in TYPES and space and " or " not in text and len(words) == 1:
        return phrase(f"{TYPES[first]} {rest}")
    if first in ("array", "object") and not _joined(words):
        return phrase(TYPES[first], Span(words[0].text.removeprefix(first)), words[1:])
    return phrase("(", words, ")") if _joined(words) else words


def _joined(words: Phrase) -> bool:
    """Return whether there is more than one thing, but for what stands in brackets."""
    outside, depth = "", 0
    for character in "".join(span.text for span in words if not span.code):
        depth += (character == "(") - (character == ")")
        outside += character if not depth else ""
    return any(word in outside for word in (" or ", ", ", " and "))


class Types:
    """Schemas → their types in words."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.met: dict[str, None] = {}
        """Pointers of the definitions that were named, in this order."""

    def say(self, schema: Any, depth: int = 0) -> Said:
        """Return a schema's type."""
        if schema is True or schema == {}:
            return Said(phrase("any value"), frozenset())
        if schema is False:
            return Said(phrase("nothing: no value is valid"), frozenset())
        if not isinstance(schema, dict):
            return Said(phrase("not a schema: ", code(spell(schema))), frozenset())
        told: set[str] = set()
        parts: list[Phrase] = []
        for key in ("$ref", "$dynamicRef", "$recursiveRef"):
            if isinstance(schema.get(key), str):
                told.add(key)
                parts.append(phrase(self.link(schema[key])))
        parts += self._values(schema, told)
        parts += self._types(schema, told, depth)
        if not parts:
            parts += self._alternatives(schema, told, depth)
        words = join(parts, "and") if parts else phrase(self._guess(schema))
        if schema.get("nullable") is True:
            told.add("nullable")
            if "null" not in plain(words).split():
                words = join([words, phrase("null")])
        return Said(words, frozenset(told))

    def link(self, reference: str) -> Span:
        """Return the name of what a reference leads to."""
        found = self.document.find(reference)
        if found is None:
            short = name_of(reference) if reference.startswith("#/") else reference
            return Span(f"{cut(short, 160)} (not in this document)")
        self.met.setdefault(found.pointer)
        return Span(self.name(found.pointer), found.pointer)

    def name(self, place: str) -> str:
        """Return what a definition is called."""
        if place != "#":
            return name_of(place)
        title = self.document.root.get("title") if isinstance(self.document.root, dict) else None
        return cut(title, 120) if isinstance(title, str) and title else "the whole schema"

    def _values(self, schema: dict[str, Any], told: set[str]) -> Iterator[Phrase]:
        if "const" in schema:
            told.add("const")
            if _fits([schema["const"]], schema.get("type")):
                told.add("type")
            yield phrase("always ", bare(schema["const"]))
        values = schema.get("enum")
        if isinstance(values, list) and values:
            if _fits(values[:1000], schema.get("type")):
                told.add("type")
            if len(values) <= SHORT:
                told.add("enum")
                shown = [phrase(bare(value)) for value in values]
                one = phrase("always ", shown[0])
                yield one if len(values) == 1 else phrase("one of ", listed(shown))
            else:
                yield phrase(f"one of {len(values)} values")

    def _types(self, schema: dict[str, Any], told: set[str], depth: int) -> Iterator[Phrase]:
        types = schema.get("type")
        if "type" in told or not (isinstance(types, str) or is_names(types)):
            return
        told.add("type")
        names = [types] if isinstance(types, str) else types[:12]
        if len(names) < len(types) and not isinstance(types, str):
            told.discard("type")
        several = len([name for name in names if name != "null"]) != 1
        said = [self._type(cut(name, 80), schema, told, depth, several) for name in names]
        yield join(said) if said else phrase("nothing: no type is allowed")

    def _type(
        self, name: str, schema: dict[str, Any], told: set[str], depth: int, several: bool
    ) -> Phrase:
        form = schema.get("format")
        if several:
            pass
        elif name in ("integer", "number"):
            words, keys = bounds(schema)
            told |= keys
            if isinstance(form, str):
                told.add("format")
                name = f"{name} ({cut(form, 40)})"
            return phrase(f"{name}, {words}" if words else name)
        elif name == "string" and isinstance(form, str):
            told.add("format")
            return phrase(f"string ({cut(form, 40)})")
        elif name == "array" and isinstance(schema.get("items"), dict) and depth < 3:
            said = self.say(schema["items"], depth + 1)
            if said.all_of(schema["items"]):
                told.add("items")
            return phrase("array of ", _plural(said.words))
        elif name == "object" and not schema.get("properties") and depth < 3:
            values = schema.get("additionalProperties")
            said = self.say(values, depth + 1)
            if isinstance(values, dict) and values and said.all_of(values):
                told.add("additionalProperties")
                return phrase("object of ", _plural(said.words))
        return phrase(name)

    def _alternatives(self, schema: dict[str, Any], told: set[str], depth: int) -> Iterator[Phrase]:
        for key in ("anyOf", "oneOf"):
            options = schema.get(key)
            if not isinstance(options, list) or not options:
                continue
            if len(options) <= SHORT and depth < 3 and not (key == "oneOf" and "anyOf" in schema):
                said = [self.say(option, depth + 1) for option in options]
                pairs = zip(said, options, strict=True)
                if all(one.all_of(option) for one, option in pairs):
                    told.add(key)
                if len({plain(one.words) for one in said}) == len(said) or key in told:
                    words = [one.words for one in said]
                    one_only = key == "oneOf" and len(words) > 1
                    yield phrase("exactly one of ", listed(words)) if one_only else join(words)
                    return
            exactly = "exactly " if key == "oneOf" else ""
            yield phrase(f"{exactly}one of {len(options)} alternatives")
            return

    def _guess(self, schema: dict[str, Any]) -> str:
        if any(isinstance(schema.get(key), dict) for key in ("properties", "patternProperties")):
            return "object"
        items, first = schema.get("items"), schema.get("prefixItems")
        is_array = isinstance(items, dict | bool | list) or isinstance(first, list)
        return "array" if is_array else "any value"

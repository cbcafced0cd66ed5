"""A JSON Schema of any shape → its type in a few words, its rules, and a sample of it."""

from __future__ import annotations

from itertools import islice
from typing import Any

from agentdocs.artefacts.openapi.api import Field, Part, Shape
from agentdocs.artefacts.openapi.lookup import HOPS, Lookup, array, table
from agentdocs.artefacts.openapi.text import brief_value, harmless, line

DEPTH = 5
"""Levels of a type that are put into words."""
WIDTH = 8
"""Alternatives of a type that are named."""
FIELDS = 40
"""Properties of an object without a name that are listed."""
NODES = 200
"""Values that a sample consists of."""

_RULES = (
    ("format", "{}"), ("default", "default {}"),
    ("minimum", "≥ {}"), ("exclusiveMinimum", "> {}"),
    ("maximum", "≤ {}"), ("exclusiveMaximum", "< {}"), ("multipleOf", "multiple of {}"),
    ("minLength", "at least {} characters"), ("maxLength", "at most {} characters"),
    ("pattern", "matches {}"),
    ("minItems", "at least {} items"), ("maxItems", "at most {} items"),
    ("minProperties", "at least {} properties"), ("maxProperties", "at most {} properties"),
    ("contentMediaType", "holds {}"), ("contentEncoding", "encoded as {}"),
)  # fmt: skip
_FLAGS = (
    ("uniqueItems", "no item twice"),
    ("readOnly", "read only"),
    ("writeOnly", "write only"),
    ("deprecated", "deprecated"),
)
_STRINGS = {
    "date": "2026-01-31", "date-time": "2026-01-31T12:00:00Z", "time": "12:00:00Z",
    "email": "ada@example.org", "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "uri": "https://example.org/", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1",
    "hostname": "example.org", "duration": "P1D", "binary": "…", "password": "…",
}  # fmt: skip


def shape(lookup: Lookup, schema: Any) -> Shape:
    """Return a schema in a line; properties are listed if it is an object without a name."""
    parts = _merged(_words(lookup, schema, 0))
    followed = _follow(lookup, schema)
    named = any(part.model for part in parts)
    fields: list[Field] = []
    hidden = 0
    if not named:
        inner = followed
        if _type(inner) == "array":
            inner = _follow(lookup, inner.get("items"))
        hidden = _fields(lookup, inner, "", fields, 0)
    # A model's own rules and description stand below the model.
    own = table(schema) if named else followed
    description = own.get("description")
    return Shape(
        parts, _rules(own), tuple(fields), hidden,
        harmless(description[:1000]) if isinstance(description, str) else "",
    )  # fmt: skip


def _follow(lookup: Lookup, schema: Any) -> dict[str, Any]:
    return lookup.resolve(schema)[0]


def _type(schema: dict[str, Any]) -> str:
    """Return the type, or what it must be where none is said."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), None)
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else ""


def _words(lookup: Lookup, schema: Any, depth: int) -> list[Part]:
    """Return a type in words."""
    if schema is True or schema == {}:
        return [Part("anything")]
    if schema is False:
        return [Part("nothing")]
    if not isinstance(schema, dict):
        return [Part("not a schema")]
    if depth > DEPTH or lookup.spent():
        return [Part("…")]
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if name := lookup.model(reference):
            return [Part(line(name, 80), name)]
        target = lookup.find(reference)
        if target is None:
            return [Part(f"{line(reference, 80)} (not in this document)")]
        return _words(lookup, target, depth + 1)
    for keyword, word in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        options = array(schema.get(keyword))
        if options:
            return _nullable(schema, _joined(lookup, options, word, depth))
    if "const" in schema:
        return [Part(f"always {brief_value(schema['const'])}")]
    if "enum" in schema and isinstance(schema["enum"], list):
        shown = [brief_value(value, 40) for value in schema["enum"][:WIDTH]]
        more = len(schema["enum"]) - len(shown)
        text = " | ".join(shown) + (f" | {more} more" if more else "")
        return _nullable(schema, [Part(text or "nothing")])
    kinds = schema.get("type")
    if isinstance(kinds, list):
        names = [kind for kind in kinds[:WIDTH] if isinstance(kind, str)]
        found: list[Part] = []
        for kind in names:
            found += [Part(" or ")] if found else []
            found += _single(lookup, schema, kind, depth)
        return found or [Part("anything")]
    return _nullable(schema, _single(lookup, schema, _type(schema), depth))


def _single(lookup: Lookup, schema: dict[str, Any], kind: str, depth: int) -> list[Part]:
    if kind == "array":
        if "items" not in schema:
            return [Part("array")]
        inner = _words(lookup, schema["items"], depth + 1)
        several = any(part.text in (" or ", " and ") for part in inner)
        return [Part("array of "), *([Part("("), *inner, Part(")")] if several else inner)]
    if kind == "object":
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict) and not table(schema.get("properties")):
            return [Part("object of "), *_words(lookup, extra, depth + 1)]
        return [Part("object")]
    return [Part(line(kind, 40) or "anything")]


def _joined(lookup: Lookup, options: list[Any], word: str, depth: int) -> list[Part]:
    found: list[Part] = []
    for option in options[:WIDTH]:
        found += [Part(word)] if found else []
        found += _words(lookup, option, depth + 1)
    if len(options) > WIDTH:
        found.append(Part(f"{word}{len(options) - WIDTH} more"))
    return found


def _nullable(schema: dict[str, Any], parts: list[Part]) -> list[Part]:
    """Say OpenAPI 3.0's ``nullable``."""
    return [*parts, Part(" or null")] if schema.get("nullable") is True else parts


def _merged(parts: list[Part]) -> tuple[Part, ...]:
    """Join words that stand beside each other."""
    found: list[Part] = []
    for part in parts[:100]:
        if found and not part.model and not found[-1].model:
            found[-1] = Part(found[-1].text + part.text)
        else:
            found.append(part)
    return tuple(found)


def _rules(schema: dict[str, Any]) -> tuple[str, ...]:
    found = []
    for keyword, words in _RULES:
        value = schema.get(keyword)
        if keyword not in schema or isinstance(value, dict):
            continue
        if isinstance(value, bool) and keyword.startswith("exclusive"):  # 3.0 wrote it so
            found.append(f"{keyword[9:].lower()} excluded" if value else "")
            continue
        if isinstance(value, str) and keyword != "default":
            found.append(words.format(line(value, 80)))
        else:
            found.append(words.format(brief_value(value)))
    found += [words for keyword, words in _FLAGS if schema.get(keyword) is True]
    return tuple(filter(None, found))


def _fields(
    lookup: Lookup, schema: dict[str, Any], prefix: str, found: list[Field], depth: int
) -> int:
    """Append an object's properties, and those of objects in it; return how many do not fit."""
    properties = table(schema.get("properties"))
    required = {name for name in array(schema.get("required"))[:1000] if isinstance(name, str)}
    hidden = 0
    for position, (name, inner) in enumerate(properties.items()):
        if len(found) >= FIELDS:
            return hidden + len(properties) - position
        followed = _follow(lookup, inner)
        parts = _merged(_words(lookup, inner, 0))
        named = any(part.model for part in parts)
        rules = _rules(table(inner) if named else followed)
        description = followed.get("description")
        full = f"{prefix}{line(name, 80)}"
        found.append(
            Field(
                full, "", Shape(parts, tuple(rule for rule in rules if rule != "deprecated")),
                name in required, followed.get("deprecated") is True,
                harmless(description[:1000]) if isinstance(description, str) else "",
            )
        )  # fmt: skip
        if not named and depth < 3:
            if _type(followed) == "array":
                followed, full = _follow(lookup, followed.get("items")), f"{full}[]"
            hidden += _fields(lookup, followed, f"{full}.", found, depth + 1)
    return hidden


class Sampler:
    """Makes values that a schema describes; small ones, and the same each time."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._left = 0

    def sample(self, schema: Any) -> Any:
        """Return a value."""
        self._left = NODES
        return self._value(schema, ())

    def _value(self, schema: Any, seen: tuple[str, ...]) -> Any:
        self._left -= 1
        if not isinstance(schema, dict) or self._left < 0 or len(seen) > HOPS:
            return None
        for keyword in ("example", "default", "const"):
            if keyword in schema:
                return schema[keyword]
        for keyword in ("examples", "enum"):
            if array(schema.get(keyword)):
                return schema[keyword][0]
        reference = schema.get("$ref")
        if isinstance(reference, str):
            if reference in seen:
                return None
            return self._value(self._lookup.find(reference), (*seen, reference))
        for keyword in ("oneOf", "anyOf"):
            options = [o for o in array(schema.get(keyword)) if table(o).get("type") != "null"]
            if options:
                return self._value(options[0], (*seen, ""))
        if array(schema.get("allOf")):
            return self._all(schema, seen)
        return self._typed(schema, seen)

    def _all(self, schema: dict[str, Any], seen: tuple[str, ...]) -> Any:
        merged: dict[str, Any] = {}
        for part in schema["allOf"][:WIDTH]:
            value = self._value(part, (*seen, ""))
            if not isinstance(value, dict):
                return value
            merged |= value
        if "properties" in schema:
            own = self._typed(schema, seen)
            merged |= own if isinstance(own, dict) else {}
        return merged

    def _typed(self, schema: dict[str, Any], seen: tuple[str, ...]) -> Any:
        kind = _type(schema)
        if kind == "object":
            made = {}
            for name, inner in islice(table(schema.get("properties")).items(), FIELDS):
                if self._left < 0:
                    break
                if table(inner).get("readOnly") is not True:
                    made[name] = self._value(inner, (*seen, ""))
            return made
        if kind == "array":
            return [self._value(schema["items"], (*seen, ""))] if "items" in schema else []
        if kind in ("integer", "number"):
            least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
            if isinstance(least, bool) or not isinstance(least, int | float):
                least = 0
            return least + 1 if "exclusiveMinimum" in schema else max(least, 1)
        if kind == "boolean":
            return True
        if kind == "string":
            form = schema.get("format")
            return _STRINGS.get(form, "string") if isinstance(form, str) else "string"
        return None

"""A JSON Schema → a small example of what it allows.

What the schema itself names as an example comes first. The rest is made up, with simple
constraints kept; where constraints contradict or need thought, an example may break them.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any, NamedTuple

from agentdocs.artefacts.json_schema.merge import merged
from agentdocs.artefacts.json_schema.pattern import sample
from agentdocs.artefacts.json_schema.phrases import is_count, is_number
from agentdocs.artefacts.json_schema.pointers import Document

DEPTH = 8
"""Levels of nesting; what is recursive ends earlier."""
VALUES = 200
"""Values in all."""
MEMBERS = 40
"""Members of an object that nothing requires."""
_LONGEST = 200
_SIZE = 2000

FORMATS = {
    "date-time": "2025-01-31T12:00:00Z",
    "date": "2025-01-31",
    "time": "12:00:00Z",
    "duration": "P1DT2H",
    "email": "ada@example.org",
    "idn-email": "ada@example.org",
    "hostname": "example.org",
    "idn-hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.org/a",
    "uri-reference": "/a",
    "iri": "https://example.org/a",
    "iri-reference": "/a",
    "uri-template": "/items/{id}",
    "uuid": "6f1c2b1e-9d3a-4a57-8f4e-0f6ad6b8e6b1",
    "json-pointer": "/a/0",
    "relative-json-pointer": "1/a",
    "regex": "^a+$",
    "byte": "YQ==",
    "binary": "a",
    "password": "correct horse",
}
"""An example of each format; addresses are those that documents may use (RFC 2606, RFC 5737)."""


class Example(NamedTuple):
    """An example; any JSON, also null."""

    value: Any


class _Nothing(Exception):  # noqa: N818 - not an error, but an answer
    """No value can be given here."""


def example(schema: Any, *, root: Any = None) -> Example | None:
    """Return a small example, or None where no value is allowed or none can be found."""
    maker = _Maker(Document(schema if root is None else root))
    try:
        return Example(maker.make(schema, 0, ()))
    except _Nothing:
        return None


class _Maker:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.left = VALUES

    def make(self, schema: Any, depth: int, within: tuple[str, ...]) -> Any:
        """Return a value.

        :param within: pointers of the definitions that this is inside of.
        """
        self.left -= 1
        if self.left < 0 or depth > DEPTH or schema is False:
            raise _Nothing
        schema = merged(schema)
        if not isinstance(schema, dict):
            return "any value"
        given = self._given(schema)
        if given:
            return given[0]
        if isinstance(schema.get("$ref"), str):
            return self._followed(schema, depth, within)
        if isinstance(schema.get("allOf"), list):
            return self.make(self._together(schema), depth, within)
        for key in ("oneOf", "anyOf"):
            if isinstance(schema.get(key), list) and schema[key]:
                rest = {name: value for name, value in schema.items() if name != key}
                return self._first(rest, schema[key], depth, within)
        return self._typed(schema, depth, within)

    def _given(self, schema: dict[str, Any]) -> list[Any]:
        """Return the value that the schema names, if it is small enough to be shown."""
        examples = schema.get("examples")
        found = [examples[0]] if isinstance(examples, list) and examples else []
        found += [schema[key] for key in ("example",) if key in schema]
        if schema.get("default") is not None:
            found.append(schema["default"])
        found += [schema["const"]] if "const" in schema else []
        if isinstance(schema.get("enum"), list):
            found += schema["enum"][:1]
        if "default" in schema and not schema.keys() & {"type", "$ref", "anyOf", "oneOf", "allOf"}:
            found.append(schema["default"])
        return [value for value in found[:1] if _small(value)]

    def _followed(self, schema: dict[str, Any], depth: int, within: tuple[str, ...]) -> Any:
        found = self.document.find(schema["$ref"])
        if found is None or within.count(found.pointer) > 0:
            if schema.get("nullable") is True:
                return None
            raise _Nothing
        rest = {name: value for name, value in schema.items() if name != "$ref"}
        target = merged(found.value)
        inner = (*within, found.pointer)
        try:
            if isinstance(target, dict) and rest.keys() & {"properties", "required", "allOf"}:
                return self.make(self._together({**rest, "allOf": [target]}), depth, inner)
            return self.make(target, depth + 1, inner)
        except _Nothing:
            if schema.get("nullable") is True:
                return None
            raise

    def _together(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return one schema for all that must hold; the first to say something is heard."""
        found: dict[str, Any] = {}
        parts: list[Any] = [{name: value for name, value in schema.items() if name != "allOf"}]
        left = list(schema["allOf"][:50]) if isinstance(schema.get("allOf"), list) else []
        seen: set[str] = set()
        while left and len(parts) < 50:
            part = left.pop(0)
            for _ in range(20):
                if not isinstance(part, dict) or not isinstance(part.get("$ref"), str):
                    break
                target = self.document.find(part["$ref"])
                if target is None or target.pointer in seen:
                    break
                seen.add(target.pointer)
                rest = {name: value for name, value in part.items() if name != "$ref"}
                left += [rest] if rest else []
                part = target.value
            if isinstance(part, dict):
                inner = part.get("allOf")
                left += inner[:50] if isinstance(inner, list) else []
                parts.append({n: v for n, v in part.items() if n not in ("allOf", "$ref")})
        for part in parts:
            for key, value in part.items():
                if key == "properties" and isinstance(value, dict):
                    found[key] = {**value, **found.get(key, {})}
                elif key == "required" and isinstance(value, list):
                    found[key] = [*found.get(key, []), *value]
                else:
                    found.setdefault(key, value)
        return found

    def _first(
        self, rest: dict[str, Any], options: list[Any], depth: int, within: tuple[str, ...]
    ) -> Any:
        plain = [option for option in options[:20] if option != {"type": "null"}]
        for option in plain:
            try:
                if rest.keys() & {"properties", "required", "$ref"} and isinstance(option, dict):
                    joined = self._together({**rest, "allOf": [option]})
                    return self.make(joined, depth + 1, within)
                return self.make(option, depth + 1, within)
            except _Nothing:
                continue
        if len(plain) < len(options[:20]):
            return None
        raise _Nothing

    def _typed(self, schema: dict[str, Any], depth: int, within: tuple[str, ...]) -> Any:
        types = schema.get("type")
        if isinstance(types, list):
            types = next((name for name in types if name != "null"), "null" if types else None)
        if types is None:
            types = next((name for key, name in _TELLS.items() if key in schema), "any")
        if types == "object":
            return self._object(schema, depth, within)
        if types == "array":
            return self._array(schema, depth, within)
        if types in ("integer", "number"):
            return _number(schema, types == "integer")
        if types == "boolean":
            return True
        return None if types == "null" else _string(schema) if types == "string" else "any value"

    def _object(
        self, schema: dict[str, Any], depth: int, within: tuple[str, ...]
    ) -> dict[str, Any]:
        known = schema.get("properties")
        known = known if isinstance(known, dict) else {}
        needed = schema.get("required")
        needed = [n for n in needed if isinstance(n, str)] if isinstance(needed, list) else []
        found: dict[str, Any] = {}
        for index, (name, value) in enumerate(known.items()):
            if name not in needed and (index >= MEMBERS or depth > DEPTH // 2):
                continue
            try:
                found[name] = self.make(value, depth + 1, within)
            except _Nothing:
                if name in needed:
                    raise
        other = schema.get("additionalProperties")
        patterns = schema.get("patternProperties")
        if isinstance(patterns, dict) and not known:
            for pattern, value in list(patterns.items())[:3]:
                name = sample(pattern)
                if name:
                    found[name] = self.make(value, depth + 1, within)
        for name in needed[:VALUES]:
            if name not in known:
                found[name] = self.make(
                    other if isinstance(other, dict) else True, depth + 1, within
                )
        if not found and isinstance(other, dict) and other:
            with suppress(_Nothing):
                found["key"] = self.make(other, depth + 1, within)
        return found

    def _array(self, schema: dict[str, Any], depth: int, within: tuple[str, ...]) -> list[Any]:
        items = schema.get("items")
        first = schema.get("prefixItems", items)
        first = first[:20] if isinstance(first, list) else []
        found = [self.make(item, depth + 1, within) for item in first]
        low, high = schema.get("minItems"), schema.get("maxItems")
        least = min(int(low), 20) if is_count(low) and low < 1e6 else 0
        inner = items if not isinstance(items, list) else schema.get("additionalItems")
        wanted = max(least, 0 if first else 1)
        if is_count(high):
            wanted = int(min(wanted, high))
        holds = schema.get("contains")
        if isinstance(holds, dict) and wanted > len(found):
            found.append(self.make(holds, depth + 1, within))
        try:
            while len(found) < wanted:
                one = self.make(True if inner is None else inner, depth + 1, within)
                if schema.get("uniqueItems") is True and one in found:
                    one = _another(inner, found, one)
                found.append(one)
        except _Nothing:
            if len(found) < least:
                raise
        return found


_TELLS = {
    "properties": "object", "required": "object", "additionalProperties": "object",
    "patternProperties": "object", "items": "array", "prefixItems": "array", "minItems": "array",
    "contains": "array", "minLength": "string", "pattern": "string", "format": "string",
    "maxLength": "string", "minimum": "number", "maximum": "number", "multipleOf": "number",
    "exclusiveMinimum": "number", "exclusiveMaximum": "number",
}  # fmt: skip
"""What a keyword is about, where no type is given."""


def _small(value: Any) -> bool:
    """Return whether a value is small, looking at no more than that takes."""
    left, count, size = [value], 0, 0
    while left:
        one = left.pop()
        count += 1
        size += len(one) if isinstance(one, str | list | dict) else 1
        if count > VALUES or size > _SIZE:
            return False
        if isinstance(one, dict):
            left += one.values()
            size += sum(len(str(key)) for key in one)
        elif isinstance(one, list):
            left += one
    return True


def _another(schema: Any, found: list[Any], value: Any) -> Any:
    """Return a value that is not there yet, where that is simple."""
    options = schema.get("enum") if isinstance(schema, dict) else None
    if isinstance(options, list):
        return next((option for option in options[:50] if option not in found), value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + len(found)
    return f"{value}{len(found) + 1}" if isinstance(value, str) else value


def _number(schema: dict[str, Any], whole: bool) -> float:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    step = schema.get("multipleOf")
    step = step if is_number(step) and 0 < step <= 1e300 else None
    if above is True:
        above, low = low, None
    if below is True:
        below, high = high, None
    edges = [edge for edge in (low, high, above, below) if is_number(edge)]
    if any(abs(edge) > 1e300 for edge in edges):
        return 1
    unit = step or (1 if whole else 0.5)
    least: float = 1
    if is_number(low) and least < low:
        least = low
    if is_number(above) and least <= above:
        least = above + unit
    if is_number(high) and least > high:
        least = high
    if is_number(below) and least >= below:
        least = below - unit
    if is_number(low) and is_number(below) and least < low:
        least = (low + below) / 2
    top = high if is_number(high) else below
    if is_number(above) and is_number(top) and least <= above:
        least = (above + top) / 2
    if step:
        ratio = least / step
        least = (math.ceil(ratio) if math.isfinite(ratio) else 0) * step
    if whole:
        return math.ceil(least)
    return int(least) if float(least).is_integer() and abs(least) < 1e15 else round(least, 10)


def _string(schema: dict[str, Any]) -> str:
    pattern, form = schema.get("pattern"), schema.get("format")
    if isinstance(form, str) and form in FORMATS:
        return FORMATS[form]
    low, high = schema.get("minLength"), schema.get("maxLength")
    if isinstance(pattern, str):
        found = sample(pattern)
        if found is not None:
            least = int(low) if is_count(low) and low <= _LONGEST else 0
            open_ended = not pattern.endswith("$") or pattern.endswith(("+$", "*$", ",}$"))
            if found and len(found) < least and open_ended:
                found += found[-1] * (least - len(found))
            return found
    text = "text"
    if is_count(low) and low > len(text):
        text = ("text " * _LONGEST)[: int(min(low, _LONGEST))]
        text = f"{text[:-1]}t" if text.endswith(" ") else text
    return text[: int(high)] if is_count(high) and high < len(text) else text

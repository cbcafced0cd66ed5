"""A schema made of parts → the same in one, where the parts contradict nothing."""

from __future__ import annotations

from typing import Any

from agentdocs.artefacts.json_schema.phrases import is_names


def merged(schema: Any) -> Any:
    """Return a schema in which parts that contradict nothing are put together.

    ``anyOf`` of something and null becomes that thing, nullable; of ``allOf``, what is only one
    or says only what properties there are becomes part of the schema.
    """
    if not isinstance(schema, dict):
        return schema
    for _ in range(8):
        before = schema
        schema = _nullable(_all(schema))
        if schema is before:
            break
    return schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    for key in ("anyOf", "oneOf"):
        options = schema.get(key)
        if not isinstance(options, list) or len(options) != 2:
            continue
        other = [option for option in options if option != {"type": "null"}]
        if len(other) == 1 and isinstance(other[0], dict):
            rest = {name: value for name, value in schema.items() if name != key}
            if rest.keys() <= _REMARKS and not rest.keys() & other[0].keys():
                return {**other[0], **rest, "nullable": True}
    return schema


_ONLY = frozenset({"type", "properties", "required"})
_REMARKS = frozenset({
    "title", "description", "default", "examples", "example", "deprecated", "readOnly",
    "writeOnly", "$comment", "$schema", "$id", "$defs", "definitions",
})  # fmt: skip
"""Keywords that are about null as well as about what may stand in its place."""
_TOGETHER = (
    {"properties", "patternProperties", "additionalProperties"},
    {"items", "prefixItems", "additionalItems"},
    {"if", "then", "else"},
    {"contains", "minContains", "maxContains"},
    {"minimum", "exclusiveMinimum"},
    {"maximum", "exclusiveMaximum"},
    {"$id", "$ref"},
)
"""Keywords that mean something else beside one another than each in a schema of its own."""


def _apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two schemas can be written as one."""
    return not one.keys() & other.keys() and not any(
        one.keys() & group and other.keys() & group for group in _TOGETHER
    )


def _all(schema: dict[str, Any]) -> dict[str, Any]:
    parts = schema.get("allOf")
    if not isinstance(parts, list) or not parts or len(parts) > 200:
        return schema
    rest = {name: value for name, value in schema.items() if name != "allOf"}
    if len(parts) == 1 and isinstance(parts[0], dict) and _apart(rest, parts[0]):
        return {**rest, **parts[0]}
    left = []
    changed = dict(rest)
    for part in parts:
        together = _properties(changed, part)
        if together is None:
            left.append(part)
        else:
            changed = together
    if len(left) == len(parts):
        return schema
    return {**changed, **({"allOf": left} if left else {})}


def _properties(schema: dict[str, Any], part: Any) -> dict[str, Any] | None:
    """Return a schema with the properties of another, if that says nothing else."""
    if not isinstance(part, dict) or not part or not part.keys() <= _ONLY:
        return None
    mine, others = schema.get("properties", {}), part.get("properties", {})
    needed, also = schema.get("required", []), part.get("required", [])
    if not isinstance(mine, dict) or not isinstance(others, dict) or mine.keys() & others.keys():
        return None
    if not is_names(needed) or not is_names(also):
        return None
    if schema.keys() & {"patternProperties", "additionalProperties"}:
        return None  # these are about the properties that stand beside them
    if any(it.get("type", "object") != "object" for it in (schema, part)):
        return None
    found = {**schema, "type": "object", "properties": {**mine, **others}}
    if "type" not in schema and "type" not in part:
        del found["type"]
    if needed or also:
        found["required"] = [*needed, *also]
    return found

"""What a schema says beyond its type → notes, each in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentdocs.artefacts.json_schema.phrases import (
    Phrase,
    amount,
    bare,
    code,
    cut,
    is_count,
    is_names,
    is_number,
    join,
    listed,
    more,
    number,
    phrase,
    spell,
)
from agentdocs.artefacts.json_schema.pointers import escape
from agentdocs.artefacts.json_schema.types import bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentdocs.artefacts.json_schema.types import Types

VALUES = 60
"""Values of an ``enum``, or rules of one kind, that are shown."""


def notes_of(schema: dict[str, Any], left: dict[str, Any], types: Types) -> Iterator[Phrase]:
    """Yield in words what ``left`` holds, and take it from there."""

    def take(*keys: str, when: Any = lambda value: True) -> dict[str, Any]:
        found = {key: left[key] for key in keys if key in left and when(left[key])}
        for key in found:
            del left[key]
        return found

    def texts(value: Any) -> bool:
        return isinstance(value, str)

    def exactly(value: bool) -> Any:
        return lambda it: it is value

    words, keys = bounds(left)
    if keys:
        take(*keys)
        yield phrase(words)
    if found := take("multipleOf", when=is_number):
        yield phrase(f"a multiple of {number(found['multipleOf'])}")
    for low, high, one, many in (
        ("minLength", "maxLength", "character", "characters"),
        ("minItems", "maxItems", "item", "items"),
        ("minProperties", "maxProperties", "property", "properties"),
    ):
        if found := take(low, high, when=is_count):
            yield phrase(amount(found.get(low), found.get(high), one, many))
    if take("uniqueItems", when=exactly(True)):
        yield phrase("no two items are equal")
    if take("uniqueItems", when=exactly(False)):
        yield phrase("items may be equal")
    if found := take("pattern", when=texts):
        yield phrase("matches ", code(found["pattern"]))
    if found := take("format", when=texts):
        yield phrase("format ", code(found["format"]))
    for key, text in (
        ("contentEncoding", "encoded as "),
        ("contentMediaType", "holds "),
        ("$id", "identified as "),
        ("$schema", "written in "),
        ("$anchor", "known as "),
        ("$dynamicAnchor", "known, and replaceable, as "),
    ):
        if found := take(key, when=texts):
            yield phrase(text, code(found[key]))
    if found := take("enum", when=lambda value: isinstance(value, list) and value):
        values = found["enum"]
        shown = [phrase(bare(value)) for value in values[:VALUES]]
        rest = phrase(f"{len(values) - VALUES} more") if len(values) > VALUES else ()
        yield phrase("one of ", listed([*shown, *([rest] if rest else [])]))
    yield from _objects(schema, left, take)
    for key in ("items", "additionalItems", "unevaluatedItems"):
        further = "further " if key != "items" or "prefixItems" in schema else ""
        if take(key, when=exactly(False)):
            yield phrase(f"no {further}items")
        if take(key, when=exactly(True)):
            yield phrase(f"any {further}items")
    if take("nullable", when=exactly(False)):
        yield phrase("never null")
    for key, word in (("readOnly", "read-only"), ("writeOnly", "write-only"),
                      ("deprecated", "deprecated")):  # fmt: skip
        if take(key, when=exactly(False)):
            yield phrase(f"not {word}")
    yield from _discriminator(left, types)
    if "default" in left:
        yield phrase("default ", code(spell(left.pop("default"))))
    examples = left.pop("examples") if isinstance(left.get("examples"), list) else []
    examples = [*([left.pop("example")] if "example" in left else []), *examples]
    if examples:
        shown = [phrase(code(spell(value))) for value in examples[:5]]
        rest = phrase(f"{len(examples) - 5} more") if len(examples) > 5 else ()
        yield phrase("for example ", listed([*shown, *([rest] if rest else [])]))
    if found := take("$comment", when=texts):
        yield phrase("comment: ", cut(found["$comment"], 400))
    vocabulary = left.get("$vocabulary")
    if isinstance(vocabulary, dict) and len(vocabulary) <= VALUES:
        del left["$vocabulary"]
        parts = [phrase(code(str(uri)), "" if needed is True else " (optional)")
                 for uri, needed in vocabulary.items()]  # fmt: skip
        yield phrase("with the vocabularies ", join(parts, "and"))
    docs = left.get("externalDocs")
    if isinstance(docs, dict) and isinstance(docs.get("url"), str) and docs.keys() <= {
        "url", "description",
    }:  # fmt: skip
        del left["externalDocs"]
        about = docs.get("description", "")
        yield phrase("see ", code(docs["url"]), f": {cut(str(about), 400)}" if about else "")


def _objects(schema: dict[str, Any], left: dict[str, Any], take: Any) -> Iterator[Phrase]:
    """Yield what is said of an object's properties as such."""
    known = schema.get("properties") if isinstance(schema.get("properties"), dict) else {}
    if take("required", when=is_names):
        missing = [name for name in dict.fromkeys(schema["required"]) if name not in (known or {})]
        if missing:
            yield phrase("required: ", names(missing))
        elif not schema["required"]:
            yield phrase("nothing is required")
    for key in ("additionalProperties", "unevaluatedProperties"):
        if take(key, when=lambda value: value is False):
            yield phrase("no other properties")
        if take(key, when=lambda value: value is True or value == {}):
            yield phrase("other properties are allowed")
    for key in ("dependentRequired", "dependencies"):
        rules = left.get(key)
        if not isinstance(rules, dict):
            continue
        for name, needed in list(rules.items())[:VALUES]:
            if is_names(needed):
                verb = "is" if len(needed) == 1 else "are"
                yield phrase("with ", code(name), ", ", names(needed), f" {verb} required")
        rest = {name: needed for name, needed in rules.items() if not is_names(needed)}
        if len(rules) - len(rest) > VALUES:
            yield phrase(more(len(rules) - len(rest) - VALUES, "such rule", "such rules"))
        left[key] = rest
        if not rest or key == "dependentRequired":
            del left[key]
        if rest and key == "dependentRequired":
            left[f"{key} "] = rest  # said as it stands


def _discriminator(left: dict[str, Any], types: Types) -> Iterator[Phrase]:
    it = left.get("discriminator")
    if not isinstance(it, dict) or not isinstance(it.get("propertyName"), str):
        return
    mapping = it.get("mapping", {})
    if not it.keys() <= {"propertyName", "mapping"} or not isinstance(mapping, dict):
        return
    del left["discriminator"]
    parts = []
    for value, to in list(mapping.items())[:VALUES]:
        target = to if isinstance(to, str) else spell(to)
        if target and "#" not in target and "/" not in target:  # OpenAPI allows bare names
            target = f"#/components/schemas/{escape(target)}"
        parts.append(phrase(code(value), " → ", types.link(target)))
    if len(mapping) > VALUES:
        parts.append(phrase(f"{len(mapping) - VALUES} more"))
    yield phrase(code(it["propertyName"]), " tells which it is", *([": "] if parts else []),
                 join(parts, "and"))  # fmt: skip


def names(given: list[str]) -> Phrase:
    """Return names as code."""
    shown = [phrase(code(name)) for name in given[:VALUES]]
    rest = [phrase(f"{len(given) - VALUES} more")] if len(given) > VALUES else []
    return join([*shown, *rest], "and")

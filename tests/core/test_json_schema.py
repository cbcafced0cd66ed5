"""JSON Schemas in words: every keyword is said, nothing is lost, and hostile ones end soon."""

from __future__ import annotations

import copy
import json
import re
import time
from pathlib import Path

import jsonschema
import pytest
from agentdocs.artefacts.json_schema.example import example
from agentdocs.artefacts.json_schema.pattern import sample
from agentdocs.artefacts.json_schema.phrases import plain
from agentdocs.artefacts.json_schema.rows import DEPTH, ROWS, SECTIONS, read
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_specifications import REGISTRY
from schema_words import text

TEXT = (Path(__file__).parent / "json_schema.txt").read_text()
FOUND = re.findall(r"^=== ([^\n]+)\n(.*?)\n>>>\n(.*?)(?=^=== |\Z)", TEXT, re.MULTILINE | re.DOTALL)
CASES = [pytest.param(json.loads(given_), rows.strip(), id=title) for title, given_, rows in FOUND]

METASCHEMAS = [
    "core", "applicator", "unevaluated", "validation", "meta-data", "format-annotation", "content",
]  # fmt: skip
LEGS = {
    "type": "object",
    "required": ["origin"],
    "properties": {"origin": {"type": "string", "minLength": 3}, "next": {"$ref": "#/$defs/Leg"}},
}


def keywords():
    for name in METASCHEMAS:
        found = REGISTRY.contents(f"https://json-schema.org/draft/2020-12/meta/{name}")
        yield from found["properties"]


def title(schema):
    return (
        schema["title"] if isinstance(schema, dict) and isinstance(schema.get("title"), str) else ""
    )


@pytest.mark.parametrize(("schema", "rows"), CASES)
def test_a_schema_in_words(schema, rows):
    before = copy.deepcopy(schema)
    assert text(read(schema, title(schema))) == rows
    assert schema == before, "what is read is left as it was"


@pytest.mark.parametrize("keyword", sorted(set(keywords())))
def test_every_keyword_has_a_case(keyword):
    assert f'"{keyword}":' in TEXT


@pytest.mark.parametrize("keyword", sorted({*keywords(), "nullable", "discriminator", "x-y"}))
def test_a_keyword_with_a_senseless_value_is_shown_as_it_is(keyword):
    if keyword in ("default", "const", "enum", "examples"):
        return  # these take any value, or an empty list of them
    for value in ({"odd": [17]}, 17.5, "odd", None):
        said = text(read({keyword: value}))
        shown = json.dumps(value)
        assert f"{keyword}: {shown}" in said or str(value) in said or "odd" in said, said


def test_what_is_not_shown_is_counted():
    wide = {"properties": {f"p{number}": True for number in range(ROWS + 99)}}
    (section,) = read(wide).sections
    assert len(section.rows) == ROWS + 1
    assert section.rows[-1].label == "100 more properties are not shown."
    many = {"$defs": {f"D{number}": {} for number in range(SECTIONS + 7)}}
    found = read(many)
    assert (len(found.sections), found.more) == (SECTIONS + 1, 7)
    enum = text(read({"enum": list(range(100))}))
    assert enum.startswith("one of 100 values | one of 0, 1, ") and enum.endswith("59, 40 more")


def test_what_is_nested_too_deeply_is_said():
    deep: dict[str, object] = {}
    for _ in range(3000):
        deep = {"properties": {"a": deep}}
    (section,) = read(deep).sections
    assert len(section.rows) == DEPTH + 3
    assert section.rows[-1].label == "What is nested deeper is not shown."


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [{"anyOf": [{"anyOf": [{"anyOf": [{}] * 8}] * 8}] * 8}] * 8},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"$defs": {"A": {"allOf": [{"$ref": "#/$defs/A"}]}}, "$ref": "#/$defs/A"},
        {"anyOf": [{"$ref": "#"}, {"type": "null"}], "properties": {"a": {"$ref": "#"}}},
        {"$ref": "#/" + "a/" * 100_000},
        {"$ref": "#" + "/properties/a" * 50, "properties": {"a": {}}},
        {"required": [f"p{number}" for number in range(100_000)]},
        {"patternProperties": {"(" * 50_000: {}, "(a+)+$": {"pattern": "(a|a)*" * 1000}}},
        {"minimum": 10**400, "maximum": -(10**400), "multipleOf": 10**400, "type": "integer"},
        {"minimum": float("inf"), "multipleOf": float("nan"), "type": "number"},
        {"type": "array", "minItems": 1e308, "items": {"type": "array", "minItems": 10**9}},
        {"type": "string", "minLength": 10**12, "pattern": "a{999}{999}{999}"},
        {"description": "x" * 10_000_000, "title": "y" * 1_000_000, "x": ["z" * 1_000_000]},
        {"examples": [[[["a" * 1000] * 1000] * 100] * 10]},
    ],
)
def test_hostile_schemas_end_soon(schema):
    start = time.monotonic()
    found = read(schema)
    example(schema)
    assert time.monotonic() - start < 5
    assert sum(len(section.rows) for section in found.sections) <= ROWS + SECTIONS + 50
    assert len(text(found)) < 400_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 300) | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)
WORDS = st.sampled_from([*sorted(set(keywords())), "nullable", "discriminator", "dependencies",
                         "example", "additionalItems", "x-y"])  # fmt: skip
SCHEMAS = st.recursive(
    JSON | st.sampled_from([
        {"type": "string"}, {"type": ["integer", "null"]}, {"$ref": "#"}, {"$ref": "#/$defs/a"},
        {"type": "null"}, {"pattern": "^a|(b+)?[^c]{2}$", "type": "string"},
    ]),
    lambda inner: st.dictionaries(
        WORDS, inner | st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@given(SCHEMAS)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_json_can_be_read(schema):
    found = read(schema, "name")
    said = text(found)
    assert found == read(json.loads(json.dumps(schema)), "name") or "nan" in said.lower()
    assert sum(len(section.rows) for section in found.sections) <= ROWS + SECTIONS
    if isinstance(schema, dict) and "x-y" in schema:
        assert "x-y: " in said
    pointers = {section.pointer for section in found.sections}
    targets = {s.target for part in found.sections for row in part.rows
               for phrase in (row.type, *row.notes) for s in phrase if s.target}  # fmt: skip
    assert targets <= pointers, "each link leads to what is shown"
    made = example(schema)
    json.dumps(made)


ORDINARY = [
    True,
    {},
    {"type": "integer", "minimum": 3, "maximum": 9, "multipleOf": 4},
    {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": "number", "maximum": -2.5},
    {"type": "number", "minimum": 0.5, "multipleOf": 0.25},
    {"type": "string", "minLength": 12, "maxLength": 12},
    {"type": "string", "maxLength": 2},
    {"type": "string", "pattern": "^[A-Z]{2}-\\d{4}(/[a-z_]+)?$"},
    {"type": "string", "pattern": "^(red|green)\\.x$"},
    {"type": "string", "pattern": "^[^a-z]{3,}$", "minLength": 5},
    *({"type": "string", "format": name} for name in ("date-time", "date", "uuid", "email", "ipv4")),
    {"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 2, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}], "items": False},
    {"type": "array", "maxItems": 0, "items": {"type": "string"}},
    {"type": "array", "contains": {"const": 5}},
    {"type": ["null", "boolean"]},
    {"const": {"a": 1}},
    {"enum": [None, 1]},
    {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 5}]},
    {"oneOf": [{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}]},
    {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1},
    {"type": "object", "patternProperties": {"^x-[a-z]$": {"type": "integer"}}, "additionalProperties": False},
    {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string"}}},
    {"$ref": "#/$defs/Leg", "$defs": {"Leg": LEGS}},
    {"allOf": [{"$ref": "#/$defs/Leg"}, {"required": ["x"], "properties": {"x": {"type": "integer"}}}], "$defs": {"Leg": LEGS}},
    {"anyOf": [{"$ref": "#/$defs/Leg"}, {"type": "null"}], "$defs": {"Leg": LEGS}},
    {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}},
]  # fmt: skip


@pytest.mark.parametrize("schema", ORDINARY, ids=str)
def test_an_example_is_valid(schema):
    made = example(schema)
    assert made is not None
    checker = jsonschema.FormatChecker()
    jsonschema.Draft202012Validator(schema, format_checker=checker).validate(made.value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer", "examples": [7, 8], "default": 9}, 7),
        ({"type": "integer", "default": 9}, 9),
        ({"type": "string", "default": None}, "text"),
        ({"type": "string", "enum": ["b", "a"]}, "b"),
        ({"properties": {"a": {"type": "boolean"}, "b": {"example": [1]}}}, {"a": True, "b": [1]}),
        ({"example": "x" * 5000, "type": "string"}, "text"),
    ],
)
def test_an_example_is_what_the_schema_names(schema, value):
    made = example(schema)
    assert made is not None and made.value == value


@pytest.mark.parametrize(
    "schema", [False, {"$ref": "#"}, {"properties": {"a": {"$ref": "#"}}, "required": ["a"]}]
)
def test_there_is_no_example_of_what_cannot_be(schema):
    assert example(schema) is None


PATTERNS = ["^a+$", "^[A-Z]{3}$", r"^\+?[0-9]{6,15}$", "a|b", r"^(?:x\d){2}\.$", "[^abc]", r"[\d-]x",
            "^(?P<year>\\d{4})-\\d\\d$", "", "^[a-z0-9]+(-[a-z0-9]+)*$", "(ab|c)*d", "a{2,}?"]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_matches_its_sample(pattern):
    found = sample(pattern)
    assert found is not None and re.search(pattern, found), found


@pytest.mark.parametrize("pattern", ["(", ")", "[", "(?=a)b", r"(a)\1", r"\p{L}", "a**", "x{200}{200}{200}",
                                     "\0"])  # fmt: skip
def test_a_pattern_that_is_not_simple_has_no_sample(pattern):
    assert sample(pattern) is None


def test_a_part_of_a_document_is_read_with_its_references():
    document = {"components": {"schemas": {"Leg": LEGS, "Old": {"type": "null"}}}}
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/Leg"}}
    found = read(schema, "Legs", root=document, elsewhere={"#/components/schemas/Leg"})
    assert [section.pointer for section in found.sections] == ["#"]
    (span,) = [span for span in found.sections[0].rows[0].type if span.target]
    assert span == ("Leg", "#/components/schemas/Leg", False)
    assert plain(found.sections[0].rows[0].type) == "array of Leg"
    shown = read(schema, "Legs", root=document).sections
    assert [section.pointer for section in shown] == ["#", "#/components/schemas/Leg"]

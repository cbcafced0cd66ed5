"""A value's shape: the types of all members, over all elements; bounded whatever comes."""

from __future__ import annotations

import json
import time

import pytest
from agentdocs.artefacts.json_schema.shape import DEPTH, ROWS, shape
from hypothesis import given, settings
from hypothesis import strategies as st
from schema_words import lines

CASES = {
    "null": "null",
    "true": "boolean | for example true",
    '"2025-01-31"': "string (date) | for example 2025-01-31",
    "[]": "empty array | 0 items",
    "[1, 2.5]": "array of numbers | 2 items",
    '[1, "a", null]': "array of strings, integers or nulls | 3 items",
    "[[1], [], [2, 3]]": "array of arrays of integers | 3 items",
    '{"a": {"b": [true]}, "": 1}': """object
a: object
  a.b: array of booleans | 1 item
: integer | for example 1""",
    '[{"id": 1, "at": "2025-01-31T12:00:00Z"}, {"id": 2.5}, {"id": null, "at": "2025-01-31T12:00:00+01:00"}, {"id": 3}]': """array of objects | 4 items
[].id: number or null
[].at: string (date-time) | in 2 of 4""",
    '{"legs": [{"to": ["HAM"]}, {"to": []}, {"to": "OSL"}]}': """object
legs: array of objects | 3 items
  legs[].to: array of strings or string | 0 to 1 item""",
    '[[{"a": 1}], [{"b": 2}]]': """array of arrays of objects | 2 items
[][].a: integer | in 1 of 2 | for example 1
[][].b: integer | in 1 of 2 | for example 2""",
    '["a@example.org", "b@example.org"]': "array of strings (email) | 2 items",
    '["https://example.org/", "urn://x"]': "array of strings (uri) | 2 items",
    '["6f1c2b1e-9d3a-4a57-8f4e-0f6ad6b8e6b1"]': "array of strings (uuid) | 1 item",
    '["12:00:00", "2025-01-31"]': "array of strings | 2 items",
    '["192.0.2.1"]': "array of strings (ipv4) | 1 item",
}


@pytest.mark.parametrize(("given_", "rows"), CASES.items(), ids=str)
def test_a_shape_in_words(given_, rows):
    assert "\n".join(lines(shape(json.loads(given_)))) == rows


def test_what_is_not_shown_is_counted():
    rows = shape({f"m{number}": {"a": 1} for number in range(300)})
    assert len(rows) <= ROWS + 2
    assert rows[-1].label == "200 more members are not shown."
    deep: object = 1
    for _ in range(5000):
        deep = {"a": deep}
    assert shape(deep)[-1].label == "What is nested deeper is not shown."
    assert len(shape(deep)) == DEPTH + 3
    nested: object = 1
    for _ in range(5000):
        nested = [nested]
    assert len(shape(nested)) == 1


def test_large_values_end_soon():
    start = time.monotonic()
    shape([{f"m{number}": number} for number in range(50_000)])
    shape({"a": ["x" * 1_000_000] * 100, "b": "!" * 5_000_000, "c": ["a@" + "b." * 900] * 10_000})
    shape([[[[[[1] * 100] * 100] * 100] * 100] * 100])
    assert time.monotonic() - start < 5


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=30,
)


@given(JSON)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_json_has_a_shape(value):
    rows = shape(value)
    assert rows[0].kind == "schema" and len(rows) <= ROWS + DEPTH + 2
    if isinstance(value, dict):
        assert {row.label for row in rows if row.depth == 0 and row.kind == "property"} == set(
            value
        )

"""Front matter against the schema of its dialect: what is said of what does not fit."""

from __future__ import annotations

import pytest
from agentdocs.dialects import DIALECTS
from agentdocs.fields import MEANINGS
from agentdocs.front_matter_schema import PROPERTIES, faults, schema
from agentdocs.problems import ProblemKind
from agentdocs.source import parse
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator


def said(text: str, dialect: str = "subagent") -> list[str]:
    raw = parse("team/x.md", f"---\n{text}\n---\n\nBody.\n".encode())
    return [f"{p.line} {p.kind.value}: {p.text}" for p in faults(raw.path, dialect, raw.fields)]


@pytest.mark.parametrize("dialect", [dialect.name for dialect in DIALECTS])
def test_each_dialect_has_a_schema(dialect):
    Draft202012Validator.check_schema(schema(dialect))
    assert set(schema(dialect)["properties"]) == set(MEANINGS)
    assert schema(dialect)["$id"] == f"{dialect}.schema.json"


def test_only_known_fields_have_a_type():
    assert PROPERTIES.keys() <= MEANINGS.keys()


@pytest.mark.parametrize(
    "text",
    [
        "name: x", "name: 12", "name:", "tools: Read, Grep", "tools: [Read, Grep]", "tools: '*'",
        "tools:\n  write: false", "model: [a, b]", "model: opus", "temperature: 0.5",
        "temperature: '0.5'", "maxTurns: 5", "background: yes", "hidden: 'false'", "tags: one",
        "tags: [one, 2]", "effort: high", "permissionMode: acceptEdits", "timeout_mins: 2.5",
        "version: 1.10", "version: 2026-11-20", "somethingElse: {a: 1}",
    ],
)  # fmt: skip
def test_what_clients_understand_is_no_problem(text):
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: [a]", "2 field-type: “name” holds a list, where a text is meant."),
        ("description: {a: 1}", "2 field-type: “description” holds a map, where a text is meant."),
        ("tags: {a: 1}", "2 field-type: “tags” holds a map, where a list is meant."),
        ("tools: [{a: 1}]", "2 field-type: “tools” lists maps, where names are meant."),
        ("maxTurns: many", "2 field-type: “maxTurns” holds “many”, where a whole number is meant."),
        ("temperature: hot", "2 field-type: “temperature” holds “hot”, where a number is meant."),
        ("temperature: 7", "2 field-value: “temperature” is 7; it must be at most 2."),
        ("maxTurns: 0", "2 field-value: “maxTurns” is 0; it must be at least 1."),
        ("timeout_mins: 0", "2 field-value: “timeout_mins” is 0; it must be more than 0."),
        ("memory: all", "2 field-value: “memory” is “all”; clients know user, project, local."),
        ("background: maybe", "2 field-value: “background” is “maybe”; clients know true, false, yes, no, on, off, 1, 0."),
    ],
)  # fmt: skip
def test_what_they_do_not_is_said_with_its_line(text, expected):
    assert said(text) == [expected]


def test_skills_have_the_limits_of_their_specification():
    assert said("name: My_Skill", "skill") == [
        "2 field-value: “name” should be of small letters and digits, with single hyphens between."
    ]
    assert said("name: größe-2", "skill") == []
    assert said(f"description: {'x' * 1025}", "skill") == [
        "2 field-value: “description” has 1,025 characters; clients read 1,024."
    ]
    assert said(f"description: {'x' * 1025}") == []


@given(st.dictionaries(st.sampled_from(sorted(MEANINGS)), st.text(max_size=30), max_size=6))
def test_no_front_matter_is_too_odd(fields):
    text = "\n".join(f"{key}: {value}" for key, value in fields.items())
    for problem in said(text, "skill"):
        assert problem.split(": ")[0].split()[1] in (
            ProblemKind.FIELD_TYPE.value, ProblemKind.FIELD_VALUE.value,
        )  # fmt: skip

"""A dialect → the JSON Schema of its front matter; a file's fields → what does not fit it.

Clients read front matter in different ways and grow new fields each month, so the schemas are
open: they say of the fields that are known which values clients understand.

Sources: https://code.claude.com/docs/en/sub-agents and /skills, https://agentskills.io/specification,
GitHub's reference of custom agents, https://opencode.ai/docs/agents, Gemini CLI's subagents.
"""

from __future__ import annotations

import contextlib
from functools import cache
from typing import TYPE_CHECKING, Any

from agentdocs.fields import LISTS, MEANINGS, TEXTS, TOOLS
from agentdocs.problems import Problem, ProblemKind, brief

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agentdocs.model import Field

_TEXT: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
"""Clients take a bare number for the text that it is written as."""
_LIST: dict[str, Any] = {"type": ["string", "number", "boolean", "null", "array"]}
_NAMES: dict[str, Any] = {
    "type": ["string", "null", "array", "object"],
    "items": {"type": ["string", "number", "boolean", "null"]},
}
_SWITCH: dict[str, Any] = {
    "enum": [True, False, "true", "false", "yes", "no", "on", "off", "1", "0", None]
}
_COUNT: dict[str, Any] = {"type": ["integer", "null"], "minimum": 1}

PROPERTIES: dict[str, dict[str, Any]] = {
    **dict.fromkeys(sorted(TEXTS), _TEXT),
    **dict.fromkeys(sorted(LISTS), _LIST),
    **dict.fromkeys((*TOOLS, "disallowedTools", "disallowed-tools"), _NAMES),
    "model": {"type": ["string", "number", "boolean", "null", "array"]},
    "effort": {"enum": ["low", "medium", "high", "xhigh", "max", None]},
    "permissionMode": {
        "enum": ["default", "acceptEdits", "auto", "dontAsk", "bypassPermissions", "plan", None]
    },
    "isolation": {"enum": ["worktree", None]},
    "memory": {"enum": ["user", "project", "local", None]},
    "kind": {"enum": ["local", "remote", None]},
    "target": {"enum": ["vscode", "github-copilot", None]},
    "shell": {"enum": ["bash", "powershell", None]},
    "temperature": {"type": ["number", "null"], "minimum": 0, "maximum": 2},
    "timeout_mins": {"type": ["number", "null"], "exclusiveMinimum": 0},
    **dict.fromkeys(("maxTurns", "max_turns", "maxSteps"), _COUNT),
    **dict.fromkeys(
        (
            "background", "hidden", "disable", "user-invocable", "user-invokable",
            "disable-model-invocation", "alwaysApply", "readonly", "is_background", "infer",
        ),
        _SWITCH,
    ),
}  # fmt: skip
"""Field → what its value may be, in any dialect."""

_LONG = {"maxLength": 1024}
_SLUG = {"maxLength": 64, "pattern": r"^[^\W_A-Z]+(?:-[^\W_A-Z]+)*$"}
_BY_DIALECT: dict[str, tuple[tuple[str, ...], dict[str, dict[str, Any]]]] = {
    "versioned": (("name", "description", "version"), {}),
    "dialogue": (("name", "description"), {}),
    "skill": (
        ("name", "description"),
        {"name": _SLUG, "description": _LONG, "compatibility": {**_TEXT, "maxLength": 500}},
    ),
    "subagent": (("name", "description"), {}),
    "role": (("name",), {}),
    "plain": ((), {}),
    "document": (("name",), {}),
}
"""Dialect → the fields that it must have, and what it asks beyond the table above."""


@cache
def schema(dialect: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a dialect's front matter."""
    required, own = _BY_DIALECT.get(dialect, ((), {}))
    properties = {
        key: {"description": meaning, **PROPERTIES.get(key, {}), **own.get(key, {})}
        for key, meaning in MEANINGS.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{dialect}.schema.json",
        "title": f"Front matter of the dialect “{dialect}”",
        "description": "What stands between the two lines of hyphens at the top of an agent's "
        "file. Fields that are not listed are allowed.",
        "type": "object",
        "required": list(required),
        "properties": properties,
    }


@cache
def _validator(dialect: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema(dialect))


def faults(path: str, dialect: str, fields: Sequence[Field]) -> Iterator[Problem]:
    """Yield what does not fit, each at its field's line.

    A field that must be there and is not has a Problem of its own elsewhere.
    """
    given = {field.key: field for field in fields if field.status == "ok"}
    data = {key: _value(key, field.value) for key, field in given.items() if key in PROPERTIES}
    own = _BY_DIALECT.get(dialect, ((), {}))[1]
    data |= {key: _plain(given[key].value) for key in own if key in given}
    for error in sorted(_validator(dialect).iter_errors(data), key=lambda one: list(one.path)):
        if not error.path:
            continue
        key = str(error.path[0])
        kind = ProblemKind.FIELD_TYPE if error.validator == "type" else ProblemKind.FIELD_VALUE
        text = f"“{brief(key)}” {_sentence(error, len(error.path) > 1)}."
        yield Problem(path, given[key].line, text, kind)


def _sentence(error: Any, inside: bool) -> str:
    wanted = error.validator_value
    if error.validator == "type":
        holds = "lists" if inside else "holds"
        many = {"dict": "maps", "list": "lists"} if inside else {"dict": "a map", "list": "a list"}
        shown = many.get(type(error.instance).__name__, f"“{brief(str(error.instance), 40)}”")
        return f"{holds} {shown}, where {_meant(wanted, inside)} meant"
    if error.validator == "enum":
        words = ", ".join(one for one in wanted if isinstance(one, str))
        return f"is “{brief(str(error.instance), 40)}”; clients know {words}"
    if error.validator == "maxLength":
        return f"has {len(error.instance):,} characters; clients read {wanted:,}"
    if error.validator == "pattern":
        return "should be of small letters and digits, with single hyphens between"
    limits = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than"}
    return f"is {brief(str(error.instance), 40)}; it must be {limits[error.validator]} {wanted}"


def _meant(wanted: Sequence[str], inside: bool) -> str:
    if inside:
        return "names are"
    if "array" in wanted and "object" not in wanted:
        return "a list is" if "number" in wanted else "names are"
    if "integer" in wanted:
        return "a whole number is"
    return "a number is" if "string" not in wanted else "a text is"


def _value(key: str, value: Any) -> Any:
    """Return a field's value as JSON has it; scalars are read as the text that they are."""
    if isinstance(value, str) and {"integer", "number"} & {*PROPERTIES[key].get("type", ())}:
        for kind in (int, float) if "string" not in PROPERTIES[key]["type"] else ():
            with contextlib.suppress(ValueError):
                return kind(value)
    return _plain(value)


def _plain(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON has it: dates, and what else YAML knows, as text."""
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, list) and depth < 3:
        return [_plain(one, depth + 1) for one in value[:1000]]
    if isinstance(value, dict):
        return {}
    return [] if isinstance(value, list) else str(value)

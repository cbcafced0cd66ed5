"""Every dialect, as a file in our own words and beside it what a person would read in it.

A case is two files in ``dialects/``: ``x.md``, an agent, and ``x.yaml``, its reading. To add one,
add the files. What a reading does not name must be empty, so a case is also a list of what is
*not* to be found. ``path`` is where the file lies (``crew/x.md`` unless said otherwise),
``description`` is left out where the summary is all of it, ``fields`` and ``problems`` end with
their lines, and ``values`` and ``permits`` name only what matters to the case.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from agentdocs import tools
from agentdocs.dialects import DIALECTS
from agentdocs.read import read_agent
from agentdocs.source import parse

CASES = sorted((Path(__file__).parent / "dialects").glob("*.md"))


def expected(case):
    return yaml.safe_load(case.with_suffix(".yaml").read_text())


def read(case):
    path = expected(case).get("path", f"crew/{case.name}")
    return read_agent(parse(path, case.read_bytes()), path.endswith("SKILL.md"))


def seen(agent, values, permits):
    """Return the reading of an agent in the form of the YAML files, without what is empty."""
    activation = {
        key: list(getattr(agent.activation, key))
        for key in ("when", "when_not", "keywords", "files", "commands")
        if getattr(agent.activation, key)
    }
    found = {
        "dialect": agent.dialect,
        "name": agent.name,
        "tagline": agent.tagline,
        "summary": agent.summary,
        "description": agent.description if agent.description != agent.summary else "",
        "in_body": agent.described_in_body,
        "examples": [
            {"line": e.line, "context": e.context, "turns": [{who: said} for who, said in e.turns]}
            for e in agent.examples
        ],
        "activation": activation,
        "tools": [tool_seen(tool) for tool in agent.tools],
        "model": agent.model,
        "tags": list(agent.tags),
        "version": agent.version,
        "author": agent.author,
        "updated": agent.updated,
        "color": agent.color,
        "dependencies": [list(dependency) for dependency in agent.dependencies],
        "fields": [[field.key, field.status, field.line] for field in agent.fields],
        "problems": sorted([p.kind.value, p.line] for p in agent.problems),
        "values": {key: agent.raw.field(key).value for key in values},
        "permits": {t.raw: tools.permits(t.name) for t in agent.tools if t.raw in permits},
    }
    return {key: value for key, value in found.items() if value not in ("", [], {}, False)}


def tool_seen(tool):
    """Return ``raw → Name line``, with ``not`` before it for a tool that is denied."""
    call = f"{tool.name} {tool.argument}" if tool.argument else tool.name
    return f"{'' if tool.allowed else 'not '}{tool.raw} → {call} @{tool.line}"


def as_text(reading):
    return yaml.safe_dump(reading, allow_unicode=True, width=1000)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_reading(case):
    want = {key: value for key, value in expected(case).items() if key != "path"}
    want["problems"] = sorted(want.get("problems", []))
    want = {key: value for key, value in want.items() if value}
    found = seen(read(case), want.get("values", ()), want.get("permits", ()))
    assert as_text(found) == as_text(want)  # as text, because its differences can be read


def test_every_dialect_has_a_case():
    # A dialect without a file here could be changed, or never be chosen, unnoticed.
    assert {dialect.name for dialect in DIALECTS} == {expected(case)["dialect"] for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_lines_of_fields(case):
    """A field's text begins on its line of the file, character for character."""
    agent = read(case)
    lines = case.read_text().split("\n")
    for field in agent.raw.fields:
        raw = field.raw.split("\n")
        assert lines[field.line - 1 : field.line - 1 + len(raw)] == raw


def test_no_tools_is_not_all_tools(catalog):
    """``tools: []`` forbids every tool; only a missing field leaves the choice to the client."""
    from agentdocs.pages import pages

    text = "---\nname: mute\ndescription: Says nothing.\ntools: []\n---\n\nStay silent.\n"
    page = next(
        p.text for p in pages(catalog({"mute.md": text})) if p.docname.endswith("mute/index")
    )
    assert "Most clients then allow all" not in page

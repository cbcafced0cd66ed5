"""One file → one :class:`Agent`: its dialect's reading, completed and checked."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from agentdocs import facets, front_matter_schema, tools
from agentdocs.dialects import detect
from agentdocs.dialects.base import NOTHING
from agentdocs.fields import MEANINGS, TOOLS, meaning
from agentdocs.markdown import outline as parse_outline
from agentdocs.model import Agent, Field
from agentdocs.paths import stem
from agentdocs.problems import Edit, Problem, ProblemKind, brief
from agentdocs.slugs import slugify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentdocs.dialects.base import Reading
    from agentdocs.model import Example, Outline, RawFile, Section, Tool

MAX_NAME = 120
"""Longest name that is shown; the rest of a longer one stays in its field."""


def read_agent(raw: RawFile, is_skill: bool = False) -> Agent | None:
    """Read one file; None where it is no agent in any dialect."""
    outline = parse_outline(raw.path, raw.body, raw.body_line)
    found = detect(raw, outline, is_skill)
    if found is None:
        return None
    dialect, evidence = found
    reading = _complete(dialect.read(raw, outline), raw, outline)
    title = _title_section(outline)
    name, inferred = _name(reading, raw, title, is_skill)
    plain = facets.without_examples(reading.description)
    summary, when, when_not = facets.split_description(plain)
    activation = reading.activation
    if not reading.described_in_body:
        activation = replace(
            activation,
            when=(*when, *activation.when),
            when_not=(*when_not, *activation.when_not),
        )
    foot = facets.footer(outline)
    agent = Agent(
        raw=raw,
        outline=outline,
        dialect=dialect.name,
        evidence=evidence,
        is_skill=is_skill,
        name=name,
        tagline=title.title if title and not _same(title.title, name) else "",
        title_section=title.slug if title else "",
        summary=summary,
        description=plain,
        described_in_body=reading.described_in_body,
        examples=_examples(reading, raw),
        activation=activation,
        tools=_unique_tools(reading),
        model=reading.model,
        tags=tuple(dict.fromkeys(tag for tag in reading.tags if tag)),
        version=reading.version or foot.get("version", ("", 0))[0],
        author=reading.author or foot.get("maintainer", ("", 0))[0],
        updated=foot.get("updated", ("", 0))[0],
        color=reading.color,
        dependencies=reading.dependencies,
        fields=(*raw.fields, *inferred, *_inferred(reading, raw)),
    )
    problems = [*raw.problems, *outline.problems, *_check(agent, foot)]
    return replace(agent, problems=tuple(sorted(problems)))


def _complete(reading: Reading, raw: RawFile, outline: Outline) -> Reading:
    """Fill what the dialect did not find from where other dialects keep it."""
    if not reading.tools and not facets.first(raw, *TOOLS):
        reading = replace(reading, tools=facets.tools_section(outline))
    if reading.activation == NOTHING:
        reading = replace(reading, activation=facets.activation(raw, outline))
    if not reading.description:
        text, line = facets.opening(outline)
        reading = replace(reading, description=text, description_line=line, described_in_body=True)
    return reading


def _title_section(outline: Outline) -> Section | None:
    """Return the only first-level heading, if nothing stands before it."""
    tops = [section for section in outline.sections if section.level == 1]
    if len(tops) != 1:
        return None
    before = outline.sections[: outline.sections.index(tops[0])]
    return None if any(s.level or s.prose or s.languages for s in before) else tops[0]


def _name(
    reading: Reading, raw: RawFile, title: Section | None, is_skill: bool
) -> tuple[str, tuple[Field, ...]]:
    """Return the name, and the field it is inferred from where the front matter has none."""
    name = " ".join(reading.name.split())
    if name:
        return name[:MAX_NAME].strip(), ()
    if title and title.title:
        name, line, markup = title.title, title.line, title.markup
    else:
        place = stem(raw.path, is_skill) or stem(raw.path, False)
        name, line, markup = place or "agent", 1, ""
    return name[:MAX_NAME].strip(), (Field("name", name, markup, line, "inferred"),)


def _inferred(reading: Reading, raw: RawFile) -> Iterator[Field]:
    if reading.described_in_body and reading.description and not raw.field("description"):
        line = reading.description_line
        yield Field("description", reading.description, "", line, "inferred")
    named = [tool for tool in reading.tools if tool.allowed]
    if named and not facets.first(raw, *TOOLS):
        names = ", ".join(tool.raw for tool in named)
        yield Field("tools", names, "", named[0].line, "inferred")


def _examples(reading: Reading, raw: RawFile) -> tuple[Example, ...]:
    """Read the examples of a description, each with the line its ``<example>`` stands on."""
    found = facets.examples(reading.description, reading.description_line)
    field = raw.field("description")
    rows = enumerate(field.raw.split("\n"), field.line) if field else ()
    lines = [number for number, row in rows for _ in range(row.lower().count("<example>"))]
    if len(lines) != len(found):
        return found
    return tuple(replace(example, line=line) for example, line in zip(found, lines, strict=True))


def _unique_tools(reading: Reading) -> tuple[Tool, ...]:
    return tuple({(t.name, t.argument, t.allowed): t for t in reversed(reading.tools)}.values())[
        ::-1
    ]


def _same(title: str, name: str) -> bool:
    return slugify(title) == slugify(name)


def _check(agent: Agent, foot: dict[str, tuple[str, int]]) -> Iterator[Problem]:
    raw = agent.raw
    if raw.text and not raw.field("name"):
        text = f"The file has no name; “{agent.name}” was taken from its heading or path."
        yield Problem(raw.path, 1, text, ProblemKind.NAME_MISSING)
    if raw.text and not agent.description and not agent.examples:
        line = field.line if (field := raw.field("description")) else 1
        text = "Nothing says what this agent is for."
        hint = "Add “description:” to the front matter."
        yield Problem(raw.path, line, text, ProblemKind.DESCRIPTION_MISSING, hint)
    yield from _check_name(agent)
    for tool in agent.tools:
        if tools.permits(tool.name) == "other":
            text = f"No known tool is called “{brief(tool.raw)}”."
            yield Problem(raw.path, tool.line, text, ProblemKind.UNKNOWN_TOOL)
    for field in raw.fields:
        if (lower := field.key.lower()) in MEANINGS and field.key not in MEANINGS:
            yield _in_capitals(raw, field, lower)
        elif not meaning(field.key) and field.key != "front matter":
            text = f"No dialect knows the field “{brief(field.key)}”."
            yield Problem(raw.path, field.line, text, ProblemKind.UNKNOWN_FIELD)
    yield from front_matter_schema.faults(raw.path, agent.dialect, raw.fields)
    yield from _check_footer(agent, foot)


def _in_capitals(raw: RawFile, field: Field, lower: str) -> Problem:
    text = f"Clients look for “{lower}”, not for “{brief(field.key)}”."
    first = field.raw.split("\n")[0]
    edit = Edit(field.line, field.line + 1, (first.replace(field.key, lower, 1),))
    clear = raw.text.split("\n")[field.line - 1] == first
    hint = f"Write “{lower}”."
    kind = ProblemKind.FIELD_CASE
    return Problem(raw.path, field.line, text, kind, hint, (edit,) if clear else ())


def _check_name(agent: Agent) -> Iterator[Problem]:
    field = agent.raw.field("name")
    place = stem(agent.path, agent.is_skill)
    if field and place and slugify(agent.name) != slugify(place):
        what = "folder" if agent.is_skill else "file"
        text = f"The name is “{brief(agent.name)}”, but the {what} is called “{brief(place)}”."
        yield Problem(agent.path, field.line, text, ProblemKind.NAME_DIFFERS)


_ADDRESS = re.compile(r"(?<!\s)\s*+<[^<>]*>")
"""What follows a person's name; begun at its first space only, so that many cost no more."""

_STATED = {
    "version": ("version",),
    "maintainer": ("author", "maintainer"),
    "updated": ("updated", "last_updated", "date"),
}
"""What a footer says → the fields that say the same."""


def _check_footer(agent: Agent, foot: dict[str, tuple[str, int]]) -> Iterator[Problem]:
    for key, names in _STATED.items():
        field = facets.first(agent.raw, *names)
        if key not in foot or field is None:
            continue
        value, line = foot[key]
        stated = _ADDRESS.sub("", facets.text_of(field))
        if stated and stated.lower() != _ADDRESS.sub("", value).lower():
            text = (
                f"The footer says {key} “{value}”, the front matter says “{stated}” "
                f"(line {field.line})."
            )
            yield Problem(agent.path, line, text, ProblemKind.FOOTER_DIFFERS)

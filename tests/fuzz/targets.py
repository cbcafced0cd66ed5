"""The readers of strangers' files: each takes any bytes, and checks what holds for all of them.

A target raises nothing but for a fault of ours. What it returns is the same each time.
"""

from __future__ import annotations

import json
import logging
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from agentdocs import options
from agentdocs.artefacts import files as artefact_files
from agentdocs.artefacts.database import diagram, tables
from agentdocs.artefacts.json_schema import example, rows, shape
from agentdocs.artefacts.openapi import api, renderable
from agentdocs.catalog import build
from agentdocs.fix import apply
from agentdocs.library import Library
from agentdocs.markdown import outline
from agentdocs.model import Companion
from agentdocs.pages import pages
from agentdocs.read import read_agent
from agentdocs.source import parse
from agentdocs.sphinx_ext import run
from agentdocs.verify import placeholders, results, state
from agentdocs.verify.contract.read import read as read_contract
from agentdocs.verify.journal import parse as journal_line
from agentdocs.verify.languages import LANGUAGES
from agentdocs.verify.languages.base import Missing, ParseError
from pagetext import conserved, sound

SECONDS, PER_MEGABYTE = 1.0, 20.0
"""CPU time that is allowed: so much, and so much more for each megabyte.

Markdown's parser alone takes 3 to 10 of these seconds, by what is in the text.
"""
FAMILIES = ("python", "c", "shell", "sql", "data", "markup", "other")
HEAD = b"---\nname: steady\ndescription: Draws maps.\n---\n\nSee [notes](steady/notes.md).\n"

logging.getLogger("sphinx").addHandler(logging.NullHandler())


class TooSlowError(AssertionError):
    """A case takes more time than its length can explain."""


def within_lines(path, text, found):
    """Check that Problems and fields name lines that the file has."""
    count = text.count("\n") + 1
    for one in found:
        assert getattr(one, "path", path) == path, one
        assert 1 <= one.line <= count, (one, count)
        for edit in getattr(one, "edits", ()):
            assert 1 <= edit.start <= edit.end <= count + 1, edit


def library_of(*agents):
    """Return the pages of a library, and check that every line of its texts is on one of them."""
    catalog = build(Library(Path(), "team", agents, ()))
    made = {page.docname: page.text for page in pages(catalog)}
    for docname, text in made.items():
        sound(docname, text)
    for entry in catalog.entries:
        conserved(entry, made)
    return made


def definition(data, path="team/x.md", is_skill=False):
    """Read a file as an agent's definition; None where it is none."""
    raw = parse(path, data)
    within_lines(path, raw.text, (*raw.fields, *raw.problems))
    if not raw.text:
        return None
    found = read_agent(raw, is_skill)
    if found:
        within_lines(path, raw.text, found.problems)
        for snippet in found.outline.snippets:
            assert raw.body_line <= snippet.line <= raw.text.count("\n") + 1, snippet
        fixed = apply(raw.text, found.problems)
        read_agent(parse(path, fixed.encode()), is_skill)
    return found


def agent(data):
    """An agent's file, or a skill's."""
    found = definition(data, "team/x.md"), definition(data, "team/kit/SKILL.md", True)
    return library_of(*(one for one in found if one))


def compared(data):
    """Two agents of one name; they are the halves of the data."""
    middle = len(data) // 2
    head = b"---\nname: steady\ndescription: Draws maps.\n---\n\n"
    halves = (head + data[:middle], head + data[middle:])
    found = [definition(half, f"{n}/steady.md") for n, half in enumerate(halves)]
    return library_of(*(one for one in found if one))


def companion(data):
    """A Markdown file that an agent ships."""
    path = "team/steady/notes.md"
    raw = parse(path, data)
    within_lines(path, raw.text, raw.problems)
    text = outline(path, raw.body, raw.body_line) if raw.text else None
    one = Companion(path, "notes.md", raw.size, raw if raw.text else None, text)
    return library_of(replace(definition(HEAD, "team/steady.md"), companions=(one,)))


def contract(data):
    """A contract beside an agent."""
    text = data.decode("utf-8", "replace")
    found, problems = read_contract("x.verify.yaml", text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    within_lines("x.verify.yaml", lines, problems)
    return found, problems


def script(data):
    """A script whose options a page lists."""
    return options.script("add_argument\n" + data.decode("utf-8", "replace"))


def snippet(data):
    """Code of any language, in which a reader may have to replace something."""
    text = data.decode("utf-8", "replace")
    return [placeholders.find(text, family) for family in FAMILIES]


def code(data):
    """Code that is parsed as every language that has a parser."""
    text = data.decode("utf-8", "replace")
    return [_parsed(language, text) for language in LANGUAGES if language.parse]


def _parsed(language, text):
    try:
        return language.parse(text)
    except ParseError as error:
        assert 1 <= error.line <= len(text.splitlines()) + 1, (language.name, error.line)
        return error.line, error.text
    except Missing as error:
        return str(error)


def described(data):
    """JSON that is read as a JSON Schema, an OpenAPI document, tables, and an example."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    document = api.read(value)
    database = tables.read(value)
    return (
        rows.read(value), example.example(value), shape.shape(value), document,
        renderable.renderable(document), database, diagram.diagram(database.tables),
    )  # fmt: skip


def artefacts(data):
    """What an artefact file keeps, or the one error that it may be refused with."""
    try:
        return artefact_files.parse(data.decode("utf-8", "replace"))
    except ValueError as error:
        return str(error)


def verdicts(data):
    """A ``results.json``, with the same as a journal beside it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "results.json")
        file.write_bytes(data)
        report, head = results.load(file), state.peek(file)
    return report, head, [journal_line(line) for line in data.split(b"\n")]


def plans(data):
    """What a site is told about snippets that run in a browser."""
    with tempfile.TemporaryDirectory() as folder:
        for name in (run.SAYS, run.PLANS):
            Path(folder, name).write_bytes(data)
        found = run._read(Path(folder), Path(folder))
    return found.said, found.by_code


TARGETS = {
    function.__name__: function
    for function in (
        agent, compared, companion, contract, script, snippet, code, described, artefacts, verdicts,
        plans,
    )
}  # fmt: skip


def check(target, data):
    """Feed a target, within its time; every eighth time twice, for the same answer.

    :raises TooSlowError: it took too long, three times.
    """
    read, most = TARGETS[target], SECONDS + PER_MEGABYTE * len(data) / 1e6
    spent, first = _timed(read, data)
    for _ in range(2):
        spent = min(spent, _timed(read, data)[0]) if spent > most else spent
    if spent > most:
        raise TooSlowError(f"{spent:.1f} s for {len(data):,} bytes")
    if sum(data[:64]) % 8 == 0:
        assert repr(read(data)) == repr(first), "another answer to the same question"


def _timed(read, data):
    start = time.process_time()
    found = read(data)
    return time.process_time() - start, found

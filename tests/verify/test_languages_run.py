"""Snippets of the languages that run, written as text → what must be said of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from agentdocs.slugs import slugify
from agentdocs.verify import documents, results
from agentdocs.verify import project as projects
from agentdocs.verify.contract import model as contract
from agentdocs.verify.engine import Engine, Options
from agentdocs.verify.languages import by_fence
from agentdocs.verify.model import TIERS, VERDICTS, Report

FOLDER = Path(__file__).with_name("snippets")
FILES = ("python", "shell", "javascript", "sql", "data")


@dataclass
class Row:
    """What must be said of one snippet."""

    path: str
    address: str
    verdict: str
    tier: str
    reason: str
    line: str
    more: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Case:
    """An agent with what belongs to it."""

    title: str
    folder: str
    files: dict[str, str]
    rows: list[Row]
    contract: str


def read(name):
    """Return the cases of a text; see the first lines of ``python.txt``."""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    for part in re.split(r"(?m)^=== ", text)[1:]:
        title, _, body = part.partition("\n")
        agent, *sections = re.split(r"(?m)^--- (?=contract$|verdicts$|file )", body)
        title, *flags = re.split(r" \[(?=\w+\]$)|\]$", title)
        stem = "SKILL" if "skill" in flags else "agent"
        files, rows = {f"{stem}.md": agent}, []
        for section in sections:
            kind, _, inner = section.partition("\n")
            if kind == "contract":
                files[f"{stem}.verify.yaml"] = inner
            elif kind == "verdicts":
                rows = [*_rows(inner, f"{stem}.md")]
            else:
                files[kind.removeprefix("file ")] = inner
        if "crlf" in flags:
            files[f"{stem}.md"] = agent.replace("\n", "\r\n")
        assert rows, title
        folder = f"agents/{name}/{slugify(title)}"
        yield Case(title, folder, files, rows, f"{folder}/{stem}.verify.yaml")


def _rows(text, definition):
    row = None
    for line in text.rstrip("\n").split("\n"):
        if line.startswith("    "):
            key, _, value = line.strip().partition(" = ")
            row.more.append((key, value))
            continue
        if row is not None:
            yield row
        address, verdict, tier, reason, where = map(str.strip, line.split("|", 4))
        path, _, address = address.rpartition("::")
        row = Row(path or definition, address, verdict, tier, reason, where)
    yield row


CASES = {case.folder: case for name in FILES for case in read(name)}


@pytest.fixture(scope="session")
def found(once, place_at, autofill, sandbox, node):
    """Return the project that holds all cases, with their outcomes by id: one run for all."""

    def build(folder):
        place = place_at(folder)
        for case in CASES.values():
            for path, text in case.files.items():
                place.write({f"{case.folder}/{path}": text})
        autofill(folder)
        project = projects.load(str(folder))
        engine = Engine(project, tuple(documents.everything(project)), (), Options(jobs=3))
        assert not engine.problems
        path = folder / ".agentdocs/results.json"
        results.save(path, Report(tuple(engine.run())))

    return place_at(once("languages", build), settings=None)


def fits(wanted, text):
    """Whether a text is the one that is wanted; ``…`` in that stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, wanted.split("…"))), text, re.DOTALL)


def test_each_title_stands_once():
    assert len(CASES) == sum(len([*read(name)]) for name in FILES) >= 80


def test_rows_say_what_there_is():
    for case in CASES.values():
        for row in case.rows:
            assert row.verdict in (*VERDICTS, "…"), (case.title, row)
            assert row.tier in (*TIERS, "…"), (case.title, row)


@pytest.mark.parametrize(
    "folder", CASES, ids=[case.folder.removeprefix("agents/") for case in CASES.values()]
)
def test_a_snippet_gets_its_verdict(folder, found):
    case = CASES[folder]
    outcomes = found.outcomes
    mine = {key for key in outcomes if key.startswith(f"{folder}/")}
    assert mine == {f"{folder}/{row.path}::{row.address}" for row in case.rows}
    faults = [
        f"{one.id}, line {one.line}: {fault}\n{one.output[:500]}"
        for row in case.rows
        for one in [outcomes[f"{folder}/{row.path}::{row.address}"]]
        for fault in differences(row, one, case, found)
    ]
    assert not faults, "\n".join([case.title, *faults])


def differences(row, one, case, place):
    """Yield what is not as the row wants it."""
    for wanted, said in (
        (row.verdict, one.verdict),
        (row.tier, one.tier),
        (row.reason, one.reason),
    ):
        if wanted != "…" and not fits(wanted, said):
            yield f"“{said}” instead of “{wanted}”"
    if row.line:
        file, text = f"{case.folder}/{row.path}", row.line
        if text.startswith("contract: "):
            file, text = case.contract, text.removeprefix("contract: ")
        wanted, said = place.line(file, text), one.error.line if one.error else None
        if one.error and (one.error.path or one.path) != file:
            yield f"the error is in {one.error.path or one.path} instead of {file}"
        if wanted != said:
            yield f"the error is at line {said} instead of {wanted}, “{text}”"
    for key, value in row.more:
        value = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value)
        value = re.sub(
            r"@([^@]+)@", lambda m: str(place.line(f"{case.folder}/{row.path}", m[1])), value
        )
        said = {
            "output": one.output, "expected": one.expected or "", "cut": "yes" if one.cut else "no",
            "trace": one.error.trace if one.error else "",
        }[key]  # fmt: skip
        if value not in said if key in ("output", "trace") else value != said:
            yield f"{key} is {said!r} instead of {value!r}"


def test_every_verdict_but_a_pass_has_a_reason(found):
    silent = [
        one.id for one in found.outcomes.values() if one.verdict != "passed" and not one.reason
    ]
    assert not silent


def test_what_passed_in_a_language_that_runs_ran(found):
    for one in found.outcomes.values():
        language = by_fence(one.language)
        if one.verdict == "passed" and language and language.runs:
            assert one.tier in ("runs", "checked"), one.id


def test_what_ran_says_by_what(found):
    names = {"python": "CPython 3", "shell": "Bash ", "node": "Node ", "sql": "SQLite 3"}
    for one in found.outcomes.values():
        language = by_fence(one.language)
        if one.verdict == "passed" and language and language.runner:
            assert one.interpreter.startswith(names[language.runner]), one.id


def test_digest_and_lines_are_those_of_the_file(found):
    for one in found.outcomes.values():
        rows = found.text(one.path).replace("\r\n", "\n").split("\n")
        block = rows[one.line - 1 : one.end - 1]
        if block[0].startswith("```") and block[-1].startswith("```"):
            code = "".join(f"{row}\n" for row in block[1:-1])
            assert contract.digest(code) == one.digest, one.id


@pytest.mark.security("SEC-63")
def test_where_the_project_lies_is_not_in_the_results(found):
    text = found.text(".agentdocs/results.json")
    assert str(found.root) not in text

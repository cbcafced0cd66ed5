"""The store of verdicts: what goes in comes out, whatever happens in between."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import agentdocs
import jsonschema
import pytest
from agentdocs.artefacts.model import artefact
from agentdocs.verify import journal, results, state
from agentdocs.verify.model import (
    TIERS,
    VERDICTS,
    ContractProblem,
    Error,
    Outcome,
    Report,
    Terms,
)
from agentdocs.verify.results import (
    Journal,
    ResultsError,
    compact,
    default_path,
    load,
    merge,
    root_of,
    save,
    shield,
    totals,
)
from agentdocs.verify.state import peek
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PACKAGE = Path(agentdocs.__file__).parent
SCHEMA = json.loads((PACKAGE / "verify/results.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
DAY = "2026-01-02T03:04:05Z"


def one(address="a", reason="", date=DAY, path="x.md", **rest):
    values = {"agent": path, "line": 3, "end": 5, "language": "python", "digest": "0" * 12}
    values |= {"verdict": "passed", "tier": "runs", "reason": reason, "date": date}
    return Outcome(path, address, **(values | rest))


FULL = one(
    "full", "why", verdict="failed", tier="parses", seconds=0.25, hash="ff",
    interpreter="CPython 3.11.7", packages=(("x", "1"),), output="out\n", cut=True, expected="",
    error=Error("E: e", 4, "trace", "a.verify.yaml"),
    terms=Terms("x.verify.yaml", 7, "s", "c", "", ("b",), ("f",), "skip", "schema"),
    artefacts=(artefact("json-schema", "Pet", {"title": "Käfer"}),),
)  # fmt: skip
PROBLEM = ContractProblem("x.verify.yaml", 2, "names no snippet", "Remove it.")
REPORT = Report((one("a"), FULL), "abc", (PROBLEM,))


@pytest.fixture
def path(tmp_path):
    return default_path(tmp_path)


def ids(report):
    return {one.address: one.reason for one in report.outcomes}


def names(path):
    return sorted(one.relative_to(path.parent).as_posix() for one in path.parent.rglob("*"))


def journals(path):
    return sorted(path.with_suffix(".d").glob("*.jsonl"))


# What is written.


def test_the_file_reads_like_this(path):
    save(path, Report((one("b", "Grüße\n"), one("a")), "abc", (PROBLEM,)))
    assert path.read_text(encoding="utf-8") == (
        "{\n"
        '"$schema": "results.schema.json",\n'
        '"version": 1,\n'
        '"root": "..",\n'
        '"state": "abc",\n'
        '"summary": {"total": 2, "verdicts": {"failed": 0, "unproved": 0, "skipped": 0, "passed": 2}, '
        '"tiers": {"none": 0, "parses": 0, "names": 0, "imports": 0, "runs": 2, "checked": 0}},\n'
        '"problems": [\n'
        '{"path": "x.verify.yaml", "line": 2, "text": "names no snippet", "hint": "Remove it."}\n'
        "],\n"
        '"results": [\n'
        '{"path": "x.md", "address": "a", "agent": "x.md", "line": 3, "end": 5, "language": "python", '
        '"digest": "000000000000", "verdict": "passed", "tier": "runs", "date": "2026-01-02T03:04:05Z"},\n'
        '{"path": "x.md", "address": "b", "agent": "x.md", "line": 3, "end": 5, "language": "python", '
        '"digest": "000000000000", "verdict": "passed", "tier": "runs", "reason": "Grüße\\n", '
        '"date": "2026-01-02T03:04:05Z"}\n'
        "]\n"
        "}\n"
    )


def test_a_new_folder_is_ignored_by_git_and_one_that_is_there_is_not(path, tmp_path):
    save(path, REPORT)
    assert (path.parent / ".gitignore").read_text().splitlines()[-1] == "*"
    save(tmp_path / "results.json", REPORT)
    assert not (tmp_path / ".gitignore").exists()


def test_the_order_of_outcomes_does_not_matter(path):
    outcomes = [one("a", line=9), one("b", line=1), one("a", path="w.md"), one("c", line=9)]
    problems = [PROBLEM, ContractProblem("a.yaml", 9, "t"), ContractProblem("a.yaml", 10, "t")]
    written = set()
    for order in itertools.permutations(range(4)):
        found = tuple(problems[n] for n in order if n < 3)
        save(path, Report(tuple(outcomes[n] for n in order), "s", found))
        written.add(path.read_bytes())
    assert len(written) == 1
    assert [(o.path, o.line, o.address) for o in load(path).outcomes] == [
        ("w.md", 3, "a"), ("x.md", 1, "b"), ("x.md", 9, "a"), ("x.md", 9, "c"),
    ]  # fmt: skip


def test_what_is_the_same_is_not_written_again(path):
    save(path, REPORT)
    before = path.stat().st_ino, path.stat().st_mtime_ns
    save(path, REPORT)
    compact(path, "abc")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == before
    save(path, Report(()))
    assert load(path) == Report(())


def test_the_file_says_where_the_root_is(path, tmp_path):
    save(path, REPORT)
    assert root_of(path).resolve() == tmp_path.resolve()
    (tmp_path / "site/data").mkdir(parents=True)
    other = tmp_path / "site/data/results.json"
    save(other, REPORT, root=tmp_path)
    assert json.loads(other.read_text())["root"] == "../.."
    assert root_of(other).resolve() == tmp_path.resolve()
    compact(other, root=tmp_path / "a b")
    assert root_of(other).resolve() == tmp_path.resolve() / "a b"


@pytest.mark.parametrize("text", ["", "{}", '{\n"version": 1,\n"root": 3,\n"problems": [],'])
def test_without_a_root_it_is_the_folder_above(tmp_path, text):
    (tmp_path / "results.json").write_text(text)
    assert root_of(tmp_path / "results.json") == tmp_path / ".."


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
def test_what_json_cannot_say_is_left_out(path, seconds):
    save(path, Report((one(seconds=seconds),)))
    assert load(path).outcomes == (one(),)


def test_an_empty_language_is_left_out(path):
    save(path, Report((one(language=""),)))
    assert "language" not in path.read_text()
    assert load(path).outcomes == (one(language=""),)


# Any text.

# JSON cannot tell two halves of a pair from the pair.
TEXT = st.text(st.characters(), max_size=12).map(
    lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
NUMBER = st.integers(0, 2**40)
DATE = st.sampled_from(("", "2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z", "\udc80", "9"))
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
ERRORS = st.builds(Error, TEXT, NUMBER, TEXT)
TERMS = st.builds(
    Terms, TEXT, NUMBER, TEXT, TEXT, st.none() | TEXT, TEXTS, TEXTS, TEXT, TEXT
)  # fmt: skip
OUTCOMES = st.builds(
    Outcome, TEXT, TEXT, TEXT, NUMBER, NUMBER, TEXT, TEXT,
    st.sampled_from(VERDICTS), st.sampled_from(TIERS),
    reason=TEXT, seconds=st.floats(0, allow_infinity=False), date=DATE, hash=TEXT,
    interpreter=TEXT, packages=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
    output=TEXT, cut=st.booleans(), expected=st.none() | TEXT,
    error=st.none() | ERRORS, terms=st.none() | TERMS,
)  # fmt: skip
PROBLEMS = st.builds(ContractProblem, TEXT, NUMBER, TEXT, TEXT)
REPORTS = st.builds(
    Report,
    st.lists(OUTCOMES, max_size=4, unique_by=lambda one: one.id).map(tuple),
    TEXT,
    st.lists(PROBLEMS, max_size=2, unique=True).map(tuple),
)


def in_order(report):
    return dataclasses.replace(
        report,
        outcomes=tuple(sorted(report.outcomes, key=lambda o: (o.path, o.line, o.address))),
        problems=tuple(sorted(report.problems, key=dataclasses.astuple)),
    )


@given(REPORTS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_saved_is_loaded(report):
    with tempfile.TemporaryDirectory() as folder:
        path = default_path(Path(folder))
        save(path, report)
        assert load(path) == in_order(report)
        written = json.loads(path.read_bytes().decode())
        VALIDATOR.validate(written)
        known = SCHEMA["$defs"]["result"]["properties"].keys()
        assert all(row.keys() <= known for row in written["results"])
        said, counts = peek(path)
        assert said in (report.state, "")
        assert said == report.state or not report.state.isalnum() or not report.state.isascii()
        assert counts == written["summary"]
        other = Journal(path.with_name("other.json"))
        for outcome in report.outcomes:
            other.add(outcome)
        other.close()
        assert (load(path.with_name("other.json")) or Report(())).outcomes == load(path).outcomes


# Few snippets and few dates, so that the same are met again.
ALIKE = st.builds(
    one, st.sampled_from("ab"), TEXT, st.sampled_from(("", DAY, "2026-01-02T03:04:06Z"))
)  # fmt: skip
ALIKES = st.builds(Report, st.lists(ALIKE, max_size=4).map(tuple), TEXT, st.just((PROBLEM,)))


@given(st.lists(ALIKES | REPORTS, min_size=3, max_size=3))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_merging_has_no_order(reports):
    a, b, c = reports
    assert merge((a, b)) == merge((b, a))
    assert merge((merge((a, b)), c)) == merge((a, merge((b, c)))) == merge(reports)


def test_the_newest_verdict_counts_in_a_merge():
    new = one("a", "new", date="2026-01-02T03:04:06Z")
    a, b = Report((one("a", "old"), one("b")), "s", (PROBLEM,)), Report((new,), "s")
    assert merge((a, b)) == merge((b, a)) == Report((new, one("b")), "", (PROBLEM,))
    assert merge(()) == Report(())


# The schema.


def objects(schema, where="", value=None):
    """Yield the objects that the schema describes, with where they are."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = SCHEMA["$defs"][name]
    if schema.get("type") == "object":
        yield where, schema, value
        for key, inner in schema.get("properties", {}).items():
            if value is not None and key in value:
                yield from objects(inner, f"{where}/{key}", value[key])
    elif schema.get("type") == "array" and isinstance(schema.get("items"), dict) and value:
        yield from objects(schema["items"], f"{where}/-1", value[-1])


def full(path):
    save(path, REPORT)
    return json.loads(path.read_text())


REQUIRED = [
    (where, key)
    for where, keys in {
        "": ["$schema", "version", "root", "state", "summary", "problems", "results"],
        "/summary": ["total", "verdicts", "tiers"],
        "/summary/verdicts": VERDICTS,
        "/summary/tiers": TIERS,
        "/problems/-1": ["path", "line", "text"],
        "/results/-1": [
            "path", "address", "agent", "line", "end", "digest", "verdict", "tier",
        ],
        "/results/-1/error": ["text"],
        "/results/-1/artefacts/-1": ["kind", "name", "hash", "data"],
        "/results/-1/terms": ["path", "line"],
    }.items()
    for key in keys
]  # fmt: skip


@pytest.mark.parametrize(("where", "key"), REQUIRED)
def test_what_is_required_is_required(path, where, key):
    whole = full(path)
    VALIDATOR.validate(whole)
    part = whole
    for step in where.split("/")[1:]:
        part = part[-1] if step == "-1" else part[step]
    del part[key]
    assert not VALIDATOR.is_valid(whole)
    if "-1" in where:
        path.write_text(json.dumps(whole))
        report = load(path)
        assert (len(report.outcomes), len(report.problems)) == (
            (1, 1) if "results" in where else (2, 0)
        )


def test_the_schema_is_whole(path):
    VALIDATOR.check_schema(SCHEMA)
    found = list(objects(SCHEMA, value=full(path)))
    assert {
        (where, key) for where, schema, _ in found for key in schema.get("required", ())
    } == set(REQUIRED)
    for where, schema, value in found:
        if "properties" not in schema:
            continue  # an artefact's own data
        assert not [k for k, inner in schema["properties"].items() if not inner["description"]], (
            where
        )
        assert value.keys() == schema["properties"].keys(), "FULL has all that there can be"
    result = SCHEMA["$defs"]["result"]["properties"]
    assert list(result) == [field.name for field in dataclasses.fields(Outcome)]
    assert tuple(result["verdict"]["enum"]) == VERDICTS
    assert tuple(result["tier"]["enum"]) == TIERS
    for name, kind in (("error", Error), ("terms", Terms)):
        assert list(result[name]["properties"]) == [
            field.name for field in dataclasses.fields(kind)
        ]


# What is read.


def test_there_may_be_nothing(path):
    assert load(path) is None
    path.parent.mkdir()
    assert load(path) is None
    path.with_suffix(".d").mkdir()
    assert load(path) is None
    assert peek(path) == ("", {})


BROKEN = {
    "empty": b"",
    "no JSON": b"{",
    "no object": b"[]",
    "version": b'{"version": 2, "results": []}',
    "true": b'{"version": true, "results": []}',
    "float": b'{"version": 1.0, "results": []}',
    "no version": b'{"results": []}',
    "no results": b'{"version": 1}',
    "no list": b'{"version": 1, "results": 3}',
    "problems": b'{"version": 1, "results": [], "problems": 3}',
    "bytes": b'{"version": 1, "results": [], "x": "\xff"}',
    "deep": b'{"version": 1, "results": ' + b"[" * 100_000,
    "number": b'{"version": 1, "results": [' + b"9" * 5000 + b"]}",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_no_file(path, data):
    path.parent.mkdir()
    path.write_bytes(data)
    assert load(path) is None
    assert peek(path) == ("", {})
    compact(path, "s")
    assert load(path) == Report((), "s")


def test_a_torn_file_is_no_file(path):
    save(path, REPORT)
    data = path.read_bytes()
    whole = load(path)
    for size in range(len(data)):
        path.write_bytes(data[:size])
        assert load(path) == (whole if size == len(data) - 1 else None), size


def test_a_file_of_another_version_that_is_ours_is_no_file(path):
    save(path, REPORT)
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 10'))
    assert load(path) is None
    assert peek(path) == ("", {})


@pytest.mark.parametrize("indent", [None, 0, 2])
def test_a_file_may_be_laid_out_otherwise(path, indent):
    whole = full(path)
    report = load(path)
    for part in (whole, *whole["results"], *whole["problems"], whole["results"][-1]["terms"]):
        part["unknown"] = {"x": [1]}
    path.write_text(json.dumps(whole, indent=indent, sort_keys=True))
    assert load(path) == report
    assert peek(path) == ("", {})


def test_a_layout_that_looks_like_ours_is_not_taken_for_it(path):
    save(path, Report((one("a"),), "s"))
    path.write_text(json.dumps(json.loads(path.read_text()), indent=0) + "\n")
    assert load(path) == Report((one("a"),), "s")


def test_limits_of_size_hold(path, monkeypatch):
    save(path, REPORT)
    size = path.stat().st_size
    report = load(path)
    monkeypatch.setattr(results, "LIMIT", size)
    assert load(path) == report
    monkeypatch.setattr(results, "LIMIT", size - 1)
    assert load(path) is None
    monkeypatch.undo()
    monkeypatch.setattr(journal, "LINE", len(journal.line(FULL)) - 1)
    assert ids(load(path)) == {"a": ""}
    monkeypatch.undo()
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert load(path) == report
    monkeypatch.setattr(results, "_OTHERS", path.stat().st_size - 1)
    assert load(path) is None


def test_journals_have_a_limit_together(path, monkeypatch):
    for name in "ab":
        with Journal(path) as writer:
            writer.add(one(name))
    size = journals(path)[0].stat().st_size
    monkeypatch.setattr(journal, "LIMIT", 2 * size)
    assert len(load(path).outcomes) == 2
    monkeypatch.setattr(journal, "LIMIT", 2 * size - 1)
    assert len(load(path).outcomes) == 1


WRONG = {
    "text": [1, None, True, ["a"], {}],
    "number": ["1", None, True, -1, 1.5, 2**53, []],
    "seconds": ["1", None, True, -1, float("nan"), float("inf"), 10**400],
    "cut": [1, "true", None],
    "packages": ["ab", ["ab"], [["a"]], [["a", 1]], {"ab": "cd"}, [["a", "b", "c"]], None],
    "verdict": ["good", 1, [], None],
    "tier": ["good", 1, {}, None],
    "error": ["E", [], {}, {"text": 1}, {"text": "E", "line": "1"}, None],
    "terms": ["T", {"path": "p"}, {"path": "p", "line": 1, "after": "a"}, None],
}
CASES = [
    (field.name, value)
    for field in dataclasses.fields(Outcome)
    for value in WRONG.get(
        field.name, WRONG["number" if field.name in ("line", "end") else "text"]
    )
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), CASES)
@pytest.mark.parametrize("indent", [None, 0])
def test_a_wrong_type_costs_one_result_and_the_state(path, key, value, indent):
    save(path, Report((one("a"), one("b")), "s"))
    if indent is None:
        head, rows = path.read_text().split('"results": [\n')
        first, second = rows.splitlines()[:2]
        row = json.dumps(json.loads(second) | {key: value})
        path.write_text(f'{head}"results": [\n{first}\n{row}\n]\n}}\n')
    else:
        whole = json.loads(path.read_text())
        whole["results"][1][key] = value
        path.write_text(json.dumps(whole, indent=indent))
    assert load(path) == Report((one("a"),), "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_stands_there_nothing_raises(data):
    with tempfile.TemporaryDirectory() as folder:
        path = default_path(Path(folder))
        whole = full(path)
        part = data.draw(
            st.sampled_from(
                (whole, whole["results"][1], whole["results"][1]["terms"], whole["problems"][0])
            )
        )
        part[data.draw(st.sampled_from(sorted(part)))] = data.draw(JSON)
        path.write_text(json.dumps(whole, indent=data.draw(st.sampled_from((None, 1)))))
        report = load(path)
        peek(path)
        root_of(path)
        if report:
            save(path, report)
            assert load(path) == report
            VALIDATOR.validate(json.loads(path.read_text()))


def test_only_plain_files_are_read(path, tmp_path):
    save(tmp_path / "real.json", REPORT)
    path.parent.mkdir()
    path.symlink_to(tmp_path / "real.json")
    assert load(path) is None
    assert peek(path) == ("", {})
    path.unlink()
    os.mkfifo(path)
    assert load(path) is None
    assert peek(path) == ("", {})
    path.unlink()
    path.mkdir()
    assert load(path) is None
    assert load(f"{path}\0") is None


# What must not be written through.


def write_by_journal(path):
    with Journal(path) as writer:
        writer.add(one())


WAYS = {
    "save": lambda path: save(path, REPORT),
    "compact": lambda path: compact(path, "s"),
    "journal": write_by_journal,
}
LINKS = [
    ("save", "results.json"), ("save", "results.tmp"), ("save", "results.lock"), ("save", ""),
    ("compact", "results.json"), ("compact", "results.tmp"), ("compact", "results.lock"),
    ("compact", "results.d"), ("compact", ""), ("journal", "results.d"), ("journal", ""),
]  # fmt: skip


@pytest.mark.parametrize(("way", "name"), LINKS)
@pytest.mark.parametrize("dangling", [False, True])
@pytest.mark.security("SEC-25")
def test_no_planted_link_is_followed(path, tmp_path, way, name, dangling):
    victim = tmp_path / "elsewhere"
    folder = name in ("", "results.d")
    if not dangling:
        victim.mkdir() if folder else victim.write_text("secret")
    if name:
        path.parent.mkdir()
    link = path.parent / name
    link.symlink_to(victim)
    with pytest.raises(ResultsError, match=f"{name or '.agentdocs'}: is a symbolic link") as caught:
        WAYS[way](path)
    assert str(caught.value) == f"{caught.value.path}: {caught.value.text}"
    assert link.is_symlink()
    if dangling:
        assert not victim.exists()
    else:
        assert (list(victim.iterdir()) == []) if folder else (victim.read_text() == "secret")
    assert load(path) is None or name in ("results.lock", "results.tmp")


@pytest.mark.parametrize("name", ["results.json", "results.tmp"])
def test_what_is_no_file_is_not_replaced(path, name):
    (path.parent / name).mkdir(parents=True)
    with pytest.raises(ResultsError, match="no plain file"):
        save(path, REPORT)


@pytest.mark.security("SEC-25")
def test_a_hard_link_is_cut_and_not_written_through(path, tmp_path):
    (tmp_path / "secret").write_text("secret")
    path.parent.mkdir()
    for name in ("results.json", "results.tmp"):
        (path.parent / name).hardlink_to(tmp_path / "secret")
    save(path, REPORT)
    assert (tmp_path / "secret").read_text() == "secret"
    assert load(path).state == "abc"


def test_a_folder_that_becomes_a_link_meanwhile_is_not_followed(path, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    real = results.text

    def swap(*args):
        path.parent.rename(tmp_path / "moved")
        path.parent.symlink_to(tmp_path / "elsewhere")
        return real(*args)

    monkeypatch.setattr(results, "text", swap)
    save(path, REPORT)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert (tmp_path / "moved/results.json").exists()


@pytest.mark.parametrize("way", WAYS)
def test_what_cannot_be_written_is_said(tmp_path, way):
    with pytest.raises(ResultsError, match="No such file") as caught:
        WAYS[way](tmp_path / "absent" / "folder" / "results.json")
    assert caught.value.path == str(tmp_path / "absent" / "folder")


# Journals.


def test_what_was_appended_counts_at_once(path):
    save(path, REPORT)
    writer = Journal(path)
    assert journals(path) == []
    writer.add(one("a", "new", date="2026-01-02T03:04:06Z"))
    writer.add(one("c"))
    assert ids(load(path)) == {"a": "new", "c": "", "full": "why"}
    assert [file.read_bytes().count(b"\n") for file in journals(path)] == [2]
    writer.close()
    assert load(path).problems == (PROBLEM,)


def test_as_long_as_there_are_journals_there_is_no_state(path):
    save(path, REPORT)
    assert (load(path).state, peek(path)[0]) == ("abc", "abc")
    write_by_journal(path)
    assert (load(path).state, peek(path)[0]) == ("", "")
    compact(path, "def")
    assert (load(path).state, peek(path)[0]) == ("def", "def")


def test_of_one_snippet_the_latest_verdict_counts(path):
    with Journal(path) as writer:
        writer.add(one("a", "first"))
        writer.add(one("a", "second"))
        writer.add(one("a", "older", date="2025-01-01T00:00:00Z"))
        writer.add(one("b", "older", date="2025-01-01T00:00:00Z"))
        writer.add(one("c", "same"))
    assert ids(load(path)) == {"a": "second", "b": "older", "c": "same"}
    save(path, Report((one("b", "newer"), one("c", "before"))))
    assert ids(load(path)) == {"a": "second", "b": "newer", "c": "same"}
    assert ids(compact(path)) == {"a": "second", "b": "newer", "c": "same"}


@pytest.mark.parametrize("date", ["9999-12-31T00:00:00Z", "now"])
def test_a_date_that_is_to_come_hides_nothing(path, date):
    save(path, Report((one("a", "planted", date=date),)))
    write_by_journal(path)
    assert ids(load(path)) == {"a": ""}


def test_a_torn_journal_has_all_but_what_was_torn(path):
    written = [one("a", "ü"), one("b", "😀\udc80"), FULL]
    with Journal(path) as writer:
        for outcome in written:
            writer.add(outcome)
    [file] = journals(path)
    data = file.read_bytes()
    ends = [n for n, byte in enumerate(data) if byte == ord("\n")]
    starts = [0, *(end + 1 for end in ends[:-1])]
    for cut in range(len(data) + 1):
        file.write_bytes(data[:cut])
        before = [o for o, end in zip(written, ends, strict=True) if end <= cut]
        assert (load(path) or Report(())).outcomes == tuple(before), cut
        file.write_bytes(data[cut:])
        after = [o for o, start in zip(written, starts, strict=True) if start >= cut]
        assert (load(path) or Report(())).outcomes == tuple(after), cut


@pytest.mark.parametrize(
    "junk",
    [b"", b"{}", b"[]", b"\xff", b"{" * 9999, b"[" * 99_999, b"1" * 5000, b'{"path": "x.md"}'],
)
def test_a_line_that_is_none_is_passed_over(path, junk):
    with Journal(path) as writer:
        writer.add(one("a"))
        [file] = journals(path)
        with file.open("ab") as stream:
            stream.write(junk + b"\n" + journal.line(one("b")) + b"\n")
        writer.add(one("c"))
    assert ids(load(path)) == {"a": "", "b": "", "c": ""}


def test_a_journal_that_is_a_link_is_neither_read_nor_removed(path, tmp_path):
    write_by_journal(path)
    [file] = journals(path)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert load(path) is None
    assert compact(path).outcomes == ()
    assert file.is_symlink()


def test_a_write_that_is_cut_short_costs_one_outcome(path, monkeypatch):
    writer = Journal(path)
    writer.add(one("a"))
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:-9]))
    with pytest.raises(ResultsError, match="full"):
        writer.add(one("b"))
    monkeypatch.undo()
    writer.add(one("c"))
    writer.close()
    assert ids(load(path)) == {"a": "", "c": ""}

    def fail(fd, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(ResultsError, match="No space left"):
        writer.add(one("d"))
    monkeypatch.undo()
    writer.close()


def test_an_outcome_is_one_write(path, monkeypatch):
    written = []
    writer = Journal(path)
    writer.add(one("a"))
    monkeypatch.setattr(os, "write", lambda fd, data: written.append(data) or len(data))
    writer.add(FULL)
    monkeypatch.undo()
    writer.close()
    assert written == [journal.line(FULL) + b"\n"]


# Folding.


def test_folding_leaves_one_file(path):
    save(path, REPORT)
    write_by_journal(path)
    report = compact(path, "s")
    assert names(path) == [".gitignore", "results.d", "results.json", "results.lock"]
    assert load(path) == report == in_order(dataclasses.replace(REPORT, state="s"))


def test_folding_drops_snippets_that_are_gone(path):
    save(path, Report((one("a"), one("b"), one("c"))))
    with Journal(path) as writer:
        writer.add(one("d"))
        writer.add(one("e"))
    report = compact(path, "s", keep=["x.md::b", "x.md::d", "x.md::z"])
    assert ids(report) == ids(load(path)) == {"b": "", "d": ""}
    assert compact(path, "s", keep=()).outcomes == ()


def test_folding_keeps_or_replaces_problems(path):
    save(path, REPORT)
    assert compact(path).problems == (PROBLEM,)
    other = ContractProblem("b.yaml", 1, "t")
    assert compact(path, problems=[other]).problems == (other,)
    assert compact(path, problems=()).problems == load(path).problems == ()


def test_a_journal_goes_on_after_folding(path):
    writer = Journal(path)
    for name in "abc":
        writer.add(one(name))
        assert ids(compact(path)).keys() == set("abc"[: "abc".index(name) + 1])
        assert journals(path) == []
    writer.add(one("d"))
    writer.close()
    assert ids(load(path)).keys() == set("abcd")


def test_a_journal_goes_on_after_its_folder_was_removed(path):
    writer = Journal(path)
    writer.add(one("a"))
    shutil.rmtree(path.parent)
    writer.add(one("b"))
    writer.close()
    assert ids(load(path)) == {"b": ""}


def test_folding_elsewhere_does_not_end_a_journal(path, tmp_path):
    with Journal(path) as writer:
        writer.add(one("a"))
        compact(tmp_path / "results.json")
        writer.add(one("b"))
        assert len(journals(path)) == 1


def test_threads_lose_nothing_to_folding(path):
    writer = Journal(path)

    def write(name):
        for n in range(150):
            writer.add(one(f"{name}{n}"))

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        compact(path)
    assert len(compact(path).outcomes) == 300
    assert journals(path) == []


@pytest.fixture
def other(path):
    """Return a journal as another process has it, which folding does not end."""
    writer = Journal(path)
    writer.add(one("a"))
    journal._OPEN.discard(writer)
    yield writer
    writer.close()


def test_the_journal_of_a_living_writer_stays(path, other):
    assert ids(compact(path)) == {"a": ""}
    other.add(one("b"))
    assert len(journals(path)) == 1
    assert ids(load(path)) == {"a": "", "b": ""}
    other.close()
    assert ids(compact(path)) == {"a": "", "b": ""}
    assert journals(path) == []


def test_a_writer_that_ends_while_its_journal_is_folded_loses_nothing(path, other, monkeypatch):
    real = journal.entries

    def end(folder):
        found = real(folder)
        other.add(one("b"))
        other.close()
        return found

    monkeypatch.setattr(journal, "entries", end)
    compact(path)
    monkeypatch.undo()
    assert ids(load(path)) == {"a": "", "b": ""}


def test_what_is_folded_while_it_is_loaded_is_found(path, monkeypatch):
    save(path, REPORT)
    with Journal(path) as writer:
        writer.add(one("new"))
    real = results._file

    def fold(path):
        found = real(path)
        monkeypatch.undo()
        compact(path, "s")
        return found

    monkeypatch.setattr(results, "_file", fold)
    assert "new" in ids(load(path))
    assert journals(path) == []


def test_a_journal_that_is_just_made_is_not_taken_for_one_that_was_left(path, monkeypatch):
    real = journal.lock
    taken = []

    def compactor_first(fd):
        monkeypatch.undo()
        with journal.shelf(path) as folder:
            taken.append(folder.journals())
            assert journal.left(folder) == []
            assert folder.journals() == []
        return real(fd)

    monkeypatch.setattr(journal, "lock", compactor_first)
    write_by_journal(path)
    assert len(taken[0]) == 1
    assert ids(load(path)) == {"a": ""}


def python(code, *args, **rest):
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)], stdout=subprocess.PIPE, env=environment, **rest
    )  # fmt: skip


def test_without_locks_a_writer_is_known_by_its_number(path, monkeypatch):
    done = python("")
    done.communicate()
    shelf = path.with_suffix(".d")
    shelf.mkdir(parents=True)
    host = journal._HOST
    line = journal.line(one("a")) + b"\n"
    left = f"{host}-{done.pid}-0.jsonl"
    for name in (left, f"{host}-{os.getpid()}-0.jsonl", f"{host}x-{done.pid}-0.jsonl", "x.jsonl"):
        (shelf / name).write_bytes(line)
    monkeypatch.setattr(journal, "lock", lambda fd: None)
    assert ids(compact(path)) == {"a": ""}
    assert left not in {file.name for file in journals(path)}
    assert len(journals(path)) == 3


FORK = """
import os, sys
from pathlib import Path
from agentdocs.verify.results import Journal, compact, load
from test_results import one, journals

def own(pid):
    return [n.name for n in journals(path) if f"-{pid}-" in n.name]

path = Path(sys.argv[1])
to_child, to_parent = os.pipe(), os.pipe()
writer = Journal(path)
writer.add(one("a"))
child = os.fork()
if not child:
    os.close(to_child[1])  # Or it would wait for itself if its parent fails.
    if sys.argv[2] == "folds":
        compact(path)
        assert own(os.getppid()), "the child removed what its parent still writes"
    if sys.argv[2] != "waits":
        writer.add(one("b"))
    os.write(to_parent[1], b".")
    os.read(to_child[0], 1)
    writer.add(one("d"))
    os.write(to_parent[1], b".")
    os.read(to_child[0], 1)
    os._exit(0)
os.close(to_parent[1])
assert os.read(to_parent[0], 1)
writer.add(one("c"))
compact(path)
assert not own(os.getpid()), "the child keeps the file of its parent"
assert own(child) or sys.argv[2] == "waits", "the parent removed what its child still writes"
os.write(to_child[1], b".")
assert os.read(to_parent[0], 1)
os.write(to_child[1], b".")
os.waitpid(child, 0)
compact(path)
assert not journals(path)
print(*sorted(o.address for o in load(path).outcomes))
"""


@pytest.mark.parametrize("child", ["folds", "adds", "waits"])
def test_a_fork_and_its_parent_leave_each_other_alone(path, child):
    run = subprocess.run(
        [sys.executable, "-c", FORK, str(path), child],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(PACKAGE.parent), str(Path(__file__).parent)))},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    written = ["a", *(["b"] if child != "waits" else []), "c", "d"]
    assert (run.stdout.split(), run.stderr) == (written, "")


FORK_WHILE_LOCKED = """
import os, signal, sys
from agentdocs.verify import results
from agentdocs.verify.model import Report

real = results.text
children = []

def fork(*args):
    children.append(os.fork())
    if not children[0]:
        signal.pause()
    return real(*args)

results.text = fork
results.save(sys.argv[1], Report(()))
results.text = real
results._PATIENCE = 0.1
try:
    results.save(sys.argv[1], Report(()))
finally:
    os.kill(children[0], signal.SIGKILL)
"""


def test_a_fork_does_not_keep_the_lock(path):
    run = python(FORK_WHILE_LOCKED, path)
    run.communicate()
    assert run.returncode == 0


def test_who_holds_the_file_for_ever_is_not_waited_for(path, monkeypatch):
    monkeypatch.setattr(results, "_PATIENCE", 0.02)
    path.parent.mkdir()
    with path.with_suffix(".lock").open("w") as file:
        assert journal.lock(file.fileno())
        for way in ("save", "compact"):
            with pytest.raises(ResultsError, match="another process"):
                WAYS[way](path)
    save(path, REPORT)


WRITER = """
import os, sys
from agentdocs.verify.model import Outcome
from agentdocs.verify.results import Journal, compact
path, name, count, every, kinds = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
with Journal(path) as journal:
    for n in range(count):
        date = f"2026-01-01T00:00:00.{n:09}Z"
        journal.add(Outcome(name, str(n % kinds), name, 1, 2, "", "", "passed", "runs", str(n), date=date))
        os.write(1, b"%d " % n)
        if n % every == every - 1:
            compact(path, "state")
"""


def test_a_kill_at_any_moment_loses_no_outcome_that_was_added(path):
    """Five writers at a time fold and are killed, in one folder, ten times over."""
    moments = random.Random(7)
    last = {}
    for turn in range(10):
        writers = [
            (f"{turn}-{n}.md", python(WRITER, path, f"{turn}-{n}.md", 10**6, 4, 20))
            for n in range(5)
        ]  # fmt: skip
        for name, writer in writers:
            heard = writer.stdout.read(1)
            time.sleep(moments.random() * 0.02)
            writer.send_signal(signal.SIGKILL)
            heard += writer.stdout.read()
            assert writer.wait() == -signal.SIGKILL
            writer.stdout.close()
            for n in map(int, heard.split(b" ")[:-1]):
                last[f"{name}::{n % 20}"] = n
            if path.exists():
                json.loads(path.read_bytes())
            found = {outcome.id: int(outcome.reason) for outcome in load(path).outcomes}
            assert not {id for id, n in last.items() if found.get(id, -1) < n}
    VALIDATOR.validate(json.loads(path.read_bytes()))
    compact(path, "s")
    assert names(path) == [".gitignore", "results.d", "results.json", "results.lock"]
    assert len(last) > 100


def test_two_who_write_and_fold_at_once_lose_nothing(path):
    writers = [python(WRITER, path, name, 200, every, 200) for name, every in (("a", 3), ("b", 7))]
    while any(writer.poll() is None for writer in writers):
        compact(path)
        report = load(path)
        assert report == dataclasses.replace(report, outcomes=tuple(sorted(
            report.outcomes, key=lambda o: (o.path, o.line, o.address)
        )))  # fmt: skip
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    assert len(compact(path).outcomes) == 400
    assert journals(path) == []


# The head.

COLD = """
import sys
before = set(sys.modules)
sys.path.insert(0, sys.argv[1])
import state
print(state.peek(sys.argv[2])[0], *sorted(set(sys.modules) - before - {"state"}))
"""


def test_the_head_needs_no_module_that_python_has_not_loaded(path):
    save(path, REPORT)
    said, _ = python(COLD, PACKAGE / "verify", path).communicate()
    assert said.split() == [b"abc"]


def test_of_the_head_only_its_size_is_read(path, monkeypatch):
    save(path, REPORT)
    size = path.read_bytes().index(b'"problems": [') + len(b'"problems": [')
    monkeypatch.setattr(state, "HEAD", size)
    assert peek(path)[0] == "abc"
    monkeypatch.setattr(state, "HEAD", size - 1)
    assert peek(path) == ("", {})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"summary": {"total": 2', '"summary": {"total": "2"'),
        ('"summary": {"total": 2', '"summary": {"total": two'),
        ('"summary": {"total": 2', '"summary": {"total'),
    ],
)
def test_a_head_that_is_not_ours_says_nothing(path, old, new):
    save(path, REPORT)
    path.write_text(path.read_text().replace(old, new))
    assert peek(path) == ("", {})


# Counts.


def test_totals_count_everything():
    found = totals([
        one("a"),
        one("b", verdict="failed", tier="none", language="bash"),
        one("c", verdict="passed", tier="checked", path="w.md"),
        one("d", verdict="skipped", tier="none"),
    ])  # fmt: skip
    assert found.total == 4
    assert found.verdicts == {"failed": 1, "unproved": 0, "skipped": 1, "passed": 2}
    assert list(found.verdicts) == list(VERDICTS)
    assert found.tiers == {
        "none": 2, "parses": 0, "names": 0, "imports": 0, "runs": 1, "checked": 1,
    }  # fmt: skip
    assert list(found.tiers) == list(TIERS)
    assert list(found.languages.items()) == [
        ("bash", {"failed": 1}),
        ("python", {"passed": 2, "skipped": 1}),
    ]
    assert list(found.agents.items()) == [
        ("w.md", {"passed": 1}),
        ("x.md", {"passed": 1, "failed": 1, "skipped": 1}),
    ]


@pytest.mark.parametrize(
    ("verdicts", "message", "color"),
    [
        ([], "0 of 0", "lightgrey"),
        (["passed"], "1 of 1", "brightgreen"),
        (["passed", "skipped"], "1 of 2", "brightgreen"),
        (["passed", "unproved"], "1 of 2", "yellow"),
        (["passed", "unproved", "failed"], "1 of 3", "red"),
    ],
)
def test_the_badge_says_how_many_are_proved(verdicts, message, color):
    report = Report(tuple(one(str(n), verdict=verdict) for n, verdict in enumerate(verdicts)))
    assert shield(report) == {
        "schemaVersion": 1, "label": "snippets proved", "message": message, "color": color,
    }  # fmt: skip

"""Contracts: what is read, what is refused, and in which words.

Cases stand as text in ``contracts/``: in ``form.txt`` what YAML is about, in ``said.txt`` what the
schema is about, in ``match.txt`` what the agent's snippets are about. To add a case, add text.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import pickle
import re
import sys
import time
from pathlib import Path

import pytest
import yaml
from agentdocs.model import Snippet
from agentdocs.verify.contract import checks as contract_checks
from agentdocs.verify.contract import schema as contract_schema
from agentdocs.verify.contract import yaml as contract_yaml
from agentdocs.verify.contract.edit import updated
from agentdocs.verify.contract.match import MAX_GUESSES
from agentdocs.verify.contract.read import (
    NONE,
    Contract,
    NeedsJsonschemaError,
    Requires,
    Rule,
    changed,
    content,
    contract_path,
    digest,
    match,
    moved,
    read,
)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

PROPERTY = settings(
    max_examples=150, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
FOLDER = Path(__file__).parent / "contracts"
PATH = "agents/x.verify.yaml"
DIGEST = "3f2a91c0b7de"
CASE = re.compile(r"^=== ([^\n]+)\n(.*?)^>>>\n(.*?)(?=^=== |\Z)", re.MULTILINE | re.DOTALL)
PARSERS = {"libyaml": getattr(yaml, "CSafeLoader", yaml.SafeLoader), "PyYAML": yaml.SafeLoader}


def cases(name):
    found = CASE.findall((FOLDER / name).read_text(encoding="utf-8"))
    assert found
    return [pytest.param(text, expected.split("\n"), id=title) for title, text, expected in found]


def lines(problems):
    assert all(problem.path == PATH for problem in problems)
    return [f"{p.line}: {p.text} {p.hint}".rstrip() for p in problems]


def snippets_of(codes):
    """Return snippets by address, each ten lines below the one before it."""
    return {
        address: Snippet(address, "python", "python", code, 10 * number, 10 * number + 3, "")
        for number, (address, code) in enumerate(codes.items(), 1)
    }


def rule_of(text, address="a"):
    contract, problems = read(PATH, text)
    assert problems == []
    return contract.rules[address]


# --- texts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS)
@pytest.mark.parametrize(("text", "expected"), [*cases("form.txt"), *cases("said.txt")])
def test_what_is_said(text, expected, parser, monkeypatch):
    """Whether or not PyYAML has libyaml, the words are the same."""
    monkeypatch.setattr(contract_yaml, "_LOADER", parser)
    _, problems = read(PATH, text)
    assert lines(problems) == [line for line in expected if line]


@pytest.mark.parametrize(("text", "expected"), cases("match.txt"))
def test_what_is_said_of_snippets(text, expected):
    contract, problems, snippets = matched(text)
    assert lines([*problems, *match(contract, snippets)]) == [line for line in expected if line]


def matched(text):
    """Return a case's contract, with its problems, and its snippets."""
    text, _, codes = text.partition("---\n")
    text = re.sub("<(.*?)>", lambda one: f'"{digest(one[1])}"', text)
    return *read(PATH, text), snippets_of(yaml.safe_load(codes))


@pytest.mark.parametrize("text", ["a: \x00", "\ud800", "a: \x1b[31m", "a: 1\n\ufeff", "\ufffe"])
def test_characters_that_yaml_refuses(text):
    contract, problems = read(PATH, text)
    assert contract == Contract(PATH)
    assert re.fullmatch(r"The character U\+[0-9A-F]{4} cannot stand in YAML\.", problems[0].text)
    assert [p.line for p in problems] == [text.count("\n") + 1]


def test_a_byte_order_mark_and_other_line_ends():
    text = f"snippets:\n  a:\n    digest: {DIGEST}\n    expect: |\n      x\n    chek: y\n"
    for other in ("\ufeff" + text, text.replace("\n", "\r\n"), text.replace("\n", "\r")):
        assert lines(read(PATH, other)[1]) == ["6: `chek` is not known here. Did you mean `check`?"]


# --- what is read --------------------------------------------------------------------------------


def case_of(name, title):
    found = CASE.findall((FOLDER / name).read_text(encoding="utf-8"))
    return next(text for one, text, _ in found if one == title)


def test_everything_is_read():
    contract, problems = read(PATH, case_of("form.txt", "everything"))
    assert problems == []
    assert contract.path == PATH
    assert contract.requires == Requires(
        ("fastapi>=0.100", 'uvicorn[standard] >= 0.20; python_version < "4"'),
        ("express", "@types/node@>=20 <23"),
        ("psql", "g++"),
    )
    assert (contract.timeout, contract.namespace, contract.broken) == (0.5, "file", frozenset())
    first, *others = contract.rules.values()
    assert first == Rule(
        "quick-start/serve-a-resource#2", 9, "123456789012",
        setup="Session = dict\n", check="assert total == 3", expect="3.10",
        after=("no", "examples.md:page-through-rows"),
        files=(("data/rows.csv", "id\n1\n"), ("empty.txt", "")),
        timeout=20.0, namespace="own", language="python",
        schema={"type": "object", "properties": {"id": {"minimum": 0}}}, fails="ValueError",
        lines=(
            ("digest", 10), ("setup", 12), ("check", 13), ("expect", 14), ("after", 15),
            ("files", 16), ("timeout", 17), ("namespace", 18), ("language", 19), ("schema", 20),
            ("fails", 21),
        ),
    )  # fmt: skip
    assert others == [
        Rule("null", 22, DIGEST, schema="../schemas/order.schema.json",
             lines=(("digest", 23), ("schema", 24))),
        Rule("examples.md:page-through-rows", 25, "3e1234567890", schema="snippet:no",
             lines=(("digest", 26), ("schema", 27))),
        Rule("no", 28, DIGEST, skip="needs an account", lines=(("digest", 28), ("skip", 28))),
    ]  # fmt: skip
    assert [rule.address for rule in contract.rules.values()] == list(contract.rules)


def test_what_a_contract_does_not_say():
    contract, problems = read(PATH, "")
    assert (contract, problems) == (Contract(PATH), [])
    assert (contract.timeout, contract.namespace, contract.requires) == (None, "shared", Requires())
    assert NONE.rules == {}


@pytest.mark.parametrize(
    ("written", "meant"),
    [("3.10", "3.10"), ("0x1F", "0x1F"), ("True", "True"), ("no", "no"), ("'null'", "null"),
     ("2024-01-01", "2024-01-01"), ("|\n      a\n       b\n", "a\n b\n"), ("''", "")],
)  # fmt: skip
def test_text_is_what_was_written(written, meant):
    text = f"snippets:\n  a:\n    digest: {DIGEST}\n    expect: {written}\n"
    assert rule_of(text).expect == meant


def test_seconds_and_addresses_have_one_form():
    text = f'snippets:\n  a: {{digest: {DIGEST}, timeout: 3, schema: "snippet:  b "}}\n'
    assert isinstance(rule_of(text).timeout, float)
    assert rule_of(text).schema == "snippet:b"


def test_a_number_that_python_refuses():
    """Python reads no number of more than 4,300 digits."""
    assert len(read(PATH, f"timeout: {'9' * 5_000}\n")[1]) == 1


@pytest.mark.parametrize(("length", "faults"), [(200, 0), (201, 1)])
def test_a_long_path(length, faults):
    text = f"snippets:\n  a: {{digest: {DIGEST}, files: {{{'x' * length}: y}}}}\n"
    assert ["more than 200" in p.text for p in read(PATH, text)[1]] == [True] * faults


@pytest.mark.parametrize(
    ("written", "meant"),
    [("1", 1), ("-0.5", -0.5), ("1e3", 1000.0), ("0x1F", 31), ("0o17", 15), ("017", 17),
     ("true", True), ("FALSE", False), ("~", None), ("null", None), ("yes", "yes"), ("1_000", "1_000"),
     ("1:30", "1:30"), ("2024-01-01", "2024-01-01"), ("'1'", "1"), (".inf", ".inf"), ("1e999", "1e999")],
)  # fmt: skip
def test_data_are_read_as_editors_do(written, meant):
    """YAML 1.2: ``no`` is text, and so are dates; JSON has no infinity."""
    text = f"snippets:\n  a:\n    digest: {DIGEST}\n    schema: {{const: {written}}}\n"
    read_ = rule_of(text).schema["const"]
    assert (read_, type(read_)) == (meant, type(meant))


def test_what_is_broken_is_left_out():
    text = f"""
requires: {{python: [httpx, "a >> 1"], npm: [express], programs: [/bin/sh]}}
timeout: ten
namespace: own
snippets:
  well: {{digest: {DIGEST}, timeout: 3}}
  typo: {{digest: {DIGEST}, timout: 3}}
  deep: {{digest: {DIGEST}, after: [3]}}
  twice: {{digest: {DIGEST}, timeout: 3, timeout: 4}}
  leaves: {{digest: {DIGEST}, files: {{../x: y}}}}
  gone: {{timeout: 3}}
  gone: {{digest: {DIGEST}, timeout: 3}}
"""
    contract, problems = read(PATH, text)
    assert contract.requires == Requires(npm=("express",))
    assert (contract.timeout, contract.namespace) == (None, "own")
    assert list(contract.rules) == ["well"]
    assert contract.broken == {"typo", "deep", "twice", "leaves", "gone"}
    assert [p.line for p in problems] == [2, 2, 3, 7, 8, 9, 10, 11, 12]


@pytest.mark.parametrize("key", ["requires", "timeout", "namespace", "snippets"])
def test_of_a_key_that_stands_twice_none_counts(key):
    values = {
        "requires": "{programs: [psql]}",
        "timeout": "3",
        "namespace": "own",
        "snippets": f"{{a: {{digest: {DIGEST}, timeout: 3}}}}",
    }
    assert read(PATH, f"{key}: {values[key]}\n")[0] != Contract(PATH)
    contract, problems = read(PATH, f"{key}: {values[key]}\n" * 2)
    assert contract == Contract(PATH)
    assert [p.line for p in problems] == [2]


def test_too_many_faults():
    """They are counted in the order of the file, and nothing is used."""
    text = "snippets:\n" + "".join(f"  a{n}: {{timeout: 3}}\n" for n in range(500))
    contract, problems = read(PATH, f"{text}  last: {{digest: {DIGEST}, timeout: 3}}\n")
    assert contract == Contract(PATH)
    assert [p.line for p in problems] == [*range(2, 102), 101]
    assert problems[-1].text == "There is more to mend; 100 faults are listed."


def test_contracts_are_data():
    contract, _ = read(PATH, case_of("form.txt", "everything"))
    assert pickle.loads(pickle.dumps(contract)) == contract
    assert isinstance(hash(contract), int)
    assert dict.fromkeys(contract.rules.values(), 1)


def test_the_content_of_a_rule_is_what_its_verdict_depends_on():
    text = case_of("form.txt", "everything")
    before, after = (read(PATH, one)[0].rules for one in (text, f"# comment\n\n{text}"))
    assert [r.line for r in before.values()] != [r.line for r in after.values()]
    assert [content(r) for r in before.values()] == [content(r) for r in after.values()]
    said = set(Rule.__dataclass_fields__) - {"address", "line", "lines"}
    assert len(content(before["no"])) == len(said - {"browser"})  # on which no verdict depends
    assert set(contract_schema.schema()["$defs"]["snippet"]["properties"]) == said


def test_the_line_on_which_a_value_begins():
    """An error in the second line of a setup is on the second line below its key."""
    entry = f"  a:\n    digest: {DIGEST}\n    setup: |   # why\n      x\n    check:\n      y\n"
    rule = rule_of(f"snippets:\n{entry}    after:\n      - b\n")
    keys = ("digest", "setup", "check", "after", "expect")
    assert [rule.line_of(key) for key in keys] == [3, 5, 7, 8, 2]


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "contract"),
    [("agents/x.md", "agents/x.verify.yaml"), ("kit/SKILL.md", "kit/SKILL.verify.yaml"),
     ("docs/tutorial.md", "docs/tutorial.verify.yaml"), ("x.MD", "x.verify.yaml"),
     ("x.txt", "x.txt.verify.yaml"), ("x", "x.verify.yaml"), (".md", ".verify.yaml"),
     ("a.md/x", "a.md/x.verify.yaml")],
)  # fmt: skip
def test_where_a_contract_stands(definition, contract):
    assert contract_path(definition) == contract


def test_digests():
    assert digest("print(1)\n") == hashlib.sha256(b"print(1)\n").hexdigest()[:12]
    assert digest("é") == hashlib.sha256("é".encode()).hexdigest()[:12]
    assert re.fullmatch("[0-9a-f]{12}", digest("\ud800"))


# --- what fits -----------------------------------------------------------------------------------


def test_where_code_went():
    contract, _, snippets = matched(
        case_of("match.txt", "a snippet before others moves them by one")
    )
    assert moved(contract, snippets) == {"a": "a#2", "a#2": "a#3"}
    assert changed(contract, snippets) == {}


def test_an_entry_never_moves_to_where_another_stays():
    title = "the place to which a snippet moved is that of an entry that stays"
    contract, _, snippets = matched(case_of("match.txt", title))
    assert moved(contract, snippets) == {}
    assert changed(contract, snippets) == {"a": digest("new"), "a#2": digest("one")}


def test_the_digest_that_an_entry_lacks():
    contract, _ = read(PATH, "snippets:\n  a: {timeout: 3}\n  b: {timeout: 3}\n")
    assert contract.rules == {}
    assert changed(contract, snippets_of({"a": "one"})) == {"a": digest("one")}


CODES = st.sampled_from(["one", "two", "three", "four"])
PLACES = st.sampled_from(["a", "a#2", "a#3", "b", "more.md:a"])
AGENTS = st.dictionaries(PLACES, CODES)


@PROPERTY
@given(AGENTS, AGENTS)
def test_an_update_makes_everything_fit_that_is_still_there(before, after):
    """No entry is lost, each keeps what it says, and it follows its code where that is free."""
    entries = "".join(
        f'  "{address}":\n    digest: "{digest(code)}"\n    expect: "{address}"\n'
        for address, code in before.items()
    )
    contract, problems = read(PATH, f"snippets:\n{entries}")
    assert problems == []
    snippets = snippets_of(after)
    renames = moved(contract, snippets)
    text = updated(f"snippets:\n{entries}", changed(contract, snippets), {}, renames)
    new, problems = read(PATH, text)
    assert problems == []
    assert {rule.expect for rule in new.rules.values()} == set(before)
    assert all(new.rules[place].expect == old for old, place in renames.items())
    assert all(renames[a] in after and after[renames[a]] == before[a] for a in renames)
    for problem in match(new, snippets):
        assert problem.text.startswith("There is no snippet")


def test_an_update_with_renames_in_circles_and_references():
    text = f"""snippets:
  a: {{digest: {digest("one")}, after: [b, "c"]}}   # first
  b: {{digest: {digest("two")}, schema: snippet:a}}
  c: {{digest: {digest("three")}, expect: ""}}
"""
    snippets = snippets_of({"b": "one", "a": "two", "c": "three"})
    contract, _ = read(PATH, text)
    after = updated(text, {}, {}, moved(contract, snippets))
    assert match(read(PATH, after)[0], snippets) == []
    assert (
        after
        == f"""snippets:
  b: {{digest: {digest("one")}, after: [a, "c"]}}   # first
  a: {{digest: {digest("two")}, schema: "snippet:b"}}
  c: {{digest: {digest("three")}, expect: ""}}
"""
    )


def test_problems_name_the_entry():
    """Who has an entry finds what is said of it by its line."""
    contract, problems, snippets = matched(case_of("match.txt", "addresses that are not there"))
    assert problems == []
    found = match(contract, snippets)
    assert {p.line for p in found} == {contract.rules["a"].line}


@pytest.mark.parametrize("number", [10, 5_000])
def test_a_long_chain_is_no_circle(number):
    after = "".join(f"  a{n}: {{digest: {DIGEST}, after: [a{n + 1}]}}\n" for n in range(number))
    text = f"snippets:\n{after}  a{number}: {{digest: {DIGEST}, timeout: 3}}\n"
    contract, _ = read(PATH, text)
    every = snippets_of(dict.fromkeys(contract.rules, ""))
    assert not [p for p in match(contract, every) if "circle" in p.text]
    contract, _ = read(PATH, text.replace("timeout: 3", "after: [a0]"))
    assert len([p for p in match(contract, every) if "circle" in p.text]) == 1


@pytest.mark.parametrize("there", ["start-{}-", "start-{}"])
def test_guesses_are_few(there):
    """Looking for similar addresses takes time; what is wrong is said all the same."""
    entry = '{{digest: "{}", after: [strat-1]}}'.format(digest("x"))
    text = "".join(f"  start-{n}: {entry}\n" for n in range(300))
    contract, _ = read(PATH, f"snippets:\n{text}")
    codes = {there.format(n): "x" if there == "start-{}" else str(n) for n in range(300)}
    found = match(contract, snippets_of(codes))
    assert len(found) == 300
    assert sum("Did you mean" in p.hint for p in found) == MAX_GUESSES


def test_circles_are_few():
    """A chain whose every link leads back has as many circles as links."""
    text = "".join(f"  a{n}: {{digest: {DIGEST}, after: [a{n + 1}, a0]}}\n" for n in range(300))
    contract, _ = read(PATH, f"snippets:\n{text}")
    found = match(contract, snippets_of(dict.fromkeys([*contract.rules, "a300"], "")))
    assert sum("circle" in p.text for p in found) == MAX_GUESSES


# --- any text ------------------------------------------------------------------------------------

PIECES = r"""
requires:
  python: [httpx]
  npm:
    - express
timeout: 10
timeout: ten
namespace: file
snippets:
  a:
  "b":
  ? c
    digest: 3f2a91c0b7de
    digest: "123456789012"
    setup: |
    check: >-
      assert x
    expect: |2+
       x
    expect:
    after: [a, b]
    files: {a.txt: x, ../b: y}
      a/b: x
    skip: needs an account
    schema: {type: strng}
    schema: snippet:a
    fails: [x
  # comment
---
...
- item
&a x
*a
!!set {}
{a: b
]
'
"
%YAML 1.1
<<: *x

"""
LINES = st.one_of(
    st.sampled_from([*PIECES.splitlines(), "\t- tab", "    check: a\x00", "  \ufeffx: 1", "a\r"]),
    st.text(max_size=15),
    st.text(st.characters(codec=None), max_size=5),
)
TEXTS = st.lists(LINES, max_size=20).map("\n".join)


@PROPERTY
@given(TEXTS)
@example("\ud800")
@example("a: &a [*a]\n")
@example("? ? ? ? a")
def test_any_text_is_read(text):
    contract, problems = read(PATH, text)
    for problem in (*problems, *match(contract, {})):
        assert 1 <= problem.line <= text.count("\n") + text.count("\r") + 1
        assert problem.text.endswith(".") and "something else" not in problem.text
        assert "\n" not in problem.text + problem.hint
        assert len(problem.text) < 400
    for rule in contract.rules.values():
        assert not any(path.startswith("/") or ".." in path.split("/") for path, _ in rule.files)
    assert not contract.rules.keys() & contract.broken
    assert isinstance(updated(text, {"a": DIGEST}, {"a": "x"}, {"a": "b"}), str)


WORDS = st.sampled_from([
    *contract_schema.schema()["properties"], *contract_schema.schema()["$defs"]["snippet"]["properties"],
    "python", "npm", "programs", "a", "b", "x/y#2", "type", "properties", "required", DIGEST,
])  # fmt: skip
PRINTED = st.sampled_from([*map(chr, range(32, 127)), "\n", "é", "\U00010000"])
LETTERS = st.text(PRINTED, max_size=12)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | LETTERS | WORDS
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5)
)
RULES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(contract_schema.schema()["$defs"]["snippet"]["properties"], DATA)
)
CONTRACTS = st.fixed_dictionaries(
    {},
    optional={
        "requires": DATA,
        "timeout": DATA,
        "namespace": DATA,
        "snippets": DATA | st.dictionaries(WORDS, RULES | DATA, max_size=4),
    },
)


@PROPERTY
@given(CONTRACTS)
def test_what_is_wrong_is_said_and_only_that(data):
    """JSON is YAML: whatever a schema refuses gets a sentence, and what it accepts gets none.

    That is, of a contract in which nothing but the schema can be wrong.
    """
    text = json.dumps(data, ensure_ascii=False)
    tree = contract_yaml.compose(text)
    plain = contract_yaml.value(tree.root)
    valid = Draft202012Validator(contract_schema.schema()).is_valid(plain)
    assert bool(contract_schema.faults(tree)) is not valid
    contract, problems = read(PATH, text)
    if not valid:
        assert problems
    broken = {
        str(f.at[1])
        for f in contract_schema.faults(tree)
        if len(f.at) > 1 and f.at[0] == "snippets"
    }
    assert not broken & contract.rules.keys()


# --- sizes ---------------------------------------------------------------------------------------


def filled(head, line, size=990_000):
    """Return ``head`` and as many lines as fit into the size."""
    parts = [head]
    while size > 0:
        parts.append(line(len(parts)))
        size -= len(parts[-1])
    return "".join(parts)


ENTRY = f"snippets:\n  a:\n    digest: {DIGEST}\n"
LARGE = {
    "a long comment": lambda: "#" * 990_000,
    "brackets": lambda: "[" * 990_000,
    "braces": lambda: '{"a":' * 190_000,
    "lists in lists": lambda: "- " * 490_000,
    "questions": lambda: "? " * 490_000,
    "a long quote": lambda: '"' + "x" * 990_000,
    "quotes": lambda: "'" * 990_000,
    "digits": lambda: "timeout: " + "9" * 990_000,
    "a long word": lambda: "namespace: " + "shared" * 160_000,
    "a long key": lambda: "? " + "x" * 990_000,
    "unknown keys": lambda: filled("", lambda n: f"k{n}: 1\n"),
    "one key": lambda: filled("", lambda n: "a: 1\n"),
    "empty entries": lambda: filled("snippets:\n", lambda n: f"  a{n}:\n"),
    "entries": lambda: filled("snippets:\n", lambda n: f"  a{n}: {{digest: {DIGEST}, timeout: 3}}\n"),
    "requirements": lambda: filled("requires:\n  python:\n", lambda n: f"  - a >> {n}\n"),
    "markers": lambda: filled("requires:\n  python:\n", lambda n: f"  - 'a; {'(' * 190}'\n"),
    "an npm package": lambda: "requires:\n  npm: [" + "a-" * 490_000 + "]",
    "files": lambda: filled(f"{ENTRY}    files:\n", lambda n: f"      a{n}/../../b: x\n"),
    "a deep file": lambda: f"{ENTRY}    files:\n      ? {'a/' * 480_000}x\n      : x\n",
    "a schema": lambda: filled(f"{ENTRY}    schema:\n      required:\n", lambda n: f"      - {{a: {n}}}\n"),
    "schemas": lambda: filled("snippets:\n", lambda n: f"  a{n}: {{digest: {DIGEST}, schema: {'{not: ' * 20}{{}}{'}' * 20}}}\n"),
    "a schema that is just not too large": lambda: f"{ENTRY}    schema: {{required: [{', '.join(f'{{a: {n}}}' for n in range(990))}]}}\n",
}  # fmt: skip


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
@pytest.mark.security("SEC-05")
def test_large_contracts_are_read_quickly(text):
    """A megabyte takes a few seconds of work at most, and no more than a hundred and one sentences."""
    text = text()
    start = time.process_time()
    contract, problems = read(PATH, text)
    found = match(contract, {})
    assert time.process_time() - start < 20
    assert len(problems) <= contract_schema.MAX_FAULTS + 1
    assert all(len(p.text) < 400 for p in (*problems, *found[:100]))


def test_a_contract_that_is_too_large():
    contract, problems = read(PATH, "#" * 1_000_001)
    assert contract == Contract(PATH)
    assert [p.text for p in problems] == ["The contract has more than 1,000,000 characters."]
    assert read(PATH, "#" * 1_000_000) == (Contract(PATH), [])


@pytest.mark.security("SEC-05")
def test_an_alias_bomb():
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 100)
    )
    start = time.process_time()
    assert [p.line for p in read(PATH, bomb)[1]] == [1]
    assert time.process_time() - start < 1


@pytest.mark.parametrize("depth", [19, 20])
def test_the_deepest_schema(depth):
    """What is not too deep can also be checked: no recursion is too deep for Python."""
    sign = "{not: "
    text = f"{ENTRY}    schema: {sign * depth}{{}}{'}' * depth}\n"
    assert read(PATH, text)[1] == []
    deepest = contract_yaml.MAX_DEPTH - 4
    too_deep = f"{ENTRY}    schema: {sign * (deepest + 1)}{{}}{'}' * (deepest + 1)}\n"
    assert "nested" in read(PATH, too_deep)[1][0].text


def test_nested_markers_cost_no_more_than_their_requirement():
    """Parentheses of a marker are read by recursion; who calls may be deep down himself."""
    text = f"requires:\n  python: ['a; {'(' * 190}']\n"
    assert len(read(PATH, text)[1]) == 1
    depth = len(inspect.stack(0))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 200)
    try:
        problems = read(PATH, text)[1]
    finally:
        sys.setrecursionlimit(limit)
    assert [p.text[:9] for p in problems] == ["pip canno"]


def test_a_small_contract_is_read_fast():
    """A library has hundreds of them: the validator is built once."""
    text = case_of("form.txt", "everything")
    read(PATH, text)
    assert contract_schema.validator() is contract_schema.validator()
    start = time.process_time()
    for _ in range(100):
        read(PATH, text)
    assert time.process_time() - start < 3


# --- the schema ----------------------------------------------------------------------------------

APPLICATORS = {"$ref", "properties", "items", "dependentSchemas"}
"""Keywords that refuse nothing themselves."""


def parts(schema, path=()):
    """Yield every schema within a schema, with the way to it."""
    yield path, schema
    for key in ("properties", "$defs", "dependentSchemas"):
        for name, inner in schema.get(key, {}).items():
            yield from parts(inner, (*path, key, name))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from parts(schema[key], (*path, key))


SCHEMA = json.loads(contract_schema.SCHEMA.read_text(encoding="utf-8"))
PARTS = {"/".join(path) or "all": part for path, part in parts(SCHEMA)}


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] and SCHEMA["description"]


SHOWN = {path: part for path, part in PARTS.items() if part.keys() & {"examples", "default"}}


@pytest.mark.parametrize("part", SHOWN.values(), ids=SHOWN)
def test_examples_of_the_schema_are_valid(part):
    validator = Draft202012Validator(SCHEMA).evolve(schema=part)
    for one in (*part.get("examples", ()), *([part["default"]] if "default" in part else ())):
        assert [error.message for error in validator.iter_errors(one)] == []


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_every_property_is_explained(part):
    """Editors show the title and the description."""
    for key, value in part.get("properties", {}).items():
        about = (
            PARTS["$defs/" + value["$ref"].rpartition("/")[2]] | value if "$ref" in value else value
        )
        assert about.get("title") and about.get("description"), key
        assert about.get("examples"), key


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_every_keyword_is_translated(part):
    keywords = part.keys() & Draft202012Validator.VALIDATORS.keys() - APPLICATORS
    if isinstance(part.get("additionalProperties"), dict):
        keywords -= {"additionalProperties"}
    assert keywords <= contract_schema.SAYINGS.keys()
    if keywords and "maxProperties" not in keywords:  # that of `skip` has a sentence of its own
        assert part["errorMessage"].startswith("must ")


def test_every_translation_is_seen():
    """The cases in text make use of every keyword, at every key of the schema."""
    seen, keys = set(), set()
    for _, text, _ in CASE.findall((FOLDER / "said.txt").read_text(encoding="utf-8")):
        data = contract_yaml.value(contract_yaml.compose(text).root)
        for error in contract_schema.validator().iter_errors(data):
            seen.add(error.validator)
            keys.update(str(step) for step in error.absolute_path)
    assert seen == contract_schema.SAYINGS.keys()
    known = {key for part in PARTS.values() for key in part.get("properties", ())}
    assert known <= keys


def test_without_jsonschema(monkeypatch):
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    contract_schema.validator.cache_clear()
    with pytest.raises(
        NeedsJsonschemaError, match=r"needs jsonschema: pip install 'agentdocs\[verify\]'"
    ):
        read(PATH, "timeout: 3\n")
    assert read(PATH, "") == (Contract(PATH), [])
    assert read(PATH, "[")[1]


def test_jsonschema_is_imported_late():
    """A library without contracts does not wait for it."""
    import subprocess

    code = "import sys, agentdocs.verify.contract.read; print('jsonschema' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=contract_schema.SCHEMA.parents[3],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout == "False\n"


def test_the_cost_of_schemas_in_a_contract_is_limited():
    one = "{required: [" + ", ".join(f"a{n}" for n in range(contract_checks.MAX_SCHEMA // 2)) + "]}"
    entry = f"{{digest: {DIGEST}, schema: {one}}}"
    assert read(PATH, f"snippets:\n  a: {entry}\n")[1] == []
    assert [p.line for p in read(PATH, f"snippets:\n  a: {entry}\n  b: {entry}\n")[1]] == [3]

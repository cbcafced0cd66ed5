"""Edited contracts: what is asked for changes, to the letter, and nothing else does."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import yaml
from agentdocs.verify.contract import yaml as contract_yaml
from agentdocs.verify.contract.edit import Found, initial, updated
from agentdocs.verify.contract.read import content, digest, read
from agentdocs.verify.contract.scalar import block, hexadecimal, name, quoted
from agentdocs.verify.contract.yaml import compose
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

PROPERTY = settings(
    max_examples=150, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
PATH = "agents/x.verify.yaml"
OLD, NEW = "3f2a91c0b7de", "0123456789ab"
PARSERS = {"libyaml": getattr(yaml, "CSafeLoader", yaml.SafeLoader), "PyYAML": yaml.SafeLoader}


@pytest.fixture(params=PARSERS.values(), ids=PARSERS)
def parser(request, monkeypatch):
    """Let PyYAML read with or without libyaml."""
    monkeypatch.setattr(contract_yaml, "_LOADER", request.param)


def rules(text):
    contract, problems = read(PATH, text)
    assert problems == []
    return contract.rules


# What programs print: above all what YAML could take for something of its own.
PIECES = ["", " ", "  ", "\t", "a", "# no comment", "- a", "a: b", "---", "...", "|", "'", '"', "\\",
          "é", "\x00", "\x1b[0m", "\r", "\x85", "\u2028", "\ufeff", "\ufffe", "\U0001f600", "…"]  # fmt: skip
OUTPUT_LINES = st.lists(st.sampled_from(PIECES), max_size=3).map("".join)
OUTPUTS = st.lists(OUTPUT_LINES, max_size=5).map("\n".join) | st.text(max_size=20)


# --- scalars -------------------------------------------------------------------------------------


@PROPERTY
@given(OUTPUTS)
def test_quoted_text_is_read_back(text):
    assert compose(f"k: {quoted(text)}").root.get("k").text == text
    assert "\n" not in quoted(text)


@PROPERTY
@given(OUTPUTS, st.sampled_from(["", "# c\n", "k2: v\n"]))
def test_blocks_are_read_back(text, rest):
    written = block(text)
    if written is not None:
        tree = compose(f"k: {written.header}\n{written.body(2)}{rest}")
        assert tree.root.get("k").text == text


@pytest.mark.parametrize(
    ("text", "header"),
    [("a\n", "|"), ("a", "|-"), ("a\n\n", "|+"), (" a\n", "|2"), ("\n a", "|2-"), ("\ta\n\n\n", "|2+"),
     ("a\n  b\n", "|"), ("a\n   ", "|-"), ("", None), ("\n", None), ("  \n", None), ("a\r\n", None),
     ("\x1b[1m", None), ("a\u2028b", None), ("a\x85", None), ("# a\n", "|"), ("---\n", "|")],
)  # fmt: skip
def test_how_a_text_is_written(text, header):
    written = block(text)
    assert (written.header if written else None) == header


def test_halves_of_characters_cannot_be_written():
    assert quoted("a\ud800") == '"a\ufffd"'


@PROPERTY
@given(
    st.text(max_size=12) | st.sampled_from(["no", "null", "1", "a#2", "x.md:y/z#2", "a: b", "~"])
)
def test_names_are_read_back(text):
    tree = compose(f"{name(text)}: [{name(text)}]")
    ((key, value),) = tree.root.pairs
    assert (key.text, value.items[0].text) == (text, text)
    assert compose(f"{{{name(text)}: 1}}").root.pairs[0][0].text == text


@pytest.mark.parametrize(
    ("text", "written"),
    [("quick-start/serve#2", "quick-start/serve#2"), ("more.md:rows", "more.md:rows"),
     ("größe", "größe"), ("no", '"no"'), ("2024-01-01", '"2024-01-01"'), ("a b.md:c", '"a b.md:c"')],
)  # fmt: skip
def test_how_an_address_is_written(text, written):
    assert name(text) == written


@pytest.mark.parametrize("text", ["123456789012", "12345678e901", "0b1010101010"])
def test_digests_that_look_like_numbers_are_quoted(text):
    assert hexadecimal(text) == f'"{text}"'
    assert hexadecimal(OLD) == OLD


# --- contracts of any form -----------------------------------------------------------------------

# Each is the lines of an entry below its key; DIGEST stands for a digest and # for a comment.
BLOCK_ENTRIES = [
    "digest: DIGEST   # one\ntimeout: 3\n",
    "\n# one\ndigest: DIGEST\n\n# two\nexpect: old   # three\n\n\n",
    "expect: 'old\n\n  text'\n\n    # deeper\ndigest: 'DIGEST'\n",
    "digest: DIGEST\nexpect: |   # one\n  old\n   text\n\n\n# two\ncheck: x\n",
    "expect: |+2\n   old\n\n\ndigest: DIGEST\n",
    "digest: DIGEST\nexpect: >-\n      old\n\n      text\n",
    "digest: DIGEST\nsetup: |+\n  x\n\n\n",
    "digest: DIGEST\nsetup: |\n  x\n\n\n",
    "digest: DIGEST\nsetup: |-\n  x\n   \n          \n  # two\n",
    "digest: DIGEST\nafter:\n  - x\n  - |\n    y\n\n# one\n",
    "digest: DIGEST\nfiles: {\n  a: b,   # one\n  c: d   # two\n  }   # three\n",
    'digest: "DIGEST"\nexpect:\n  old\nfails: x\n',
    "digest: |-\n  DIGEST\n\ncheck: x\n",
    "? digest\n: DIGEST\n? expect\n: old\n",
    "digest: DIGEST\nexpect: |\n  old\n      \n          \n# one\n",
    "digest: DIGEST\nexpect: old\n          \n            \n          # much deeper\n",
    "digest: DIGEST\nexpect: ''\n",
]
FLOW_ENTRIES = [
    " {digest: DIGEST, expect: old}   # one\n",
    ' {"digest":"DIGEST","timeout":3}\n',
    " {expect: 'old', digest: DIGEST,}\n",
    " {   # one\n      digest: DIGEST,   # two\n      timeout: 3   # three\n    }\n",
]


@st.composite
def contracts(draw):
    """Return the text of a contract and the addresses in it."""
    indent = " " * draw(st.sampled_from([1, 2, 4]))
    head = draw(st.sampled_from(["", "# head\ntimeout: 3\n\n", "---\n"]))
    parts, addresses = [f"{head}snippets:   # here\n"], []
    for number in range(draw(st.integers(1, 3))):
        address = draw(st.sampled_from(["a", '"more.md:b"', "c/d#2", "'no'"])) + str(number)
        address = re.sub("""(["'])(.)$""", r"\2\1", address)
        addresses.append(address.strip("\"'"))
        form = draw(st.sampled_from([*BLOCK_ENTRIES, *FLOW_ENTRIES]))
        form = form.replace("DIGEST", OLD)
        if form in (one.replace("DIGEST", OLD) for one in FLOW_ENTRIES):
            parts.append(f"{indent}{address}:{form}")
        else:
            lines = (f"{indent * 2}{line}" if line else "" for line in form.split("\n")[:-1])
            parts.append("\n".join([f"{indent}{address}:", *lines, ""]))
    text = "".join(
        [*parts, draw(st.sampled_from(["", "\n# end\n", "requires: {npm: [x]}   # end\n"]))]
    )
    if draw(st.booleans()):
        text = text.rstrip("\n")
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(["", "\ufeff"])) + text, addresses


def ended(text):
    """Return ``text`` as it is before something is added: its last line has an end."""
    return text if text.endswith("\n") else f"{text}\n"


def said(rule):
    return content(replace(rule, expect=""))


def comments(text):
    return re.findall(r"# \w+", text)


@PROPERTY
@given(contracts(), st.data())
def test_outputs_are_set_and_nothing_else_changes(contract, data):
    text, addresses = contract
    before = rules(text)
    assert list(before) == addresses
    wanted = data.draw(st.dictionaries(st.sampled_from(addresses), OUTPUTS))
    after = updated(text, {}, wanted)
    assert {a: r.expect for a, r in rules(after).items()} == {
        address: wanted.get(address, rule.expect) for address, rule in before.items()
    }
    for address, rule in rules(after).items():
        assert said(rule) in (said(before[address]), said(rules(ended(text))[address]))
    written = "".join(wanted.values())
    if "#" not in written:
        assert comments(after) == comments(text)
    assert updated(after, {}, wanted) == after
    assert after.startswith("\ufeff") == text.startswith("\ufeff")
    if "\r\n" in text and "\n" not in written.replace("\r\n", ""):
        assert "\n" not in after.replace("\r\n", "")
    if not wanted:
        assert after == text


@PROPERTY
@given(contracts(), st.data())
def test_untouched_entries_stay_to_the_byte(contract, data):
    """Also when the entries around them change; only white space at their end may go."""
    text, addresses = contract
    chosen = data.draw(st.sampled_from(addresses))
    after = updated(text, {chosen: NEW}, {chosen: data.draw(OUTPUTS)})
    tree, new = compose(text), compose(after)
    for address in addresses:
        if address != chosen:
            assert lines_of(tree, address) == lines_of(new, address)


def lines_of(tree, address):
    """Return the lines from an entry's key to its last value."""
    entries = tree.root.get("snippets")
    key, value = next(pair for pair in entries.pairs if pair[0].text == address)
    while value.kind != "scalar" and value.style != "{":
        value = value.items[-1] if value.items else value.pairs[-1][1]
    return tree.text[key.start : value.end].rstrip()


@PROPERTY
@given(contracts(), st.data())
def test_a_digest_is_all_that_changes(contract, data):
    text, addresses = contract
    chosen = data.draw(st.sets(st.sampled_from(addresses)))
    new = data.draw(st.sampled_from([NEW, "123456789012"]))
    after = updated(text, dict.fromkeys(chosen, new))
    assert {a: r.digest for a, r in rules(after).items()} == {
        address: new if address in chosen else OLD for address in addresses
    }
    plain = [re.sub(rf"[\"']?({OLD}|{new})[\"']?", "X", one) for one in (text, after)]
    if "|-" not in text:  # a digest in a block is put on the line of its key
        assert plain[0] == plain[1]
    assert updated(after, dict.fromkeys(chosen, new)) == after


@PROPERTY
@given(contracts(), st.data())
def test_renamed_entries_keep_what_they_say(contract, data):
    text, addresses = contract
    places = st.sampled_from([*addresses, "new", "x.md:y z", "null", "Ä/ö#2"])
    renames = data.draw(st.dictionaries(st.sampled_from(addresses), places))
    targets = list(renames.values())
    renames = {old: new for old, new in renames.items() if targets.count(new) == 1}
    before, after = rules(text), updated(text, {}, {}, renames)
    names = {old: renames.get(old, old) for old in addresses}
    for old, new in names.items():
        if new in set(addresses) - renames.keys():
            names[old] = old
    if len(set(names.values())) == len(names):
        assert list(rules(after)) == list(names.values())
        assert [content(r) for r in rules(after).values()] == [content(r) for r in before.values()]
        assert comments(after) == comments(text)


@PROPERTY
@given(contracts(), OUTPUTS)
def test_a_new_entry_is_added(contract, output):
    text, addresses = contract
    after = updated(text, {"new/one": NEW, "two": NEW}, {"new/one": output, "three": "x"})
    found = rules(after)
    assert list(found) == [*addresses, "new/one"]
    assert (found["new/one"].digest, found["new/one"].expect) == (NEW, output)
    before = rules(ended(text))
    assert [content(found[a]) for a in addresses] == [content(before[a]) for a in addresses]
    if "#" not in output:
        assert comments(after) == comments(text)


# --- single edits --------------------------------------------------------------------------------

EDITS = [
    (
        "a block is replaced, comments and empty lines stay",
        f"snippets:\n  a:\n    digest: {OLD}\n    expect: |-   # printed\n      old\n\n  # next\n  b: {{}}\n",
        {},
        {"a": "new\ntext\n"},
        f"snippets:\n  a:\n    digest: {OLD}\n    expect: |   # printed\n      new\n      text\n\n  # next\n  b: {{}}\n",
    ),
    (
        "a value on the line of its key becomes a block",
        f"snippets:\n  a:\n    expect: old   # printed\n\n    digest: {OLD}\n",
        {"a": NEW},
        {"a": " new"},
        f"snippets:\n  a:\n    expect: |2-   # printed\n       new\n\n    digest: {NEW}\n",
    ),
    (
        "an output is added behind the last value",
        f"snippets:\n  a:\n    digest: {OLD}\n    setup: |\n      x\n\n    # setup: more\n\n  b: {{}}\n",
        {},
        {"a": "3\n"},
        f"snippets:\n  a:\n    digest: {OLD}\n    setup: |\n      x\n    expect: |\n      3\n\n    # setup: more\n\n  b: {{}}\n",
    ),
    (
        "a comment that is indented too far does not become output",
        f"snippets:\n  a:\n    digest: {OLD}\n    expect: old\n\n        # comment\n",
        {},
        {"a": "3\n"},
        f'snippets:\n  a:\n    digest: {OLD}\n    expect: "3\\n"\n\n        # comment\n',
    ),
    (
        "an output that ends with empty lines",
        f"snippets:\n  a:\n    expect: old\n\n\n\n    digest: {OLD}\n",
        {},
        {"a": "3\n\n"},
        f"snippets:\n  a:\n    expect: |+\n      3\n\n    digest: {OLD}\n",
    ),
    (
        "an output that ends with empty lines in place of one with empty lines behind it",
        f"snippets:\n  a:\n    expect: |\n      old\n\n\n    digest: {OLD}\n",
        {},
        {"a": "3\n\n"},
        f"snippets:\n  a:\n    expect: |+\n      3\n\n    digest: {OLD}\n",
    ),
    (
        "empty lines that were part of the output go with it",
        f"snippets:\n  a:\n    expect: |+\n      old\n\n\n    digest: {OLD}\n",
        {},
        {"a": "3\n"},
        f"snippets:\n  a:\n    expect: |\n      3\n    digest: {OLD}\n",
    ),
    (
        "an output is added below a file that is empty",
        f"snippets:\n  a:\n    digest: {OLD}\n    files:\n      a: |\n\n\n# end\n",
        {},
        {"a": "3\n"},
        f"snippets:\n  a:\n    digest: {OLD}\n    files:\n      a: |\n    expect: |\n      3\n\n\n# end\n",
    ),
    (
        "an entry in brackets that has no value stays, and the others change",
        f"snippets: {{a: , b: {{digest: {OLD}, timeout: 3}}}}\n",
        {"a": NEW, "b": NEW},
        {},
        f"snippets: {{a: , b: {{digest: {NEW}, timeout: 3}}}}\n",
    ),
    (
        "a digest is put on top",
        "snippets:\n  a:\n    # why\n    check: x\n  b: {check: x}\n  c:\n  d: {}\n",
        {"a": NEW, "b": NEW, "c": NEW, "d": NEW, "e": NEW},
        {},
        f"snippets:\n  a:\n    # why\n    digest: {NEW}\n    check: x\n  b: {{digest: {NEW}, check: x}}\n  c:\n    digest: {NEW}\n  d: {{digest: {NEW}}}\n",
    ),
    (
        "an empty value is filled",
        "snippets:\n  a:\n    digest:   # which?\n    expect:\n",
        {"a": NEW},
        {"a": "3\n"},
        f"snippets:\n  a:\n    digest: {NEW}   # which?\n    expect: |\n      3\n",
    ),
    (
        "a word that was not read as text is quoted",
        f"snippets:\n  a: {{digest: {OLD}, expect: null}}\n",
        {},
        {"a": "null"},
        f'snippets:\n  a: {{digest: {OLD}, expect: "null"}}\n',
    ),
    (
        "the same in other quotes is the same",
        f"snippets:\n  a: {{digest: \"{OLD}\", expect: 'x'}}\n",
        {"a": OLD},
        {"a": "x"},
        f"snippets:\n  a: {{digest: \"{OLD}\", expect: 'x'}}\n",
    ),
    (
        "a number that was read as text is quoted",
        "snippets:\n  a: {digest: 123456789012, check: x}\n",
        {"a": "123456789012"},
        {},
        'snippets:\n  a: {digest: "123456789012", check: x}\n',
    ),
    (
        "a contract that has no entries yet",
        "timeout: 3\n\n# end\n",
        {"a": NEW},
        {"a": "3\n"},
        f"timeout: 3\nsnippets:\n  a:\n    digest: {NEW}\n    expect: |\n      3\n\n# end\n",
    ),
    (
        "a contract whose entries are comments",
        "snippets:   # here\n  # a:\ntimeout: 3",
        {"a": NEW},
        {"a": "3\n"},
        f"snippets:   # here\n  a:\n    digest: {NEW}\n    expect: |\n      3\n  # a:\ntimeout: 3",
    ),
    (
        "a contract that is empty",
        "",
        {"a": NEW},
        {"a": "3"},
        f"snippets:\n  a:\n    digest: {NEW}\n    expect: |-\n      3\n",
    ),
    (
        "a contract in JSON",
        '{"timeout": 3}',
        {"a": NEW},
        {"a": "3"},
        f'{{"timeout": 3, snippets: {{a: {{digest: {NEW}, expect: "3"}}}}}}',
    ),
    (
        "entries in brackets",
        "snippets: {}\n",
        {"a": NEW, "b#2": NEW},
        {"a": "3", "b#2": "4"},
        f'snippets: {{a: {{digest: {NEW}, expect: "3"}}, b#2: {{digest: {NEW}, expect: "4"}}}}\n',
    ),
    ("what cannot be read stays", "snippets: [", {"a": NEW}, {"a": "3"}, "snippets: ["),
    ("what is no contract stays", "- a\n- b\n", {"a": NEW}, {}, "- a\n- b\n"),
    ("a key without a value stays", "snippets: {a: {digest}}\n", {"a": NEW}, {}, "snippets: {a: {digest}}\n"),
    ("a list stays", "snippets:\n  a: {expect: [x]}\n", {}, {"a": "3"}, "snippets:\n  a: {expect: [x]}\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "digests", "expects", "after"),
    [pytest.param(*edit[1:], id=edit[0]) for edit in EDITS],
)
@pytest.mark.usefixtures("parser")
def test_edits(text, digests, expects, after):
    assert updated(text, digests, expects) == after


def test_an_entry_is_not_renamed_to_one_that_stays():
    text = f"snippets:\n  a: {{digest: {OLD}, after: [a, c]}}\n  b: {{digest: {OLD}, timeout: 3}}\n"
    assert updated(text, {}, {}, {"a": "b"}) == text
    swapped = text.replace("  a:", "  c:").replace("[a, c]", "[c, c]")
    assert updated(text, {}, {}, {"a": "c"}) == swapped


def test_an_address_that_is_too_long_for_a_key():
    """YAML has keys of 1,024 characters at most; a contract that nobody can read helps nobody."""
    text = f"snippets:\n  a:\n    digest: {OLD}\n    timeout: 3\n"
    assert updated(text, {}, {}, {"a": "x/" * 1_000}) == text


def test_a_schema_that_is_renamed():
    text = f'snippets:\n  a: {{digest: {OLD}, schema: "snippet:  b"}}\n  b: {{}}\n'
    assert 'schema: "snippet:c"' in updated(text, {}, {}, {"b": "c"})


def test_references_are_quoted_where_they_must():
    text = f"snippets:\n  a: {{digest: {OLD}, after: [b, c]}}\n  b: {{}}\n  c: {{}}\n"
    after = updated(text, {}, {}, {"b": "x.md:b", "c": "x y.md:c"})
    assert 'after: [x.md:b, "x y.md:c"]' in after
    assert compose(after).root.get("snippets").get("x y.md:c") is not None


# --- first contracts -----------------------------------------------------------------------------

LINE = st.text(max_size=20) | OUTPUTS
FOUND = st.builds(
    Found,
    address=st.sampled_from(["a", "a#2", "no", "1", "x y.md:c/d", "größe"]) | st.text(max_size=9),
    digest=st.sampled_from([OLD, "123456789012", "12345678e901"]),
    language=st.sampled_from(["python", ""]) | LINE,
    line=st.integers(1, 999),
    skip=st.just("") | LINE,
    setup=st.sampled_from(["", "Session", "a, b", "x = 1\nif x:\n    y\n"]) | LINE,
    files=st.lists(st.sampled_from(["a.txt", "data/x y.csv"]) | LINE, max_size=2).map(tuple),
    note=st.just("") | LINE,
    expect=st.none() | OUTPUTS,
)
FOUNDS = st.lists(FOUND, max_size=4, unique_by=lambda one: one.address.replace("\ud800", ""))
REQUIRES = {
    "python": ["httpx", "a; os_name == 'nt'"],
    "npm": ["@types/node@>=20 <23"],
    "programs": [],
}


@PROPERTY
@given(FOUNDS, LINE, LINE, st.sampled_from([None, {}, REQUIRES]))
@example([Found("a", OLD, "", 1, skip=" " * 20 + "short")], "", "", None)
@example([Found("a", OLD, "", 1, setup="x\u2028y\x85z")], "", "", None)
def test_a_first_contract_is_valid(found, schema, definition, requires):
    text = initial(found, schema, definition, requires)
    contract, problems = read(PATH, text)
    assert problems == []
    for one in found:
        rule = contract.rules.get(one.address)
        reason = " ".join(one.skip.split())
        if len(reason) >= 10:
            assert (rule.digest, rule.skip, rule.expect) == (one.digest, reason, None)
        elif one.expect is not None:
            assert (rule.digest, rule.skip, rule.expect) == (one.digest, "", one.expect)
        else:
            assert rule is None
    assert len(contract.rules) <= len(found)
    assert contract.requires.python == ((*sorted(REQUIRES["python"]),) if requires else ())


HINTS = [
    Found("a", OLD, "python", 3, setup="Session engine", note="uses the network"),
    Found("b", OLD, "python", 9, files=("data/rows.csv", "more rows.csv")),
    Found("c", OLD, "", 12, setup="x = 1\nif x:\n    y = 2", expect="3\n\n"),
    Found("d", OLD, "bash", 30, skip="needs an account at a service", setup="token"),
    Found("e", OLD, "json", 40),
    Found("f", OLD, "json", 50, skip="no"),
]
FIRST = f"""\
# yaml-language-server: $schema=../contract.schema.json
# What the snippets of agents/x.md need to be verified; that file stays as it is.
# Take the “# ” from the lines that you need, and complete them.
requires:
  python:
    - "httpx"
snippets:
  # a:  # python, line 3
  #   # uses the network
  #   digest: {OLD}
  #   setup: |
  #     Session = …   # the snippet uses it and nothing defines it
  #     engine = …   # the snippet uses it and nothing defines it
  # b:  # python, line 9
  #   digest: {OLD}
  #   files:   # it uses them and they are not there
  #     data/rows.csv: |
  #       …
  #     "more rows.csv": |
  #       …
  c:  # no language, line 12
    digest: {OLD}
    # setup: |
    #   x = 1
    #   if x:
    #       y = 2
    expect: |+
      3

  d:  # bash, line 30
    digest: {OLD}
    # setup: |
    #   token = …   # the snippet uses it and nothing defines it
    skip: "needs an account at a service"
  # f:  # json, line 50
  #   # no
  #   digest: {OLD}
# Nothing is missing for these:
#   e: json, line 40
"""


def test_a_first_contract():
    text = initial(HINTS, "../contract.schema.json", "agents/x.md", {"python": ["httpx"]})
    assert text == FIRST


def test_hints_without_their_sign_are_valid():
    """What a person takes the sign from is a contract, apart from a setup beside a skip."""
    text = re.sub(r"^( +)# (?!uses|no$)", r"\1", FIRST, flags=re.MULTILINE)
    contract, problems = read(PATH, text)
    assert [p.text for p in problems] == [
        "`d` is not run, because of `skip`, so `setup` can do nothing.",
        "`f` has only a `digest`, which says nothing.",
    ]
    assert contract.rules["a"].setup.startswith("Session = …")
    assert contract.rules["b"].files == (("data/rows.csv", "…\n"), ("more rows.csv", "…\n"))
    assert contract.rules["c"].setup == "x = 1\nif x:\n    y = 2\n"
    assert contract.rules["c"].expect == "3\n\n"


def test_a_first_contract_with_nothing_to_say():
    text = initial([Found("a", digest("x"), "json", 3)])
    assert all(line.startswith("#") for line in text.splitlines())
    assert read(PATH, initial([]))[1] == []

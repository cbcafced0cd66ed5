"""Known ways to make a reader slow, large or wrong: ten times the text takes ten times the time.

CPU time of this process is measured, the least of some tries, so that a busy machine does not
matter. A reader whose time grows with the square takes a hundred times as long.
"""

from __future__ import annotations

import gc
import json
import sys
import time
import tracemalloc
import unicodedata
from pathlib import Path

import pytest
from agentdocs.catalog import build
from agentdocs.library import Library
from agentdocs.pages import pages
from agentdocs.read import read_agent
from agentdocs.slugs import slugify
from agentdocs.source import parse
from fuzz import targets

HEAD = "---\nname: steady\ndescription: Draws maps.\n---\n\n"
SMALL, LARGE = 2_000, 20_000
"""Characters; the larger text is in time up to 15 times the smaller."""
MOST_TIMES = 15
AT_LEAST = 0.01
"""CPU seconds below which the smaller text counts as this: the clock is no finer."""


def fields(lines):
    return f"---\nname: steady\ndescription: Draws maps.\n{lines}\n---\n\nBody.\n"


def described(text):
    return f"---\nname: steady\ndescription: |\n  {text}\n---\n"


def numbered(form, n):
    """Repeat ``form`` with another number each time, up to ``n`` characters."""
    return "".join(form.format(i) for i in range(n // (len(form) + 2)))


GROWS = {
    # blocks
    "headings": lambda n: HEAD + "# h\n" * (n // 4),
    "headings that differ": lambda n: HEAD + numbered("## h{}\n\n", n),
    "headings of all levels": lambda n: HEAD + "".join(f"{'#' * (1 + i % 6)} h\n" for i in range(n // 6)),
    "underlined headings": lambda n: HEAD + "a\n===\n" * (n // 6),
    "bold paragraphs": lambda n: HEAD + "**a**\n\n" * (n // 7),
    "snippets": lambda n: HEAD + "```py\nx\n```\n" * (n // 12),
    "fences in fences": lambda n: HEAD + "```\n```python\n" * (n // 14),
    "directive fences": lambda n: HEAD + "```{a} x\n```\n" * (n // 13),
    "list levels": lambda n: HEAD + "- " * (n // 2),
    "quote levels": lambda n: HEAD + ">" * n,
    "many deep quotes": lambda n: HEAD + (">" * 30 + " a\n\nb\n\n") * (n // 38),
    "many quotes too deep to be seen": lambda n: HEAD + (">" * 60 + " a\n\nb\n\n") * (n // 68),
    "list items": lambda n: HEAD + "- a\n" * (n // 4),
    "definitions": lambda n: HEAD + "[a]: b\n" * (n // 7),
    "definitions that differ": lambda n: HEAD + numbered("[a{}]: b\n\n", n),
    "definitions apart": lambda n: HEAD + "[a]: b\n\n" * (n // 8),
    "a table": lambda n: HEAD + "|a|b|\n|-|-|\n" + "|c|d|\n" * (n // 6),
    "a wide table": lambda n: HEAD + "|a" * (n // 4) + "|\n" + "|-" * (n // 4) + "|\n",
    "blank lines": lambda n: HEAD + "\n" * n + "a",
    "thematic breaks": lambda n: "---\nname: a\n---\n" * (n // 16),
    # lines
    "a line of words": lambda n: HEAD + "word " * (n // 5),
    "a line without spaces": lambda n: HEAD + "a" * n,
    "brackets": lambda n: HEAD + "[" * n,
    "links": lambda n: HEAD + "[a](b.md)\n" * (n // 10),
    "pictures in pictures": lambda n: HEAD + "![" * (n // 2) + "]" * (n // 2),
    "stars": lambda n: HEAD + "*a **b " * (n // 7),
    "backslashes": lambda n: HEAD + "# " + "\\" * n,
    "links that act": lambda n: HEAD + "[a](javascript:x)\n" * (n // 18),
    "hidden characters": lambda n: HEAD + "a\u200b\n" * (n // 5),
    "marks upon marks": lambda n: HEAD + "# " + "\u0300\u0316" * (n // 2),
    # bait for expressions
    "commas": lambda n: HEAD + "files: " + "," * n,
    "braces": lambda n: HEAD + "files: " + "a,{" * (n // 3),
    "a tool and spaces": lambda n: HEAD + "## Tools\n\n- a" + " " * n + "b\n",
    "a footer and spaces": lambda n: HEAD + "Author: a" + " " * n + "b",
    "an author and brackets": lambda n: fields("author: '" + " <" * (n // 2) + "'") + "\nAuthor: b\n",
    "an author and spaces": lambda n: fields("author: 'a" + " " * n + "b'") + "\nAuthor: b\n",
    "turns without an end": lambda n: described("<example>" + 'user: "a ' * (n // 9) + "</example>"),
    "examples without an end": lambda n: described("<example>" * (n // 9)),
    "examples on lines": lambda n: described("<example>\n  " * (n // 12)),
    "comments without an end": lambda n: described("<example>" + "<commentary>" * (n // 12)),
    "stars before an example": lambda n: described("*" * n + "<example>"),
    "stars after examples": lambda n: described("example:" + "*" * n + "b<example>"),
    "leads to examples": lambda n: described(" example:" * (n // 9) + "b<example>"),
    "sentences": lambda n: described("Use a. " * (n // 7)),
    "sentences that differ": lambda n: described(numbered("Use a{}. ", n)),
    "a call and spaces": lambda n: fields("tools: a" + " " * n + "b"),
    "brackets of tools": lambda n: fields("tools: '" + "(" * n + "'"),
    "words with hyphens": lambda n: HEAD + "a-" * (n // 2),
    # front matter
    "keys": lambda n: fields(numbered("key{}: a\n", n)),
    "a key again and again": lambda n: fields("key: a\n" * (n // 7)),
    "broken keys": lambda n: fields(numbered("key{}: a: b\n", n)),
    "a map that breaks at its end": lambda n: fields("x:\n" + "  a: b\n" * (n // 7) + "  'c"),
    "a text that breaks at its end": lambda n: fields("x: |\n" + "  a: b\n" * (n // 7) + " c: d"),
    "broken lines": lambda n: fields("x: a: b\n" + "  a: b: c\n" * (n // 11)),
    "tools": lambda n: fields("tools:\n" + numbered("  - T{}\n", n)),
    "tools on a line": lambda n: fields("tools: " + numbered("T{}, ", n)),
    "dependencies": lambda n: fields("dependencies:\n" + numbered("  - T{}\n", n)),
    "dependencies that are escaped": lambda n: fields("dependencies:\n" + numbered('  - "\\x54{}"\n', n)),
    "flow lists": lambda n: fields("x: " + "[" * n),
    "alias bombs": lambda n: fields("".join(f"x{i}: &x{i} [*x{i - 1},*x{i - 1}]\n" for i in range(n // 28))),
    "comments before it": lambda n: "<!-- a -->\n" * (n // 11) + HEAD,
    "one comment before it": lambda n: "<!--" + " -->" * (n // 4) + "\n" + HEAD,
}  # fmt: skip
"""What it is → length → an agent's file of about that length."""

OTHERS = {
    "contract": {
        "snippets": lambda n: "snippets:\n" + numbered("  a{}:\n    timeout: 1\n", n),
        "faults": lambda n: "snippets:\n" + numbered("  a{}:\n    wrong: 1\n", n),
        "brackets": lambda n: "snippets: " + "[" * n,
        "comments": lambda n: "# a\n" * (n // 4) + "%",
        "a key again and again": lambda n: "timeout: 1\n" * (n // 11),
    },
    "described": {
        "properties": lambda n: json.dumps({"type": "object", "properties": {f"a{i}": {"type": "string"} for i in range(n // 26)}}),
        "depth": lambda n: '{"items":' * (n // 10) + "1" + "}" * (n // 10),
        "choices": lambda n: json.dumps({"anyOf": [{"const": i} for i in range(n // 16)]}),
        "a pattern": lambda n: json.dumps({"type": "string", "pattern": "(a|b)*" * (n // 6)}),
        "paths": lambda n: json.dumps({"openapi": "3.1.0", "paths": {f"/a{i}": {"get": {}} for i in range(n // 22)}}),
        "tables": lambda n: json.dumps({"tables": [{"name": f"t{i}", "columns": []} for i in range(n // 34)]}),
        "references in a ring": lambda n: json.dumps({"$ref": "#/$defs/a0", "$defs": {f"a{i}": {"$ref": f"#/$defs/a{i + 1}"} for i in range(n // 34)}}),
    },
    "script": {
        "options": lambda n: 'p.add_argument("-a", help="b")\n' * (n // 31),
        "brackets": lambda n: "(" * n,
        "signs": lambda n: "x = " + "-" * n + "1",
    },
    "code": {
        "statements in an open quote": lambda n: "'" + ";\n" * (n // 2),
        "a statement of many lines": lambda n: "select\n" + "a,\n" * (n // 3),
        "statements": lambda n: "select 1;\n" * (n // 10),
    },
    "plans": {"depth": lambda n: "[" * n},
    "verdicts": {"depth": lambda n: "[" * n, "lines": lambda n: "{}\n" * (n // 3)},
    "artefacts": {"depth": lambda n: "[" * n},
}  # fmt: skip
CASES = [("agent", name, make) for name, make in GROWS.items()]
CASES += [(target, name, make) for target, cases in OTHERS.items() for name, make in cases.items()]


def pages_of(data):
    """Read a file and write its pages, without the checks of a target, which take their time."""
    found = read_agent(parse("team/x.md", data))
    return list(pages(build(Library(Path(), "team", (found,) if found else (), ()))))


def spent(read, data, tries):
    """Return the least CPU time of some tries, without that of collecting garbage."""
    found = []
    gc.disable()
    try:
        for _ in range(tries):
            start = time.process_time()
            read(data)
            found.append(time.process_time() - start)
    finally:
        gc.enable()
    return min(found)


@pytest.mark.parametrize(
    ("target", "make"), [case[::2] for case in CASES], ids=[" ".join(case[:2]) for case in CASES]
)
def test_time_grows_in_a_straight_line(target, make):
    small, large = make(SMALL).encode(), make(LARGE).encode()
    read = pages_of if target == "agent" else targets.TARGETS[target]
    read(small)  # what is imported and compiled at first is not counted
    least = max(spent(read, small, 3), AT_LEAST)
    most = MOST_TIMES * least
    assert spent(read, large, 1) <= most or spent(read, large, 3) <= most


# --- sizes that are known ------------------------------------------------------------------------


def only(text):
    """Read a file as an agent, and nothing else."""
    return read_agent(parse("team/x.md", text.encode()))


def test_one_line_of_ten_megabytes():
    raw = parse("x.md", (HEAD + "a" * 10_000_000).encode())
    assert raw.field("description").value == "Draws maps."


def test_ten_megabytes_of_front_matter():
    raw = parse("x.md", fields("x: " + "a" * 10_000_000).encode())
    assert raw.field("name").value == "steady"


def test_a_hundred_thousand_list_levels():
    agent = only(HEAD + "- " * 100_000 + "bottom")
    assert "text-too-deep" in [problem.kind.value for problem in agent.problems]


def test_fifty_thousand_headings():
    agent = only(HEAD + "# h\n" * 50_000)
    assert len({s.slug for s in agent.outline.sections if s.level}) == 50_000


def test_ten_thousand_snippets():
    agent = only(HEAD + "```py\nx\n```\n" * 10_000)
    assert len({snippet.address for snippet in agent.outline.snippets}) == 10_000


def test_a_hundred_thousand_keys():
    raw = parse("x.md", fields("".join(f"k{i}: a\n" for i in range(100_000))).encode())
    assert len(raw.fields) == 100_002


@pytest.mark.parametrize("value", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000])
def test_deep_front_matter(value):
    agent = only(fields(f"x: {value}"))
    assert agent.name == "steady" and agent.problems


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "a." * 50_000 + "a = 1",
        "a: " * 50_000,
        "- " * 50_000,
        "<a>" * 50_000,
    ],
)
@pytest.mark.parametrize(
    "target", ["code", "described", "artefacts", "verdicts", "plans", "contract"]
)
def test_deep_data(target, text):
    targets.TARGETS[target](text.encode())


def test_an_alias_bomb_takes_no_memory():
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
    )
    only(fields(bomb))
    tracemalloc.start()
    try:
        only(fields(bomb))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["headings", "keys", "list items"])
def test_memory_grows_in_a_straight_line(name):
    def peak(n):
        text = GROWS[name](n)
        tracemalloc.start()
        try:
            only(text)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(8_000) <= 12 * peak(800)


# --- characters ----------------------------------------------------------------------------------


def of_each_category():
    """Return some characters of every category of Unicode, but for surrogates."""
    found = {}
    for code in range(sys.maxunicode + 1):
        some = found.setdefault(unicodedata.category(chr(code)), [])
        if len(some) < 12:
            some.append(chr(code))
    del found["Cs"]
    return found


@pytest.mark.parametrize(("category", "signs"), of_each_category().items())
def test_every_category_in_names(category, signs):
    for name in ("".join(signs), f"a{signs[0]}b", signs[-1]):
        targets.agent(fields(f"name: {name}\ntags: [{name}]\ntools: {name}").encode())
        targets.agent(f"{HEAD}# {name}\n\n## {name}\n\n`{name}` [{name}]({name})\n".encode())
        assert slugify(name).isprintable()


ENCODED = {
    "lone surrogates": HEAD.encode() + b"\xed\xa0\x80 \xed\xbf\xbf",
    "overlong": HEAD.encode() + b"\xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf \xc0\x80",
    "beyond Unicode": HEAD.encode() + b"\xf4\x90\x80\x80 \xf8\x88\x80\x80\x80",
    "cut short": HEAD.encode() + "€".encode()[:-1],
    "marks in the middle": f"{HEAD}\ufeffa\ufeff\n\ufeff# b\n".encode(),
    "two marks": b"\xef\xbb\xbf\xef\xbb\xbf" + HEAD.encode(),
    "UTF-16 cut short": (HEAD + "a").encode("utf-16")[:-1],
    "UTF-16 surrogates": HEAD.encode("utf-16") + b"\x00\xd8\x00\xd8",
    "UTF-32 beyond Unicode": HEAD.encode("utf-32") + b"\xff\xff\xff\xff",
    "NUL bytes": HEAD.replace("steady", "ste\0ady").encode() + b"a\0b\n\0\n# \0\n",
    "mixed line ends": HEAD.replace("\n", "\r\n", 2).encode()
    + b"a\rb\r\r\nc\n\rd\x85e\xe2\x80\xa8f",
}


@pytest.mark.parametrize("data", ENCODED.values(), ids=ENCODED)
@pytest.mark.parametrize("target", targets.TARGETS)
def test_bytes(target, data):
    targets.check(target, data)

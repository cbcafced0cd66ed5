"""What a reader must replace: what is one and what only looks like one, in each family.

Cases stand in ``languages/placeholders-*.txt``, a file for each family.
"""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path

import pytest
from agentdocs.verify import placeholders
from agentdocs.verify.placeholders import find
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

FAMILIES = ("python", "c", "shell", "sql", "data", "markup", "other")
FOLDER = Path(__file__).parent / "languages"
CASE = re.compile(r"^=== ([^\n]+)\n(.*?)^>>>\n(.*?)(?=\n=== |\n?\Z)", re.MULTILINE | re.DOTALL)
CASES = [
    pytest.param(family, code.removesuffix("\n"), said.strip(), id=f"{family}: {title}")
    for family in FAMILIES
    for title, code, said in CASE.findall((FOLDER / f"placeholders-{family}.txt").read_text())
]
ANY = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
EVERY = pytest.mark.parametrize("family", FAMILIES)


@pytest.mark.parametrize(("family", "code", "said"), CASES)
def test_cases(family, code, said):
    found = find(code, family)
    assert (f"{found[1]} {found[0]}" if found else "nothing") == said


def test_nothing_in_complete_code():
    """The standard library's own parser of Python has nothing to fill in, nor have we."""
    for module in (ast, re, placeholders):
        assert find(Path(module.__file__).read_text(), "python") is None


PIECES = r"""
... … <name> <your-key> < > << <<EOF EOF YOUR_KEY YOUR- your-key your_ [insert x] [ ] ( ) { } {{ }}
{{x}} ${{ {% %} # // /* */ <!-- --> -- ; " ' ` \ / = : , - | : | sk-xxxx xxxx- Bearer path/to/x
f( Field( return x a: def class x= => ${ $ % import </a>
"""
PIECE = st.sampled_from(
    [*PIECES.split(), '"""', "'''", " ", "    ", "\n", "\n\n", "\t", "\r", "\0"]
)
TEXT = st.one_of(
    st.text(st.characters(), max_size=60),
    st.lists(PIECE, max_size=40).map("".join),
    st.lists(PIECE, max_size=40).map(" ".join),
)


@EVERY
@ANY
@given(code=TEXT)
@example(code="\ud800...")
@example(code="<<EOF\n...\nEOF\n'...")
@example(code="a: |\n ...\n\r...\u2028...")
def test_a_placeholder_is_what_stands_there(family, code):
    found = find(code, family)
    if found:
        text, line = found
        assert text and "\n" not in text and len(text) <= placeholders.MAX_TEXT
        lines = code.split("\n")
        assert 1 <= line <= len(lines)
        # A comment may begin on the line and end below.
        assert text in "\n".join(lines[line - 1 :]), (text, line)


@EVERY
@ANY
@given(code=TEXT)
def test_bare_code_keeps_its_place(family, code):
    """What is set apart leaves a gap of its own size, with its lines."""
    bare = placeholders._split(code, family).bare
    assert len(bare) == len(code)
    assert [n for n, c in enumerate(bare) if c == "\n"] == [
        n for n, c in enumerate(code) if c == "\n"
    ]


UNITS = [
    "...", "…", "{", "[", "(", "f(", "f(...", "[...", "a[...", "{...", "=...", ",...", "(...),",
    '"', "'", "`", "${", "`${", "`${a", "/*", "/*.*/", "<!--", "// ...\n", "# ... a\n", "# a ...\n",
    "\\", "=/[", "=/a", "<a", "<a ", "=<a", ",<a", "<A_", "<your-", "YOUR_", "YOUR-", "your-",
    "xxxx-", "ab-", "=ab-", "=xxxx", "sk-", "[your a", "[insert ", "{{", "{%", "<<A\n", "<<a ",
    "a: |\n", "- |\n", "  ...\n", "...\n", "x = ...\n", "=", ":", "a=", "A=", "A: ", " ", "\n", "\t",
    "a", "A", "x", "-", "_", "path/to/", "don't ", "</a", "</", "<a>\n",
]  # fmt: skip


@EVERY
def test_hostile_text_costs_little(family):
    """Time grows in a straight line, whatever is repeated. The limit is wide, for slow machines."""
    for unit in UNITS:
        for code in (unit * (50_000 // len(unit)), f"`\"'{unit * 5_000}\n{unit}"):
            start = time.perf_counter()
            find(code, family)
            assert time.perf_counter() - start < 5, unit


@EVERY
def test_nothing_is_looked_for_in_a_book(family):
    assert find("...\n" * placeholders.MAX_CODE, family) is None

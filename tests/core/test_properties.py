"""What holds for any input: Hypothesis looks for the text that breaks it.

The examples are the same in every run, so that a failure here is a change of the code.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from agentdocs import render, slices
from agentdocs.catalog import build
from agentdocs.fix import apply
from agentdocs.library import Library
from agentdocs.markdown import inline_text, outline, parser
from agentdocs.model import Companion
from agentdocs.pages import pages
from agentdocs.paths import resolve
from agentdocs.placing import RULES, place
from agentdocs.read import read_agent
from agentdocs.slugs import slugify, unique
from agentdocs.source import parse
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from pagetext import conserved, sound

settings.register_profile(
    "agentdocs",
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("agentdocs")

# Text as it is after reading: no line ends but \n, no control characters.
LINE = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=30)
# Lines that mean something to Markdown or YAML, put together at random.
PIECES = r"""
# a
## b ##
###### c
#
text
**Bold:**
**Bold**
- item
  - nested
1. one
> quote
> # in a quote
>>>>>>>>>>>>>>>>>>>>>>>>>>>>>> deep
```
```{agent-source} x.md 1
```python
~~~
```{include} x
    code
---
===
[a]: https://example.org
[A]: other.md
[a](b.md)
[a]
| a | b |
| --- | --- |
# Examples
### Schema
#### Usage
<script>
% comment
- [ ] task
+++
(target)=
`span`
\
![i](j.png)
&amp;


"""
KEYS_AND_VALUES = r"""
---
...
name: x
name: y
description: a: b
description: >
description: |
  folded
  key: value
tools: *
tools:
  - Read
- item
tags: [a, b
version: 1.0
x: &a [b]
y: *a
# comment
'quoted': "open
hooks: {a: {b: c}}
argument-hint: [a] | [b]
<example>
</example>
user: hello
key with spaces: x
? complex
!!tag x
é: ü
"""
PIECE = st.sampled_from([*PIECES.splitlines(), "\t- tab"])
ENTRY = st.sampled_from([*KEYS_AND_VALUES.splitlines(), "\t- Read"])
MARKDOWN = st.lists(st.one_of(PIECE, PIECE, LINE), max_size=25).map("\n".join)
OPEN = st.lists(ENTRY | LINE, max_size=15).map(lambda lines: "\n".join(["---", *lines]))
FRONT = st.one_of(OPEN.map(lambda text: f"{text}\n---\n\nBody\n"), OPEN)


# --- reading -------------------------------------------------------------------------------------


def check_lines(raw):
    """All lines of a reading are lines of its text."""
    count = raw.text.count("\n") + 1
    assert 1 <= raw.body_line <= count + 1
    for found in (*raw.fields, *raw.problems):
        assert 1 <= found.line <= count, found
    for problem in raw.problems:
        for edit in problem.edits:
            assert 1 <= edit.start <= edit.end <= count + 1, edit
    if raw.body:
        assert raw.text.split("\n")[raw.body_line - 1 :] == raw.body.split("\n")


@given(st.binary(max_size=400))
@example(b"\xff\xfe")
@example(b"\xff\xfe\x00\x00\x00")
@example(b"\x00\x00\xfe\xff\x00")
@example(b"---")
@example(b"---\n---")
@example(b"---\r---\r")
@example("---\nname: \U0001f469\u200d\U0001f692\n---\n".encode("utf-16"))
def test_any_bytes_are_read(data):
    check_lines(parse("any.md", data))


@given(FRONT | MARKDOWN)
def test_any_text_is_read(text):
    raw = parse("any.md", text.encode())
    check_lines(raw)
    agent = read_agent(raw)
    count = raw.text.count("\n") + 1
    for problem in agent.problems if agent else ():
        assert 1 <= problem.line <= count, problem
        for edit in problem.edits:
            assert 1 <= edit.start <= edit.end <= count + 1, edit


@given(FRONT)
def test_no_line_of_front_matter_is_dropped(text):
    """Every line between the marks is in the raw text of a field, but for comments and blanks."""
    raw = parse("any.md", text.encode())
    assume(raw.text)
    kept = "\n".join(field.raw for field in raw.fields).split("\n")
    lines = raw.text.split("\n")[: raw.body_line - 1] if raw.body_line > 1 else []
    for line in lines:
        if (
            line.strip()
            and not line.lstrip().startswith("#")
            and line.rstrip() not in ("---", "...")
        ):
            assert line.rstrip() in [one.rstrip() for one in kept], line


KEYS = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,12}", fullmatch=True)
VALUES = st.one_of(
    LINE,
    st.lists(LINE, max_size=4).map("\n".join),
    st.sampled_from(["yes", "null", "2.10", "~", "---", "*", ""]),
)


@given(
    st.dictionaries(KEYS, VALUES, min_size=1, max_size=6), st.sampled_from([None, "'", '"', "|"])
)
@example({"a": "\n"}, "|")
def test_front_matter_round_trip(fields, style):
    text = yaml.safe_dump(fields, allow_unicode=True, default_style=style, sort_keys=False)
    # What YAML itself does not give back (it may change line ends in a value) proves nothing.
    assume(yaml.safe_load(text) == fields)
    raw = parse("any.md", f"---\n{text}---\nBody\n".encode())
    assume(not any("�" in field.raw for field in raw.fields))
    assert {field.key: field.value for field in raw.fields} == fields
    assert raw.body == "Body\n"
    assert not [p for p in raw.problems if p.kind.value != "hidden-character"]


@given(FRONT | MARKDOWN)
@example("---\n  folded")
@example("---\ndescription: a: b\nname: x\nuser: hello\n---\n")
@example('---\nname: x\ndescription: it\'s: "a"\n---\n')
@example("---\nname: x\ndescription: a: b\nuser: c\n\nassistant: d\n---\n")
@example("---\nname: x\n# comment\ndescription: a: b\n# more\n---\n")
@example("```\na\n")
@example("> ```\n> a")
def test_fixes_change_no_value(text):
    """The edits of all Problems, applied, give the same values, and soon nothing is left to fix."""
    raw = parse("any.md", text.encode())
    values = [(field.key, field.value) for field in raw.fields]
    for _ in range(3):  # of two edits that overlap, the first is made first
        agent = read_agent(raw)
        problems = [p for p in (agent.problems if agent else raw.problems) if p.edits]
        raw = parse("any.md", apply(raw.text, problems).encode())
        if not any(p.kind.value == "hidden-character" for p in problems):
            assert [(field.key, field.value) for field in raw.fields] == values
        values = [(field.key, field.value) for field in raw.fields]
    assert not problems


# --- sections ------------------------------------------------------------------------------------


@given(MARKDOWN, st.integers(1, 50))
def test_sections_tile_the_text(text, first):
    """They follow each other without gap or overlap, from the first line to the last."""
    found = outline("any.md", text, first)
    at = first
    for section in found.sections:
        assert section.line == at
        assert section.line <= section.heading_end <= section.end
        at = section.end
    assert at == first + len(text.split("\n"))
    assert len({section.slug for section in found.sections}) == len(found.sections)
    above = {section.slug: section for section in found.sections}
    for section in found.sections:
        if section.parent:
            assert above[section.parent].level < section.level
    for snippet in found.snippets:
        assert (
            above[snippet.section].line <= snippet.line < snippet.end <= above[snippet.section].end
        )


@given(MARKDOWN)
@example("Setext\\\nof two lines\n===\n")
@example("# a \\#\n")
@example("# a \\\\\n")
@example("a #\n===\n")
def test_a_heading_says_the_same_on_its_page(text):
    """Its text on the page, at whatever level, is its title."""
    found = outline("any.md", text)
    env = {}
    parser().parse(text, env)
    for placed in place(found, "any.md", "", RULES):
        if head := slices.heading(placed):
            tokens = parser().parse(head.text, dict(env))
            assert [t.type for t in tokens] == ["heading_open", "inline", "heading_close"], head
            title = placed.section.title or "(untitled)"
            assert inline_text(tokens[1]).split() == title.split()


@given(MARKDOWN)
@example("```\ntext\n    ```")
@example("- ```\n  a\n\n# b")
def test_a_slice_is_closed(text):
    """What follows a section's text on a page is no part of it: no fence is left open."""
    raw = parse("any.md", text.encode())
    assume(raw.text)
    found = outline("any.md", raw.body, raw.body_line)
    for placed in place(found, "any.md", "", RULES):
        if own := slices.own_text(placed, slices.rows(raw, found), found, set()):
            tokens = parser().parse(f"{own.text}\n\n# Next\n")
            assert [t.type for t in tokens[-3:]] == ["heading_open", "inline", "heading_close"]
            assert not any(t.type == "fence" and t.info.startswith("{") for t in tokens)


@settings(max_examples=100)
@given(MARKDOWN, MARKDOWN)
@example("[a]: https://example.org\n[a]: https://example.org\n===", "")
def test_any_text_is_on_one_page(text, beside):
    """From the file to the pages, no line is lost, doubled or moved, and every page is sound."""
    head = "---\nname: any\ndescription: Any text.\n---\n"
    agent = read_agent(parse("any.md", f"{head}{text}\n".encode()))
    raw = parse("any/reference.md", beside.encode())
    if raw.text:
        parsed = outline(raw.path, raw.body, raw.body_line)
        companion = Companion(raw.path, "reference.md", raw.size, raw, parsed)
        agent = replace(agent, companions=(companion,))
    catalog = build(Library(Path("team"), "team", (agent,), ()))
    made = {page.docname: page.text for page in pages(catalog)}
    for docname, page in made.items():
        sound(docname, page)
    conserved(catalog.entries[0], made)


# --- showing text --------------------------------------------------------------------------------

SIGNS = [*"\\`*_[]()<>#!|~&${}-+=:%@^ a\n\t", "1.", "2)", "http://x.y", "&lt;", "www.x.y"]
SPECIAL = st.lists(st.sampled_from(SIGNS), max_size=20).map("".join)
SHOWN = st.one_of(LINE, SPECIAL, MARKDOWN)


def words(text):
    return " ".join(text.split())


@given(SHOWN)
def test_escaped_text_is_shown_as_it_is(text):
    assume(text.split())
    tokens = parser().parse(render.escape(text))
    assert [t.type for t in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in tokens[1].children} == {"text"}
    assert tokens[1].children[0].content == words(text)


@given(
    SHOWN,
    st.sampled_from(
        ["# {}", "- {}", "- **[{}](x)** b", "**{}**", "| {} | b |\n| - | - |", "[{}](doc:x)"]
    ),
)
def test_escaped_text_stays_where_it_is_put(text, place):
    """In a heading, a list, bold, a table or a link, it is that one's text and nothing more."""
    assume(text.split())
    plain = [t.type for t in parser().parse(place.format("x"))]
    tokens = parser().parse(place.format(render.escape(text)))
    assert [t.type for t in tokens] == plain
    inline = next(t for t in tokens if t.type == "inline")
    same = next(t for t in parser().parse(place.format("x")) if t.type == "inline")
    assert [c.type for c in inline.children if c.content or c.nesting] == [
        c.type for c in same.children if c.content or c.nesting
    ]
    assert words(text) in words(inline_text(inline))


@given(SHOWN)
def test_code_spans_show_their_text(text):
    assume(text.split())
    tokens = parser().parse(render.code_span(text))
    assert [child.type for child in tokens[1].children] == ["code_inline"]
    assert tokens[1].children[0].content == words(text)


@given(SHOWN)
def test_cells_show_their_text(text):
    assume(text.split())
    tokens = parser().parse(f"| a | b |\n| - | - |\n| {render.cell(text)} | c |\n")
    cells = [tokens[i + 1] for i, t in enumerate(tokens) if t.type == "td_open"]
    assert [inline_text(cell) for cell in cells] == [words(text), "c"]


@given(SHOWN)
def test_fences_hold_their_text(text):
    mark = render.fence(text)
    tokens = parser().parse(f"{mark}x\n{text}\n{mark}\n\nAfter\n")
    assert tokens[0].type == "fence"
    assert tokens[0].content == f"{text}\n"
    assert len(tokens) == 4


@given(SHOWN)
def test_descriptions_are_one_yaml_scalar(text):
    assert isinstance(yaml.safe_load(render.as_yaml(text)), str)


# --- names and paths -----------------------------------------------------------------------------

STEPS = st.lists(
    st.sampled_from(
        ["..", ".", "", "a", "b.md", "~", "c d", "%2e%2e", "\\", "..\\", "C:", "\0", "/"]
    ),
    max_size=8,
)
SOURCES = st.lists(st.sampled_from(["a", "b", "c d"]), min_size=1, max_size=4).map("/".join)


@given(SOURCES, STEPS.map("/".join) | LINE)
def test_no_path_leaves_the_library(source, target):
    found = resolve(source, target)
    if found is not None:
        assert not found.startswith("/")
        assert ".." not in Path(found).parts
        assert posixpath.normpath(posixpath.join("/library", found)).startswith("/library")


@given(LINE | MARKDOWN)
def test_slugs_are_safe(text):
    slug = slugify(text)
    assert re.fullmatch(r"[\w-]+", slug)
    assert not slug.startswith("-") and not slug.endswith("-") and "--" not in slug
    assert slug == slug.lower()


@pytest.mark.parametrize("letter", ["a", "é", "漢", "𠀀", "𐐨"])
def test_slugs_are_short_enough_for_a_file_name(letter):
    """Systems count bytes, and a number and a suffix may follow."""
    assert len(slugify(letter * 300).encode()) <= 240


@given(st.lists(st.sampled_from(["a", "b", "a-2", "a-3"]), max_size=12))
def test_unique_names_are_unique(names):
    taken = set()
    found = [unique(name, taken) for name in names]
    assert len(set(found)) == len(found)
    assert set(found) == taken
    assert all(one.startswith(name) for one, name in zip(found, names, strict=True))

"""Text of a generated page → what stands on it, found without the code that wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

import yaml
from agentdocs.markdown import inline_text, parser

_FRONT = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)
_MARK = re.compile(r"\{agent-source\}(?: (?P<path>\S+) (?P<line>\d+))?$")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(?P<text>.*?))?(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
_INSERTED = re.compile(r"(?:`{3,}|~{3,})(?:text)?$|\[.+\]: <.*>$")


@dataclass
class Block:
    """What stands behind one ``{agent-source}`` mark."""

    path: str
    line: int
    heading: bool
    lines: list[str]


def front(text):
    """Return a page's front matter."""
    return yaml.safe_load(_FRONT.match(text)[1])


@lru_cache(maxsize=1000)
def tokens(text):
    """Return a page's tokens as MyST sees them: its front matter is none of them."""
    return parser().parse(_FRONT.sub(lambda m: "\n" * m[0].count("\n"), text))


def levels(text):
    """Return the levels of a page's headings, in order."""
    return [int(t.tag[1]) for t in tokens(text) if t.type == "heading_open" and t.level == 0]


def skips(found):
    """Return the places where a level is left out, as ``(from, to)``."""
    return [(a, b) for a, b in zip([0, *found], found, strict=False) if b > a + 1]


def blocks(text):
    """Return the blocks of agents' text on a page, in order."""
    lines = text.split("\n")
    fences = [t for t in tokens(text) if t.type == "fence" and t.level == 0]
    marks = [t for t in fences if t.info.startswith("{agent-source}")]
    found = []
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        match = _MARK.match(mark.info)
        if match and match["path"]:
            below = lines[mark.map[1] : following.map[0] if following else len(lines)]
            own = "\n".join(below).strip("\n").split("\n")
            found.append(
                Block(unquote(match["path"]), int(match["line"]), ":id:" in mark.content, own)
            )
    return found


def covered(block, file):
    """Return the lines of ``file`` (1-based) that a block shows.

    :raises AssertionError: the block does not begin with its line, or changes the text.
    """
    if block.heading:
        return _heading(block, file)
    number, found = block.line, []
    for index, line in enumerate(block.lines):
        while number <= len(file) and index and not file[number - 1].strip() and line.strip():
            number += 1
        source = file[number - 1] if number <= len(file) else None
        if source is not None and _same(line, source):
            found.append(number)
            number += 1
        else:
            # Only fences around text that is nested too deeply, the end of an open fence, and
            # definitions from other pages are added to what the agent wrote.
            assert not line.strip() or _INSERTED.match(line), (block.path, number, line, source)
    return found


def bare(text):
    """Return a heading's text without markup."""
    return re.sub(r"[\\#*_:`\s]", "", text)


def _same(line, source):
    """Whether a line is its source, but for a renamed fence or a label that is escaped."""
    renamed = re.sub(r"(`{3,}|~{3,})text (\s*)\{", r"\1\2{", line, count=1)
    # What is nested too deeply is indented, so that it becomes code.
    indented = line.endswith(source) and line.lstrip(" ") == source.lstrip(" ")
    return indented or source in (renamed, line.replace("\\[", "[", 1))


def _heading(block, file):
    first = file[block.line - 1]
    assert not [line for line in block.lines[1:] if line and not _INSERTED.match(line)], block
    shown = _ATX.match(block.lines[0])["text"] or ""
    bold = ("**", "__")
    if atx := _ATX.match(first):
        text, count = atx["text"] or "", 1
    elif first.lstrip().startswith(bold) and not shown.startswith(bold):
        text, count = first, 1  # a paragraph that serves as a heading loses its stars
    else:
        count = next(n for n, line in enumerate(file[block.line :], 2) if _UNDERLINE.match(line))
        text = " ".join(file[block.line - 1 : block.line + count - 2])
    assert bare(shown) == (bare(text) or "(untitled)"), (block.path, block.line, shown, text)
    return list(range(block.line, block.line + count))


def sound(docname, text):
    """Check that a page has one title, leaves no level out, and runs no directive of an agent."""
    if docname == "library/summary":  # no page: a part of a hand-written one
        return
    found = levels(text)
    assert found[:1] == [1] and found.count(1) == 1, (docname, found)
    assert not skips(found), (docname, found)
    assert set(front(text)) == {"orphan", "myst"}, docname
    for block in blocks(text):
        for token in parser().parse("\n".join(block.lines)):
            assert token.type != "fence" or not token.info.startswith("{"), (docname, token.info)


def conserved(entry, texts):
    """Check that every line of an agent's texts is on exactly one of its pages, in order.

    :param texts: the text of each of the entry's pages, by document.
    """
    agent = entry.agent
    companions = [c for c in agent.companions if c.outline]
    files = {agent.path: agent.raw} | {c.path: c.raw for c in companions}
    titles = {agent.path: _lines_of(agent.outline, agent.title_section)}
    for page in entry.pages:
        if page.companion and page.companion.outline:
            heads = [p for p in page.sections if p.section.level and not p.depth]
            slug = heads[0].section.slug if heads else ""
            titles[page.companion.path] = _lines_of(page.companion.outline, slug)
    seen = {path: [] for path in files}
    for page in entry.pages:
        text = texts[entry.docname(page.name)]
        here = {path: [] for path in files}
        for block in blocks(text):
            raw = files[block.path]
            # The file without its front matter, which stands elsewhere on the pages.
            rows = [""] * (raw.body_line - 1) + raw.body.split("\n")
            here[block.path] += covered(block, rows)
        for path, numbers in here.items():
            assert numbers == sorted(set(numbers)), (page.name, path, "out of order")
            seen[path] += numbers
    for path, numbers in seen.items():
        raw = files[path]
        assert len(numbers) == len(set(numbers)), (path, "a line stands on two pages")
        want = {n for n, line in enumerate(raw.body.split("\n"), raw.body_line) if line.strip()}
        missing = want - set(numbers) - set(titles.get(path, ()))
        assert not missing, (path, "on no page", sorted(missing))
        # A title is shown as the page's title, in the spelling of the name where that is the same.
        top = _letters("".join(re.split(r"(?m)^```\{agent-source", t)[0] for t in texts.values()))
        if left := sorted(set(titles.get(path, ())) - set(numbers)):
            lines = raw.text.split("\n")
            heading = parser().parse("\n".join(lines[number - 1] for number in left))[1]
            assert _letters(inline_text(heading)) in top, (path, left, "title on no page")


def _letters(text):
    return re.sub(r"[\W_]", "", text).lower()


def _lines_of(outline, slug):
    """Return the lines of a heading that serves as a title."""
    section = next((s for s in outline.sections if slug and s.slug == slug), None)
    return range(section.line, section.heading_end) if section else range(0)

"""Body text → :class:`Outline`, from markdown-it's tokens and never by searching for fences.

The parser is set up exactly as MyST is on generated pages (see ``templates/head.md.j2``), so
that what is found here is what a page shows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from markdown_it import MarkdownIt

from agentdocs.model import Item, Link, Outline, Paragraph, Section, Snippet, Table
from agentdocs.problems import Edit, Problem, ProblemKind, brief
from agentdocs.slugs import Taken, slugify, unique

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

# CommonMark's preset, which MyST uses, stops following blocks that are nested more deeply,
# and drops their text. Sections that reach it are shown as plain text instead.
PAGE_NESTING = 20
_SEEN_NESTING = 40
MAX_ROUNDS = 8
"""How often a text with such blocks is parsed anew before all that is left of it becomes code."""
_FENCE = re.compile(r"(`{3,}|~{3,})")
_ACTING = re.compile(r"\]\(\s*<?(?P<scheme>javascript|vbscript|data|file):", re.IGNORECASE)
MAX_HEADING = 120
"""Longest text of a bold paragraph that is taken for a heading."""


@cache
def parser() -> MarkdownIt:
    """Return CommonMark with tables and without HTML: the same rules as on a generated page."""
    options = {"maxNesting": _SEEN_NESTING}
    return MarkdownIt("commonmark", options).enable("table").disable(["html_block", "html_inline"])


def inline_text(token: Token) -> str:
    """Return an inline token's text without markup."""
    parts = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type == "image":
            parts.append(inline_text(child))
    return "".join(parts)


def outline(path: str, text: str, first_line: int = 1) -> Outline:
    """Parse ``text``, whose first line is line ``first_line`` of the file ``path``.

    What a page cannot show as it stands is rewritten first, so that the outline is the page's.
    """
    lines = text.split("\n")
    builder = _Builder(path, lines, first_line)
    for left in count(MAX_ROUNDS, -1):
        env: dict[str, Any] = {}
        tokens = parser().parse("\n".join(lines), env)
        deep = [rows for rows in _too_deep(tokens, lines) if rows.start not in builder.rewritten]
        taken = {duplicate["map"][0] for duplicate in env.get("duplicate_refs", ())}
        if deep and left <= 0:
            builder.flatten(range(deep[0].start, len(lines)))
        elif deep:
            for rows in deep:
                builder.flatten(rows)
        elif taken - builder.rewritten:
            builder.show(env["duplicate_refs"])
        else:
            return builder.build(tokens, env)
    raise AssertionError("every round rewrites lines, and none twice")


@dataclass(slots=True)
class _Head:
    """A heading while its section is being collected."""

    title: str
    slug: str
    level: int
    start: int
    heading_end: int
    markup: str
    parent: str = ""
    code_lines: int = 0
    languages: list[str] = field(default_factory=list)


class _Builder:
    """Walks the tokens once. Rows count from 0 in the body; lines from 1 in the file."""

    def __init__(self, path: str, lines: list[str], first_line: int) -> None:
        self.path, self.lines, self.first = path, lines, first_line
        self.heads = [_Head("", "", 0, 0, 0, "")]
        self.open: list[_Head] = []
        """The headings that what comes next stands below; each is of a deeper level."""
        self.slugs = Taken()
        self.addresses: dict[str, int] = {}
        """Address → how often its base was met."""
        self.snippets: list[Snippet] = []
        self.links: list[Link] = []
        self.tables: list[Table] = []
        self.items: list[Item] = []
        self.paragraphs: list[Paragraph] = []
        self.words: list[tuple[str, int]] = []
        self.edits: dict[int, str] = {}
        self.rewritten: set[int] = set()
        self.problems: list[Problem] = []
        self.open_fence = ""

    def flatten(self, rows: range) -> None:
        """Make code of lines that a page would cut off, together with all that follows them."""
        line = self.first + rows.start
        text = f"Blocks are nested more than {PAGE_NESTING} levels deep here."
        self.problems.append(Problem(self.path, line, text, ProblemKind.TEXT_TOO_DEEP))
        for row in rows:
            self._rewrite(row, f"    {self.lines[row]}")

    def _rewrite(self, row: int, line: str) -> None:
        self.lines[row] = self.edits[self.first + row] = line
        self.rewritten.add(row)

    def show(self, duplicates: Sequence[dict[str, Any]]) -> None:
        """Make text of definitions whose label is taken; as text, they may be part of a heading."""
        for duplicate in duplicates:
            row = duplicate["map"][0]
            text = f"The link label “{brief(duplicate['label'])}” is defined a second time here."
            kind = ProblemKind.DUPLICATE_DEFINITION
            self.problems.append(Problem(self.path, self.first + row, text, kind))
            self._rewrite(row, self.lines[row].replace("[", "\\[", 1))

    def build(self, tokens: Sequence[Token], env: dict[str, Any]) -> Outline:
        labels = _bold_labels(tokens)
        rows: list[tuple[str, ...]] = []
        cells: list[str] = []
        items: list[int] = []
        for index, token in enumerate(tokens):
            if token.type == "heading_open" and token.level == 0 and token.map:
                self._heading(tokens[index + 1], token.map, int(token.tag[1]), token.markup)
            elif index in labels and token.map:
                self._heading(tokens[index + 1], token.map, 2, "**")
            elif token.type in ("fence", "code_block"):
                self._code(token)
            elif token.type == "inline" and token.map:
                self._inline(token)
                previous = tokens[index - 1].type
                if previous in ("th_open", "td_open"):
                    cells.append(inline_text(token).strip())
                elif previous == "paragraph_open" and tokens[index - 2].type == "list_item_open":
                    self._item(token)
                elif previous == "paragraph_open":
                    line = self.first + token.map[0]
                    text = inline_text(token)
                    self.paragraphs.append(Paragraph(text, line, self.heads[-1].slug))
            elif token.type == "tr_close":
                rows.append(tuple(cells))
                cells = []
            elif token.type == "table_open" and token.map:
                items.append(self.first + token.map[0])
            elif token.type == "table_close":
                self.tables.append(Table(tuple(rows), items.pop(), self.heads[-1].slug))
                rows = []
        return Outline(
            sections=tuple(self._sections()),
            snippets=tuple(self.snippets),
            links=tuple(self.links),
            tables=tuple(self.tables),
            items=tuple(self.items),
            paragraphs=tuple(self.paragraphs),
            words=tuple(self.words),
            definitions=tuple(_definitions(env, self.first)),
            edits=tuple(sorted(self.edits.items())),
            open_fence=self.open_fence,
            problems=tuple(self.problems),
        )

    def _heading(self, inline: Token, rows: list[int], level: int, markup: str) -> None:
        title = inline_text(inline).strip()
        joined = re.sub(r"(?<!\\)((?:\\\\)*)\\\n", r"\1 ", inline.content)  # hard breaks
        text = " ".join(joined.split())
        if markup == "**":
            text = title = title.rstrip(": ")
        slug = unique(slugify(title), self.slugs)
        if re.search(r"(?<!\\)(?:\\\\)*#$", text):
            text = text[:-1] + "\\#"  # or it would close the heading
        head = _Head(title, slug, level, rows[0], rows[1], text)
        while self.open and self.open[-1].level >= level:
            self.open.pop()
        head.parent = self.open[-1].slug if self.open else ""
        self.open.append(head)
        self.heads.append(head)

    def _code(self, token: Token) -> None:
        assert token.map is not None
        start, end = token.map
        head = self.heads[-1]
        info = token.info.strip()
        language = _language(info)
        above = [h.slug for h in self.open if h.level > 1 or h.parent]
        base = address = "/".join(above) or "top"
        while address in self.addresses:
            self.addresses[base] += 1
            address = f"{base}#{self.addresses[base]}"
        self.addresses[address] = 1
        line = self.first + start
        self.snippets.append(
            Snippet(
                address, language, info, token.content, line, self.first + end, head.slug,
                line + (token.type == "fence"),
            )
        )  # fmt: skip
        head.code_lines += end - start
        head.languages += [language] * max(1, token.content.count("\n"))
        if token.type == "fence":
            self._check_fence(token, start, end, info)

    def _check_fence(self, token: Token, start: int, end: int, info: str) -> None:
        line = self.first + start
        if info.startswith("{"):
            text = f"A fence begins with “{brief(info, 40)}”. It is shown as code and not run."
            self.problems.append(Problem(self.path, line, text, ProblemKind.DIRECTIVE_FENCE))
            row = self.lines[start]
            self.edits[line] = _FENCE.sub(lambda m: m[0] + "text ", row, count=1)
        # Without an end marker, all rows below the first are content.
        rows = token.content.count("\n") + (token.content[-1:] not in ("", "\n"))
        closed = rows == end - start - 2
        if not closed:
            self._unclosed(token, line)
            return
        for offset, inner in enumerate(token.content.split("\n"), 1):
            match = _FENCE.match(inner.strip())
            if match and match[1] == token.markup and inner.strip() != match[1]:
                text = (
                    f"This fence stands inside the fence of line {line} and has the same length, "
                    "so the outer one ends too early."
                )
                hint = f"Open and close the fence of line {line} with one more “{match[1][0]}”."
                problem = Problem(self.path, line + offset, text, ProblemKind.NESTED_FENCE, hint)
                self.problems.append(problem)
                return

    def _unclosed(self, token: Token, line: int) -> None:
        edits: tuple[Edit, ...] = ()
        hint = f"Close it with “{token.markup}”."
        if token.level == 0:
            self.open_fence = token.markup
            end = self.first + len(self.lines)
            if self.lines and not self.lines[-1]:
                end -= 1
            edits = (Edit(end, end, (token.markup,)),)
        text = "This code fence is never closed, so all that follows it is code."
        self.problems.append(
            Problem(self.path, line, text, ProblemKind.UNCLOSED_FENCE, hint, edits)
        )

    def _inline(self, token: Token) -> None:
        assert token.map is not None
        children = token.children or []
        breaks = sum(child.type in ("softbreak", "hardbreak") for child in children)
        self._refused_links(children, token.map)
        drifts = token.content.count("\n") != breaks
        row = token.map[0]
        for child in children:
            line = self.first + row
            if child.type in ("softbreak", "hardbreak"):
                row += 1
            elif child.type == "text" and child.content.strip():
                self.words.append((child.content, line))
            elif child.type in ("link_open", "image", "code_inline"):
                kind, target = _target(child)
                if drifts:
                    line = self._find(target, token.map) or line
                self.links.append(Link(target, line, kind))  # type: ignore[arg-type]

    def _refused_links(self, children: Sequence[Token], rows: list[int]) -> None:
        """Report links that the parser leaves as text, because their scheme could act."""
        text = "".join(c.content if c.type == "text" else "\n" for c in children)
        for match in _ACTING.finditer(text):
            line = self._find(match[0].strip("[]( <"), rows) or self.first + rows[0]
            message = f"The link “{match['scheme']}:…” has a scheme that is not followed."
            self.problems.append(Problem(self.path, line, message, ProblemKind.UNSAFE_LINK))

    def _find(self, target: str, rows: list[int]) -> int:
        """Return the line on which ``target`` stands, for text whose line breaks were folded."""
        for row in range(*rows):
            if target in self.lines[row]:
                return self.first + row
        return 0

    def _item(self, token: Token) -> None:
        assert token.map is not None
        text = inline_text(token).strip()
        codes = tuple(c.content for c in token.children or () if c.type == "code_inline")
        text = re.sub(r"^\[[ xX]\]\s+", "", text)  # a task's box
        line = self.first + token.map[0]
        self.items.append(Item(text, codes, line, self.heads[-1].slug))

    def _sections(self) -> Iterator[Section]:
        for index, head in enumerate(self.heads):
            following = self.heads[index + 1 : index + 2]
            end = following[0].start if following else len(self.lines)
            own = sum(bool(line.strip()) for line in self.lines[head.heading_end : end])
            if index == 0 and end == 0:
                continue
            yield Section(
                title=head.title,
                slug=head.slug,
                level=head.level,
                line=self.first + head.start,
                heading_end=self.first + head.heading_end,
                end=self.first + end,
                parent=head.parent,
                markup=head.markup,
                prose=max(0, own - head.code_lines),
                languages=tuple(head.languages),
            )


def _too_deep(tokens: Sequence[Token], lines: list[str]) -> Iterator[range]:
    """Yield the rows of the top-level blocks that are nested too deeply.

    A parser that meets its limit skips to the end of the text, so the block's end is looked for
    in the text: the first line that can belong to no list or quote.
    """
    start = end = 0
    for token in tokens:
        if token.level == 0 and token.map:
            start = token.map[0]
        if token.level >= PAGE_NESTING and token.map and start >= end:
            end = _end_of_deep(start, lines)
            yield range(start, end)


def _end_of_deep(start: int, lines: list[str]) -> int:
    for row in range(start + 1, len(lines)):
        line = lines[row]
        free = not lines[row - 1].strip() and not re.match(r"[\s>*+-]|\d+[.)]|$", line)
        if free or line.startswith("# ") or re.match(r"#{2,6} ", line):
            return row
    return len(lines)


def _language(info: str) -> str:
    """Return the language of a fence's info; ``python`` also for ``{python}``, ``{.python}``."""
    word = info.split(maxsplit=1)[0] if info else ""
    if word.startswith("{"):
        word = word.strip("{}").lstrip(".")
    return word.lower()


def _target(token: Token) -> tuple[str, str]:
    if token.type == "code_inline":
        return "code", token.content
    name, kind = ("href", "link") if token.type == "link_open" else ("src", "image")
    return kind, unquote(str(token.attrs.get(name, "")))


def _bold_labels(tokens: Sequence[Token]) -> set[int]:
    """Return the indexes of paragraphs that serve as headings in a text without headings.

    Such a paragraph is nothing but bold text. A lone first-level heading is the title.
    """
    levels = [t.tag for t in tokens if t.type == "heading_open" and t.level == 0]
    if levels and levels != ["h1"]:
        return set()
    found = set()
    for index, token in enumerate(tokens):
        if token.type != "paragraph_open" or token.level:
            continue
        children = [c for c in tokens[index + 1].children or () if c.content or c.nesting]
        kinds = [c.type for c in children]
        bold = kinds[:1] == ["strong_open"] and kinds.count("strong_close") == 1
        tail = children[kinds.index("strong_close") + 1 :] if bold else []
        plain = all(c.type == "text" and not c.content.strip(": ") for c in tail)
        inner = set(kinds[1 : kinds.index("strong_close")]) if bold else set()
        if bold and plain and inner == {"text"} and len(tokens[index + 1].content) < MAX_HEADING:
            found.add(index)
    return found if len(found) > 1 else set()


def _definitions(env: dict[str, Any], first: int) -> Iterator[tuple[str, str, int]]:
    for label, reference in env.get("references", {}).items():
        href = str(reference["href"]).replace("<", "%3C").replace(">", "%3E")
        yield label, href, first + int(reference["map"][0])

"""The source of a page → Markdown that reads well by itself, and whose links work from there.

Directives are resolved as far as that is simple, and none is left. Of what an agent wrote, only
the addresses of links change: those that lead to a page or a file of the library get the address
that it has on the site, those that lead nowhere become text, and no picture is fetched from
elsewhere, as on the page itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from markdown_it import MarkdownIt, rules_inline
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin
from mdit_py_plugins.myst_role.index import myst_role

from agentdocs.outputs.directives import ADMONITIONS, BOXES, CODE, TITLED, directive
from agentdocs.render import code_span, escape, fence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

    from agentdocs.outputs.directives import Directive

_HEAD = re.compile(r"\A---\n.*?^---\n", re.DOTALL | re.MULTILINE)
_MARK = re.compile(r"\A<!--.*?-->\n", re.DOTALL)
_OUTSIDE = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_OURS = re.compile(r"(?:doc|line|download):")
_LED = re.compile(r"(?<![\\!])\]\(((?:doc|line|download):[A-Za-z0-9_./%#~-]*)\)")
_HARD = re.compile(r"[`<!~]|^(?: {4}| *\t|:::)", re.MULTILINE)
"""What makes the Markdown of a template more than text and links: code, tags, pictures."""
_ENTRY = re.compile(r"(?:(?P<title>.*\S)\s*<(?P<named>[^<>]+)>|(?P<plain>\S.*))")
_MADE = frozenset({"link_open", "image", "myst_role"})
_SCRIPTED = frozenset({"agentdocs-finder"})
"""Containers that a script fills, and which say nothing without."""
DEEPEST = 8
"""Levels of directives in directives, and of files in files."""


@dataclass(frozen=True)
class Context:
    """What a page's text needs to know of the site around it."""

    page: str
    """The address of the page itself, for what only that can show."""
    lead: Callable[[str], str]
    """An address of ours (``doc:…``, ``line:…``, ``download:…``) → one that works from here."""
    document: Callable[[str], tuple[str, str]] = lambda _: ("", "")
    """What a link or role names → address and title of the document; empty where there is none."""
    include: Callable[[str], str] = lambda _: ""
    """The path of a file that a page includes → its text."""
    proof: Callable[[str], str] = lambda _: ""
    """An agent → how much of it is proved, in a sentence."""


def readable(source: str, context: Context, generated: bool) -> str:
    """Return a page's text as Markdown.

    :param generated: whether agentdocs wrote the page, and agents its text.
    """
    rows = source.replace("\r\n", "\n").replace("\r", "\n")  # as the parser counts them
    text = _Converter(context, generated).convert(_HEAD.sub("", rows, count=1))
    return text.strip("\n") + "\n"


class Span(NamedTuple):
    """A link, picture or role, where it stands in a text."""

    kind: str
    start: int
    end: int
    target: str
    tail: int = 0
    """Where its text ends and ``](…)`` begins."""


class Edit(NamedTuple):
    """A part of a text that is written differently."""

    start: int
    end: int
    text: str


def _recording(kind: str, rule: Callable[[StateInline, bool], bool]) -> Any:
    """Return a rule of the parser that remembers where in the text it applied."""

    def wrapped(state: StateInline, silent: bool) -> bool:
        start, tokens = state.pos, len(state.tokens)
        spans: list[Span] = state.env.setdefault("spans", [])
        known = len(spans)
        if not rule(state, silent):
            return False
        if silent:
            return True
        tail = 0
        if kind == "image":
            del spans[known:]  # of its description, which is parsed as a text of its own
        if kind in ("link", "image"):
            bracket = start + (kind == "image")
            tail = state.md.helpers.parseLinkLabel(state, bracket, kind == "link")
        # What stood before it, and was waiting to become a text, comes first.
        made = next(one for one in state.tokens[tokens:] if one.type in _MADE)
        if kind == "role":
            target = f"{made.meta['name']} {made.content}"
        else:
            target = str(made.attrGet("src" if kind == "image" else "href") or "")
        spans.append(Span(kind, start, state.pos, target, tail))
        return True

    return wrapped


@cache
def _parser(generated: bool) -> MarkdownIt:
    """Return a parser that sees what MyST sees on a page."""
    parser = MarkdownIt("commonmark").enable("table").disable("inline")
    if generated:
        parser.disable(["html_block", "html_inline"])
    else:
        parser.use(colon_fence_plugin).use(myst_block_plugin).use(myst_role_plugin)
        parser.inline.ruler.at("myst_role", _recording("role", myst_role))
    parser.inline.ruler.at("link", _recording("link", rules_inline.link))
    parser.inline.ruler.at("autolink", _recording("autolink", rules_inline.autolink))
    parser.inline.ruler.at("image", _recording("image", rules_inline.image))
    return parser


@dataclass
class _Converter:
    """Converts one page; what its marks say holds from one of them to the next."""

    context: Context
    generated: bool
    path: str = ""
    """The agent's file that the text at hand is from; empty where it is ours."""
    links: dict[tuple[str, str], str] = field(default_factory=dict)
    """File and target, as an agent wrote it → an address of ours."""

    def convert(self, text: str, depth: int = 0) -> str:
        """Return a text with directives resolved and links that lead somewhere."""
        if depth and (led := self._led(text)) is not None:
            return led
        parser = _parser(self.generated)
        environment: dict[str, Any] = {}
        tokens = parser.parse(text, environment)
        rows = text.split("\n")
        starts = [0]
        for row in rows:
            starts.append(starts[-1] + len(row) + 1)
        edits: list[Edit] = []
        cursors: dict[int, int] = {}
        for token in tokens:
            if token.map is None:
                continue
            first, last = token.map
            if token.type in ("fence", "colon_fence") and not token.level:
                if not token.info.strip().startswith("{"):
                    continue
                new = self._directive(token, depth)
                while not new and last < len(rows) and not rows[last].strip():
                    last += 1
                edits.append(Edit(starts[first], min(starts[last], len(text)), new and f"{new}\n"))
            elif token.type in ("myst_target", "myst_line_comment", "myst_block_break"):
                edits.append(Edit(starts[first], min(starts[last], len(text)), ""))
            elif token.type == "inline" and re.search(r"[\[{<]", token.content):
                places = _places(token, rows, starts, cursors)
                if places and (ends := self._ends(token.content)) is not None:
                    edits.extend(
                        Edit(_absolute(token.content, one.start, places),
                             _absolute(token.content, one.end, places), one.text)
                        for one in ends
                    )  # fmt: skip
                    continue
                spans = _spans(parser, token.content, environment) if places else []
                for span in spans:
                    edits.extend(
                        Edit(_absolute(token.content, one.start, places),
                             _absolute(token.content, one.end, places), one.text)
                        for one in self._link(token.content, span)
                    )  # fmt: skip
        for one in sorted(edits, reverse=True):
            text = text[: one.start] + one.text + text[one.end :]
        return text

    # --- links ---------------------------------------------------------------------------------

    def _led(self, text: str) -> str | None:
        """Return a text of ours whose links all lead somewhere; None where it must be parsed."""
        ends = self._ends(text)
        if ends is None:
            return None
        for one in reversed(ends):
            text = text[: one.start] + one.text + text[one.end :]
        return text

    def _ends(self, text: str) -> list[Edit] | None:
        """Return new addresses for a text of ours that holds plain links and nothing else.

        Half the text of a library's pages is written by templates, and parsing it took most of
        the time. None stands for a text that has to be parsed: somebody else's, with code or
        pictures, or with a link that leads nowhere.
        """
        if not self.generated or self.path or _HARD.search(text):
            return None
        found = list(_LED.finditer(text))
        if len(found) != text.count("]("):
            return None
        edits = [Edit(one.start(), one.end(), f"]({self.context.lead(one[1])})") for one in found]
        return None if any(one.text == "]()" for one in edits) else edits

    def _link(self, text: str, span: Span) -> Iterator[Edit]:
        """Yield what is to be written differently in a link, picture or role."""
        if span.kind == "role":
            yield Edit(span.start, span.end, self._role(span.target))
        elif not self.generated:
            yield from self._link_by_hand(text, span)
        else:
            yield from self._link_of_library(span)

    def _link_of_library(self, span: Span) -> Iterator[Edit]:
        target = unquote(span.target)
        address = ""
        if span.kind == "autolink":  # ours have words
            if not _OUTSIDE.match(target):
                yield Edit(span.start, span.start, "\\")
            return
        if self.path:
            if _OUTSIDE.match(target):
                if span.kind == "image":
                    yield Edit(span.start, span.start + 1, "")
                return
            address = self.links.get((self.path, target), "")
        elif _OURS.match(span.target):
            address = span.target
        else:
            return
        if url := address and self.context.lead(address):
            yield Edit(span.tail, span.end, f"]({url})")
            return
        # As on the page: what leads nowhere is text.
        yield Edit(span.start, span.start + 1 + (span.kind == "image"), "")
        yield Edit(span.tail, span.end, "")

    def _link_by_hand(self, text: str, span: Span) -> Iterator[Edit]:
        name = unquote(span.target)
        if span.kind != "link" or text[span.start + 1 : span.tail].strip() or not name:
            return
        _, title = self.context.document(name.partition("#")[0])
        words = title or name.lstrip("#")
        yield Edit(span.start, span.tail, f"[{escape(words)}")

    def _role(self, role: str) -> str:
        name, _, content = role.partition(" ")
        match = _ENTRY.fullmatch(content.strip())
        title = match and match["title"]
        target = (match and (match["named"] or match["plain"])) or content
        if name == "doc":
            url, known = self.context.document(target)
            return f"[{escape(title or known or target)}]({url})" if url else escape(target)
        return escape(title) if title else code_span(target)

    # --- directives ----------------------------------------------------------------------------

    def _directive(self, token: Token, depth: int) -> str:
        one = directive(token.info.strip(), token.content)
        if depth > DEEPEST:
            return ""
        if self.generated and one.name.startswith("agent-"):
            return self._ours(one, depth)
        if one.name in BOXES:
            if _SCRIPTED & set(one.argument.split()):
                return ""
            inner = self.convert(one.content, depth + 1).strip("\n")
            title = self._title(one)
            return "\n\n".join(filter(None, (title, inner)))
        if one.name in CODE:
            marks = fence(one.content)
            return f"{marks}{one.argument}\n{one.content}\n{marks}"
        if one.name in ADMONITIONS:
            title = one.argument if one.name == "admonition" else one.name.capitalize()
            inner = self.convert(one.content, depth + 1).strip("\n")
            rows = (f"**{title}**", "", *inner.split("\n"))
            return "\n".join(f"> {row}".rstrip() for row in rows)
        if one.name == "toctree":
            return "" if "hidden" in one.options else "\n".join(self._entries(one.content))
        if one.name == "include":
            return self._included(one, depth)
        return self._elsewhere()

    def _ours(self, one: Directive, depth: int) -> str:
        """Resolve a directive that a template wrote."""
        if one.name in ("agent-fold", "agent-compare"):
            return self.convert(one.content, depth + 1).strip("\n")
        if one.name == "agent-page":
            manifest = json.loads(one.content)
            found = manifest.get("links", ())
            self.links = {(path, target): address for path, target, address in found}
            return ""
        if one.name == "agent-source":
            self.path = unquote(one.argument.partition(" ")[0])
            return ""
        if one.name == "agent-conversation":
            return "\n".join(_turns(one.content))
        if one.name == "agent-proof":
            return self.context.proof(unquote(one.argument))
        if one.name in ("agent-graph", "agent-runnable"):
            return ""  # a table below says the same; buttons are for readers
        if one.content.startswith(("{", "[")):
            marks = fence(one.content)
            return f"{marks}json\n{one.content}\n{marks}"
        return self._elsewhere()

    def _title(self, one: Directive) -> str:
        if one.name not in TITLED or not one.argument:
            return ""
        url, _ = self.context.document(one.options.get("link", ""))
        return f"**[{escape(one.argument)}]({url})**" if url else f"**{escape(one.argument)}**"

    def _entries(self, content: str) -> Iterator[str]:
        for row in content.split("\n"):
            if match := _ENTRY.fullmatch(row.strip()):
                url, title = self.context.document(match["named"] or match["plain"])
                words = match["title"] or title
                if url and words:
                    yield f"- [{escape(words)}]({url})"

    def _included(self, one: Directive, depth: int) -> str:
        text = "" if one.options else self.context.include(one.argument)
        if not text:
            return self._elsewhere()
        inner = _Converter(self.context, bool(_MARK.match(text)))
        return inner.convert(_MARK.sub("", text), depth + 1).strip("\n")

    def _elsewhere(self) -> str:
        return f"[This part is on the page.]({self.context.page})"


def _turns(content: str) -> Iterator[str]:
    """Yield the lines of a conversation, as a list."""
    names = {"user": "User", "assistant": "Assistant", "context": "Context"}
    for row in content.split("\n"):
        who, _, said = row.partition(": ")
        if said:
            yield f"- **{names.get(who, 'Why')}:** {escape(said)}"


# --- where things stand ------------------------------------------------------------------------


def _spans(parser: MarkdownIt, content: str, environment: dict[str, Any]) -> list[Span]:
    """Return the links of a text, where they stand in it."""
    spans: list[Span] = []
    parser.inline.parse(content, parser, {**environment, "spans": spans}, [])
    return spans


class Place(NamedTuple):
    """Where a line of a block's text begins in the page."""

    start: int
    in_cell: bool = False
    """Whether it is of a table, where a bar has a backslash that the text has not."""


def _places(
    token: Token, rows: list[str], starts: list[int], cursors: dict[int, int]
) -> list[Place]:
    """Return the place of each line of a block's text; nothing where one is unclear.

    :param cursors: row → where to look on, as a row of a table holds several texts.
    """
    assert token.map is not None
    found = []
    for number, piece in enumerate(token.content.split("\n"), token.map[0]):
        if number >= len(rows):
            return []
        begin = cursors.get(number, 0)
        column = rows[number].find(piece, begin)
        in_cell = column < 0
        if in_cell:
            piece = piece.replace("|", "\\|")
            column = rows[number].find(piece, begin)
        if column < 0:
            return []
        cursors[number] = column + len(piece)
        found.append(Place(starts[number] + column, in_cell))
    return found


def _absolute(content: str, position: int, places: list[Place]) -> int:
    """Return a position in a block's text as one in the page."""
    begin = content.rfind("\n", 0, position) + 1
    place = places[content.count("\n", 0, position)]
    bars = content.count("|", begin, position) if place.in_cell else 0
    return place.start + position - begin + bars

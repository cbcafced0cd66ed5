"""What dialects have in common: reading one aspect of an agent from its fields or its text.

Each function takes what :mod:`agentdocs.source` and :mod:`agentdocs.markdown` found and returns
data; a dialect is a choice of these.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from agentdocs import tools
from agentdocs.model import Activation, Example

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agentdocs.model import Field, Outline, RawFile, Tool

MODELS = frozenset({"inherit", "opus", "sonnet", "haiku", "fable", "fast"})
"""Models that clients know by a short name."""

_EXAMPLE = re.compile(r"<example>(.*?)(?:</example>|(?=<example>)|\Z)", re.DOTALL | re.IGNORECASE)
_COMMENTARY = re.compile(r"<commentary>(.*?)(?:</commentary>|\Z)", re.DOTALL | re.IGNORECASE)
_SPEAKER = re.compile(
    r"(?:(?<=[\s\"'.”])|^)\**(?P<who>context|user|human|assistant|commentary)\**:\**\s*",
    re.IGNORECASE,
)
# A quote that ends a turn: nothing follows it but another speaker, a tag or the end.
_CLOSING = re.compile(
    r"\"(?=\s*(?:$|<|\n|\**(?:context|user|human|assistant|commentary)\**:))", re.IGNORECASE
)
_INTRO = re.compile(r"\b(?:for )?examples?(?: usage| scenarios?)?(?: include)?\s*:$", re.I)
_EDGE = re.compile(r"[\s*]*")
_WHEN = re.compile(
    r"(?:use|invoke|call|choose|activate|triggers?|apply|must be used|should be used|consult)\b",
    re.I,
)
_NOT = re.compile(
    r"(?:do not use|don't use|never use|not for|avoid (?:it|using)|not intended|do not invoke)\b",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"'(])|\n{2,}")
_FOOTER = re.compile(
    r"\**(?P<key>version|last updated|updated|maintainers?|maintained by|author)\**\s*:\**\s*"
    r"(?P<value>\S.*)",
    re.IGNORECASE,
)
_NEXT_LABEL = re.compile(
    r"\s(?=(?:Version|Last Updated|Maintain\w*|Author)\b)|(?<!Last)\s(?=Updated\b)", re.IGNORECASE
)
# Spaces are looked at from their first one on, or each of them would begin a search.
_AFTER_NAME = re.compile(r"(?<!\s)\s++[-–—:]\s|:\s")
_PART = re.compile(r"[\w-]")
_LOOKS = 500
"""How often names of one list are looked for where they are not."""
_TOOL_TITLES = frozenset({"tools", "allowed tools", "available tools"})


def text_of(field: Field | None) -> str:
    """Return a field's value as one text; lists are joined by commas."""
    if field is None or field.value is None:
        return ""
    if isinstance(field.value, list):
        return ", ".join(str(item) for item in field.value if not isinstance(item, dict | list))
    return "" if isinstance(field.value, dict) else field.value.strip()


def list_of(field: Field | None) -> tuple[str, ...]:
    """Return a field's value as a list; a text is split at commas."""
    if field is None or field.value is None or isinstance(field.value, dict):
        return ()
    if isinstance(field.value, list):
        return tuple(str(item).strip() for item in field.value if isinstance(item, str))
    return tuple(part.strip() for part in field.value.strip("[]").split(",") if part.strip())


def lines_of(field: Field, texts: Iterable[str]) -> Iterator[int]:
    """Yield the lines on which ``texts`` stand in a field's entry; the field's own if nowhere.

    A list is in the order of its entry, so each is looked for from the one before it. One that
    stands nowhere as it is costs a look at all, and few of these are made.
    """
    raw, line, at, looks = field.raw, field.line, 0, _LOOKS
    for text in texts:
        start, looks = _place(raw, text, at, looks)
        if start < 0:
            start, looks = _place(raw, text, 0, looks)
        if start < 0:
            yield field.line
            continue
        line += raw.count("\n", at, start) - raw.count("\n", start, at)
        at = start
        yield line


def _place(raw: str, word: str, at: int, looks: int) -> tuple[int, int]:
    """Return where a word stands by itself from ``at`` on, or -1; and the looks that are left."""
    while looks:
        start = raw.find(word, at)
        end = start + len(word)
        if start >= 0 and not (_PART.match(raw[start - 1 : start]) or _PART.match(raw, end)):
            return start, looks
        looks -= 1
        if start < 0:
            break
        at = start + 1
    return -1, looks


def first(raw: RawFile, *keys: str) -> Field | None:
    """Return the first of several fields that is there."""
    return next((found for key in keys if (found := raw.field(key))), None)


def tools_field(raw: RawFile, *keys: str) -> tuple[Tool, ...]:
    """Return the tools of the first of ``keys``, then those that are denied."""
    allow = first(raw, *keys)
    deny = first(raw, "disallowedTools", "disallowed-tools", "disallowed_tools")
    found = []
    for field, allowed in ((allow, True), (deny, False)):
        if field:
            named = tools.parse(field.value, field.line, allowed)
            lines = lines_of(field, (tool.raw for tool in named))
            found += [replace(tool, line=line) for tool, line in zip(named, lines, strict=True)]
    return tuple(found)


def tools_section(outline: Outline) -> tuple[Tool, ...]:
    """Return the tools of a ``## Tools`` list."""
    slugs = {s.slug for s in outline.sections if _plain(s.title) in _TOOL_TITLES}
    found: list[Tool] = []
    for item in outline.items:
        if item.section in slugs:
            name = item.codes[0] if item.codes else _AFTER_NAME.split(item.text, 1)[0]
            # A sentence in a tools section is advice, not a tool.
            if (
                tools.canonical(name) != name
                or len(name.split()) == 1
                or tools.canonical(name) in tools.CANONICAL
            ):
                found += tools.parse([name], item.line)
    return tuple(found)


def model_of(field: Field | None) -> str:
    """Return the model; the first of a list of fallbacks. Short names are lower case."""
    name = (list_of(field) or ("",))[0]
    return name.lower() if name.lower() in MODELS else name


def examples(text: str, line: int) -> tuple[Example, ...]:
    """Return the ``<example>`` blocks of a text that begins at ``line``."""
    found = []
    plain = text.replace("\\n", "\n")
    counts = "\\n" not in text  # else lines of the file cannot be told from those written so
    at, done = line, 0
    for match in _EXAMPLE.finditer(plain):
        if counts:
            at += plain.count("\n", done, match.start())
            done = match.start()
        if example := _example(match[1], at):
            found.append(example)
    return tuple(found)


def _example(text: str, line: int) -> Example | None:
    turns: list[tuple[str, str]] = []
    comments = [_squeeze(match[1]) for match in _COMMENTARY.finditer(text)]
    text = _COMMENTARY.sub("", text)
    context = ""
    marks = _speakers(text)
    before = _squeeze(text[: marks[0].start()] if marks else text)
    if before:
        context = before
    for number, mark in enumerate(marks):
        end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
        said = _unquote(_squeeze(text[mark.end() : end]))
        who = mark["who"].lower().replace("human", "user")
        if who == "context":
            context = f"{context} {said}".strip()
        elif said:
            turns.append((who, said))
    turns += [("commentary", comment) for comment in comments if comment]
    return Example(context, tuple(turns), line) if context or turns else None


def _speakers(text: str) -> list[re.Match[str]]:
    """Return where turns begin; a colon within what somebody says in quotes begins none."""
    found: list[re.Match[str]] = []
    free = 0
    closed = True
    for mark in _SPEAKER.finditer(text):
        if mark.start() < free:
            continue
        found.append(mark)
        if closed and text[mark.end() : mark.end() + 1] == '"':
            end = _CLOSING.search(text, mark.end() + 1)
            free = end.start() if end else free
            closed = end is not None  # where none follows, none follows later
    return found


def without_examples(text: str) -> str:
    """Return a description without its ``<example>`` blocks and the words that lead to them."""
    plain = text.replace("\\n", "\n")
    cut = _EXAMPLE.search(plain)
    if cut:
        plain = _EXAMPLE.sub("\n\n", plain)
        head, tail = plain[: cut.start()], plain[cut.start() :]
        bare = _without_edge(head)
        intro = _INTRO.search(bare)
        plain = (_without_edge(bare[: intro.start()]) if intro else head.rstrip()) + tail
    return re.sub(r"\n{3,}", "\n\n", plain).strip()


def _without_edge(text: str) -> str:
    """Return a text without the spaces and stars at its end."""
    # Backwards, because a search for such an end begins anew at every star of the text.
    edge = _EDGE.match(text[::-1])
    return text[: len(text) - edge.end()] if edge else text


def split_description(text: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return summary, sentences that say when to use the agent, and when not to."""
    summary: list[str] = []
    when: list[str] = []
    when_not: list[str] = []
    for sentence in _SENTENCE.split(text):
        clean = _squeeze(sentence)
        if not clean:
            continue
        if _NOT.match(clean):
            when_not.append(clean)
        elif _WHEN.match(clean) and not re.match(r"use\w", clean, re.I):
            when.append(clean)
        else:
            summary.append(clean)
    return " ".join(summary), tuple(when), tuple(when_not)


def activation(raw: RawFile, outline: Outline) -> Activation:
    """Return triggers, file patterns, commands and YES/NO tables of an agent."""
    when, when_not = _verdicts(outline)
    if text := text_of(raw.field("when_to_use")):
        when.insert(0, text)
    keywords = list(list_of(raw.field("triggers")))
    files = list(list_of(first(raw, "paths", "globs", "applyTo")))
    commands: list[str] = []
    for text in _labelled(outline):
        label, _, rest = text.partition(":")
        name = _plain(label)
        values = [part.strip(" \"'“”.`") for part in _split_outside_braces(rest)]
        if name in ("auto-triggers", "auto triggers", "triggers", "keywords", "trigger keywords"):
            keywords += [value for value in values if value]
        elif name in ("use explicitly for", "use for", "use when"):
            when += [value for value in values if value]
        elif name in ("files", "file patterns", "directories", "paths", "globs"):
            files += [value.removesuffix(",") for value in values if value]
    for item in outline.items:
        commands += [code for code in item.codes[:1] if re.fullmatch(r"/[a-z][\w:-]*", code)]
    unique = dict.fromkeys
    return Activation(
        tuple(unique(when)), tuple(unique(when_not)), tuple(unique(keywords)),
        tuple(unique(files)), tuple(unique(commands)),
    )  # fmt: skip


def _split_outside_braces(text: str) -> list[str]:
    """Split at commas; those of ``*.{js,ts}`` belong to a pattern."""
    parts = [""]
    for number, piece in enumerate(text.split("{")):
        inside = piece.rfind("}") + 1
        first, *rest = piece[inside:].split(",")
        parts[-1] += ("{" if number else "") + piece[:inside] + first
        parts += rest
    return parts


def _labelled(outline: Outline) -> Iterator[str]:
    """Yield the texts ``Label: a, b, c`` of paragraphs' lines and list items."""
    for paragraph in outline.paragraphs:
        # Two labels on neighbouring lines are one paragraph.
        yield from re.split(r"\s(?=USE EXPLICITLY FOR:|AUTO-TRIGGERS:)", paragraph.text)
    for item in outline.items:
        yield item.text


def _verdicts(outline: Outline) -> tuple[list[str], list[str]]:
    """Return the scenarios of tables whose cells say YES or NO."""
    when: list[str] = []
    when_not: list[str] = []
    for table in outline.tables:
        if not re.search(
            r"\b(use|agent|skill|invoke|delegate|activate)\b", table.rows[0][-1], re.I
        ):
            continue  # some other question that is answered by yes and no
        for row in table.rows[1:]:
            if len(row) < 2:
                continue
            verdict = re.match(r"[^\w✅❌✓✗]*(yes\b|no\b|✅|❌|✓|✗)", row[1], re.IGNORECASE)
            if not verdict:
                continue
            rest = row[1][verdict.end() :].strip(" -–—:,.")
            text = f"{row[0]} ({rest})" if rest else row[0]
            (when if verdict[1].lower() in ("yes", "✅", "✓") else when_not).append(text)
    return when, when_not


def footer(outline: Outline) -> dict[str, tuple[str, int]]:
    """Return ``version``, ``updated`` and ``maintainer`` of the last lines, with their lines."""
    found: dict[str, tuple[str, int]] = {}
    for paragraph in outline.paragraphs[-3:]:
        line = paragraph.line
        parts = _NEXT_LABEL.split(paragraph.text)
        for offset, part in enumerate(parts):
            match = _FOOTER.fullmatch(part.strip())
            if match and len(match["value"]) < 100:
                key = match["key"].lower()
                names = ("version", "updated")  # anything else is a person
                name = next((name for name in names if name in key), "maintainer")
                found[name] = (match["value"], line + offset)
    return found


def opening(outline: Outline) -> tuple[str, int]:
    """Return the first paragraph of the text, and its line."""
    title = next((s.slug for s in outline.sections if s.level == 1), "")
    for paragraph in outline.paragraphs:
        if paragraph.section in ("", title) and paragraph.text.strip():
            return paragraph.text, paragraph.line
    return "", 1


def section_text(outline: Outline, *titles: str) -> tuple[str, int]:
    """Return the first paragraph below the first heading of one of these titles."""
    slugs = {s.slug for s in outline.sections if _plain(s.title) in titles}
    for paragraph in outline.paragraphs:
        if paragraph.section in slugs and not re.match(r"[A-Z][A-Z -]{5,}:", paragraph.text):
            return paragraph.text, paragraph.line
    return "", 1


def has_headings(outline: Outline, *titles: str) -> list[str]:
    """Return those of ``titles`` (lower case) that are headings of the text."""
    there = {_plain(s.title) for s in outline.sections if s.level}
    return [title for title in titles if title in there]


def _plain(title: str) -> str:
    return re.sub(r"[\s_]+", " ", re.sub(r"[^\w\s/-]", "", title.lower())).strip()


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _unquote(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] in "\"'“" and text[-1] in "\"'”":
        return text[1:-1].strip()
    return text

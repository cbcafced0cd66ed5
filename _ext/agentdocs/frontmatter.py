"""Text → fields and body: YAML strictly first, then key by key, and no key is ever dropped.

Of 271 blocks in public libraries that a strict YAML parser refuses, splitting at the keys and
reading each entry alone recovers all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import yaml

from agentdocs.model import Field
from agentdocs.problems import Edit, Problem, ProblemKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agentdocs.model import Value

MAX_DEPTH = 12
"""Deepest nesting of a field that is read as data; hooks, the deepest known, have 6."""
MAX_BLOCK = 200_000
"""Characters of front matter beyond which it is not given to YAML."""
MAX_TRIES = 20
"""How often what YAML refuses is shortened to find a list or a map that stands before it."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEY = re.compile(r"""(?P<quote>["']?)(?P<key>[A-Za-z_$][\w.$-]*)(?P=quote)\s*:(?=\s|$)""")
# Words that begin lines of a conversation inside a description. They are keys of no dialect.
_PREFACE = re.compile(r"\s*(?:<!--.*-->\s*)?")
_TEXTS = frozenset({"description", "when_to_use", "examples"})
_SPEAKERS = frozenset(
    {"user", "assistant", "context", "commentary", "human", "example", "examples"}
)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Fields, and the body with the line it begins on."""

    fields: tuple[Field, ...]
    body: str
    body_line: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """The lines of one top-level key."""

    key: str
    line: int
    lines: tuple[str, ...]

    @property
    def raw(self) -> str:
        return "\n".join(self.lines)


class _RefusedError(Exception):
    """YAML that is refused for what it would cost, not for its form."""

    def __init__(self, kind: ProblemKind, line: int, text: str) -> None:
        super().__init__(text)
        self.kind, self.line, self.text = kind, line, text


def read_front_matter(path: str, text: str) -> FrontMatter:
    """Split the front matter off ``text`` (``\\n`` line ends) and read it."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return _displaced(path, lines) or FrontMatter((), text, 1)
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), None)
    if end is not None and not _looks_like_fields(lines[1:end]):
        if any(line.strip() for line in lines[1:end]):
            end = None
    elif _runs_into_text(lines, end):
        end = None
    if end is None:
        end = _guess_end(lines)
        if end == 1:  # a thematic break, not front matter
            return FrontMatter((), text, 1)
        fields, problems = _read_block(path, lines[1:end])
        return FrontMatter(
            fields, "\n".join(lines[end:]), end + 1, (_unclosed(path, end), *problems)
        )
    fields, problems = _read_block(path, lines[1:end])
    if lines[end].rstrip() == "..." and lines[end + 1 : end + 2] == ["---"]:
        end += 1  # YAML's own end of a document, and then ours
    return FrontMatter(fields, "\n".join(lines[end + 1 :]), end + 2, tuple(problems))


def _displaced(path: str, lines: list[str]) -> FrontMatter | None:
    """Read front matter that only blank lines and comments stand before."""
    start = 0
    while start < len(lines) and _PREFACE.fullmatch(lines[start]):
        start += 1
    if start == len(lines) or lines[start].rstrip() != "---":
        return None
    front = read_front_matter(path, "\n".join(lines[start:]))
    if not front.fields or any(p.kind is ProblemKind.UNCLOSED_FRONT_MATTER for p in front.problems):
        return None
    blank = not any(line.strip() for line in lines[:start])
    first = Problem(
        path,
        1,
        "The front matter does not begin on the first line, so clients do not see it.",
        ProblemKind.BROKEN_FRONT_MATTER,
        "Move it to the top of the file.",
        (Edit(1, start + 1, ()),) if blank else (),
    )
    fields = tuple(replace(field, line=field.line + start) for field in front.fields)
    problems = (first, *(_moved(problem, start) for problem in front.problems))
    if blank:
        return FrontMatter(fields, front.body, front.body_line + start, problems)
    # The comments are part of the text; blank lines keep the place of the front matter.
    gap = [""] * (front.body_line - 1)
    return FrontMatter(fields, "\n".join([*lines[:start], *gap, front.body]), 1, problems)


def _moved(problem: Problem, by: int) -> Problem:
    edits = tuple(replace(e, start=e.start + by, end=e.end + by) for e in problem.edits)
    return replace(problem, line=problem.line + by, edits=edits)


def _looks_like_fields(block: list[str]) -> bool:
    """Whether the first line with text is a key, a comment or a list (a list of agents)."""
    first = next((line for line in block if line.strip()), "")
    return bool(_KEY.match(first.lstrip())) or first.lstrip().startswith(
        ("#", "- ", "{", "?", '"', "'")
    )


def _runs_into_text(lines: list[str], end: int | None) -> bool:
    """Whether the ``---`` at ``end`` is a thematic break of the text, and nothing closes the keys.

    So it is where YAML refuses the block and no key follows on the first line that is none.
    """
    if end is None:
        return False
    guess = _guess_end(lines)
    if guess >= end or lines[guess].strip():
        return False
    if any(_KEY.match(line) for line in lines[guess:end]):
        return False
    try:
        list(_strict("\n".join(lines[1:end])))
    except yaml.YAMLError:
        return True
    except _RefusedError:
        return False
    return False


def _guess_end(lines: list[str]) -> int:
    """Index of the first line that cannot belong to front matter that nobody closed."""
    if not _looks_like_fields(lines[1:2]):
        return 1
    for number, line in enumerate(lines[1:], 1):
        inside = _KEY.match(line) or line.startswith((" ", "\t", "- "))
        if not inside:
            return number
    return len(lines)


def _unclosed(path: str, end: int) -> Problem:
    return Problem(
        path,
        1,
        f"The front matter is opened with “---” and never closed; it was read up to line {end}.",
        ProblemKind.UNCLOSED_FRONT_MATTER,
        f"Put “---” on a line of its own after line {end}.",
        (Edit(end + 1, end + 1, ("---",)),),
    )


def _read_block(path: str, block: list[str]) -> tuple[tuple[Field, ...], list[Problem]]:
    """Read the lines between the ``---``; the first of them is line 2 of the file."""
    if not any(line.strip() for line in block):
        return (), []
    try:
        pairs = list(_strict("\n".join([*block, ""])))
    except (yaml.YAMLError, _RefusedError):
        return _read_entries(path, block)
    fields = tuple(_fields(block, 2, pairs))
    seen: dict[str, int] = {}
    problems = [p for field in fields for p in _duplicate(path, field.key, field.line, seen)]
    return fields, problems


def _strict(text: str) -> Iterator[tuple[str, Value, int]]:
    """Yield key, value and 0-based line of each top-level entry.

    :raises yaml.YAMLError: not YAML, or not a mapping with plain keys.
    :raises _RefusedError: YAML that would cost too much.
    """
    if len(text) > MAX_BLOCK:
        message = f"The front matter has more than {MAX_BLOCK:,} characters; it is kept as text."
        raise _RefusedError(ProblemKind.YAML_TOO_DEEP, 0, message)
    _check_cost(text)
    node = yaml.compose(text, Loader=_LOADER)
    if node is None:
        return
    if not isinstance(node, yaml.MappingNode):
        raise yaml.YAMLError("not a mapping")
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.YAMLError("a key is not a scalar")
        yield key.value, _value(value), _row(key)


def _check_cost(text: str) -> None:
    """Refuse aliases and deep nesting, from the event stream, before anything is built."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            line = _row(event)
            # ``tools: *`` is not meant as an alias: let the entry be read alone.
            if isinstance(event, yaml.AliasEvent) and depth <= 1:
                raise yaml.YAMLError("alias")
            message = "The front matter uses YAML anchors or aliases; they are not expanded."
            raise _RefusedError(ProblemKind.YAML_ALIAS, line, message)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                message = f"The front matter is nested more than {MAX_DEPTH} levels deep."
                raise _RefusedError(ProblemKind.YAML_TOO_DEEP, _row(event), message)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _row(item: yaml.Node | yaml.Event) -> int:
    """Return the 0-based line on which a node or an event begins."""
    return item.start_mark.line if item.start_mark else 0


def _value(node: yaml.Node) -> Value:
    """Return a node's value; scalars stay text, so that ``2.10`` is not 2.1 nor ``no`` false."""
    if isinstance(node, yaml.MappingNode):
        pairs = ((k, v) for k, v in node.value if isinstance(k, yaml.ScalarNode))
        return {k.value: _value(v) for k, v in pairs}
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    plain = not getattr(node, "style", None)
    return None if plain and node.value in ("", "~", "null") else str(node.value)


def _duplicate(path: str, key: str, line: int, seen: dict[str, int]) -> list[Problem]:
    first = seen.setdefault(key, line)
    if first == line:
        return []
    text = f"“{key}” stands twice, on lines {first} and {line}; the second counts here."
    return [Problem(path, line, text, ProblemKind.DUPLICATE_KEY, "Remove one of them.")]


def _entries(block: list[str]) -> Iterator[_Entry]:
    """Split at top-level keys; lines of a conversation that look like keys stay where they are."""
    key, start, lines, in_example = "", 2, list[str](), False
    for number, line in enumerate(block, 2):
        match = _KEY.match(line)
        said = key in _TEXTS and match is not None and match["key"].lower() in _SPEAKERS
        if match and not in_example and not said:
            if key or any(part.strip() for part in lines):
                yield _Entry(key, start, tuple(lines))
            key, start, lines = match["key"], number, []
        lines.append(line)
        opened, closed = line.rfind("<example>"), line.rfind("</example>")
        if opened != closed:
            in_example = opened > closed
    if key or any(part.strip() for part in lines):
        yield _Entry(key, start, tuple(lines))


def _read_entries(path: str, block: list[str]) -> tuple[tuple[Field, ...], list[Problem]]:
    """Read a block that YAML refuses as a whole."""
    fields: list[Field] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    refused: set[ProblemKind] = set()
    for entry in _entries(block):
        if not entry.key and all(line.lstrip().startswith("#") for line in entry.lines if line):
            continue  # comments before the first key
        value: Value = _text_of(entry)
        found: list[Field] = []
        try:
            # The line end belongs to a folded text.
            found = list(_fields(entry.lines, entry.line, list(_strict(f"{entry.raw}\n"))))
        except _RefusedError as error:
            if error.kind not in refused:  # one alias bomb is one Problem
                line = entry.line + error.line
                problems.append(Problem(path, line, error.text, error.kind))
            refused.add(error.kind)
        except yaml.YAMLError:
            problems.append(_broken(path, entry, str(value)))
            value = _collection_of(entry) or value
        if not found:
            key = entry.key or "front matter"
            found = [Field(key, value, entry.raw, entry.line, "repaired")]
        for field in found:
            problems += _duplicate(path, field.key, field.line, seen)
        fields += found
    if not any(p.kind is not ProblemKind.DUPLICATE_KEY for p in problems):
        text = "The front matter is not valid YAML; it was read key by key."
        problems.append(Problem(path, 2, text, ProblemKind.BROKEN_FRONT_MATTER))
    return tuple(fields), problems


def _fields(
    lines: Sequence[str], first: int, pairs: list[tuple[str, Value, int]]
) -> Iterator[Field]:
    """Yield the fields of YAML whose first line is line ``first`` of the file."""
    starts = [row for _, _, row in pairs] + [len(lines)]
    for number, (key, value, row) in enumerate(pairs):
        raw = "\n".join(lines[row : starts[number + 1]]).rstrip()
        yield Field(key, value, raw, first + row)


def _collection_of(entry: _Entry) -> Value:
    """Return the list or map that the entry's first lines hold, where only the rest is broken."""
    end = len(entry.lines) - 1
    for _ in range(MAX_TRIES):
        if end < 1:
            break
        try:
            pairs = list(_strict("\n".join(entry.lines[:end])))
        except yaml.YAMLError as error:
            end = min(end - 1, _refused_row(error, end))
            continue
        except _RefusedError as error:
            end = min(end - 1, error.line)
            continue
        if len(pairs) == 1 and isinstance(pairs[0][1], list | dict):
            return pairs[0][1]
        end -= 1
    return None


def _refused_row(error: yaml.YAMLError, otherwise: int) -> int:
    """Return the row on which YAML stumbled: of a quote that is not closed, where it opens."""
    quote = "quoted scalar" in str(getattr(error, "context", ""))
    mark = getattr(error, "context_mark" if quote else "problem_mark", None)
    return mark.line if mark else otherwise


def _text_of(entry: _Entry) -> str:
    """Return the entry's value as text: what follows the colon, without quotes or indentation."""
    match = _KEY.match(entry.lines[0])
    first = entry.lines[0][match.end() :] if match and entry.key else entry.lines[0]
    rest = [line.strip() for line in entry.lines[1:]]
    text = first.strip()
    if text in ("|", ">", "|-", ">-", "|+", ">+"):
        text = ""
    text = "\n".join([text, *rest]).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return text


def _broken(path: str, entry: _Entry, value: str) -> Problem:
    edits, hint = _quoted(entry, value)
    if _collection_of(entry) is not None:
        edits, hint = (), "Remove the lines below it that belong to no key."
    key = f"“{entry.key}”" if entry.key else "This line"
    text = f"The value of {key} is not valid YAML: {_cause(entry, value)}."
    if not entry.key:
        text = "This line belongs to no key."
    return Problem(path, entry.line, text, ProblemKind.BROKEN_FRONT_MATTER, hint, edits)


def _cause(entry: _Entry, value: str) -> str:
    if any("\t" in line[: len(line) - len(line.lstrip())] for line in entry.lines):
        return "it is indented with a tab"
    if value.startswith(("[", "{")):
        return f"text follows the list that “{value[0]}” opens"
    if value.startswith(("*", "&", "@", "`", "%", "!", "|", ">")):
        return f"“{value[0]}” at its beginning has a meaning of its own"
    if re.search(r":(\s|$)", value):
        return "it contains “: ”, which begins a nested key"
    if value.count('"') % 2 or value.count("'") % 2:
        return "a quote is not closed"
    return "it cannot be read as one value"


def _quoted(entry: _Entry, value: str) -> tuple[tuple[Edit, ...], str]:
    """Return the edit that makes the entry valid YAML with the same value, if there is one."""
    if not entry.key or not value:
        return (), "Quote the value."
    if "\n" in value:
        lines = (f"{entry.key}: |-", *(f"  {line}" if line else "" for line in value.split("\n")))
        hint = f"Write it as a block: “{entry.key}: |-”, its lines indented by two spaces."
    else:
        escaped = value.replace("'", "''")
        lines = (f"{entry.key}: '{escaped}'",)
        hint = "Put the value in single quotes."
    try:
        same = [(key, text) for key, text, _ in _strict("\n".join(lines))] == [(entry.key, value)]
    except (yaml.YAMLError, _RefusedError):
        same = False
    if not same:
        return (), "Quote the value."
    end = entry.line + len(entry.lines)
    blank = sum(1 for _ in _trailing_blank(entry.lines))
    return (Edit(entry.line, end - blank, lines),), hint


def _trailing_blank(lines: tuple[str, ...]) -> Iterator[str]:
    for line in reversed(lines):
        if line.strip():
            return
        yield line

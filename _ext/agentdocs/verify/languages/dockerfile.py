"""Dockerfile → nothing, or the first line that BuildKit would refuse.

The parsers that there are for Python accept anything. This one knows the instructions, how they
go on over lines, here-documents, and what each instruction needs at least.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from agentdocs.verify import placeholders
from agentdocs.verify.languages.base import Language, ParseError
from agentdocs.verify.languages.json import parse as parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTRUCTIONS = frozenset({
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL",
    "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
})  # fmt: skip
HEREDOCS = frozenset({"ADD", "COPY", "RUN"})
EXEC_FORM = frozenset({"ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"})

_DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=\s*(\S*)", re.IGNORECASE)
_FLAG = re.compile(r"--[a-zA-Z][\w-]*+(?:=\S*+)?\s*+")
_WORD = re.compile(r"""(?>(?:[^\s"'\\]|\\.|"(?>(?:[^"\\]|\\.)*)"|'[^']*+'|["'\\])+)""", re.DOTALL)
_HEREDOC = re.compile(r"""\d*<<(-?)(["']?)([^\s"'<]+)\2""")


@dataclass(frozen=True, slots=True)
class _Instruction:
    """An instruction on one line, however many it was written on."""

    name: str
    rest: str
    line: int
    heredocs: int = 0


def parse(code: str) -> None:
    """Check a whole Dockerfile."""
    if bad := re.search("[\0\ud800-\udfff]", code):
        line = code.count("\n", 0, bad.start()) + 1
        raise ParseError(line, f"has the character U+{ord(bad[0]):04X}")
    has_from = False
    for instruction in _instructions(code):
        if not has_from and instruction.name not in ("ARG", "FROM"):
            text = f"has {instruction.name} before FROM, with which a Dockerfile begins"
            raise ParseError(instruction.line, text)
        has_from = has_from or instruction.name == "FROM"
        _check(instruction)
    if not has_from:
        raise ParseError(1, "has no FROM")


def _instructions(code: str) -> Iterator[_Instruction]:
    lines = code.split("\n")
    escape = _escape(lines)
    goes_on = re.compile(rf"{re.escape(escape)}[ \t]*$")
    number = 0
    while number < len(lines):
        first = number
        parts: list[str] = []
        while number < len(lines):  # comments and blank lines do not end what goes on
            line = lines[number].lstrip() if not parts else lines[number]
            number += 1
            if line.lstrip().startswith("#") or not line.strip():
                if not parts:
                    first = number
                continue
            end = goes_on.search(line)
            parts.append(line[: end.start()] if end else line)
            if not end:
                break
        if not parts:
            return
        instruction = _instruction("".join(parts), first + 1)
        closing = list(_heredocs(instruction))
        for tabs, name in closing:
            number = _after(lines, number, tabs, name, first + 1)
        yield _Instruction(instruction.name, instruction.rest, first + 1, len(closing))


def _escape(lines: list[str]) -> str:
    """Return the character that lets a line go on, which directives at the top may change."""
    for line in lines:
        found = _DIRECTIVE.fullmatch(line.strip())
        if not found:
            break
        if found[1].lower() == "escape":
            return "`" if found[2] == "`" else "\\"
    return "\\"


def _instruction(text: str, line: int) -> _Instruction:
    word, *rest = text.split(maxsplit=1)
    name = word.upper()
    if name not in INSTRUCTIONS:
        raise ParseError(line, f"has “{word[:40]}” where an instruction should be")
    if not rest:
        raise ParseError(line, f"has {name} without an argument")
    return _Instruction(name, rest[0].strip(), line)


def _heredocs(instruction: _Instruction) -> Iterator[tuple[bool, str]]:
    """Yield for each here-document whether tabs may stand before its end, and its name."""
    name, rest = instruction.name, instruction.rest
    if name == "ONBUILD":
        name, _, rest = rest.partition(" ")
    if name.upper() in HEREDOCS and "<<" in rest:
        for word in _WORD.finditer(rest):
            if found := _HEREDOC.fullmatch(word[0]):
                yield bool(found[1]), found[3]


def _after(lines: list[str], number: int, tabs: bool, name: str, line: int) -> int:
    """Return the index of the line after a here-document."""
    for index in range(number, len(lines)):
        if (lines[index].lstrip("\t") if tabs else lines[index]) == name:
            return index + 1
    raise ParseError(line, f"has the here-document {name[:40]}, which does not end")


def _check(instruction: _Instruction) -> None:
    name, line = instruction.name, instruction.line
    rest = instruction.rest
    while flag := _FLAG.match(rest):
        rest = rest[flag.end() :]
    words = rest.split()
    if not words:
        raise ParseError(line, f"has {name} without an argument")
    if name in EXEC_FORM and _check_exec(name, rest, line):
        return
    if name == "FROM" and not (len(words) == 1 or (len(words) == 3 and words[1].upper() == "AS")):
        raise ParseError(line, "has a FROM that is not “FROM image” or “FROM image AS name”")
    if name in ("ADD", "COPY") and len(words) < 2:
        raise ParseError(line, f"has {name} without a source or a destination")
    if name in ("ENV", "LABEL") and "=" not in words[0] and len(words) < 2:
        raise ParseError(line, f"has {name} without a value")
    if name == "SHELL":
        raise ParseError(line, "has SHELL without a list in JSON")
    if name == "HEALTHCHECK" and words[0].upper() != "NONE":
        if words[0].upper() != "CMD" or len(words) < 2:
            raise ParseError(line, "has a HEALTHCHECK that is neither NONE nor a CMD")
        _check_exec("CMD", rest.split(maxsplit=1)[1], line)
    if name == "ONBUILD":
        inner = _instruction(rest, line)
        if inner.name in ("FROM", "MAINTAINER", "ONBUILD"):
            raise ParseError(line, f"has {inner.name} in ONBUILD, which cannot be")
        _check(inner)


def _check_exec(name: str, rest: str, line: int) -> bool:
    """Return whether it is a list in JSON.

    Docker takes a list with a slip in it for a command of the shell, which is never meant. But
    ``RUN [ -f x ] && y`` is one.
    """
    list_like = {"RUN": r"\[[\"']", "SHELL": r"\["}.get(name, r"\[\s*[\"']")
    if not re.match(list_like, rest):
        return False
    try:
        values = parse_json(rest)
    except ParseError as error:
        raise ParseError(
            line, f"has {name} with a list that is not JSON: it {error.text}"
        ) from None
    if not all(isinstance(value, str) for value in values):
        raise ParseError(line, f"has {name} with a list that holds other things than text")
    return True


LANGUAGES = (
    Language(
        "Dockerfile",
        ("dockerfile", "docker", "containerfile"),
        parse=parse,
        placeholder=partial(placeholders.find, family="shell"),
    ),
)

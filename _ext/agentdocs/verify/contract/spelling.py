"""YAML's own errors → sentences for somebody who does not know YAML's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import yaml

# What the error says, in libyaml's words or in PyYAML's; whether the line to name is the one on
# which the text or list begins; what it means; what to do. The first that matches counts.
_SAYINGS = [
    (
        "quoted scalar.*(?:end of stream|document)", True,
        "A quote is opened here and never closed.",
        "Close it, or write the text as a block: `key: |`, its lines indented below.",
    ),
    (
        "escape", False,
        "In double quotes, `\\` begins an escape, and this is none.",
        "Use single quotes, or write `\\\\`.",
    ),
    (
        "flow (?:sequence|mapping)", True,
        "The bracket that is opened here is not closed, or a comma is missing.",
        "Close it, or put the entries on lines of their own.",
    ),
    (
        "mapping values are not allowed", False,
        "A second `: ` on a line, or an indentation that fits no line above.",
        "Put the value in quotes, or indent the line like the others of its group.",
    ),
    (
        "sequence entries are not allowed", False,
        "A list cannot begin on the line of its key.",
        "Put each `- ` on a line of its own below the key.",
    ),
    (
        "could not find expected ':'", True,
        "This line belongs to no key.",
        "Put `: ` behind the key, or indent the line if it belongs to the text above.",
    ),
    (
        "block scalar", False,
        "Behind `|` or `>`, the text begins on the next line, indented with spaces.",
        "Put it there.",
    ),
    (
        "expected (?:key|<block end>|'-' indicator)", False,
        "This line is indented like none above it, or something stands behind a value.",
        "Indent it like the others of its group, with spaces.",
    ),
    (
        "node content", False,
        "A bracket is closed here that was not opened.",
        "Remove it, or put the value in quotes.",
    ),
    (
        "document start",
        False,
        "What stands here belongs to nothing above it.",
        "Indent it like what it belongs to, or remove it.",
    ),
    (
        "alias|anchor|tag", False,
        "`&`, `*` or `!` at the beginning of a value has a meaning of its own in YAML.",
        "Put the value in quotes.",
    ),
]  # fmt: skip
_RULES = [(re.compile(pattern), first, text, hint) for pattern, first, text, hint in _SAYINGS]

_TAB = "The line is indented with a tab, and YAML wants spaces.", "Use spaces."


def spelling(error: yaml.YAMLError, text: str, line: Callable[[int], int]) -> tuple[int, str, str]:
    """Return the line of an error, what it means and what to do."""
    mark = getattr(error, "problem_mark", None)
    context = getattr(error, "context_mark", None)
    problem = f"{getattr(error, 'context', '')} {getattr(error, 'problem', '')}"
    here = line(mark.index) if mark else 1
    sign = text[mark.index : mark.index + 1] if mark else ""
    if sign == "\t":
        return here, *_TAB
    if sign and "cannot start any token" in problem:
        return here, f"A value cannot begin with {sign} in YAML.", "Put it in quotes."
    for pattern, first, meaning, hint in _RULES:
        if pattern.search(problem):
            return line(context.index) if first and context else here, meaning, hint
    return here, f"This is not valid YAML: {problem.removeprefix('None ').strip()}.", ""

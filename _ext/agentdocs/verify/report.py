"""An outcome → what a person reads of it in a terminal: where, what, and how to see it again."""

from __future__ import annotations

import os
import textwrap
from typing import TYPE_CHECKING

from agentdocs.problems import no_order, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentdocs.verify.model import ContractProblem, Outcome

AROUND = 3
"""Lines of the snippet that are shown before and after the one that failed."""
MOST = 40
"""Lines of a trace or an output that are shown."""


def failure(outcome: Outcome, root: str, width: int = 100) -> str:
    """Return a failure in full: the agent's lines, the message, what was expected, the command."""
    line = outcome.error.line if outcome.error and outcome.error.line else outcome.line
    place = outcome.path
    if outcome.error and outcome.error.path:
        place = outcome.error.path
    parts = [f"{printable(place)}:{line}: {outcome.reason}"]
    lines = list(
        _around(os.path.join(root, place), line, outcome if place == outcome.path else None)
    )
    parts += ["", *lines] if lines else []
    if outcome.expected is not None:
        parts += ["", side_by_side(outcome.expected, outcome.output, width)]
    elif outcome.error and outcome.error.trace:
        parts += ["", *_short(outcome.error.trace)]
    if outcome.output and outcome.expected is None:
        parts += ["", "It printed:", *(f"  {row}" for row in _short(outcome.output))]
        if outcome.cut:
            parts.append("  … and more, which is not kept.")
    parts += ["", f"Again: {outcome.command}"]
    return "\n".join(clean(row) for row in parts)


def _around(path: str, line: int, outcome: Outcome | None) -> Iterator[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read().split("\n")
    except OSError:
        return
    first = max(1, line - AROUND, outcome.line if outcome else 1)
    last = min(len(text), line + AROUND, outcome.end - 1 if outcome else len(text))
    for number in range(first, last + 1):
        mark = ">" if number == line else " "
        yield f"{mark} {number:>5} │ {text[number - 1]}"


def _short(text: str) -> list[str]:
    rows = text.rstrip("\n").split("\n")
    if len(rows) <= MOST:
        return rows
    return [*rows[: MOST // 2], f"… {len(rows) - MOST} lines …", *rows[-MOST // 2 :]]


def side_by_side(expected: str, actual: str, width: int = 100) -> str:
    """Return two texts in two columns; what differs is marked with ``|``."""
    column = max(20, (width - 5) // 2)
    left, right = (_wrapped(text, column) for text in (expected, actual))
    rows = [f"{'Expected':<{column}}   Actual", f"{'─' * column}   {'─' * column}"]
    for number in range(max(len(left), len(right))):
        one, other = (side[number] if number < len(side) else None for side in (left, right))
        mark = " " if one == other or (one is not None and "..." in one) else "|"
        rows.append(f"{one or '':<{column}} {mark} {other or ''}".rstrip())
    return "\n".join(rows)


def _wrapped(text: str, width: int) -> list[str]:
    rows: list[str] = []
    for row in _short(text):
        rows += textwrap.wrap(
            clean(row), width, drop_whitespace=False, replace_whitespace=False
        ) or [""]
    return rows


def clean(text: str) -> str:
    """Return lines without anything that could act on a terminal, or order a CI."""
    shown = (c if c.isprintable() or c == "\n" else "�" for c in text.expandtabs(4))
    return no_order("".join(shown))


def problem(one: ContractProblem) -> str:
    """Return a contract's problem on one line."""
    return clean(f"{printable(one.path)}:{one.line}: {one.text} {one.hint}".strip())

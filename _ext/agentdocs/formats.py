"""Problems → text for people, JSON for programs, annotations for GitHub."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from agentdocs.problems import SEVERITIES, inert, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import PurePath

    from rich.console import Console

    from agentdocs.problems import Problem

_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_GITHUB = {"error": "error", "warning": "warning", "info": "notice"}


def to_json(problems: Sequence[Problem], agents: int) -> str:
    """Return one JSON object: ``agents``, ``counts`` and ``problems``."""
    rows = [
        {
            "path": p.path,
            "line": p.line,
            "severity": p.severity,
            "kind": p.kind.value,
            "text": p.text,
            "hint": p.hint,
            "fixable": p.fixable,
        }
        for p in problems
    ]
    report = {"agents": agents, "counts": counts(problems), "problems": rows}
    return json.dumps(report, indent=2, ensure_ascii=False)


def to_github(problems: Sequence[Problem], folder: PurePath) -> str:
    """Return workflow commands, which GitHub shows beside the lines of a pull request."""
    return "\n".join(
        annotation(
            _GITHUB[p.severity], str(folder / p.path), p.line, p.kind.value,
            " ".join([p.text, p.hint]).strip(),
        )
        for p in problems
    )  # fmt: skip


def annotation(level: str, path: str, line: int, title: str, text: str) -> str:
    """Return one workflow command.

    :param level: ``error``, ``warning`` or ``notice``.
    """

    def escape(text: str) -> str:
        return inert(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    def value(text: str) -> str:
        return escape(text).replace(":", "%3A").replace(",", "%2C")

    return f"::{level} file={value(path)},line={line},title={value(title)}::{escape(text)}"


def print_text(
    problems: Sequence[Problem], agents: int, folder: PurePath, console: Console
) -> None:
    """Print a line for each Problem, and how many there are."""
    from rich.text import Text

    for problem in problems:
        line = Text(f"{printable(str(folder / problem.path))}:{problem.line}: ")
        line.append(problem.severity, _STYLES[problem.severity])
        line.append(f": {inert(problem.text)}")
        if problem.hint:
            line.append(f" {inert(problem.hint)}", "dim")
        line.append(f" [{problem.kind.value}]", "dim")
        console.print(line, soft_wrap=True)
    found = counts(problems)
    words = {"error": "error", "warning": "warning", "info": "remark"}
    parts = [f"{found[s]} {words[s]}{'s' if found[s] != 1 else ''}" for s in SEVERITIES if found[s]]
    fixable = sum(p.fixable for p in problems)
    console.print(
        f"{agents} agent{'s' if agents != 1 else ''}: {', '.join(parts) or 'no Problems'}."
    )
    if fixable:
        console.print(f"{fixable} can be fixed with --fix (--diff shows how).")


def counts(problems: Sequence[Problem]) -> dict[str, int]:
    """Return how many Problems there are of each severity."""
    found = Counter(problem.severity for problem in problems)
    return {severity: found[severity] for severity in SEVERITIES}

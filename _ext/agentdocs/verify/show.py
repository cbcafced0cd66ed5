"""Outcomes → a screen for people, JSON for programs, annotations for GitHub."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

from agentdocs.verify import report, results
from agentdocs.verify.command import summary
from agentdocs.verify.model import TIERS, VERDICTS, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentdocs.verify.model import ContractProblem, Outcome
    from agentdocs.verify.project import Project

SIGNS = {"passed": "✓", "failed": "✗", "unproved": "○", "skipped": "–"}
_CHECKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("○", "yellow")}
_STYLES = {"passed": "green", "failed": "bold red", "unproved": "yellow", "skipped": "cyan"}


def text(
    outcomes: Sequence[Outcome],
    problems: Sequence[ContractProblem],
    project: Project,
    kept: int,
    verbose: bool,
) -> None:
    """Print failures in full, then how many there are of what."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
    for one in outcomes:
        if verbose and one.verdict != "failed":
            place = f"{one.path}:{one.line} {one.address}"
            tail = f"  {one.reason}" if one.reason else ""
            say(
                (f"{SIGNS[one.verdict]} {one.tier:<8} ", _STYLES[one.verdict]),
                (place, ""),
                (tail, "dim"),
            )
    for one in outcomes:
        if one.verdict == "failed":
            say(("─" * min(width, 100), "dim"))
            head, _, rest = report.failure(one, project.root, width).partition("\n")
            say((head, "bold red"))
            say((rest, ""))
    for problem in problems:
        say((report.problem(problem), "red"))
    _table(outcomes)
    say(_last(outcomes, problems, kept))


def say(*parts: tuple[str, str]) -> None:
    """Print pieces of text, each with its style; on a terminal in colour, else as they are."""
    if not sys.stdout.isatty():
        print("".join(report.clean(part) for part, _ in parts))
        return
    from rich.console import Console
    from rich.text import Text

    line = Text.assemble(*((report.clean(part), style) for part, style in parts))
    Console(highlight=False, markup=False).print(line, soft_wrap=True)


def _table(outcomes: Sequence[Outcome]) -> None:
    """Print how far the snippets of each language came."""
    counts: dict[str, dict[str, int]] = {}
    for one in outcomes:
        name = report.clean(one.language)[:30] or "(none)"
        row = counts.setdefault(name, dict.fromkeys((*TIERS, "failed", "skipped", "all"), 0))
        row["all"] += 1
        row[one.verdict if one.verdict in ("failed", "skipped") else one.tier] += 1
    if not counts:
        return
    columns = [*TIERS[::-1], "skipped", "failed"]
    used = [name for name in columns if any(row[name] for row in counts.values())]
    heads = ["snippets", *("unproved" if name == "none" else name for name in used)]
    width = max(len("language"), *map(len, counts))
    say((f"\n{'language':<{width}}" + "".join(f"  {head:>8}" for head in heads), "bold"))
    for name, row in sorted(counts.items(), key=lambda item: (-item[1]["all"], item[0])):
        cells = "".join(f"  {row[key] or '':>8}" for key in ("all", *used))
        say((f"{name:<{width}}{cells}", "red" if row["failed"] else ""))
    print()


def _last(
    outcomes: Sequence[Outcome], problems: Sequence[ContractProblem], kept: int
) -> tuple[str, str]:
    count = {verdict: sum(o.verdict == verdict for o in outcomes) for verdict in VERDICTS}
    line = summary(count, f" ({kept} known from before)" if kept and outcomes else "")
    if problems:
        line += f" {len(problems)} problem{'s' if len(problems) != 1 else ''} of contracts."
    return line, "red" if count["failed"] or problems else "green"


def as_json(
    outcomes: Sequence[Outcome],
    problems: Sequence[ContractProblem],
    project: Project,
    kept: int,
    verbose: bool,
) -> None:
    """Print what ``results.json`` holds of these outcomes."""
    found = Report(tuple(outcomes), problems=tuple(problems))
    sys.stdout.write(results.text(found, ".").decode())


def github(
    outcomes: Sequence[Outcome],
    problems: Sequence[ContractProblem],
    project: Project,
    kept: int,
    verbose: bool,
) -> None:
    """Print workflow commands, which GitHub shows beside the lines of a pull request."""
    from agentdocs.formats import annotation

    for one in outcomes:
        if one.verdict == "failed":
            line = one.error.line if one.error and one.error.line else one.line
            path = one.error.path if one.error and one.error.path else one.path
            print(annotation("error", path, line, "verify", one.reason))
    for problem in problems:
        words = f"{problem.text} {problem.hint}".strip()
        print(annotation("error", problem.path, problem.line, "contract", words))


def doctor(form: str) -> int:
    """Print what the doctor found; 1 if snippets cannot be run."""
    from dataclasses import asdict

    from agentdocs.verify.doctor import report as examine

    checks = examine()
    if form == "json":
        print(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            sign, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("○", "yellow")}[
                check.ok
            ]
            say((f"{sign} ", style), (f"{check.name}: ", "bold"), (check.text, ""))
            if check.fix and not check.ok:
                say((f"    {check.fix}", "dim"))
    return 0 if all(check.ok is not False for check in checks) else 1

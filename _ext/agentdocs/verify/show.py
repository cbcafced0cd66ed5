"""Outcomes → a screen for people, JSON for programs, annotations for GitHub."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from agentdocs.verify import report, results
from agentdocs.verify.model import TIERS, VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from agentdocs.verify.model import ContractProblem, Outcome
    from agentdocs.verify.project import Project

SIGNS = {"passed": "✓", "failed": "✗", "unproved": "○", "skipped": "–"}
_STYLES = {"passed": "green", "failed": "bold red", "unproved": "yellow", "skipped": "cyan"}


def text(
    outcomes: Sequence[Outcome],
    problems: Sequence[ContractProblem],
    project: Project,
    kept: int,
    verbose: bool,
) -> None:
    """Print failures in full, then how many there are of what."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, markup=False)
    for one in outcomes:
        if verbose and one.verdict != "failed":
            line = Text(f"{SIGNS[one.verdict]} {one.tier:<8}", _STYLES[one.verdict])
            line.append(report.clean(f" {one.path}:{one.line} {one.address}"), "default")
            line.append(report.clean(f"  {one.reason}") if one.reason else "", "dim")
            console.print(line, soft_wrap=True)
    for one in outcomes:
        if one.verdict == "failed":
            console.print(Text("─" * min(console.width, 100), "dim"))
            head, _, rest = report.failure(one, project.root, console.width).partition("\n")
            console.print(Text(head, "bold red"), soft_wrap=True)
            console.print(rest, soft_wrap=True)
    for problem in problems:
        console.print(Text(report.problem(problem), "red"), soft_wrap=True)
    _table(outcomes, console)
    _last(outcomes, problems, kept, project, console)


def _table(outcomes: Sequence[Outcome], console: Console) -> None:
    """Print how far the snippets of each language came."""
    from rich import box
    from rich.table import Table

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
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else box.ASCII2, pad_edge=False)
    table.add_column("Language")
    table.add_column("Snippets", justify="right")
    for name in used:
        table.add_column("unproved" if name == "none" else name, justify="right")
    for name, row in sorted(counts.items(), key=lambda item: (-item[1]["all"], item[0])):
        table.add_row(name, str(row["all"]), *(str(row[key] or "") for key in used))
    console.print(table)


def _last(
    outcomes: Sequence[Outcome],
    problems: Sequence[ContractProblem],
    kept: int,
    project: Project,
    console: Console,
) -> None:
    from rich.text import Text

    count = {verdict: sum(o.verdict == verdict for o in outcomes) for verdict in VERDICTS}
    total = f"{len(outcomes)} snippet{'s' if len(outcomes) != 1 else ''}"
    words = ", ".join(f"{count[v]} {v}" for v in VERDICTS[::-1] if count[v]) or "nothing to verify"
    if problems:
        words += f"; {len(problems)} problem{'s' if len(problems) != 1 else ''} of contracts"
    known = f" ({kept} known from before)" if kept and outcomes else ""
    style = "red" if count["failed"] or problems else "green"
    console.print(Text(f"{total}: {words}{known}.", style), soft_wrap=True)


def as_json(
    outcomes: Sequence[Outcome],
    problems: Sequence[ContractProblem],
    project: Project,
    kept: int,
    verbose: bool,
) -> None:
    """Print what ``results.json`` holds of these outcomes."""
    sys.stdout.buffer.write(results.text(outcomes, problems, project.root))
    sys.stdout.flush()


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
            print(annotation("error", one.path, line, "verify", one.reason))
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
        from rich.console import Console
        from rich.text import Text

        console = Console(highlight=False, markup=False)
        for check in checks:
            sign, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("○", "yellow")}[check.ok]
            line = Text(f"{sign} ", style).append(f"{check.name}: ", "bold").append(check.text)
            console.print(line, soft_wrap=True)
            if check.fix and not check.ok:
                console.print(Text(f"    {check.fix}", "dim"), soft_wrap=True)
    return 0 if all(check.ok is not False for check in checks) else 1

"""Rows of benches → ``docs/benchmarks.md``."""

from __future__ import annotations

import datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

import report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PACKAGES = ("sphinx", "myst-parser", "furo", "markdown-it-py", "docutils", "pystemmer", "pagefind")
_HEAD = """# Benchmarks

<!-- Written by `nox -s bench -- {command}`; what is changed here by hand is lost. -->

How long agentdocs takes is said in ratios, because seconds say more of the machine than of the \
work: what a row compares was measured in one run, by turns. Less is better. *Ratio* is that of \
the time on the clock, *CPU* that of the processors' time of all processes. Where there is a target, \
the CPU time is what counts: other work on the machine changes it least, and the clock most.

A library is made from a seed, with as many agents as a row says, and four pages each; pages about \
the library (the catalogue, tools, tags, roles, snippets) come with it. *Bare Sphinx* is Sphinx with \
MyST and Furo, which builds the very same text of these pages as plain Markdown that stands in no \
table of contents: the least that Sphinx can do; it runs in an environment of its own, with no \
package that only we bring. It has no badges, no side bar, no catalogue to \
filter, no verbatim sources, no files for machines and no index of Pagefind; ours makes all of them \
in the time that is compared.

Measured on {date}: {machine}; {versions}.

Measure again, with nox installed: `nox -s bench -- {command}`
"""


def write(
    path: Path,
    titles: Mapping[str, str],
    rows: Sequence[dict[str, Any]],
    about: dict[str, Any],
    command: str,
) -> None:
    """Write the page.

    :param titles: what each bench compares, by its name.
    :param rows: as JSON has them.
    :param command: what was measured, as arguments of ``nox -s bench``.
    """
    parts = [
        _HEAD.format(
            command=command,
            date=datetime.datetime.now(datetime.UTC).date().isoformat(),
            machine=report.machine_line(about),
            versions=", ".join(_versions()),
        )
    ]
    for name, title in titles.items():
        mine = [row for row in rows if row["bench"] == name]
        if mine:
            parts += [f"## {title}\n", "\n".join(_table(mine)) + "\n"]
    path.write_text("\n".join(parts), encoding="utf-8")


def _versions() -> list[str]:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"no {name}")
    return found


def _table(rows: Sequence[dict[str, Any]]) -> list[str]:
    lines = ["| What | Ratio | CPU | Target | |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        cells = report.Row(
            row["what"],
            report.ratio_of(row["ratio"]),
            row["value"],
            row["target"],
            row["met"],
        ).cells()
        what, ratio, _, cpu, target, mark = cells
        lines.append(f"| {what} | {ratio} | {cpu} | {target} | {mark} |")
    return lines

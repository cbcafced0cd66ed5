"""Rows → a table, with colours on a terminal and plain in a pipe, and JSON."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import processes
from timing import Ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = ("", "ratio", "min–max", "CPU", "target", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison."""

    what: str
    ratio: Ratio | None = None
    value: str = ""
    """What is shown instead of a ratio."""
    target: str = ""
    met: bool | None = None
    """Whether the target is reached; None if there is none."""
    number: float | None = None
    """What is shown instead of a ratio, for JSON."""

    def cells(self) -> tuple[str, ...]:
        """Return what is shown of it."""
        ratio = self.ratio
        mark = {None: "", True: "reached", False: "missed"}[self.met]
        if ratio is None:
            return self.what, self.value, "", "", self.target, mark
        spread = f"{_short(ratio.low)}–{_short(ratio.high)}"
        cpu = _short(ratio.cpu)
        return self.what, _short(ratio.middle), spread, cpu, self.target, mark

    def data(self, bench: str) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return {"bench": bench, **asdict(self)}


def ratio_of(data: dict[str, float] | None) -> Ratio | None:
    """Return a ratio as it was before it became JSON."""
    return Ratio(**data) if data else None


def _short(number: float) -> str:
    return f"{number:.3f}" if number < 0.1 else f"{number:.2f}" if number < 10 else f"{number:.1f}"


def machine() -> dict[str, Any]:
    """Return on what it was measured."""
    return {
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "counted": processes.counted(),
    }


def machine_line(about: dict[str, Any]) -> str:
    """Return it as a sentence."""
    missing = "" if about["counted"] else "; CPU without what runs in sandboxes"
    cores = f"{about['cores']} core{'s' if about['cores'] != 1 else ''}"
    return f"{cores}, Python {about['python']}, {about['system']}{missing}"


def show(title: str, rows: Sequence[Row]) -> None:
    """Print the rows of one bench."""
    if sys.stdout.isatty():
        _in_colours(title, rows)
        return
    table = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(cells[place]) for cells in table) for place in range(len(HEAD))]
    print(f"\n{title}")
    for cells in table:
        first, *rest = [
            cell.ljust(width) if place in (0, 4, 5) else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        print("  ".join(["", first, *rest]).rstrip())
    sys.stdout.flush()


def _in_colours(title: str, rows: Sequence[Row]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for place, name in enumerate(HEAD):
        table.add_column(name, justify="left" if place in (0, 4, 5) else "right")
    for row in rows:
        *cells, mark = row.cells()
        style = {None: "", True: "green", False: "red"}[row.met]
        table.add_row(*cells, f"[{style}]{mark}[/]" if style else mark)
    Console().print(table)

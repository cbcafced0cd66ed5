"""Compares agentdocs with other tools, and with doing nothing, on this machine, in one run.

What comes out are ratios: seconds say more of the machine than of the work. It fails only if a
tool does not do the work that is compared; being slow is no failure.

A further bench is a function in a file of its own, and a row of ``BENCHES``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import browser
import build
import page
import report
import search
import snippets
from about import about as said_of
from timing import WrongError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from report import Row


@dataclass(frozen=True, slots=True)
class Settings:
    """What one call wants."""

    folder: Path
    """Where libraries can be made."""
    runs: int = 0
    agents: tuple[int, ...] = ()
    """Sizes of libraries, if others are wanted than a bench has."""
    upgrade: bool = False
    progress: Callable[[str], None] = lambda _: None
    """Told what is being done."""
    wrong: Callable[[WrongError], None] = lambda _: None
    """Told of a tool that does not do the work; the others are compared all the same."""
    library: Path | None = None
    """Agents that are there, instead of such as are made."""

    def rounds(self, bench: Bench) -> int:
        """Return how often each command is measured."""
        return self.runs or bench.runs


@dataclass(frozen=True, slots=True)
class Bench:
    """Something that is compared."""

    name: str
    title: str
    run: Callable[[Bench, Settings], Iterator[Row]]
    runs: int = 9
    """Rounds, if nobody asks for another number."""


BENCHES = (
    Bench("snippets", "500 Python snippets in 50 agents", snippets.against_others),
    Bench("imports", "100 agents that import FastAPI", snippets.imports, 3),
    Bench("unchanged", "A second run when nothing has changed", snippets.unchanged, 21),
    Bench("memory", "Memory, at most", snippets.memory, 1),
    Bench("build", "A whole site beside bare Sphinx with the same pages", build.build, 1),
    Bench("search", "The search of 4,000 pages, and its index", search.search, 3),
    Bench("browser", "Python in a browser", browser.browser, 3),
)


def main() -> int:
    """Measure, show, and return the exit code."""
    options = _parser().parse_args()
    about = report.machine()
    if options.library and not options.names:
        return _library(options.library)
    chosen = [bench for bench in BENCHES if bench.name in (options.names or _names())]
    rows: list[dict[str, Any]] = []
    faults: list[dict[str, str]] = []
    for bench in chosen:

        def wrong(error: WrongError, bench: Bench = bench) -> None:
            _progress("")
            faults.append({"bench": bench.name, "text": str(error)})
            print(f"\n{bench.title}: {error}", file=sys.stderr)

        with tempfile.TemporaryDirectory(prefix="agentdocs-bench-") as name:
            folder = Path(name).resolve()
            settings = Settings(
                folder, options.runs, tuple(options.agents), options.upgrade, _progress, wrong,
                options.library and options.library.resolve(),
            )  # fmt: skip
            found: list[Row] = []
            try:
                found.extend(bench.run(bench, settings))
            except WrongError as error:
                wrong(error)
        _progress("")
        if found:
            report.show(bench.title, found)
        rows += [row.data(bench.name) for row in found]
    print("\nOurs by theirs: less is better. Ratios are of medians; CPU is that of all processes.")
    print(report.machine_line(about))
    sizes = set(options.agents)
    for file in options.add:
        before = json.loads(file.read_text())
        rows = before["rows"] + rows
        sizes |= set(before["agents"])
    if options.write:
        titles = {bench.name: bench.title for bench in BENCHES}
        page.write(options.write, titles, rows, about, _command(options, sorted(sizes)))
    if options.json:
        data = {"machine": about, "agents": sorted(sizes), "rows": rows, "faults": faults}
        options.json.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    return 1 if faults else 0


def _library(path: Path) -> int:
    """Say of a library what is in it and what it costs; 1 if a line of it is lost."""
    with tempfile.TemporaryDirectory(prefix="agentdocs-bench-") as name:
        try:
            rows = list(said_of(path.resolve(), Path(name).resolve(), _progress))
        except (WrongError, NotADirectoryError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 1
    _progress("")
    report.show(f"{path}, seconds of CPU", rows)
    return 1 if any(row.met is False for row in rows) else 0


def _command(options: argparse.Namespace, sizes: list[int]) -> str:
    """Return what was measured, as arguments."""
    words = list(options.names)
    if sizes:
        words += ["--agents", *map(str, sizes)]
    if options.runs:
        words += ["--runs", str(options.runs)]
    return " ".join([*words, "--write", options.write.as_posix()])


def _names() -> list[str]:
    return [bench.name for bench in BENCHES]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bench.py",
        description="Compares agentdocs with other tools, side by side, and prints ratios.",
        epilog="\n".join(f"  {bench.name:10} {bench.title}" for bench in BENCHES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", type=_name, metavar="NAME", help="only these benches")
    parser.add_argument("--runs", type=_number, default=0, metavar="N", help="rounds of each bench")
    parser.add_argument(
        "--agents", type=_number, nargs="+", default=[], metavar="N", help="sizes of libraries"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures into a file")
    parser.add_argument(
        "--add", type=Path, nargs="+", default=[], metavar="FILE",
        help="rows of earlier runs, as --json wrote them, to stand beside those of this one",
    )  # fmt: skip
    parser.add_argument(
        "--library",
        type=Path,
        metavar="PATH",
        help="say all of a library; or, with NAME build, compare builds of it",
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="write all rows as Markdown")
    parser.add_argument(
        "--upgrade", action="store_true", help="install the newest releases of other tools again"
    )
    return parser


def _name(text: str) -> str:
    if text not in _names():
        raise argparse.ArgumentTypeError(f"there is {', '.join(_names())}, and no “{text}”")
    return text


def _number(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"“{text}” is no number above 0")
    return int(text)


def _progress(text: str) -> None:
    """Say on a terminal what is being done; in one line, which vanishes."""
    # Without a thread: a process that has one had better not fork.
    if sys.stderr.isatty():
        print(f"\r\033[K{text[:78]}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

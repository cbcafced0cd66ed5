"""The commands that read a library: ``check`` and ``render``."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from pathlib import Path

    from agentdocs.catalog import Catalog
    from agentdocs.problems import Problem


def check(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``check``."""
    parser.description = (
        "Lists the Problems of a library. Exits with 1 if there are errors, with 0 if there are "
        "only warnings."
    )
    parser.add_argument(
        "path", type=_path, metavar="PATH", help="a folder with agent files, or one file"
    )
    parser.add_argument(
        "--format", choices=("text", "json", "github"), default="text",
        help="for people, for programs, or as annotations of a pull request (default: text)",
    )  # fmt: skip
    parser.add_argument(
        "--fix", action="store_true", help="write the fixes that are certain into the files"
    )
    parser.add_argument(
        "--diff", action="store_true", help="show the fixes instead of the Problems"
    )
    parser.add_argument(
        "--quiet", "-q", action="store_true", help="errors and warnings, no remarks"
    )
    parser.set_defaults(run=_check)


def render(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``render``."""
    parser.description = (
        "Writes the pages that Sphinx would build, as MyST Markdown. Files in OUT that agentdocs "
        "did not write are left alone."
    )
    parser.add_argument("path", type=_path, metavar="PATH", help="a folder with agent files")
    parser.add_argument("out", type=_path, metavar="OUT", help="the folder to write into")
    parser.set_defaults(run=_render)


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(text)


def _check(options: argparse.Namespace) -> int:
    from pathlib import Path

    from rich.console import Console

    from agentdocs import fix, formats
    from agentdocs.problems import inert

    root, only = options.path, ""
    if root.is_file():  # checked against its library: the first folder of the path as typed
        parts = root.parts if not root.is_absolute() else root.parts[-1:]
        root = Path(parts[0]) if len(parts) > 1 and parts[0] != ".." else root.parent
        only = options.path.relative_to(root).as_posix()
    problems, agents = _problems(root, only)
    console = Console(highlight=False, markup=False)
    if options.diff or options.fix:
        fixed = list(fix.fixes(root, problems))
        if options.diff:
            for file in fixed:
                for line in file.diff():
                    style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
                    console.print(inert(line), style=style, soft_wrap=True)
        if not options.fix:
            return 0
        for file in fixed:
            fix.save(root, file)
        mended = sum(len(file.problems) for file in fixed)
        text = f"Fixed {_count(mended, 'Problem')} in {_count(len(fixed), 'file')}."
        print(text if fixed else "Nothing to fix.", file=sys.stderr)
        problems, agents = _problems(root, only)
    if options.quiet:
        problems = [problem for problem in problems if problem.severity != "info"]
    if options.format == "json":
        print(formats.to_json(problems, agents))
    elif options.format == "github":
        if text := formats.to_github(problems, root):
            print(text)
    else:
        formats.print_text(problems, agents, root, console)
    return 1 if formats.counts(problems)["error"] else 0


def _render(options: argparse.Namespace) -> int:
    from agentdocs.lock import HeldError, Lock
    from agentdocs.pages import pages
    from agentdocs.writer import NotOursError, discard, write

    catalog = _read(options.path)
    try:
        with Lock(options.out):
            discard(options.out)
            written = write(pages(catalog), options.out)
    except HeldError as error:
        print(f"agentdocs: {error}", file=sys.stderr)
        return 2
    except NotOursError as error:
        print(
            f"agentdocs: {error} was not written by agentdocs; it is left alone.", file=sys.stderr
        )
        return 2
    print(
        f"{_count(len(catalog.entries), 'agent')}: {len(written.written)} pages written, "
        f"{written.kept} unchanged, {len(written.removed)} removed."
    )
    return 0


def _problems(root: Path, only: str) -> tuple[list[Problem], int]:
    """Return the Problems of a library, or of one file of it, and how many agents were read."""
    catalog = _read(root)
    if not only:
        return list(catalog.problems), len(catalog.entries)
    mine = [entry for entry in catalog.entries if entry.agent.path == only]
    paths = {only, *(path for entry in mine for path in entry.agent.files)}
    return [problem for problem in catalog.problems if problem.path in paths], len(mine)


def _read(path: Path) -> Catalog:
    from agentdocs.catalog import build
    from agentdocs.library import read_library

    # Nearly all that is made stays to the end: looking for what does not takes a tenth of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    jobs = min(os.cpu_count() or 1, 4)  # what more would read, has to be taken in by one
    return build(read_library(path, progress=_progress, jobs=jobs))


def _progress(paths: Iterable[str], count: int) -> Iterable[str]:
    """Show a bar on a terminal while many files are read; nothing in a pipe."""
    if count < 200 or not sys.stderr.isatty():
        return paths
    from rich.console import Console
    from rich.progress import track

    return track(paths, "Reading agents", count, console=Console(stderr=True), transient=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"

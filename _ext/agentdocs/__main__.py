"""``python -m agentdocs``: the core from a terminal, without Sphinx.

Exit codes: 0 fine (warnings allowed), 1 errors were found, 2 the call itself is wrong.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import TYPE_CHECKING, Any

from agentdocs import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from agentdocs.catalog import Catalog
    from agentdocs.problems import Problem


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what a terminal has no letter for
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        print("agentdocs: interrupted; what is known by now is kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        return 0
    except OSError as error:
        print(f"agentdocs: {_sentence(error)}", file=sys.stderr)
        return 2


def _sentence(error: OSError) -> str:
    from agentdocs.faults import sentence

    if isinstance(error, NotADirectoryError) and error.errno is None:
        return f"there is no folder {error}"
    return sentence(error)


class _Help(argparse.RawDescriptionHelpFormatter):
    """Asks the terminal itself for its width; argparse imports much to do so, at every start."""

    def __init__(self, prog: str) -> None:
        try:
            columns = int(os.environ.get("COLUMNS") or os.get_terminal_size().columns)
        except (OSError, ValueError):
            columns = 80
        super().__init__(prog, width=columns - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:  # examples stand as they were written
            return super()._fill_text(text, width, indent)
        return argparse.HelpFormatter._fill_text(self, text, width, indent)


class _Parser(argparse.ArgumentParser):
    """A parser with that help."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": _Help, **options})


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="agentdocs",
        description="Reads folders of agent definition files: says what is wrong with them, "
        "runs the code in them, and turns them into pages.",
        epilog="Examples:\n"
        "  python -m agentdocs check agents/              what is wrong, and at which line\n"
        "  python -m agentdocs check agents/ --diff       what --fix would change\n"
        "  python -m agentdocs render agents/ build/md    the pages, as Markdown\n"
        "  python -m agentdocs verify                     run the snippets of all agents\n"
        "  python -m agentdocs doctor                     what is there to run them with\n",
    )
    parser.add_argument("--version", action="version", version=f"agentdocs {__version__}")
    # With a name given, it need not be made from a help text, for which argparse imports much.
    commands = parser.add_subparsers(required=True, metavar="COMMAND", prog=parser.prog)

    check = commands.add_parser(
        "check",
        help="list what is wrong with the files of a library",
        description="Lists the Problems of a library. Exits with 1 if there are errors, "
        "with 0 if there are only warnings.",
    )
    check.add_argument(
        "path", type=_path, metavar="PATH", help="a folder with agent files, or one file"
    )
    check.add_argument(
        "--format", choices=("text", "json", "github"), default="text",
        help="for people, for programs, or as annotations of a pull request (default: text)",
    )  # fmt: skip
    check.add_argument(
        "--fix", action="store_true", help="write the fixes that are certain into the files"
    )
    check.add_argument("--diff", action="store_true", help="show the fixes instead of the Problems")
    check.add_argument("--quiet", "-q", action="store_true", help="errors and warnings, no remarks")
    check.set_defaults(run=_check)

    render = commands.add_parser(
        "render",
        help="write a library's pages as Markdown",
        description="Writes the pages that Sphinx would build, as MyST Markdown. Files in OUT "
        "that agentdocs did not write are left alone.",
    )
    render.add_argument("path", type=_path, metavar="PATH", help="a folder with agent files")
    render.add_argument("out", type=_path, metavar="OUT", help="the folder to write into")
    render.set_defaults(run=_render)
    _add_verify(commands)
    return parser


def _add_verify(commands: Any) -> None:
    verify = commands.add_parser(
        "verify",
        help="run the snippets of agents in a sandbox, and say how far each is proved",
        description="Verifies snippets: what parses, whose names and imports resolve, what runs, "
        "and what does what its contract says. Only what has changed is run. Exits with 1 if "
        "a snippet fails.",
        epilog="Examples:\n"
        "  python -m agentdocs verify                         everything the project holds\n"
        "  python -m agentdocs verify agents/team             one folder\n"
        "  python -m agentdocs verify agents/x.md::setup#2    one snippet\n"
        "  python -m agentdocs verify --init agents/x.md      a first contract for an agent\n"
        "  python -m agentdocs verify --diff --update         new outputs into contracts\n"
        "  python -m agentdocs verify --shard 2/8             the second of eight parts\n",
    )
    verify.add_argument(
        "paths", nargs="*", metavar="PATH",
        help="folders, files, or FILE::ADDRESS (default: what [tool.agentdocs] in pyproject.toml "
        "names, else agents)",
    )  # fmt: skip
    verify.add_argument("--init", metavar="AGENT", help="write a first contract for an agent")
    verify.add_argument(
        "--update", action="store_true", help="write new outputs and digests into contracts"
    )
    verify.add_argument(
        "--artefacts", action="store_true",
        help="write what snippets make (APIs, models, tables) beside their agents, for builds "
        "of the site that cannot run code",
    )  # fmt: skip
    verify.add_argument("--diff", action="store_true", help="show what --update changes")
    verify.add_argument("--shard", type=_shard, metavar="I/N", help="only the I-th of N parts")
    verify.add_argument("--fresh", action="store_true", help="run again what has not changed")
    verify.add_argument(
        "--require", choices=("parses", "names", "imports", "runs", "checked"),
        help="fail what can be run and does not come so far, unless its author says why",
    )  # fmt: skip
    verify.add_argument(
        "--unsafe", action="store_true",
        help="run without a sandbox: snippets can then do all that you can",
    )  # fmt: skip
    verify.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="for one snippet")
    verify.add_argument(
        "--jobs", "-j", type=_count_of_jobs, default=0, metavar="N", help="sandboxes at a time"
    )
    verify.add_argument("--results", metavar="FILE", help="where results are kept")
    verify.add_argument(
        "--format", choices=("text", "json", "github"), default="text",
        help="for people, for programs, or as annotations of a pull request (default: text)",
    )  # fmt: skip
    verify.add_argument("--verbose", "-v", action="store_true", help="name every snippet")
    verify.set_defaults(run=_verify)

    results = commands.add_parser("results", help="unite the results of several machines")
    inner = results.add_subparsers(required=True, metavar="COMMAND", prog=results.prog)
    merge = inner.add_parser(
        "merge",
        help="unite several results.json",
        description="Unites results; of two verdicts on one snippet, the newer counts. Exits "
        "with 1 if one of them is a failure.",
    )
    merge.add_argument("files", nargs="+", metavar="FILE", help="what shards have written")
    merge.add_argument("--out", "-o", default=".agentdocs/results.json", metavar="FILE")
    merge.set_defaults(run=_merge)

    requires = commands.add_parser(
        "requires",
        help="list what the snippets of agents need, as their contracts say it",
        description="Lists what contracts require, one requirement a line, each once.",
        epilog="Examples:\n"
        "  python -m agentdocs requires > requirements.txt  for pip\n"
        "  python -m agentdocs requires --kind npm          for npm: a line is one argument\n"
        "  python -m agentdocs requires --format json       everything\n",
    )
    requires.add_argument(
        "paths", nargs="*", metavar="PATH", help="folders or files (default: the whole project)"
    )
    requires.add_argument(
        "--kind", choices=("python", "npm", "programs", "services"), default="python",
        help="what to list as text (default: python)",
    )  # fmt: skip
    requires.add_argument("--missing", action="store_true", help="only what is not installed here")
    requires.add_argument("--format", choices=("text", "json"), default="text")
    requires.set_defaults(run=_requires)

    runtime = commands.add_parser(
        "runtime",
        help="make what runs the snippets of agents in a reader's browser",
        description="Makes the folder from which a site's snippets run in a browser: Python, the "
        "packages that contracts require, and scripts. Needs npm, uv and a network the first time; "
        "what was downloaded is kept beside the folder.",
    )
    runtime.add_argument(
        "paths", nargs="*", metavar="PATH", help="folders or files (default: the whole project)"
    )
    runtime.add_argument(
        "--out", default="_build/runtime", metavar="FOLDER", help="default: _build/runtime"
    )
    runtime.add_argument(
        "--results", metavar="FILE", help="verdicts of `verify` (default: .agentdocs/results.json)"
    )
    runtime.add_argument(
        "--refresh", action="store_true", help="look for newer versions of the packages"
    )
    runtime.add_argument(
        "--optional", action="store_true", help="exit with 0 where it cannot be made"
    )
    runtime.set_defaults(run=_runtime)

    doctor = commands.add_parser(
        "doctor",
        help="say what is there to run snippets with, and how to install what is missing",
        description="Tries what snippets are run with, and says how to install what is missing. "
        "Exits with 1 if no snippet can be run.",
    )
    doctor.add_argument("--format", choices=("text", "json"), default="text")
    doctor.set_defaults(run=_doctor)


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(text)


def _shard(text: str) -> tuple[int, int]:
    from agentdocs.verify.shards import parse

    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _count_of_jobs(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 256:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of sandboxes from 1 to 256")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 600:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of seconds up to 600")
    return seconds


def _verify(options: argparse.Namespace) -> int:
    from agentdocs.verify.command import verify

    return verify(options)


def _merge(options: argparse.Namespace) -> int:
    from agentdocs.verify.command import merge

    return merge(options)


def _requires(options: argparse.Namespace) -> int:
    from agentdocs.verify.command import requires

    return requires(options)


def _runtime(options: argparse.Namespace) -> int:
    from agentdocs.browser.command import runtime

    return runtime(options)


def _doctor(options: argparse.Namespace) -> int:
    from agentdocs.verify.command import doctor

    return doctor(options)


def _read(path: Path) -> Catalog:
    from agentdocs.catalog import build
    from agentdocs.library import read_library

    return build(read_library(path, progress=_progress))


def _problems(root: Path, only: str) -> tuple[list[Problem], int]:
    """Return the Problems of a library, or of one file of it, and how many agents were read."""
    catalog = _read(root)
    if not only:
        return list(catalog.problems), len(catalog.entries)
    mine = [entry for entry in catalog.entries if entry.agent.path == only]
    paths = {only, *(path for entry in mine for path in entry.agent.files)}
    return [problem for problem in catalog.problems if problem.path in paths], len(mine)


def _progress(paths: Iterable[str], count: int) -> Iterable[str]:
    """Show a bar on a terminal while many files are read; nothing in a pipe."""
    if count < 200 or not sys.stderr.isatty():
        return paths
    from rich.console import Console
    from rich.progress import track

    return track(paths, "Reading agents", count, console=Console(stderr=True), transient=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


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


if __name__ == "__main__":
    sys.exit(main())

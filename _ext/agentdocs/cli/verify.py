"""The commands that run snippets, and those about their results and needs."""

from __future__ import annotations

import argparse


def verify(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``verify``."""
    parser.description = (
        "Verifies snippets: what parses, whose names and imports resolve, what runs, and what does "
        "what its contract says. Only what has changed is run. Exits with 1 if a snippet fails."
    )
    parser.epilog = (
        "Examples:\n"
        "  python -m agentdocs verify                         everything the project holds\n"
        "  python -m agentdocs verify agents/team             one folder\n"
        "  python -m agentdocs verify agents/x.md::setup#2    one snippet\n"
        "  python -m agentdocs verify --init agents/x.md      a first contract for an agent\n"
        "  python -m agentdocs verify --diff --update         new outputs into contracts\n"
        "  python -m agentdocs verify --shard 2/8             the second of eight parts\n"
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH",
        help="folders, files, or FILE::ADDRESS (default: what [tool.agentdocs] in pyproject.toml "
        "names, else agents)",
    )  # fmt: skip
    parser.add_argument("--init", metavar="AGENT", help="write a first contract for an agent")
    parser.add_argument(
        "--update", action="store_true", help="write new outputs and digests into contracts"
    )
    parser.add_argument(
        "--artefacts", action="store_true",
        help="write what snippets make (APIs, models, tables) beside their agents, for builds "
        "of the site that cannot run code",
    )  # fmt: skip
    parser.add_argument("--diff", action="store_true", help="show what --update changes")
    parser.add_argument("--shard", type=_shard, metavar="I/N", help="only the I-th of N parts")
    parser.add_argument("--fresh", action="store_true", help="run again what has not changed")
    parser.add_argument(
        "--require", choices=("parses", "names", "imports", "runs", "checked"),
        help="fail what can be run and does not come so far, unless its author says why",
    )  # fmt: skip
    parser.add_argument(
        "--unsafe", action="store_true",
        help="run without a sandbox: snippets can then do all that you can",
    )  # fmt: skip
    parser.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="for one snippet")
    parser.add_argument(
        "--jobs", "-j", type=_count_of_jobs, default=0, metavar="N", help="sandboxes at a time"
    )
    parser.add_argument("--results", metavar="FILE", help="where results are kept")
    parser.add_argument(
        "--format", choices=("text", "json", "github"), default="text",
        help="for people, for programs, or as annotations of a pull request (default: text)",
    )  # fmt: skip
    parser.add_argument("--verbose", "-v", action="store_true", help="name every snippet")
    parser.set_defaults(run=_verify)


def results(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``results``."""
    inner = parser.add_subparsers(required=True, metavar="COMMAND", prog=parser.prog)
    merge = inner.add_parser(
        "merge",
        help="unite several results.json",
        description="Unites results; of two verdicts on one snippet, the newer counts. Exits "
        "with 1 if one of them is a failure.",
    )
    merge.add_argument("files", nargs="+", metavar="FILE", help="what shards have written")
    merge.add_argument("--out", "-o", default=".agentdocs/results.json", metavar="FILE")
    merge.set_defaults(run=_merge)


def requires(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``requires``."""
    parser.description = "Lists what contracts require, one requirement a line, each once."
    parser.epilog = (
        "Examples:\n"
        "  python -m agentdocs requires > requirements.txt  for pip\n"
        "  python -m agentdocs requires --kind npm          for npm: a line is one argument\n"
        "  python -m agentdocs requires --format json       everything\n"
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="folders or files (default: the whole project)"
    )
    parser.add_argument(
        "--kind", choices=("python", "npm", "programs", "services"), default="python",
        help="what to list as text (default: python)",
    )  # fmt: skip
    parser.add_argument("--missing", action="store_true", help="only what is not installed here")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=_requires)


def doctor(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``doctor``."""
    parser.description = (
        "Tries what snippets are run with, and says how to install what is missing. Exits with 1 "
        "if no snippet can be run."
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=_doctor)


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


def _doctor(options: argparse.Namespace) -> int:
    from agentdocs.verify.command import doctor

    return doctor(options)

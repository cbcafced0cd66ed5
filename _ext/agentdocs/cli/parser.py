"""The parser of the command line, with all commands."""

from __future__ import annotations

import argparse
from typing import Any

from agentdocs import __version__
from agentdocs.cli import browser, library, overview, verify

_OPTIONS = {
    "check": library.check,
    "render": library.render,
    "verify": verify.verify,
    "results": verify.results,
    "requires": verify.requires,
    "runtime": browser.runtime,
    "doctor": verify.doctor,
}
"""Command → what gives its parser options, and what to run."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    whole = _Overview(prog="agentdocs", usage=overview.USAGE)
    whole.add_argument("--version", action="version", version=f"agentdocs {__version__}")
    # With a name given, it need not be made from a help text, for which argparse imports much.
    commands = whole.add_subparsers(
        required=True, metavar="COMMAND", prog=whole.prog, parser_class=_Parser
    )
    for name, text in overview.COMMANDS.items():
        _OPTIONS[name](commands.add_parser(name, help=text))
    return whole


class _Help(argparse.RawDescriptionHelpFormatter):
    """Asks the terminal itself for its width; argparse imports much to do so, at every start."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=overview.columns())

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:  # examples stand as they were written
            return super()._fill_text(text, width, indent)
        return argparse.HelpFormatter._fill_text(self, text, width, indent)


class _Parser(argparse.ArgumentParser):
    """A parser with that help."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": _Help, **options})


class _Overview(_Parser):
    """The parser above all others, whose help is the overview."""

    def format_help(self) -> str:
        return overview.overview()

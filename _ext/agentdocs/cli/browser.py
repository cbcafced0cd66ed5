"""The command that makes what browsers run snippets with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def runtime(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``runtime``."""
    parser.description = (
        "Makes the folder from which a site's snippets run in a browser: Python, the packages "
        "that contracts require, and scripts. Needs npm, uv and a network the first time; what "
        "was downloaded is kept beside the folder."
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="folders or files (default: the whole project)"
    )
    parser.add_argument(
        "--out", default="_build/runtime", metavar="FOLDER", help="default: _build/runtime"
    )
    parser.add_argument(
        "--results", metavar="FILE", help="verdicts of `verify` (default: .agentdocs/results.json)"
    )
    parser.add_argument(
        "--refresh", action="store_true", help="look for newer versions of the packages"
    )
    parser.add_argument(
        "--optional", action="store_true", help="exit with 0 where it cannot be made"
    )
    parser.set_defaults(run=_runtime)


def _runtime(options: argparse.Namespace) -> int:
    from agentdocs.browser.command import runtime

    return runtime(options)

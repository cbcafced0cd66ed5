"""What the command line says of itself, without argparse, whose import takes longer than all else.

Nothing is imported here that Python has not loaded by itself.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

USAGE = "agentdocs [-h] [--version] COMMAND ..."

COMMANDS = {
    "check": "list what is wrong with the files of a library",
    "render": "write a library's pages as Markdown",
    "verify": "run the snippets of agents in a sandbox, and say how far each is proved",
    "results": "unite the results of several machines",
    "requires": "list what the snippets of agents need, as their contracts say it",
    "runtime": "make what runs the snippets of agents in a reader's browser",
    "doctor": "say what is there to run snippets with, and how to install what is missing",
}
"""Command → what it does, in one line."""

OPTIONS = {
    "-h, --help": "show this help, or after a COMMAND that of the command, and exit",
    "--version": "show program's version number and exit",
}

_DESCRIPTION = (
    "Reads folders of agent definition files: says what is wrong with them, runs the code in "
    "them, and turns them into pages."
)

_EXAMPLES = """\
Examples:
  python -m agentdocs check agents/              what is wrong, and at which line
  python -m agentdocs check agents/ --diff       what --fix would change
  python -m agentdocs render agents/ build/md    the pages, as Markdown
  python -m agentdocs verify                     run the snippets of all agents
  python -m agentdocs doctor                     what is there to run them with
"""


def overview() -> str:
    """Return the commands, the options and examples, as wide as the terminal."""
    width = columns()
    rows = [f"usage: {USAGE}", "", *_wrapped(_DESCRIPTION, width)]
    for title, table in (("commands:", COMMANDS), ("options:", OPTIONS)):
        rows += ["", title, *_listed(table, width)]
    return "\n".join([*rows, "", _EXAMPLES])


def columns() -> int:
    """Return how many columns to fill, asking the terminal itself; ``shutil`` imports much."""
    try:
        return int(os.environ.get("COLUMNS") or os.get_terminal_size().columns) - 2
    except (OSError, ValueError):
        return 78


def _listed(table: dict[str, str], width: int) -> Iterator[str]:
    indent = max(map(len, table)) + 4
    for name, text in table.items():
        first, *others = _wrapped(text, width - indent)
        yield f"  {name}".ljust(indent) + first
        yield from (" " * indent + row for row in others)


def _wrapped(text: str, width: int) -> Iterator[str]:
    row = ""
    for word in text.split():
        if row and len(row) + len(word) >= width:
            yield row
            row = ""
        row = f"{row} {word}" if row else word
    yield row

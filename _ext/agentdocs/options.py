"""A Python script's source → its description and its options, as argparse is told them.

The source is read and never run. What is not a plain text in it (a computed help, an option made in
a loop) is left out; the source stands below.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 100
"""Options that are listed."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option or an argument of a script."""

    command: str
    """The subcommand that it is of; empty for the script itself."""
    names: tuple[str, ...]
    help: str
    default: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """What a script says of itself."""

    about: str
    """The first paragraph of its docstring."""
    options: tuple[Option, ...]


def script(source: str) -> Script | None:
    """Read a script; None where it is no Python, or takes no options."""
    if "add_argument" not in source:
        return None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    options = tuple(_options(tree))[:MOST]
    about = (ast.get_docstring(tree) or "").split("\n\n")[0]
    return Script(" ".join(about.split()), options) if options else None


def _options(tree: ast.Module) -> Iterator[Option]:
    """Yield options in the order of the source."""
    parsers: dict[str, str] = {}
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.Expr)]
    for node in sorted(nodes, key=lambda node: node.lineno):
        call = node.value
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        of = call.func.value.id if isinstance(call.func.value, ast.Name) else ""
        if call.func.attr == "add_parser" and isinstance(node, ast.Assign):
            name = _text(call.args[0]) if call.args else ""
            for target in node.targets:
                if isinstance(target, ast.Name):
                    parsers[target.id] = name
        elif call.func.attr in ("add_argument_group", "add_mutually_exclusive_group"):
            for target in node.targets if isinstance(node, ast.Assign) else ():
                if isinstance(target, ast.Name):
                    parsers[target.id] = parsers.get(of, "")
        elif call.func.attr == "add_argument" and (option := _option(call, parsers.get(of, ""))):
            yield option


def _option(call: ast.Call, command: str) -> Option | None:
    names = tuple(name for one in call.args if (name := _text(one)))
    if not names:
        return None
    given = {word.arg: word.value for word in call.keywords if word.arg}
    about = _text(given.get("help"))
    if about == "" and isinstance(given.get("help"), ast.Attribute):
        return None  # argparse.SUPPRESS
    metavar = _text(given.get("metavar"))
    if metavar and names[0].startswith("-"):
        names = (*names[:-1], f"{names[-1]} {metavar}")
    elif metavar:
        names = (metavar,)
    choices = given.get("choices")
    listed = choices.elts if isinstance(choices, ast.Tuple | ast.List) else []
    return Option(
        command,
        names,
        " ".join(about.replace("%(default)s", _value(given.get("default"))).split()),
        _value(given.get("default")),
        tuple(_value(one) for one in listed),
    )


def _text(node: ast.expr | None) -> str:
    """Return a text that stands in the source as such, also one in several pieces."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _value(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and node.value is not None and node.value is not False:
        return str(node.value)
    return ast.unparse(node) if isinstance(node, ast.Name | ast.UnaryOp | ast.BinOp) else ""

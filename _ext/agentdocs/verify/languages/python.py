"""Python: scripts and ``>>>`` sessions."""

from __future__ import annotations

import ast
import builtins
import symtable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from agentdocs.verify import placeholders
from agentdocs.verify.languages.base import Facts, Language, ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEFINING = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass,
)  # fmt: skip
_BUILTINS = frozenset({*dir(builtins), "__file__", "__name__", "__annotations__"})


def is_session(code: str) -> bool:
    """Whether the code is what a person typed at a prompt, and what came."""
    return code.lstrip().startswith(">>>")


def script(code: str) -> str:
    """Return the code of a session without prompts and output, line by line where it stood.

    :raises ParseError: prompts are not followed by a space, or are indented differently.
    """
    if not is_session(code):
        return code
    import doctest

    try:
        examples = doctest.DocTestParser().get_examples(code)
    except ValueError as error:
        raise ParseError(1, str(error)) from None
    lines = [""] * (code.count("\n") + 2)
    for example in examples:
        source = example.source.rstrip("\n").split("\n")
        lines[example.lineno : example.lineno + len(source)] = source
    return "\n".join(lines)


@lru_cache(maxsize=4)
def _tree(code: str) -> ast.Module:
    return ast.parse(script(code))


def parse(code: str) -> None:
    """Compile, and say what hinders it; ``await`` is allowed everywhere, as in a notebook."""
    try:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        compile(_tree(code), "snippet", "exec", flags, dont_inherit=True)
    except SyntaxError as error:
        raise ParseError(error.lineno or 1, str(error.msg)) from None
    except (RecursionError, MemoryError):
        raise ParseError(1, "is nested too deeply") from None
    except ValueError as error:
        raise ParseError(1, str(error)) from None


def facts(code: str, known: frozenset[str]) -> Facts:
    """Return what the compiler's own tables, and pyflakes where they leave a doubt, tell."""
    tree = _tree(code)
    defined, needed = _names(script(code))
    undefined: list[tuple[str, int]] = []
    if needed - defined - known - _BUILTINS and not {"*"} & (known | defined):
        undefined = _undefined(tree, known)
    return Facts(
        defines=defined,
        undefined=tuple(undefined),
        imports=tuple(_imports(tree.body)),
        only_defines=not is_session(code) and _only_defines(tree),
    )


def _names(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the global names that a module defines, and those that it needs."""
    defined, needed = set(), set()
    left = [symtable.symtable(text, "snippet", "exec")]
    top = left[0]
    while left:
        table = left.pop()
        left += table.get_children()
        for symbol in table.get_symbols():
            if table is not top and not symbol.is_global():
                continue
            if symbol.is_assigned() or symbol.is_imported():
                defined.add(symbol.get_name())
            elif symbol.is_referenced():
                needed.add(symbol.get_name())
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
           for node in _tree(text).body):  # fmt: skip
        defined.add("*")
    return frozenset(defined), frozenset(needed)


def _undefined(tree: ast.Module, known: frozenset[str]) -> list[tuple[str, int]]:
    from pyflakes.checker import Checker
    from pyflakes.messages import UndefinedName

    try:
        messages = Checker(tree, builtins=known).messages
    except RecursionError:
        return []
    return [(str(m.message_args[0]), m.lineno) for m in messages if isinstance(m, UndefinedName)]


def _imports(body: list[ast.stmt]) -> Iterator[tuple[str, int]]:
    """Yield the modules that running the code will import, functions left out."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), node.lineno
        elif isinstance(node, ast.Try | ast.TryStar) and node.handlers:
            continue  # what it catches may well be the missing module
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from _imports(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for _, field in ast.iter_fields(node):
                if isinstance(field, list):
                    yield from _imports([item for item in field if isinstance(item, ast.stmt)])


def _only_defines(tree: ast.Module) -> bool:
    """Whether nothing that the code defines is used by it: no call leads to a line of its own."""
    own = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    for node in tree.body:
        if isinstance(node, _DEFINING):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Assign | ast.AnnAssign):
            calls = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
            if not calls or (own and not any(getattr(c, "id", "") in own for c in calls)):
                continue
        return False
    return bool(tree.body)


def placeholder(code: str) -> tuple[str, int] | None:
    """Return what the reader must replace."""
    try:
        return placeholders.find(script(code), "python")
    except ParseError:
        return None


def mode(code: str) -> dict[str, Any]:
    """Return how the guest is to run it."""
    return {"mode": "session" if is_session(code) else "script"}


LANGUAGES = (
    Language(
        "Python",
        ("python", "py", "python3", "pycon", "python-console", "doctest"),
        parse=parse,
        facts=facts,
        placeholder=placeholder,
        runner="python",
        prepare=mode,
    ),
)

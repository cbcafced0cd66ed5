"""Text of a contract → :class:`Contract`: what the snippets of one agent need to be verified.

What is wrong with a part of it costs that part alone.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from agentdocs.verify.contract.checks import checks, twice
from agentdocs.verify.contract.match import changed, match, moved
from agentdocs.verify.contract.model import (
    NONE,
    SNIPPET,
    Contract,
    Namespace,
    Requires,
    Rule,
    content,
    contract_path,
    digest,
)
from agentdocs.verify.contract.schema import MAX_FAULTS, Fault, NeedsJsonschemaError, faults
from agentdocs.verify.contract.yaml import UnreadableError, compose, value
from agentdocs.verify.model import ContractProblem

if TYPE_CHECKING:
    from agentdocs.verify.contract.yaml import At, Node, Tree

__all__ = [
    "NONE", "Contract", "Namespace", "NeedsJsonschemaError", "Requires", "Rule",
    "changed", "content", "contract_path", "digest", "match", "moved", "read",
]  # fmt: skip


def read(path: str, text: str) -> tuple[Contract, list[ContractProblem]]:
    """Read a contract; of one with problems, what they do not concern.

    :raises NeedsJsonschemaError: jsonschema is not installed.
    """
    try:
        tree = compose(text)
    except UnreadableError as error:
        return Contract(path), [ContractProblem(path, error.line, error.text, error.hint)]
    if tree.root is None or (tree.root.kind == "scalar" and value(tree.root) is None):
        return Contract(path), []  # nothing but comments
    found = faults(tree)
    more = chain(twice(tree), checks(path, tree, {fault.at for fault in found}))
    found += islice(more, MAX_FAULTS + 1 - len(found))
    problems = _problems(path, tree, found[:MAX_FAULTS])
    if len(found) > MAX_FAULTS:
        text = f"There is more to mend; {MAX_FAULTS} faults are listed."
        return Contract(path), [*problems, ContractProblem(path, problems[-1].line, text)]
    return _contract(path, tree, {fault.at for fault in found}), problems


def _problems(path: str, tree: Tree, found: list[Fault]) -> list[ContractProblem]:
    """Return each fault once, in the order of the file."""
    problems = {ContractProblem(path, tree.line(f.index), f.text, f.hint): f.index for f in found}
    return sorted(problems, key=lambda problem: (problems[problem], problem.text))


def _contract(path: str, tree: Tree, broken: set[At]) -> Contract:
    """Build what is usable: ``broken`` is not, nor what it is part of."""
    root = tree.root
    if root is None or root.kind != "mapping":
        return Contract(path)
    data = {key.text: item for key, item in root.pairs[::-1] if (key.text,) not in broken}
    requires = {
        key.text: tuple(item.text for item in items.items)
        for key, items in (data["requires"].pairs if "requires" in data else ())
        if not any(at[:2] == ("requires", key.text) for at in broken)
    }
    entries = data["snippets"].pairs if "snippets" in data else []
    lost = {str(at[1]) for at in broken if at[:1] == ("snippets",) and len(at) > 1}
    rules = {a.text: _rule(tree, a, entry) for a, entry in entries if a.text not in lost}
    found = {key: _said(key, data[key]) for key in ("timeout", "namespace") if key in data}
    return Contract(path, Requires(**requires), rules=rules, broken=frozenset(lost), **found)


def _rule(tree: Tree, address: Node, entry: Node) -> Rule:
    """Build a rule from an entry that is known to be valid."""
    said: dict[str, Any] = {key.text: _said(key.text, item) for key, item in entry.pairs}
    lines = tuple(
        (key.text, tree.line(item.start if item.kind == "scalar" else key.start) + item.is_block)
        for key, item in entry.pairs
    )
    return Rule(address.text, tree.line(address.start), lines=lines, **said)


def _said(key: str, node: Node) -> Any:
    """Return a value as :class:`Rule` has it; text is what was written, so ``3.10`` is not 3.1."""
    if key in ("after", "services", "databases"):
        return tuple(item.text for item in node.items)
    if key == "files":
        return tuple((name.text, item.text) for name, item in node.pairs)
    if key == "timeout":
        return float(value(node))
    if key == "schema" and node.text.startswith(SNIPPET):
        return f"{SNIPPET}{node.text.removeprefix(SNIPPET).strip()}"
    return value(node) if node.kind == "mapping" else node.text

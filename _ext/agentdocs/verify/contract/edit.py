"""Text of a contract → the same text with other digests, outputs and addresses.

Only what changes is written anew, in its place: comments, order and formatting of everything else
stay as they are. What cannot be read stays as it is altogether.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from agentdocs.verify.contract.initial import Found, initial
from agentdocs.verify.contract.model import SNIPPET
from agentdocs.verify.contract.place import (
    STEP,
    Edit,
    added,
    apply,
    behind,
    inline,
    replaced,
    writable,
)
from agentdocs.verify.contract.scalar import hexadecimal, name, quoted
from agentdocs.verify.contract.yaml import Tree, UnreadableError, compose, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from agentdocs.verify.contract.yaml import Node

__all__ = ["Found", "initial", "updated"]


def updated(
    text: str,
    digests: Mapping[str, str],
    expects: Mapping[str, str] | None = None,
    renames: Mapping[str, str] | None = None,
) -> str:
    """Return ``text`` with these digests and outputs, by the addresses that it has now.

    An output for an address that has no entry makes one, if its digest is given too. Entries are
    renamed last, with what refers to them; never to an address that another entry keeps.
    """
    outputs = expects or {}
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = _edited(text.removeprefix(mark), partial(_digests, digests=digests))
    text = _edited(text, partial(_expects, expects=outputs))
    for address in (one for one in outputs if one in digests):
        new = partial(_new, address=address, digest=digests[address], output=outputs[address])
        text = _edited(text, new)
    return mark + _edited(text, partial(_renames, renames=renames or {}))


def _edited(text: str, edits: Callable[[Tree], Iterator[Edit]]) -> str:
    try:
        tree = compose(text)
        new = apply(tree, list(edits(tree)))
        compose(new)  # what has become unreadable would be worse than what is not changed
    except UnreadableError:
        return text
    return new


def _entries(tree: Tree) -> list[tuple[Node, Node]]:
    snippets = tree.root.get("snippets") if tree.root else None
    return snippets.pairs if snippets else []


def _in_brackets(tree: Tree, *nodes: Node) -> bool:
    """Whether any of the nodes, or all entries, are written in brackets."""
    snippets = tree.root.get("snippets") if tree.root else None
    return any(node is not None and node.style == "{" for node in (snippets, *nodes))


def _digests(tree: Tree, digests: Mapping[str, str]) -> Iterator[Edit]:
    for address, entry in _entries(tree):
        digest = digests.get(address.text)
        if digest is None:
            continue
        written, old = hexadecimal(digest), entry.get("digest")
        if old is not None:
            if writable(tree, old) and value(old) != digest:
                yield inline(tree, old, written)
        elif entry.kind == "mapping" and entry.style == "{":
            comma = ", " if entry.pairs else ""
            yield Edit(entry.start + 1, entry.start + 1, f"digest: {written}{comma}")
        elif entry.kind == "mapping":
            yield _on_top(tree, entry, f"digest: {written}")
        elif value(entry) is None and not entry.text and not _in_brackets(tree):
            indent = " " * (tree.column(address.start) + STEP)
            place = tree.below(entry.end)
            first = "" if tree.text[:place].endswith(("\n", "\r")) else "\n"
            yield Edit(place, place, f"{first}{indent}digest: {written}\n")


def _on_top(tree: Tree, mapping: Node, line: str) -> Edit:
    """Put ``line`` in above the first key of a mapping."""
    return Edit(mapping.start, mapping.start, f"{line}\n{' ' * tree.column(mapping.start)}")


def _expects(tree: Tree, expects: Mapping[str, str]) -> Iterator[Edit]:
    for address, entry in _entries(tree):
        output = expects.get(address.text)
        if output is None or entry.kind != "mapping":
            continue
        old, flow = entry.get("expect"), _in_brackets(tree, entry)
        column = tree.column(entry.start)
        if old is not None:
            same = old.text == output and value(old) is not None
            if writable(tree, old) and not same:
                yield replaced(tree, old, output, column, flow)
        elif entry.style == "{" or not entry.pairs:
            yield _in_mapping(entry, f"expect: {quoted(output)}")
        else:
            place = behind(tree, entry, column)
            yield added(tree, place, f"{' ' * column}expect:", output, column)


def _in_mapping(mapping: Node, written: str) -> Edit:
    """Put a pair in at the end of a mapping in brackets."""
    if not mapping.pairs:
        return Edit(mapping.start + 1, mapping.start + 1, written)
    last = mapping.pairs[-1][1].end
    return Edit(last, last, f", {written}")


def _new(tree: Tree, address: str, digest: str, output: str) -> Iterator[Edit]:
    """Make an entry for a snippet that has none."""
    root, entries = tree.root, _entries(tree)
    if any(key.text == address for key, _ in entries):
        return
    pair = next((p for p in (root.pairs if root else ()) if p[0].text == "snippets"), None)
    snippets = pair[1] if pair else None
    if root is not None and (root.style == "{" or (snippets and snippets.style == "{")):
        entry = f"{{digest: {hexadecimal(digest)}, expect: {quoted(output)}}}"
        written = f"{name(address)}: {entry}"
        if snippets is None:
            yield _in_mapping(root, f"snippets: {{{written}}}")
        elif snippets.kind == "mapping":
            yield _in_mapping(snippets, written)
        return
    if pair and snippets and entries:
        outer = tree.column(snippets.start)
        head, place = "", behind(tree, snippets, outer)
    elif pair and value(pair[1]) is None and not pair[1].text:
        head, outer, place = "", STEP, tree.below(pair[1].end)
    elif pair is None:
        head, outer = "snippets:\n", STEP
        place = behind(tree, root, 0) if root and root.pairs else len(tree.text)
    else:
        return
    key, inner = f"{' ' * outer}{name(address)}:\n", " " * (outer + STEP)
    head += f"{key}{inner}digest: {hexadecimal(digest)}\n{inner}expect:"
    yield added(tree, place, head, output, outer + STEP)


def _renames(tree: Tree, renames: Mapping[str, str]) -> Iterator[Edit]:
    """Rename entries, and what ``after`` and ``schema`` say of them."""
    keys = {key.text for key, _ in _entries(tree)}
    new = {old: target for old, target in renames.items() if target not in keys - renames.keys()}
    for address, entry in _entries(tree):
        after, schema = entry.get("after"), entry.get("schema")
        for node in (address, *(after.items if after else ())):
            if node.text in new:
                yield inline(tree, node, name(new[node.text]))
        if schema and schema.text.startswith(SNIPPET):
            old = schema.text.removeprefix(SNIPPET).strip()
            if old in new:
                yield inline(tree, schema, quoted(f"{SNIPPET}{new[old]}"))

"""A place in a contract and a text → the edit that writes the text there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdocs.verify.contract.scalar import block, quoted

if TYPE_CHECKING:
    from agentdocs.verify.contract.scalar import Block
    from agentdocs.verify.contract.yaml import Node, Tree

STEP = 2
"""Spaces by which we indent; the number in a block's header counts them from its key."""

_BREAK = re.compile(r"\r\n?|\n")
_BLANK = re.compile(r"(?:[ \t]*(?:\r\n?|\n))*(?:[ \t]*\Z)?")
_HEADER = re.compile(r"[|>][-+0-9]*")
_COMMENT = re.compile(r"( *)#")


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace ``text[start:end]``."""

    start: int
    end: int
    text: str


def apply(tree: Tree, edits: list[Edit]) -> str:
    """Return the text with edits that do not overlap; new lines end like those that are there."""
    found = _BREAK.search(tree.text)
    parts, end = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        new = edit.text.replace("\n", found[0]) if found else edit.text
        parts += [tree.text[end : edit.start], new]
        end = edit.end
    return "".join([*parts, tree.text[end:]])


def inline(tree: Tree, node: Node, written: str) -> Edit:
    """Put ``written`` in place of a scalar."""
    if node.is_block:
        comment, gap = _around(tree, node)
        return Edit(node.start, node.end, f"{written}{comment}\n{gap}")
    return Edit(node.start, node.end, f"{_space(node)}{written}")


def writable(tree: Tree, node: Node | None) -> bool:
    """Whether another scalar can be put in place of this node."""
    if node is None or node.kind != "scalar":
        return False
    return node.end > node.start or tree.text[node.start - 1 : node.start] == ":"


def replaced(tree: Tree, node: Node, text: str, column: int, flow: bool) -> Edit:
    """Put ``text`` in place of a scalar, as a block if possible.

    :param column: of the key.
    :param flow: whether it stands in brackets, where there are no blocks.
    """
    below = node.end if node.is_block else tree.below(node.end)
    written = None if flow else _block(tree, below, text, column + STEP)
    if written is None:
        return inline(tree, node, quoted(text))
    comment, gap = _around(tree, node)
    end, body = _body(tree, below, written, column + STEP)
    gap = "" if written.keeps else gap
    return Edit(node.start, end, f"{_space(node)}{written.header}{comment}\n{body}{gap}")


def added(tree: Tree, start: int, head: str, text: str, column: int) -> Edit:
    """Put in lines: ``head``, which ends with a key and its colon, and ``text``, its value.

    :param column: of the key.
    """
    before = tree.text[:start]
    first = "\n" if before and not before.endswith(("\n", "\r")) else ""
    written = _block(tree, start, text, column + STEP)
    if written is None:
        return Edit(start, start, f"{first}{head} {quoted(text)}\n")
    end, body = _body(tree, start, written, column + STEP)
    return Edit(start, end, f"{first}{head} {written.header}\n{body}")


def behind(tree: Tree, node: Node, column: int) -> int:
    """Return where a line can be put in right behind a value and all that it holds.

    :param column: of its key.
    """
    leaf = node
    while leaf.kind != "scalar" and leaf.style != "{":
        leaf = leaf.items[-1] if leaf.items else leaf.pairs[-1][1]
    if not leaf.is_block:
        return tree.below(leaf.end)
    place = leaf.end
    # Empty lines at its end separate it from what follows. Lines that reach further to the
    # right than its key are part of it, even if they are white space.
    while not _keeps(tree, leaf):
        above = tree.starts[tree.line(place - 1) - 1]
        if len(tree.text[above:place].rstrip("\r\n")) > column + 1:
            break
        place = above
    return place


def _space(node: Node) -> str:
    """Return what belongs before a value: one that is empty begins right behind the colon."""
    return " " if node.start == node.end else ""


def _keeps(tree: Tree, node: Node) -> bool:
    header = _HEADER.match(tree.text, node.start)
    return header is not None and "+" in header[0]


def _around(tree: Tree, node: Node) -> tuple[str, str]:
    """Return the comment on the line of a scalar, and the empty lines at the end of a block."""
    below = tree.below(node.start if node.is_block else node.end)
    if not node.is_block:
        return tree.text[node.end : below].rstrip(), ""
    header = _HEADER.match(tree.text, node.start)
    comment = tree.text[header.end() if header else node.start : below].rstrip()
    body = tree.text[below : node.end]
    end = body[len(body.rstrip()) :]
    lines = len(_BREAK.findall(end)) - bool(body.strip())
    return comment, "" if _keeps(tree, node) else "\n" * lines


def _block(tree: Tree, below: int, text: str, indent: int) -> Block | None:
    """Return ``text`` as a block that can stand above ``below``, if there is one.

    A comment below it that is indented like the block would become part of it.
    """
    blank = _BLANK.match(tree.text, below)
    start = _COMMENT.match(tree.text, blank.end() if blank else below)
    return None if start and len(start[1]) >= indent else block(text)


def _body(tree: Tree, below: int, written: Block, indent: int) -> tuple[int, str]:
    """Return where the empty lines from ``below`` on end, and a block's lines with these.

    White space on them is left out: it could become part of the block.
    """
    blank = _BLANK.match(tree.text, below)
    gap = blank[0] if blank and not written.keeps else ""
    lines = "\n" * len(_BREAK.findall(gap))
    return blank.end() if blank else below, f"{written.body(indent)}{lines}"

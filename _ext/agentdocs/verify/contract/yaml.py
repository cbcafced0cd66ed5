"""Text of a contract → a tree whose every node knows its place in the text.

YAML 1.2, as editors read it, without what a contract has no use for: aliases, tags, documents
behind the first. Nothing is constructed from the text but text, numbers, lists and mappings.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import yaml

from agentdocs.verify.contract.spelling import spelling

if TYPE_CHECKING:
    from collections.abc import Iterator

At = tuple[str | int, ...]
"""The way from the root to a node: keys and numbers of list items."""

MAX_LENGTH = 1_000_000
"""Characters beyond which a contract is not read."""
MAX_DEPTH = 24
"""Deepest nesting; a JSON Schema within a contract, the deepest known, has 12."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What YAML refuses or reads as the end of a line, and a byte order mark where it is none.
_REFUSED = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_BREAK = re.compile(r"\r\n?|\n")
_DIRECTIVE = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n))*%")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {
    word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")
}
_INT = re.compile(r"[-+]?[0-9]{1,300}")
_BASED = re.compile(r"0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


class UnreadableError(Exception):
    """The text is no YAML that a contract can be read from."""

    def __init__(self, line: int, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.line, self.text, self.hint = line, text, hint


@dataclass(slots=True)
class Node:
    """A mapping, a list or a scalar, at ``text[start:end]``."""

    kind: Literal["mapping", "list", "scalar"]
    start: int
    end: int
    """Of a block collection, where the next token begins."""
    text: str = ""
    """Of a scalar, as it was written, without quotes and indentation."""
    style: str = ""
    """Of a scalar: its quote, ``|`` or ``>``, else empty. Of a collection: ``{`` if in brackets."""
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)

    @property
    def is_block(self) -> bool:
        """Whether it is a text of indented lines below ``|`` or ``>``."""
        return self.kind == "scalar" and self.style in ("|", ">")

    def get(self, key: str) -> Node | None:
        """Return the value of the first pair with this key."""
        return next((value for name, value in self.pairs if name.text == key), None)


@dataclass(frozen=True, slots=True)
class Tree:
    """A text, without byte order mark, and what it holds; ``root`` is None if that is nothing."""

    text: str
    root: Node | None
    starts: tuple[int, ...]
    """Where lines begin."""

    def line(self, index: int) -> int:
        """Return the 1-based line of a place in the text."""
        return bisect_right(self.starts, index)

    def column(self, index: int) -> int:
        """Return how far a place is from the beginning of its line."""
        return index - self.starts[self.line(index) - 1]

    def below(self, index: int) -> int:
        """Return where the line below a place begins, or where the text ends."""
        line = self.line(index)
        return self.starts[line] if line < len(self.starts) else len(self.text)

    def find(self, at: At) -> tuple[Node | None, Node | None]:
        """Return the last key on the way to ``at``, and the node that stands there."""
        key, node = None, self.root
        for step in at:
            if node is None:
                break
            if isinstance(step, int):
                node = node.items[step] if step < len(node.items) else None
            else:
                found = next((pair for pair in node.pairs if pair[0].text == step), None)
                key, node = found or (key, None)
        return key, node


def compose(text: str) -> Tree:
    """Read ``text``.

    :raises UnreadableError: it is too large, not YAML, or uses more of YAML than a contract may.
    """
    if len(text) > MAX_LENGTH:
        size = f"The contract has more than {MAX_LENGTH:,} characters."
        raise UnreadableError(1, size, "Put long texts into files of their own.")
    text = text.removeprefix("\ufeff")
    starts = (0, *(match.end() for match in _BREAK.finditer(text)))
    tree = Tree(text, None, starts)
    if odd := _REFUSED.search(text):
        sign = f"The character U+{ord(odd[0]):04X} cannot stand in YAML."
        raise UnreadableError(
            tree.line(odd.start()), sign, 'Remove it, or write it as `\\u…` in "…".'
        )
    if directive := _DIRECTIVE.match(text):
        meaning = "A line that begins with `%` speaks to YAML itself, and a contract has none."
        raise UnreadableError(tree.line(directive.end() - 1), meaning, "Remove it.")
    try:
        root = _build(tree)
    except yaml.YAMLError as error:
        raise UnreadableError(*spelling(error, text, tree.line)) from None
    return Tree(text, root, starts)


def _build(tree: Tree) -> Node | None:
    """Build the tree without recursion, so that depth costs nothing before it is refused."""
    root: Node | None = None
    open_: list[Node] = []
    keys: list[Node | None] = []
    documents = 0
    for event in yaml.parse(tree.text, Loader=_LOADER):
        documents += isinstance(event, yaml.DocumentStartEvent)
        if isinstance(event, yaml.CollectionEndEvent):
            node = open_.pop()
            node.end = _index(event.end_mark)
            keys.pop()
        elif isinstance(event, yaml.NodeEvent):
            _refuse(event, tree, len(open_), documents)
            node = _node(event)
            if not open_:
                root = node
            else:
                _hang(node, open_[-1], keys, tree)
            if node.kind != "scalar":
                open_.append(node)
                keys.append(None)
    return root


def _node(event: yaml.NodeEvent) -> Node:
    start, end = _index(event.start_mark), _index(event.end_mark)
    if isinstance(event, yaml.ScalarEvent):
        return Node("scalar", start, end, event.value, event.style or "")
    style = "{" if isinstance(event, yaml.CollectionStartEvent) and event.flow_style else ""
    if isinstance(event, yaml.MappingStartEvent):
        return Node("mapping", start, end, style=style)
    return Node("list", start, end, style=style)


def _index(mark: Any) -> int:
    """Return the place of a mark; both of PyYAML's parsers set all of them."""
    return int(mark.index)


def _hang(node: Node, parent: Node, keys: list[Node | None], tree: Tree) -> None:
    """Put ``node`` into its parent; ``keys`` holds for each open mapping the key that waits."""
    key = keys[-1]
    if parent.kind == "list":
        parent.items.append(node)
    elif key is not None:
        parent.pairs.append((key, node))
        keys[-1] = None
    elif node.kind == "scalar":
        keys[-1] = node
    else:
        text = "Only text can be a key, and here it is a list or a mapping."
        raise UnreadableError(
            tree.line(node.start), text, "Put it in quotes if it is meant as text."
        )


def _refuse(event: yaml.NodeEvent, tree: Tree, depth: int, documents: int) -> None:
    """Refuse what YAML has and a contract has no use for."""
    line = tree.line(_index(event.start_mark))
    if documents > 1:
        raise UnreadableError(line, "A second document begins here.", "Remove the `---` above it.")
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        text = "YAML's anchors (`&`) and aliases (`*`) are not read in a contract."
        raise UnreadableError(line, text, "Write the value out, or put it in quotes if it is text.")
    if getattr(event, "tag", None):
        text = "YAML's tags (`!`) are not read in a contract."
        raise UnreadableError(line, text, "Remove it, or put the value in quotes if it is text.")
    if depth >= MAX_DEPTH and isinstance(event, yaml.CollectionStartEvent):
        text = f"This is nested more than {MAX_DEPTH} levels deep."
        raise UnreadableError(line, text, "Put it into a file of its own.")


def value(node: Node) -> Any:
    """Return a node as JSON has it; of a key that stands twice, the first counts."""
    if node.kind == "mapping":
        found: dict[str, Any] = {}
        for key, item in node.pairs:
            if key.text not in found:
                found[key.text] = value(item)
        return found
    if node.kind == "list":
        return [value(item) for item in node.items]
    return node.text if node.style else _plain(node.text)


def _plain(text: str) -> Any:
    """Return what a scalar without quotes means in YAML 1.2, where ``no`` and ``on`` are text."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def duplicates(node: Node, at: At = ()) -> Iterator[tuple[At, Node, Node]]:
    """Yield where a key stands twice: its path, the first and the second."""
    seen: dict[str, Node] = {}
    for key, item in node.pairs:
        here = (*at, key.text)
        if key.text in seen:
            yield here, seen[key.text], key
        else:
            seen[key.text] = key
        yield from duplicates(item, here)
    for number, item in enumerate(node.items):
        yield from duplicates(item, (*at, number))

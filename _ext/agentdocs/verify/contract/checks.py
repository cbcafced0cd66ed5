"""A contract's tree → what is wrong with it that a schema cannot say.

Requirements that pip cannot read, paths that leave the folder, JSON Schemas that are none.
"""

from __future__ import annotations

import re
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from agentdocs.paths import resolve
from agentdocs.problems import brief
from agentdocs.verify.contract.model import SNIPPET
from agentdocs.verify.contract.schema import Fault, shown, validator
from agentdocs.verify.contract.yaml import duplicates, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentdocs.verify.contract.yaml import At, Node, Tree


MAX_SCHEMA = 2_000
"""Values of all JSON Schemas in a contract beyond which they must be files of their own."""
MAX_PATH = 200
"""Characters of the path of a file that is put into the working folder."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def twice(tree: Tree) -> Iterator[Fault]:
    """Yield the keys that stand twice."""
    assert tree.root is not None
    for at, first, second in duplicates(tree.root):
        lines = f"on lines {tree.line(first.start)} and {tree.line(second.start)}"
        text = f"`{brief(second.text, 60)}` stands here twice, {lines}."
        yield Fault(at, second.start, text, "Remove one of them.")


def checks(path: str, tree: Tree, broken: set[At]) -> Iterator[Fault]:
    """Yield what is wrong with values that the schema accepts.

    :param broken: those that it does not.
    """
    root = tree.root
    assert root is not None
    requires, snippets = root.get("requires"), root.get("snippets")
    python = requires.get("python") if requires else None
    for number, item in enumerate(python.items if python else ()):
        at: At = ("requires", "python", number)
        if at not in broken:
            yield from _requirement(at, item)
    room = MAX_SCHEMA
    for address, rule in snippets.pairs if snippets else ():
        for key, item in rule.pairs:
            at = ("snippets", address.text, key.text)
            if at in broken:
                continue
            if key.text == "files":
                yield from _files(at, item)
            elif key.text == "schema" and item.kind == "mapping":
                room -= _size(item)
                yield from _inline(at, key, item, room)
            elif key.text == "schema":
                yield from _schema(path, at, key, item)


def _requirement(at: At, item: Node) -> Iterator[Fault]:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        if not item.text.isprintable():  # pip ends a line at characters that YAML lets pass
            raise InvalidRequirement(item.text)
        Requirement(item.text)
    except (InvalidRequirement, RecursionError):  # markers may be nested in parentheses
        text = f"pip cannot read the requirement {shown(item)}."
        yield Fault(at, item.start, text, "Write a package and its versions: `fastapi>=0.100`.")


def _files(at: At, files: Node) -> Iterator[Fault]:
    paths = {key.text for key, _ in files.pairs}
    for key, _ in files.pairs:
        text, hint = _path(key.text), "Write a relative path with `/`, such as `data/rows.csv`."
        folders = (str(above) for above in PurePosixPath(key.text).parents)
        folder = None if text else next((above for above in folders if above in paths), None)
        if folder is not None:
            text, hint = f"`{brief(folder)}` is a file and a folder here.", "Rename one."
        if text:
            yield Fault(at, key.start, text, hint)


def _path(path: str) -> str:
    """Return what is wrong with the path of a file that is put into the working folder."""
    name = f"The path `{brief(path)}` in `files`"
    if len(path) > MAX_PATH:
        return f"{name} has more than {MAX_PATH} characters."
    if path.startswith("/") or _SCHEME.match(path):
        return f"{name} is absolute, and files are put into the folder of the snippet."
    parts = path.split("/")
    if ".." in parts:
        return f"{name} leads out of the folder in which the snippet runs."
    if "\\" in path or "\0" in path or {"", "."} & set(parts):
        return f"{name} is not the path of a file."
    return ""


def _schema(path: str, at: At, key: Node, schema: Node) -> Iterator[Fault]:
    if schema.text.startswith(SNIPPET):
        if not schema.text.removeprefix(SNIPPET).strip():
            text = "`schema` names no snippet."
            yield Fault(at, key.start, text, "Write its address behind `snippet:`.")
    elif schema.text.startswith("/") or _SCHEME.match(schema.text):
        text = f"`schema` is {shown(schema)}, and only files of this project are read."
        yield Fault(at, key.start, text, "Copy it here, and write its path relative to this file.")
    elif resolve(path, schema.text) is None:
        text = f"`schema` is {shown(schema)}, which leads out of this project."
        yield Fault(at, key.start, text, "Copy it here, and write its path relative to this file.")


def _inline(at: At, key: Node, schema: Node, room: int) -> Iterator[Fault]:
    """Yield the first fault of a JSON Schema that stands in the contract."""
    if room < 0:
        text = f"The JSON Schemas in this contract have more than {MAX_SCHEMA:,} values."
        yield Fault(at, key.start, text, "Put this one into a file, and write its path here.")
        return
    error = next(validator(meta=True).iter_errors(value(schema)), None)
    if error is None:
        return
    place, node = key, schema
    for step in error.absolute_path:
        if isinstance(step, int):
            place = node = node.items[step]
        else:
            place, node = next(pair for pair in node.pairs if pair[0].text == step)
    word = next((str(s) for s in reversed(error.absolute_path) if isinstance(s, str)), "schema")
    text = f"`{brief(word)}` is {shown(node)}, which JSON Schema does not allow there."
    yield Fault(at, place.start, text, "See https://json-schema.org/understanding-json-schema/.")


def _size(node: Node) -> int:
    """Return the number of values in ``node``."""
    inner = chain(node.items, (item for _, item in node.pairs))
    return 1 + sum(_size(item) for item in inner)

"""What was found about an agent's snippets → the text of its first contract."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdocs.verify.contract.scalar import block, hexadecimal, name, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NAMES = re.compile(r"[^\W\d]\w*(?:[,\s]+[^\W\d]\w*)*")
_REASON = 10
"""Fewest characters of a reason to skip; the schema says so."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out about one snippet."""

    address: str
    digest: str
    language: str
    line: int
    skip: str = ""
    """Why it should not be run."""
    setup: str = ""
    """Names that nothing defines, with commas or spaces between them; or code that defines them."""
    files: tuple[str, ...] = ()
    """Files that it uses and that are not there."""
    note: str = ""
    expect: str | None = None
    """What it printed."""


def initial(
    entries: Iterable[Found],
    schema: str = "",
    definition: str = "",
    requires: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Return a first contract, valid as it stands; what a person must decide is a comment.

    :param schema: where editors find the contracts' schema.
    :param definition: the agent's file, for the comment on top.
    :param requires: what must be installed: ``python``, ``npm`` and ``programs``.
    """
    found = list(entries)
    silent = [one for one in found if not _says_something(one)]
    lines = [f"# yaml-language-server: $schema={_flat(schema)}"] if schema else []
    lines += _preface(definition)
    lines += _requires(requires or {})
    if len(silent) < len(found):
        lines.append("snippets:")
        for one in found:
            if _says_something(one):
                lines += _entry(one)
    if silent:
        # No empty line above: it could become part of an output.
        lines += ["# Nothing is missing for these:", *(f"#   {_place(one)}" for one in silent)]
    return "\n".join([*lines, ""])


def _says_something(one: Found) -> bool:
    return bool(one.skip or one.setup or one.files or one.note) or one.expect is not None


def _preface(definition: str) -> list[str]:
    of = f" of {_flat(definition)}" if definition else ""
    return [
        f"# What the snippets{of} need to be verified; that file stays as it is.",
        "# Take the “# ” from the lines that you need, and complete them.",
    ]


def _requires(requires: Mapping[str, Sequence[str]]) -> list[str]:
    kinds = {kind: sorted(set(items)) for kind, items in requires.items() if items}
    lines = [] if not kinds else ["requires:"]
    for kind, items in kinds.items():
        lines += [f"  {kind}:", *(f"    - {quoted(item)}" for item in items)]
    return lines


def _entry(one: Found) -> list[str]:
    """Return the lines of an entry; all of them are comments if it says nothing for certain."""
    reason = " ".join(one.skip.split())
    sure = []
    if len(reason) >= _REASON:
        sure = [f"skip: {quoted(reason)}"]
    elif one.expect is not None:
        sure = _expect(one.expect)
    notes = [text for text in (one.note, reason if not sure else "") if text]
    key = f"  {name(one.address)}:  # {_origin(one)}"
    note = [f"# {_flat(text)}" for text in notes]
    hints = [*_setup(one.setup), *_files(one.files)]
    written = f"digest: {hexadecimal(one.digest)}"
    if not sure:
        return [f"  # {key[2:]}", *(f"  #   {line}" for line in (*note, written, *hints))]
    inner = [*note, written, *(f"# {line}" for line in hints), *sure]
    return [key, *(f"    {line}" if line else "" for line in inner)]


def _expect(output: str) -> list[str]:
    written = block(output)
    if written is None:
        return [f"expect: {quoted(output)}"]
    return [f"expect: {written.header}", *written.body(2).split("\n")[:-1]]


def _setup(setup: str) -> list[str]:
    if not setup.strip():
        return []
    lines = setup.splitlines()
    if _NAMES.fullmatch(setup.strip()):
        names = dict.fromkeys(re.findall(r"\w+", setup))
        lines = [f"{one} = …   # the snippet uses it and nothing defines it" for one in names]
    return ["setup: |", *(f"  {_flat(line)}" for line in lines if line.strip())]


def _files(files: tuple[str, ...]) -> list[str]:
    inner = [line for path in files for line in (f"  {name(path)}: |", "    …")]
    return ["files:   # it uses them and they are not there", *inner] if inner else []


def _place(one: Found) -> str:
    return f"{_flat(one.address)}: {_origin(one)}"


def _origin(one: Found) -> str:
    return f"{_flat(one.language) or 'no language'}, line {one.line}"


def _flat(text: str) -> str:
    """Return text as it can stand in a comment; its indentation stays."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown.rstrip()

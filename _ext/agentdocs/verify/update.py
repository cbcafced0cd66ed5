"""Contracts → what they would have to say: first ones, and those whose snippets have changed."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agentdocs.verify.cases import OutsideError, read_contract
from agentdocs.writer import put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agentdocs.verify.documents import Document
    from agentdocs.verify.engine import Engine
    from agentdocs.verify.model import Outcome


@dataclass(frozen=True, slots=True)
class Change:
    """A contract and the text that it should have."""

    path: str
    """From the project's root."""
    before: str
    after: str

    def diff(self) -> str:
        """Return the difference in unified form."""
        rows = difflib.unified_diff(
            self.before.splitlines(keepends=True), self.after.splitlines(keepends=True),
            f"a/{self.path}", f"b/{self.path}",
        )  # fmt: skip
        return "".join(row if row.endswith("\n") else f"{row}\n" for row in rows)


def pinned(root: str, documents: Iterable[Document]) -> dict[str, Change]:
    """Return the contracts that name changed or moved snippets, with new digests and addresses."""
    from agentdocs.verify.contract import read as contracts
    from agentdocs.verify.contract.edit import updated

    found = {}
    for document in documents:
        text = _read(root, document.contract)
        if not text:
            continue
        contract, _ = contracts.read(document.contract, text)
        snippets = document.snippets()
        renames = contracts.moved(contract, snippets)
        digests = contracts.changed(contract, snippets)
        if renames or digests:
            after = updated(text, digests, {}, renames)
            found[document.contract] = Change(document.contract, text, after)
    return found


def changes(
    root: str, pins: dict[str, Change], documents: Iterable[Document], outcomes: Iterable[Outcome]
) -> list[Change]:
    """Return all that is to be written: ``pins``, and the outputs that differ."""
    from agentdocs.verify.contract.edit import updated

    prefixes = {text.path: text.prefix for document in documents for text in document.texts}
    expects: dict[str, dict[str, str]] = {}
    new = {path: _unpinned(path, change.before) for path, change in pins.items()}
    for one in outcomes:
        if one.terms and one.terms.expect is not None and one.expected is not None and not one.cut:
            key = f"{prefixes[one.path]}{one.address}"
            if key in new.get(one.terms.path, ()):
                continue  # its author has just written what should come
            expects.setdefault(one.terms.path, {})[key] = one.output
    found = dict(pins)
    for path, outputs in expects.items():
        before = _read(root, path)
        start = found[path].after if path in found else before
        found[path] = Change(path, before, updated(start, {}, outputs))
    return [change for _, change in sorted(found.items()) if change.after != change.before]


def _unpinned(path: str, text: str) -> set[str]:
    """Return the entries of a contract that never had a digest: zeros stand in its place."""
    from agentdocs.verify.contract.read import read

    return {key for key, rule in read(path, text)[0].rules.items() if not rule.digest.strip("0")}


def show(change: Change) -> None:
    """Print a difference, in colours on a terminal."""
    from rich.console import Console

    from agentdocs.problems import inert

    console = Console(highlight=False, markup=False)
    for line in change.diff().splitlines():
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        console.print(inert(line), style=style, soft_wrap=True)


def write(root: str, change: Change) -> None:
    """Write a contract."""
    put(Path(root, change.path).resolve(), change.after.encode())


def _read(root: str, path: str) -> str:
    try:
        return read_contract(root, path) or ""
    except OutsideError:
        return ""


def initial(engine: Engine, document: Document) -> str:
    """Return a first contract for a document, with what verifying it without one found out."""
    from agentdocs.verify.contract import initial as first
    from agentdocs.verify.contract.schema import SCHEMA

    outcomes = {one.id: one for one in engine.run()}
    entries = []
    packages: set[str] = set()
    order = {text.path: number for number, text in enumerate(document.texts)}
    for case in sorted(engine.cases(), key=lambda c: (order[c.text.path], c.snippet.line)):
        one, finding = outcomes[case.id], engine.finding(case)
        packages |= {name for name, _ in one.packages}
        printed = one.output if one.tier == "runs" and one.verdict == "passed" else ""
        entries.append(
            first.Found(
                case.key, one.digest, one.language, one.line,
                setup=", ".join(finding.undefined),
                files=finding.files,
                note=one.reason if one.verdict != "passed" else "",
                expect=printed if printed and not one.cut else None,
            )
        )  # fmt: skip
    folder = os.path.dirname(os.path.join(engine.project.root, document.contract))
    results = os.path.dirname(engine.project.results_path)
    schema = os.path.relpath(os.path.join(results, SCHEMA.name), folder).replace(os.sep, "/")
    return first.initial(entries, schema, document.path, {"python": sorted(packages)})

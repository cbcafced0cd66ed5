"""Outcomes ↔ the artefact files beside agents, see :mod:`agentdocs.artefacts.files`."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from agentdocs.artefacts.files import dump, file_of, parse
from agentdocs.artefacts.model import Made, together
from agentdocs.verify.model import ContractProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agentdocs.artefacts.model import Artefact
    from agentdocs.verify.documents import Document
    from agentdocs.verify.model import Outcome


def stale(
    root: str, documents: Iterable[Document], outcomes: Iterable[Outcome]
) -> list[ContractProblem]:
    """Return the files that keep something else than what was made now."""
    found = []
    for path, before, after in _files(root, documents, outcomes):
        if before and before != after:
            text = "The artefacts that are kept here are not those that the snippets make now."
            hint = "Run `python -m agentdocs verify --artefacts`, and commit what it writes."
            found.append(ContractProblem(path, 1, text, hint))
    return found


def write(root: str, documents: Iterable[Document], outcomes: Iterable[Outcome]) -> list[str]:
    """Write the files that are to change; return their paths."""
    found = []
    for path, before, after in _files(root, documents, outcomes):
        if before == after:
            continue
        full = os.path.join(root, path)
        if os.path.islink(full):
            continue
        if after:
            with contextlib.suppress(FileNotFoundError):  # a link may lead elsewhere
                os.unlink(f"{full}.tmp")
            with open(f"{full}.tmp", "x", encoding="utf-8", newline="\n") as file:
                file.write(after)
            os.replace(f"{full}.tmp", full)
        else:
            os.unlink(full)
        found.append(path)
    return found


def _files(
    root: str, documents: Iterable[Document], outcomes: Iterable[Outcome]
) -> Iterator[tuple[str, str, str]]:
    """Yield the path of each agent's file, its text now, and what it should be: empty for none."""
    by_id = {one.id: one for one in outcomes}
    for document in documents:
        path = file_of(document.path)
        before = _read(os.path.join(root, path))
        kept = _kept(before)
        made: list[Made] = []
        lasting: dict[str, tuple[str, tuple[Artefact, ...]]] = {}
        digests: dict[str, str] = {}
        for text in document.texts:
            for snippet in text.snippets:
                key = f"{text.prefix}{snippet.address}"
                one = by_id.get(f"{text.path}::{snippet.address}")
                digests[key] = snippet.digest
                if one and one.verdict == "passed":
                    made += [Made("", key, artefact) for artefact in one.artefacts]
                elif key in kept and kept[key][0] == snippet.digest:
                    lasting[key] = kept[key]  # not run here and now; nothing is known against it
        for item in together(made):
            _, others = lasting.get(item.address, ("", ()))
            lasting[item.address] = (digests[item.address], (*others, item.artefact))
        order = {key: number for number, key in enumerate(digests)}
        rows = dict(sorted(lasting.items(), key=lambda row: order[row[0]]))
        yield path, before, dump(rows) if rows else ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _kept(text: str) -> dict[str, tuple[str, tuple[Artefact, ...]]]:
    try:
        return parse(text) if text else {}
    except ValueError:
        return {}

"""Artefact files ↔ what they keep: for builds of a site that cannot run code.

One stands beside the agent, as its contract does, and is written by the verifier. An artefact
counts as long as its snippet's code is the one that made it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from agentdocs.artefacts.model import SUFFIX, Artefact, Made, artefact
from agentdocs.paths import beside
from agentdocs.problems import Problem, ProblemKind

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from pathlib import Path

    from agentdocs.model import Agent

    Kept = Mapping[str, tuple[str, tuple[Artefact, ...]]]
    """By what a contract calls the snippet: the digest of its code, and what it made."""

LARGEST = 8 << 20
"""Bytes of a file that is read."""


def file_of(definition: str) -> str:
    """Return where the artefacts of a definition are kept."""
    return beside(definition, SUFFIX)


def dump(kept: Kept) -> str:
    """Return the text of a file."""
    snippets = {
        key: {
            "digest": digest,
            "artefacts": [{"kind": a.kind, "name": a.name, "data": a.value()} for a in made],
        }
        for key, (digest, made) in kept.items()
    }
    comment = "Written by `python -m agentdocs verify --artefacts`; not to be changed by hand."
    return json.dumps({"comment": comment, "version": 1, "snippets": snippets}, indent=1) + "\n"


def parse(text: str) -> dict[str, tuple[str, tuple[Artefact, ...]]]:
    """Return what a file keeps.

    :raises ValueError: it is no such file.
    """
    try:
        data = json.loads(text)
        if data["version"] != 1:
            raise ValueError("it is of another version of agentdocs")
        return {
            str(key): (str(entry["digest"]), tuple(_artefacts(entry["artefacts"])))
            for key, entry in data["snippets"].items()
        }
    except (AttributeError, KeyError, TypeError, RecursionError):
        raise ValueError("it has not the form of one") from None


def _artefacts(rows: Any) -> Iterator[Artefact]:
    for row in rows:
        if made := artefact(row["kind"], row["name"], row["data"]):
            yield made


def committed(
    root: Path, agents: Sequence[Agent], files: Container[str]
) -> tuple[dict[str, list[Made]], list[Problem]]:
    """Read the artefact files of a library.

    :param files: the paths of all files in it.
    :return: by agent, what its snippets made as they are now; and what is wrong with the files.
    """
    found: dict[str, list[Made]] = {}
    problems: list[Problem] = []
    for agent in agents:
        path = file_of(agent.path)
        if path not in files:
            continue
        try:
            kept = parse(_text(root / path))
        except (OSError, ValueError) as error:
            text = f"The artefacts cannot be read: {error}."
            problems.append(Problem(path, 1, text, ProblemKind.ARTEFACTS_STALE))
            continue
        made, old = _current(agent, kept)
        found[agent.path] = made
        if old:
            text = f"Artefacts of {len(old)} snippets are of code that has changed, and not shown."
            problems.append(Problem(path, 1, text, ProblemKind.ARTEFACTS_STALE))
    return found, problems


def _text(file: Path) -> str:
    if file.stat().st_size > LARGEST:
        raise ValueError("the file is too large")
    return file.read_text(encoding="utf-8", errors="replace")


def _current(agent: Agent, kept: Kept) -> tuple[list[Made], list[str]]:
    """Return what still holds, in the order of the snippets, and the keys of what does not."""
    made: list[Made] = []
    left = dict(kept)
    names = {companion.path: companion.name for companion in agent.companions}
    for path, outline in agent.texts():
        prefix = "" if path == agent.path else f"{names[path]}:"
        for snippet in outline.snippets:
            digest, artefacts = left.get(f"{prefix}{snippet.address}", ("", ()))
            if digest == snippet.digest:
                del left[f"{prefix}{snippet.address}"]
                made += [Made(path, snippet.address, one) for one in artefacts]
    return made, list(left)

"""Agents and the files around them → the files that each agent ships; a file belongs to one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from agentdocs.artefacts.model import SUFFIX as ARTEFACTS
from agentdocs.markdown import outline
from agentdocs.model import Companion
from agentdocs.paths import resolve, stem
from agentdocs.problems import Problem, ProblemKind
from agentdocs.source import is_binary, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentdocs.model import Agent, Outline, RawFile

CONTRACT = ".verify.yaml"
"""Suffix of the files that say how an agent's snippets are verified; they are no companions."""

IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""Suffixes of pictures that are shown; SVG is not among them, because it can carry scripts."""


def with_companions(
    root: Path,
    agents: list[Agent],
    files: list[str],
    owned: dict[str, str],
    left: dict[str, RawFile],
    max_bytes: int,
) -> Iterator[Agent]:
    """Give every agent the files that it ships; a file belongs to one agent."""
    definitions = {agent.path for agent in agents}
    free = [f for f in files if f not in definitions and _may_be_shown(f)]
    by_folder: dict[str, list[str]] = {}
    for file in free:
        if file in owned:
            by_folder.setdefault(owned[file], []).append(file)
        else:
            for parent in PurePosixPath(file).parents:
                by_folder.setdefault(f"{parent}/", []).append(file)
    loose = {file for file in free if file not in owned}
    taken: set[str] = set()
    for agent in agents:
        path = PurePosixPath(agent.path)
        folder = str(path.parent)
        if agent.is_skill:
            mine = by_folder.get(folder, [])
            beside = folder
        else:
            beside = str(path.parent / stem(agent.path, False))
            mine = [*by_folder.get(f"{beside}/", []), *_named(agent.path, agent.outline, loose)]
        mine = [file for file in dict.fromkeys(mine) if file not in taken]
        taken.update(mine)
        companions = [
            _companion(root, file, _base(file, beside, folder), left.get(file), max_bytes)
            for file in mine
        ]
        if not agent.is_skill:
            for companion in companions:  # companions name further ones
                if companion.outline:
                    more = _named(companion.path, companion.outline, loose - taken)
                    taken.update(more)
                    companions += [
                        _companion(root, f, _base(f, beside, folder), left.get(f), max_bytes)
                        for f in more
                    ]
        problems = [p for c in companions for p in _companion_problems(c)]
        yield replace(
            agent, companions=tuple(companions), problems=(*agent.problems, *sorted(problems))
        )


def _may_be_shown(file: str) -> bool:
    """Whether a file may be published: none of the verifier's, none that a dot hides (``.env``)."""
    return not file.endswith((CONTRACT, ARTEFACTS)) and not PurePosixPath(file).name.startswith(".")


def _base(file: str, beside: str, folder: str) -> str:
    """Return the folder that a companion's name counts from."""
    return beside if file.startswith(f"{beside}/") else folder


def _named(path: str, text: Outline, loose: set[str]) -> list[str]:
    """Return the loose files that a text links to or names in a code span."""
    found = []
    for link in text.links:
        if link.kind == "code" and "." not in link.target:
            continue
        target = resolve(path, link.target.partition("#")[0])
        if target in loose:
            found.append(target)
    return list(dict.fromkeys(found))


def _companion(root: Path, path: str, base: str, raw: RawFile | None, max_bytes: int) -> Companion:
    name = os.path.relpath(path, base).replace(os.sep, "/")
    if raw is None and _looks_binary(root / path):
        return Companion(path, name, _size(root / path))
    if raw is None:
        raw = read_file(root, path, max_bytes)
    parsed = None
    if path.lower().endswith(".md") and raw.text:
        parsed = outline(path, raw.body, raw.body_line)
    return Companion(path, name, raw.size, raw if raw.text else None, parsed)


def _companion_problems(companion: Companion) -> Iterator[Problem]:
    if companion.raw:
        yield from companion.raw.problems
    if companion.outline:
        yield from companion.outline.problems
    if companion.raw is None and not companion.name.lower().endswith(IMAGES):
        text = f"“{companion.name}” is not text, or too large; it can be downloaded."
        yield Problem(companion.path, 1, text, ProblemKind.COMPANION_NOT_SHOWN)


def _looks_binary(file: Path) -> bool:
    try:
        if not file.is_file():
            return True
        with file.open("rb") as stream:
            return is_binary(stream.read(8192))
    except OSError:
        return True


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0

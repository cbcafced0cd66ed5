"""A folder → its agents with their companions, and the Problems of what could not be read."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from agentdocs.artefacts.files import committed
from agentdocs.companions import with_companions
from agentdocs.model import RawFile
from agentdocs.problems import Problem, ProblemKind
from agentdocs.read import read_agent
from agentdocs.source import MAX_BYTES, load, parse
from agentdocs.writer import is_ours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from agentdocs.artefacts.model import Made
    from agentdocs.model import Agent

    Known = dict[str, tuple[str, Agent | RawFile]]
    """Path → SHA-256 of its bytes, and what was read from them."""

Result = TypeVar("Result")

SKIPPED = frozenset({
    ".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__",
    ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "_build", "dist", ".idea",
})  # fmt: skip
"""Folders that hold no agents of anybody's."""

MIN_SHARE = 100
"""Files that a process reads at least: fewer are read before it has begun and answered."""


@dataclass(frozen=True, slots=True)
class Library:
    """What one folder holds."""

    root: Path
    name: str
    """The folder's name: the collection of agents that lie directly in it."""
    agents: tuple[Agent, ...]
    problems: tuple[Problem, ...]
    """Of files that belong to no agent."""
    made: Mapping[str, Sequence[Made]] = field(default_factory=dict)
    """By agent's path, what its snippets make."""


def read_library(
    root: Path,
    max_bytes: int = MAX_BYTES,
    progress: Callable[[Iterable[str], int], Iterable[str]] = lambda items, _: items,
    known: Known | None = None,
    jobs: int = 1,
) -> Library:
    """Read everything below ``root``.

    :param progress: wraps the paths that are read, with their number.
    :param known: what was read before; it is brought up to date.
    :param jobs: how many processes read, where nothing is known and forks can be made.
    :raises NotADirectoryError: ``root`` is no folder.
    """
    if not root.is_dir():
        raise NotADirectoryError(root)
    problems: list[Problem] = []
    files = sorted(_walk(root, problems))
    skills = {str(PurePosixPath(f).parent): f for f in files if _is_skill(f)}
    owned = {f: folder for f in files if (folder := _skill_folder(f, skills)) is not None}
    agents: list[Agent] = []
    left: dict[str, RawFile] = {}
    candidates = [f for f in files if _is_skill(f) or (f not in owned and _may_be_agent(root, f))]

    def read(path: str) -> tuple[Agent | RawFile, list[Problem]]:
        noted: list[Problem] = []
        return _read(root, path, max_bytes, known, noted), noted

    for path, (found, noted) in _all(candidates, read, progress, 1 if known is not None else jobs):
        problems += noted
        if isinstance(found, RawFile) and not found.text and not found.fields:
            problems += found.problems
        elif isinstance(found, RawFile):
            left[path] = found
        else:
            agents.append(found)
    if known is not None:
        for path in known.keys() - set(candidates):
            del known[path]
    agents = list(with_companions(root, agents, files, owned, left, max_bytes))
    used = {companion.path for agent in agents for companion in agent.companions}
    for path in sorted(left.keys() - used):
        text = "This file is not an agent in any dialect that is known, and no agent refers to it."
        problems.append(Problem(path, 1, text, ProblemKind.NOT_AN_AGENT))
    made, old = committed(root, agents, frozenset(files))
    name = root.resolve().name or "library"
    return Library(root, name, tuple(agents), tuple(sorted([*problems, *old])), made)


def _all(
    paths: Sequence[str],
    read: Callable[[str], Result],
    progress: Callable[[Iterable[str], int], Iterable[str]],
    jobs: int,
) -> Iterator[tuple[str, Result]]:
    """Yield each path with what is read from it; every process reads each ``jobs``-th file."""
    jobs = min(jobs, len(paths) // MIN_SHARE)
    if jobs < 2 or sys.platform != "linux":
        yield from ((path, read(path)) for path in progress(paths, len(paths)))
        return
    from agentdocs.shares import Share

    # Begun before the progress, which may be shown by a thread: no fork would take that along.
    shares = [Share(read, paths[number::jobs]) for number in range(1, jobs)]
    mine = paths[::jobs]
    read_by = [[read(path) for path in progress(mine, len(mine))]]
    read_by += [share.results() for share in shares]
    yield from ((path, read_by[at % jobs][at // jobs]) for at, path in enumerate(paths))


def _read(
    root: Path, path: str, max_bytes: int, known: Known | None, problems: list[Problem]
) -> Agent | RawFile:
    """Read one file, or remember it; a file that is no agent comes back as it is."""
    data = load(root, path, max_bytes)
    if isinstance(data, RawFile):
        return _agent(data, path, problems) or data
    if is_ours(data):  # a page of ours: the library holds its own site
        return RawFile(path, "", (), "", 1, len(data))
    digest = hashlib.sha256(data).hexdigest()
    if known is not None and path in known and known[path][0] == digest:
        return known[path][1]
    raw = parse(path, data)
    found = (_agent(raw, path, problems) if raw.text else None) or raw
    if known is not None:
        known[path] = (digest, found)
    return found


def _agent(raw: RawFile, path: str, problems: list[Problem]) -> Agent | None:
    """Read an agent; a fault of ours costs this file alone, and says so."""
    try:
        return read_agent(raw, _is_skill(path)) if raw.text or raw.fields else None
    except Exception as error:
        text = f"agentdocs failed on this file: {type(error).__name__}: {error}"
        problems.append(Problem(raw.path, 1, text, ProblemKind.INTERNAL))
        return None


def _walk(root: Path, problems: list[Problem], folder: str = "") -> Iterator[str]:
    """Yield the paths of all files, and note links and folders that are not followed."""
    try:
        entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
    except OSError as error:
        text = f"The folder cannot be read: {error.strerror or type(error).__name__}."
        problems.append(Problem(folder or ".", 1, text, ProblemKind.UNREADABLE_FILE))
        return
    for entry in entries:
        path = f"{folder}/{entry.name}" if folder else entry.name
        if not _is_text(path):
            shown = path.encode("utf-8", "backslashreplace").decode()
            text = "The file's name is not Unicode, so it can have no address."
            problems.append(Problem(shown, 1, text, ProblemKind.UNREADABLE_FILE))
            continue
        if entry.is_symlink():
            if (problem := _link_problem(root, path)) is not None:
                problems.append(problem)
                continue
            if entry.is_dir():
                continue  # what it leads to is read where it really is
        if not entry.is_dir() and not (entry.is_file() and os.access(entry.path, os.R_OK)):
            what = "cannot be read" if entry.is_file() else "is not a regular file"
            text = f"The file {what}."
            problems.append(Problem(path, 1, text, ProblemKind.UNREADABLE_FILE))
        elif entry.is_dir():
            if entry.name not in SKIPPED and not (Path(entry.path) / "pyvenv.cfg").exists():
                yield from _walk(root, problems, path)
        else:
            yield path


def _is_text(path: str) -> bool:
    """Whether a path can be written down: names that are no Unicode cannot become addresses."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _link_problem(root: Path, path: str) -> Problem | None:
    link = root / path
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        loop = isinstance(error, RuntimeError) or getattr(error, "errno", 0) == 40
        kind = ProblemKind.LINK_LOOP if loop else ProblemKind.UNREADABLE_FILE
        text = "This link leads back to itself." if loop else "This link leads to nothing."
        return Problem(path, 1, text, kind)
    if not target.is_relative_to(root.resolve()):
        text = "This link leads out of the library and is not followed."
        return Problem(path, 1, text, ProblemKind.LINK_OUTSIDE)
    if target.is_dir() and link.parent.resolve().is_relative_to(target):
        text = "This link leads back to a folder above it and is not followed."
        return Problem(path, 1, text, ProblemKind.LINK_LOOP)
    return None


def _is_skill(path: str) -> bool:
    return PurePosixPath(path).name.lower() == "skill.md"


def _skill_folder(path: str, skills: dict[str, str]) -> str | None:
    """Return the innermost skill's folder that a file belongs to."""
    return next((str(p) for p in PurePosixPath(path).parents if str(p) in skills), None)


def _may_be_agent(root: Path, path: str) -> bool:
    """Whether a file's name is that of an agent: Markdown, or no suffix and front matter."""
    name = PurePosixPath(path).name
    if name.lower().endswith(".md"):
        return True
    if "." in name:
        return False
    try:
        if not (root / path).is_file():
            return False
        with (root / path).open("rb") as stream:
            return stream.read(4).rstrip(b"\r\n") == b"---"
    except OSError:
        return False

"""Folders and files → documents: texts with snippets, and the files that these may use."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agentdocs.library import read_library
from agentdocs.markdown import outline
from agentdocs.model import RawFile
from agentdocs.source import MAX_BYTES, load, parse
from agentdocs.verify.contract.model import contract_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from agentdocs.library import Known
    from agentdocs.model import Agent, Snippet
    from agentdocs.verify.project import Project


@dataclass(frozen=True, slots=True)
class Text:
    """A Markdown file with its snippets."""

    path: str
    """From the project's root, with ``/``."""
    prefix: str
    """What a contract calls its snippets by, before the address: ``examples.md:``."""
    snippets: tuple[Snippet, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """An agent with its companions, or a page: what one contract is about."""

    path: str
    """Of the definition, from the project's root."""
    name: str
    texts: tuple[Text, ...]
    files: tuple[tuple[str, str], ...] = ()
    """Companions: their name as the agent writes it, and where they are."""

    @property
    def contract(self) -> str:
        """The path of its contract, from the project's root."""
        return contract_path(self.path)

    def snippets(self) -> dict[str, Snippet]:
        """Return its snippets by the keys that a contract uses."""
        return {
            f"{text.prefix}{snippet.address}": snippet
            for text in self.texts
            for snippet in text.snippets
        }


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person asked for."""

    documents: tuple[Document, ...]
    addresses: frozenset[tuple[str, str]] | None = None
    """Path and address of the snippets that are meant; None for all."""


class NothingThereError(Exception):
    """A path names nothing that can be verified; the text says why."""


def everything(
    project: Project,
    progress: Callable[[Iterable[str], int], Iterable[str]] = lambda items, _: items,
    known: Known | None = None,
) -> list[Document]:
    """Return all documents of a project, in order."""
    found: list[Document] = []
    for folder in project.agents:
        root = os.path.join(project.root, folder)
        if os.path.isdir(root):
            found += library(project.root, root, progress, known)
    done = {text.path for document in found for text in document.texts}
    for pattern in project.documents:
        for name in sorted(glob.glob(pattern, root_dir=project.root, recursive=True)):
            path = name.replace(os.sep, "/")
            if path not in done and os.path.isfile(os.path.join(project.root, name)):
                done.add(path)
                found.append(page(project.root, path))
    return found


def library(
    root: str,
    folder: str,
    progress: Callable[[Iterable[str], int], Iterable[str]] = lambda items, _: items,
    known: Known | None = None,
) -> Iterator[Document]:
    """Yield the agents of a folder."""
    base = os.path.relpath(folder, root).replace(os.sep, "/")
    base = "" if base == "." else f"{base}/"
    for agent in read_library(Path(folder), MAX_BYTES, progress, known).agents:
        yield _agent(agent, folder, base)


def _agent(agent: Agent, folder: str, base: str) -> Document:
    names = {companion.path: companion.name for companion in agent.companions}
    found = [
        Text(f"{base}{path}", f"{names[path]}:" if path in names else "", outline.snippets)
        for path, outline in agent.texts()
    ]
    files = [(name, os.path.join(folder, path)) for path, name in names.items()]
    return Document(f"{base}{agent.path}", agent.name, tuple(found), tuple(sorted(files)))


def page(root: str, path: str) -> Document:
    """Return a Markdown file that is no agent; directives in it are no snippets."""
    data = load(Path(root), path, MAX_BYTES)
    raw = data if isinstance(data, RawFile) else parse(path, data)
    snippets = outline(path, raw.body, raw.body_line).snippets
    kept = tuple(s for s in snippets if not s.info.startswith("{"))
    return Document(path, path, (Text(path, "", kept),))


def select(project: Project, paths: Iterable[str], documents: list[Document]) -> Selection:
    """Return what paths mean: folders, files, or ``PATH::ADDRESS``; without any, everything.

    A path outside of the project's own documents is read as a library, or a page, of its own.

    :param documents: everything that the project holds.
    :raises NothingThereError: a path that means nothing.
    """
    chosen: dict[str, Document] = {}
    addresses: set[tuple[str, str]] = set()
    for argument in paths:
        name, address = _split(argument)
        path = os.path.relpath(os.path.abspath(name), project.root).replace(os.sep, "/")
        found = [d for d in documents if _holds(d, path)] or _foreign(project, name, path)
        if not found:
            raise NothingThereError(f"there are no snippets in {name}")
        chosen |= {document.path: document for document in found}
        if address:
            path, address = _in_companion(found, path, address)
            known = {(t.path, s.address) for d in found for t in d.texts for s in t.snippets}
            if (path, address) not in known:
                if place := next((p for p, one in sorted(known) if one == address), ""):
                    text = f"“{address}” stands in a companion: write {place}::{address}"
                    raise NothingThereError(text)
                raise NothingThereError(f"{name} has no snippet “{address}”{_like(address, known)}")
            addresses.add((path, address))
        elif any(path == t.path and path != d.path for d in found for t in d.texts):
            addresses |= {
                (path, s.address) for d in found for t in d.texts if t.path == path
                for s in t.snippets
            }  # fmt: skip
        else:
            addresses |= {(t.path, s.address) for d in found for t in d.texts for s in t.snippets}
    if not chosen:
        return Selection(tuple(documents))
    return Selection(tuple(chosen.values()), frozenset(addresses))


def _in_companion(found: list[Document], path: str, address: str) -> tuple[str, str]:
    """Return path and address also where the address is a contract's: ``examples.md:paging``."""
    for document in found:
        for text in document.texts:
            if text.prefix and path == document.path and address.startswith(text.prefix):
                return text.path, address.removeprefix(text.prefix)
    return path, address


def _split(argument: str) -> tuple[str, str]:
    """Return path and address; the path of a file may hold ``::`` itself."""
    parts = argument.split("::")
    for end in range(len(parts), 0, -1):
        name = "::".join(parts[:end])
        if os.path.exists(name):
            return name, "::".join(parts[end:])
    return parts[0], "::".join(parts[1:])


def _holds(document: Document, path: str) -> bool:
    if path == ".":
        return True
    own = {document.path, document.contract, *(text.path for text in document.texts)}
    return path in own or document.path.startswith(f"{path}/")


def _foreign(project: Project, name: str, path: str) -> list[Document]:
    if os.path.isdir(name):
        return list(library(project.root, os.path.abspath(name)))
    if not os.path.isfile(name):
        raise NothingThereError(f"there is no file or folder {name}")
    folder = os.path.dirname(os.path.abspath(name))
    found = [d for d in library(project.root, folder) if _holds(d, path)]
    return found or ([page(project.root, path)] if name.endswith(".md") else [])


def _like(address: str, known: set[tuple[str, str]]) -> str:
    import difflib

    close = difflib.get_close_matches(address, [a for _, a in known], 1)
    return f"; there is “{close[0]}”" if close else ""

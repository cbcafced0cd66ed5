"""A project → one digest of everything that its verdicts depend on; much cheaper than to look.

The same digest as after the last complete run means that there is nothing to do. Imports stay
few here: this is all that happens when nothing has changed.
"""

from __future__ import annotations

import glob
import hashlib
import os
from typing import TYPE_CHECKING

import agentdocs
from agentdocs.verify import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agentdocs.verify.project import Project

_SKIPPED = frozenset({".git", ".venv", "venv", ".nox", ".tox", "node_modules", "__pycache__"})
_LARGE = 1 << 24
"""Bytes of a file beyond which its size and time stand for its content."""


def fingerprint(project: Project, folders: Iterable[str], options: object) -> str:
    """Return the digest.

    :param folders: of agents, absolute.
    :param options: what else verdicts depend on; its ``repr`` counts.
    """
    state = hashlib.sha256()
    imported = environment.stamp(os.path.join(project.root, one) for one in project.pythonpath)
    machine = (environment.fingerprint(), environment.path_stamp(), imported)
    for value in (_code(), *machine, repr(project), repr(options)):
        state.update(value.encode("utf-8", "surrogateescape") + b"\0")
    for path in (*_files(folders), *_documents(project)):
        try:
            size = os.path.getsize(path)
            if size > _LARGE:
                data = repr((size, os.stat(path).st_mtime_ns)).encode()
            else:
                with open(path, "rb") as file:
                    data = file.read()
        except OSError as error:
            data = repr(error.errno).encode()
        name = os.path.relpath(path, project.root) if path[:1] != "/" else path
        state.update(name.encode("utf-8", "surrogateescape") + b"\0%d\0" % len(data))
        state.update(data)
    return state.hexdigest()[:32]


def _files(folders: Iterable[str]) -> Iterator[str]:
    for top in folders:
        for folder, inner, names in os.walk(top):
            inner[:] = sorted(name for name in inner if name not in _SKIPPED)
            for name in sorted(names):
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    yield path


def _documents(project: Project) -> Iterator[str]:
    for pattern in project.documents:
        for name in sorted(glob.glob(pattern, root_dir=project.root, recursive=True)):
            path = os.path.join(project.root, name)
            yield path
            contract = f"{path.removesuffix('.md')}.verify.yaml"
            if os.path.exists(contract):
                yield contract


def _code() -> str:
    """Return what changes when agentdocs itself does."""
    return agentdocs.__version__ + environment.stamp([os.path.dirname(agentdocs.__file__)])

"""What a build reads → a state that stays the same as long as none of it changes.

Looking at files costs a hundredth of reading them. A file is taken for the same if the system has
noted no change of it: unlike the time that programs give to a file, they cannot set that one.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import agentdocs
from agentdocs.library import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RECENT = 2.0
"""Seconds: a file can change twice within what its file system can tell apart."""

_MADE_WITH = ("jinja2", "markdown-it-py", "mdit-py-plugins", "pygments", "pyyaml")
"""Packages on which the text of a page depends."""


@cache
def code() -> str:
    """Return what changes when the code does that reads agents and writes pages."""
    root = Path(agentdocs.__file__).parent
    files = sorted([*root.rglob("*.py"), *root.rglob("*.j2")])
    state = [(str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files]
    return digest([agentdocs.__version__, *map(version, _MADE_WITH), *state])


def version(package: str) -> str:
    """Return a package's version; empty where nothing says it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def files(paths: Iterable[Path]) -> str:
    """Return what changes when anything does at or below paths; empty while it may be changing."""
    rows = [row for path in paths for row in _at(str(path))]
    newest = max((row[-1] for row in rows), default=0)
    return digest(rows) if newest < (time.time() - RECENT) * 1e9 else ""


def digest(state: object) -> str:
    """Return a short form of what has a repr that says all of it."""
    return hashlib.sha256(repr(state).encode("utf-8", "surrogatepass")).hexdigest()


_Row = tuple[str, int, int, int, int, int]
"""A path, its kind and permissions, size, number, the time it was given, and that of its change.

(Windows keeps no time that programs cannot set; the one they give has to do there.)
"""


def _at(path: str) -> Iterator[_Row]:
    """Yield what the system knows of a path and of all below it, as far as agents may lie there."""
    try:
        here = os.lstat(path)
        if stat.S_ISLNK(here.st_mode):  # what it leads to is read as if it lay here
            yield f"{path} → {os.path.realpath(path)}", 0, 0, 0, 0, here.st_ctime_ns
            here = os.stat(path)
            if stat.S_ISDIR(here.st_mode):
                return  # it is read where it really is
        if stat.S_ISDIR(here.st_mode):
            yield path, here.st_mode, 0, 0, 0, 0  # what is in it has times of its own
            for name in sorted(os.listdir(path)):
                if name not in SKIPPED:
                    yield from _at(os.path.join(path, name))
        else:
            times = here.st_mtime_ns, here.st_ctime_ns
            yield path, here.st_mode, here.st_size, here.st_ino, *times
    except OSError as error:
        yield path, 0, error.errno or 0, 0, 0, 0

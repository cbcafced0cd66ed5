"""Paths as agents write them → paths in the library; never one that leaves it."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path, PurePosixPath


def stem(path: str, is_skill: bool) -> str:
    """Return what a definition file is called by its place: a skill is its folder.

    Empty for a skill that lies in the library's root.
    """
    file = PurePosixPath(path)
    return file.parent.name if is_skill else file.name.split(".")[0]


def beside(definition: str, suffix: str) -> str:
    """Return the path of a file that belongs to a definition: its own, with another suffix."""
    name = definition[:-3] if definition.lower().endswith(".md") else definition
    return f"{name}{suffix}"


def resolve(source: str, target: str) -> str | None:
    """Return ``target``, written in the file ``source``, as a path from the library's root.

    An absolute target counts from the root. None for one that leaves the library or is empty.
    """
    if not target or "\0" in target:
        return None
    target = target.replace("\\", "/")
    base = "" if target.startswith("/") else str(PurePosixPath(source).parent)
    path = posixpath.normpath(posixpath.join(base, target.lstrip("/") or "."))
    return None if path == ".." or path.startswith("../") else path


def is_inside(root: Path, path: str) -> bool:
    """Whether a path in the library, all links followed, still ends in the library."""
    return Path(os.path.realpath(root / path)).is_relative_to(os.path.realpath(root))

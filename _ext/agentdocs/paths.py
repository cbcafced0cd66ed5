"""Paths as agents write them → paths in the library; never one that leaves it."""

from __future__ import annotations

import posixpath
from pathlib import PurePosixPath


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

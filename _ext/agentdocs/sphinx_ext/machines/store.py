"""What a build publishes → files of the site: written where they changed, removed when gone."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from agentdocs.writer import refresh

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class Store:
    """The files that are ours in an output folder.

    Those of the build before are remembered beside Sphinx's own pickles. What ``html_extra_path``
    brings is the project's, whatever its name, and is neither written nor removed.
    """

    def __init__(self, app: Sphinx) -> None:
        self._out = Path(app.outdir)
        self._memory = Path(app.doctreedir) / f"agentdocs-machines-{app.builder.name}.json"
        self._theirs = _extra(app)
        self._wanted: set[str] = set()
        self._known: set[str] = set()
        self._left: set[str] = set()
        """What was theirs in the build before."""
        self.notes: dict[str, str] = {}
        with suppress(OSError, ValueError, KeyError, TypeError):
            found = json.loads(self._memory.read_text())
            self._known, self._left = set(found["files"]), set(found["theirs"])
            self.notes = dict(found["notes"])

    def stands(self) -> bool:
        """Whether every file is there that the build before has written."""
        same = self._left == self._theirs
        return same and all((self._out / path).is_file() for path in self._known)

    def keep(self, path: str) -> bool:
        """Keep a file as the build before wrote it; False if it is not there."""
        if path in self._theirs or path not in self._known or not (self._out / path).is_file():
            return False
        self._wanted.add(path)
        return True

    def read(self, path: str) -> str:
        """Return the text of a file that was kept or written."""
        return (self._out / path).read_text(encoding="utf-8", errors="replace")

    def write(self, path: str, data: bytes | str) -> None:
        """Write a file, if it is not there as it should be."""
        if path in self._theirs:
            return
        content = data if isinstance(data, bytes) else data.encode("utf-8", "replace")
        self._wanted.add(path)
        refresh(self._out / path, content)

    def close(self) -> None:
        """Remove what is not wanted any more, and remember what is."""
        for path in self._known - self._wanted - self._theirs:
            file = self._out / path
            file.unlink(missing_ok=True)
            for folder in file.parents:
                if folder == self._out or not folder.is_dir() or any(folder.iterdir()):
                    break
                folder.rmdir()
        state = {
            "files": sorted(self._wanted),
            "theirs": sorted(self._theirs),
            "notes": self.notes,
        }
        text = json.dumps(state, sort_keys=True)
        refresh(self._memory, text.encode())


def _extra(app: Sphinx) -> set[str]:
    """Return the paths that the project itself puts into the output folder."""
    found: set[str] = set()
    for entry in app.config.html_extra_path:
        path = Path(app.confdir) / entry
        if path.is_dir():
            found |= {one.relative_to(path).as_posix() for one in path.rglob("*")}
        else:
            found.add(path.name)
    return found

"""Problems with a certain fix → the mended text; the only code that changes agent files."""

from __future__ import annotations

import difflib
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdocs.problems import printable
from agentdocs.source import decode
from agentdocs.writer import put

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from agentdocs.problems import Problem


@dataclass(frozen=True, slots=True)
class Fixed:
    """A file before and after."""

    path: str
    before: str
    after: str
    problems: tuple[Problem, ...]
    """What was mended."""

    def diff(self) -> Iterator[str]:
        """Yield the lines of a unified diff."""
        path = printable(self.path)
        names = f"a/{path}", f"b/{path}"
        before, after = self.before.splitlines(), self.after.splitlines()
        return difflib.unified_diff(before, after, *names, lineterm="")


def fixes(root: Path, problems: Iterable[Problem]) -> Iterator[Fixed]:
    """Yield the files that can be mended; nothing is written."""
    by_path: dict[str, list[Problem]] = {}
    for problem in problems:
        if problem.fixable:
            by_path.setdefault(problem.path, []).append(problem)
    for path, found in sorted(by_path.items()):
        data = (root / path).read_bytes()
        text, _ = decode(path, data)
        after = apply(text, found)
        before = data.decode("utf-8", "replace")
        if after.encode() != data:
            yield Fixed(path, before, after, tuple(found))


def apply(text: str, problems: Iterable[Problem]) -> str:
    """Return ``text`` with the edits of all problems; of two that overlap, the first counts."""
    lines = text.split("\n")
    edits = sorted({edit for p in problems for edit in p.edits}, key=lambda e: (e.start, e.end))
    chosen, free = [], 1
    for edit in edits:
        old = "\n".join(lines[edit.start - 1 : edit.end - 1])
        # What stands for a control character on a page must not get into the file.
        lossy = "\ufffd" in "\n".join(edit.lines) and "\ufffd" not in old
        if edit.start >= free and not lossy:
            chosen.append(edit)
            free = max(edit.end, edit.start)
    for edit in reversed(chosen):
        lines[edit.start - 1 : edit.end - 1] = edit.lines
    return "\n".join(lines)


def save(root: Path, fixed: Fixed) -> None:
    """Write the mended text as UTF-8 with plain line ends."""
    file = (root / fixed.path).resolve()  # what a link leads to, and not the link
    mode = stat.S_IMODE(file.stat().st_mode)
    put(file, fixed.after.encode())
    file.chmod(mode)

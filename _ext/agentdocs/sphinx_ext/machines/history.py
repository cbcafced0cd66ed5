"""The repository around a library → the changes that it remembers; git is called twice."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST = 5000
"""Commits that are looked at."""

_SECONDS = 60
_LOG = (
    "log", f"-n{MOST}", "-z", "--no-renames", "--no-merges", "--name-status",
    "--format=%H%x00%cI%x00%an%x00%s",
)  # fmt: skip
_STATUS = frozenset("ACDMTUX")


class Commit(NamedTuple):
    """A commit, and the files that it changed."""

    id: str
    date: str
    author: str
    subject: str
    files: tuple[tuple[str, Path], ...]
    """A letter (``D``: removed) and the file."""


class Unknown(Exception):  # noqa: N818 - it is no error: the reason is told, and no more
    """There is no history; why not is its text."""


def commits(folders: Sequence[Path]) -> list[Commit]:
    """Return the commits that touch folders of the first one's repository, the newest first.

    :raises Unknown: without git, outside of a repository, or in a shallow clone.
    """
    real = [Path(os.path.realpath(folder)) for folder in folders]
    said = _git(real[0], "rev-parse", "--show-toplevel", "--is-shallow-repository")
    top, _, shallow = os.fsdecode(said).rstrip("\n").rpartition("\n")
    if shallow != "false":
        raise Unknown("the clone is shallow")
    root = Path(os.path.realpath(top))
    inside = [str(folder) for folder in real if folder.is_relative_to(root)]
    return list(_parsed(_git(root, *_LOG, "--", *inside), root))


def _git(folder: Path, *arguments: str) -> bytes:
    hidden = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")  # of a hook that builds the site
    env = {key: value for key, value in os.environ.items() if key not in hidden}
    env |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1", "GIT_NO_LAZY_FETCH": "1"}
    # A repository's own settings must not start a program.
    command = ["git", "--no-pager", "-c", "log.showSignature=false", "-C", str(folder)]
    try:
        done = subprocess.run(
            [*command, *arguments], env=env, capture_output=True, timeout=_SECONDS, check=True
        )
    except FileNotFoundError:
        raise Unknown("git is not installed") from None
    except subprocess.TimeoutExpired:
        raise Unknown("git took too long") from None
    except (OSError, subprocess.CalledProcessError):
        raise Unknown("git knows no history of the agents") from None
    return done.stdout


def _parsed(output: bytes, root: Path) -> Iterator[Commit]:
    """Take the output of ``git log -z`` apart: four fields, then pairs of a letter and a path."""
    words = [os.fsdecode(word) for word in output.split(b"\0")]
    at = 0
    while at + 4 <= len(words):
        id, date, author, subject = words[at : at + 4]
        at += 4
        files = []
        while at + 1 < len(words) and words[at].lstrip("\n") in _STATUS:
            files.append((words[at].lstrip("\n"), root / words[at + 1]))
            at += 2
        yield Commit(id, date, author, subject, tuple(files))

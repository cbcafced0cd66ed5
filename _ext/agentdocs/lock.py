"""A folder → the right to write into it, which one process at a time has.

The system keeps the lock on the folder itself: nothing is written, and whoever is killed lets go.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_PATIENCE = 3.0
"""Seconds in which those whom a killed process had started come to their end."""
_OURS: set[tuple[int, int]] = set()
"""The folders that this process holds: it does one thing after the other."""


class HeldError(Exception):
    """Another process writes into a folder; its text is a sentence."""


class Lock:
    """The right to write into a folder, until it is let go."""

    def __init__(self, folder: Path) -> None:
        """Wait a moment for it; a folder that is not there is made.

        Windows cannot lock a folder, nor can some file systems; there, nobody is kept out.

        :raises HeldError: another process has it.
        :raises OSError: the folder cannot be made or opened.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._fd: int | None = None
        if sys.platform == "win32":
            return
        fd = os.open(folder, os.O_RDONLY)
        about = os.fstat(fd)
        self._key = (about.st_dev, about.st_ino)
        if self._key in _OURS:
            os.close(fd)
            return
        end = time.monotonic() + _PATIENCE
        while not _take(fd):
            if time.monotonic() > end:
                who = _holder(about.st_ino)
                os.close(fd)
                raise HeldError(
                    f"{who} is writing into {folder}, and two at once would overwrite each other. "
                    "Wait until it is done, or stop it, and try again."
                )
            time.sleep(0.05)
        self._fd = fd
        _OURS.add(self._key)
        _follow()

    def release(self) -> None:
        """Let it go, also for forks, which have the same file open."""
        if self._fd is not None and sys.platform != "win32":
            _OURS.discard(self._key)
            with suppress(OSError):
                fcntl.flock(self._fd, fcntl.LOCK_UN)
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


@cache
def _follow() -> None:
    """Let forks of this process end with it: they have the lock, too.

    A worker of Sphinx would wait for ever to hand over what it has done to a build that was killed,
    because it holds both ends of its pipe (prctl(2), PR_SET_PDEATHSIG; Linux alone).
    """
    if sys.platform != "linux":
        return
    import ctypes

    system = ctypes.CDLL(None)
    parent = 0

    def note() -> None:
        nonlocal parent
        parent = os.getpid()

    def follow() -> None:
        if _OURS:
            system.prctl(1, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:  # it was killed before that was said
                os.kill(os.getpid(), signal.SIGKILL)

    os.register_at_fork(before=note, after_in_child=follow)


def _take(fd: int) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # no locks here
            return True
    return True


def _holder(inode: int) -> str:
    """Name who has locked a file, where the system tells: ``Process 12 (since 14:03:59)``."""
    # Each line: number, FLOCK, ADVISORY, WRITE, process, device:inode, from, to.
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()
            if words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode):
                return f"Process {words[4]}{_since(words[4])}"
    return "Another process"


def _since(process: str) -> str:
    with suppress(OSError, ValueError, IndexError):
        # The name, in brackets, may hold anything; the start is the 20th word after it.
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        up = float(Path("/proc/uptime").read_text().split()[0])
        age = up - int(words[19]) / os.sysconf("SC_CLK_TCK")
        return time.strftime(" (since %H:%M:%S)", time.localtime(time.time() - age))
    return ""

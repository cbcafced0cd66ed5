"""Outcomes ↔ lines of JSON, and files to which a running verifier appends such lines.

Each process writes a journal of its own in ``results.d/``; :mod:`.results` folds them into one
file. A line is written at once, so whoever is killed loses no more than the line being written.
A journal is locked as long as it is written: the system lets the lock go whatever happens to the
writer, and no number of a process says that as surely.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import sys
import threading
import time
from contextlib import suppress
from dataclasses import MISSING, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from agentdocs.artefacts.model import artefact
from agentdocs.verify.model import TIERS, VERDICTS, ContractProblem, Error, Outcome, Terms
from agentdocs.verify.state import LIMIT, Folder, ResultsError, parts, read, refusal

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agentdocs.artefacts.model import Artefact
    from agentdocs.verify.state import AnyPath

    _Fields = Mapping[str, Callable[[Any], Any]]

LINE = 16 * 2**20
"""Bytes of a line that is parsed: in memory, JSON can take more than twenty times its size."""

_NEEDED = {
    kind: {one.name for one in fields(kind) if one.default is MISSING} - {"language"}
    for kind in (Outcome, ContractProblem, Error, Terms)
}
"""What is written even if it is empty."""
_NONE = ("expected", "expect")
"""Where an empty text says something else than none."""

_NODE = os.environ.get("COMPUTERNAME", "") if sys.platform == "win32" else os.uname().nodename
_HOST = re.sub(r"[^\w.-]", "_", _NODE, flags=re.ASCII)[:40]

_encode = json.JSONEncoder(ensure_ascii=False).encode
_decode = json.JSONDecoder().decode
_T = TypeVar("_T")


def dump(value: object) -> bytes:
    """Return JSON on one line; halves of surrogate pairs, which UTF-8 has not, are escaped."""
    return _encode(value).encode("utf-8", "backslashreplace")


def line(one: Outcome | ContractProblem) -> bytes:
    """Return the line of an outcome or a problem, without its end."""
    return dump(_row(one))


def _row(one: Any) -> dict[str, object]:
    """Return what is not empty, or must be there all the same."""
    row: dict[str, object] = {}
    for name in one.__slots__:
        value = getattr(one, name)
        if name in ("error", "terms") and value is not None:
            row[name] = _row(value)
        elif name == "artefacts" and value:
            row[name] = [
                {"kind": a.kind, "name": a.name, "hash": a.hash, "data": _decode(a.data)}
                for a in value
            ]
        elif value or name in _NEEDED[type(one)] or (name in _NONE and value is not None):
            row[name] = value
    if not 0 <= getattr(one, "seconds", 0) < math.inf:
        del row["seconds"]  # JSON has no NaN.
    return row


# These three run most often: functions of C that return what is of their type and refuse the rest.
_text = str.__str__
_name = sys.intern
"""A text that thousands of outcomes share."""
_list = list.copy


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise TypeError
    return value


def _seconds(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value < math.inf:
        raise TypeError
    return float(value)


def _packages(value: Any) -> tuple[tuple[str, str], ...]:
    found = []
    for pair in _list(value):
        name, version = _list(pair)
        found.append((_name(name), _name(version)))
    return tuple(found)


def _artefacts(value: Any) -> tuple[Artefact, ...]:
    found = [
        artefact(one["kind"], one["name"], one["data"]) if _text(one["hash"]) else None
        for one in _list(value)
    ]
    if None in found:
        raise TypeError
    return tuple(one for one in found if one)


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, _list(value)))


def _made(kind: Callable[..., _T], fields: _Fields, row: Any) -> _T:
    """Make it of the keys that it knows; what misses one that it needs is a TypeError."""
    return kind(**{key: fields[key](value) for key, value in row.items() if key in fields})


_TERMS: _Fields = {
    **dict.fromkeys(("path", "setup", "check", "expect", "skip", "schema"), _text),
    **dict.fromkeys(("after", "files"), _texts),
    "line": _number,
}
_ERROR: _Fields = {"text": _text, "trace": _text, "path": _name, "line": _number}
_PROBLEM: _Fields = {"path": _name, "text": _text, "hint": _text, "line": _number}
_outcome = partial(Outcome, language="")
_OUTCOME: _Fields = {
    **dict.fromkeys(("path", "agent", "language", "interpreter"), _name),
    **dict.fromkeys(
        ("address", "digest", "reason", "date", "hash", "output", "expected"), _text
    ),
    **dict.fromkeys(("line", "end"), _number),
    "verdict": {one: one for one in VERDICTS}.__getitem__,
    "tier": {one: one for one in TIERS}.__getitem__,
    "seconds": _seconds,
    "packages": _packages,
    "cut": _flag,
    "artefacts": _artefacts,
    "error": partial(_made, Error, _ERROR),
    "terms": partial(_made, Terms, _TERMS),
}  # fmt: skip


def outcome(row: object) -> Outcome | None:
    """Return the outcome that a row of JSON tells of; nothing if anything in it is wrong."""
    try:
        return _made(_outcome, _OUTCOME, row)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return None


def problem(row: object) -> ContractProblem | None:
    """Return the problem that a row of JSON tells of; nothing if anything in it is wrong."""
    try:
        return _made(ContractProblem, _PROBLEM, row)
    except (AttributeError, TypeError):
        return None


def parse(line: bytes) -> Outcome | None:
    """Return the outcome on a line; nothing if it is torn or wrong."""
    try:
        return outcome(_decode(line.decode())) if len(line) <= LINE else None
    except (ValueError, RecursionError):
        return None


class Journal:
    """What one process appends its outcomes to; the file is made with the first."""

    def __init__(self, path: AnyPath) -> None:
        """Take the path of ``results.json``, beside which the journal goes."""
        self.results = str(Path(path).absolute())
        self._lock = threading.Lock()
        self._fd: int | None = None
        self._pid = 0

    def add(self, one: Outcome) -> None:
        """Write an outcome, so that it is there even if this process is killed right after.

        :raises ResultsError: if it cannot be written.
        """
        data = line(one) + b"\n"
        with self._lock:
            try:
                written = os.write(self._ready(), data)
            except OSError as fault:
                raise refusal(self.results, fault) from fault
            if written != len(data):
                # What follows must not go onto the same line: it begins another file.
                self._close()
                raise ResultsError(self.results, "the disk is full")

    def _ready(self) -> int:
        if self._fd is not None and (
            # A fork has the file of its parent, who alone knows when it is done.
            self._pid != os.getpid()
            # Somebody has cleaned up meanwhile.
            or not os.fstat(self._fd).st_nlink
        ):
            os.close(self._fd)
            self._fd = None
        if self._fd is None:
            self._fd = _begin(self.results)
            self._pid = os.getpid()
            _OPEN.add(self)
        return self._fd

    def close(self) -> None:
        """End the file, so that it can be folded; a further outcome begins another."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._fd is not None:
            if self._pid == os.getpid():
                unlock(self._fd)  # Closing does not, if a fork has the file too.
            os.close(self._fd)
        self._fd = None
        _OPEN.discard(self)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_OPEN: set[Journal] = set()
"""The journals that this process has open."""


def seal(path: AnyPath) -> None:
    """End the journals of this process, which are then like those of any that is gone."""
    results = str(Path(path).absolute())
    for one in list(_OPEN):
        if one.results == results:
            one.close()


def shelf(path: AnyPath) -> Folder:
    """Open the folder of the journals, and make it if it is absent."""
    folder, _, stem = parts(path)
    with Folder(folder, create=True) as outer:
        return Folder(f"{stem}.d", outer, create=True)


def _begin(path: str) -> int:
    """Make a journal and lock it."""
    with shelf(path) as folder:
        while True:
            name = f"{_HOST}-{os.getpid()}-{os.urandom(6).hex()}.jsonl"
            fd = folder.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL)
            while lock(fd) is False:
                time.sleep(0.001)
            # Before it was locked, another process may have taken it for one that was left.
            if os.fstat(fd).st_nlink:
                return fd
            os.close(fd)


def entries(folder: Folder) -> list[Outcome]:
    """Return what all journals hold, in the order in which each was written."""
    found = []
    left = LIMIT
    for name in folder.journals():
        data = read(folder.at(name), left, within=folder.fd) or b""
        left -= len(data)
        found += [one for text in io.BytesIO(data) if (one := parse(text))]
    return found


def left(folder: Folder) -> list[str]:
    """Return the journals to which nobody will write any more."""
    return [name for name in folder.journals() if _is_left(folder, name)]


def _is_left(folder: Folder, name: str) -> bool:
    try:
        fd = folder.open(name, os.O_RDWR)
    except OSError:
        return False
    try:
        free = lock(fd)
        if free and not os.fstat(fd).st_size:
            # Perhaps just made and not yet locked. It must go while we have the lock: its
            # writer looks for that as soon as it gets the lock, and makes another.
            folder.remove(name)
            return False
        return _is_dead(name) if free is None else free
    except OSError:
        return False
    finally:
        os.close(fd)


def _is_dead(name: str) -> bool:
    """Whether the process that a journal is named after is known to be gone."""
    host, _, rest = name.removesuffix(".jsonl").rpartition("-")[0].rpartition("-")
    if host != _HOST or not rest.isdecimal() or sys.platform == "win32":
        return False
    try:
        os.kill(int(rest), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return False


def lock(fd: int) -> bool | None:
    """Take the lock on a file; ``None`` where its file system has no locks."""
    try:
        if sys.platform == "win32":
            # What is locked there cannot be read, so it is a byte behind all that there is.
            os.lseek(fd, 2**30, os.SEEK_SET)
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True


def unlock(fd: int) -> None:
    """Let the lock go, also for forks that have the same file open; there may be none."""
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_UN)

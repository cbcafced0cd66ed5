"""A command → what it printed, and what it and every process that it started have used.

A sandbox is killed at its end, and nobody waits for what ran in it, so ``wait4`` alone knows
nothing of its CPU time. The kernel's own counter does (perf_event_open(2), inherited by every
fork); where it is not allowed, ``counted`` says so.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True) if _LINUX else None
_SYSCALL = {"x86_64": 298, "aarch64": 241, "riscv64": 241}.get(platform.machine())
_PR_SET_CHILD_SUBREAPER = 36
_CLOEXEC = 8
_LOOK = 0.01
"""Seconds between two looks at the memory of all processes."""
_LEFT = 10.0
"""Seconds in which what a command has left behind must end."""


@dataclass(frozen=True, slots=True)
class Use:
    """One run."""

    code: int
    """How it ended, as a shell says it."""
    output: str
    wall: float
    """Seconds until the command itself had ended."""
    cpu: float
    """Seconds of all processors, for all processes."""
    host: int = 0
    """Most bytes in memory of the command's own process; only if it was watched."""
    tree: int = 0
    """Most bytes in memory of all processes together; what they share counts for each."""
    peak: int = 0
    """Most bytes in memory of any one process, of those that were waited for."""


class _Attributes(ctypes.Structure):
    """``struct perf_event_attr``, as far as it is used; ``size`` tells the kernel how far."""

    _fields_ = (
        ("type", ctypes.c_uint32), ("size", ctypes.c_uint32), ("config", ctypes.c_uint64),
        ("period", ctypes.c_uint64), ("sample", ctypes.c_uint64), ("format", ctypes.c_uint64),
        ("flags", ctypes.c_uint64), ("rest", ctypes.c_uint64 * 2),
    )  # fmt: skip


def _counter(pid: int) -> int | None:
    """Return a descriptor that counts the CPU time of a process and of all that it will fork."""
    if _libc is None or _SYSCALL is None:
        return None
    software, task_clock, inherit, no_kernel = 1, 1, 1 << 1, 1 << 5
    for flags in (inherit, inherit | no_kernel):  # a clock counts the same, but not all may ask
        wanted = _Attributes(software, 64, task_clock, flags=flags)
        pointer = ctypes.byref(wanted)
        found = int(_libc.syscall(_SYSCALL, pointer, pid, -1, -1, ctypes.c_ulong(_CLOEXEC)))
        if found >= 0:
            return found
    return None


def counted() -> bool:
    """Whether CPU time is known also of processes that nobody waits for."""
    number = _counter(0)
    if number is None:
        return False
    os.close(number)
    return True


def run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], *, watch: bool = False
) -> Use:
    """Run a command to its end, and to the end of all that it has started.

    :param watch: look at its memory meanwhile, which takes time of its own.
    """
    if _libc is not None:
        # What loses its parent becomes our child, so that its end can be waited for.
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryFile() as output:
        go, told = os.pipe()
        pid = os.fork()
        if pid == 0:
            _become(arguments, folder, environment, go, output.fileno())
        os.close(go)
        counter = _counter(pid)
        waited = _waited()
        begin = time.perf_counter()
        os.write(told, b"!")
        os.close(told)
        host, tree = _watch(pid) if watch else (0, 0)
        _, status, used = os.wait4(pid, 0)
        wall = time.perf_counter() - begin
        _await_all()
        if counter is None:
            cpu = _waited() - waited
        else:
            cpu = int.from_bytes(os.read(counter, 8), sys.byteorder) / 1e9
            os.close(counter)
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    return Use(
        os.waitstatus_to_exitcode(status), text, wall, cpu, host, tree, used.ru_maxrss * 1024
    )


def _become(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], go: int, output: int
) -> None:
    try:
        null = os.open(os.devnull, os.O_RDONLY)
        for number, source in ((0, null), (1, output), (2, output)):
            os.dup2(source, number)
        os.chdir(folder)
        os.read(go, 1)
        os.execvpe(arguments[0], list(arguments), dict(environment))
    except OSError as error:
        os.write(2, f"{arguments[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def _waited() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _await_all() -> None:
    """Wait for what the command has left, so that the next one has the machine for itself."""
    end = time.monotonic() + _LEFT
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < end:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.002)
        raise TimeoutError("a command has left a process behind that does not end")


def _watch(pid: int) -> tuple[int, int]:
    """Return the most memory of a process, and of it with all below it, until it ends."""
    host = tree = 0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        host = max(host, _memory(pid, "VmHWM"))
        tree = max(tree, sum(_memory(one, "VmRSS") for one in _below(pid)))
        time.sleep(_LOOK)
    return host, tree


def _memory(pid: int, what: str) -> int:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", "rb") as file:
        for row in file:
            if row.startswith(what.encode()):
                return int(row.split()[1]) * 1024
    return 0


def _below(root: int) -> list[int]:
    """Return a process and all below it, as ``/proc`` tells."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                # The command's name stands in parentheses and may hold anything.
                about = Path(f"/proc/{name}/stat").read_text(errors="replace")
                parents[int(name)] = int(about.rpartition(")")[2].split()[1])
    found, front = [root], [root]
    while front:
        front = [pid for pid, parent in parents.items() if parent in front]
        found += front
    return found

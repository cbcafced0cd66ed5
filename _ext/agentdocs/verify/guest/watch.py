"""Processes → what they use and where they listen; and their end.

The server looks from outside, through ``/proc``; where there is none, it sees nothing, and only
the limits of each process and the clock are left.
"""

# No pathlib: the server starts sooner without it.

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Any


def descendants(root: int) -> list[int]:
    """Return the processes below ``root``; empty where there is no ``/proc``."""
    parents: dict[int, int] = {}
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError, ValueError), open(f"/proc/{name}/stat") as file:
                    # The command's name stands in parentheses and may hold anything.
                    parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
    found: list[int] = []
    front = {root}
    while front:
        front = {pid for pid, parent in parents.items() if parent in front}
        found += front
    return found


def available() -> int:
    """Return how much memory the machine has to give, in bytes; 0 where it does not tell."""
    return _meminfo("MemAvailable:")


def _meminfo(name: str) -> int:
    with contextlib.suppress(OSError, ValueError), open("/proc/meminfo") as file:
        for row in file:
            if row.startswith(name):
                return int(row.split()[1]) * 1024
    return 0


def excess(options: dict[str, Any], before: int) -> str:
    """Return by what the processes below this one exceed what a session may use.

    :param before: what was available when it began. Some memory belongs to no process (buffers of
        sockets, shared pages that nobody has touched lately), and is seen by what is left.
    """
    below = descendants(os.getpid())
    if len(below) > options["processes"] + 8:
        return "processes"
    page, total = os.sysconf("SC_PAGE_SIZE"), 0
    for pid in below:
        with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/statm") as file:
            total += int(file.read().split()[1]) * page
    if options["caged"] and not options["nested"]:
        # What lies in these is memory, and older versions of bubblewrap do not bound it.
        stored = [os.statvfs(folder) for folder in ("/tmp", options["home"], "/dev/shm")]
        total += sum((use.f_blocks - use.f_bfree) * use.f_frsize for use in stored)
        if sum(use.f_files - use.f_ffree for use in stored) > 3 * options["inodes"]:
            return "memory"
    if total > options["tree"]:
        return "memory"
    left = available()
    if before - left > options["tree"] and left < _meminfo("MemTotal:") // 20:
        return "memory"
    return ""


def listening(pid: int) -> set[int]:
    """Return the TCP ports on which something in a process's network waits for requests."""
    ports: set[int] = set()
    for table in (f"/proc/{pid}/net/tcp", f"/proc/{pid}/net/tcp6"):
        with contextlib.suppress(OSError, ValueError, IndexError), open(table) as file:
            for row in file.read().splitlines()[1:]:
                cells = row.split()
                if cells[3] == "0A":
                    ports.add(int(cells[1].rpartition(":")[2], 16))
    return ports


def end_all(seconds: float = 5.0) -> None:
    """Kill every process below this one, also those that were started meanwhile."""
    end = time.monotonic() + seconds
    while (below := descendants(os.getpid())) and time.monotonic() < end:
        for pid in below:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        collect()
        time.sleep(0.001)


def collect(wanted: int = 0) -> bool:
    """Collect the dead; return whether the wanted process was among them."""
    found = False
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            found |= pid == wanted
    return found

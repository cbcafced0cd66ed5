"""A forked process → the same without privileges, seeing and reaching nothing but its own.

Bubblewrap has made the large box: no network, a read-only system, nothing of the home folder.
Here each session gets a small one inside of it: its own processes, its own ``/tmp`` and home,
limits, and no capability. See namespaces(7), capabilities(7) and setrlimit(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from typing import Any

HOME = "/home/agent"
_NEWNS, _NEWIPC, _NEWPID = 0x00020000, 0x08000000, 0x20000000
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
_CAPABILITY_VERSION_3 = 0x20080522

linux = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True) if linux else None


def _call(name: str, *arguments: Any) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def hide() -> None:
    """Keep other processes of this user from reading or changing this one's memory."""
    if linux:
        _call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def can_nest(options: dict[str, Any]) -> bool:
    """Whether sessions can have namespaces of their own here; tried, because rules differ."""
    if not options["caged"]:
        return False
    pid = os.fork()
    if pid == 0:
        code = 1
        with contextlib.suppress(BaseException):
            _call("unshare", _NEWNS | _NEWIPC | _NEWPID)
            if (inner := os.fork()) == 0:
                _mount_own(options)
                os._exit(0)
            code = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def start(options: dict[str, Any], keep: tuple[int, ...]) -> int:
    """Fork a session; return the warden's process to the server, and 0 inside the session.

    Between the two stand a *warden*, whose death ends everything, and, where namespaces can be
    nested, the first process of the session's own; the snippets run as its child.

    :param keep: descriptors that the session may have.
    """
    warden = os.fork()
    if warden:
        return warden
    os.setsid()
    if not options["nested"]:
        return _loose(options, keep)
    _call("unshare", _NEWNS | _NEWIPC | _NEWPID)
    first = os.fork()
    if first:
        os.waitpid(first, 0)
        os._exit(0)
    # First in its namespace: when it ends, the kernel ends all the others.
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _mount_own(options)
    snippets = os.fork()
    if snippets:
        _reap_until(snippets)
    _only(keep)
    limit(options)
    drop(options)
    return 0


def _loose(options: dict[str, Any], keep: tuple[int, ...]) -> int:
    """Go on without namespaces of one's own: alone in a sandbox, or with none (``--unsafe``)."""
    if linux:
        # Daemons become the warden's children, so that it can end them too.
        _call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    snippets = os.fork()
    if snippets:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(snippets, 0)
        end_all()
        os._exit(0)
    if linux:
        _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if options["caged"]:
        os.makedirs(HOME, exist_ok=True)
    _only(keep)
    limit(options)
    if options["caged"]:
        drop(options)
    return 0


def end_all() -> None:
    """Kill every process below this one, also those that were started meanwhile."""
    for _ in range(1000):
        children = descendants(os.getpid())
        if not children:
            return
        for pid in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def descendants(root: int) -> list[int]:
    """Return the processes below ``root``, as ``/proc`` tells; empty where there is none."""
    parents: dict[int, int] = {}
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError, ValueError), open(f"/proc/{name}/stat") as file:
                    # The command's name stands in parentheses and may hold anything.
                    parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
    found, front = [], [root]
    while front:
        front = [pid for pid, parent in parents.items() if parent in front]
        found += front
    return found


def _reap_until(pid: int) -> None:
    """Collect the dead, as a first process must, until ``pid`` is among them; then end."""
    while True:
        try:
            if os.waitpid(-1, 0)[0] == pid:
                os._exit(0)
        except ChildProcessError:
            os._exit(0)


def _mount_own(options: dict[str, Any]) -> None:
    """Give the session temporary folders and a view of processes that are its own."""
    _call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
    size = f"size={options['disk']},mode=1777".encode()
    # An interpreter may lie below one of these folders, and is to be seen there again.
    seen = [(folder, os.open(folder, os.O_PATH)) for folder in options["below"]]
    for place in (b"/tmp", b"/home", b"/dev/shm"):
        _call("mount", b"tmpfs", place, b"tmpfs", _MS_NOSUID | _MS_NODEV, size)
    for folder, number in seen:
        os.makedirs(folder)
        source = f"/proc/self/fd/{number}".encode()
        _call("mount", source, folder.encode(), None, _MS_BIND | _MS_REC, None)
        os.close(number)
    _call("mount", b"proc", b"/proc", b"proc", _MS_NOSUID | _MS_NODEV, None)
    os.mkdir(HOME)
    if options["uid"]:
        os.chown(HOME, options["uid"], options["uid"])


def _only(keep: tuple[int, ...]) -> None:
    """Close every descriptor but the first three and ``keep``."""
    last = 3
    for number in sorted(keep):
        os.closerange(last, number)
        last = number + 1
    os.closerange(last, 4096)


def limit(options: dict[str, Any]) -> None:
    """Set the limits of what one process may use; time on the clock is the server's to watch."""
    wanted = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, options["file"]),
        (resource.RLIMIT_DATA, options["memory"]),
        (resource.RLIMIT_NOFILE, 512),
        (resource.RLIMIT_CPU, options["cpu"]),
    ]
    if options["caged"]:  # outside it would count all processes of the user
        wanted.append((resource.RLIMIT_NPROC, options["processes"]))
    for kind, value in wanted:
        _, hard = resource.getrlimit(kind)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))


def drop(options: dict[str, Any]) -> None:
    """Become an ordinary user without any capability."""
    uid = options["uid"]
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    # Its own /proc/self is to work; the server hid itself, and this is its copy.
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)

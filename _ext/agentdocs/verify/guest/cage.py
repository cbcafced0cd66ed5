"""A forked process → the same without privileges, seeing and reaching nothing but its own.

Bubblewrap has made the large box: no network, a read-only system, nothing of the home folder.
Here each session gets a small one inside of it: its own processes, network and ``/tmp``, limits,
and no capability. See namespaces(7), capabilities(7) and setrlimit(2).
"""

# No pathlib: the server starts sooner without it.

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import signal
import stat
import struct
import sys
from typing import Any

from . import syscalls

_NEWNS, _NEWIPC, _NEWPID, _NEWNET = 0x00020000, 0x08000000, 0x20000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_CHILD_SUBREAPER = 1, 4, 22, 36
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
_CAPABILITY_VERSION_3 = 0x20080522
_SIOCSIFFLAGS, _IFF_UP, _IFF_RUNNING = 0x8914, 1, 64

linux = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True) if linux else None


def _call(name: str, *arguments: Any) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def settle(options: dict[str, Any]) -> None:
    """Make this process, the server, one that others can neither look into nor outlive."""
    os.umask(0o022)
    # What the user's shell or test runner ignores or blocks is none of a snippet's business.
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # as in every Python
        signal.signal(number, signal.SIG_IGN)
    if linux:
        # When memory runs out, the kernel is to take this and leave the user's programs alone.
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        _call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)
        # Daemons of a session without namespaces become its children, so that it can end them.
        _call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if options["nested"]:
        options["pid_namespace"] = os.open("/proc/self/ns/pid", os.O_RDONLY)


def trial(options: dict[str, Any]) -> str:
    """Return why a session cannot be started in this way; empty if it can. Tried, not guessed."""
    theirs, ours = os.pipe()
    pid = start(options, (ours,))
    if pid == 0:
        word = b"works"
        try:
            for path in options["readable"]:
                os.stat(os.path.join(path, ".") if os.path.isdir(path) else path)
                if not os.access(path, os.R_OK):
                    word = f"{path} cannot be read by other users than its own".encode()
            for folder in (options["home"], "/tmp") if options["caged"] else ():
                os.mkdir(os.path.join(folder, "trial"))
                os.rmdir(os.path.join(folder, "trial"))
        except BaseException as error:
            word = f"{type(error).__name__}: {error}".encode()
        os.write(ours, word)
        os._exit(0)
    os.close(ours)
    with open(theirs, "rb") as file:
        word = file.read()
    os.waitpid(pid, 0)
    return "" if word == b"works" else word.decode(errors="replace") or "it ends at once"


def start(options: dict[str, Any], keep: tuple[int, ...]) -> int:
    """Fork a session; return its first process to the server, and 0 inside the session.

    With namespaces, the kernel ends all others in them when the first ends, and waiting for it
    waits for them; snippets run as its child. Without, snippets run in the first process.

    :param keep: descriptors that the session may have.
    """
    if options["nested"]:
        _call("unshare", _NEWPID)  # not for the server itself but for its next child
    pid = os.fork()
    if pid:
        if options["nested"]:
            _call("setns", options["pid_namespace"], _NEWPID)
        return pid
    try:
        if options["nested"]:
            _become_first(options)
        # The snippet's own group: it is not to be able to signal the server's.
        os.setsid()
        _only(keep)
        if options["caged"]:
            _give_home(options)
        limit(options)
        if options["caged"]:
            drop(options)
    except BaseException:
        os._exit(1)  # no snippet is to run in a box that is half done
    return 0


def _become_first(options: dict[str, Any]) -> None:
    """Set up namespaces, then stay and collect the dead; return in a child."""
    os.setsid()
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _call("unshare", _NEWNS | _NEWIPC | _NEWNET)
    _mount_own(options)
    _loopback()
    snippets = os.fork()
    if snippets:
        _only(())
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, 0)[0] != snippets:
                pass
        os._exit(0)


def _mount_own(options: dict[str, Any]) -> None:
    """Give the session temporary folders and a view of processes that are its own."""
    _call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
    # Sizes and numbers are bounded, because what lies there is memory.
    size = f"size={options['disk']},nr_inodes={options['inodes']},mode="
    # An interpreter may lie below /tmp, and is to be seen there again.
    seen = [(path, os.open(path, os.O_PATH)) for path in options["below_tmp"]]
    for place, mode in (("/tmp", "1777"), ("/dev/shm", "1777"), (options["home"], "0755")):
        how = (size + mode).encode()
        _call("mount", b"tmpfs", place.encode(), b"tmpfs", _MS_NOSUID | _MS_NODEV, how)
    for path, number in seen:
        if stat.S_ISDIR(os.fstat(number).st_mode):
            os.makedirs(path)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        source = f"/proc/self/fd/{number}".encode()
        _call("mount", source, path.encode(), None, _MS_BIND | _MS_REC, None)
        os.close(number)
    for target, link in options["links_below_tmp"]:
        os.makedirs(os.path.dirname(link), exist_ok=True)
        os.symlink(target, link)
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | _MS_RDONLY
    _call("mount", b"proc", b"/proc", b"proc", flags, None)


def _loopback() -> None:
    """Bring up the one network interface of a new namespace."""
    assert _libc
    number = _libc.socket(2, 2, 0)  # any will do: IPv4, datagrams
    order = struct.pack("16sh22x", b"lo", _IFF_UP | _IFF_RUNNING)
    _call("ioctl", number, _SIOCSIFFLAGS, order)
    os.close(number)


def _give_home(options: dict[str, Any]) -> None:
    if options["uid"]:
        os.chown(options["home"], options["uid"], options["uid"])


def _only(keep: tuple[int, ...]) -> None:
    """Close every descriptor but the first three and ``keep``."""
    last = 3
    for number in sorted(keep):
        os.closerange(last, number)
        last = number + 1
    os.closerange(last, 4096)


def limit(options: dict[str, Any]) -> None:
    """Set the limits of what one process may use; time on the clock is the server's to watch."""
    wanted = {
        # Not 0: a program that the kernel hands cores to, as a host may have, would get them.
        "CORE": 1,
        "FSIZE": options["file"],
        "DATA": options["memory"],
        "STACK": 8 << 20,
        "NOFILE": 512,
        "CPU": options["cpu"],
        "MSGQUEUE": 0,
        "RTPRIO": 0,
    }
    if options["caged"]:
        wanted["NPROC"] = options["tasks"]
    for name, value in wanted.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            _, hard = resource.getrlimit(kind)
            most = value if hard == resource.RLIM_INFINITY else min(value, hard)
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(kind, (most, most))


def drop(options: dict[str, Any]) -> None:
    """Become an ordinary user without any capability or way to one."""
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
    _filter()


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def _filter() -> None:
    code = syscalls.program()
    if not code:
        return
    program = _Program(len(code) // 8, code)
    try:
        _call("prctl", _PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0)
    except OSError as error:
        if error.errno != errno.EINVAL:  # that is a kernel without filters
            raise

"""Sessions → results, run by a warm interpreter inside bubblewrap.

One sandbox serves many sessions: it has no network, sees the system read-only, and nothing of
the home folder or the repository. Inside of it, each session gets namespaces of its own (see
``guest/cage.py``). Where the kernel does not allow that, each session gets a whole sandbox.

What this does not keep out: a fault of the kernel; sockets that a program left in a folder which is
shown, as no namespace hides those; and a snippet's lies about itself (see ``guest/session.py``).
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import re
import select
import shutil
import signal
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

GUEST = Path(__file__).with_name("guest")
START = """\
import importlib.util as u, sys
p = sys.argv.pop(1)
s = u.spec_from_file_location("agentdocs_guest", p + "/__init__.py", submodule_search_locations=[p])
m = u.module_from_spec(s); sys.modules["agentdocs_guest"] = m; s.loader.exec_module(m)
import importlib; importlib.import_module("agentdocs_guest.server").main()
"""
"""Loads the guest from its folder, under a name that no snippet's import can meet by chance."""

MB = 1 << 20
LIMITS = {
    "memory": 1024 * MB,  # of one process, without what is shared
    "tree": 1536 * MB,  # of all processes together, as they really use it
    "processes": 128,
    "file": 32 * MB,
    "disk": 128 * MB,
    "inodes": 20_000,
    "cpu": 630,
}
_ETC = (
    "alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types",
    "nsswitch.conf", "os-release", "protocols", "services", "ssl/certs", "ssl/openssl.cnf",
    "pki/tls/certs",
)  # fmt: skip
_STORES = ("/nix/store", "/gnu/store", "/home/linuxbrew/.linuxbrew", "/run/current-system")
"""Systems beside the system; an interpreter from there needs more of them than its own folder."""
_DEVICES = ("null", "zero", "full", "random", "urandom")
NODE_MODULES = "/opt/agentdocs/node_modules"
GRACE = 15.0
"""Seconds that a sandbox may take beyond its steps' own time, before it is given up."""
SERVERS = 40.0
"""Seconds that the servers of a session may take to start."""
LOADING = 25.0
"""Seconds that a module may take to load."""
OLDEST = (0, 5)
"""The first bubblewrap that has all options that are used here; it is of 2021."""
DEATHS = 4
"""After so many ends of a session, the steps that are left are not tried."""

Mode = Literal["root", "user", "unsafe"]
"""*root*: root makes the sandbox, and sessions have a user number that nobody else has. *user*: the
sandbox is an ordinary user's. *unsafe*: there is none."""

_numbers = itertools.count()


class NoSandbox(Exception):  # noqa: N818 - it says it all
    """Nothing can be run here; the text says why."""


@dataclass(frozen=True, slots=True)
class Access:
    """What of this machine a snippet may see, beside the system and the interpreter."""

    path: tuple[Path, ...] = ()
    """Folders to import from, which the user names."""
    node: Path | None = None
    node_modules: Path | None = None


class Sandbox:
    """A server inside a sandbox; started when it is first needed, and again when it dies.

    It ends with the thread that started it, so each thread needs its own.
    """

    def __init__(self, access: Access, *, unsafe: bool = False, nest: bool = True) -> None:
        """Describe a sandbox; nothing is started yet.

        :param nest: give sessions namespaces within one sandbox, where that is possible.
        """
        self.access, self.unsafe, self.nest = access, unsafe, nest
        self.process: subprocess.Popen[bytes] | None = None
        self.inner: list[int] = []
        """What becomes readable when the first process in the sandbox is gone, and all others."""
        self.nested = True
        self.mode: Mode | None = None
        self.loaded: set[str] = set()
        self.buffer = b""
        self.busy = False
        self.ways: list[tuple[Mode, bool]] = []
        """The ways to start it that have not failed: mode, and whether sessions are nested."""

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def preload(self, modules: Iterable[str]) -> None:
        """Name installed modules that the server is to have in memory from now on."""
        new = set(modules) - self.loaded
        self.loaded |= new
        if new and self.process and self._serves_many():
            self._load(new)

    def run(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Run a session: yield one result a step, in order.

        A step that ends the session costs that step alone: another session replays the ones before
        it and goes on with the one behind.

        :raises NoSandbox: there is none.
        """
        steps = request["steps"]
        deadly: list[int] = []
        suspect = -1
        done = 0
        self.start()  # also without steps: then whether it can is what is asked
        while done < len(steps) and len(deadly) < DEATHS:
            self.start()
            self._send({**request, "first": done, "skip": deadly})
            self.busy = True  # until the last answer: who asks no further leaves it so
            seconds = sum(step["timeout"] for step in steps[:done])
            seconds += SERVERS if request.get("services") else 0.0
            while self.busy:
                answer = self._answer(GRACE + seconds + steps[done]["timeout"])
                if answer is None:
                    self.close()
                    if suspect != done:  # somebody else may have ended the server
                        suspect = done
                        break
                    answer = {"step": done, "status": "died", "output": "", "start": 0}
                    answer["alive"] = False
                seconds = 0
                number = answer["step"]
                if not answer["alive"]:
                    deadly.append(number)
                if not answer["alive"] or number == len(steps) - 1:
                    self.busy = False
                    if not self._serves_many():
                        self.close()
                if number == done:
                    done += 1
                    yield answer
        for number in range(done, len(steps)):
            yield {"step": number, "status": "given-up", "output": "", "start": 0}

    def close(self) -> None:
        """End the server, and with it every process of every session."""
        process, self.process, self.busy = self.process, None, False
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream:
                # Without a sandbox, the server ends what runs when it sees this.
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        if self.mode == "unsafe":
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
        self._kill(process)
        process.wait()
        for number in self.inner:
            _poll(number, GRACE)
            os.close(number)
        self.inner = []

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        for number in self.inner:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(number, signal.SIGKILL)
        with contextlib.suppress(PermissionError):  # a setuid bubblewrap ends with what is in it
            process.kill()

    def start(self) -> None:
        """Start the server in the best way that works here, if it does not wait already.

        :raises NoSandbox: none does.
        """
        if self.process and self.process.poll() is None and not self.busy:
            return
        self.close()
        if not self.ways:
            _compile()
            self.ways = [
                (mode, nest)
                for mode in modes(self.unsafe)
                for nest in ((True, False) if self.nest and mode != "unsafe" else (False,))
            ]
        problems = []
        while self.ways:
            self.mode, nest = self.ways[0]
            problem = self._try(self.mode, nest)
            if not problem:
                if self.loaded and self._serves_many():
                    self._load(self.loaded)
                return
            self.close()
            problems.append(problem)
            del self.ways[0]
        raise NoSandbox(f"bubblewrap does not work here: {'; '.join(dict.fromkeys(problems))}")

    def _try(self, mode: Mode, nest: bool) -> str:
        """Start a server in one way; return why that is not possible."""
        command, data, uid = _command(self.access, mode, nest)
        try:
            with _readable(data) as numbers:
                self.process = subprocess.Popen(
                    [numbers.get(word, word) for word in command],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL if mode == "unsafe" else subprocess.PIPE,
                    env=_environment(self.access, mode), cwd="/", start_new_session=True,
                    pass_fds=[int(number) for number in numbers.values()],
                    user=uid or None, group=uid or None, extra_groups=[] if uid else None,
                )  # fmt: skip
        except OSError as error:
            return f"it cannot be started: {error.strerror}"
        self.buffer = b""
        ready = self._answer(GRACE)
        if ready and ready.get("ready"):
            self.nested = bool(ready["nested"])
            if self.process.stderr:
                self.process.stderr.close()
            if mode != "unsafe":
                self.inner = _children(self.process.pid)
            return ""
        self._kill(self.process)
        said = str(ready.get("text", "")) if ready else ""
        if self.process.stderr:
            said = said or self.process.stderr.read(2000).decode(errors="replace")
            self.process.stderr.close()
        return " ".join(said.split()) or "it does not answer"

    def _serves_many(self) -> bool:
        """Whether the next session may come after this one, in the same sandbox."""
        return self.nested or self.mode == "unsafe"

    def _load(self, modules: Iterable[str]) -> None:
        names = sorted(modules)
        self._send({"preload": names})
        if self._answer(GRACE + LOADING * len(names)) is None:
            # One of them ends the process that loads it. Sessions may try; the server will not.
            self.loaded.clear()
            self.close()
            self.start()

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):  # seen when the answer does not come
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def _answer(self, seconds: float) -> dict[str, Any] | None:
        """Return the next answer; None if the server is gone, or silent for too long."""
        assert self.process
        assert self.process.stdout
        number = self.process.stdout.fileno()
        deadline = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not _poll(number, left):
                return None
            data = os.read(number, 1 << 16)
            if not data or len(self.buffer) > 16 * MB:
                return None
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        try:
            answer = json.loads(line)
        except ValueError:
            return None
        return answer if isinstance(answer, dict) else None


def modes(unsafe: bool) -> list[Mode]:
    """Return the ways to run snippets on this machine, the best first.

    :raises NoSandbox: there is none.
    """
    if unsafe:
        if not hasattr(os, "fork"):
            raise NoSandbox("this system cannot fork processes, so no snippet can be run")
        return ["unsafe"]
    if sys.platform != "linux":
        raise NoSandbox("bubblewrap needs Linux")
    bubblewrap = shutil.which("bwrap")
    if not bubblewrap:
        raise NoSandbox("bubblewrap is not installed")
    version = bubblewrap_version(bubblewrap)
    if version and version < OLDEST:
        old, new = (".".join(map(str, one)) for one in (version, OLDEST))
        raise NoSandbox(f"bubblewrap {old} is too old: it must be {new} or newer")
    return ["root", "user"] if is_root() else ["user"]


def is_root() -> bool:
    """Whether this is the root of a whole system, and not of a namespace with a single user."""
    if os.getuid() != 0:
        return False
    try:
        rows = Path("/proc/self/uid_map").read_text().splitlines()
    except OSError:
        return True
    return len(rows) != 1 or rows[0].split()[2] != "1"


@functools.cache
def bubblewrap_version(path: str) -> tuple[int, ...]:
    """Return the version of a bubblewrap; empty if it does not tell."""
    try:
        run = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.search(r"\d+(?:\.\d+)+", run.stdout)
    return tuple(map(int, found[0].split("."))) if found else ()


def _command(access: Access, mode: Mode, nest: bool) -> tuple[list[str], dict[str, str], int]:
    """Return the command of the server, what it reads from descriptors, and its user, if another.

    Where the name of such a text stands in the command, its descriptor's number is to stand.
    """
    folders, links = _folders(access)
    # Never the root of this machine: to it, the kernel opens more than capabilities do.
    # The number is one that neither people nor services are given.
    own = 60_706 + (os.getpid() * 16 + next(_numbers)) % 478 if is_root() else 0
    home = "/home/agent"
    while any(path.is_relative_to(home) for path in (*folders, *links)):
        home += "_"
    options = {
        **LIMITS,
        "caged": mode != "unsafe",
        "nested": nest,
        "uid": own if mode == "root" else 0,
        # Before Linux 5.14, all processes of the user count, also those outside.
        "tasks": LIMITS["processes"] + (0 if own or _kernel() >= (5, 14) else _tasks() + 256),
        "home": home,
        "below_tmp": [str(path) for path in folders if path.is_relative_to("/tmp")],
        "links_below_tmp": [
            (str(link.readlink()), str(link)) for link in links if link.is_relative_to("/tmp")
        ],
        "readable": [sys.executable, os.__file__, str(GUEST), *map(str, access.path)],
    }
    # Not -I: it would have no use for PYTHONHASHSEED. All of the environment is ours.
    inner = [sys.executable, "-s", "-P", "-c", START, str(GUEST), json.dumps(options)]
    if mode == "unsafe":
        return inner, {}, 0
    bubblewrap = shutil.which("bwrap")
    assert bubblewrap
    shown = own if mode == "root" else 1000
    # For programs that ask who they are and where.
    texts = {
        "passwd": f"root:x:0:0::/:/bin/false\nagent:x:{shown}:{shown}::{home}:/bin/bash\n",
        "group": f"root:x:0:\nagent:x:{shown}:\n",
        "hosts": "127.0.0.1 localhost sandbox\n::1 localhost sandbox\n",
    }
    command = [bubblewrap, *_flags(mode, nest), *_system(), *_temporary(bubblewrap, home)]
    shows = [(["--ro-bind", str(folder)], folder) for folder in folders]
    shows += [(["--symlink", str(link.readlink())], link) for link in links]
    if access.node_modules:
        shows.append((["--ro-bind", str(access.node_modules)], Path(NODE_MODULES)))
    command += _places(shows)
    for name in texts:
        command += ["--perms", "0444", "--ro-bind-data", f"FD {name}", f"/etc/{name}"]
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--", *inner]
    data = {f"FD {name}": text for name, text in texts.items()}
    return command, data, own if mode == "user" else 0


def _flags(mode: Mode, nest: bool) -> list[str]:
    flags = [
        "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
        "--unshare-cgroup-try", "--hostname", "sandbox", "--die-with-parent", "--new-session",
        "--as-pid-1",  # no process inside can then signal the server
    ]  # fmt: skip
    capabilities = ["SYS_ADMIN", "NET_ADMIN"] if nest else []
    if mode == "root":
        capabilities += ["SETUID", "SETGID", "CHOWN", "KILL"]
    else:
        flags += ["--unshare-user", "--uid", "1000", "--gid", "1000"]
    # The server needs these to make small boxes; it drops them in each before a snippet runs.
    for capability in capabilities:
        flags += ["--cap-add", f"CAP_{capability}"]
    return flags


def _system() -> list[str]:
    """Return what of the system can be seen, all of it read-only."""
    found = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            found += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            found += ["--ro-bind", str(path), str(path)]
    for folder in ("etc", "etc/ssl", "etc/pki", "etc/pki/tls"):
        if Path("/", folder).is_dir():
            found += ["--dir", f"/{folder}"]
    for name in _ETC:
        found += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    # Not --dev: it would bring terminals, and a user namespace more, in which a server could not
    # set anything up.
    found += ["--proc", "/proc", "--tmpfs", "/dev"]
    for name in _DEVICES:
        found += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    for target, name in (("", "fd"), ("/0", "stdin"), ("/1", "stdout"), ("/2", "stderr")):
        found += ["--symlink", f"/proc/self/fd{target}", f"/dev/{name}"]
    return found


def _temporary(bubblewrap: str, home: str) -> list[str]:
    """Return the folders that can be written to; with namespaces, a session has its own there."""
    # Where the size cannot be set, the server watches what lies there.
    setuid = bool(Path(bubblewrap).stat().st_mode & stat.S_ISUID)
    sized = bubblewrap_version(bubblewrap) >= (0, 7) and not setuid
    size = ["--size", str(LIMITS["disk"])] if sized else []
    found = ["--perms", "0755", "--dir", "/home"]
    for place, mode in (("/tmp", "1777"), ("/dev/shm", "1777"), (home, "0755")):
        found += ["--perms", mode, *size, "--tmpfs", place]
    return found


def _folders(access: Access) -> tuple[list[Path], list[Path]]:
    """Return what is needed of interpreters, the guest and what may be imported; and links."""
    wanted = [GUEST, *access.path, Path(sys.executable)]
    for prefix in (sys.prefix, sys.base_prefix, sys.base_exec_prefix):
        wanted += _narrowed(Path(prefix))
    if access.node:
        wanted.append(access.node)
    wanted += [Path(store) for store in _STORES if Path(store).is_dir()]
    ends: set[Path] = set()
    links: list[Path] = []
    for path in wanted:
        end, passed = _trace(path.absolute())
        ends.add(end)
        links += passed
    done = [Path("/usr")]
    for path in sorted(ends):
        if path != Path("/") and not any(path.is_relative_to(one) for one in done):
            done.append(path)
    links = [link for link in links if not any(link.is_relative_to(one) for one in done)]
    return done[1:], list(dict.fromkeys(links))


def _trace(path: Path) -> tuple[Path, list[Path]]:
    """Return where a path leads in the end, and the links that it passes, each at its own place.

    What is shown has the same links as outside, because interpreters look where they lead. Folders
    such as ``/home`` are made anew and are never links.
    """
    at = Path("/")
    links: list[Path] = []
    todo = list(path.parts[1:])
    while todo:
        at = Path(os.path.normpath(at / todo.pop(0)))
        if at.is_symlink() and at.parent != Path("/") and len(links) < 40:
            links.append(at)
            target = at.readlink()
            todo[:0] = target.parts[1:] if target.is_absolute() else target.parts
            at = Path("/") if target.is_absolute() else at.parent
    return at, links


def _narrowed(prefix: Path) -> list[Path]:
    """Return an interpreter's folder; where more lies in it than an interpreter, its usual parts.

    It may be a repository, or the home folder.
    """
    home = Path(os.path.expanduser("~"))
    if not home.is_relative_to(prefix) and not (prefix / ".git").exists():
        return [prefix]
    parts = [prefix / name for name in ("bin", "lib", "lib64", "include", "pyvenv.cfg")]
    return [part for part in parts if part.exists()]


def _places(shows: Iterable[tuple[list[str], Path]]) -> list[str]:
    """Return the options that put something at each path, and the folders that lead there."""
    found: list[str] = []
    made = {Path("/"), Path("/tmp"), Path("/dev"), Path("/etc")}
    for option, place in shows:
        for parent in reversed(place.parents):
            if parent not in made:  # or bubblewrap makes it for its own user alone
                found += ["--perms", "0755", "--dir", str(parent)]
                made.add(parent)
        found += [*option, str(place)]
    return found


def _environment(access: Access, mode: Mode) -> dict[str, str]:
    """Return all of the environment that snippets get."""
    places = [str(Path(sys.executable).parent)]
    if access.node:
        places.append(str(access.node.parent))
    if mode == "unsafe":
        places.append(os.environ.get("PATH", os.defpath))
    else:
        places += ["/usr/local/bin", "/usr/bin", "/bin", "/run/current-system/sw/bin"]
    return {
        "PATH": os.pathsep.join(places),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": "/home/agent",
        "USER": "agent",
        "TERM": "dumb",
        "PYTHONDONTWRITEBYTECODE": "1",
        # The order of a set is then the same today and tomorrow, and so is the verdict.
        "PYTHONHASHSEED": "0",
    }


def _compile() -> None:
    """Compile the guest, which could not keep what it compiles: to it, its folder is read-only."""
    import importlib.util
    import py_compile

    for file in () if sys.dont_write_bytecode else GUEST.glob("*.py"):
        made = Path(importlib.util.cache_from_source(str(file)))
        with contextlib.suppress(OSError, py_compile.PyCompileError):
            if not made.exists() or made.stat().st_mtime < file.stat().st_mtime:
                py_compile.compile(str(file), doraise=True)


@contextlib.contextmanager
def _readable(texts: dict[str, str]) -> Iterator[dict[str, str]]:
    """Put each text where a child can read it; yield the numbers of the descriptors."""
    import fcntl

    ends: dict[str, int] = {}
    try:
        for name, text in texts.items():
            low, end = os.pipe()
            # Where this process has no standard streams, the first numbers are not what they seem.
            ends[name] = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, 3)
            os.close(low)
            os.write(end, text.encode())
            os.close(end)
        yield {name: str(end) for name, end in ends.items()}
    finally:
        for end in ends.values():
            os.close(end)


def _children(pid: int) -> list[int]:
    """Return descriptors of a process's children, which become readable when these are gone."""
    found: list[int] = []
    with contextlib.suppress(OSError, AttributeError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        found += [os.pidfd_open(int(child)) for child in text.split()]
    return found


def _poll(number: int, seconds: float) -> bool:
    """Wait until a descriptor can be read; any number, unlike ``select``."""
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _tasks() -> int:
    """Return how many processes and threads this user has."""
    found = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.getuid():
                found += sum(1 for _ in (folder / "task").iterdir())
    return found


def _kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])


def steps_of(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fill in what a step may leave out."""
    empty: dict[str, Any] = {
        "setup": None, "check": None, "files": {}, "parts": [], "mode": "script", "timeout": 10.0,
        "suffix": "", "services": [], "databases": [],
    }  # fmt: skip
    return [{**empty, **part} for part in parts]

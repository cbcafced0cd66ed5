"""Sessions → results, run by a warm interpreter inside bubblewrap.

One sandbox serves many sessions: it has no network, sees the system read-only, and nothing of
the home folder or the repository. Inside of it, each session gets namespaces of its own (see
``guest/cage.py``). Where the kernel does not allow that, each session gets a whole sandbox.
"""

from __future__ import annotations

import json
import os
import select
import shutil
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
    "cpu": 630,
}
_ETC = (
    "alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types",
    "nsswitch.conf", "protocols", "services", "ssl/certs", "ssl/openssl.cnf", "pki/tls/certs",
)  # fmt: skip
GRACE = 15.0
"""Seconds that a sandbox may take beyond its steps' own time, before it is given up."""

Mode = Literal["root", "user", "unsafe"]


class NoSandbox(Exception):
    """Nothing can be run here; the text says why."""


@dataclass(frozen=True, slots=True)
class Access:
    """What of this machine a snippet may see, beside the system and the interpreter."""

    path: tuple[Path, ...] = ()
    """Folders to import from, which the user names."""
    node: Path | None = None
    node_modules: Path | None = None


class Sandbox:
    """A server inside a sandbox; started when it is first needed, and again when it dies."""

    def __init__(self, access: Access, *, unsafe: bool = False) -> None:
        self.access, self.unsafe = access, unsafe
        self.process: subprocess.Popen[bytes] | None = None
        self.nested = True
        self.mode: Mode | None = None
        self.loaded: set[str] = set()
        self.buffer = b""

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def preload(self, modules: Iterable[str]) -> None:
        """Name modules that the server is to have in memory from now on."""
        self.loaded.update(modules)
        if self.process and self.nested:
            self._send({"preload": sorted(self.loaded)})

    def run(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Run a session: yield one result a step, in order.

        :raises NoSandbox: there is none.
        """
        if self.process is None or not self.nested:
            self.close()
            self._start()
        steps = request["steps"]
        # Every death of a session replays the steps before it, at most four times.
        time_limit = GRACE + 5 * sum(step["timeout"] for step in steps)
        deadline = time.monotonic() + time_limit
        done = 0
        self._send(request)
        while (answer := self._answer(deadline)) is not None:
            if answer.get("done") == request["id"]:
                break
            if answer.get("step") == done:
                yield answer
                done += 1
        else:
            self.close()  # the next session gets a new one
        for number in range(done, len(steps)):
            status = "died" if number == done else "given-up"
            yield {"step": number, "status": status, "output": "", "start": 0}

    def close(self) -> None:
        """End the server, and with it every process of every session."""
        if self.process is None:
            return
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()
        self.process.wait()
        self.process = None

    def _start(self) -> None:
        problems = []
        for mode in modes(self.unsafe):
            command, data = self._command(mode)
            # The names of users, for programs that ask who they are.
            ends = [os.pipe() for _ in data]
            for (_, end), text in zip(ends, data, strict=True):
                os.write(end, text)
                os.close(end)
            numbers = [str(end) for end, _ in ends]
            for place, number in zip((i for i, w in enumerate(command) if w == "FD"), numbers):
                command[place] = number
            try:
                self.process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE if mode != "unsafe" else subprocess.DEVNULL,
                    env=_environment() if mode == "unsafe" else {}, cwd="/",
                    pass_fds=[end for end, _ in ends], start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                raise NoSandbox(f"bubblewrap cannot be started: {error.strerror}") from error
            finally:
                for end, _ in ends:
                    os.close(end)
            self.buffer, self.mode = b"", mode
            ready = self._answer(time.monotonic() + GRACE)
            if ready and ready.get("ready"):
                if self.process.stderr:
                    self.process.stderr.close()
                self.nested = bool(ready["nested"]) or mode == "unsafe"
                if self.loaded and self.nested:
                    self._send({"preload": sorted(self.loaded)})
                return
            self.process.kill()
            said = self.process.stderr.read(2000).decode(errors="replace") if self.process.stderr else ""
            self.close()
            problems.append(" ".join(said.split()) or "it does not answer")
        raise NoSandbox(f"bubblewrap does not work here: {'; '.join(dict.fromkeys(problems))}")

    def _command(self, mode: Mode) -> tuple[list[str], list[bytes]]:
        """Return the command of the server, and what is to be read from its descriptors."""
        uid = 60_000 + os.getpid() % 5_000 if mode == "root" else 0
        folders = _folders(self.access)
        below = [str(f) for f in folders if f.is_relative_to("/tmp") or f.is_relative_to("/home")]
        options = {
            **LIMITS, "caged": mode != "unsafe", "uid": uid, "nested": True, "below": below,
        }  # fmt: skip
        inner = [sys.executable, "-I", "-c", START, str(GUEST)]
        if mode == "unsafe":
            return [*inner, json.dumps({**options, "nested": False})], []
        bubblewrap = shutil.which("bwrap")
        assert bubblewrap
        shown = uid or os.getuid()
        users = [
            f"root:x:0:0::/:/bin/false\nagent:x:{shown}:{shown}::/home/agent:/bin/bash\n",
            f"root:x:0:\nagent:x:{shown}:\n",
            "127.0.0.1 localhost\n::1 localhost\n",
        ]
        command = [bubblewrap, *_flags(mode), *_system(), *_binds(folders)]
        if self.access.node_modules:
            command += ["--ro-bind", str(self.access.node_modules), NODE_MODULES]
        for name in ("passwd", "group", "hosts"):
            command += ["--perms", "0644", "--ro-bind-data", "FD", f"/etc/{name}"]
        for name, value in _environment().items():
            command += ["--setenv", name, value]
        command += ["--remount-ro", "/", "--chdir", "/", "--", *inner, json.dumps(options)]
        return command, [text.encode() for text in users]

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # its end is seen when the answer does not come

    def _answer(self, deadline: float) -> dict[str, Any] | None:
        """Return the next answer; None if the server is gone, or silent for too long."""
        assert self.process
        assert self.process.stdout
        number = self.process.stdout.fileno()
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([number], [], [], left)[0]:
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
    if not shutil.which("bwrap"):
        raise NoSandbox("bubblewrap is not installed")
    return ["root", "user"] if os.getuid() == 0 else ["user"]


def _flags(mode: Mode) -> list[str]:
    flags = [
        "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
        "--unshare-cgroup-try", "--hostname", "sandbox", "--die-with-parent", "--new-session",
        "--clearenv", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/home",
        "--dir", "/dev/shm",
    ]  # fmt: skip
    if mode == "root":
        # The server needs these to make small boxes; it drops them in each before a snippet runs.
        for capability in ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN"):
            flags += ["--cap-add", capability]
        return flags
    return ["--unshare-user", *flags, "--cap-add", "CAP_SYS_ADMIN"]


def _system() -> list[str]:
    """Return what of the system can be seen, all of it read-only."""
    found = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            found += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            found += ["--ro-bind", str(path), str(path)]
    for folder in ("etc", "etc/ssl", "etc/pki", "etc/pki/tls"):
        if Path("/", folder).is_dir():
            found += ["--perms", "0755", "--dir", f"/{folder}"]
    for name in _ETC:
        found += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return found


def _folders(access: Access) -> list[Path]:
    """Return the folders of the interpreters, of the guest and of what may be imported."""
    folders = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]]
    if access.node:
        folders += [access.node.parent, access.node.resolve().parents[1]]
    folders += [GUEST, *access.path, *(p for p in [Path("/nix/store")] if p.is_dir())]
    done: list[Path] = []
    for folder in sorted(set(folders)):
        if not any(folder.is_relative_to(one) for one in (Path("/usr"), *done)):
            done.append(folder)
    return [folder for folder in done if folder != Path("/")]


def _binds(folders: list[Path]) -> list[str]:
    found, made = [], {Path("/tmp"), Path("/home"), Path("/")}
    for folder in folders:
        for parent in reversed(folder.parents):
            if parent not in made:  # or bubblewrap makes it for its own user alone
                found += ["--perms", "0755", "--dir", str(parent)]
                made.add(parent)
        found += ["--ro-bind", str(folder), str(folder)]
    return found


NODE_MODULES = "/opt/agentdocs/node_modules"


def _environment() -> dict[str, str]:
    """Return all of the environment that snippets get."""
    places = [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    return {
        "PATH": os.pathsep.join(places),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": "/home/agent",
        "USER": "agent",
        "TERM": "dumb",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def steps_of(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fill in what a step may leave out."""
    empty: dict[str, Any] = {
        "setup": None, "check": None, "files": {}, "parts": [], "mode": "script", "timeout": 10.0,
        "suffix": "",
    }  # fmt: skip
    return [{**empty, **part} for part in parts]

"""A request → what came of each of its steps.

The server watches from outside: the clock, the memory of all processes together, and whether the
session is still there. A step that ends the session costs that step alone: a new session replays
the ones before it and goes on with the one behind.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import cage

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN = 64_000
"""Bytes of output that are handed on."""
REPORT = 1_000_000
"""Most bytes of a session's own report on a step."""
DEATHS = 4
"""After so many ends of the session, the steps that are left are not tried."""


def run(request: dict[str, Any], options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one answer a step, in order."""
    # Before the fork, so that it is paid once. The name comes from the host, never a snippet.
    importlib.import_module(f".{request['runner']}", __package__)
    steps = request["steps"]
    deadly: set[int] = set()
    following = 0
    while following < len(steps):
        if len(deadly) >= DEATHS:
            yield _answer(request, following, {"status": "given-up"})
            following += 1
            continue
        with _Session(request, options) as session:
            for number in range(following):
                if number not in deadly and not session.step(number)["alive"]:
                    deadly.add(number)  # it went well before, and now it does not
                    break
            else:
                while following < len(steps):
                    result = session.step(following)
                    yield _answer(request, following, result)
                    following += 1
                    if not result["alive"]:
                        deadly.add(following - 1)
                        break


def _answer(request: dict[str, Any], step: int, result: dict[str, Any]) -> dict[str, Any]:
    return {"id": request["id"], "step": step, **result}


@dataclass
class _Pipes:
    orders: int
    reports: int


class _Session:
    """A session that runs, seen from the server."""

    def __init__(self, request: dict[str, Any], options: dict[str, Any]) -> None:
        self.request, self.options = request, options
        self.ended = False

    def __enter__(self) -> _Session:
        self.output = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self.seen = 0
        self.folder = "" if self.options["caged"] else tempfile.mkdtemp(prefix="agentdocs-")
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        out = self.output.fileno()
        pid = cage.start(self.options, (theirs_in, theirs_out, out))
        if pid == 0:
            _inside(self.request, self.folder or cage.HOME, theirs_in, theirs_out, out)
        os.close(theirs_in)
        os.close(theirs_out)
        self.pid, self.pipes, self.buffer = pid, _Pipes(ours_out, ours_in), b""
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self.output.close()
        os.close(self.pipes.orders)
        os.close(self.pipes.reports)
        if self.folder:
            import shutil

            shutil.rmtree(self.folder, ignore_errors=True)

    def step(self, number: int) -> dict[str, Any]:
        """Let the session run a step; wait for its report, its end or the end of its time."""
        step = self.request["steps"][number]
        begin = time.monotonic()
        with contextlib.suppress(BrokenPipeError):
            os.write(self.pipes.orders, b"%d\n" % number)
        report, end = self._wait(begin + step["timeout"])
        result: dict[str, Any] = {"status": "died", **report, "alive": not end}
        if result["status"] == "broken":
            end = "broken"
        if end:
            result |= {"status": end, "alive": False}
        if end == "timeout":
            result["ports"] = _listening()
        if end:
            self._end()
        result["seconds"] = round(time.monotonic() - begin, 4)
        result |= self._printed()
        return result

    def _wait(self, deadline: float) -> tuple[dict[str, Any], str]:
        """Return the session's report, or why there is none."""
        while True:
            if b"\n" in self.buffer:
                line, _, self.buffer = self.buffer.partition(b"\n")
                return _checked(line), ""
            left = deadline - time.monotonic()
            if left <= 0:
                return {}, "timeout"
            ready, _, _ = select.select([self.pipes.reports], [], [], min(left, 0.1))
            if not ready:
                if self._memory() > self.options["tree"]:
                    return {}, "memory"
                continue
            data = os.read(self.pipes.reports, 65536)
            self.buffer += data
            if not data or len(self.buffer) > REPORT:
                return {}, "died"

    def _memory(self) -> int:
        """Return how many bytes all processes of the session hold."""
        total = 0
        page = os.sysconf("SC_PAGE_SIZE")
        for pid in cage.descendants(self.pid):
            with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/statm") as file:
                total += int(file.read().split()[1]) * page
        return total

    def _printed(self) -> dict[str, Any]:
        """Return what was written since the step before."""
        size = os.fstat(self.output.fileno()).st_size
        start, self.seen = min(self.seen, size), size
        data = os.pread(self.output.fileno(), SHOWN, start)
        return {
            "output": data.decode("utf-8", "replace"),
            "start": start,
            "cut": size - start > SHOWN,
            "endless": size >= self.options["file"],
        }

    def _end(self) -> None:
        """End the session with all of its processes."""
        if self.ended:
            return
        self.ended = True
        with contextlib.suppress(ProcessLookupError):
            if not self.options["nested"]:
                for pid in reversed(cage.descendants(self.pid)):
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGKILL)
                # The warden ends by itself, when it has ended what is left.
                if _gone(self.pid, 2.0):
                    return
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        # The pipe closes when the last process that has it is gone.
        with contextlib.suppress(OSError):
            ready = True
            while ready and os.read(self.pipes.reports, 65536):
                ready = bool(select.select([self.pipes.reports], [], [], 2.0)[0])


def _gone(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
                continue
        return True
    return False


_FIELDS: dict[str, type | tuple[type, ...]] = {
    "status": str, "kind": str, "text": str, "trace": str, "where": str, "line": int,
    "asserted": int, "expected": str, "got": str, "missing": str, "network": bool, "parts": list,
    "code": int,
}  # fmt: skip


def _checked(line: bytes) -> dict[str, Any]:
    """Take from a report what has the form of one; a snippet may have written it."""
    try:
        report = json.loads(line)
    except ValueError:
        return {"status": "died"}
    if not isinstance(report, dict):
        return {"status": "died"}
    return {
        key: value
        for key, value in report.items()
        if key in _FIELDS and isinstance(value, _FIELDS[key])
    }


def _listening() -> list[int]:
    """Return the TCP ports on which something waits for requests."""
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError, ValueError, IndexError), open(table) as file:
            for row in file.read().splitlines()[1:]:
                cells = row.split()
                if cells[3] == "0A":
                    ports.add(int(cells[1].rpartition(":")[2], 16))
    return sorted(ports)


def _inside(
    request: dict[str, Any], home: str, orders: int, reports: int, output: int
) -> None:
    """Be the session: set the working folder up and run the steps that are ordered."""
    code = 1
    try:
        for number in (1, 2):
            os.dup2(output, number)
        os.close(output)
        place = os.path.join(home, "work")
        os.makedirs(place)
        _lay_out(place, request["files"])
        if request.get("node_modules"):
            os.symlink(request["node_modules"], os.path.join(place, "node_modules"))
        os.chdir(place)
        os.environ.update(request["environment"])
        os.environ |= {"HOME": home, "PWD": place}
        if home != cage.HOME:
            os.environ["TMPDIR"] = home
        signal.signal(signal.SIGINT, signal.default_int_handler)
        runner = importlib.import_module(f".{request['runner']}", __package__)
        run_step = runner.Runner(request).step
        with os.fdopen(orders, "r") as stream:
            for line in stream:
                step = request["steps"][int(line)]
                _lay_out(place, step["files"])
                report = run_step(step)
                os.write(reports, json.dumps(report).encode() + b"\n")
        code = 0
    except BaseException as error:
        # A fault of ours, or the snippet pulled the floor away: the server tells which step.
        text = {"status": "broken", "text": f"{type(error).__name__}: {error}"}
        os.write(reports, json.dumps(text).encode() + b"\n")
    finally:
        os._exit(code)


def _lay_out(place: str, files: dict[str, str]) -> None:
    import base64

    for name, data in files.items():
        path = os.path.join(place, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
        if name.endswith(".sh"):
            os.chmod(path, 0o755)

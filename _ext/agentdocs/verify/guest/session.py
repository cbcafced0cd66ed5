"""A request → what came of each of its steps, until one of them ends the session.

The server watches from outside: the clock, the memory of all processes together, and whether the
session is still there. The host replays, in another session, what led to a step that was lost.

What a session says of itself cannot be trusted further than a snippet can: it shares a process, or
at least its channels, with the runner, and may claim that it passed, or have printed anything. What
it says is taken as data of a known form and size, and stands for its own steps alone.
"""

# No pathlib: the server starts sooner without it.

from __future__ import annotations

import binascii
import contextlib
import fcntl
import importlib
import json
import os
import select
import signal
import time
from typing import TYPE_CHECKING, Any

from . import cage, services, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHOWN = 64_000
"""Bytes of output that are handed on."""
PART = 8_000
"""Characters of what one command of a session printed."""
REPORT = 1_000_000
"""Most bytes of a session's own report on a step."""
TICK = 0.1
"""Seconds between two looks at what a session uses."""


class HostGoneError(Exception):
    """Nobody is left to answer."""


def run(request: dict[str, Any], options: dict[str, Any], host: int) -> Iterator[dict[str, Any]]:
    """Replay the steps before ``first`` but those to skip; yield one answer a step from there on.

    A replay that ends the session is answered too; after either, no further answer comes.

    :param host: the descriptor that requests come from; it closes when the host is gone.
    """
    # Before the fork, so that it is paid once. The name comes from the host, never a snippet.
    runner = importlib.import_module(f".{request['runner']}", __package__)
    if hasattr(runner, "prepare"):
        runner.prepare(request["steps"])
    before = [number for number in range(request["first"]) if number not in request["skip"]]
    with _Session(request, options, host) as session:
        for number in (*before, *range(request["first"], len(request["steps"]))):
            result = session.step(number)
            if number >= request["first"] or not result["alive"]:
                yield {"step": number, **result}
            if not result["alive"]:
                return


class _Session:
    """A session that runs, seen from the server."""

    def __init__(self, request: dict[str, Any], options: dict[str, Any], host: int) -> None:
        self.request, self.options = request, options
        self.host = select.poll()
        self.host.register(host, 0)  # for its end alone
        self.ended = False
        self.starting = services.START if request.get("services") else 0.0
        """Seconds that the first step may take beyond its own time, for servers to start."""
        self.buffer = b""
        self.seen = 0

    def __enter__(self) -> _Session:
        self.output = _output()
        home = self.options["home"] if self.options["caged"] else ""
        self.folder = "" if home else _new_folder()
        theirs_in, self.orders = os.pipe()
        self.reports, theirs_out = os.pipe()
        self.before = watch.available()
        self.others = set() if self.options["caged"] else watch.listening(os.getpid())
        self.pid = cage.start(self.options, (theirs_in, theirs_out, self.output))
        if self.pid == 0:
            if self.folder:
                os.environ["TMPDIR"] = self.folder
            _inside(self.request, home or self.folder, theirs_in, theirs_out, self.output)
        os.close(theirs_in)
        os.close(theirs_out)
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        for number in (self.output, self.orders, self.reports):
            os.close(number)
        if self.folder:
            _remove(self.folder)

    def step(self, number: int) -> dict[str, Any]:
        """Let the session run a step; wait for its report, its end or the end of its time."""
        begin = time.monotonic()
        # A report must carry the order's own mark, or one that a snippet wrote blindly could be
        # taken for that of the next.
        self.mark = os.urandom(12).hex().encode()
        with contextlib.suppress(BrokenPipeError):
            os.write(self.orders, b"%d %s\n" % (number, self.mark))
        limit = self.request["steps"][number]["timeout"]
        report, end = self._wait(begin + limit + self.starting)
        self.starting = 0.0
        if not end and report["status"] in ("died", "broken"):
            end = report["status"]
        result: dict[str, Any] = {**report, "alive": not end}
        if end == "processes":
            end, result["text"] = "died", "starts too many processes"
        if end:
            result["status"] = end
            if end == "timeout":
                result["ports"] = sorted(watch.listening(self.pid) - self.others)
        if end or self._full():
            result["alive"] = False  # what comes next needs room for its own output
            self._end()
        result["seconds"] = round(time.monotonic() - begin, 4)
        return result | self._printed()

    def _wait(self, deadline: float) -> tuple[dict[str, Any], str]:
        """Return the session's report, or why there is none."""
        look = time.monotonic() + TICK
        while (line := self._line()) is None:
            now = time.monotonic()
            if now >= deadline:
                return {}, "timeout"
            if now >= look:
                look = now + TICK
                if self.host.poll(0):
                    raise HostGoneError
                if reason := watch.excess(self.options, self.before):
                    return {}, reason
                if self._full():
                    return {}, "died"
            wait = max(0.0, min(deadline, look) - now)
            if select.select([self.reports], [], [], wait)[0]:
                data = os.read(self.reports, 65536)
                self.buffer += data
                if not data or len(self.buffer) > REPORT:
                    return {}, "died"
            elif not self.options["nested"] and watch.collect(self.pid):
                return {}, "died"  # what it left behind may hold the pipe open
        return checked(line), ""

    def _line(self) -> bytes | None:
        """Return the report, once it is there; what else was written into the pipe is dropped."""
        while b"\n" in self.buffer:
            line, _, self.buffer = self.buffer.partition(b"\n")
            mark, _, report = line.partition(b" ")
            if mark == self.mark or line.startswith(_BROKEN):
                return report
        return None

    def _printed(self) -> dict[str, Any]:
        """Return what was written since the step before."""
        size = os.fstat(self.output).st_size
        start, self.seen = min(self.seen, size), size
        data = os.pread(self.output, SHOWN, start)
        return {
            "output": data.decode("utf-8", "replace"),
            "start": start,
            "cut": size - start > SHOWN,
            "endless": self._full(),
        }

    def _full(self) -> bool:
        """Whether as much was printed as may be."""
        most: int = self.options["file"]
        return os.fstat(self.output).st_size >= most

    def _end(self) -> None:
        """End the session with all of its processes, and wait until they are gone."""
        if self.ended:
            return
        self.ended = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        # Without namespaces: its group, which is all that can be had where there is no /proc.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        if not self.options["nested"]:
            watch.end_all()


def _new_folder() -> str:
    import tempfile

    return tempfile.mkdtemp(prefix="agentdocs-")


def _remove(top: str) -> None:
    """Remove a folder, also what a snippet has locked."""
    import shutil

    for folder, names, _ in os.walk(top):
        for path in (os.path.join(folder, name) for name in names):
            if not os.path.islink(path):
                with contextlib.suppress(OSError):
                    os.chmod(path, 0o700)
    shutil.rmtree(top, ignore_errors=True)


def _output() -> int:
    """Return a file for what a session prints, which takes nothing of its disk."""
    try:
        number = os.memfd_create("output")
    except (AttributeError, OSError):  # not everywhere, and not inside of a sandbox
        import tempfile

        with tempfile.TemporaryFile() as file:
            number = os.dup(file.fileno())
    # Whoever opens it anew, as ``/dev/stdout``, does not write over what is there.
    fcntl.fcntl(number, fcntl.F_SETFL, fcntl.fcntl(number, fcntl.F_GETFL) | os.O_APPEND)
    return number


_STATUSES = ("ok", "failed", "syntax", "broken")
_LENGTHS = {
    "status": 20, "kind": 200, "text": 4000, "trace": 20_000, "where": 20, "expected": 20_000,
    "got": 20_000, "missing": 300, "database": 20,
}  # fmt: skip
"""The fields of a report that are text, and how many characters of each are believed."""
_NUMBERS = ("line", "asserted", "code")


def checked(line: bytes) -> dict[str, Any]:
    """Take from a report what has the form of one; a snippet may have written it."""
    try:
        report = json.loads(line)
    except (ValueError, RecursionError):
        return {"status": "died"}
    if not isinstance(report, dict) or report.get("status") not in _STATUSES:
        return {"status": "died"}
    found: dict[str, Any] = {}
    for key, length in _LENGTHS.items():
        if isinstance(value := report.get(key), str):
            found[key] = _whole(value[:length])
    found |= {key: report[key] for key in _NUMBERS if _is_number(report.get(key))}
    if isinstance(report.get("network"), bool):
        found["network"] = report["network"]
    if isinstance(made := report.get("artefacts"), list):
        found["artefacts"] = [one for one in made[:100] if isinstance(one, dict)]
    if isinstance(report.get("parts"), list):
        texts = [text for text in report["parts"] if isinstance(text, str)]
        found["parts"] = [_whole(text[:PART]) for text in texts[:1000]]
    return found


def _whole(text: str) -> str:
    """Return text without half characters, which would not fit into any file."""
    return text.encode("utf-8", "replace").decode()


def _is_number(value: object) -> bool:
    return type(value) is int and abs(value) < 1 << 40


_BROKEN = b"- "
"""Before the last words of a session that cannot go on; a snippet may say so of its own."""
_TOO_MUCH = {"status": "failed", "kind": "MemoryError", "text": "MemoryError", "where": "snippet"}


def _inside(request: dict[str, Any], home: str, orders: int, reports: int, output: int) -> None:
    """Be the session: set the working folder up and run the steps that are ordered."""
    code = 1
    try:
        for number in (1, 2):
            os.dup2(output, number)
        os.close(output)
        place = os.path.join(home, "work")
        os.makedirs(place)
        os.chdir(place)
        _lay_out(place, request["files"])
        if request.get("node_modules"):
            os.symlink(request["node_modules"], os.path.join(place, "node_modules"))
        os.environ.update(request["environment"])
        os.environ |= {"HOME": home, "PWD": place}
        signal.signal(signal.SIGINT, signal.default_int_handler)
        servers, faults = services.start(request.get("services", {}), home)
        os.environ |= servers
        runner = importlib.import_module(f".{request['runner']}", __package__)
        run_step = runner.Runner(request).step
        with os.fdopen(orders, "r") as stream:
            for line in stream:
                which, mark = line.split()
                step = request["steps"][int(which)]
                _stand_in(place)
                _lay_out(place, step["files"])
                try:
                    report = _lacking(step, faults) or _on_each(step, run_step, servers)
                except MemoryError:  # of the runner, on behalf of the snippet
                    report = _TOO_MUCH
                told = json.dumps(report, default=repr)
                os.write(reports, f"{mark} {told}\n".encode())
        code = 0
    except BaseException as error:
        # A fault of ours, or the snippet pulled the floor away: the server tells which step.
        text = {"status": "broken", "text": f"{type(error).__name__}: {error}"}
        os.write(reports, _BROKEN + json.dumps(text).encode() + b"\n")
    finally:
        os._exit(code)


def _lacking(step: dict[str, Any], faults: dict[str, str]) -> dict[str, Any]:
    """Report a server that a step needs and that does not start."""
    for name in step["services"]:
        if name in faults:
            return {"status": "failed", "kind": "Service", "missing": name, "text": faults[name]}
    return {}


def _on_each(
    step: dict[str, Any], run: Callable[[dict[str, Any]], dict[str, Any]], servers: dict[str, str]
) -> dict[str, Any]:
    """Run a step, on each of the databases that it is for; it must print the same on all."""
    report: dict[str, Any] = {}
    first = b""
    for database in step["databases"] or [""]:
        os.environ.pop("DATABASE_URL", None)
        if "DATABASE_URL" in servers and "postgresql" in step["services"] and database != "sqlite":
            os.environ["DATABASE_URL"] = servers["DATABASE_URL"]
        begin = os.fstat(1).st_size
        again, report = report, run({**step, "database": database})
        report = {**report, "artefacts": again.get("artefacts") or report.get("artefacts", [])}
        if report["status"] != "ok":
            return {**report, "database": database if len(step["databases"]) > 1 else ""}
        printed = os.pread(1, SHOWN, begin)
        if not again:
            first = printed
        elif _same(printed) != _same(first):
            shown = {"expected": first.decode("utf-8", "replace"), "database": database}
            got = printed.decode("utf-8", "replace")
            return {"status": "failed", "kind": "Databases", "got": got, **shown}
        else:
            os.ftruncate(1, begin)  # once is enough
    return report


def _same(printed: bytes) -> list[list[bytes]]:
    """Return what was printed so that truth is the same in every database."""
    truth = {b"t": b"1", b"f": b"0"}
    return [[truth.get(field, field) for field in row.split(b"|")] for row in printed.splitlines()]


def _stand_in(place: str) -> None:
    """Make the working folder again, if a snippet removed it."""
    try:
        os.getcwd()
    except FileNotFoundError:
        os.makedirs(place, exist_ok=True)
        os.chdir(place)


def _lay_out(place: str, files: dict[str, str]) -> None:
    for name, data in files.items():
        path = os.path.join(place, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(binascii.a2b_base64(data))
        if name.endswith(".sh"):
            os.chmod(path, 0o755)

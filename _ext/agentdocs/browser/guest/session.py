"""Steps of one session in the browser → the verdicts that they have outside of it.

The runners and the judge are the verifier's own. What differs is what lies around them: the folder
is in memory, and the process is shared by the sessions of a page, each with a namespace, a working
folder, modules and environment of its own.
"""

from __future__ import annotations

import binascii
import importlib
import io
import logging
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from agentdocs.verify.guest import sql
from agentdocs.verify.judge import judge

from . import asgi, loop, show

if TYPE_CHECKING:
    from collections.abc import Callable

SHOWN = 64_000
"""Bytes of output that are handed on."""
MOST = 32 << 20
"""Bytes that a file may have, and so all that is printed."""
_PAUSE = 0.05
"""Seconds between two pieces of output on their way to the page."""


class Session:
    """A namespace or database with a folder, and the steps run in it."""

    def __init__(self, request: dict[str, Any], top: str, tell: Callable[[str], None]) -> None:
        """Make the folder and the runner.

        :param request: ``{"runner": "python" | "sql", "files": {name: base64}}``.
        :param top: the folder for this session alone.
        :param tell: gets text as it is printed.
        """
        self.home = Path(top) / "work"
        self.home.mkdir(parents=True, exist_ok=True)
        self.kind = request["runner"]
        self.main: Any = sys.modules["__main__"]
        self.streams: tuple[Any, ...] = _STREAMS
        self.modules: dict[str, Any] = {}
        self.app: Any = None
        self.environment = dict(_ENVIRONMENT) | {"HOME": top, "PWD": str(self.home)}
        self.path = [*_PATH]
        self.server: asgi.Server | None = None
        self._enter()
        _lay_out(self.home, request.get("files", {}))
        _forget_logging()
        runner = importlib.import_module(f"agentdocs.verify.guest.{self.kind}")
        self.runner = runner.Runner(request)
        self.main = sys.modules["__main__"]
        if self.kind == "sql":
            self.runner.database = _Recorder(self.runner.database)
        _no_input()
        sys.stdout = sys.__stdout__ = _Live(1, tell)  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = _Live(2, tell)  # type: ignore[misc]
        self._leave()

    def run(self, step: dict[str, Any], promise: dict[str, Any]) -> dict[str, Any]:
        """Run a step and judge it by what its contract promises."""
        step = {"mode": "", "setup": None, "check": None, "files": {}, **step}
        self._enter()
        _lay_out(self.home, step["files"])
        begin, started = os.fstat(1).st_size, time.perf_counter()
        try:
            report = self.runner.step(step)
            seconds = time.perf_counter() - started
            made = self._made(step)
        finally:
            _flush()
            self._leave()
        report = {**report, **_printed(begin)}
        judged = _judged(step, promise, report)
        return {**judged, "seconds": round(seconds, 4), "cut": report["cut"], **made}

    def request(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Ask the application that the last step named."""
        if self.app is None:
            raise RuntimeError("there is no application to ask")
        self._enter()
        try:
            if self.server is None or self.server.app is not self.app:
                self.server = asgi.Server(self.app)
            return self.server.request(asked)
        finally:
            _flush()
            self._leave()

    def _made(self, step: dict[str, Any]) -> dict[str, Any]:
        """Return what there is to see besides text."""
        if self.kind == "sql":
            return {"images": [], "tables": self.runner.database.shown(step), "api": None}
        space = self.runner.module.__dict__
        tree = show.tree_of(step["code"])
        value = show.last(tree, space)
        app = asgi.find(space, show.names(tree))
        self.app = app if app is not None else self.app
        api = asgi.described(app) if app is not None else None
        return {"images": show.pictures(value), "tables": show.tables(value), "api": api}

    def _enter(self) -> None:
        """Put this session's folder, modules, paths and environment into their places."""
        loop.leave_the_browsers()
        self.home.mkdir(parents=True, exist_ok=True)
        os.chdir(self.home)
        sys.path[:] = self.path
        sys.modules |= self.modules
        sys.modules["__main__"] = self.main
        sys.stdin, sys.stdout, sys.stderr = self.streams
        os.environ.clear()
        os.environ |= self.environment

    def _leave(self) -> None:
        """Take them away again, so that another session does not find them."""
        self.path, self.environment = [*sys.path], dict(os.environ)
        self.streams = sys.stdin, sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = _STREAMS
        own = f"{self.home}/"
        for name, module in [*sys.modules.items()]:
            if str(getattr(module, "__file__", None) or "").startswith(own):
                self.modules[name] = sys.modules.pop(name)


_ENVIRONMENT: dict[str, str] = {}
_PATH: list[str] = []
_STREAMS = sys.stdin, sys.stdout, sys.stderr


def start() -> None:
    """Remember what every session begins with; called once, when packages are there."""
    os.environ.setdefault("MPLBACKEND", "agg")
    _ENVIRONMENT.update(os.environ)
    _PATH[:] = sys.path


def install(folder: str) -> None:
    """Let all sessions import what lies in a folder or archive."""
    if folder not in _PATH:
        _PATH.append(folder)
        sys.path.append(folder)
        importlib.invalidate_caches()


class _Live(io.TextIOWrapper):
    """A stream that tells what is written to it at once; the file gets it as it does outside."""

    def __init__(self, number: int, tell: Callable[[str], None]) -> None:
        file = open(number, "wb", closefd=False)  # noqa: SIM115 - for as long as the step lasts
        super().__init__(file, encoding="utf-8", errors="backslashreplace")
        self.hand_on, self.waits, self.last = tell, "", 0.0

    def write(self, text: str) -> int:
        written = super().write(text)
        if len(self.waits) < SHOWN:
            self.waits += text
        now = time.monotonic()
        if now - self.last > _PAUSE:
            self.hand_on(self.waits)
            self.waits, self.last = "", now
        return written


class _Recorder:
    """SQLite's connection; it keeps the rows that statements gave."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._results: list[tuple[Any, list[Any]]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def execute(self, statement: str, *values: Any) -> Any:
        cursor = self._database.execute(statement, *values)
        rows = cursor.fetchall()
        self._results.append((cursor.description, rows))
        return SimpleNamespace(fetchall=lambda: rows, description=cursor.description)

    def shown(self, step: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the tables of a step's own statements, and forget them all."""
        results, self._results = self._results, []
        first = len(list(sql.statements(step["setup"]["code"]))) if step["setup"] else 0
        own = results[first : first + len(list(sql.statements(step["code"])))]
        return [show.table([d[0] for d in what], rows) for what, rows in own if what]


def _judged(
    step: dict[str, Any], promise: dict[str, Any], report: dict[str, Any]
) -> dict[str, Any]:
    """Return the judge's words, of light stand-ins for what it knows of a case outside."""
    expect, fails = promise.get("expect"), promise.get("fails") or ""
    ruled = expect is not None or fails or step["setup"] or step["check"]
    snippet = SimpleNamespace(
        first=step["line"],
        end=step["line"] + step["code"].count("\n") + 1,
        line=step["line"] - 1,
        code=step["code"],
    )
    shown = {"expects": promise.get("expects") or (), "parts": step.get("parts") or ()}
    case: Any = SimpleNamespace(
        rule=SimpleNamespace(expect=expect, fails=fails) if ruled else None,
        snippet=snippet,
        text=SimpleNamespace(path=step["file"]),
        language=SimpleNamespace(runner="python", prepare=lambda _: shown),
        document=SimpleNamespace(contract=(step["check"] or step["setup"] or {}).get("file", "")),
    )
    finding: Any = SimpleNamespace(
        tier=promise.get("tier", "parses"), only_defines=bool(promise.get("only_defines"))
    )
    known: Any = SimpleNamespace(lines=promise.get("defined") or {})
    found = judge(case, finding, report, known)
    error = found.error
    return {
        "verdict": found.verdict,
        "tier": found.tier,
        "reason": found.reason,
        "error": error and {"text": error.text, "line": error.line, "trace": error.trace,
                            "path": error.path},
        "output": found.output,
        "expected": found.expected,
    }  # fmt: skip


def _printed(begin: int) -> dict[str, Any]:
    size = os.fstat(1).st_size
    data = os.pread(1, SHOWN, begin)
    text = data.decode("utf-8", "replace")
    os.ftruncate(1, 0)  # room for what comes next
    return {"output": text, "cut": size - begin > SHOWN, "endless": size >= MOST}


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue  # the file is full, or a snippet closed it


def _no_input() -> None:
    """Give sessions an empty input, which stays when the runner that opened it first is gone."""
    sys.stdin.close()
    empty = os.open(os.devnull, os.O_RDONLY)
    if empty != 0:
        os.dup2(empty, 0)
        os.close(empty)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for as long as the session lives


def _forget_logging() -> None:
    """Undo what another session may have set up for logging: it would print for this one."""
    logging.root.handlers.clear()
    logging.root.setLevel(logging.WARNING)


def _lay_out(place: Path, files: dict[str, str]) -> None:
    for name, data in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(binascii.a2b_base64(data))

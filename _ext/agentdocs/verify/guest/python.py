"""Python: scripts and ``>>>`` sessions, in one ``__main__`` module for all steps."""

# No pathlib: the server starts sooner without it.

from __future__ import annotations

import ast
import builtins
import contextlib
import errno
import importlib
import linecache
import os
import re
import socket
import sys
import traceback
import types
from typing import TYPE_CHECKING, Any

from . import artefacts

if TYPE_CHECKING:
    import doctest

_COROUTINE = 0x80  # inspect.CO_COROUTINE
_NETWORK = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ECONNREFUSED, errno.ENETDOWN)


def prepare(steps: list[dict[str, Any]]) -> None:
    """Import in the server what each session would have to import anew."""
    if any(step["mode"] == "session" for step in steps):
        import doctest  # noqa: F401
    if any("await" in step["code"] for step in steps):
        import asyncio  # noqa: F401
    if any("dataclass" in step["code"] for step in steps):
        with contextlib.suppress(ImportError):
            importlib.import_module("pydantic")  # it describes them


class Runner:
    """A namespace, and the steps run in it."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.module = types.ModuleType("__main__")
        sys.modules["__main__"] = self.module
        sys.argv = [""]
        folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        sys.path[:0] = [os.getcwd(), *filter(None, folders)]
        sys.stdin = open(0)  # noqa: SIM115 - for as long as the session lives
        for number, name in ((1, "stdout"), (2, "stderr")):
            stream = os.fdopen(
                number, "w", encoding="utf-8", errors="backslashreplace", closefd=False
            )
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
        self.made = artefacts.Python()
        self.asserted = 0
        builtins.__dict__["__agentdocs_assert__"] = self._count

    def _count(self) -> bool:
        self.asserted += 1
        return False

    def step(self, step: dict[str, Any]) -> dict[str, Any]:
        """Run setup, snippet and check; return a report."""
        self.asserted = 0
        begin = os.fstat(1).st_size
        parts = [("setup", step["setup"]), ("snippet", step), ("check", step["check"])]
        try:
            for where, part in parts:
                if not part:
                    continue
                if where == "check":
                    self._flush()
                    self.module.__dict__["output"] = _printed(begin)
                session = where == "snippet" and step["mode"] == "session"
                report = self._session(part) if session else self._script(part)
                if report:
                    return {**report, "where": where, "asserted": self.asserted}
            made = self.made.new(self.module.__dict__)
            return {"status": "ok", "asserted": self.asserted, "artefacts": made}
        finally:
            self._flush()

    def _script(self, part: dict[str, Any]) -> dict[str, Any]:
        _remember(part)
        try:
            tree = _parsed(part)
            ast.increment_lineno(tree, part["line"] - 1)
            _Asserts().visit(tree)
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            code = compile(tree, part["file"], "exec", flags, dont_inherit=True)
            result = eval(code, self.module.__dict__)
            if code.co_flags & _COROUTINE:
                import asyncio

                asyncio.run(result)
        except _UnparsableError as error:
            return {"status": "syntax", "text": error.text, "line": error.line}
        except SystemExit as end:
            if end.code not in (None, 0):
                status = end.code if isinstance(end.code, int) else 1
                text = f"ends with status {status}"
                if not isinstance(end.code, int):
                    text += f": {end.code}"
                line = _line(end, part)
                return {"status": "failed", "kind": "SystemExit", "text": text, "line": line}
        except BaseException as error:
            return self._failure(error, part)
        return {}

    def _session(self, part: dict[str, Any]) -> dict[str, Any]:
        """Run a ``>>>`` session; what it shows below a prompt is what must come."""
        import doctest

        _remember(part)
        offset = part["line"] - 1
        test = doctest.DocTestParser().get_doctest(
            part["code"], self.module.__dict__, part["file"], part["file"], offset
        )
        test.globs = self.module.__dict__
        # Example's lines count within the session; tracebacks in it name the file below.
        flags = doctest.ELLIPSIS | doctest.DONT_ACCEPT_TRUE_FOR_1
        runner = doctest.DocTestRunner(verbose=False, optionflags=flags)
        found: dict[str, Any] = {}

        def failed(example: doctest.Example, got: str) -> None:
            if not found:
                line = offset + example.lineno + 1
                found.update(
                    status="failed", kind="Differs", line=line, expected=example.want, got=got,
                    text=f"shows another output than {example.source.strip().splitlines()[0]} has",
                )  # fmt: skip

        def unexpected(out: object, test: Any, example: doctest.Example, error: Any) -> None:
            if not found:
                found.update(self._failure(error[1], part))
                found["line"] = offset + example.lineno + 1
                found["trace"] = _placed(found.get("trace", ""), part, test)

        runner.report_failure = lambda out, test, example, got: failed(example, got)  # type: ignore[method-assign]
        runner.report_unexpected_exception = unexpected  # type: ignore[assignment, method-assign]
        shown = sys.stdout
        runner.run(test, clear_globs=False, out=shown.write)
        self.asserted += sum(bool(example.want) for example in test.examples)
        return found

    def _failure(self, error: BaseException, part: dict[str, Any]) -> dict[str, Any]:
        """Describe an exception by the snippet's own frames."""
        frames = error.__traceback__
        while frames and frames.tb_frame.f_code.co_filename == __file__:
            frames = frames.tb_next
        error = error.with_traceback(frames)
        with contextlib.suppress(BaseException):
            trace = "".join(traceback.format_exception(error))
            last = "".join(traceback.format_exception_only(error)).strip()
            return {
                "status": "failed",
                "kind": type(error).__name__,
                "text": last[-2000:],
                "trace": _without_places(trace)[-20_000:],
                "line": _line(error, part),
                "network": _is_network(error),
                "missing": _missing(error),
            }
        # An exception may refuse to be printed.
        return {"status": "failed", "kind": type(error).__name__, "text": type(error).__name__}

    def _flush(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()


class _UnparsableError(Exception):
    """Code is no Python; of setup and check, which the host does not look at before."""

    def __init__(self, text: str, line: int) -> None:
        self.text, self.line = text, line


def _parsed(part: dict[str, Any]) -> ast.Module:
    try:
        tree: ast.Module = ast.parse(part["code"], part["file"])
    except SyntaxError as error:
        line = (error.lineno or 1) + part["line"] - 1
        raise _UnparsableError(str(error.msg), line) from None
    return tree


class _Asserts(ast.NodeTransformer):
    """Makes every assertion that is reached count itself."""

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        name = ast.Name("__agentdocs_assert__", ast.Load())
        test = ast.BoolOp(ast.Or(), [ast.Call(name, [], []), node.test])
        for new in (test, test.values[0], name):
            ast.copy_location(new, node.test)
        node.test = test
        return node


def _placed(trace: str, part: dict[str, Any], test: doctest.DocTest) -> str:
    """Return the trace of a session's example with the lines of its file."""

    def place(match: re.Match[str]) -> str:
        example = test.examples[int(match[1])]
        line = part["line"] + example.lineno + int(match[2]) - 1
        return f'File "{part["file"]}", line {line}'

    rows = trace.split("\n")
    inside = next((i for i, row in enumerate(rows) if "<doctest " in row), 1)
    shown = "\n".join([rows[0], *rows[inside:]])
    return re.sub(r'File "<doctest .*?\[(\d+)\]>", line (\d+)', place, shown)


def _line(error: BaseException, part: dict[str, Any]) -> int:
    """Return the line of the code itself where an exception passed; 0 if it did not."""
    lines = [
        frame.lineno or 0
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == part["file"]
    ]
    if isinstance(error, SyntaxError) and error.filename == part["file"]:
        lines.append(error.lineno or 0)
    own = range(part["line"], part["line"] + part["code"].count("\n") + 1)
    # An earlier snippet's function may have raised; what counts is where it was called.
    inside = [line for line in lines if line in own]
    return (inside or lines or [0])[-1]


def _without_places(trace: str) -> str:
    """Return a trace in which files of the library are called by their name in it."""
    for folder in sorted(sys.path, key=len, reverse=True):
        if folder.startswith("/"):
            trace = trace.replace(f'File "{folder}/', 'File "')
    return trace


def _remember(part: dict[str, Any]) -> None:
    """Let tracebacks show the snippet's lines, at the numbers that they have in its file."""
    _, _, lines, _ = linecache.cache.get(part["file"], (0, None, [], ""))  # type: ignore[misc]
    start = part["line"] - 1
    code = [f"{line}\n" for line in part["code"].split("\n")]
    lines += ["\n"] * (start + len(code) - len(lines))
    lines[start : start + len(code)] = code
    linecache.cache[part["file"]] = (1, None, lines, part["file"])


def _printed(begin: int) -> str:
    return os.pread(1, 1_000_000, begin).decode("utf-8", "replace")


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    left: list[BaseException | None] = [error]
    while left and len(found) < 50:
        one = left.pop()
        if one is None or one in found:
            continue
        found.append(one)
        left += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
        left += [a for a in one.args if isinstance(a, BaseException)]
    return found


def _is_network(error: BaseException) -> bool:
    """Whether it failed because there is no network in here."""
    return any(
        isinstance(e, socket.gaierror) or (isinstance(e, OSError) and e.errno in _NETWORK)
        for e in _chain(error)
    )


def _in_environ(error: BaseException) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename in (os.__file__, "<frozen os>")


def _missing(error: BaseException) -> str:
    """Return what is not there and was looked for: a module, a name, a file or a program."""
    if isinstance(error, ModuleNotFoundError):
        return f"module {error.name}"
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
        return f"name {error.name}" if error.name else ""
    if isinstance(error, FileNotFoundError) and isinstance(error.filename, str | bytes):
        return f"file {os.fsdecode(error.filename)}"
    if isinstance(error, EOFError):
        return "input"
    if isinstance(error, KeyError) and error.args and _in_environ(error):
        return f"variable {error.args[0]}"
    return ""

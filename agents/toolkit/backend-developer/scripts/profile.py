#!/usr/bin/env python3
"""Show where a service spends its time: pyinstrument on an ASGI or WSGI app, or on a function.

The app is called in this process, without a server and a network, so what is measured is
its own code. Requests before the measured ones warm it up, and its start-up and shutdown
run as under a server. Calls that wait count too, since a caller waits as well.
"""

from __future__ import annotations

import sys
from pathlib import Path

# The standard library has a module `profile`, which `cProfile` imports. Whoever is started from
# this folder would get this file for it: take the folder off the path, and step aside if imported.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != _HERE]
if __name__ == "profile":
    import importlib

    del sys.modules["profile"]
    importlib.import_module("profile")

import argparse
import asyncio
import contextlib
import importlib
import inspect
import os
import statistics
import time
import traceback
import unittest.mock
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

FINE, FAILED, UNUSABLE = 0, 1, 2

EXAMPLES = """\
examples:
  %(prog)s --app=service:app --path=/v1/shipments
  %(prog)s --app=service:app --path=/health --path=/v1/shipments/1 --requests=500 --top=15
  %(prog)s --app=service:app --method=POST --path=/v1/shipments --body='{"grams": 900}'
  %(prog)s --app=project.wsgi:application --path=/ --html=profile.html
  %(prog)s --call=jobs:nightly_export

exit codes:
  0  measured
  1  measured, but a request ended with a 5xx or the function with an error
  2  nothing to measure: wrong command line, no such module or name, no library
"""


class Unusable(Exception):
    """What keeps the script from measuring, said so that the reader can mend it."""


@dataclass
class Outcome:
    """What came of the calls."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether one of the calls went wrong."""
        return bool(self.error) or any(status.startswith("5") for status in self.statuses)


def positive(text: str) -> int:
    """Return ``text`` as a number from 1 on."""
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"not a whole number from 1 on: {text!r}")
    return int(text)


def header(text: str) -> tuple[str, str]:
    """Return name and value of ``Name: value``."""
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise argparse.ArgumentTypeError("not a header; write 'Name: value'")
    return name.strip(), value.strip()


def path(text: str) -> str:
    """Return ``text`` if it begins with a slash."""
    if not text.startswith("/"):
        raise argparse.ArgumentTypeError(f"a path begins with a slash: {text!r}")
    return text


def need(module: str) -> Any:
    """Import a library, or say what to install."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise Unusable(f"{error.name} is not installed; run: pip install {error.name}") from None


def named(name: str) -> Any:
    """Return what ``module:name`` names, from the current folder first."""
    module, colon, attribute = name.partition(":")
    if not module or not attribute:
        raise Unusable(f"write module:name, not {name!r}")
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(f"{error.name}.")):
            raise Unusable(f"there is no module {error.name} in {os.getcwd()}") from None
        raise Unusable(f"{module} imports {error.name}, which is not installed") from None
    except Exception as error:
        raise Unusable(f"{module} cannot be imported: {last(error)}") from None
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise Unusable(f"{module} has no {attribute}")
        found = getattr(found, part)
    if not callable(found):
        raise Unusable(f"{name} cannot be called, it is of type {type(found).__name__}")
    return found


def last(error: BaseException) -> str:
    """Return an error with its place, in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}{place}" if text else f"{type(error).__name__}{place}"


def is_asgi(app: Any) -> bool:
    """Say whether an app is called with scope, receive and send, and awaited."""
    call = app if inspect.isroutine(app) else type(app).__call__
    if inspect.iscoroutinefunction(inspect.unwrap(call)):
        return True
    try:
        needed = [
            one for one in inspect.signature(app).parameters.values()
            if one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        return False
    return len(needed) == 3


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Start an ASGI app and shut it down, as a server does; yield what its start-up left."""
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    state: dict[str, Any] = {}

    async def whole() -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
        with contextlib.suppress(Exception):  # an app without start-up may refuse
            await app(scope, inbox.get, outbox.put)
        await outbox.put({"type": "lifespan.ended"})

    task = asyncio.create_task(whole())
    await inbox.put({"type": "lifespan.startup"})
    answer = await outbox.get()
    if answer["type"] == "lifespan.startup.failed":
        raise Unusable(f"the app did not start: {(answer.get('message') or 'no reason given').strip().splitlines()[-1]}")
    try:
        yield state
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        await asyncio.wait([task], timeout=10)
        task.cancel()


class Progress:
    """Tell on a terminal how far it is."""

    def __init__(self, total: int) -> None:
        self.total, self.shown, self._next = total, sys.stderr.isatty(), time.monotonic() + 0.5

    def __call__(self, done: int) -> None:
        # Seldom, since it is measured too.
        if self.shown and (done == self.total or time.monotonic() > self._next):
            self._next = time.monotonic() + 0.5
            text = "" if done == self.total else f"{done}/{self.total} calls"
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def plan(options: argparse.Namespace) -> list[tuple[bool, str]]:
    """Return the paths to ask for, in turn, and whether each is measured."""
    paths = options.path or ["/"]
    warm = [(False, paths[number % len(paths)]) for number in range(options.warm_up)]
    return warm + [(True, paths[number % len(paths)]) for number in range(options.requests)]


def arguments_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return what each request has but its path."""
    headers = dict(options.header)
    if options.body is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    return {"headers": headers, "content": options.body}


async def drive_asgi(app: Any, options: argparse.Namespace, profiler: Any) -> Outcome:
    """Send the requests to an ASGI app."""
    need("httpx")  # brings anyio
    # Only the thread that began is sampled, so plain functions are not handed to another one.
    with unittest.mock.patch("anyio.to_thread.run_sync", inline):
        return await drive_started(app, options, profiler)


async def inline(function: Callable[..., Any], *arguments: Any, **_: Any) -> Any:
    """Call a function where a thread would have been used."""
    return function(*arguments)


async def drive_started(app: Any, options: argparse.Namespace, profiler: Any) -> Outcome:
    """Start the app, send the requests, shut it down."""
    httpx, outcome = need("httpx"), Outcome()
    progress = Progress(options.requests)
    async with lifespan(app) as state:

        async def with_state(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await app({**scope, "state": dict(state)}, receive, send)

        transport = httpx.ASGITransport(app=with_state, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for measured, where in plan(options):
                if measured and not profiler.is_running:
                    profiler.start()
                started = time.perf_counter()
                response = await client.request(options.method, where, **arguments_of(options))
                if measured:
                    outcome.milliseconds.append((time.perf_counter() - started) * 1000)
                    outcome.statuses[str(response.status_code)] += 1
                    progress(len(outcome.milliseconds))
            profiler.stop()
    return outcome


def drive_wsgi(app: Any, options: argparse.Namespace, profiler: Any) -> Outcome:
    """Send the requests to a WSGI app."""
    httpx, outcome = need("httpx"), Outcome()
    progress = Progress(options.requests)
    transport = httpx.WSGITransport(app=app, raise_app_exceptions=False)
    with httpx.Client(transport=transport, base_url="http://localhost") as client:
        for measured, where in plan(options):
            if measured and not profiler.is_running:
                profiler.start()
            started = time.perf_counter()
            try:
                status = str(client.request(options.method, where, **arguments_of(options)).status_code)
            except Exception as error:  # a WSGI app without a server to catch this
                status, outcome.error = "500", last(error)
            if measured:
                outcome.milliseconds.append((time.perf_counter() - started) * 1000)
                outcome.statuses[status] += 1
                progress(len(outcome.milliseconds))
    profiler.stop()
    return outcome


async def drive_function(function: Callable[[], Any], options: argparse.Namespace, profiler: Any) -> Outcome:
    """Call a function, or await a coroutine, as often as was said."""
    outcome = Outcome()
    progress = Progress(options.requests)
    profiler.start()
    try:
        for _ in range(options.requests):
            started = time.perf_counter()
            result = function()
            if inspect.isawaitable(result):
                await result
            outcome.milliseconds.append((time.perf_counter() - started) * 1000)
            outcome.statuses["done"] += 1
            progress(len(outcome.milliseconds))
    except Exception as error:
        outcome.error = last(error)
    finally:
        profiler.stop()
    return outcome


def measure_function(function: Callable[[], Any], options: argparse.Namespace, profiler: Any) -> Outcome:
    """Run the calls, in an event loop only if the function needs one: it may start its own."""
    driving = drive_function(function, options, profiler)
    if inspect.iscoroutinefunction(function):
        return asyncio.run(driving)
    try:
        driving.send(None)
    except StopIteration as ended:
        return ended.value  # type: ignore[no-any-return]
    driving.close()
    raise Unusable("the function returned something to await; declare it with async def")


def slowest(session: Any, top: int) -> list[tuple[float, str, str]]:
    """Return the functions with the most time of their own: seconds, name, place."""
    own: Counter[tuple[str, str]] = Counter()
    pending = [session.root_frame()]
    while pending:
        frame = pending.pop()
        if frame is None:
            continue
        pending.extend(frame.children)
        synthetic = frame.identifier.startswith("[")
        holder = frame.parent if synthetic and frame.parent else frame
        spent = frame.time if synthetic else frame.time - sum(child.time for child in frame.children)
        if spent > 0 and not holder.identifier.startswith("["):
            place = f"{holder.file_path_short or holder.file_path or '?'}:{holder.line_no}"
            name = f"{holder.function} (waiting)" if frame.identifier == "[await]" else holder.function
            own[name, place] += spent
    return [(spent, name, place) for (name, place), spent in own.most_common(top)]


def show(outcome: Outcome, profiler: Any, options: argparse.Namespace) -> None:
    """Print how long the calls took, the functions that cost most, and the tree of calls."""
    session = profiler.last_session
    times = sorted(outcome.milliseconds)
    if times:
        p95 = times[min(len(times) - 1, round(0.95 * (len(times) - 1)))]
        results = ", ".join(f"{status} × {count}" for status, count in sorted(outcome.statuses.items()))
        what = options.call or f"{options.method} {' '.join(options.path or ['/'])}"
        print(f"{what}: {results}")
        print(f"median {statistics.median(times):.2f} ms, 95th percentile {p95:.2f} ms, slowest {times[-1]:.2f} ms")
    rows = slowest(session, options.top)
    if not rows:
        print("\nToo fast to be sampled: raise --requests, or lower --interval.")
        return
    total = session.duration or 1
    width = max(len("FUNCTION"), *(len(name) for _, name, _ in rows))
    print(f"\n {'OWN':>8}  SHARE  {'FUNCTION':{width}}  PLACE")
    for spent, name, place in rows:
        print(f"{spent * 1000:>6.1f} ms  {spent / total:>5.0%}  {name:{width}}  {place}")
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    tree = profiler.output_text(unicode=encoding == "utf8", color=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    print("\n" + "\n".join(line.rstrip() for line in tree.strip().splitlines()))


def run(options: argparse.Namespace) -> int:
    """Measure, and report."""
    pyinstrument = need("pyinstrument")
    target = named(options.app or options.call)
    options.requests = options.requests or (100 if options.app else 1)
    profiler = pyinstrument.Profiler(interval=options.interval, async_mode="enabled")
    if options.call:
        outcome = measure_function(target, options, profiler)
    elif is_asgi(target):
        outcome = asyncio.run(drive_asgi(target, options, profiler))
    else:
        outcome = drive_wsgi(target, options, profiler)
    show(outcome, profiler, options)
    if options.html:
        options.html.write_text(profiler.output_html(), encoding="utf-8")
        print(f"wrote {options.html}")
    if outcome.error:
        print(f"error: {outcome.error}", file=sys.stderr)
    return FAILED if outcome.failed else FINE


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(
        description="Show where an ASGI or WSGI app, or a function, spends its time.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    target = result.add_mutually_exclusive_group(required=True)
    target.add_argument("--app", metavar="MODULE:NAME", help="an ASGI or WSGI app, from the current folder")
    target.add_argument("--call", metavar="MODULE:NAME", help="a function without arguments, may be async")
    result.add_argument("--path", action="append", default=[], type=path, help="what to ask for; several are asked for in turn (default: /)")
    result.add_argument("--method", type=str.upper, default="GET", help="default: GET")
    result.add_argument("--body", metavar="JSON", help="sent with each request")
    result.add_argument("--header", action="append", default=[], type=header, metavar="HEADER", help="such as 'Name: value'; repeatable")
    result.add_argument("--requests", type=positive, metavar="N", help="how many to measure (default: 100; for --call, 1)")
    result.add_argument("--warm-up", type=positive, default=5, metavar="N", help="requests before the first that is measured (default: 5)")
    result.add_argument("--top", type=positive, default=10, metavar="N", help="functions to list (default: 10)")
    result.add_argument("--interval", type=float, default=0.0005, metavar="SECONDS", help="between two samples (default: 0.0005)")
    result.add_argument("--html", type=Path, metavar="FILE", help="also write the tree as a page")
    return result


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, measure, report."""
    options = parser().parse_args(arguments)
    if options.interval <= 0:
        parser().error("argument --interval: must be above 0")
    try:
        return run(options)
    except Unusable as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
    except Exception as error:
        print(f"error: {last(error)}", file=sys.stderr)
    return UNUSABLE


def _exit() -> NoReturn:
    try:
        code = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    sys.exit(code)


if __name__ == "__main__":
    _exit()

"""asyncio and what waits for threads, where there is no thread but this one.

Pyodide's own event loop is the browser's: it cannot be waited for, so ``asyncio.run`` would come
back before anything ran. Here it blocks, as it does everywhere else. What others would do in a
thread is done at once, in place; whoever waits for something lets the loops run that could bring
it.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import threading
import time
from asyncio import events, tasks
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_loops: list[Loop] = []
"""Those that are not closed."""
_NEVER = "waits for another thread, which a browser does not have"


class Loop(asyncio.BaseEventLoop):
    """An event loop with timers and callbacks; it has no files or sockets to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = self
        self.busy = False
        """Whether it is in the middle of a step, and the step does not stand for a thread."""
        _loops.append(self)

    def close(self) -> None:
        """Close it; nobody waits for it any longer."""
        super().close()
        if self in _loops:
            _loops.remove(self)

    def select(self, timeout: float | None) -> list[Any]:
        """Wait until the next timer; another loop may run in the meantime."""
        if timeout == 0 or _turn(besides=self):
            return []
        if timeout is None:
            raise RuntimeError("awaits what never comes")
        time.sleep(min(timeout, _next_timer(besides=self)))
        return []

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        """Run a function at once, or hand it to an executor that somebody made."""
        self._check_closed()  # type: ignore[attr-defined]
        made = _at_once(func, *args) if executor is None else executor.submit(func, *args)
        return asyncio.wrap_future(made, loop=self)

    def _process_events(self, event_list: list[Any]) -> None:
        """Do nothing: there are no files that events could come from."""

    def _write_to_self(self) -> None:
        """Do nothing: a loop that sleeps cannot be woken by another thread."""

    def _run_once(self) -> None:
        before, self.busy = self.busy, True
        try:
            super()._run_once()  # type: ignore[misc]
        finally:
            self.busy = before


class _Policy(events._BaseDefaultEventLoopPolicy):  # type: ignore[name-defined, misc]
    _loop_factory = Loop


def install() -> None:
    """Take asyncio back from Pyodide and let waiting and thread pools work in place."""
    with contextlib.suppress(ImportError):
        webloop = importlib.import_module("pyodide.webloop")
        asyncio.run = webloop._orig_run
        time.sleep = webloop._orig_sleep
    events._set_event_loop_policy(_Policy())  # type: ignore[attr-defined]
    time.time_ns = _Clock().time_ns
    threading.Condition.wait = _wait  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = _submit  # type: ignore[method-assign, assignment]


class _Clock:
    """The clock, which shows another time at each look: a browser's own moves in steps of 1 ms."""

    def __init__(self) -> None:
        self.now, self.last = time.time_ns, 0

    def time_ns(self) -> int:
        """Return nanoseconds since 1970, later than the last time that it was asked."""
        self.last = max(self.now(), self.last + 1)
        return self.last


def leave_the_browsers() -> None:
    """Look as if no loop ran; Pyodide's own says that it does, at each call from JavaScript."""
    events._set_running_loop(None)


def install_anyio() -> None:
    """Let anyio's threads and portals, which FastAPI and its TestClient use, work in place."""
    try:
        from anyio import from_thread
        from anyio._backends import _asyncio
    except ImportError:
        return
    from_thread.start_blocking_portal = _portal
    backend: Any = _asyncio.AsyncIOBackend
    backend.run_sync_in_worker_thread = classmethod(_in_worker)


# --- waiting --------------------------------------------------------------------------------------


def _turn(besides: Loop | None = None) -> bool:
    """Let a loop that has something to do run once; return whether there was one."""
    now = time.monotonic()
    for loop in _loops:
        if loop is besides or loop.busy:
            continue
        due = loop._scheduled and loop._scheduled[0]._when <= now  # type: ignore[attr-defined]
        if loop._ready or due:  # type: ignore[attr-defined]
            _run_once(loop)
            return True
    return False


def _next_timer(besides: Loop | None = None) -> float:
    """Return the seconds until a loop has something to do."""
    timers = [
        loop._scheduled[0]._when  # type: ignore[attr-defined]
        for loop in _loops
        if loop is not besides and not loop.busy and loop._scheduled  # type: ignore[attr-defined]
    ]
    return max(0.0, min(timers) - time.monotonic()) if timers else float("inf")


def _run_once(loop: Loop) -> None:
    """Let a loop run once, wherever this is called from: also inside of another loop's task."""
    outer = events._get_running_loop()
    task = tasks._swap_current_task(outer, None) if outer is not None else None  # type: ignore[attr-defined]
    thread, loop._thread_id = loop._thread_id, threading.get_ident()  # type: ignore[attr-defined]
    events._set_running_loop(loop)
    try:
        loop._run_once()
    finally:
        loop._thread_id = thread  # type: ignore[attr-defined]
        events._set_running_loop(outer)
        if outer is not None:
            tasks._swap_current_task(outer, task)  # type: ignore[attr-defined]


def settle(done: Callable[[], bool], timeout: float | None = None) -> bool:
    """Let loops run until something is done; return whether it is, once the time is over."""
    end = None if timeout is None else time.monotonic() + timeout
    while not done():
        left = float("inf") if end is None else end - time.monotonic()
        if left <= 0:
            return False
        if not _turn():
            pause = min(left, _next_timer())
            if pause == float("inf"):
                raise RuntimeError(_NEVER)
            time.sleep(pause)
    return True


def _wait(self: threading.Condition, timeout: float | None = None) -> bool:
    """Wait as ``Condition.wait`` does: futures, queues and events wait by it as well."""
    if not self._is_owned():  # type: ignore[attr-defined]
        raise RuntimeError("cannot wait on un-acquired lock")
    waiter = threading.Lock()
    waiter.acquire()
    self._waiters.append(waiter)  # type: ignore[attr-defined]
    state = self._release_save()  # type: ignore[attr-defined]
    told = False
    try:
        told = settle(lambda: not waiter.locked(), timeout)
    finally:
        self._acquire_restore(state)  # type: ignore[attr-defined]
        if not told:
            with contextlib.suppress(ValueError):
                self._waiters.remove(waiter)  # type: ignore[attr-defined]
    return told


# --- in place of threads --------------------------------------------------------------------------


@contextlib.contextmanager
def _elsewhere() -> Iterator[None]:
    """Look to code as if it ran in a thread of its own: there is no running loop."""
    outer = events._get_running_loop()
    if outer is None:
        yield
        return
    task = tasks._swap_current_task(outer, None)  # type: ignore[attr-defined]
    events._set_running_loop(None)
    busy, outer.busy = getattr(outer, "busy", False), False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        outer.busy = busy  # type: ignore[attr-defined]
        events._set_running_loop(outer)
        tasks._swap_current_task(outer, task)  # type: ignore[attr-defined]


def _at_once(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    try:
        with _elsewhere():
            result = func(*args, **kwargs)
    except Exception as error:
        future.set_exception(error)
    else:
        future.set_result(result)
    return future


def _submit(
    self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Future[Any]:
    """Do what a pool is given at once; the results are those that its threads would have."""
    if self._shutdown:
        raise RuntimeError("cannot schedule new futures after shutdown")
    return _at_once(fn, *args, **kwargs)


async def _in_worker(
    cls: Any,
    func: Callable[..., Any],
    args: tuple[Any, ...],
    abandon_on_cancel: bool = False,
    limiter: Any = None,
) -> Any:
    """Run a function for ``anyio.to_thread.run_sync``."""
    from contextvars import copy_context

    from anyio._core._eventloop import set_current_async_library, threadlocals
    from anyio.lowlevel import EventLoopToken

    await cls.checkpoint()
    async with limiter or cls.current_default_thread_limiter():
        context = copy_context()
        context.run(set_current_async_library, None)
        loop = events.get_running_loop()
        # A function in such a thread may call the loop back, which may start another.
        before = dict(threadlocals.__dict__)
        threadlocals.current_token = EventLoopToken(cls, loop)
        threadlocals.current_cancel_scope = None
        try:
            with _elsewhere():
                return context.run(func, *args)
        except StopIteration as error:
            raise RuntimeError("coroutine raised StopIteration") from error
        finally:
            threadlocals.__dict__.clear()
            threadlocals.__dict__.update(before)


@contextlib.contextmanager
def _portal(
    backend: str = "asyncio",
    backend_options: dict[str, Any] | None = None,
    *,
    name: str | None = None,
) -> Iterator[Any]:
    """Stand in for ``anyio.from_thread.start_blocking_portal``, with a loop in this thread."""
    from anyio.from_thread import BlockingPortal

    opened: Future[Any] = Future()

    async def run() -> None:
        async with BlockingPortal() as portal:
            portal._event_loop_thread_id = -1  # calls come from here, as if from elsewhere
            opened.set_result(portal)
            await portal.sleep_until_stopped()

    loop = Loop()
    main = loop.create_task(run())
    cancel = False
    try:
        settle(lambda: opened.done() or main.done())
        portal = opened.result(0)
        try:
            yield portal
        except BaseException:
            cancel = True
            raise
        finally:
            portal.call(portal.stop, cancel)
            settle(main.done)
    finally:
        loop.close()

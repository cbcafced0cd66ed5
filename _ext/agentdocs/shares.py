"""Work that is shared with forks of this process, each of which does a part of it."""

from __future__ import annotations

from contextlib import suppress
from multiprocessing import get_context
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

Item = TypeVar("Item")
Result = TypeVar("Result")


class Share(Generic[Item, Result]):
    """A part of the work, which a fork begins at once."""

    def __init__(self, work: Callable[[Item], Result], items: Sequence[Item]) -> None:
        self.work, self.items = work, items
        context = get_context("fork")
        self._end, theirs = context.Pipe(duplex=False)
        # As a daemon, it ends with this process, however that one ends.
        self._fork = context.Process(target=self._send, args=(theirs,), daemon=True)
        self._fork.start()
        theirs.close()

    def _send(self, end: Connection) -> None:
        self._end.close()  # nobody listens any more where the process that asked is gone
        # Without an answer, the work is done again where what happens is told.
        with suppress(Exception, KeyboardInterrupt):
            end.send([self.work(item) for item in self.items])

    def results(self) -> list[Result]:
        """Return what came of each item; what the fork did not bring to an end is done here."""
        try:
            with self._end:
                found: list[Result] = self._end.recv()
        except Exception:
            found = [self.work(item) for item in self.items]
        self._fork.join()
        return found

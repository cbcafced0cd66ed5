"""An interpreter that goes on from step to step: orders → what it tells.

Both go over pipes of their own, so that its standard streams are the snippets'.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import subprocess

ORDERS, EVENTS = 240, 241
"""The descriptors in the child: far from those that scripts use."""


class Child:
    """A process with two pipes, and a third for its output, if that is handed on."""

    def __init__(self, command: list[str], *, hand_on: bool = False) -> None:
        """Start it.

        :param hand_on: give it a pipe for its output instead of the file that the session has. A
            shell opens ``/dev/stderr`` anew, which would empty a file.
        """
        theirs_in, self.orders = os.pipe()
        self.events, theirs_out = os.pipe()
        self.output, theirs = os.pipe() if hand_on else (-1, -1)
        fcntl.fcntl(theirs_in, fcntl.F_DUPFD, ORDERS)
        fcntl.fcntl(theirs_out, fcntl.F_DUPFD, EVENTS)
        shown = theirs if hand_on else None
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            command, pass_fds=(ORDERS, EVENTS), stdout=shown, stderr=shown,
            start_new_session=True,  # ``kill 0`` is not to reach the runner
        )  # fmt: skip
        for number in (theirs_in, theirs_out, ORDERS, EVENTS, *([theirs] if hand_on else [])):
            os.close(number)
        self.buffer = b""

    def order(self, line: str) -> None:
        """Send a line."""
        data = line.encode() + b"\n"
        with contextlib.suppress(BrokenPipeError):
            while data:
                data = data[os.write(self.orders, data) :]

    def event(self) -> str | None:
        """Wait for a line and hand on what was printed until then; None if the process ended."""
        while b"\n" not in self.buffer:
            waiting = [number for number in (self.events, self.output) if number >= 0]
            ready = select.select(waiting, [], [], 0.05)[0]
            if self.output in ready:
                self._hand_on()
            if self.events in ready:
                data = os.read(self.events, 65536)
                if not data:
                    break
                self.buffer += data
            elif self.process.poll() is not None and not self._waits(self.events):
                break  # what it left behind may hold the pipe open
        while self._waits(self.output):
            self._hand_on()
        if b"\n" not in self.buffer:
            return None
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode("utf-8", "replace")

    def _waits(self, number: int) -> bool:
        return number >= 0 and bool(select.select([number], [], [], 0)[0])

    def _hand_on(self) -> None:
        if data := os.read(self.output, 65536):
            try:
                while data:
                    data = data[os.write(1, data) :]
                return
            except OSError:  # the file is as large as it may be
                self.process.kill()
        os.close(self.output)
        self.output = -1

    def end(self) -> int:
        """Close the pipes and return the exit code."""
        for number in (self.orders, self.events, self.output):
            if number >= 0:
                os.close(number)
        return self.process.wait()

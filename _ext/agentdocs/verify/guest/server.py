"""Requests on standard input → results on standard output, a JSON object a line.

A request is a session: the snippets of one agent in one language. Snippets are strangers' code;
they run in a forked process that has neither of these two channels.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def main() -> None:
    """Serve until standard input ends."""
    inbox, outbox = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    # Relative, because the package has another name in here.
    from . import cage, session

    cage.hide()
    options = json.loads(sys.argv[1])
    with os.fdopen(inbox, "rb") as requests, os.fdopen(outbox, "wb") as answers:
        send(answers, {"ready": True, "nested": cage.can_nest(options)})
        for line in requests:
            request = json.loads(line)
            if "preload" in request:
                preload(request["preload"])
                continue
            for answer in session.run(request, options):
                send(answers, answer)
            send(answers, {"done": request["id"]})


def send(stream: IO[bytes], answer: dict[str, Any]) -> None:
    """Write one answer."""
    stream.write(json.dumps(answer).encode() + b"\n")
    stream.flush()


def preload(modules: Iterable[str]) -> None:
    """Import installed modules once, so that sessions find them in memory."""

    def give_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    for name in modules:
        signal.alarm(20)
        # Whatever it raises, the snippet that imports it will meet and show.
        with contextlib.suppress(BaseException):
            importlib.import_module(name)
        signal.alarm(0)
    signal.signal(signal.SIGALRM, before)

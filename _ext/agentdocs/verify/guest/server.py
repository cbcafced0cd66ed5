"""Requests on standard input → answers on standard output, a JSON object a line.

A request is a session: the snippets of one agent in one language. Snippets are strangers' code;
they run in a forked process that has neither of these two channels.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def main() -> None:
    """Serve until standard input ends."""
    requests, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    # Relative, because the package has another name in here.
    from . import session

    def send(answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode() + b"\n"
        while data:
            data = data[os.write(answers, data) :]

    options = json.loads(sys.argv[1])
    problem = _settle(options)
    send({"ready": not problem, "nested": options["nested"], "text": problem})
    with (
        contextlib.suppress(session.HostGoneError, BrokenPipeError),
        os.fdopen(requests, "rb") as lines,
    ):
        for line in lines:
            # What exists now stays: collecting it in each session would copy all of it.
            gc.freeze()
            request = json.loads(line)
            if "preload" in request:
                preload(request["preload"])
                send({"preloaded": request["preload"]})
                continue
            for answer in session.run(request, options, requests):
                send(answer)
    os._exit(0)  # whatever a loaded package would still do at the end


def _settle(options: dict[str, Any]) -> str:
    """Find out whether sessions can have namespaces of their own; return why none can be run."""
    from . import cage

    cage.settle(options)
    if not options["caged"]:
        return ""
    problem = ""
    for nested in (True, False) if options["nested"] else (False,):
        options["nested"] = nested
        try:
            problem = cage.trial(options)
        except OSError as error:
            problem = str(error)
        if not problem:
            break
    return problem


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
    gc.collect()

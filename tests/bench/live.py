"""An agent that is edited while ``sphinx-autobuild`` serves the site → when its page shows it."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from statistics import median
from typing import TYPE_CHECKING

import peers
from report import Row
from sites import EXTENSIONS, FOLDERS, ONCE
from timing import WrongError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench import Settings
    from sites import Site
    from timing import Sample

ROUNDS = 3
_PATIENCE = 300


def edits(here: str, ours: Site, bare: Sequence[Sample], settings: Settings) -> Iterator[Row]:
    """Compare the time from an edit to its page with that of bare Sphinx's build of an edit.

    :param bare: such builds.
    """
    what = f"{here}, live reload beside bare Sphinx's build of an edit (clock)"
    if importlib.util.find_spec("sphinx_autobuild") is None:
        yield Row(f"{what}: sphinx-autobuild must be installed")
        return
    settings.progress("live reload")
    number = median(_shown(ours)) / median(sample.wall for sample in bare)
    yield Row(what, value=f"{number:.2f}", number=number, target="≤ 2.6", met=number <= 2.6)


def _shown(site: Site) -> list[float]:
    """Return how many seconds pass until an edit can be read."""
    agent = next((site.folder / "agents").rglob("*.md"))
    folder = site.docs / "agents" / agent.relative_to(site.folder / "agents").with_suffix("")
    port = _free()
    arguments = [*ONCE, "-q", "--port", str(port), "--watch", "agents",
                 "--ignore", str(site.docs / "agents" / "**"), *FOLDERS]  # fmt: skip
    server = subprocess.Popen(
        [sys.executable, "-m", "sphinx_autobuild", *arguments],
        cwd=site.folder, env=peers.clean() | {"PYTHONPATH": str(EXTENSIONS)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    pages = [
        f"http://127.0.0.1:{port}/agents/{file.relative_to(folder.parents[1]).with_suffix('.html')}"
        for file in folder.glob("*.md")
    ]
    try:
        _wait(pages, "</html>")
        found = []
        for number in range(ROUNDS):
            time.sleep(1)  # what watches is to be at rest
            began = time.perf_counter()
            with agent.open("a", encoding="utf-8") as stream:
                stream.write(f"\nThis is edit{number}of{port}.\n")
            _wait(pages, f"edit{number}of{port}")
            found.append(time.perf_counter() - began)
        return found
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _wait(pages: Sequence[str], text: str) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        for page in pages:
            # A page may change between the head and the body of an answer.
            with suppress(OSError, HTTPException), urllib.request.urlopen(page) as answer:
                if text in answer.read().decode():
                    return
        time.sleep(0.05)
    raise WrongError(f"sphinx-autobuild: no page shows “{text}”")


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])

"""A real Chromium, and sites to look at: over HTTP, as a folder, with and without scripts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from hostile.builds import ROOT, copy_repository, shared, sphinx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hostile.builds import Build
    from playwright.sync_api import Browser

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic",
]  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        # Where the tests are the gate, a browser that is missing is a fault.
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail("Chromium is not installed")
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


class _Quiet(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/favicon.ico":  # what a browser asks for by itself is no fault of a page
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _serve(site: Build) -> Iterator[str]:
    handler = partial(_Quiet, directory=str(site.out))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def own_url(own: Build) -> Iterator[str]:
    yield from _serve(own)


@pytest.fixture(scope="session")
def hostile_url(hostile: Build) -> Iterator[str]:
    yield from _serve(hostile)


@pytest.fixture(scope="session")
def runtime_folder(once: Callable[[str, Callable[[Path], None]], Path], own_results: Path) -> Path:
    """Return what snippets run with in a browser, made by the command itself.

    It lies in the checkout, where what npm and PyPI brought is kept for the next time.
    """
    out = ROOT / "_build" / "runtime"
    made = once("runtime", partial(_make_runtime, own_results))
    said = json.loads((made / "said.json").read_text())
    if said["code"]:
        # Where the tests are the gate, a runtime that cannot be made is a fault.
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail(said["text"])
        pytest.skip(said["text"])
    return out


def _make_runtime(results: Path, folder: Path) -> None:
    options = ("--out", "_build/runtime", "--results", str(results))
    command = [sys.executable, "-m", "agentdocs", "runtime", *options]
    env = os.environ | {"PYTHONPATH": str(ROOT / "_ext")}
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, encoding="utf-8", check=False
    )
    said = {"code": done.returncode, "text": done.stderr[-2000:]}
    (folder / "said.json").write_text(json.dumps(said))


@pytest.fixture(scope="session")
def runnable_build(
    tmp_path_factory: pytest.TempPathFactory, runtime_folder: Path, own_results: Path
) -> Build:
    """Return our own site, with Run buttons beside the snippets of its agents."""

    def make(folder: Path) -> Build:
        root = copy_repository(folder)
        options = [
            "-D", f"agentdocs_agents={ROOT / 'agents'}",
            "-D", f"agentdocs_runtime={runtime_folder}",
            "-D", f"agentdocs_results={own_results}",
        ]  # fmt: skip
        return sphinx(root / "docs", folder / "out", "-c", str(root), *options, cwd=root)

    return shared(tmp_path_factory, "runnable", make)


@pytest.fixture(scope="session")
def runnable_site(runnable_build: Build) -> Iterator[str]:
    """Return the address of that site."""
    yield from _serve(runnable_build)

"""The search beside Sphinx's own: what a first answer loads and how long it holds up the page.

And how much of a build the index takes. Bytes are those that a server sends, heads and all; it
compresses what a static host does, and lets a browser keep it.
"""

from __future__ import annotations

import gzip
import importlib.util
import resource
import shutil
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from threading import Thread
from typing import TYPE_CHECKING, Any

from library import generate
from report import Row
from timing import WrongError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench import Bench, Settings

AGENTS = 1000
"""Four pages each."""
QUESTIONS = ("slow query", "log in with a token", "who reviews code")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_EXTENSIONS = Path(__file__).resolve().parents[2] / "_ext"
_CONF = """
project = "Search"
extensions = ["agentdocs"]
agentdocs_agents = "../agents"
html_theme = "furo"
"""
_TEXTS = (".html", ".js", ".css", ".json", ".svg")
_KB = 1000
_MOST_KB, _MOST_MS, _MOST_SHARE = 180, 100, 0.06


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Host(Quiet):
    """Serves a folder as a static host does, and adds up what it sends."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Last-Modified", self.date_time_string(int(path.stat().st_mtime)))
        self.send_header("Cache-Control", "max-age=600")
        if path.suffix in _TEXTS:
            data = gzip.compress(data, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        head: list[bytes] = self._headers_buffer  # type: ignore[attr-defined]
        self.server.sent += sum(len(row) for row in head) + len(data)  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(data)


class _Server(ThreadingHTTPServer):
    """Knows how much it has sent; a browser that hangs up is nothing to report."""

    sent = 0

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def _host(site: Path) -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), partial(_Host, directory=str(site))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def search(bench: Bench, settings: Settings) -> Iterator[Row]:
    """Ask both searches of a site of 4,000 pages the same questions."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    missing = [name for name in ("furo", "pagefind", "playwright") if not is_there(name)]
    if missing or browser is None:
        yield Row(f"{', '.join(missing) or 'Chromium'} is not installed")
        return
    settings.progress(f"{AGENTS:,} agents are built")
    site, build, index = _built(settings.folder)
    found: dict[str, list[tuple[int, float]]] = {"ours": [], "Sphinx's": []}
    with _host(site) as server:
        for number in range(settings.rounds(bench)):
            for name, samples in found.items():
                settings.progress(f"{name} search, {number + 1} of {settings.rounds(bench)}")
                samples += _asked(server, browser, ours=name == "ours")
    ours, theirs = found.values()
    sent, bare = (max(n for n, _ in samples) / _KB for samples in (ours, theirs))
    busy, bare_busy = (median(ms for _, ms in samples) for samples in (ours, theirs))
    yield Row(
        f"a first answer: {sent:.0f} kB of ours, {bare:.0f} of Sphinx's",
        value=f"{sent / bare:.2f}", number=sent / bare,
        target=f"≤ {_MOST_KB} kB", met=sent <= _MOST_KB,
    )  # fmt: skip
    yield Row(
        f"main thread: {busy:.0f} ms of ours, {bare_busy:.0f} of Sphinx's",
        value=f"{busy / bare_busy:.2f}", number=busy / bare_busy,
        target=f"≤ {_MOST_MS} ms", met=busy <= _MOST_MS,
    )  # fmt: skip
    yield Row(
        "the index : the whole build, CPU", value=f"{index / build:.3f}", number=index / build,
        target=f"≤ {_MOST_SHARE}", met=index / build <= _MOST_SHARE,
    )  # fmt: skip


def is_there(name: str) -> bool:
    """Whether a package is installed."""
    return importlib.util.find_spec(name) is not None


def _built(folder: Path) -> tuple[Path, float, float]:
    """Build a site; return it, and the CPU time of the whole build and of the index alone."""
    generate(folder / "agents", AGENTS)
    docs, site = folder / "docs", folder / "site"
    docs.mkdir()
    (docs / "conf.py").write_text(_CONF)
    (docs / "index.md").write_text("# Search\n\n```{toctree}\nagents/index\n```\n")
    command = (sys.executable, "-m", "sphinx", "-q", "-j", "auto", str(docs), str(site))
    build = _cpu(command)
    if not (site / "_pagefind").is_dir():
        raise WrongError("no index was made")
    # The index is made again when it is gone, and nothing else is.
    shutil.rmtree(site / "_pagefind")
    again = _cpu(command)
    return site, build, again - _cpu(command)


def _cpu(command: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", check=False,
        env={"PATH": str(Path(sys.executable).parent), "PYTHONPATH": str(_EXTENSIONS)},
    )  # fmt: skip
    if done.returncode:
        raise WrongError(f"the build ended with {done.returncode}\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _asked(server: _Server, browser: str, *, ours: bool) -> list[tuple[int, float]]:
    """Ask each question with an empty cache: bytes to the first answer, ms of the main thread."""
    from playwright.sync_api import sync_playwright

    url, found = f"http://127.0.0.1:{server.server_port}", []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for question in QUESTIONS:
            page = chromium.new_context().new_page()
            page.goto(f"{url}/agents/index.html", wait_until="networkidle")
            before = server.sent
            tools = page.context.new_cdp_session(page)
            tools.send("Performance.enable")
            if ours:
                page.keyboard.press("/")
                page.wait_for_function("window.agentdocsSearch.find('')")
                page.wait_for_timeout(500)
                busy = _busy(tools)
                page.keyboard.insert_text(question)
                page.locator("a.agentdocs-search-hit").first.wait_for()
            else:
                # As on a page without ours: Sphinx's scripts, its index, and what they show.
                page.route("**/_pagefind/**", lambda route: route.abort())
                page.goto(f"{url}/search.html", wait_until="networkidle")
                page.wait_for_function("Search.hasIndex()")
                busy = _busy(tools)
                page.evaluate("question => Search.performSearch(question)", question)
                page.locator("#search-results li a").first.wait_for()
            page.wait_for_timeout(300)
            found.append((server.sent - before, _busy(tools) - busy))
            page.context.close()
        chromium.close()
    return found


def _busy(tools: Any) -> float:
    values = {one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]}
    return float(values["TaskDuration"]) * 1000

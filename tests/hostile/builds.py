"""Real Sphinx builds for the tests of the adapter: each in a process of its own.

A process per build keeps what Sphinx registers globally out of the test run, and lets a test
choose the locale, the time zone and the hash seed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pytest

ROOT = Path(__file__).resolve().parents[2]
"""The repository."""

_WARNING = re.compile(
    r"(?P<path>[^\n]*?):(?P<line>\d+|): (?P<level>WARNING|ERROR|CRITICAL|SEVERE): (?P<text>.*)"
)
_COUNTS = re.compile(r"updating environment: .*?(\d+) added, (\d+) changed, (\d+) removed")


@dataclass(frozen=True)
class Warned:
    """A line that Sphinx wrote to stderr, taken apart."""

    path: str
    line: int
    text: str

    @property
    def kind(self) -> str:
        """What stands in the last brackets: ``agentdocs.missing-link``."""
        match = re.search(r"\[([\w.-]+)\]$", self.text)
        return match[1] if match else ""


@dataclass(frozen=True)
class Build:
    """What a build did."""

    code: int
    output: str
    errors: str
    source: Path
    out: Path

    @property
    def read(self) -> set[str]:
        """The documents that were read; only a serial build names them all."""
        return set(re.findall(r"^reading sources\.\.\. \[ *\d+%\] (\S+)$", self.output, re.M))

    @property
    def written(self) -> set[str]:
        """The documents whose page was written; only a serial build names them all."""
        return set(re.findall(r"^writing output\.\.\. \[ *\d+%\] (\S+)$", self.output, re.M))

    @property
    def counts(self) -> tuple[int, int, int]:
        """Documents that were added, changed and removed."""
        match = _COUNTS.search(self.output)
        assert match, self.output
        return int(match[1]), int(match[2]), int(match[3])

    @property
    def warnings(self) -> list[Warned]:
        """All that was warned about. A line that is no warning at all counts as one."""
        found = []
        for line in self.errors.split("\n"):
            match = _WARNING.fullmatch(line)
            if match:
                found.append(Warned(match["path"], int(match["line"] or 0), match["text"]))
            elif line.strip():
                found.append(Warned("", 0, line))
        return found

    def foreign(self) -> list[Warned]:
        """Return the warnings that are not ours: none is ever expected."""
        return [w for w in self.warnings if not w.kind.startswith("agentdocs.")]

    def files(self) -> dict[str, bytes]:
        """Return every file of the site; see :func:`tree`."""
        return tree(self.out)

    def page(self, docname: str) -> str:
        """Return the HTML of a page."""
        return (self.out / f"{docname}.html").read_text(encoding="utf-8")


def sphinx(
    source: Path,
    out: Path,
    *options: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    python: str = sys.executable,
    path: Path | None = ROOT / "_ext",
    files: Sequence[str] = (),
) -> Build:
    """Run ``sphinx-build`` and return what came of it, whatever that is.

    :param path: what ``PYTHONPATH`` is set to; None leaves it out, for an installed package.
    :param files: the only sources whose pages are written.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SPHINX", "FORCE_"))}
    clean = kept | {"NO_COLOR": "1"} | ({"PYTHONPATH": str(path)} if path else {}) | dict(env or {})
    doctrees = out.with_name(f"{out.name}.doctrees")
    command = [python, "-m", "sphinx", "-b", "html", "-d", str(doctrees), *options]
    done = subprocess.run(
        [*command, str(source), str(out), *files],
        cwd=cwd or source, env=clean, capture_output=True, encoding="utf-8", timeout=300,
        check=False,
    )  # fmt: skip
    return Build(done.returncode, done.stdout, done.stderr, source, out)


@dataclass(frozen=True)
class Project:
    """A small documentation project with a library beside it.

    ``docs/`` holds ``conf.py`` and hand-written pages, ``agents/`` the agent files.
    """

    root: Path
    conf: str = ""

    @property
    def docs(self) -> Path:
        """The source folder."""
        return self.root / "docs"

    @property
    def generated(self) -> Path:
        """Where the pages of agents are written to."""
        return self.docs / "agents"

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file of the project."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def agent(self, path: str, body: str = "Body.", **fields: str) -> Path:
        """Write an agent with a name, a description and a tool, so that it has no Problem."""
        name = path.rpartition("/")[2].removesuffix(".md")
        head = {"name": name, "description": f"Does the work of {name}.", "tools": "Read"} | fields
        lines = [f"{key}: {value}" for key, value in head.items()]
        return self.write(f"agents/{path}", "\n".join(["---", *lines, "---", "", body, ""]))

    def build(self, *options: str, out: str = "out", env: Mapping[str, str] | None = None) -> Build:
        """Build the project's site."""
        if not (self.docs / "conf.py").exists():
            self.write("docs/conf.py", self.conf)
        if not (self.docs / "index.md").exists():
            self.write("docs/index.md", "# Home\n\n```{toctree}\nagents/index\n```\n")
        return sphinx(self.docs, self.root / out, *options, env=env)


SMALL = """\
project = "small"
extensions = ["agentdocs"]
agentdocs_agents = "../agents"
html_theme = "basic"
nitpicky = True
"""
"""A configuration that builds fast."""


def copy_repository(to: Path, manual: bool = True) -> Path:
    """Copy what a build of this repository's own site needs, so that no build touches it.

    :param manual: False for a home page alone instead of the hand-written docs, where a test
        is about another library.
    """
    # ``_build`` and the generated pages are what a fresh clone does not have.
    ignore = shutil.ignore_patterns("__pycache__", "_build")
    for name in ("docs", "agents", "_ext", "_static"):
        shutil.copytree(ROOT / name, to / name, ignore=ignore)
    for name in ("conf.py", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"):
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, to)
    shutil.rmtree(to / "docs" / "agents", ignore_errors=True)
    if not manual:
        shutil.rmtree(to / "docs")
        (to / "docs").mkdir()
        (to / "docs" / "index.md").write_text("# Home\n\n```{toctree}\nagents/index\n```\n")
    return to


def tree(folder: Path, *without: str) -> dict[str, bytes]:
    """Return path → bytes of all files below ``folder`` but for names that match ``without``."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(path.match(pattern) for pattern in without)
    }


def shared(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Build]) -> Build:
    """Return a build that all workers of a test run share; the first to ask makes it.

    It may have warned, but it came to its end.
    """
    build = _shared(factory, name, make)
    assert "build finished with problems" in build.output or build.code == 0, build.errors[-3000:]
    return build


def _shared(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Build]) -> Build:
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = base / f"shared-{name}", base / f"shared-{name}.json"
    try:
        folder.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + 300
        while not done.exists():
            assert time.monotonic() < deadline, f"nobody finished {folder}"
            time.sleep(0.1)
        known = json.loads(done.read_text())
        return Build(**known | {"source": Path(known["source"]), "out": Path(known["out"])})
    build: Build | None = None
    try:
        build = make(folder)
    finally:  # the others must not wait for what will never come
        failed = Build(-1, "", "the shared build raised an error", folder, folder)
        text = json.dumps(asdict(build or failed), default=str)
        done.with_suffix(".part").write_text(text)
        done.with_suffix(".part").replace(done)
    return build

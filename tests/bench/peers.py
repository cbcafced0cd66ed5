"""Other tools that run the snippets of Markdown files → how each is called, in its own environment.

An environment is made once, with the newest releases, and kept in ``.nox/bench-peers``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from timing import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from processes import Use

CACHE = Path(__file__).resolve().parents[2] / ".nox" / "bench-peers"
_PREFIXES = ("PYTHON", "PYTEST", "VIRTUAL_ENV", "UV_", "PIP_", "NOX", "COV")


class AbsentError(Exception):
    """A tool cannot be had here; the text says why."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool."""

    name: str
    package: str
    requirements: tuple[str, ...]
    """What is installed: no more than its users need."""
    arguments: tuple[str, ...]
    """The command, below its environment's ``bin``; agents are in ``agents``."""
    passed: Callable[[str], int]
    """Output → how many snippets have passed; -1 if one has not."""
    isolates: bool = False
    """Whether what one file does cannot harm another, or the tool itself."""
    prompts: bool = False
    """Whether it runs Python only as typed at a prompt."""
    files: Mapping[str, str] = field(default_factory=dict)
    """What a project must have for it."""


def pytest_passed(output: str) -> int:
    """Read pytest's last line."""
    found = re.search(r"^=+ (\d+) passed in [\d.]+s.*=+$", output, re.MULTILINE)
    return int(found[1]) if found else -1


def _byexample_passed(output: str) -> int:
    found = re.findall(r"Pass: (\d+) Fail: (\d+) Skip: (\d+)", output)
    if not found or any(fail != "0" or skip != "0" for _, fail, skip in found):
        return -1
    return sum(int(number) for number, _, _ in found)


PEERS = (
    Peer(
        "Sybil",
        "sybil",
        ("sybil[pytest]",),
        ("pytest", "agents"),
        pytest_passed,
        files={
            "conftest.py": "from sybil import Sybil\n"
            "from sybil.parsers.markdown import PythonCodeBlockParser\n\n"
            'sybil = Sybil(parsers=[PythonCodeBlockParser()], patterns=["*.md"])\n'
            "pytest_collect_file = sybil.pytest()\n"
        },
    ),
    Peer(
        "pytest-markdown-docs",
        "pytest-markdown-docs",
        ("pytest-markdown-docs", "markdown-it-py<4"),
        ("pytest", "--markdown-docs", "agents"),
        pytest_passed,
    ),
    Peer(
        "byexample",
        "byexample",
        ("byexample",),
        ("byexample", "-l", "python", "-j", "cpu"),
        _byexample_passed,
        isolates=True,
        prompts=True,
    ),
)


def clean() -> dict[str, str]:
    """Return the environment variables without those that change how Python and pytest run."""
    return {key: value for key, value in os.environ.items() if not key.startswith(_PREFIXES)}


def with_path(folder: Path) -> dict[str, str]:
    """Return environment variables for programs of one folder."""
    found = clean()
    return found | {"PATH": f"{folder}{os.pathsep}{found.get('PATH', os.defpath)}"}


def environment(peer: Peer, *, upgrade: bool = False) -> Path:
    """Return the folder of a tool's programs; installed if it is not there yet.

    :raises AbsentError: it cannot be installed.
    """
    folder = CACHE / peer.package
    stamp = folder / "bench.json"
    wanted = json.dumps([sys.version, peer.requirements])
    if upgrade or not stamp.is_file() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        python = str(folder / "bin" / "python")
        if uv := shutil.which("uv"):
            _do(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
            _do(uv, "pip", "install", "--quiet", "--python", python, *peer.requirements)
        else:
            _do(sys.executable, "-m", "venv", str(folder))
            _do(python, "-m", "pip", "install", "--quiet", *peer.requirements)
        stamp.write_text(wanted)
    return folder / "bin"


def _do(*arguments: str) -> None:
    try:
        run = subprocess.run(
            arguments, capture_output=True, text=True, errors="replace", env=clean(), timeout=600
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AbsentError(str(error)) from None
    if run.returncode:
        said = [row.strip() for row in (run.stderr or run.stdout).splitlines() if row.strip()]
        raise AbsentError(said[-1] if said else f"{arguments[0]} ends with {run.returncode}")


def version(peer: Peer, programs: Path) -> str:
    """Return the release that is installed."""
    code = f"import importlib.metadata as m; print(m.version({peer.package!r}))"
    run = subprocess.run(
        [str(programs / "python"), "-c", code], capture_output=True, text=True, env=clean()
    )
    return run.stdout.strip()


def command(peer: Peer, programs: Path, project: Path, snippets: int) -> Command:
    """Return the call that runs all snippets of a project's agents."""
    first, *rest = peer.arguments
    if peer.package == "byexample":
        rest += sorted(str(path.relative_to(project)) for path in project.glob("agents/**/*.md"))
    return Command(
        f"{peer.name} {version(peer, programs)}",
        (str(programs / first), *rest),
        project,
        with_path(programs),
        lambda use: counted(use, peer.passed(use.output), snippets),
    )


def counted(use: Use, passed: int, wanted: int) -> str:
    """Return what is wrong if not all snippets have passed."""
    if use.code:
        return f"ended with {use.code}"
    return "" if passed == wanted else f"says that {passed} of {wanted} snippets have passed"

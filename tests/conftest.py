"""What several test modules share: a library made of text with its catalog, and built sites."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from agentdocs.catalog import build
from agentdocs.library import read_library
from agentdocs.verify import environment, services
from hostile import sites

ROOT = Path(__file__).parents[1]


@pytest.fixture
def write(tmp_path):
    """Return a function that writes files, given as text or bytes, and returns their folder."""

    def make(files, name="team"):
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        for path, content in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return make


@pytest.fixture
def catalog(write):
    """Return a function that writes files and builds their catalog."""
    return lambda files, name="team": build(read_library(write(files, name)))


@pytest.fixture(scope="session")
def own(tmp_path_factory):
    """Return the build of this repository's own site."""
    return sites.own_site(tmp_path_factory)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """Return the build of the agents that try to act."""
    return sites.hostile_site(tmp_path_factory)


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Return a function that makes a folder once, whichever worker of pytest-xdist asks first."""
    top = tmp_path_factory.getbasetemp()
    top = top.parent if os.environ.get("PYTEST_XDIST_WORKER") else top

    def make(name, build):
        folder, done = top / name, top / f"{name}.done"
        with open(top / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                build(folder)
                done.touch()
        return folder

    return make


@pytest.fixture(scope="session")
def own_results(once):
    """Verify the agents of this repository anew, once for all; return the file of results."""
    if names := _missing():
        text = f"not installed here: {', '.join(names)}"
        pytest.fail(text) if os.environ.get("CI") == "true" else pytest.skip(text)

    def verify(folder):
        options = ("verify", "agents", "--results", str(folder / "results.json"))
        done = _agentdocs(*options)
        assert done.returncode in (0, 1), done.stdout + done.stderr  # test_agents.py tells which

    return once("own-agents", verify) / "results.json"


def _missing():
    found = [name for name in ("bwrap", "git") if not environment.which(name)]
    found += [name for name in services.SERVICES if not services.program(name)]
    lacking = json.loads(_agentdocs("requires", "--missing", "--format", "json").stdout)
    return [*found, *(one for names in lacking.values() for one in names)]


def _agentdocs(*options):
    return subprocess.run(
        [sys.executable, "-m", "agentdocs", *options],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT / "_ext")},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip

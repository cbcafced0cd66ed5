"""What several test modules share: a library made of text with its catalog, and built sites."""

from __future__ import annotations

import fcntl
import os
import shutil

import pytest
from agentdocs.catalog import build
from agentdocs.library import read_library
from hostile import sites


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

"""A few of the kills and changes that ``nox -s unbroken`` makes by the hundred."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def _run(program: str, *arguments: str) -> str:
    """Run a program of this folder; it forks, which a process with threads should not."""
    env = {**os.environ, "PYTHONPATH": str(HERE.parents[1] / "_ext")}
    done = subprocess.run(
        [sys.executable, str(HERE / program), *arguments],
        env=env, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_a_build_that_was_killed_leaves_nothing_broken() -> None:
    kinds = ("--kinds", "build,build,render")
    assert "6 kills" in _run("kills.py", "--kills", "6", "--seed", "7", *kinds)


@pytest.mark.slow
def test_a_verification_that_was_killed_leaves_nothing_broken() -> None:
    assert "4 kills" in _run("kills.py", "--kills", "4", "--seed", "7", "--kinds", "verify")


def test_whatever_changes_the_next_build_is_like_a_first_one() -> None:
    said = _run("changes.py", "--examples", "3", "--steps", "12", "--same")
    assert "equal to clean builds" in said

"""Reading in several processes: the same comes of it, whatever becomes of them."""

import os
import signal

import pytest
from agentdocs import library
from agentdocs.catalog import build
from agentdocs.library import read_library

pytestmark = [
    # Workers of xdist have threads, which Python warns of at a fork.
    pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]

TEXTS = (
    "---\nname: tidy-{0}\ndescription: Keeps order. Use for {0}.\ntools: Read, Sing\n---\n\n# Tidy\n\nPut it back.\n",
    "---\nname: loud-{0}\ndescription: Sings: scales\n---\n\n## Examples\n\n```python\nprint({0})\n```\n\n[gone](gone.md)\n",
    "Only a note, number {0}.\n",
    "",
    "---\nname: [\n---\n\x07\n",
)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(library, "MIN_SHARE", 3)
    for number in range(31):
        text = TEXTS[number % len(TEXTS)].format(number)
        (tmp_path / f"agent-{number}.md").write_text(text)
    return tmp_path


@pytest.mark.parametrize("jobs", [2, 3, 4, 50])
def test_several_processes_read_the_same(root, jobs):
    alone, shared = read_library(root), read_library(root, jobs=jobs)
    assert shared == alone
    assert len(alone.agents) > 10
    assert build(shared).problems == build(alone).problems


@pytest.mark.parametrize("end", ["killed", "failed", "unsendable"])
def test_what_a_fork_does_not_bring_to_an_end_is_done_here(root, monkeypatch, end, capfd):
    alone, real, here = read_library(root), library._read, os.getpid()

    def read(*arguments):
        if os.getpid() == here:
            return real(*arguments)
        if end == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if end == "failed":
            raise MemoryError
        return lambda: None

    monkeypatch.setattr(library, "_read", read)
    assert read_library(root, jobs=3) == alone
    assert capfd.readouterr() == ("", "")


def test_few_files_are_read_by_one(root, monkeypatch):
    monkeypatch.setattr(library, "MIN_SHARE", 100)
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("a fork"))
    assert read_library(root, jobs=4).agents


def test_what_is_known_is_not_asked_of_forks(root, monkeypatch):
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("a fork"))
    known = {}
    assert read_library(root, known=known, jobs=4) == read_library(root, known=known)
    assert len(known) > 20

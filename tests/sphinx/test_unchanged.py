"""A build in which nothing has changed does nothing; one in which anything has, does all of it."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from agentdocs.sphinx_ext import unchanged
from hostile.builds import Build, Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Trusts times as soon as a clock can tell them apart, instead of two seconds later.
AT_ONCE = """
from agentdocs.sphinx_ext import unchanged
unchanged.RECENT = 0.05
del unchanged
"""


def read(build: Build) -> bool:
    """Whether a build read the library."""
    return "agents, nothing has changed" not in build.output


@pytest.fixture
def library(project: Project) -> Project:
    project = replace(project, conf=project.conf + AT_ONCE)
    project.agent("team/ada-one.md", "## Rules\n\nCall it apple. Ask ben-two.\n")
    project.agent("team/ben-two.md", "## Rules\n\nSee `ben-two/notes.txt`.\n")
    project.write("agents/team/ben-two/notes.txt", "One note.\n")
    time.sleep(0.1)
    assert read(project.build())
    return project


def test_nothing_is_read_where_nothing_has_changed(library: Project) -> None:
    before = library.build()
    again = library.build()
    assert not read(before) and not read(again)
    assert again.files() == before.files()
    assert again.counts == (0, 0, 0)
    assert again.written == set()
    assert "Agents  2 in 1 collection" in again.output


def test_problems_are_said_in_each_build(library: Project) -> None:
    library.agent("team/cy-three.md", "See [this](gone.md).\n")
    time.sleep(0.1)
    first = library.build()
    again = library.build()
    assert read(first) and not read(again)
    assert again.warnings == first.warnings != []


def _edit(project: Project) -> None:
    project.agent("team/ada-one.md", "## Rules\n\nCall it lemon. Ask ben-two.\n")


def _back_in_time(project: Project) -> None:
    file = project.agent("team/ada-one.md", "## Rules\n\nCall it peach. Ask ben-two.\n")
    os.utime(file, (1e9, 1e9))


def _rename(project: Project) -> None:
    file = project.root / "agents/team/ben-two.md"
    file.rename(file.with_name("ben-three.md"))


def _ship(project: Project) -> None:
    project.write("agents/team/ben-two/notes.txt", "Two note.\n")


def _permit(project: Project) -> None:
    (project.root / "agents/team/ada-one.md").chmod(0o640)


def _lose_a_page(project: Project) -> None:
    (project.generated / "team/ada-one/index.md").unlink()


def _write_upon_a_page(project: Project) -> None:
    file = project.generated / "team/ada-one/index.md"
    file.write_text(file.read_text() + "\nBy hand.\n")


def _add_a_page(project: Project) -> None:
    file = project.generated / "team/ada-one/index.md"
    file.with_name("more.md").write_text(file.read_text())


def _configure(project: Project) -> None:
    conf = project.docs / "conf.py"
    conf.write_text(conf.read_text() + 'agentdocs_placing = [("examples", "Rules")]\n')


def _link(project: Project) -> None:
    (project.root / "agents/team/other.md").symlink_to("ada-one.md")


@pytest.mark.parametrize(
    "change",
    [
        _edit, _back_in_time, _rename, _ship, _permit, _lose_a_page, _write_upon_a_page,
        _add_a_page, _configure, _link,
    ],
)  # fmt: skip
def test_whatever_changes_is_seen(library: Project, change: Callable[[Project], None]) -> None:
    assert not read(library.build())
    change(library)
    mine = library.build()
    assert read(mine)
    assert mine.files() == library.build("-E", "-a").files()


def test_a_file_that_may_still_be_changing_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unchanged, "RECENT", 0.05)
    file = tmp_path / "a.md"
    file.write_text("one")
    assert unchanged.files([tmp_path]) == ""
    time.sleep(0.1)
    known = unchanged.files([tmp_path])
    assert known == unchanged.files([tmp_path]) != ""
    before = file.stat()
    file.write_text("two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # as some programs do
    time.sleep(0.1)
    assert unchanged.files([tmp_path]) not in ("", known)


def test_what_lies_where_agents_cannot_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unchanged, "RECENT", 0.05)
    (tmp_path / "a.md").write_text("one")
    (tmp_path / "loop").symlink_to(tmp_path)
    time.sleep(0.1)
    known = unchanged.files([tmp_path])
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/b.md").write_text("two")
    assert unchanged.files([tmp_path]) == known != ""


def test_what_is_made_from_all_pages_is_left_alone(library: Project) -> None:
    out = library.build().out
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.md")}
    (out / "llms.txt").unlink()
    assert not read(library.build())
    assert (out / "llms.txt").is_file()  # what is gone is brought back
    assert before == {path: path.stat().st_mtime_ns for path in out.rglob("*.md")} != {}


def test_the_index_of_the_search_waits_for_another_build(library: Project) -> None:
    pytest.importorskip("pagefind")

    def index(build: Build) -> dict[str, bytes]:
        return {p.name: p.read_bytes() for p in (build.out / "_pagefind").rglob("*.pf_fragment")}

    before = index(library.build())
    _edit(library)
    once = library.build("-D", "agentdocs_index=once")
    assert "lemon" in once.page("agents/team/ada-one/reference")
    assert index(once) == before != {}
    time.sleep(0.1)
    assert index(library.build("-D", "agentdocs_index=once")) == before
    assert index(library.build()) != before

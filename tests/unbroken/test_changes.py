"""Changes that once left something of the build before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hostile.builds import SMALL, Project, tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path, SMALL)
    made.agent("team/ada-one.md", "See [it](ada-one/go.py).")
    made.write("agents/team/ada-one/go.py", "print(1)\n")
    return made


def test_pages_that_go_elsewhere_leave_nothing_where_they_were(project: Project) -> None:
    assert project.build().code == 0
    project.write("docs/conf.py", SMALL + 'agentdocs_output = "library/all"\n')
    project.write("docs/index.md", "# Home\n\n```{toctree}\nlibrary/all/index\n```\n")
    done = project.build()
    assert (done.code, done.errors) == (0, "")
    assert not project.generated.exists()
    assert [name for name in done.files() if name.startswith(("agents/", "_sources/agents/"))] == []


def test_a_download_of_the_same_size_and_time_is_the_new_one(project: Project) -> None:
    file = project.root / "agents/team/ada-one/go.py"
    os.utime(file, (1_600_000_000, 1_600_000_000))
    assert project.build().code == 0
    file.write_text("print(2)\n")
    os.utime(file, (1_600_000_000, 1_600_000_000))
    done = project.build()
    (copy,) = [
        data for name, data in tree(done.out).items() if "/files/" in name and "go.py" in name
    ]
    assert copy == b"print(2)\n"


def test_the_last_model_takes_its_index_with_it(project: Project) -> None:
    project.agent("team/ben-two.md", model="sonnet")
    done = project.build()
    assert "agent-models.html" in done.page("index")
    project.agent("team/ben-two.md")
    done = project.build()
    assert not (done.out / "agent-models.html").exists()
    assert [
        n for n, d in done.files().items() if n.endswith(".html") and b"agent-models" in d
    ] == []


def test_words_of_pages_that_are_gone_leave_the_index(project: Project) -> None:
    project.agent("team/ben-two.md", "Knows zymurgy.")
    assert b"zymurgi" in (project.build().out / "searchindex.js").read_bytes()
    (project.root / "agents/team/ben-two.md").unlink()
    assert b"zymurgi" not in (project.build().out / "searchindex.js").read_bytes()

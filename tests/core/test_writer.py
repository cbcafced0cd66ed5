"""Pages on disk: what is the same is not touched, and what is not ours is not harmed."""

from __future__ import annotations

import os

import pytest
from agentdocs.model import Page
from agentdocs.pages import pages
from agentdocs.writer import MARK, NotOursError, write

OLD = 1_000_000_000
"""A time long ago, given to files so that a write shows."""


def page(docname, text="Text"):
    return Page(docname, lambda: f"---\n# {MARK}\norphan: true\n---\n\n# {text}\n")


def age(folder):
    for path in folder.rglob("*.md"):
        os.utime(path, (OLD, OLD))


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_pages_are_written(tmp_path):
    result = write([page("a/b/index"), page("a/b/reference"), page("index")], tmp_path / "out")
    assert result.written == ("a/b/index", "a/b/reference", "index")
    assert files(tmp_path / "out") == ["a", "a/b", "a/b/index.md", "a/b/reference.md", "index.md"]
    assert (tmp_path / "out/index.md").read_bytes() == page("index").text.encode()


def test_what_is_the_same_is_not_touched(tmp_path):
    write([page("a"), page("b")], tmp_path)
    age(tmp_path)
    result = write([page("a"), page("b", "Ünlike")], tmp_path)
    assert (tmp_path / "a.md").stat().st_mtime == OLD
    assert (tmp_path / "b.md").stat().st_mtime > OLD
    assert (result.written, result.kept, result.removed) == (("b",), 1, ())
    assert (tmp_path / "b.md").read_text(encoding="utf-8") == page("b", "Ünlike").text


def test_what_is_no_longer_made_is_removed(tmp_path):
    write([page("a/b/index"), page("a/b/reference"), page("a/c/index"), page("index")], tmp_path)
    result = write([page("a/b/index"), page("index")], tmp_path)
    assert result.removed == ("a/b/reference", "a/c/index")
    assert files(tmp_path) == ["a", "a/b", "a/b/index.md", "index.md"]


def test_folders_that_become_empty_go_up_to_our_own(tmp_path):
    out = tmp_path / "out"
    write([page("a/b/c/d/index")], out)
    write([], out)
    assert out.is_dir()
    assert files(out) == []


def test_folders_that_others_use_stay(tmp_path):
    write([page("a/b/index")], tmp_path)
    (tmp_path / "a/b/notes.txt").write_text("by hand")
    (tmp_path / "a/empty").mkdir()
    write([], tmp_path)
    assert files(tmp_path) == ["a", "a/b", "a/b/notes.txt", "a/empty"]


def test_files_of_others_stay(tmp_path):
    (tmp_path / "by-hand.md").write_text("# By hand\n")
    (tmp_path / "empty.md").write_text("")
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe")
    (tmp_path / "image.png").write_text(MARK)
    assert write([page("a")], tmp_path).removed == ()
    assert files(tmp_path) == ["a.md", "by-hand.md", "bytes.md", "empty.md", "image.png"]


@pytest.mark.parametrize("text", ["# By hand\n", "", f"# Long\n\n{'x ' * 5000}\n\n{MARK}\n"])
def test_a_file_of_others_is_not_overwritten(tmp_path, text):
    (tmp_path / "a.md").write_text(text)
    with pytest.raises(NotOursError, match=r"a\.md"):
        write([page("a")], tmp_path)
    assert (tmp_path / "a.md").read_text() == text


PROSE = f"# About this folder\n\nIts pages are {MARK}; this one is written by hand.\n"


def test_talking_about_the_mark_is_not_bearing_it(tmp_path):
    """A page written by hand may well say who generated its neighbours."""
    (tmp_path / "about.md").write_text(PROSE)
    write([page("a")], tmp_path)
    assert (tmp_path / "about.md").read_text() == PROSE
    with pytest.raises(NotOursError):
        write([page("about")], tmp_path)


LIBRARY = {
    "one.md": "---\nname: one\ndescription: The first.\n---\n\nHello.\n",
    "kit/SKILL.md": "---\nname: kit\ndescription: A kit.\n---\n\n## Examples\n\n```sh\nls\n```\n",
}


def test_a_library_is_written_once(tmp_path, catalog):
    """Every page of a library bears the mark, and reading it again changes no file."""
    out = tmp_path / "out"
    first = write(pages(catalog(LIBRARY)), out)
    assert all(MARK in path.read_text() for path in out.rglob("*.md"))
    age(out)
    second = write(pages(catalog(LIBRARY)), out)
    assert (second.written, second.kept, second.removed) == ((), len(first.written), ())
    assert write([], out).removed == tuple(sorted(first.written, key=lambda name: f"{name}.md"))
    assert files(out) == []


def test_one_agent_is_changed(tmp_path, catalog):
    """Its pages are written anew, and those of the library that show it; no other agent's."""
    out = tmp_path / "out"
    write(pages(catalog(LIBRARY)), out)
    changed = LIBRARY | {"one.md": LIBRARY["one.md"].replace("Hello", "Goodbye")}
    assert write(pages(catalog(changed)), out).written == ("team/one/index",)


def test_one_agent_is_removed(tmp_path, catalog):
    """Its pages go, and its folder with them."""
    out = tmp_path / "out"
    write(pages(catalog(LIBRARY)), out)
    (tmp_path / "team/kit/SKILL.md").unlink()
    result = write(pages(catalog({})), out)
    assert [name for name in result.removed if name.startswith("team/")] == [
        "team/kit/examples",
        "team/kit/index",
    ]
    assert not (out / "team/kit").exists()


def test_no_page_takes_the_place_of_another(tmp_path, catalog, monkeypatch):
    """Whatever tags are called: not that of the list of tags, nor the second page of a long one."""
    monkeypatch.setattr("agentdocs.pages.library.CHUNK", 2)
    head = "---\nname: {0}\ndescription: The {0}.\ntags: [{1}]\n---\n\nHello.\n"
    library = {"named.md": head.format("named", "index, python 2, python")}
    library |= {f"{name}.md": head.format(name, "python") for name in ("one", "two", "three")}
    made = list(pages(catalog(library)))
    assert len({page.docname for page in made}) == len(made)
    out = tmp_path / "out"
    write(made, out)
    tags = out / "library/tags"
    assert files(tags) == ["index.md", "index_.md", "python--2.md", "python-2.md", "python.md"]
    listed = (tags / "index.md").read_text()
    assert "# Tags" in listed
    assert all(f"library/tags/{slug})" in listed for slug in ("index_", "python-2", "python"))
    first = {path: path.read_bytes() for path in out.rglob("*.md")}
    again = write(pages(catalog(library)), out)
    assert (again.written, again.removed) == ((), ())
    assert {path: path.read_bytes() for path in out.rglob("*.md")} == first

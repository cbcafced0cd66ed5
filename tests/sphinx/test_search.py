"""The index of the search: what is in it, when it is made, and that nothing else changes."""

from __future__ import annotations

import gzip
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from agentdocs.sphinx_ext.search import marked

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.builds import Build, Project

pytest.importorskip("pagefind")

WITHOUT = """
import importlib.util, shutil
_spec, _which = importlib.util.find_spec, shutil.which
importlib.util.find_spec = lambda name, *p: None if name.startswith("pagefind") else _spec(name, *p)
shutil.which = lambda name, *p, **k: None if name.startswith("pagefind") else _which(name, *p, **k)
"""


def pages(build: Build) -> dict[str, dict[str, Any]]:
    """Return address → what the index holds of a page."""
    found = {}
    for file in (build.out / "_pagefind" / "fragment").iterdir():
        page = json.loads(gzip.decompress(file.read_bytes()).removeprefix(b"pagefind_dcd"))
        found[page["url"]] = page
    return found


def index(build: Build) -> dict[str, bytes]:
    return {path: data for path, data in build.files().items() if path.startswith("_pagefind/")}


def test_pages_say_what_they_are_about(project: Project) -> None:
    project.agent(
        "team/ada.md",
        "# Ada\n\n## Usage\n\nMind the zeppelin.\n\n## Examples\n\n```python\nballoon = 1\n```",
        tags="[air, sea]", tools="Read, Bash",
    )  # fmt: skip
    build = project.build("-n", "-W")
    found = pages(build)
    page = found["/agents/team/ada/index.html"]
    assert page["meta"]["title"] == page["meta"]["name"] == "ada"
    assert page["meta"]["agent"] == "team/ada"
    assert "Does the work of ada." in page["meta"]["about"]
    assert page["filters"]["tool"] == ["Bash", "Read"]
    assert page["filters"]["tag"] == ["air", "sea"]
    assert page["filters"]["kind"] == ["overview"]
    every = " ".join(page["content"] for page in found.values())
    assert every.count("zeppelin") == 1
    assert every.count("balloon") == 1
    code = next(page for page in found.values() if "balloon" in page["content"])
    assert code["filters"]["language"] == ["python"]
    # The line is that of the agent's own file.
    text = (project.root / "agents/team/ada.md").read_text().split("\n")
    sections = " ‖ ".join(page["meta"]["sections"] for page in found.values()).split(" ‖ ")
    lines = dict(row.split(" ")[:2] for row in sections)
    assert lines["usage"] == str(text.index("## Usage") + 1)


def test_lists_verbatim_files_and_indices_are_left_out(project: Project) -> None:
    project.agent("team/ada.md", "# Ada\n\nText.")
    addresses = pages(project.build()).keys()
    assert "/index.html" in addresses
    assert not any("/library/" in one or one.endswith("/source.html") for one in addresses)
    assert not any("genindex" in one or one.endswith("search.html") for one in addresses)


def test_the_index_is_made_again_only_when_a_page_has_changed(project: Project) -> None:
    project.agent("team/ada.md", "# Ada\n\nA zeppelin.")
    project.agent("team/bob.md", "# Bob\n\nA balloon.")
    first = project.build()
    assert "Search index:" in first.output
    before = index(first)
    again = project.build()
    assert "Search index:" not in again.output
    assert index(again) == before
    project.agent("team/bob.md", "# Bob\n\nA glider.")
    changed = project.build()
    assert "Search index:" in changed.output
    after = index(changed)
    assert before != after
    assert {"_pagefind/pagefind.js", "_pagefind/pagefind-entry.json"} < after.keys()
    (kept,) = (p for p, page in _files(first).items() if "zeppelin" in page)
    assert before[kept] == after[kept]
    assert not any("balloon" in page for page in _files(changed).values())
    assert not any("-ui." in path for path in after)


def _files(build: Build) -> dict[str, str]:
    """Return fragments as text."""
    return {
        f"_pagefind/fragment/{file.name}": gzip.decompress(file.read_bytes()).decode()
        for file in (build.out / "_pagefind" / "fragment").iterdir()
    }


def test_the_same_pages_make_the_same_index(project: Project) -> None:
    project.agent("team/ada.md", "# Ada\n\nA zeppelin and a balloon.")
    one, other = project.build(out="one"), project.build(out="other")
    # In which order Pagefind lists facets is left to chance, and its table of contents with it.
    chance = ("_pagefind/filter/", "_pagefind/pagefind.en", "_pagefind/pagefind-entry.json")
    files = [
        {path: data for path, data in index(build).items() if not path.startswith(chance)}
        for build in (one, other)
    ]
    assert files[0] == files[1]
    assert any("/fragment/" in path for path in files[0])
    assert any("/index/" in path for path in files[0])


@pytest.mark.parametrize("builder", ["epub", "singlehtml", "text"])
def test_other_builders_have_none(project: Project, builder: str) -> None:
    project.agent("team/ada.md", "# Ada")
    build = project.build("-b", builder)
    assert build.code == 0
    assert not (build.out / "_pagefind").exists()
    assert not [data for path, data in build.files().items() if b"data-pagefind" in data]


def test_folders_of_dirhtml_are_addresses(project: Project) -> None:
    project.agent("team/ada.md", "# Ada")
    assert "/agents/team/ada/" in pages(project.build("-b", "dirhtml"))


def test_without_pagefind_the_site_says_so_and_builds(project: Project, tmp_path: Path) -> None:
    project.agent("team/ada.md", "# Ada")
    with_it = project.build()
    assert b"agentdocs-search.js" in with_it.files()["index.html"]
    project.write("without/sitecustomize.py", WITHOUT)
    path = f"{tmp_path / 'without'}:{next(p for p in sys.path if p.endswith('_ext'))}"
    build = project.build("-E", "-W", env={"PYTHONPATH": path})
    assert build.code == 0, build.errors
    assert build.output.count("Pagefind is not installed") == 1
    assert not (build.out / "_pagefind").exists()
    assert b"agentdocs-search.js" not in build.files()["index.html"]
    assert b"data-pagefind" not in build.files()["agents/team/ada/index.html"]


def test_what_an_agent_says_escapes_no_attribute(project: Project) -> None:
    evil = '"><script>x</script>\' data-pagefind-meta="title:forged'
    project.agent(
        "team/ada.md", f"# Ada\n\n## {evil}\n\n___PAGEFIND_WEIGHT___9 ___PAGEFIND_ANCHOR___h2:1:x",
        name="evil", description=f"'Says {evil.replace(chr(39), '')}'", tags=f"['{evil[:9]}']",
    )  # fmt: skip
    build = project.build()
    page = pages(build)["/agents/team/ada/index.html"]
    assert page["meta"]["title"] == "evil"
    assert "<script>x" in page["meta"]["about"]
    assert "<script>x" not in build.page("agents/team/ada/index")


def test_each_outermost_section_is_marked() -> None:
    body = '<section id="a"><section id="b"></section></section>\n<section id="c"></section>'
    assert marked(body) == (
        '<section data-pagefind-body id="a"><section id="b"></section></section>\n'
        '<section data-pagefind-body id="c"></section>'
    )
    assert marked("<p>x</p>") == "<div data-pagefind-body><p>x</p></div>"

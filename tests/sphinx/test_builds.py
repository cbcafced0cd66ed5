"""Whole builds: what is built, what is built again, and what a build says."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hostile import markup, sites
from hostile.builds import SMALL, Project, copy_repository, sphinx, tree

if TYPE_CHECKING:
    from hostile.builds import Build

REFERENCE = "## Reference\n\nThe word is apple here.\n\n## Examples\n\n```python\nprint(1)\n```\n"


def _broken(site: Build) -> dict[str, list[str]]:
    """Return the pages with addresses that lead nowhere, but for the theme's own."""
    found = {}
    for page in sorted(site.out.rglob("*.html")):
        if problems := list(markup.broken(site.out, page)):
            found[page.relative_to(site.out).as_posix()] = problems
    return found


def _locale(name: str) -> bool:
    listed = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout
    return name.lower().replace("-", "") in listed.lower().replace("-", "").split()


# --- this repository ---------------------------------------------------------------------------


def test_our_own_library_builds_nitpicky_and_strict(own: Build) -> None:
    assert own.errors == ""
    assert own.code == 0


def test_our_own_site_has_no_dead_link_and_no_dead_anchor(own: Build) -> None:
    assert _broken(own) == {}


def test_our_own_site_has_one_title_and_no_skipped_level_on_every_page(own: Build) -> None:
    for page in sorted(own.out.rglob("*.html")):
        if page.name in ("genindex.html", "search.html", "embed.html"):
            continue
        tags = markup.parse(page).tags
        levels = [
            int(tag.name[1]) for tag in tags if re.fullmatch("h[1-6]", tag.name) and tag.inside
        ]
        assert levels.count(1) == 1, page
        deeper = [after - before for before, after in itertools.pairwise(levels)]
        assert max(deeper, default=0) <= 1, f"{page}: {levels}"


def test_every_page_of_an_agent_has_a_description(own: Build) -> None:
    for page in sorted((own.out / "agents").rglob("index.html")):
        described = [t for t in markup.parse(page).tags if t.get("name") == "description"]
        assert [bool(tag.get("content")) for tag in described] == [True], page


def test_a_build_of_the_whole_folder_gives_the_same_pages(tmp_path: Path, own: Build) -> None:
    root = copy_repository(tmp_path / "repository")
    done = sphinx(root, tmp_path / "out", "-n", "-W", "--keep-going", cwd=root)
    assert done.errors == ""
    assert done.code == 0
    expected = {name for name in own.files() if name.startswith("agents/")}
    built = {name.removeprefix("docs/") for name in done.files() if name.startswith("docs/agents/")}
    assert built == expected
    assert _broken(done) == {}


# --- the same bytes ----------------------------------------------------------------------------

# What Sphinx itself writes differently for another folder: hashes of the configuration, in which
# the absolute paths of static folders stand. Everything else is compared.
UNSTABLE = (
    ".buildinfo", ".buildinfo.bak",
    # Pagefind leaves the order of facets to chance; fragments and words are the same.
    "_pagefind/filter/*", "_pagefind/*.pf_meta", "_pagefind/pagefind-entry.json",
)  # fmt: skip

SURROUNDINGS = {
    "parallel": (
        ["-j", "2"],
        {
            "LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8", "TZ": "America/Adak",
            "PYTHONHASHSEED": "4242", "COLUMNS": "40",
        },
    ),
    "ascii": (
        ["-j", "1"],
        {
            "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
            "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1",
        },
    ),
    "turkish": ([], {"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kolkata", "PYTHONHASHSEED": "7"}),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SURROUNDINGS))
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, own: Build, name: str) -> None:
    options, env = SURROUNDINGS[name]
    if name == "turkish" and not _locale("tr_TR.UTF-8"):
        pytest.skip("the locale tr_TR.UTF-8 is not installed")
    root = copy_repository(tmp_path / "repository")
    done = sphinx(root / "docs", tmp_path / "out", "-c", str(root), *options, cwd=root, env=env)
    assert (done.code, done.errors) == (0, "")
    assert tree(root / "docs" / "agents") == tree(own.source / "agents")
    mine, other = tree(done.out, *UNSTABLE), tree(own.out, *UNSTABLE)
    assert mine.keys() == other.keys()
    assert [path for path in mine if mine[path] != other[path]] == []


def test_hostile_agents_give_the_same_bytes_in_parallel(tmp_path: Path, hostile: Build) -> None:
    shutil.copytree(hostile.source.parent / "agents", tmp_path / "agents", symlinks=True)
    shutil.copytree(hostile.source, tmp_path / "docs", ignore=shutil.ignore_patterns("agents"))
    done = sphinx(tmp_path / "docs", tmp_path / "out", "-n", "-j", "2", env={"PYTHONHASHSEED": "3"})
    assert tree(tmp_path / "docs" / "agents") == tree(hostile.source / "agents")
    mine, other = tree(done.out, *UNSTABLE), tree(hostile.out, *UNSTABLE)
    assert mine.keys() == other.keys()
    assert [path for path in mine if mine[path] != other[path]] == []

    def said(build: Build) -> list[str]:
        # The agents name the first project's secret by its absolute path, in both.
        lines = build.errors.replace(str(tmp_path), "").replace(str(hostile.source.parent), "")
        return sorted(lines.splitlines())

    assert said(done) == said(hostile)


# --- again -------------------------------------------------------------------------------------


def _three(project: Project) -> Build:
    for name in ("ada-one", "ben-two", "cleo-three"):
        project.agent(f"team/{name}.md", REFERENCE)
    project.agent("other/dora-four.md", "Calls @ben-two for help.\n\n" + REFERENCE)
    done = project.build()
    assert (done.code, done.errors) == (0, "")
    return done


def test_a_second_build_reads_nothing_and_writes_no_page(project: Project) -> None:
    first = _three(project)
    before = {p: p.stat().st_mtime_ns for p in first.out.rglob("*.html")}
    pages = tree(project.generated)
    second = project.build()
    assert second.counts == (0, 0, 0)
    assert (second.read, second.written) == (set(), set())
    assert tree(project.generated) == pages
    kept = {p for p, when in before.items() if p.stat().st_mtime_ns == when}
    # Sphinx makes its own indexes and the search page in every build.
    remade = {p.relative_to(first.out).as_posix() for p in before.keys() - kept}
    assert remade <= {
        "404.html", "genindex.html", "search.html",
        "agent-agents.html", "agent-tools.html", "agent-tags.html", "agent-models.html",
    }  # fmt: skip


def test_a_tag_called_index_has_a_page_beside_the_list_of_tags(project: Project) -> None:
    project.agent("team/ada-one.md", REFERENCE, tags="[index, python 2]")
    first = project.build()
    assert (first.code, first.errors) == (0, "")
    pages, site = tree(project.generated), first.files()
    second = project.build()
    assert (second.read, second.written) == (set(), set())
    assert (tree(project.generated), second.files()) == (pages, site)
    listed = second.page("agents/library/tags/index")
    assert 'href="index_.html"' in listed
    assert 'href="python-2.html"' in listed
    assert "ada-one" in second.page("agents/library/tags/index_")


def test_a_second_build_has_the_same_to_say(project: Project) -> None:
    project.agent("team/ada-one.md", "[gone](gone.md)")
    first, second = project.build(), project.build("-W")
    assert second.counts == (0, 0, 0)
    assert [w.kind for w in first.warnings] == ["agentdocs.missing-link"]
    assert second.errors == first.errors
    assert second.code != 0


def test_touching_agents_reads_nothing(project: Project) -> None:
    _three(project)
    for file in project.root.glob("agents/*/*.md"):
        os.utime(file)
    done = project.build()
    assert done.counts == (0, 0, 0)
    assert (done.read, done.written) == (set(), set())


def test_editing_a_section_reads_the_page_it_stands_on(project: Project) -> None:
    _three(project)
    file = project.root / "agents" / "team" / "ben-two.md"
    file.write_text(file.read_text().replace("apple", "lemon"))  # as many bytes
    done = project.build()
    assert done.read == {"agents/team/ben-two/reference"}
    assert done.written == {"agents/team/ben-two/reference"}
    assert "lemon" in done.page("agents/team/ben-two/reference")
    assert "lemon" in done.page("agents/team/ben-two/source")
    assert b"lemon" in (done.out / "agents/library/files/team/ben-two.md").read_bytes()


def test_an_edit_that_changes_the_size_reads_the_overview_too(project: Project) -> None:
    _three(project)
    file = project.root / "agents" / "team" / "ben-two.md"
    file.write_text(file.read_text().replace("apple", "a ripe apple"))
    done = project.build()
    assert done.read == {"agents/team/ben-two/index", "agents/team/ben-two/reference"}
    assert done.written == done.read


def test_a_new_description_reads_what_shows_it(project: Project) -> None:
    _three(project)
    project.agent("team/ben-two.md", REFERENCE, description="Juggles lemons.")
    done = project.build()
    # The agent, and the lists with its card; no other agent's page.
    assert "agents/team/ben-two/index" in done.read
    assert "agents/index" in done.read
    lists = ("agents/team/ben-two/", "agents/library/", "agents/index")
    assert {name for name in done.read if not name.startswith(lists)} == set()
    for page in ("agents/index", "agents/library/collections/team", "agents/library/tools/read"):
        assert "Juggles lemons." in done.page(page)
    assert "Juggles lemons." in (done.out / "_static/agentdocs-catalogue.js").read_text()


def test_removing_an_agent_removes_every_trace_of_it(project: Project) -> None:
    _three(project)
    (project.root / "agents" / "team" / "ben-two.md").unlink()
    done = project.build()
    assert done.code == 0
    assert not (project.generated / "team" / "ben-two").exists()
    assert done.counts[2] == 3
    left = [path for path in done.files() if "ben-two" in path]
    assert left == []
    mention = "agents/other/dora-four/"  # it still says the name, as text
    named = [
        path
        for path, data in done.files().items()
        if b"ben-two" in data
        and not path.startswith(
            (
                mention,
                f"_sources/{mention}",
                "agents/library/files/other/",
                "searchindex",
                "llms-full.txt",
                "_pagefind/",  # they hold the mention too
            )
        )
    ]
    assert named == []
    assert "team/ben-two" not in done.page("agents/other/dora-four/index")
    assert _broken(done) == {}


def test_removing_the_last_agent_of_a_collection_removes_its_folder(project: Project) -> None:
    _three(project)
    shutil.rmtree(project.root / "agents" / "other")
    done = project.build()
    assert not (project.generated / "other").exists()
    assert [
        path
        for path in done.files()
        if path.startswith(("agents/other", "agents/library/files/other"))
    ] == []
    assert not (done.out / "agents/library/collections/other.html").exists()
    assert _broken(done) == {}


def test_a_new_neighbour_writes_the_pages_beside_it_and_reads_none(project: Project) -> None:
    _three(project)
    project.agent("team/bea-new.md", "A body.")
    done = project.build()
    assert {name for name in done.read if name.startswith("agents/team/")} == {
        "agents/team/bea-new/index",
    }
    assert not any(name.startswith("agents/other/") for name in done.read | done.written)
    for neighbour in ("ada-one", "ben-two", "cleo-three"):
        assert f"agents/team/{neighbour}/index" in done.written
        page = markup.parse(done.out / f"agents/team/{neighbour}/reference.html")
        assert any("bea-new" in (tag.get("href") or "") for tag in page.tags), neighbour
    assert _broken(done) == {}


def test_a_dependency_that_arrives_or_leaves_changes_its_dependants(project: Project) -> None:
    project.agent("team/ada-one.md", "A body.", dependencies="[helper-expert]")
    first = project.build()
    assert [w.kind for w in first.warnings] == ["agentdocs.missing-agent"]
    project.agent("other/helper-expert.md", "A body.")
    second = project.build()
    assert second.errors == ""
    assert "agents/team/ada-one/index" in second.read
    assert 'href="../../other/helper-expert/index.html"' in second.page("agents/team/ada-one/index")
    assert "team/ada-one" in second.page("agents/other/helper-expert/index")
    (project.root / "agents/other/helper-expert.md").unlink()
    third = project.build()
    assert [w.kind for w in third.warnings] == ["agentdocs.missing-agent"]
    assert "not in this library" in third.page("agents/team/ada-one/index")


def test_a_file_that_is_replaced_by_an_older_one_is_shown(project: Project) -> None:
    # rsync, tar and cp -p keep a file's date, so newer text may come with an older date.
    _three(project)
    file = project.root / "agents" / "team" / "ben-two.md"
    file.write_text(file.read_text().replace("apple", "lemon"))
    os.utime(file, (1_000_000_000, 1_000_000_000))
    done = project.build()
    assert "lemon" in done.page("agents/team/ben-two/reference")
    assert "lemon" in done.page("agents/team/ben-two/source")
    assert b"lemon" in (done.out / "agents/library/files/team/ben-two.md").read_bytes()


def test_a_change_that_no_page_shows_reaches_the_verbatim_file(project: Project) -> None:
    _three(project)
    file = project.root / "agents" / "team" / "ben-two.md"
    file.write_text(
        file.read_text().replace("tools: Read", "tools: 'Read'").replace("Does the", "Does  the")
    )
    done = project.build()
    assert b"Does  the" in (done.out / "agents/library/files/team/ben-two.md").read_bytes()
    assert "Does  the" in done.page("agents/team/ben-two/source")


def test_another_library_leaves_nothing_of_the_first(project: Project, tmp_path: Path) -> None:
    _three(project)
    shutil.move(tmp_path / "agents", tmp_path / "before")
    project.agent("fresh/only-one.md", "A body.")
    done = project.build()
    assert {path.name for path in project.generated.iterdir()} == {"fresh", "library", "index.md"}
    assert [path for path in done.files() if "ben-two" in path or "/team/" in path] == []


# --- what is said ------------------------------------------------------------------------------


def test_warnings_name_the_file_and_the_line_of_the_agent(project: Project) -> None:
    file = project.agent(
        "team/ada-one.md",
        "Text.\n\n## Reference\n\n[gone](gone.md)\n\n## Examples\n\n- item\n\n  [out](../../../x.md)\n\n"
        "### Deeper\n\n![picture](nowhere.png) and\nthen [anchor](#nowhere)\n",
        dependencies="[helper-expert]",
    )
    done = project.build("-n")
    lines = file.read_text().splitlines()
    expected = {
        ("agentdocs.missing-link", next(n for n, s in enumerate(lines, 1) if "gone.md" in s)),
        ("agentdocs.link-leaves-library", next(n for n, s in enumerate(lines, 1) if "x.md" in s)),
        ("agentdocs.missing-link", next(n for n, s in enumerate(lines, 1) if "nowhere.png" in s)),
        ("agentdocs.missing-link", next(n for n, s in enumerate(lines, 1) if "#nowhere" in s)),
        (
            "agentdocs.missing-agent",
            next(n for n, s in enumerate(lines, 1) if "helper-expert" in s),
        ),
    }
    assert {(w.kind, w.line) for w in done.warnings} == expected
    # Relative parts would make it hard to tell one file from another.
    assert {w.path for w in done.warnings} == {str(file)}


def test_lines_are_right_in_parallel_too(project: Project) -> None:
    for number in range(12):
        project.agent(f"team/worker-{number}.md", "\n" * number + "[gone](gone.md)")
    serial, parallel = project.build("-j", "1"), project.build("-E", "-j", "3", out="parallel")
    assert sorted(serial.errors.splitlines()) == sorted(parallel.errors.splitlines())
    assert sorted(w.line for w in serial.warnings) == list(range(7, 19))


@pytest.mark.parametrize(
    "body", ["A body.\n\n```python\nunclosed", "[gone](gone.md)"], ids=["fence", "link"]
)
def test_strict_fails_on_a_problem_that_is_a_warning(project: Project, body: str) -> None:
    project.agent("team/ada-one.md", body)
    assert project.build().code == 0
    strict = project.build("-W", "--keep-going", out="strict")
    assert strict.code != 0
    assert (strict.out / "agents/team/ada-one/index.html").exists()


def test_strict_passes_with_remarks(project: Project) -> None:
    project.agent("team/ada-one.md", "A body.", unheard="of")
    done = project.build("-W")
    assert (done.code, done.errors) == (0, "")
    assert "unknown-field" in done.page("agents/library/health")


def test_problems_can_be_suppressed_by_their_kind(project: Project) -> None:
    project.agent("team/ada-one.md", "[gone](gone.md)")
    done = project.build("-W", "-D", "suppress_warnings=agentdocs.missing-link")
    assert (done.code, done.errors) == (0, "")


def test_the_summary_fits_on_a_screen_and_names_the_page_to_open(own: Build) -> None:
    summary = own.output[own.output.index("Agents  ") :]
    assert len(summary.splitlines()) < 24
    assert str(own.out / "index.html") in summary
    assert "10 in 5 collections" in summary


# --- what is refused ---------------------------------------------------------------------------


def _refused(done: Build, *words: str) -> None:
    """Check that a build ended with one of our sentences instead of an accident.

    Sphinx prints the line that raised in any case; an exception that nobody meant to raise is
    one that it has to wrap.
    """
    assert done.code != 0
    said = done.output + done.errors
    assert "threw an exception" not in said, said
    sentence = re.search(r"^\s*sphinx\.errors\.(?:Config|Extension)Error: (.*)$", said, re.M)
    assert sentence, said
    for word in words:
        assert word in sentence[1], sentence[1]


@pytest.mark.security("SEC-08")
def test_a_page_of_somebody_else_is_not_overwritten(project: Project) -> None:
    project.agent("team/ada-one.md")
    mine = project.write("docs/agents/team/ada-one/index.md", "# Mine\n")
    _refused(project.build(), str(mine), "agentdocs_output")
    assert mine.read_text() == "# Mine\n"


def test_pages_of_somebody_else_in_the_same_folder_are_kept(project: Project) -> None:
    project.agent("team/ada-one.md")
    mine = project.write("docs/agents/guide.md", "# Mine\n")
    inside = project.write("docs/agents/team/ada-one/notes.md", ":::{orphan}\n:::\n\n# Notes\n")
    project.build()
    (project.root / "agents/team/ada-one.md").unlink()
    project.agent("team/ben-two.md")
    project.build()
    assert mine.exists()
    assert inside.exists()
    assert not (project.generated / "team/ada-one/index.md").exists()


def test_a_library_that_is_not_there_is_a_sentence(project: Project) -> None:
    project.agent("team/ada-one.md")
    done = project.build("-D", "agentdocs_agents=../no-such-folder")
    _refused(done, "agentdocs_agents", "no-such-folder")


def test_a_library_that_is_a_file_is_a_sentence(project: Project) -> None:
    project.agent("team/ada-one.md")
    _refused(project.build("-D", "agentdocs_agents=../agents/team/ada-one.md"), "agentdocs_agents")


@pytest.mark.parametrize(
    "line",
    [
        'agentdocs_placing = [("nowhere", "x")]',
        'agentdocs_placing = ["schemas"]',
        'agentdocs_placing = [("schemas", "(unclosed")]',
        'agentdocs_output = "../elsewhere"',
        'agentdocs_output = "/elsewhere"',
        'agentdocs_output = ""',
        'agentdocs_output = "."',
    ],
)
def test_a_value_that_cannot_work_is_a_sentence(project: Project, line: str) -> None:
    project.agent("team/ada-one.md")
    project.write("docs/conf.py", SMALL + line + "\n")
    _refused(project.build(), line.partition(" ")[0])
    assert not (project.root / "elsewhere").exists()


def test_an_empty_library_builds_an_empty_catalogue(project: Project) -> None:
    (project.root / "agents").mkdir()
    done = project.build()
    assert (done.code, done.errors) == (0, "")
    assert (done.out / "agents/index.html").exists()
    assert _broken(done) == {}


def test_a_library_inside_the_source_folder_is_not_eaten(tmp_path: Path) -> None:
    # The shortest configuration there is: conf.py beside index.md beside agents/.
    project = Project(tmp_path)
    conf = 'extensions = ["agentdocs"]\nhtml_theme = "basic"\n'
    project.write("docs/conf.py", conf)
    file = project.write(
        "docs/agents/team/ada-one.md", "---\nname: ada-one\ndescription: Works.\n---\n\nA body.\n"
    )
    before = tree(project.docs / "agents")
    first, second = project.build(), project.build()
    assert "Traceback" not in first.errors + second.errors
    assert file.exists()
    if first.code == 0:  # it may work, or be refused with a sentence
        agents = set(re.findall(r"(\d+) agents, ", first.output + second.output))
        assert agents == {"1"}
        # As a page of its own, the file would be a program: MyST runs what stands in it.
        assert not (first.out / "agents/team/ada-one.html").exists()
        assert first.foreign() == []
    else:
        assert "agentdocs_" in first.errors
        assert tree(project.docs / "agents") == before


# --- other libraries ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("one", {"one/ada-one", "one/ben-two"}),
        ("nested", {"deep/er/cleo-three", "deep/dora-four", "nested/eve-five"}),
        ("repository", {"plugins/x/agents/fay-six", "plugins/x/skills/gus-seven", "-claude"}),
    ],
)
def test_any_folder_can_be_shown(tmp_path: Path, path: str, expected: set[str]) -> None:
    root = copy_repository(tmp_path / "repository", manual=False)
    library = Project(tmp_path / "libraries")

    def put(where: str) -> None:
        name = where.rpartition("/")[2].removesuffix(".md")
        text = f"---\nname: {name}\ndescription: Works.\ntools: Read\n---\n\nA body.\n"
        library.write(where, text)

    for where in ("one/ada-one.md", "one/ben-two.md"):
        put(where)
    for where in ("nested/deep/er/cleo-three.md", "nested/deep/dora-four.md", "nested/eve-five.md"):
        put(where)
    put("repository/plugins/x/agents/fay-six.md")
    library.write(
        "repository/plugins/x/skills/gus-seven/SKILL.md",
        "---\nname: gus-seven\ndescription: Works.\n---\n\nA body.\n",
    )
    put("repository/.claude/agents/hal-eight.md")
    library.write("repository/README.md", "# A repository\n\nSome words.\n")
    library.write("repository/src/main.py", "print(1)\n")
    put("repository/node_modules/x/agents/never.md")
    put("repository/.git/never.md")
    done = sphinx(
        root / "docs", tmp_path / "out", "-c", str(root),
        "-D", f"agentdocs_agents={tmp_path / 'libraries' / path}", cwd=root,
    )  # fmt: skip
    assert (done.code, done.errors) == (0, "")
    overviews = {
        page.parent.relative_to(done.out / "agents").as_posix()
        for page in (done.out / "agents").rglob("index.html")
        if "library" not in page.relative_to(done.out / "agents").parts[:1]
    } - {"."}
    if path == "repository":
        hidden = {name for name in overviews if "hal-eight" in name}
        assert len(hidden) == 1
        overviews, expected = overviews - hidden, expected - {"-claude"}
    assert overviews == expected
    assert not any("never" in name for name in done.files())


def test_a_relative_path_counts_from_where_one_is(tmp_path: Path) -> None:
    root = copy_repository(tmp_path / "repository", manual=False)
    library = Project(tmp_path / "here")
    library.write("mine/ada-one.md", "---\nname: ada-one\ndescription: Works.\n---\n\nA body.\n")
    done = sphinx(
        root / "docs", tmp_path / "out", "-c", str(root), "-D", "agentdocs_agents=mine",
        cwd=tmp_path / "here",
    )  # fmt: skip
    assert (done.code, done.errors) == (0, "")
    assert (done.out / "agents/mine/ada-one/index.html").exists()


def test_collections_may_have_the_names_of_our_own_folders(project: Project) -> None:
    names = ("files", "library", "index", "source", "_static", "agents", "genindex", "search")
    for name in names:
        project.agent(f"{name}/ada-{name.strip('_')}.md", REFERENCE)
        project.agent(f"{name}/index.md", "An agent called index.")
        project.agent(f"{name}/source.md", "An agent called source.")
    first = project.build()
    assert (first.code, first.foreign()) == (0, [])
    assert _broken(first) == {}
    second = project.build()
    assert second.counts == (0, 0, 0)
    assert _broken(second) == {}


def test_companions_may_have_the_names_of_our_own_pages(project: Project) -> None:
    project.write(
        "agents/team/ada-one/SKILL.md", "---\nname: ada-one\ndescription: Works.\n---\n\nA body.\n"
    )
    for name in ("index", "source", "overview", "source-indexmd", "library"):
        project.write(f"agents/team/ada-one/{name}.md", f"# Title\n\nCompanion {name} is here.\n")
    files = (
        "a.html",
        "a.html.txt",
        "A.html",
        "a.html.txt.txt",
        "LICENSE",
        "LICENSE.txt",
        "x.js",
        "x.js.txt",
    )
    for name in files:
        project.write(f"agents/team/ada-one/{name}", f"download of {name}")
    done = project.build()
    assert (done.code, done.foreign()) == (0, [])
    assert _broken(done) == {}
    text = "".join(
        markup.parse(page).article for page in (done.out / "agents/team/ada-one").rglob("*.html")
    )
    for name in ("index", "source", "overview", "source-indexmd", "library"):
        assert f"Companion {name} is here." in text
    downloads = {
        p.read_text() for p in (done.out / "agents/library/files").rglob("*") if p.is_file()
    }
    assert {f"download of {name}" for name in files} <= downloads


def test_a_picture_that_an_agent_ships_is_shown(project: Project) -> None:
    dot = (sites.LIBRARY / "skills/evil-skill/assets/dot.png").read_bytes()
    project.write(
        "agents/team/ada-one/SKILL.md",
        "---\nname: ada-one\ndescription: Works.\n---\n\n## Reference\n\n![a dot](assets/dot.png)\n",
    )
    project.write("agents/team/ada-one/assets/dot.png", dot)
    done = project.build("-n", "-W")
    assert (done.code, done.errors) == (0, "")
    page = done.out / "agents/team/ada-one/reference.html"
    source = next(t.get("src") for t in markup.parse(page).tags if t.get("alt") == "a dot")
    assert source is not None
    assert (page.parent / source).resolve().read_bytes() == dot


def test_the_file_can_be_read_and_downloaded_from_the_overview(project: Project) -> None:
    project.agent("team/ada-one.md", "A body.")
    project.write("agents/team/ada-one/data.bin", bytes(range(256)))
    done = project.build()
    page = done.out / "agents/team/ada-one/index.html"
    targets = {tag.get("href") or "" for tag in markup.parse(page).tags if tag.name == "a"}
    assert "source.html" in targets
    for name in ("ada-one.md", "ada-one/data.bin"):
        copies = [t for t in targets if t.endswith(name) or t.endswith(f"{name}.txt")]
        assert len(copies) == 1, name
        original = project.root / "agents/team" / name
        assert (page.parent / copies[0]).resolve().read_bytes() == original.read_bytes()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_costs_nobody_else_a_page(project: Project) -> None:
    project.write(
        "agents/team/ada-one/SKILL.md", "---\nname: ada-one\ndescription: Works.\n---\n\nA body.\n"
    )
    project.agent("team/ben-two.md", "A body.")
    os.mkfifo(project.root / "agents/team/ada-one/pipe.txt")
    os.mkfifo(project.root / "agents/team/pipe.md")
    done = project.build()
    assert "Traceback" not in done.errors, done.errors
    assert done.code == 0
    for name in ("ada-one", "ben-two"):
        assert (done.out / f"agents/team/{name}/index.html").exists()
    assert "pipe.md" in done.errors


def test_a_file_whose_name_is_no_unicode_is_not_passed_over_in_silence(project: Project) -> None:
    project.agent("team/ada-one.md", "A body.")
    bad = os.fsencode(project.root / "agents" / "team") + b"/bad\xff.md"
    try:
        with open(bad, "wb") as stream:
            stream.write(b"---\nname: bad\ndescription: Works.\n---\n\nA body.\n")
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    done = project.build()
    assert done.code == 0
    assert done.foreign() == []
    assert len(done.warnings) == 1


def test_a_rule_of_the_project_moves_a_section(project: Project) -> None:
    project.agent("team/ada-one.md", "## Wire Layout\n\nThe bytes.\n\n## Reference\n\nThe rest.\n")
    before = project.build()
    assert "The bytes." in before.page("agents/team/ada-one/reference")
    project.write("docs/conf.py", SMALL + 'agentdocs_placing = [("schemas", "^wire")]\n')
    after = project.build()
    assert (after.code, after.errors) == (0, "")
    assert "The bytes." in after.page("agents/team/ada-one/schemas")
    assert "The bytes." not in after.page("agents/team/ada-one/reference")
    assert "The rest." in after.page("agents/team/ada-one/reference")


@pytest.mark.parametrize("folder", ["our/agents", "our/agents/"])
def test_pages_go_where_the_project_says(project: Project, folder: str) -> None:
    project.agent("team/ada-one.md", REFERENCE)
    project.write("docs/index.md", "# Home\n\n```{toctree}\nour/agents/index\n```\n")
    project.write("docs/conf.py", f'{SMALL}agentdocs_output = "{folder}"\n')
    done = project.build("-W")
    assert (done.code, done.errors) == (0, "")
    assert (done.out / "our/agents/team/ada-one/index.html").exists()
    assert _broken(done) == {}
    assert project.build().counts == (0, 0, 0)


def test_the_edit_link_leads_to_the_file(project: Project) -> None:
    project.agent("team/ada-one.md")
    conf = SMALL.replace('"basic"', '"furo"')
    for place in ("one", "two"):  # a new place is a reason to write all pages again
        project.write(
            "docs/conf.py", f'{conf}agentdocs_edit_url = "https://{place}.example/{{path}}"\n'
        )
        page = markup.parse_text(project.build().page("agents/team/ada-one/index"))
        assert f"https://{place}.example/team/ada-one.md" in [t.get("href") for t in page.tags]


def test_a_file_beyond_the_limit_has_its_fields_and_its_download(project: Project) -> None:
    file = project.agent("team/ada-one.md", "word " * 2000)
    project.write("docs/conf.py", SMALL + "agentdocs_max_bytes = 2000\n")
    done = project.build()
    assert [w.kind for w in done.warnings] == ["agentdocs.file-too-large"]
    assert "Does the work of ada-one." in done.page("agents/team/ada-one/index")
    assert "word word" not in done.page("agents/team/ada-one/index")
    copies = [p for p in done.out.rglob("ada-one.md") if p.is_file()]
    assert [p.read_bytes() for p in copies] == [file.read_bytes()]
    assert _broken(done) == {}


# --- around the pages --------------------------------------------------------------------------

SETTINGS = {
    "reading": """\
myst_heading_anchors = 6
myst_title_to_header = True
myst_disable_syntax = ["table", "emphasis"]
myst_enable_extensions = ["colon_fence", "smartquotes", "replacements", "substitution", "tasklist"]
myst_fence_as_directive = ["python", "container"]
myst_html_meta = {"description": "of the project"}
""",
    # Numbers would be copied together with the code.
    "numbers": 'myst_number_code_blocks = ["python"]\n',
}


@pytest.mark.parametrize("name", sorted(SETTINGS))
@pytest.mark.security("SEC-01")
def test_settings_of_myst_do_not_change_our_pages(project: Project, name: str) -> None:
    body = (
        'Says "this" -- *and* (c) that... {{ x }}\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n'
        "## It's a Heading!\n\nText.\n\n```python\nprint(1)\n```\n\n- [ ] task\n\n:::{note}\nx\n:::\n"
    )
    project.agent("team/ada-one.md", body)
    # The home page is plain, because these settings are meant to change what projects write.
    project.write("docs/index.rst", "Home\n====\n\n.. toctree::\n\n   agents/index\n")
    (project.docs / "index.md").unlink(missing_ok=True)
    project.write("docs/conf.py", SMALL)
    plain = sphinx(project.docs, project.root / "plain")
    project.write("docs/conf.py", f"{SMALL}{SETTINGS[name]}\n")
    other = sphinx(project.docs, project.root / "other")
    assert (plain.code, plain.errors) == (other.code, other.errors) == (0, "")
    for page in ("agents/team/ada-one/index", "agents/team/ada-one/reference", "agents/index"):
        assert markup.parse_text(other.page(page)).tags == markup.parse_text(plain.page(page)).tags
        assert markup.parse_text(other.page(page)).text == markup.parse_text(plain.page(page)).text


@pytest.mark.parametrize("name", ["myst_commonmark_only", "myst_gfm_only"])
def test_a_myst_without_directives_is_refused(project: Project, name: str) -> None:
    project.agent("team/ada-one.md")
    project.write("docs/conf.py", f"{SMALL}{name} = True\n")
    _refused(project.build(), name)


def test_quotes_and_dashes_stay_as_they_are_written(project: Project) -> None:
    said = "Runs `x` with --no-verify and \"quotes\" and 'these' and dots... and a -- b --- c"
    project.agent(
        "team/ada-one.md",
        f"{said}.\n\n## Reference\n\n{said}.",
        description=f"'{said.replace(chr(39), chr(39) * 2)}.'",
    )
    done = project.build()
    plain = said.replace("`", "")
    for page in ("agents/team/ada-one/index", "agents/team/ada-one/reference"):
        assert plain in markup.words(markup.parse_text(done.page(page)).article), page
    # Lists show the description too; a flag with a dash too few cannot be copied.
    assert "--no-verify" in markup.words(markup.parse_text(done.page("agents/index")).article)


BUILDERS = ("dirhtml", "singlehtml", "text", "latex", "epub", "gettext", "man")


@pytest.mark.parametrize("builder", BUILDERS)
def test_other_builders_work(project: Project, builder: str) -> None:
    dot = (sites.LIBRARY / "skills/evil-skill/assets/dot.png").read_bytes()
    project.agent(
        "team/ada-one.md",
        f"Works with ben-two. ![a dot](dot.png)\n\n***\n\n{REFERENCE}\n\n- [ ] task\n",
        tags="[tag]", model="sonnet", dependencies="[ben-two]",
        description="'Works. <example>user: \"Do it\" assistant: \"Done\"</example>'",
    )  # fmt: skip
    project.write("agents/team/dot.png", dot)
    project.agent("team/ben-two.md", REFERENCE)
    done = project.build("-b", builder)
    assert done.code == 0
    # Sphinx has its own opinion on the metadata of a book.
    said = [w for w in done.warnings if not w.kind.startswith("epub")]
    assert [w for w in said if "conf value" not in w.text] == []
    if builder == "dirhtml":
        assert _broken(done) == {}
        data = (done.out / "_static" / "agentdocs-catalogue.js").read_text()
        cards = json.loads(data.partition("=")[2].strip().removesuffix(";"))
        assert {url for url, _ in cards} == {"agents/team/ada-one/", "agents/team/ben-two/"}
        assert all((done.out / url / "index.html").is_file() for url, _ in cards)


@pytest.mark.slow
def test_pages_of_a_large_library_stay_small(project: Project) -> None:
    # Every limit on what a page lists is far below this number, so that more changes nothing.
    for number in range(450):
        project.agent(
            f"{'other' if number < 50 else 'team'}/worker-{number}.md",
            f"Asks @worker-{(number * 7) % 450} for help.", tags="[one]", model="sonnet",
        )  # fmt: skip
    project.write("docs/conf.py", SMALL.replace('"basic"', '"furo"'))
    project.write("docs/index.md", "# Home\n\n```{toctree}\nagents/index\n```\n")
    pages = [
        "team/worker-300/index", "index", "library/collections/team", "library/tools/read",
        "library/tags/one", "library/models/sonnet", "library/graph", "library/health",
    ]  # fmt: skip
    files = [str(project.generated / f"{page}.md") for page in pages]
    done = sphinx(project.docs, project.root / "out", files=files)
    assert done.code == 0, done.errors
    weights = {page: len(done.page(f"agents/{page}")) for page in pages}
    assert {page: weight for page, weight in weights.items() if weight > 100_000} == {}
    index = done.page("agent-agents")
    assert "worker-300" not in index
    assert re.findall(r"<code.*?>(\w+)</code></a> <em>\((.*?)\)", index) == [
        ("other", "collection"), ("team", "collection"),
    ]  # fmt: skip

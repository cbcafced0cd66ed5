"""The domain: roles, ``{any}``, indexes, the inventory, and references from other projects."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hostile import markup
from hostile.builds import SMALL, Project, shared, sphinx

if TYPE_CHECKING:
    from hostile.builds import Build

GUIDE = """\
# Guide

Agents: {agent:agent}`team/ada-one`, {agent:agent}`ben-two`, {agent:agent}`our Ada <team/ada-one>`.

Tool: {agent:tool}`Read`. Spelled otherwise: {agent:tool}`read`. Tag: {agent:tag}`web api`.
Model: {agent:model}`sonnet`. Role: {agent:role}`shared-role`. Collection: {agent:collection}`team`.

Section: {agent:section}`team/ada-one:wire-format`. Snippet: {agent:snippet}`team/ada-one:usage`.

Any: {any}`team/ada-one`, {any}`Read`, {any}`sonnet`.
"""


def _library(project: Project) -> None:
    project.agent(
        "team/ada-one.md",
        "## Wire Format\n\nText.\n\n## Usage\n\n```python\nprint(1)\n```\n\n```python\nprint(2)\n```",
        tags="[web api, data]", model="sonnet", tools="Read, Bash(git:*)",
    )  # fmt: skip
    project.agent("team/ben-two.md", "A body.")
    project.agent("team/shared-role.md", "A body.")
    project.agent("other/shared-role.md", "A body.")


@pytest.fixture(scope="session")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Build:
    def make(folder: Path) -> Build:
        project = Project(folder, SMALL)
        _library(project)
        project.write("docs/index.md", "# Home\n\n```{toctree}\nagents/index\nguide\n```\n")
        project.write("docs/guide.md", GUIDE)
        return project.build("-n", "-W", "--keep-going")

    done = shared(tmp_path_factory, "documented", make)
    assert (done.code, done.errors) == (0, "")
    return done


def _inventory(site: Build) -> dict[tuple[str, str], tuple[str, str]]:
    """Return ``(type, name)`` → address and title."""
    data = (site.out / "objects.inv").read_bytes()
    assert data.startswith(b"# Sphinx inventory version 2\n")
    found = {}
    for line in zlib.decompress(data.split(b"\n", 4)[4]).decode().splitlines():
        name, _, rest = line.partition(" agent:")
        if rest:
            kind, _, uri, title = rest.split(" ", 3)
            found[kind, name] = (uri.replace("$", name), name if title == "-" else title)
    return found


def _links(site: Build, page: str) -> dict[str, str]:
    """Return text → address of the links of a page."""
    text = site.page(page)
    found = {}
    for part in text.split("<a ")[1:]:
        tag, _, inside = part.partition(">")
        shown = markup.words(markup.parse_text(inside.partition("</a>")[0]).text)
        found[shown] = tag.partition('href="')[2].partition('"')[0]
    return found


def test_roles_lead_to_pages(documented: Build) -> None:
    links = _links(documented, "guide")
    expected = {
        "team/ada-one": "agents/team/ada-one/index.html",
        "ben-two": "agents/team/ben-two/index.html",
        "our Ada": "agents/team/ada-one/index.html",
        "Read": "agents/library/tools/read.html",
        "read": "agents/library/tools/read.html",
        "web api": "agents/library/tags/web-api.html",
        "sonnet": "agents/library/models/sonnet.html",
        "shared-role": "agents/library/roles/shared-role.html",
        "team": "agents/library/collections/team.html",
    }
    assert {text: links[text].removesuffix("#") for text in expected} == expected
    section, snippet = links["team/ada-one:wire-format"], links["team/ada-one:usage"]
    for address in (section, snippet):
        page, _, anchor = address.partition("#")
        assert anchor in markup.parse(documented.out / page).ids, address
    assert not list(markup.broken(documented.out, documented.out / "guide.html"))


def test_any_finds_agents_tools_and_models(documented: Build) -> None:
    tail = documented.page("guide").partition("Any:")[2]
    assert tail.count("<a class") >= 3
    assert "agents/team/ada-one/index.html" in tail
    assert "agents/library/tools/read.html" in tail
    assert "agents/library/models/sonnet.html" in tail


def test_indexes_list_what_there_is(documented: Build) -> None:
    expected = {
        "agents": {"ada-one", "ben-two", "shared-role"},
        "tools": {"Read", "Bash"},
        "tags": {"web api", "data"},
        "models": {"sonnet"},
    }
    for name, titles in expected.items():
        page = documented.out / f"agent-{name}.html"
        assert titles <= set(_links(documented, f"agent-{name}")), name
        assert not list(markup.broken(documented.out, page)), name
    # Both agents of one name are told apart.
    text = markup.words(markup.parse(documented.out / "agent-agents.html").text)
    assert "team/shared-role" in text
    assert "other/shared-role" in text


def test_the_inventory_names_every_object_and_each_is_there(documented: Build) -> None:
    found = _inventory(documented)
    assert {kind for kind, _ in found} == {
        "agent", "role", "tool", "tag", "model", "collection", "snippet", "section",
    }  # fmt: skip
    agents = {name for kind, name in found if kind == "agent"}
    assert agents == {"team/ada-one", "team/ben-two", "team/shared-role", "other/shared-role"}
    assert found["agent", "team/ada-one"][1] == "ada-one"
    assert found["section", "team/ada-one:wire-format"][1] == "Wire Format"
    assert ("snippet", "team/ada-one:usage#2") in found
    assert {name for kind, name in found if kind == "tag"} == {"web api", "data"}
    for key, (uri, _) in found.items():
        page, _, anchor = uri.partition("#")
        assert (documented.out / page).is_file(), key
        assert not anchor or anchor in markup.parse(documented.out / page).ids, key


@pytest.mark.parametrize(
    ("role", "target"),
    [
        ("agent", "team/nobody"),
        ("agent", "shared-role"),
        ("tool", "Hammer"),
        ("tag", "no such tag"),
        ("section", "team/ada-one:nowhere"),
        ("snippet", "team/ada-one:usage#9"),
    ],
)
def test_a_reference_to_nothing_is_warned_about_where_it_stands(
    project: Project, role: str, target: str
) -> None:
    _library(project)
    guide = project.write(
        "docs/guide.md", f"---\norphan: true\n---\n\n# Guide\n\n{{agent:{role}}}`{target}`\n"
    )
    done = project.build()
    assert [(w.path, w.line) for w in done.warnings] == [(str(guide), 7)]
    assert target in done.errors


def test_references_survive_a_build_that_reads_only_one_page(project: Project) -> None:
    _library(project)
    project.write("docs/index.md", "# Home\n\n```{toctree}\nagents/index\nguide\n```\n")
    guide = project.write("docs/guide.md", GUIDE)
    project.build()
    guide.write_text(GUIDE + "\nMore.\n")
    done = project.build("-n")
    assert done.read == {"guide"}
    assert done.errors == ""
    assert _links(done, "guide")["our Ada"].startswith("agents/team/ada-one/index.html")


def test_parallel_reading_knows_the_same_objects(documented: Build, tmp_path: Path) -> None:
    parallel = sphinx(documented.source, tmp_path / "parallel", "-j", "2")
    assert parallel.errors == ""
    assert _inventory(parallel) == _inventory(documented)


def _mapping(site: Build) -> str:
    inventory = str(site.out / "objects.inv")
    return f'intersphinx_mapping = {{"team": ("https://agents.example/", {inventory!r})}}\n'


def test_a_project_without_this_extension_refers_to_agents_by_intersphinx(
    documented: Build, tmp_path: Path
) -> None:
    other = Project(tmp_path / "other")
    other.write(
        "docs/conf.py",
        'project = "other"\n'
        'extensions = ["myst_parser", "sphinx.ext.intersphinx"]\n'
        'html_theme = "basic"\n'
        "nitpicky = True\n" + _mapping(documented),
    )
    other.write(
        "docs/index.md",
        "# Other\n\n"
        "[agent](inv:team:agent:agent#team/ada-one), [tool](inv:team:agent:tool#Read),\n"
        "[section](inv:team:agent:section#team/ada-one:wire-format), [](inv:team:agent:tag#data).\n",
    )
    done = other.build("-n", "-W")
    assert (done.code, done.errors) == (0, "")
    base = "https://agents.example/agents"
    links = {text: uri.removesuffix("#") for text, uri in _links(done, "index").items()}
    assert (
        links.items()
        >= {
            "agent": f"{base}/team/ada-one/index.html",
            "tool": f"{base}/library/tools/read.html",
            "section": f"{base}/team/ada-one/reference.html#wire-format",
            "data": f"{base}/library/tags/data.html",
        }.items()
    )


def test_a_project_with_agents_of_its_own_refers_to_ours_by_intersphinx(
    documented: Build, tmp_path: Path
) -> None:
    other = Project(tmp_path / "other")
    other.write(
        "docs/conf.py",
        SMALL.replace('["agentdocs"]', '["agentdocs", "sphinx.ext.intersphinx"]')
        + _mapping(documented),
    )
    other.agent("here/eve-five.md", "A body.")
    # Without a project's name, a role falls back to what the others know.
    other.write(
        "docs/index.md",
        "# Other\n\n```{toctree}\nagents/index\n```\n\n"
        "{agent:agent}`mine <here/eve-five>`, {agent:agent}`theirs <team/ada-one>`,\n"
        "{external+team:agent:agent}`named <team/ben-two>`, {external:agent:tool}`tool <Bash>`,\n"
        "{agent:section}`section <team/ada-one:wire-format>`, {any}`any <team/ada-one>`.\n",
    )
    done = other.build("-n", "-W")
    assert (done.code, done.errors) == (0, "")
    base = "https://agents.example/agents"
    links = {text: uri.removesuffix("#") for text, uri in _links(done, "index").items()}
    assert (
        links.items()
        >= {
            "mine": "agents/here/eve-five/index.html",
            "theirs": f"{base}/team/ada-one/index.html",
            "named": f"{base}/team/ben-two/index.html",
            "tool": f"{base}/library/tools/bash.html",
            "section": f"{base}/team/ada-one/reference.html#wire-format",
            "any": f"{base}/team/ada-one/index.html",
        }.items()
    )


def test_a_project_without_agents_has_the_roles_alone(documented: Build, tmp_path: Path) -> None:
    other = Project(tmp_path / "other")
    conf = SMALL.replace('["agentdocs"]', '["agentdocs", "sphinx.ext.intersphinx"]')
    conf = conf.replace('agentdocs_agents = "../agents"', 'agentdocs_agents = ""')
    other.write("docs/conf.py", conf + _mapping(documented))
    other.write("docs/index.md", "# Other\n\n{agent:agent}`theirs <team/ada-one>`\n")
    done = other.build("-n", "-W")
    assert (done.code, done.errors) == (0, "")
    assert not (other.docs / "agents").exists()
    links = _links(done, "index")
    assert links["theirs"].startswith("https://agents.example/agents/team/ada-one/index.html")

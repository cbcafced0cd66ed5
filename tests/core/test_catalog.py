"""What only the whole library knows: identity, roles, links, mentions and dependencies."""

from __future__ import annotations

import pytest
from agentdocs.catalog import build
from agentdocs.library import read_library
from agentdocs.pages import pages


def agent(name, body="", **fields):
    """Return the text of an agent whose body begins on line 6 + the number of ``fields``."""
    more = "".join(f"{key}: {value}\n" for key, value in fields.items())
    return f"---\nname: {name}\ndescription: An agent for {name}.\n{more}---\n\n{body}\n"


def by_id(catalog, id):
    return next(entry for entry in catalog.entries if entry.id == id)


def found(catalog, path):
    """Return kind and line of the Problems of a file, without remarks."""
    return [
        f"{p.kind.value} {p.line}"
        for p in catalog.problems
        if p.path == path and p.severity != "info"
    ]


def remarks(catalog):
    return [(p.path, p.kind.value) for p in catalog.problems if p.severity == "info"]


def leads(catalog, path, target, id=None):
    """Return where a link in a file leads: document and anchor, an address, or a file."""
    by_path = (e for e in catalog.entries if e.agent.path == path)
    entry = by_id(catalog, id) if id else next(by_path)
    resolved = entry.links.get((path, target))
    if resolved is None:
        return None
    if resolved.location:
        return f"{resolved.location.docname}#{resolved.location.anchor}".removesuffix("#")
    return resolved.url or f"download {resolved.download}"


# --- identity ------------------------------------------------------------------------------------


def test_ids_are_paths(catalog):
    """However agents call themselves; and each file has an id of its own."""
    built = catalog({
        "a/same.md": agent("same"),
        "b/same.md": agent("same"),
        "b/c/Same One.md": agent("same"),
        "b/c/same-one.md": agent("other"),
        "b/helper/SKILL.md": agent("helper"),
        "b/helper.md": agent("helper"),
        "top.md": agent("top"),
        "b/dots.agent.md": agent("dots"),
        "b/!!!.md": agent("marks"),
        "名前/代理.md": agent("unicode"),
    })  # fmt: skip
    assert {e.agent.path: e.id for e in built.entries} == {
        "a/same.md": "a/same",
        "b/same.md": "b/same",
        "b/c/Same One.md": "b/c/same-one",
        "b/c/same-one.md": "b/c/same-one-2",
        "b/helper/SKILL.md": "b/helper-2",
        "b/helper.md": "b/helper",
        "top.md": "team/top",
        "b/dots.agent.md": "b/dots",
        "b/!!!.md": "b/agent",
        "名前/代理.md": "名前/代理",
    }


def test_ids_do_not_change_when_others_come(write):
    files = {"a/one.md": agent("one"), "a/two/SKILL.md": agent("two"), "b/one.md": agent("one")}
    before = {e.agent.path: e.id for e in build(read_library(write(files))).entries}
    more = {
        "a/nine.md": agent("one"),
        "a/zero.md": agent("zero"),
        "c/one.md": agent("one"),
        "README.md": "# Read me\n",
    }
    after = {e.agent.path: e.id for e in build(read_library(write(more))).entries}
    assert {path: after[path] for path in before} == before


def test_a_skill_at_the_top_is_the_library(catalog):
    built = catalog({"SKILL.md": agent("team"), "scripts/run.sh": "ls\n"})
    assert [(e.id, e.collection) for e in built.entries] == [("team/team", "team")]
    assert [c.path for c in built.entries[0].agent.companions] == ["scripts/run.sh"]


def test_no_collection_takes_the_place_of_the_library(catalog):
    built = catalog(
        {
            "library/one.md": agent("one"),
            "library/sub/two.md": agent("two"),
            "index/three.md": agent("three"),
        }
    )
    documents = [page.docname for page in pages(built)]
    assert len(set(documents)) == len(documents)
    assert not any(e.id.startswith("library/") for e in built.entries)


# --- collections and agents ----------------------------------------------------------------------


def test_collections_are_folders(catalog):
    built = catalog({
        "top.md": agent("top"),
        "web/front.md": agent("front"),
        "web/deep/er/back.md": agent("back"),
        "web/kit/SKILL.md": agent("kit"),
        "My Team/one.md": agent("one"),
    })  # fmt: skip
    groups = {
        slug: [e.agent.name for e in members]
        for slug, (_, members) in built.by("collection").items()
    }
    assert groups == {
        "my-team": ["one"],
        "team": ["top"],
        "web": ["front", "kit"],
        "web/deep/er": ["back"],
    }


def test_a_single_collection_has_the_name_of_the_library(catalog):
    built = catalog({"one.md": agent("one"), "two.md": agent("two")}, "Our Agents")
    assert [(e.id, e.collection) for e in built.entries] == [
        ("our-agents/one", "our-agents"),
        ("our-agents/two", "our-agents"),
    ]


@pytest.mark.parametrize("folder", ["", "deep/", "deep/er/still/", "agents/"])
def test_files_that_are_no_agents_are_remarked(catalog, folder):
    """At any depth, agents are found, and what only lies beside them is named and left out."""
    others = {
        "README.md": "# The team\n\nHow to install it.\n\n## Usage\n\nCopy the files.\n",
        "CONTRIBUTING.md": "# Contributing\n\nOpen a request.\n",
        "CHANGELOG.md": "# Changes\n\n## 1.0\n\n- First\n",
        "Readme.md": "# Another\n\nText.\n",
        "LICENSE": "Do as you like.\n",
        "Makefile": "all:\n",
    }
    built = catalog(
        {f"{folder}one.md": agent("one")}
        | {f"{folder}{name}": text for name, text in others.items()}
    )
    assert [e.agent.path for e in built.entries] == [f"{folder}one.md"]
    assert sorted(remarks(built)) == [
        (f"{folder}{name}", "not-an-agent") for name in sorted(others) if name.endswith(".md")
    ]


def test_folders_of_tools_are_not_read(catalog):
    built = catalog({
        "one.md": agent("one"),
        ".git/two.md": agent("two"),
        "node_modules/x/three.md": agent("three"),
        "env/pyvenv.cfg": "home = /usr\n",
        "env/four.md": agent("four"),
        ".claude/agents/five.md": agent("five"),
    })  # fmt: skip
    assert [e.agent.name for e in built.entries] == ["five", "one"]


# --- roles ---------------------------------------------------------------------------------------


def test_agents_of_one_name_share_a_role(catalog):
    built = catalog({
        "a/painter.md": agent("Painter"),
        "b/painter.md": agent("painter"),
        "b/other.md": agent("other"),
    })  # fmt: skip
    assert {slug: len(members) for slug, (_, members) in built.by("role").items()} == {
        "painter": 2,
        "other": 1,
    }
    documents = {page.docname: page.text for page in pages(built)}
    assert "library/roles/painter" in documents
    assert "library/roles/other" not in documents
    assert "doc:b/painter/index" in documents["a/painter/index"]
    assert "doc:a/painter/index" in documents["b/painter/index"]


CODE = "```c\nx\n```\n\n    y\n"


def test_names_without_letters_are_no_role(catalog):
    """They have nothing in common but what they lack."""
    built = catalog(
        {"a/x.md": agent("'!!!'"), "b/y.md": agent("'???'"), "c/agent.md": agent("agent")}
    )
    assert [page.docname for page in pages(built) if "/roles/" in page.docname] == []


def test_indexes(catalog):
    built = catalog({
        "one.md": agent("one", CODE, tags="[Web, web design]", tools="read, Bash"),
        "two.md": agent("two", tags="[web]", tools="Read(src/*), Nonsense", disallowedTools="Bash"),
        "three.md": agent("three", model="opus"),
    })  # fmt: skip

    def group(key):
        return {name: [e.agent.name for e in members] for name, members in built.by(key).values()}

    assert group("tag") == {"Web": ["one", "two"], "web design": ["one"]}
    assert group("tool") == {"Read": ["one", "two"], "Bash": ["one"], "Nonsense": ["two"]}
    assert group("model") == {"opus": ["three"]}
    assert group("language") == {"c": ["one"], "text": ["one"]}


@pytest.mark.parametrize("key", ["tag", "language"])
def test_names_that_differ_in_a_sign_are_two(catalog, key):
    """C, C++ and C# are three languages."""
    body = "```c\nx\n```\n\n```c++\nx\n```\n\n```c#\nx\n```"
    built = catalog({"one.md": agent("one", body, tags='["c", "c++", "c#"]', author="us")})
    assert sorted(name for name, _ in built.by(key).values()) == ["c", "c#", "c++"]


# --- links ---------------------------------------------------------------------------------------

GUIDE = """\
See [the page](reference.md), [a section](#second-part), [one above](../kit/SKILL.md),
[its folder](../kit), [a heading there](../kit/SKILL.md#inside), [the site](https://example.org),
[mail](mailto:a@example.org), [a companion](guide/notes.md#first), [data](guide/data.json),
![a picture](guide/plan.png) and [this](guide.md).

## First & Last

Text.

## Second Part

Text, and more of it.
"""
LINKED = {
    "web/guide.md": agent("guide", GUIDE),
    "web/guide/notes.md": "# Notes\n\n## First\n\nBack to [the guide](../guide.md#first--last).\n",
    "web/guide/data.json": "{}\n",
    "web/guide/plan.png": b"\x89PNG\r\n\x1a\n\0\0\0",
    "kit/SKILL.md": agent("kit", "# Kit\n\n## Inside\n\nText."),
}
LINKS = {
    "reference.md": "web/guide/reference",
    "#second-part": "web/guide/reference#second-part",
    "../kit/SKILL.md": "team/kit/index",
    "../kit": "team/kit/index",
    "../kit/SKILL.md#inside": "team/kit/reference#inside",
    "https://example.org": "https://example.org",
    "mailto:a@example.org": "mailto:a@example.org",
    "guide/notes.md#first": "web/guide/notes#first",
    "guide/data.json": "web/guide/data",
    "guide/plan.png": "download web/guide/plan.png",
    "guide.md": "web/guide/index",
}


@pytest.mark.parametrize("target", LINKS)
def test_links(catalog, target):
    built = catalog(LINKED)
    assert leads(built, "web/guide.md", target) == LINKS[target]
    assert found(built, "web/guide.md") == []


def test_links_of_companions_begin_at_the_companion(catalog):
    built = catalog(LINKED)
    assert (
        leads(built, "web/guide/notes.md", "../guide.md#first--last", "web/guide")
        == "web/guide/reference#first-last"
    )
    assert found(built, "web/guide/notes.md") == []


def test_a_page_that_has_nothing_to_show_is_missing(catalog):
    """``examples.md`` means the page where there is no such file; without one, it is a Problem."""
    built = catalog({"one.md": agent("one", "See [them](examples.md) and [more](reference.md).")})
    assert leads(built, "one.md", "examples.md") is None
    assert found(built, "one.md") == ["missing-link 6", "missing-link 6"]


def test_a_file_is_preferred_to_a_page(catalog):
    """A companion of a page's name stands on that page, in the library once."""
    built = catalog({
        "one/SKILL.md": agent("one", "See [it](reference.md).\n\n## Notes\n\nText."),
        "one/reference.md": "# From the file\n\nMore.\n",
    })  # fmt: skip
    assert leads(built, "one/SKILL.md", "reference.md") == "team/one/reference"
    text = next(p.text for p in pages(built) if p.docname == "team/one/reference")
    assert text.index("## Notes") < text.index("## From the file")


def test_sections_that_are_not_there(catalog):
    """In the same file or in another one, a section that is not there is a missing link."""
    body = "[here](#nowhere)\n[there](two.md#nowhere)\n[fine](two.md#somewhere)"
    built = catalog({
        "one.md": agent("one", body),
        "two.md": agent("two", "## Somewhere\n\nText."),
    })  # fmt: skip
    assert found(built, "one.md") == ["missing-link 6", "missing-link 7"]
    assert leads(built, "one.md", "two.md#somewhere") == "team/two/reference#somewhere"


@pytest.mark.parametrize(("target", "anchor"), [
    ("#set-up", "set-up"),
    ("#Set-Up", "set-up"),
    ("#tools--tricks", "tools-tricks"),
    ("#set-up-1", "set-up-2"),
    ("#größe", "größe"),
    ("#gr%C3%B6%C3%9Fe", "größe"),
])  # fmt: skip
def test_anchors_as_other_sites_write_them(catalog, target, anchor):
    """Authors try their links on GitHub, which counts repeated headings from 1."""
    body = f"[x]({target})\n\n## Set Up\n\n## Tools & Tricks\n\n## Set up\n\n## Größe\n\nText."
    built = catalog({"one.md": agent("one", body)})
    assert found(built, "one.md") == []
    location = [r.location.anchor for r in built.entries[0].links.values()]
    assert location == [anchor]


def test_folders_that_are_there_are_not_missing(catalog):
    built = catalog({
        "one/SKILL.md": agent("one", "Run what is in [scripts](scripts/), not in [that](empty/)."),
        "one/scripts/run.sh": "ls\n",
    })  # fmt: skip
    assert found(built, "one/SKILL.md") == ["missing-link 6"]


def test_companions_in_code_spans(catalog):
    """Skills name their files in code: one that is there is linked, any other is a Problem."""
    body = (
        "Read `references/notes.md`, run `scripts/run.py`.\n"
        "Or `scripts/gone.py`, `assets/*.png`, `os.path`, `v1.2`."
    )
    built = catalog({
        "one/SKILL.md": agent("one", body),
        "one/references/notes.md": "# Notes\n\nSee `scripts/run.py`.\n",
        "one/scripts/run.py": "print()\n",
    })  # fmt: skip
    assert leads(built, "one/SKILL.md", "references/notes.md") == "team/one/references/notes"
    assert leads(built, "one/SKILL.md", "scripts/run.py") == "team/one/scripts/run"
    assert found(built, "one/SKILL.md") == ["missing-companion 7"]


def test_files_belong_to_the_agent_that_names_them(catalog):
    built = catalog({
        "one.md": agent("one", "See [notes](shared/notes.md)."),
        "two.md": agent("two", "See [notes](shared/notes.md), too."),
        "two/own.md": "# Own\n\nText.\n",
        "shared/notes.md": "# Notes\n\nAnd [further](further.md).\n",
        "shared/further.md": "# Further\n\nText.\n",
        "shared/unused.md": "# Unused\n\nText.\n",
    })  # fmt: skip
    companions = {e.agent.name: [c.path for c in e.agent.companions] for e in built.entries}
    assert companions == {"one": ["shared/notes.md", "shared/further.md"], "two": ["two/own.md"]}
    assert leads(built, "two.md", "shared/notes.md") == "team/one/shared/notes"
    assert remarks(built) == [("shared/unused.md", "not-an-agent")]


# --- mentions ------------------------------------------------------------------------------------

MENTIONS = [
    ("Hand over to code-reviewer when done.", ["code-reviewer"]),
    ("**code-reviewer**: reads it", ["code-reviewer"]),
    ("Code-Reviewer reads it.", ["code-reviewer"]),
    ("Ask @debugger first.", ["debugger"]),
    ("Ask `debugger` first.", ["debugger"]),
    ("Ask the debugger agent first.", ["debugger"]),
    ("Ask the debugger subagent, the debugger sub-agent.", ["debugger"]),
    ("Use the debugger skill.", ["debugger"]),
    ("Call `team:debugger` or plugin:code-reviewer.", ["debugger", "code-reviewer"]),
    ("Set a breakpoint in the debugger.", []),
    ("The Debugger is a program.", []),
    ("A debugger agency is a firm.", []),
    ("The code reviewer reads it.", []),
    ("A code-reviewer-v2 is another.", []),
    ("A senior-code-reviewer is another.", []),
    ("An unknown-agent and @nobody and `nothing`.", []),
    ("```\ncode-reviewer @debugger\n```", []),
    ("Run `git code-reviewer`.", []),
    ("Write to ops@debugger.example.", []),
    ("See https://example.org/code-reviewer for more.", []),
    ("The writer agent is me, and `writer` and @writer too.", []),
]


@pytest.mark.parametrize(("text", "expected"), MENTIONS, ids=[text for text, _ in MENTIONS])
def test_mentions(catalog, text, expected):
    built = catalog({
        "writer.md": agent("writer", text),
        "debugger.md": agent("debugger"),
        "code-reviewer.md": agent("code-reviewer"),
    })  # fmt: skip
    entries = {e.agent.name: e for e in built.entries}
    meant = {by_id(built, r.entry).agent.name for r in entries["writer"].mentions.values()}
    assert meant == set(expected)
    assert found(built, "writer.md") == []
    for name in ("debugger", "code-reviewer"):  # and back
        assert entries[name].mentioned_by == (("team/writer",) if name in expected else ())


def test_mentions_have_lines(catalog):
    built = catalog(
        {"a.md": agent("a", "One\nline, then `b-c`\n\nand b-c again."), "b-c.md": agent("b-c")}
    )
    assert [r.line for r in by_id(built, "team/a").mentions.values()] == [7]


def test_a_name_means_the_agent_nearby(catalog):
    """Of several, the one of the same collection; without one, the page that compares them."""
    built = catalog({
        "a/tester-one.md": agent("tester-one"),
        "b/tester-one.md": agent("tester-one"),
        "a/x.md": agent("x", "Ask tester-one."),
        "c/y.md": agent("y", "Ask tester-one."),
    })  # fmt: skip
    assert by_id(built, "a/x").mentions["tester-one"].entry == "a/tester-one"
    assert by_id(built, "c/y").mentions["tester-one"].location.docname == "library/roles/tester-one"
    assert by_id(built, "a/tester-one").mentioned_by == ("a/x",)


def test_files_and_names_both_mean_an_agent(catalog):
    built = catalog(
        {"a.md": agent("a", "Ask big-painter, or file-stem."), "file-stem.md": agent("Big-Painter")}
    )
    assert {r.entry for r in by_id(built, "team/a").mentions.values()} == {"team/file-stem"}


# --- dependencies --------------------------------------------------------------------------------


def test_dependencies(catalog):
    """Agents are linked, and back; a missing one is a Problem on its own line."""
    built = catalog({
        "lead.md": agent("lead", dependencies="\n  - data-keeper\n  - gone-keeper"),
        "data-keeper.md": agent("data-keeper"),
    })  # fmt: skip
    lead = by_id(built, "team/lead")
    assert [(r.name, r.entry, r.line) for r in lead.depends] == [
        ("data-keeper", "team/data-keeper", 5),
        ("gone-keeper", "", 6),
    ]
    assert found(built, "lead.md") == ["missing-agent 6"]
    assert by_id(built, "team/data-keeper").needed_by == ("team/lead",)
    assert lead.agent.packages == ()


def test_a_dependency_counts_once_and_not_upon_itself(catalog):
    built = catalog({
        "lead.md": agent("lead", dependencies="[data-keeper, lead, data-keeper]"),
        "data-keeper.md": agent("data-keeper"),
    })  # fmt: skip
    assert [r.entry for r in by_id(built, "team/lead").depends] == ["team/data-keeper"]
    assert by_id(built, "team/lead").needed_by == ()


@pytest.mark.parametrize("value", ["[data-keeper, gone-keeper]", "data-keeper, gone-keeper"])
def test_dependencies_on_one_line(catalog, value):
    built = catalog(
        {"lead.md": agent("lead", dependencies=value), "data-keeper.md": agent("data-keeper")}
    )
    assert [r.name for r in by_id(built, "team/lead").depends] == [
        "data-keeper",
        "gone-keeper",
    ]
    assert found(built, "lead.md") == ["missing-agent 4"]


def test_dependencies_of_skills_are_packages(catalog):
    """Even one that is called like an agent's trade; only an agent that is there is an agent."""
    built = catalog({
        "kit/SKILL.md": agent("kit", dependencies="[pillow, scikit-learn, data-keeper, x-reader]"),
        "data-keeper.md": agent("data-keeper"),
    })  # fmt: skip
    kit = by_id(built, "team/kit")
    assert kit.agent.packages == ("pillow", "scikit-learn", "x-reader")
    assert [r.name for r in kit.depends] == ["data-keeper"]
    assert found(built, "kit/SKILL.md") == []


def test_dependencies_of_agents_may_be_packages(catalog):
    built = catalog(
        {"one.md": agent("one", dependencies='["numpy>=2", "@scope/pkg", "Node.js 22"]')}
    )
    assert built.entries[0].agent.packages == ("numpy>=2", "@scope/pkg", "Node.js 22")
    assert found(built, "one.md") == []


def test_skills_and_agents_that_are_named_are_meant(catalog):
    built = catalog({
        "one.md": agent("one", skills="[pdf, tables]", agents="[painter]"),
        "pdf/SKILL.md": agent("pdf"),
        "painter.md": agent("painter"),
    })  # fmt: skip
    assert [r.entry for r in by_id(built, "team/one").depends] == [
        "team/pdf",
        "",
        "team/painter",
    ]
    assert found(built, "one.md") == ["missing-agent 4"]


def test_a_dependency_that_several_agents_could_be(catalog):
    built = catalog({
        "a/keeper-one.md": agent("keeper-one"),
        "b/keeper-one.md": agent("keeper-one"),
        "c/lead.md": agent("lead", dependencies="[keeper-one]"),
    })  # fmt: skip
    relation = by_id(built, "c/lead").depends[0]
    assert (relation.entry, relation.location.docname) == ("", "library/roles/keeper-one")
    assert ("c/lead.md", "ambiguous-agent") in remarks(built)


def test_the_whole_is_the_same_each_time(write):
    root = write(
        {
            f"{folder}/{name}.md": agent(name, "Ask big-one.")
            for folder in "abc"
            for name in ("big-one", "x")
        }
    )
    assert build(read_library(root)) == build(read_library(root))


def test_hidden_files_are_not_published(catalog):
    """An agent may name what it likes; what a dot hides stays where it is."""
    built = catalog(
        {
            "one.md": agent("one", "[keys](.env) and `.token.txt`"),
            ".env": "KEY=1",
            ".token.txt": "2",
            "two/SKILL.md": agent("two"),
            "two/.env": "KEY=3",
        }
    )
    assert [c.path for e in built.entries for c in e.agent.companions] == []

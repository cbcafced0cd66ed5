"""Every way in which files are known to break: each is said, with its line, and hurts nobody else.

Cases that can be written as text stand in ``broken.txt``; here are those that cannot: bytes,
links, devices, and sizes.
"""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest
import yaml
from agentdocs.catalog import build
from agentdocs.fix import apply, fixes, save
from agentdocs.library import read_library
from agentdocs.pages import pages
from agentdocs.read import read_agent
from agentdocs.source import parse
from pagetext import blocks, conserved, front, sound

TEXT = (Path(__file__).parent / "broken.txt").read_text()
FOUND = re.findall(r"^=== ([^\n]+)\n(.*?)^>>>\n(.*?)(?=^=== |\Z)", TEXT, re.MULTILINE | re.DOTALL)
CASES = [pytest.param(file, yaml.safe_load(expected), id=title) for title, file, expected in FOUND]

HEAD = "---\nname: broken\ndescription: Mends roofs in Zürich.\n---\n\n"
AGENT = HEAD + "Bring a ladder.\n"
NEIGHBOURS = {
    "steady.md": "---\nname: steady\ndescription: Draws maps.\n---\n\nSee [kit](kit/SKILL.md).\n",
    "kit/SKILL.md": "---\nname: kit\ndescription: Saws.\n---\n\nSee `references/saw.md`.\n",
    "kit/references/saw.md": "# Saw\n\n```bash\nsaw --help\n```\n",
}


@pytest.fixture
def team(write):
    """Return a folder with a few agents that are well."""
    return write(NEIGHBOURS)


@pytest.fixture
def beside(team, write):
    """Return a function that adds files to the team and returns its catalog.

    It checks what holds whatever was added: the others' pages stay as they were to the byte, all
    pages are sound, and no line of an agent is lost.
    """
    alone = build(read_library(team))
    before = {page.docname: page.text for page in pages(alone)}
    assert len(alone.entries) == 2 and not alone.problems

    def build_with(files=None):
        write(files or {})
        built = build(read_library(team))
        after = {page.docname: page.text for page in pages(built)}
        for entry in alone.entries:
            assert entry in built.entries
            for page in entry.pages:
                assert after[entry.docname(page.name)] == before[entry.docname(page.name)]
        for docname, text in after.items():
            sound(docname, text)
        for entry in built.entries:
            conserved(entry, after)
        return built

    return build_with


def found(catalog, path="broken.md"):
    """Return kind and line of all Problems of one file, in order of the lines."""
    mine = [p for p in catalog.problems if p.path == path]
    return [f"{p.kind.value} {p.line}" for p in sorted(mine, key=lambda p: (p.line, p.kind.value))]


def entry_of(catalog, path="broken.md"):
    return next((entry for entry in catalog.entries if entry.agent.path == path), None)


def text_of(catalog, path="broken.md"):
    """Return the text of all of an agent's pages."""
    folder = f"{entry_of(catalog, path).id}/"
    return "\n".join(page.text for page in pages(catalog) if page.docname.startswith(folder))


# --- texts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "expected"), CASES)
def test_text(beside, file, expected):
    path = expected.get("path", "broken.md")
    built = beside({path: file})
    assert found(built, path) == expected.get("problems", [])
    agent = entry_of(built, path).agent
    for key, value in expected.get("values", {}).items():
        assert agent.raw.field(key).value == value
    if "tools" in expected:
        assert [tool.name for tool in agent.tools] == expected["tools"]
    for text in expected.get("shown", ()):
        assert text in text_of(built, path)


def values(agent):
    """Return the fields; a fix may write their names in small letters."""
    return {field.key.lower(): field.value for field in agent.raw.fields}


@pytest.mark.parametrize(("file", "expected"), CASES)
def test_fixes(file, expected):
    """What can be fixed is gone afterwards, nothing new is wrong, and the reading is the same."""
    path = expected.get("path", "broken.md")
    before = read_agent(parse(path, file.encode()), path.endswith("SKILL.md"))
    after = read_agent(
        parse(path, apply(file, before.problems).encode()), path.endswith("SKILL.md")
    )
    assert not [p for p in after.problems if p.fixable]
    left = [p.kind for p in before.problems if not p.fixable]
    assert sorted(p.kind.value for p in after.problems) == sorted(kind.value for kind in left)
    shape = [
        (a.name, a.description, a.tools, a.examples, a.raw.body.strip()) for a in (before, after)
    ]
    assert without_fence(shape[0]) == without_fence(shape[1])
    assert values(before) == values(after)


def without_fence(shape):
    """Leave out lines and the end of a fence, which a fix may move or add."""
    name, description, tools, examples, body = shape
    return (
        name,
        description,
        [t.raw for t in tools],
        [e.turns for e in examples],
        body.rstrip("`~\n"),
    )


@pytest.mark.security("SEC-01")
def test_hostile_text_stays_out_of_front_matter(beside):
    """Whatever an agent's fields say, a page's front matter is ours alone."""
    case = next(file for title, file, _ in FOUND if title.startswith("text that would break out"))
    built = beside({"broken.md": case})
    entry = entry_of(built)
    for page in pages(built):
        if page.docname.startswith(f"{entry.id}/"):
            assert front(page.text)["myst"]["enable_extensions"] == []
            assert {"html_block", "html_inline", "myst_role"} <= set(
                front(page.text)["myst"]["disable_syntax"]
            )


# --- bytes ---------------------------------------------------------------------------------------

LATIN = AGENT.encode("latin-1")
BYTES = {
    "byte order mark": (b"\xef\xbb\xbf" + AGENT.encode(), "byte-order-mark 1"),
    "UTF-16 with a mark": (AGENT.encode("utf-16"), "not-utf8 1"),
    "UTF-16 BE with a mark": (b"\xfe\xff" + AGENT.encode("utf-16-be"), "not-utf8 1"),
    "UTF-16 LE without": (AGENT.encode("utf-16-le"), "not-utf8 1"),
    "UTF-16 BE without": (AGENT.encode("utf-16-be"), "not-utf8 1"),
    "UTF-32 with a mark": (AGENT.encode("utf-32"), "not-utf8 1"),
    "Latin-1": (LATIN, "not-utf8 3"),
    "Latin-1 with CR LF": (LATIN.replace(b"\n", b"\r\n"), "line-ends 1, not-utf8 3"),
    "Latin-1 with CR": (LATIN.replace(b"\n", b"\r"), "line-ends 1, not-utf8 3"),
    "one bad byte in UTF-8": (AGENT.encode() + b"\xff\n", "not-utf8 7"),
    "NUL bytes": (AGENT.encode().replace(b"ladder", b"lad\0der\0"), "control-character 6"),
    "escape sequence": (AGENT.replace("ladder", "\x1b[31mladder").encode(), "control-character 6"),
    "bidirectional override": (
        AGENT.replace("ladder", "\u202eladder").encode(),
        "control-character 6",
    ),
    "zero-width space": (AGENT.replace("ladder", "lad\u200bder").encode(), "hidden-character 6"),
    "CR LF": (AGENT.replace("\n", "\r\n").encode(), "line-ends 1"),
    "CR": (AGENT.replace("\n", "\r").encode(), "line-ends 1"),
    "mixed line ends": (AGENT.replace("\n", "\r\n", 3).encode(), "line-ends 1"),
    "joined emoji": (AGENT.replace("ladder", "👩\u200d🚒 ladder").encode(), ""),
    "no-break space": (AGENT.replace("a ladder", "a\u00a0ladder").encode(), ""),
    "no line end at the end": (AGENT.rstrip().encode(), ""),
}


@pytest.mark.parametrize(("data", "expected"), BYTES.values(), ids=BYTES)
def test_bytes(beside, data, expected):
    built = beside({"broken.md": data})
    assert ", ".join(found(built)) == expected
    agent = entry_of(built).agent
    assert agent.description == "Mends roofs in Zürich."
    assert agent.raw.body_line == 5
    assert re.sub(r"[^A-Za-z. ]", "", text_of(built)).count("Bring a") == 1


@pytest.mark.parametrize(("data", "expected"), BYTES.values(), ids=BYTES)
def test_fixes_of_bytes(team, beside, data, expected):
    """The file is written anew as the same text, and has no Problem that can be fixed."""
    for fixed in list(fixes(team, beside({"broken.md": data}).problems)):
        save(team, fixed)
    again = beside()
    assert found(again) == [line for line in expected.split(", ") if "control" in line]
    assert entry_of(again).agent.description == "Mends roofs in Zürich."


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CR LF", "CR"])
def test_lines_count_alike_whatever_ends_them(beside, end):
    file = (HEAD + "# Broken\n\n[gone](gone.md)\n\n```{include} x\n```\n").replace("\n", end)
    lines = [text for text in found(beside({"broken.md": file})) if "line-ends" not in text]
    assert lines == ["missing-link 8", "directive-fence 10"]


NO_AGENT = {
    "empty": (b"", "empty-file 1"),
    "white space": (b" \n\t\r\n\n", "empty-file 1"),
    "only a byte order mark": (b"\xef\xbb\xbf", "empty-file 1"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "binary-file 1"),
    "an archive": (b"PK\x03\x04" + bytes(200), "binary-file 1"),
    "any bytes": (bytes(range(256)) * 40, "binary-file 1"),
    "NUL bytes only": (bytes(4000), "binary-file 1"),
    "ten megabytes": (b"# Big\n" + b"A line of text.\n" * 700_000, "file-too-large 1"),
}


@pytest.mark.parametrize(("data", "expected"), NO_AGENT.values(), ids=NO_AGENT)
def test_nothing_to_read(beside, data, expected):
    built = beside({"broken.md": data})
    assert ", ".join(found(built)) == expected
    assert entry_of(built) is None


@pytest.mark.parametrize(("data", "expected"), NO_AGENT.values(), ids=NO_AGENT)
def test_companions_that_cannot_be_read(beside, data, expected):
    """A companion that is no text is a file to download; its agent is read all the same."""
    built = beside({"broken/SKILL.md": AGENT, "broken/notes.md": data})
    assert [c.path for c in entry_of(built, "broken/SKILL.md").agent.companions] == [
        "broken/notes.md"
    ]
    assert [line.partition(" ")[2] for line in found(built, "broken/notes.md")] == ["1"]
    assert "notes.md" in text_of(built, "broken/SKILL.md")


# --- sizes ---------------------------------------------------------------------------------------


def test_ten_megabytes_with_front_matter(beside):
    """The fields of a file that is too large are read; its body is not shown."""
    built = beside({"broken.md": HEAD + "A line of text.\n" * 700_000})
    assert found(built) == ["file-too-large 1"]
    assert entry_of(built).agent.description == "Mends roofs in Zürich."
    assert len(text_of(built)) < 20_000


@pytest.mark.parametrize("shift", range(3))
def test_the_head_of_a_large_file_may_end_within_a_letter(beside, shift):
    built = beside({"broken.md": HEAD + "x" * shift + "€" * 1_000_000})
    assert found(built) == ["file-too-large 1"]
    assert entry_of(built).agent.description == "Mends roofs in Zürich."


def test_long_lines_and_descriptions(beside):
    """Nothing is wrong with length as such."""
    long = "slate " * 25_000
    file = f"---\nname: broken\ndescription: Mends {long}\n---\n\n# Broken\n\n{long}\n"
    built = beside({"broken.md": file})
    assert found(built) == []
    assert len(entry_of(built).agent.description) > 100_000


# --- nesting -------------------------------------------------------------------------------------

DEEP = {
    "quotes": "\n".join("> " * 60 + word for word in ("slate", "bottom")),
    "very deep quotes": ">" * 3000 + " slate bottom",
    "lists": "\n".join("  " * depth + f"- item {depth}" for depth in range(50)) + " bottom",
    "numbers": "\n".join("   " * depth + "1. one" for depth in range(50)) + " bottom",
    "both": "> - " * 40 + "bottom",
    "a fence inside": "> - " * 30 + "````\n" + "bottom ```",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
@pytest.mark.security("SEC-05")
def test_deep_nesting(beside, text):
    """Text that is nested too deeply is shown as it is, and costs no other section anything."""
    file = f"{HEAD}# Broken\n\n## Before\n\nHigh.\n\n{text}\n\n## After\n\n- [gone](gone.md)\n"
    built = beside({"broken.md": file})
    end = 12 + text.count("\n")
    deep = [p for p in built.problems if p.path == "broken.md" and p.kind.value == "text-too-deep"]
    assert len(deep) == 1
    assert f"missing-link {end + 4}" in found(built)
    assert text_of(built).count("bottom") == 1
    assert 12 <= deep[0].line <= end, "the line is not in the text that is nested"


@pytest.mark.parametrize(
    "text", ["![" * 600 + "bottom" + "](x.png)" * 600, "[" * 3000 + "bottom", "*" * 3000 + "bottom"]
)
@pytest.mark.parametrize("path", ["broken/SKILL.md", "broken/notes.md"])
def test_deep_nesting_within_a_line(beside, path, text):
    """Brackets in brackets neither stop the reading of a library nor fail without a word."""
    built = beside(
        {"broken/SKILL.md": AGENT.replace("ladder", "[ladder](notes.md)")} | {path: HEAD + text}
    )
    assert "bottom" in text_of(built, "broken/SKILL.md")


# --- devices, links and names --------------------------------------------------------------------


def test_devices(team, beside):
    os.mkfifo(team / "pipe.md")
    os.mkfifo(team / "pipe")
    os.mkfifo(team / "kit.pipe")
    server = socket.socket(socket.AF_UNIX)
    os_path = os.path.relpath(team / "socket.md")  # addresses of sockets are short
    server.bind(os_path)
    server.close()
    built = beside()
    assert found(built, "pipe.md") == ["unreadable-file 1"]
    assert found(built, "socket.md") == ["unreadable-file 1"]


@pytest.mark.security("SEC-03")
def test_links_that_are_not_followed(tmp_path, team, beside):
    (tmp_path / "secret.md").write_text(AGENT.replace("ladder", "password"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/secret.md").write_text(AGENT.replace("ladder", "password"))
    links = {
        "dangling.md": ("nowhere.md", "unreadable-file 1"),
        "itself.md": ("itself.md", "link-loop 1"),
        "ping.md": ("pong.md", "link-loop 1"),
        "pong.md": ("ping.md", "link-loop 1"),
        "above": (".", "link-loop 1"),
        "kit/above": ("../..", "link-outside 1"),
        "kit/loop": ("..", "link-loop 1"),
        "kit/secret.md": ("../../secret.md", "link-outside 1"),
        "absolute.md": (str(tmp_path / "secret.md"), "link-outside 1"),
        "elsewhere": ("../elsewhere", "link-outside 1"),
        "passwd.md": ("/etc/passwd", "link-outside 1"),
    }
    for path, (target, _) in links.items():
        (team / path).symlink_to(target)
    built = beside()
    for path, (_, expected) in links.items():
        assert found(built, path) == [expected]
    assert not any("password" in page.text for page in pages(built))


def test_links_within_the_library(team, beside, write):
    """A folder is read where it really is, and only there."""
    write({"real/broken.md": AGENT})
    (team / "alias").symlink_to("real")
    built = beside()
    assert [e.agent.path for e in built.entries if "broken" in e.agent.path] == ["real/broken.md"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(team, beside, write):
    write({"broken.md": AGENT, "closed/broken.md": AGENT})
    (team / "broken.md").chmod(0)
    (team / "closed").chmod(0)
    try:
        built = beside()
    finally:
        (team / "closed").chmod(0o700)
    assert found(built) == ["unreadable-file 1"]
    assert found(built, "closed") == ["unreadable-file 1"]


NAMES = [
    "with space.md",
    "a|b`c*[d](e)<f>.md",
    "new\nline.md",
    "quote'\"&.md",
    "%41#b?.md",
    "{{x}}.md",
    "-.md",
    "ä/ö/ü.md",
    "...md",
]


@pytest.mark.parametrize("path", NAMES)
def test_names_of_files(beside, path):
    built = beside({path: AGENT + "\n[gone](gone.md)\n"})
    assert "missing-link 8" in found(built, path)
    assert {block.path for block in blocks(text_of(built, path))} == {path}


def test_a_name_that_is_no_unicode(team, beside):
    """Such a file cannot have an address, but it may not be left out without a word."""
    (team / os.fsdecode(b"\xff.md")).write_text(AGENT)
    built = beside()
    assert [p.kind.value for p in built.problems] == ["unreadable-file"]


@pytest.mark.parametrize(
    "path", ["broken/SKILL.MD", "broken/skill.md", "broken/Skill.md", "broken", "BROKEN.MD"]
)
def test_names_that_a_pattern_misses(beside, path):
    built = beside({path: AGENT})
    assert entry_of(built, path).agent.description == "Mends roofs in Zürich."


# --- companions ----------------------------------------------------------------------------------


def test_problems_of_companions_are_theirs(beside):
    """A companion's Problem names the companion, with the line in that file."""
    built = beside({
        "broken/SKILL.md": AGENT,
        "broken/references/slate.md": "---\nx: y: z\n---\n# Slate\n\n[gone](gone.md)\n\n"
        "```{raw}\n```\n\n```\nx\n",
        "broken/references/latin.md": "Zürich\n".encode("latin-1"),
    })  # fmt: skip
    assert found(built, "broken/SKILL.md") == []
    assert found(built, "broken/references/slate.md") == [
        "broken-front-matter 2", "missing-link 6", "directive-fence 8", "unclosed-fence 11",
    ]  # fmt: skip
    assert found(built, "broken/references/latin.md") == ["not-utf8 1"]


def test_a_label_defined_in_two_companions_of_a_page(beside):
    """Joined on one page, the second definition of a label is shown as text."""
    built = beside({
        "broken/SKILL.md": AGENT + "\n## Schemas\n\nSee [a].\n\n[a]: https://example.org/1\n",
        "broken/schemas.md": "See [a].\n\n[a]: https://example.org/2\n",
    })  # fmt: skip
    text = text_of(built, "broken/SKILL.md")
    assert "\n[a]: https://example.org/1\n" in text
    assert "\n\\[a]: https://example.org/2" in text

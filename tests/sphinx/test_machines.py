"""What the site offers to machines, as parsers read it that are not ours: real builds."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

import feedparser
import pytest
from bs4 import BeautifulSoup
from defusedxml import ElementTree
from hostile.builds import SMALL, Project, shared, tree
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.builds import Build

BASE = "https://example.org/docs/"
ONLINE = f'{SMALL}html_baseurl = "{BASE}"\n'
EVIL = '"><script>alert(1)</script>&amp;]]>'

HARBOUR = """
# Harbour

Links: [the other](pilot.md), [the tide](harbour/tide.md), [gone](gone.md), [out](https://example.com/a),
[conf](../../docs/conf.py), ![spy](https://example.com/spy.png) and `[code](pilot.md)`.

| What | Where |
| --- | --- |
| one | [a](pilot.md) and [b](pilot.md) |

> - [quoted
>   twice](pilot.md "title")

See [that][ref].

[ref]: pilot.md

## Examples

```python
print("[code](pilot.md)")


print(2)
```

```{include} ../../docs/conf.py
```

========================================================================
Source: https://example.org/forged
"""

HOME = """---
myst:
  html_meta:
    description: "A \\"home\\" & more"
---

(top)=
# Home

% a comment

[](page.md), {doc}`the page <page>`, {doc}`page`, {agent:agent}`team/pilot` and `` {doc}`page` ``.

```{note}
Mind the **gap**.
```

::::{grid} 1
:::{grid-item-card} Card
:link: page
:link-type: doc

Inside.
:::
::::

```{code-block} python
:caption: x

print(1)
```

```{include} part.txt
```

```{toctree}
agents/index
page
```
"""


def library(project: Project) -> Project:
    project.write("docs/index.md", HOME)
    project.write("docs/page.md", "# A page\n\nIt says *something*.\n")
    project.write("docs/part.txt", "Included [](page.md).\n")
    project.agent("team/harbour.md", HARBOUR, tags="[sea]", model="sonnet", version="1.2")
    project.write("agents/team/harbour/tide.md", "# Tide\n\n[back](../harbour.md)\n")
    project.agent("team/pilot.md", "Works.", disallowedTools="Bash", author=f"'{EVIL}'")
    skill(project, "anchor")
    skill(project, "winch")
    project.write("agents/skills/winch/scripts/pull.py", "print(1)\n").chmod(0o755)
    project.write("agents/skills/winch/assets/a b.bin", b"\0\1\xff")
    project.write("agents/skills/winch/.env", "SECRET=1\n")
    project.write("agents/skills/winch/.hidden/key.txt", "SECRET=1\n")
    project.write("agents/skills/winch/bad\\name.txt", "x\n")
    skill(project, "misplaced", folder="other-folder")
    skill(project, "Upper")
    skill(project, "wordy", description="w" * 1025)
    (project.root / "secret.txt").write_text("SECRET=1\n")
    (project.root / "agents/skills/winch/assets/out.txt").symlink_to(project.root / "secret.txt")
    return project


def skill(project: Project, name: str, folder: str = "", description: str = "Pulls.") -> None:
    text = f"---\nname: {name}\ndescription: {description}\n---\n\n# {name}\n\nBody.\n"
    project.write(f"agents/skills/{folder or name}/SKILL.md", text)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return shared(
        tmp_path_factory, "machines", lambda folder: library(Project(folder, ONLINE)).build()
    )


def text(done: Build, path: str) -> str:
    return (done.out / path).read_text(encoding="utf-8")


def links(markdown: str) -> list[tuple[str, str]]:
    """Return text and address of all links, as CommonMark sees them."""
    found = []
    for block in MarkdownIt("commonmark").enable("table").parse(markdown):
        children = block.children or []
        for index, token in enumerate(children):
            if token.type == "link_open":
                rest = children[index + 1 :]
                end = next(n for n, one in enumerate(rest) if one.type == "link_close")
                words = "".join(one.content or " " for one in rest[:end])
                found.append((words, str(token.attrGet("href"))))
    return found


def check_links(done: Build) -> int:
    """Hold each relative link of each page's Markdown against the files of the site."""
    count = 0
    for file in done.out.rglob("*.md"):
        if "/library/files/" in file.as_posix() or "/_sources/" in file.as_posix():
            continue
        for words, href in links(file.read_text(encoding="utf-8")):
            assert not re.match("(?:doc|line|download):", href), (file, words, href)
            if re.match("[a-z]+:", href) or href.startswith("#"):
                continue
            there = (file.parent / unquote(href.partition("#")[0])).resolve()
            # A folder is what a server shows the page of.
            assert there.is_file() or (there / "index.html").is_file(), (file, words, href)
            count += 1
    return count


# --- Markdown ----------------------------------------------------------------------------------


def test_each_page_is_there_as_markdown_and_its_links_work(built: Build) -> None:
    pages = {
        "index",
        "page",
        "agents/index",
        "agents/team/harbour/index",
        "agents/team/pilot/index",
    }
    for page in pages:
        assert text(built, f"{page}.md").startswith("# ")
    assert check_links(built) > 50


def test_an_agent_says_what_it_said(built: Build) -> None:
    page = "".join(
        file.read_text() for file in sorted((built.out / "agents/team/harbour").glob("*.md"))
    )
    assert 'print("[code](pilot.md)")\n\n\nprint(2)' in page
    assert "`[code](pilot.md)`" in page
    assert (
        "[the other](../pilot/index.md), [the tide](tide.md), gone, [out](https://example.com/a)"
        in page
    )
    assert "conf, [spy](https://example.com/spy.png)" in page
    assert "| one | [a](../pilot/index.md) and [b](../pilot/index.md) |" in page
    assert "> - [quoted\n>   twice](../pilot/index.md)" in page
    assert "See [that](../pilot/index.md)." in page
    assert "{agent-" not in page and "agents_agents" not in page
    assert "1 of 2 snippets" in page or "2 snippets, not verified." in page


def test_what_is_written_by_hand_is_readable(built: Build) -> None:
    home = text(built, "index.md")
    assert "[A page](page.md), [the page](page.md), [A page](page.md), `team/pilot`" in home
    assert "`` {doc}`page` ``" in home
    assert "> **Note**\n>\n> Mind the **gap**." in home
    assert "**[Card](page.md)**\n\nInside." in home
    assert "```python\nprint(1)\n```" in home
    assert "Included [A page](page.md)." in home
    assert "- [Catalogue](agents/index.md)\n- [A page](page.md)" in home
    assert ":::" not in home and "(top)=" not in home and "% a comment" not in home


def test_the_head_of_a_page_leads_to_it(built: Build) -> None:
    for page in ("index", "agents/team/pilot/index", "agents/team/harbour/tide"):
        soup = BeautifulSoup(built.page(page), "html.parser")
        tag = soup.find("link", rel="alternate", type="text/markdown")
        assert tag and (built.out / page).parent.joinpath(tag["href"]).is_file()
        assert (built.out / page).parent.joinpath(tag["href"]).name == f"{page.split('/')[-1]}.md"


def test_buttons_are_links_without_a_script(built: Build) -> None:
    soup = BeautifulSoup(built.page("agents/team/harbour/tide"), "html.parser")
    found = {
        one["data-agentdocs-copy"]: one["href"] for one in soup.select(".agentdocs-machines a")
    }
    assert set(found) == {"Copy page as Markdown", "Copy agent"}
    file = (built.out / "agents/team/harbour" / found["Copy agent"]).resolve()
    assert file.read_bytes() == (built.source.parent / "agents/team/harbour.md").read_bytes()
    soup = BeautifulSoup(built.page("page"), "html.parser")
    assert [a["href"] for a in soup.select(".agentdocs-machines a")] == ["page.md"]


def test_pages_describe_themselves_once(built: Build) -> None:
    def meta(page: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for tag in BeautifulSoup(built.page(page), "html.parser").find_all("meta"):
            name = tag.get("property") or tag.get("name") or ""
            found.setdefault(name, []).append(tag.get("content", ""))
        return found

    home, page = meta("index"), meta("page")
    assert home["description"] == home["og:description"] == ['A "home" & more']
    assert page["description"] == page["og:description"] == ["It says something."]
    assert page["og:title"] == ["A page"]
    assert page["og:url"] == [f"{BASE}page.html"]
    assert page["og:type"] == ["website"] and len(page["og:site_name"]) == 1
    assert f'rel="canonical" href="{BASE}page.html"' in built.page("page")


# --- lists -------------------------------------------------------------------------------------


def test_llms_txt_has_its_form(built: Build) -> None:
    markdown = text(built, "llms.txt")
    tokens = MarkdownIt("commonmark").parse(markdown)
    kinds = [token.type for token in tokens if token.level == 0 and token.nesting >= 0]
    assert kinds[:2] == ["heading_open", "blockquote_open"]
    assert set(kinds[2:]) == {"heading_open", "bullet_list_open"}
    assert [t.tag for t in tokens if t.type == "heading_open"] == [
        "h1",
        *["h2"] * kinds[1:].count("heading_open"),
    ]
    headings = [
        t.content for n, t in enumerate(tokens) if n and tokens[n - 1].type == "heading_open"
    ]
    assert headings[1:] == ["Documentation", "Agents: skills", "Agents: team", "Optional"]
    found = links(markdown)
    assert ("pilot", f"{BASE}agents/team/pilot/index.md") in found
    for _, href in found:
        assert (built.out / href.removeprefix(BASE)).is_file()
    assert "): Does the work of pilot." in markdown


@pytest.mark.security("SEC-72")
def test_llms_full_holds_all_pages_and_none_can_be_forged(built: Build) -> None:
    full = text(built, "llms-full.txt")
    length = int(re.search(r"a line of (\d+) equals", full)[1])
    head, *pages = full.split("\n" + "=" * length + "\n")
    assert "equals signs" in head
    urls = [page.partition("\n")[0] for page in pages]
    assert len(urls) == len(set(urls)) and "Source: https://example.org/forged" not in urls
    for page in pages:
        first, _, body = page.partition("\n\n")
        path = first.removeprefix(f"Source: {BASE}").replace(".html", ".md")
        assert body == text(built, path)


def test_the_sitemap_names_each_page_and_robots_names_it(built: Build) -> None:
    root = ElementTree.fromstring((built.out / "sitemap.xml").read_bytes())
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    found = [one.text for one in root.findall("s:url/s:loc", space)]
    assert root.tag == f"{{{space['s']}}}urlset"
    assert len(found) == len(set(found)) and f"{BASE}agents/team/pilot/index.html" in found
    for url in found:
        assert (built.out / url.removeprefix(BASE)).is_file()
    assert f"Sitemap: {BASE}sitemap.xml" in text(built, "robots.txt").splitlines()


def test_agents_json_fits_its_schema(built: Build) -> None:
    data = json.loads(text(built, "agents.json"))
    schema = json.loads(text(built, data["$schema"]))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(data)
    agents = {one["id"]: one for one in data["agents"]}
    pilot, harbour = agents["team/pilot"], agents["team/harbour"]
    assert pilot["author"] == EVIL and pilot["denied"] == ["Bash"] and pilot["tools"] == ["Read"]
    assert harbour["tags"] == ["sea"] and harbour["model"] == "sonnet"
    assert harbour["version"] == "1.2" and harbour["proof"]["snippets"] == 2
    assert agents["skills/winch"]["kind"] == "skill"
    for agent in agents.values():
        definition = (built.source.parent / "agents" / agent["path"]).read_bytes()
        assert agent["digest"] == f"sha256:{hashlib.sha256(definition).hexdigest()}"
        assert (built.out / unquote(agent["file"])).read_bytes() == definition
        for page in agent["pages"]:
            for kind in ("html", "markdown"):
                assert (built.out / unquote(page[kind])).is_file()
    with pytest.raises(Exception, match="required"):
        Draft202012Validator(schema).validate({**data, "agents": [{"id": "x"}]})


# --- skills ------------------------------------------------------------------------------------

INDEX = ".well-known/agent-skills/index.json"


def test_skills_that_conform_can_be_discovered(built: Build) -> None:
    data = json.loads(text(built, INDEX))
    assert data["$schema"] == "https://schemas.agentskills.io/discovery/0.2.0/schema.json"
    assert [one["name"] for one in data["skills"]] == ["anchor", "winch"]
    for one in data["skills"]:
        where = urljoin(f"https://host/{INDEX}", one["url"]).removeprefix("https://host/")
        content = (built.out / where).read_bytes()
        assert one["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert set(one) == {"name", "type", "description", "url", "digest"}
    anchor, winch = data["skills"]
    source = built.source.parent / "agents/skills"
    assert anchor["type"] == "skill-md"
    assert (built.out / ".well-known/agent-skills" / anchor["url"]).read_bytes() == (
        source / "anchor/SKILL.md"
    ).read_bytes()
    assert winch["type"] == "archive"
    with zipfile.ZipFile(built.out / ".well-known/agent-skills" / winch["url"]) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["SKILL.md", "assets/a b.bin", "scripts/pull.py"]
        for name in archive.namelist():
            assert archive.read(name) == (source / "winch" / name).read_bytes()
        modes = {one.filename: one.external_attr >> 16 & 0o777 for one in archive.infolist()}
        assert modes["scripts/pull.py"] == 0o755 and modes["SKILL.md"] == 0o644


def test_skills_of_one_name_are_published_once(tmp_path: Path) -> None:
    project = Project(tmp_path, SMALL)
    for collection, words, body in (("a", "First.", "Body."), ("b", "Second.", "# One\n\n# Two")):
        head = f"---\nname: winch\ndescription: {words}\n---\n\n"
        project.write(f"agents/{collection}/winch/SKILL.md", f"{head}{body}\n")
    done = project.build()
    assert [one["description"] for one in json.loads(text(done, INDEX))["skills"]] == ["First."]
    assert "b/winch/SKILL.md is not in the index of skills, because a/winch" in done.output


# --- history -----------------------------------------------------------------------------------


def git(project: Project, *arguments: str) -> str:
    command = [
        "git", "-c", "user.name=Eve <b>&", "-c", "user.email=eve@example.com",
        "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always", *arguments,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Project:
    project = Project(tmp_path / "repository", ONLINE)
    project.agent("team/pilot.md")
    project.agent("team/Ü 'odd' name.md")
    project.write(".gitignore", "/out*\n/docs/agents/\n")
    project.write("docs/conf.py", ONLINE)
    project.write("docs/index.md", "# Home\n\n```{toctree}\nagents/index\n```\n")
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "Two agents")
    return project


def test_changes_to_agents_are_a_feed(repository: Project) -> None:
    repository.agent("team/pilot.md", "Changed.")
    git(repository, "commit", "-qam", f"Pilot {EVIL} \x01\x1b[31m")
    repository.write("docs/index.md", "# Home 2\n\n```{toctree}\nagents/index\n```\n")
    git(repository, "commit", "-qam", "No agent")
    (repository.root / "agents/team/Ü 'odd' name.md").unlink()
    git(repository, "commit", "-qam", "One fewer")
    done = repository.build()
    feed = feedparser.parse(io.BytesIO((done.out / "agents.atom.xml").read_bytes()))
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "atom10" and feed.feed.id == f"{BASE}agents.atom.xml"
    raw = ElementTree.fromstring((done.out / "agents.atom.xml").read_bytes())
    titles = [one.text for one in raw.iter("{http://www.w3.org/2005/Atom}title")][1:]
    assert titles == ["One fewer", f"Pilot {EVIL} \ufffd\ufffd[31m", "Two agents"]
    removed, changed, _ = feed.entries
    assert (
        removed.link == f"{BASE}agents/index.html"
        and "Ü 'odd' name.md (removed)" in removed.summary
    )
    assert changed.link == f"{BASE}agents/team/pilot/index.html" and changed.summary == "team/pilot"
    assert changed.updated_parsed and len({one.id for one in feed.entries}) == 3
    assert "eve@example.com" not in text(done, "agents.atom.xml")
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    pages = ElementTree.fromstring((done.out / "sitemap.xml").read_bytes()).findall("s:url", space)
    dates = {p.findtext("s:loc", "", space): p.findtext("s:lastmod", "", space) for p in pages}
    assert dates[f"{BASE}index.html"] and dates[f"{BASE}agents/team/pilot/index.html"]


def test_the_feed_ends_after_fifty_changes(repository: Project) -> None:
    for number in range(52):
        repository.agent("team/pilot.md", f"Body {number}.")
        git(repository, "commit", "-qam", f"Change {number}")
    done = repository.build()
    feed = feedparser.parse(io.BytesIO((done.out / "agents.atom.xml").read_bytes()))
    assert [one.title for one in feed.entries] == [f"Change {n}" for n in range(51, 1, -1)]


def test_a_shallow_clone_has_no_feed(repository: Project, tmp_path: Path) -> None:
    clone = Project(tmp_path / "clone", ONLINE)
    git(repository, "clone", "-q", "--depth", "1", f"file://{repository.root}", str(clone.root))
    done = clone.build("-W")
    assert done.code == 0, done.errors
    assert not (done.out / "agents.atom.xml").exists()
    assert "<lastmod>" not in text(done, "sitemap.xml")
    assert done.output.count("the clone is shallow") == 1


def test_without_git_there_is_no_feed(repository: Project) -> None:
    done = repository.build(env={"PATH": str(repository.root / "none")})
    assert done.code == 0, done.errors
    assert not (done.out / "agents.atom.xml").exists()
    assert "git is not installed" in done.output


@pytest.mark.security("SEC-06")
def test_a_repository_cannot_start_a_program(repository: Project) -> None:
    marker = repository.root / "marker"
    script = repository.write("evil.sh", f"#!/bin/sh\ntouch {marker}\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "gpg.program", "core.pager", "diff.external", "core.sshCommand"):
        git(repository, "config", key, str(script))
    git(repository, "config", "log.showSignature", "true")
    (repository.root / ".git/hooks/post-index-change").symlink_to(script)
    marker.unlink(missing_ok=True)
    assert (repository.build().out / "agents.atom.xml").exists()
    assert not marker.exists()


# --- when it is written ------------------------------------------------------------------------


def times(done: Build) -> dict[str, int]:
    """Return when each of our files was written."""
    kinds = (".md", ".txt", ".json", ".xml", ".zip")
    return {
        path.relative_to(done.out).as_posix(): path.stat().st_mtime_ns
        for path in done.out.rglob("*")
        if path.suffix in kinds and path.is_file() and "_sources" not in path.parts
    }


def test_an_unchanged_build_writes_nothing(project: Project) -> None:
    library(Project(project.root, ONLINE))
    first = Project(project.root, ONLINE).build()
    before = times(first)
    assert before == times(project.build())
    project.agent("team/pilot.md", "Changed.")
    after = times(project.build())
    changed = {path for path in before if before[path] != after[path]}
    assert "agents/team/pilot/index.md" in changed and "llms-full.txt" in changed
    assert "agents/team/harbour/index.md" not in changed and "llms.txt" not in changed


def test_parallel_builds_and_other_places_make_the_same(built: Build, tmp_path: Path) -> None:
    names = ("*.md", "*.txt", "*.json", "*.xml", "*.zip")

    def ours(done: Build) -> dict[str, bytes]:
        return {
            path: data for path, data in tree(done.out, "_pagefind/*").items()
            if any(path.endswith(name[1:]) for name in names)
        }  # fmt: skip

    other = library(Project(tmp_path, ONLINE)).build(
        "-j", "2", env={"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    )
    one, two = ours(built), ours(other)
    assert one.keys() == two.keys()
    assert [path for path in one if one[path] != two[path]] == []


def test_what_is_gone_is_removed(project: Project) -> None:
    library(Project(project.root, ONLINE))
    done = Project(project.root, ONLINE).build()
    (project.root / "agents/team/pilot.md").unlink()
    (project.docs / "page.md").unlink()
    for name in ("anchor", "winch"):
        (project.root / f"agents/skills/{name}/SKILL.md").unlink()
    project.write("docs/conf.py", SMALL)
    done = project.build()
    for path in (
        "agents/team/pilot/index.md",
        "page.md",
        ".well-known",
        "sitemap.xml",
        "robots.txt",
    ):
        assert not (done.out / path).exists(), path
    assert (done.out / "llms.txt").exists()
    assert all(not href.startswith("http") for _, href in links(text(done, "llms.txt")))


def test_files_of_the_project_are_left_alone(project: Project) -> None:
    project.write("docs/extra/robots.txt", "Mine.\n")
    project.write("docs/conf.py", f'{ONLINE}html_extra_path = ["extra"]\n')
    project.agent("team/pilot.md")
    for _ in range(2):
        assert text(project.build(), "robots.txt") == "Mine.\n"


@pytest.mark.parametrize("builder", ["dirhtml", "singlehtml", "text", "epub"])
def test_other_builders(project: Project, builder: str) -> None:
    library(Project(project.root, ONLINE))
    Project(project.root, ONLINE).write("docs/conf.py", ONLINE)
    done = project.build("-b", builder)
    assert done.code == 0, done.errors
    assert (done.out / "llms.txt").exists() == (builder == "dirhtml")
    if builder == "dirhtml":
        assert check_links(done) > 50
        agent = json.loads(text(done, "agents.json"))["agents"][0]
        assert (done.out / agent["pages"][0]["html"] / "index.html").is_file()
        soup = BeautifulSoup(text(done, "page/index.html"), "html.parser")
        assert soup.find("link", type="text/markdown")["href"] == "../page.md"


def test_a_project_without_agents(tmp_path: Path) -> None:
    project = Project(tmp_path, ONLINE.replace('"../agents"', '""'))
    project.write("docs/index.md", "# Home\n\nWords.\n")
    done = project.build("-W")
    assert done.code == 0, done.errors
    assert "# small" in text(done, "llms.txt")
    assert not (done.out / "agents.json").exists()


# --- agents that try to act --------------------------------------------------------------------


@pytest.mark.security("SEC-73")
def test_hostile_agents_stay_data(hostile: Build) -> None:
    data = json.loads(text(hostile, "agents.json"))
    Draft202012Validator(json.loads(text(hostile, "agents.schema.json"))).validate(data)
    tokens = MarkdownIt("commonmark").parse(text(hostile, "llms.txt"))
    assert not [one for one in tokens if one.type in ("html_block", "fence", "code_block")]
    inline = [child for one in tokens for child in one.children or ()]
    assert not [one for one in inline if one.type in ("html_inline", "image", "code_inline")]
    for _, href in links(text(hostile, "llms.txt")):
        assert (hostile.out / unquote(href)).is_file()
    check_links(hostile)
    soup = BeautifulSoup(hostile.page("agents/index"), "html.parser")
    assert not [one for one in soup.find_all("meta") if one.get("http-equiv") == "refresh"]


@pytest.mark.security("SEC-61")
def test_no_secret_reaches_a_machine(hostile: Build) -> None:
    from hostile.sites import SECRETS

    for path, data in tree(hostile.out).items():
        if path.endswith((".md", ".txt", ".json", ".xml", ".zip")):
            assert not [one for one in SECRETS if one.encode() in data], path


@pytest.mark.security("SEC-36")
def test_no_picture_of_elsewhere_is_fetched(hostile: Build) -> None:
    for file in (hostile.out / "agents").rglob("*.md"):
        if "/library/files/" in file.as_posix():
            continue
        for block in (
            MarkdownIt("commonmark")
            .enable("table")
            .disable(["html_block", "html_inline"])
            .parse(file.read_text())
        ):
            for token in block.children or ():
                if token.type == "image":
                    assert not re.match("(?:[a-z]+:|//)", str(token.attrGet("src"))), (file, token)

"""What a site gives to other places that search it: read by a parser, and by the specification."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup
from defusedxml import ElementTree
from hostile.builds import SMALL, Project

if TYPE_CHECKING:
    from hostile.builds import Build

BASE = "https://example.org/docs/"
SPACE = "{http://a9.com/-/spec/opensearch/1.1/}"
KIND = "application/opensearchdescription+xml"
LONG = "The <Agents> & Things of a Rather Big Company That Writes Long Titles"
PAGES = ("index.html", "agents/team/pilot/index.html", "search.html", "404.html")


def site(project: Project, conf: str, *arguments: str) -> Build:
    project.agent("team/pilot.md")
    project.write("docs/index.md", "# Home\n\n```{toctree}\nagents/index\n```\n")
    project.write("docs/conf.py", f"{SMALL}{conf}")
    done = project.build(*arguments)
    assert done.code == 0, done.errors
    return done


def described(done: Build) -> dict[str, list[str]]:
    """Return what the description says, by element."""
    root = ElementTree.fromstring((done.out / "opensearch.xml").read_bytes())
    assert root.tag == f"{SPACE}OpenSearchDescription"
    said: dict[str, list[str]] = {}
    for one in root:
        said.setdefault(one.tag.removeprefix(SPACE), []).append(one.text or "")
    return said


def templates(done: Build) -> dict[tuple[str, str], str]:
    root = ElementTree.fromstring((done.out / "opensearch.xml").read_bytes())
    found = root.findall(f"{SPACE}Url")
    return {
        (one.attrib["type"], one.get("rel", "results")): one.attrib["template"] for one in found
    }


def offered(done: Build, page: str, kind: str) -> list[str]:
    """Return the addresses, from the root of the site, that a page's head has for a type."""
    soup = BeautifulSoup((done.out / page).read_text(encoding="utf-8"), "html.parser")
    links = soup.head.find_all("link", type=kind) if soup.head else []
    return [urljoin(f"{BASE}{page}", str(link["href"])) for link in links]


@pytest.mark.parametrize(("builder", "search"), [("html", "search.html"), ("dirhtml", "search/")])
def test_the_description_is_as_the_specification_says(
    project: Project, builder: str, search: str
) -> None:
    done = site(project, f'html_baseurl = "{BASE}"\nhtml_title = "{LONG}"\n', "-b", builder)
    said = described(done)
    for name in ("ShortName", "Description", "LongName", "Language"):
        assert len(said[name]) == 1 and said[name][0].strip(), name
    assert said["ShortName"] == ["The <Agents> &"]
    assert len(said["LongName"][0]) <= 48 and LONG.startswith(said["LongName"][0])
    assert len(said["Description"][0]) <= 1024
    assert said["InputEncoding"] == said["OutputEncoding"] == ["UTF-8"]
    assert templates(done) == {
        ("text/html", "results"): f"{BASE}{search}?q={{searchTerms}}",
        (KIND, "self"): f"{BASE}opensearch.xml",
    }


def test_a_name_without_spaces_is_cut(project: Project) -> None:
    done = site(project, f'html_baseurl = "{BASE}"\nhtml_title = "{"ü" * 40}"\n')
    assert described(done)["ShortName"] == ["ü" * 16]


def test_the_icon_is_that_of_the_site(project: Project) -> None:
    project.write("docs/our icon.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>')
    done = site(project, f'html_baseurl = "{BASE}"\nhtml_favicon = "our icon.svg"\n')
    assert described(done)["Image"] == [f"{BASE}_static/our%20icon.svg"]
    assert (done.out / "_static/our icon.svg").is_file()


@pytest.mark.parametrize("theme", ["furo", "alabaster"])
def test_each_page_names_it(project: Project, theme: str) -> None:
    done = site(
        project, f'html_baseurl = "{BASE}"\nhtml_theme = "{theme}"\nhtml_title = "{LONG}"\n'
    )
    for page in PAGES:
        assert offered(done, page, KIND) == [f"{BASE}opensearch.xml"], page
        assert offered(done, page, "application/atom+xml") == [], page


def test_without_an_address_there_is_none(project: Project) -> None:
    site(project, f'html_baseurl = "{BASE}"\n')
    done = site(project, "")
    assert not (done.out / "opensearch.xml").exists()
    assert all(offered(done, page, KIND) == [] for page in PAGES)


def test_sphinx_can_make_its_own(project: Project) -> None:
    conf = (
        f'html_baseurl = "{BASE}"\nhtml_use_opensearch = "{BASE[:-1]}"\nhtml_theme = "alabaster"\n'
    )
    done = site(project, conf)
    assert not (done.out / "opensearch.xml").exists()
    assert offered(done, "index.html", KIND) == [f"{BASE}_static/opensearch.xml"]


def test_each_page_names_the_feed_that_was_made(project: Project) -> None:
    project.agent("team/pilot.md")
    command = ["git", "-c", "user.name=a", "-c", "user.email=a", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "agents"], ["commit", "-qm", "An agent"]):
        subprocess.run([*command, *arguments], cwd=project.root, check=True)
    done = site(project, f'html_baseurl = "{BASE}"\n', "-j", "2")
    assert (done.out / "agents.atom.xml").is_file()
    for page in PAGES:
        assert offered(done, page, "application/atom+xml") == [f"{BASE}agents.atom.xml"], page


@pytest.mark.parametrize(("builder", "search"), [("html", "search.html"), ("dirhtml", "search/")])
def test_the_page_for_frames(project: Project, builder: str, search: str) -> None:
    pytest.importorskip("pagefind")
    done = site(project, 'html_title = "A <b>& \\"quoted\\""\n', "-b", builder)
    soup = BeautifulSoup(
        (done.out / "search/embed.html").read_text(encoding="utf-8"), "html.parser"
    )
    assert soup.title is not None and soup.title.get_text() == 'Search A <b>& "quoted"'
    assert soup.html is not None and soup.html["lang"] == "en"
    policy = soup.find("meta", {"http-equiv": "Content-Security-Policy"})
    assert policy is not None and "unsafe-inline" not in str(policy["content"])
    assert not [one for one in soup.find_all("script") if not one.get("src")]
    for tag, key in (("script", "src"), ("link", "href")):
        for one in soup.find_all(tag):
            assert (done.out / "search" / str(one[key])).resolve().is_file(), one
    element = soup.find("agent-search")
    assert element is not None and (element["src"], element["page"]) == ("../", search)


def test_a_document_of_that_name_stays(project: Project) -> None:
    project.write("docs/search/embed.md", "---\norphan: true\n---\n# Mine\n")
    done = site(project, "")
    assert "Mine" in (done.out / "search/embed.html").read_text()

"""The page for what is not there: made for the address of the site, in any theme."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from agentdocs.sphinx_ext.notfound import absolute, base_path
from hostile import markup
from hostile.builds import SMALL, Project

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.builds import Build


@pytest.mark.parametrize(
    ("baseurl", "path"),
    [
        ("", "/"),
        ("https://a.example", "/"),
        ("https://a.example/", "/"),
        ("https://a.example/team/agents", "/team/agents/"),
        ("https://a.example/team/agents/", "/team/agents/"),
        ("https://a.example/t%20m/ä/?q=1#x", "/t%20m/%C3%A4/"),
        ('https://a.example/"><script>/', "/%22%3E%3Cscript%3E/"),
    ],
)
def test_the_path_of_a_site_is_that_of_its_address(baseurl: str, path: str) -> None:
    assert base_path(baseurl) == path


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ('<a href="x.html">', '<a href="/s/x.html">'),
        ('<a class="y" href="../x.html?a=1&amp;b#c">', '<a class="y" href="/x.html?a=1&amp;b#c">'),
        ('<html data-content_root="./">', '<html data-content_root="/s/">'),
        ('<form action="search.html">', '<form action="/s/search.html">'),
        ('<a href="#here">', '<a href="#here">'),
        ('<a href="https://a.example/x">', '<a href="https://a.example/x">'),
        ('<a href="mailto:a@a.example">', '<a href="mailto:a@a.example">'),
        ('<img src="data:image/png;base64,AA==">', '<img src="data:image/png;base64,AA==">'),
        ('<a title="a href=x">', '<a title="a href=x">'),
        ("<script>x = ' href=\"y\"'</script>", "<script>x = ' href=\"y\"'</script>"),
    ],
)
def test_addresses_begin_at_the_top(tag: str, expected: str) -> None:
    assert absolute(tag, "/s/404.html") == expected


def addresses(done: Build) -> list[str]:
    page = markup.parse(done.out / "404.html")
    found = [value for _, _, value in markup.addresses(page)]
    # An empty one leads to the page itself, wherever that is.
    return [one for one in found if one and not one.startswith(("#", "http", "data:"))]


def make(root: Path, conf: str = "") -> Project:
    project = Project(root, f"{SMALL}\n{conf}\n")
    project.agent("team/ada-one.md")
    return project


@pytest.mark.parametrize("builder", ["html", "dirhtml"])
@pytest.mark.parametrize("theme", ["furo", "alabaster", "classic"])
def test_each_of_its_addresses_is_there(tmp_path: Path, theme: str, builder: str) -> None:
    conf = f'html_theme = "{theme}"\nhtml_baseurl = "https://a.example/team/agents/"'
    done = make(tmp_path, conf).build("-W", "-b", builder)
    assert done.code == 0, done.errors
    assert not (done.out / "404").exists()
    found = addresses(done)
    assert any("agentdocs.css" in one for one in found)
    assert any("agentdocs-notfound.js" in one for one in found)
    for one in found:
        path = one.removeprefix("/team/agents/")
        assert path != one, one
        file = done.out / re.sub(r"[?#].*", "", path)
        assert (file / "index.html" if file.is_dir() else file).is_file(), one
    html = (done.out / "404.html").read_text()
    assert 'data-root="/team/agents/"' in html
    assert '<meta name="robots" content="noindex" />' in html
    assert "canonical" not in html
    home = (done.out / "index.html").read_text()
    assert "agentdocs-notfound" not in home


def test_without_an_address_the_site_is_at_the_top_of_its_host(tmp_path: Path) -> None:
    done = make(tmp_path).build("-W")
    assert done.code == 0, done.errors
    assert '<div class="agentdocs-notfound" data-root="/">' in (done.out / "404.html").read_text()
    assert all(one.startswith("/") for one in addresses(done))
    assert list(markup.broken(done.out, done.out / "404.html")) == []


@pytest.mark.parametrize("builder", ["singlehtml", "epub", "json", "text"])
def test_it_is_for_sites_alone(tmp_path: Path, builder: str) -> None:
    done = make(tmp_path, "epub_show_urls = 'no'\nversion = release = '1'").build("-b", builder)
    assert done.code == 0, done.errors
    assert not list(done.out.rglob("404*"))


def test_a_project_keeps_its_own(tmp_path: Path) -> None:
    project = make(tmp_path)
    project.write("docs/404.md", "---\norphan: true\n---\n\n# Lost\n")
    done = project.build("-W")
    assert done.code == 0, done.errors
    html = (done.out / "404.html").read_text()
    assert "Lost" in html
    assert "agentdocs-notfound" not in html


def test_a_project_without_agents_has_one_too(tmp_path: Path) -> None:
    project = Project(tmp_path, f'{SMALL}\nagentdocs_agents = ""\n')
    project.write("docs/index.md", "# Home\n")
    done = project.build("-W")
    assert done.code == 0, done.errors
    html = (done.out / "404.html").read_text()
    assert "Home</a>" in html
    assert "All agents" not in html

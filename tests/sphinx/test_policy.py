"""The policy of each page: what its theme writes may run, and nothing that has come into it."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

import pytest
from agentdocs.sphinx_ext.landmarks import named
from agentdocs.sphinx_ext.policy import guarded, policy
from hostile.builds import SMALL, Project

if TYPE_CHECKING:
    from pathlib import Path

META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
INTRUDER = """
def setup(app):
    def intrude(app, pagename, templatename, context, doctree):
        context["body"] = context.get("body", "") + "<script>alert('intruder')</script>"
    app.connect("html-page-context", intrude)
"""


def sha(code: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() + "'"


@pytest.mark.parametrize("theme", ["furo", "alabaster", "basic"])
@pytest.mark.security("SEC-34")
def test_every_page_has_one_and_it_knows_the_themes_scripts(tmp_path: Path, theme: str) -> None:
    settings = f'{SMALL}\nhtml_theme = "{theme}"\nagentdocs_policy = "all"\n{INTRUDER}'
    project = Project(tmp_path, settings)
    project.agent("team/ada-one.md")
    done = project.build()
    assert done.code == 0, done.errors
    pages = list(done.out.rglob("*.html"))
    assert len(pages) > 10
    intruded = 0
    for page in pages:
        html = page.read_text(encoding="utf-8")
        found = META.findall(html)
        assert len(found) == 1, page
        assert html.index("Content-Security-Policy") < html.index("<title")
        rules = dict(rule.split(" ", 1) for rule in found[0].split("; "))
        assert rules["default-src"] == "'none'"
        assert "unsafe-inline" not in rules["script-src"]
        assert "unsafe-eval" not in rules["script-src"].replace("wasm-unsafe-eval", "")
        inline = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
        intruded += "alert('intruder')" in inline
        for code in inline:
            assert (sha(code) in rules["script-src"]) is (code != "alert('intruder')"), code
    assert intruded > 5  # not in the search page, which has no body


def test_only_pages_of_agents_have_one_unless_more_is_asked_for(tmp_path: Path) -> None:
    project = Project(tmp_path, SMALL)
    project.agent("team/ada-one.md")
    done = project.build()
    assert META.search((done.out / "agents/team/ada-one/index.html").read_text())
    assert not META.search((done.out / "index.html").read_text())
    project.write("docs/conf.py", f'{SMALL}\nagentdocs_policy = "none"\n')
    done = project.build()
    with_one = [page for page in done.out.rglob("*.html") if META.search(page.read_text())]
    # What other sites show in a frame is not a page of the theme, and always has its own.
    assert with_one in ([], [done.out / "search/embed.html"])
    project.write("docs/conf.py", f'{SMALL}\nagentdocs_policy = "some"\n')
    assert "agentdocs_policy must be" in project.build().errors


@pytest.mark.parametrize(
    ("script", "counts"),
    [
        ("<script>a()</script>", True),
        ("<SCRIPT defer>a()</SCRIPT >", True),
        ('<script type="module">a()</script>', True),
        ("<script type=text/javascript>a()</script>", True),
        ('<script src="a.js"></script>', False),
        ('<script type="application/ld+json">a()</script>', False),
    ],
)
def test_what_counts_as_a_script(script: str, counts: bool) -> None:
    assert (sha("a()") in policy(f"<head></head>{script}")) is counts
    assert sha("a()") not in policy(f"<head></head>{script}", body=script)


def test_a_part_of_a_page_stays_as_it_is() -> None:
    assert guarded("<p>Text.</p>") == "<p>Text.</p>"
    assert guarded('<head><meta charset="utf-8"><title>').startswith(
        '<head><meta charset="utf-8">\n'
    )


def test_headings_and_landmarks_are_named() -> None:
    page = '<aside class="toc-drawer no-toc"><p class="caption" role="heading">'
    assert named(page).count("aria-") == 2

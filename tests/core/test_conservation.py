"""Nothing is lost and nothing is said twice: over every real library at hand.

Every line of an agent and of its Markdown companions stands on exactly one page, in the order of
the file, behind a mark that names its file and line. Pages are read as text here, so that a fault
in the code that places sections cannot hide itself.

Libraries of others are read where they are (see ``reallife``).
"""

from __future__ import annotations

from pathlib import Path

import pytest
import reallife
from agentdocs.catalog import build
from agentdocs.library import read_library
from agentdocs.pages import pages
from pagetext import blocks, conserved, covered, sound, tokens

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]


def libraries():
    """Yield the folders of libraries: the repository's own first."""
    yield REPOSITORY / "agents"
    yield HERE / "dialects"
    yield HERE / "placing"
    yield from reallife.libraries()


@pytest.fixture(scope="module", params=libraries(), ids=lambda path: path.name)
def library(request):
    """Return a library's catalog, and the texts of its pages by document."""
    catalog = build(read_library(request.param))
    made = list(pages(catalog))
    assert len({page.docname for page in made}) == len(made), "two pages of one name"
    return catalog, {page.docname: page.text for page in made}


def test_every_line_is_on_one_page(library):
    catalog, made = library
    assert catalog.entries
    for entry in catalog.entries:
        conserved(entry, made)


def test_every_page_is_sound(library):
    _, made = library
    for docname, text in made.items():
        sound(docname, text)


def test_every_snippet_has_one_place(library):
    """Its place is the page that its line is on, and its code is there as it was written."""
    catalog, made = library
    for entry in catalog.entries:
        raws = {entry.agent.path: entry.agent.raw}
        raws |= {c.path: c.raw for c in entry.agent.companions if c.raw}
        placed = list(entry.snippets())
        in_texts = [
            (path, s.line) for path, outline in entry.agent.texts() for s in outline.snippets
        ]
        assert sorted((path, s.line) for path, s, _ in placed) == sorted(in_texts)
        assert len({(place.docname, place.anchor) for _, _, place in placed}) == len(placed)
        addresses = [(path, snippet.address) for path, snippet, _ in placed]
        assert len(set(addresses)) == len(addresses)
        for page in entry.pages:
            docname = entry.docname(page.name)
            mine = [(path, s) for path, s, place in placed if place.docname == docname]
            here = {
                (block.path, line)
                for block in blocks(made[docname])
                for line in covered(block, raws[block.path].text.split("\n"))
            }
            codes = {t.content for t in tokens(made[docname]) if t.type in ("fence", "code_block")}
            for path, snippet in mine:
                assert (path, snippet.line) in here
                assert snippet.code in codes


def test_pages_are_the_same_each_time(library):
    catalog, made = library
    assert {page.docname: page.text for page in pages(catalog)} == made


def test_companions_that_are_no_markdown_are_shown_whole(library):
    catalog, made = library
    for entry in catalog.entries:
        for page in entry.pages:
            if page.companion and not page.companion.outline:
                shown = [
                    t.content for t in tokens(made[entry.docname(page.name)]) if t.type == "fence"
                ]
                assert f"{page.companion.raw.text.rstrip()}\n" in [
                    f"{code.rstrip()}\n" for code in shown
                ]

"""What pages load: nothing that has nothing to do on them; and what they say to search engines."""

from __future__ import annotations

import pytest
from agentdocs.sphinx_ext.engines import listed
from agentdocs.sphinx_ext.lean import lean

SHEET = '<link rel="stylesheet" type="text/css" href="_static/sphinx-design.min.css?v=6" />'
TABS = '<script data-sd-x="y" src="_static/design-tabs.js?v=f"></script>'
OURS = '<script defer="defer" src="_static/agentdocs-search.js?v=1"></script>'
INDEX = '<script src="searchindex.js"></script>'


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("<p class='x'>The class sd-card, in words</p>", ()),
        ('<div class="sd-card docutils"></div>', (SHEET,)),
        ('<div class="docutils sd-tab-set"></div>', (SHEET, TABS)),
    ],
)
def test_a_page_loads_the_files_of_sphinx_design_if_it_is_drawn_with_them(
    body: str, kept: tuple[str, ...]
) -> None:
    page = lean(f"{SHEET}\n{TABS}\n{OURS}\n{body}")
    assert tuple(one for one in (SHEET, TABS) if one in page) == kept
    assert page.endswith(f"{OURS}\n{body}")


def test_the_index_of_sphinx_is_loaded_at_once_where_nothing_else_searches() -> None:
    assert lean(INDEX) == INDEX
    assert INDEX not in lean(f"{OURS}\n{INDEX}")


def test_the_search_is_listed_where_its_results_have_one_address() -> None:
    robots, canonical = (
        '<meta name="robots" content="noindex" />',
        '<link rel="canonical" href="x">',
    )
    assert listed(robots + canonical, "search") == canonical
    assert listed(robots, "search") == robots
    assert listed(robots + canonical, "404") == robots + canonical


def test_every_page_of_our_site_has_one_description(own) -> None:
    wrong = [
        page.relative_to(own.out).as_posix()
        for page in own.out.rglob("*.html")
        if "noindex" not in (text := page.read_text(encoding="utf-8"))
        and text.count('name="description"') != 1
    ]
    assert wrong == []

"""Libraries that others have published: nothing of them is lost, and Sphinx has nothing to say.

They are no part of the repository; see :func:`reallife.libraries`.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from agentdocs.catalog import Entry, build
from agentdocs.library import read_library
from hostile import markup
from hostile.builds import ROOT, Build, copy_repository, shared, sphinx
from reallife import libraries

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARIES = {path.name: path for path in libraries()}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not LIBRARIES, reason="no real library is at hand"),
]


@pytest.fixture(params=sorted(LIBRARIES) or ["none"])
def library(request: pytest.FixtureRequest) -> Path:
    return LIBRARIES[request.param]


@pytest.fixture
def site(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    def make(folder: Path) -> Build:
        root = copy_repository(folder, manual=False)
        return sphinx(
            root / "docs", folder / "out", "-n", "-c", str(root),
            "-D", f"agentdocs_agents={library}", cwd=root,
        )  # fmt: skip

    return shared(tmp_path_factory, f"library-{library.name}", make)


def test_sphinx_myst_and_docutils_have_nothing_to_say(site: Build) -> None:
    assert site.code == 0, site.errors
    assert site.foreign() == []


def test_each_warning_names_a_file_and_a_line_that_are_there(site: Build, library: Path) -> None:
    for warned in site.warnings:
        file = Path(warned.path)
        assert file.is_relative_to(library), warned
        assert file.is_file(), warned
        lines = len(file.read_bytes().splitlines())
        assert 1 <= warned.line <= lines, f"{warned} ({lines} lines)"


def test_the_line_of_a_warning_holds_what_it_is_about(site: Build) -> None:
    for warned in site.warnings:
        if quoted := re.search("link “([^”]{1,79})”", warned.text):
            line = Path(warned.path).read_text(encoding="utf-8").splitlines()[warned.line - 1]
            assert quoted[1].strip("`") in line, warned


def _entries(library: Path) -> Iterator[Entry]:
    found = build(read_library(library)).entries
    assert found
    return iter(found)


def _words(text: str) -> set[str]:
    # Marks inside of a word (``**A**ttention``, ``a\_b``) are gone on the page. A title that says
    # no more than the name is shown as the name: in small letters.
    plain = re.sub(r"[*`\\]", "", unicodedata.normalize("NFC", text).casefold())
    return set(re.findall(r"[^\W_]+", plain))


def _written(body: str) -> set[str]:
    """Return the words of a body but for what Markdown itself turns into something else."""
    body = re.sub(
        r"^([\s>]*(?:[-*+]\s+)*)\d{1,9}[.)](?=\s)", r"\1", body, flags=re.M
    )  # numbers of lists
    body = re.sub(r"&(?:#\w+|\w+);", " ", body)  # entities, which are characters on the page
    return _words(body)


def _shown(site: Build, entry: Entry) -> set[str]:
    """Return the words of an agent's pages, those in addresses and alternative texts included."""
    found: set[str] = set()
    for page in sorted((site.out / "agents" / entry.id).rglob("*.html")):
        if page.name.startswith("source"):
            continue  # the verbatim file would prove nothing
        parsed = markup.parse(page)
        found |= _words(parsed.article)
        for tag in parsed.tags:
            if tag.inside:
                found |= {word for _, value in tag.attributes for word in _words(value)}
    return found


def test_every_word_of_every_body_is_on_a_page_of_its_agent(site: Build, library: Path) -> None:
    lost = {}
    for entry in _entries(library):
        if missing := sorted(_written(entry.agent.raw.body) - _shown(site, entry)):
            lost[entry.agent.path] = missing
    assert lost == {}


def test_every_word_of_every_companion_is_on_a_page(site: Build, library: Path) -> None:
    lost = {}
    for entry in _entries(library):
        shown = _shown(site, entry)
        for companion in entry.agent.companions:
            if companion.raw and (missing := sorted(_written(companion.raw.body) - shown)):
                lost[companion.path] = missing
    assert lost == {}


def test_no_page_leads_nowhere(site: Build) -> None:
    broken = {
        page.relative_to(site.out).as_posix(): problems
        for page in sorted(site.out.rglob("*.html"))
        if (problems := list(markup.broken(site.out, page)))
    }
    assert broken == {}


def test_no_link_stands_inside_a_link(site: Build) -> None:
    nested = {str(page): markup.parse(page).nested for page in site.out.rglob("*.html")}
    assert {page: lines for page, lines in nested.items() if lines} == {}


def test_every_page_has_one_title_and_no_skipped_level(site: Build) -> None:
    wrong = {}
    for page in sorted((site.out / "agents").rglob("*.html")):
        tags = [tag for tag in markup.parse(page).tags if tag.inside]
        levels = [int(tag.name[1]) for tag in tags if re.fullmatch("h[1-6]", tag.name)]
        steps = [after - before for before, after in itertools.pairwise(levels)]
        if levels.count(1) != 1 or levels[0] != 1 or max(steps, default=0) > 1:
            wrong[page.relative_to(site.out).as_posix()] = levels
    assert wrong == {}


def test_ids_are_unique(site: Build) -> None:
    wrong = {}
    for page in sorted((site.out / "agents").rglob("*.html")):
        ids = [tag.get("id") for tag in markup.parse(page).tags if tag.inside and tag.get("id")]
        if twice := {one for one in ids if ids.count(one) > 1}:
            wrong[page.relative_to(site.out).as_posix()] = twice
    assert wrong == {}


def test_the_libraries_are_not_part_of_the_repository() -> None:
    for folder in LIBRARIES.values():
        assert not folder.resolve().is_relative_to(ROOT)

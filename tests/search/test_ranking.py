"""Whether people find the agent that they ask for: Pagefind beside Sphinx's own search."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.conftest import ARGUMENTS, NAMES, _serve
from hostile.builds import SMALL, Build, Project
from reallife import ROOT, libraries

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("pagefind")

PAGEFIND = """async (questions) => {
  const found = [];
  for (const question of questions) {
    const groups = await window.agentdocsSearch.find(question);
    found.push(groups.map(({ agent }) => agent ?? ""));
  }
  return found;
}"""
# Sphinx shows the last of its results first.
SPHINX = """(questions) => questions.map((question) => {
  const [, ...terms] = Search._parseQuery(question);
  return Search._performSearch(question, ...terms).reverse().map(([docname]) => docname);
})"""


@dataclass(frozen=True)
class Question:
    text: str
    names: tuple[str, ...]
    held_out: bool

    def rank(self, agents: list[str]) -> int:
        """Return where the first right agent stands, from 1; 0 where there is none."""
        right = (
            place
            for place, agent in enumerate(agents, 1)
            if any(f"/{agent}".endswith(f"/{name}") for name in self.names)
        )
        return next(right, 0)


def questions(there: set[str]) -> list[Question]:
    """Return the questions about libraries that are at hand."""
    found, about = [], ""
    for line in (Path(__file__).parent / "questions.txt").read_text().splitlines():
        if line.startswith("["):
            about = line.strip("[]")
        elif line and not line.startswith("#") and about in there:
            text, _, names = line.partition("|")
            right = tuple(name.strip() for name in names.split(","))
            found.append(Question(text.strip(), right, about == "held out"))
    return found


def agents_of(docnames: list[str], known: list[str]) -> list[str]:
    """Return the agents that pages belong to, each once, by what Sphinx found."""
    found: dict[str, None] = {}
    for docname in docnames:
        path = docname.removeprefix("agents/")
        owner = next((agent for agent in known if path.startswith(f"{agent}/")), docname)
        found.setdefault(owner)
    return list(found)


def report(title: str, ranks: list[int]) -> tuple[float, float]:
    """Print and return the mean reciprocal rank, and the share of answers among the first three."""
    mrr = sum(1 / rank for rank in ranks if rank) / len(ranks)
    hit = sum(1 for rank in ranks if 0 < rank <= 3) / len(ranks)
    print(f"{title:>10}  MRR {mrr:.3f}  hit@3 {hit:.3f}  of {len(ranks)} questions")
    return mrr, hit


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, list[Question]]:
    """Return a site of our agents and of the libraries at hand, and what is asked of it."""
    project = Project(tmp_path_factory.mktemp("ranking"), SMALL)
    shutil.copytree(ROOT / "agents", project.root / "agents" / "own")
    there = {"own", "held out"}
    for library in libraries():
        if library.parent.name == "corpora":
            shutil.copytree(library, project.root / "agents" / library.name)
            there.add(library.name)
    build = project.build()
    assert "Search index:" in build.output, build.errors[-2000:]
    return build, questions(there)


@pytest.fixture(scope="module")
def url(asked: tuple[Build, list[Question]]) -> Iterator[str]:
    yield from _serve(asked[0])


def ask(url: str, texts: list[str]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the agents that Pagefind finds for each question, and the pages that Sphinx finds."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{url}/search.html")
        page.locator(".agentdocs-search").wait_for()
        ours = page.evaluate(PAGEFIND, texts)
        page.wait_for_function("Search.hasIndex()")
        theirs = page.evaluate(SPHINX, texts)
        browser.close()
    return ours, theirs


@pytest.mark.skipif(not any(map(shutil.which, NAMES)), reason="Chromium is not installed")
def test_people_find_the_agent_they_ask_for(url: str, asked: tuple[Build, list[Question]]) -> None:
    build, wanted = asked
    # In a thread of its own, because other tests may hold a browser in this one.
    with ThreadPoolExecutor(1) as thread:
        ours, theirs = thread.submit(ask, url, [one.text for one in wanted]).result()

    generated = build.source / "agents"
    known = [path.parent.relative_to(generated).as_posix() for path in generated.rglob("index.md")]
    known.sort(key=len, reverse=True)
    ranks = [question.rank(agents) for question, agents in zip(wanted, ours, strict=True)]
    bare = [question.rank(agents_of(d, known)) for question, d in zip(wanted, theirs, strict=True)]
    for question, rank, agents in zip(wanted, ranks, ours, strict=True):
        if rank != 1:
            print(f"{rank:>3}  {question.text}: {', '.join(agents[:4])}")
    held_out = [rank for q, rank in zip(wanted, ranks, strict=True) if q.held_out]
    bare_held_out = [rank for q, rank in zip(wanted, bare, strict=True) if q.held_out]
    report("held out", held_out)
    report("… Sphinx", bare_held_out)
    tuned = [rank for q, rank in zip(wanted, ranks, strict=True) if not q.held_out]
    mrr, hit = report("Pagefind", tuned)
    other, _ = report("Sphinx", [r for q, r in zip(wanted, bare, strict=True) if not q.held_out])
    assert mrr >= 0.85
    assert hit >= 0.95
    assert mrr - other >= 0.2

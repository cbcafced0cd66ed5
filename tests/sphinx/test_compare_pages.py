"""The page that compares agents of one name, in real builds: HTML and books, early and late."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest
from agentdocs.verify import results
from agentdocs.verify.contract.model import digest
from agentdocs.verify.model import Outcome, Report
from hostile import markup

if TYPE_CHECKING:
    from hostile.builds import Build, Project

PAGE = "agents/library/roles/ada"
CODE = "total = 1\nprint(total)\n"
BODY = f"""\
Keeps the ledger of a small shop.

## Rules

- Write every sale down before the drawer is opened
- Count the drawer twice

## Examples

```python
{CODE}```
"""
OTHER = (
    BODY.replace("before the drawer is", "once the drawer was") + "\n## Ends\n\n<b>Own</b> words.\n"
)


def two(project: Project) -> None:
    project.agent("north/ada.md", BODY, model="opus")
    project.agent("south/ada.md", OTHER, model="sonnet", tools="Read, Bash")


def save(project: Project, verdict: str) -> None:
    path = "agents/north/ada.md"
    one = Outcome(
        path, "examples", path, 17, 20, "python", digest(CODE), verdict, "runs",
        date="2025-11-20T10:42:07Z",
    )  # fmt: skip
    results.save(project.root / ".agentdocs" / "results.json", Report((one,)))


def article(done: Build) -> str:
    """Return the words of the page."""
    return markup.words(markup.parse_text(done.page(PAGE)).text)


def test_what_differs_is_said_in_words_that_any_reader_gets(project: Project) -> None:
    two(project)
    done = project.build()
    assert done.foreign() == []
    html, text = done.page(PAGE), article(done)
    assert re.search(r'<th class="head" scope="col"|<th scope="col"', html)
    assert re.search(r'<th scope="row"><p>Model <strong>≠</strong></p></th>', html)
    assert html.count('data-label="north"') == html.count('data-label="south"') > 5
    assert "Rules in 2 of 2: 1 the same, 1 reworded" in text
    assert "−before" in text
    assert "+once" in text
    assert "<b>Own</b>" not in html
    assert re.search(r'href="[./]*south/ada/source\.html#L\d+"', html)


def test_agents_that_are_the_same_are_said_to_be(project: Project) -> None:
    for folder in ("north", "south"):
        project.agent(f"{folder}/ada.md", BODY)
    text = article(project.build())
    assert "= The same in both: Model" not in text
    assert "= Word for word in both: Opening, Rules, Examples" in text
    assert "≠" not in text.replace("Rows marked ≠ differ", "")


def test_each_fold_is_named_and_each_link_leads_somewhere(project: Project) -> None:
    two(project)
    done = project.build()
    html = done.page(PAGE)
    assert html.count("<details") == html.count("<summary") == html.count("</details>") > 3
    here = done.out / "agents/library/roles"
    body = html[html.index("Rows marked") :]
    for path, anchor in re.findall(r'class="reference internal" href="([^"#]+)#?([^"]*)"', body):
        there = (here / path).resolve()
        assert there.is_file(), path
        assert not anchor or f'id="{anchor}"' in there.read_text(encoding="utf-8")


def test_proof_is_bound_late(project: Project) -> None:
    two(project)
    assert "Snippets proved not verified in this build" in article(project.build())
    save(project, "passed")
    done = project.build()
    assert (done.read, PAGE in done.written) == (set(), True)
    assert "Snippets proved 1 of 1 not verified" in article(done)
    save(project, "failed")
    assert "Snippets proved 0 of 1, 1 failed" in article(project.build())


@pytest.mark.parametrize("builder", ["text", "latex", "epub"])
def test_books_have_it_too(project: Project, builder: str) -> None:
    two(project)
    done = project.build("-b", builder, "-D", "copyright=ada", "-D", "version=1")
    assert done.code == 0
    assert [one for one in done.foreign() if "epub" not in one.kind] == []
    if builder == "text":
        text = (done.out / f"{PAGE}.txt").read_text(encoding="utf-8")
        assert "Write every sale down" in text
        assert "| Model **≠**" in text


def test_a_page_about_seven_stays_small(project: Project) -> None:
    """Seven agents of a realistic size, each a reworded copy of the same."""
    rnd = random.Random(5)
    words = [
        f"{a}{b}" for a in ("table", "order", "queue", "log", "test") for b in ("", "s", "ing")
    ]
    parts = [
        f"## Part {n} of {rnd.choice(words)}\n\n"
        + "\n".join(f"- {' '.join(rnd.choices(words, k=14))}" for _ in range(8))
        for n in range(25)
    ]
    for number in range(7):
        lines = "\n\n".join(parts[: 25 - number]).split("\n")
        for index in rnd.sample(range(len(lines)), 20):
            lines[index] = lines[index].replace("order", f"else{number}")
        project.agent(f"shop-{number}/ada.md", "\n".join(lines), model=f"model-{number}")
    done = project.build()
    assert len(done.page(PAGE).encode()) < 100_000

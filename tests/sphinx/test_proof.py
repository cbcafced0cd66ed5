"""Verdicts on the pages: beside the right code only, bound late, published, and never acting."""

from __future__ import annotations

import json
import re
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from agentdocs.library import read_library
from agentdocs.sphinx_ext.badges import MOST, excerpt, visible, words
from agentdocs.verify import results
from agentdocs.verify.contract.model import digest
from agentdocs.verify.model import TIERS, VERDICTS, ContractProblem, Error, Outcome, Report, Terms
from hostile import markup
from hostile.builds import SMALL, Project, shared, sphinx, tree

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.builds import Build

UNKNOWN = "not verified in this build"
CODE = "total = 1\nprint(total)\n"
BODY = f"Text.\n\n## Reference\n\nText.\n\n## Examples\n\n```python\n{CODE}```\n"
PAGE = "agents/team/ada-one/examples"
INDEX = "agents/team/ada-one/index"
HEALTH = "agents/library/health"


def outcome(name: str = "team/ada-one", code: str = CODE, **values: Any) -> Outcome:
    """Return a verdict on the snippet of an agent with :data:`BODY`."""
    path = f"agents/{name}.md"
    plain = Outcome(
        path, "examples", path, 11, 15, "python", digest(code), "passed", "runs",
        date="2025-11-20T10:42:07Z",
    )  # fmt: skip
    return replace(plain, **values)


def save(project: Project, *outcomes: Outcome, **values: Any) -> Path:
    path = project.root / ".agentdocs" / "results.json"
    results.save(path, Report(outcomes, **values))
    return path


def three(project: Project) -> None:
    for name in ("ada-one", "ben-two", "cleo-three"):
        project.agent(f"team/{name}.md", BODY)


def shown(done: Build, page: str = PAGE) -> list[str]:
    """Return the verdicts on a page, as they are read."""
    found = re.findall(r'<span class="agentdocs-verdict[^>]*>(.*?)</span>', done.page(page))
    return [markup.parse_text(one).text for one in found]


def article(done: Build, page: str) -> str:
    return markup.words(markup.parse_text(done.page(page)).article)


# --- what stands beside a snippet --------------------------------------------------------------

SAID = {
    "passed checked": ("✓ checked", {"tier": "checked"}),
    "passed runs": ("✓ runs", {}),
    "passed with a remark": ("✓ runs · only defines things", {"reason": "only defines things"}),
    "passed parses": ("parses", {"tier": "parses"}),
    "failed": ("✗ failed · prints something else", {
        "verdict": "failed", "reason": "prints something else",
    }),
    "failed with an error": ("✗ failed · ZeroDivisionError: division by zero", {
        "verdict": "failed", "error": Error("ZeroDivisionError: division by zero", 12),
    }),
    "unproved": ("○ only parses · uses Session, which nothing defines", {
        "verdict": "unproved", "tier": "parses", "reason": "uses Session, which nothing defines",
    }),
    "skipped": ("– skipped · needs a cluster", {
        "verdict": "skipped", "tier": "none", "reason": "needs a cluster",
    }),
}  # fmt: skip


@pytest.fixture(scope="session")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return a site with one agent for each verdict."""

    def make(folder: Path) -> Build:
        project = Project(folder, SMALL)
        found = []
        for name, (_, values) in SAID.items():
            agent = f"team/{name.replace(' ', '-')}"
            project.agent(f"{agent}.md", BODY)
            found.append(outcome(agent, **values))
        save(project, *found)
        return project.build("-n", "-W")

    return shared(tmp_path_factory, "proof-verdicts", make)


@pytest.mark.parametrize("name", SAID)
def test_a_snippet_says_its_verdict_in_words(verdicts: Build, name: str) -> None:
    page = f"agents/team/{name.replace(' ', '-')}/examples"
    assert shown(verdicts, page) == [SAID[name][0]]


def test_every_verdict_at_every_tier_has_words() -> None:
    for verdict in VERDICTS:
        for tier in TIERS:
            said = words(outcome(verdict=verdict, tier=tier))
            assert said.text, (verdict, tier)
            assert bool(said.sign) or verdict == "passed", (verdict, tier)


def test_without_results_a_page_says_so_and_nothing_else(project: Project) -> None:
    project.agent("team/ada-one.md", BODY)
    done = project.build("-n", "-W")
    assert (done.code, done.errors) == (0, "")
    assert shown(done) == [UNKNOWN]
    assert "agentdocs-evidence" not in done.page(PAGE)
    assert article(done, INDEX).count(f"1 snippet, {UNKNOWN}.") == 1
    assert article(done, HEALTH).count(UNKNOWN) == 1
    for page in (PAGE, INDEX, HEALTH):
        assert "agentdocs-bar" not in done.page(page)
    assert not {"results.json", "badge.json"} & done.files().keys()


@pytest.mark.security("SEC-40")
def test_a_verdict_on_other_code_is_not_shown(project: Project) -> None:
    project.agent("team/ada-one.md", BODY)
    save(project, outcome())
    assert shown(project.build()) == ["✓ runs"]
    project.agent("team/ada-one.md", BODY.replace("total = 1", "total = 2"))
    done = project.build()
    assert shown(done) == [UNKNOWN]
    assert f"1 snippet, {UNKNOWN}." in article(done, INDEX)


@pytest.mark.parametrize(
    "change",
    [{"path": "agents/team/ben-two.md"}, {"address": "reference"}, {"path": "team/ada-one.md"}],
    ids=["file", "address", "folder"],
)
def test_a_verdict_on_the_same_code_elsewhere_is_not_shown(
    project: Project, change: dict[str, str]
) -> None:
    three(project)
    save(project, outcome(**change), outcome("team/cleo-three"))
    done = project.build()
    assert shown(done) == [UNKNOWN]
    assert shown(done, "agents/team/cleo-three/examples") == ["✓ runs"]


# Whatever Markdown makes of a block, the page and the verifier must see the same code.
BLOCKS = """\
## Reference

- in a list

  ```python
  x = 1

  ```

  1. deeper

         indented = "code"

> ~~~sh title="x"
> echo  "a\ttab"
> ~~~

\ttabs = "indented"

```{include} x.md
no directive
```

````md
```python
nested
```
````

```

only blank lines above
```

```json
{"a": "ä € 😀 \\u0000 &amp; <b>"}
```

## Examples

```python
print("open to the end")
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "windows"])
def test_a_page_and_the_verifier_agree_on_what_the_code_is(project: Project, ends: str) -> None:
    file = project.agent("team/ada-one.md", BLOCKS)
    file.write_bytes(file.read_bytes().replace(b"\n", ends.encode()))
    [agent] = read_library(project.root / "agents").agents
    found = [
        outcome(code=one.code, address=one.address) for _, o in agent.texts() for one in o.snippets
    ]
    assert len(found) == 9
    save(project, *found)
    done = project.build()
    said = [one for page in ("reference", "examples", "index") if
            (done.out / f"agents/team/ada-one/{page}.html").exists()
            for one in shown(done, f"agents/team/ada-one/{page}")]  # fmt: skip
    assert said == ["✓ runs"] * 9


def test_snippets_of_companions_have_verdicts_of_their_own(project: Project) -> None:
    head = "---\nname: ada-one\ndescription: Works.\n---\n\n"
    project.write("agents/team/ada-one/SKILL.md", f"{head}{BODY}")
    project.write("agents/team/ada-one/more.md", f"# More\n\n## Examples\n\n```python\n{CODE}```\n")
    save(
        project,
        outcome("team/ada-one/SKILL"),
        outcome("team/ada-one/more", verdict="failed", reason="is wrong"),
    )
    done = project.build()
    assert shown(done) == ["✓ runs"]
    assert shown(done, "agents/team/ada-one/more") == ["✗ failed · is wrong"]
    assert "more.md:examples · is wrong" in article(done, INDEX)
    assert [*markup.broken(done.out, done.out / f"{INDEX}.html")] == []


# --- what is folded up -------------------------------------------------------------------------


def test_the_proof_stands_below_the_code(project: Project) -> None:
    project.agent("team/ada-one.md", BODY)
    terms = Terms(
        "agents/team/ada-one.verify.yaml", 7, setup="import a\n", check="assert b\n",
        expect="1\n2\n", after=("reference/first",), files=("data/x.csv",), schema="x.json",
    )  # fmt: skip
    save(project, outcome(
        verdict="failed", tier="runs", reason="prints something else", seconds=1.234,
        interpreter="CPython 3.11.7", packages=(("fastapi", "0.115"), ("httpx", "0.27")),
        output="1\n3\n", expected="1\n2\n", cut=True, terms=terms,
        error=Error("it differs", 12, "a trace\nof lines"),
    ))  # fmt: skip
    done = project.build("-n", "-W")
    page = done.page(PAGE)
    said = article(done, PAGE)
    evidence = said[said.index("print(total)") :]
    for text in (
        "Error, and output of this snippet", "it differs at line 12", "a trace of lines",
        "Expected 1 2 Actual 1 3", "There was more output than is kept.",
        "Contract of this snippet", "Set up by: import a", "Checked by: assert b",
        "Must print: 1 2", "Runs after: reference/first", "With the files: data/x.csv",
        "Holds to the schema: x.json", "agents/team/ada-one.verify.yaml, line 7",
        "python -m agentdocs verify agents/team/ada-one.md::examples",
        "With fastapi 0.115, httpx 0.27", "1.23 s · 2025-11-20 · CPython 3.11.7",
    ):  # fmt: skip
        assert text in evidence, text
    # The line at fault is a place in the file.
    assert '<a href="source.html#L12">line 12</a>' in page
    assert 'id="L12"' in done.page("agents/team/ada-one/source")
    # Folds come after the code, so that what copies the first block copies code.
    assert page.index("<pre>") < page.index("<details>")
    assert page.count("<details>") == 3
    assert "<details open" not in page


def test_what_is_not_known_is_not_mentioned(project: Project) -> None:
    project.agent("team/ada-one.md", BODY)
    save(project, outcome(date="", tier="parses"))
    page = project.build().page(PAGE)
    assert page.count("<details>") == 1  # how to see it again
    evidence = page[page.index("agentdocs-evidence") :].partition("</div></details>")[2]
    assert evidence.startswith("</div>")


def test_a_snippet_costs_few_bytes(project: Project) -> None:
    blocks = "".join(f'```json\n{{"number": {n}}}\n```\n\n' for n in range(30))
    project.agent("team/ada-one.md", f"## Examples\n\n{blocks}")
    plain = len(project.build().page(PAGE))
    [agent] = read_library(project.root / "agents").agents
    save(project, *(
        outcome(code=one.code, address=one.address, tier="parses")
        for _, o in agent.texts() for one in o.snippets
    ))  # fmt: skip
    done = project.build()
    assert shown(done) == ["parses"] * 30
    assert (len(done.page(PAGE)) - plain) / 30 < 400


# --- bound late --------------------------------------------------------------------------------


def test_new_results_read_no_page_and_write_the_ones_concerned(project: Project) -> None:
    three(project)
    save(project, outcome(), outcome("team/ben-two"), outcome("team/cleo-three"))
    project.build()
    before = {path: path.stat().st_mtime_ns for path in (project.root / "out").rglob("*.html")}
    time.sleep(0.02)
    save(project, outcome(), outcome("team/ben-two", tier="checked"), outcome("team/cleo-three"))
    done = project.build()
    assert done.counts == (0, 0, 0)
    assert done.read == set()
    concerned = {"agents/team/ben-two/examples", "agents/team/ben-two/index", HEALTH}
    assert done.written == concerned
    later = {path for path, when in before.items() if path.stat().st_mtime_ns != when}
    names = {path.relative_to(done.out).with_suffix("").as_posix() for path in later}
    ever = {
        "404",
        "genindex",
        "search",
        *(f"agent-{n}" for n in ("agents", "tools", "tags", "models")),
    }
    assert names - ever == concerned
    assert shown(done, "agents/team/ben-two/examples") == ["✓ checked"]
    assert "1 of 1 snippet proved: 1 checked." in article(done, "agents/team/ben-two/index")


def test_the_same_results_write_nothing(project: Project) -> None:
    three(project)
    path = save(project, outcome())
    first = project.build()
    published = {name: (first.out / name).stat().st_mtime_ns for name in first.files()
                 if name.endswith(".json")}  # fmt: skip
    time.sleep(0.02)
    path.write_bytes(path.read_bytes())
    second = project.build()
    assert (second.counts, second.read, second.written) == ((0, 0, 0), set(), set())
    assert len(published) >= 2
    assert {name: (second.out / name).stat().st_mtime_ns for name in published} == published


def test_results_that_arrive_or_leave_write_what_shows_them(project: Project) -> None:
    three(project)
    assert shown(project.build()) == [UNKNOWN]
    path = save(project, outcome())
    second = project.build()
    assert (second.read, second.written) == (set(), {PAGE, INDEX, HEALTH})
    assert shown(second) == ["✓ runs"]
    path.unlink()
    third = project.build()
    assert (third.read, third.written) == (set(), {PAGE, INDEX, HEALTH})
    assert shown(third) == [UNKNOWN]


def test_another_file_of_results_reads_no_page(project: Project) -> None:
    three(project)
    save(project, outcome())
    project.build()
    other = project.root / "later" / "verdicts.json"
    results.save(other, Report((outcome(tier="checked"),)))
    done = project.build("-D", "agentdocs_results=../later/verdicts.json")
    assert done.counts == (0, 0, 0)
    assert (done.read, done.written) == (set(), {PAGE, INDEX, HEALTH})
    assert shown(done) == ["✓ checked"]
    assert shown(project.build("-D", "agentdocs_results=")) == [UNKNOWN]


def test_a_snippet_that_comes_or_goes_is_counted_on_pages_that_are_not_read(
    project: Project,
) -> None:
    three(project)
    save(project, outcome())
    project.build()
    # As many bytes as before, so that the overview has no reason of its own to be read.
    project.agent("team/ada-one.md", BODY.replace("```python", "~~~text\n~~~\n```")[:-11] + "```\n")
    file = project.root / "agents/team/ada-one.md"
    file.write_text(file.read_text().ljust(len(BODY) + 76))
    done = project.build()
    assert INDEX in done.written
    assert f"2 snippets, {UNKNOWN}." in article(done, INDEX)


def test_each_builder_remembers_what_it_has_written(project: Project) -> None:
    three(project)
    save(project, outcome())
    project.build()  # makes conf.py

    def build(builder: str) -> Build:
        doctrees = str(project.root / "doctrees")
        return sphinx(project.docs, project.root / builder, "-b", builder, "-d", doctrees)

    build("html")
    build("text")
    save(project, outcome(tier="checked"))
    assert build("html").written == {PAGE, INDEX, HEALTH}
    assert build("text").written == {PAGE, INDEX, HEALTH}
    assert build("text").written == set()


def test_parallel_builds_show_the_same(project: Project) -> None:
    names = [f"team/worker-{number}" for number in range(12)]
    for name in names:
        project.agent(f"{name}.md", BODY)
    save(project, *(outcome(name, output=f"said by {name}\n") for name in names))
    serial = project.build("-j", "1", "-n", "-W")
    parallel = project.build("-j", "2", "-n", "-W", out="parallel")
    assert (serial.errors, parallel.errors) == ("", "")
    mine, other = (
        tree(
            done.out, ".buildinfo",
            "_pagefind/filter/*", "_pagefind/*.pf_meta", "_pagefind/pagefind-entry.json",
        )
        for done in (serial, parallel)
    )  # fmt: skip
    assert [path for path in mine if mine[path] != other.get(path)] == []
    # New results in parallel: all pages are written by processes that did not load them.
    save(project, *(outcome(name, tier="checked") for name in names))
    again = project.build("-j", "2", out="parallel")
    assert again.counts == (0, 0, 0)
    assert [shown(again, f"agents/{name}/examples") for name in names] == [["✓ checked"]] * 12


# --- where results are -------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["docs", ".", "beside"])
def test_results_are_found_beside_the_configuration_above_it_or_with_the_agents(
    project: Project, place: str
) -> None:
    project.agent("team/ada-one.md", BODY)
    project.write("docs/conf.py", SMALL)
    if place == "beside":
        (project.root / "elsewhere").mkdir()
        shutil.move(project.root / "agents", project.root / "elsewhere" / "agents")
        project.write("docs/conf.py", SMALL.replace("../agents", "../elsewhere/agents"))
    folder = {"docs": "docs", ".": ".", "beside": "elsewhere"}[place]
    root = project.root / ("elsewhere" if place == "beside" else ".")
    path = project.root / folder / ".agentdocs" / "results.json"
    results.save(path, Report((outcome(),)), root)
    assert shown(project.build()) == ["✓ runs"]


def test_verdicts_that_still_wait_in_a_journal_are_shown(project: Project) -> None:
    project.agent("team/ada-one.md", BODY)
    with results.Journal(project.root / ".agentdocs" / "results.json") as journal:
        journal.add(outcome(tier="checked"))
    done = project.build()
    assert shown(done) == ["✓ checked"]
    assert json.loads((done.out / "results.json").read_text())["summary"]["total"] == 1


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff\0", b'{"version": 99, "results": []}', b""])
def test_broken_results_are_one_warning_and_count_as_none(project: Project, data: bytes) -> None:
    three(project)
    project.write(".agentdocs/results.json", data)
    done = project.build("-j", "2")
    assert [warned.kind for warned in done.warnings] == ["agentdocs.results"]
    assert "results.json" in done.errors
    assert shown(done) == [UNKNOWN]
    assert not {"results.json", "badge.json"} & done.files().keys()
    assert project.build("-D", "suppress_warnings=agentdocs.results", "-W", out="quiet").code == 0


def test_results_of_other_agents_are_neither_shown_nor_published(project: Project) -> None:
    project.agent("team/ada-one.md", BODY)
    problem = ContractProblem("agents/team/ada-one.verify.yaml", 1, "names nothing")
    path = project.root / ".agentdocs" / "results.json"
    results.save(path, Report((outcome(),), problems=(problem,)), project.root / "another")
    done = project.build("-n", "-W")
    assert shown(done) == [UNKNOWN]
    assert "names nothing" not in article(done, HEALTH)
    assert "results.json" not in done.files()


def test_results_of_other_agents_do_not_hide_those_of_the_library(project: Project) -> None:
    project.agent("team/ada-one.md", BODY)
    project.write("docs/conf.py", SMALL)
    other = project.docs / ".agentdocs" / "results.json"
    results.save(other, Report((outcome(tier="checked"),)), project.root / "another")
    save(project, outcome())
    assert shown(project.build("-n", "-W")) == ["✓ runs"]


# --- how much is proved ------------------------------------------------------------------------


@pytest.fixture(scope="session")
def tallied(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return a site with agents that are proved in part."""

    def make(folder: Path) -> Build:
        project = Project(folder, SMALL)
        three(project)
        project.agent("other/dora-four.md", BODY.replace("```python", "```sh"))
        project.agent("other/eve-five.md", "No code.")
        project.agent("other/fay-six.md", f"{BODY}\n```python\nx = 2\n```\n\n```js\n1\n```\n")
        save(
            project,
            outcome(verdict="failed", tier="parses", reason="NameError: total"),
            outcome("team/ben-two", tier="checked"),
            outcome("other/dora-four", language="sh", verdict="skipped", reason="needs a disk"),
            outcome("other/fay-six", verdict="unproved", tier="names", reason="needs the network"),
            outcome("other/fay-six", "x = 2\n", address="examples#2", tier="runs"),
            problems=(ContractProblem("agents/team/x.verify.yaml", 9, "names *nothing*", "Go."),),
        )
        return project.build("-n", "-W")

    return shared(tmp_path_factory, "proof-tallied", make)


def test_an_overview_says_how_much_of_the_agent_is_proved(tallied: Build) -> None:
    said = {name: article(tallied, f"agents/{name}/index") for name in (
        "team/ada-one", "team/ben-two", "team/cleo-three", "other/eve-five", "other/fay-six",
    )}  # fmt: skip
    assert "0 of 1 snippet proved; 1 failed." in said["team/ada-one"]
    assert "1 of 1 snippet proved: 1 checked." in said["team/ben-two"]
    assert f"1 snippet, {UNKNOWN}." in said["team/cleo-three"]
    fay = f"1 of 3 snippets proved: 1 runs; 1 unproved, 1 {UNKNOWN}."
    assert fay in said["other/fay-six"]
    assert "proved" not in said["other/eve-five"]
    assert "agentdocs-proof" not in tallied.page("agents/other/eve-five/index")


def test_a_failed_snippet_is_linked_from_the_overview(tallied: Build) -> None:
    page = markup.parse_text(tallied.page(INDEX))
    links = [tag.get("href") for tag in page.tags if "#code-" in (tag.get("href") or "")]
    assert links == ["examples.html#code-examples"]
    assert "✗ examples · NameError: total" in article(tallied, INDEX)
    assert [*markup.broken(tallied.out, tallied.out / f"{INDEX}.html")] == []


def test_the_health_page_sums_up_the_library(tallied: Build) -> None:
    said = article(tallied, HEALTH)
    proof = said[said.index("Proof") : said.index("Problems")]
    order = [
        f"2 of 7 snippets proved: 1 checked, 1 runs; 1 failed, 1 unproved, 1 skipped, 2 {UNKNOWN}.",
        "✗ team/ada-one:examples · NameError: total",
        "agents/team/x.verify.yaml:9 names *nothing* Go.",
        "needs the network 1 other/fay-six:examples",
        "checked 1 runs 1 failed 1 unproved 1 skipped 1",
        "python 5 2 1 1",
        "js 1 0 0 0",
        "other 4 1 0 1",
        "team 3 1 1 0",
        "results.json",
    ]
    places = [proof.find(text) for text in order]
    assert -1 not in places, dict(zip(order, places, strict=True))
    assert places == sorted(places)
    assert [*markup.broken(tallied.out, tallied.out / f"{HEALTH}.html")] == []


def test_lists_of_the_health_page_are_bounded(project: Project) -> None:
    names = [f"team/worker-{number}" for number in range(90)]
    for number, name in enumerate(names):
        project.agent(f"{name}.md", BODY.replace("total = 1", f"total = {number}"))
    found = [
        outcome(
            name, CODE.replace("total = 1", f"total = {number}"),
            verdict="failed" if number < 40 else "unproved",
            reason="often" if number > 85 else f"reason {number:02}",
        )
        for number, name in enumerate(names)
    ]  # fmt: skip
    save(project, *found)
    done = project.build()
    said = article(done, HEALTH)
    failed, _, unproved = said.partition("Unproved, by reason")
    assert "and 10 more" in failed
    assert "and 17 more" in unproved  # 46 reasons, and the frequent one
    assert said.index("often 4") < said.index("reason 40")  # the most frequent comes first
    assert said.count("reason ") < 70


def test_contracts_without_snippets_are_reported_too(project: Project) -> None:
    project.agent("team/ada-one.md", "No code.")
    save(project, problems=(ContractProblem("agents/team/ada-one.verify.yaml", 3, "is empty"),))
    done = project.build("-n", "-W")
    assert (done.code, done.errors) == (0, "")
    assert "No snippets. Contracts that cannot be kept" in article(done, HEALTH)


# --- published ---------------------------------------------------------------------------------


def test_results_and_a_badge_are_published_at_the_root(project: Project) -> None:
    project.agent("team/ada-one.md", BODY)
    report = Report((outcome(),))
    path = save(project, *report.outcomes)
    done = project.build()
    assert (done.out / "results.json").read_bytes() == path.read_bytes()
    assert json.loads((done.out / "badge.json").read_text()) == results.shield(report)
    links = {tag.get("href") for tag in markup.parse_text(done.page(HEALTH)).tags}
    assert {"../../results.json", "../../badge.json"} <= links
    assert not [name for name in done.files() if "lock" in name or ".agentdocs" in name]
    path.unlink()
    again = project.build()
    assert not {"results.json", "badge.json"} & again.files().keys()


def test_files_of_the_same_name_that_a_project_ships_are_kept(project: Project) -> None:
    project.agent("team/ada-one.md", BODY)
    project.write("docs/conf.py", f'{SMALL}html_extra_path = ["extra"]\n')
    for name in ("results.json", "badge.json"):
        project.write(f"docs/extra/{name}", '{"schemaVersion": 1}')
    done = project.build()
    assert (done.out / "results.json").read_text() == '{"schemaVersion": 1}'
    assert (done.out / "badge.json").exists()


# --- other ways to read it ---------------------------------------------------------------------


@pytest.mark.parametrize("builder", ["text", "latex", "epub", "man", "xml", "dirhtml"])
def test_other_builders_say_the_verdict_in_words(project: Project, builder: str) -> None:
    project.agent("team/ada-one.md", BODY)
    # What these builders make of several documents does not hold orphans.
    project.write("docs/index.md", "# Home\n\n```{toctree}\nagents/index\nagents/team/ada-one/index\n"
                                   "agents/team/ada-one/examples\nagents/library/health\n```\n")  # fmt: skip
    save(project, outcome(verdict="failed", tier="runs", reason="is *wrong* & $x$", output="said"))
    done = project.build("-b", builder)
    assert done.code == 0, done.errors
    foreign = [w for w in done.foreign() if not w.kind.startswith("epub") and "conf" not in w.text]
    assert foreign == []
    everything = "".join(
        data.decode(errors="ignore") for name, data in done.files().items()
        if name.endswith((".txt", ".tex", ".xhtml", ".1", ".xml", ".html"))
        and "_static" not in name and "files/" not in name
    )  # fmt: skip
    said = markup.words(everything.replace("</b>", "").replace("\\(bu", "·"))
    assert "failed · is" in said
    assert ("<details" in everything) == (builder == "dirhtml")
    assert ("results.json" in done.files()) == (builder == "dirhtml")


def test_another_theme_shows_the_same(project: Project) -> None:
    project.agent("team/ada-one.md", BODY)
    save(project, outcome(output="said\n"))
    plain = project.build("-n", "-W")
    other = project.build("-n", "-W", "-D", "html_theme=alabaster", out="alabaster")
    assert shown(other) == shown(plain) == ["✓ runs"]
    for page in (PAGE, INDEX, HEALTH):
        assert "".join(
            re.findall(r'<div class="agentdocs-(?:evidence|bar).*', other.page(page))
        ) == ("".join(re.findall(r'<div class="agentdocs-(?:evidence|bar).*', plain.page(page))))
    assert "agentdocs-evidence" in other.page(PAGE)


# --- hostile results ---------------------------------------------------------------------------

SCRIPT = "</pre></details><script>window.pwned=1</script><img src=x onerror=window.pwned=1>"
ACTING = "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link\x1b]8;;\x07 \x9b2J \x00 \u202eevil"


@pytest.mark.security("SEC-40")
def test_nothing_in_results_acts_on_a_page(project: Project) -> None:
    project.agent("team/ada-one.md", BODY)
    project.agent("team/ben-two.md", BODY)
    clean = project.build().files()
    evil = f"{SCRIPT}{ACTING}"
    terms = Terms(evil, 1, evil, evil, evil, (evil,), (evil,), evil, evil)
    problem = ContractProblem("agents/x.yaml", 1, evil, evil)
    save(project, outcome(
        verdict="failed", tier="runs", reason=evil, date=evil, interpreter=evil, language=evil,
        packages=((evil, evil),), output=f"{evil} printed", expected=evil, terms=terms,
        error=Error(evil, 12, f"{evil}\n{evil}"),
    ), outcome("team/ben-two", verdict="unproved", reason=evil), problems=(problem,))  # fmt: skip
    done = project.build("-n", "-W")
    assert done.errors == ""
    for name in (PAGE, INDEX, HEALTH, "agents/team/ben-two/examples"):
        page = done.page(name)
        tags = markup.parse_text(page).tags
        before = markup.parse_text(clean[f"{name}.html"].decode()).tags
        acting = ("script", "img", "iframe", "object", "svg")
        assert [t.name for t in tags if t.name in acting] == (
            [t.name for t in before if t.name in acting]
        ), name
        assert not [a for tag in tags for a, _ in tag.attributes if a.startswith("on")], name
        assert "<script>window.pwned=1</script>" in markup.parse_text(page).article, name
        assert not set(page) & set("\x00\x1b\x9b\u202e\x07\x08"), name
    # No tag was closed from within: the page ends as it did.
    assert article(done, PAGE).endswith(article(project.build(), PAGE)[-20:])
    assert "printed" in article(done, PAGE)
    assert "printed" not in (done.out / "searchindex.js").read_text()


def test_a_megabyte_of_output_is_cut(project: Project) -> None:
    project.agent("team/ada-one.md", BODY)
    save(project, outcome(output="<&é" * 350_000, reason="r" * 1_000_000,
                          interpreter="i" * 1_000_000))  # fmt: skip
    done = project.build()
    assert len(done.page(PAGE)) < 100_000
    assert "Only the beginning is shown." in article(done, PAGE)
    assert len(shown(done)[0]) < 200


ESCAPES = {
    "colours": ("\x1b[1;31mred\x1b[0m", "red"),
    "links": ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
    "a title that is never ended": ("\x1b]0;title and more", "0;title and more"),
    "lines that are overwritten": ("one\rtwo\r\nthree", "one\ntwo\nthree"),
    "controls": ("a\x00b\x08c\x7fd", "a␀b␈c␡d"),
    "controls of eight bits": ("a\x85b", "a\ufffdb"),
    "a lonely escape": ("a\x1b", "a␛"),
    "directions": ("a\u202eb\u2066c", "a\ufffdb\ufffdc"),
    "half a character": ("a\ud800b", "a\ufffdb"),
    "separators": ("a\u2028b", "a\nb"),
    "what is fine": ("tab\tline\nä € 👩\u200d🚀", "tab\tline\nä € 👩\u200d🚀"),
}


@pytest.mark.parametrize("name", ESCAPES)
def test_what_acts_on_a_terminal_is_made_visible(name: str) -> None:
    text, plain = ESCAPES[name]
    assert visible(text) == plain


def test_an_excerpt_is_at_most_so_many_bytes_and_says_so() -> None:
    assert excerpt("a" * MOST) == ("a" * MOST, False)
    assert excerpt("a" * (MOST + 1)) == ("a" * MOST, True)
    text, cut = excerpt("é" * MOST)
    assert (len(text.encode()), cut) == (MOST, True)
    # Sequences are taken out before it is cut, but not for ever.
    assert excerpt("\x1b[0m" * 10_000_000) == ("", True)

"""Run buttons: beside the code they were planned for, copied with what they load, never acting."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from agentdocs.verify import results
from agentdocs.verify.contract.model import digest
from agentdocs.verify.model import Outcome, Report
from hostile.builds import Project, tree

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.builds import Build

CODE = "print(1)\n"
SCHEMED = '{"id": 1}\n'
BODY = f"Text.\n\n## Examples\n\n```python\n{CODE}```\n\n## Schemas\n\n```json\n{SCHEMED}```\n"
NAMES = ("ada-one", "ben-two")
HEALTH = "agents/library/health"
BUTTON = re.compile(
    r'<div class="agentdocs-runnable" data-plan="([^"]*)" data-snippet="([^"]*)">.*?'
    r'<button type="button" class="agentdocs-run" hidden>(\w+)</button>',
    re.DOTALL,
)


def entry(
    plan: str, snippet: str, code: str, kind: str = "run", reason: str = ""
) -> dict[str, str]:
    return {
        "digest": digest(code), "plan": plan, "snippet": snippet, "kind": kind, "reason": reason,
    }  # fmt: skip


def runtime(project: Project, snippets: dict[str, dict[str, Any]], root: str = "../..") -> Path:
    """Write as little as a runtime can be."""
    folder = project.root / "_build" / "runtime"
    files = {"page.js": b"export {};", "wheels/x-1.whl": b"x" * 40, "pyodide.asm.wasm": b"y" * 90}
    said = {
        "version": 1, "python": "3.14.2", "pyodide": "314.0.7", "size": 15_100_000,
        "files": {name: {"hash": "0" * 16, "size": len(data)} for name, data in files.items()},
        "packages": {"x": {}}, "missing": {},
    }  # fmt: skip
    for name, data in files.items():
        project.write(f"_build/runtime/{name}", data)
    project.write("_build/runtime/runtime.json", json.dumps(said))
    plans = {"version": 1, "root": root, "snippets": snippets}
    project.write("_build/runtime/plans.json", json.dumps(plans))
    for name in NAMES:
        project.write(f"_build/runtime/plans/team/{name}.json", json.dumps({"agent": name}))
    return folder


def both(**values: Any) -> dict[str, dict[str, Any]]:
    """Return what was planned for two agents with :data:`BODY`."""
    return {
        f"agents/team/{name}.md": {
            "examples": entry(f"team/{name}", "examples", CODE) | values,
            "schemas": entry(f"team/{name}", "schemas", SCHEMED, "data"),
        }
        for name in NAMES
    }


def verified(project: Project, verdict: Any = "passed") -> None:
    found = [
        Outcome(
            f"agents/team/{name}.md", "examples", f"agents/team/{name}.md", 11, 14, "python",
            digest(CODE), verdict, "runs",
        )
        for name in NAMES
    ]  # fmt: skip
    results.save(project.root / ".agentdocs" / "results.json", Report(tuple(found)))


@pytest.fixture
def pair(project: Project) -> Project:
    for name in NAMES:
        project.agent(f"team/{name}.md", BODY)
    return project


def buttons(done: Build, name: str = "ada-one") -> list[tuple[str, ...]]:
    pages = sorted((done.out / "agents" / "team" / name).glob("*.html"))
    return [tuple(found) for page in pages for found in BUTTON.findall(page.read_text())]


def test_a_button_stands_beside_the_code_it_was_planned_for(pair: Project) -> None:
    runtime(pair, both())
    done = pair.build("-n", "-W")
    assert done.code == 0, done.errors
    assert buttons(done) == [
        ("team/ada-one", "examples", "Run"),
        ("team/ada-one", "schemas", "Edit"),
    ]
    assert (done.out / "_run" / "wheels" / "x-1.whl").read_bytes() == b"x" * 40
    assert json.loads((done.out / "_run" / "plans" / "team" / "ada-one.json").read_text())
    assert not (done.out / "_run" / "plans.json").exists(), "it says where the project lies"


def test_code_that_was_edited_since_has_none(pair: Project) -> None:
    runtime(pair, both())
    pair.agent("team/ada-one.md", BODY.replace("print(1)", "print(2)"))
    done = pair.build("-n", "-W")
    assert [snippet for _, snippet, _ in buttons(done)] == ["schemas"]
    assert [snippet for _, snippet, _ in buttons(done, "ben-two")] == ["examples", "schemas"]


def test_a_runtime_of_another_library_is_none_of_ours(pair: Project) -> None:
    runtime(pair, both(), root="../../elsewhere")
    done = pair.build("-n", "-W")
    assert not buttons(done)
    assert not (done.out / "_run").exists()
    assert "Snippets get no Run button" in done.output


@pytest.mark.parametrize(("verdict", "shown"), [("passed", True), ("failed", False)])
def test_the_evidence_says_why_there_is_none(pair: Project, verdict: str, shown: bool) -> None:
    runtime(pair, both(reason="needs <b>marks</b>\x1b[31m"))
    verified(pair, verdict)
    done = pair.build("-n", "-W")
    page = done.page("agents/team/ada-one/examples")
    assert ("Not in the browser: needs &lt;b&gt;marks&lt;/b&gt;." in page) is shown
    assert [snippet for _, snippet, _ in buttons(done)] == ["schemas"]


def test_an_address_is_text(pair: Project) -> None:
    found = both(snippet='"><script>x</script>', plan="a'\"b<")
    runtime(pair, found)
    page = pair.build("-n", "-W").page("agents/team/ada-one/examples")
    assert "<script>x" not in page
    assert 'data-snippet="&quot;&gt;&lt;script&gt;x&lt;/script&gt;"' in page
    assert 'data-plan="a&#x27;&quot;b&lt;"' in page


def test_only_pages_whose_buttons_change_are_written(pair: Project) -> None:
    runtime(pair, both())
    pair.build()
    again = pair.build()
    assert not again.written
    kept = tree(again.out, "*.js", "*.inv")
    found = both()
    found["agents/team/ada-one.md"]["examples"]["reason"] = "needs marks"
    runtime(pair, found)
    done = pair.build()
    assert done.written == {"agents/team/ada-one/examples", HEALTH}
    assert not done.read
    runtime(pair, both())
    back = pair.build()
    assert back.written == done.written
    assert tree(back.out, "*.js", "*.inv") == kept


def test_what_is_gone_is_removed(pair: Project) -> None:
    folder = runtime(pair, both())
    done = pair.build()
    (folder / "wheels" / "x-1.whl").unlink()
    written = (done.out / "_run" / "page.js").stat().st_mtime_ns
    pair.build()
    assert not (done.out / "_run" / "wheels").exists()
    assert (done.out / "_run" / "page.js").stat().st_mtime_ns == written
    shutil.rmtree(folder)
    done = pair.build()
    assert not (done.out / "_run").exists()
    assert not buttons(done)
    assert "In the browser" not in done.page(HEALTH)


def test_a_folder_of_somebody_else_is_left_alone(pair: Project) -> None:
    pair.write("out/_run/mine.txt", "mine")
    done = pair.build()
    assert (done.out / "_run" / "mine.txt").read_text() == "mine"


def test_without_a_runtime_one_line_says_so(pair: Project) -> None:
    done = pair.build("-n", "-W")
    assert done.output.count("python -m agentdocs runtime") == 1
    assert "agentdocs-runnable" not in done.page("agents/team/ada-one/examples")


def test_no_runtime_is_wanted(pair: Project) -> None:
    runtime(pair, both())
    done = pair.build("-D", "agentdocs_runtime=")
    assert not buttons(done)
    assert not (done.out / "_run").exists()


def test_a_broken_runtime_is_named_and_costs_the_buttons_alone(pair: Project) -> None:
    folder = runtime(pair, both())
    (folder / "plans.json").write_text('{"snippets": 1}')
    done = pair.build()
    assert [one.kind for one in done.warnings] == ["agentdocs.runtime"]
    assert not buttons(done)


@pytest.mark.parametrize("builder", ["text", "epub", "dirhtml"])
def test_only_sites_have_buttons(pair: Project, builder: str) -> None:
    runtime(pair, both())
    done = pair.build("-b", builder, out=builder)
    assert done.code == 0, done.errors
    text = "".join(
        p.read_text() for p in done.out.rglob("*") if p.suffix in (".html", ".txt", ".xhtml")
    )
    assert ('class="agentdocs-run"' in text) is (builder == "dirhtml")
    assert (done.out / "_run").exists() is (builder == "dirhtml")


def test_the_health_page_lists_what_runs_elsewhere_alone(pair: Project) -> None:
    found = both()
    found["agents/team/ben-two.md"]["examples"]["reason"] = "needs marks"
    runtime(pair, found)
    verified(pair)
    page = pair.build("-n", "-W").page(HEALTH)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "1 of 2 snippets in languages that a browser runs" in text
    assert "weighs 15.1 MB: Python 3.14.2 (Pyodide 314.0.7)" in text
    assert re.search(r"team/ada-one 1 1 team/ben-two 1 0", text)
    assert re.search(r"team/ben-two:examples needs marks", text)
    assert "team/ada-one:examples needs" not in text


def test_machines_are_told_no_buttons(pair: Project) -> None:
    runtime(pair, both())
    done = pair.build()
    files = [p for p in done.out.rglob("*.md") if "_sources" not in p.parts]
    assert files
    assert not [p for p in files if "agentdocs-run" in p.read_text()]

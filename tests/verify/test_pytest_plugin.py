"""``pytest agents/`` in projects of strangers: the snippets are items like any others."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

import agentdocs
import jsonschema
import pytest
from agentdocs.verify import results

pytestmark = pytest.mark.usefixtures("sandbox")

AGENT = """
## Sum

```python
total = sum([1, 2])
```

## Use

```python
assert total == 3
```

```python
print("more", total)
```

## Wrong

```python
def ratio(a, b):
    return a / b

ratio(1, 0)
```

## Open

```python
Session().commit()
```

## Left out

```python
call_the_bank()
```
"""
SKILL = """---
name: counting
description: Counts things, as its examples show.
---

# Counting

Read [the examples](references/examples.md).

## Count

```console
$ echo 1
1
```
"""
EXAMPLES = "# Examples\n\n## More\n\n```console\n$ echo 2\n2\n```\n"
PAGE = "# A page\n\n## Begin\n\n```python\nprint(1)\n```\n\n```{note}\nNo snippet.\n```\n"
FILES = {
    "agents/x.md": AGENT,
    "agents/counting/SKILL.md": SKILL,
    "agents/counting/references/examples.md": EXAMPLES,
    "docs/page.md": PAGE,
    "docs/deep/er/page.md": PAGE,
    "other.md": "```python\n1 / 0\n```\n",
    "test_own.py": "def test_own():\n    pass\n",
}
SETTINGS = """
[tool.agentdocs]
agents = ["agents"]
documents = ["docs/*.md", "docs/deep/er/*.md"]
"""
IDS = [
    "agents/counting/SKILL.md::count",
    "agents/counting/references/examples.md::more",
    "agents/x.md::sum",
    "agents/x.md::use",
    "agents/x.md::use#2",
    "agents/x.md::wrong",
    "agents/x.md::open",
    "agents/x.md::left-out",
    "docs/deep/er/page.md::begin",
    "docs/page.md::begin",
    "test_own.py::test_own",
]


@pytest.fixture
def full(place):
    one = place(FILES, SETTINGS)
    one.pin(**{"left-out": "skip: needs an account at the bank"})
    return one


def summary(found):
    """Return the last line: ``1 failed, 2 passed``."""
    last = re.sub(r"\x1b\[\d+m", "", found.stdout.strip().splitlines()[-1])
    return re.sub(r"^=* ?| in [\d.]+s.*$", "", last)


def collected(found):
    return [row for row in found.stdout.splitlines() if "::" in row and " " not in row]


def timeless(report):
    return sorted(
        (replace(one, date="", seconds=0.0) for one in report.outcomes), key=lambda one: one.id
    )


# --- what is collected --------------------------------------------------------------------------


def test_the_plugin_is_registered_by_the_package():
    (found,) = entry_points(group="pytest11", name="agentdocs")
    assert found.value == "agentdocs.verify.pytest_plugin"
    assert hasattr(found.load(), "pytest_collect_file")


def test_agents_companions_and_pages_are_collected_with_an_item_for_each_snippet(full):
    found = full.pytest("--collect-only", "-q", code=0)
    assert sorted(collected(found)) == sorted(IDS)
    assert collected(full.pytest("--collect-only", "-q", "agents/x.md")) == IDS[2:8]


def test_the_snippets_are_those_of_the_command_line(full):
    full.verify(code=1)
    assert {*collected(full.pytest("--collect-only", "-q", "agents", "docs"))} == {*full.outcomes}


def test_pages_are_found_at_any_depth(full):
    full.edit("pyproject.toml", '"docs/*.md", "docs/deep/er/*.md"', '"docs/**/*.md"')
    assert {*IDS[8:10]} < {*collected(full.pytest("--collect-only", "-q", code=0))}
    full.edit("pyproject.toml", '"docs/**/*.md"', '"*/page.md"')
    assert IDS[9] in collected(full.pytest("--collect-only", "-q", code=0))
    assert IDS[8] not in collected(full.pytest("--collect-only", "-q", code=0))


def test_all_of_it_is_run_and_said(full):
    found = full.pytest("-rsf", code=1)
    assert summary(found) == "1 failed, 8 passed, 2 skipped"
    open_ = full.line("agents/x.md", "Session().commit()") - 1
    left_out = full.line("agents/x.md", "call_the_bank()") - 1
    assert f"SKIPPED [1] agents/x.md:{open_}: uses Session, which nothing defines" in found.stdout
    assert f"SKIPPED [1] agents/x.md:{left_out}: needs an account at the bank" in found.stdout
    assert re.search(r"FAILED agents/x\.md::wrong - .*ZeroDivisionError", found.stdout)


def test_a_failure_shows_the_agents_lines_and_none_of_ours(full):
    found = full.pytest("agents", code=1)
    line = full.line("agents/x.md", "return a / b")
    assert f"agents/x.md:{line}: ZeroDivisionError: division by zero\n" in found.stdout
    assert f">    {line} │     return a / b\n" in found.stdout
    assert "\nAgain: python -m agentdocs verify agents/x.md::wrong\n" in found.stdout
    assert "pytest_plugin" not in found.stdout
    assert "x.md::wrong" in re.search(r"(?m)^_+ (.*) _+$", found.stdout)[1]


def test_a_project_without_the_table_collects_and_imports_nothing(place):
    text = (
        "import sys\n\n\ndef pytest_sessionfinish():\n"
        "    print('LOADED', sorted(n for n in sys.modules if n.startswith('agentdocs')))\n"
    )
    for settings in ("", "[tool.other]\nx = 1\n", "[tool.pytest.ini_options]\n"):
        one = place(FILES, settings or "\n", name=f"project{len(settings)}")
        one.write({"conftest.py": text})
        found = one.pytest("-s", code=0)
        assert summary(found) == "1 passed"
        loaded = re.search(r"LOADED (.*)", found.stdout)[1]
        allowed = {"agentdocs", "agentdocs.verify", "agentdocs.verify.pytest_plugin"}
        assert {*re.findall(r"'(.*?)'", loaded)} <= allowed
        assert not (one.root / ".agentdocs").exists()


def test_what_is_not_asked_for_is_not_read(place):
    one = place({**FILES, "tests/test_a.py": "def test_a():\n    pass\n"}, SETTINGS)
    text = (
        "import sys\n\n\ndef pytest_sessionfinish():\n"
        "    print('LOADED', 'agentdocs.verify.engine' in sys.modules)\n"
    )
    one.write({"conftest.py": text})
    assert "LOADED False" in one.pytest("-s", "tests", code=0).stdout
    assert "LOADED True" in one.pytest("-s", "agents/counting", code=0).stdout


def test_the_plugin_can_be_switched_off(full):
    assert summary(full.pytest("-p", "no:agentdocs", code=0)) == "1 passed"
    assert not (full.root / ".agentdocs").exists()


def test_a_wrong_setting_is_a_wrong_call(place):
    one = place(FILES, '[tool.agentdocs]\nagent = ["agents"]\n')
    found = one.pytest("agents", code=4)
    assert "[tool.agentdocs] agent is not known here" in found.stdout + found.stderr
    assert "Traceback" not in found.stdout + found.stderr


def test_an_agent_that_cannot_be_read_hinders_no_other(full):
    full.write({"agents/nul.md": b"---\nname: nul\n---\n# A\0\n\n```python\nprint('\0')\n```\n"})
    full.write({"agents/empty.md": b"", "agents/odd.md": b"\xff\xfe\xff---\n```python\n1\n"})
    found = full.pytest("agents", code=1)
    assert re.match(r"1 failed, \d+ passed, \d+ skipped$", summary(found))


# --- pytest's own options -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        (["-k", "use"], "2 passed, 9 deselected"),
        (["-k", "python and not wrong and not begin"], "3 passed, 2 skipped, 6 deselected"),
        (["-k", "counting"], "2 passed, 9 deselected"),
        (["agents/x.md::use"], "1 passed"),
        (["agents/x.md::use#2", "agents/x.md::sum"], "2 passed"),
        (["agents/counting/references/examples.md::more"], "1 passed"),
        (["docs/page.md"], "1 passed"),
        (["agents/counting", "test_own.py"], "3 passed"),
        (["--deselect", "agents/x.md::wrong"], "8 passed, 2 skipped, 1 deselected"),
        (["--ignore", "agents/x.md"], "5 passed"),
    ],
)
def test_items_can_be_chosen_in_pytests_own_ways(arguments, result, full):
    assert summary(full.pytest(*arguments, code=0)) == result


def test_the_first_failure_can_be_the_last(full):
    found = full.pytest("-x", "agents/x.md", code=1)
    assert summary(found) == "1 failed, 3 passed"
    assert "stopping after 1 failures" in found.stdout


def test_what_failed_last_can_be_run_alone(full):
    full.pytest("agents", remember=True, code=1)
    found = full.pytest("--lf", "agents", code=1)
    assert summary(found).startswith("1 failed")
    full.edit("agents/x.md", "ratio(1, 0)", "ratio(1, 1)")
    assert "1 passed" in summary(full.pytest("--lf", "agents", code=0))


def test_a_snippet_that_is_not_there_is_said(full):
    found = full.pytest("agents/x.md::nothing", code=4)
    assert "not found: " in found.stdout + found.stderr


def test_other_programs_get_xml(full):
    full.pytest("--junitxml", "out.xml", code=1)
    suite = ET.fromstring(full.text("out.xml")).find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("11", "1", "2")
    cases = {case.get("name"): case for case in suite}
    assert "ZeroDivisionError" in cases["wrong"].find("failure").text
    assert "which nothing defines" in cases["open"].find("skipped").get("message")


def test_xml_holds_what_xml_can_hold(place):
    text = "## Odd\n\n```python\nprint('\\x00\\x08\\x1b[31m <&>\"')\nraise ValueError('\\x00<&>')\n```\n"
    one = place(text)
    one.pytest("--junitxml", "out.xml", code=1)
    assert ET.fromstring(one.text("out.xml")).find("testsuite").get("failures") == "1"


def test_durations_are_those_of_the_snippets(place):
    text = "## Slow\n\n```python\nimport time\n\ntime.sleep(0.6)\n```\n\n## Quick\n\n```python\nprint(1)\n```\n"
    one = place({"agents/a.md": text, "agents/b.md": "## Next\n\n```python\nprint(1)\n```\n"})
    one.pytest("--junitxml", "out.xml", "--durations=3", code=0)
    cases = {
        case.get("name"): float(case.get("time")) for case in ET.fromstring(one.text("out.xml"))[0]
    }
    assert cases["slow"] >= 0.6
    assert cases["next"] < 0.6


def test_durations_of_one_session_are_each_its_own(place):
    text = "## Slow\n\n```python\nimport time\n\ntime.sleep(0.1)\n```\n\n## Slower\n\n```python\ntime.sleep(0.8)\n```\n"
    one = place(text)
    one.pytest("--junitxml", "out.xml", code=0)
    cases = {
        case.get("name"): float(case.get("time")) for case in ET.fromstring(one.text("out.xml"))[0]
    }
    assert cases["slower"] >= 0.8


def test_odd_names_can_be_called(place):
    text = "## Größe & Co. [x] (y)\n\n```python\nprint(1)\n```\n\n```python\n1 / 0\n```\n"
    names = ["we ird/it's $HOME.md", "näme – 日本.md", "a#b.md", "-x.md", "[x].md", "a::b.md"]
    one = place({f"agents/{name}": text for name in names})
    found = one.pytest("--collect-only", "-q", code=0)
    ids = [f"agents/{name}::größe-co-x-y{end}" for name in names for end in ("", "#2")]
    assert sorted(row for row in found.stdout.splitlines() if "::" in row) == sorted(ids)
    found = one.pytest(*ids[:8], code=1)  # brackets and colons are signs of pytest's own
    assert summary(found) == "4 failed, 4 passed"
    commands = re.findall(r"(?m)^Again: python -m agentdocs verify (.*)$", found.stdout)
    assert sorted(shlex.split(command)[0] for command in commands) == sorted(ids[1:8:2])
    assert summary(one.pytest(ids[0], code=0)) == "1 passed"


# --- verdicts and what is kept ------------------------------------------------------------------


def test_contracts_that_cannot_be_kept_are_an_item(place):
    one = place({"agents/x.md": AGENT, "agents/y.md": "Words only.\n"})
    row = "  gone: {digest: 0123456789ab, check: x}\n"
    one.write(
        {"agents/x.verify.yaml": f"snippets:\n{row}", "agents/y.verify.yaml": f"snippets:\n{row}"}
    )
    found = one.pytest("agents", code=1)
    assert "agents/x.verify.yaml:2: There is no snippet `gone`." in found.stdout
    assert "agents/y.verify.yaml:2: There is no snippet `gone`." in found.stdout
    assert "FAILED agents/x.md::contract" in found.stdout
    assert "pytest_plugin" not in found.stdout


def test_what_is_required_fails(place):
    one = place(FILES, f'{SETTINGS}require = "runs"\n')
    one.pin(**{"left-out": "skip: needs an account at the bank"})
    found = one.pytest("agents/x.md", code=1)
    assert summary(found) == "2 failed, 3 passed, 1 skipped"
    assert "is not at “runs”: uses Session, which nothing defines" in found.stdout


def test_both_faces_come_to_the_same(place):
    one, other = place(FILES, SETTINGS), place(FILES, SETTINGS, name="other")
    for each in (one, other):
        each.pin(**{"left-out": "skip: needs an account at the bank"})
        each.write({"agents/y.md": "## A\n\n```python\nprint(1)\n```\n"})
        each.write(
            {"agents/y.verify.yaml": "snippets:\n  gone: {digest: 0123456789ab, check: x}\n"}
        )
    one.verify(code=1)
    other.pytest(code=1)
    assert timeless(one.report) == timeless(other.report)
    assert one.report.problems == other.report.problems


UNIQUE = "## Time\n\n```python\nimport uuid\n\nprint(uuid.uuid4())\n```\n"


def test_what_either_face_has_run_neither_runs_again(place):
    one = place(UNIQUE)
    one.pytest(code=0)
    before = one.one("time")
    one.pytest(code=0)
    one.verify(code=0)
    assert one.one("time") == before
    one.pytest("--agents-fresh", code=0)
    assert one.one("time").output != before.output
    before = one.one("time")
    one.pytest(code=0)
    assert one.one("time") == before


def test_a_part_of_a_run_keeps_what_is_known_of_the_rest(place):
    one = place({"agents/x.md": UNIQUE, "agents/y.md": UNIQUE})
    one.pytest(code=0)
    before = one.outcomes
    one.pytest("--agents-fresh", "agents/x.md", code=0)
    after = one.outcomes
    assert after["agents/y.md::time"] == before["agents/y.md::time"]
    assert after["agents/x.md::time"].output != before["agents/x.md::time"].output


def test_what_is_gone_is_forgotten_by_a_whole_run(place):
    one = place({"agents/x.md": UNIQUE, "agents/y.md": UNIQUE})
    one.pytest(code=0)
    (one.root / "agents/y.md").unlink()
    one.pytest(code=0)
    one.verify(code=0)
    assert {*one.outcomes} == {"agents/x.md::time"}


def test_each_session_is_run_once(place, tmp_path):
    marks = tmp_path / "marks.txt"
    marks.touch()
    rows = "".join(
        f"## S{number}\n\n```python\nopen({str(marks)!r}, 'a').write('{number} ')\n```\n\n"
        for number in range(6)
    )
    one = place(rows)
    one.pytest("--agents-unsafe", code=0)
    assert marks.read_text().split() == ["0", "1", "2", "3", "4", "5"]
    marks.write_text("")
    one.pytest("--agents-unsafe", "--agents-fresh", "-k", "s0 or s4", code=0)
    assert marks.read_text().split() == ["0", "1", "2", "3", "4"]


def test_results_that_cannot_be_kept_are_said_and_hinder_no_verdict(place):
    one = place({"agents/x.md": UNIQUE, ".agentdocs": "a file"})
    found = one.pytest()
    assert found.returncode in (0, 1, 4)
    assert ".agentdocs" in found.stdout + found.stderr
    assert "Traceback" not in found.stdout + found.stderr


def test_pytest_can_be_called_from_anywhere(full):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    found = full.run([*command, "x.md::use", "../docs/page.md"], within="agents")
    assert found.returncode == 0, found.stdout
    assert {*full.outcomes} == {"agents/x.md::use", "docs/page.md::begin"}


def test_a_sandbox_that_is_missing_is_a_reason(place, tmp_path):
    one = place({"agents/x.md": UNIQUE})
    (tmp_path / "bin").mkdir()
    found = one.pytest("-rs", code=0, PATH=str(tmp_path / "bin"))
    assert summary(found) == "1 skipped"
    assert "no sandbox: bubblewrap is not installed" in found.stdout


# --- several processes and machines -------------------------------------------------------------


def test_several_workers_find_the_same_and_unite_it(place):
    files = {**FILES, **{f"agents/{name}.md": AGENT for name in "abc"}}
    whole = place(files, SETTINGS, name="whole")
    one = place(files, SETTINGS, name="parallel")
    for each in (whole, one):
        each.pin(**{"left-out": "skip: needs an account at the bank"})
    first = whole.pytest("--junitxml", "out.xml", code=1)
    second = one.pytest("-n", "2", "--junitxml", "out.xml", code=1)
    assert summary(second) == summary(first) == "4 failed, 17 passed, 8 skipped"
    assert timeless(one.report) == timeless(whole.report)
    assert (one.root / ".agentdocs/results.json").exists()
    third = one.pytest("-n", "2", "--dist", "loadfile", "--agents-fresh", code=1)
    assert summary(third) == summary(first)
    assert timeless(one.report) == timeless(whole.report)


def test_several_workers_end_their_sandboxes(place, tmp_path):
    one = place({f"agents/{name}.md": UNIQUE for name in "abcd"})
    one.pytest("-n", "2", code=0)
    assert len({item.output for item in one.outcomes.values()}) == 4


def test_shards_on_machines_that_share_nothing_are_one_run(place, tmp_path):
    files = {**FILES, **{f"agents/{name}.md": AGENT for name in "abc"}}
    whole = place(files, SETTINGS, name="whole")
    whole.pytest(code=1)
    counts = []
    for number in (1, 2):
        part = place(files, SETTINGS, name=f"part{number}")
        found = part.pytest("--agents-shard", f"{number}/2", code=1)
        counts.append(len(part.outcomes))
        assert "deselected" in summary(found)
    assert sum(counts) == len(whole.outcomes) == 28
    assert min(counts) >= 12
    shutil.copytree(tmp_path / "part1/.agentdocs", tmp_path / "one/.agentdocs")
    shutil.copytree(tmp_path / "part2/.agentdocs", tmp_path / "two/.agentdocs")
    whole.cli(
        "results", "merge", str(tmp_path / "one/.agentdocs/results.json"),
        str(tmp_path / "two/.agentdocs/results.json"), "-o", "united/results.json", code=1,
    )  # fmt: skip
    assert timeless(results.load(whole.root / "united/results.json")) == timeless(whole.report)


@pytest.mark.parametrize("shard", ["0/2", "3/2", "x"])
def test_a_shard_that_is_none_is_a_wrong_call(shard, place):
    found = place(UNIQUE).pytest("--agents-shard", shard, code=4)
    assert f"“{shard}” is no shard; the second of eight is 2/8" in found.stdout + found.stderr
    assert "Traceback" not in found.stdout + found.stderr


def test_results_of_pytest_are_what_the_schema_says(full):
    full.pytest(code=1)
    schema = json.loads(
        Path(agentdocs.__file__).with_name("verify").joinpath("results.schema.json").read_text()
    )
    jsonschema.Draft202012Validator(schema).validate(
        json.loads(full.text(".agentdocs/results.json"))
    )

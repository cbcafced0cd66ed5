"""The engine itself: what it keeps and runs again, what it does to strangers' files, what it costs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import agentdocs
import pytest
from agentdocs.verify import cases, documents, environment, judge, results
from agentdocs.verify import project as projects
from agentdocs.verify.engine import Engine, Options
from agentdocs.verify.model import Outcome, Report
from agentdocs.verify.sandbox import Sandbox

PACKAGE = str(Path(agentdocs.__file__).parent)


def engine(place, before=(), **options):
    project = projects.load(str(place.root))
    found = tuple(documents.everything(project))
    values = {"jobs": 1, "require": project.require, "timeout": project.timeout, **options}
    return Engine(project, found, before, Options(**values))


def run(place, before=(), **options):
    """Return all outcomes by id, and keep them where the next run finds them."""
    found = list(engine(place, before, **options).run())
    assert len({one.id for one in found}) == len(found)
    return {one.id: one for one in found}


def again(place, before, **options):
    """Return the outcomes of a further run, and the ids of those that were run in it."""
    one = engine(place, before.values(), **options)
    after = {item.id: item for item in one.run()}
    fresh = {key for key in after if after[key].output != before.get(key, after[key]).output}
    assert one.kept <= len(after) - len(fresh)
    return after, {key.rpartition("::")[2] if key.startswith("agents/x") else key for key in fresh}


# --- what is kept -------------------------------------------------------------------------------

UNIQUE = {
    "agents/x.md": """
Uses `x/data.txt` and [more](x/more.md).

## One

```python
import uuid

print(uuid.uuid4())
```

## Two

```python
print("two", uuid.uuid4())
```

## Three

```python
print("three", uuid.uuid4())
```

## Alone

```python
import uuid

print(uuid.uuid4())
```

## Shell

```bash
cat /proc/sys/kernel/random/uuid
```

## After

```bash
cat /proc/sys/kernel/random/uuid
```
""",
    "agents/x/data.txt": "some rows",
    "agents/other.md": "## One\n\n```python\nimport uuid\n\nprint(uuid.uuid4())\n```\n",
}
CONTRACT = """\
# A comment.
snippets:
  three:
    digest: AUTO
    timeout: 7
  alone:
    digest: AUTO
    namespace: own
  after:
    digest: AUTO
    namespace: own
    after: [shell]
"""


@pytest.fixture
def unique(place, autofill, sandbox):
    one = place(UNIQUE)
    one.write({"agents/x.verify.yaml": CONTRACT})
    autofill(one.root)
    return one


CONTRACT_ALL = {"one", "two", "three", "alone", "shell", "after"}
EDITS = {
    "nothing": (None, "", "", set()),
    "words above": ("agents/x.md", "Uses ", "Words.\n\nMore words.\n\nUses ", set()),
    "words between": ("agents/x.md", "## Two\n", "## Two\n\nWords.\n", set()),
    "a heading without snippets": ("agents/x.md", "## Two\n", "## New\n\n## Two\n", set()),
    "a snippet": ("agents/x.md", '"two"', '"owt"', {"two", "three"}),
    "the first snippet": ("agents/x.md", "## One\n\n```python\n", "## One\n\n```python\n# Words.\n", {"one", "two", "three"}),
    "a comment of the contract": ("agents/x.verify.yaml", "# A comment.", "# Another.", set()),
    "a line of the contract": ("agents/x.verify.yaml", "# A comment.", "\n\n", set()),
    "an entry of the contract": ("agents/x.verify.yaml", "timeout: 7", "timeout: 8", {"three"}),
    "an entry of a snippet alone": ("agents/x.verify.yaml", "    namespace: own\n  after:", "    namespace: own\n    setup: pass\n  after:", {"alone"}),
    "what comes first": ("agents/x.md", "## Shell\n\n```bash\n", "## Shell\n\n```bash\n# Words.\n", {"shell", "after"}),
    "the time of all": ("agents/x.verify.yaml", "# A comment.", "timeout: 9", CONTRACT_ALL),
    "what all require": ("agents/x.verify.yaml", "# A comment.", "requires: {python: [pytest]}", CONTRACT_ALL),
    "a companion": ("agents/x/data.txt", "some", "other", CONTRACT_ALL),
    "a new companion": ("agents/x/new.txt", None, "new", CONTRACT_ALL),
    "the agent's own name": ("agents/x.md", "name: x", "name: y", set()),
    "the word of a fence": ("agents/x.md", '```python\nprint("three"', '```py\nprint("three"', {"three"}),
    "another agent": ("agents/other.md", "import uuid", "import uuid  # it is", {"agents/other.md::one"}),
}  # fmt: skip


@pytest.mark.parametrize("case", EDITS)
def test_a_change_costs_what_depends_on_it_and_nothing_else(case, unique):
    path, old, new, wanted = EDITS[case]
    before = run(unique)
    assert {one.verdict for one in before.values()} == {"passed"}
    if old is None and path:
        unique.write({path: new})
    elif path:
        unique.edit(path, old, new)
    after, fresh = again(unique, before)
    assert fresh == wanted
    assert {one.verdict for one in after.values()} == {"passed"}
    for one in after.values():
        assert unique.text(one.path).split("\n")[one.line - 1].startswith("```")
        if one.terms:
            rows = unique.text(one.terms.path).split("\n")
            assert rows[one.terms.line - 1].strip() == f"{one.address}:"


def test_what_was_run_again_is_kept_in_its_turn(unique):
    before = run(unique)
    unique.edit("agents/x.md", '"two"', '"owt"')
    between, fresh = again(unique, before)
    assert fresh == {"two", "three"}
    after, fresh = again(unique, between)
    assert not fresh
    assert after == between


def test_going_back_runs_again_what_went_and_nothing_else(unique):
    before = run(unique)
    unique.edit("agents/x.md", '"two"', '"owt"')
    between, _ = again(unique, before)
    unique.edit("agents/x.md", '"owt"', '"two"')
    assert again(unique, between)[1] == {"two", "three"}


def test_asked_for_afresh_all_is_run(unique):
    before = run(unique)
    assert again(unique, before, fresh=True)[1] == {*CONTRACT_ALL, "agents/other.md::one"}


def test_another_interpreter_or_package_runs_all_again(unique, monkeypatch):
    before = run(unique)
    monkeypatch.setattr(environment, "fingerprint", lambda: "another")
    between, fresh = again(unique, before)
    assert fresh == {*CONTRACT_ALL, "agents/other.md::one"}
    assert not again(unique, between)[1]


@pytest.mark.parametrize("change", ["fingerprint", "dist-info", "egg-info"])
def test_the_fingerprint_of_this_machine_knows_its_packages(change, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    before = environment.fingerprint()
    assert before == environment.fingerprint()
    if change == "fingerprint":
        monkeypatch.setattr(sys, "version", "3.99")
    else:
        (tmp_path / f"starship-1.0.{change}").mkdir()
    assert environment.fingerprint() != before


def test_a_failure_that_only_moved_keeps_its_verdict_with_the_new_line(place, sandbox):
    one = place(
        "## A\n\n```python\ndef half(x):\n    return x / 0\n```\n\n## B\n\n```python\nhalf(1)\n```\n\n"
        "## C\n\n```python\nstore.open()\n```\n\n## D\n\n```bash\ntest 1 = 2\n```\n"
    )
    before = run(one)
    one.edit("agents/x.md", "## A\n", "## Words\n\nMore.\n\n## A\n")
    after = again(one, before)[0]
    for key, row in {"b": "half(1)", "c": "store.open()", "d": "test 1 = 2"}.items():
        was, now = before[f"agents/x.md::{key}"], after[f"agents/x.md::{key}"]
        assert (now.verdict, now.reason) == (was.verdict, was.reason)
        assert now.error.line == one.line("agents/x.md", row), key
        assert now.line == was.line + 4
    place_ = f'agents/x.md", line {one.line("agents/x.md", "return x / 0")}, in half'
    assert place_ in after["agents/x.md::b"].error.trace


def test_a_failure_of_a_contract_that_only_moved_is_at_its_new_line(place, sandbox):
    one = place("## A\n\n```python\na = 1\n```\n")
    one.pin(a="check: |\n  assert a == 2")
    before = run(one)
    text = one.text("agents/x.verify.yaml")
    one.write({"agents/x.verify.yaml": f"# Two lines\n# of words.\n{text}"})
    after = again(one, before)[0]
    assert after["agents/x.md::a"].error.path == "agents/x.verify.yaml"
    assert after["agents/x.md::a"].error.line == one.line("agents/x.verify.yaml", "assert a == 2")


def test_a_sandbox_that_works_again_is_used(place, sandbox, tmp_path):
    """The program is the same, and the kernel allows now what it did not."""
    fake = tmp_path / "bin/bwrap"
    fake.parent.mkdir()
    real = environment.which("bwrap")
    fake.write_text(
        f'#!/bin/sh\ntest -e {tmp_path}/allowed && exec {real} "$@"\necho not permitted >&2\nexit 1\n'
    )
    fake.chmod(0o755)
    path = {"PATH": f"{fake.parent}{os.pathsep}{os.environ['PATH']}"}
    one = place("## A\n\n```python\nprint(1)\n```\n")
    one.verify(code=0, **path)
    verdict, tier, reason = one.verdicts["a"]
    assert (verdict, tier) == ("unproved", "imports")
    assert reason.startswith("no sandbox: bubblewrap does not work here: not permitted")
    (tmp_path / "allowed").touch()
    one.verify(code=0, **path)
    assert one.verdicts["a"] == ("passed", "runs", "")


def test_the_outcome_of_another_code_is_never_taken_over(unique):
    """Even if it is planted under the same id: only what has the same hash is."""
    before = run(unique)
    forged = {
        key: replace(one, hash="0" * 32, output="forged", verdict="passed")
        for key, one in before.items()
    }
    assert not [one for one in again(unique, forged)[0].values() if one.output == "forged"]


# --- what is chosen -----------------------------------------------------------------------------


def test_what_is_chosen_is_judged_alone_but_runs_with_what_is_before_it(unique):
    chosen = {"agents/x.md::two", "agents/x.md::after"}
    found = {one.id: one for one in engine(unique).run(chosen)}
    assert found.keys() == chosen
    assert {one.verdict for one in found.values()} == {"passed"}


def test_nothing_chosen_is_nothing_run(unique):
    assert [*engine(unique).run(set())] == []
    assert [*engine(unique).run({"agents/x.md::nothing"})] == []


def test_one_session_after_the_other_comes_to_the_same_as_all_at_once(unique):
    one = engine(unique)
    found = {}
    ids = {case.id for case in one.cases()}
    one.preload(one.plan.sessions)
    for session in one.plan.sessions:
        found |= {item.id: item for item in one.one(session, ids)}
    one.close()
    timeless = {"date": "", "seconds": 0.0, "output": ""}
    whole = run(unique)
    assert {key: replace(item, **timeless) for key, item in found.items()} == {
        key: replace(item, **timeless) for key, item in whole.items()
    }


def test_many_sandboxes_find_the_same_as_one(place, sandbox):
    files = {
        f"agents/{name}.md": f"## A\n\n```python\nx = {number}\n```\n\n## B\n\n```python\nprint(x)\n1 / x\n```\n"
        for number, name in enumerate("abcdefgh")
    }
    one = place(files)
    timeless = {"date": "", "seconds": 0.0}
    found = [
        {key: replace(item, **timeless) for key, item in run(one, jobs=jobs).items()}
        for jobs in (1, 4, 9)
    ]
    assert found[0] == found[1] == found[2]
    assert Counter(item.verdict for item in found[0].values()) == {"passed": 15, "failed": 1}


def test_one_sandbox_is_started_and_it_outlives_whoever_started_it(place, sandbox, monkeypatch):
    """The kernel ends it together with the thread that made it."""
    made = []
    popen = subprocess.Popen

    def counting(command, *rest, **more):
        if "bwrap" in str(command[0]):
            made.append(command)
        return popen(command, *rest, **more)

    monkeypatch.setattr(subprocess, "Popen", counting)
    one = place("## A\n\n```python\nprint(1)\n```\n\n## B\n\n```bash\necho 1\n```\n")
    for _ in range(5):
        made.clear()
        time.sleep(0.05)
        assert {item.verdict for item in run(one).values()} == {"passed"}
        assert len(made) == 1


def test_a_server_that_dies_is_not_the_failure_of_a_snippet(place, sandbox, monkeypatch):
    """Somebody ends it once from outside: memory was short, or a machine went to sleep."""
    begin = Sandbox._send
    ended = []

    def send(self, message):
        begin(self, message)
        if not ended and "steps" in message:
            ended.append(self.process.pid)
            self.process.kill()

    monkeypatch.setattr(Sandbox, "_send", send)
    one = place("## A\n\n```python\nprint(1)\n```\n\n## B\n\n```python\nprint(2)\n```\n")
    found = run(one)
    assert ended
    assert {item.verdict for item in found.values()} == {"passed"}


# --- namespaces ---------------------------------------------------------------------------------


def test_agents_share_nothing(place, sandbox):
    one = place({
        "agents/x.md": "## A\n\n```python\nx = 1\nopen('left.txt', 'w').write('x')\nimport json\njson.mine = 1\n```\n",
        "agents/y.md": "## A\n\n```python\nimport json, os\n\nassert not os.listdir('.'), os.listdir('.')\n"
        "assert not hasattr(json, 'mine')\nassert 'x' not in globals()\n```\n",
    })  # fmt: skip
    assert {item.verdict for item in run(one).values()} == {"passed"}


def test_languages_share_a_folder_with_none(place, sandbox):
    one = place(
        "## A\n\n```python\nopen('left.txt', 'w').write('x')\n```\n\n## B\n\n```console\n$ ls\n$ echo done\ndone\n```\n"
    )
    found = run(one)
    assert found["agents/x.md::b"].output == "done\n"


def test_chains_and_circles_of_what_comes_first_are_no_trap(place, sandbox):
    """A chain of 1,500, the last of which needs all the others; and two that need each other."""
    rows = "".join(f"## S{n}\n\n```python\nx{n} = 1\n```\n\n" for n in range(1_500))
    one = place({
        "agents/x.md": rows,
        "agents/y.md": "## A\n\n```python\na = 1\n```\n\n## B\n\n```python\nb = 1\n```\n",
    })  # fmt: skip
    one.pin(**{f"s{n}": f"after: [s{n + 1}]" for n in range(1_499)})
    one.pin("agents/y.md", a="after: [b]", b="after: [a]")
    ready = engine(one)
    assert [problem.path for problem in ready.problems] == ["agents/y.verify.yaml"]
    found = list(ready.run())
    assert Counter(item.verdict for item in found) == {"passed": 1_502}


# --- strangers' files ---------------------------------------------------------------------------


def test_a_nul_in_an_agent_hinders_nobody(place, sandbox):
    good = "## A\n\n```python\nprint(1)\n```\n"
    one = place({"agents/good.md": good})
    for name, data in {
        "nul": b"---\nname: x\n---\n\n# X\n\n```python\nprint('a\0b')\n```\n",
        "all": b"\0" * 500,
        "bash": b"---\nname: x\n---\n\n# X\n\n```bash\necho 'a\0b'\n```\n\n```js\n'\0'\n```\n\n```sql\nselect '\0';\n```\n",
        "latin": "---\nname: x\n---\n\n# X\n\n```python\nprint('é')\n```\n".encode("latin-1"),
        "utf16": "---\nname: x\n---\n\n# X\n\n```python\nprint('é')\n```\n".encode("utf-16"),
        "bom": "\ufeff---\nname: x\n---\n\n# X\n\n```python\nprint('é')\n```\n".encode(),
        "nothing": b"",
    }.items():
        one.write({f"agents/{name}.md": data})
    found = run(one)
    assert found["agents/good.md::a"].verdict == "passed"
    assert found["agents/bom.md::top"].verdict == "passed"
    path = one.root / ".agentdocs/results.json"
    results.save(path, Report(tuple(found.values())))
    assert len(results.load(path).outcomes) == len(found)


def test_halves_of_surrogate_pairs_and_separators_go_through(place, sandbox):
    one = place(
        "## A\n\n```python\nprint('\\ud800', '\u2028', '\u0085')\nraise ValueError('\\ud800\u2028')\n```\n"
    )
    found = run(one)
    assert found["agents/x.md::a"].verdict == "failed"
    path = one.root / ".agentdocs/results.json"
    results.save(path, Report(tuple(found.values())))
    assert results.load(path).outcomes == tuple(found.values())


HUGE = {
    "json": ("[1,\n", 240_000), "text": ("a b\n", 240_000), "html": ("<p>x\n", 190_000),
    "sql": ("select 1;\n", 20_000), "python": ("x = 1\n", 20_000), "bash": ("true\n", 20_000),
    "yaml": ("a: 1\n", 20_000), "js": ("var x;\n", 20_000),
}  # fmt: skip


def test_huge_snippets_get_their_verdict(place, sandbox, node):
    one = place({
        f"agents/{language}.md": f"## A\n\n```{language}\n{row * times}```\n"
        for language, (row, times) in HUGE.items()
    })  # fmt: skip
    found = {item.language: item for item in run(one, jobs=2).values()}
    assert found.keys() == HUGE.keys()
    assert {found[name].verdict for name in ("sql", "python", "bash", "js")} == {"passed"}
    assert found["json"].verdict == "failed"
    assert all(len(item.reason) < 500 for item in found.values())


def test_an_agent_that_is_too_large_to_be_read_hinders_nobody(place, sandbox):
    one = place({"agents/x.md": "## A\n\n```python\nprint(1)\n```\n"})
    one.write(
        {"agents/huge.md": f"## A\n\n```python\n{'x = 1' * 10}\n{'# words ' * 400_000}\n```\n"}
    )
    found = run(one)
    assert found["agents/x.md::a"].verdict == "passed"
    assert not [
        item
        for item in found.values()
        if item.path.endswith("huge.md") and item.verdict == "passed"
    ]


@pytest.mark.parametrize(
    "code",
    ["(" * 50_000, "[" * 100_000, "-" * 50_000 + "1", "x = " + "+".join(["1"] * 50_000),
     "if 1:\n" + "".join(f"{' ' * n}if 1:\n" for n in range(1, 300)), "f'" + "{f'" * 200,
     "lambda: " * 5_000 + "1", "a." * 30_000 + "b"],
    ids=["round", "square", "minus", "plus", "deep", "f-strings", "lambdas", "dots"],
)  # fmt: skip
def test_code_that_is_nested_beyond_reason_is_a_verdict_and_no_crash(code, place, sandbox):
    one = place({
        "agents/x.md": f"## A\n\n```python\n{code}\n```\n\n```js\n{code}\n```\n\n```json\n{code}\n```\n",
        "agents/y.md": "## A\n\n```python\nprint(1)\n```\n",
    })  # fmt: skip
    found = run(one)
    assert len(found) == 4
    assert found["agents/y.md::a"].verdict == "passed"


def test_companions_that_want_to_stand_elsewhere_do_not(place, sandbox, tmp_path):
    (tmp_path / "outside.txt").write_text("the secret")
    one = place({
        "agents/team/x.md": "Uses `../../outside.txt`, [a](../../../outside.txt), `../y/data.txt` and `x/../../y/data.txt`.\n\n"
        "## A\n\n```python\nimport os\n\nfor folder, _, names in os.walk('..'):\n    print(folder, sorted(names))\n```\n",
        "agents/y/data.txt": "rows",
        "outside.txt": "the secret",
    })  # fmt: skip
    (one.root / "agents/team/x").mkdir()
    (one.root / "agents/team/x/link.txt").symlink_to(tmp_path / "outside.txt")
    (one.root / "agents/team/x/folder").symlink_to(tmp_path)
    (found,) = run(one).values()
    assert found.verdict == "passed"
    assert "outside" not in found.output
    assert "data.txt" not in found.output
    assert "link.txt" not in found.output
    assert found.output.startswith("..")


def test_files_of_a_contract_stay_in_the_folder(place, sandbox):
    one = place("## A\n\n```python\nprint(1)\n```\n")
    one.pin(a="files:\n  ../out.txt: x\n  /tmp/out.txt: x\n  a/../../out.txt: x")
    assert not (one.root.parent / "out.txt").exists()
    ready = engine(one)
    assert len(ready.problems) == 3
    (found,) = ready.run()
    assert (found.verdict, found.tier) == ("failed", "none")


def test_a_companion_does_not_overwrite_what_runs_it(place, sandbox):
    one = place({
        "agents/x.md": "Uses `x/json.py` and `x/sitecustomize.py`.\n\n## A\n\n```python\nprint(1)\n```\n\n```console\n$ echo 1\n1\n```\n",
        "agents/x/json.py": "raise SystemExit('hijacked')\n",
        "agents/x/sitecustomize.py": "raise SystemExit('hijacked')\n",
        "agents/x/agentdocs_guest.py": "raise SystemExit('hijacked')\n",
        "agents/x/asyncio.py": "raise SystemExit('hijacked')\n",
    })  # fmt: skip
    assert {item.verdict for item in run(one).values()} == {"passed"}


def test_addresses_and_reasons_stay_on_one_line(place, sandbox):
    one = place(
        "## A `b` \x1b[31m| c\n\n```python\nuse_\u202e_that\n```\n\n```python\nraise ValueError('a\\nb\\x1b[2J')\n```\n"
        "\n```co\u202ebol\nx\n```\n"
    )
    for item in run(one).values():
        assert "\n" not in item.reason + item.address
        assert "\x1b" not in item.reason + item.address
        assert "\u202e" not in item.reason


def test_output_is_cut_where_it_says(place, sandbox):
    kept = 16_000
    one = place(
        f"## A\n\n```python\nprint('x' * {kept - 1})\n```\n\n```python\nprint('x' * {kept})\n```\n"
    )
    found = run(one)
    assert (len(found["agents/x.md::a"].output), found["agents/x.md::a"].cut) == (kept, False)
    assert (len(found["agents/x.md::a#2"].output), found["agents/x.md::a#2"].cut) == (kept, True)


@pytest.mark.parametrize(
    "result",
    [
        {}, {"status": 3}, {"status": "ok", "asserted": "many"}, {"status": "failed"},
        {"status": "failed", "where": "elsewhere", "line": "x"}, {"status": "syntax", "text": None},
        {"status": "failed", "where": "snippet", "missing": "x" * 9999, "text": "a\0\n" * 9999},
        {"status": "ok", "parts": ["x", None, -1, 10**30], "start": 5, "output": "\ud800"},
        {"status": "timeout", "ports": "80", "limit": "x"}, {"status": "timeout", "ports": [None]},
        {"status": "failed", "where": "check", "line": 10**30}, {"status": "failed", "kind": "Differs"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["python", "console"])
@pytest.mark.security("SEC-19")
def test_any_report_of_a_stranger_becomes_a_verdict(result, language, place):
    code = {"python": "print(1)", "console": "$ echo 1\n1"}[language]
    ready = engine(place(f"## A\n\n```{language}\n{code}\n```\n"))
    (session,) = ready.plan.sessions
    (case,) = session.cases
    found = judge.judge(
        case, ready.finding(case), {"output": "", "start": 0, **result}, ready._look(session)[1]
    )
    assert found.verdict in ("passed", "failed", "unproved")
    assert found.verdict == "failed" or result.get("status") in ("ok", "timeout", "failed")


# --- what it costs ------------------------------------------------------------------------------


def rows_of_code(place, **options):
    """Return how many lines of ours are executed from reading to the last outcome."""
    count = 0

    def local(frame, event, _):
        nonlocal count
        count += event == "line"
        return local

    def trace(frame, event, _):
        return local if frame.f_code.co_filename.startswith(PACKAGE) else None

    sys.settrace(trace)
    try:
        found = run(place, **options)
    finally:
        sys.settrace(None)
    return count, found


def agent_of(number, section):
    kinds = ("json\n[1]", "python\nx = 1", "toml\na = 1", "cobol\nSTOP")
    return "## Section\n\n" + "\n".join(
        f"{f'## S{n}' if section else ''}\n\n```{kinds[n % 4]}\n```\n" for n in range(number)
    )


@pytest.mark.parametrize("section", [True, False], ids=["a section each", "one section"])
def test_the_work_grows_in_a_straight_line_with_the_snippets(section, place, monkeypatch):
    """Counted, not timed: lines of our own code, with everything but the sandbox."""
    monkeypatch.setattr(Engine, "_hindrance", lambda self: "none is needed")
    counts = {}
    for number in (200, 1_000):
        one = place({"agents/x.md": agent_of(number, section)}, name=f"of{number}")
        counts[number], found = rows_of_code(one)
        assert len(found) == number
    assert counts[1_000] < 5.5 * counts[200], counts


def test_the_work_of_a_session_grows_in_a_straight_line(place, monkeypatch):
    """Also that of looking for a case among others, which no line of ours shows."""
    compared = Counter()

    def equal(self, other):
        compared["times"] += 1
        return self is other

    monkeypatch.setattr(cases.Case, "__eq__", equal)
    monkeypatch.setattr(cases.Case, "__hash__", object.__hash__)

    class Box:
        def __init__(self, *_, **__):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def start(self):
            pass

        def preload(self, _):
            pass

        def run(self, request):
            for number, _ in enumerate(request["steps"]):
                yield {"step": number, "status": "ok", "output": "", "start": 0}

    monkeypatch.setattr("agentdocs.verify.engine.Sandbox", Box)
    monkeypatch.setattr(Engine, "_hindrance", lambda self: "")
    counts = {}
    for number in (1_000, 4_000):
        rows = "".join(f"## S{n}\n\n```python\nx{n} = 1\n```\n\n" for n in range(number))
        one = place({"agents/x.md": rows}, name=f"of{number}")
        compared.clear()
        assert len(run(one)) == number
        counts[number] = compared["times"]
    assert counts[4_000] < 5 * counts[1_000] + 4_000, counts


@pytest.mark.slow
def test_ten_thousand_snippets_take_less_than_200_mb(place, sandbox):
    files = {}
    for number in range(100):
        rows = [
            f"## S{n}\n\n```json\n[{n}]\n```\n\n```python\nx{n} = {n}\n```\n" for n in range(50)
        ]
        files[f"agents/a{number}.md"] = "\n".join(rows)
    one = place(files)
    # What the kernel says of the image that runs; rusage would count that of the parent as well.
    code = """
        import sys
        from agentdocs.__main__ import main

        code = main(["verify"])
        peak = next(r for r in open("/proc/self/status") if r.startswith("VmHWM"))
        print("PEAK", int(peak.split()[1]) // 1024, file=sys.stderr)
        sys.exit(code)
    """
    found = one.run([sys.executable, "-c", textwrap.dedent(code)], timeout=400)
    assert found.returncode == 0, found.stderr
    assert "10000 snippets: 10000 passed" in found.stdout
    peak = int(re.search(r"PEAK (\d+)", found.stderr)[1])
    print(f"{peak} MB")
    assert peak < 200
    again = one.run([sys.executable, "-c", textwrap.dedent(code)], timeout=400)
    assert "nothing has changed" in again.stdout


def test_output_of_many_snippets_does_not_stay_in_memory_twice():
    """An outcome is small if its snippet says nothing."""
    one = Outcome("x.md", "a", "x.md", 1, 3, "json", "0" * 12, "passed", "parses")
    assert sys.getsizeof(one) < 400


@pytest.mark.security("SEC-16")
def test_the_environment_of_whoever_calls_is_not_that_of_snippets(place, sandbox, monkeypatch):
    monkeypatch.setenv("STORE_TOKEN", "the secret")
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", "") + os.pathsep + "/nowhere")
    one = place(
        "## A\n\n```python\nimport os\n\nprint(dict(os.environ))\n```\n\n```bash\nenv\n```\n\n```js\nconsole.log(process.env)\n```\n"
    )
    assert not [item for item in run(one).values() if "the secret" in item.output]
    assert subprocess.run(["true"]).returncode == 0

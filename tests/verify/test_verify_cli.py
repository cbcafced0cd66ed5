"""``python -m agentdocs verify``, called as a person calls it: what it says, and its exit code."""

from __future__ import annotations

import json
import os
import pty
import random
import re
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import agentdocs
import jsonschema
import pytest
from agentdocs.verify import documents, results
from agentdocs.verify import project as projects
from agentdocs.verify.contract import read as contracts

pytestmark = pytest.mark.usefixtures("sandbox")

PACKAGE = Path(agentdocs.__file__).parent
VALIDATOR = jsonschema.Draft202012Validator(
    json.loads((PACKAGE / "verify/results.schema.json").read_text())
)

GOOD = """
## Sum

```python
total = sum([1, 2])
```

## Use

```python
assert total == 3
print("total", total)
```
"""
BAD = """
## Ratio

```python
def ratio(a, b):
    # The share of the first.
    return a / b


print(ratio(1, 2))
print(ratio(1, 0))
print("never")
```
"""
OPEN = """
## Later

```python
with Session() as session:
    pass
```

```json
{"a": 1}
```

```cobol
STOP RUN.
```
"""
TIME = """
## Time

```python
import uuid

print(uuid.uuid4())
```
"""


WITH_PAGES = '[tool.agentdocs]\nagents = ["agents"]\ndocuments = ["docs/*.md"]\n'


# --- exit codes ---------------------------------------------------------------------------------


def test_what_is_fine_exits_with_0_and_says_how_much_there_is(place):
    found = place({"agents/x.md": GOOD, "agents/y.md": OPEN}).verify(code=0)
    assert found.stdout.splitlines()[-1] == "5 snippets: 3 passed, 2 unproved."
    assert found.stderr == ""


def test_a_failure_exits_with_1(place):
    found = place({"agents/x.md": GOOD, "agents/y.md": BAD}).verify(code=1)
    assert found.stdout.splitlines()[-1] == "3 snippets: 2 passed, 1 failed."


def test_a_second_run_exits_as_the_first(place):
    one = place(BAD)
    first = one.verify(code=1).stdout
    second = one.verify(code=1).stdout
    assert second == first.replace("1 failed.", "1 failed (1 known from before).")


def test_a_contract_that_cannot_be_kept_exits_with_1(place):
    one = place(GOOD)
    one.write({"agents/x.verify.yaml": "snippets:\n  gone: {digest: 0123456789ab, check: x}\n"})
    found = one.verify(code=1)
    assert "agents/x.verify.yaml:2: There is no snippet `gone`." in found.stdout
    assert found.stdout.splitlines()[-1].endswith("1 problem of contracts.")


def test_an_empty_project_has_nothing_to_verify(place):
    found = place({"agents/none.txt": "nothing"}).verify(code=0)
    assert found.stdout == "0 snippets: nothing to verify.\n"


def test_a_folder_that_is_no_project_is_one_by_itself(tmp_path, place_at):
    found = place_at(tmp_path / "bare", {"agents/x.md": GOOD}, settings=None)
    found.write({"agents/x.md": GOOD})
    assert "2 passed" in found.verify(code=0).stdout


WRONG = {
    "no such path": (["agents/nowhere.md"], "there is no file or folder agents/nowhere.md"),
    "no such folder": (["nowhere"], "there is no file or folder nowhere"),
    "no agent": (["notes.txt"], "there are no snippets in notes.txt"),
    "a misspelt address": (["agents/x.md::us"], "agents/x.md has no snippet “us”; there is “use”"),
    "an address unlike any": (["agents/x.md::qqqq"], "agents/x.md has no snippet “qqqq”"),
    "shard 0/2": (["--shard", "0/2"], "“0/2” is no shard; the second of eight is 2/8"),
    "shard 3/2": (["--shard", "3/2"], "“3/2” is no shard"),
    "shard a/b": (["--shard", "a/b"], "“a/b” is no shard"),
    "shard 1": (["--shard", "1"], "“1” is no shard"),
    "shard ²/³": (["--shard", "²/³"], "“²/³” is no shard"),
    "timeout 0": (["--timeout", "0"], "“0” is no number of seconds up to 600"),
    "timeout nan": (["--timeout", "nan"], "“nan” is no number of seconds up to 600"),
    "timeout soon": (["--timeout", "soon"], "“soon” is no number of seconds"),
    "jobs -1": (["--jobs", "-1"], "--jobs"),
    "a tier that is none": (["--require", "proved"], "proved"),
    "a form that is none": (["--format", "xml"], "xml"),
    "a contract for nothing": (["--init", "agents/nowhere.md"], "agents/nowhere.md"),
    "a contract for two": (["--init", "agents"], "agents holds 2 agents; name one file."),
    "results in a file": (["--results", "notes.txt/r.json"], "notes.txt"),
    "results that are a folder": (["--results", "agents"], "agents"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_call_exits_with_2_and_says_why(case, place):
    arguments, text = WRONG[case]
    one = place({"agents/x.md": GOOD, "agents/y.md": OPEN, "notes.txt": "words"})
    found = one.verify(*arguments, code=2, timeout=30)
    assert text in found.stderr
    assert found.stdout == ""


@pytest.mark.parametrize(
    "case", ["no such path", "no such folder", "no agent", "a misspelt address"]
)
def test_a_wrong_path_is_wrong_even_if_nothing_has_changed(case, place):
    arguments, text = WRONG[case]
    one = place({"agents/x.md": GOOD, "notes.txt": "words"})
    one.verify(code=0)
    assert "nothing has changed" in one.verify(code=0).stdout
    found = one.verify(*arguments, code=2)
    assert text in found.stderr


SETTINGS = {
    "a misspelt name": ('agent = ["agents"]', "[tool.agentdocs] agent is not known here"),
    "a number for a list": ("agents = 3", "agents must be a list of paths"),
    "numbers in a list": ("agents = [3]", "agents must be a list of paths"),
    "a tier that is none": ('require = "proved"', "require must be one of none, parses"),
    "a list for a tier": ('require = ["runs"]', "require must be one of"),
    "no time": ("timeout = 0", "timeout must be a number of seconds"),
    "true for a time": ("timeout = true", "timeout must be a number of seconds"),
    "no file": ("results = 3", "results"),
    "no TOML": ('agents = ["', "cannot be read"),
    "a folder that is not there": ('agents = ["agnets"]', "agnets"),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_a_wrong_setting_exits_with_2_and_is_named(case, place):
    setting, text = SETTINGS[case]
    found = place(GOOD, settings=f"[tool.agentdocs]\n{setting}\n").verify(code=2)
    assert text in found.stderr
    assert found.stdout == ""


@pytest.mark.parametrize("text", ["[tool]\nagentdocs = 3\n", "tool = 3\n", "\xff"])
def test_a_pyproject_that_is_none_exits_with_2(text, place):
    one = place(GOOD)
    one.write({"pyproject.toml": text.encode("latin-1")})
    assert "pyproject.toml" in one.verify(code=2).stderr


def test_results_behind_a_link_are_refused(place, tmp_path):
    one = place(GOOD)
    (tmp_path / "elsewhere").mkdir()
    (one.root / ".agentdocs").symlink_to(tmp_path / "elsewhere")
    assert "symbolic link" in one.verify(code=2).stderr
    assert not [*(tmp_path / "elsewhere").iterdir()]


@pytest.mark.parametrize(
    "command",
    [[], ["check"], ["render"], ["verify"], ["results"], ["results", "merge"], ["doctor"]],
)
def test_each_command_explains_itself(command, place):
    found = place(GOOD).cli(*command, "--help", code=0)
    assert found.stdout.startswith("usage: ")
    assert len(found.stdout.splitlines()) >= 5
    assert found.stderr == ""


def test_the_doctor_answers_people_and_programs(place):
    one = place(GOOD)
    said = one.cli("doctor").stdout
    checks = json.loads(one.cli("doctor", "--format", "json").stdout)
    assert checks
    assert all(check["name"] in said for check in checks)


# --- what is shown of a failure -----------------------------------------------------------------


def test_a_failure_shows_the_agents_own_lines_the_trace_and_the_command(place):
    found = place(BAD).verify(code=1).stdout
    assert (
        "agents/x.md:14: ZeroDivisionError: division by zero\n"
        "\n"
        "     11 │ ```python\n"
        "     12 │ def ratio(a, b):\n"
        "     13 │     # The share of the first.\n"
        ">    14 │     return a / b\n"
        "     15 │ \n"
        "     16 │ \n"
        "     17 │ print(ratio(1, 2))\n"
        "\n"
        "Traceback (most recent call last):\n"
        '  File "agents/x.md", line 18, in <module>\n'
        "    print(ratio(1, 0))\n"
    ) in found
    assert "\nIt printed:\n  0.5\n" in found
    assert "\nAgain: python -m agentdocs verify agents/x.md::ratio\n" in found


def test_no_more_than_the_snippet_is_shown_around_a_line(place):
    one = place("Words before.\n\n```python\n1 / 0\n```\nWords behind.\n")
    found = one.verify(code=1).stdout
    assert ">    11 │ 1 / 0\n" in found
    assert "Words" not in found


def test_expected_and_actual_stand_side_by_side(place):
    one = place('## Use\n\n```console\n$ printf "a\\nc\\n"\na\nb\n```\n')
    found = one.verify(code=1).stdout
    assert "agents/x.md:11: prints something else than it shows\n" in found
    left = 47
    assert f"{'Expected':<{left}}   Actual\n" in found
    assert f"{'a':<{left}}   a\n" in found
    assert f"{'b':<{left}} | c\n" in found


def test_a_check_that_fails_shows_the_contracts_lines(place):
    one = place(GOOD)
    one.pin(use="check: |\n  assert total > 1\n  assert total == 4")
    found = one.verify(code=1).stdout
    assert "agents/x.verify.yaml:6: the check of its contract fails: AssertionError\n" in found
    assert ">     6 │       assert total == 4\n" in found
    assert "Again: python -m agentdocs verify agents/x.md::use\n" in found


ODD = [
    "agents/we ird/it's $HOME.md", "agents/näme – 日本.md", "agents/a;b&c|d.md", "agents/[x].md",
    'agents/"q" `date`.md', "agents/a#b.md", "agents/a::b.md", "agents/a*b?.md", "agents/-x.md",
]  # fmt: skip


def test_the_commands_that_are_shown_show_the_same_failures_in_a_shell(place):
    text = "## Größe & Co. [x]\n\n```python\n1 / 0\n```\n\n```python\n2 / 0\n```\n"
    one = place(dict.fromkeys(ODD, text))
    whole = one.verify(code=1).stdout
    failures = re.split(r"(?m)^─+\n", whole.split("\n\nlanguage")[0])[1:]
    assert len(failures) == 2 * len(ODD)
    for failure in failures[1::2]:
        command = re.findall(r"(?m)^Again: (.*)$", failure)[0]
        assert shlex.split(command)[:4] == ["python", "-m", "agentdocs", "verify"]
        shell = command.replace("python", shlex.quote(sys.executable), 1)
        found = one.run(["bash", "-c", shell])
        assert found.returncode == 1, found
        assert failure in found.stdout
        assert found.stdout.count("Again: ") == 1


def test_the_command_of_a_snippet_that_is_fine_exits_with_0_whatever_else_is_wrong(place):
    one = place({"agents/x.md": GOOD, "agents/y.md": BAD})
    one.write({"agents/y.verify.yaml": "snippets:\n  gone: {digest: 0123456789ab, check: x}\n"})
    one.verify(code=1)
    assert (
        one.verify("agents/x.md::use", code=0)
        .stdout.splitlines()[-1]
        .startswith("1 snippet: 1 passed")
    )


def test_a_snippet_by_its_address_runs_with_those_before_it_and_keeps_what_else_is_known(place):
    one = place({"agents/x.md": GOOD, "agents/y.md": BAD})
    one.verify(code=1)
    before = one.outcomes
    found = one.verify("--fresh", "agents/x.md::use", code=0).stdout
    assert "1 snippet: 1 passed." in found
    assert one.outcomes.keys() == before.keys()
    assert one.outcomes["agents/y.md::ratio"] == before["agents/y.md::ratio"]


# --- what can be asked for ----------------------------------------------------------------------


def test_folders_files_contracts_and_pages_can_be_asked_for_from_anywhere(place, tmp_path):
    one = place(
        {
            "agents/team/x.md": GOOD,
            "agents/y.md": OPEN,
            "docs/page.md": "```python\nprint(1)\n```\n",
        }
    )
    one.pin("agents/team/x.md", use="check: assert total")
    other = tmp_path / "other"
    other.mkdir()
    (other / "z.md").write_text((one.root / "agents/team/x.md").read_text())
    asked = [
        ("agents", 5), ("agents/team", 2), (".", 5), ("agents/y.md", 3), ("docs/page.md", 1),
        ("agents/team/x.verify.yaml", 2), (str(one.root / "agents/team"), 2), ("../other", 2),
    ]  # fmt: skip
    for path, count in asked:
        found = one.verify(path, code=0).stdout
        assert f"{count} snippet{'s' * (count > 1)}: " in found, path
    assert "3 snippets: " in one.verify("y.md", within="agents", code=0).stdout
    for path, count in asked[3:6]:
        one.verify(code=0)
        found = one.verify(path, code=0).stdout
        assert f"{count} snippet{'s' * (count > 1)}: " in found, f"{path}, and nothing has changed"


def test_each_snippet_is_named_if_that_is_asked_for(place):
    one = place({"agents/x.md": GOOD + OPEN, "agents/y.md": BAD})
    for _ in range(2):
        rows = one.verify("-v", code=1).stdout.split("\n")
        assert "✓ checked  agents/x.md:17 use" in rows
        assert "○ parses   agents/x.md:24 later  uses Session, which nothing defines" in rows
        assert "○ none     agents/x.md:33 later#3  no runner for cobol" in rows


def test_the_table_counts_by_language(place):
    found = place(GOOD + OPEN + BAD).verify(code=1).stdout
    table = [row.split() for row in found.split("\n\n")[-2].strip("\n").split("\n")]
    assert table[0] == ["language", "snippets", "checked", "runs", "parses", "unproved", "failed"]
    assert table[1:] == [
        ["python", "4", "1", "1", "1", "1"],
        ["cobol", "1", "1"],
        ["json", "1", "1"],
    ]


def test_a_timeout_of_the_project_or_of_the_call_counts_where_the_contract_says_nothing(place):
    text = "## Use\n\n```python\nimport time\n\ntime.sleep(2)\n```\n"
    settings = '[tool.agentdocs]\nagents = ["agents"]\ntimeout = 0.5\n'
    assert "timed out after 0.5 s" in place(text, settings).verify(code=1).stdout
    one = place(text, name="other")
    assert "timed out after 0.6 s" in one.verify("--timeout", "0.6", code=1).stdout
    assert "1 passed" in one.verify(code=0).stdout


def test_a_tier_that_is_required_is_reached_or_the_snippet_fails(place):
    text = GOOD + OPEN + "## Holes\n\n```python\nuse(YOUR_KEY)\n```\n"
    one = place(text)
    one.verify(code=0)
    one.verify("--require", "runs", code=1)
    found = {key: value[0] for key, value in one.verdicts.items()}
    assert found == {
        "sum": "passed", "use": "passed", "later": "failed", "later#2": "passed",
        "later#3": "unproved", "holes": "failed",
    }  # fmt: skip
    assert one.verdicts["later"][2] == "is not at “runs”: uses Session, which nothing defines"
    assert "YOUR_KEY" in one.verdicts["holes"][2]


def test_a_tier_that_is_required_lets_a_reason_of_the_author_pass(place):
    settings = '[tool.agentdocs]\nagents = ["agents"]\nrequire = "checked"\n'
    one = place(GOOD, settings)
    one.verify(code=1)
    assert one.verdicts["sum"][:2] == ("failed", "runs")
    assert one.verdicts["sum"][2].startswith("is not at “checked”: ")
    assert one.verdicts["use"][0] == "passed"
    one.pin(sum="skip: nothing to be shown here")
    one.edit("agents/x.md", "assert total == 3", "assert 3 == 3")
    one.edit("agents/x.md", 'print("total", total)', "total = 3")
    one.verify(code=0)
    assert one.verdicts["sum"] == ("skipped", "none", "nothing to be shown here")


@pytest.mark.security("SEC-20")
def test_without_a_sandbox_nothing_passes_that_was_not_run(place, tmp_path):
    one = place(GOOD + OPEN + "## Shell\n\n```bash\necho $((1 + \n```\n\n```bash\necho 1\n```\n")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "bash").symlink_to(shutil.which("bash"))
    one.verify(code=1, PATH=str(bin_))
    assert one.verdicts["use"] == ("unproved", "imports", "no sandbox: bubblewrap is not installed")
    assert one.verdicts["later#2"][:2] == ("passed", "parses")
    assert one.verdicts["shell"][:2] == ("failed", "none")
    assert one.verdicts["shell#2"] == (
        "unproved",
        "parses",
        "no sandbox: bubblewrap is not installed",
    )
    one.verify("--unsafe", code=1, PATH=str(bin_))
    assert one.verdicts["use"][:2] == ("passed", "checked")


def test_without_the_network_and_the_home_folder(place, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    one = place(f"## Use\n\n```python\nprint(open({str(secret)!r}).read())\n```\n")
    one.verify()
    assert one.verdicts["use"][0] != "passed"
    assert "the secret" not in one.text(".agentdocs/results.json").replace(str(secret), "")


# --- forms --------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["--fresh"], ["agents/x.md"], ["agents/x.md::ratio"]])
def test_json_is_what_the_schema_says(arguments, place):
    one = place(GOOD + BAD + OPEN)
    one.pin(use="check: assert total == 4")
    for _ in range(2):
        found = one.verify("--format", "json", *arguments)
        data = json.loads(found.stdout)
        VALIDATOR.validate(data)
        assert found.returncode == bool(data["summary"]["verdicts"]["failed"])
        assert len(data["results"]) == (1 if "::" in "".join(arguments) else 6)
        assert found.stderr == ""
    VALIDATOR.validate(json.loads(one.text(".agentdocs/results.json")))


def test_json_holds_the_problems_of_contracts(place):
    one = place(GOOD)
    one.write({"agents/x.verify.yaml": "snippets:\n  gone: {digest: 0123456789ab, check: x}\n"})
    data = json.loads(one.verify("--format", "json", code=1).stdout)
    VALIDATOR.validate(data)
    assert [(p["path"], p["line"]) for p in data["problems"]] == [("agents/x.verify.yaml", 2)]


def test_annotations_of_github_name_file_and_line(place):
    one = place({"agents/a,b:c.md": BAD, "agents/x.md": GOOD, "agents/y.md": GOOD})
    one.pin("agents/y.md", use="check: |\n  assert total == 4, 'a%b\\nc'")
    one.write({"agents/x.verify.yaml": "snippets:\n  gone: {digest: 0123456789ab, check: x}\n"})
    rows = one.verify("--format", "github", code=1).stdout.splitlines()
    assert len(rows) == 3
    assert rows[0].startswith("::error file=agents/a%2Cb%3Ac.md,line=14,title=")
    assert rows[0].endswith("::ZeroDivisionError: division by zero")
    assert rows[1].startswith("::error file=agents/y.verify.yaml,line=5,title=")
    assert "a%25b" in rows[1]
    assert rows[2].startswith("::error file=agents/x.verify.yaml,line=2,title=")


def test_a_pipe_gets_no_codes_for_colours(place):
    text = "## Use\n\n```bash\n# \x1b[31mred\x1b[0m \x07\nprintf '\\033[31mred\\033[0m\\a'\ntest 1 = 2\n```\n"
    one = place({"agents/x.md": text, "agents/y.md": GOOD})
    for arguments in [[], ["-v"], ["--diff"], ["--format", "github"], ["--format", "json"]]:
        found = one.verify(*arguments, FORCE_COLOR="1", TTY_COMPATIBLE="1")
        assert "\x1b" not in found.stdout + found.stderr, arguments
        assert "\x07" not in found.stdout + found.stderr, arguments


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_that_knows_few_letters_is_no_obstacle(encoding, place):
    one = place(
        {"agents/x.md": GOOD, "agents/y.md": BAD + "\n```python\nprint('🚀')\n1 / 0\n```\n"}
    )
    for arguments in [[], ["-v"], ["--format", "github"], ["--format", "json"], ["agents/y.md::ß"]]:
        found = one.verify(*arguments, PYTHONIOENCODING=encoding)
        assert found.returncode in (1, 2), found.stderr


def test_a_reader_of_a_pipe_who_has_seen_enough_is_no_error(place):
    rows = "".join(f"\n```python\n{number} / 0\n```\n" for number in range(300))
    one = place(f"## Use\n{rows}")
    one.verify(code=1)
    command = [sys.executable, "-m", "agentdocs", "verify", "-v"]
    shell = f"{shlex.join(command)} | head -n 1"
    found = one.run(["bash", "-c", shell], PYTHONUNBUFFERED="1")
    assert "Traceback" not in found.stderr
    assert "Error" not in found.stderr


def test_a_terminal_gets_colours_and_a_bar(place):
    one = place(GOOD + BAD)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-W", "error", "-m", "agentdocs", "verify"]
    process = subprocess.Popen(
        command, cwd=one.root, stdin=theirs, stdout=theirs, stderr=theirs,
        env=one.environment(TERM="xterm-256color"),
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        said += data
    os.close(ours)
    assert process.wait(30) == 1
    text = said.decode()
    assert "\x1b[1;31m" in text
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    assert "agents/x.md" in plain
    assert "Traceback (most recent call last)" in plain  # the snippet's
    assert "Verifying" in plain


# --- what is kept -------------------------------------------------------------------------------


def test_the_second_run_runs_nothing_and_loads_nothing_that_takes_time(place):
    one = place({"agents/x.md": TIME, "agents/y.md": GOOD})
    one.verify(code=0)
    before = one.text(".agentdocs/results.json")
    found = one.verify(code=0, flags=["-X", "importtime"])
    assert found.stdout == "3 snippets: 3 passed; nothing has changed.\n"
    assert one.text(".agentdocs/results.json") == before
    loaded = {row.rpartition("|")[2].strip() for row in found.stderr.splitlines()}
    assert "agentdocs.verify.command" in loaded
    slow = {"rich", "yaml", "markdown_it", "sphinx", "pytest", "jinja2", "pygments", "jsonschema"}
    assert not {name.partition(".")[0] for name in loaded} & slow
    assert "agentdocs.verify.engine" not in loaded


def test_a_run_that_is_asked_for_afresh_runs_all(place):
    one = place({"agents/x.md": TIME})
    one.verify(code=0)
    before = one.one("time")
    one.verify("--fresh", code=0)
    assert one.one("time").output != before.output


CHANGES = {
    "an agent": ("agents/x.md", "print('free')", "print('libre')", "agents/x.md::free"),
    "a contract": ("agents/x.verify.yaml", "timeout: 7", "timeout: 8", "agents/x.md::use"),
    "a companion": ("agents/x/data.txt", "seven", "eight", "agents/x.md::use"),
    "a schema": ("agents/schema.json", '"integer"', '"string"', "agents/x.md::data"),
    "a page": ("docs/page.md", "print(7)", "print(8)", "docs/page.md::top"),
    "a page's contract": ("docs/page.verify.yaml", "assert 7", "assert 8", "docs/page.md::pinned"),
    "a module on the path": ("lib/mine.py", "SEVEN = 7", "SEVEN = 8", "docs/page.md::pinned"),
}
CHANGING = {
    "agents/x.md": """
Has `x/data.txt`.

## Use

```python
import uuid

print(uuid.uuid4(), open('data.txt').read())
```

## Free

```python
print('free')
print(uuid.uuid4())
```

## Data

```json
7
```
""",
    "agents/x/data.txt": "seven",
    "agents/other.md": TIME,
    "agents/schema.json": '{"type": "integer"}',
    "docs/page.md": """
```python
import uuid

print(7)
print(uuid.uuid4())
```

## Pinned

```python
import mine

print(mine.SEVEN, uuid.uuid4())
```
""",
    "lib/mine.py": "SEVEN = 7\n",
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_is_noticed_and_what_it_concerns_is_run_again(case, place):
    path, old, new, concerned = CHANGES[case]
    settings = f'{WITH_PAGES}pythonpath = ["lib"]\n'
    one = place(CHANGING, settings)
    one.pin(use="timeout: 7", data="schema: schema.json")
    one.pin("docs/page.md", pinned="check: assert 7")
    one.verify(code=0)
    before = one.outcomes
    assert "nothing has changed" in one.verify(code=0).stdout
    one.edit(path, old, new)
    found = one.verify(code=1 if case == "a schema" else 0)
    assert "nothing has changed" not in found.stdout
    after = one.outcomes
    assert after[concerned] != before[concerned]
    if case != "a module on the path":  # nobody knows who imports it
        assert after["agents/other.md::time"] == before["agents/other.md::time"]


@pytest.mark.parametrize("case", ["a package", "a requirement", "a path outside"])
def test_another_surrounding_is_noticed(case, place, tmp_path):
    one = place({"agents/x.md": TIME})
    extra = tmp_path / "extra"
    extra.mkdir()
    sources = os.environ.get("PYTHONPATH", "")
    path = {"PYTHONPATH": os.pathsep.join([str(PACKAGE.parent), str(extra), sources])}
    one.verify(code=0, **path)
    before = one.one("time").output
    one.verify(code=0, **path)
    assert one.one("time").output == before
    if case == "a package":
        (extra / "starship-2.0.dist-info").mkdir()
        one.verify(code=0, **path)
    elif case == "a requirement":
        one.verify("--require", "runs", code=0, **path)
    else:
        (tmp_path / "more/other-1.0.dist-info").mkdir(parents=True)
        path["PYTHONPATH"] += f"{os.pathsep}{tmp_path / 'more'}"
        one.verify(code=0, **path)
    assert one.one("time").output != before


def test_what_only_moved_is_shown_at_its_new_line(place):
    one = place(GOOD + BAD)
    one.verify(code=1)
    one.edit("agents/x.md", "## Sum\n", "## Words\n\nMore.\n\n## Sum\n")
    found = one.verify(code=1).stdout
    line = one.line("agents/x.md", "return a / b")
    assert f"agents/x.md:{line}: ZeroDivisionError" in found
    assert f">    {line} │     return a / b\n" in found
    assert f'  File "agents/x.md", line {line}, in ratio\n' in found


def test_what_is_gone_is_forgotten(place):
    one = place({"agents/x.md": GOOD, "agents/y.md": BAD})
    one.verify(code=1)
    (one.root / "agents/y.md").unlink()
    one.verify(code=0)
    assert {item.path for item in one.report.outcomes} == {"agents/x.md"}


def test_results_that_are_broken_are_made_again(place):
    one = place(GOOD)
    one.verify(code=0)
    whole = one.text(".agentdocs/results.json")
    for broken in ("", "{", whole[: len(whole) // 2], whole[:-2], "[]", "\0" * 99):
        one.write({".agentdocs/results.json": broken})
        one.verify(code=0)
        assert one.verdicts["use"] == ("passed", "checked", "")
    one.write({".agentdocs/results.json": whole.replace('"tier": "checked"', '"tier": "proved"')})
    assert "2 snippets: 2 passed" in one.verify("-v", code=0).stdout


# --- contracts ----------------------------------------------------------------------------------


def test_a_snippet_that_has_changed_fails_until_somebody_has_looked(place):
    one = place(GOOD)
    one.pin(use="check: assert total == 3")
    one.verify(code=0)
    one.edit("agents/x.md", 'print("total", total)', 'print("all", total)')
    found = one.verify(code=1).stdout
    assert "its contract cannot be kept: the snippet has changed since it was written" in found
    assert "agents/x.verify.yaml:2: The snippet `use` at line 17 has changed" in found
    assert "--update" in found
    one.verify("--update", code=0)
    assert "2 passed" in one.verify(code=0).stdout


def test_a_snippet_that_is_gone_is_said_with_what_to_do(place):
    one = place(GOOD)
    one.pin(use="check: assert total == 3")
    one.edit("agents/x.md", "## Use\n", "## Apply\n")
    found = one.verify(code=1).stdout
    assert "agents/x.verify.yaml:2: There is no snippet `use`." in found or (
        "Its code is now at `apply`" in found
    )
    assert "Its code is now at `apply`: rename the entry" in found
    one.verify("--update", code=0)
    assert "  apply:\n" in one.text("agents/x.verify.yaml")
    one.verify(code=0)
    assert one.verdicts["apply"][:2] == ("passed", "checked")


def test_an_address_outlives_edits_elsewhere(place):
    one = place(GOOD)
    one.pin(use="check: assert total == 3")
    one.edit("agents/x.md", "## Sum\n", "## New\n\n```python\nprint(0)\n```\n\nWords.\n\n## Sum\n")
    one.edit("agents/x.md", "total = sum([1, 2])", "total = sum([1, 1, 1])")
    one.verify(code=0)
    assert one.verdicts["use"][:2] == ("passed", "checked")


def test_differences_are_shown_before_they_are_written(place):
    one = place(GOOD + "\n```console\n$ echo 3\n```\n")
    one.pin(use="# A comment that stays.\nexpect: total 2", sum="check: assert total")
    one.edit("agents/x.md", "sum([1, 2])", "sum([1, 1])")
    one.edit("agents/x.md", "assert total == 3\n", "")
    before = one.text("agents/x.verify.yaml")
    found = one.verify("--diff", code=0)
    assert one.text("agents/x.verify.yaml") == before
    assert "--- a/agents/x.verify.yaml\n+++ b/agents/x.verify.yaml\n" in found.stdout
    assert "1 contract would change; --update writes it." in found.stderr
    shown = [row for row in found.stdout.splitlines() if re.match(r"[-+] ", row)]
    found = one.verify("--update", "--diff", code=0)
    after = one.text("agents/x.verify.yaml")
    assert [row for row in found.stdout.splitlines() if re.match(r"[-+] ", row)] == shown
    assert "# A comment that stays." in after
    gone = [row[1:] for row in shown if row[0] == "-"]
    new = [row[1:] for row in shown if row[0] == "+"]
    assert all(row in before.split("\n") for row in gone)
    assert all(row in after.split("\n") for row in new)
    assert one.verify(code=0).stdout.splitlines()[-1].startswith("3 snippets: 3 passed")
    assert "Every contract is as it should be." in one.verify("--update", code=0).stdout
    assert one.text("agents/x.verify.yaml") == after


def test_a_changed_output_is_written_into_what_is_expected(place):
    one = place(GOOD)
    one.pin(use="expect: |\n  total 2")
    one.verify(code=1)
    one.verify("--update", code=0)
    assert "expect: |\n      total 3\n" in one.text("agents/x.verify.yaml")
    one.verify(code=0)
    assert one.verdicts["use"][:2] == ("passed", "checked")


def test_dots_in_what_is_expected_stay_if_they_still_fit(place):
    one = place(GOOD)
    contract = one.pin(use="expect: |\n  total ...")
    before = one.text(contract)
    one.verify("--update", code=0)
    assert one.text(contract) == before


def test_updating_one_agent_leaves_the_others(place):
    one = place({"agents/x.md": GOOD, "agents/y.md": GOOD})
    one.pin(use="expect: x")
    other = one.pin("agents/y.md", use="expect: y")
    before = one.text(other)
    one.verify("--update", "agents/x.md", code=0)
    assert "expect: total 3" in one.text("agents/x.verify.yaml") or (
        "total 3" in one.text("agents/x.verify.yaml")
    )
    assert one.text(other) == before


FIRST = """
Calls `scripts/there.py`.

## Names

```python
import fastapi

with Session(engine) as session:
    session.add(order)
```

## Files

```bash
python scripts/migrate.py
```

## Prints

```python
print("two\\n\\nrows: # 'x' \\"y\\"")
```

## Fine

```python
total = 1
```

## Nothing

```json
{"a": 1}
```

## Broken

```python
1 / 0
```

## Holes: "x" # y

```python
connect("YOUR_KEY")
```
"""


def test_a_first_contract_holds_what_was_found_and_is_valid(place):
    one = place(FIRST)
    assert one.verify("--init", "agents/x.md", code=0).stdout == "Wrote agents/x.verify.yaml.\n"
    text = one.text("agents/x.verify.yaml")
    contract, problems = contracts.read("agents/x.verify.yaml", text)
    assert not problems
    project = projects.load(str(one.root))
    (document,) = documents.everything(project)
    assert not contracts.match(contract, document.snippets())
    assert contract.requires.python == ("fastapi",)
    assert contract.rules["prints"].expect == "two\n\nrows: # 'x' \"y\"\n"
    for name in ("Session", "engine", "order"):
        assert re.search(rf"(?m)^ *#.*\b{name} = …", text), text
    assert re.search(r"(?m)^ *# .*scripts/migrate\.py: \|", text), text
    assert "ZeroDivisionError" in text
    assert "YOUR_KEY" in text
    found = one.verify(code=1)
    assert "problem" not in found.stdout.splitlines()[-1]
    assert one.verdicts["prints"][:2] == ("passed", "checked")
    # Its comments, with the mark taken away, are a contract too.
    bare = re.sub(r"(?m)^( +)# ( *\S.*: ?\S?.*)$", r"\1\2", text)
    assert bare != text


def test_a_first_contract_overwrites_nothing(place):
    one = place(FIRST)
    one.write({"agents/x.verify.yaml": "# mine\n"})
    found = one.verify("--init", "agents/x.md", code=2)
    assert "agents/x.verify.yaml is there already; --update changes it." in found.stderr
    assert one.text("agents/x.verify.yaml") == "# mine\n"


def test_a_first_contract_follows_no_link(place, tmp_path):
    one = place(FIRST)
    (one.root / "agents/x.verify.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    one.verify("--init", "agents/x.md", code=2)
    assert not (tmp_path / "elsewhere.yaml").exists()


@pytest.mark.security("SEC-21")
def test_a_contract_behind_a_link_that_leads_out_is_neither_read_nor_written(place, tmp_path):
    secret = tmp_path / "secret.yaml"
    one = place(GOOD)
    one.pin(use="check: assert 'the secret'")
    text = one.text("agents/x.verify.yaml").replace('digest: "', 'digest: "0000')[:-1]
    text = re.sub(r'digest: "0000(.{8}).*"', r'digest: "0000\1"', text)
    secret.write_text(text)
    (one.root / "agents/x.verify.yaml").unlink()
    (one.root / "agents/x.verify.yaml").symlink_to(secret)
    for arguments in [[], ["--diff"], ["--update"]]:
        found = one.verify(*arguments)
        assert "the secret" not in found.stdout, arguments
    assert "the secret" not in one.text(".agentdocs/results.json")
    assert secret.read_text() == text


# --- several machines ---------------------------------------------------------------------------


def timeless(report):
    """Return what is the same in every run."""
    return sorted(
        (replace(one, date="", seconds=0.0) for one in report.outcomes), key=lambda one: one.id
    )


AGENTS = {
    "agents/a.md": GOOD + BAD, "agents/b.md": OPEN, "agents/c/d.md": GOOD + OPEN,
    "agents/e.md": "## Shell\n\n```console\n$ echo 1\n2\n```\n",
    "agents/f.md": GOOD, "docs/page.md": "```python\nprint(1)\n```\n",
}  # fmt: skip


def test_shards_on_machines_that_share_nothing_are_one_run(place, tmp_path):
    whole = place(AGENTS, WITH_PAGES, name="whole")
    whole.verify(code=1)
    counts = []
    for number in (1, 2, 3):
        part = place(AGENTS, WITH_PAGES, name=f"part{number}")
        part.write(
            {"agents/f.verify.yaml": "snippets:\n  gone: {digest: 0123456789ab, check: x}\n"}
        )
        part.verify("--shard", f"{number}/3")
        counts.append(len(part.outcomes))
    whole.write({"agents/f.verify.yaml": "snippets:\n  gone: {digest: 0123456789ab, check: x}\n"})
    whole.verify(code=1)
    assert sum(counts) == len(whole.outcomes)
    assert max(counts) < 8
    files = [str(tmp_path / f"part{number}/.agentdocs/results.json") for number in (1, 2, 3)]
    united = tmp_path / "part1/united/results.json"
    found = place(name="part1").cli("results", "merge", *files, "--out", str(united), code=1)
    assert found.stdout.endswith(f"results.json: {sum(counts)} snippets, 2 failed.\n")
    report = results.load(united)
    assert timeless(report) == timeless(whole.report)
    assert report.problems == whole.report.problems
    VALIDATOR.validate(json.loads(united.read_text()))


def test_united_results_are_known_to_the_next_run(place, tmp_path):
    one = place({"agents/x.md": TIME, "agents/y.md": TIME})
    files = []
    for number in (1, 2):
        file = tmp_path / f"{number}/results.json"
        one.verify("--shard", f"{number}/2", "--results", str(file), code=0)
        files.append(str(file))
    one.cli("results", "merge", *files, code=0)
    before = one.outcomes
    assert len(before) == 2
    assert "2 known from before" in one.verify(code=0).stdout
    assert timeless(one.report) == sorted(
        (replace(item, date="", seconds=0.0) for item in before.values()), key=lambda item: item.id
    )


@pytest.mark.parametrize("content", [None, "", "{}", "[1]"])
def test_what_holds_no_results_cannot_be_united(content, place):
    one = place(GOOD)
    one.verify(code=0)
    if content is not None:
        one.write({"bad.json": content})
    found = one.cli(
        "results", "merge", ".agentdocs/results.json", "bad.json", "-o", "new.json", code=2
    )
    assert "bad.json holds no results." in found.stderr
    assert not (one.root / "new.json").exists()


# --- being killed -------------------------------------------------------------------------------


def many(name, count, path=""):
    """Return an agent whose snippets take a little time, and leave a mark if there is a path."""
    rows = []
    for number in range(count):
        rows.append(f"## Step {number}\n\n```python\nimport time\n\ntime.sleep(0.01)")
        if path:
            rows.append(f"with open({path!r}, 'a') as file:\n    file.write('{name} {number}\\n')")
        rows.append(f"print('{name}', {number})\n```\n")
    return "\n".join(rows)


def family(pid):
    """Return all processes below one: id and start, so that a number given again is not mistaken."""
    below, found = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        below.setdefault(int(fields[1]), []).append((int(stat.parent.name), fields[19]))
    left = [pid]
    while left:
        for child, start in below.get(left.pop(), ()):
            found[child] = start
            left.append(child)
    return found


def alive(processes):
    """Return those that still run; the dead that nobody has buried do not."""
    found = []
    for pid, start in processes.items():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[19] == start and fields[0] != "Z":
            found.append(pid)
    return found


def start(place, *arguments):
    command = [sys.executable, "-m", "agentdocs", "verify", "--jobs", "2", *arguments]
    return subprocess.Popen(
        command, cwd=place.root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env=place.environment(),
    )  # fmt: skip


def written(place):
    """Return how many verdicts wait in journals."""
    count = 0
    for path in place.root.glob(".agentdocs/results.d/*.jsonl"):
        with suppress(FileNotFoundError):  # put into one file with the others
            count += path.read_bytes().count(b"\n")
    return count


def test_being_killed_at_any_moment_loses_no_verdict_and_leaves_no_process(place):
    files = {f"agents/{name}.md": many(name, 12) for name in "abcdef"}
    clean = place(files, name="clean")
    clean.verify("--jobs", "2", code=0)
    one = place(files)
    chance = random.Random(7)
    path = one.root / ".agentdocs/results.json"
    kept, seen = 0, []
    for turn in range(30):
        process = start(one)
        # From before anything is known to after everything is.
        wanted = kept + chance.randint(0, 8) if turn % 5 else 0
        while process.poll() is None and written(one) < wanted:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.05 if wanted else 0.4))
        children = family(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        end = time.monotonic() + 10
        while alive(children) and time.monotonic() < end:
            time.sleep(0.02)
        assert not alive(children)
        if path.exists():
            VALIDATOR.validate(json.loads(path.read_text()))
        report = results.load(path)
        count = len(report.outcomes) if report else 0
        assert count >= max(kept, min(wanted, 72))  # what was known once stays known
        kept = count
        seen.append(count)
        if kept == 72:
            shutil.rmtree(one.root / ".agentdocs")
            kept = 0
    assert len(set(seen)) > 10, seen
    one.verify(code=0)
    assert timeless(one.report) == timeless(clean.report)
    assert [p.name for p in (one.root / ".agentdocs/results.d").iterdir()] == []


def test_being_killed_loses_at_most_what_is_being_run(place, tmp_path):
    marks = tmp_path / "marks.txt"
    one = place({f"agents/{name}.md": many(name, 40, str(marks)) for name in "ab"})
    chance = random.Random(3)
    lost = []
    for _ in range(6):
        shutil.rmtree(one.root / ".agentdocs", ignore_errors=True)
        marks.write_text("")
        process = start(one, "--unsafe")
        while not marks.read_text():
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.8))
        done = len(marks.read_text().splitlines())
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        report = results.load(one.root / ".agentdocs/results.json")
        lost.append(done - (len(report.outcomes) if report else 0))
    # Two sandboxes: one snippet of each is being run, or its report is on its way. On a machine
    # that is busy, further ones end while this process waits for its turn.
    assert statistics.median(lost) <= 2, lost
    assert max(lost) <= 10, lost


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time; time.sleep(500)",
        "import os; os.fork(); os.setsid if False else None\nwhile True: pass",
    ],
)
def test_being_killed_ends_a_snippet_that_never_would(code, place):
    one = place(f"## A\n\n```python\nprint(1)\n```\n\n## B\n\n```python\n{code}\n```\n")
    process = start(one, "--timeout", "300")
    while process.poll() is None and written(one) < 1:
        time.sleep(0.01)
    time.sleep(0.3)
    children = family(process.pid)
    assert len(children) > 2
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    end = time.monotonic() + 10
    while alive(children) and time.monotonic() < end:
        time.sleep(0.02)
    assert not alive(children)


def test_an_interrupt_keeps_what_is_known_and_says_so_shortly(place):
    one = place({f"agents/{name}.md": many(name, 200) for name in "ab"})
    process = subprocess.Popen(
        [sys.executable, "-m", "agentdocs", "verify", "--jobs", "2"], cwd=one.root,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=one.environment(),
    )  # fmt: skip
    end = time.monotonic() + 20
    while not [*one.root.glob(".agentdocs/results.d/*.jsonl")] and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.2)
    children = family(process.pid)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode not in (0, 1)
    assert "Traceback" not in said
    end = time.monotonic() + 5
    while alive(children) and time.monotonic() < end:
        time.sleep(0.02)
    assert not alive(children)
    assert 0 < len(one.outcomes) < 400
    assert "400 snippets: 400 passed" in one.verify(code=0).stdout


# What is required.


def test_requirements_are_listed_once_each(place):
    one = place({
        "agents/x.md": "## A\n\n```python\n1\n```\n",
        "agents/y.md": "## A\n\n```python\n1\n```\n",
        "agents/x.verify.yaml": "requires:\n  python: [no-such-thing>=3, pytest]\n  npm: [no-such-thing]\n",
        "agents/y.verify.yaml": "requires:\n  python: [pytest]\n  programs: [no-such-program, python3]\n",
    })  # fmt: skip
    assert one.cli("requires", code=0).stdout == "no-such-thing>=3\npytest\n"
    assert one.cli("requires", "agents/y.md", code=0).stdout == "pytest\n"
    assert one.cli("requires", "--missing", code=0).stdout == "no-such-thing>=3\n"
    assert one.cli("requires", "--kind", "npm", code=0).stdout == "no-such-thing\n"
    found = json.loads(one.cli("requires", "--missing", "--format", "json", code=0).stdout)
    assert found == {
        "python": ["no-such-thing>=3"], "npm": ["no-such-thing"], "programs": ["no-such-program"],
        "services": [],
    }  # fmt: skip


def test_servers_are_listed_with_what_is_required(place):
    one = place({"agents/x.md": "## A\n\n```sql\nSELECT 1;\n```\n"})
    one.pin(a="databases: [sqlite, postgresql]\nservices: [redis]")
    assert one.cli("requires", "--kind", "services", code=0).stdout == "postgresql\nredis\n"


def test_a_broken_contract_is_said_beside_what_is_required(place):
    one = place({
        "agents/x.md": "## A\n\n```python\n1\n```\n",
        "agents/x.verify.yaml": "requires:\n  python: pytest\n",
    })  # fmt: skip
    found = one.cli("requires", code=1)
    assert found.stdout == ""
    assert found.stderr.startswith("agents/x.verify.yaml:2: `python` must be a list")
    assert "there is no file or folder nowhere" in one.cli("requires", "nowhere", code=2).stderr


def test_an_output_that_its_author_has_just_written_is_not_replaced(place):
    """A new entry has zeros for a digest; what it expects is meant."""
    one = place({
        "agents/x.md": "## A\n\n```python\nprint(1)\n```\n",
        "agents/x.verify.yaml": 'snippets:\n  a:\n    digest: "000000000000"\n    expect: "2"\n',
    })  # fmt: skip
    one.verify("--update", code=0)
    text = one.text("agents/x.verify.yaml")
    assert 'expect: "2"' in text
    assert "000000000000" not in text
    one.verify(code=1)
    one.verify("--update", code=0)
    assert '"2"' not in one.text("agents/x.verify.yaml")


def test_a_companions_snippet_is_found_by_the_contracts_address(place):
    one = place({
        "agents/x.md": "See [more](x/more.md).\n\n## A\n\n```python\n1\n```\n",
        "agents/x/more.md": "# More\n\n## B\n\n```python\nassert True\n```\n",
    })  # fmt: skip
    found = one.verify("agents/x.md::more.md:b", "-v", code=0).stdout
    assert "agents/x/more.md:5 b" in found
    wrong = one.verify("agents/x.md::b", code=2).stderr
    assert "“b” stands in a companion: write agents/x/more.md::b" in wrong

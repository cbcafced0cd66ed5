"""The command line, as real processes: what is printed, where, and with which exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from agentdocs.cli.overview import overview
from agentdocs.cli.parser import parser

EXT = Path(__file__).resolve().parents[2] / "_ext"

HEALTHY = "---\nname: tidy\ndescription: Keeps order.\ntools: Read\n---\n\nPut it back.\n"
BROKEN = "---\nname: loud\ndescription: Sings: scales and songs\n---\n\n[gone](gone.md)\n"
WARNED = "---\nname: lost\ndescription: Looks for things.\n---\n\n[gone](gone.md)\n"


@pytest.fixture
def write(tmp_path):
    """Write files, by path."""

    def files(texts):
        for path, text in texts.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)

    return files


def run(*arguments, cwd=None, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "agentdocs", *map(str, arguments)],
        capture_output=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(EXT), "PYTHONIOENCODING": "utf-8"} | environment,
        timeout=60,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in out + err
    return done.returncode, out, err


def test_errors_are_exit_code_1_and_name_file_and_line(write, tmp_path):
    write({"team/loud.md": BROKEN, "team/tidy.md": HEALTHY})
    code, out, _ = run("check", tmp_path)
    assert code == 1
    first, second, *rest = out.splitlines()
    assert first.startswith(f"{tmp_path}/team/loud.md:3: error: ")
    assert second.startswith(f"{tmp_path}/team/loud.md:6: warning: ")
    assert "2 agents: 1 error, 1 warning." in rest
    assert "\x1b" not in out, "no colours in a pipe"


def test_warnings_alone_are_exit_code_0(write, tmp_path):
    write({"team/lost.md": WARNED})
    code, out, _ = run("check", tmp_path)
    assert (code, "1 agent: 1 warning." in out) == (0, True)


def test_colours_where_they_are_forced(write, tmp_path):
    write({"team/loud.md": BROKEN})
    assert "\x1b[" in run("check", tmp_path, FORCE_COLOR="1", TERM="xterm-256color")[1]


def test_json_is_for_programs(write, tmp_path):
    write({"team/loud.md": BROKEN})
    code, out, err = run("check", tmp_path, "--format", "json")
    report = json.loads(out)
    assert (code, err) == (1, "")
    assert report["agents"] == 1
    assert report["counts"] == {"error": 1, "warning": 1, "info": 0}
    assert [(p["path"], p["line"], p["kind"], p["fixable"]) for p in report["problems"]] == [
        ("team/loud.md", 3, "broken-front-matter", True),
        ("team/loud.md", 6, "missing-link", False),
    ]


def test_github_annotations_are_one_line_each(write, tmp_path):
    write({"te,am/lo%ud.md": BROKEN})
    _, out, _ = run("check", tmp_path, "--format", "github")
    assert out.splitlines()[0].startswith(f"::error file={tmp_path}/te%2Cam/lo%25ud.md,line=3,")


def test_a_diff_shows_and_does_not_write(write, tmp_path):
    write({"team/loud.md": BROKEN})
    code, out, _ = run("check", tmp_path, "--diff")
    assert code == 0
    assert "-description: Sings: scales and songs\n" in out
    assert "+description: 'Sings: scales and songs'\n" in out
    assert (tmp_path / "team/loud.md").read_text() == BROKEN


def test_a_fix_writes_and_says_what_is_left(write, tmp_path):
    write({"team/loud.md": BROKEN})
    code, out, err = run("check", tmp_path, "--fix")
    assert "Fixed 1 Problem in 1 file." in err
    assert code == 0, "the warning is left"
    assert ":6: warning: " in out
    assert "description: 'Sings: scales and songs'\n" in (tmp_path / "team/loud.md").read_text()
    assert run("check", tmp_path, "--fix")[2] == "Nothing to fix.\n"


def test_a_control_character_does_not_get_lost_in_a_fix(write, tmp_path):
    (tmp_path / "loud.md").write_bytes(BROKEN.encode() + b"bell \x07\r\n")
    run("check", tmp_path, "--fix")
    assert (tmp_path / "loud.md").read_bytes().endswith(b"bell \x07\n")


def test_a_fix_that_would_lose_a_character_is_not_made(write, tmp_path):
    """On a page, � stands for it; in the file it must stay what it is."""
    broken = BROKEN.encode().replace(b"scales", b"sc\x07les")
    (tmp_path / "loud.md").write_bytes(broken)
    run("check", tmp_path, "--fix")
    assert (tmp_path / "loud.md").read_bytes() == broken


def test_one_file_is_checked_within_its_library(write, tmp_path):
    asks = "---\nname: asks\ndescription: Asks.\nagents: [tidy]\n---\n\n[tidy](../other/tidy.md)\n"
    write(
        {"agents/team/asks.md": asks, "agents/other/tidy.md": HEALTHY, "agents/x/loud.md": BROKEN}
    )
    code, out, _ = run("check", "agents/team/asks.md", cwd=tmp_path)
    assert (code, out) == (0, "1 agent: no Problems.\n")


@pytest.mark.parametrize("arguments", [["check", "nowhere"], ["check"], ["bake", "x"], []])
def test_a_wrong_call_is_exit_code_2_and_a_sentence(tmp_path, arguments):
    code, out, err = run(*arguments, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert err


@pytest.mark.parametrize("command", [[], ["check"], ["render"]])
def test_help_teaches(command):
    code, out, _ = run(*command, "--help")
    assert code == 0
    assert "PATH" in out or "Examples:" in out


def test_the_overview_names_every_command_and_option():
    """It is written without the parser, and must not forget what that one has."""
    out = run("--help")[1]
    whole = parser()
    (commands,) = (action for action in whole._actions if action.choices)
    rows = [row.split() for row in out.splitlines()]
    assert [row[0] for row in rows if row and row[0] in commands.choices] == [*commands.choices]
    for action in whole._actions:
        assert all(option in out for option in action.option_strings)
    assert whole.format_help() == overview()


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--help"], 0), (["-h"], 0), (["--version"], 0), ([], 2)]
)
def test_the_overview_is_there_at_once(arguments, code):
    """The import of argparse would take longer than all else together."""
    source = "import sys; from agentdocs.__main__ import main; code = main(sys.argv[1:])\n"
    source += "print(code, *{'argparse', 're', 'typing', 'textwrap'} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({str(EXT)!r}); {source}", *arguments],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == str(code)
    assert ("usage: " in done.stderr) == (code == 2)


@pytest.mark.parametrize("columns", ["1", "40", "80", "500"])
def test_the_overview_fits_the_terminal(columns):
    out = run("--help", COLUMNS=columns)[1].partition("Examples:")[0]
    rows = out.splitlines()[2:]
    words = {len(word) for row in rows for word in row.split()}
    assert max(map(len, rows)) <= max(int(columns) - 2, 14 + max(words))
    assert " ".join(out.split()) == " ".join(run("--help")[1].partition("Examples:")[0].split())


def test_render_writes_pages_and_leaves_others_alone(write, tmp_path):
    write({"agents/team/tidy.md": HEALTHY})
    code, out, _ = run("render", tmp_path / "agents", tmp_path / "out")
    assert (code, out[:9]) == (0, "1 agent: ")
    assert "# tidy" in (tmp_path / "out/team/tidy/index.md").read_text()
    (tmp_path / "out/team/tidy/index.md").write_text("# Mine\n")
    code, _, err = run("render", tmp_path / "agents", tmp_path / "out")
    assert code == 2
    assert "index.md" in err
    assert (tmp_path / "out/team/tidy/index.md").read_text() == "# Mine\n"

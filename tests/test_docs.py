"""The manual speaks of what is there: commands, sessions, options, modules and Problems."""

import ast
import json
import os
import re
import shlex
import shutil
import textwrap
import types
from pathlib import Path

import pytest
import yaml
from agentdocs import dialects
from agentdocs.__main__ import main
from agentdocs.cli.parser import parser
from agentdocs.problems import ProblemKind
from agentdocs.read import read_agent
from agentdocs.source import parse
from agentdocs.sphinx_ext.manual import _LIMITED, TABLES
from agentdocs.verify import languages, results
from agentdocs.verify.model import TIERS, VERDICTS
from agentdocs.verify.project import Project
from agentdocs.verify.sandbox import LIMITS
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "_ext" / "agentdocs"
MANUAL = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELL = {"sh", "bash", "console", "shell", "shell-session"}


def fences(path):
    """Yield language, code and line of each fence."""
    for token in MarkdownIt().parse(path.read_text()):
        if token.type == "fence":
            yield (
                token.info.split(maxsplit=1)[0] if token.info else "",
                token.content,
                token.map[0] + 1,
            )


def commands():
    """Yield each command line of the manual, with where it stands."""
    for path in MANUAL:
        for language, code, line in fences(path):
            for row in code.replace("\\\n", " ").splitlines():
                # In a workflow or a hook, a command is the value of a key.
                if language in SHELL or (language in ("yaml", "toml") and "-m agentdocs" in row):
                    row = re.sub(r"\$\{\{.*?\}\}", "1", row)
                    yield f"{path.name}:{line}", row.strip().removeprefix("$ ")


def sessions():
    tree = ast.parse((ROOT / "noxfile.py").read_text())
    return {
        node.name: ast.get_docstring(node)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    }


def words_of(row):
    try:
        return shlex.split(row, comments=True)
    except ValueError:  # a quote that goes on over lines
        return row.split()


CALLS = [
    pytest.param(where, words_of(part.strip()), id=f"{where} {part.strip()}")
    for where, row in commands()
    for part in re.split(r"&&|\||;|>", row)
]


@pytest.mark.parametrize(("where", "words"), CALLS)
def test_commands_of_the_manual_exist(where, words):
    if "-m" in words and "agentdocs" in words:
        arguments = words[words.index("agentdocs") + 1 :]
        if not {"--help", "--version"} & set(arguments):
            parser().parse_args(arguments)  # exits where an option is not there
    if "nox" in words and "-s" in words:
        named = [w for w in words[words.index("-s") + 1 :] if not w.startswith("-")]
        assert named[0] in sessions(), where


def test_every_session_says_what_it_does():
    assert all(sessions().values())
    assert {"docs", "tests", "lint", "types", "serve", "clean"} <= sessions().keys()


PYTHON = [
    pytest.param(code, id=f"{path.name}:{line}")
    for path in MANUAL
    for language, code, line in fences(path)
    if language in ("python", "py")
]


@pytest.mark.parametrize("code", PYTHON)
def test_python_of_the_manual_is_python(code):
    ast.parse(textwrap.dedent(code))


def test_the_dialect_of_the_manual_is_one_file_and_one_row(monkeypatch):
    """What the manual says of adding a dialect is done here, with the text that stands there."""
    file, row = (
        textwrap.dedent(code)
        for language, code, _ in fences(ROOT / "docs" / "dialects.md")
        if language == "python"
    )
    opencode = types.ModuleType("agentdocs.dialects.opencode")
    exec(compile(file, "opencode.py", "exec"), opencode.__dict__)
    (added,) = eval(row, {"Dialect": dialects.Dialect, "opencode": opencode})
    table = list(dialects.DIALECTS)
    names = [dialect.name for dialect in table]
    monkeypatch.setattr(
        dialects,
        "DIALECTS",
        (*table[: names.index("subagent")], added, *table[names.index("subagent") :]),
    )
    text = "---\ndescription: Reviews.\nmode: subagent\ntools:\n  write: false\n---\n\nLook.\n"
    agent = read_agent(parse("team/reviewer.md", text.encode()))
    assert (agent.dialect, agent.name) == ("opencode", "reviewer")
    assert [field.key for field in agent.fields if field.status == "inferred"] == []
    assert [(tool.name, tool.allowed) for tool in agent.tools] == [("Write", False)]


FOLDERS = (
    "cli", "dialects", "catalog", "compare", "outputs", "pages", "sphinx_ext/machines", "artefacts/openapi", "artefacts/json_schema",
    "artefacts/database", "artefacts", "verify/contract", "verify/languages", "verify/guest", "browser/guest",
)  # fmt: skip
"""What the page on architecture names as a folder, because its files are of one kind."""


def tables_of_modules():
    """Return what the page on architecture names, by the folder that a table is about."""
    text = (ROOT / "docs" / "architecture.md").read_text().partition("## Why each wall")[0]
    parts = re.split(r"^In `_ext/agentdocs/(\w*)/?`", text, flags=re.MULTILINE)[1:]
    return {
        folder: {
            name
            for row in part.splitlines()
            if row.startswith("|")
            for name in re.findall(r"`([\w./…]+)`", row.split(" | ")[0])
        }
        for folder, part in zip(parts[::2], parts[1::2], strict=True)
    }


def test_the_architecture_page_names_every_module():
    tables = tables_of_modules()
    for module in PACKAGE.rglob("*.py"):
        folder = module.parent.relative_to(PACKAGE).as_posix().removeprefix(".")
        named = tables[folder.split("/")[0] if folder.split("/")[0] in tables else ""]
        if folder in FOLDERS:
            assert f"{folder}/" in named, folder
        elif module.name != "__init__.py":
            assert module.name in named, module.relative_to(PACKAGE)


def test_the_architecture_page_names_no_module_that_is_gone():
    for folder, named in tables_of_modules().items():
        for name in named:
            place = (
                PACKAGE
                / ("" if name.startswith(("verify/", "sphinx_ext/", "browser/")) else folder)
                / name
            )
            assert place.exists() or name.endswith("…"), name


def test_every_session_is_in_the_manual():
    text = (ROOT / "docs" / "contributing.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == sessions().keys()


def test_every_table_of_the_code_is_in_the_manual():
    text = "".join(path.read_text() for path in MANUAL)
    assert set(re.findall(r"^```{agentdocs-manual} (\S+)", text, re.MULTILINE)) == TABLES.keys()
    assert _LIMITED.keys() == LIMITS.keys()


# --- the manual of proof -------------------------------------------------------------------------


def rows(page, head):
    """Return the rows of the table whose first heading is ``head``, without code marks."""
    text = (ROOT / "docs" / page).read_text()
    table = text.split(f"\n| {head} |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in table]


def code(cell):
    """Return the first code span of a cell."""
    return re.match(r"`([^`]*)`", cell)[1]


def test_tiers_and_verdicts_of_the_manual_are_those_of_the_code():
    assert [code(row[0]) for row in rows("verifying.md", "Tier")] == list(TIERS)
    assert {code(row[0]) for row in rows("verifying.md", "Verdict")} == set(VERDICTS)


def test_settings_of_the_manual_are_those_of_the_code():
    fields = {name: Project._field_defaults.get(name) for name in Project._fields}
    listed = {code(row[0]): code(row[-1]) for row in rows("verifying.md", "Setting")}
    assert listed.keys() == fields.keys() - {"root", "configured"}
    for name, default in listed.items():
        wanted = list(fields[name]) if isinstance(fields[name], tuple) else fields[name]
        assert json.loads(default) == wanted, name


def test_every_option_of_verify_is_in_the_manual():
    text = (ROOT / "docs" / "verifying.md").read_text()
    commands = next(a for a in parser()._actions if a.choices and "verify" in a.choices)
    for action in commands.choices["verify"]._actions:
        for option in action.option_strings:
            assert option in text or option in ("-h", "--help"), option


def sayings():
    """Return an expression for each text that the verifier can form; what it fills in is open."""
    found = set()
    for path in (PACKAGE / "verify").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(part.value) if isinstance(part, ast.Constant) else ".+"
                    for part in node.values
                ]
                found.add("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(".+".join(re.escape(part) for part in node.value.split("{}")))
    # What is all hole would fit everything.
    return [re.compile(one) for one in found if len(one.replace(".+", "")) > 8]


def test_every_reason_of_the_manual_can_be_given():
    said = sayings()
    for row in rows("verifying.md", "Reason"):
        reason = code(row[0])
        assert any(one.fullmatch(reason) for one in said), reason


SHOWING = ("contracts.md", "tutorial.md", "verifying.md")
"""Pages whose consoles speak of an agent that one of them shows."""


def contracts():
    """Yield each contract of the manual with its page."""
    for path in sorted([*ROOT.glob("*.verify.yaml"), *(ROOT / "docs").glob("*.verify.yaml")]):
        page = path.with_name(path.name.replace(".verify.yaml", ".md"))
        yield pytest.param(page, yaml.safe_load(path.read_text()), id=page.name)


@pytest.mark.parametrize(("page", "contract"), list(contracts()))
def test_agents_in_contracts_are_those_that_the_manual_shows(page, contract):
    """Or what they prove would be true of another agent alone."""
    shown = {}
    for path in MANUAL:
        for language, text, _ in fences(path):
            if language == "markdown" and (name := re.match(r"---\nname: (.+)", text)):
                shown.setdefault(name[1], set()).add(text)
    for rule in contract["snippets"].values():
        for name, text in rule.get("files", {}).items():
            agent = Path(name).stem
            if page.name in SHOWING and name.endswith(".md") and agent in shown:
                assert text.replace("count < 9", "count < 5") in shown[agent], name


def needs(*programs):
    """Skip a test for want of a program; where everything must be there, fail it."""
    missing = [program for program in ("bwrap", *programs) if not shutil.which(program)]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"CI must have {', '.join(missing)}", pytrace=False)
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")


def verified(folder, monkeypatch):
    """Verify the agents of a folder; return the exit code, and the verdicts by address."""
    (folder / "pyproject.toml").write_text("[tool.agentdocs]\n")
    monkeypatch.chdir(folder)
    status = main(["verify"])
    report = results.load(folder / ".agentdocs" / "results.json")
    return status, {one.address: one for one in report.outcomes}


def test_the_contract_of_the_manual_proves_the_agent_of_the_manual(tmp_path, monkeypatch):
    needs()
    page = ROOT / "docs" / "contracts.md"
    agent = next(text for language, text, _ in fences(page) if language == "markdown")
    contract = next(text for language, text, _ in fences(page) if language == "yaml")
    folder = tmp_path / "agents" / "shop"
    folder.mkdir(parents=True)
    (folder / "stock-keeper.md").write_text(agent)
    (folder / "stock-keeper.verify.yaml").write_text(contract)
    status, found = verified(tmp_path, monkeypatch)
    assert status == 0
    assert [(one.verdict, one.tier) for one in found.values()] == [("passed", "checked")] * 5


@pytest.mark.slow
def test_what_the_manual_shows_is_what_happens(tmp_path, monkeypatch):
    """Every snippet of the manual holds, or its author says why it is not run."""
    needs()
    monkeypatch.chdir(ROOT)
    assert main(["verify", "docs", "README.md", "--results", str(tmp_path / "results.json")]) == 0


PHP = """---
name: till
description: Adds up what somebody buys. Use for a bill.
---

# Till

## Right

```php
function total(array $prices): float
{
    return array_sum($prices);
}

assert(total([1.5, 2.5]) === 4.0);
echo total([1, 2]), PHP_EOL;
```

## Wrong

```php
<?php

function change(float $paid, float $price): float
{
    throw new RangeException("no change for that");
}

echo change(5, 7);
```

## Broken

```php
$paid = ;
```
"""


def test_the_language_of_the_manual_is_one_file_and_one_row(tmp_path, monkeypatch):
    """What the manual says of adding a language is done here, with the text that stands there."""
    needs("php")
    file, row = (
        text for language, text, _ in fences(ROOT / "docs" / "languages.md") if language == "python"
    )
    php = types.ModuleType("agentdocs.verify.languages.php")
    exec(compile(file, "php.py", "exec"), php.__dict__)
    added = eval(row, {"php": php})
    monkeypatch.setattr(languages, "LANGUAGES", (*languages.LANGUAGES, *added))
    agents = tmp_path / "agents"
    agents.mkdir()
    (agents / "till.md").write_text(PHP)
    status, found = verified(tmp_path, monkeypatch)
    assert status == 1
    right, wrong, broken = (found[name] for name in ("right", "wrong", "broken"))
    assert (right.verdict, right.tier, right.output) == ("passed", "runs", "3\n")
    assert right.interpreter.startswith("PHP ") or right.interpreter.startswith("Php ")
    line = PHP.split("\n").index('    throw new RangeException("no change for that");') + 1
    assert (wrong.verdict, wrong.error.line) == ("failed", line)
    assert "no change for that" in wrong.error.text
    assert (broken.verdict, broken.tier) == ("failed", "none")
    assert broken.reason.startswith("does not parse")
    assert broken.error.line == PHP.split("\n").index("$paid = ;") + 1


def test_every_problem_has_a_text_of_its_own():
    manuals = [kind.manual for kind in ProblemKind]
    assert all(len(text) > 40 for text in manuals)
    assert len(set(manuals)) == len(manuals)


def test_the_readme_says_what_the_bench_has_measured():
    """Its ratios are those of processors' time in the page that the bench writes."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs" / "benchmarks.md").read_text().splitlines()
        if line.startswith("|") and " agents (" in line
    ]
    largest = max(int(row[0].split()[0].replace(",", "")) for row in rows)
    rows = [row for row in rows if row[0].startswith(f"{largest:,} agents")]
    # What, on the clock, CPU, target, and whether it is reached.
    measured = {row[0].partition("), ")[2]: row[2] for row in rows}
    said = (ROOT / "README.md").read_text().partition("## How fast it is")[2].partition("##")[0]
    for what in ("whole build, -j 1", "one edited", "nothing changed"):
        assert f"{measured[what]} times" in said, what

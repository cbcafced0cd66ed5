"""The manual speaks of what is there: commands, sessions, options, modules and Problems."""

import ast
import re
import shlex
import textwrap
import types
from pathlib import Path

import pytest
from agentdocs import dialects
from agentdocs.__main__ import _parser
from agentdocs.problems import ProblemKind
from agentdocs.read import read_agent
from agentdocs.source import parse
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[1]
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
            _parser().parse_args(arguments)  # exits where an option is not there
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


def test_the_architecture_page_names_every_module():
    text = (ROOT / "docs" / "architecture.md").read_text()
    package = ROOT / "_ext" / "agentdocs"
    for module in package.rglob("*.py"):
        folder = module.parent.relative_to(package).parts
        name = f"`{folder[0]}/`" if folder and folder[0] in ("dialects",) else f"`{module.name}`"
        if module.name != "__init__.py":
            assert name in text, module.relative_to(package)


def test_every_problem_has_a_text_of_its_own():
    manuals = [kind.manual for kind in ProblemKind]
    assert all(len(text) > 40 for text in manuals)
    assert len(set(manuals)) == len(manuals)

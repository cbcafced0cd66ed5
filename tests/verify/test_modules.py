"""This machine → which modules, packages and programs there are; and what a project wants of it."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys

import pytest
from agentdocs.verify import environment
from agentdocs.verify import project as projects


@pytest.fixture
def here(tmp_path):
    """Return a folder with modules of every kind, and a way to look for them."""
    for path in (
        "single.py", "package/__init__.py", "package/inner.py", "package/deep/__init__.py",
        "space/part.py", "broken/__init__.py",
    ):  # fmt: skip
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text("raise RuntimeError('imported')\n")
    return environment.Modules((str(tmp_path),))


@pytest.mark.parametrize(
    "module",
    ["single", "package", "package.inner", "package.deep", "space", "space.part", "os", "os.path",
     "sys", "json.decoder", "xml.etree.ElementTree", "collections.abc", "importlib.metadata",
     "pytest", "_pytest.config", "concurrent.futures", "__future__"],
)  # fmt: skip
def test_a_module_that_is_there_is_found_and_not_imported(module, here):
    assert here.has(module)
    assert not {"single", "package", "space"} & sys.modules.keys()


@pytest.mark.parametrize(
    "module",
    ["nobody_has_this", "nobody.has.this", "package.nothing", "package.deep.nothing",
     "space.nothing", "pytest.nothing", "", "a..b", "not-a-name", "\0", "ß" * 300],
)  # fmt: skip
def test_a_module_that_is_not_there_is_not_found(module, here):
    assert not here.has(module)


def test_companions_can_be_imported(here):
    files = frozenset({"prices.py", "tools/tax.py", "lib/__init__.py"})
    for module in ("prices", "tools", "tools.tax", "lib"):
        assert here.has(module, files), module
    for module in ("price", "tools.taxes", "tool"):
        assert not here.has(module, files), module


def test_what_one_agent_ships_is_not_there_for_the_next(here):
    assert here.has("prices", frozenset({"prices.py"}))
    assert not here.has("prices", frozenset())


def test_every_module_of_the_standard_library_is_found():
    modules = environment.Modules(())
    odd = {"antigravity", "this", "idlelib", "nt", "winreg", "msvcrt", "winsound", "_winapi"}
    missing = {name for name in sys.stdlib_module_names - odd if not modules.has(name)}
    assert not missing


def test_a_package_is_known_by_what_is_imported_of_it():
    version = importlib.metadata.version
    assert environment.distribution("pytest") == ("pytest", version("pytest"))
    assert environment.distribution("yaml") == ("PyYAML", version("pyyaml")) or (
        environment.distribution("yaml")[0].lower() == "pyyaml"
    )
    assert environment.distribution("json") is None
    assert environment.distribution("nobody_has_this") is None


@pytest.mark.parametrize(
    ("requirement", "reason"),
    [
        ("pytest", ""),
        ("pytest>=1", ""),
        ("PyTest >= 1, < 9999", ""),
        ("nobody-has-this; python_version < '3'", ""),
        ("nobody-has-this>=2", "requires nobody-has-this>=2, which is not installed"),
        (
            "pytest>=9999",
            f"requires pytest>=9999, and {importlib.metadata.version('pytest')} is installed",
        ),
    ],
)
def test_a_requirement_is_met_or_said(requirement, reason):
    assert environment.unmet(requirement) == reason


def test_programs_say_their_version(sandbox, node):
    assert environment.version("bash").startswith("Bash ")
    assert environment.version("node").startswith("Node ")
    assert environment.version("nobody-has-this") == ""
    assert environment.interpreter("python", "") == f"CPython {sys.version.split()[0]}"
    assert environment.interpreter("sql", "").startswith("SQLite 3.")


def test_a_program_that_says_nothing_of_use_is_named_all_the_same(tmp_path, monkeypatch):
    for name, text in {
        "silent": "exit 3",
        "loud": "echo 'not a number'",
        "strange": "printf '\\377'",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    environment.version.cache_clear()
    try:
        assert [environment.version(name) for name in ("silent", "loud", "strange")] == [
            "Silent",
            "Loud",
            "Strange",
        ]
    finally:
        environment.version.cache_clear()


def test_only_what_can_be_executed_is_a_program(tmp_path, monkeypatch):
    (tmp_path / "words").write_text("words")
    (tmp_path / "folder").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.which("words") is None
    assert environment.which("folder") is None
    (tmp_path / "words").chmod(0o755)
    assert environment.which("words") == str(tmp_path / "words")


def test_npm_packages_of_the_project_or_above_are_found(tmp_path):
    assert environment.node_modules(str(tmp_path / "a/b")) is None
    (tmp_path / "node_modules").mkdir()
    assert environment.node_modules(str(tmp_path / "a/b")) == tmp_path / "node_modules"
    (tmp_path / "a/node_modules").mkdir(parents=True)
    assert environment.node_modules(str(tmp_path / "a/b")) == tmp_path / "a/node_modules"


def test_npm_packages_can_be_imported(place, sandbox, node):
    one = place(
        "## A\n\n```js\nimport { warp } from 'starship';\n\nconsole.log(warp());\n```\n\n"
        "```js\nconst { warp: other } = require('starship');\nconsole.log(other());\n```\n"
    )
    one.write({
        "node_modules/starship/package.json": '{"name": "starship", "version": "1.0.0", "main": "index.js"}',
        "node_modules/starship/index.js": "exports.warp = () => 'warp 9';\n",
    })  # fmt: skip
    one.verify(code=0)
    assert [item.output for item in one.report.outcomes] == ["warp 9\n", "warp 9\n"]


def test_modules_on_the_projects_path_can_be_imported(place, sandbox):
    one = place(
        "## A\n\n```python\nimport mine\n\nprint(mine.SEVEN)\n```\n\n```bash\npython -c 'import mine; print(mine.SEVEN)'\n```\n",
        '[tool.agentdocs]\nagents = "agents"\npythonpath = ["lib"]\n',
    )
    one.write({"lib/mine.py": "SEVEN = 7\n"})
    one.verify(code=0)
    assert [(item.verdict, item.output) for item in one.report.outcomes] == [("passed", "7\n")] * 2


def test_packages_that_were_imported_are_named(place, sandbox):
    one = place(
        "## A\n\n```python\nimport json\nimport yaml\n\nprint(yaml.safe_load('a: 1'))\n```\n"
    )
    one.verify(code=0)
    ((name, version),) = one.one("a").packages
    assert (name.lower(), version) == ("pyyaml", importlib.metadata.version("pyyaml"))


def test_a_module_that_fails_when_it_is_loaded_for_many_fails_for_each(place, sandbox):
    agent = "## A\n\n```python\nimport broken\n```\n\n## B\n\n```python\nprint('next')\n```\n"
    one = place(
        {"agents/x.md": agent, "agents/y.md": agent, "lib/broken.py": "raise SystemExit(3)\n"},
        '[tool.agentdocs]\nagents = "agents"\npythonpath = ["lib"]\n',
    )
    one.verify(code=1)
    assert [item.verdict for item in one.report.outcomes] == ["failed", "passed"] * 2


# --- projects -----------------------------------------------------------------------------------


def test_a_project_is_the_nearest_folder_with_a_mark(tmp_path):
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/pyproject.toml").write_text("")
    assert projects.find(str(tmp_path / "a/b/c")).root == str(tmp_path / "a")
    (tmp_path / "a/b/.agentdocs").mkdir()
    assert projects.find(str(tmp_path / "a/b/c")).root == str(tmp_path / "a/b")


def test_settings_are_read(tmp_path):
    (tmp_path / "bots").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "pyproject.toml").write_text(
        '[tool.agentdocs]\nagents = "bots"\ndocuments = ["docs/*.md"]\npythonpath = ["src"]\n'
        'require = "runs"\ntimeout = 3\nresults = "out/r.json"\n'
    )
    found = projects.load(str(tmp_path))
    assert (found.agents, found.documents, found.pythonpath) == (
        ("bots",),
        ("docs/*.md",),
        ("src",),
    )
    assert (found.require, found.timeout, found.configured) == ("runs", 3.0, True)
    assert found.results_path == str(tmp_path / "out/r.json")


@pytest.mark.parametrize("text", ["", "[tool.other]\nx = 1\n", "[project]\nname = 'x'\n"])
def test_without_settings_a_project_is_not_configured(text, tmp_path):
    (tmp_path / "pyproject.toml").write_text(text)
    found = projects.load(str(tmp_path))
    assert not found.configured
    assert found.agents == ("agents",)


def test_the_fingerprint_of_the_machine_loads_little():
    code = "import sys; from agentdocs.verify import environment as e; e.fingerprint(); print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    slow = {"pathlib", "subprocess", "importlib.metadata", "rich", "yaml", "markdown_it"}
    start = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not (slow & {*found.stdout.split()}) - {*start.stdout.split()}

"""The threat model and its tests name each other; what CI installs is locked."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
MODEL = ROOT / "docs" / "security.md"
LOCK = ROOT / ".ci" / "constraints.txt"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


# --- lines and their tests ---------------------------------------------------------------------


def lines():
    """Return the number of each line of the threat model, in its order."""
    return re.findall(r"^\| (SEC-\d\d) \| [^|]+ \| [^|]+ \|$", MODEL.read_text(), re.MULTILINE)


def claims():
    """Return, by line, the test functions that claim it: ``FILE::NAME``."""
    found = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.security":
                    name = f"{path.relative_to(ROOT)}::{node.name}"
                    assert node.name.startswith("test_"), name
                    assert mark.args and not mark.keywords, name
                    for one in mark.args:
                        found.setdefault(ast.literal_eval(one), []).append(name)
    return found


def test_every_line_of_the_threat_model_is_claimed_by_a_test():
    assert len(lines()) > 50
    assert not [one for one in lines() if one not in claims()]


def test_no_test_claims_a_line_that_is_not_there():
    assert not {one: tests for one, tests in claims().items() if one not in lines()}


def test_no_number_is_given_twice_and_none_stands_outside_of_a_table():
    assert not [one for one, times in Counter(lines()).items() if times > 1]
    mentioned = set(re.findall(r"SEC-\d+", MODEL.read_text()))
    assert mentioned == {*lines()}


def test_reports_have_a_way():
    text = (ROOT / ".github" / "SECURITY.md").read_text()
    assert "Report a vulnerability" in text
    assert "docs/security.md" in text
    assert ".github/SECURITY.md" in MODEL.read_text()


# --- what CI installs --------------------------------------------------------------------------


def machine(python):
    """Return what markers ask for on the machines of CI."""
    return {
        "implementation_name": "cpython", "os_name": "posix", "platform_machine": "x86_64",
        "platform_python_implementation": "CPython", "platform_system": "Linux", "sys_platform": "linux",
        "python_version": python, "python_full_version": f"{python}.9", "extra": "",
    }  # fmt: skip


def locked(python):
    """Return the version of each package that is installed on a Python."""
    found = {}
    for row in LOCK.read_text().splitlines():
        if row.strip() and not row.startswith("#"):
            one = Requirement(row)
            if one.marker is None or one.marker.evaluate(machine(python)):
                name = canonicalize_name(one.name)
                assert name not in found, f"{name} is locked twice"
                (pin,) = one.specifier
                assert pin.operator == "==", row
                found[name] = pin.version
    return found


def named():
    """Return all that CI installs, as far as somebody wrote it down."""
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"].values()
    groups = PYPROJECT["dependency-groups"].values()
    tools = (ROOT / ".ci" / "tools.txt").read_text().splitlines()
    contracts = subprocess.run(
        [sys.executable, "-m", "agentdocs", "requires"], cwd=ROOT, capture_output=True, encoding="utf-8",
        env={"PYTHONPATH": str(ROOT / "_ext"), "PATH": ""}, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert len(contracts) > 10
    return [
        *project["dependencies"], *(one for group in [*extras, *groups] for one in group),
        *PYPROJECT["build-system"]["requires"], *contracts,
        *(tool for tool in tools if not tool.startswith("#")),
    ]  # fmt: skip


@pytest.mark.security("SEC-82")
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_all_that_is_installed_is_locked(python):
    pins = locked(python)
    for text in named():
        one = Requirement(text)
        if one.marker is None or one.marker.evaluate(machine(python)):
            version = pins.get(canonicalize_name(one.name), "")
            assert version, f"{one.name} is not in {LOCK.name}; run .ci/lock"
            assert one.specifier.contains(version, prereleases=True), f"{text}; run .ci/lock"


@pytest.mark.security("SEC-82")
def test_ci_installs_what_is_locked():
    gate = (ROOT / ".ci" / "run").read_text()
    assert "PIP_CONSTRAINT=" in gate and "UV_CONSTRAINT=" in gate
    assert gate.index("PIP_CONSTRAINT=") < gate.index(
        "pip install --quiet --disable-pip-version-check nox"
    )
    place = "${{ github.workspace }}/.ci/constraints.txt"
    for name in ("tests.yml", "pages.yml"):
        workflow = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())
        assert workflow["env"] == {"PIP_CONSTRAINT": place, "UV_CONSTRAINT": place}


def test_the_lock_is_made_of_all_groups_for_the_oldest_python():
    script = (ROOT / ".ci" / "lock").read_text()
    groups = set(re.findall(r"--group (\w+)", script))
    assert groups == {*PYPROJECT["dependency-groups"]}
    assert "--all-extras" in script
    oldest = PYPROJECT["project"]["requires-python"].removeprefix(">=")
    assert f"--python-version {oldest}" in script
    assert ".ci/lock" in LOCK.read_text().split("\n\n")[0]
    assert "`.ci/lock`" in MODEL.read_text()


@pytest.mark.security("SEC-42")
def test_what_runs_in_browsers_is_locked_by_digest():
    folder = ROOT / "_ext" / "agentdocs" / "browser" / "js"
    wanted = json.loads((folder / "package.json").read_text())
    lock = json.loads((folder / "package-lock.json").read_text())["packages"]
    for name, version in wanted.get("devDependencies", {}).items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert lock[f"node_modules/{name}"]["version"] == version
        assert lock[f"node_modules/{name}"]["integrity"].startswith("sha512-")

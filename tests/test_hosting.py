"""The files that hosts read: valid by their own schemas, and true of this repository."""

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
READ_THE_DOCS = ROOT / ".readthedocs.yaml"
WORKFLOWS = ROOT / ".github" / "workflows"
FILES = {
    READ_THE_DOCS: "vendor.readthedocs",
    WORKFLOWS / "pages.yml": "vendor.github-workflows",
    WORKFLOWS / "tests.yml": "vendor.github-workflows",
}
DEPENDABOT = ROOT / ".github" / "dependabot.yml"


def load(path):
    return yaml.safe_load(path.read_text())


def jobs(name):
    return load(WORKFLOWS / name)["jobs"]


def runs(path):
    """Return the commands of a file, one line each."""
    content = load(path)
    if path == READ_THE_DOCS:
        return content["build"]["commands"]
    steps = (step for job in content["jobs"].values() for step in job["steps"])
    return [step["run"] for step in steps if "run" in step]


@pytest.mark.parametrize(
    ("path", "schema"), [*FILES.items(), (DEPENDABOT, "vendor.dependabot")],
    ids=lambda one: Path(one).name,
)  # fmt: skip
def test_files_of_hosts_fit_their_schemas(path, schema):
    pytest.importorskip("check_jsonschema")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_site_is_built_and_tested_with_the_commands_of_the_readme(path):
    readme = (ROOT / "README.md").read_text()
    sessions = re.findall(r"^\$ (python -m pip install nox && nox -s \w+)$", readme, re.MULTILINE)
    assert len(sessions) == 2
    # Read the Docs finds a program only after the command that installed it has ended.
    command = next(line for line in " && ".join(runs(path)).split("\n") if "nox -s" in line)
    assert any(session in command for session in sessions)


def test_what_the_commands_name_is_there():
    source = (ROOT / "noxfile.py").read_text()
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    sessions = {node.name for node in functions if node.decorator_list}
    options = set(re.findall(r'add_argument\("(--[\w-]+)"', source))
    found = []
    for path in FILES:
        for part in re.split(r"&&|\|\|", "\n".join(runs(path)).replace("\n", " && ")):
            words = shlex.split(part)
            if words[:2] == ["nox", "-s"]:
                found.append(words[2])
                assert {word for word in words[3:] if word.startswith("--")} <= options | {"--"}
    assert sorted(found) == ["docs", "docs", "tests"]
    assert set(found) <= sessions


def test_read_the_docs_publishes_what_is_built():
    build = next(run for run in runs(READ_THE_DOCS) if run.startswith("nox"))
    assert '--out "$READTHEDOCS_OUTPUT/html"' in build
    assert "--no-verify" in build  # there is no sandbox


@pytest.mark.parametrize("name", ["pages.yml", "tests.yml"])
@pytest.mark.security("SEC-81")
def test_a_workflow_may_do_no_more_than_it_must(name):
    content = load(WORKFLOWS / name)
    assert content["permissions"] == {"contents": "read"}
    assert content["concurrency"]["group"]
    for job in content["jobs"].values():
        writes = {key for key, value in job.get("permissions", {}).items() if value == "write"}
        ours = any("run" in step for step in job["steps"])
        assert not (writes and ours), "what runs our code does not publish"
        assert writes <= {"pages", "id-token"}
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"] == {"fetch-depth": 0, "persist-credentials": False}


def test_pages_publishes_names_with_a_dot_at_the_address_that_github_says():
    steps = jobs("pages.yml")["build"]["steps"]
    upload = next(step for step in steps if "upload-pages" in step.get("uses", ""))
    assert upload["with"] == {"path": "_build/html", "include-hidden-files": True}
    configure = next(step for step in steps if "configure-pages" in step.get("uses", ""))
    build = next(step for step in steps if "nox" in step.get("run", ""))
    address = f"${{{{ steps.{configure['id']}.outputs.base_url }}}}/"
    assert build["env"] == {"AGENTDOCS_BASEURL": address}
    assert steps.index(configure) < steps.index(build)


def test_the_tests_have_the_same_programs_everywhere():
    needed = set(re.findall(r"missing\+=\(([\w-]+)\)", (ROOT / ".ci" / "run").read_text()))
    there = {"git", "python3", "python3-venv", "chromium"}  # on GitHub's machines
    install = next(run for run in runs(WORKFLOWS / "tests.yml") if "apt-get install" in run)
    assert needed - there <= set(install.split())
    pythons = jobs("tests.yml")["tests"]["strategy"]["matrix"]["python"]
    assert f"PYTHONS = {pythons}".replace("'", '"') in (ROOT / "noxfile.py").read_text()


@pytest.mark.parametrize("name", ["pages.yml", "tests.yml"])
def test_the_sandbox_is_allowed_as_the_manual_says(name):
    command = "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    assert command in runs(WORKFLOWS / name)
    assert command in (ROOT / "docs" / "sandbox.md").read_text()


@pytest.mark.security("SEC-83")
def test_the_manual_gives_every_server_the_same_headers():
    text = (ROOT / "docs" / "hosting.md").read_text()
    policies = re.findall(r"Content-Security-Policy:? \"?(default-src[^\"\n]+)", text)
    assert len(policies) == 3
    assert len(set(policies)) == 1
    nginx, caddy = (
        text.partition(f"### {name}\n")[2].partition("\n#")[0] for name in ("nginx", "Caddy")
    )
    for header in re.findall(r"^\| `([A-Z][\w-]+)`", text, re.MULTILINE):
        assert header in nginx, header
        assert header in caddy, header


def test_the_manual_names_the_files_of_hosts():
    text = (ROOT / "docs" / "hosting.md").read_text()
    assert "`.readthedocs.yaml`" in text
    assert "`.github/workflows/pages.yml`" in text
    assert "AGENTDOCS_BASEURL" in text

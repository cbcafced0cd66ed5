"""What tests of the verifier share: places with agents in them, and the two faces to run there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import agentdocs
import pytest
from agentdocs.verify import environment, results
from agentdocs.verify.contract.model import digest
from agentdocs.verify.sandbox import Access, NoSandbox, Sandbox

SOURCES = str(Path(agentdocs.__file__).parents[1])
HEAD = "---\nname: {name}\ndescription: Shows how things are done.\n---\n\n# {name}\n\n"


def absent(what):
    """Skip a test for want of a program; where everything must be there, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}, and CI must have it", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def sandbox():
    """Demand a sandbox that works, as bubblewrap makes it."""
    request = {"id": 1, "runner": "sql", "command": [], "files": {}, "environment": {}, "steps": []}
    try:
        with Sandbox(Access()) as box:
            list(box.run(request))
    except NoSandbox as error:
        absent(f"no sandbox: {error}")


@pytest.fixture(scope="session")
def node():
    """Demand a Node that knows TypeScript."""
    version = environment.version("node")
    if not version:
        absent("Node is not installed")
    if tuple(map(int, version.split()[1].split(".")[:2])) < (22, 18):
        absent(f"{version} is too old")


def surroundings(**more):
    """Return the environment for a subprocess: ours, without what changes how things look."""
    odd = ("PYTEST_", "COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "CI", "GITHUB_", "PYTHON")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(odd)}
    return {**kept, "PYTHONPATH": SOURCES, "PYTHONDONTWRITEBYTECODE": "1", **more}


class Place:
    """A project on disk."""

    def __init__(self, root):
        self.root = Path(root)

    def write(self, files):
        """Write files; an agent that begins without a heading gets front matter and one: 7 lines."""
        for path, content in files.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                agent = path.startswith("agents/") and path.endswith(".md")
                if agent and not content.startswith(("---", "# ")):
                    content = HEAD.format(name=file.stem) + content
                content = content.encode()
            file.write_bytes(content)
        return self

    def edit(self, path, old, new):
        """Replace a text that stands once in a file."""
        text = self.text(path)
        assert text.count(old) == 1, text
        (self.root / path).write_bytes(text.replace(old, new).encode())

    def text(self, path):
        return (self.root / path).read_bytes().decode()

    def line(self, path, text):
        """Return the number of the only line in a file that is ``text``, spaces aside."""
        rows = [row.strip() for row in self.text(path).split("\n")]
        assert rows.count(text) == 1, f"{text!r} is {rows.count(text)} times in {rows}"
        return rows.index(text) + 1

    def verify(self, *arguments, code=None, within="", flags=("-W", "error"), **more):
        """Run ``python -m agentdocs verify``; what it writes to stderr must be meant for people."""
        return self.cli("verify", *arguments, code=code, within=within, flags=flags, **more)

    def cli(self, *arguments, code=None, within="", flags=("-W", "error"), **more):
        command = [sys.executable, *flags, "-m", "agentdocs", *arguments]
        found = self.run(command, within, **more)
        assert "Traceback" not in found.stderr, found.stderr
        assert "Exception ignored" not in found.stderr, found.stderr
        if code is not None:
            assert found.returncode == code, f"{found.stdout}\n{found.stderr}"
        return found

    def pytest(self, *arguments, code=None, **more):
        """Run pytest as a stranger would, whatever this repository configures."""
        strict = ["--strict-markers", "-W", "error", "-p", "no:cacheprovider"]
        if "--lf" in arguments or more.pop("remember", False):
            strict = strict[:3]
        command = [sys.executable, "-m", "pytest", *strict, *arguments]
        found = self.run(command, "", **more)
        assert "INTERNALERROR" not in found.stdout + found.stderr, found.stdout + found.stderr
        if code is not None:
            assert found.returncode == code, f"{found.stdout}\n{found.stderr}"
        return found

    def environment(self, **more):
        return surroundings(**more)

    def run(self, command, within="", timeout=120, **more):
        return subprocess.run(
            command, cwd=self.root / within, env=self.environment(**more), capture_output=True,
            encoding="utf-8", errors="replace", timeout=timeout, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    @property
    def report(self):
        found = results.load(self.root / ".agentdocs/results.json")
        assert found is not None
        return found

    @property
    def outcomes(self):
        """Return all verdicts that are kept, by id."""
        return {one.id: one for one in self.report.outcomes}

    def one(self, address, path="agents/x.md"):
        """Return the verdict on one snippet."""
        return self.outcomes[f"{path}::{address}"]

    @property
    def verdicts(self):
        """Return verdict, tier and reason by address."""
        return {one.address: (one.verdict, one.tier, one.reason) for one in self.report.outcomes}

    def pin(self, path="agents/x.md", **rules):
        """Write the contract of an agent; each rule is YAML for an address, ``_`` for ``/``."""
        rows = []
        for address, body in rules.items():
            rows += [f"  {address}:", "    digest: AUTO"]
            rows += [f"    {row}" for row in body.strip("\n").split("\n")]
        contract = f"{path.removesuffix('.md')}.verify.yaml"
        self.write({contract: "\n".join(["snippets:", *rows, ""])})
        fill_in(self.root)
        return contract


def fill_in(root):
    """Replace ``digest: AUTO`` in all contracts by the digest of the snippet that is meant."""
    from agentdocs.verify import documents, project

    contracts = [p for p in sorted(Path(root).rglob("*.verify.yaml")) if b"AUTO" in p.read_bytes()]
    if not contracts:
        return
    found = {one.contract: one for one in documents.everything(project.load(str(root)))}
    for path in contracts:
        snippets = found[path.relative_to(root).as_posix()].snippets()
        rows, address = [], ""
        for row in path.read_text(encoding="utf-8").split("\n"):
            if key := re.match(r"  (\S.*):$", row):
                address = key[1].strip("'\"")
            if row.endswith("digest: AUTO"):
                row = row.replace("AUTO", f'"{digest(snippets[address].code)}"')
            rows.append(row)
        path.write_text("\n".join(rows), encoding="utf-8")


SETTINGS = '[tool.agentdocs]\nagents = ["agents"]\n'


@pytest.fixture(scope="session")
def place_at():
    """Return a function that makes a project in a folder; without settings, it is there already."""

    def make(root, files=None, settings=SETTINGS):
        place = Place(root)
        return place.write({"pyproject.toml": settings, **(files or {})}) if settings else place

    return make


@pytest.fixture
def place(tmp_path, place_at):
    """Return a function that makes a project of files and settings."""

    def make(files=None, settings=SETTINGS, name="project"):
        if isinstance(files, str):
            files = {"agents/x.md": files}
        return place_at(tmp_path / name, files, settings)

    return make


@pytest.fixture(scope="session")
def autofill():
    """Return what replaces ``digest: AUTO`` in all contracts of a project."""
    return fill_in

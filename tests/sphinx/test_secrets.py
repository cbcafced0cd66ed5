"""No secret of the machine that builds is ever in a page, a result, a log or the runtime."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from hostile.builds import ROOT, SMALL, Build, Project
from verify.conftest import absent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORD = "s3cr3t-8c41f7d2"
"""Stands in every secret, and nowhere else."""
VARIABLES = {
    "GITHUB_TOKEN": WORD, "AWS_SECRET_ACCESS_KEY": WORD, "DATABASE_URL": f"postgresql://u:{WORD}@db.test/x",
    "UV_DEFAULT_INDEX": f"https://user:{WORD}@127.0.0.1:9/simple/?token={WORD}", "UV_HTTP_RETRIES": "0",
    "PIP_INDEX_URL": f"https://user:{WORD}@127.0.0.1:9/simple/", "npm_config_fetch_retries": "0",
    "npm_config_registry": f"http://user:{WORD}@127.0.0.1:9/", "NODE_AUTH_TOKEN": WORD, "USER": WORD, "LOGNAME": WORD,
}  # fmt: skip
FILES = {
    "{home}/.ssh/id_ed25519": WORD, "{home}/.netrc": f"machine x.test password {WORD}",
    "{home}/.npmrc": f"//127.0.0.1:9/:_authToken={WORD}", "{home}/.config/pip/pip.conf": WORD,
    ".env": f"TOKEN={WORD}", "agents/.env": f"TOKEN={WORD}", "agents/team/.env": f"TOKEN={WORD}",
    "agents/team/spy/.npmrc": WORD, "agents/team/.git/config": WORD, "outside.md": WORD, "docs/private.txt": WORD,
}  # fmt: skip
SPY = """\
Reads [this](../../.env), [that](.env), [it](../../outside.md) and `../../docs/private.txt`.

```{include} ../../outside.md
```

```{literalinclude} /private.txt
```

```python
import os, pathlib
for name, value in os.environ.items():
    print(name, value)
for place in ("HOMEFOLDER/.netrc", "PROJECT/.env", "PROJECT/outside.md", "/proc/1/environ", "/proc/self/environ"):
    try:
        print(place, pathlib.Path(place).read_bytes())
    except OSError as error:
        print(error)
```

```bash
env; cat HOMEFOLDER/.netrc PROJECT/.env ~/.ssh/* || id || true
```

```python
import os
raise RuntimeError(dict(os.environ))
```
"""


class Place:
    """A project with secrets in it and around it, which is verified and built as it is anywhere."""

    def __init__(self, root: Path) -> None:
        self.project = Project(root / "project", SMALL)
        self.home = root / WORD  # a user's name is in the path of the home folder
        spy = SPY.replace("HOMEFOLDER", str(self.home)).replace("PROJECT", str(self.project.root))
        self.project.agent("team/spy.md", spy)
        self.project.agent("team/other.md", "```python\nimport attrs\n```")
        self.project.write("agents/team/other.verify.yaml", "requires: {python: [attrs]}\n")
        settings = '[tool.agentdocs]\nagents = ["agents"]\ndocuments = []\n'
        self.project.write("pyproject.toml", settings)
        for path, text in FILES.items():
            self.project.write(path.format(home=self.home), text)
        self.environment = {**VARIABLES, "HOME": str(self.home)}
        self.logs = ""

    def run(self, *arguments: str) -> None:
        clean = {
            k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "CI", "GITHUB_"))
        }
        env = {**clean, **self.environment, "PYTHONPATH": str(ROOT / "_ext")}
        done = subprocess.run(
            [sys.executable, "-m", "agentdocs", *arguments], cwd=self.project.root, env=env,
            capture_output=True, encoding="utf-8", errors="replace", timeout=240, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        self.logs += f"\n{arguments}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    one = Place(tmp_path_factory.mktemp("secrets"))
    one.run("verify", "-v")
    one.run("verify", "--format", "json")
    one.run("verify", "--format", "github")
    one.run("check", "agents")
    one.run("check", "agents", "--format", "json")
    one.run("requires")
    one.run("doctor")
    one.run("runtime", "--optional")
    done = one.project.build("-v", env=one.environment)
    one.logs += done.output + done.errors
    assert done.code == 0, done.errors
    return one


def _made(done: Build | Path) -> Iterator[tuple[str, bytes]]:
    """Yield all files below a folder, and what archives among them hold."""
    folder = done.out if isinstance(done, Build) else done
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    for name in archive.namelist():
                        yield f"{path.name}/{name}", archive.read(name)


@pytest.mark.security("SEC-07", "SEC-61")
def test_no_secret_is_in_anything_that_is_made(place: Place) -> None:
    out = place.project.build(env=place.environment).out
    folders = [out, place.project.generated]
    folders += [place.project.root / name for name in (".agentdocs", "_build")]
    seen = 0
    for folder in folders:
        for name, data in _made(folder) if folder.is_dir() else ():
            seen += 1
            # The agent itself is shown as it is; the paths of its spying are its own words.
            own = data.replace(str(place.home).encode(), b"")
            assert WORD.encode() not in own, f"{folder.name}/{name}"
    assert seen > 30
    results = (place.project.root / ".agentdocs/results.json").read_text()
    assert '"path": "agents/team/spy.md"' in results.replace('"path":"', '"path": "')


@pytest.mark.security("SEC-61")
def test_no_secret_is_in_a_log(place: Place) -> None:
    assert "no new runtime for browsers" in place.logs or "Node is not installed" in place.logs
    assert "team/spy.md" in place.logs
    assert WORD not in place.logs.replace(str(place.home), "")


@pytest.mark.security("SEC-61")
def test_the_snippets_that_spy_were_really_run(place: Place) -> None:
    """Or the tests above would prove nothing."""
    results = (place.project.root / ".agentdocs/results.json").read_text()
    if "no sandbox" in results:
        absent("no sandbox")
    assert results.count("PYTHONHASHSEED") >= 3, "two print it, and one raises it"


@pytest.mark.security("SEC-63")
def test_where_the_project_and_its_owner_live_is_on_no_page(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", SMALL)
    project.agent("team/x.md", "# X\n\n```python\nraise ValueError(__file__)\n```\n")
    for name, data in _made(project.build()):
        assert str(tmp_path).encode() not in data, name
        assert os.path.expanduser("~").encode() + b"/" not in data, name


@pytest.mark.security("SEC-13")
def test_a_link_that_takes_a_files_place_during_a_build_is_not_followed(tmp_path: Path) -> None:
    """What was read as a file may lead elsewhere when it is published."""
    secret = tmp_path / "secret.txt"
    secret.write_text(WORD)
    swap = f"""
import os, pathlib
def swap(app, env):
    for path in ("team/x.md", "team/x/notes.txt"):
        file = pathlib.Path({str(tmp_path)!r}, "project/agents", path)
        file.unlink()
        file.symlink_to({str(secret)!r})
def setup(app):
    app.connect("env-updated", swap)
"""
    project = Project(tmp_path / "project", SMALL + swap)
    project.agent("team/x.md", "See [notes](x/notes.txt).")
    project.write("agents/team/x/notes.txt", "Notes.")
    for name, data in _made(project.build()):
        assert WORD.encode() not in data, name

"""What runs in a reader's browser: which wheels, which snippets, in which sessions, and why not."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import pytest
from agentdocs.__main__ import main
from agentdocs.browser import bundle, command, packages, plan, reasons
from agentdocs.browser.packages import Package, Packages, Platform, UnavailableError, Wheel
from agentdocs.verify import documents
from agentdocs.verify import project as projects
from agentdocs.verify.contract.model import digest
from agentdocs.verify.model import Outcome
from packaging.requirements import Requirement

PLATFORM = Platform("3.14.2", "2026_0")
EMPTY = Packages(PLATFORM)


def package(name: str, *needs: str, modules: str = "") -> Package:
    wheel = Wheel(name, "1.0", f"{name}-1.0-py3-none-any.whl", f"https://x.test/{name}", "0" * 64)
    found = tuple(map(Requirement, needs))
    return Package(wheel, Path(name), found, frozenset((modules or name.replace("-", "_")).split()))


def had(*found: Package, missing: tuple[str, ...] = ()) -> Packages:
    why = dict.fromkeys(missing, "has no wheel for the browser on PyPI")
    return Packages(PLATFORM, {one.wheel.name: one for one in found}, why)


# --- which wheel is taken ----------------------------------------------------------------------

LOCK = """
lock-version = "1.0"

[[packages]]
name = "pure"
version = "1.2"
sdist = { url = "https://x.test/pure-1.2.tar.gz", hashes = { sha256 = "00" } }
wheels = [{ url = "https://x.test/a/pure-1.2-py3-none-any.whl", hashes = { sha256 = "aa" } }]

[[packages]]
name = "Old.Pure"
version = "3"
wheels = [{ url = "https://x.test/old_pure-3-py2.py3-none-any.whl", hashes = { sha256 = "ab" } }]

[[packages]]
name = "native"
version = "2.0"
wheels = [
    { url = "https://x.test/native-2.0-cp314-cp314-manylinux_2_28_x86_64.whl", hashes = { sha256 = "ba" } },
    { url = "https://x.test/native-2.0-cp313-cp313-pyemscripten_2025_0_wasm32.whl", hashes = { sha256 = "bb" } },
    { url = "https://x.test/native-2.0-py3-none-any.whl", hashes = { sha256 = "bc" } },
    { url = "https://x.test/native-2.0-cp314-cp314-pyemscripten_2026_0_wasm32.whl", hashes = { sha256 = "bd" } },
]

[[packages]]
name = "stable"
version = "4"
wheels = [{ url = "https://x.test/stable-4-cp310-abi3-pyemscripten_2026_0_wasm32.whl", hashes = { sha256 = "ca" } }]

[[packages]]
name = "elsewhere"
version = "1"
wheels = [{ url = "https://x.test/elsewhere-1-cp314-cp314-win_amd64.whl", hashes = { sha256 = "da" } }]

[[packages]]
name = "source-only"
version = "1"
sdist = { url = "https://x.test/source_only-1.tar.gz", hashes = { sha256 = "ea" } }

[[packages]]
name = "for-windows"
version = "1"
marker = "sys_platform == 'win32'"
sdist = { url = "https://x.test/for_windows-1.tar.gz", hashes = { sha256 = "fa" } }

[[packages]]
name = "by-version"
version = "1"
marker = "python_full_version < '3.14'"
wheels = [{ url = "https://x.test/by_version-1-py3-none-any.whl", hashes = { sha256 = "f1" } }]

[[packages]]
name = "by-version"
version = "2"
marker = "python_full_version >= '3.14' and platform_machine == 'wasm32'"
wheels = [{ url = "https://x.test/by_version-2-py3-none-any.whl#x", hashes = { sha256 = "f2" } }]
"""


def test_a_wheel_is_taken_that_pyodide_loads() -> None:
    found, without = packages.choose(tomllib.loads(LOCK), PLATFORM)
    assert {name: (one.version, one.sha256) for name, one in found.items()} == {
        "pure": ("1.2", "aa"),
        "old-pure": ("3", "ab"),
        "native": ("2.0", "bd"),
        "stable": ("4", "ca"),
        "by-version": ("2", "f2"),
    }
    assert found["by-version"].file == "by_version-2-py3-none-any.whl"
    assert without == {"elsewhere", "source-only"}


def test_another_pyodide_takes_other_wheels() -> None:
    """Nothing of the platform is known beforehand; npm's Pyodide says it."""
    found, without = packages.choose(tomllib.loads(LOCK), Platform("3.13.9", "2025_0"))
    assert found["native"].sha256 == "bb"
    assert found["by-version"].version == "1"
    assert "stable" in without


def test_what_is_missing_names_the_culprit() -> None:
    found = packages.settled(
        had(
            package("web", "templates", "tools; sys_platform == 'win32'"),
            package("templates", "marks>=2"),
            package("tools"),
            package("alone"),
            missing=("marks",),
        ),
        ["web", "alone"],
    )
    assert list(found.had) == ["alone"]
    assert found.missing["marks"] == "needs marks, which has no wheel for the browser on PyPI"
    expected = "needs web, whose marks has no wheel for the browser on PyPI"
    assert found.missing["web"] == expected


def test_an_extra_that_cannot_be_had_takes_its_package_along() -> None:
    one = package("driver", "driver-binary; extra == 'binary'")
    plain = packages.settled(had(one, missing=("driver-binary",)), ["driver"])
    assert "driver" in plain.had
    broken = packages.settled(had(one, missing=("driver-binary",)), ["driver[binary]"])
    expected = "needs driver, whose driver-binary has no wheel for the browser on PyPI"
    assert broken.missing["driver"] == expected


def test_packages_are_installed_behind_what_they_need() -> None:
    found = had(
        package("web", "core", "models[mail]"),
        package("core", "web"),  # circles are allowed
        package("models", "checks", "mail; extra == 'mail'"),
        package("checks"),
        package("mail"),
        package("unused"),
    )
    assert found.closure(["Web>=1"]) == ["core", "checks", "mail", "models", "web"]
    assert found.closure(["models"]) == ["checks", "models"]
    assert found.closure(["web; sys_platform == 'linux'", "nonsense ==="]) == []


def test_a_wheel_says_what_it_needs_and_brings(tmp_path: Path) -> None:
    path = tmp_path / "x.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("single.py", "")
        archive.writestr("_fast.cpython-314-wasm32-emscripten.so", "")
        archive.writestr("pkg/__init__.py", "")
        archive.writestr(
            "x-1.dist-info/METADATA", "Name: x\nRequires-Dist: a>=1\nRequires-Dist: b\n"
        )
        archive.writestr("x-1.data/scripts/run", "")
    found = packages.package(package("x").wheel, path)
    assert found.modules == {"single", "_fast", "pkg"}
    assert [str(one) for one in found.needs] == ["a>=1", "b"]


# --- what is downloaded and kept ---------------------------------------------------------------


def _wheel(data: bytes, url: str = "https://x.test/x-1-py3-none-any.whl") -> Wheel:
    return Wheel("x", "1", "x-1-py3-none-any.whl", url, hashlib.sha256(data).hexdigest())


def test_a_wheel_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(url: str, timeout: float) -> io.BytesIO:
        asked.append(url)
        if len(asked) == 1:
            raise TimeoutError("slow")
        return io.BytesIO(b"wheel")

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    monkeypatch.setattr(packages.time, "sleep", lambda _: None)
    for _ in range(2):
        found = packages.download([_wheel(b"wheel")], tmp_path)
        assert found["x"].read_bytes() == b"wheel"
    assert len(asked) == 2
    found["x"].write_bytes(b"spoilt")
    assert packages.download([_wheel(b"wheel")], tmp_path)["x"].read_bytes() == b"wheel"


@pytest.mark.parametrize(
    ("wheel", "said"),
    [
        (_wheel(b"other"), "its digest is another one"),
        (_wheel(b"wheel", "http://x.test/x.whl"), "without https"),
        (_wheel(b"wheel", "file:///etc/passwd"), "without https"),
    ],
)
@pytest.mark.security("SEC-44")
def test_nothing_is_taken_that_the_lock_does_not_name(
    wheel: Wheel, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: io.BytesIO(b"wheel"))
    monkeypatch.setattr(packages.time, "sleep", lambda _: None)
    with pytest.raises(UnavailableError, match=said):
        packages.download([wheel], tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_lock_is_kept_until_requirements_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def compile_(requirements: list[str], *_: object) -> dict[str, object]:
        asked.append(requirements)
        return {"packages": []}

    monkeypatch.setattr(packages, "_compile", compile_)
    for groups in ([["b", "a"]], [["a"], ["b"]], [["a"], ["b", "c"]]):
        packages.resolve(groups, PLATFORM, tmp_path)
    assert asked == [["a", "b"], ["a", "b", "c"]]
    packages.resolve([["a"], ["b"]], PLATFORM, tmp_path, refresh=True)
    packages.resolve([["a"], ["b"]], Platform("3.15.0", "2027_0"), tmp_path)
    assert len(asked) == 4


def test_a_requirement_that_cannot_be_had_spoils_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compile_(requirements: list[str], *_: object) -> dict[str, object] | None:
        bad = "gone" in requirements or {"old", "new"} <= set(requirements)
        return None if bad else {"packages": list(requirements)}

    monkeypatch.setattr(packages, "_compile", compile_)
    groups = [["fine", "old"], ["gone", "too"], ["new"]]
    lock, refused = packages.resolve(groups, PLATFORM, tmp_path)
    assert lock["packages"] == ["fine", "old", "too"]
    assert refused == {"gone": packages.TOGETHER, "new": packages.TOGETHER}


@pytest.mark.security("SEC-43")
def test_no_address_of_a_contract_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def compile_(requirements: list[str], *_: object) -> dict[str, object]:
        asked.extend(requirements)
        return {}

    monkeypatch.setattr(packages, "_compile", compile_)
    group = ["fine>=1", "x @ git+https://x.test/x", "y @ file:///etc", "--index-url http://x.test"]
    found = packages.get([group], PLATFORM, tmp_path)
    assert asked == ["fine>=1"]
    why = "is required from an address, and only the index is asked"
    assert found.missing == {"x": f"needs x, which {why}", "y": f"needs y, which {why}"}


@pytest.mark.parametrize("file", ["a-1-py3-none-any.x%2F..%2Fy.whl", "a-1.whl", "a-1.tar.gz"])
@pytest.mark.security("SEC-45")
def test_a_wheel_has_the_name_of_a_file(file: str) -> None:
    wheel = {"url": f"https://x.test/{file}", "hashes": {"sha256": "aa"}}
    lock = {"packages": [{"name": "a", "version": "1", "wheels": [wheel]}]}
    assert packages.choose(lock, PLATFORM) == ({}, {"a"})


# --- why a snippet does not run ----------------------------------------------------------------

PYTHON = [
    ("import json, asyncio\nasyncio.run(main())", ""),
    ("import subprocess", "uses subprocess, which starts other programs"),
    ("import subprocess as s", "uses subprocess,"),
    ("from threading import Thread", ""),
    ("from threading import Thread\nThread(target=f)", "uses threading.Thread,"),
    ("import threading as t\nt.Thread(target=f).start()", "uses threading.Thread,"),
    ("import threading\nlock = threading.Lock()", ""),
    ("from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor()", ""),
    (
        "import threading\nfrom concurrent.futures import ThreadPoolExecutor as P\n"
        "P().submit(threading.Event().wait)",
        "waits in one thread for another",
    ),
    (
        "import asyncio, time\nbegin = time.perf_counter()\nasyncio.to_thread(time.sleep, 1)",
        "measures what threads do at the same time",
    ),
    ("import asyncio, time\nasyncio.to_thread(time.sleep, 1)", ""),
    ("def f():\n    import os\n    os.system('ls')", "uses os.system,"),
    ("import os\nprint(os.path, os.environ)", ""),
    ("from http.server import HTTPServer", "uses http.server, which waits for requests"),
    ("import http.client", "uses http.client, which talks to a network"),
    ("from http import HTTPStatus", ""),
    ("import asyncio\nasyncio.start_server(f)", "uses asyncio.start_server,"),
    ("import uvicorn\nuvicorn.run(app)", "uses uvicorn.run,"),
    ("import marks", "needs marks, which has no wheel for the browser on PyPI"),
    ("from marks.deep import x", "needs marks, which has no wheel"),
    ("import nothing_at_all", "imports nothing_at_all, which no contract requires"),
    ("import web.routing", ""),
    ("from . import x", ""),
    ("import helper", ""),
    ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import marks", ""),
    (">>> import subprocess\n>>> 1\n1\n", "uses subprocess,"),
    ("def broken(:", ""),
    ("Thread = 1\nThread(2)", ""),
]


@pytest.mark.parametrize(("code", "reason"), PYTHON)
def test_python_says_why_it_does_not_run(code: str, reason: str) -> None:
    known = Packages(
        PLATFORM,
        {"web": package("web")},
        {"marks": "needs marks, which has no wheel for the browser on PyPI"},
    )
    found = reasons.python(code, known, ["helper.py"])
    assert found.startswith(reason)
    assert bool(found) == bool(reason)


JAVASCRIPT = [
    ("console.log(1)", ""),
    ('import assert from "node:assert/strict";', ""),
    ("import { EventEmitter } from 'events'", ""),
    ('const { createHash } = require("node:crypto")', ""),
    ('import http from "node:http"', "uses node:http, which waits for requests"),
    ('import fs from "fs/promises"', "uses fs/promises, which reads and writes files"),
    ('const fs = await import("node:fs")', "uses node:fs,"),
    ('import "node:zlib"', "uses node:zlib, which a browser does not have"),
    ('import express from "express"', "imports express, which is made for Node"),
    ('import x from "./x.mjs"', "imports ./x.mjs, and a snippet has no files beside it"),
    ('export { a } from "ws"', "imports ws,"),
    ('import type { Request } from "express"', ""),
    ('// import x from "express"', ""),
    ("const text = \"import x from 'express'\"", ""),
    ("const text = `import x from 'express'`", ""),
    ('import {\n  a,\n  b,\n} from "ws"\n', "imports ws,"),
    ('process.on("exit", f)', "uses process.on, which asks the operating system"),
    ("console.log(process.env.HOME)", ""),
]


@pytest.mark.parametrize(("code", "reason"), JAVASCRIPT)
def test_javascript_says_why_it_does_not_run(code: str, reason: str) -> None:
    found = reasons.javascript(code)
    assert found.startswith(reason)
    assert bool(found) == bool(reason)


# --- plans -------------------------------------------------------------------------------------

AGENT = """\
---
name: ada
description: Counts.
---

Text.

## First

```python
import helper
total = 1
```

## Threads

```python
import threading
worker = threading.Thread(target=print)
```

## Uses

```python
print(worker)
```

## Last

```python
print(total)
```

## Rows

```sql
SELECT 1;
```

## Elsewhere

```sql
SELECT now();
```

## Shell

```bash
ls
```

## Script

```typescript
const a: number = 1;
```

## Contract

```python
print("different here")
```

## Wrong

```python
print(1 / 0)
```

## Order

```json
{"id": 1}
```

## Free

```json
{"id": 1}
```
"""
CODES = {
    "first": "import helper\ntotal = 1\n",
    "last": "print(total)\n",
    "rows": "SELECT 1;\n",
    "elsewhere": "SELECT now();\n",
    "contract": 'print("different here")\n',
    "wrong": "print(1 / 0)\n",
    "order": '{"id": 1}\n',
}
CONTRACT = f"""\
requires:
  python: [web]
timeout: 20
snippets:
  first:
    digest: {digest(CODES["first"])}
    files:
      helper.py: "x = 1"
  last:
    digest: {digest(CODES["last"])}
    after: [rows, first]
    expect: "1"
  rows:
    digest: {digest(CODES["rows"])}
    databases: [sqlite, postgresql]
  elsewhere:
    digest: {digest(CODES["elsewhere"])}
    databases: [postgresql]
  contract:
    digest: {digest(CODES["contract"])}
    browser: prints something else in a browser
  order:
    digest: {digest(CODES["order"])}
    schema: {{type: object, required: [id]}}
"""


@pytest.fixture
def library(tmp_path: Path) -> projects.Project:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "ada.md").write_text(AGENT)
    (tmp_path / "agents" / "ada.verify.yaml").write_text(CONTRACT)
    (tmp_path / "agents" / "Ada Zwei.md").write_text(
        "---\nname: zwei\ndescription: x\n---\n\n## A\n\n```python\nprint(2)\n```\n"
    )
    return projects.Project(str(tmp_path))


@pytest.fixture
def made(library: projects.Project) -> tuple[dict[str, plan.Data], plan.Data]:
    found = documents.everything(library)
    (ada,) = [one for one in found if one.path == "agents/ada.md"]
    outcomes = [
        Outcome(
            one.path, snippet.address, one.path, 1, 2, snippet.language, snippet.digest,
            "failed" if snippet.address == "wrong" else "passed",
            "checked" if snippet.address == "last" else "runs",
        )
        for one in ada.texts
        for snippet in one.snippets
    ]  # fmt: skip
    return plan.plans(library, found, had(package("web")), outcomes)


def test_a_plan_says_what_runs_and_why_the_rest_does_not(
    made: tuple[dict[str, plan.Data], plan.Data],
) -> None:
    entries = made[1]["agents/ada.md"]
    assert {address: (one["kind"], one["reason"]) for address, one in entries.items()} == {
        "first": ("run", ""),
        "threads": ("run", f"uses threading.Thread, which {reasons.PYTHON['threading.Thread']}"),
        "uses": ("run", "uses worker of line 17, which does not run there"),
        "last": ("run", ""),
        "rows": ("run", ""),
        "elsewhere": ("run", "needs a PostgreSQL server"),
        "script": ("run", ""),
        "contract": ("run", "prints something else in a browser"),
        "wrong": ("run", plan.ELSEWHERE),
        "order": ("data", ""),
    }
    assert entries["first"]["digest"] == digest(CODES["first"])


def test_a_plan_holds_sessions_as_the_sandbox_has_them(
    made: tuple[dict[str, plan.Data], plan.Data],
) -> None:
    one = made[0]["ada"]
    assert one["agent"] == "ada"
    sessions = {s["runner"]: s for s in one["sessions"].values()}
    assert sessions["python"]["steps"] == ["first", "last"]
    assert sessions["python"]["packages"] == ["web"]  # nothing imports it, so something may
    assert sessions["sql"] == {"runner": "sql", "packages": [], "files": {}, "steps": ["rows"]}
    assert sessions["javascript"]["steps"] == ["script"]
    first, last = one["snippets"]["first"], one["snippets"]["last"]
    assert base64.b64decode(first["step"]["files"]["helper.py"]) == b"x = 1"
    assert first["step"]["timeout"] == 20
    assert last["step"]["code"] == CODES["last"]
    assert last["promise"]["expect"] == "1"
    assert last["promise"]["defined"] == {"total": 10}
    assert last["proved"] == {"verdict": "passed", "tier": "checked"}
    assert one["snippets"]["rows"]["step"]["databases"] == []
    assert one["snippets"]["rows"]["step"]["services"] == []
    assert one["snippets"]["script"]["language"] == "typescript"
    schema = {"type": "object", "required": ["id"]}
    assert one["data"]["order"] == {"language": "json", "line": 73, "schema": schema}
    json.dumps(one)


def test_a_plan_has_a_name_that_is_a_path_everywhere(
    made: tuple[dict[str, plan.Data], plan.Data],
) -> None:
    (other,) = made[0].keys() - {"ada"}
    assert len(other) == 16
    assert made[1]["agents/Ada Zwei.md"]["a"]["plan"] == other


def test_a_session_carries_the_files_that_its_code_names(tmp_path: Path) -> None:
    skill = tmp_path / "agents" / "counter"
    (skill / "scripts").mkdir(parents=True)
    (skill / "SKILL.md").write_text(
        "---\nname: counter\ndescription: Counts.\n---\n\n[a](scripts/used.py) "
        "[b](scripts/more.csv) [c](scripts/other.py)\n\n## A\n\n"
        "```python\nprint(open('scripts/used.py').read())\n```\n"
    )
    (skill / "scripts" / "used.py").write_text("open('scripts/more.csv')\n")
    (skill / "scripts" / "more.csv").write_text("1,2\n")
    (skill / "scripts" / "other.py").write_text("pass\n")
    project = projects.Project(str(tmp_path))
    found = plan.plans(project, documents.everything(project), EMPTY)[0]["counter"]
    (session,) = found["sessions"].values()
    assert list(session["files"]) == ["scripts/more.csv", "scripts/used.py"]


def test_only_what_a_session_imports_is_loaded_for_it(tmp_path: Path) -> None:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "a.md").write_text(
        "---\nname: a\ndescription: x\n---\n\n## A\n\n```python\nimport web\n```\n"
        "\n## B\n\n```python\nimport zoneinfo\n```\n"
    )
    (tmp_path / "agents" / "a.verify.yaml").write_text(
        "requires:\n  python: [web, forms]\nnamespace: own\n"
    )
    project = projects.Project(str(tmp_path))
    codes = {"a": "import web\n", "b": "import zoneinfo\n"}
    outcomes = [
        Outcome("agents/a.md", name, "agents/a.md", 1, 2, "python", digest(code), "passed", "runs")
        for name, code in codes.items()
    ]
    found = had(package("web", "core"), package("core"), package("forms"), package("tzdata"))
    one = plan.plans(project, documents.everything(project), found, outcomes)[0]["a"]
    loaded = {s["steps"][0]: s["packages"] for s in one["sessions"].values()}
    assert loaded == {"a": ["core", "web", "forms"], "b": ["forms", "tzdata"]}


# --- the command -------------------------------------------------------------------------------


def test_the_guest_is_the_same_bytes_and_imports_nothing_that_it_lacks() -> None:
    data = bundle.guest()
    assert data == bundle.guest()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert names == sorted(set(names))
    assert {"agentdocs/verify/judge.py", "agentdocs/verify/guest/sql.py"} <= set(names)
    assert {f"agentdocs/browser/guest/{p.name}" for p in (bundle.HERE / "guest").glob("*.py")} <= {
        *names
    }
    assert not [one for one in names if "sphinx_ext" in one or "sandbox" in one]


@pytest.mark.parametrize(("options", "code"), [(["--optional"], 0), ([], 2)])
def test_without_npm_one_line_says_so_and_an_older_runtime_stays(
    options: list[str], code: int, library: projects.Project,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def nothing(_: Path) -> None:
        raise UnavailableError("npm is not installed: pip install 'agentdocs[node]'")

    monkeypatch.setattr(command.bundle, "install", nothing)
    monkeypatch.chdir(library.root)
    assert main(["runtime", *options]) == code
    said = capsys.readouterr().err
    assert "snippets get no Run button: npm is not installed" in said
    assert said.count("\n") == 1
    old = Path(library.root) / "_build" / "runtime" / "runtime.json"
    old.parent.mkdir(parents=True)
    old.write_text("{}")
    assert main(["runtime", *options]) == code
    assert "the one that is there stays as it is" in capsys.readouterr().err
    assert old.read_text() == "{}"


def test_the_command_makes_a_folder_that_names_all_of_its_files(
    library: projects.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What npm and uv bring is put in by hand."""

    def build(_: Path, out: Path) -> None:
        out.mkdir()
        (out / "page.js").write_text("export {};")
        (out / "pyodide.asm.wasm").write_bytes(b"0" * 10)

    wheel = Path(library.root) / "web.whl"
    wheel.write_bytes(b"wheel")
    one = package("web", "core")
    found = Packages(PLATFORM, {"web": Package(one.wheel, wheel, one.needs, one.modules)}, {})
    monkeypatch.setattr(command.bundle, "install", lambda _: None)
    monkeypatch.setattr(command.bundle, "platform", lambda _: (PLATFORM, "314.0.7"))
    monkeypatch.setattr(command.bundle, "build", build)
    monkeypatch.setattr(command.packages, "get", lambda *_, **__: found)
    monkeypatch.chdir(library.root)
    out = Path(library.root) / "_build" / "runtime"
    for _ in range(2):  # over an older one, too
        assert main(["runtime"]) == 0
    said = json.loads((out / "runtime.json").read_text())
    there = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    plans = {name for name in there if name.startswith("plans")}
    assert there - plans == {*said["files"], "runtime.json"}
    assert said["size"] == sum(one["size"] for one in said["files"].values())
    page = (out / "page.js").read_bytes()
    assert said["files"]["page.js"]["hash"] == hashlib.sha256(page).hexdigest()[:16]
    assert said["packages"]["web"]["needs"] == ["core"]
    assert json.loads((out / "plans.json").read_text())["root"] == "../.."
    assert sorted(p.name for p in out.parent.iterdir()) == ["runtime"]

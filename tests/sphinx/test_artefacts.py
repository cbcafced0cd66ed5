"""What snippets make, from the verifier to the page: real runs, real builds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hostile.builds import ROOT, SMALL, Project, shared

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.builds import Build

pytest.importorskip("fastapi")

BODY = """
# Ada

## Quick Start

```python
from dataclasses import dataclass

from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI(title="Ferries", version="2.0.0")

class Leg(BaseModel):
    miles: int = Field(gt=0, description="Sea miles")

class Trip(BaseModel):
    legs: list[Leg]

class Ticket(BaseModel):
    \"\"\"What a passenger holds.\"\"\"
    seat: str

@dataclass
class Berth:
    number: int
    deck: str = "upper"

@app.get("/trips")
def trips() -> list[Trip]:
    return []
```

### One More Route

```python
@app.post("/trips", status_code=201)
def book(trip: Trip) -> Trip:
    return trip
```

## Tables

```sql
CREATE TABLE ship (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE trip (
    id   INTEGER PRIMARY KEY,
    ship INTEGER NOT NULL REFERENCES ship (id) ON DELETE CASCADE,
    day  TEXT NOT NULL CHECK (day <> '')
);
CREATE INDEX trip_by_day ON trip (day) WHERE ship > 0;
```

## Envelope

```json
{"data": ["oslo"], "next": null}
```

```json
{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Envelope", "type": "object",
 "required": ["data"], "properties": {"data": {"type": "array", "items": {"type": "string"}}}}
```

## Something Else

```json
{"port": "Bergen", "berths": [{"id": 1}, {"id": 2, "name": "north"}]}
```
"""
FILE = "agents/team/ada-one.artefacts.json"
PAGE = "agents/team/ada-one/schemas.html"


def verify(project: Project, *arguments: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "agentdocs", "verify", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "_ext")}
    run = subprocess.run(
        command, cwd=project.root, env=environment, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout + run.stderr


def made(project: Project) -> Project:
    project.agent("team/ada-one.md", BODY)
    project.write("pyproject.toml", '[tool.agentdocs]\nagents = ["agents"]\n')
    return project


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build the site of an agent that was verified."""

    def make(folder: Path) -> Build:
        project = made(Project(folder, SMALL))
        verify(project, "--artefacts")
        return project.build("-W", "--keep-going")

    return shared(tmp_path_factory, "artefacts", make)


def page(done: Build, path: str = PAGE) -> str:
    return (done.out / path).read_text(encoding="utf-8")


def test_an_api_its_models_and_its_tables_are_shown(built: Build) -> None:
    assert built.code == 0, built.errors
    html = page(built)
    for words in ("Ferries 2.0.0", "GET", "/trips", "POST", "Sea miles", "Ticket",
                  "What a passenger holds.", "Berth", "trip_by_day", "CASCADE"):  # fmt: skip
        assert words in html, words
    assert html.count("<svg") >= 1
    # One API, with all of its routes, though two snippets made it; and no model of it apart.
    assert len(re.findall(r"<h\d>Ferries 2.0.0<", html)) == 1
    assert not re.search(r"<h3>(?:Leg|Trip)<", html)


def test_each_can_be_downloaded(built: Build) -> None:
    links = re.findall(r'href="([^"]*_made/[^"]*)"', page(built))
    files = {(built.out / "agents/team/ada-one" / link).resolve() for link in links}
    assert {file.name for file in files} == {
        "ferries-200.openapi.json", "ticket.schema.json", "berth.schema.json",
        "envelope.schema.json", "ship-trip.tables.json",
    }  # fmt: skip
    api = next(file for file in files if file.name.startswith("ferries"))
    assert set(json.loads(api.read_text())["paths"]["/trips"]) == {"get", "post"}


def test_endpoints_are_targets_and_listed(built: Build) -> None:
    from sphinx.util.inventory import InventoryFile

    with (built.out / "objects.inv").open("rb") as stream:
        inventory = InventoryFile.loads(stream.read(), uri="")
    assert "/trips" in inventory.data["http:get"]
    assert "/trips" in inventory.data["http:post"]
    index = (built.out / "api-endpoints.html").read_text()
    assert "/trips" in index and "ada-one" in index


def test_the_schema_of_the_front_matter_is_published(built: Build) -> None:
    overview = page(built, "agents/team/ada-one/index.html")
    link = re.search(r'Its front matter fits the <a[^>]*href="([^"]*)"', overview)
    assert link
    schema = json.loads((built.out / "agents/team/ada-one" / link[1]).resolve().read_text())
    assert schema["properties"]["description"]["description"]


def test_only_examples_without_a_schema_show_their_shape(built: Build) -> None:
    everything = "".join(
        file.read_text() for file in (built.out / "agents/team/ada-one").glob("*.html")
    )
    assert everything.count("Shape of this example") == 1
    shape = everything.split("Shape of this example")[1][:3000]
    assert "berths" in shape and "in 1 of 2" in shape


def test_without_results_the_files_beside_the_agents_are_shown(
    built: Build, tmp_path: Path
) -> None:
    """As on a host that runs no code: the same page, but for the verdicts."""
    project = made(Project(tmp_path, SMALL))
    project.write(FILE, (built.source.parent / FILE).read_text())
    done = project.build("-W", "--keep-going")
    assert done.code == 0, done.errors
    for words in ("Ferries 2.0.0", "Berth", "trip_by_day"):
        assert words in page(done)


def test_what_is_of_older_code_is_a_problem_and_not_shown(built: Build, tmp_path: Path) -> None:
    project = made(Project(tmp_path, SMALL))
    project.write(FILE, (built.source.parent / FILE).read_text())
    file = project.root / "agents/team/ada-one.md"
    file.write_text(file.read_text().replace("trip_by_day", "trip_by_date"))
    done = project.build()
    assert [(one.kind, one.path.endswith(FILE)) for one in done.warnings] == [
        ("agentdocs.artefacts-stale", True)
    ]
    assert "Ferries 2.0.0" in page(done)
    assert "<svg" not in page(done)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": 9}', '{"version": 1, "snippets": {"quick-start": 5}}', "[" * 9999],
)
def test_a_broken_file_is_a_problem_and_nothing_else_breaks(tmp_path: Path, text: str) -> None:
    project = made(Project(tmp_path, SMALL))
    project.write(FILE, text)
    done = project.build()
    assert done.code == 0, done.errors
    assert [one.kind for one in done.warnings] == ["agentdocs.artefacts-stale"]


def test_verify_fails_when_a_file_is_stale_and_mends_it(tmp_path: Path) -> None:
    project = made(Project(tmp_path, SMALL))
    assert f"Wrote {FILE}" in verify(project, "--artefacts")
    before = (project.root / FILE).read_text()
    verify(project)
    verify(project, "--fresh")  # made again, byte for byte
    assert "Wrote" not in verify(project, "--artefacts")
    file = project.root / "agents/team/ada-one.md"
    file.write_text(file.read_text().replace("deck: str", "level: str"))
    said = verify(project, code=1)
    assert (
        f"{FILE}:1: The artefacts that are kept here are not those that the snippets make" in said
    )
    assert "--artefacts" in said
    verify(project, "agents/team/ada-one.md", "--artefacts")
    after = (project.root / FILE).read_text()
    assert '"level"' in after and '"level"' not in before
    verify(project)


def test_the_format_is_what_the_results_hold(built: Build) -> None:
    report = json.loads((built.source.parent / ".agentdocs/results.json").read_text())
    kinds = [a["kind"] for row in report["results"] for a in row.get("artefacts", ())]
    assert sorted(set(kinds)) == ["json-schema", "openapi", "tables"]
    assert "artefacts" not in json.loads((built.out / "results.json").read_text()).get("summary")


HOSTILE = """
# Ada

## Quick Start

```python
import sys, types

class FastAPI:
    title, version, openapi_url, openapi_schema = "<script>alert(1)</script>\\n```", "1", "x", None
    def openapi(self):
        return {"openapi": "3.1.0", "info": {"title": "<b>x</b>"}, "paths": {"/a": {"get": {
            "summary": "<img src=x onerror=alert(1)>", "description": ".. include:: /etc/passwd"}}},
            "x": PAYLOAD}

PAYLOAD = %s
module = types.ModuleType("fastapi")
module.FastAPI = FastAPI
sys.modules["fastapi"] = module
app = FastAPI()
```
"""


@pytest.mark.parametrize(
    "payload",
    ["'```'", "[[]] * 5", "float('nan')", "'x' * 10**7", "object()", "(lambda a: a.append(a) or a)([])"],
)  # fmt: skip
@pytest.mark.security("SEC-47")
def test_a_snippet_that_lies_about_itself_breaks_nothing(tmp_path: Path, payload: str) -> None:
    project = Project(tmp_path, SMALL)
    project.agent("team/ada-one.md", HOSTILE % payload)
    project.agent("team/ben-two.md", BODY)
    project.write("pyproject.toml", '[tool.agentdocs]\nagents = ["agents"]\n')
    verify(project, "--artefacts")
    done = project.build("-W", "--keep-going")
    assert done.code == 0, done.errors
    for file in (done.out / "agents").rglob("*.html"):
        html = file.read_text()
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "root:x:0" not in html
    assert "Ferries 2.0.0" in page(done, "agents/team/ben-two/schemas.html")


def test_a_companion_may_lie_in_a_folder_called_apis(tmp_path: Path) -> None:
    """Pages about APIs are known by what they describe, and not by what they are called."""
    project = Project(tmp_path, SMALL)
    project.write(
        "agents/team/ferry/SKILL.md", "---\nname: ferry\ndescription: Plans.\n---\n\nText.\n"
    )
    project.write("agents/team/ferry/apis/booking.md", "# Booking\n\nHow it is asked.\n")
    done = project.build("-W", "--keep-going")
    assert done.code == 0, done.errors
    assert "How it is asked." in page(done, "agents/team/ferry/apis/booking.html")

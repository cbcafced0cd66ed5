"""API references as they are built: all that a document says is there, and nothing of it acts."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from agentdocs.sphinx_ext.json_schema import pretty
from hostile import markup
from hostile.builds import SMALL, Project, shared

if TYPE_CHECKING:
    from hostile.builds import Build

FIXTURES = Path(__file__).parent / "openapi"
NAMES = sorted(file.stem for file in FIXTURES.glob("*.json"))
FULL = [name for name in NAMES if name.startswith("full")]
HOSTILE = [name for name in NAMES if name.startswith("hostile")]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
CONF = f"""{SMALL}
def setup(app):
    from agentdocs.sphinx_ext import json_schema, openapi

    if "agent_fold" not in app.registry.translation_handlers.get("html", {{}}):
        json_schema.setup(app)
    if "api" not in app.registry.domains:
        openapi.setup(app)
"""
_REPORT = """\
import sys
def setup(app):
    slow = "sphinxcontrib.openapi", "sphinx_mdinclude"
    app.connect("build-finished", lambda *_: print("loaded:", [m for m in slow if m in sys.modules]))
"""
DEEP = '{"a":' * 10_000 + "1" + "}" * 10_000
GUIDE = """\
# Guide

{http:get}`/berths`, {http:post}`/berths/{berthId}/bookings`, {http:get}`/health`,
{api:endpoint}`toolkit/full-3.2/api:QUERY /measurements`, {api:endpoint}`GET /locked`,
{api:endpoint}`toolkit/same-path/api:GET /health`, {ref}`routingtable`.

> ```{agent-openapi} Within a quotation
> :name: quoted/api
>
> {"openapi": "3.1.0", "info": {"title": "Quoted"}, "paths": {"/health": {"get": {}}}}
> ```

```{agent-openapi} Too deep
DEEP
```

```{agent-openapi} Not JSON
{"openapi":
```
"""


def load(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text())


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    def make(folder: Path) -> Build:
        project = Project(folder, CONF)
        project.agent("team/ada.md", "A body.")
        for name in NAMES:
            text = f"# Page\n\n```{{agent-openapi}} {name}\n:name: toolkit/{name}/api\n\n"
            # As artefacts are: a lone surrogate is an escape, so that the page is a text.
            project.write(f"docs/{name}.md", f"{text}{json.dumps(load(name))}\n```\n\n## After\n")
        project.write("docs/guide.md", GUIDE.replace("DEEP", DEEP))
        pages = "\n".join(["agents/index", "guide", *NAMES])
        project.write("docs/index.md", f"# Home\n\n```{{toctree}}\n{pages}\n```\n")
        return project.build("-n", "-W", "--keep-going")

    done = shared(tmp_path_factory, "openapi", make)
    assert (done.code, done.errors) == (0, "")
    return done


def article(built: Build, name: str) -> str:
    """Return a page's text in one line."""
    return " ".join(markup.parse_text(built.page(name)).article.split())


def inventory(built: Build) -> set[tuple[str, str, str]]:
    """Return name, type and address of all objects."""
    data = (built.out / "objects.inv").read_bytes().split(b"\n", 4)[4]
    found = set()
    for row in zlib.decompress(data).decode().splitlines():
        match = re.fullmatch(r"(.+?) (\S+:\S+) -?\d+ (\S*) .*", row)
        assert match, row
        found.add((match[1], match[2], match[3].replace("$", match[1])))
    return found


def words(value: Any, key: str = "") -> list[str]:
    """Return all descriptions, summaries and titles of a document."""
    if isinstance(value, dict):
        return [word for name, inner in value.items() if name != "example"
                for word in words(inner, name)]  # fmt: skip
    if isinstance(value, list):
        return [word for inner in value for word in words(inner)]
    if isinstance(value, str) and key in ("description", "summary", "title"):
        return [value]
    return []


@pytest.mark.parametrize("name", FULL)
def test_every_word_is_on_the_page(built: Build, name: str) -> None:
    text, document = article(built, name), load(name)
    for said in words(document):
        for part in said.replace("`", "").split("\n\n"):
            # An operation's own summary and a reference's own description outdo the other.
            if said not in ("All berths", "Overridden."):
                assert part in text, part
    for path, item in document["paths"].items():
        assert path in text
        for method in METHODS:
            operation = item.get(method, {})
            assert operation.get("operationId", "") in text
            assert all(status in text for status in operation.get("responses", {}))
            for parameter in (*operation.get("parameters", ()), *item.get("parameters", ())):
                assert parameter.get("name", "X-Trace") in text
    parts = document["components"]
    for key in ("schemas", "securitySchemes"):
        assert all(part in text for part in parts.get(key, {}))
    assert all(hook in text for hook in document.get("webhooks", {}))


def test_all_that_the_renderer_would_lose_is_there(built: Build) -> None:
    full = article(built, "full-3.1")
    for text in (
        "https://{region}.harbour.example/v2", 'region = "north"', "HTTP bearer, a JWT",
        "API key in header X-Harbour-Key", "OpenID Connect", "Mutual TLS", "bookings:write",
        "default 20 · ≥ 1 · ≤ 100", "string or null", "array of number", "session", "cookie",
        "text/csv", "X-Total-Count", "Link book to bookBerth", "4XX", "default",
        "webhook", "callback", "Callback moored: The ship has moored", "deprecated", "none needed",
        'always "transit"', "multipart/form-data", "papers is sent with", "Security: bearerAuth or",
        "Dialect of the schemas", "office@harbour.example", "Ship or null", "matches ^b[0-9]+$",
        "curl -X POST https://bookings.harbour.example/berths/b17/bookings",
    ):  # fmt: skip
        assert text in full, text
    newest = article(built, "full-3.2")
    for text in (
        "QUERY", "PURGE", "Part of The sky", "querystring", "A stream; each item is Measurement",
        "What was found", "http://127.0.0.1:9/never-fetched", "Address of the document",
        "authorize devices at", "metadata at", "live · What the stations say now",
    ):  # fmt: skip
        assert text in newest, text
    assert "anything" in article(built, "boolean-schemas")
    assert "array" in article(built, "array-without-items")
    assert "Whatever happens." in article(built, "default-response")
    assert 'always "strict"' in article(built, "consts")
    assert "A parcel is lost" in article(built, "webhooks")
    assert "A shared hook" in article(built, "webhooks")
    assert "Whose basket." in article(built, "cookies")
    assert "From the path." in article(built, "path-parameters")
    assert "not in this document" in article(built, "outside")
    assert "nothing in it to be shown" in article(built, "not-a-document")


def test_what_cannot_be_read_is_said(built: Build) -> None:
    assert article(built, "guide").count("This document cannot be shown") == 2


def test_endpoints_are_targets(built: Build) -> None:
    known = inventory(built)
    for name in FULL:
        for path, item in load(name)["paths"].items():
            for method in set(item) & set(METHODS) - {"query"}:
                assert any(o[:2] == (path, f"http:{method}") for o in known), path
    assert ("/measurements", "http:copy", "full-3.2.html#copy--measurements") in known
    # The first document by its name has the plain path; each has its own.
    assert ("/health", "http:get", "full-3.0.html#get--health") in known
    healths = {o[0] for o in known if o[1] == "api:endpoint" and o[0].endswith("GET /health")}
    assert healths == {
        f"{api}/api:GET /health"
        for api in ("toolkit/full-3.0", "toolkit/full-3.1", "toolkit/same-path", "quoted")
    }
    for name, kind, address in known:
        if kind.partition(":")[0] in ("http", "api"):
            page, _, anchor = address.partition("#")
            assert f'id="{anchor}"' in (built.out / page).read_text(), name


def test_the_index_lists_all_endpoints(built: Build) -> None:
    page = markup.parse_text((built.out / "api-endpoints.html").read_text())
    text = " ".join(page.article.split() or page.text.split())
    for name in FULL:
        for path, item in load(name)["paths"].items():
            for method in set(item) & set(METHODS):
                assert f"{method.upper()} {path} (toolkit/{name})" in text
    assert "GET /health (toolkit/same-path)" in text
    assert "(quoted)" in text


def test_links_lead_to_models_and_schemes(built: Build) -> None:
    for name in (*FULL, "recursion", "security"):
        page = built.page(name)
        ids = set(re.findall(r'id="([^"]+)"', page))
        links = set(re.findall(r'href="#([^"]+)"', page))
        assert links <= ids, links - ids
    assert 'href="#toolkit-full-3-1-api-ship--model"' in built.page("full-3.1")
    assert 'href="#toolkit-full-3-1-api-bearerauth--security"' in built.page("full-3.1")


@pytest.mark.parametrize("name", NAMES)
def test_the_document_can_be_copied(built: Build, name: str) -> None:
    """All of it, or as much as a page holds, with how much that is."""
    page = markup.parse_text(built.page(name)).text
    text = pretty(load(name))
    assert "The whole document" in page
    assert " ".join(text.split())[:2000] in " ".join(page.split()) or "kB are shown" in page


@pytest.mark.parametrize("name", NAMES)
def test_no_id_is_given_twice(built: Build, name: str) -> None:
    ids = markup.parse_text(built.page(name)).ids
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("page", [*HOSTILE, "outside", "api-endpoints", "http-routingtable"])
@pytest.mark.security("SEC-47")
def test_hostile_text_is_inert(built: Build, page: str) -> None:
    html = (built.out / f"{page}.html").read_text()
    for tag in markup.parse_text(html).tags:
        assert not any(name.startswith("on") for name, _ in tag.attributes), tag
        assert "alert" not in tag.text
        if tag.inside == "article":
            assert tag.name not in ("script", "iframe", "img", "object", "embed", "b")
        for name, value in tag.attributes:
            if name in markup.ADDRESSES and value:
                assert not value.strip().lower().startswith(("javascript:", "data:", "file:"))
    assert "\u202e" not in html and "\x07" not in html
    assert "root:x:" not in html and "system-message" not in html


def test_hostile_text_is_shown(built: Build) -> None:
    text = article(built, "hostile-markup")
    for number in range(1, 12):
        assert f"alert({number})" in text
    for shown in (".. raw:: html", ":ref:genindex", "{{ 7*7 }}", "|version|"):
        assert shown in text


def test_other_builders_and_processes(tmp_path: Path) -> None:
    project = Project(tmp_path, CONF)
    project.agent("team/ada.md", "A body.")
    for name in ("full-3.1", "same-path", "hostile-markup"):
        text = f"# Page\n\n```{{agent-openapi}} {name}\n:name: toolkit/{name}/api\n\n"
        project.write(f"docs/{name}.md", f"{text}{json.dumps(load(name))}\n```\n")
    toc = "full-3.1\nsame-path\nhostile-markup\nagents/index"
    project.write("docs/index.md", f"# Home\n\n```{{toctree}}\n{toc}\n```\n")
    for builder in ("text", "latex", "epub", "man", "texinfo"):
        done = project.build("-b", builder, "-n", out=f"out-{builder}")
        assert done.code == 0 and "ERROR" not in done.errors, done.errors[-2000:]
    text = (tmp_path / "out-text" / "full-3.1.txt").read_text()
    assert "List berths" in text and "default 20" in text and "curl" in text
    assert "jsonSchemaDialect" not in text  # the whole document is for sites
    serial = project.build("-n", "-W", out="serial")
    parallel = project.build("-n", "-W", "-j", "2", out="parallel")
    assert (serial.errors, parallel.errors) == ("", "")
    assert inventory(serial) == inventory(parallel)
    assert serial.page("full-3.1") == parallel.page("full-3.1")
    # A page that is read again, alone, neither warns nor takes the path from the first.
    page = project.docs / "same-path.md"
    page.write_text(page.read_text() + "\nMore.\n")
    again = project.build("-n", "-W", out="serial")
    assert again.errors == "" and again.read == {"same-path"}
    assert inventory(again) == inventory(parallel)


def test_the_renderer_is_loaded_by_pages_that_need_it(tmp_path: Path) -> None:
    project = Project(tmp_path, CONF)
    project.agent("team/ada.md", "A body.")
    project.write("docs/conf.py", CONF.replace("def setup(app):", _REPORT))
    assert "loaded: []" in project.build().output
    assert "routingtable" not in {name for name, _, _ in inventory(project.build())}

"""Schemas, shapes and tables on real pages: what is said, where links lead, and that nothing acts."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html import unescape
from typing import TYPE_CHECKING

import pytest
from hostile import markup
from hostile.builds import Project, shared

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.builds import Build

CONF = """\
project = "small"
version = release = copyright = "1"
extensions = ["agentdocs"]
agentdocs_agents = "../agents"
html_theme = "basic"
nitpicky = True

def setup(app):
    from agentdocs.sphinx_ext.json_schema import shape_fold
    from sphinx.util.docutils import SphinxDirective

    class AgentShape(SphinxDirective):
        has_content = True
        optional_arguments = 1

        def run(self):
            found = shape_fold("\\n".join(self.content))
            return [found] if found else []

    app.add_directive("agent-shape", AgentShape)
"""

BAD = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> </svg></details>--> "
    "`a`{raw} [x](javascript:alert(3)) {{ name }} |sub| :ref:`x` .. raw:: html **b** "
    "\x1b[31m\x00\x07\u202eevil\u2066\ufffe\uffff\ud800 &lt;b&gt; ${jndi} \\input{x} %"
)
LEG = {
    "description": "A part of the way.\n\nFrom port to port.",
    "type": "object", "title": "Leg", "required": ["origin"],
    "properties": {"origin": {"type": "string", "pattern": "^[A-Z]{3}$"},
                   "next": {"anyOf": [{"$ref": "#/$defs/Leg"}, {"type": "null"}]}},
}  # fmt: skip
SHIPMENT = {
    "type": "object", "title": "Shipment", "required": ["id", "grams"],
    "properties": {
        "id": {"type": "string", "format": "uuid", "readOnly": True},
        "grams": {"type": "integer", "minimum": 1, "maximum": 200},
        "legs": {"type": "array", "items": {"$ref": "#/$defs/Leg"}},
        "customer": {"type": "object", "properties": {"email": {"type": "string", "maxLength": 254}}},
    },
    "$defs": {"Leg": LEG},
}  # fmt: skip
HOSTILE = {
    "title": BAD, "description": BAD, "x-" + BAD: BAD, "$id": BAD, "$comment": BAD,
    "properties": {BAD: {"description": BAD, "default": BAD, "enum": [BAD, 1], "type": BAD}},
    "patternProperties": {BAD: {"pattern": BAD, "format": BAD}}, "required": [BAD, "y" + BAD],
    "dependentRequired": {BAD: [BAD]}, "dependentSchemas": {BAD: {}},
    "$defs": {BAD: {"$ref": f"#/$defs/{BAD}"}, "Leg": {}, "leg": {}, "!": {}, "?": {}},
    "allOf": [{"$ref": "javascript:alert(1)"}, {"$ref": "https://example.invalid/x.json"}],
    "discriminator": {"propertyName": BAD, "mapping": {BAD: BAD}}, "externalDocs": {"url": BAD},
}  # fmt: skip
PK = {"name": "id", "type": "UUID", "nullable": False, "primary_key": True, "default": "uuid()"}
TABLES = {"tables": [
    {"name": "shipment", "comment": "A parcel.",
     "columns": [PK, {"name": "customer_id", "type": "UUID", "nullable": True, "comment": "Who pays."}],
     "foreign_keys": [{"columns": ["customer_id"], "table": "customer", "references": ["id"],
                       "on_delete": "SET NULL"}],
     "checks": ["grams > 0"],
     "indexes": [{"name": "by_customer", "columns": ["customer_id"], "unique": False, "where": "x"}]},
    {"name": "customer", "columns": [PK], "uniques": [["id", "email"]]},
]}  # fmt: skip
BAD_TABLES = {"tables": [
    {"name": name, "comment": BAD,
     "columns": [{"name": BAD, "type": BAD, "default": BAD, "comment": BAD, "primary_key": True}],
     "foreign_keys": [{"columns": [BAD], "table": BAD, "references": [BAD], "on_delete": BAD}],
     "checks": [BAD], "uniques": [[BAD]], "indexes": [{"name": BAD, "columns": [BAD], "where": BAD}]}
    for name in (BAD, "b" + BAD, "!", "?", "Shipment", "shipment")
]}  # fmt: skip
SHAPE = {"items": [{"id": "6f1c2b1e-9d3a-4a57-8f4e-0f6ad6b8e6b1"}, {"id": None, BAD: BAD}]}
DEEP = '{"a":' * 20_000 + "1" + "}" * 20_000


def block(name: str, value: object, title: str = "", option: str = "") -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"```{{{name}}} {title}\n{option}{text}\n```\n"


PAGES = {
    "schema": "# Schemas\n\n## Shipment\n\n" + block("agent-json-schema", SHIPMENT, "Shipment")
    + "\n## Shipment Leg\n\n" + block("agent-json-schema", SHIPMENT, "Shipment")
    + block("agent-shape", SHAPE),
    "tables": "# Tables\n\n## Customer\n\n" + block("agent-tables", TABLES, "Shipping", ":name: db\n"),
    "hostile": "# Hostile\n\n" + block("agent-json-schema", HOSTILE, "Odd")
    + block("agent-json-schema", HOSTILE, "Odd") + block("agent-shape", {BAD: [BAD, {BAD: 1}]}, "S")
    + block("agent-tables", BAD_TABLES, "Odd tables") + block("agent-tables", BAD_TABLES, "Odd tables"),
    "broken": "# Broken\n\n" + "".join(
        block(name, text, f"T{number}")
        for name in ("agent-json-schema", "agent-shape", "agent-tables")
        for number, text in enumerate(
            ["", "{", "nonsense", DEEP, "[" * 300 + "]" * 300, "null", "12", "[]", '"x"', "NaN",
             '{"tables": 5}', '{"tables": [[], {}, {"name": {}}]}', "9" * 5000, "false"])
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Build:
    def make(folder: Path) -> Build:
        project = Project(folder, CONF)
        project.agent("team/ada-one.md")
        names = "\n".join(["agents/index", *PAGES])
        project.write("docs/index.md", f"# Home\n\n```{{toctree}}\n{names}\n```\n")
        for name, text in PAGES.items():
            project.write(f"docs/{name}.md", text)
        for builder in ("text", "latex", "epub"):
            other = project.build("-b", builder, "-W", "--keep-going", out=builder)
            assert other.code == 0, other.errors
        return project.build("-W", "-n", "--keep-going")

    return shared(tmp_path_factory, "schemas", make)


def body(page: str) -> str:
    return page[page.index('<div class="body"') : page.index('<div class="sphinxsidebar"')]


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def test_nothing_is_warned_about(project: Build) -> None:
    assert project.code == 0 and not project.warnings, project.errors


@pytest.mark.parametrize("name", PAGES)
def test_identifiers_are_unique_and_links_lead_somewhere(project: Build, name: str) -> None:
    page = project.page(name)
    found = re.findall(r'\sid="([^"]*)"', page)
    assert len(found) == len(set(found))
    here = set(re.findall(r'<a [^>]*?href="#([^"]+)"', body(page)))
    assert {unescape(one) for one in here} <= {unescape(one) for one in found}


def test_a_schema_is_said(project: Build) -> None:
    said = words(body(project.page("schema")))
    for text in (
        "id: string (uuid), required, read-only", "grams: integer, 1 to 200, required",
        "legs: array of Leg", "customer.email: string at most 254 characters",
        "A part of the way. From port to port.", "matches ^[A-Z]{3}$", "next: Leg or null",
        "The whole schema", "Shape of this example", "items[].id: string (uuid) or null",
        "in 1 of 2",
    ):  # fmt: skip
        assert text in said, text


def test_the_links_of_a_schema_lead_to_its_own_definitions(project: Build) -> None:
    page = body(project.page("schema"))
    targets = re.findall(r'class="reference internal" href="#([^"]+)">Leg<', page)
    assert len(set(targets)) == 2 and len(targets) == 4
    for target in targets:
        after = page[page.index(f'id="{target}"') :]
        assert words(after[after.index(">") + 1 :]).startswith("Leg object")


def test_the_example_and_the_whole_schema_can_be_copied(project: Build) -> None:
    page = body(project.page("schema"))
    blocks = [json.loads(unescape(re.sub(r"<[^>]+>", "", found)))
              for found in re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)]  # fmt: skip
    assert blocks[1] == SHIPMENT
    assert blocks[0]["grams"] == 1 and blocks[0]["legs"][0]["origin"] == "AAA"
    assert page.count('<details class="agentdocs-fold') == 3
    assert page.count("agentdocs-snippet") == 4


def test_the_hostile_schema_can_be_copied_and_holds_nothing_that_acts(project: Build) -> None:
    page = body(project.page("hostile"))
    texts = [unescape(re.sub(r"<[^>]+>", "", found))
             for found in re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)]  # fmt: skip
    assert HOSTILE in [json.loads(text) for text in texts]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b\ufffe\uffff\ud800]", page)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_acts(project: Build, name: str) -> None:
    page = markup.parse_text(body(project.page(name)))
    for tag in page.tags:
        assert tag.name not in ("script", "img", "iframe", "object", "b", "form", "style"), tag
        for key, value in tag.attributes:
            assert not key.startswith("on"), tag
            copies = tag.get("data-agentdocs-copy") is not None  # the page itself, as Markdown
            assert key not in markup.ADDRESSES or value.startswith("#") or copies, tag


def pictures(page: str) -> list[ET.Element]:
    return [ET.fromstring(svg) for svg in re.findall(r"<svg .*?</svg>", page, re.DOTALL)]


def test_tables_are_said_and_drawn(project: Build) -> None:
    page = body(project.page("tables"))
    said = words(page)
    for text in (
        "References: customer_id → customer (id), on delete set null",
        "Referenced by: shipment (customer_id), any number", "Check: grams > 0",
        "Index: by_customer on customer_id, where x", "Unique: id, email", "A parcel.",
        "id UUID not null PK uuid()", "customer_id UUID null FK Who pays.",
    ):  # fmt: skip
        assert text in said, text
    (svg,) = pictures(page)
    space = {"s": "http://www.w3.org/2000/svg"}
    links = [link.get("href") for link in svg.findall("s:a", space)]
    assert links == ["#db-customer", "#db-shipment"]
    (about,) = svg.findall("s:desc", space)
    assert about.text == ("Each shipment may lead by customer_id to one customer; "
                          "each customer has any number of shipment.")  # fmt: skip
    assert svg.get("role") == "group" and svg.get("aria-describedby") == about.get("id")
    assert len(svg.findall("s:g", space)) == 1


def test_hostile_tables_are_drawn_as_text(project: Build) -> None:
    drawn = pictures(body(project.page("hostile")))
    assert len(drawn) == 2
    for svg in drawn:
        names = {element.tag.rpartition("}")[2] for element in svg.iter()}
        assert names <= {"svg", "desc", "g", "path", "circle", "a", "title", "rect", "text"}


def test_what_is_broken_is_said(project: Build) -> None:
    said = words(body(project.page("broken")))
    assert said.count("This is not JSON") == 8
    assert said.count("This is nested too deeply") == 2
    assert "2 entries could not be read." in said or "3 entries could not be read." in said
    assert "There are no tables." in said


def test_other_builders_say_it_in_text(project: Build) -> None:
    said = (project.out.parent / "text" / "schema.txt").read_text()
    said = " ".join(said.split())
    assert 'customer."email": string' in said and 'grams": integer, 1 to 200, required' in said
    assert "The whole schema" not in said
    tables = (project.out.parent / "text" / "tables.txt").read_text()
    assert "not null" in tables and "References" in tables and "<svg" not in tables
    latex = (project.out.parent / "latex" / "small.tex").read_text()
    assert "array of " in latex and "\\input{x}" not in latex

"""OpenAPI documents of any shape → rows: nothing is lost, nothing leaves, and it always ends."""

import json
import shlex
import time
from pathlib import Path

import pytest
from agentdocs.artefacts.openapi.api import read
from agentdocs.artefacts.openapi.curl import curl
from agentdocs.artefacts.openapi.lookup import Lookup
from agentdocs.artefacts.openapi.reader import MOST, is_plain
from agentdocs.artefacts.openapi.renderable import METHODS, renderable
from agentdocs.artefacts.openapi.shapes import Sampler, shape
from agentdocs.artefacts.openapi.text import harmless
from hypothesis import given, settings
from hypothesis import strategies as st

FIXTURES = Path(__file__).parents[1] / "sphinx" / "openapi"
FULL = sorted(FIXTURES.glob("full-*.json"))
WORDS = [
    "openapi", "info", "paths", "webhooks", "components", "schemas", "security", "servers", "tags",
    "get", "post", "parameters", "requestBody", "responses", "content", "application/json",
    "schema", "$ref", "#", "#/components/schemas/A", "#/paths", "A", "items", "properties", "anyOf",
    "allOf", "enum", "type", "examples", "example", "headers", "callbacks", "name", "in", "path",
    "securitySchemes", "additionalOperations", "links", "200", "default", "/a", "/a/{b}", "$self",
]  # fmt: skip
TEXT = st.sampled_from(WORDS) | st.text(max_size=8)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=6),
    max_leaves=40,
)
OPERATION = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("summary", "tags", "parameters", "requestBody", "responses", "callbacks", "security", "servers", "deprecated"), ANY),
)  # fmt: skip
NEARLY = st.fixed_dictionaries({
    "paths": st.dictionaries(TEXT, st.dictionaries(TEXT, OPERATION | ANY, max_size=3), max_size=3),
    "components": st.fixed_dictionaries({"schemas": st.dictionaries(TEXT, ANY, max_size=3)}),
    "webhooks": ANY,
    "servers": ANY,
    "tags": ANY,
})  # fmt: skip


def load(name):
    return json.loads((FIXTURES / f"{name}.json").read_text())


def strings(rows):
    """Return all texts of rows that are shown; some others are kept as they are, to be found."""
    if isinstance(rows, str):
        return [rows]
    if isinstance(rows, tuple):
        return [text for row in rows for text in strings(row)]
    if hasattr(rows, "__dataclass_fields__"):
        keys = {"Model": ("name", "schema"), "Group": ("name",), "Part": ("model",)}
        hidden = (*keys.get(type(rows).__name__, ()), "tag")
        return [t for name in rows.__dataclass_fields__ if name not in hidden
                for t in strings(getattr(rows, name))]  # fmt: skip
    return []


@given(ANY | NEARLY)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_json_is_read(document):
    api = read(document)
    assert api == read(document)
    for text in strings(api):
        assert harmless(text) == text
        text.encode()
    made, texts = renderable(api)
    assert "$ref" not in json.dumps(made)
    assert all(token.isalnum() for token in texts)


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("*.json")), ids=lambda f: f.stem)
def test_no_operation_is_lost(file):
    document = json.loads(file.read_text())
    paths = document.get("paths", {}) if isinstance(document, dict) else {}
    methods = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
    wanted = {
        (harmless(path)[:300], name)
        for path, item in paths.items() if isinstance(item, dict) and "\n" not in path
        for name in item if name in methods
    }  # fmt: skip
    found = {(operation.path, operation.method.lower()) for operation in read(document).operations}
    assert {(" ".join(path.split()), name) for path, name in wanted} <= found


@pytest.mark.parametrize("file", FULL, ids=lambda f: f.stem)
def test_nothing_of_a_full_document_is_left_out(file):
    assert read(json.loads(file.read_text())).notes == ()


def test_only_plain_paths_are_rendered_by_others():
    made, texts = renderable(read(load("hostile-markup")))
    assert list(made["paths"]) == ["/safe/{id}"]
    assert set(made["paths"]["/safe/{id}"]) == {"get"}
    assert set(made["paths"]["/safe/{id}"]["get"]) == {"description", "deprecated", "responses"}
    assert "alert" not in json.dumps(made) and "alert" in "".join(texts.values())


@pytest.mark.parametrize(
    "path",
    ["", "x", "/a b", "/a\n", "/a\n.. raw:: html", "/<b>", "/(a)", "/(a:b)", "/`x`", "/a\\", "/{",
     "/{a b}", "/}", "/{{a}}", "/\u202e", "/é", "/" * 400, "/*", "/|a|", '/"', "/a\u2028b", "/$x"],
)  # fmt: skip
def test_what_is_no_plain_path(path):
    assert not is_plain("GET", path)


@pytest.mark.parametrize("path", ["/", "/a", "/a/{b}", "/a.json", "/{a}-{b}/", "/~me/x:cancel"])
def test_what_is_a_plain_path(path):
    assert is_plain("GET", path)
    assert not is_plain("GET:: /x", path) and not is_plain("", path)


def test_an_operations_parameter_outdoes_its_paths():
    (operation,) = read(load("path-parameters")).operations
    assert [(p.name, p.description) for p in operation.parameters] == [
        ("shelf", "From the path."), ("lang", "From the operation."),
    ]  # fmt: skip
    assert operation.title == "Shelves"
    assert operation.description == "Said of the path."


def test_security_is_inherited_only_where_nothing_else_is_said():
    api = read(load("security"))
    by_path = {operation.path: operation for operation in api.operations}
    assert [[need.scheme for need in way] for way in api.security] == [["login"]]
    assert by_path["/locked"].security is None
    assert by_path["/open"].security == ()
    first, nothing = by_path["/either"].security
    assert [need.scheme for need in first] == ["key", "login"] and nothing == ()
    assert "Bearer YOUR-TOKEN" in by_path["/locked"].curl
    assert "YOUR" not in by_path["/open"].curl
    assert "--cookie sid=YOUR-KEY" in by_path["/either"].curl


def test_tags_group_in_the_documents_order():
    api = read(load("full-3.2"))
    assert [(g.title, g.within) for g in api.groups] == [("The sky", ()), ("Wind", ("The sky",))]
    assert [o.method for o in api.operations] == ["COPY", "PURGE", "GET", "QUERY"] or [
        o.method for o in api.operations
    ] == ["COPY", "PURGE", "QUERY", "GET"]


def test_a_reference_by_its_own_address_stays_inside():
    api = read(load("full-3.2"))
    query = next(o for o in api.operations if o.method == "QUERY")
    (media,) = query.responses[0].media
    assert [part.model for part in media.shape.parts if part.model] == ["Measurement"]


def test_references_to_the_outside_are_named_and_not_followed():
    texts = strings(read(load("outside")))
    for reference in ("file:///etc/passwd", "http://127.0.0.1:9/p.json#/x", "other.yaml#/r"):
        assert any(reference in text for text in texts)
    assert not any("root:" in text for text in texts)


def test_circles_end():
    assert Lookup({"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}}).resolve({"$ref": "#/a"})[1]
    lookup = Lookup({"a": {"items": {"$ref": "#/a"}}})
    assert "…" in str(shape(lookup, {"$ref": "#/a"}))
    assert Sampler(lookup).sample({"$ref": "#/a"}) in ([None], [])


def test_a_small_document_that_asks_for_much_ends_soon():
    schemas = {
        f"l{n}": {"anyOf": [{"$ref": f"#/x/l{n + 1}"}] * 8, "properties": {
            f"p{i}": {"$ref": f"#/x/l{n + 1}"} for i in range(40)}}
        for n in range(12)
    }  # fmt: skip
    many = [{"name": f"n{i}", "in": "query", "required": True, "schema": {"$ref": "#/x/l0"}}
            for i in range(80)]  # fmt: skip
    paths = {f"/p{i}": {"parameters": many, "get": {}, "put": {}} for i in range(500)}
    began = time.monotonic()
    api = read({"openapi": "3.1.0", "x": schemas, "paths": paths})
    assert time.monotonic() - began < 20
    assert len(api.operations) <= MOST["operations"]
    assert any("operations are not shown" in note for note in api.notes)


def test_what_is_too_much_is_counted():
    properties = {f"p{i}": {"type": "string"} for i in range(100_000)}
    document = {
        "openapi": "3.0.0",
        "components": {"schemas": {f"S{i}": {} for i in range(400)}},
        "paths": {"/a": {"post": {"requestBody": {"content": {"application/json": {
            "schema": {"type": "object", "properties": properties}}}}}}},
    }  # fmt: skip
    api = read(document)
    assert "100 more models are not shown." in api.notes
    assert api.operations[0].body.media[0].shape.hidden == 100_000 - 40


def test_what_is_nested_deeply_is_read():
    deep = {}
    for _ in range(900):
        deep = {"properties": {"a": deep}, "items": deep, "default": deep, "allOf": [deep]}
    document = {
        "openapi": deep, "info": deep, "servers": [{"url": "/{a}", "variables": {"a": deep}}],
        "security": [{"a": deep}], "components": {"securitySchemes": {"a": {"type": "http",
        "scheme": deep}}}, "tags": [{"name": "t", "kind": deep, "parent": deep}],
        "paths": {"/a": {"post": {"tags": ["t"], "parameters": [{"name": "n", "in": "query",
        "required": True, "example": deep, "schema": deep}], "requestBody": {"content": {
        "application/json": {"schema": deep, "example": deep}}}, "responses": {"200": deep}}}},
    }  # fmt: skip
    assert [operation.path for operation in read(document).operations] == ["/a"]


def test_a_shape_in_words():
    lookup = Lookup({"components": {"schemas": {"Ship": {}}}})
    ship = {"$ref": "#/components/schemas/Ship"}
    for schema, words in [
        (True, "anything"), (False, "nothing"), ({}, "anything"), ([], "not a schema"),
        ({"type": "array"}, "array"), ({"type": ["string", "null"]}, "string or null"),
        ({"type": "integer", "nullable": True}, "integer or null"),
        ({"type": "array", "items": ship}, "array of Ship"),
        ({"anyOf": [ship, {"type": "null"}]}, "Ship or null"),
        ({"type": "array", "items": {"oneOf": [ship, True]}}, "array of (Ship or anything)"),
        ({"const": "x"}, 'always "x"'), ({"enum": [1, None]}, "1 | null"),
        ({"additionalProperties": {"type": "number"}}, "object of number"),
    ]:  # fmt: skip
        assert str(shape(lookup, schema)) == words
    rules = shape(lookup, {"type": "integer", "minimum": 1, "maximum": 9, "default": 3}).rules
    assert rules == ("default 3", "≥ 1", "≤ 9")


def test_a_sample_keeps_to_its_schema():
    lookup = Lookup({"c": {"A": {"type": "object", "properties": {
        "id": {"type": "integer", "minimum": 5}, "secret": {"readOnly": True},
        "tags": {"type": "array", "items": {"type": "string"}}}}}})  # fmt: skip
    assert Sampler(lookup).sample({"$ref": "#/c/A"}) == {"id": 5, "tags": ["string"]}


def test_a_command_cannot_be_made_to_do_anything_else():
    evil = "'; touch /tmp/x; '\n$(touch /tmp/y) `z` @/etc/passwd"
    command = curl(
        f"-o/etc/cron.d/x {evil}", "POST", "/a/{id}/{gone}",
        [("path", "id", f"../{evil}"), ("query", evil, evil), ("header", "@/etc/passwd", "x"),
         ("header", "X-A", f"v\r\nX-B: 1 {evil}"), ("cookie", "c", "@/etc/passwd"),
         ("cookie", evil, "x")],
        (f"text/plain {evil}", f"@/etc/passwd {evil}"),
        [("header", "Authorization", "Bearer YOUR-TOKEN")],
    )  # fmt: skip
    words = shlex.split(command.replace("\\\n", " "))
    assert words[:3] == ["curl", "-X", "POST"]
    assert words[3].startswith("http://localhost:8000/a/") and " " not in words[3]
    pairs = list(zip(words[4::2], words[5::2], strict=True))
    assert {option for option, _ in pairs} == {"-H", "--cookie", "--data-raw"}
    for option, value in pairs:
        assert option == "--data-raw" or not value.startswith("@")
        assert option != "-H" or "\n" not in value


def test_methods_for_others_are_those_that_have_a_directive():
    domain = pytest.importorskip("sphinxcontrib.httpdomain").HTTPDomain
    assert set(domain.directives) - {"any"} == METHODS

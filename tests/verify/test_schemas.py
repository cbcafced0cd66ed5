"""Schemas that lead elsewhere: nothing is fetched, and nobody else's file is read."""

from __future__ import annotations

import socket
import threading

import pytest
from agentdocs.verify import schemas
from agentdocs.verify.documents import Document

AGENT = Document("agents/x.md", "x", ())


@pytest.fixture
def listener():
    """Return an address, and what knocked on it."""
    knocks = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        stop = threading.Event()

        def wait():
            while not stop.is_set():
                try:
                    knocks.append(server.accept()[1])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=wait)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/schema.json", knocks
        stop.set()
        thread.join()


@pytest.mark.security("SEC-21")
def test_a_reference_into_the_network_is_not_followed(listener, tmp_path):
    address, knocks = listener
    said = schemas.check({"a": 1}, {"$ref": address}, AGENT, {}, str(tmp_path))
    assert said == f"its schema leads to {address}, which is not read"
    assert not knocks


@pytest.mark.security("SEC-21")
def test_a_reference_to_a_file_is_not_followed(tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text('{"type": "string"}')
    said = schemas.check(1, {"$ref": secret.as_uri()}, AGENT, {}, str(tmp_path))
    assert said.endswith("which is not read")


def test_references_within_and_to_the_drafts_are_followed(tmp_path):
    inner = {"$defs": {"name": {"type": "string"}}, "$ref": "#/$defs/name"}
    assert schemas.check("x", inner, AGENT, {}, str(tmp_path)) == ""
    assert "is not of type" in schemas.check(1, inner, AGENT, {}, str(tmp_path))
    draft = {"$ref": "https://json-schema.org/draft/2020-12/schema"}
    assert schemas.check({"type": "object"}, draft, AGENT, {}, str(tmp_path)) == ""
    assert "does not fit" in schemas.check({"type": 3}, draft, AGENT, {}, str(tmp_path))


@pytest.mark.parametrize("what", ["openapi", "schema"])
def test_what_data_say_of_themselves_is_held_against_forms_alone(listener, what):
    address, knocks = listener
    data = {
        "openapi": {
            "openapi": "3.1.0",
            "info": {"title": "x", "version": "1"},
            "paths": {"/a": {"get": {"responses": {"200": {"$ref": address}}}}},
        },
        "schema": {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": address},
    }[what]
    name, fault = schemas.known(data)
    assert name and not fault
    assert not knocks

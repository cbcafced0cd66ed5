"""The catalog → ``agents.json``, and the JSON Schema that says what stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentdocs.catalog import Catalog, Entry

SCHEMA = "agents.schema.json"
"""The name of the schema, beside ``agents.json``."""


class Proof(TypedDict):
    """How many snippets an agent has, and what is known of them."""

    snippets: int
    passed: int
    failed: int
    unproved: int
    skipped: int
    unknown: int


class Place(TypedDict):
    """A page: its title, and its addresses from the site's root."""

    title: str
    html: str
    markdown: str


def listing(
    title: str,
    base: str,
    catalog: Catalog,
    place: Callable[[str, str], Place],
    file: Callable[[str], str],
    digest: Callable[[str], str],
    proof: Callable[[str], Proof],
) -> dict[str, Any]:
    """Return what ``agents.json`` holds.

    :param base: the address of the site; empty where it is not known.
    :param place: a document and its title → where the page is.
    :param file: an agent's file → the address of its download.
    :param digest: an agent's file → its SHA-256; empty where it cannot be read.
    :param proof: an agent's id → what is proved.
    """

    def row(entry: Entry) -> dict[str, Any]:
        agent = entry.agent
        return {
            "id": entry.id,
            "name": agent.name,
            "collection": entry.collection,
            "role": entry.role,
            "kind": "skill" if agent.is_skill else "agent",
            "dialect": agent.dialect,
            "description": agent.description,
            "summary": agent.summary,
            "tools": _once(tool.name for tool in agent.tools if tool.allowed),
            "denied": _once(tool.name for tool in agent.tools if not tool.allowed),
            "tags": list(agent.tags),
            "model": agent.model,
            "version": agent.version,
            "author": agent.author,
            "path": agent.path,
            "file": file(agent.path),
            "digest": digest(agent.path),
            "pages": [place(entry.docname(page.name), page.title) for page in entry.pages],
            "proof": proof(entry.id),
        }

    return {
        "$schema": SCHEMA,
        "title": title,
        "base": base,
        "agents": [row(entry) for entry in catalog.entries],
    }


def _once(names: Any) -> list[str]:
    return list(dict.fromkeys(names))


# --- the schema --------------------------------------------------------------------------------

_TEXT = {"type": "string"}
_URL = {"type": "string", "format": "uri-reference", "minLength": 1}
_NAMES = {"type": "array", "items": _TEXT}
_COUNT = {"type": "integer", "minimum": 0}


def _object(properties: dict[str, Any], description: str = "") -> dict[str, Any]:
    found = {"type": "object", "required": list(properties), "properties": properties}
    return {"description": description, **found} if description else found


def _said(what: dict[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, **what}


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``agents.json``; it allows what later releases add."""
    page = _object({"title": _TEXT, "html": _URL, "markdown": _URL})
    agent = _object({
        "id": _said({**_TEXT, "minLength": 1}, "Its place in the library; unique and stable."),
        "name": _said(_TEXT, "As its file says; several agents may share one."),
        "collection": _said(_TEXT, "The folder that it is in."),
        "role": _said(_TEXT, "What agents that do the same work share."),
        "kind": {"enum": ["agent", "skill"]},
        "dialect": _said(_TEXT, "The form of its file."),
        "description": _said(_TEXT, "What it does and when to choose it, without dialogues."),
        "summary": _said(_TEXT, "What it does, in a sentence or two."),
        "tools": _said(_NAMES, "What it may use; none named mostly means all."),
        "denied": _said(_NAMES, "What it must not use."),
        "tags": _NAMES,
        "model": _TEXT,
        "version": _TEXT,
        "author": _TEXT,
        "path": _said(_TEXT, "Its file, from the library's root."),
        "file": _said(_URL, "Where that file can be downloaded, byte for byte."),
        "digest": _said(
            {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"}, "Of that file's bytes."
        ),
        "pages": _said({"type": "array", "items": page}, "The overview comes first."),
        "proof": _object(
            dict.fromkeys(Proof.__annotations__, _COUNT),
            "Its snippets on the site, by verdict; those that were not verified are unknown.",
        ),
    })  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "Agents of a library",
        "description": "All addresses count from the folder that agents.json is in.",
        **_object({
            "$schema": _TEXT,
            "title": _TEXT,
            "base": _said(_TEXT, "The address of the site; empty where it is not known."),
            "agents": {"type": "array", "items": agent},
        }),
    }  # fmt: skip

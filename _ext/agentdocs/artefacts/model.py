"""What running an agent's snippets made, as frozen data: descriptions of APIs, data and tables.

It passes from the verifier to the site in ``results.json``, or in a file beside the agent for
builds that cannot run code.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

SUFFIX = ".artefacts.json"
"""Of the files beside agents that keep artefacts; they are no companions."""

Kind = Literal["openapi", "json-schema", "tables"]
KINDS: tuple[Kind, ...] = ("openapi", "json-schema", "tables")
"""OpenAPI documents, JSON Schemas and the tables of a database, in the order of a page."""
MOST = 400_000
"""Characters of an artefact's JSON; more is not kept."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """One description."""

    kind: Kind
    name: str
    """For people: an API's title and version, a model's name."""
    data: str
    """JSON on one line, its keys in the order in which they were made."""

    @property
    def hash(self) -> str:
        """What changes when it does: the first 16 hexadecimal digits of a SHA-256."""
        return hashlib.sha256(f"{self.kind} {self.name} {self.data}".encode()).hexdigest()[:16]

    @property
    def is_named(self) -> bool:
        """Whether its author gave it a name: FastAPI has one for those who give none."""
        return not (self.kind == "openapi" and self.name.startswith("FastAPI 0.1.0"))

    def value(self) -> Any:
        """Return the data."""
        return json.loads(self.data)


def artefact(kind: object, name: object, value: object) -> Artefact | None:
    """Return an artefact made of what a stranger says; nothing if it has not the form of one."""
    if kind not in KINDS or not isinstance(name, str) or not isinstance(value, dict):
        return None
    try:
        data = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None
    plain = "".join(sign for sign in name if sign.isprintable())[:200].strip()
    return Artefact(kind, plain or "unnamed", data) if len(data) <= MOST else None


@dataclass(frozen=True, slots=True)
class Made:
    """An artefact with the snippet that made it."""

    path: str
    """The snippet's file, as the library has it."""
    address: str
    artefact: Artefact


def together(made: Iterable[Made]) -> list[Made]:
    """Return an agent's artefacts, each once, by kind.

    Of an API that grows from snippet to snippet, the last state counts. A model that an API
    describes, or that another model holds, is not shown apart.
    """
    found: list[Made] = []
    for one in made:
        before = next((old for old in found if _continues(one.artefact, old.artefact)), None)
        if before:
            found.remove(before)
        found.append(one)
    inner: set[str] = set()
    for one in found:
        inner |= _holds(one.artefact)
    shown = [o for o in found if o.artefact.kind != "json-schema" or o.artefact.name not in inner]
    if any(one.artefact.kind == "openapi" and one.artefact.is_named for one in shown):
        shown = [one for one in shown if one.artefact.is_named]  # the others are but a means
    return sorted(shown, key=lambda one: KINDS.index(one.artefact.kind))


def _continues(one: Artefact, old: Artefact) -> bool:
    """Whether an artefact is the same as an older one, or that with more in it."""
    if (one.kind, one.name) != (old.kind, old.name):
        return False
    key = {"openapi": "paths", "json-schema": "properties", "tables": ""}[one.kind]
    return one.data == old.data or bool(key and _keys(one, key) >= _keys(old, key) > set())


def _keys(one: Artefact, key: str) -> set[str]:
    inner = one.value().get(key)
    return set(inner) if isinstance(inner, dict) else set()


def _holds(one: Artefact) -> set[str]:
    """Return the names of the models that are described inside of an artefact."""
    if one.kind == "tables":
        return set()
    value = one.value()
    if one.kind == "openapi":
        components = value.get("components")
        value = components if isinstance(components, dict) else {}
    inner = value.get("schemas" if one.kind == "openapi" else "$defs")
    return set(inner) - {one.name} if isinstance(inner, dict) else set()

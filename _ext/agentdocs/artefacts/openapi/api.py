"""An OpenAPI document of any shape → frozen rows of all that a reference shows.

The document comes from strangers' code. Nothing in it is trusted to have the type that it should
have, no reference leaves the document, and what exceeds a limit is counted and said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FIXED = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
"""Methods that have a field of their own in a Path Item."""


@dataclass(frozen=True)
class Part:
    """A few words of a type; ``model`` is the component that they name."""

    text: str
    model: str = ""


@dataclass(frozen=True)
class Shape:
    """A schema in a line: its type, and what values must keep to."""

    parts: tuple[Part, ...] = ()
    rules: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    """The properties of an object that has no name."""
    hidden: int = 0
    """Properties that are not among ``fields``."""
    description: str = ""

    def __str__(self) -> str:
        """Return the type alone."""
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True)
class Field:
    """A parameter, a header or a property."""

    name: str
    where: str = ""
    """``path``, ``query``, ``header``, ``cookie``, … ; empty for a property."""
    shape: Shape = field(default_factory=Shape)
    required: bool = False
    deprecated: bool = False
    description: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Example:
    """A value as it is sent."""

    title: str
    text: str
    language: str
    note: str = ""


@dataclass(frozen=True)
class Media:
    """A body in one media type."""

    type: str
    shape: Shape
    examples: tuple[Example, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Body:
    """What is sent with a request."""

    description: str
    required: bool
    media: tuple[Media, ...]


@dataclass(frozen=True)
class Link:
    """What a response's values may be used for."""

    name: str
    target: str
    description: str


@dataclass(frozen=True)
class Response:
    """What comes back with a status, a range (``4XX``) or else (``default``)."""

    status: str
    summary: str
    description: str
    media: tuple[Media, ...] = ()
    headers: tuple[Field, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Server:
    """Where the API is."""

    url: str
    description: str
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Need:
    """A scheme that a request must satisfy."""

    scheme: str
    scopes: tuple[str, ...] = ()
    known: bool = True
    """Whether the document defines it."""


@dataclass(frozen=True)
class Flow:
    """A way to get a token."""

    name: str
    addresses: tuple[str, ...]
    scopes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Scheme:
    """A way to say who one is."""

    name: str
    kind: str
    description: str
    deprecated: bool = False
    flows: tuple[Flow, ...] = ()


@dataclass(frozen=True)
class Operation:
    """A method on a path."""

    kind: str
    """``path``, ``webhook`` or ``callback``."""
    method: str
    """As it is sent: ``GET``."""
    path: str
    """Or the webhook's name, or the callback's expression."""
    plain: bool
    """Whether method and path keep to the strict pattern, so that they can be a target."""
    title: str
    description: str = ""
    identifier: str = ""
    deprecated: bool = False
    tag: str = ""
    tags: tuple[str, ...] = ()
    security: tuple[tuple[Need, ...], ...] | None = None
    """Alternatives; an empty one means that nothing is needed. None: nothing is said."""
    servers: tuple[Server, ...] = ()
    parameters: tuple[Field, ...] = ()
    body: Body | None = None
    responses: tuple[Response, ...] = ()
    callbacks: tuple[Operation, ...] = ()
    curl: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Operations with the same first tag."""

    name: str
    title: str
    description: str
    within: tuple[str, ...]
    """Titles of the tags that it is below of, outermost first."""
    operations: tuple[Operation, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """A schema that has a name."""

    name: str
    schema: Any


@dataclass(frozen=True)
class Api:
    """All that a reference shows."""

    title: str
    version: str
    openapi: str
    summary: str = ""
    description: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    """Licence, contact and so on, as label and text."""
    servers: tuple[Server, ...] = ()
    schemes: tuple[Scheme, ...] = ()
    security: tuple[tuple[Need, ...], ...] | None = None
    groups: tuple[Group, ...] = ()
    webhooks: tuple[Operation, ...] = ()
    models: tuple[Model, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences on what is not shown."""

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations on paths."""
        return tuple(operation for group in self.groups for operation in group.operations)


def read(document: Any) -> Api:
    """Return what a reference shows of a document; for anything that is none, an empty one."""
    from agentdocs.artefacts.openapi.reader import Reader

    return Reader(document).api()

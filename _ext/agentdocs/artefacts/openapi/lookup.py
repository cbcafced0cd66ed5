"""A reference within a document → what it stands for; none is followed to the outside."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

HOPS = 20
"""References in a row, after which one is taken for a circle."""
STEPS = 300_000
"""Steps that are made for one document; what lies beyond them is shown as ``…``."""
_MISSING: Any = object()


def table(value: Any) -> dict[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def array(value: Any) -> list[Any]:
    """Return a JSON array, or an empty one for anything else."""
    return value if isinstance(value, list) else []


class Lookup:
    """The references of one document."""

    def __init__(self, document: Any) -> None:
        self._document = document
        own = table(document).get("$self")
        self._own = own.partition("#")[0] if isinstance(own, str) else ""
        self._steps = STEPS

    def spent(self, steps: int = 1) -> bool:
        """Count steps; return whether too many were made, as small documents can ask for."""
        self._steps -= steps
        return self._steps < 0

    @property
    def exhausted(self) -> bool:
        """Return whether something was left out for want of steps."""
        return self._steps < 0

    def pointer(self, reference: Any) -> str | None:
        """Return the JSON Pointer of a reference within the document."""
        if not isinstance(reference, str) or len(reference) > 2_000:
            return None
        base, _, fragment = reference.partition("#")
        if base and base != self._own:
            return None
        return fragment if not fragment or fragment.startswith("/") else None

    def find(self, reference: Any) -> Any:
        """Return what a reference stands for; None where that is nothing of this document."""
        pointer = self.pointer(reference)
        if pointer is None:
            return None
        value = self._document
        for step in unquote(pointer).split("/")[1:65]:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict):
                value = value.get(step, _MISSING)
            elif isinstance(value, list) and step.isascii() and step.isdigit() and len(step) < 9:
                value = value[int(step)] if int(step) < len(value) else _MISSING
            else:
                value = _MISSING
            if value is _MISSING:
                return None
        return value

    def model(self, reference: Any) -> str:
        """Return the name of the component schema that a reference stands for, or nothing."""
        pointer = self.pointer(reference) or ""
        prefix = "/components/schemas/"
        name = pointer.removeprefix(prefix)
        if not pointer.startswith(prefix) or "/" in name:
            return ""
        name = unquote(name).replace("~1", "/").replace("~0", "~")
        schemas = table(table(table(self._document).get("components")).get("schemas"))
        return name if name in schemas else ""

    def resolve(self, value: Any) -> tuple[dict[str, Any], str]:
        """Return an object with its references replaced, and the one that could not be followed.

        What stands beside a ``$ref`` (3.1: summary and description) outdoes what it refers to.
        """
        beside: dict[str, Any] = {}
        reference: Any = ""
        for _ in range(HOPS):
            found = table(value)
            reference = found.get("$ref")
            if not isinstance(reference, str):
                return ({**found, **beside} if beside else found), ""
            if self.spent(1 + len(found) // 50):
                return beside, reference
            beside = {**{k: v for k, v in found.items() if k != "$ref"}, **beside}
            value = self.find(reference)
            if not isinstance(value, dict):
                return beside, reference
        return beside, reference

"""A reference within a JSON document → what it leads to; nothing outside is ever looked at."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import unquote

from agentdocs.artefacts.json_schema.phrases import cut

_HOLDERS = ("$defs", "definitions", "schemas")
_SCANNED = 50_000
"""Values that are searched for anchors."""
_STEPS = 200
"""Steps of a pointer that are followed."""


class Found(NamedTuple):
    """A place of the document."""

    pointer: str
    """``#/$defs/Shipment``, always spelled in the same way."""
    value: Any


class Document:
    """A document whose references can be followed."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self._anchors: dict[str, Found] | None = None

    def find(self, reference: str) -> Found | None:
        """Return where a reference leads, or None where that is not in this document."""
        base, _, fragment = reference.partition("#")
        if base == "" and fragment in ("", "/"):
            return Found("#", self.root) if fragment == "" else None
        if base == "" and fragment.startswith("/"):
            return self._walk(unquote(fragment))
        if self._anchors is None:
            self._anchors = dict(self._scan())
        return self._anchors.get(reference)

    def _walk(self, fragment: str) -> Found | None:
        value = self.root
        if fragment.count("/") > _STEPS:
            return None
        steps = [step.replace("~1", "/").replace("~0", "~") for step in fragment.split("/")[1:]]
        for step in steps:
            if isinstance(value, dict) and step in value:
                value = value[step]
            elif isinstance(value, list) and step.isascii() and step.isdigit() and len(step) < 7:
                if int(step) >= len(value):
                    return None
                value = value[int(step)]
            else:
                return None
        return Found(pointer(*steps), value)

    def _scan(self) -> list[tuple[str, Found]]:
        found: list[tuple[str, Found]] = []
        left: list[tuple[str, Any]] = [("#", self.root)]
        for _ in range(_SCANNED):
            if not left:
                break
            place, value = left.pop()
            if len(place) > 2000:
                continue
            if isinstance(value, dict):
                for key in ("$anchor", "$dynamicAnchor", "$id"):
                    name = value.get(key)
                    if isinstance(name, str):
                        found.append((name if key == "$id" else f"#{name}", Found(place, value)))
                items = list(value.items())[:_SCANNED]
            elif isinstance(value, list):
                items = [(str(index), item) for index, item in enumerate(value[:_SCANNED])]
            else:
                continue
            left += [(f"{place}/{escape(k)}", v) for k, v in reversed(items)
                     if isinstance(v, dict | list)]  # fmt: skip
        return found


def escape(step: str) -> str:
    """Return a step as a pointer spells it."""
    return str(step).replace("~", "~0").replace("/", "~1")


def pointer(*steps: str) -> str:
    """Return the pointer of these steps."""
    return "/".join(["#", *map(escape, steps)])


def name_of(place: str) -> str:
    """Return what a place is called: ``Shipment`` for ``#/$defs/Shipment``."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in place.split("/")[1:]]
    if len(steps) > 1 and steps[-2] in _HOLDERS:
        return cut(steps[-1], 120)
    return cut(" / ".join(steps), 120)

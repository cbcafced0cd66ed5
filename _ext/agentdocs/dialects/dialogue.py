"""Front matter whose description shows the agent at work, in ``<example>`` blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdocs import facets
from agentdocs.dialects.base import Reading, from_fields

if TYPE_CHECKING:
    from agentdocs.model import Outline, RawFile


def matches(raw: RawFile, outline: Outline, is_skill: bool) -> str:
    """Return the evidence: an ``<example>`` in the description."""
    text = facets.text_of(raw.field("description"))
    return "its description holds <example> dialogues" if "<example>" in text else ""


def read(raw: RawFile, outline: Outline) -> Reading:
    """Read the fields; the examples are taken out of the description later, for all dialects."""
    return from_fields(raw, "tools", "allowed-tools", "allowed_tools")

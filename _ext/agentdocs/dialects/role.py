"""Front matter with a name only; ``## Role``, ``## Context`` and a YES/NO table say the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdocs import facets
from agentdocs.dialects.base import Reading, from_headings

if TYPE_CHECKING:
    from agentdocs.model import Outline, RawFile

TITLES = ("role", "responsibilities", "context", "when to use this agent", "when to use")


def matches(raw: RawFile, outline: Outline, is_skill: bool) -> str:
    """Return the evidence: a name, no description, and the dialect's headings."""
    there = facets.has_headings(outline, *TITLES)
    if not raw.field("name") or raw.field("description") or not there:
        return ""
    return f"a name, and the heading “{there[0].title()}”"


def read(raw: RawFile, outline: Outline) -> Reading:
    """Read the description from the role."""
    return from_headings(raw, outline, "role", "purpose", "description")

"""No front matter at all: ``## Description``, triggers, ``## System Prompt``, ``## Tools``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdocs import facets
from agentdocs.dialects.base import Reading, from_headings

if TYPE_CHECKING:
    from agentdocs.model import Outline, RawFile

TITLES = (
    "description", "system prompt", "tools", "activation patterns", "role", "responsibilities",
    "core responsibilities", "when to use", "when to use this agent", "capabilities", "purpose",
)  # fmt: skip


def matches(raw: RawFile, outline: Outline, is_skill: bool) -> str:
    """Return the evidence: two of the headings that agents without front matter have."""
    there = facets.has_headings(outline, *TITLES)
    if raw.fields or len(there) < 2:
        return ""
    return f"the headings “{there[0].title()}” and “{there[1].title()}”"


def read(raw: RawFile, outline: Outline) -> Reading:
    """Read everything from the headings."""
    return from_headings(raw, outline, "description", "role", "purpose")

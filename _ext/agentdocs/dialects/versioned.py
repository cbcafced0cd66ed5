"""Front matter with a version, tags, dependencies, an author and ``allowed_tools``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdocs.dialects.base import Reading, from_fields

if TYPE_CHECKING:
    from agentdocs.model import Outline, RawFile

KEYS = ("version", "author", "tags", "dependencies", "allowed_tools")


def matches(raw: RawFile, outline: Outline, is_skill: bool) -> str:
    """Return the evidence: two of the dialect's own keys."""
    there = [key for key in KEYS if raw.field(key)]
    return f"front matter with {' and '.join(there[:2])}" if len(there) > 1 else ""


def read(raw: RawFile, outline: Outline) -> Reading:
    """Read the fields."""
    return from_fields(raw, "allowed_tools", "allowed-tools", "tools")

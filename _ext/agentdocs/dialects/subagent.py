"""Front matter with a name and a description, as in Claude Code's subagents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdocs.dialects.base import Reading, from_fields

if TYPE_CHECKING:
    from agentdocs.model import Outline, RawFile


def matches(raw: RawFile, outline: Outline, is_skill: bool) -> str:
    """Return the evidence: a description in the front matter."""
    if not raw.field("description"):
        return ""
    return "front matter with a description" + (" and tools" if raw.field("tools") else "")


def read(raw: RawFile, outline: Outline) -> Reading:
    """Read the fields."""
    return from_fields(raw, "tools", "allowed-tools", "allowed_tools")

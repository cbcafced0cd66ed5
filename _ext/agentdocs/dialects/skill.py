"""Agent Skills: a folder with ``SKILL.md`` (https://agentskills.io/specification)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agentdocs.dialects.base import Reading, from_fields

if TYPE_CHECKING:
    from agentdocs.model import Outline, RawFile


def matches(raw: RawFile, outline: Outline, is_skill: bool) -> str:
    """Return the evidence: the file's name, which the specification gives."""
    return "the file is SKILL.md" if is_skill else ""


def read(raw: RawFile, outline: Outline) -> Reading:
    """Read the fields; version, author and tags may stand in ``metadata``."""
    reading = from_fields(raw, "allowed-tools", "allowed_tools", "tools")
    field = raw.field("metadata")
    metadata = field.value if field and isinstance(field.value, dict) else {}

    def text(key: str) -> str:
        value = metadata.get(key)
        return value if isinstance(value, str) else ""

    tags = tuple(part.strip() for part in text("tags").split(",") if part.strip())
    return replace(
        reading,
        version=reading.version or text("version"),
        author=reading.author or text("author"),
        tags=reading.tags or tags,
    )

"""Anything else that names itself: front matter without a description, or only a heading."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from agentdocs.dialects.base import Reading, from_headings

if TYPE_CHECKING:
    from agentdocs.model import Outline, RawFile

NEVER = frozenset({
    "readme", "contributing", "changelog", "license", "licence", "security", "code_of_conduct",
    "support", "todo", "index", "agents", "claude", "gemini", "maintainers", "authors", "notice",
})  # fmt: skip
"""Names of files about a folder of agents, which are not agents themselves."""

FOLDERS = frozenset({"agents", "subagents", "agent", "chatmodes"})


def matches(raw: RawFile, outline: Outline, is_skill: bool) -> str:
    """Return the evidence: a name in the front matter, or a folder that holds agents."""
    path = PurePosixPath(raw.path)
    if raw.field("name"):
        return "front matter with a name"
    if path.name.endswith((".agent.md", ".chatmode.md")):
        return f"the file's name ends with .{path.name.split('.', 1)[1]}"
    if path.parent.name in FOLDERS and path.stem.lower() not in NEVER:
        return f"it lies in a folder named “{path.parent.name}”"
    return ""


def read(raw: RawFile, outline: Outline) -> Reading:
    """Read what there is."""
    return from_headings(raw, outline, "description", "role", "purpose", "overview")

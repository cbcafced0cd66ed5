"""Dialects: one file each, one signature, one ordered table.

To add a dialect, write a file with ``matches`` and ``read`` and add its row to :data:`DIALECTS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdocs.dialects import dialogue, document, plain, role, skill, subagent, versioned

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentdocs.dialects.base import Reading
    from agentdocs.model import Outline, RawFile


@dataclass(frozen=True, slots=True)
class Dialect:
    """A row of the table."""

    name: str
    shape: str
    """What such a file looks like, in a few words."""
    matches: Callable[[RawFile, Outline, bool], str]
    """``(file, outline, is_skill)`` → why the file is of this dialect; empty if it is not."""
    read: Callable[[RawFile, Outline], Reading]


# The order decides. Dialects mix in the wild, so no row goes by a single common key: the rows
# with the most particular marks come first, and the last takes what merely names itself.
DIALECTS = (
    Dialect("versioned", "version, tags, dependencies", versioned.matches, versioned.read),
    Dialect("dialogue", "a description with <example> dialogues", dialogue.matches, dialogue.read),
    Dialect("skill", "a folder with SKILL.md", skill.matches, skill.read),
    Dialect("subagent", "a name, a description, tools, a model", subagent.matches, subagent.read),
    Dialect("role", "a name only, then headings such as Role", role.matches, role.read),
    Dialect("plain", "no front matter, headings only", plain.matches, plain.read),
    Dialect("document", "anything else that names itself", document.matches, document.read),
)  # fmt: skip


def detect(raw: RawFile, outline: Outline, is_skill: bool) -> tuple[Dialect, str] | None:
    """Return the first dialect that a file matches, and why; None where it is no agent."""
    for dialect in DIALECTS:
        if evidence := dialect.matches(raw, outline, is_skill):
            return dialect, evidence
    return None

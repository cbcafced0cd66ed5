"""Names of agents in prose: which words of a text mean an agent, and which agent they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agentdocs.model import Outline

WORD = re.compile(r"(?<![\w@./:-])@?[^\W_]\w*(?:[-:][^\W_]\w*)*")
"""A word that may be a name: letters and digits with single hyphens, or ``plugin:name``."""
_AGENT = re.compile(r"agent|skill", re.IGNORECASE)
_AGENT_AFTER = re.compile(r"\s+(?:sub-?)?(?:agent|skill)\b", re.IGNORECASE)


@dataclass(slots=True)
class Names:
    """Every spelling that means an agent."""

    entries: Iterable[tuple[str, str, str, set[str]]]
    """``(id, collection, role, spellings)``."""
    ids: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    """Spelling → role."""
    members: dict[str, int] = field(default_factory=dict)
    """Role → how many agents have it."""

    def __post_init__(self) -> None:
        for id, collection, role, spellings in self.entries:
            self.members[role] = self.members.get(role, 0) + 1
            for spelling in spellings:
                self.ids.setdefault(spelling, []).append((id, collection))
                self.roles.setdefault(spelling, role)

    def find(self, name: str, collection: str) -> tuple[str, str]:
        """Return the id a name means; or the role, where several agents could be meant."""
        key = _key(name)
        found = self.ids.get(key) or self.ids.get(key.rpartition(":")[2]) or []
        near = [id for id, where in found if where == collection]
        if len(near) == 1 or len(found) == 1:
            return (near or [found[0][0]])[0], ""
        role = self.roles.get(key, "")
        return "", role if found and self.members.get(role, 0) > 1 else ""

    def role(self, name: str) -> str:
        """Return the role of the agents that a name means; empty where there are none."""
        return self.roles.get(_key(name), "")

    def known(self, word: str) -> bool:
        """Whether a word is a spelling of some agent."""
        key = _key(word)
        return key in self.ids or (":" in key and key.rpartition(":")[2] in self.ids)


def _key(word: str) -> str:
    return word.lower().lstrip("@")


def mentions(outline: Outline, names: Names) -> Iterator[tuple[str, int]]:
    """Yield names as written, with their lines.

    A hyphenated name means its agent anywhere; a plain word (``debugger``) only as ``@debugger``,
    in a code span of its own, or before “agent” or “skill”.
    """
    for link in outline.links:
        if link.kind == "code" and WORD.fullmatch(link.target) and names.known(link.target):
            yield link.target, link.line
    for text, line in outline.words:
        for match in occurrences(text):
            if names.known(match[0]):
                yield match[0], line


def occurrences(text: str) -> Iterator[re.Match[str]]:
    """Yield the words of a running text that mean an agent if there is one of that name."""
    # Most lines have none of these, and to go through their words costs far more than to look.
    if "-" not in text and "@" not in text and not _AGENT.search(text):
        return
    for match in WORD.finditer(text):
        word = match[0]
        if "-" in word or word.startswith("@") or _AGENT_AFTER.match(text, match.end()):
            yield match

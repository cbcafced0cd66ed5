"""An agent's text → passages; passages of several agents → which say the same, and how they differ.

A passage is a paragraph, a list's item, a table's row or a snippet.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from agentdocs.compare.similar import repeats

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agentdocs.model import Outline

NEAR = 0.33
"""The share of pairs of words from which on one passage is another one in other words."""
WORDS = 100
"""Words of two passages that are compared one by one: that takes up to their number squared."""
SHOWN = 6
"""Words that are shown before and after a difference."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an agent's text."""

    owner: int
    """The agent that it is of."""
    path: str
    line: int
    text: str
    language: str = ""
    """Of a snippet; ``text`` where it names none."""


@dataclass(frozen=True, slots=True)
class Part:
    """Words that two passages share (``=``), or that one of them has not (``-``) or has (``+``)."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Wording:
    """One way of putting a passage, and who puts it so."""

    passages: tuple[Passage, ...]
    """One for each agent."""
    parts: tuple[Part, ...] = ()
    """Its words, held against those of the first wording; empty for that one itself."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A passage in all its wordings, the most frequent first."""

    wordings: tuple[Wording, ...]
    owners: frozenset[int]

    @property
    def first(self) -> Passage:
        """The passage that stands for all."""
        return self.wordings[0].passages[0]

    @property
    def reworded(self) -> bool:
        """Whether there is more than one wording."""
        return len(self.wordings) > 1


def passages(owner: int, path: str, outline: Outline) -> Iterator[tuple[str, Passage]]:
    """Yield the slug of its section and each passage of a text, in the order of the text."""
    found = [(p.line, p.section, p.text, "") for p in outline.paragraphs]
    found += [(i.line, i.section, i.text, "") for i in outline.items]
    found += [(s.line, s.section, s.code, s.language or "text") for s in outline.snippets]
    for table in outline.tables:
        # The first row names columns, and behind it stands the line that makes it do so.
        for number, row in enumerate(table.rows[1:], 2):
            line = table.line + number
            found.append((line, table.section, " · ".join(filter(None, row)), ""))
    for line, section, text, language in sorted(found, key=lambda one: one[0]):
        plain = " ".join(text.split())
        if plain:
            yield section, Passage(owner, path, line, plain, language)


def shared(found: Sequence[Passage]) -> list[Shared]:
    """Return each passage with all that say the same, in the order of the first of each."""
    groups: dict[int, list[Passage]] = {}
    for leader, passage in zip(repeats([p.text for p in found], NEAR), found, strict=True):
        groups.setdefault(leader, []).append(passage)
    return [_shared(group) for group in groups.values()]


def _shared(group: list[Passage]) -> Shared:
    by_text: dict[str, dict[int, Passage]] = {}
    for passage in group:
        by_text.setdefault(passage.text, {}).setdefault(passage.owner, passage)
    # Of an agent that says it in two ways, the more frequent one is enough.
    seen: set[int] = set()
    kept = []
    for owners in sorted(by_text.values(), key=lambda one: -len(one)):
        new = tuple(passage for owner, passage in owners.items() if owner not in seen)
        if new:
            kept.append(new)
            seen.update(owners)
    return Shared(tuple(map(Wording, kept)), frozenset(seen))


def worded(one: Shared) -> Shared:
    """Return the same with the words in which its wordings differ from the first."""
    base, *others = one.wordings
    told = (Wording(o.passages, differences(one.first.text, o.passages[0].text)) for o in others)
    return Shared((base, *told), one.owners)


def differences(one: str, other: str) -> tuple[Part, ...]:
    """Return how to get from one text to the other, word by word; what both have is shortened."""
    before, after = one.split(), other.split()
    left, right = before[:WORDS], after[:WORDS]
    found: list[Part] = []
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Part("=", _short(left[a:b], a > 0, b < len(left) or d < len(right))))
            continue
        found += [Part(sign, " ".join(w)) for sign, w in (("-", left[a:b]), ("+", right[c:d])) if w]
    if max(len(before), len(after)) > WORDS:
        found.append(Part("=", "…"))
    return tuple(part for part in found if part.text)


def _short(words: list[str], after_one: bool, before_one: bool) -> str:
    """Return words of which those are left out that are far from any difference."""
    head, tail = SHOWN * after_one, SHOWN * before_one
    if len(words) <= head + tail + 2:
        return " ".join(words)
    return " ".join([*words[:head], "…", *words[len(words) - tail :]])

"""Sections of several agents → topics: the sections that are about the same thing.

Authors head the same thing in different words. So headings are compared as sets of words, words
that mean the same as one, and what no heading brings together, its text may.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from agentdocs.compare.similar import repeats

if TYPE_CHECKING:
    from collections.abc import Sequence

SYNONYMS: tuple[str, ...] = (
    r"(your )?(description|role|purpose|overview|about|introduction|persona|identity|mission)",
    r"(your |core |key |primary |main )?(responsibilities|duties|tasks)",
    r"when to (use|call|invoke)( (this|it|the))?( agent| skill)?|use (this )?when"
    r"|activation( patterns?)?|(auto-?)?triggers?",
    r"when not to use.*|limit(ation)?s|boundaries|constraints|non-?goals|out of scope",
    r"(available |allowed )?tools",
    r"(your |core |key )?(expertise|capabilities|competenc(i?es|y)|skills|(focus )?areas)"
    r"|(areas of|domain) expertise",
    r"(your |the )?(work ?flow|process|approach|method(ology)?|working order|way of working)"
    r"|how (you|to) work",
    r"(output|answer|response|report(ing)?) format|outputs?|deliverables",
    r"(quality |delivery )?check-?lists?|quality (standards|gates|assurance)|definition of done",
    r"(best )?practices|guidelines|(core |key |guiding )?principles|rules",
    r"(worked )?examples?|usage|quick ?start|getting started",
    r"trouble-?shooting|debugging|(common )?(problems|issues|mistakes|pitfalls)",
)
"""Each matches headings that mean the same. Narrower than the rules that place sections on
pages, for those bring together what is of one kind, and these what is one thing."""

TEXT = 0.3
"""The share of pairs of words from which on two sections are about the same thing."""
CROWD = 12
"""Topics that share a word of their headings and are looked at for it."""

_SYNONYMS = [re.compile(pattern) for pattern in SYNONYMS]
_EMPTY = frozenset({
    "a", "an", "and", "are", "as", "at", "by", "for", "from", "how", "in", "into", "is", "it",
    "its", "of", "on", "or", "that", "the", "this", "to", "what", "with", "you", "your", "step",
    "phase", "part",
})  # fmt: skip
"""Words that say nothing of what a section is about."""

Key = frozenset[str]


class Heading(NamedTuple):
    """A section, as far as topics are concerned."""

    owner: int
    """The agent that it is of."""
    title: str
    text: str


def key(title: str) -> Key:
    """Return the words that a heading is known by, in the singular; synonyms have one."""
    plain = " ".join(re.findall(r"[\w-]+", title[:200].lower()))
    for number, pattern in enumerate(_SYNONYMS):
        if pattern.fullmatch(plain):
            return frozenset({f"#{number}"})
    parts = re.findall(r"\w+", plain)
    found = frozenset(_singular(w) for w in parts if w not in _EMPTY and not w.isdecimal())
    return found or frozenset(parts) or frozenset({title})


def _singular(word: str) -> str:
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")


def topics(sections: Sequence[Heading]) -> list[list[int]]:
    """Return the sections' indexes by topic, both in the order of the sections."""
    found = _Topics(sections)
    found.by_words()
    found.by_text()
    return [sorted(members) for members in found.members if members]


class _Topics:
    """Topics that are found to be the same are merged, unless one agent has both."""

    def __init__(self, sections: Sequence[Heading]) -> None:
        self.sections = sections
        self.members: list[list[int]] = []
        self.owners: list[set[int]] = []
        self.keys: list[Key] = []
        self.topic: list[int] = []
        known: dict[Key, int] = {}
        for index, section in enumerate(sections):
            words = key(section.title)
            number = known.setdefault(words, len(self.keys))
            if number == len(self.keys):
                self.keys.append(words)
                self.members.append([])
                self.owners.append(set())
            self.members[number].append(index)
            self.owners[number].add(section.owner)
            self.topic.append(number)

    def by_words(self) -> None:
        """Merge topics whose headings share at least half of their words, and two of them."""
        known: dict[str, list[int]] = {}
        for number, words in enumerate(self.keys):
            near = dict.fromkeys(i for word in sorted(words) for i in known.get(word, ()))
            close = [
                (len(words & self.keys[i]) / len(words | self.keys[i]), -i)
                for i in near
                if len(words & self.keys[i]) > 1 and self._apart(i, number)
            ]
            share, minus = max(close, default=(0.0, 0))
            if share >= 0.5:
                self._merge(-minus, number)
                continue
            for word in words:
                crowd = known.setdefault(word, [])
                if len(crowd) < CROWD:
                    crowd.append(number)

    def by_text(self) -> None:
        """Merge topics with a section each of which one nearly repeats the other."""
        texts = [section.text for section in self.sections]
        for index, other in enumerate(repeats(texts, TEXT)):
            one, two = self.topic[other], self.topic[index]
            if one != two and texts[index] and self._apart(one, two):
                self._merge(min(one, two), max(one, two))

    def _apart(self, one: int, other: int) -> bool:
        return not self.owners[one] & self.owners[other]

    def _merge(self, into: int, number: int) -> None:
        for index in self.members[number]:
            self.topic[index] = into
        self.members[into] += self.members[number]
        self.owners[into] |= self.owners[number]
        self.members[number], self.owners[number] = [], set()

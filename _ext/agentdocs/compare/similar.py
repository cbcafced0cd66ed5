"""Texts → which of them nearly repeat an earlier one, in a time that grows with the text alone.

Two texts are as alike as the pairs of neighbouring words that they share (Jaccard's index). So
that not every text is held against every other one, each leaves the smallest hashes of its pairs
in a table, and is held only against the few that left one of the same.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDS = 400
"""Words of a text that are looked at."""
LETTERS = 4000
"""Characters of a text that are looked at; one line may be a megabyte."""
SKETCH = 8
"""The smallest hashes that a text leaves."""
CROWD = 6
"""Texts of one hash that others are held against; what comes later is not."""

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Return the first words of a text, without case and punctuation."""
    return _WORD.findall(text[:LETTERS].lower())[:WORDS]


def pairs(text: str) -> frozenset[int]:
    """Return hashes of all pairs of neighbouring words; of a single word, its own."""
    found = words(text)
    joined = map(" ".join, pairwise(found)) if len(found) > 1 else found
    return frozenset(crc32(pair.encode("utf-8", "surrogatepass")) for pair in joined)


def alike(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the share of pairs that two texts have in common, of all that they have."""
    return len(one & other) / len(one | other) if one and other else 0.0


def repeats(texts: Sequence[str], least: float) -> list[int]:
    """Return for each text the index of the earlier one that it nearly repeats, or its own.

    What is repeated repeats nothing itself, so that likeness does not creep from text to text.

    :param least: the share of pairs that two must have in common.
    """
    leaders: dict[int, list[int]] = {}
    sets: dict[int, frozenset[int]] = {}
    same: dict[str, int] = {}
    found: list[int] = []
    for index, text in enumerate(texts):
        known = same.setdefault(text, index)
        if known != index:
            found.append(found[known])
            continue
        own = pairs(text)
        sketch = sorted(own)[:SKETCH]
        near = dict.fromkeys(i for value in sketch for i in leaders.get(value, ()))
        # The most alike, and of several the first.
        share, minus = max(((alike(own, sets[i]), -i) for i in near), default=(0.0, 0))
        if share >= least:
            found.append(-minus)
            continue
        found.append(index)
        sets[index] = own
        for value in sketch:
            crowd = leaders.setdefault(value, [])
            if len(crowd) < CROWD:
                crowd.append(index)
    return found

"""Agents → the shard that verifies each: the same on every machine, and of even weight."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def parse(text: str) -> tuple[int, int]:
    """Return number and count of ``2/8``.

    :raises ValueError: it is not of that form, or there is no such shard.
    """
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal()) or not 1 <= int(number) <= int(count):
        raise ValueError(f"“{text}” is no shard; the second of eight is 2/8")
    return int(number), int(count)


def mine(paths: Iterable[str], number: int, count: int) -> set[str]:
    """Return the agents of a shard; each stands in ``paths`` once for each of its snippets.

    The heaviest are dealt out first, each to the shard that has the least to do.
    """
    loads = [0] * count
    taken: list[set[str]] = [set() for _ in range(count)]
    for path, weight in sorted(Counter(paths).items(), key=lambda item: (-item[1], item[0])):
        lightest = loads.index(min(loads))
        loads[lightest] += weight
        taken[lightest].add(path)
    return taken[number - 1]

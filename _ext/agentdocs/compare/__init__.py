"""Agents that share a role → what all have, what some have, and what only one has.

All of it is bounded, whatever the agents hold: how many are compared, how much of their text is
looked at and how much of it is shown. What is left out is counted.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdocs.compare.facts import facts, named, permits
from agentdocs.compare.passages import passages, shared, worded
from agentdocs.compare.topics import Heading, topics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from agentdocs.catalog import Entry, Location
    from agentdocs.compare.facts import Permit, Row
    from agentdocs.compare.passages import Passage, Shared

COLUMNS = 12
"""Agents that are compared; a table with more columns tells nobody anything."""
SECTIONS = 1500
"""Sections of an agent that are compared."""
PASSAGES = 4000
"""Passages of an agent that are compared."""
TOPICS = 32
"""Topics that several have and that are shown."""
ROWS = 64
"""Passages that are shown, over all topics; one that many share counts for several."""
LEAST = 4
"""Passages of a topic that are shown, however many topics there are."""
ALONE = 64
"""Sections that only one has and that are named, over all agents."""


_NUMBER = re.compile(r"^[\s*_]*\d{1,3}[.)]\s+")
"""How a heading is numbered; the number says nothing of what a section is about."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an agent's section stands."""

    title: str
    path: str
    line: int
    location: Location
    depth: int


@dataclass(frozen=True, slots=True)
class Topic:
    """Sections of several agents that are about the same thing."""

    title: str
    places: tuple[tuple[Place, ...], ...]
    """For each agent its sections on it."""
    common: tuple[Shared, ...] = ()
    """Passages of several agents, those that most have first, with their differences."""
    alone: tuple[tuple[int, tuple[Passage, ...]], ...] = ()
    """Agents, and passages that no other one has."""
    same: int = 0
    """Passages that several have in the same words; with the two below, before any are left out."""
    reworded: int = 0
    single: int = 0
    lacking: int = 0
    """Passages of several agents that not all have."""
    left_out: int = 0

    @property
    def owners(self) -> int:
        """How many agents have it."""
        return sum(bool(places) for places in self.places)

    @property
    def differs(self) -> bool:
        """Whether an agent lacks it, or says it otherwise."""
        return self.owners < len(self.places) or bool(self.reworded or self.single or self.lacking)


@dataclass(frozen=True, slots=True)
class Alone:
    """The sections of an agent that are about what no other one has."""

    places: tuple[Place, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What several agents of one role have, side by side."""

    labels: tuple[str, ...]
    facts: tuple[Row, ...]
    permits: tuple[Permit, ...]
    named: Row
    """Where the tools are named."""
    topics: tuple[Topic, ...]
    """What several have; what all have in the same words comes first."""
    topics_left_out: int
    elsewhere: tuple[Shared, ...]
    """Passages that several have below headings that have nothing else in common."""
    alone: tuple[Alone, ...]
    """For each agent."""


def comparison(members: Sequence[Entry]) -> Comparison:
    """Compare agents fact by fact, tool by tool, and topic by topic."""
    sections = [
        (owner, place, found)
        for owner, entry in enumerate(members)
        for place, found in _sections(owner, entry)
    ]
    headings = [
        Heading(owner, place.title, " ".join(one.text for one in found))
        for owner, place, found in sections
    ]
    groups = topics(headings)
    topic_of = {
        (passage.path, passage.line): number
        for number, group in enumerate(groups)
        for index in group
        for passage in sections[index][2]
    }
    by_topic: dict[int, list[Shared]] = {}
    for one in shared([passage for _, _, found in sections for passage in found]):
        by_topic.setdefault(topic_of[one.first.path, one.first.line], []).append(one)
    several: list[tuple[int, Topic]] = []
    single: list[list[Place]] = [[] for _ in members]
    for number, group in enumerate(groups):
        places: list[list[Place]] = [[] for _ in members]
        for index in group:
            owner, place, _ = sections[index]
            places[owner].append(place)
        owners = [owner for owner, found in enumerate(places) if found]
        if len(owners) > 1:
            several.append((number, Topic(_title(places), tuple(map(tuple, places)))))
        else:
            single[owners[0]] += places[owners[0]]
    several.sort(key=lambda item: -item[1].owners)
    kept = several[:TOPICS]
    most = max(LEAST, ROWS // max(1, len(kept)))
    filled = [_filled(topic, by_topic.get(number, ()), most) for number, topic in kept]
    shown = {number for number, _ in several}
    rest = [
        one
        for number, found in sorted(by_topic.items())
        if number not in shown
        for one in found
        if len(one.owners) > 1
    ]
    return Comparison(
        labels=_labels(members),
        facts=facts(members),
        permits=permits(members),
        named=named(members),
        topics=tuple(sorted(filled, key=lambda topic: (topic.differs, -topic.owners))),
        topics_left_out=len(several) - len(kept),
        elsewhere=tuple(map(worded, _by_owners(rest)[: ROWS // 8])),
        alone=tuple(_alone(places, max(8, ALONE // len(members))) for places in single),
    )


def _labels(members: Sequence[Entry]) -> tuple[str, ...]:
    """Return collections, and ids where a collection has several of the name."""
    often = Counter(entry.collection for entry in members)
    return tuple(e.collection if often[e.collection] == 1 else e.id for e in members)


def _sections(owner: int, entry: Entry) -> Iterator[tuple[Place, list[Passage]]]:
    """Yield the sections of an agent with their passages, in the order of its files."""
    depths = {
        (item.path, item.section.slug): item.depth for page in entry.pages for item in page.sections
    }
    sections, left = SECTIONS, PASSAGES
    for path, outline in entry.agent.texts():
        below: dict[str, list[Passage]] = {}
        for slug, passage in passages(owner, path, outline):
            if left:
                left -= 1
                below.setdefault(slug, []).append(passage)
        for section in outline.sections:
            location = entry.anchors.get((path, section.slug))
            own = below.get(section.slug, [])
            if location is None or not sections:
                continue
            depth = depths.get((path, section.slug), 0)
            if not depth and not own:
                continue  # the name as a heading, with nothing below it
            sections -= 1
            title = _NUMBER.sub("", section.title).strip(" :*_") or section.title or "(untitled)"
            if not depth:
                title = "Opening" if path == entry.agent.path else location.title or title
            yield Place(title, path, section.line, location, depth), own


def _title(places: Iterable[Sequence[Place]]) -> str:
    """Return the title that most use; of several, the first."""
    often = Counter(title for found in places for title in {place.title for place in found})
    first = [place.title for found in places for place in found]
    return max(dict.fromkeys(first), key=lambda title: often[title])


def _by_owners(found: Iterable[Shared]) -> list[Shared]:
    return sorted(found, key=lambda one: (-len(one.owners), one.reworded))


def _filled(topic: Topic, found: Iterable[Shared], most: int) -> Topic:
    """Return a topic with its passages: what most have first, and of each agent as much."""
    every = list(found)
    common = _by_owners(one for one in every if len(one.owners) > 1)
    by_owner: dict[int, list[Passage]] = {}
    for one in every:
        if len(one.owners) == 1:
            by_owner.setdefault(one.first.owner, []).append(one.first)
    single = sum(map(len, by_owner.values()))
    shown: list[Shared] = []
    room = most
    for one in common:
        room -= max(1, len(one.owners) // 2)  # for each is named, with its line
        if room < 0 and shown:
            break
        shown.append(one)
    each = max(1, room // max(1, len(by_owner)))
    alone = tuple((owner, tuple(ones[:each])) for owner, ones in sorted(by_owner.items()))
    reworded = sum(one.reworded for one in common)
    left = len(common) - len(shown) + single - sum(len(ones) for _, ones in alone)
    return Topic(
        topic.title, topic.places, tuple(map(worded, shown)), alone,
        len(common) - reworded, reworded, single,
        sum(len(one.owners) < len(topic.places) for one in common), left,
    )  # fmt: skip


def _alone(places: Sequence[Place], most: int) -> Alone:
    """Return the highest of the headings, in their order."""
    first = sorted(range(len(places)), key=lambda index: (places[index].depth, index))[:most]
    return Alone(tuple(places[index] for index in sorted(first)), len(places) - len(first))

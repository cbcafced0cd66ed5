"""Tables → an entity-relationship diagram: boxes in columns, and lines that go around them.

A line leaves a box at the height of its column, runs vertically only in the gap between two
columns of boxes, where each line has a lane of its own, and crosses a column of boxes only
between two boxes. So no line touches a box that it has nothing to do with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from agentdocs.artefacts.json_schema.phrases import cut
from agentdocs.layout import layers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentdocs.artefacts.database.tables import Column, Reference, Table

MOST = 30
"""Tables in a picture."""
LINES = 14
"""Columns of a table in a picture."""
EDGES = 90
"""Lines in a picture."""
COLUMNS = 4
"""Columns of boxes, unless these would become too high."""
TALL = 1100
"""Height of a column of boxes that is broken into two."""
HEAD, ROW, FOOT = 30, 19, 7
"""Heights of a box's parts."""
NARROW, WIDE = 132, 248
"""Widths that a box may have."""
MARGIN, GAP_X, GAP_Y, LANE = 16, 46, 34, 9
"""Around everything; between columns; between boxes; between lines."""
_SLOT = 3
"""Lines that fit between two boxes."""
_NAME, _TYPE = 6.7, 6.1
"""Widths of a character."""

EndKind = Literal["one", "maybe", "many", "single"]
"""One; none or one; any number; none or one of what is drawn beside its key."""
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """A column within a box."""

    name: str
    type: str
    mark: str
    y: int
    """Of the line's middle."""


@dataclass(frozen=True, slots=True)
class Box:
    """A table."""

    name: str
    title: str
    x: int
    y: int
    width: int
    height: int
    lines: tuple[Line, ...]
    more: int = 0
    """Columns that are not shown."""


@dataclass(frozen=True, slots=True)
class End:
    """Where a line meets a box."""

    x: int
    y: int
    side: int
    """1 where the line leads to the right, -1 to the left."""
    kind: EndKind


@dataclass(frozen=True, slots=True)
class Edge:
    """A foreign key."""

    reference: Reference
    points: tuple[Point, ...]
    ends: tuple[End, End]


@dataclass(frozen=True, slots=True)
class Diagram:
    """A picture."""

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    width: int
    height: int
    more: int = 0
    """Tables that are not in it."""
    missing: int = 0
    """Foreign keys between its tables that are not in it."""


@dataclass(slots=True)
class _Way:
    """A line on its way through gaps; ``gaps[i]`` is followed by a height to cross at."""

    reference: Reference
    left: str
    right: str
    y1: int
    y2: int
    gaps: list[int] = field(default_factory=list)
    heights: list[int] = field(default_factory=list)
    lanes: list[int] = field(default_factory=list)
    same: bool = False
    """Both ends are on the right of one column."""


def diagram(tables: Sequence[Table]) -> Diagram:
    """Return the picture of at most :data:`MOST` tables, those with most relations first."""
    chosen = sorted(tables, key=lambda t: -len(t.references) - len(t.referenced_by))[:MOST]
    names = {table.name for table in chosen}
    shown = [table for table in tables if table.name in names]
    inner = [r for t in shown for r in t.references if r.to in names]
    references = inner[:EDGES]
    columns = _columns(shown, references)
    by_name = {table.name: table for table in shown}
    column_of = {name: index for index, column in enumerate(columns) for name in column}
    heights = {table.name: _height(table) for table in shown}
    widths = [max((_width(by_name[n]) for n in column), default=NARROW) for column in columns]
    tallest = max((_stack(column, heights) for column in columns), default=0)
    ys: dict[str, int] = {}
    for column in columns:
        y = MARGIN + GAP_Y + (tallest - _stack(column, heights)) // 2
        for name in column:
            ys[name] = y
            y += heights[name] + GAP_Y
    bottom = MARGIN + GAP_Y + tallest
    slots = [_slots(column, ys, heights, bottom) for column in columns]
    ways = [_way(r, by_name, column_of, ys, slots) for r in references]
    counts = _lanes(ways, len(columns))
    xs, x = [], MARGIN
    for width, count in zip(widths, counts, strict=True):
        xs.append(x)
        x += width + GAP_X + count * LANE
    last = 0 if not counts or counts[-1] else GAP_X  # nothing is drawn right of the last column
    boxes = tuple(
        _box(by_name[name], xs[column_of[name]], ys[name], widths[column_of[name]])
        for column in columns
        for name in column
    )
    edges = tuple(_edge(way, column_of, xs, widths) for way in ways)
    low = max(
        [0, *(b.y + b.height for b in boxes), *(p[1] + LANE for e in edges for p in e.points)]
    )
    top = (
        min([bottom, *(b.y for b in boxes), *(p[1] - LANE for e in edges for p in e.points)])
        - MARGIN
    )
    height = low + MARGIN - top
    moved = tuple(_box(by_name[b.name], b.x, b.y - top, b.width) for b in boxes)
    lifted = tuple(_lifted(edge, top) for edge in edges)
    return Diagram(
        moved, lifted, x - last + MARGIN, height,
        more=len(tables) - len(shown), missing=len(inner) - len(references),
    )  # fmt: skip


def ports(table: Table, names: Sequence[str]) -> int:
    """Return how far below a box's top a line leaves it for these columns."""
    shown = [column.name for column in table.columns[:LINES]]
    for name in names[:1]:
        if name in shown:
            return HEAD + shown.index(name) * ROW + ROW // 2
    return HEAD // 2


# --- boxes --------------------------------------------------------------------------------------


def _height(table: Table) -> int:
    lines = min(len(table.columns), LINES) + (_hidden(table) > 0)
    return HEAD + lines * ROW + FOOT


def _hidden(table: Table) -> int:
    rest = sum(count for kind, count in table.more if kind == "column")
    return max(len(table.columns) - LINES, 0) + rest


def _width(table: Table) -> int:
    lines = [_line(column, 0) for column in table.columns[:LINES]]
    longest = max((len(_n.name) * _NAME + len(_n.type) * _TYPE for _n in lines), default=0) + 56
    return int(min(max(longest, len(_title(table)) * 7.6 + 24, NARROW), WIDE))


def _title(table: Table) -> str:
    return cut(" ".join(table.name.split()), 28)


def _line(column: Column, y: int) -> Line:
    name = cut(" ".join(column.name.split()), 18)
    kind = cut(" ".join(column.type.split()), 12)
    mark = "PK" if "PK" in column.keys else "FK" if "FK" in column.keys else "".join(column.keys)
    return Line(name, kind, mark, y)


def _box(table: Table, x: int, y: int, width: int) -> Box:
    lines = tuple(
        _line(column, y + HEAD + index * ROW + ROW // 2)
        for index, column in enumerate(table.columns[:LINES])
    )
    return Box(table.name, _title(table), x, y, width, _height(table), lines, _hidden(table))


def _stack(column: Sequence[str], heights: dict[str, int]) -> int:
    return sum(heights[name] + GAP_Y for name in column)


def _columns(tables: Sequence[Table], references: Sequence[Reference]) -> list[list[str]]:
    """Return columns of names: what is referenced stands left of what leads to it."""
    names = [table.name for table in tables]
    heights = {table.name: _height(table) for table in tables}
    edges = list(dict.fromkeys((r.to, r.table) for r in references if r.to != r.table))
    related = {name for edge in edges for name in edge}
    layers = layers_of([name for name in names if name in related], edges, COLUMNS)
    found: list[list[str]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for name, layer in layers.items():
        found[layer].append(name)
    found = [half for column in found for half in _broken(column, heights)]
    neighbours: dict[str, list[str]] = {name: [] for name in names}
    for one, other in edges:
        neighbours[one].append(other)
        neighbours[other].append(one)
    place = {name: (i + 0.5) / len(c) for c in found for i, name in enumerate(c)}
    for _ in range(6):  # to the mean of their neighbours; it settles soon
        for column in found:
            wanted = {
                name: sum(place[n] for n in neighbours[name]) / len(neighbours[name])
                for name in column
            }
            column.sort(key=lambda name: (wanted[name], name))
            place |= {name: (i + 0.5) / len(column) for i, name in enumerate(column)}
    alone = [name for name in names if name not in related]
    room = min(3, math.isqrt(len(names) * 2)) - len(found)  # what is alone fills up a few columns
    found += [[] for _ in range(min(room, len(alone)))]
    for name in alone:
        if not found:
            found.append([])
        min(found, key=lambda column: _stack(column, heights)).append(name)
    return [column for column in found if column]


def _broken(column: list[str], heights: dict[str, int]) -> list[list[str]]:
    """Return a column that is too high as several."""
    count = -(-_stack(column, heights) // TALL)
    size = -(-len(column) // count) if count else 1
    return [column[start : start + size] for start in range(0, len(column), size)]


# --- lines --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Slot:
    """A free height between two boxes of a column."""

    y: int
    used: int = 0
    endless: bool = False


def _slots(
    column: Sequence[str], ys: dict[str, int], heights: dict[str, int], bottom: int
) -> list[_Slot]:
    found = [_Slot(ys[column[0]] - LANE)]
    found += [_Slot(ys[name] + heights[name] + LANE - 1) for name in column[:-1]]
    last = column[-1]
    found.append(_Slot(min(ys[last] + heights[last] + LANE, bottom), endless=True))
    found[0].endless = True
    return found


def _way(
    reference: Reference, tables: dict[str, Table], column_of: dict[str, int], ys: dict[str, int],
    slots: list[list[_Slot]],
) -> _Way:  # fmt: skip
    many, one = reference.table, reference.to
    y_many = ys[many] + ports(tables[many], reference.columns)
    keys = reference.references or tuple(c.name for c in tables[one].columns if "PK" in c.keys)
    y_one = ys[one] + ports(tables[one], keys) + (6 if reference.optional else 0)
    first, last = column_of[one], column_of[many]
    if first == last:
        return _Way(reference, one, many, y_one, y_many, [first], same=True)
    if first < last:
        way = _Way(reference, one, many, y_one, y_many)
    else:
        way = _Way(reference, many, one, y_many, y_one)
        first, last = last, first
    y = way.y1
    for index in range(first, last):
        way.gaps.append(index)
        if index + 1 < last:
            aim = y + (way.y2 - y) // (last - index)
            free = [slot for slot in slots[index + 1] if slot.endless or slot.used < _SLOT]
            slot = min(free, key=lambda s: (abs(s.y - aim), s.y))
            first_slot = slot is slots[index + 1][0]
            y = slot.y + (-1 if first_slot else 1) * slot.used * 6
            slot.used += 1
            way.heights.append(y)
    return way


def _lanes(ways: Sequence[_Way], columns: int) -> list[int]:
    """Give each vertical part a lane in its gap; return how many lanes each gap has."""
    parts: list[list[tuple[int, int, int, int]]] = [[] for _ in range(columns)]
    for number, way in enumerate(ways):
        heights = [way.y1, *way.heights, way.y2]
        way.lanes = [0] * len(way.gaps)
        for step, gap in enumerate(way.gaps):
            low, high = sorted(heights[step : step + 2])
            parts[gap].append((low, high, number, step))
    counts = []
    for inside in parts:
        ends: list[list[tuple[int, int, str]]] = []
        for low, high, number, step in sorted(inside, key=lambda p: (p[1] - p[0], p)):
            way = ways[number]
            # Lines from the same key may share a lane: they part where they turn.
            key = f"{way.left} {way.y1}" if step == 0 and way.left == way.reference.to else ""
            lane = next(
                (i for i, taken in enumerate(ends)
                 if all(high + 5 < a or low - 5 > b or (key and key == k) for a, b, k in taken)),
                len(ends),
            )  # fmt: skip
            if lane == len(ends):
                ends.append([])
            ends[lane].append((low, high, key))
            way.lanes[step] = lane
        counts.append(len(ends))
    return counts


def _edge(way: _Way, column_of: dict[str, int], xs: list[int], widths: list[int]) -> Edge:
    def right(column: int) -> int:
        return xs[column] + widths[column]

    points: list[Point] = [(right(column_of[way.left]), way.y1)]
    heights = [way.y1, *way.heights, way.y2]
    for step, gap in enumerate(way.gaps):
        x = right(gap) + GAP_X // 2 + way.lanes[step] * LANE
        points += [(x, heights[step]), (x, heights[step + 1])]
    end = right(column_of[way.right]) if way.same else xs[column_of[way.right]]
    points.append((end, way.y2))
    reference = way.reference
    one: EndKind = "maybe" if reference.optional else "one"
    many: EndKind = "single" if reference.one else "many"
    is_left = way.left == reference.to
    left = End(points[0][0], way.y1, 1, one if is_left else many)
    last = End(end, way.y2, 1 if way.same else -1, many if is_left else one)
    return Edge(reference, tuple(points), (left, last))


def _lifted(edge: Edge, top: int) -> Edge:
    one, other = edge.ends
    return Edge(
        edge.reference,
        tuple((x, y - top) for x, y in edge.points),
        (
            End(one.x, one.y - top, one.side, one.kind),
            End(other.x, other.y - top, other.side, other.kind),
        ),
    )

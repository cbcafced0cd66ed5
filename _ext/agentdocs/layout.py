"""A directed graph → positions: layers from left to right, no two nodes at one place.

Names go in, numbers come out; drawing is the Sphinx adapter's.
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, HEIGHT = 152, 36
"""Size of a node's box."""
COLUMNS = 4
"""Most columns; what is wider cannot be read on a page of text."""
GAP_X, GAP_Y = 56, 14


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions of boxes' upper left corners, and the size of the whole."""

    positions: dict[str, tuple[int, int]]
    width: int
    height: int


def layout(nodes: list[str], edges: list[tuple[str, str]]) -> Layout:
    """Place ``nodes`` so that most edges lead to the right."""
    layers = layers_of(nodes, edges)
    columns: dict[int, list[str]] = {}
    for node in nodes:
        columns.setdefault(layers[node], []).append(node)
    tallest = max((len(column) for column in columns.values()), default=0)
    height = tallest * (HEIGHT + GAP_Y) + GAP_Y
    neighbours: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        neighbours[source].append(target)
        neighbours[target].append(source)
    order = {node: index for column in columns.values() for index, node in enumerate(column)}
    for _ in range(4):  # the median heuristic; four rounds settle graphs of this size
        for number in sorted(columns):
            columns[number].sort(
                key=lambda n: (_median([order[m] for m in neighbours[n]], order[n]), n)
            )
            order |= {node: index for index, node in enumerate(columns[number])}
    positions = {}
    for number in sorted(columns):
        column = columns[number]
        free = (height - len(column) * (HEIGHT + GAP_Y) + GAP_Y) // 2
        for index, node in enumerate(column):
            x = GAP_Y + number * (WIDTH + GAP_X)
            positions[node] = (x, free + index * (HEIGHT + GAP_Y))
    width = len(columns) * (WIDTH + GAP_X) + 2 * GAP_Y  # room for bows within the last column
    return Layout(positions, max(width, 0), height)


def layers_of(
    nodes: list[str], edges: list[tuple[str, str]], most: int = COLUMNS
) -> dict[str, int]:
    """Return each node's distance from the left: the longest path to it, cycles cut."""
    targets: dict[str, list[str]] = {node: [] for node in nodes}
    indegree = dict.fromkeys(nodes, 0)
    for source, target in edges:
        targets[source].append(target)
        indegree[target] += 1
    layers: dict[str, int] = {}
    # Kahn's order; where only cycles are left, the node that most lead away from comes first.
    left = dict.fromkeys(nodes)
    depth = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if not indegree[node]]
    while left:
        if not ready:
            ready = [min(left, key=lambda n: (indegree[n] - len(targets[n]), n))]
        node = ready.pop(0)
        if node not in left:
            continue
        del left[node]
        layers[node] = depth[node]
        for target in targets[node]:
            if target in left:
                depth[target] = max(depth[target], depth[node] + 1)
                indegree[target] -= 1
                if indegree[target] <= 0:
                    ready.append(target)
    # Long chains end in the last column; squeezing all layers would pile up the first ones.
    return {node: min(layer, most - 1) for node, layer in layers.items()}


def _median(values: list[int], default: int) -> float:
    ordered = sorted(values)
    return float(ordered[len(ordered) // 2]) if ordered else float(default)

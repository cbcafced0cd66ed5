"""``{agent-graph}``: who depends on whom, as inline SVG with links; a table stands below it."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from agentdocs.catalog import HOME
from agentdocs.layout import GAP_X, GAP_Y, HEIGHT, WIDTH, layout

if TYPE_CHECKING:
    from sphinx.application import Sphinx

MOST = 60
"""Agents that one picture shows; beyond that, it shows collections."""


class agent_graph(nodes.General, nodes.Element):  # noqa: N801
    """The graph's data."""


class AgentGraph(SphinxDirective):
    """Content: ``{"nodes": [{id, name, collection}], "edges": [[from, to, kind]]}``."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Keep the data until it is written."""
        data = json.loads("\n".join(self.content))
        return [agent_graph("", data=data if len(data["nodes"]) <= MOST else _collections(data))]


def _collections(data: dict[str, Any]) -> dict[str, Any]:
    """Fold agents into their collections."""
    home = {node["id"]: node["collection"] for node in data["nodes"]}
    edges = sorted({(home[a], home[b], kind) for a, b, kind in data["edges"] if home[a] != home[b]})
    names = sorted(set(home.values()))
    nodes_ = [{"id": f"{HOME}/collections/{n}", "name": n, "collection": ""} for n in names]
    folder = f"{HOME}/collections"
    return {
        "nodes": nodes_,
        "edges": [[f"{folder}/{a}", f"{folder}/{b}", kind] for a, b, kind in edges],
    }


def _visit(self: Any, node: agent_graph) -> None:
    builder = self.builder
    data = node["data"]
    ids = [item["id"] for item in data["nodes"]]
    plan = layout(ids, [(source, target) for source, target, _ in data["edges"]])
    parts = [
        '<div class="agentdocs-graph">'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {plan.width} {plan.height}" '
        f'width="{plan.width}" height="{plan.height}" role="group" '
        'aria-label="Graph of agents; the table below says the same">'
        '<defs><marker id="agentdocs-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
    ]
    for source, target, kind in data["edges"]:
        parts.append(_edge(plan.positions[source], plan.positions[target], kind))
    output = builder.config.agentdocs_output
    for item in data["nodes"]:
        x, y = plan.positions[item["id"]]
        page = item["id"] if not item["collection"] else f"{item['id']}/index"
        uri = builder.get_relative_uri(builder.current_docname, f"{output}/{page}")
        name = item["name"] if len(item["name"]) < 23 else item["name"][:21] + "…"
        title = f"{item['collection']}: {item['name']}" if item["collection"] else item["name"]
        parts.append(
            f'<a href="{escape(uri)}"><title>{escape(title)}</title>'
            f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="7"/>'
            f'<text x="{x + WIDTH // 2}" y="{y + 15}">{escape(name)}</text>'
            f'<text class="where" x="{x + WIDTH // 2}" y="{y + 28}">'
            f"{escape(item['collection'])}</text></a>"
        )
    parts.append("</svg></div>")
    self.body.append("".join(parts))
    raise nodes.SkipNode


def _edge(source: tuple[int, int], target: tuple[int, int], kind: str) -> str:
    """Return a curve that leaves a box on one side and enters the other from its near side."""
    y1, y2 = source[1] + HEIGHT // 2, target[1] + HEIGHT // 2
    if source[0] == target[0]:  # the same column: a bow on the right
        x = source[0] + WIDTH
        bend = min(GAP_X + GAP_Y, 30 + abs(y2 - y1) // 6)
        path = f"M{x} {y1}C{x + bend} {y1} {x + bend} {y2} {x} {y2}"
    else:
        right = source[0] < target[0]
        x1 = source[0] + (WIDTH if right else 0)
        x2 = target[0] + (0 if right else WIDTH)
        middle = (x1 + x2) // 2
        path = f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
    return f'<path class="{escape(kind)}" d="{path}" marker-end="url(#agentdocs-arrow)"/>'


def _skip(self: Any, node: agent_graph) -> None:
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register node and directive; builders without SVG show the table alone."""
    app.add_node(
        agent_graph,
        html=(_visit, None), latex=(_skip, None), text=(_skip, None), man=(_skip, None),
        texinfo=(_skip, None),
    )  # fmt: skip
    app.add_directive("agent-graph", AgentGraph)

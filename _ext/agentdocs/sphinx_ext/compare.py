"""The directives of pages that compare agents: folds, and tables that can be read on any screen.

What they hold is Markdown, so that books show it as well: a fold as a paragraph with what stands
below it, a table as a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from agentdocs.sphinx_ext import domain
from agentdocs.sphinx_ext.json_schema import agent_fold, agent_fold_title
from agentdocs.sphinx_ext.tally import agent_proof

if TYPE_CHECKING:
    from typing import ClassVar

    from sphinx.application import Sphinx


class agent_cell(nodes.entry):  # noqa: N801 - docutils names nodes so
    """A table's cell, with its column's ``label`` for screens that have no room for columns."""


class AgentFold(SphinxDirective):
    """``{agent-fold}``: the first paragraph is what is clicked, the rest is folded up."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Parse the content and take its first paragraph for the title."""
        first, *rest = self.parse_content_to_nodes()
        title = agent_fold_title("", "", *first.children)
        return [agent_fold("", title, *rest, classes=["agentdocs-compared"])]


class AgentCompare(SphinxDirective):
    """``{agent-compare}``: a table with a column for each agent, and maybe a row of their proof."""

    has_content = True
    option_spec: ClassVar = {"proof": directives.unchanged, "kind": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Parse the table and give its cells what they need on a small screen."""
        (table,) = self.parse_content_to_nodes()
        assert isinstance(table, nodes.table)
        group = next(table.findall(nodes.tgroup))
        if agents := [unquote(id) for id in self.options.get("proof", "").split()]:
            body = next(group.findall(nodes.tbody), None)
            if body is None:  # there is nothing in which they differ
                body = nodes.tbody("")
                group += body
            body.insert(0, self._proof(agents))
        labels = [cell.astext() for cell in next(group.findall(nodes.entry)).parent]
        for row in group.findall(nodes.row):
            for label, cell in zip(labels, list(row.children), strict=True):
                row.replace(cell, agent_cell("", *cell.children, label=label))
        kind = self.options.get("kind", "facts")
        table["classes"] += ["agentdocs-compare", f"agentdocs-compare-{kind}"]
        table["classes"].append("colwidths-auto")
        return [table]

    def _proof(self, agents: list[str]) -> nodes.row:
        """Return a row of placeholders, and note which verdicts the page shows."""
        docname = self.env.current_document.docname
        domain.get(self.env).proofs.setdefault(docname, []).extend(agents)
        cells: list[nodes.Node] = [nodes.Text("Snippets proved")]
        cells += [agent_proof("", agent=agent, short=True) for agent in agents]
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def _open_cell(self: Any, node: agent_cell) -> None:
    row: Any = node.parent
    head, first = isinstance(row.parent, nodes.thead), row.column == 0
    row.column += 1
    tag = "th" if head or first else "td"
    scope = "col" if head else "row"
    more = {"scope": scope} if tag == "th" else {"data-label": node["label"]}
    self.body.append(self.starttag(node, tag, "", **more))
    self.context.append(f"</{tag}>\n")


def _close_cell(self: Any, node: agent_cell) -> None:
    self.body.append(self.context.pop())


def setup(app: Sphinx) -> None:
    """Register node and directives."""
    app.add_node(agent_cell, html=(_open_cell, _close_cell))
    app.add_directive("agent-fold", AgentFold)
    app.add_directive("agent-compare", AgentCompare)

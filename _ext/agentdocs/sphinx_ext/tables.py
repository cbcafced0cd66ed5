"""``{agent-tables}``: a database's tables → their diagram as SVG, and all of them as text.

All texts are strangers': nodes hold them as text, and SVG holds them escaped.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes

from agentdocs.artefacts.database.diagram import HEAD, ROW, Diagram, Edge, End, diagram
from agentdocs.artefacts.database.tables import Database, Reference, Table, read
from agentdocs.artefacts.json_schema.phrases import more
from agentdocs.slugs import slugify, unique
from agentdocs.sphinx_ext.json_schema import (
    ArtefactDirective,
    anchored,
    heading,
    line,
    literal,
    paragraph,
    prose,
    source,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sphinx.application import Sphinx

_TOLD = 40
"""Relations that the picture's description names."""
_PLURALS = {
    "column": "columns", "foreign key": "foreign keys", "unique key": "unique keys",
    "check": "checks", "index": "indexes", "reference to it": "references to it",
}  # fmt: skip


class agent_diagram(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """The ``plan`` of a picture, its ``title`` and the ``places`` of tables on the page."""


class AgentTables(ArtefactDirective):
    """``{agent-tables} TITLE``: the diagram, then each table with its columns and keys."""

    def run(self) -> list[nodes.Node]:
        """Build a heading, the picture and the tables."""
        title, level = self.title(), self.level()
        anchor = self.anchor("tables")
        titles = self.headings()
        found: list[nodes.Node] = [anchored(anchor), *titles]
        data, fault = source(self.content)
        if fault:
            return self.register([*found, paragraph(nodes.Text(fault))])
        found += tables_nodes(read(data), title, anchor, level + bool(titles))
        found += whole(data, "The tables as JSON", f"{anchor}--json")
        return self.register(found)


def tables_nodes(database: Database, title: str, anchor: str, level: int) -> list[nodes.Node]:
    """Return a picture of all tables and the text of each.

    :param anchor: what all identifiers begin with; nothing else on the page may begin so.
    """
    found: list[nodes.Node] = []
    taken: set[str] = set()
    places = {
        table.name: unique(f"{anchor}-{slugify(table.name, 'table')}", taken)
        for table in database.tables
    }
    if database.tables:
        plan = diagram(database.tables)
        found.append(agent_diagram("", plan=plan, title=title, places=places, anchor=anchor))
        if plan.more:
            found.append(_sentence(more(plan.more, "table", "tables"), "picture"))
        if plan.missing:
            found.append(_sentence(more(plan.missing, "relation", "relations"), "picture"))
    else:
        found.append(paragraph(nodes.Text("There are no tables.")))
    for table in database.tables:
        found.append(_table(table, places, level))
    if database.more:
        found.append(_sentence(more(database.more, "table", "tables")))
    if database.unread:
        found.append(_sentence(_unread(database.unread)))
    return found


def _sentence(text: str, where: str = "") -> nodes.paragraph:
    words = f"{text[:-1]} in the {where}." if where else text
    return paragraph(nodes.Text(words), classes=["agentdocs-notes"])


def _unread(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'} could not be read."


# --- tables as text -----------------------------------------------------------------------------


def _table(table: Table, places: Mapping[str, str], level: int) -> nodes.container:
    box = nodes.container("", classes=["agentdocs-db-table"])
    box += anchored(places[table.name])
    box += heading(table.name, level)
    box += prose(table.comment)
    box += _columns(table) if table.columns else paragraph(nodes.Text("It has no columns."))
    facts = nodes.bullet_list("", classes=["agentdocs-db-facts"])
    for reference in table.references:
        facts += _fact("References", *_leads(reference, places))
    for reference in table.referenced_by:
        facts += _fact("Referenced by", *_from(reference, places))
    for columns in table.uniques:
        facts += _fact("Unique", *_names(columns))
    for check in table.checks:
        facts += _fact("Check", literal(check))
    for index in table.indexes:
        words: list[nodes.Node] = [literal(index.name)] if index.name else []
        words += [nodes.Text(" on ")] if index.name and index.columns else []
        words += _names(index.columns)
        words += [nodes.Text(", where "), literal(index.where)] if index.where else []
        facts += _fact("Unique index" if index.unique else "Index", *words)
    for kind, count in table.more:
        facts += _fact("", nodes.Text(more(count, kind, _PLURALS[kind])))
    if table.unread:
        facts += _fact("", nodes.Text(_unread(table.unread)))
    if len(facts):
        box += facts
    return box


def _fact(title: str, *children: nodes.Node) -> nodes.list_item:
    head = [nodes.strong("", title), nodes.Text(": ")] if title else []
    return nodes.list_item("", paragraph(*head, *children))


def _names(names: Sequence[str]) -> list[nodes.Node]:
    found: list[nodes.Node] = []
    for index, name in enumerate(names):
        found += [nodes.Text(", ")] if index else []
        found.append(literal(name))
    return found


def _place(name: str, places: Mapping[str, str]) -> nodes.Node:
    if name not in places:
        return literal(name)
    return nodes.reference("", "", literal(name), internal=True, refid=places[name])


def _leads(reference: Reference, places: Mapping[str, str]) -> list[nodes.Node]:
    found = [*_names(reference.columns), nodes.Text(" → "), _place(reference.to, places)]
    if reference.references:
        found += [nodes.Text(" ("), *_names(reference.references), nodes.Text(")")]
    if reference.to not in places:
        found.append(nodes.Text(", which is not among these tables"))
    for word, what in (("delete", reference.on_delete), ("update", reference.on_update)):
        if what:
            found.append(nodes.Text(f", on {word} {line(what, 60).lower()}"))
    return found


def _from(reference: Reference, places: Mapping[str, str]) -> list[nodes.Node]:
    count = "at most one" if reference.one else "any number"
    found = [_place(reference.table, places), nodes.Text(" ("), *_names(reference.columns)]
    return [*found, nodes.Text(f"), {count}")]


def _columns(table: Table) -> nodes.table:
    titles = ["Column", "Type", "Null", "Key"]
    titles += ["Default"] if any(column.default for column in table.columns) else []
    titles += ["Comment"] if any(column.comment for column in table.columns) else []
    body = nodes.tbody()
    for column in table.columns:
        null = "" if column.nullable is None else "null" if column.nullable else "not null"
        cells: dict[str, list[nodes.Node]] = {
            "Column": [paragraph(literal(column.name or '""'))],
            "Type": [paragraph(nodes.Text(line(column.type, 120)))] if column.type else [],
            "Null": [paragraph(nodes.Text(null))] if null else [],
            "Key": [paragraph(nodes.Text(", ".join(column.keys)))] if column.keys else [],
            "Default": [paragraph(literal(column.default))] if column.default else [],
            "Comment": prose(column.comment),
        }
        body += nodes.row("", *(nodes.entry("", *cells[t], classes=[f"agentdocs-db-{t.lower()}"])
                                for t in titles))  # fmt: skip
    head = nodes.row("", *(nodes.entry("", paragraph(nodes.Text(title))) for title in titles))
    group = nodes.tgroup("", *(nodes.colspec("", colwidth=10) for _ in titles), cols=len(titles))
    group += [nodes.thead("", head), body]
    return nodes.table("", group, classes=["agentdocs-db-columns"])


# --- the picture --------------------------------------------------------------------------------


def sentence(reference: Reference) -> str:
    """Return a relation in words."""
    count = "at most one" if reference.one else "any number of"
    columns = ", ".join(reference.columns)
    own = f" by {columns}" if columns else ""
    must = "may lead" if reference.optional else "leads"
    return line(f"Each {reference.table} {must}{own} to one {reference.to}; "
                f"each {reference.to} has {count} {reference.table}.", 400)  # fmt: skip


def svg(plan: Diagram, title: str, places: Mapping[str, str], anchor: str) -> str:
    """Return a picture; colours are the style sheet's."""
    told = [sentence(edge.reference) for edge in plan.edges[:_TOLD]]
    untold = len(plan.edges) - len(told)
    told += [more(untold, "relation", "relations")] if untold > 0 else []
    label = f"Diagram of {title or 'the tables'}; the text below says the same"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {plan.width} {plan.height}" '
        f'width="{plan.width}" height="{plan.height}" role="group" '
        f'aria-label="{_xml(label)}" aria-describedby="{_xml(anchor)}--about">'
        f'<desc id="{_xml(anchor)}--about">{_xml(" ".join(told))}</desc>'
    ]
    parts += [_edge(edge) for edge in plan.edges]
    for box in plan.boxes:
        at = f'x="{box.x}" width="{box.width}"'
        parts.append(
            f'<a href="#{_xml(places[box.name])}" aria-label="{_xml(line(box.name, 120))}">'
            f"<title>{_xml(line(box.name, 120))}</title>"
            f'<rect class="box" {at} y="{box.y}" height="{box.height}" rx="7"/>'
            f'<path class="head" d="M{box.x} {box.y + HEAD - 4}h{box.width}"/>'
            f'<text class="name" x="{box.x + 12}" y="{box.y + 18}">{_xml(box.title)}</text>'
        )
        right = box.x + box.width - 12
        for row in box.lines:
            y = row.y + 4
            parts.append(
                f'<text class="mark" x="{box.x + 12}" y="{y}">{row.mark}</text>'
                f'<text class="column" x="{box.x + 36}" y="{y}">{_xml(row.name)}</text>'
                f'<text class="type" x="{right}" y="{y}">{_xml(row.type)}</text>'
            )
        if box.more:
            y = box.y + HEAD + len(box.lines) * ROW + ROW // 2 + 4
            rest = f"{box.more} more {'column' if box.more == 1 else 'columns'}"
            parts.append(f'<text class="more" x="{box.x + 36}" y="{y}">{rest}</text>')
        parts.append("</a>")
    parts.append("</svg>")
    return "".join(parts)


def _xml(text: str) -> str:
    """Return text for XML."""
    return escape(line(text, 20_000))


_ROUND = 5


def _edge(edge: Edge) -> str:
    """Return a line with round corners, and a sign at each end."""
    points = edge.points
    path = f"M{points[0][0]} {points[0][1]}"
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        reach = min(_ROUND, *(max(abs(here[0] - p[0]), abs(here[1] - p[1])) // 2
                              for p in (before, after)))  # fmt: skip
        start, end = _towards(here, before, reach), _towards(here, after, reach)
        path += f"L{start[0]} {start[1]}Q{here[0]} {here[1]} {end[0]} {end[1]}"
    path += f"L{points[-1][0]} {points[-1][1]}"
    ends = "".join(_end(end) for end in edge.ends)
    return (
        f'<g class="edge" aria-hidden="true"><title>{_xml(sentence(edge.reference))}</title>'
        f'<path d="{path}"/>{ends}</g>'
    )


def _towards(here: tuple[int, int], there: tuple[int, int], far: int) -> tuple[int, int]:
    def step(one: int, other: int) -> int:
        return one + (far if other > one else -far if other < one else 0)

    return step(here[0], there[0]), step(here[1], there[1])


def _end(end: End) -> str:
    """Return a crow's foot, bars or a circle, as notations of this kind have them."""
    x, y, s = end.x, end.y, end.side

    def bar(far: int) -> str:
        return f'<path d="M{x + s * far} {y - 5}v10"/>'

    circle = f'<circle cx="{x + s * 14}" cy="{y}" r="3.5"/>'
    if end.kind == "many":
        return f'<path d="M{x + s * 10} {y}L{x} {y - 6}M{x + s * 10} {y}L{x} {y + 6}"/>{circle}'
    return bar(6) + (circle if end.kind != "one" else bar(10))


def _visit(self: Any, node: agent_diagram) -> None:
    picture = svg(node["plan"], node["title"], node["places"], node["anchor"])
    self.body.append(f'<div class="agentdocs-graph agentdocs-diagram">{picture}</div>\n')
    raise nodes.SkipNode


def _skip(self: Any, node: agent_diagram) -> None:
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register node and directive; builders without SVG show the tables alone."""
    app.add_node(
        agent_diagram,
        html=(_visit, None), latex=(_skip, None), text=(_skip, None), man=(_skip, None),
        texinfo=(_skip, None),
    )  # fmt: skip
    app.add_directive("agent-tables", AgentTables)

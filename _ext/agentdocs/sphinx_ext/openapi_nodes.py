"""Rows of an API → nodes; every text of a stranger becomes a Text node, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes

from agentdocs.sphinx_ext.json_schema import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from agentdocs.artefacts.openapi.api import (
        Body,
        Example,
        Field,
        Flow,
        Media,
        Need,
        Response,
        Scheme,
        Server,
        Shape,
    )  # fmt: skip

BLOCKS = 40
"""Paragraphs of a text, and pieces of code in one of them, that are told apart."""
_CODE = re.compile(r"(?<!`)`([^`\n]{1,200})`(?!`)")


# --- small things --------------------------------------------------------------------------


def prose(text: str) -> list[nodes.Node]:
    """Return paragraphs; of all markup, words between back-quotes alone are made out."""
    blocks = [block.strip("\n") for block in re.split(r"\n[ \t]*\n+", text) if block.strip()]
    if len(blocks) > BLOCKS:
        blocks = [*blocks[: BLOCKS - 1], "\n".join(blocks[BLOCKS - 1 :])]
    return [nodes.paragraph("", "", *words(b), classes=["agentdocs-prose"]) for b in blocks]


def words(text: str) -> list[nodes.Node]:
    """Return a text with the words between back-quotes as literals."""
    found: list[nodes.Node] = []
    for position, part in enumerate(_CODE.split(text, BLOCKS)):
        if part:
            found.append(nodes.literal(part, part) if position % 2 else nodes.Text(part))
    return found


def badge(text: str, *kinds: str) -> nodes.inline:
    """Return a word in a frame."""
    classes = ["agentdocs-flag", *(f"agentdocs-{kind}" for kind in kinds)]
    return nodes.inline(text, text, classes=classes)


def paragraph(*children: nodes.Node | str, classes: Sequence[str] = ()) -> nodes.paragraph:
    """Return a paragraph of nodes and texts."""
    made = nodes.paragraph("", "", classes=list(classes))
    made += [nodes.Text(child) if isinstance(child, str) else child for child in children]
    return made


def label(text: str) -> nodes.paragraph:
    """Return a heading that is no section."""
    return nodes.paragraph(text, text, classes=["agentdocs-label"])


def bullets(items: Iterable[Sequence[nodes.Node]], *classes: str) -> nodes.bullet_list:
    """Return a list."""
    made = nodes.bullet_list(classes=list(classes))
    made += [nodes.list_item("", *item) for item in items]
    return made


def snippet(text: str, language: str, title: str) -> nodes.container:
    """Return highlighted code with a caption, which is where the script puts a copy button."""
    made = nodes.container(
        "", literal_block=True, classes=["literal-block-wrapper", "agentdocs-snippet"]
    )
    caption = nodes.caption("", "")
    caption += nodes.inline(title, title, classes=["agentdocs-language"])
    # What is cut or odd is highlighted as far as it goes.
    made += [caption, nodes.literal_block(text, text, language=language, force=True)]
    return made


def table(heads: Sequence[str], rows: Iterable[Sequence[Sequence[nodes.Node]]]) -> nodes.table:
    """Return a table; on a phone, its rows become blocks."""
    made = nodes.table("", classes=["agentdocs-parameters"])
    group = nodes.tgroup("", cols=len(heads))
    group += [nodes.colspec("", colwidth=100 // len(heads)) for _ in heads]
    head, body = nodes.thead(), nodes.tbody()
    head += nodes.row("", *(nodes.entry("", paragraph(text)) for text in heads))
    for row in rows:
        body += nodes.row("", *(nodes.entry("", *cell) for cell in row))
    group += [head, body]
    made += group
    return made


# --- what an API consists of ---------------------------------------------------------------


class Drawer:
    """Draws rows; ``anchor`` knows what the names of models and schemes link to."""

    def __init__(self, anchor: Callable[[str, str], str]) -> None:
        self._anchor = anchor

    def _link(self, kind: str, name: str, *children: nodes.Node) -> nodes.Node:
        anchor = self._anchor(kind, name)
        if not anchor:
            return nodes.inline("", "", *children)
        return nodes.reference("", "", *children, internal=True, refid=anchor)

    def type(self, shape: Shape) -> list[nodes.Node]:
        """Return a type's words, with links to the models among them."""
        found: list[nodes.Node] = []
        for part in shape.parts:
            if part.model:
                found.append(self._link("model", part.model, nodes.literal(part.text, part.text)))
            else:
                found.append(nodes.inline(part.text, part.text, classes=["agentdocs-type"]))
        return found or [nodes.inline("anything", "anything", classes=["agentdocs-type"])]

    def fields(self, fields: Sequence[Field], first: str, hidden: int = 0) -> list[nodes.Node]:
        """Return a table of parameters, headers or properties."""
        if not fields:
            return []
        places = any(field.where for field in fields) and first == "Parameter"
        heads = [first, *(["In"] if places else []), "Type", "Description"]
        made: list[nodes.Node] = [table(heads, (self._field(f, places) for f in fields))]
        if hidden:
            noun = "property is" if hidden == 1 else "properties are"
            made.append(paragraph(f"{hidden:,} more {noun} not shown.", classes=["agentdocs-more"]))
        return made

    def _field(self, field: Field, places: bool) -> list[list[nodes.Node]]:
        name = paragraph(nodes.literal(field.name, field.name))
        if field.required:
            name += [nodes.Text(" "), badge("required", "required")]
        if field.deprecated:
            name += [nodes.Text(" "), badge("deprecated", "deprecated")]
        kind: list[nodes.Node] = [paragraph(*self.type(field.shape))]
        rules = [*field.shape.rules, *field.notes]
        if rules:
            kind.append(paragraph(" · ".join(rules), classes=["agentdocs-notes"]))
        cells: list[list[nodes.Node]] = [[name]]
        if places:
            cells.append([paragraph(field.where, classes=["agentdocs-in"])])
        cells += [kind, prose(field.description)]
        shape = field.shape
        if shape.fields:
            cells[-1] += self.fields(shape.fields, "Property", shape.hidden)
        return cells

    def server(self, server: Server) -> list[nodes.Node]:
        """Return a server's address."""
        said = paragraph(nodes.literal(server.url, server.url))
        if server.description:
            said += nodes.Text(f" {server.description}")
        found: list[nodes.Node] = [said]
        if server.variables:
            found.append(bullets([paragraph(v)] for v in server.variables))
        return found

    def scheme(self, scheme: Scheme, anchor: str) -> nodes.container:
        """Return a way to say who one is."""
        made = nodes.container("", classes=["agentdocs-scheme"], ids=[anchor])
        head = paragraph(nodes.literal(scheme.name, scheme.name), f" {scheme.kind}")
        if scheme.deprecated:
            head += [nodes.Text(" "), badge("deprecated", "deprecated")]
        made += head
        made += prose(scheme.description)
        for flow in scheme.flows:
            made += self._flow(flow)
        return made

    def _flow(self, flow: Flow) -> list[nodes.Node]:
        about = f"{flow.name}: {', '.join(flow.addresses)}"
        found: list[nodes.Node] = [paragraph(about, classes=["agentdocs-notes"])]
        if flow.scopes:
            found.append(
                bullets(
                    [paragraph(nodes.literal(scope, scope), f" {text}" if text else "")]
                    for scope, text in flow.scopes
                )
            )
        return found

    def security(self, needs: tuple[tuple[Need, ...], ...] | None) -> list[nodes.Node]:
        """Return what a request needs, in a sentence."""
        if needs is None:
            return []
        if not needs or needs == ((),):
            return [nodes.Text("none needed")]
        found: list[nodes.Node] = []
        for position, alternative in enumerate(needs):
            found += [nodes.Text(" or ")] if position else []
            found += [nodes.Text("nothing at all")] if not alternative else []
            for number, need in enumerate(alternative):
                found += [nodes.Text(" and ")] if number else []
                found.append(self._link("security", need.scheme, nodes.literal("", need.scheme)))
                if need.scopes:
                    found.append(nodes.Text(f" ({', '.join(need.scopes)})"))
                if not need.known:
                    found.append(nodes.Text(" (not in this document)"))
        return found

    def body(self, body: Body) -> list[nodes.Node]:
        """Return what is sent with a request."""
        head = label("Request body")
        if body.required:
            head += [nodes.Text(" "), badge("required", "required")]
        found: list[nodes.Node] = [head, *prose(body.description)]
        for media in body.media:
            found += self.media(media)
        return found

    def media(self, media: Media) -> list[nodes.Node]:
        """Return a body in one media type."""
        said = paragraph(nodes.literal(media.type, media.type), classes=["agentdocs-media"])
        if media.shape.parts:
            said += [nodes.Text(" "), *self.type(media.shape)]
        if media.shape.rules:
            rules = " · ".join(media.shape.rules)
            said += nodes.inline(rules, f" {rules}", classes=["agentdocs-notes"])
        found: list[nodes.Node] = [said, *prose(media.shape.description)]
        found += [paragraph(note, classes=["agentdocs-notes"]) for note in media.notes]
        found += self.fields(media.shape.fields, "Property", media.shape.hidden)
        found += [self.example(example, media.type) for example in media.examples]
        return found

    def example(self, example: Example, media: str) -> nodes.Node:
        """Return a value, folded up."""
        title = (
            example.title if example.title.startswith("Example") else f"Example: {example.title}"
        )
        inner: list[nodes.Node] = prose(example.note)
        if example.text:
            inner.append(snippet(example.text, example.language, media))
        return fold(title, *inner)

    def response(self, response: Response) -> nodes.container:
        """Return what comes back with a status."""
        made = nodes.container("", classes=["agentdocs-response"])
        family = response.status[:1] if response.status[:1] in "12345" else "x"
        head = paragraph(badge(response.status, "status", f"status-{family}"))
        texts = prose(response.description)
        if response.summary:
            head += [nodes.Text(" "), nodes.strong(response.summary, response.summary)]
        elif texts:
            head += nodes.Text(" ")
            head += texts.pop(0).children
        made += [head, *texts]
        for media in response.media:
            made += self.media(media)
        made += self.fields(response.headers, "Header")
        if response.links:
            made += bullets(
                [
                    paragraph(
                        "Link ", nodes.literal(link.name, link.name), " to ",
                        nodes.literal(link.target, link.target),
                        f": {link.description}" if link.description else "",
                    )
                ]
                for link in response.links
            )  # fmt: skip
        return made

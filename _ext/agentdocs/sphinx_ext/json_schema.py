"""``{agent-json-schema}``, and shapes of examples: rows about JSON → nodes for all builders.

All texts are strangers': they become text nodes in which nothing acts, and are never parsed.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from agentdocs.artefacts.json_schema.example import example
from agentdocs.artefacts.json_schema.phrases import more
from agentdocs.artefacts.json_schema.rows import Row, Section, read
from agentdocs.artefacts.json_schema.shape import shape
from agentdocs.problems import brief
from agentdocs.slugs import slugify, unique
from agentdocs.sphinx_ext.badges import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import ClassVar

    from sphinx.application import Sphinx

    from agentdocs.artefacts.json_schema.phrases import Phrase

WHOLE = 64 * 1024
"""Characters of JSON that a page shows."""
STEPS = 8
"""Levels of nesting that have an indentation of their own."""


class agent_fold(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """``agent_fold(agent_fold_title, …)``: folded up on sites, plain everywhere else."""


class agent_whole(agent_fold):  # noqa: N801
    """A fold that only sites have: to readers of a book, it says nothing new."""


class agent_fold_title(nodes.Part, nodes.TextElement):  # noqa: N801
    """What a fold is called."""


# --- nodes for everybody ------------------------------------------------------------------------


_NO_CHARACTERS = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")
"""What XML, and so an e-book, cannot hold."""


def harmless(text: str) -> str:
    """Return text in which nothing acts, for any builder."""
    return _NO_CHARACTERS.sub("\ufffd", visible(text))


def line(text: str, most: int = 160) -> str:
    """Return the beginning of a text on one line."""
    return brief(harmless(text[: most * 4]), most)


def fold(title: str, *children: nodes.Node) -> agent_fold:
    """Return what can be unfolded."""
    return agent_fold("", agent_fold_title("", "", nodes.Text(harmless(title))), *children)


def paragraph(*children: nodes.Node, classes: Sequence[str] = ()) -> nodes.paragraph:
    """Return a paragraph."""
    return nodes.paragraph("", "", *children, classes=list(classes))


def literal(text: str, *classes: str) -> nodes.literal:
    """Return code within a line."""
    return nodes.literal("", harmless(text).replace("\n", "␊"), classes=list(classes))


def prose(text: str) -> list[nodes.Node]:
    """Return a description's paragraphs; its marks stay the characters that they are."""
    parts = [part for part in re.split(r"\n\s*\n", harmless(text)) if part.strip()]
    return [paragraph(nodes.Text(part.strip())) for part in parts[:40]]


def exact(node: nodes.Element) -> nodes.Element:
    """Return a node in which quotes and hyphens stay the characters that they are."""
    node["support_smartquotes"] = False
    return node


def unseen(text: str) -> nodes.inline:
    """Return words for those who hear a page, and for builders without a style sheet."""
    return nodes.inline("", text, classes=["agentdocs-unseen"])


def heading(text: str, level: int) -> nodes.rubric:
    """Return a heading that is in no table of contents."""
    found = nodes.rubric("", "", nodes.Text(line(text, 120) or "Untitled"))
    found["heading-level"] = min(max(level, 2), 5)
    return found


def anchored(identifier: str) -> nodes.target:
    """Return the place that a reference to an identifier leads to."""
    return nodes.target("", "", ids=[identifier])


def json_block(
    text: str, title: str, identifier: str, *, language: str = "json"
) -> nodes.container:
    """Return JSON that can be copied."""
    block = nodes.literal_block(text, text, language=language, force=True, xml_space="preserve")
    wrapper = nodes.container(
        "", literal_block=True, classes=["literal-block-wrapper", "agentdocs-snippet"],
        ids=[identifier],
    )  # fmt: skip
    caption = nodes.caption("", "", nodes.inline("", title, classes=["agentdocs-language"]))
    wrapper += [caption, block]
    return wrapper


def pretty(value: Any) -> str:
    """Return JSON over several lines, in which no character acts; empty where it is too deep."""
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False)
    except (RecursionError, ValueError):
        return ""
    return text if text.isascii() and "\x7f" not in text else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    if character in "\n\u200c\u200d" or unicodedata.category(character) not in (
        "Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp",
    ):  # fmt: skip
        return character
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


class Source(NamedTuple):
    """A directive's content."""

    value: Any
    fault: str = ""


def source(lines: Iterable[str]) -> Source:
    """Return what a directive's content holds, or a sentence on why that is nothing."""
    try:
        return Source(json.loads("\n".join(lines)))
    except RecursionError:
        return Source(None, "This is nested too deeply to be shown.")
    except ValueError:
        return Source(None, "This is not JSON, so it cannot be shown.")


# --- schemas ------------------------------------------------------------------------------------


def schema_nodes(
    schema: Any,
    name: str,
    anchor: str,
    *,
    root: Any = None,
    shown: Mapping[str, str] | None = None,
    level: int = 4,
) -> list[nodes.Node]:
    """Return what a schema says: its rows, and those of its definitions below.

    :param name: what the schema is called, in words.
    :param anchor: what all identifiers begin with; nothing else on the page may begin so.
    :param root: the document that its references are about, where the schema is only a part.
    :param shown: pointers of definitions that are shown elsewhere → the identifiers of these
        places on the same page; such a definition is linked to and not shown again.
    :param level: of the definitions' headings.
    """
    elsewhere = dict(shown or {})
    reading = read(schema, name, root=root, elsewhere=elsewhere)
    taken: set[str] = set()
    places: dict[str, str] = {}
    for section in reading.sections:
        wanted = anchor if section is reading.sections[0] else f"{anchor}-{slugify(section.name)}"
        places.setdefault(section.pointer, unique(wanted, taken))
    if root is not None and reading.sections[0].pointer == "#":
        del places["#"]  # the document's root is not what is shown
    found: list[nodes.Node] = []
    for index, section in enumerate(reading.sections):
        box = nodes.container("", classes=["agentdocs-schema"])
        identifier = places.get(section.pointer, anchor) if index else anchor
        box += anchored(identifier)
        if index:
            box += heading(section.name, level)
        box += rows_nodes(section, elsewhere | places)
        found.append(exact(box))
    if reading.more:
        text = more(reading.more, "definition", "definitions")
        found.append(paragraph(nodes.Text(text), classes=["agentdocs-notes"]))
    return found


def rows_nodes(section: Section, places: Mapping[str, str]) -> list[nodes.Node]:
    """Return a section's rows: the first as text, the others as a list."""
    first, *rest = section.rows
    head = paragraph(classes=["agentdocs-field-head"])
    head += nodes.inline("", "", *words(first.type, places), classes=["agentdocs-type"])
    head += _flags(first)
    found: list[nodes.Node] = [head, *_about(first, places)]
    if rest:
        found.append(nodes.bullet_list("", *(_item(row, places) for row in rest),
                                       classes=["agentdocs-fields"]))  # fmt: skip
    return found


def words(phrase: Phrase, places: Mapping[str, str]) -> list[nodes.Node]:
    """Return a phrase, with links to the definitions that are on the page."""
    found: list[nodes.Node] = []
    for span in phrase:
        text = line(span.text, 400) if span.text.strip() != span.text else harmless(span.text)
        if span.text.strip() != span.text:  # blanks at the ends part words from each other
            text = " " * span.text.startswith(" ") + text + " " * span.text.endswith(" ")
        if span.target in places:
            to = places[span.target]
            found.append(nodes.reference("", "", nodes.Text(text), internal=True, refid=to))
        else:
            found.append(literal(span.text) if span.code else nodes.Text(text))
    return found


def _item(row: Row, places: Mapping[str, str]) -> nodes.list_item:
    depth = min(row.depth, STEPS)
    item = nodes.list_item("", classes=[f"agentdocs-{row.kind}", f"agentdocs-depth-{depth}"])
    head = paragraph(classes=["agentdocs-field-head"])
    item += head
    if row.kind == "more":
        head += nodes.Text(harmless(row.label))
        return item
    if row.path and row.kind != "part":
        head += nodes.inline("", harmless(row.path), classes=["agentdocs-path"])
    if row.kind == "pattern":
        head += nodes.Text("names that match ")
    if row.kind == "part":
        head += nodes.inline("", harmless(row.label), classes=["agentdocs-part-name"])
    else:
        head += literal(row.label or '""')
    head += [unseen(": "), nodes.Text(" ")]
    head += nodes.inline("", "", *words(row.type, places), classes=["agentdocs-type"])
    head += _flags(row)
    item += _about(row, places)
    return item


def _flags(row: Row) -> list[nodes.Node]:
    found: list[nodes.Node] = []
    for flag in row.flags:
        classes = ["agentdocs-flag", f"agentdocs-{flag}"]
        found += [unseen(","), nodes.Text(" "), nodes.inline("", flag, classes=classes)]
    return found


def _about(row: Row, places: Mapping[str, str]) -> list[nodes.Node]:
    """Return title, description and notes."""
    found: list[nodes.Node] = []
    if row.title:
        found.append(paragraph(nodes.strong("", "", nodes.Text(line(row.title, 200)))))
    found += prose(row.description)
    if row.notes:
        small = paragraph(classes=["agentdocs-notes"])
        for index, note in enumerate(row.notes):
            small += nodes.Text(" · ") if index else []
            small += nodes.inline("", "", *words(note, places))
        found.append(small)
    return found


# --- directives ---------------------------------------------------------------------------------


class ArtefactDirective(SphinxDirective):
    """What the directives of artefacts have in common: a title, an anchor and JSON."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"name": directives.unchanged}

    def anchor(self, default: str) -> str:
        """Return an identifier that no other on the page begins with."""
        name = self.options.get("name") or self.title() or default
        wanted = slugify(name.replace("/", "-"), default)
        taken = self.state.document.ids
        number, found = 1, wanted
        while any(one == found or one.startswith(f"{found}-") for one in taken):
            number += 1
            found = f"{wanted}-{number}"
        return found

    def title(self) -> str:
        """Return the directive's argument."""
        return line(self.arguments[0], 200) if self.arguments else ""

    def headings(self) -> list[nodes.Node]:
        """Return a heading, unless the section has just been given the same."""
        title = self.title()
        last = [*self.state.document.findall(nodes.title)][-1:]
        said = bool(last) and line(last[0].astext(), 200) == title
        return [heading(title, self.level())] if title and not said else []

    def level(self) -> int:
        """Return the level of a heading within the section that this stands in."""
        return int(getattr(self.state.memo, "section_level", 1)) + 1

    def register(self, found: list[nodes.Node]) -> list[nodes.Node]:
        """Take the identifiers, so that what follows on the page gets others."""
        for node in found:
            if isinstance(node, nodes.Element):
                exact(node)
            for element in node.findall(nodes.Element):
                if element["ids"]:
                    self.state.document.set_id(element)
        return found


class AgentJsonSchema(ArtefactDirective):
    """``{agent-json-schema} TITLE``: a JSON Schema in words, an example, and the whole of it."""

    def run(self) -> list[nodes.Node]:
        """Build a heading, rows, an example and the schema's JSON."""
        schema, fault = source(self.content)
        anchor, level = self.anchor("schema"), self.level()
        found = self.headings()
        if fault:
            return [*found, paragraph(nodes.Text(fault))]
        found += schema_nodes(schema, self.title(), anchor, level=level + bool(found))
        made = example(schema)
        if made is not None:
            block = json_block(pretty(made.value), "Example", f"{anchor}--example")
            found.append(block)
        found += whole(schema, "The whole schema", f"{anchor}--json")
        return self.register(found)


def shape_fold(code: str) -> agent_fold | None:
    """Return the shape of an example, folded up; None where it is no object or array of JSON."""
    value, fault = source([code])
    if fault or not isinstance(value, dict | list) or not value:
        return None
    box = nodes.container("", classes=["agentdocs-schema"])
    box += rows_nodes(Section("#", "", shape(value)), {})
    return fold("Shape of this example", box)


def whole(value: Any, title: str, identifier: str) -> list[nodes.Node]:
    """Return all of an artefact's JSON, folded up."""
    text = pretty(value)
    if not text:
        return [paragraph(nodes.Text("Its JSON is nested too deeply to be shown."))]
    # In one colour: highlighted, it would weigh five times as much as all that stands above it.
    block = json_block(text[:WHOLE], "JSON", identifier, language="text")
    folded = agent_whole("", agent_fold_title("", "", nodes.Text(title)), block)
    if len(text) > WHOLE:
        note = f"Only the first {WHOLE // 1024} of {len(text) // 1024} kB are shown."
        folded += paragraph(nodes.Text(note))
    return [folded]


# --- folds --------------------------------------------------------------------------------------


def _open_fold(self: Any, node: agent_fold) -> None:
    self.body.append(self.starttag(node, "details", "", CLASS="agentdocs-fold"))


def _close_fold(self: Any, node: agent_fold) -> None:
    self.body.append("</details>\n")


def _skip(self: Any, node: nodes.Node) -> None:
    raise nodes.SkipNode


def _open_title(self: Any, node: agent_fold_title) -> None:
    self.body.append("<summary>")


def _close_title(self: Any, node: agent_fold_title) -> None:
    self.body.append("</summary>")


def _nothing(self: Any, node: nodes.Node) -> None:
    """Let the children be written as they are."""


def _as_paragraph(self: Any, node: nodes.Node) -> None:
    self.visit_paragraph(node)


def _after_paragraph(self: Any, node: nodes.Node) -> None:
    self.depart_paragraph(node)


def setup(app: Sphinx) -> None:
    """Register nodes and directives."""
    flat, text = (_nothing, _nothing), (_as_paragraph, _after_paragraph)
    left = (_skip, None)
    app.add_node(
        agent_whole, html=(_open_fold, _close_fold), latex=left, text=left, man=left, texinfo=left
    )
    app.add_node(
        agent_fold, html=(_open_fold, _close_fold), latex=flat, text=flat, man=flat, texinfo=flat
    )
    app.add_node(
        agent_fold_title, html=(_open_title, _close_title), latex=text, text=text, man=text,
        texinfo=text,
    )  # fmt: skip
    app.add_directive("agent-json-schema", AgentJsonSchema)

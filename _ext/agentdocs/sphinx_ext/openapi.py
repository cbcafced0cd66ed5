"""``{agent-openapi}``: an OpenAPI document as JSON → an API reference.

Methods and paths go through sphinxcontrib-openapi as reST, which makes them what other pages can
refer to. No word of a stranger goes with them: tokens do, and the words take their places in the
nodes that come back.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.frontend import Values
from docutils.parsers.rst import Parser, directives
from docutils.utils import new_document
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from agentdocs.artefacts.json_schema.pointers import pointer
from agentdocs.artefacts.openapi.api import read
from agentdocs.artefacts.openapi.renderable import renderable
from agentdocs.artefacts.openapi.text import line
from agentdocs.slugs import unique
from agentdocs.sphinx_ext import endpoints
from agentdocs.sphinx_ext.endpoints import Endpoint
from agentdocs.sphinx_ext.json_schema import fold, schema_nodes, whole
from agentdocs.sphinx_ext.openapi_nodes import (
    Drawer,
    badge,
    bullets,
    label,
    paragraph,
    prose,
    snippet,
    table,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import ClassVar

    from sphinx.application import Sphinx

    from agentdocs.artefacts.openapi.api import Api, Group, Operation

NODES = 40_000
"""Nodes that all models of a document together may have."""


class AgentOpenapi(SphinxDirective):
    """``{agent-openapi} TITLE`` with the document as its content."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"name": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Build the reference."""
        title = self.arguments[0] if self.arguments else ""
        try:
            document = json.loads("\n".join(self.content))
        except (ValueError, RecursionError):
            return [paragraph("This document cannot be shown: it is not JSON, or too deep.")]
        name = re.sub(r"[^\w./-]+", "-", self.options.get("name", "")).strip("-/") or "api"
        return _Reference(self, line(title), name, document).draw()


class _Reference:
    """One reference on one page."""

    def __init__(self, directive: SphinxDirective, title: str, name: str, content: Any) -> None:
        self._api: Api = read(content)
        api = self._api
        self._directive, self._content, self._name = directive, content, name
        self._title = title or f"{api.title} {api.version}".strip()
        self._document: nodes.document = directive.state.document
        # Sections are possible only where sections are.
        parent = directive.state_machine.node
        self._sections = isinstance(parent, nodes.section | nodes.document)
        self._prefix = nodes.make_id(name) or "api"
        self._anchors: dict[tuple[str, str], str] = {}
        self._taken = set(self._document.ids)
        self._operations: dict[int, str] = {}
        for model in api.models:
            self._reserve("model", model.name)
        for scheme in api.schemes:
            self._reserve("security", scheme.name)
        self._draw = Drawer(lambda kind, key: self._anchors.get((kind, key), ""))

    def _reserve(self, kind: str, key: str) -> None:
        # A schema's own parts have ids that begin with its, so its end must be unmistakable.
        self._anchors[kind, key] = f"{self._anchor(key[:80])}--{kind}"

    def _anchor(self, words: str) -> str:
        """Return an id that nothing else on this page has."""
        return unique(nodes.make_id(f"{self._prefix}-{words}"), self._taken)

    # --- the whole -------------------------------------------------------------------------

    def draw(self) -> list[nodes.Node]:
        """Return the reference."""
        api = self._api
        rendered = self._rendered()
        body = [*self._head()]
        drawn: list[nodes.Node] = []
        alone = len(api.groups) == 1 and not api.groups[0].name
        for group in api.groups:
            drawn.append(self._group(group, rendered, "Endpoints" if alone else "Other endpoints"))
        if api.webhooks:
            calls = [self._operation(webhook, rendered) for webhook in api.webhooks]
            about = paragraph("Requests that this API sends to those who asked for them.")
            drawn.append(self._part("Webhooks", "webhooks", [about, *calls]))
        if api.operations or api.webhooks:
            body.append(self._overview())
        if api.operations:
            body.append(self._to_all())
        body += drawn
        if api.models:
            body.append(self._part("Models", "models", self._models()))
        body += [paragraph(note, classes=["agentdocs-more"]) for note in api.notes]
        body += whole(self._content, "The whole document", self._anchor("document"))
        if section := self._titled():
            section["classes"].append("agentdocs-api")
            return body
        part = self._part(self._title, "", body)
        part["classes"].append("agentdocs-api")
        part["support_smartquotes"] = False  # what is quoted is meant as it is
        return [part]

    def _to_all(self) -> nodes.paragraph:
        """Return a link to the index of all endpoints."""
        link = addnodes.pending_xref(
            "", nodes.inline("", "All endpoints of the library"), refdomain="std", reftype="ref",
            reftarget="api-endpoints", refexplicit=True, refwarn=False,
            refdoc=self._directive.env.docname,
        )  # fmt: skip
        return nodes.paragraph("", "", link, classes=["agentdocs-more"])

    def _titled(self) -> nodes.section | None:
        """Return the section that this stands in, if that has been given its title."""
        parent = self._directive.state_machine.node
        if not self._title or not isinstance(parent, nodes.section):
            return None
        return parent if line(parent[0].astext()) == self._title else None

    def _part(
        self, title: str, words: str, body: list[nodes.Node], anchor: str = ""
    ) -> nodes.Element:
        """Return a section, or what looks like one where none can be."""
        anchor = anchor or self._anchor(words)
        made: nodes.Element = nodes.container("", nodes.rubric(title, title), ids=[anchor])
        if self._sections:
            made = nodes.section("", nodes.title(title, title), ids=[anchor])
        made.extend(body)
        self._document.set_id(made)
        return made

    def _head(self) -> Iterator[nodes.Node]:
        api = self._api
        facts = [("Version", api.version), ("OpenAPI", api.openapi), *api.facts]
        yield bullets(
            ([paragraph(f"{name} {text}")] for name, text in facts if text), "agentdocs-api-facts"
        )
        if api.title not in self._title:
            yield paragraph(nodes.strong(api.title, api.title))
        if api.summary:
            yield paragraph(api.summary)
        yield from prose(api.description)
        if api.servers:
            yield label("Servers" if len(api.servers) > 1 else "Server")
            yield bullets((self._draw.server(s) for s in api.servers), "agentdocs-servers")
        if api.schemes or api.security is not None:
            yield label("Security")
        if api.security is not None:
            yield paragraph(
                "Unless an operation says otherwise: ", *self._draw.security(api.security)
            )
        for scheme in api.schemes:
            drawn = self._draw.scheme(scheme, self._anchors["security", scheme.name])
            self._document.set_id(drawn)
            yield drawn

    def _overview(self) -> nodes.Element:
        rows = []
        for operation in (*self._api.operations, *self._api.webhooks):
            anchor = self._operations[id(operation)]
            link = nodes.reference("", "", internal=True, refid=anchor)
            link += nodes.literal(operation.path, operation.path)
            title = operation.title if not operation.title.endswith(operation.path) else ""
            about = paragraph(title)
            if operation.deprecated:
                about += [nodes.Text(" "), badge("deprecated", "deprecated")]
            rows.append([[paragraph(_method(operation), " ", link)], [about]])
        made = table(["Endpoint", "What it does"], rows)
        made["classes"].append("agentdocs-endpoints")
        return made

    def _group(
        self, group: Group, rendered: dict[tuple[str, str], addnodes.desc], otherwise: str
    ) -> nodes.Element:
        body: list[nodes.Node] = []
        if group.within:
            body.append(
                paragraph(f"Part of {' › '.join(group.within)}", classes=["agentdocs-more"])
            )
        body += prose(group.description)
        body += [paragraph(note, classes=["agentdocs-more"]) for note in group.notes]
        body += [self._operation(operation, rendered) for operation in group.operations]
        return self._part(group.title or otherwise, f"tag-{group.name[:80]}", body)

    def _models(self) -> list[nodes.Node]:
        """Return all models, drawn by whoever knows schemas."""
        shown = {
            pointer("components", "schemas", name): anchor
            for (kind, name), anchor in self._anchors.items() if kind == "model"
        }  # fmt: skip
        found: list[nodes.Node] = []
        left = NODES
        for number, model in enumerate(self._api.models):
            if left < 0:
                more = len(self._api.models) - number
                found.append(more_models(more))
                break
            title, anchor = line(model.name, 120) or "?", self._anchors["model", model.name]
            drawn = schema_nodes(
                model.schema, title, anchor, root=self._content, shown=shown, level=4
            )  # fmt: skip
            box = nodes.container("", label(title), *drawn, classes=["agentdocs-model"])
            for element in list(box.findall(nodes.Element)):
                left -= 1
                if isinstance(element, nodes.target) and element["ids"][0] in self._taken:
                    element.parent.remove(element)
                    continue
                element["ids"] = [one for one in element["ids"] if one not in self._taken]
                if element["ids"]:
                    self._taken.update(element["ids"])
                    self._document.set_id(element)
            found.append(box)
        return found

    # --- operations ------------------------------------------------------------------------

    def _rendered(self) -> dict[tuple[str, str], addnodes.desc]:
        """Return method and path → what sphinxcontrib-openapi makes of them."""
        # It imports a client for HTTP and a reader of Markdown, and costs a fifth of a second.
        from sphinxcontrib.openapi.renderers import HttpdomainRenderer

        document, texts = renderable(self._api)
        if not document["paths"]:
            return {}
        state = self._directive.state
        renderer = HttpdomainRenderer(state, {"markup": "restructuredtext"})
        lines = []
        for row in renderer.render_restructuredtext_markup(document):
            lines.append(row)
            if row.startswith(".. http:"):
                # The domain's own table takes each path once; see endpoints.py.
                lines.append("   :noindex:")
        parsed = _parsed("\n".join(lines), self._document)
        found = {}
        for desc in list(parsed.findall(addnodes.desc)):
            signature = desc[0]
            assert isinstance(signature, addnodes.desc_signature)
            for inner in list(desc.findall(nodes.paragraph)):
                if text := texts.get(inner.astext()):
                    inner.replace_self(prose(text))
            found[signature["method"].upper(), signature["path"]] = desc
        return found

    def _operation(
        self, operation: Operation, rendered: dict[tuple[str, str], addnodes.desc]
    ) -> nodes.Element:
        words = f"{operation.kind if operation.kind != 'path' else ''}-{operation.method}"
        anchor = self._anchor(f"{words}-{operation.path}")
        self._operations[id(operation)] = anchor
        desc = rendered.pop((operation.method, operation.path), None) if operation.plain else None
        if desc is None:
            desc = _described(operation)
        signature = _decorated(desc, operation, self._details(operation))
        signature["ids"] = [i for i in signature["ids"] if i not in self._taken]
        if signature["ids"]:
            self._taken.update(signature["ids"])
            self._document.set_id(signature)
        if operation.kind == "path":
            env = self._directive.env
            endpoints.get(env).note(
                env.docname,
                Endpoint(
                    self._name, operation.method, operation.path, anchor, operation.title,
                    operation.deprecated, operation.plain, bool(signature["ids"]),
                ),
            )  # fmt: skip
        return self._part(operation.title, "", [desc], anchor)

    def _details(self, operation: Operation) -> Iterator[nodes.Node]:
        about = paragraph(classes=["agentdocs-about"])
        if operation.kind != "path":
            about += [badge(operation.kind, "kind"), nodes.Text(" ")]
        if operation.deprecated:
            about += [badge("deprecated", "deprecated"), nodes.Text(" ")]
        if operation.identifier:
            about += nodes.literal(operation.identifier, operation.identifier)
        if len(operation.tags) > 1:
            about += nodes.Text(f" also under {', '.join(operation.tags[1:])}")
        if about.children:
            yield about
        if needs := self._draw.security(operation.security):
            yield paragraph("Security: ", *needs, classes=["agentdocs-notes"])
        if operation.servers:
            yield label("Server")
            yield bullets((self._draw.server(s) for s in operation.servers), "agentdocs-servers")
        yield from (paragraph(note, classes=["agentdocs-notes"]) for note in operation.notes)
        if operation.parameters:
            yield label("Parameters")
            yield from self._draw.fields(operation.parameters, "Parameter")
        if operation.body is not None:
            yield from self._draw.body(operation.body)
        if operation.curl:
            yield snippet(operation.curl, "bash", "curl")
        if operation.responses:
            yield label("Responses")
            yield from (self._draw.response(response) for response in operation.responses)
        for callback in operation.callbacks:
            desc = _described(callback)
            _decorated(desc, callback, self._details(callback))
            yield fold(f"Callback {callback.title}", desc)


def more_models(number: int) -> nodes.paragraph:
    """Return how many models are not shown."""
    noun = "model is" if number == 1 else "models are"
    return paragraph(f"{number:,} more {noun} not shown.", classes=["agentdocs-more"])


def _parsed(text: str, page: nodes.document) -> nodes.document:
    """Parse reST of our own into a document of its own, with the page's settings."""
    settings = Values(
        page.settings.__dict__ | {"file_insertion_enabled": False, "raw_enabled": False}
    )
    document = new_document(page["source"] or "<openapi>", settings)
    document.reporter = page.reporter
    Parser().parse(text, document)
    return document


def _described(operation: Operation) -> addnodes.desc:
    """Return the like of what httpdomain makes, for what it cannot make."""
    signature = addnodes.desc_signature("", "", ids=[], classes=["sig", "sig-object", "http"])
    verb = f"{operation.method or 'any'} "
    signature += addnodes.desc_name(verb, verb)
    signature += addnodes.desc_name(operation.path, operation.path)
    content = addnodes.desc_content("", *prose(operation.description))
    desc = addnodes.desc("", signature, content, domain="http", objtype="any")
    desc["noindex"] = desc["no-index"] = True
    return desc


def _decorated(
    desc: addnodes.desc, operation: Operation, details: Iterable[nodes.Node]
) -> addnodes.desc_signature:
    """Add what is to be seen of an operation; return the line with method and path."""
    signature, content = desc[0], desc[-1]
    assert isinstance(signature, addnodes.desc_signature)
    assert isinstance(content, addnodes.desc_content)
    verb = signature[0]
    assert isinstance(verb, addnodes.desc_name)
    verb["classes"] += _method_classes(operation.method)
    desc["classes"] += ["agentdocs-operation"]
    content += list(details)
    return signature


def _method_classes(method: str) -> list[str]:
    known = method.lower() if method.isascii() and method.isalpha() else "other"
    return ["agentdocs-method", f"agentdocs-method-{known}"]


def _method(operation: Operation) -> nodes.inline:
    text = operation.method or operation.kind
    return nodes.inline(text, text, classes=_method_classes(operation.method))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register directive, nodes and index."""
    endpoints.setup(app)
    app.add_directive("agent-openapi", AgentOpenapi)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

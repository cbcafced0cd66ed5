"""Doctree of a generated page → the same with the agent's own lines, links and snippets.

Runs right after parsing, before anything else looks at the document. On the way it takes from
the agent's text whatever could act: only http, https and mailto addresses stay links by
themselves; all others must stand in the page's manifest, where the core resolved them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from docutils import nodes
from pygments.lexers import find_lexer_class_by_name
from pygments.util import ClassNotFound
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform
from sphinx.util.osutil import relative_uri

from agentdocs.companions import IMAGES
from agentdocs.names import occurrences
from agentdocs.sphinx_ext import config, domain
from agentdocs.sphinx_ext.badges import agent_verdict
from agentdocs.sphinx_ext.directives import agent_page, agent_source

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_OUTSIDE = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_OURS = re.compile(r"(doc|line|download):(.*)", re.DOTALL)
_TASK = re.compile(r"\[([ xX])\]\s+")


class agent_image(nodes.General, nodes.Inline, nodes.Element):  # noqa: N801
    """A picture that an agent ships. No ``image``: Sphinx would look for it in ``docs``."""


class agent_rule(nodes.General, nodes.Element):  # noqa: N801
    """A thematic break. Docutils refuses its own at the end of a section; agents do not."""


@dataclass(slots=True)
class _Mark:
    """Where the text after an ``agent_source`` node is from."""

    path: str
    delta: int


class Provenance(SphinxTransform):
    """Gives what agents wrote its own file and lines, and resolves what it names."""

    default_priority = 5

    def apply(self, **kwargs: Any) -> None:
        """Walk the document once, in order."""
        if not self.docname.startswith(f"{self.config.agentdocs_output}/"):
            return
        self.document.settings.smart_quotes = False  # text is shown as it was written
        page = next(iter(self.document.findall(agent_page)), None)
        if page is None:
            self._ours_only()
            return
        manifest = page["manifest"]
        page.parent.remove(page)
        if "object" in manifest:
            self.domain.note(manifest["object"], manifest["name"], self.docname)
        if "agent" not in manifest:
            self._ours_only()
            return
        self.manifest = manifest
        self.links = {(path, target): to for path, target, to in manifest["links"]}
        self.snippets = {(path, line): rest for path, line, *rest in manifest["snippets"]}
        self.names = {name.lower(): to for name, to in manifest["mentions"].items()}
        self.folder = config.agents_folder(self.app)
        self._note_page()
        self._walk()

    @property
    def docname(self) -> str:
        """The document being read."""
        return self.env.current_document.docname

    @property
    def domain(self) -> domain.AgentDomain:
        """Where what the page defines is noted."""
        return domain.get(self.env)

    # --- what the page is ----------------------------------------------------------------------

    def _note_page(self) -> None:
        manifest, docname, agents = self.manifest, self.docname, self.domain
        keep = (
            "agent", "collection", "name", "page", "path", "title", "under", "card", "files",
            "pages",
        )  # fmt: skip
        agents.pages[docname] = {key: manifest[key] for key in keep if key in manifest}
        if manifest["page"] == "index":
            agents.note("agent", manifest["agent"], docname, "", manifest["name"])
            for path, source in manifest["sources"]:
                agents.note_source(path, docname, f"{self.config.agentdocs_output}/{source}")

    # --- the walk ------------------------------------------------------------------------------

    def _walk(self) -> None:
        mark: _Mark | None = None
        waiting: agent_source | None = None
        marks: list[nodes.Element] = []
        items: list[nodes.list_item] = []
        for node in list(self.document.findall()):
            if isinstance(node, agent_source):
                marks.append(node)
                mark = _Mark(node["path"], node["delta"]) if node.hasattr("path") else None
                waiting = node if node.get("id") else None
                continue
            if isinstance(node, nodes.section):
                if waiting is not None:
                    self._identify(node, waiting)
                    waiting = None
                elif mark is None and node["names"] and not isinstance(node.parent, nodes.document):
                    # Not those of what snippets make, which have no name: their ids are unique.
                    node["ids"] = [f"agentdocs-{node['ids'][0]}"]
            if mark is None:
                self._ours(node)
                continue
            if isinstance(node, nodes.Element):
                node.source = str(self.folder / mark.path)
                if node.line is not None:
                    node.line += mark.delta
            if isinstance(node, nodes.list_item):
                items.append(node)
            self._theirs(node, mark)
        for item in items:  # after their texts, which the walk may have split
            _task(item)
        for done in marks:
            done.parent.remove(done)

    def _identify(self, section: nodes.section, mark: agent_source) -> None:
        section["ids"] = [mark["id"]]
        title = section.next_node(nodes.title)
        text = title.astext() if title else mark["id"]
        self.domain.note("section", mark["name"], self.docname, mark["id"], text)

    def _ours_only(self) -> None:
        """Resolve the links of a page about the library."""
        for node in list(self.document.findall(nodes.reference)):
            self._ours(node)

    def _ours(self, node: nodes.Node) -> None:
        """Resolve a link that a template wrote."""
        if isinstance(node, nodes.reference) and (match := _OURS.match(node.get("refuri", ""))):
            target, _, anchor = match[2].partition("#")
            self._link(node, match[1], unquote(target), unquote(anchor))

    def _theirs(self, node: nodes.Node, mark: _Mark) -> None:
        """Treat a node that an agent wrote."""
        if isinstance(node, nodes.reference):
            self._their_link(node, mark)
        elif isinstance(node, nodes.image):
            self._their_image(node, mark)
        elif isinstance(node, nodes.literal):
            self._their_code_span(node, mark)
        elif isinstance(node, nodes.literal_block):
            self._their_snippet(node, mark)
        elif isinstance(node, nodes.rubric):  # a heading in a quote or a list
            node["ids"] = []
        elif isinstance(node, nodes.transition):
            node.replace_self(agent_rule(""))
        elif isinstance(node, nodes.Text):
            self._mention(node)

    # --- links ---------------------------------------------------------------------------------

    def _link(self, node: nodes.Element, kind: str, target: str, anchor: str) -> None:
        """Replace ``node`` by a reference that the domain resolves when all pages are known."""
        node.replace_self(self._reference(kind, target, anchor, node.children))

    def _reference(
        self, kind: str, target: str, anchor: str, children: list[nodes.Node]
    ) -> pending_xref:
        if kind == "doc":
            kind, target = "page", f"{self.config.agentdocs_output}/{target}"
        return domain.link(self.docname, kind, target, anchor, children)

    def _their_link(self, node: nodes.reference, mark: _Mark) -> None:
        target = node.get("refuri", "")
        if _OUTSIDE.match(target):
            node["classes"].append("external")
            return
        if to := self.links.get((mark.path, unquote(target))):
            self._link(node, *_place(to))
            return
        text = nodes.inline("", "", *node.children, classes=["agentdocs-missing"])
        node.replace_self(text)

    def _their_image(self, node: nodes.image, mark: _Mark) -> None:
        """Show a picture that the agent ships; name all others, and fetch none."""
        uri = unquote(node["uri"])
        alt = node.get("alt") or uri
        kind, path, anchor = _place(self.links.get((mark.path, uri), ""))
        if kind == "download" and path.lower().endswith(IMAGES):
            picture = agent_image("", uri=uri, alt=alt, path=path)
            node.replace_self(picture)
        elif kind:
            node.replace_self(self._reference(kind, path, anchor, [nodes.Text(alt)]))
        elif _OUTSIDE.match(uri):
            link = nodes.reference("", alt, refuri=node["uri"], classes=["external"])
            node.replace_self(link)
        else:
            node.replace_self(nodes.inline("", alt, classes=["agentdocs-missing"]))

    def _their_code_span(self, node: nodes.literal, mark: _Mark) -> None:
        if _inside(node, nodes.reference, pending_xref):
            return
        text = node.astext()
        to = self.links.get((mark.path, text))
        if to is None and text.lower() in self.names:
            to = f"doc:{self.names[text.lower()]}"
        if to:
            node.replace_self(self._reference(*_place(to), [node.deepcopy()]))

    def _mention(self, node: nodes.Text) -> None:
        """Link names of agents in running text."""
        if not self.names or _inside(
            node, nodes.reference, pending_xref, nodes.literal, nodes.literal_block, nodes.title
        ):
            return
        text, done = str(node), 0
        parts: list[nodes.Node] = []
        for match in occurrences(text):
            word = match[0]
            if to := self.names.get(word.lower()):
                parts += [nodes.Text(text[done : match.start()])] if match.start() > done else []
                parts.append(self._reference("doc", to, "", [nodes.Text(word)]))
                done = match.end()
        if done:
            parts += [nodes.Text(text[done:])] if text[done:] else []
            node.parent.replace(node, parts)

    # --- snippets ------------------------------------------------------------------------------

    def _their_snippet(self, node: nodes.literal_block, mark: _Mark) -> None:
        """Give a block its address, a language that Pygments knows, and a caption."""
        address, anchor, language, info, code = self.snippets.get(
            (mark.path, node.line), ("", "", "", "", "")
        )
        node["language"] = _lexer(language)
        node["force"] = True  # a snippet that does not lex is the verifier's to report
        if not address:
            return
        self.domain.note("snippet", address, self.docname, anchor)
        local = address.rpartition(":")[2]
        shown = domain.Shown(address, mark.path, local, code, anchor, language or "text")
        self.domain.snippets.setdefault(self.docname, []).append(shown)
        wrapper = nodes.container(
            "",
            literal_block=True,
            classes=["literal-block-wrapper", "agentdocs-snippet"],
            ids=[anchor],
        )
        caption = nodes.caption("", "")
        caption += nodes.inline("", info or "text", classes=["agentdocs-language"])
        caption += nodes.Text(" ")
        text = nodes.Text(f"line {node.line}")
        caption += self._reference("line", mark.path, f"L{node.line}", [text])
        caption += agent_verdict("", path=mark.path, address=local, digest=code)
        node.replace_self(wrapper)
        wrapper += [caption, node]


def _place(to: str) -> tuple[str, str, str]:
    """Return kind, target and anchor of an address in the manifest."""
    kind, _, target = to.partition(":")
    if kind != "doc":
        return kind, target, ""
    docname, _, anchor = target.partition("#")
    return kind, docname, anchor


def _inside(node: nodes.Node, *kinds: type[nodes.Element]) -> bool:
    parent = node.parent
    while parent is not None and not isinstance(parent, nodes.section):
        if isinstance(parent, kinds):
            return True
        parent = parent.parent
    return False


def _task(item: nodes.list_item) -> None:
    """Mark ``[ ]`` and ``[x]`` at the beginning of a list item."""
    paragraph = item.children[0] if item.children else None
    if not isinstance(paragraph, nodes.paragraph) or not paragraph.children:
        return
    first = paragraph.children[0]
    match = _TASK.match(first) if isinstance(first, nodes.Text) else None
    if match is None:
        return
    done = match[1] != " "
    item["classes"].append("agentdocs-done" if done else "agentdocs-todo")
    box = nodes.inline("", match[0].strip(), classes=["agentdocs-box"])
    paragraph.replace(first, [box, nodes.Text(" "), nodes.Text(str(first)[match.end() :])])


@cache
def _lexer(language: str) -> str:
    """Return a lexer's name for a language, ``text`` where Pygments has none."""
    try:
        # Not an instance, whose patterns would be compiled by each parallel reader.
        find_lexer_class_by_name(language or "text")
    except ClassNotFound:
        return "text"
    return language or "text"


def _visit_image(self: Any, node: agent_image) -> None:
    builder = self.builder
    there = domain.download_uri(builder.config.agentdocs_output, node["path"])
    uri = relative_uri(builder.get_target_uri(builder.current_docname), there)
    self.body.append(self.emptytag(node, "img", "", src=uri, alt=node["alt"], loading="lazy"))
    raise nodes.SkipNode


def _visit_image_as_text(self: Any, node: agent_image) -> None:
    self.add_text(f"[image: {node['alt']}]")
    raise nodes.SkipNode


def _visit_rule(self: Any, node: agent_rule) -> None:
    self.body.append(self.emptytag(node, "hr", "\n", CLASS="docutils"))
    raise nodes.SkipNode


def _skip(self: Any, node: nodes.Node) -> None:
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the transform."""
    app.add_node(
        agent_image,
        html=(_visit_image, None),
        text=(_visit_image_as_text, None),
        latex=(_skip, None),
        man=(_skip, None),
        texinfo=(_skip, None),
    )
    app.add_node(
        agent_rule,
        html=(_visit_rule, None),
        text=(_skip, None),
        latex=(_skip, None),
        man=(_skip, None),
        texinfo=(_skip, None),
    )
    app.add_transform(Provenance)

"""The domain ``agent``: what can be referred to, and where it is.

Identity is the path (``toolkit/backend-developer``), because names repeat. A name alone is
enough where only one agent has it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from docutils import nodes
from sphinx.addnodes import download_reference, pending_xref
from sphinx.domains import Domain, Index, IndexEntry, ObjType
from sphinx.roles import XRefRole
from sphinx.util.nodes import make_refnode
from sphinx.util.osutil import relative_uri

from agentdocs.catalog import HOME
from agentdocs.slugs import term_slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from typing import ClassVar

    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

FILES = f"{HOME}/files"
"""The folder, inside the generated one, that downloads are copied to."""
# A browser must not run what a stranger wrote: such files are offered as plain text.
_PLAIN = frozenset({
    "c", "cfg", "cpp", "csv", "gif", "go", "graphql", "gz", "h", "ini", "java", "jpeg", "jpg",
    "json", "jsonl", "log", "md", "pdf", "php", "png", "proto", "ps1", "py", "pyi", "rb", "rs",
    "rst", "sh", "bash", "sql", "toml", "tsv", "txt", "webp", "yaml", "yml", "zip",
})  # fmt: skip


def download_name(path: str) -> str:
    """Return the path of a download's copy; what a browser might run becomes ``.txt``."""
    plain = path
    while plain.endswith(".txt"):  # so that no two files get the same name
        plain = plain.removesuffix(".txt")
    name = plain.rpartition("/")[2]
    if "." not in name:
        return path if plain != path else f"{path}.plain.txt"
    return path if name.rpartition(".")[2].lower() in _PLAIN else f"{path}.txt"


def download_uri(output: str, path: str) -> str:
    """Return the address of a download, from the root of the site."""
    return f"{output}/{FILES}/{quote(download_name(path))}"


MOST = 300
"""Agents that stand on one page."""


class Shown(NamedTuple):
    """A snippet on a page."""

    name: str
    """In the domain: ``toolkit/backend-developer:usage#2``."""
    path: str
    """Its file, in the library."""
    address: str
    digest: str
    """Of the code that the page shows."""
    anchor: str
    language: str


class _AgentIndex(Index):
    """A page that lists the objects of one type."""

    objtype: ClassVar[str]

    def kind(self) -> str:
        """Return what is listed."""
        return self.objtype

    def generate(
        self, docnames: Iterable[str] | None = None
    ) -> tuple[list[tuple[str, list[IndexEntry]]], bool]:
        """Return entries by first letter."""
        letters: dict[str, list[IndexEntry]] = {}
        kind = self.kind()
        for (objtype, name), (docname, anchor, title) in sorted(
            self.domain.data["objects"].items()
        ):
            if objtype == kind and (docnames is None or docname in docnames):
                extra = name if name != title else kind if kind != self.objtype else ""
                entry = IndexEntry(title, 0, docname, anchor, extra, "", "")
                first = title[:1].upper()
                letters.setdefault(first if first.isalnum() else "Symbols", []).append(entry)
        return sorted(letters.items()), False


class AgentIndex(_AgentIndex):
    """All agents; of a large library, the collections, each of which lists its own."""

    name, localname, shortname, objtype = "agents", "Index of agents", "agents", "agent"

    def kind(self) -> str:
        """Return what is listed: such a page cannot be divided."""
        agents = sum(objtype == self.objtype for objtype, _ in self.domain.data["objects"])
        return self.objtype if agents <= MOST else "collection"


class ToolIndex(_AgentIndex):
    """All tools."""

    name, localname, shortname, objtype = "tools", "Index of tools", "tools", "tool"


class TagIndex(_AgentIndex):
    """All tags."""

    name, localname, shortname, objtype = "tags", "Index of tags", "tags", "tag"


class ModelIndex(_AgentIndex):
    """All models."""

    name, localname, shortname, objtype = "models", "Index of models", "models", "model"


class AgentDomain(Domain):
    """Agents, the roles they share, and what they use and contain."""

    name = "agent"
    label = "Agents"
    object_types: ClassVar = {
        kind: ObjType(kind, kind)
        for kind in ("agent", "role", "tool", "tag", "model", "collection", "snippet", "section")
    }
    roles: ClassVar = {kind: XRefRole(warn_dangling=True) for kind in object_types}
    indices: ClassVar = [AgentIndex, ToolIndex, TagIndex, ModelIndex]
    initial_data: ClassVar = {
        "objects": {},
        "pages": {},
        "sources": {},
        "defined": {},
        "nav": {},
        "collections": {},
        "snippets": {},
        "proofs": {},
        "proved": {},
        "indexes": {},
    }
    data_version = 3

    def __init__(self, env: BuildEnvironment) -> None:
        super().__init__(env)
        self.process = os.getpid()
        """The process that this is known in; a parallel reader is a fork of it."""

    dangling_warnings: ClassVar = {
        kind: f"there is no {kind} %(target)r in this library" for kind in object_types
    }

    @property
    def objects(self) -> dict[tuple[str, str], tuple[str, str, str]]:
        """``(type, name)`` → document, anchor and title."""
        return self.data["objects"]  # type: ignore[no-any-return]

    @property
    def pages(self) -> dict[str, dict[str, Any]]:
        """Document → the manifest of the agent's page that it is."""
        return self.data["pages"]  # type: ignore[no-any-return]

    @property
    def sources(self) -> dict[str, tuple[str, str]]:
        """Path of an agent's file → the overview that names it, and its verbatim page."""
        return self.data["sources"]  # type: ignore[no-any-return]

    @property
    def defined(self) -> dict[str, list[tuple[str, Any]]]:
        """Document → what it has put into ``objects`` and ``sources``: table and key."""
        return self.data["defined"]  # type: ignore[no-any-return]

    @property
    def snippets(self) -> dict[str, list[Shown]]:
        """Document → the snippets that it shows, in their order."""
        return self.data["snippets"]  # type: ignore[no-any-return]

    @property
    def proofs(self) -> dict[str, list[str]]:
        """Document → the agents whose proof it sums up; empty for all of the library."""
        return self.data["proofs"]  # type: ignore[no-any-return]

    @property
    def proved(self) -> dict[str, dict[str, str]]:
        """Builder → document → the digest of the verdicts that were last written into it."""
        return self.data["proved"]  # type: ignore[no-any-return]

    def note(self, kind: str, name: str, docname: str, anchor: str = "", title: str = "") -> None:
        """Make something known to references."""
        # One line each, because every line of objects.inv is an object.
        name = " ".join(name.split())
        self.objects[kind, name] = (docname, anchor, " ".join((title or name).split()))
        self.defined.setdefault(docname, []).append(("objects", (kind, name)))

    def note_source(self, path: str, docname: str, page: str) -> None:
        """Make an agent's file known: the overview that names it, and its verbatim page."""
        self.sources[path] = (docname, page)
        self.defined.setdefault(docname, []).append(("sources", path))

    def clear_doc(self, docname: str) -> None:
        """Forget what a document defined."""
        # Asked of every document before it is read: a search through all would take their square.
        for table, key in self.defined.pop(docname, ()):
            if key in self.data[table] and self.data[table][key][0] == docname:
                del self.data[table][key]
        for name in ("pages", "snippets", "proofs"):
            self.data[name].pop(docname, None)

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Take over what a parallel reader found."""
        for docname, keys in otherdata["defined"].items():
            if docname not in docnames:
                continue
            self.defined[docname] = keys
            for table, key in keys:
                value = otherdata[table].get(key)
                if value and value[0] == docname:
                    self.data[table][key] = value
        for table in ("pages", "snippets", "proofs"):
            for docname, value in otherdata[table].items():
                if docname in docnames:
                    self.data[table][docname] = value

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield what goes into ``objects.inv`` and the search index."""
        for (kind, name), (docname, anchor, title) in self.objects.items():
            yield name, title, kind, docname, anchor, 1 if kind == "agent" else -1

    def resolve_xref(  # type: ignore[override]
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: pending_xref,
        contnode: nodes.Element,
    ) -> nodes.Element | None:
        """Resolve a role, or a link of a generated page (``page``, ``line``, ``download``)."""
        if typ == "page":
            if target not in env.all_docs:
                return None
            return make_refnode(builder, fromdocname, target, node.get("anchor", ""), contnode)
        if typ in ("line", "download"):
            return self._resolve_file(builder, fromdocname, node, contnode)
        found = self._find(typ, target)
        if found is None:
            return None
        docname, anchor, title = found
        return make_refnode(builder, fromdocname, docname, anchor, contnode, title)

    def resolve_any_xref(  # type: ignore[override]
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: nodes.Element,
    ) -> list[tuple[str, nodes.Element]]:
        """Resolve ``{any}``."""
        found: list[tuple[str, nodes.Element]] = []
        for kind in self.object_types:
            if place := self._find(kind, target):
                ref = make_refnode(builder, fromdocname, place[0], place[1], contnode, place[2])
                found.append((f"agent:{kind}", ref))
        return found

    def _find(self, kind: str, target: str) -> tuple[str, str, str] | None:
        """Return the object of that name; for agents also by the end of the path, if one has it."""
        if exact := self.objects.get((kind, target)):
            return exact
        if kind in ("tool", "tag", "model", "role"):
            slug = term_slug(target)
            matches = [
                v for (k, name), v in self.objects.items() if k == kind and term_slug(name) == slug
            ]
        else:
            matches = [
                v for (k, n), v in self.objects.items() if k == kind and n.endswith(f"/{target}")
            ]
        return matches[0] if len(matches) == 1 else None

    def _resolve_file(
        self, builder: Builder, fromdocname: str, node: pending_xref, contnode: nodes.Element
    ) -> nodes.Element | None:
        """Link to a verbatim page or a download; they exist for HTML only."""
        path, anchor = node["reftarget"], node.get("anchor", "")
        if node["reftype"] == "line":
            uri = self.source_uri(builder, fromdocname, path, anchor)
        elif builder.format == "html":
            there = download_uri(self.env.config.agentdocs_output, path)
            uri = relative_uri(builder.get_target_uri(fromdocname), there)
        else:
            uri = ""
        if not uri:
            return contnode
        if node["reftype"] == "download":
            return download_reference("", "", contnode, refuri=uri)
        return nodes.reference("", "", contnode, internal=True, refuri=uri)

    def source_uri(self, builder: Builder, fromdocname: str, path: str, anchor: str) -> str:
        """Return the address of a file's verbatim page; empty where it has none."""
        if builder.format != "html" or path not in self.sources:
            return ""
        there = builder.get_target_uri(self.sources[path][1])
        uri = relative_uri(builder.get_target_uri(fromdocname), there)
        return f"{uri}#{anchor}" if anchor else uri


def link(
    refdoc: str, kind: str, target: str, anchor: str, children: Sequence[nodes.Node]
) -> pending_xref:
    """Return a reference that the domain resolves when all pages are known."""
    reference = pending_xref(
        "", refdomain="agent", reftype=kind, reftarget=target, refdoc=refdoc,
        anchor=anchor, refexplicit=True, refwarn=True,
    )  # fmt: skip
    inner = nodes.inline("", "")
    inner += children
    reference += inner
    return reference


def get(env: BuildEnvironment) -> AgentDomain:
    """Return the domain."""
    domain = env.get_domain("agent")
    assert isinstance(domain, AgentDomain)
    return domain


def _begin(app: Sphinx, docname: str, content: list[str]) -> None:
    """Let a parallel reader begin with nothing, before it reads its first document.

    It sends back all that it knows, once for every ten documents: what the others have found by
    then, too, which is the square of the pages, and which nobody takes over.
    """
    domain = get(app.env)
    if os.getpid() != domain.process:
        domain.process = os.getpid()
        for table in domain.data.values():
            if isinstance(table, dict):
                table.clear()


def setup(app: Sphinx) -> None:
    """Register the domain."""
    app.add_domain(AgentDomain)
    app.connect("source-read", _begin)

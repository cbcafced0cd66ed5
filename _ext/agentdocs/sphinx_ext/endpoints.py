"""What API references describe → an index of all endpoints, and targets of the domain ``http``.

Two agents may both describe ``GET /health``. The index and ``{api:endpoint}`` know both, by the
name of their reference; ``{http:get}`` leads to the first, in the order of documents' names. That
is decided when all pages are read, so it depends neither on their order nor on the number of
processes, and it never warns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sphinx.domains import Domain, Index, IndexEntry, ObjType
from sphinx.roles import XRefRole
from sphinx.util.nodes import make_refnode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet
    from typing import ClassVar

    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment


class Endpoint(NamedTuple):
    """A method on a path, and where it is described."""

    api: str
    """The reference's name: ``toolkit/backend-developer/api``."""
    method: str
    path: str
    anchor: str
    title: str
    deprecated: bool
    plain: bool
    """Whether the path can be referred to; any other is listed only."""
    target: bool
    """Whether its page has the anchor that the domain ``http`` would link to."""

    @property
    def name(self) -> str:
        """Return what ``{api:endpoint}`` calls it."""
        return f"{self.api}:{self.method} {self.path}"


class EndpointIndex(Index):
    """All endpoints, by the first part of their path."""

    name, localname, shortname = "endpoints", "Index of endpoints", "endpoints"

    def generate(
        self, docnames: Iterable[str] | None = None
    ) -> tuple[list[tuple[str, list[IndexEntry]]], bool]:
        """Return entries, each with the reference that it stands in."""
        found: dict[str, list[IndexEntry]] = {}
        rows = [
            (endpoint.path, endpoint.method, endpoint.api, docname, endpoint)
            for docname, endpoints in self.domain.data["endpoints"].items()
            for endpoint in endpoints
            if docnames is None or docname in docnames
        ]
        for path, method, api, docname, endpoint in sorted(rows):
            # Sphinx’s template shows a group’s name as markup, so only what is plain makes one.
            first = f"/{path.strip('/').partition('/')[0]}" if endpoint.plain else "Others"
            name = f"{method} {path}"
            about = endpoint.title if endpoint.title != name else ""
            entry = IndexEntry(
                name, 0, docname, endpoint.anchor, api.rpartition("/")[0] or api,
                "Deprecated" if endpoint.deprecated else "", about,
            )  # fmt: skip
            found.setdefault(first, []).append(entry)
        return sorted(found.items()), False


class ApiDomain(Domain):
    """The endpoints that references describe."""

    name = "api"
    label = "APIs"
    object_types: ClassVar = {"endpoint": ObjType("endpoint", "endpoint")}
    roles: ClassVar = {"endpoint": XRefRole(warn_dangling=True)}
    indices: ClassVar = [EndpointIndex]
    initial_data: ClassVar = {"endpoints": {}}
    data_version = 1
    dangling_warnings: ClassVar = {
        "endpoint": "there is no endpoint %(target)r in this library",
    }

    @property
    def endpoints(self) -> dict[str, list[Endpoint]]:
        """Document → what it describes, in its order."""
        return self.data["endpoints"]  # type: ignore[no-any-return]

    def note(self, docname: str, endpoint: Endpoint) -> None:
        """Make an endpoint known."""
        self.endpoints.setdefault(docname, []).append(endpoint)

    def clear_doc(self, docname: str) -> None:
        """Forget what a document described."""
        self.endpoints.pop(docname, None)

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Take over what a parallel reader found."""
        for docname, endpoints in otherdata["endpoints"].items():
            if docname in docnames:
                self.endpoints[docname] = endpoints

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield what goes into ``objects.inv``: only what keeps to the strict pattern."""
        for docname, endpoints in self.endpoints.items():
            for item in endpoints:
                if item.plain:
                    title = f"{item.method} {item.path}"
                    yield item.name, title, "endpoint", docname, item.anchor, -1

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
        """Resolve ``{api:endpoint}``, whose reference may be left out where that is clear."""
        exact, short = [], []
        for docname, endpoints in sorted(self.endpoints.items()):
            for item in endpoints:
                if item.plain and target == item.name:
                    exact.append((docname, item))
                if item.plain and target == f"{item.method} {item.path}":
                    short.append((docname, item))
        found = exact or (short if len(short) == 1 else [])
        if not found:
            return None
        docname, item = found[0]
        return make_refnode(builder, fromdocname, docname, item.anchor, contnode, item.title)

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
        found = self.resolve_xref(env, fromdocname, builder, "endpoint", target, node, contnode)
        return [("api:endpoint", found)] if found is not None else []


def get(env: BuildEnvironment) -> ApiDomain:
    """Return the domain."""
    domain = env.get_domain("api")
    assert isinstance(domain, ApiDomain)
    return domain


def _withdraw(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Take our targets back, so that no page that is read finds its own path taken."""
    routes = env.get_domain("http").data
    for docname, endpoints in get(env).endpoints.items():
        for item in endpoints:
            held = routes.get(item.method.lower(), {})
            if held.get(item.path, ("",))[0] == docname:
                del held[item.path]


def _offer(app: Sphinx, env: BuildEnvironment) -> None:
    """Give each path to the first document that describes it; hand-written ones go before."""
    routes = env.get_domain("http").data
    for docname, endpoints in sorted(get(env).endpoints.items()):
        for item in endpoints:
            if item.target and item.method.lower() in routes:
                entry = (docname, item.title, item.deprecated)
                routes[item.method.lower()].setdefault(item.path, entry)
    # httpdomain offers the label of its table from whichever process reads a page, and even
    # where the table is empty and thus never written.
    labels = env.get_domain("std").data
    labels["labels"].pop("routingtable", None)
    labels["anonlabels"].pop("routingtable", None)
    if any(routes[method] for method in env.get_domain("http").object_types):
        labels["labels"]["routingtable"] = (
            "http-routingtable",
            "",
            app.config.http_index_localname,
        )
        labels["anonlabels"]["routingtable"] = ("http-routingtable", "")


def setup(app: Sphinx) -> None:
    """Register the domain, and the one that it fills."""
    app.setup_extension("sphinxcontrib.httpdomain")
    app.add_domain(ApiDomain)
    app.connect("env-before-read-docs", _withdraw)
    app.connect("env-updated", _offer)

"""The catalog → pages about all of it: catalogue, lists, roles, snippets, graph and health."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentdocs import tools
from agentdocs.catalog import HOME, key_slug
from agentdocs.compare import COLUMNS, comparison
from agentdocs.model import Page
from agentdocs.problems import SEVERITIES
from agentdocs.render import filled, render

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agentdocs.catalog import Catalog, Entry
    from agentdocs.problems import Severity

CHUNK = 80
"""Rows of a list that stand on one page; longer lists go on on further pages."""

FACETS = {
    "tool": ("tools", "Tools", "What agents may use."),
    "tag": ("tags", "Tags", "What agents are about."),
    "model": ("models", "Models", "What agents run on."),
}
"""Index → folder, title and a sentence."""


def library_pages(catalog: Catalog) -> Iterator[Page]:
    """Yield every page that is not one agent's."""
    count = {
        severity: sum(p.severity == severity for p in catalog.problems) for severity in SEVERITIES
    }
    collections = catalog.by("collection")
    facets = {key: catalog.by(key) for key in FACETS}
    languages = _languages(catalog)
    common = {"home": HOME, "catalog": catalog}
    yield Page("index", filled(
        "catalogue.md.j2", **common, collections=collections, facets=facets, titles=FACETS,
        languages=languages, count=count, roles=catalog.peers(),
    ))  # fmt: skip
    # The home page of a site includes this; it is no page of its own.
    yield Page(f"{HOME}/summary", filled(
        "summary.md.j2", **common, collections=collections, count=count, languages=languages,
    ))  # fmt: skip
    for slug, (name, members) in collections.items():
        yield from _listing(
            catalog, f"{HOME}/collections/{slug}", name, "", members, "collection", name
        )
    for key, (folder, title, sentence) in FACETS.items():
        groups = facets[key]
        if groups:
            yield Page(f"{HOME}/{folder}/index", filled(
                "facet.md.j2", **common, title=title, sentence=sentence, groups=groups,
                folder=folder,
                permits=tools.permits if key == "tool" else None, labels=tools.PERMITS,
            ))  # fmt: skip
        for slug, (name, members) in groups.items():
            text = tools.PERMITS[tools.permits(name)] + "." if key == "tool" else ""
            yield from _listing(catalog, f"{HOME}/{folder}/{slug}", name, text, members, key, name)
    for role, members in catalog.peers().items():
        yield _role(role, members, common)
    yield from _gallery(catalog, languages)
    yield from _graph(catalog)
    yield from _health(catalog, count)


def _role(role: str, members: list[Entry], common: dict[str, Any]) -> Page:
    """Return the page that compares the agents of a role."""
    compared, others = members[:COLUMNS], members[COLUMNS:]

    def text() -> str:
        found = comparison(compared)
        return render(
            "role.md.j2", **common, role=role, members=compared, others=others, total=len(members),
            comparison=found, labels=found.labels, proved=[entry.id for entry in compared],
            only=[
                (label, one)
                for label, one in zip(found.labels, found.alone, strict=True)
                if one.places
            ],
        )  # fmt: skip

    return Page(f"{HOME}/roles/{role}", text)


def _parts(
    docname: str, rows: Sequence[Any]
) -> Iterator[tuple[str, Sequence[Any], dict[str, Any]]]:
    """Split a list into pages: yield each one's document, its rows and what its pager shows."""
    starts = range(0, max(1, len(rows)), CHUNK)
    # No slug has two hyphens, so a tag “python 2” does not take the place of a second page.
    others = [docname if start == 0 else f"{docname}--{start // CHUNK + 1}" for start in starts]
    for number, (start, other) in enumerate(zip(starts, others, strict=True), 1):
        yield other, rows[start : start + CHUNK], {"number": number, "others": others}


def _listing(
    catalog: Catalog,
    docname: str,
    title: str,
    sentence: str,
    members: list[Entry],
    kind: str,
    name: str,
) -> Iterator[Page]:
    for part, chunk, pager in _parts(docname, members):
        yield Page(part, filled(
            "listing.md.j2", home=HOME, catalog=catalog, title=title, sentence=sentence,
            members=chunk, count=len(members), kind=kind, name=name, **pager,
        ))  # fmt: skip


def _languages(catalog: Catalog) -> dict[str, list[tuple[Entry, str, Any, Any]]]:
    """Language → entry, path, snippet and place of each of its snippets; the most used first."""
    found: dict[str, list[tuple[Entry, str, Any, Any]]] = {}
    for entry in catalog.entries:
        for path, snippet, place in entry.snippets():
            name = snippet.language or "text"
            found.setdefault(name, []).append((entry, path, snippet, place))
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def _gallery(
    catalog: Catalog, languages: dict[str, list[tuple[Entry, str, Any, Any]]]
) -> Iterator[Page]:
    slugs: dict[str, str] = {}
    for name in languages:
        slug = key_slug("language", name)
        while slug in slugs.values():
            slug += "-x"
        slugs[name] = slug
    if not languages:
        return
    yield Page(f"{HOME}/snippets/index", filled(
        "gallery.md.j2", home=HOME, catalog=catalog, languages=languages, slugs=slugs,
    ))  # fmt: skip
    for name, rows in languages.items():
        docname = f"{HOME}/snippets/{slugs[name]}"
        for part, chunk, pager in _parts(docname, rows):
            yield Page(part, filled(
                "snippets.md.j2", home=HOME, catalog=catalog, name=name, rows=chunk,
                count=len(rows), **pager,
            ))  # fmt: skip


def _graph(catalog: Catalog) -> Iterator[Page]:
    """Yield the graph's nodes and edges, and the rows of the table beside it."""
    edges = []
    rows = []
    for entry in catalog.entries:
        mentioned = {relation.entry for relation in entry.mentions.values()} - {""}
        needed = {relation.entry for relation in entry.depends} - {""}
        edges += [(entry.id, target, "depends") for target in sorted(needed)]
        edges += [(entry.id, target, "mentions") for target in sorted(mentioned - needed)]
        if entry.depends or entry.mentions:
            rows.append((entry, entry.depends, entry.mentioned()))
    touched = {end for source, target, _ in edges for end in (source, target)}
    nodes = [
        {"id": entry.id, "name": entry.agent.name, "collection": entry.collection}
        for entry in catalog.entries
        if entry.id in touched
    ]
    for part, chunk, pager in _parts(f"{HOME}/graph", rows):
        yield Page(part, filled(
            "graph.md.j2", home=HOME, catalog=catalog, data={"nodes": nodes, "edges": edges},
            rows=chunk, **pager,
        ))  # fmt: skip


def _health(catalog: Catalog, count: dict[Severity, int]) -> Iterator[Page]:
    owners = {p: entry.id for entry in catalog.entries for p in entry.agent.files}
    ordered = sorted(catalog.problems, key=lambda p: (p.path, p.line))
    for part, chunk, pager in _parts(f"{HOME}/health", ordered):
        files: dict[str, list[Any]] = {}
        for problem in chunk:
            files.setdefault(problem.path, []).append(problem)
        yield Page(part, filled(
            "health.md.j2", home=HOME, catalog=catalog, files=files, owners=owners, count=count,
            **pager,
        ))  # fmt: skip

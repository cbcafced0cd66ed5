"""Catalog → pages: decides what each page shows; the templates decide how.

A page is Markdown text. It depends on nothing but the catalog, so the same library gives the
same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentdocs import slices, tools
from agentdocs.catalog import HOME, key_slug, texts
from agentdocs.compare import comparison
from agentdocs.fields import meaning
from agentdocs.placing import OVERVIEW
from agentdocs.problems import SEVERITIES
from agentdocs.render import cut, render

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agentdocs.catalog import AgentPage, Catalog, Entry, Resolved
    from agentdocs.model import Field, Tool
    from agentdocs.problems import Severity

CHUNK = 120
"""Rows of a list that stand on one page; longer lists go on on further pages."""

FACETS = {
    "tool": ("tools", "Tools", "What agents may use."),
    "tag": ("tags", "Tags", "What agents are about."),
    "model": ("models", "Models", "What agents run on."),
}
"""Index → folder, title and a sentence."""


@dataclass(frozen=True, slots=True)
class Page:
    """A document to be written, its name relative to the generated folder."""

    docname: str
    text: str


def pages(catalog: Catalog) -> Iterator[Page]:
    """Yield every page of the site, agents first."""
    peers = _peers(catalog)
    for entry in catalog.entries:
        for page in entry.pages:
            yield agent_page(catalog, entry, page, peers)
    yield from _library_pages(catalog)


def _peers(catalog: Catalog) -> dict[str, list[Entry]]:
    """Role → the agents that share it, where there are several."""
    roles = catalog.by("role").items()
    return {role: members for role, (_, members) in roles if len(members) > 1}


# --- one agent ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page: a slice of a file, or a pointer to a section on another page."""

    heading: slices.Slice | None = None
    text: slices.Slice | None = None
    path: str = ""
    anchor: str = ""
    name: str = ""
    """The section's name in the domain."""
    part_of: tuple[str, str] | None = None
    """Title and document of the section above, where that stands on another page."""
    pointer: tuple[str, str, str] | None = None
    """Title, document and page of a section that stands elsewhere."""


def agent_page(
    catalog: Catalog, entry: Entry, page: AgentPage, peers: dict[str, list[Entry]]
) -> Page:
    """Return one page of one agent."""
    context: dict[str, Any] = {
        "entry": entry,
        "agent": entry.agent,
        "page": page,
        "blocks": list(_blocks(entry, page)),
        "definitions": slices.definitions(dict(texts(entry.agent)), list(page.sections))[1],
        "manifest": _manifest(entry, page),
        "home": HOME,
    }
    if page.name == OVERVIEW:
        context |= _overview(catalog, entry, peers)
        return Page(entry.docname(), render("overview.md.j2", **context))
    if page.companion and not page.companion.outline:
        context["source"] = page.companion.raw.text if page.companion.raw else ""
        context["language"] = _language(page.companion.name)
        return Page(entry.docname(page.name), render("source.md.j2", **context))
    return Page(entry.docname(page.name), render("sections.md.j2", **context))


def _blocks(entry: Entry, page: AgentPage) -> Iterator[Block]:
    outlines = dict(texts(entry.agent))
    shadowed, _ = slices.definitions(outlines, list(page.sections))
    raws = {entry.agent.path: entry.agent.raw}
    raws |= {c.path: c.raw for c in entry.agent.companions if c.raw}
    pointers = _pointers(entry, page)
    for item in page.sections:
        key = (item.path, item.section.slug)
        location = entry.anchors[key]
        part_of = None
        if item.away_from:
            above = entry.anchors[item.path, item.away_from]
            part_of = (above.title, f"{above.docname}#{above.anchor}")
        text = slices.own_text(
            item, raws[item.path], outlines[item.path], shadowed.get(item.path, set())
        )
        name = f"{entry.id}:{item.section.slug}"
        if item.path != entry.agent.path:
            name = _address(entry, item.path, location.anchor or item.section.slug)
        head = slices.heading(item)
        if head or text:
            anchor = location.anchor if head else ""
            yield Block(head, text, item.path, anchor, name if head else "", part_of)
        yield from pointers.get(key, ())


def _pointers(entry: Entry, page: AgentPage) -> dict[tuple[str, str], list[Block]]:
    """Section on this page → pointers to its sub-sections that stand on other pages."""
    titles = {other.name: other.title for other in entry.pages}
    here = {(item.path, item.section.slug) for item in page.sections}
    found: dict[tuple[str, str], list[Block]] = {}
    for other in entry.pages:
        for item in other.sections:
            key = (item.path, item.away_from)
            if other.name != page.name and item.away_from and key in here:
                location = entry.anchors[item.path, item.section.slug]
                where = f"{location.docname}#{location.anchor}"
                pointer = (item.section.title, where, titles[other.name])
                found.setdefault(key, []).append(Block(pointer=pointer))
    return found


def _manifest(entry: Entry, page: AgentPage) -> dict[str, Any]:
    """Return what Sphinx needs to know of a page: data that its Markdown cannot carry."""
    agent = entry.agent
    paths = {item.path for item in page.sections}
    docname = entry.docname(page.name)
    source = page.companion.path if page.companion else agent.path
    manifest: dict[str, Any] = {
        "agent": entry.id,
        "collection": entry.collection,
        "name": agent.name,
        "page": page.name,
        "path": source,
        "title": page.title,
        "links": [
            [path, target, _target(resolved)]
            for (path, target), resolved in sorted(entry.links.items())
            if path in paths and not resolved.url
        ],
        "mentions": {
            name: relation.location.docname
            for name, relation in sorted(entry.mentions.items())
            if relation.location
        },
        "snippets": [
            [path, snippet.line, _address(entry, path, snippet.address), place.anchor,
             snippet.language, snippet.info]
            for path, snippet, place in entry.snippets()
            if place.docname == docname
        ],
    }  # fmt: skip
    if page.name == OVERVIEW:
        manifest["card"] = _card(entry)
        manifest["files"] = [agent.path, *(c.path for c in agent.companions)]
        manifest["sources"] = [list(source) for source in entry.sources()]
        manifest["pages"] = [[p.name, p.title] for p in entry.pages]
    return manifest


def _target(resolved: Resolved) -> str:
    if resolved.download:
        return f"download:{resolved.download}"
    assert resolved.location is not None
    anchor = f"#{resolved.location.anchor}" if resolved.location.anchor else ""
    return f"doc:{resolved.location.docname}{anchor}"


def _address(entry: Entry, path: str, address: str) -> str:
    if path == entry.agent.path:
        return f"{entry.id}:{address}"
    name = next(c.name for c in entry.agent.companions if c.path == path)
    return f"{entry.id}/{name}:{address}"


def _card(entry: Entry) -> dict[str, Any]:
    """Return what lists and the filter show of an agent."""
    agent = entry.agent
    return {
        "name": agent.name,
        "collection": entry.collection,
        "role": entry.role,
        "summary": cut(agent.summary or agent.description, 220),
        "tools": sorted({tool.name for tool in agent.tools if tool.allowed}),
        "tags": list(agent.tags),
        "model": agent.model,
        "words": " ".join([*agent.activation.keywords, *agent.activation.when])[:600],
    }


def _overview(catalog: Catalog, entry: Entry, peers: dict[str, list[Entry]]) -> dict[str, Any]:
    agent = entry.agent
    by_id = {other.id: other for other in catalog.entries}
    when = () if agent.described_in_body else agent.activation.when
    described = () if agent.described_in_body else (*when, *agent.activation.when_not)
    # Verdicts of a table in the body stand in its own section and are not said twice.
    own = {text for text in described if text in " ".join(agent.description.split())}
    return {
        "lead": "" if agent.described_in_body else agent.summary,
        "when": [text for text in when if text in own],
        "when_not": [text for text in agent.activation.when_not if text in own],
        "permits": _permits(entry),
        "names_no_tools": any(
            f.key in ("tools", "allowed-tools", "allowed_tools") for f in agent.fields
        ),
        "field_rows": [_field_row(field, agent.described_in_body) for field in agent.fields],
        "needed_by": [by_id[id] for id in entry.needed_by],
        "mentioned_by": [by_id[id] for id in entry.mentioned_by],
        "mentions": _distinct(entry),
        "peers": [other for other in peers.get(entry.role, ()) if other is not entry],
        "contents": _contents(entry),
        "problems": entry.problems,
        "others": [c for c in agent.companions if c.raw is None],
    }


def _distinct(entry: Entry) -> list[tuple[str, str]]:
    """Return name and document of each agent that is mentioned, once."""
    found: dict[str, str] = {}
    for relation in entry.mentions.values():
        if relation.location:
            found.setdefault(relation.location.docname, relation.name.lstrip("@"))
    return [(name, docname) for docname, name in found.items()]


def _permits(entry: Entry) -> list[tuple[str, list[Tool]]]:
    """Return the agent's tools by what they permit; those that are denied come last."""
    groups: dict[str, list[Tool]] = {}
    for tool in entry.agent.tools:
        title = tools.PERMITS[tools.permits(tool.name)] if tool.allowed else "Must not use"
        groups.setdefault(title, []).append(tool)
    order = [*tools.PERMITS.values(), "Must not use"]
    return sorted(groups.items(), key=lambda group: order.index(group[0]))


def _field_row(field: Field, in_body: bool) -> tuple[Field, str, str]:
    """Return a field, how its value is shown, and its meaning."""
    value = field.value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        shown = ", ".join(str(item) for item in value)
    elif isinstance(value, str) or value is None:
        shown = value or ""
    else:
        shown = field.raw.partition(":")[2]
    if field.key == "description":
        shown = cut(shown, 80)
    return field, cut(shown, 240), meaning(field.key)


def _contents(entry: Entry) -> list[tuple[str, str, list[tuple[int, str, str]]]]:
    """Return, for each page: title, document, and level, title and document of its sections."""
    found = []
    for page in entry.pages:
        rows = []
        for item in page.sections:
            if item.depth:
                place = entry.anchors[item.path, item.section.slug]
                title = item.section.title or "(untitled)"
                rows.append((item.depth - 2, title, f"{place.docname}#{place.anchor}"))
        found.append((page.title, entry.docname(page.name), rows))
    return found


def _language(name: str) -> str:
    from pygments.lexers import find_lexer_class_for_filename

    lexer = find_lexer_class_for_filename(name)
    return str(lexer.aliases[0]) if lexer and lexer.aliases else "text"


# --- the library -------------------------------------------------------------------------------


def _library_pages(catalog: Catalog) -> Iterator[Page]:
    count = {
        severity: sum(p.severity == severity for p in catalog.problems) for severity in SEVERITIES
    }
    collections = catalog.by("collection")
    facets = {key: catalog.by(key) for key in FACETS}
    languages = _languages(catalog)
    common = {"home": HOME, "catalog": catalog}
    yield Page("index", render(
        "catalogue.md.j2", **common, collections=collections, facets=facets, titles=FACETS,
        languages=languages, count=count, roles=_peers(catalog),
    ))  # fmt: skip
    # The home page of a site includes this; it is no page of its own.
    yield Page(f"{HOME}/summary", render(
        "summary.md.j2", **common, collections=collections, count=count, languages=languages,
    ))  # fmt: skip
    for slug, (name, members) in collections.items():
        yield from _listing(
            catalog, f"{HOME}/collections/{slug}", name, "", members, "collection", name
        )
    for key, (folder, title, sentence) in FACETS.items():
        groups = facets[key]
        if groups:
            yield Page(f"{HOME}/{folder}/index", render(
                "facet.md.j2", **common, title=title, sentence=sentence, groups=groups,
                folder=folder,
                permits=tools.permits if key == "tool" else None, labels=tools.PERMITS,
            ))  # fmt: skip
        for slug, (name, members) in groups.items():
            text = tools.PERMITS[tools.permits(name)] + "." if key == "tool" else ""
            yield from _listing(catalog, f"{HOME}/{folder}/{slug}", name, text, members, key, name)
    for role, members in _peers(catalog).items():
        yield Page(f"{HOME}/roles/{role}", render(
            "role.md.j2", **common, role=role, members=members, comparison=comparison(members),
        ))  # fmt: skip
    yield from _gallery(catalog, languages)
    yield from _graph(catalog)
    yield from _health(catalog, count)


def _chunks(rows: Sequence[Any]) -> Iterator[tuple[int, Sequence[Any]]]:
    for number, start in enumerate(range(0, max(1, len(rows)), CHUNK), 1):
        yield number, rows[start : start + CHUNK]


def _numbered(docname: str, number: int) -> str:
    return docname if number == 1 else f"{docname}-{number}"


def _listing(
    catalog: Catalog,
    docname: str,
    title: str,
    sentence: str,
    members: list[Entry],
    kind: str,
    name: str,
) -> Iterator[Page]:
    total = -(-len(members) // CHUNK)
    for number, chunk in _chunks(members):
        yield Page(_numbered(docname, number), render(
            "listing.md.j2", home=HOME, catalog=catalog, title=title, sentence=sentence,
            members=chunk, count=len(members), kind=kind, name=name, number=number, total=total,
            others=[_numbered(docname, n) for n in range(1, total + 1)],
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
        while slug in slugs.values() or slug == "index":
            slug += "-x"
        slugs[name] = slug
    if not languages:
        return
    yield Page(f"{HOME}/snippets/index", render(
        "gallery.md.j2", home=HOME, catalog=catalog, languages=languages, slugs=slugs,
    ))  # fmt: skip
    for name, rows in languages.items():
        docname = f"{HOME}/snippets/{slugs[name]}"
        total = -(-len(rows) // CHUNK)
        for number, chunk in _chunks(rows):
            yield Page(_numbered(docname, number), render(
                "snippets.md.j2", home=HOME, catalog=catalog, name=name, rows=chunk,
                count=len(rows), number=number, total=total,
                others=[_numbered(docname, n) for n in range(1, total + 1)],
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
            rows.append((entry, entry.depends, _distinct(entry)))
    touched = {end for source, target, _ in edges for end in (source, target)}
    nodes = [
        {"id": entry.id, "name": entry.agent.name, "collection": entry.collection}
        for entry in catalog.entries
        if entry.id in touched
    ]
    total = -(-len(rows) // CHUNK)
    for number, chunk in _chunks(rows):
        yield Page(_numbered(f"{HOME}/graph", number), render(
            "graph.md.j2", home=HOME, catalog=catalog, data={"nodes": nodes, "edges": edges},
            rows=chunk, number=number,
            others=[_numbered(f"{HOME}/graph", n) for n in range(1, total + 1)],
        ))  # fmt: skip


def _health(catalog: Catalog, count: dict[Severity, int]) -> Iterator[Page]:
    owners = {p: entry.id for entry in catalog.entries for p in _files(entry)}
    ordered = sorted(catalog.problems, key=lambda p: (p.path, p.line))
    total = -(-len(ordered) // CHUNK)
    docname = f"{HOME}/health"
    for number, chunk in _chunks(ordered):
        files: dict[str, list[Any]] = {}
        for problem in chunk:
            files.setdefault(problem.path, []).append(problem)
        yield Page(_numbered(docname, number), render(
            "health.md.j2", home=HOME, catalog=catalog, files=files, owners=owners, count=count,
            number=number, total=total,
            others=[_numbered(docname, n) for n in range(1, total + 1)],
        ))  # fmt: skip


def _files(entry: Entry) -> list[str]:
    return [entry.agent.path, *(companion.path for companion in entry.agent.companions)]

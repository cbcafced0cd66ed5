"""An entry → its pages: overview, reference, examples, schemas and one for each companion."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from agentdocs import options, slices, tools
from agentdocs.catalog import HOME, MADE
from agentdocs.facets import split_description
from agentdocs.fields import TOOLS, meaning
from agentdocs.model import Page
from agentdocs.placing import OVERVIEW, SCHEMAS
from agentdocs.problems import ProblemKind
from agentdocs.render import cut, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentdocs.catalog import AgentPage, Entry, Location, Resolved
    from agentdocs.catalog.types import Described
    from agentdocs.model import Field, Tool


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


def agent_pages(
    entry: Entry, by_id: dict[str, Entry], peers: dict[str, list[Entry]]
) -> Iterator[Page]:
    """Yield the pages of an agent.

    :param by_id: all entries of the library.
    :param peers: role → the entries that share it.
    """
    around = Around(
        tuple(by_id[id] for id in entry.needed_by),
        tuple(by_id[id] for id in entry.mentioned_by),
        tuple(other for other in peers.get(entry.role, ()) if other is not entry),
    )
    state = _state(entry, around)
    for page in entry.pages:
        name = entry.docname(page.name)
        yield Page(name, partial(_text, entry, page, around), state)


class Around(NamedTuple):
    """The other agents that an agent's overview names."""

    needed_by: tuple[Entry, ...]
    mentioned_by: tuple[Entry, ...]
    peers: tuple[Entry, ...]


def _state(entry: Entry, around: Around) -> str:
    """Return what changes when anything does that an agent's pages are made from.

    Everything else of an entry follows from its files, with the same code and settings.
    """
    agent = entry.agent
    seen = hashlib.sha256()
    for raw in (agent.raw, *(one.raw for one in agent.companions if one.raw)):
        seen.update(f"{raw.path}\0{raw.size}\0{raw.text}\0".encode("utf-8", "surrogatepass"))
    files = [(one.path, one.name, one.size) for one in agent.companions]
    made = [page.described for page in entry.pages]
    others = [[(e.id, e.collection, e.agent.name) for e in group] for group in around]
    named = [entry.links, entry.mentions, entry.depends, agent.packages]
    state = [entry.id, entry.collection, entry.role, files, made, named, entry.problems, others]
    seen.update(repr(state).encode("utf-8", "surrogatepass"))
    return seen.hexdigest()[:32]


def _text(entry: Entry, page: AgentPage, around: Around) -> str:
    """Return the text of one page of an agent."""
    shadowed, definitions = slices.definitions(dict(entry.agent.texts()), list(page.sections))
    context: dict[str, Any] = {
        "entry": entry,
        "agent": entry.agent,
        "page": page,
        "blocks": list(_blocks(entry, page, shadowed)),
        "definitions": definitions,
        "manifest": _manifest(entry, page),
        "home": HOME,
        "made": MADE,
    }
    places: Places = {}
    if page.under or page.name == SCHEMAS:
        places = {(path, s.address): place for path, s, place in entry.snippets()}
    context["descriptions"] = _descriptions(entry, page, places)
    context["further"] = _further(entry, places) if page.name == SCHEMAS else []
    context["title"] = _title(page, places)
    if page.name == OVERVIEW:
        context |= _overview(entry, around)
        return render("overview.md.j2", **context)
    if page.companion and not page.companion.outline:
        context["source"] = page.companion.raw.text if page.companion.raw else ""
        context["language"] = _language(page.companion.name)
        is_python = context["language"] == "python"
        context["script"] = options.script(context["source"]) if is_python else None
        return render("source.md.j2", **context)
    return render("sections.md.j2", **context)


_SECTIONS = {"openapi": "APIs", "json-schema": "Models", "tables": "Tables"}
"""Kinds of what snippets make → the headings that they stand below."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a snippet makes, as a page shows it."""

    directive: str
    title: str
    name: str
    """Unique in the library: what its anchors begin with."""
    data: str
    snippet: str
    """The place of the snippet that makes it."""
    download: str


Places = dict[tuple[str, str], "Location"]
"""File and address of a snippet → where it stands."""


def _descriptions(
    entry: Entry, page: AgentPage, places: Places
) -> list[tuple[str, list[Description]]]:
    """Return headings, and what stands below each."""
    found: dict[str, list[Description]] = {}
    for one in page.described:
        artefact = one.made.artefact
        place = places.get((one.made.path, one.made.address))
        described = Description(
            f"agent-{artefact.kind}",
            _name(one, places),
            f"{entry.id}/{one.name}",
            artefact.data,
            f"{place.docname}#{place.anchor}" if place else "",
            one.download,
        )
        found.setdefault(_SECTIONS[artefact.kind], []).append(described)
    return list(found.items())


def _name(one: Described, places: Places) -> str:
    """Return a name for people; an API that nobody named has that of its section."""
    artefact, place = one.made.artefact, places.get((one.made.path, one.made.address))
    if artefact.is_named or place is None or not place.title:
        return artefact.name
    return place.title


def _further(entry: Entry, places: Places) -> list[tuple[str, str, str]]:
    """Return title, document and content of the pages that the schemas page leads to."""
    return [
        (_title(page, places), entry.docname(page.name), _content(page))
        for page in entry.pages
        if page.under
    ]


def _title(page: AgentPage, places: Places) -> str:
    """Return a page's title; that of one about an API is the API's."""
    return _name(page.api, places) if page.api else page.title


def _content(page: AgentPage) -> str:
    """Return in a few words what a page describes."""
    if page.api:
        paths = page.api.made.artefact.value().get("paths")
        return ", ".join(list(paths)[:4]) if isinstance(paths, dict) else ""
    return ", ".join(one.made.artefact.name for one in page.described[:6])


def _blocks(entry: Entry, page: AgentPage, shadowed: dict[str, set[int]]) -> Iterator[Block]:
    outlines = dict(entry.agent.texts())
    raws = {entry.agent.path: entry.agent.raw}
    raws |= {c.path: c.raw for c in entry.agent.companions if c.raw}
    shown = {item.path for item in page.sections}
    lines = {path: slices.rows(raws[path], outlines[path]) for path in shown}
    pointers = _pointers(entry, page)
    for item in page.sections:
        key = (item.path, item.section.slug)
        location = entry.anchors[key]
        part_of = None
        if item.away_from:
            above = entry.anchors[item.path, item.away_from]
            part_of = (above.title, f"{above.docname}#{above.anchor}")
        text = slices.own_text(
            item, lines[item.path], outlines[item.path], shadowed.get(item.path, set())
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
        "under": page.under,
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
             snippet.language, snippet.info, snippet.digest]
            for path, snippet, place in entry.snippets()
            if place.docname == docname
        ],
    }  # fmt: skip
    if page.name == OVERVIEW:
        manifest["card"] = _card(entry)
        manifest["files"] = agent.files
        manifest["sources"] = [list(source) for source in entry.sources()]
        manifest["pages"] = [[p.name, p.title] for p in entry.pages if not p.under]
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


def _overview(entry: Entry, around: Around) -> dict[str, Any]:
    agent = entry.agent
    when = () if agent.described_in_body else agent.activation.when
    when_not = () if agent.described_in_body else agent.activation.when_not
    # Verdicts of a table in the body stand in its own section and are not said twice.
    _, *said = split_description(agent.description)
    own = {text for texts in said for text in texts}
    return {
        "lead": "" if agent.described_in_body else agent.summary,
        "when": [text for text in when if text in own],
        "when_not": [text for text in when_not if text in own],
        "permits": _permits(entry),
        "names_no_tools": any(f.key in TOOLS for f in agent.fields),
        "field_rows": [_field_row(field) for field in agent.fields],
        "needed_by": around.needed_by,
        "mentioned_by": around.mentioned_by,
        "mentions": entry.mentioned(),
        "peers": around.peers,
        "contents": _contents(entry),
        "fits": not {ProblemKind.FIELD_TYPE, ProblemKind.FIELD_VALUE}
        & {problem.kind for problem in entry.problems},
        "problems": entry.problems,
        "others": [c for c in agent.companions if c.raw is None],
    }


def _permits(entry: Entry) -> list[tuple[str, list[Tool]]]:
    """Return the agent's tools by what they permit; those that are denied come last."""
    groups: dict[str, list[Tool]] = {}
    for tool in entry.agent.tools:
        title = tools.PERMITS[tools.permits(tool.name)] if tool.allowed else "Must not use"
        groups.setdefault(title, []).append(tool)
    order = [*tools.PERMITS.values(), "Must not use"]
    return sorted(groups.items(), key=lambda group: order.index(group[0]))


def _field_row(field: Field) -> tuple[Field, str, str]:
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
        if page.under:
            continue
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

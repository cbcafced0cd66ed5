"""Agents → entries: an id, a role and the pages with the place of every section and snippet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from agentdocs import placing
from agentdocs.artefacts.model import together
from agentdocs.catalog.descriptions import described, divided
from agentdocs.catalog.types import HOME, AgentPage, Entry, Location
from agentdocs.paths import stem
from agentdocs.placing import OVERVIEW, PAGES, SCHEMAS, TITLES, Placed
from agentdocs.slugs import Taken, slugify, unique

if TYPE_CHECKING:
    from agentdocs.artefacts.model import Made
    from agentdocs.library import Library
    from agentdocs.model import Agent, Companion, Snippet
    from agentdocs.placing import Rule


def identify(library: Library, rules: tuple[Rule, ...]) -> list[Entry]:
    """Give every agent its id, its collection and its pages."""
    taken = Taken({HOME})
    collections: dict[str, str] = {}
    entries = []
    for agent in library.agents:
        folder = PurePosixPath(agent.path).parent
        if agent.is_skill:
            folder = folder.parent
        parts = folder.parts or (library.name,)
        collection = collections.get(str(folder), "")
        if not collection:
            collection = "/".join(slugify(part, "x") for part in parts)
            if collection.partition("/")[0] == HOME:
                collection = collection.replace(HOME, f"{HOME}-2", 1)
            collections[str(folder)] = collection
        place = stem(agent.path, agent.is_skill) or (library.name if agent.is_skill else "")
        id = unique(f"{collection}/{slugify(place, 'agent')}", taken)
        made = tuple(together(library.made.get(agent.path, ())))
        entries.append(_entry(agent, id, collection, rules, made))
    return entries


def _entry(
    agent: Agent, id: str, collection: str, rules: tuple[Rule, ...], made: tuple[Made, ...]
) -> Entry:
    placed = placing.place(agent.outline, agent.path, agent.title_section, rules)
    joined: dict[str, list[Placed]] = {page: [] for page in PAGES}
    for item in placed:
        joined.setdefault(item.page, []).append(item)
    own: list[AgentPage] = []
    taken = Taken({*PAGES, "source"})
    for companion in agent.companions:
        if companion.raw is None:
            continue
        name = PurePosixPath(companion.name).stem.lower()
        if companion.outline and name in PAGES[1:]:
            joined[name] += placing.together(companion.outline, companion.path, name, 2)
        else:
            own.append(_companion_page(companion, taken))
    pages = [
        AgentPage(name, TITLES.get(name, name.replace("-", " ").capitalize()), tuple(items))
        for name, items in joined.items()
        if name == OVERVIEW or _has_text(items) or (name == SCHEMAS and made)
    ]
    companions = {page.companion.path: page for page in own if page.companion}
    here, further = divided(described(id, made), companions, taken | {page.name for page in own})
    pages = [replace(p, described=here) if p.name == SCHEMAS else p for p in pages]
    own += further
    # A name without letters or digits is nobody else's.
    role = slugify(agent.name, "") or slugify(id.replace("/", "-"))
    anchors, snippets = _anchors(id, agent, (*pages, *own))
    return Entry(id, collection, role, agent, (*pages, *own), anchors, snippets)


def _has_text(items: list[Placed]) -> bool:
    return any(item.section.level or item.section.prose or item.section.languages for item in items)


def _companion_page(companion: Companion, taken: set[str]) -> AgentPage:
    path = PurePosixPath(companion.name).with_suffix("")
    parts = [slugify(part, "file") for part in path.parts if part not in (".", "..")]
    name = unique("/".join(parts) or "file", taken)
    title = companion.name
    sections: tuple[Placed, ...] = ()
    if companion.outline:
        sections = tuple(placing.together(companion.outline, companion.path, name, 2))
        tops = [item for item in sections if item.section.level == 1]
        before = sections[: sections.index(tops[0])] if tops else ()
        if len(tops) == 1 and not any(b.section.prose or b.section.languages for b in before):
            # Its only title is the page's title; everything below moves up.
            head = tops[0].section
            title = head.title or title
            pages = {item.section.slug: name for item in sections}
            outline = companion.outline
            sections = tuple(placing.rebase(outline.sections, companion.path, pages, head.slug))
    return AgentPage(name, title, sections, companion)


def _anchors(
    id: str, agent: Agent, pages: tuple[AgentPage, ...]
) -> tuple[dict[tuple[str, str], Location], dict[tuple[str, int], Location]]:
    anchors: dict[tuple[str, str], Location] = {}
    codes: dict[tuple[str, int], Location] = {}
    inside: dict[tuple[str, str], list[Snippet]] = {}
    for path, outline in agent.texts():
        for snippet in outline.snippets:
            inside.setdefault((path, snippet.section), []).append(snippet)
    for page in pages:
        taken = Taken()
        docname = f"{id}/{page.name}"
        for item in page.sections:
            section = item.section
            slug = unique(section.slug, taken) if item.depth else ""
            anchors[item.path, section.slug] = Location(docname, slug, section.title)
            for snippet in inside.get((item.path, section.slug), ()):
                anchor = unique(f"code-{slugify(snippet.address.replace('/', '-'))}", taken)
                codes[item.path, snippet.line] = Location(docname, anchor, section.title)
    return anchors, codes

"""Agents → :class:`Catalog`: identity, pages, links, backlinks and indexes.

Only here is it known that there is more than one agent. Nothing is read from disk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from agentdocs import placing
from agentdocs.markdown import slugify, term_slug, unique
from agentdocs.names import Names, mentions
from agentdocs.paths import resolve
from agentdocs.placing import PAGES, RULES, TITLES, Placed
from agentdocs.problems import Problem, ProblemKind, brief

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agentdocs.library import Library
    from agentdocs.model import Agent, Companion, Link, Outline, Snippet
    from agentdocs.placing import Rule

HOME = "library"
"""The folder of the pages about the whole library; no collection can have its name."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place on the site: a document, relative to the generated folder, and an anchor in it."""

    docname: str
    anchor: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class AgentPage:
    """One page of an agent, decided but not written."""

    name: str
    """The last part of its document's name."""
    title: str
    sections: tuple[Placed, ...] = ()
    companion: Companion | None = None
    """The file that the page is about, where it is a page of its own."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a link in a file leads to."""

    location: Location | None = None
    url: str = ""
    """For addresses outside, which are kept."""
    download: str = ""
    """The path in the library of a file that is offered as it is."""


@dataclass(frozen=True, slots=True)
class Relation:
    """An agent that another one names."""

    name: str
    """As written."""
    location: Location | None
    """None where it is not in the library."""
    entry: str = ""
    """The id of the one agent that is meant."""
    line: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """An agent with its place in the library."""

    id: str
    """``collection/agent``: also the name of its documents' folder."""
    collection: str
    role: str
    agent: Agent
    pages: tuple[AgentPage, ...]
    anchors: dict[tuple[str, str], Location]
    """``(path, section's slug)`` → where it stands."""
    snippet_anchors: dict[tuple[str, int], Location]
    """``(path, line)`` → where the snippet stands."""
    links: dict[tuple[str, str], Resolved] = field(default_factory=dict)
    """``(path, target as written)`` → what it leads to; absent where it leads nowhere."""
    mentions: dict[str, Relation] = field(default_factory=dict)
    """Name as written → the agent it means."""
    depends: tuple[Relation, ...] = ()
    needed_by: tuple[str, ...] = ()
    """Ids of agents that depend on this one."""
    mentioned_by: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def slug(self) -> str:
        """The last part of the id."""
        return self.id.rpartition("/")[2]

    def sources(self) -> list[tuple[str, str]]:
        """Return path and document of each file whose text is shown verbatim, line by line."""
        found = [(self.agent.path, self.docname("source"))]
        taken = {"source", *(page.name for page in self.pages)}
        for companion in self.agent.companions:
            if companion.outline:
                name = unique(f"source-{slugify(companion.name, 'file')}", taken)
                found.append((companion.path, self.docname(name)))
        return found

    def docname(self, page: str = "index") -> str:
        """Return a page's document, relative to the generated folder."""
        return f"{self.id}/{page}"

    def snippets(self) -> Iterator[tuple[str, Snippet, Location]]:
        """Yield path, snippet and location of every snippet of the definition and companions."""
        for path, outline in texts(self.agent):
            for snippet in outline.snippets:
                if location := self.snippet_anchors.get((path, snippet.line)):
                    yield path, snippet, location


@dataclass(frozen=True, slots=True)
class Catalog:
    """The whole library, ready to be shown."""

    name: str
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    """All Problems, in order of path and line."""

    def by(self, key: str) -> dict[str, tuple[str, list[Entry]]]:
        """Group the entries: slug → the name as first written, and its entries.

        :param key: ``collection``, ``role``, ``tool``, ``tag``, ``model`` or ``language``.
        """
        groups: dict[str, tuple[str, list[Entry]]] = {}
        for entry in self.entries:
            for name in dict.fromkeys(_keys(entry, key)):
                _, members = groups.setdefault(key_slug(key, name), (name, []))
                if entry not in members[-1:]:
                    members.append(entry)
        return dict(sorted(groups.items()))

    def entry(self, id: str) -> Entry:
        """Return the entry with an id."""
        return next(entry for entry in self.entries if entry.id == id)


def key_slug(key: str, name: str) -> str:
    """Return the last part of the document's name for a value of an index."""
    return name if key == "collection" else term_slug(name)


def texts(agent: Agent) -> Iterator[tuple[str, Outline]]:
    """Yield path and outline of the definition and of every Markdown companion."""
    yield agent.path, agent.outline
    for companion in agent.companions:
        if companion.outline:
            yield companion.path, companion.outline


def build(library: Library, rules: Iterable[Rule] = ()) -> Catalog:
    """Give every agent its identity, decide its pages and resolve what it names."""
    entries = _identify(library, (*rules, *RULES))
    names = Names(
        [(entry.id, entry.collection, entry.role, _spellings(entry)) for entry in entries]
    )
    files = _files(entries)
    entries = [_linked(entry, files, names) for entry in entries]
    entries = _backlinked(entries)
    problems = [*library.problems, *(p for entry in entries for p in entry.problems)]
    return Catalog(library.name, tuple(entries), tuple(sorted(set(problems))))


def _keys(entry: Entry, key: str) -> Iterator[str]:
    agent = entry.agent
    if key == "collection":
        yield entry.collection
    elif key == "role":
        yield entry.role
    elif key == "tool":
        yield from (tool.name for tool in agent.tools if tool.allowed)
    elif key == "tag":
        yield from agent.tags
    elif key == "model" and agent.model:
        yield agent.model
    elif key == "language":
        for _, outline in texts(agent):
            yield from (snippet.language or "text" for snippet in outline.snippets)


def _spellings(entry: Entry) -> set[str]:
    """Return the words that mean this agent in a text."""
    path = PurePosixPath(entry.agent.path)
    stem = path.parent.name if entry.agent.is_skill else path.name.split(".")[0]
    return {entry.agent.name.lower(), stem.lower(), entry.role} - {""}


def _identify(library: Library, rules: tuple[Rule, ...]) -> list[Entry]:
    taken: set[str] = {HOME}
    collections: dict[str, str] = {}
    entries = []
    for agent in library.agents:
        folder = PurePosixPath(agent.path).parent
        stem = PurePosixPath(agent.path).name.split(".")[0]
        if agent.is_skill:
            stem = folder.name or library.name
            folder = folder.parent
        parts = folder.parts or (library.name,)
        collection = collections.get(str(folder), "")
        if not collection:
            collection = "/".join(slugify(part, "x") for part in parts)
            if collection.partition("/")[0] == HOME:
                collection = collection.replace(HOME, f"{HOME}-2", 1)
            collections[str(folder)] = collection
        id = unique(f"{collection}/{slugify(stem, 'agent')}", taken)
        entries.append(_entry(agent, id, collection, rules))
    return entries


def _entry(agent: Agent, id: str, collection: str, rules: tuple[Rule, ...]) -> Entry:
    placed = placing.place(agent.outline, agent.path, agent.title_section, rules)
    joined: dict[str, list[Placed]] = {page: [] for page in PAGES}
    for item in placed:
        joined.setdefault(item.page, []).append(item)
    own: list[AgentPage] = []
    taken = {*PAGES, "source"}
    for companion in agent.companions:
        if companion.raw is None:
            continue
        stem = str(PurePosixPath(companion.name).with_suffix(""))
        name = PurePosixPath(stem).name.lower()
        if companion.outline and name in PAGES[1:]:
            joined[name] += placing.together(companion.outline, companion.path, name, 2)
        else:
            own.append(_companion_page(companion, stem, taken))
    pages = [
        AgentPage(name, TITLES.get(name, name.replace("-", " ").capitalize()), tuple(items))
        for name, items in joined.items()
        if name == "index" or _has_text(items)
    ]
    role = slugify(agent.name, "agent")
    anchors, snippets = _anchors(id, agent, (*pages, *own))
    return Entry(id, collection, role, agent, (*pages, *own), anchors, snippets)


def _has_text(items: list[Placed]) -> bool:
    return any(item.section.level or item.section.prose or item.section.languages for item in items)


def _companion_page(companion: Companion, stem: str, taken: set[str]) -> AgentPage:
    parts = [slugify(part, "file") for part in stem.split("/") if part not in ("", ".", "..")]
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
    outlines = dict(texts(agent))
    for page in pages:
        taken: set[str] = set()
        docname = f"{id}/{page.name}"
        for item in page.sections:
            section = item.section
            slug = unique(section.slug, taken) if item.depth else ""
            anchors[item.path, section.slug] = Location(docname, slug, section.title)
            for snippet in outlines[item.path].snippets:
                if section.line <= snippet.line < section.end:
                    anchor = unique(f"code-{slugify(snippet.address.replace('/', '-'))}", taken)
                    codes[item.path, snippet.line] = Location(docname, anchor, section.title)
    return anchors, codes


@dataclass(frozen=True, slots=True)
class _Files:
    """What stands at every path of the library."""

    locations: dict[str, Location]
    downloads: set[str]
    entries: dict[str, Entry]
    folders: set[str]


def _files(entries: list[Entry]) -> _Files:
    locations: dict[str, Location] = {}
    downloads: set[str] = set()
    owners: dict[str, Entry] = {}
    for entry in entries:
        locations[entry.agent.path] = Location(entry.docname(), "", entry.agent.name)
        owners[entry.agent.path] = entry
        if entry.agent.is_skill:
            folder = str(PurePosixPath(entry.agent.path).parent)
            locations.setdefault(folder, Location(entry.docname(), "", entry.agent.name))
        by_path = {page.companion.path: page for page in entry.pages if page.companion}
        for companion in entry.agent.companions:
            owners[companion.path] = entry
            page = by_path.get(companion.path)
            stem = PurePosixPath(companion.path).stem.lower()
            if page:
                locations[companion.path] = Location(entry.docname(page.name), "", page.title)
            elif companion.outline and any(p.name == stem for p in entry.pages):
                locations[companion.path] = Location(entry.docname(stem), "", TITLES[stem])
            downloads.add(companion.path)
    folders = {str(parent) for path in owners for parent in PurePosixPath(path).parents}
    return _Files(locations, downloads, owners, folders)


def _linked(entry: Entry, files: _Files, names: Names) -> Entry:
    links: dict[tuple[str, str], Resolved] = {}
    found: dict[str, Relation] = {}
    problems = list(entry.agent.problems)
    for path, outline in texts(entry.agent):
        for link in outline.links:
            resolved, problem = _resolve(entry, path, link, files)
            if resolved:
                links[path, link.target] = resolved
            if problem:
                problems.append(problem)
        for name, line in mentions(outline, names):
            if name in found or names.roles.get(name.lower().lstrip("@")) == entry.role:
                continue
            relation = _relation(name, line, entry, names)
            if relation.location:
                found[name] = relation
    depends, packages, more = _dependencies(entry, names)
    problems += more
    agent = replace(entry.agent, packages=packages)
    return replace(
        entry, agent=agent, links=links, mentions=found, depends=depends, problems=tuple(problems)
    )


def _resolve(
    entry: Entry, path: str, link: Link, files: _Files
) -> tuple[Resolved | None, Problem | None]:
    """Return what a link leads to, and what is wrong with it."""
    target = link.target
    if link.kind == "code":
        return _resolve_code(entry, path, link, files)
    scheme, colon, _ = target.partition(":")
    if target.startswith("//") or (colon and "/" not in scheme and "#" not in scheme):
        if scheme.lower() in ("http", "https", "mailto"):
            return Resolved(url=target), None
        text = f"The link “{brief(target)}” has a scheme that is not followed."
        return None, Problem(path, link.line, text, ProblemKind.UNSAFE_LINK)
    file, _, fragment = target.partition("#")
    file = file.partition("?")[0]
    if not file:
        location = _section(entry, path, fragment)
        if location:
            return Resolved(location), None
        text = f"No section of this file has the anchor “#{brief(fragment)}”."
        return None, Problem(path, link.line, text, ProblemKind.MISSING_LINK)
    there = resolve(path, file)
    if there is None:
        text = f"The link “{brief(target)}” leads out of the library."
        return None, Problem(path, link.line, text, ProblemKind.LINK_LEAVES_LIBRARY)
    if there in files.downloads and link.kind == "image":
        return Resolved(download=there), None
    if location := files.locations.get(there):
        owner = files.entries.get(there)
        if not fragment or not owner or not _has_sections(owner, there):
            return Resolved(location), None
        if inside := _section(owner, there, fragment):
            return Resolved(inside), None
        text = f"“{there}” has no section with the anchor “#{brief(fragment)}”."
        return Resolved(location), Problem(path, link.line, text, ProblemKind.MISSING_LINK)
    if there in files.downloads:
        return Resolved(download=there), None
    if there in files.folders:  # listed on the overview
        return Resolved(Location(entry.docname(), "", entry.agent.name)), None
    page = PurePosixPath(there)
    if page.suffix.lower() == ".md" and any(p.name == page.stem.lower() for p in entry.pages):
        name = page.stem.lower()
        return Resolved(Location(entry.docname(name), "", TITLES.get(name, name))), None
    text = f"The link “{brief(target)}” leads to a file that is not in the library."
    if page.stem.lower() in PAGES[1:]:
        text = f"The link “{brief(target)}” leads to a page that has nothing to show."
    return None, Problem(path, link.line, text, ProblemKind.MISSING_LINK)


def _section(entry: Entry | None, path: str, fragment: str) -> Location | None:
    if entry is None:
        return None
    anchors = [fragment.lower(), slugify(fragment)]
    if again := re.fullmatch(r"(.+)-(\d+)", anchors[1]):  # GitHub calls the second one “-1”
        anchors.append(f"{again[1]}-{int(again[2]) + 1}")
    found = (entry.anchors.get((path, anchor)) for anchor in anchors)
    return next((location for location in found if location), None)


def _has_sections(entry: Entry, path: str) -> bool:
    return any(path == file for file, _ in texts(entry.agent))


_SHIPPED = ("references", "scripts", "assets")


def _resolve_code(
    entry: Entry, path: str, link: Link, files: _Files
) -> tuple[Resolved | None, Problem | None]:
    """A code span that is a companion's path is a link to it."""
    target = link.target.strip()
    there = resolve(path, target)
    if there is None or there == path or "." not in target or " " in target:
        return None, None
    if files.entries.get(there) is not None:
        if location := files.locations.get(there):
            return Resolved(location), None
        return Resolved(download=there), None
    parts = PurePosixPath(target).parts
    named = len(parts) > 1 and parts[0] in _SHIPPED and not set(target) & set("*{}<>$")
    if entry.agent.is_skill and named:
        text = f"“{brief(target)}” is named here, but the agent does not ship it."
        return None, Problem(path, link.line, text, ProblemKind.MISSING_COMPANION)
    return None, None


def _relation(name: str, line: int, entry: Entry, names: Names) -> Relation:
    id, role = names.find(name, entry.collection)
    if id:
        return Relation(name, Location(f"{id}/index"), id, line)
    if role:
        return Relation(name, Location(f"{HOME}/roles/{role}"), "", line)
    return Relation(name, None, "", line)


def _dependencies(
    entry: Entry, names: Names
) -> tuple[tuple[Relation, ...], tuple[str, ...], list[Problem]]:
    """Split what an agent depends on into agents, missing agents and packages."""
    relations: list[Relation] = []
    packages: list[str] = []
    problems: list[Problem] = []
    found = [_relation(name, line, entry, names) for name, line in entry.agent.dependencies]
    knows_agents = any(relation.location for relation in found)
    for relation in found:
        if relation.location is None and not _means_agent(entry, relation, knows_agents):
            packages.append(relation.name)
            continue
        relations.append(relation)
        path = entry.agent.path
        if relation.location is None:
            text = f"The dependency “{brief(relation.name)}” is not an agent of this library."
            problems.append(Problem(path, relation.line, text, ProblemKind.MISSING_AGENT))
        elif not relation.entry:
            text = f"Several agents are called “{brief(relation.name)}”."
            problems.append(Problem(path, relation.line, text, ProblemKind.AMBIGUOUS_AGENT))
    return tuple(relations), tuple(packages), problems


_TRADES = ("er", "or", "ist", "ect", "yst", "agent", "pro", "expert", "lead", "reviewer")


def _means_agent(entry: Entry, relation: Relation, knows_agents: bool) -> bool:
    """Whether a name that is not in the library is an agent's rather than a package's.

    Skills list packages there; a hyphenated trade (``database-migrator``) is an agent.
    """
    above = [field.key for field in entry.agent.raw.fields if field.line <= relation.line]
    if above and above[-1] in ("agents", "skills"):
        return True
    if entry.agent.dialect == "skill":
        return False
    name = relation.name
    plain = name == slugify(name)
    return plain and (knows_agents or ("-" in name and name.endswith(_TRADES)))


def _backlinked(entries: list[Entry]) -> list[Entry]:
    needed: dict[str, list[str]] = {}
    mentioned: dict[str, list[str]] = {}
    for entry in entries:
        for relation in entry.depends:
            needed.setdefault(relation.entry, []).append(entry.id)
        for relation in entry.mentions.values():
            mentioned.setdefault(relation.entry, []).append(entry.id)
    return [
        replace(
            entry,
            needed_by=tuple(dict.fromkeys(needed.get(entry.id, ()))),
            mentioned_by=tuple(dict.fromkeys(mentioned.get(entry.id, ()))),
        )
        for entry in entries
    ]

"""Entries → the same with what they name: links, mentions, dependencies and the way back."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from agentdocs.catalog.types import HOME, Entry, Location, Relation, Resolved
from agentdocs.names import Names, mentions
from agentdocs.paths import resolve, stem
from agentdocs.placing import PAGES, TITLES
from agentdocs.problems import Problem, ProblemKind, brief
from agentdocs.slugs import slugify

if TYPE_CHECKING:
    from agentdocs.model import Link


def spellings(entry: Entry) -> set[str]:
    """Return the words that mean this agent in a text."""
    place = stem(entry.agent.path, entry.agent.is_skill)
    return {entry.agent.name.lower(), place.lower(), entry.role} - {""}


@dataclass(frozen=True, slots=True)
class Files:
    """What stands at every path of the library."""

    locations: dict[str, Location]
    downloads: set[str]
    entries: dict[str, Entry]
    folders: set[str]


def files_of(entries: list[Entry]) -> Files:
    """Note what stands at every path of the library."""
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
            name = PurePosixPath(companion.path).stem.lower()
            if page:
                locations[companion.path] = Location(entry.docname(page.name), "", page.title)
            elif companion.outline and any(p.name == name for p in entry.pages):
                locations[companion.path] = Location(entry.docname(name), "", TITLES[name])
            downloads.add(companion.path)
    folders = {str(parent) for path in owners for parent in PurePosixPath(path).parents}
    return Files(locations, downloads, owners, folders)


def linked(entry: Entry, files: Files, names: Names) -> Entry:
    """Resolve what an agent names, and report what is not there."""
    links: dict[tuple[str, str], Resolved] = {}
    found: dict[str, Relation] = {}
    problems = list(entry.agent.problems)
    for path, outline in entry.agent.texts():
        for link in outline.links:
            resolved, problem = _resolve(entry, path, link, files)
            if resolved:
                links[path, link.target] = resolved
            if problem:
                problems.append(problem)
        for name, line in mentions(outline, names):
            if name in found or names.role(name) == entry.role:
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
    entry: Entry, path: str, link: Link, files: Files
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
    return any(path == file for file, _ in entry.agent.texts())


_SHIPPED = ("references", "scripts", "assets")


def _resolve_code(
    entry: Entry, path: str, link: Link, files: Files
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
    done: set[str] = set()
    for relation in found:
        if relation.name in done or relation.entry == entry.id:
            continue
        done.add(relation.name)
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


def backlinked(entries: list[Entry]) -> list[Entry]:
    """Tell every agent who depends on it and who mentions it."""
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

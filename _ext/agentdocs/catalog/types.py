"""What a catalog is made of: frozen data, decided before any page is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentdocs.slugs import slugify, term_slug, unique

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentdocs.artefacts.model import Made
    from agentdocs.model import Agent, Companion, Snippet
    from agentdocs.placing import Placed
    from agentdocs.problems import Problem

HOME = "library"
"""The folder of the pages about the whole library; no collection can have its name."""

MADE = "_made"
"""The folder, among the downloads, of what snippets make."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place on the site: a document, relative to the generated folder, and an anchor in it."""

    docname: str
    anchor: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """What a snippet makes, with a name of its own among those of the agent."""

    made: Made
    name: str
    download: str
    """The path of its file among the downloads."""


@dataclass(frozen=True, slots=True)
class AgentPage:
    """One page of an agent, decided but not written."""

    name: str
    """The last part of its document's name."""
    title: str
    sections: tuple[Placed, ...] = ()
    companion: Companion | None = None
    """The file that the page is about, where it is a page of its own."""
    under: str = ""
    """The page that leads to it, where it is not among the agent's own."""
    described: tuple[Described, ...] = ()
    """What snippets make, as far as it stands on this page."""

    @property
    def api(self) -> Described | None:
        """The API that the page is about, where it is about one alone."""
        first = self.described[0] if self.under else None
        return first if first and first.made.artefact.kind == "openapi" else None


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

    def mentioned(self) -> list[tuple[str, str]]:
        """Return name and document of each agent that is mentioned, once."""
        found: dict[str, str] = {}
        for relation in self.mentions.values():
            if relation.location:
                found.setdefault(relation.location.docname, relation.name.lstrip("@"))
        return [(name, docname) for docname, name in found.items()]

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
        for path, outline in self.agent.texts():
            for snippet in outline.snippets:
                if location := self.snippet_anchors.get((path, snippet.line)):
                    yield path, snippet, location


@dataclass(frozen=True, slots=True, repr=False)
class Catalog:
    """The whole library, ready to be shown. (Without a repr: Sphinx logs what events carry.)"""

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

    def peers(self) -> dict[str, list[Entry]]:
        """Role → the agents that share it, where there are several."""
        roles = self.by("role").items()
        return {role: members for role, (_, members) in roles if len(members) > 1}


def key_slug(key: str, name: str) -> str:
    """Return the last part of the document's name for a value of an index."""
    return name if key == "collection" else term_slug(name)


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
        for _, outline in agent.texts():
            yield from (snippet.language or "text" for snippet in outline.snippets)

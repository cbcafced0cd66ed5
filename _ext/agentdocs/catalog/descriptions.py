"""What an agent's snippets make → the page on which each is described.

What the agent's own pages make stands on its schemas page, with one API at most. What a companion
with a page of its own makes has one of its own too, and so has each further API: they are long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdocs.catalog.types import MADE, AgentPage, Described
from agentdocs.placing import SCHEMAS
from agentdocs.slugs import slugify, unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from agentdocs.artefacts.model import Made

_SUFFIXES = {"openapi": "openapi", "json-schema": "schema", "tables": "tables"}


def described(id: str, made: Iterable[Made]) -> list[Described]:
    """Give each a name, and a path for its download."""
    taken: set[str] = set()
    found = []
    for one in made:
        name = unique(slugify(one.artefact.name, one.artefact.kind), taken)
        suffix = _SUFFIXES[one.artefact.kind]
        found.append(Described(one, name, f"{MADE}/{id}/{name}.{suffix}.json"))
    return found


def divided(
    every: list[Described], companions: Mapping[str, AgentPage], taken: set[str]
) -> tuple[tuple[Described, ...], list[AgentPage]]:
    """Return what stands on the schemas page, and the further pages.

    :param companions: the pages of companions that have one, by the companion's path.
    :param taken: the names of the agent's pages.
    """
    own: list[Described] = []
    further: list[AgentPage] = []
    by_file: dict[str, list[Described]] = {}
    for one in every:
        is_api = one.made.artefact.kind == "openapi"
        is_own = one.made.path not in companions
        if is_own and not (is_api and any(o.made.artefact.kind == "openapi" for o in own)):
            own.append(one)
        elif is_api:
            name = unique(f"apis/{one.name}", taken)
            title = one.made.artefact.name
            further.append(AgentPage(name, title, under=SCHEMAS, described=(one,)))
        else:
            by_file.setdefault(one.made.path, []).append(one)
    for path, many in by_file.items():
        page = companions[path]
        name = unique(f"{page.name}-schemas", taken)
        title = f"Schemas of {page.title}"
        further.append(AgentPage(name, title, under=SCHEMAS, described=tuple(many)))
    return tuple(own), further

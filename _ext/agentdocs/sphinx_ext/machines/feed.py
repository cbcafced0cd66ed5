"""What git remembers → the changes to agents that the feed names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from sphinx.util import logging

from agentdocs.outputs import xml
from agentdocs.sphinx_ext import config, domain
from agentdocs.sphinx_ext.machines import history, site

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)

FILE = "agents.atom.xml"
CHANGES = 50
"""Entries of the feed."""

_NAMED = 20
"""Agents that an entry of the feed names."""


class Found(NamedTuple):
    """What git remembers: of all that is shown, and of agents."""

    commits: list[history.Commit]
    changes: list[xml.Change]


# Not in the environment, which is pickled.
_FOUND: WeakKeyDictionary[Sphinx, Found] = WeakKeyDictionary()


def of(app: Sphinx) -> Found:
    """Return what git remembers; nothing where it was not asked."""
    return _FOUND.get(app, Found([], []))


def look(app: Sphinx, has_agents: bool) -> None:
    """Ask git once for this build, which knows all of its pages."""
    folders = [config.agents_folder(app)] if has_agents else []
    try:
        commits = history.commits([*folders, Path(app.srcdir)])
    except history.Unknown as reason:
        commits = []
        logger.info("agentdocs: no %s and no dates in the sitemap: %s", FILE, reason)
    _FOUND[app] = Found(commits, _changes(app, commits, folders[0]) if folders else [])


def _changes(app: Sphinx, commits: list[history.Commit], folder: Path) -> list[xml.Change]:
    """Return the newest changes that touch agents."""
    owners: dict[str, dict[str, Any]] = {}
    for docname, manifest in domain.get(app.env).pages.items():
        for path in manifest.get("files", ()):
            owners[os.path.realpath(folder / path)] = {**manifest, "docname": docname}
    root = os.path.realpath(folder)
    base = site.base(app)

    def page(docname: str) -> str:
        url = site.page_url(app, docname)
        return f"{base}{'' if url == './' else url}"

    changes: list[xml.Change] = []
    for commit in commits:
        touched, gone = _touched(commit, owners, root)
        if not touched and not gone:
            continue
        words = [str(one["agent"]) for one in touched] + [f"{one} (removed)" for one in gone]
        more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
        is_one = len(words) == 1 and touched
        docname = touched[0]["docname"] if is_one else f"{config.get(app).output}/index"
        changes.append(
            xml.Change(
                f"{base}{FILE}#{commit.id}", commit.subject or commit.id[:12], page(docname),
                commit.date, commit.author or "unknown", f"{', '.join(words[:_NAMED])}{more}",
            )
        )  # fmt: skip
        if len(changes) == CHANGES:
            break
    return changes


def _touched(
    commit: history.Commit, owners: dict[str, dict[str, Any]], root: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the agents that a commit changed, and the files of agents that are no more."""
    found: dict[str, dict[str, Any]] = {}
    gone = []
    for status, path in commit.files:
        if owner := owners.get(str(path)):
            found[owner["agent"]] = owner
        elif status == "D" and path.suffix == ".md" and path.is_relative_to(root):
            gone.append(path.relative_to(root).as_posix())
    return [found[agent] for agent in sorted(found)], sorted(gone)

"""``results.json`` → the verdict on each snippet that a page shows, and the pages that it changes.

A page is read without verdicts: it keeps placeholders that name a snippet's file, address and
code. They are filled in when the page is written, so new results read no page and write only
those that say something else than before. Nothing is ever run here.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sphinx.util import logging

from agentdocs.artefacts.model import Made
from agentdocs.sphinx_ext import config, domain
from agentdocs.verify import results
from agentdocs.verify.model import Report
from agentdocs.writer import refresh

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from agentdocs.model import Agent
    from agentdocs.sphinx_ext.domain import Shown
    from agentdocs.verify.model import Outcome

    Row = tuple[str, Shown, Outcome | None]
    """A document, a snippet that it shows, and the verdict on it."""

logger = logging.getLogger(__name__)

RESULTS, BADGE = "results.json", "badge.json"
"""What is published, at the root of the site."""

Key = tuple[str, str, str]
"""A file in the library, an address in it, and the digest of the code that stands there."""


@dataclass(frozen=True)
class Proof:
    """The verdicts that are known in a build."""

    report: Report = field(default_factory=lambda: Report(()))
    by_code: dict[Key, Outcome] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything is known at all of the library that is shown."""
        return bool(self.by_code or self.report.problems)

    def on(self, path: str, address: str, digest: str) -> Outcome | None:
        """Return the verdict on this code at this place; of other code there, it says nothing."""
        return self.by_code.get((path, address, digest))


# Not in the environment, which is pickled: results are only worth what the file says now.
_KNOWN: WeakKeyDictionary[Sphinx, Proof] = WeakKeyDictionary()


def get(app: Sphinx) -> Proof:
    """Return the verdicts of this build. They are loaded before Sphinx forks to write."""
    if app not in _KNOWN:
        _KNOWN[app] = _load(app)
    return _KNOWN[app]


def _load(app: Sphinx) -> Proof:
    """Return the verdicts on the library that is shown; those on another one are none of ours."""
    library = config.agents_folder(app)
    return next(filter(None, (_read(path, library) for path in config.results_files(app))), Proof())


def _read(path: Path, library: Path) -> Proof:
    report = results.load(path)
    if report is None:
        if path.exists():
            logger.warning(
                "%s cannot be read as results of `agentdocs verify`; its verdicts are not shown.",
                path, type="agentdocs", subtype="results",
            )  # fmt: skip
        return Proof()
    prefix = prefix_of(results.root_of(path), library)
    by_code = {
        (place, one.address, one.digest): one
        for one in report.outcomes
        if (place := place_in(one.path, prefix))
    }
    ours = by_code or any(place_in(one.path, prefix) for one in report.problems)
    return Proof(report, by_code) if ours else Proof()


def prefix_of(root: Path, library: Path) -> str:
    """Return how the paths of the library's files begin where they count from ``root``."""
    try:
        prefix = os.path.relpath(os.path.realpath(library), os.path.realpath(root))
    except ValueError:  # on another drive, or no path at all
        return "\0"
    return "" if prefix == os.curdir else Path(prefix).as_posix() + "/"


def place_in(path: str, prefix: str) -> str:
    """Return such a path as one of the library; empty where it is not in it."""
    found = posixpath.normpath(path)
    inside = found.startswith(prefix) and not found.startswith(f"{prefix}../")
    return found.removeprefix(prefix) if inside else ""


def made(app: Sphinx, agents: Iterable[Agent]) -> dict[str, list[Made]]:
    """Return what the snippets of each agent make, of agents that were verified here."""
    _KNOWN.pop(app, None)  # of the build before
    known = get(app)
    found: dict[str, list[Made]] = {}
    for agent in agents:
        every = [
            (path, one)
            for path, text in agent.texts()
            for snippet in text.snippets
            if (one := known.on(path, snippet.address, snippet.digest))
        ]
        if every:
            found[agent.path] = [
                Made(path, one.address, artefact)
                for path, one in every
                for artefact in one.artefacts
            ]
    return found


# --- what is shown where -----------------------------------------------------------------------


def rows(app: Sphinx, env: BuildEnvironment, agent: str = "") -> list[Row]:
    """Return the snippets of an agent, or of all of them, with their verdicts."""
    agents, known = domain.get(env), get(app)
    return [
        (docname, shown, known.on(shown.path, shown.address, shown.digest))
        for docname in (_documents(app, agents, agent) if agent else sorted(agents.snippets))
        for shown in agents.snippets.get(docname, ())
    ]


def _documents(app: Sphinx, agents: domain.AgentDomain, agent: str) -> Iterator[str]:
    folder = f"{config.get(app).output}/{agent}"
    for name, _ in agents.pages.get(f"{folder}/index", {}).get("pages", ()):
        yield f"{folder}/{name}"


def changed(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the documents to be written because what they say of proof has changed.

    What a builder writes for the first time counts as changed: it is written anyway, and only
    with something changed does Sphinx keep what is remembered here.
    """
    agents = domain.get(env)
    known = agents.proved.get(app.builder.name, {})
    found = {
        docname: digest_of(_said(app, env, docname))
        for docname in agents.snippets.keys() | agents.proofs.keys()
    }
    agents.proved[app.builder.name] = found
    return [docname for docname, digest in found.items() if known.get(docname) != digest]


def _said(app: Sphinx, env: BuildEnvironment, docname: str) -> Iterator[object]:
    """Yield all that a document says of proof."""
    agents, known = domain.get(env), get(app)
    for shown in agents.snippets.get(docname, ()):
        yield known.on(shown.path, shown.address, shown.digest)
    for agent in agents.proofs.get(docname, ()):
        yield rows(app, env, agent)
        if not agent:
            yield bool(known), known.report.problems


def digest_of(said: Iterator[object]) -> str:
    """Return what changes when anything that a document says does."""
    state = hashlib.sha256()
    for one in said:
        state.update(repr(one).encode())
    return state.hexdigest()[:16]


# --- what is published -------------------------------------------------------------------------


def publishes(app: Sphinx) -> bool:
    """Whether the results are published: on sites, and there is something to publish."""
    return is_site(app) and bool(get(app))


def is_site(app: Sphinx) -> bool:
    """Whether pages for a browser are written; books get words alone."""
    return app.builder.format == "html" and app.builder.name != "epub"


def publish(app: Sphinx, exception: Exception | None) -> None:
    """Write the results and a badge's data beside the site's pages, or remove them."""
    if exception or not is_site(app):
        return
    target, badge = Path(app.outdir) / RESULTS, Path(app.outdir) / BADGE
    if publishes(app):
        report = get(app).report
        refresh(target, _published(report))
        refresh(badge, json.dumps(results.shield(report)).encode())
    elif results.load(target) is not None:  # else it is somebody else's, and so is the badge
        target.unlink()
        badge.unlink(missing_ok=True)


def _published(report: Report) -> bytes:
    """Return the bytes of a results file; that of the project may have journals beside it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / RESULTS
        results.save(path, report)
        return path.read_bytes()


def setup(app: Sphinx) -> None:
    """Register the handlers."""
    app.connect("env-updated", changed)
    app.connect("build-finished", publish)

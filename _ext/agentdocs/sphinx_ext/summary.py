"""What is said when a build is done: one screen, with the path to open."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util import logging
from sphinx.util.console import bold  # type: ignore[attr-defined]

from agentdocs.problems import SEVERITIES

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from agentdocs.catalog import Catalog

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Remember the catalog, and print the summary."""
    seen: list[Catalog] = []
    app.connect("agentdocs-catalog", lambda _, catalog: seen.append(catalog))

    def finished(app: Sphinx, exception: Exception | None) -> None:
        if seen and not exception:
            logger.info("\n%s", report(app, seen[-1]))

    # After the other handlers, so that it is the last thing that is read.
    app.connect("build-finished", finished, priority=900)


def report(app: Sphinx, catalog: Catalog) -> str:
    """Return the summary."""
    collections = len(catalog.by("collection"))
    snippets = sum(1 for entry in catalog.entries for _ in entry.snippets())
    pages = sum(len(entry.pages) for entry in catalog.entries)
    problems = Counter(problem.severity for problem in catalog.problems)
    found = ", ".join(f"{problems[s]} {_plural(s, problems[s])}" for s in SEVERITIES if problems[s])
    rows = [
        (
            "Agents",
            f"{len(catalog.entries)} in {collections} collection{'s' if collections != 1 else ''}",
        ),
        ("Pages", f"{pages} of agents, {len(app.env.found_docs) - pages} others"),
        ("Snippets", str(snippets)),
        ("Problems", found or "none"),
    ]
    index = Path(app.outdir) / "index.html"
    if index.exists():
        rows.append(("Open", str(index)))
    return "\n".join(f"{bold(f'{title:>10}')}  {text}" for title, text in rows)


def _plural(severity: str, count: int) -> str:
    name = {"info": "remark"}.get(severity, severity)
    return name if count == 1 else f"{name}s"

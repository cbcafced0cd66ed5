"""What is said when a build is done: one screen, with the path to open."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util import logging
from sphinx.util.console import bold  # type: ignore[attr-defined]

from agentdocs.problems import SEVERITIES
from agentdocs.sphinx_ext import generate

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from agentdocs.sphinx_ext.generate import Told

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Register the handler."""
    # After the other handlers, so that it is the last thing that is read.
    app.connect("build-finished", finished, priority=900)


def finished(app: Sphinx, exception: Exception | None) -> None:
    """Print the summary."""
    told = generate.told(app)
    if told and not exception:
        logger.info("\n%s", report(app, told))


def report(app: Sphinx, told: Told) -> str:
    """Return the summary."""
    problems = Counter(problem.severity for problem in told.problems)
    found = ", ".join(f"{problems[s]} {_plural(s, problems[s])}" for s in SEVERITIES if problems[s])
    rows = [
        (
            "Agents",
            f"{told.agents} in {told.collections} collection{'s' if told.collections != 1 else ''}",
        ),
        ("Pages", f"{told.pages} of agents, {len(app.env.found_docs) - told.pages} others"),
        ("Snippets", str(told.snippets)),
        ("Problems", found or "none"),
    ]
    index = Path(app.outdir) / "index.html"
    if index.exists():
        rows.append(("Open", str(index)))
    return "\n".join(f"{bold(f'{title:>10}')}  {text}" for title, text in rows)


def _plural(severity: str, count: int) -> str:
    name = {"info": "remark"}.get(severity, severity)
    return name if count == 1 else f"{name}s"

"""Which indexes there are → the pages that link to them, and none for an index that is gone.

Many themes name every index on every page. An index has a page only as long as there is something
in it, so the first model or the last endpoint of a library changes all pages of such a site, of
which Sphinx writes those that were read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentdocs.sphinx_ext import domain, proof

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

OURS = ("agent", "api", "http")
"""The domains whose indexes come and go with the library."""


def names(env: BuildEnvironment) -> dict[str, bool]:
    """Return each index as its page is called, and whether there is anything in it."""
    return {
        f"{one.name}-{index.name}": bool(index(one).generate()[0])
        for one in env.domains.sorted()
        if one.name in OURS
        for index in one.indices
    }


def changed(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Have all pages written when an index comes or goes."""
    if not proof.is_site(app):
        return []
    known = domain.get(env).data["indexes"]
    now = names(env)
    before, known[app.builder.name] = known.get(app.builder.name), now
    return [] if before == now else sorted(env.found_docs)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Remove the pages of indexes in which there is nothing any more."""
    if exception or not proof.is_site(app):
        return
    builder: Any = app.builder
    written = {row[0] for row in builder.domain_indices}
    for name in names(app.env).keys() - written - app.env.found_docs:
        Path(builder.get_outfilename(name)).unlink(missing_ok=True)


def setup(app: Sphinx) -> None:
    """Register the handlers."""
    app.connect("env-updated", changed)
    app.connect("build-finished", finish)

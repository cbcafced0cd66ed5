"""Agent files → pages in the source folder, before Sphinx looks for documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.display import status_iterator

from agentdocs.catalog import build
from agentdocs.library import read_library
from agentdocs.pages import pages
from agentdocs.sphinx_ext import config
from agentdocs.writer import NotOursError, write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx

    from agentdocs.catalog import Catalog

logger = logging.getLogger(__name__)


def generate(app: Sphinx) -> None:
    """Read the library, write its pages and report its Problems."""
    values = config.get(app)
    folder = config.agents_folder(app)

    def progress(paths: Iterable[str], count: int) -> Iterable[str]:
        return status_iterator(
            paths, "reading agents... ", "purple", count, app.verbosity, lambda path: path
        )

    try:
        library = read_library(folder, values.max_bytes, progress)
    except NotADirectoryError:
        message = f"agentdocs_agents: there is no folder {folder}"
        raise ExtensionError(message) from None
    catalog = build(library, [(page, pattern) for page, pattern in values.placing])
    out = Path(app.srcdir) / values.output
    try:
        written = write(pages(catalog), out)
    except NotOursError as error:
        message = (
            f"{error} was not written by agentdocs and is not overwritten. "
            "Move it, or choose another folder with agentdocs_output."
        )
        raise ExtensionError(message) from None
    logger.info(
        "agentdocs: %d agents, %d pages written, %d unchanged, %d removed",
        len(catalog.entries), len(written.written), written.kept, len(written.removed),
    )  # fmt: skip
    _report(catalog, folder)
    app.emit("agentdocs-catalog", catalog)


def _report(catalog: Catalog, folder: Path) -> None:
    """Turn errors and warnings into Sphinx's warnings; remarks stand on the health page only."""
    for problem in catalog.problems:
        if problem.severity == "info":
            continue
        logger.warning(
            "%s%s",
            problem.text,
            f" {problem.hint}" if problem.hint else "",
            location=f"{folder / problem.path}:{problem.line}",
            type="agentdocs",
            subtype=problem.kind.value,
        )


def setup(app: Sphinx) -> None:
    """Generate as soon as the builder is known."""
    app.add_event("agentdocs-catalog")
    app.connect("builder-inited", generate)

"""What the site offers to machines: Markdown, lists, a feed, and what the head of a page says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    """Register the handlers and the script of the copy buttons."""
    from agentdocs.sphinx_ext.machines import head, publish

    publish.setup(app)  # files, when the pages are written
    head.setup(app)  # what each page says of itself, and its buttons

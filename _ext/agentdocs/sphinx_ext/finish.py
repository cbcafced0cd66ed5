"""Pages of HTML, as a theme renders them → as they are written.

Sphinx asks its templates for a page and writes what it gets; this stands in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentdocs.sphinx_ext import config, engines
from agentdocs.sphinx_ext.engines import listed
from agentdocs.sphinx_ext.landmarks import named
from agentdocs.sphinx_ext.lean import lean
from agentdocs.sphinx_ext.policy import guarded

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class _Finisher:
    """A template bridge, as a builder has it, whose whole pages are finished."""

    def __init__(self, templates: Any, app: Sphinx) -> None:
        self._templates, self._app = templates, app

    def render(self, template: str, context: dict[str, Any]) -> str:
        """Render a page."""
        page: str = self._templates.render(template, context)
        if "pagename" not in context:
            return page  # a part of one
        values = config.get(self._app)
        ours = str(context["pagename"]).startswith(f"{values.output}/")
        if ours or values.policy == "all":
            page = lean(named(listed(page, str(context["pagename"]))))
        if values.policy == "all" or (values.policy == "agents" and ours):
            page = guarded(page, str(context.get("body", "")))
        return page

    def __getattr__(self, name: str) -> Any:
        return getattr(self._templates, name)


def install(app: Sphinx) -> None:
    """Stand between the builder and its templates."""
    if app.builder.format == "html" and app.builder.name != "epub":
        app.builder.templates = _Finisher(app.builder.templates, app)


def setup(app: Sphinx) -> None:
    """Register the handlers."""
    engines.setup(app)
    app.connect("builder-inited", install)

"""Pages of HTML, as a theme renders them → as they are written.

Sphinx asks its templates for a page and writes what it gets; this stands in between.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentdocs.sphinx_ext import config, engines
from agentdocs.sphinx_ext.engines import listed
from agentdocs.sphinx_ext.landmarks import named
from agentdocs.sphinx_ext.lean import lean
from agentdocs.sphinx_ext.policy import guarded
from agentdocs.writer import refresh

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    _Path = Path
else:
    _Path = type(Path())  # that of this system, which is the one that can be subclassed


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


class _Kept(_Path):
    """A page's file, which is written only if that changes it."""

    def write_text(
        self,
        data: str,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> int:
        """Write a page as Sphinx does."""
        content = data.encode(encoding or "utf-8", errors or "strict")
        refresh(Path(self), content)
        return len(data)


def install(app: Sphinx) -> None:
    """Stand between the builder, its templates and its files."""
    if app.builder.format == "html" and app.builder.name != "epub":
        app.builder.templates = _Finisher(app.builder.templates, app)
        _keep(app)


def _keep(app: Sphinx) -> None:
    """Let indexes, the search and the like be written only where they change.

    Sphinx writes them in every build that writes anything. A document's page is written even if it
    stays the same: by its time, Sphinx knows whether the document is newer.
    """
    builder: Any = app.builder
    path_of = builder.get_output_path

    def get_output_path(pagename: str, /) -> Path:
        path = path_of(pagename)
        return path if pagename in app.env.found_docs else _Kept(path)

    builder.get_output_path = get_output_path


def setup(app: Sphinx) -> None:
    """Register the handlers."""
    engines.setup(app)
    app.connect("builder-inited", install)

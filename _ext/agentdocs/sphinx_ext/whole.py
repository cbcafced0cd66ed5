"""Pages of HTML → files that are whole at every moment, whoever reads them or ends the build.

Sphinx writes a page into its file from the beginning, so for a moment there is half of it, and
for ever if the build is killed or the disk is full. Here it writes to nowhere instead, and the
page takes its place at once.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentdocs.writer import put, refresh

if TYPE_CHECKING:
    from sphinx.application import Sphinx

BUILDERS = ("html", "dirhtml", "singlehtml")


class Templates:
    """A template bridge, as a builder has it, that keeps the last whole page."""

    def __init__(self, templates: Any) -> None:
        self._templates = templates
        self.page = ""

    def render(self, template: str, context: dict[str, Any]) -> str:
        """Render a page, or a part of one."""
        text: str = self._templates.render(template, context)
        if "pagename" in context:
            self.page = text
        return text

    def __getattr__(self, name: str) -> Any:
        return getattr(self._templates, name)


def install(app: Sphinx) -> None:
    """Stand between the builder and the disk."""
    builder: Any = app.builder
    if builder.name not in BUILDERS:
        return
    templates = builder.templates = Templates(builder.templates)
    handle_page = builder.handle_page

    def handle(
        pagename: str,
        addctx: dict[str, Any],
        templatename: str = "page.html",
        *,
        outfilename: Path | None = None,
        event_arg: Any = None,
    ) -> None:
        path = Path(outfilename or builder.get_outfilename(pagename))
        templates.page = ""
        nowhere = Path(os.devnull)
        handle_page(pagename, addctx, templatename, outfilename=nowhere, event_arg=event_arg)
        if templates.page:  # else Sphinx has said why there is none
            encoding = app.config.html_output_encoding
            content = templates.page.encode(encoding, "xmlcharrefreplace")
            # Sphinx makes indexes and the like in every build. It goes by the time of a document's
            # page, which is therefore written even if it stays the same.
            keep = put if pagename in app.env.found_docs else refresh
            keep(path, content)

    builder.handle_page = handle


def setup(app: Sphinx) -> None:
    """Register the handler."""
    app.connect("builder-inited", install, priority=900)  # around what finishes pages

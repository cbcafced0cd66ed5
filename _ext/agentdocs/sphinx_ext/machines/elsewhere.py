"""A site's search → what other places need to show it: OpenSearch, and a page for frames."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from agentdocs.outputs import xml
from agentdocs.sphinx_ext import search
from agentdocs.sphinx_ext.machines import site

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from agentdocs.sphinx_ext.machines.store import Store

DESCRIPTION = "opensearch.xml"
EMBED = "search/embed.html"


def describes(app: Sphinx) -> bool:
    """Whether there is a description: its addresses must be whole, and may be the project's own."""
    builder: Any = app.builder
    return bool(site.base(app) and builder.search and not app.config.html_use_opensearch)


def title(app: Sphinx) -> str:
    """Return the name of the site."""
    return str(app.config.html_title or app.config.project)


def write(app: Sphinx, store: Store) -> None:
    """Write the description, and the page for frames where there is an index to ask."""
    if describes(app):
        base = site.base(app)
        found = xml.Search(
            title(app), f"{base}{site.page_url(app, 'search')}", f"{base}{DESCRIPTION}",
            _language(app), _icon(app),
        )  # fmt: skip
        store.write(DESCRIPTION, xml.opensearch(found))
    has_index = (Path(app.outdir) / search.FOLDER / "pagefind-entry.json").is_file()
    if has_index and "search/embed" not in app.env.found_docs:
        builder: Any = app.builder
        context = {"title": title(app), "page": site.page_url(app, "search")}
        context["home"] = site.page_url(app, app.config.root_doc)
        context["language"] = _language(app)
        store.write(EMBED, builder.templates.render("agentdocs/embed.html", context))


def _language(app: Sphinx) -> str:
    return str(app.config.language or "en").replace("_", "-")


def _icon(app: Sphinx) -> tuple[str, str] | None:
    """Return the address and the type of the site's icon, if it has one."""
    icon = str(app.config.html_favicon or "")
    kind = mimetypes.guess_type(icon)[0]
    if not icon or not kind:
        return None
    if urlsplit(icon).scheme:
        return icon, kind
    return f"{site.base(app)}_static/{quote(Path(icon).name)}", kind

"""The site's address → ``404.html``: what is shown in place of a page that is not there.

A server shows this page at whatever address was asked for, ``/docs/a/b/c.html`` as well as
``/docs/x``. Nothing on it may count from there, so each of its addresses begins with the path of
the site, which is that of ``html_baseurl``, or ``/``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from sphinx.util.osutil import relative_uri

from agentdocs.sphinx_ext import config
from agentdocs.writer import refresh

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

PAGE = "404"
SCRIPT = "agentdocs-notfound.js"

_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_ADDRESS = re.compile(r'(\s(?:href|src|action|data-content_root|data-root)=")([^"#][^"]*)(?=")')


def base_path(baseurl: str) -> str:
    """Return the path at which a site is, from its address: ``/docs/``."""
    path = urlsplit(baseurl).path.strip("/")
    return quote(f"/{path}/", safe="/%~@:!$&'()*+,;=") if path else "/"


def absolute(page: str, here: str) -> str:
    """Return a page in which each address begins with a slash, whatever theme wrote it.

    :param here: the path from which its addresses count.
    """

    def address(match: re.Match[str]) -> str:
        before, relative = match.groups()
        return f"{before}{urljoin(here, relative)}"

    return _TAG.sub(lambda tag: _ADDRESS.sub(address, tag[0]), page)


def write(app: Sphinx) -> list[tuple[str, dict[str, Any], str]]:
    """Write the page, with the other pages that no document stands behind."""
    if app.builder.name not in ("html", "dirhtml") or _is_taken(app):
        return []
    builder: Any = app.builder
    here = builder.get_target_uri(PAGE)
    catalogue = f"{config.get(app).output}/index"
    found = app.env.found_docs
    body = builder.templates.render(
        "agentdocs/notfound.html",
        {
            "root": relative_uri(here, "") or "./",
            "home": builder.get_relative_uri(PAGE, app.config.root_doc) or "./",
            "catalogue": builder.get_relative_uri(PAGE, catalogue) if catalogue in found else "",
            "search": builder.get_relative_uri(PAGE, "search") if builder.search else "",
        },
    )
    # A page without an address of its own: search engines leave it out.
    head = '<meta name="robots" content="noindex" />'
    context = {"title": "Page not found", "body": body, "metatags": head, "pageurl": None}
    draft = Path(app.doctreedir) / "agentdocs-404.html"
    builder.handle_page(PAGE, context, "page.html", outfilename=draft)
    text = draft.read_text(encoding="utf-8")
    root = base_path(app.config.html_baseurl)
    file = Path(builder.outdir) / f"{PAGE}.html"
    refresh(file, absolute(text, urljoin(root, here)).encode())
    return []


def _is_taken(app: Sphinx) -> bool:
    """Return whether the project has such a page of its own."""
    return (
        PAGE in app.env.found_docs
        or PAGE in app.config.html_additional_pages
        or "notfound.extension" in app.extensions
    )


def add_script(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Add the script that looks for what was meant, to this page alone."""
    if pagename == PAGE and not _is_taken(app):
        app.add_js_file(SCRIPT, loading_method="defer")


def setup(app: Sphinx) -> None:
    """Register the handlers."""
    app.connect("html-collect-pages", write)
    app.connect("html-page-context", add_script)

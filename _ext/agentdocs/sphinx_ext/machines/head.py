"""A page → what its head says to machines, and the buttons that copy it."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from sphinx.util.osutil import relative_uri

from agentdocs.outputs import xml
from agentdocs.sphinx_ext import config, domain
from agentdocs.sphinx_ext.machines import elsewhere, feed, site

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

_DESCRIBED = re.compile(r'<meta\b[^>]*\bname="description"', re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


def add_context(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Add tags to a page's head, and links that a script makes into buttons below its title."""
    if not site.serves(app):
        return
    manifest = domain.get(app.env).pages.get(pagename) or context.get("agentdocs_manifest")
    tags = [context.get("metatags") or ""]
    tags += _described(app, pagename, context, doctree, manifest)
    links = []
    here = app.builder.get_target_uri(pagename)
    tags += _offered(app, here)
    if doctree is not None and str(app.env.doc2path(pagename)).endswith(".md"):
        there = escape(relative_uri(here, site.markdown_url(pagename)))
        tags.append(f'<link rel="alternate" type="text/markdown" href="{there}" />')
        links.append(_link("Copy page as Markdown", "Page as Markdown", there))
    if manifest and (overview := site.overview(app, manifest)):
        uri = domain.download_uri(config.get(app).output, overview["path"])
        links.append(_link("Copy agent", "Agent's file", escape(relative_uri(here, uri))))
    context["metatags"] = "\n".join(tag for tag in tags if tag)
    if links and "</h1>" in str(context.get("body", "")):
        before, end, after = str(context["body"]).partition("</h1>")
        row = f'<p class="agentdocs-machines">{" ".join(links)}</p>'
        context["body"] = f"{before}{end}\n{row}{after}"


def _link(action: str, text: str, href: str) -> str:
    return f'<a data-agentdocs-copy="{action}" href="{href}">{text}</a>'


def _offered(app: Sphinx, here: str) -> list[str]:
    """Return links to what browsers and readers of feeds look for in a head."""
    offered = []
    if elsewhere.describes(app):
        name = elsewhere.title(app)
        offered.append(("search", xml.OPENSEARCH_TYPE, name, elsewhere.DESCRIPTION))
    if feed.of(app).changes:
        offered.append(("alternate", "application/atom+xml", "Changes to agents", feed.FILE))
    return [
        f'<link rel="{rel}" type="{kind}" title="{escape(name)}" '
        f'href="{escape(relative_uri(here, file))}" />'
        for rel, kind, name, file in offered
    ]


def _described(
    app: Sphinx,
    pagename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
    manifest: dict[str, Any] | None,
) -> list[str]:
    """Return the description and the Open Graph of a page."""
    if doctree is None and not manifest:
        return []  # the search, the indexes: nothing that is shared
    # Titles come as HTML, because those of documents are.
    title = Markup(_TAG.sub("", str(context.get("title") or ""))).unescape()
    if doctree is not None:
        text = site.description(doctree)
    else:
        text = f"The file {manifest['path']}, line by line." if manifest else ""
    tags = []
    if text and not _DESCRIBED.search(context.get("metatags") or ""):
        tags.append(_meta("name", "description", text))
    if "sphinxext.opengraph" in app.extensions:
        return tags
    name = str(app.config.html_title or app.config.project)
    tags.append(_meta("property", "og:title", " ".join(title.split()) or name))
    tags.append(_meta("property", "og:type", "website"))
    tags.append(_meta("property", "og:site_name", name))
    if text:
        tags.append(_meta("property", "og:description", text))
    if base := site.base(app):
        tags.append(_meta("property", "og:url", base + app.builder.get_target_uri(pagename)))
    return tags


def _meta(kind: str, name: str, content: str) -> str:
    return f'<meta {kind}="{name}" content="{escape(content)}" />'


def setup(app: Sphinx) -> None:
    """Register the handler and the script."""
    # After the one that knows what the page is about.
    app.connect("html-page-context", add_context, priority=600)
    app.add_js_file("agentdocs-copy.js", loading_method="defer")
    app.add_css_file("agentdocs-copy.css")

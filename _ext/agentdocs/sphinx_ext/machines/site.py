"""A build → the addresses of its pages and files, and what is known of them."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from docutils import nodes
from sphinx.builders.html import StandaloneHTMLBuilder

from agentdocs.sphinx_ext import config, domain, generate, proof

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_MOST = 300
"""Characters of a description."""


def serves(app: Sphinx) -> bool:
    """Whether the build makes a site with an address for each page."""
    builder = app.builder
    return (
        isinstance(builder, StandaloneHTMLBuilder)
        and proof.is_site(app)
        and builder.name != "singlehtml"
        and not hasattr(builder, "implementation")  # JSON and pickles of pages
    )


def base(app: Sphinx) -> str:
    """Return the address of the site, with a slash at its end; empty where it is not known."""
    url = str(app.config.html_baseurl or "")
    return url if not url or url.endswith("/") else f"{url}/"


def markdown_file(docname: str) -> str:
    """Return the path of a page's Markdown, from the site's root, whatever the builder."""
    return f"{docname}.md"


def markdown_url(docname: str) -> str:
    """Return the address of a page's Markdown, from the site's root."""
    return quote(markdown_file(docname), safe="/-._~")


def page_url(app: Sphinx, docname: str) -> str:
    """Return the address of a page, from the site's root; never empty."""
    return app.builder.get_target_uri(docname) or "./"


@lru_cache(4096)
def _from(folder: str, path: str) -> str:
    """Return a path as one from a folder; an agent's pages have most of theirs in common."""
    return posixpath.relpath(path, folder)


def relative(url: str, docname: str) -> str:
    """Return an address from the site's root as one from a page's Markdown."""
    path, sign, anchor = url.partition("#")
    found = _from(posixpath.dirname(f"/{markdown_url(docname)}"), f"/{path}")
    return f"{found}/{sign}{anchor}" if path.endswith("/") else f"{found}{sign}{anchor}"


def documents(app: Sphinx) -> list[str]:
    """Return the documents that have a page, in the order of the tables of contents."""
    env = app.env
    order: dict[str, None] = {}
    waiting = [app.config.root_doc]
    while waiting:
        docname = waiting.pop()
        if docname not in order and docname in env.found_docs:
            order[docname] = None
            waiting += reversed(env.toctree_includes.get(docname, []))
    return list(order | dict.fromkeys(sorted(env.found_docs)))


def title(app: Sphinx, docname: str) -> str:
    """Return a document's title as text."""
    node = app.env.titles.get(docname)
    return " ".join(node.astext().split()) if node is not None else docname


def description(doctree: nodes.document) -> str:
    """Return what a document says of itself: its description, or else its first paragraph."""
    for meta in doctree.findall(nodes.meta):
        if str(meta.get("name", "")).lower() == "description":
            return _short(str(meta.get("content", "")))
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section) and paragraph.astext().strip():
            return _short(paragraph.astext())
    return ""


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _MOST else flat[: _MOST - 1].rsplit(" ", 1)[0] + "…"


def downloads(app: Sphinx) -> set[str]:
    """Return the paths of all files that can be downloaded."""
    found = set(generate.made(app))
    for manifest in domain.get(app.env).pages.values():
        found.update(manifest.get("files", ()))
    return found


def overview(app: Sphinx, manifest: dict[str, Any]) -> dict[str, Any] | None:
    """Return the manifest of the overview of the agent that a page is about."""
    output = config.get(app).output
    return domain.get(app.env).pages.get(f"{output}/{manifest.get('agent')}/index")

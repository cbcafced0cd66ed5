"""Where a reader of an agent's page can go: a side bar that stays small, and the edit link.

The global table of contents holds the hand-written pages only. An agent's page adds its own
pages and its neighbours in the collection, whatever the size of the library.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from agentdocs.catalog import HOME
from agentdocs.sphinx_ext import config, domain

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

NEIGHBOURS = 7
"""Agents of the collection that are listed before and after the one being read."""


def _collections(agents: domain.AgentDomain) -> dict[str, list[tuple[str, str]]]:
    """Collection → id and name of its agents, in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for manifest in agents.pages.values():
        if manifest["page"] == "index":
            found.setdefault(manifest["collection"], []).append(
                (manifest["agent"], manifest["name"])
            )
    return {collection: sorted(members) for collection, members in found.items()}


def _navigation(
    manifest: dict[str, Any],
    agents: domain.AgentDomain,
    members: list[tuple[str, str]],
    output: str,
) -> dict[str, Any]:
    """Return what a page's side bar shows, as documents and titles."""
    id = manifest["agent"]
    overview = agents.pages.get(f"{output}/{id}/index", manifest)
    pages = [(f"{output}/{id}/{name}", title) for name, title in overview.get("pages", [])]
    here = bisect_left(members, (id,))
    first, last = max(0, here - NEIGHBOURS), here + NEIGHBOURS + 1
    current = f"{output}/{id}/{manifest.get('under') or manifest['page']}"
    order = [docname for docname, _ in pages]
    position = order.index(current) if current in order else 0
    before = pages[position - 1] if position else _overview(members, here - 1, output)
    after = (
        pages[position + 1] if position + 1 < len(pages) else _overview(members, here + 1, output)
    )
    return {
        "name": manifest["name"],
        "id": id,
        "current": current,
        "pages": pages,
        "collection": manifest["collection"],
        "collection_page": f"{output}/{HOME}/collections/{manifest['collection']}",
        "neighbours": [(f"{output}/{other}/index", name) for other, name in members[first:last]],
        "total": len(members),
        "catalogue": f"{output}/index",
        "before": before,
        "after": after,
    }


def _overview(members: list[tuple[str, str]], index: int, output: str) -> tuple[str, str] | None:
    if not 0 <= index < len(members):
        return None
    id, name = members[index]
    return f"{output}/{id}/index", name


def changed(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages that are to be written again because their side bar has changed."""
    agents = domain.get(env)
    collections = _collections(agents)
    output = config.get(app).output
    known: dict[str, str] = agents.data["nav"]
    found: dict[str, str] = {}
    for docname, manifest in agents.pages.items():
        navigation = _navigation(manifest, agents, collections[manifest["collection"]], output)
        found[docname] = hashlib.sha256(repr(navigation).encode()).hexdigest()[:16]
    again = [docname for docname, digest in found.items() if known.get(docname, digest) != digest]
    agents.data["nav"] = found
    agents.data["collections"] = collections
    return again


def add_context(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Give an agent's page its side bar, its neighbours and its edit link."""
    if app.builder.format != "html":
        return
    agents = domain.get(app.env)
    manifest = agents.pages.get(pagename) or context.get("agentdocs_manifest")
    values = config.get(app)
    output = values.output
    if manifest is None:
        if pagename.startswith(f"{output}/"):
            context["page_source_suffix"] = ""  # generated: there is nothing to edit or view
        return
    members = agents.data["collections"][manifest["collection"]]
    navigation = _navigation(manifest, agents, members, output)
    context["agentdocs"] = navigation
    pathto = context["pathto"]
    for name, key in (("before", "prev"), ("after", "next")):
        context[key] = _neighbour(pathto, navigation[name])
    sidebars = list(context.get("sidebars") or [])
    spot = next((n for n, s in enumerate(sidebars) if "navigation" in s or "globaltoc" in s), None)
    sidebars.insert(len(sidebars) if spot is None else spot, "agentdocs/sidebar.html")
    context["sidebars"] = sidebars
    url = values.edit_url
    context["page_source_suffix"] = ".md" if url else ""
    if url:
        link = url.replace("{path}", quote(manifest["path"]))
        context["theme_source_edit_link"] = link.replace("{", "{{").replace("}", "}}")


def _neighbour(pathto: Any, target: tuple[str, str] | None) -> dict[str, str] | None:
    """Return what Furo shows of a neighbouring page; it takes titles for HTML."""
    return {"link": pathto(target[0]), "title": escape(target[1])} if target else None


def _add_static(app: Sphinx) -> None:
    package = Path(__file__).parent.parent
    app.config.html_static_path.append(str(package / "static"))
    app.config.templates_path.append(str(package / "sphinx_ext" / "templates"))


def setup(app: Sphinx) -> None:
    """Register the handlers, the style sheet and the script."""
    app.connect("config-inited", lambda app, _: _add_static(app))
    app.connect("env-updated", changed)
    app.connect("html-page-context", add_context)
    app.add_css_file("agentdocs.css")
    app.add_js_file("agentdocs.js", loading_method="defer")

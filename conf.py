"""The site of this repository: ``sphinx-build -c . docs _build/html``."""

from __future__ import annotations

import os
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import agentdocs  # noqa: E402
from agentdocs.sphinx_ext.config import agents_folder  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "agentdocs"
author = "The agentdocs authors"
version = release = agentdocs.__version__
language = "en"
extensions = ["sphinx_design", "agentdocs", "sphinx.ext.githubpages"]

agentdocs_agents = "agents"
agentdocs_policy = "all"

exclude_patterns = ["_build", "Thumbs.db", ".DS_Store"]
myst_enable_extensions = ["colon_fence", "deflist"]
nitpicky = True
copyright = author
html_show_copyright = False
html_copy_source = False
html_last_updated_fmt = None
# Where the site will be. Whoever builds says so: GitHub's workflow, an intranet, Read the Docs.
html_baseurl = os.environ.get("AGENTDOCS_BASEURL") or os.environ.get(
    "READTHEDOCS_CANONICAL_URL", ""
)

html_theme = "furo"
html_title = "agentdocs"
html_static_path = ["_static"]
templates_path = ["docs/_templates"]
html_css_files = ["site.css"]
epub_exclude_files = [".nojekyll"]
html_favicon = "_static/favicon.svg"
html_theme_options = {
    "sidebar_hide_name": False,
    "light_css_variables": {
        "color-brand-primary": "#0b6e5f",
        "color-brand-content": "#0b6e5f",
        "color-brand-visited": "#4a5f8f",
        "agentdocs-accent": "#0b6e5f",
        "agentdocs-accent-soft": "#e3f4f0",
    },
    "dark_css_variables": {
        "color-brand-primary": "#5fd3bf",
        "color-brand-content": "#5fd3bf",
        "color-brand-visited": "#a9b8e8",
        "agentdocs-accent": "#5fd3bf",
        "agentdocs-accent-soft": "#12332e",
    },
}


def _whole_repository(app: Sphinx) -> None:
    """Make ``sphinx-build . OUT`` build the same pages below ``docs/``."""
    if Path(app.srcdir).resolve() == HERE.resolve():
        app.config.root_doc = app.config.master_doc = "docs/index"
        app.config.agentdocs_output = "docs/agents"
        app.config.include_patterns = ["docs/**"]


def _edit() -> str:
    """Return where files of this branch are edited, if the host that builds says so."""
    said = defaultdict(str, os.environ)
    if said["GITHUB_REF_TYPE"] == "branch" and not said["GITHUB_HEAD_REF"]:  # no pull request
        forge, branch = said["GITHUB_SERVER_URL"], said["GITHUB_REF_NAME"]
        return f"{forge}/{said['GITHUB_REPOSITORY']}/edit/{quote(branch)}"
    clone = re.fullmatch(
        r"(?:https://|git@)([\w.-]+)[:/](.+?)(?:\.git)?", said["READTHEDOCS_GIT_CLONE_URL"]
    )
    if clone and said["READTHEDOCS_VERSION_TYPE"] == "branch":
        verb = "-/edit" if "gitlab" in clone[1] else "edit"
        branch = said["READTHEDOCS_GIT_IDENTIFIER"]
        return f"https://{clone[1]}/{clone[2]}/{verb}/{quote(branch)}"
    return ""


def _edit_links(app: Sphinx) -> None:
    """Lead “edit this page” to the source of a page of the manual, and to an agent's own file."""
    edit, here = _edit(), HERE.resolve()
    manual, agents = Path(app.srcdir).resolve(), agents_folder(app).resolve()
    if edit and manual.is_relative_to(here):
        file = (manual.relative_to(here) / "{filename}").as_posix()
        app.config.html_theme_options["source_edit_link"] = f"{edit}/{file}"
    if edit and agents.is_relative_to(here) and not app.config.agentdocs_edit_url:
        file = (agents.relative_to(here) / "{path}").as_posix()
        app.config.agentdocs_edit_url = f"{edit}/{file}"


def _scripts_wait(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Let a page be shown before its scripts run; each of them only adds to what is there."""
    if pagename == "search":
        return  # its template has scripts of its own, which need the others before them
    context["script_files"] = [_waiting(script) for script in context["script_files"]]


def _waiting(script: Any) -> Any:
    if {"async", "defer"} & script.attributes.keys():
        return script
    return type(script)(
        script.filename, priority=script.priority, defer="defer", **script.attributes
    )


def setup(app: Sphinx) -> None:
    app.connect("config-inited", lambda app, _: _edit_links(app), priority=100)
    app.connect("html-page-context", _scripts_wait, priority=900)
    app.connect("config-inited", lambda app, _: _whole_repository(app), priority=100)

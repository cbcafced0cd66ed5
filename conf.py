"""The site of this repository: ``sphinx-build -c . docs _build/html``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import agentdocs  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "agentdocs"
author = "The agentdocs authors"
version = release = agentdocs.__version__
language = "en"
extensions = ["agentdocs"]

agentdocs_agents = "agents"
agentdocs_policy = "all"

exclude_patterns = ["_build", "Thumbs.db", ".DS_Store"]
myst_enable_extensions = ["colon_fence", "deflist"]
nitpicky = True
copyright = author
html_show_copyright = False
html_copy_source = False
html_last_updated_fmt = None

html_theme = "furo"
html_title = "agentdocs"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_theme_options = {
    "sidebar_hide_name": False,
    "light_logo": "logo.svg",
    "dark_logo": "logo.svg",
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


def setup(app: Sphinx) -> None:
    app.connect("config-inited", lambda app, _: _whole_repository(app), priority=100)

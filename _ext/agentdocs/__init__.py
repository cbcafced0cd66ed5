"""agentdocs: agent definition files in, a documentation site out.

The core (everything but ``sphinx_ext``) knows no Sphinx; ``extensions = ["agentdocs"]`` in a
``conf.py`` leads to :func:`setup`.
"""

from __future__ import annotations

# Importing typing would double what importing this costs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

__version__ = "0.1.0"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Set up the Sphinx extension."""
    from agentdocs.sphinx_ext import setup as setup_sphinx

    return setup_sphinx(app)

"""Examples of JSON that no schema was held against → their inferred shape, folded up below them.

Whether there is a schema is known from the verdict, so this waits until that is filled in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from agentdocs.sphinx_ext import proof
from agentdocs.sphinx_ext.badges import agent_verdict
from agentdocs.sphinx_ext.json_schema import shape_fold

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_SCHEMAS = ('"$schema"', '"openapi"')
"""What describes others is described on the page of schemas."""
MOST = 64_000
"""Characters of an example that is looked at."""


class Shapes(SphinxPostTransform):
    """Adds shapes below examples, on sites."""

    default_priority = 4  # before verdicts take the place of what they are looked up by

    def run(self, **kwargs: Any) -> None:
        """Look at each example of JSON."""
        if not proof.is_site(self.app):
            return
        known = proof.get(self.app)
        for node in list(self.document.findall(agent_verdict)):
            snippet = node.parent.parent
            block = snippet.next_node(nodes.literal_block)
            if block is None or block.get("language") != "json" or len(block.astext()) > MOST:
                continue
            outcome = known.on(node["path"], node["address"], node["digest"])
            has_schema = outcome is not None and outcome.tier == "checked"
            if has_schema or any(sign in block.astext() for sign in _SCHEMAS):
                continue
            if (found := shape_fold(block.astext())) is not None:
                snippet.parent.insert(snippet.parent.index(snippet) + 1, found)


def setup(app: Sphinx) -> None:
    """Register the transform."""
    app.add_post_transform(Shapes)

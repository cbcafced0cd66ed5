"""The directives of generated pages; all they show was decided before they are parsed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from typing import ClassVar

    from sphinx.application import Sphinx


class agent_page(nodes.Invisible, nodes.Element):  # noqa: N801 - docutils names nodes so
    """What a generated page is about, in ``manifest``; removed by the provenance transform."""


class agent_source(nodes.Invisible, nodes.Element):  # noqa: N801
    """What follows is from ``path``, ``delta`` lines further on; without a path, it is ours."""


class AgentPage(SphinxDirective):
    """``{agent-page}``: the page's manifest, as JSON."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Keep the manifest for the provenance transform."""
        return [agent_page("", manifest=json.loads("\n".join(self.content)))]


class AgentSource(SphinxDirective):
    """``{agent-source} PATH LINE``: the text below begins at that line of that agent's file."""

    optional_arguments = 2
    option_spec: ClassVar = {"id": directives.unchanged, "name": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Leave a mark in the document."""
        if not self.arguments:
            return [agent_source("")]
        # The text begins after the fence's two lines, the options and a blank line.
        begins = self.lineno + 3 + len(self.options)
        node = agent_source(
            "",
            path=unquote(self.arguments[0]),
            delta=int(self.arguments[1]) - begins,
            id=unquote(self.options.get("id", "")),
            name=unquote(self.options.get("name", "")),
        )
        return [node]


class AgentConversation(SphinxDirective):
    """``{agent-conversation}``: lines ``speaker: text``, shown as a conversation."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Build ``container(paragraph context, container turn…)``; text is never parsed."""
        chat = nodes.container(classes=["agentdocs-chat"])
        for line in self.content:
            who, _, said = line.partition(": ")
            if who == "context":
                paragraph = nodes.paragraph("", "", classes=["agentdocs-context"])
                paragraph += nodes.Text(said)
                chat += paragraph
                continue
            turn = nodes.container(classes=["agentdocs-turn", f"agentdocs-{who}"])
            speaker = nodes.paragraph("", "", classes=["agentdocs-speaker"])
            speaker += nodes.Text({"user": "User", "assistant": "Assistant"}.get(who, "Why"))
            turn += speaker
            turn += nodes.paragraph("", "", nodes.Text(said))
            chat += turn
        return [chat]


def setup(app: Sphinx) -> None:
    """Register nodes and directives."""
    app.add_node(agent_page)
    app.add_node(agent_source)
    app.add_directive("agent-page", AgentPage)
    app.add_directive("agent-source", AgentSource)
    app.add_directive("agent-conversation", AgentConversation)

"""The head of a generated page → what MyST makes of it, without reading the same YAML each time.

Every page of an agent begins with the same lines, which switch off what an agent's text must not
do (see docs/architecture.md), and with a description of its own. MyST reads them twice for each
page, which took longer than to parse the page's paragraphs. Here they are read once; of every
other page, only the description is new. A head that is not exactly of this form goes to MyST as
it is.
"""

from __future__ import annotations

import json
import re
from copy import copy
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from myst_parser.config.main import merge_file_level, read_topmatter
from myst_parser.parsers.sphinx_ import MystParser

from agentdocs.writer import MARK

if TYPE_CHECKING:
    from docutils import nodes
    from myst_parser.config.main import MdParserConfig
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_HEAD = re.compile(
    rf"(?P<same>---\n# {MARK}\norphan: true\nmyst:\n(?:  .*\n)*?  html_meta:\n)"
    r'    description: (?P<description>".*")\n---\n'
)
_SHORT = "---\norphan: true\n"
"""What is left for MyST to read."""

# What the configuration of a build becomes with the lines that all pages have in common.
_KNOWN: WeakKeyDictionary[BuildEnvironment, dict[str, MdParserConfig]] = WeakKeyDictionary()


class PageParser(MystParser):
    """MyST's parser, which knows the heads of generated pages."""

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Parse a page as MyST does."""
        head = _HEAD.match(inputstring)
        if head is None:
            super().parse(inputstring, document)
            return
        env = document.settings.env
        whole = env.myst_config
        # As many lines as before, because messages name them.
        rest = head[0].count("\n") - _SHORT.count("\n") - 1
        env.myst_config = _with_head(whole, head, _KNOWN.setdefault(env, {}))
        try:
            text = f"{_SHORT}{chr(10) * rest}---\n{inputstring[head.end() :]}"
            super().parse(text, document)
        finally:
            env.myst_config = whole


def _with_head(
    config: MdParserConfig, head: re.Match[str], known: dict[str, MdParserConfig]
) -> MdParserConfig:
    """Return a configuration as a page's head changes it."""
    if head["same"] not in known:
        lines = read_topmatter(f"{head['same']}    description: ''\n---\n")
        known[head["same"]] = merge_file_level(config, lines or {}, _unexpected)
    # Not by its own method, which would check again what all pages have in common.
    found = copy(known[head["same"]])
    found.html_meta = {**found.html_meta, "description": json.loads(head["description"])}
    return found


def _unexpected(kind: object, text: str) -> None:
    raise ValueError(f"the head of a generated page: {text}")


def setup(app: Sphinx) -> None:
    """Stand in for MyST's own parser."""
    app.add_source_parser(PageParser, override=True)

"""Directives for this project's own manual: tables that are made from the code's tables."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from sphinx.util.docutils import SphinxDirective

from agentdocs.dialects import DIALECTS
from agentdocs.fields import MEANINGS
from agentdocs.placing import RULES, TITLES
from agentdocs.problems import ProblemKind
from agentdocs.sphinx_ext.config import PREFIX, Config
from agentdocs.tools import CANONICAL, PERMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import ClassVar

    from docutils import nodes
    from sphinx.application import Sphinx


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def _dialects() -> Iterator[str]:
    yield from _table(
        ["Dialect", "What such a file looks like", "How it is read"],
        ([f"`{d.name}`", _code_tags(d.shape), _first(d.read)] for d in DIALECTS),
    )


def _code_tags(text: str) -> str:
    return text.replace("<example>", "`<example>`")


def _first(function: Callable[..., object]) -> str:
    import sys

    module = sys.modules[function.__module__]
    return (
        (module.__doc__ or "")
        .strip()
        .split("\n")[0]
        .replace("``", "`")
        .replace("<example>", "example")
    )


def _config() -> Iterator[str]:
    for item in dataclasses.fields(Config):
        default = item.default if item.default is not dataclasses.MISSING else []
        types = " or ".join(kind.__name__ for kind in item.metadata["types"])
        yield f"````{{confval}} {PREFIX}{item.name}"
        yield f":type: {types}"
        yield f":default: `{default!r}`"
        yield ""
        yield item.metadata["help"]
        yield "````"
        yield ""


def _problems() -> Iterator[str]:
    for severity, title in (("error", "Errors"), ("warning", "Warnings"), ("info", "Remarks")):
        yield f"## {title}"
        yield ""
        for kind in ProblemKind:
            if kind.severity == severity:
                yield f"### {kind.value}"
                yield ""
                yield from kind.manual.split("\n")
                yield ""


def _fields() -> Iterator[str]:
    yield from _table(["Field", "Meaning"], ([f"`{key}`", text] for key, text in MEANINGS.items()))


def _tools() -> Iterator[str]:
    rows = (
        [f"`{name}`", PERMITS[group], ", ".join(f"`{o}`" for o in others)]
        for name, (group, others) in CANONICAL.items()
    )
    yield from _table(["Tool", "Permits", "Also written"], rows)


def _placing() -> Iterator[str]:
    yield from _table(
        ["Page", "Headings (regular expression, case ignored)"],
        ([TITLES[page], f"`{pattern}`"] for page, pattern in RULES),
    )


TABLES = {
    "dialects": _dialects,
    "config": _config,
    "problems": _problems,
    "fields": _fields,
    "tools": _tools,
    "placing": _placing,
}


class Manual(SphinxDirective):
    """``{agentdocs-manual} NAME``: one of :data:`TABLES`, as Markdown."""

    required_arguments = 1
    option_spec: ClassVar = {}

    def run(self) -> list[nodes.Node]:
        """Parse the table where the directive stands."""
        name = self.arguments[0]
        if name not in TABLES:
            raise self.error(f"no such table: {name}; there are {', '.join(TABLES)}")
        text = "\n".join(TABLES[name]())
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("agentdocs-manual", Manual)

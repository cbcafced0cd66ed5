"""Directives for this project's own manual: tables that are made from the code's tables."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from sphinx.util.docutils import SphinxDirective

from agentdocs.dialects import DIALECTS
from agentdocs.fields import MEANINGS
from agentdocs.placing import RULES, TITLES
from agentdocs.problems import ProblemKind
from agentdocs.sphinx_ext.config import PREFIX, Config
from agentdocs.tools import CANONICAL, PERMITS
from agentdocs.verify.contract.schema import SCHEMA
from agentdocs.verify.languages import LANGUAGES
from agentdocs.verify.sandbox import LIMITS, MB

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


def _contract() -> Iterator[str]:
    """Tell of each key of a contract, as its JSON Schema does."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    inner = schema["$defs"]["snippet"]
    head = ["Key", "What it says", "Example"]
    yield "Of the whole agent:"
    yield ""
    yield from _table(head, _keys(schema, schema))
    yield ""
    yield "Of one snippet, below its address in `snippets`:"
    yield ""
    yield from _table(head, _keys(inner, schema))


def _keys(part: dict[str, Any], schema: dict[str, Any], above: str = "") -> Iterator[list[str]]:
    for name, said in part["properties"].items():
        reference = said.get("$ref", "").rpartition("/")[2]
        entry = {**schema["$defs"].get(reference, {}), **said}
        text = entry["description"]
        for value in entry.get("enum", ()):
            text = text.replace(f"{value}:", f"`{value}`:")
        if name in part.get("required", ()):
            text += " Always needed."
        if "default" in entry:
            text += f" Default: `{entry['default']}`."
        example = f"`{json.dumps(entry['examples'][0], ensure_ascii=False)}`"
        inner = entry.get("properties", {})
        yield [f"`{above}{name}`", text, "" if inner or name == "snippets" else example]
        if inner:
            yield from _keys(entry, schema, f"{above}{name}.")


_RUNNERS = {"python": "the Python that runs agentdocs", "sql": "SQLite, on an empty database"}


def _languages() -> Iterator[str]:
    rows = (
        [
            language.name,
            ", ".join(f"`{fence}`" for fence in language.fences),
            (_RUNNERS.get(language.runner) or f"`{language.program}`") if language.runs else "–",
        ]
        for language in LANGUAGES
    )
    yield from _table(["Language", "Names of the fence", "Run by"], rows)


_LIMITED = {
    "memory": ("Memory that one process asks for", MB, "MB"),
    "tree": ("Memory that all processes use together", MB, "MB"),
    "processes": ("Processes and threads", 1, ""),
    "file": ("One file, or all that is printed", MB, "MB"),
    "disk": ("What lies in each of `/tmp`, `/dev/shm` and the home folder", MB, "MB"),
    "inodes": ("Files and folders in each of these", 1, ""),
    "cpu": ("Seconds of a processor for one process", 1, "s"),
}


def _limits() -> Iterator[str]:
    rows = (
        [text, f"{LIMITS[name] // unit:,} {sign}".strip()]
        for name, (text, unit, sign) in _LIMITED.items()
    )
    yield from _table(["What", "At most"], rows)


TABLES = {
    "dialects": _dialects,
    "config": _config,
    "problems": _problems,
    "fields": _fields,
    "tools": _tools,
    "placing": _placing,
    "contract": _contract,
    "languages": _languages,
    "limits": _limits,
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

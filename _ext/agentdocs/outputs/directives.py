"""A fence that is a directive → its name, argument, options and content; nothing is run."""

from __future__ import annotations

import re
from typing import NamedTuple

_OPTION = re.compile(r":([\w-]+):(?:\s+(.*))?")

CODE = frozenset({"code", "code-block", "sourcecode", "code-cell"})
"""Directives whose content is code."""
ADMONITIONS = frozenset({
    "admonition", "attention", "caution", "danger", "error", "hint", "important", "note",
    "seealso", "tip", "versionadded", "versionchanged", "deprecated", "warning",
})  # fmt: skip
"""Directives whose content is an aside."""
BOXES = frozenset({
    "card", "card-carousel", "container", "div", "dropdown", "grid", "grid-item", "grid-item-card",
    "tab-item", "tab-set", "table", "topic",
})  # fmt: skip
"""Directives that only put their content somewhere."""
TITLED = frozenset({"card", "dropdown", "grid-item-card", "tab-item", "table", "topic"})
"""Boxes whose argument is a title."""


class Directive(NamedTuple):
    """A directive, taken apart."""

    name: str
    argument: str
    options: dict[str, str]
    content: str


def directive(info: str, content: str) -> Directive:
    """Take a fence that is a directive apart.

    :param info: what stands behind the fence: ``{name} argument``.
    """
    name, _, argument = info.removeprefix("{").partition("}")
    rows = content.split("\n")
    options: dict[str, str] = {}
    while rows and (match := _OPTION.fullmatch(rows[0].strip())):
        options[match[1]] = match[2] or ""
        rows.pop(0)
    return Directive(name.strip(), argument.strip(), options, "\n".join(rows).strip("\n"))

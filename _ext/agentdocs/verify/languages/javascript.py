"""JavaScript and TypeScript, for Node."""

from __future__ import annotations

from functools import partial

from agentdocs.verify import placeholders
from agentdocs.verify.languages.base import Language

_placeholder = partial(placeholders.find, family="c")

LANGUAGES = (
    Language(
        "JavaScript",
        ("javascript", "js", "mjs", "cjs", "node"),
        placeholder=_placeholder,
        runner="node",
        checker=("node", "--check", "{file}"),
        suffix=".mjs",
        program="node",
    ),
    Language(
        "TypeScript",
        ("typescript", "ts", "mts", "cts"),
        placeholder=_placeholder,
        runner="node",
        prepare=lambda _: {"mode": "typescript"},
        program="node",
    ),
)

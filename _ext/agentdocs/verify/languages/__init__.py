"""The languages that are known: a file for each, and this table of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdocs.verify.languages import (
    dockerfile,
    graphql,
    html,
    http,
    javascript,
    json,
    python,
    shell,
    sql,
    toml,
    xml,
    yaml,
)

if TYPE_CHECKING:
    from agentdocs.verify.languages.base import Language

LANGUAGES: tuple[Language, ...] = (
    *python.LANGUAGES,
    *shell.LANGUAGES,
    *javascript.LANGUAGES,
    *sql.LANGUAGES,
    *json.LANGUAGES,
    *yaml.LANGUAGES,
    *toml.LANGUAGES,
    *xml.LANGUAGES,
    *html.LANGUAGES,
    *graphql.LANGUAGES,
    *dockerfile.LANGUAGES,
    *http.LANGUAGES,
)


def by_fence(name: str) -> Language | None:
    """Return the language that a fence names; None where nothing here knows it."""
    return next((language for language in LANGUAGES if name in language.fences), None)

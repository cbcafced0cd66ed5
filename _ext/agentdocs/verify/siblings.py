"""Data that an agent shows → the JSON Schema, also of that agent, that it is an example of.

A contract may say which that is. Without one it is the schema that the data themselves name, the
only one in their section, or the one whose title their heading is.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentdocs.model import Snippet
    from agentdocs.verify.documents import Document

_MARK = "json-schema.org"
_WORDS = re.compile(r"(?:example|format|payload|body|message)s?$")


class Sibling(NamedTuple):
    """A JSON Schema among an agent's snippets."""

    key: str
    """What a contract calls it."""
    path: str
    """The file that it stands in."""
    snippet: Snippet
    schema: dict[str, Any]


def texts(document: Document) -> str:
    """Return the code of all schemas: what verdicts on the agent's data depend on."""
    return "\0".join(snippet.code for _, _, snippet in _marked(document))


def schemas(document: Document) -> tuple[Sibling, ...]:
    """Return the schemas of an agent."""
    found = []
    for key, path, snippet in _marked(document):
        try:
            data = json.loads(snippet.code)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict) and _MARK in str(data.get("$schema", "")):
            found.append(Sibling(key, path, snippet, data))
    return tuple(found)


def _marked(document: Document) -> Iterator[tuple[str, str, Snippet]]:
    for text in document.texts:
        for snippet in text.snippets:
            if _MARK in snippet.code:
                yield f"{text.prefix}{snippet.address}", text.path, snippet


def schema_of(data: Any, path: str, snippet: Snippet, known: tuple[Sibling, ...]) -> Sibling | None:
    """Return the schema that data are an example of; nothing where that is not certain."""
    if not isinstance(data, dict | list):
        return None
    if isinstance(data, dict) and isinstance(named := data.get("$schema"), str):
        return next((one for one in known if one.schema.get("$id") == named), None)
    beside = [o for o in known if (o.path, o.snippet.section) == (path, snippet.section)]
    if len(beside) == 1:
        return beside[0]
    own = _bare(snippet.section)
    titled = [one for one in known if own and _bare(str(one.schema.get("title", ""))) == own]
    return titled[0] if len(titled) == 1 else None


def _bare(title: str) -> str:
    """Return the letters of a title, without the word that says that it is an example."""
    letters = re.sub(r"[^a-z]", "", title.lower())
    return _WORDS.sub("", letters) or letters

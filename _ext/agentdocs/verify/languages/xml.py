"""XML text → nothing, or where expat says that it is not well-formed.

A fragment of several elements is read as if it stood within one. Nothing outside is fetched, and
entities that would grow are refused where they are declared.
"""

from __future__ import annotations

import hashlib
import re
from functools import partial
from typing import NoReturn

from agentdocs.verify import placeholders
from agentdocs.verify.languages.base import Language, ParseError

MAX_EXPANSION = 1_000_000
"""Characters that all entities together may grow to."""

_MISMATCH, _NO_ELEMENT = "mismatched tag", "no element found"
_DECLARED = re.compile(r"(?s)(?>(?:\s|<!--.*?-->|<\?(?!xml\s).*?\?>)*)<(?:\?xml\s|!DOCTYPE\b)")


def parse(code: str) -> None:
    """Let expat read a document, or a fragment."""
    _refuse(code)
    if _DECLARED.match(code):
        _read(code.lstrip(" \t\n"), code.count("\n", 0, len(code) - len(code.lstrip(" \t\n"))))
        return
    if not re.search(r"<[^!?]", code):
        raise ParseError(1, "has no element")
    # Nothing in the code can close an element that is named after all of it.
    name = f"x{hashlib.sha256(code.encode()).hexdigest()}"
    _read(f"<{name}>{code}</{name}>", 0)


def _refuse(code: str) -> None:
    try:
        code.encode()
    except UnicodeEncodeError as error:
        line = code.count("\n", 0, error.start) + 1
        raise ParseError(line, "has a character that cannot be encoded") from None


def _read(text: str, above: int) -> None:
    """Parse a text that ``above`` lines stand above."""
    from xml.parsers import expat

    parser = expat.ParserCreate("utf-8")
    data = text.encode()
    references = text.count("&")
    declared = 0
    opened: list[tuple[str, int]] = []

    def fail(at: int, said: str) -> NoReturn:
        raise ParseError(above + data.count(b"\n", 0, at) + 1, said) from None

    def entity(name: str, parameter: bool, value: str | None, *_: object) -> None:
        nonlocal declared
        declared += len(value or "")
        if "&" in (value or "") or declared * references > MAX_EXPANSION:
            fail(parser.CurrentByteIndex, f"has the entity “{name[:40]}”, which would grow")

    parser.EntityDeclHandler = entity
    parser.StartElementHandler = lambda name, _: opened.append((name, parser.CurrentByteIndex))
    parser.EndElementHandler = lambda _: opened.pop()
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        said = expat.ErrorString(error.code)
        if opened[1:] and said in (_MISMATCH, _NO_ELEMENT):
            name, at = opened[-1]
            fail(at, f"has <{name[:40]}>, which nothing closes")
        fail(min(parser.ErrorByteIndex, len(data.rstrip())), f"is not well-formed: {said}")


LANGUAGES = (
    Language(
        "XML",
        ("xml", "svg", "xsd", "xsl", "xslt", "plist", "rss"),
        parse=parse,
        placeholder=partial(placeholders.find, family="markup"),
    ),
)

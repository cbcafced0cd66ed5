"""Text → the data of its YAML documents, built from the parser's events without recursion.

An alias stands for the same object as its anchor, and what it stands for is counted, so that a
bomb of aliases is refused before anybody walks it. Scalars are read as YAML 1.2 and JSON Schema
see them: ``on`` is a text and a date is none. Tags (``!Ref``) are passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from agentdocs.verify import placeholders
from agentdocs.verify.languages.base import Language, ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml import Event

MAX_DEPTH = 100
"""Deepest nesting; libyaml's scanner works in the square of it."""
MAX_VALUES = 200_000
"""Values of one text, those that aliases repeat included."""
MAX_DIRECTIVES = 100
"""Lines with ``%``, each of which libyaml compares with all others."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INT = re.compile(r"[-+]?[0-9]{1,1000}|0o[0-7]{1,1000}|0x[0-9a-fA-F]{1,1000}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


@dataclass(frozen=True, slots=True)
class _Value:
    """Something that is complete, with what it costs to walk it."""

    data: Any
    size: int = 1
    """Values in it, with those that its aliases stand for."""
    height: int = 0
    """Levels of nesting in it."""


@dataclass(slots=True)
class _Part:
    """A mapping or a list that is being filled."""

    data: dict[str, Any] | list[Any]
    anchor: str | None
    size: int = 1
    height: int = 1
    key: str | None = None
    """What waits for its value."""
    merged: list[Any] = field(default_factory=list)
    """Values of ``<<``."""


def parse(code: str) -> Any:
    """Return the data of the document; of several, a list."""
    import yaml

    if code.count("\n%") > MAX_DIRECTIVES:
        raise ParseError(1, "has too many directives")
    try:
        documents = list(_documents(code))
    except UnicodeEncodeError as error:
        line = code.count("\n", 0, error.start) + 1
        raise ParseError(line, "has a character that cannot be encoded") from None
    except yaml.reader.ReaderError as error:
        raise _unreadable(code, error.reason) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        text = error.problem or error.context or "something is wrong"
        raise ParseError(_line(mark), f"is not YAML: {text}") from None
    except yaml.YAMLError as error:
        raise ParseError(1, f"is not YAML: {error}") from None
    if len(documents) > 1 and documents[-1] is None:
        documents.pop()  # the text ends with the mark of a next document
    return documents[0] if len(documents) == 1 else documents or None


def _unreadable(code: str, reason: str) -> ParseError:
    """Find the character that the reader refuses; it says the place in bytes, or in characters."""
    from yaml.reader import Reader

    found = Reader.NON_PRINTABLE.search(code)
    return ParseError(
        code.count("\n", 0, found.start() if found else 0) + 1, f"is not YAML: {reason}"
    )


def _documents(code: str) -> Iterator[Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    parts: list[_Part] = []
    anchors: dict[str, _Value] = {}
    values = 0
    root = _Value(None)
    for event in yaml.parse(code, Loader=loader):
        line = _line(event.start_mark)
        if isinstance(event, yaml.DocumentStartEvent):
            anchors.clear()
        elif isinstance(event, yaml.DocumentEndEvent):
            yield root.data
        elif isinstance(event, yaml.CollectionStartEvent):
            anchors.pop(event.anchor or "", None)
            mapping = isinstance(event, yaml.MappingStartEvent)
            parts.append(_Part({} if mapping else [], event.anchor))
            if len(parts) > MAX_DEPTH:
                raise ParseError(line, "is nested too deeply")
        elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            value, anchor = _complete(event, parts, anchors, line)
            values += value.size if isinstance(event, yaml.AliasEvent) else 1
            if values > MAX_VALUES:
                raise ParseError(line, "holds too many values, or its aliases multiply them")
            if len(parts) + value.height > MAX_DEPTH:
                raise ParseError(line, "is nested too deeply")
            if anchor:
                anchors[anchor] = value
            if parts:
                name = event.value if isinstance(event, yaml.ScalarEvent) else None
                _put(parts[-1], value, name, line)
            else:
                root = value


def _complete(
    event: Event, parts: list[_Part], anchors: dict[str, _Value], line: int
) -> tuple[_Value, str | None]:
    """Return the value that is complete with an event, and the anchor that names it."""
    import yaml

    if isinstance(event, yaml.AliasEvent):
        name = event.anchor or ""
        if name not in anchors:
            raise ParseError(line, f"has the alias “*{name[:40]}” where nothing has that name yet")
        return anchors[name], None
    if isinstance(event, yaml.ScalarEvent):
        return _Value(_scalar(event)), event.anchor
    part = parts.pop()
    _merge(part)
    return _Value(part.data, part.size, part.height), part.anchor


def _put(part: _Part, value: _Value, name: str | None, line: int) -> None:
    """Put a value into what it stands in.

    :param name: the value's own text, which is what it is called as a key: data know no others.
    """
    part.size += value.size
    part.height = max(part.height, value.height + 1)
    if isinstance(part.data, list):
        part.data.append(value.data)
    elif part.key is None:
        inline = f"? on line {line}" if isinstance(value.data, dict | list) else str(value.data)
        key = part.key = inline if name is None else name
        if key in part.data:
            raise ParseError(line, f"has the key “{key[:40]}” twice in one mapping")
    else:
        if part.key == "<<" and isinstance(value.data, dict | list):
            part.merged += value.data if isinstance(value.data, list) else [value.data]
        else:
            part.data[part.key] = value.data
        part.key = None


def _merge(part: _Part) -> None:
    """Give a mapping what its ``<<`` stand for; its own keys win, and earlier ones."""
    for other in part.merged:
        if isinstance(other, dict) and isinstance(part.data, dict):
            part.data = {**other, **part.data}


def _scalar(event: Any) -> Any:
    text: str = event.value
    if not event.implicit[0]:  # it has quotes, or a tag
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text):
        return int(text, {"0x": 16, "0o": 8}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def _line(mark: Any) -> int:
    return mark.line + 1 if mark else 1


LANGUAGES = (
    Language(
        "YAML",
        ("yaml", "yml"),
        parse=parse,
        placeholder=partial(placeholders.find, family="data"),
    ),
)

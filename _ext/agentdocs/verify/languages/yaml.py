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


class _RefusedError(Exception):
    """YAML that is no data, or that would cost too much."""

    def __init__(self, mark: Any, text: str) -> None:
        super().__init__(text)
        self.mark = mark


def parse(code: str) -> Any:
    """Return the data of the document; of several, a list."""
    import yaml

    def error(at: int, text: str) -> ParseError:
        return ParseError(code.count("\n", 0, at) + 1, text)

    if code.count("\n%") > MAX_DIRECTIVES:
        raise error(0, "has too many directives")
    try:
        documents = list(_documents(code))
    except _RefusedError as refused:
        raise error(refused.mark.index, str(refused)) from None
    except UnicodeEncodeError as refused:
        raise error(refused.start, "has a character that cannot be encoded") from None
    except yaml.reader.ReaderError as refused:
        # It says the place in bytes or in characters, so it is looked for again.
        found = yaml.reader.Reader.NON_PRINTABLE.search(code)
        raise error(found.start() if found else 0, f"is not YAML: {refused.reason}") from None
    except yaml.MarkedYAMLError as refused:
        mark = refused.problem_mark or refused.context_mark
        text = refused.problem or refused.context or "something is wrong"
        at = min(mark.index, len(code.rstrip())) if mark else 0
        raise error(at, f"is not YAML: {text}") from None
    except yaml.YAMLError as refused:
        raise error(0, f"is not YAML: {refused}") from None
    if len(documents) > 1 and documents[-1] is None:
        documents.pop()  # the text ends with the mark of a next document
    return documents[0] if len(documents) == 1 else documents or None


def _documents(code: str) -> Iterator[Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    parts: list[_Part] = []
    anchors: dict[str, _Value] = {}
    values = 0
    root = _Value(None)
    for event in yaml.parse(code, Loader=loader):
        mark = event.start_mark
        if isinstance(event, yaml.DocumentStartEvent):
            anchors.clear()
        elif isinstance(event, yaml.DocumentEndEvent):
            yield root.data
        elif isinstance(event, yaml.CollectionStartEvent):
            anchors.pop(event.anchor or "", None)
            mapping = isinstance(event, yaml.MappingStartEvent)
            parts.append(_Part({} if mapping else [], event.anchor))
            if len(parts) > MAX_DEPTH:
                raise _RefusedError(mark, "is nested too deeply")
        elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            value, anchor = _complete(event, parts, anchors)
            values += value.size if isinstance(event, yaml.AliasEvent) else 1
            if values > MAX_VALUES:
                raise _RefusedError(mark, "holds too many values, or its aliases multiply them")
            if len(parts) + value.height > MAX_DEPTH:
                raise _RefusedError(mark, "is nested too deeply")
            if anchor:
                anchors[anchor] = value
            if parts:
                name = event.value if isinstance(event, yaml.ScalarEvent) else None
                _put(parts[-1], value, name, mark)
            else:
                root = value


def _complete(
    event: Event, parts: list[_Part], anchors: dict[str, _Value]
) -> tuple[_Value, str | None]:
    """Return the value that is complete with an event, and the anchor that names it."""
    import yaml

    if isinstance(event, yaml.AliasEvent):
        name = event.anchor or ""
        if name not in anchors:
            text = f"has the alias “*{name[:40]}” where nothing has that name yet"
            raise _RefusedError(event.start_mark, text)
        return anchors[name], None
    if isinstance(event, yaml.ScalarEvent):
        return _Value(_scalar(event)), event.anchor
    part = parts.pop()
    _merge(part)
    return _Value(part.data, part.size, part.height), part.anchor


def _put(part: _Part, value: _Value, name: str | None, mark: Any) -> None:
    """Put a value into what it stands in.

    :param name: the value's own text, which is what it is called as a key: data know no others.
    """
    part.size += value.size
    part.height = max(part.height, value.height + 1)
    if isinstance(part.data, list):
        part.data.append(value.data)
    elif part.key is None:
        inline = (
            f"? on line {mark.line + 1}" if isinstance(value.data, dict | list) else str(value.data)
        )
        key = part.key = inline if name is None else name
        if key in part.data:
            raise _RefusedError(mark, f"has the key “{key[:40]}” twice in one mapping")
    else:
        if part.key == "<<" and isinstance(value.data, dict | list):
            part.merged += value.data if isinstance(value.data, list) else [value.data]
        else:
            part.data[part.key] = value.data
        part.key = None


def _merge(part: _Part) -> None:
    """Give a mapping what its ``<<`` stand for; its own keys win, and earlier ones."""
    if part.merged and isinstance(part.data, dict):
        found: dict[str, Any] = {}
        for other in part.merged:
            for key, value in other.items() if isinstance(other, dict) else ():
                found.setdefault(key, value)
        part.data = found | part.data


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


LANGUAGES = (
    Language(
        "YAML",
        ("yaml", "yml"),
        parse=parse,
        placeholder=partial(placeholders.find, family="data"),
    ),
)

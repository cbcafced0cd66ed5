"""Values and words → phrases: short texts, some of whose words are code or lead to a definition.

Everything here ends after a bounded number of steps, whatever the values are.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VALUE = 80
"""Characters of a value within a phrase."""
TEXT = 4000
"""Characters of a description."""
_NESTED = 20


class Span(NamedTuple):
    """A part of a phrase."""

    text: str
    target: str = ""
    """The JSON pointer of the definition that it names."""
    code: bool = False


Phrase = tuple[Span, ...]


def phrase(*parts: str | Span | Phrase) -> Phrase:
    """Return one phrase of several parts."""
    found: list[Span] = []
    for part in parts:
        if isinstance(part, str):
            found.append(Span(part))
        elif isinstance(part, Span):
            found.append(part)
        else:
            found += part
    return tuple(found)


def code(value: str) -> Span:
    """Return a span of code."""
    return Span(cut(value, VALUE * 2), code=True)


def plain(words: Phrase) -> str:
    """Return a phrase's text."""
    return "".join(span.text for span in words)


def join(parts: Sequence[Phrase], word: str = "or") -> Phrase:
    """Return ``a, b or c``; parts that hold commas are told apart by one more."""
    comma = any("," in span.text for part in parts for span in part if not span.code)
    found: list[Span] = []
    for index, part in enumerate(parts):
        if index:
            last = index == len(parts) - 1
            found.append(Span(f"{',' if comma else ''} {word} " if last else ", "))
        found += part
    return tuple(found)


def listed(parts: Sequence[Phrase]) -> Phrase:
    """Return ``a, b, c``."""
    found: list[Span] = []
    for part in parts:
        found += [Span(", ")] if found else []
        found += part
    return tuple(found)


def cut(text: str, most: int = TEXT) -> str:
    """Return the beginning of a text."""
    return text if len(text) <= most else text[: most - 1] + "…"


def spell(value: Any, most: int = VALUE) -> str:
    """Return the beginning of a value's JSON."""
    found, length = [], 0
    for piece in _pieces(value, most, 0):
        found.append(piece)
        length += len(piece)
        if length > most:
            break
    return cut("".join(found), most)


def _pieces(value: Any, most: int, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield json.dumps(value[: most + 1], ensure_ascii=False)
    elif not isinstance(value, dict | list):
        yield json.dumps(value) if value is None or isinstance(value, int | float) else str(value)
    elif depth == _NESTED:
        yield "…"
    elif isinstance(value, dict):
        yield "{"
        for index, (key, item) in enumerate(value.items()):
            yield ", " if index else ""
            yield f"{json.dumps(str(key)[: most + 1], ensure_ascii=False)}: "
            yield from _pieces(item, most, depth + 1)
        yield "}"
    else:
        yield "["
        for index, item in enumerate(value):
            yield ", " if index else ""
            yield from _pieces(item, most, depth + 1)
        yield "]"


def bare(value: Any) -> Span:
    """Return a value as readers know it: words without quotes, where nothing is lost by that."""
    if isinstance(value, str) and value and value == " ".join(value.split()) and "," not in value:
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            return Span(cut(value, VALUE), code=True)
    return Span(spell(value), code=True)


def is_number(value: Any) -> TypeGuard[float]:
    """Return whether a value is a number that can be a bound."""
    if isinstance(value, float):
        return not math.isnan(value)
    return isinstance(value, int) and not isinstance(value, bool)


def is_count(value: Any) -> TypeGuard[float]:
    """Return whether a value can be a number of things."""
    return is_number(value) and value >= 0 and value == value // 1


def is_names(value: Any) -> TypeGuard[list[str]]:
    """Return whether a value is a list of texts."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def number(value: float) -> str:
    """Return a number without a fraction that is none."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return cut(str(value), 40)


def between(low: float | None, high: float | None) -> str:
    """Return ``1 to 5``, ``at least 1``, ``at most 5`` or ``exactly 5``."""
    if low is not None and high is not None:
        return f"exactly {number(low)}" if low == high else f"{number(low)} to {number(high)}"
    return f"at least {number(low)}" if low is not None else f"at most {number(high or 0)}"


def amount(low: float | None, high: float | None, one: str, many: str) -> str:
    """Return ``1 to 5 items`` and the like."""
    return f"{between(low, high)} {one if (high if high is not None else low) == 1 else many}"


def more(count: int, one: str, many: str) -> str:
    """Return the sentence that says what is not shown."""
    return f"{count} more {f'{one} is' if count == 1 else f'{many} are'} not shown."

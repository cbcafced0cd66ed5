"""Text → its JSON value, strictly and with exact lines; also JSONC, JSON5 and JSON Lines.

The standard library's parser recurses, lets duplicate keys pass and does not say where; so here
are one regular expression for each kind of token, and a stack.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from agentdocs.verify import placeholders
from agentdocs.verify.languages.base import Language, ParseError

MAX_DEPTH = 200
"""Deepest nesting; whoever walks the value afterwards may recurse without a thought."""
MAX_HINT = 200_000
"""Characters beyond which nobody looks for what else a broken text might be."""
MAX_DIGITS = 4000
"""A longer integer becomes a float: Python refuses to read it, JSON does not."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What tells one kind of JSON from another."""

    name: str
    space: re.Pattern[str]
    """What may stand between tokens; matches everywhere, if only nothing."""
    string: re.Pattern[str]
    number: re.Pattern[str]
    bare_key: re.Pattern[str] | None = None
    trailing_comma: bool = False


_STRING_START = r'"[^"\\\x00-\x1f]*+(?>(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*+)*)'
# Possessive groups are wrong before Python 3.11.5; possessive characters and atomic groups are not.
_ANY_STRING = r"""(?s:"[^"\\\n]*+(?>(?:\\.[^"\\\n]*+)*)"|'[^'\\\n]*+(?>(?:\\.[^'\\\n]*+)*)')"""
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?(?![\w.])"
_ANY_NUMBER = (
    r"[-+]?(?:0[xX][0-9A-Fa-f]++|Infinity|NaN"
    r"|(?:(?:0|[1-9][0-9]*+)(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?)(?![\w.])"
)
_COMMENTS = r"|//[^\n]*+|(?s:/\*.*?\*/)"
_STRICT = Dialect(
    "JSON", re.compile(r"[ \t\r\n]*+"), re.compile(f'{_STRING_START}"'), re.compile(_NUMBER)
)  # fmt: skip
_COMMENTED = Dialect(
    "JSONC", re.compile(rf"(?>(?:[ \t\r\n]++{_COMMENTS})*)"), _STRICT.string, _STRICT.number,
    trailing_comma=True,
)  # fmt: skip
_FIVE = Dialect(
    "JSON5", re.compile(rf"(?>(?:[\s\ufeff]++{_COMMENTS})*)"), re.compile(_ANY_STRING),
    re.compile(_ANY_NUMBER), re.compile(r"[^\W\d][$\w]*+|\$[$\w]*+"), trailing_comma=True,
)  # fmt: skip

_WORDS = {"true": True, "false": False, "null": None}
_WORD = re.compile(r"-?\w++|$")
_SEEN = re.compile(r"(?s)\w{1,20}|\.\.\.|.")
_ESCAPE = re.compile(r"(?s)\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0", "\n": ""}


def parse(code: str) -> Any:
    """Return the value of a JSON text."""
    try:
        return _whole(code, _STRICT)
    except ParseError as error:
        hint = _hint(code, error) if len(code) <= MAX_HINT else ""
        raise ParseError(error.line, hint or error.text) from None


def parse_lines(code: str) -> list[Any]:
    """Return the values of JSON Lines, one from each line that is not blank."""
    values = []
    for number, line in enumerate(code.split("\n"), 1):
        if line.strip(" \t\r"):
            try:
                values.append(_whole(line, _STRICT))
            except ParseError as error:
                text = f"{error.text}; each line must be a value of its own"
                raise ParseError(number, text) from None
    return values


def _whole(code: str, dialect: Dialect) -> Any:
    value, at = _value(code, _skip(code, 0, dialect), dialect)
    if code.startswith(":", at) and isinstance(value, str):
        _fail(code, at, "is the inside of an object; put braces around it", dialect)
    if at < len(code):
        _fail(code, at, f"has {_seen(code, at)} after its end", dialect)
    return value


def _value(code: str, at: int, dialect: Dialect) -> tuple[Any, int]:
    """Return the value at ``at``, and where the next token begins."""
    containers: list[dict[str, Any] | list[Any]] = []
    keys: list[str] = []
    while True:
        opening = code[at : at + 1]
        value: Any
        if opening in ("{", "["):
            if len(containers) == MAX_DEPTH:
                _fail(code, at, "is nested too deeply", dialect)
            value = {} if opening == "{" else []
            at = _skip(code, at + 1, dialect)
            if code[at : at + 1] != _closing(value):
                containers.append(value)
                keys.append("")
                if opening == "{":
                    keys[-1], at = _key(code, at, value, dialect)
                continue
            at += 1
        else:
            value, at = _scalar(code, at, dialect)
        while True:  # a value is complete, and with it perhaps what it stands in
            at = _skip(code, at, dialect)
            if not containers:
                return value, at
            inside = containers[-1]
            if isinstance(inside, dict):
                inside[keys[-1]] = value
            else:
                inside.append(value)
            closing = _closing(inside)
            found = code[at : at + 1]
            if found == ",":
                comma, at = at, _skip(code, at + 1, dialect)
                if code[at : at + 1] != closing:
                    if isinstance(inside, dict):
                        keys[-1], at = _key(code, at, inside, dialect)
                    break
                if not dialect.trailing_comma:
                    text = f"has a comma before “{closing}”, which JSON does not allow"
                    _fail(code, comma, text, dialect)
            elif found != closing:
                _expected(f"a comma or “{closing}”", code, at, dialect)
            value = containers.pop()
            keys.pop()
            at += 1


def _closing(container: dict[str, Any] | list[Any]) -> str:
    return "}" if isinstance(container, dict) else "]"


def _key(code: str, at: int, known: dict[str, Any], dialect: Dialect) -> tuple[str, int]:
    """Return the key at ``at``, and where its value begins."""
    if dialect.bare_key and (bare := dialect.bare_key.match(code, at)):
        key, end = bare[0], bare.end()
    elif code[at : at + 1] == '"' or dialect.string.match(code, at):
        key, end = _string(code, at, dialect)
    else:
        _expected("a key in quotes", code, at, dialect)
    if key in known:
        _fail(code, at, f"has the key “{_cut(key)}” twice in one object", dialect)
    end = _skip(code, end, dialect)
    if code[end : end + 1] != ":":
        _expected("a colon", code, end, dialect)
    return key, _skip(code, end + 1, dialect)


def _scalar(code: str, at: int, dialect: Dialect) -> tuple[Any, int]:
    if code[at : at + 1] == '"' or dialect.string.match(code, at):
        return _string(code, at, dialect)
    if number := dialect.number.match(code, at):
        return _number(number[0]), number.end()
    word = _WORD.match(code, at)
    if word and word[0] in _WORDS:
        return _WORDS[word[0]], word.end()
    if word and word[0].lstrip("-") in ("NaN", "Infinity"):
        _fail(code, at, f"has {word[0]}, a number that JSON does not have", dialect)
    if not code.strip():
        _fail(code, at, "is empty", dialect)
    _expected("a value", code, at, dialect)


def _string(code: str, at: int, dialect: Dialect) -> tuple[str, int]:
    found = dialect.string.match(code, at)
    if not found:
        good = re.match(_STRING_START, code[at:])
        bad = at + good.end() if good else at
        if code.startswith("\\", bad) and bad + 1 < len(code):
            escape = f"has the escape “{_cut(code[bad : bad + 2])}”, which JSON does not know"
            _fail(code, bad, escape, dialect)
        _fail(code, at, "has a string that does not end on its line", dialect)
    raw = found[0][1:-1]
    if "\\" not in raw:
        return raw, found.end()
    if dialect is _FIVE:
        text = _ESCAPE.sub(_unescape, raw).encode("utf-16", "surrogatepass")
        return text.decode("utf-16", "surrogatepass"), found.end()  # joins what was in two halves
    return json.loads(f'"{raw}"'), found.end()


def _unescape(match: re.Match[str]) -> str:
    digits = match[1] or match[2]
    return chr(int(digits, 16)) if digits else _ESCAPES.get(match[3], match[3])


def _number(text: str) -> int | float:
    if text[-1] not in "yN" and "x" in text.lower():
        return int(text, 16)
    if text.lstrip("+-").isdecimal() and len(text) <= MAX_DIGITS:
        return int(text)
    return float(text)


def _skip(code: str, at: int, dialect: Dialect) -> int:
    found = dialect.space.match(code, at)
    return found.end() if found else at


def _expected(what: str, code: str, at: int, dialect: Dialect) -> NoReturn:
    found = f"has {_seen(code, at)}" if at < len(code) else "ends"
    _fail(code, at, f"{found} where {what} should be", dialect)


def _fail(code: str, at: int, text: str, dialect: Dialect) -> NoReturn:
    rest = code[at : at + 2]
    if rest in ("//", "/*") or rest[:1] == "#":
        text = f"has a comment, which {dialect.name} does not allow"
        if dialect is not _STRICT and rest == "/*":
            text = "has a comment that does not end"
    raise ParseError(code.count("\n", 0, at) + 1, text)


def _hint(code: str, error: ParseError) -> str:
    """Say what a fence of JSON should have been called, where only its name is wrong."""
    try:
        if "does not allow" in error.text:
            _whole(code, _COMMENTED)
            return f"{error.text}; call the fence jsonc"
        if "after its end" in error.text:
            at = _skip(code, 0, _STRICT)
            while at < len(code):
                _, at = _value(code, at, _STRICT)
            return f"holds several values; {_apart(code)}"
    except ParseError:
        pass
    return ""


def _apart(code: str) -> str:
    try:
        parse_lines(code)
    except ParseError:
        return "give each a fence of its own"
    return "call the fence jsonl"


def _seen(code: str, at: int) -> str:
    """Name what stands at ``at``, as people would."""
    word = _SEEN.match(code, at)
    text = word[0] if word else ""
    return f"“{text}”" if text.isprintable() else f"the character U+{ord(text[0]):04X}"


def _cut(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= 40 else f"{text[:39]}…"


_placeholder = partial(placeholders.find, family="data")
LANGUAGES = (
    Language("JSON", ("json", "geojson"), parse=parse, placeholder=_placeholder),
    Language(
        "JSONC", ("jsonc",), parse=partial(_whole, dialect=_COMMENTED), placeholder=_placeholder
    ),
    Language("JSON5", ("json5",), parse=partial(_whole, dialect=_FIVE), placeholder=_placeholder),
    Language(
        "JSON Lines",
        ("jsonl", "ndjson", "jsonlines"),
        parse=parse_lines,
        placeholder=_placeholder,
    ),
)

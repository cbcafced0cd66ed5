"""A value of strangers' JSON → a text in which nothing acts."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}")


def harmless(text: str) -> str:
    """Return text without controls, changes of direction and what no file can hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(map(_character, text))


def _character(character: str) -> str:
    if character in "\t\n":
        return character
    if character in "\u2028\u2029":
        return "\n"
    kind = unicodedata.category(character)
    # Joiners make emoji and letters of what stands beside them; other marks turn texts around.
    bad = kind in ("Cc", "Cs", "Cn") or (kind == "Cf" and character not in "\u200c\u200d")
    return "\ufffd" if bad else character


def line(text: str, most: int = 200) -> str:
    """Return the beginning of a text on one line."""
    flat = " ".join(harmless(text[: most * 4]).split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def dump(value: Any, most: int = 16_000) -> str:
    """Return a value as JSON over several lines; ASCII alone, so that no character can act."""
    try:
        text = json.dumps(value, indent=2, ensure_ascii=not _is_plain(value))
    except (RecursionError, ValueError, TypeError):
        return "(too deep to be shown)"
    text = harmless(text)
    return text if len(text) <= most else text[:most] + "\n…"


def _is_plain(value: Any) -> bool:
    """Return whether a value can be shown with its letters as they are."""
    text = json.dumps(value, ensure_ascii=False)
    return harmless(text) == text


def brief_value(value: Any, most: int = 60) -> str:
    """Return a value as JSON on one line."""
    try:
        return line(json.dumps(value, ensure_ascii=False), most)
    except (RecursionError, ValueError, TypeError):
        return "…"


def is_token(text: str) -> bool:
    """Return whether a text is what HTTP calls a token: a header's or a cookie's name."""
    return _TOKEN.fullmatch(text) is not None

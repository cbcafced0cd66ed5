"""Text → the data of a TOML document, by the standard library."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from agentdocs.verify import placeholders
from agentdocs.verify.languages.base import Language, ParseError

MAX_PARTS = 100
"""Parts of a key; tomllib works, and takes memory, in the square of them."""

_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+"""
_LONG_KEY = re.compile(rf"(?m)(?:^|[\[{{,])[ \t]*+{_PART}(?:\.[ \t]*+{_PART}){{{MAX_PARTS}}}")
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def parse(code: str) -> dict[str, Any]:
    """Return the data of a TOML document."""
    import tomllib

    if deep := _LONG_KEY.search(code):
        raise ParseError(code.count("\n", 0, deep.end()) + 1, "is nested too deeply")
    try:
        return tomllib.loads(code)
    except RecursionError:
        raise ParseError(1, "is nested too deeply") from None
    except ValueError as error:  # tomllib's own, and that of an integer with too many digits
        place = _PLACE.search(str(error))
        text = str(error)[: place.start()] if place else str(error)
        last = code.rstrip().count("\n") + 1
        line = int(place[1]) if place and place[1] else last if place else 1
        raise ParseError(line, f"is not TOML: {text[:1].lower()}{text[1:]}") from None


LANGUAGES = (
    Language("TOML", ("toml",), parse=parse, placeholder=partial(placeholders.find, family="data")),
)

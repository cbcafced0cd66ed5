"""Text → how it is written in a contract, so that it is read back to the letter."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

# What a block can hold; everything else is written with escapes, in double quotes.
_BLOCK = re.compile(
    "[\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
)
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LONE = re.compile("[\ud800-\udfff]")
_PLAIN = re.compile(r"[^\W\d_](?:[\w./#:-]*[\w./#-])?")
# What some reader of YAML takes for something else than text.
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_NUMBER = re.compile(r"[0-9]+(?:e[0-9]+)?|0b[01]+")


@dataclass(frozen=True, slots=True)
class Block:
    """A text as a block scalar."""

    header: str
    """``|``, with a number if the text begins with white space, and ``-`` or ``+`` for its end."""
    lines: tuple[str, ...]
    """Without indentation."""

    @property
    def keeps(self) -> bool:
        """Whether empty lines that follow would be part of it."""
        return self.header.endswith("+")

    def body(self, indent: int) -> str:
        """Return the lines below the header; ``indent`` is 2 more than that of the key."""
        return "".join(f"{' ' * indent}{line}\n" if line else "\n" for line in self.lines)


def block(text: str) -> Block | None:
    """Return ``text`` as a block scalar; None if it cannot be one."""
    if not text.strip("\t\n ") or not _BLOCK.fullmatch(text):
        return None
    number = "2" if text[0] in "\t\n " else ""
    if not text.endswith("\n"):
        return Block(f"|{number}-", tuple(text.split("\n")))
    end = "+" if text.endswith("\n\n") else ""
    return Block(f"|{number}{end}", tuple(text[:-1].split("\n")))


def quoted(text: str) -> str:
    """Return ``text`` in double quotes, on one line. Halves of characters become �."""
    written = json.dumps(_LONE.sub("\ufffd", text), ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", written)


def name(text: str) -> str:
    """Return an address or a path as a key or a list item, in quotes where it needs them."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else quoted(text)


def hexadecimal(digest: str) -> str:
    """Return a digest, in quotes where it looks like a number."""
    return quoted(digest) if _NUMBER.fullmatch(digest) else digest

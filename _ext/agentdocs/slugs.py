"""Words of authors → names for addresses, files and anchors."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_SLUG = 80
"""Most bytes of a slug; several of them and a suffix fit into a file's name."""
MAX_READ = 400
"""Most characters of a text that are looked at for its slug."""


def slugify(text: str, default: str = "section") -> str:
    """Return letters, digits, ``_`` and single hyphens; safe in a URL, an id and a file name."""
    # To put marks upon marks in order takes time with the square of their number.
    text = unicodedata.normalize("NFKC", text[:MAX_READ]).lower()
    text = re.sub(r"[^\w\s-]", "", text)
    slug = re.sub(r"[\s_-]+", "-", text).strip("-")
    return slug.encode()[:MAX_SLUG].decode(errors="ignore").strip("-") or default


_SIGNS = str.maketrans({"#": " sharp ", "+": " plus ", "&": " and ", "*": " star ", "=": " is "})


def term_slug(term: str) -> str:
    """Return a slug for a tag, a tool or a language, whose signs tell it from others (``c++``)."""
    slug = slugify(term.translate(_SIGNS), "other")
    # The list of all terms has that name; no other term's slug ends so.
    return "index_" if slug == "index" else slug


class Taken(set[str]):
    """Names that are taken, and how far each was counted, so that many alike cost no more."""

    __slots__ = ("counted",)

    def __init__(self, names: Iterable[str] = ()) -> None:
        super().__init__(names)
        self.counted: dict[str, int] = {}
        """Slug → the last number that was taken for it."""


def unique(slug: str, taken: set[str]) -> str:
    """Return ``slug``, or the first of ``slug-2``, ``slug-3``, … that is not taken; take it."""
    counted = taken.counted if isinstance(taken, Taken) else {}
    number = counted.get(slug, 1)
    candidate = slug if number == 1 else f"{slug}-{number}"
    while candidate in taken:
        number += 1
        candidate = f"{slug}-{number}"
    taken.add(candidate)
    counted[slug] = number
    return candidate

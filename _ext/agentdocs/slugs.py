"""Words of authors → names for addresses, files and anchors."""

from __future__ import annotations

import re
import unicodedata

MAX_SLUG = 80
"""Most bytes of a slug; several of them and a suffix fit into a file's name."""


def slugify(text: str, default: str = "section") -> str:
    """Return letters, digits, ``_`` and single hyphens; safe in a URL, an id and a file name."""
    text = unicodedata.normalize("NFKC", text).lower()
    text = re.sub(r"[^\w\s-]", "", text)
    slug = re.sub(r"[\s_-]+", "-", text).strip("-")
    return slug.encode()[:MAX_SLUG].decode(errors="ignore").strip("-") or default


_SIGNS = str.maketrans({"#": " sharp ", "+": " plus ", "&": " and ", "*": " star ", "=": " is "})


def term_slug(term: str) -> str:
    """Return a slug for a tag, a tool or a language, whose signs tell it from others (``c++``)."""
    return slugify(term.translate(_SIGNS), "other")


def unique(slug: str, taken: set[str]) -> str:
    """Return ``slug``, or the first of ``slug-2``, ``slug-3``, … that is not taken; take it."""
    candidate, number = slug, 1
    while candidate in taken:
        number += 1
        candidate = f"{slug}-{number}"
    taken.add(candidate)
    return candidate

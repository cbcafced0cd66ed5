"""Sphinx's index of words → the same without words that stand on no page any more.

Sphinx takes pages that are gone or changed out of its index, and leaves their words with an empty
list behind. So the index of a site that has changed is not that of its pages, and only grows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentdocs.writer import put

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_BEGIN, _END = "Search.setIndex(", ")"


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Take words without a page out of the index that was written."""
    builder: Any = app.builder
    if exception or not getattr(builder, "search", False):
        return
    file = Path(app.outdir) / builder.searchindex_filename
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    if ":[]" not in text or not text.startswith(_BEGIN):
        return
    index = json.loads(text[len(_BEGIN) : -len(_END)])
    for name in ("terms", "titleterms"):
        index[name] = {word: found for word, found in index[name].items() if found != []}
    text = json.dumps(index, separators=(",", ":"), sort_keys=True)
    put(file, f"{_BEGIN}{text}{_END}".encode())


def setup(app: Sphinx) -> None:
    """Register the handler."""
    app.connect("build-finished", finish)

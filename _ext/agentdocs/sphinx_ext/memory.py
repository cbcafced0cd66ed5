"""What Sphinx keeps of every document → given back, because it lies on the disk as well.

Between reading and writing, Sphinx holds the trees of all documents. Their nodes hold each other,
so that only a search for garbage frees them, and having lived long, they are searched last: with
1,000 agents that came to 1.8 GB. A tree that is read again from its pickle lives for one page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_KEPT = ("_write_doc_doctree_cache", "_pickled_doctree_cache")
"""Where Sphinx 9 keeps them; a release that has no such thing keeps what it will."""


def give_back(app: Sphinx, *_: Any) -> None:
    """Forget the trees of documents that were read or written."""
    for name in _KEPT:
        getattr(app.env, name, {}).clear()


def setup(app: Sphinx) -> None:
    """Register the handler: before each document is read, after all are, and as each is written."""
    for event in ("env-purge-doc", "env-updated", "html-page-context"):
        app.connect(event, give_back)

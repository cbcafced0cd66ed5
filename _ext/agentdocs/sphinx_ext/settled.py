"""A build that writes no page → what is made from all of them stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from agentdocs.sphinx_ext import generate
from agentdocs.writer import refresh

if TYPE_CHECKING:
    from collections.abc import Set

    from sphinx.application import Sphinx

_BUSY: WeakSet[Sphinx] = WeakSet()
"""Builds that read, write or remove a document."""


def is_settled(app: Sphinx) -> bool:
    """Whether the site is that of the builder's last whole build, as far as it is known here."""
    state = generate.state(app)
    return bool(state) and app not in _BUSY and _known(app) == state


def _memory(app: Sphinx) -> Path:
    return Path(app.doctreedir) / f"agentdocs-settled-{app.builder.name}.txt"


def _known(app: Sphinx) -> str:
    try:
        return _memory(app).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def watch(app: Sphinx) -> None:
    """Note whether anything is written; the builder is told of it before it begins."""
    builder: Any = app.builder
    prepare = builder.prepare_writing

    def prepare_writing(docnames: Set[str]) -> None:
        if docnames:
            _BUSY.add(app)
        prepare(docnames)

    builder.prepare_writing = prepare_writing


def note(app: Sphinx, *_: Any) -> None:
    """Note that a document is read or removed."""
    _BUSY.add(app)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Remember what the site was made from, once it is."""
    if exception is None:
        refresh(_memory(app), generate.state(app).encode())


def setup(app: Sphinx) -> None:
    """Register the handlers."""
    app.connect("builder-inited", watch)
    app.connect("env-purge-doc", note)
    app.connect("build-finished", finish, priority=950)

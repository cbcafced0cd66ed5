"""mkdocs-material on plain pages, in an environment of its own."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import peers
from timing import Command

if TYPE_CHECKING:
    from pathlib import Path

    from processes import Use

PEER = peers.Peer("mkdocs-material", "mkdocs-material", ("mkdocs-material",), (), lambda _: 0)
_CONF = """
site_name: Bench
theme:
  name: material
  font: false
  features: [navigation.prune]
plugins: [search]
validation: {links: {not_found: ignore, anchors: ignore}, nav: {omitted_files: ignore}}
"""


def command(folder: Path, docs: Path, *, upgrade: bool = False) -> Command:
    """Return the call that builds a folder of Markdown.

    :raises AbsentError: mkdocs-material cannot be installed.
    """
    programs = peers.environment(PEER, upgrade=upgrade)
    folder.mkdir(exist_ok=True)
    shutil.copytree(docs, folder / "docs", dirs_exist_ok=True)
    (folder / "mkdocs.yml").write_text(_CONF)
    wanted = len(list(docs.rglob("*.md")))

    def check(use: Use) -> str:
        there = len(list((folder / "site").rglob("*.html")))
        if use.code:
            return f"ended with {use.code}"
        return "" if there >= wanted else f"made {there} of {wanted} pages"

    return Command(
        f"{PEER.name} {peers.version(PEER, programs)}",
        (str(programs / "mkdocs"), "build", "-q", "--clean"),
        folder,
        peers.with_path(programs),
        check,
    )

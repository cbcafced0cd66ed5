"""What HTML has beside pages: verbatim sources, downloads and the data of the filter."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sphinx.util.osutil import relative_uri

from agentdocs.source import read_file
from agentdocs.sphinx_ext import config, domain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

CATALOGUE = "agentdocs-catalogue.js"


def verbatim(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield a page for each agent's file, line by line; those that stand already are kept."""
    if app.builder.format != "html":
        return
    agents = domain.get(app.env)
    folder, values = config.agents_folder(app), config.get(app)
    for path, (overview, pagename) in sorted(agents.sources.items()):
        manifest = agents.pages[overview]
        file = folder / path
        written = Path(app.builder.get_outfilename(pagename))  # type: ignore[attr-defined]
        if _is_newer(written, file) and _is_newer(written, Path(app.env.doc2path(overview))):
            continue
        raw = read_file(folder, path, values.max_bytes)
        here = app.builder.get_target_uri(pagename)
        download = f"{values.output}/{domain.FILES}/{quote(domain.download_name(path))}"
        lines = raw.text.removesuffix("\n").split("\n")
        yield pagename, {
            "title": f"{path} (source)",
            "agentdocs_manifest": {**manifest, "page": "source", "path": path},
            "agentdocs_path": path,
            "agentdocs_name": manifest["name"],
            "agentdocs_overview": overview,
            "agentdocs_download": relative_uri(here, download),
            "agentdocs_lines": len(lines),
            "agentdocs_text": lines,
        }, "agentdocs/source.html"  # fmt: skip


def _is_newer(written: Path, source: Path) -> bool:
    try:
        return written.stat().st_mtime > source.stat().st_mtime
    except OSError:
        return False


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Copy the downloads and write the filter's data."""
    if exception or app.builder.format != "html":
        return
    agents = domain.get(app.env)
    folder, output = config.agents_folder(app), config.get(app).output
    target = Path(app.outdir) / output / domain.FILES
    wanted = set()
    for manifest in agents.pages.values():
        for path in manifest.get("files", ()):
            copy = target / domain.download_name(path)
            wanted.add(copy)
            if not _is_newer(copy, folder / path):
                copy.parent.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(FileNotFoundError):  # removed while Sphinx was building
                    shutil.copyfile(folder / path, copy)
    if target.is_dir():
        for file in target.rglob("*"):
            if file.is_file() and file not in wanted:
                file.unlink()
    _prune(app, agents)
    cards = [
        [app.builder.get_target_uri(docname), manifest["card"]]
        for docname, manifest in sorted(agents.pages.items())
        if "card" in manifest
    ]
    text = f"window.agentdocsCatalogue = {json.dumps(cards, sort_keys=True)};\n"
    file = Path(app.outdir) / "_static" / CATALOGUE
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() or file.read_text() != text:
        file.write_text(text)


def _prune(app: Sphinx, agents: domain.AgentDomain) -> None:
    """Remove the pages of agents that are gone; Sphinx leaves them in the output."""
    folder = config.get(app).output
    there = Path(app.outdir) / folder
    wanted = {Path(app.builder.get_outfilename(name)) for name in app.env.found_docs}  # type: ignore[attr-defined]
    wanted |= {
        Path(app.builder.get_outfilename(page))  # type: ignore[attr-defined]
        for _, page in agents.sources.values()
    }
    for file in there.rglob("*.html") if there.is_dir() else ():
        if file not in wanted and not file.is_relative_to(there / domain.FILES):
            file.unlink()


def setup(app: Sphinx) -> None:
    """Register the handlers."""
    app.connect("html-collect-pages", verbatim)
    app.connect("build-finished", finish)

"""What HTML has beside pages: verbatim sources, downloads and the data of the filter."""

from __future__ import annotations

import hashlib
import json
import os
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.osutil import relative_uri

from agentdocs.paths import is_inside
from agentdocs.source import load, parse
from agentdocs.sphinx_ext import config, domain, generate, indexes, settled
from agentdocs.writer import refresh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

CATALOGUE = "agentdocs-catalogue.js"


def verbatim(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield a page for each agent's file, line by line; those that stand already are kept."""
    if app.builder.format != "html" or settled.is_settled(app):
        return
    agents = domain.get(app.env)
    folder, values = config.agents_folder(app), config.get(app)
    known = _load(app)
    state: dict[str, str] = {}
    # Sphinx's own digest of the configuration that the output is made with.
    style = str(app.builder.build_info.config_hash)  # type: ignore[attr-defined]
    style += repr(sorted(indexes.names(app.env).items()))
    for path, (overview, pagename) in sorted(agents.sources.items()):
        manifest = agents.pages[overview]
        written = Path(app.builder.get_outfilename(pagename))  # type: ignore[attr-defined]
        if not is_inside(folder, path):
            continue
        data = load(folder, path, values.max_bytes)
        content = data if isinstance(data, bytes) else data.text.encode()
        navigation = agents.data["nav"].get(overview, "")
        state[pagename] = _digest(content, navigation.encode(), style.encode())
        if written.exists() and known.get(pagename) == state[pagename]:
            continue
        raw = parse(path, data) if isinstance(data, bytes) else data
        here = app.builder.get_target_uri(pagename)
        download = domain.download_uri(values.output, path)
        body = app.builder.templates.render(
            "agentdocs/source.html",
            {
                "path": path,
                "name": manifest["name"],
                "overview": app.builder.get_relative_uri(pagename, overview),
                "download": relative_uri(here, download),
                "lines": raw.text.removesuffix("\n").split("\n"),
            },
        )
        # Themes take titles for HTML, because those of documents are.
        yield pagename, {
            "title": escape(f"{path} (source)"),
            "body": body,
            "agentdocs_manifest": {**manifest, "page": "source", "path": path},
        }, "page.html"  # fmt: skip
    refresh(_memory(app), json.dumps(state).encode())


def _memory(app: Sphinx) -> Path:
    """Return the file that says from what the verbatim pages were made."""
    return Path(app.doctreedir) / "agentdocs-verbatim.json"


def _load(app: Sphinx) -> dict[str, str]:
    try:
        return dict(json.loads(_memory(app).read_text()))
    except (OSError, ValueError):
        return {}


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _is_copy(copy: Path, source: Path) -> bool:
    try:
        one, other = copy.stat(), source.stat()
    except OSError:
        return False
    # Any file can be given any time, and whole releases have the same; that of its last change
    # is the system's own.
    same = (one.st_mtime_ns, one.st_size) == (other.st_mtime_ns, other.st_size)
    return same and one.st_ctime_ns > other.st_ctime_ns


def _copy(source: Path, copy: Path) -> None:
    """Copy a file with its time, by which the next build knows it again."""
    try:
        time, data = source.stat().st_mtime_ns, source.read_bytes()
    except FileNotFoundError:  # removed while Sphinx was building
        return
    refresh(copy, data)
    os.utime(copy, ns=(time, time))


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Copy the downloads and write the filter's data."""
    if exception or app.builder.format != "html" or settled.is_settled(app):
        return
    agents = domain.get(app.env)
    folder, output = config.agents_folder(app), config.get(app).output
    target = Path(app.outdir) / output / domain.FILES
    wanted = set()
    for manifest in agents.pages.values():
        for path in manifest.get("files", ()):
            copy = target / domain.download_name(path)
            wanted.add(copy)
            # A link may have taken a file's place since the library was read.
            if not _is_copy(copy, folder / path) and is_inside(folder, path):
                _copy(folder / path, copy)
    for path, data in generate.made(app).items():
        copy = target / domain.download_name(path)
        wanted.add(copy)
        text = json.dumps(json.loads(data), indent=2) + "\n"
        refresh(copy, text.encode())
    _remove(target, "*", wanted)
    verbatim = {page for _, page in agents.sources.values()}
    there = _digest(*(name.encode() for name in (output, *sorted(app.env.found_docs | verbatim))))
    if refresh(Path(app.doctreedir) / f"agentdocs-pages-{app.builder.name}.txt", there.encode()):
        _prune(app, agents, output)
    if before := generate.elsewhere(app):
        _prune(app, agents, before)
        _remove(Path(app.outdir) / before / domain.FILES, "*", set())
    generate.settle(app)
    cards = [
        [app.builder.get_target_uri(docname), manifest["card"]]
        for docname, manifest in sorted(agents.pages.items())
        if "card" in manifest
    ]
    text = f"window.agentdocsCatalogue = {json.dumps(cards, sort_keys=True)};\n"
    refresh(Path(app.outdir) / "_static" / CATALOGUE, text.encode())


def _prune(app: Sphinx, agents: domain.AgentDomain, folder: str) -> None:
    """Remove the pages of agents that are gone; Sphinx leaves them in the output."""
    there = Path(app.outdir) / folder
    wanted = {Path(app.builder.get_outfilename(name)) for name in app.env.found_docs}  # type: ignore[attr-defined]
    wanted |= {
        Path(app.builder.get_outfilename(page))  # type: ignore[attr-defined]
        for _, page in agents.sources.values()
    }
    wanted |= set((there / domain.FILES).rglob("*.html"))
    _remove(there, "*.html", wanted)
    sources = Path(app.outdir) / "_sources"
    _remove(sources / folder, "*.md.txt", {sources / f"{n}.md.txt" for n in app.env.found_docs})


def _remove(folder: Path, pattern: str, wanted: set[Path]) -> None:
    """Remove the files below a folder that are not wanted any more."""
    for file in list(folder.rglob(pattern)) if folder.is_dir() else ():
        if file.is_file() and file not in wanted:
            file.unlink()


def setup(app: Sphinx) -> None:
    """Register the handlers."""
    app.connect("html-collect-pages", verbatim)
    app.connect("build-finished", finish)

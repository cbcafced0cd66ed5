"""The site's pages as they are written → an index that Pagefind searches in the browser.

Pages say by attributes what of them is indexed, how much it counts and what they are about.
Without Pagefind they say nothing, and Sphinx's own search serves. Nothing here is asked for by
name from a theme: the attributes stand in the body and among the meta tags, which all of them
show.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import time
from html import escape, unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging

from agentdocs.sphinx_ext import config, domain, proof, settled, unchanged
from agentdocs.writer import refresh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)

FOLDER = "_pagefind"
"""Where the index stands, below the root of the site."""
ENTRY = "pagefind-entry.json"
"""What a browser asks for first; it names all else."""
SCRIPT = "agentdocs-search.js"
BUILDERS = ("html", "dirhtml")
"""Builders whose pages are files that a server shows one by one."""
SEPARATOR = " ‖ "
"""Between the sections in a page's metadata; it is no word."""
_FURNITURE = (
    "a.headerlink",
    ".agentdocs-tabs", ".agentdocs-kicker", ".agentdocs-pointer", ".agentdocs-part-of",
    ".agentdocs-proof", ".agentdocs-verdict", ".agentdocs-evidence", ".code-block-caption",
    ".agentdocs-pager", ".agentdocs-finder", ".agentdocs-graph", ".agentdocs-document",
    "#agentdocs-works-with", "#agentdocs-contents", "#agentdocs-problems",
    "#agentdocs-source", "#agentdocs-source-file", "#agentdocs-what-it-may-do",
    ".toctree-wrapper",
)  # fmt: skip
_WEIGHTS = (
    ('<div class="agentdocs-tagline ', 4),
    ('<div class="agentdocs-lead ', 5),
    ('<div class="agentdocs-when ', 4),
    ('<div class="agentdocs-chips ', 3),
    ('<section id="agentdocs-fields"', 1),
    ('<div class="highlight-', 0.25),
)
"""How much the words in these elements count; plain text counts 1, headings up to 7."""
# Pagefind would take the theme's logo for the page's picture.
_NO_PICTURE = (
    '\n<meta name="agentdocs:image" content="" data-pagefind-meta="image[content], '
    'image_alt[content]">'
)
# Interfaces that Pagefind brings and that this site does not use.
_UNUSED = re.compile(r"pagefind-(ui|modular-ui|component-ui|highlight|playground)\b.*")


def _command() -> list[str]:
    """Return how Pagefind is called; nothing where it is not installed."""
    packages = ("pagefind_bin", "pagefind_extended", "pagefind_bin_extended")
    if importlib.util.find_spec("pagefind") and (
        any(map(importlib.util.find_spec, packages)) or shutil.which("pagefind")
    ):
        return [sys.executable, "-m", "pagefind"]
    found = shutil.which("pagefind_extended") or shutil.which("pagefind")
    return [found] if found else []


def _is_on(app: Sphinx) -> bool:
    return app.builder.name in BUILDERS and bool(_command())


# --- what a page says of itself ----------------------------------------------------------------


def mark(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Say in a document's page what of it is indexed; all other pages are left out."""
    if doctree is None or not _is_on(app) or not _is_content(app, pagename):
        return
    context["body"] = marked(str(context.get("body", "")))
    tags = "".join(_tags(app, pagename, context, doctree))
    context["metatags"] = str(context.get("metatags", "")) + tags


def _is_content(app: Sphinx, pagename: str) -> bool:
    """Whether a page holds something of its own; lists of the library repeat what others say."""
    output = config.get(app).output
    return pagename in domain.get(app.env).pages or not pagename.startswith(f"{output}/")


def marked(body: str) -> str:
    """Return a body whose outermost sections are indexed, with the weights of their parts."""
    found, depth, at = [], 0, 0
    for tag in re.finditer(r"<(/?)section\b", body):
        if tag[1]:
            depth -= 1
            continue
        if depth == 0:
            found += [body[at : tag.end()], " data-pagefind-body"]
            at = tag.end()
        depth += 1
    body = "".join([*found, body[at:]]) if found else f"<div data-pagefind-body>{body}</div>"
    for begin, weight in _WEIGHTS:
        name, _, rest = begin.partition(" ")
        body = body.replace(begin, f'{name} data-pagefind-weight="{weight}" {rest}')
    return body


def _tags(app: Sphinx, docname: str, context: dict[str, Any], doctree: Any) -> Iterator[str]:
    """Yield the meta tags that Pagefind reads: what results show, and facets."""
    agents = domain.get(app.env)
    manifest = agents.pages.get(docname)
    title = unescape(re.sub(r"<[^>]*>", "", str(context.get("title", ""))))
    yield _NO_PICTURE
    for key, value in _metadata(agents, manifest, title, doctree):
        yield _tag("meta", key, value)
    for key, values in _facets(app, docname, manifest):
        for value in dict.fromkeys(values):
            yield _tag("filter", key, value)


def _tag(kind: str, key: str, value: str) -> str:
    value = " ".join(value.split())
    if not value:
        return ""
    name = f'name="agentdocs:{key}" content="{escape(value)}"'
    return f'\n<meta {name} data-pagefind-{kind}="{key}[content]">'


def _metadata(
    agents: domain.AgentDomain, manifest: dict[str, Any] | None, title: str, doctree: Any
) -> Iterator[tuple[str, str]]:
    path = manifest["path"] if manifest else ""
    yield "sections", SEPARATOR.join(_sections(doctree, path))
    if manifest is None:
        yield "title", title
        return
    is_overview = manifest["page"] == "index"
    yield "title", manifest["name"] if is_overview else manifest["title"]
    yield "agent", manifest["agent"]
    yield "name", manifest["name"]
    yield "collection", manifest["collection"]
    yield "file", manifest["path"].rpartition("/")[2]
    if is_overview:
        card = manifest["card"]
        yield "about", " ".join([card["summary"], card["words"], *card["tags"]])


def _sections(doctree: Any, path: str) -> Iterator[str]:
    """Yield anchor, line and title of each section; the line is that in the page's agent file."""
    for section in doctree.findall(nodes.section):
        title = next(iter(section.findall(nodes.title)), None)
        if title is None or not section["ids"]:
            continue
        words = title.astext().replace("‖", " ")
        there = path and str(title.source or "").endswith(path)
        yield f"{section['ids'][0]} {(there and title.line) or 0} {words}"


_KINDS = {
    "index": "overview", "reference": "reference", "examples": "examples", "schemas": "schemas",
}  # fmt: skip


def _facets(
    app: Sphinx, docname: str, manifest: dict[str, Any] | None
) -> Iterator[tuple[str, list[str]]]:
    agents = domain.get(app.env)
    if manifest is None:
        yield "kind", ["manual"]
        return
    card = agents.pages[f"{config.get(app).output}/{manifest['agent']}/index"]["card"]
    folder, _, _ = manifest["page"].partition("/")
    kinds = _KINDS | {"scripts": "script" if folder != manifest["page"] else "companion"}
    yield "kind", [kinds.get(folder, "api" if folder == "apis" else "companion")]
    for key in ("collection", "role", "model"):
        yield key, [card[key]]
    yield "tool", card["tools"]
    yield "tag", card["tags"]
    known = proof.get(app)
    shown = agents.snippets.get(docname, [])
    yield "language", sorted({one.language for one in shown if one.language})
    verdicts = [known.on(one.path, one.address, one.digest) for one in shown]
    yield "tier", sorted({_tier(one) for one in verdicts if one})


def _tier(outcome: Any) -> str:
    return str(outcome.tier if outcome.verdict == "passed" else outcome.verdict)


# --- the index ---------------------------------------------------------------------------------


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Make the index from the pages, if one of them has changed."""
    if exception or app.builder.name not in BUILDERS:
        return
    target = Path(app.outdir) / FOLDER
    if not _is_on(app):
        if (target / ENTRY).is_file():  # of a build that could
            shutil.rmtree(target)
        logger.info(
            "Pagefind is not installed, so Sphinx's own search serves: "
            "pip install 'agentdocs[search]' adds the other."
        )
        return
    memory = Path(app.doctreedir) / f"agentdocs-search-{app.builder.name}.json"
    known = _known(memory) if (target / ENTRY).is_file() else {}
    state = _state(app, known.get("pages", "") if settled.is_settled(app) else "")
    if known == state:
        return
    if known and config.get(app).index == "once":
        refresh(memory, json.dumps({**known, "pages": ""}).encode())
        logger.info("The search still finds what it found before (agentdocs_index).")
        return
    began = time.perf_counter()
    if not (said := _index(app, target)):
        return
    refresh(memory, json.dumps(state).encode())
    logger.info("Search index: %s in %.1f s", said, time.perf_counter() - began)


def _index(app: Sphinx, target: Path) -> str:
    """Run Pagefind beside the index that is there, then change what differs."""
    suffix = str(app.builder.out_suffix)  # type: ignore[attr-defined]
    with TemporaryDirectory() as folder:
        command = [
            *_command(), "--site", str(app.outdir), "--output-path", folder,
            "--glob", f"**/*{suffix}", "--exclude-selectors", ", ".join(_FURNITURE),
        ]  # fmt: skip
        if app.builder.name == "html":
            command.append("--keep-index-url")
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        pages = re.search(r"Indexed (\d+) pages?", done.stdout)
        if done.returncode or not pages:
            fault = (done.stderr or done.stdout).strip().rpartition("\n")[2]
            logger.warning("Pagefind made no index: %s", fault, type="agentdocs", subtype="search")
            return ""
        # CBOR comes with the extra; without it, an index has other names each time.
        with contextlib.suppress(ImportError):
            from agentdocs.sphinx_ext import search_names

            search_names.settle(Path(folder) / ENTRY)
        _take_over(Path(folder), target)
    return f"{pages[1]} pages"


def _take_over(made: Path, target: Path) -> None:
    """Make one folder like another: new files, then what names them, then old ones away."""
    wanted = sorted(
        (path.relative_to(made) for path in made.rglob("*") if path.is_file()),
        key=lambda path: (path.name == ENTRY, path),
    )
    wanted = [path for path in wanted if not _UNUSED.fullmatch(path.name)]
    for path in wanted:
        refresh(target / path, (made / path).read_bytes())
    kept = {target / path for path in wanted}
    for old in [path for path in target.rglob("*") if path.is_file()]:
        if old not in kept:
            old.unlink()


def _state(app: Sphinx, pages: str) -> dict[str, str]:
    """Return what the index is made from: Pagefind, this module's choices and the pages.

    :param pages: their state, where it is known.
    """
    return {
        "pagefind": unchanged.version("pagefind"),
        "code": unchanged.code(),
        "pages": pages or _pages(app),
    }


def _pages(app: Sphinx) -> str:
    """Return what changes when a page is written."""
    seen = hashlib.sha256()
    for docname in sorted(app.env.found_docs):
        page = Path(app.builder.get_outfilename(docname))  # type: ignore[attr-defined]
        if page.is_file():
            stat = page.stat()
            seen.update(f"{docname}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return seen.hexdigest()


def _known(memory: Path) -> dict[str, str]:
    try:
        return dict(json.loads(memory.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _add_script(app: Sphinx) -> None:
    if _is_on(app):
        app.add_js_file(SCRIPT, loading_method="defer")


def setup(app: Sphinx) -> None:
    """Register the handlers."""
    app.connect("builder-inited", _add_script)
    app.connect("html-page-context", mark)
    # After what else is written; before the summary.
    app.connect("build-finished", finish, priority=800)

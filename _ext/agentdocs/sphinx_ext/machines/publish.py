"""A build that is done → the files for machines beside its pages."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sphinx.util import logging

from agentdocs import outputs
from agentdocs.catalog import HOME
from agentdocs.outputs import agents as agents_json
from agentdocs.outputs import llms, markdown, skills, xml
from agentdocs.sphinx_ext import config, domain, generate, proof, settled
from agentdocs.sphinx_ext.machines import elsewhere, feed, history, site
from agentdocs.sphinx_ext.machines.store import Store
from agentdocs.writer import has_mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


logger = logging.getLogger(__name__)

AGENTS = "agents.json"
_ADDRESSES = re.compile(r"\b(?:doc|line|download):[^\s\"'<>()]+")


def publish(app: Sphinx, exception: Exception | None) -> None:
    """Write all that machines read."""
    if exception or not site.serves(app):
        return
    store = Store(app)
    history = _digest(*(commit.id for commit in feed.of(app).commits))
    if settled.is_settled(app) and store.notes.get("") == history and store.stands():
        return
    publisher = _Publisher(app, store)
    publisher.write_markdown()
    publisher.write_llms()
    publisher.write_agents()
    publisher.write_skills()
    publisher.write_addresses()
    elsewhere.write(app, store)
    store.notes[""] = history  # which no document is called
    store.close()


class _Publisher:
    """Writes one build's files."""

    def __init__(self, app: Sphinx, store: Store) -> None:
        self.app, self.store = app, store
        self.output = config.get(app).output
        self.catalog = generate.catalog(app)
        self.base = site.base(app)
        self.documents = site.documents(app)
        self.pages = domain.get(app.env).pages
        self.places: dict[str, str] = {}
        """An address of ours → where it leads, as many pages have the same."""

    @cached_property
    def downloads(self) -> set[str]:
        """The paths of all files that can be downloaded."""
        return site.downloads(self.app)

    # --- pages as Markdown ---------------------------------------------------------------------

    def write_markdown(self) -> None:
        """Write each page as Markdown; one whose text and targets are as before is kept."""
        code = _digest(*_code())
        around = _digest(code, *sorted(self.app.env.found_docs), *sorted(self.downloads))
        kept = self.store.notes
        self.store.notes = {}
        for docname in self.documents:
            source = Path(self.app.env.doc2path(docname))
            if source.suffix != ".md":
                continue  # reStructuredText is no Markdown, and is not made into it
            target = site.markdown_file(docname)
            if not docname.startswith(f"{self.output}/") or not has_mark(source):
                # What is included, and the titles of other pages, stand in pages written by hand.
                self._write_page(docname, source, generated=False)
                self.store.notes[docname] = ""
                continue
            said = [site.page_url(self.app, docname)]
            said += map(self._proof, domain.get(self.app.env).proofs.get(docname, ()))
            stat = source.stat()
            file = _digest(around, str(stat.st_size), str(stat.st_mtime_ns), *said)
            known_file, _, known_text = kept.get(docname, "").partition(" ")
            if file == known_file and self.store.keep(target):
                self.store.notes[docname] = kept[docname]
                continue
            text = source.read_text(encoding="utf-8")
            targets = [self._there(address) for address in sorted({*_ADDRESSES.findall(text)})]
            state = _digest(code, text, *said, *targets)
            if state != known_text or not self.store.keep(target):
                self._write_page(docname, source, generated=True)
            self.store.notes[docname] = f"{file} {state}"

    def _write_page(self, docname: str, source: Path, *, generated: bool) -> None:
        text = source.read_text(encoding="utf-8", errors="replace")
        context = self._context(docname, source)
        page = markdown.readable(text, context, generated)
        self.store.write(site.markdown_file(docname), page)

    def _context(self, docname: str, source: Path) -> markdown.Context:
        """Return what a page's text leads to."""
        env = self.app.env

        def lead(address: str) -> str:
            there = self._there(address)
            return there and site.relative(there, docname)

        def document(name: str) -> tuple[str, str]:
            found = env.relfn2path(name.removesuffix(".md"), docname)[0]
            if found not in env.found_docs:
                return "", ""
            return site.relative(self._markdown_url(found), docname), site.title(self.app, found)

        def include(name: str) -> str:
            path = Path(os.path.normpath(source.parent / name))
            if name.startswith("/"):
                path = Path(env.relfn2path(name, docname)[1])
            try:
                return path.read_text(encoding="utf-8", errors="replace")
            except OSError:
                return ""

        page = site.relative(site.page_url(self.app, docname), docname)
        return markdown.Context(page, lead, document, include, self._proof)

    def _there(self, address: str) -> str:
        """Return where an address of ours leads, from the site's root; empty for nowhere."""
        if address not in self.places:
            kind, _, place = address.partition(":")
            target, sign, anchor = place.partition("#")
            self.places[address] = self._address(kind, unquote(target), f"{sign}{anchor}")
        return self.places[address]

    def _address(self, kind: str, target: str, anchor: str) -> str:
        if kind == "doc":
            docname = f"{self.output}/{target}"
            is_there = docname in self.app.env.found_docs
            return f"{self._markdown_url(docname)}{anchor}" if is_there else ""
        is_there = target in self.downloads
        return domain.download_uri(self.output, target) if is_there else ""

    def _markdown_url(self, docname: str) -> str:
        """Return where a page can be read as Markdown, or else as it is."""
        is_markdown = str(self.app.env.doc2path(docname)).endswith(".md")
        return site.markdown_url(docname) if is_markdown else site.page_url(self.app, docname)

    # --- lists ---------------------------------------------------------------------------------

    def write_llms(self) -> None:
        """Write ``llms.txt``, and all pages in one file."""
        by_hand = [name for name in self.documents if not name.startswith(f"{self.output}/")]
        home = self.app.config.root_doc
        sections = [("Documentation", [self._listed(name) for name in by_hand if name != home])]
        sections += self._collections()
        shared = [f"{self.output}/index", f"{self.output}/{HOME}/graph"]
        shared += [f"{self.output}/{HOME}/{name}/index" for name in ("tools", "tags", "models")]
        shared += [f"{self.output}/{HOME}/health"]
        optional = [self._listed(name) for name in shared if name in self.app.env.found_docs]
        sections.append(("Optional", optional))
        title = self._title()
        summary = self._description(home)
        self.store.write("llms.txt", llms.index(title, summary, sections))
        pages = [
            (self._absolute(site.page_url(self.app, name)), self.store.read(target))
            for name in self.documents
            if name in self.store.notes and (target := site.markdown_file(name))
            and (Path(self.app.outdir) / target).is_file()
        ]  # fmt: skip
        self.store.write("llms-full.txt", llms.full(title, pages))

    def _title(self) -> str:
        return str(self.app.config.html_title or self.app.config.project)

    def _collections(self) -> Iterator[tuple[str, list[llms.Listed]]]:
        if self.catalog is None:
            return
        for name, entries in self.catalog.by("collection").values():
            rows = []
            for entry in entries:
                agent = entry.agent
                url = self._absolute(self._markdown_url(f"{self.output}/{entry.docname()}"))
                rows.append(llms.Listed(agent.name, url, agent.summary or agent.description))
            yield f"Agents: {name}", rows

    def _listed(self, docname: str) -> llms.Listed:
        url = self._absolute(self._markdown_url(docname))
        return llms.Listed(site.title(self.app, docname), url, self._description(docname))

    def _description(self, docname: str) -> str:
        try:
            return site.description(self.app.env.get_doctree(docname))
        except (OSError, EOFError):
            return ""

    def _absolute(self, url: str) -> str:
        """Return an address from the root of the site with that of the site, if it is known."""
        return f"{self.base}{'' if url == './' else url}" if self.base else url

    # --- agents --------------------------------------------------------------------------------

    def write_agents(self) -> None:
        """Write ``agents.json`` and its schema."""
        if self.catalog is None:
            return

        def place(docname: str, title: str) -> agents_json.Place:
            name = f"{self.output}/{docname}"
            return {
                "title": title,
                "html": site.page_url(self.app, name),
                "markdown": self._markdown_url(name),
            }

        def file(path: str) -> str:
            return domain.download_uri(self.output, path)

        folder = config.agents_folder(self.app)
        found = agents_json.listing(
            self._title(), self.base, self.catalog, place, file,
            lambda path: _sha256(folder / path), self._counts,
        )  # fmt: skip
        self.store.write(AGENTS, _json(found))
        self.store.write(agents_json.SCHEMA, _json(agents_json.schema()))

    def _counts(self, agent: str) -> agents_json.Proof:
        rows = proof.rows(self.app, self.app.env, agent)
        found = Counter(outcome.verdict if outcome else "unknown" for _, _, outcome in rows)
        return {
            "snippets": len(rows),
            "passed": found["passed"],
            "failed": found["failed"],
            "unproved": found["unproved"],
            "skipped": found["skipped"],
            "unknown": found["unknown"],
        }

    def _proof(self, agent: str) -> str:
        """Return in a sentence what is proved of an agent, or of all."""
        found = self._counts(agent)
        total = found["snippets"]
        if not total:
            return "No snippets."
        if found["unknown"] == total:
            return f"{total} snippet{'s' if total > 1 else ''}, not verified."
        others = (("failed", found["failed"]), ("unproved", found["unproved"]),
                  ("skipped", found["skipped"]), ("not verified", found["unknown"]))  # fmt: skip
        rest = "".join(f", {count} {name}" for name, count in others if count)
        return f"{found['passed']} of {total} snippet{'s' if total > 1 else ''} proved{rest}."

    def write_skills(self) -> None:
        """Publish the skills that conform to the specification."""
        if self.catalog is None:
            return
        folder = config.agents_folder(self.app)
        published: dict[str, tuple[skills.Skill, skills.Artifact]] = {}
        for entry in self.catalog.entries:
            skill = skills.skill(entry)
            if skill is None:
                continue
            if skill.name in published:
                logger.info(
                    "agentdocs: %s is not in the index of skills, because %s has its name",
                    skill.path, published[skill.name][0].path,
                )  # fmt: skip
                continue
            definition = _inside(folder, skill.path)
            files = [
                skills.File(name, one.read_bytes(), os.access(one, os.X_OK))
                for path, name in skill.files
                if (one := _inside(folder, path))
            ]
            if definition:
                made = skills.artifact(skill, definition.read_bytes(), files)
                published[skill.name] = skill, made
        if not published:
            return
        ordered = [published[name] for name in sorted(published)]
        for _, made in ordered:
            self.store.write(f"{skills.FOLDER}/{made.url}", made.data)
        self.store.write(f"{skills.FOLDER}/index.json", _json(skills.index(ordered)))

    # --- what needs the site's address ---------------------------------------------------------

    def write_addresses(self) -> None:
        """Write the sitemap and the feed, if the address of the site is known."""
        if not self.base:
            return
        found = feed.of(self.app)
        if "sphinx_sitemap" not in self.app.extensions:
            self._sitemap(found.commits)
        if found.changes:
            url, catalogue = f"{self.base}{feed.FILE}", f"{self.output}/index"
            page = self._absolute(site.page_url(self.app, catalogue))
            self.store.write(
                feed.FILE, xml.atom(f"{self._title()}: agents", url, page, found.changes)
            )

    def _sitemap(self, commits: list[history.Commit]) -> None:
        dates: dict[str, str] = {}
        for commit in commits:
            for _, path in commit.files:
                dates.setdefault(str(path), commit.date)
        folder = config.agents_folder(self.app)

        def changed(docname: str) -> str:
            manifest = self.pages.get(docname)
            generated = docname.startswith(f"{self.output}/")
            file = folder / manifest["path"] if manifest else self.app.env.doc2path(docname)
            return "" if generated and not manifest else dates.get(os.path.realpath(file), "")

        pages = [
            (self._absolute(site.page_url(self.app, name)), changed(name))
            for name in self.documents
        ]
        self.store.write("sitemap.xml", xml.sitemap(pages))
        self.store.write("robots.txt", xml.robots(f"{self.base}sitemap.xml"))


# --- small things ------------------------------------------------------------------------------


def _inside(folder: Path, path: str) -> Path | None:
    """Return a file of the library; None for one that is gone, or that a link leads out to."""
    file = folder / path
    real = Path(os.path.realpath(file))
    is_there = real.is_file() and real == Path(os.path.realpath(folder)) / path
    return file if is_there else None


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
    except OSError:
        return ""


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:16]


def _code() -> Iterator[str]:
    """Yield the code that makes Markdown, so that a new release writes all of it again."""
    for file in sorted(Path(outputs.__file__).parent.glob("*.py")):
        yield file.read_text(encoding="utf-8")


def _json(data: object) -> str:
    return json.dumps(data, indent=2) + "\n"


def _look_back(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Ask git before pages are written, because their heads name the feed."""
    if site.serves(app) and site.base(app):
        feed.look(app, has_agents=bool(config.get(app).agents))
    return []


def setup(app: Sphinx) -> None:
    """Register the handlers."""
    app.connect("env-updated", _look_back)
    # After those that write the downloads, and before the summary.
    app.connect("build-finished", publish, priority=800)

"""Agent files → pages in the source folder, before Sphinx looks for documents."""

from __future__ import annotations

import contextlib
import hashlib
import json
import pickle
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sphinx.errors import ConfigError
from sphinx.util import logging
from sphinx.util.display import status_iterator

import agentdocs
from agentdocs.catalog import MADE, build
from agentdocs.dialects import DIALECTS
from agentdocs.faults import sentence
from agentdocs.front_matter_schema import schema
from agentdocs.library import read_library
from agentdocs.pages import pages
from agentdocs.problems import inert, printable
from agentdocs.sphinx_ext import alone, config, proof
from agentdocs.writer import NotOursError, has_mark, put, refresh, write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx

    from agentdocs.catalog import Catalog
    from agentdocs.library import Known

logger = logging.getLogger(__name__)


_MADE: WeakKeyDictionary[Sphinx, dict[str, str]] = WeakKeyDictionary()


def made(app: Sphinx) -> dict[str, str]:
    """Return what snippets make, as JSON, by the path of its download."""
    return _MADE.get(app, {})


def generate(app: Sphinx) -> None:
    """Read the library, write its pages and report its Problems.

    :raises FileError: the system refused what is needed to do so.
    """
    try:
        _generate(app)
    except OSError as error:
        raise alone.FileError(sentence(error)) from None


def _generate(app: Sphinx) -> None:
    values = config.get(app)
    if not values.agents:
        return  # the project only refers to the agents of another one
    folder = config.agents_folder(app)

    def progress(paths: Iterable[str], count: int) -> Iterable[str]:
        return status_iterator(
            paths, "reading agents... ", "purple", count, app.verbosity, lambda path: path
        )

    memory = Path(app.doctreedir) / "agentdocs.pickle"
    known = {} if app.fresh_env_used else _recall(memory)
    before = {path: digest for path, (digest, _) in known.items()}
    try:
        library = read_library(folder, values.max_bytes, progress, known)
    except NotADirectoryError:
        message = f"agentdocs_agents: there is no folder {folder}"
        raise ConfigError(message) from None
    if before != {path: digest for path, (digest, _) in known.items()}:
        _remember(memory, known)
    library = replace(library, made={**library.made, **proof.made(app, library.agents)})
    catalog = build(library, [(page, pattern) for page, pattern in values.placing])
    _MADE[app] = {
        one.download: one.made.artefact.data
        for entry in catalog.entries
        for page in entry.pages
        for one in page.described
    }
    for dialect in DIALECTS:
        path = f"{MADE}/front-matter/{dialect.name}.schema.json"
        _MADE[app][path] = json.dumps(schema(dialect.name))
    out = Path(app.srcdir) / values.output
    if old := elsewhere(app):
        write((), Path(app.srcdir) / old)
        with contextlib.suppress(OSError):  # what others have put there stays
            (Path(app.srcdir) / old).rmdir()
    try:
        written = write(pages(catalog), out)
    except NotOursError as error:
        message = (
            f"{error} was not written by agentdocs and is not overwritten. "
            "Move it, or choose another folder with agentdocs_output."
        )
        raise ConfigError(message) from None
    logger.info(
        "agentdocs: %d agents, %d pages written, %d unchanged, %d removed",
        len(catalog.entries), len(written.written), written.kept, len(written.removed),
    )  # fmt: skip
    _exclude(app, folder)
    _report(catalog, folder)
    app.emit("agentdocs-catalog", catalog)


def elsewhere(app: Sphinx) -> str:
    """Return the folder of the pages of the build before, if it was another one."""
    try:
        before = _place(app).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    return before if before != config.get(app).output else ""


def settle(app: Sphinx) -> None:
    """Note where pages are, once there is nothing left of them anywhere else."""
    refresh(_place(app), config.get(app).output.encode())


def _place(app: Sphinx) -> Path:
    return Path(app.doctreedir) / f"agentdocs-output-{app.builder.name}.txt"


def _stamp() -> str:
    """Return what changes when the reading code does."""
    core = sorted(Path(agentdocs.__file__).parent.rglob("*.py"))
    state = [(file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in core]
    return hashlib.sha256(repr((agentdocs.__version__, state)).encode()).hexdigest()


def _recall(memory: Path) -> Known:
    """Return what the last build read. It lies beside Sphinx's own pickles, as trusted as they."""
    try:
        with memory.open("rb") as stream:
            stamp, known = pickle.load(stream)
    except Exception:  # absent, cut short, or of another Python: read everything
        return {}
    return known if stamp == _stamp() else {}


def _remember(memory: Path, known: Known) -> None:
    put(memory, pickle.dumps((_stamp(), known), pickle.HIGHEST_PROTOCOL))


def _exclude(app: Sphinx, folder: Path) -> None:
    """Keep Sphinx from reading a library inside the source folder itself.

    As pages of their own, agent files would be programs: MyST runs what stands in them.
    """
    source = Path(app.srcdir)
    if not folder.is_relative_to(source):
        return
    for file in folder.rglob("*"):
        if not file.is_file() or has_mark(file):
            continue
        relative = file.relative_to(source).as_posix()
        app.config.exclude_patterns.append(re.sub(r"[\[*?]", r"[\g<0>]", relative))


def _report(catalog: Catalog, folder: Path) -> None:
    """Turn errors and warnings into Sphinx's warnings; remarks stand on the health page only."""
    for problem in catalog.problems:
        if problem.severity == "info":
            continue
        logger.warning(
            "%s%s",
            inert(problem.text),
            f" {inert(problem.hint)}" if problem.hint else "",
            location=f"{printable(str(folder / problem.path))}:{problem.line}",
            type="agentdocs",
            subtype=problem.kind.value,
        )


def setup(app: Sphinx) -> None:
    """Generate as soon as the builder is known."""
    app.add_event("agentdocs-catalog")
    app.connect("builder-inited", generate)

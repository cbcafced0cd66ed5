"""Agent files → pages in the source folder, before Sphinx looks for documents.

What was read and written is remembered beside Sphinx's own pickles. Where nothing has changed of
all that pages are made from, nothing is read; what needs the library all the same asks for it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import pickle
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from sphinx.errors import ConfigError
from sphinx.util import logging
from sphinx.util.display import status_iterator

from agentdocs.catalog import MADE, build
from agentdocs.dialects import DIALECTS
from agentdocs.faults import sentence
from agentdocs.front_matter_schema import schema
from agentdocs.library import read_library
from agentdocs.pages import pages
from agentdocs.problems import inert, printable
from agentdocs.sphinx_ext import alone, config, proof, unchanged
from agentdocs.writer import NotOursError, has_mark, put, refresh, stands, write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx

    from agentdocs.catalog import Catalog
    from agentdocs.library import Known
    from agentdocs.problems import Problem
    from agentdocs.writer import Known as KnownPages

logger = logging.getLogger(__name__)


class Told(NamedTuple):
    """What is said of a library when a build is done."""

    agents: int
    collections: int
    pages: int
    snippets: int
    problems: tuple[Problem, ...]


_NOTHING = Told(0, 0, 0, 0, ())


@dataclass
class Memory:
    """What the build before did, with the same code and settings."""

    state: str = ""
    """Of all that was read; empty where it might have changed since."""
    pages: KnownPages = field(default_factory=dict)
    told: Told = _NOTHING


class _Library:
    """The library of one build, read when it is needed."""

    def __init__(self, app: Sphinx) -> None:
        self.app = app
        self.state = ""
        """What the pages were made from; empty where a later build cannot know it again."""
        self.told: Told | None = None
        self.made: dict[str, str] | None = None
        self._catalog: Catalog | None = None

    def catalog(self) -> Catalog:
        """Return the library; what did not change since the build before is remembered."""
        if self._catalog is None:
            self._catalog = _read(self.app)
            gc.freeze()  # it lives as long as the build, and need not be searched for garbage
        return self._catalog


_LIBRARIES: WeakKeyDictionary[Sphinx, _Library] = WeakKeyDictionary()


def catalog(app: Sphinx) -> Catalog | None:
    """Return the library; None for a project that only refers to that of another one."""
    library = _LIBRARIES.get(app)
    return library.catalog() if library else None


def told(app: Sphinx) -> Told | None:
    """Return what is said of the library; None where there is none."""
    library = _LIBRARIES.get(app)
    return library.told if library else None


def state(app: Sphinx) -> str:
    """Return what all pages of agents are made from; empty where that cannot be known."""
    library = _LIBRARIES.get(app)
    return library.state if library else "none"


def made(app: Sphinx) -> dict[str, str]:
    """Return what snippets make, as JSON, by the path of its download."""
    library = _LIBRARIES.get(app)
    if library is None:
        return {}
    if library.made is None:
        library.made = _made(library.catalog())
    return library.made


def _made(catalog: Catalog) -> dict[str, str]:
    found = {
        one.download: one.made.artefact.data
        for entry in catalog.entries
        for page in entry.pages
        for one in page.described
    }
    for dialect in DIALECTS:
        found[f"{MADE}/front-matter/{dialect.name}.schema.json"] = json.dumps(schema(dialect.name))
    return found


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
    folder, out = config.agents_folder(app), Path(app.srcdir) / values.output
    code = unchanged.digest([unchanged.code(), values, str(folder)])
    file = Path(app.doctreedir) / "agentdocs-pages.pickle"
    memory = _recall(file, code)
    if not isinstance(memory, Memory) or app.fresh_env_used:
        memory = Memory()
    library = _LIBRARIES[app] = _Library(app)
    results = [one for path in config.results_files(app) for one in (path, path.with_suffix(".d"))]
    if files := unchanged.files([folder, *results]):
        library.state = unchanged.digest([code, files])
    if old := elsewhere(app):
        write((), Path(app.srcdir) / old)
        with contextlib.suppress(OSError):  # what others have put there stays
            (Path(app.srcdir) / old).rmdir()
    if library.state and library.state == memory.state and stands(out, memory.pages):
        logger.info("agentdocs: %d agents, nothing has changed", memory.told.agents)
    else:
        memory.told = _update(library.catalog(), out, memory)
        memory.state = library.state
        put(file, pickle.dumps((code, memory), pickle.HIGHEST_PROTOCOL))
    library.told = memory.told
    _exclude(app, folder)
    _report(memory.told.problems, folder)


def _read(app: Sphinx) -> Catalog:
    """Read the library, but for the files that are as they were."""
    values = config.get(app)
    folder = config.agents_folder(app)

    def progress(paths: Iterable[str], count: int) -> Iterable[str]:
        return status_iterator(
            paths, "reading agents... ", "purple", count, app.verbosity, lambda path: path
        )

    code = unchanged.code()
    memory = Path(app.doctreedir) / "agentdocs.pickle"
    found = None if app.fresh_env_used else _recall(memory, code)
    packed: dict[str, tuple[str, bytes]] = found if isinstance(found, dict) else {}
    known: Known = {path: (digest, pickle.loads(data)) for path, (digest, data) in packed.items()}
    try:
        library = read_library(folder, values.max_bytes, progress, known)
    except NotADirectoryError:
        message = f"agentdocs_agents: there is no folder {folder}"
        raise ConfigError(message) from None
    # One by one, because to pickle an agent takes longer than to read its pickle.
    now = {
        path: packed[path]
        if path in packed and packed[path][0] == digest
        else (digest, pickle.dumps(agent, pickle.HIGHEST_PROTOCOL))
        for path, (digest, agent) in known.items()
    }
    if now != packed:
        put(memory, pickle.dumps((code, now), pickle.HIGHEST_PROTOCOL))
    library = replace(library, made={**library.made, **proof.made(app, library.agents)})
    return build(library, [(page, pattern) for page, pattern in values.placing])


def _recall(memory: Path, code: str) -> object:
    """Return what the last build kept. It lies beside Sphinx's own pickles, as trusted as they."""
    try:
        with memory.open("rb") as stream:
            stamp, found = pickle.load(stream)
    except Exception:  # absent, cut short, or of another Python: read everything
        return None
    return found if stamp == code else None


def _update(catalog: Catalog, out: Path, memory: Memory) -> Told:
    """Write the pages that have changed."""
    try:
        written = write(pages(catalog), out, memory.pages)
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
    return Told(
        len(catalog.entries),
        len(catalog.by("collection")),
        sum(len(entry.pages) for entry in catalog.entries),
        sum(1 for entry in catalog.entries for _ in entry.snippets()),
        catalog.problems,
    )


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


def _report(problems: Iterable[Problem], folder: Path) -> None:
    """Turn errors and warnings into Sphinx's warnings; remarks stand on the health page only."""
    for problem in problems:
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
    app.connect("builder-inited", generate)

"""A library → what is in it, what is wrong with it, whether its text is kept, and what it costs."""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import sites
from agentdocs.catalog import build
from agentdocs.library import read_library
from agentdocs.pages import pages
from report import Row
from timing import once

# What stands on a page is found by the tests' own code, not by that which wrote it.
sys.path.append(str(Path(__file__).resolve().parents[1]))
from pagetext import conserved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agentdocs.catalog import Catalog

_MB = 1_000_000
_T = TypeVar("_T")


def about(library: Path, folder: Path, progress: Callable[[str], object]) -> Iterator[Row]:
    """Yield what is to be said of a library.

    :param folder: where it can be built.
    :raises WrongError: it cannot.
    """
    progress("reading")
    read, seconds = _timed(lambda: read_library(library))
    catalog, more = _timed(lambda: build(read))
    made, most = _timed(lambda: {page.docname: page.text for page in pages(catalog)})
    agents = len(catalog.entries)
    yield _count("agents", agents)
    dialects = Counter(entry.agent.dialect for entry in catalog.entries)
    for dialect, number in dialects.most_common():
        yield _count(f"of the dialect {dialect}", number)
    kinds = Counter((problem.severity, problem.kind.value) for problem in catalog.problems)
    for (severity, kind), number in sorted(kinds.items()):
        yield _count(f"Problems: {kind} ({severity})", number)
    lost = _lost(catalog, made)
    for id in lost:
        yield Row(f"not every line stands on one page: {id}", met=False)
    yield Row("agents whose text is all there, once", value=f"{agents - len(lost):,}",
              number=agents - len(lost), target=f"{agents:,}", met=not lost)  # fmt: skip
    yield _stage("reading and checking", seconds + more)
    yield _stage(f"writing {len(made):,} pages as Markdown", most, sum(map(len, made.values())))
    yield from _built(library, folder, progress)


def _built(library: Path, folder: Path, progress: Callable[[str], object]) -> Iterator[Row]:
    """Build it, and then its index alone."""
    progress("building")
    shutil.copytree(library, folder / "agents", symlinks=True)
    site = sites.ours(folder)
    whole = once(site.build(1))
    html = [path for path in site.out.rglob("*.html") if path.is_file()]
    yield _stage(f"building {len(html):,} pages of HTML, all in all", whole.cpu, _size(html))
    idle = once(site.build(1)).cpu
    shutil.rmtree(site.out / "_pagefind")
    again = once(site.build(1)).cpu
    index = [path for path in (site.out / "_pagefind").rglob("*") if path.is_file()]
    yield _stage("of that, the index of the search", max(again - idle, 0.0), _size(index))
    yield _stage("building again when nothing has changed", idle)
    yield Row("memory, at most", value=f"{whole.peak / _MB:.0f} MB", number=whole.peak)


def _timed(work: Callable[[], _T]) -> tuple[_T, float]:
    """Return what work returns, and the CPU time that it took."""
    began = time.process_time()
    found = work()
    return found, time.process_time() - began


def _lost(catalog: Catalog, made: dict[str, str]) -> list[str]:
    """Return the agents of which a line is missing, or stands on two pages."""
    found = []
    for entry in catalog.entries:
        try:
            conserved(entry, made)
        except AssertionError:
            found.append(entry.agent.path)
    return found


def _size(files: list[Path]) -> int:
    return sum(path.stat().st_size for path in files)


def _count(what: str, number: int) -> Row:
    return Row(what, value=f"{number:,}", number=number)


def _stage(what: str, seconds: float, size: int = 0) -> Row:
    end = f", {size / _MB:.1f} MB" if size else ""
    return Row(what, value=f"{seconds:.2f} s{end}", number=seconds)

"""Whole builds, edits and checks beside bare Sphinx, and how all of it grows with the library."""

from __future__ import annotations

import gzip
import importlib.util
import re
import shutil
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import live
import mkdocs
import sites
from library import generate
from peers import AbsentError
from report import Row
from timing import in_turn, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench import Bench, Settings
    from sites import Site
    from timing import Sample

SIZES = (25, 100)
"""Agents, if nobody asks for other libraries; four pages each."""
RECENT = 2.5
"""Seconds after which files are taken for what they were."""
_KB, _MB = 1000, 1_000_000
_LINKED = re.compile(r"<(?:link|script|img)\b[^>]*?\b(?:href|src)=\"([^\":#?]+)[^\"]*\"[^>]*>")
_ASSETS = (".css", ".js", ".svg", ".png")


def build(bench: Bench, settings: Settings) -> Iterator[Row]:
    """Compare at each size; growth is that from the first size of at least 100 to the last."""
    missing = [name for name in ("furo", "pagefind") if importlib.util.find_spec(name) is None]
    if missing:
        yield Row(f"{' and '.join(missing)} must be installed")
        return
    costs: list[tuple[int, float]] = []
    for agents in (0,) if settings.library else settings.agents or SIZES:
        folder = settings.folder / str(agents)
        if settings.library:
            name = settings.library.name
            shutil.copytree(settings.library, folder / "ours" / "agents", symlinks=True)
        else:
            name = f"{agents:,} agents"
            generate(folder / "ours" / "agents", agents)
        settings.progress(name)
        try:
            ours, bare = _both(folder)
        except AbsentError as error:
            yield Row(f"bare Sphinx: {error}")
            return
        rounds = settings.rounds(bench)
        pages = len(bare.pages())
        here = f"{name} ({pages:,} pages)"
        for jobs in (1, 2):
            commands = [site.build(jobs, site.clear) for site in (ours, bare)]
            found = in_turn(commands, rounds, settings.progress, warm=False)
            one, other = found[ours.name], found[bare.name]
            yield _by_cpu(f"{here}, whole build, -j {jobs}", one, other, 1.0)
            if jobs == 1:
                costs.append((agents, median(sample.cpu for sample in one) / pages))
                yield _memory(here, one, other)
                whole = one
        yield from _peer(here, folder, bare, whole, settings)
        yield from _edits(here, ours, bare, rounds, settings)
        yield _checks(here, ours, whole, rounds)
        yield from _weights(here, ours)
    yield from _growth(costs)
    yield _help(ours)


def _both(folder: Path) -> tuple[Site, Site]:
    """Return our project, built once, and the bare one with its pages."""
    ours = sites.ours(folder / "ours")
    _do(ours)
    return ours, sites.bare(folder / "bare", ours)


def _do(site: Site, jobs: int = 2, *options: str) -> None:
    command = site.build(jobs, lambda: None, *options)
    in_turn([command], 1, warm=False)


def _by_cpu(
    what: str, ours: Sequence[Sample], theirs: Sequence[Sample], most: float, mark: str = "≤"
) -> Row:
    """Return a row that is judged by CPU time, which other work on the machine changes least."""
    found = ratio(ours, theirs)
    return Row(what, found, target=f"{mark} {most}", met=found.cpu <= most)


def _memory(here: str, ours: Sequence[Sample], theirs: Sequence[Sample]) -> Row:
    one, other = (max(sample.peak for sample in samples) for samples in (ours, theirs))
    what = f"{here}, memory at most: {one / _MB:.0f} MB and {other / _MB:.0f} MB"
    number = one / other
    return Row(what, value=f"{number:.2f}", number=number, target="≤ 1.2", met=number <= 1.2)


def _peer(
    here: str, folder: Path, bare: Site, ours: Sequence[Sample], settings: Settings
) -> Iterator[Row]:
    """Build the same pages with mkdocs-material, whose navigation is pruned."""
    settings.progress("mkdocs-material")
    try:
        command = mkdocs.command(folder / "mkdocs", bare.docs, upgrade=settings.upgrade)
    except AbsentError as error:
        yield Row(f"mkdocs-material: {error}")
        return
    found = in_turn([command], len(ours), settings.progress, warm=False)[command.name]
    yield Row(f"{here}, whole build, beside {command.name}", ratio(ours, found))


# --- what has changed, and what has not --------------------------------------------------------


def _edits(here: str, ours: Site, bare: Site, rounds: int, settings: Settings) -> Iterator[Row]:
    for site in (ours, bare):
        _do(site)
        _do(site)  # what waits for a second build is not to be part of it
    agent = next((ours.folder / "agents").rglob("*.md"))
    pages = sorted((bare.docs / "agents").rglob("*/index.md"))
    page = next(path for path in pages if "library" not in path.parts)
    commands = [
        ours.build(1, lambda: _append(agent)),
        bare.build(1, lambda: _append(page)),
    ]
    found = in_turn(commands, rounds, settings.progress, warm=False)
    what = f"{here}, one edited, its search index made anew by Pagefind from all pages"
    yield Row(what, ratio(found[ours.name], found[bare.name]))
    _do(ours, 1, *sites.ONCE)
    commands[0] = ours.build(1, lambda: _append(agent), *sites.ONCE)
    found = in_turn(commands, max(rounds, 3), settings.progress)
    yield _by_cpu(f"{here}, one edited", found[ours.name], found[bare.name], 1.3)
    yield from live.edits(here, ours, found[bare.name], settings)
    _do(ours, 1)
    before = _written(ours)
    _append(agent)
    _do(ours, 1)
    touched = _written(ours)
    written = [path for path, state in touched.items() if before.get(path, ("", 0))[1] != state[1]]
    vain = [path for path in written if before.get(path, ("", 0))[0] == touched[path][0]]
    what = f"{here}, one edited: pages written, and of these with the same bytes"
    yield Row(what, value=f"{len(written)}, {len(vain)}", number=len(vain),
              target="0 the same", met=not vain)  # fmt: skip
    time.sleep(RECENT)
    _do(ours, 1)
    commands = [ours.build(1), bare.build(1)]
    found = in_turn(commands, max(rounds, 3), settings.progress)
    yield _by_cpu(f"{here}, nothing changed", found[ours.name], found[bare.name], 1.1)


def _append(file: Path) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write("\nThe order of events is recorded once more.\n")


def _written(site: Site) -> dict[Path, tuple[bytes, int]]:
    """Return the bytes of each page, and when it was written."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in site.out.rglob("*.html")}


# --- beside the build --------------------------------------------------------------------------


def _checks(here: str, ours: Site, whole: Sequence[Sample], rounds: int) -> Row:
    """Compare reading and checking alone to the whole build."""

    def checked(use: object) -> str:
        code = getattr(use, "code", 2)
        return f"ended with {code}" if code not in (0, 1) else ""

    command = ours.python("-m", "agentdocs", "check", "-q", "agents", check=checked)
    found = in_turn([command], rounds)[command.name]
    return _by_cpu(f"{here}, check beside whole build", found, whole, 0.1)


def _help(ours: Site) -> Row:
    """Compare our help to a Python that does nothing."""
    commands = [
        ours.python("-m", "agentdocs", "--help", times=5),
        ours.python("-c", "pass", times=5),
    ]
    samples = [in_turn([command], 9)[command.name] for command in commands]
    return _by_cpu("--help beside python -c pass", *samples, 2.0)


def _weights(here: str, ours: Site) -> Iterator[Row]:
    """Weigh the heaviest page, and what a browser loads to show the first one."""
    pages = [path for path in ours.out.rglob("*.html") if "_pagefind" not in path.parts]
    heaviest = max(pages, key=lambda path: path.stat().st_size)
    size = heaviest.stat().st_size / _KB
    name = heaviest.relative_to(ours.out).as_posix()
    yield Row(f"{here}, heaviest page: {name}", value=f"{size:.0f} kB", number=size,
              target="< 100 kB", met=size < 100)  # fmt: skip
    first = max(_first_view(path) for path in pages) / _KB
    yield Row(f"{here}, first view, as a server sends it", value=f"{first:.0f} kB", number=first,
              target="< 150 kB", met=first < 150)  # fmt: skip


def _first_view(page: Path) -> int:
    """Return how many bytes a page and what its head names have in gzip."""
    text = page.read_text(encoding="utf-8")
    linked = {
        (page.parent / match).resolve() for match in _LINKED.findall(text)
        if match.endswith(_ASSETS)
    }  # fmt: skip
    return sum(_sent(path) for path in (page, *linked) if path.is_file())


_SENT: dict[Path, int] = {}


def _sent(path: Path) -> int:
    if path not in _SENT:
        _SENT[path] = len(gzip.compress(path.read_bytes(), 6))
    return _SENT[path]


def _growth(costs: list[tuple[int, float]]) -> Iterator[Row]:
    large = [cost for cost in costs if cost[0] >= 100]
    if len(large) < 2:
        return
    (few, small), (many, big) = large[0], large[-1]
    number = big / small
    what = f"cost of a page, {many:,} agents beside {few:,} (CPU)"
    yield Row(what, value=f"{number:.2f}", number=number, target="≤ 1.1", met=number <= 1.1)

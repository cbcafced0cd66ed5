"""Reports ↔ ``results.json``, the only thing that passes from the verifier to the site and others.

The format is in ``results.schema.json``. A result stands on a line of its own, and the head
stands first, so that :func:`.state.peek` need not read the rest. What runs wrote to their journals
counts as soon as it is there; :func:`compact` brings all into one file.
"""

from __future__ import annotations

import io
import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentdocs.verify import journal
from agentdocs.verify.journal import Journal, dump, line
from agentdocs.verify.model import TIERS, VERDICTS, Outcome, Report
from agentdocs.verify.state import LIMIT, VERSION, Folder, ResultsError, head, parts, read, refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from agentdocs.verify.model import ContractProblem
    from agentdocs.verify.state import AnyPath
    from agentdocs.verify.tiers import Tier, Verdict


__all__ = [
    "Journal", "ResultsError", "Totals",
    "compact", "default_path", "load", "merge", "root_of", "save", "shield", "text", "totals",
]  # fmt: skip

_SCHEMA = "results.schema.json"
_OTHERS = 32 * 2**20
"""Bytes of a file that is read although it does not keep to our lines: that takes more memory."""
_PATIENCE = 30.0
"""Seconds in which another process has written what it writes."""
_SLACK = 24 * 3600
"""Seconds by which clocks may differ."""


def default_path(root: Path) -> Path:
    """Return where a project keeps its verdicts."""
    return root / ".agentdocs" / "results.json"


def root_of(path: AnyPath) -> Path:
    """Return the project's root, from which the paths in a file count, as the file says it."""
    folder = Path(path).parent
    try:
        root: str = json.loads(head(path)["root"])
        return folder / root
    except (KeyError, TypeError, ValueError):
        return folder / ".."


def load(path: AnyPath) -> Report | None:
    """Return all verdicts, those that still wait in journals included; nothing if there are none.

    There is a state only if everything that the last complete run left was there and was read.
    """
    # Journals first. What is folded in between is found twice; the other way round, not at all.
    waiting, later = _waiting(path)
    report = _file(path)
    if report is None:
        if not later:
            return None
        report = Report(())
    return replace(
        report,
        outcomes=_sorted(_folded(report.outcomes, later)),
        state="" if waiting else report.state,
    )


def _waiting(path: AnyPath) -> tuple[list[str], list[Outcome]]:
    folder, _, stem = parts(path)
    try:
        with Folder(str(Path(folder, f"{stem}.d"))) as shelf:
            return shelf.journals(), journal.entries(shelf)
    except ResultsError:
        return [], []


def _file(path: AnyPath) -> Report | None:
    data = read(os.fspath(path), LIMIT)
    if data is None:
        return None
    try:
        top, rows = _by_line(data) or _at_once(data)
        if type(top["version"]) is not int or top["version"] != VERSION:
            return None
        problems = [journal.problem(row) for row in top.get("problems", ())]
        state = top.get("state", "")
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None
    # Who takes a part for the whole would think that nothing is left to be done.
    whole = None not in rows and None not in problems and isinstance(state, str)
    return Report(
        tuple(one for one in rows if one),
        state if whole else "",
        tuple(one for one in problems if one),
    )


def _by_line(data: bytes) -> tuple[dict[str, Any], list[Outcome | None]] | None:
    """Read a file of ours: never more than one result is there as JSON."""
    start, found, _ = data.partition(b',\n"results": [\n')
    if not found:
        return None
    rows = []
    lines = io.BytesIO(data)
    lines.seek(len(start) + len(found))
    for row in lines:
        if row == b"]\n":
            break
        if not row.startswith(b'{"'):
            return None
        rows.append(journal.parse(row.removesuffix(b"\n").removesuffix(b",")))
    return (json.loads(start + b"}"), rows) if lines.read() == b"}\n" else None


def _at_once(data: bytes) -> tuple[dict[str, Any], list[Outcome | None]]:
    """Read what another tool has written."""
    if len(data) > _OTHERS:
        raise ValueError
    top = json.loads(data)
    return top, [journal.outcome(row) for row in top["results"]]


def save(path: AnyPath, report: Report, root: AnyPath | None = None) -> None:
    """Write a report, whole or not at all, and only if the file changes.

    :param root: the project's root; the folder above that of the file, if it is not given.
    :raises ResultsError: if it cannot be written, or only through a link.
    """
    with _alone(path) as folder:
        _write(folder, path, report, root)


def compact(
    path: AnyPath,
    state: str = "",
    keep: Collection[str] | None = None,
    problems: Iterable[ContractProblem] | None = None,
    *,
    root: AnyPath | None = None,
) -> Report:
    """Fold all journals into the file, remove those of writers that are gone, return what is left.

    :param state: of what a complete run looked at; empty after any other.
    :param keep: the ids of the snippets that there still are; all if it is not given.
    :param problems: those that there are now; if not given, those of the file stay.
    :raises ResultsError: if it cannot be written, or only through a link.
    """
    journal.seal(path)
    with _alone(path) as folder, journal.shelf(path) as shelf:
        # First who is gone, then what they wrote: what is appended in between is not removed.
        gone = journal.left(shelf)
        later = journal.entries(shelf)
        before = _file(path) or Report(())
        there = _folded(before.outcomes, later)
        if keep is not None:
            kept = frozenset(keep)
            there = [one for one in there if one.id in kept]
        found = before.problems if problems is None else tuple(problems)
        report = _united((Report(tuple(there), problems=found),), state)
        _write(folder, path, report, root)
        for name in gone:
            shelf.remove(name)
    return report


@contextmanager
def _alone(path: AnyPath) -> Iterator[Folder]:
    """Open the folder of the file, as the only one who writes it."""
    name, _, stem = parts(path)
    try:
        with Folder(name, create=True) as folder:
            folder.expect_file(f"{stem}.lock")
            fd = folder.open(f"{stem}.lock", os.O_RDWR | os.O_CREAT)
            try:
                _await(fd, path)
                yield folder
            finally:
                journal.unlock(fd)
                os.close(fd)
    except OSError as fault:
        raise refusal(os.fspath(path), fault) from fault


def _await(fd: int, path: AnyPath) -> None:
    end = time.monotonic() + _PATIENCE
    # Where there are no locks, two who write at once may lose verdicts, which are made again.
    while journal.lock(fd) is False:
        if time.monotonic() > end:
            raise ResultsError(os.fspath(path), "another process does not stop writing it")
        time.sleep(0.005)


def _write(folder: Folder, path: AnyPath, report: Report, root: AnyPath | None) -> None:
    _, name, stem = parts(path)
    data = text(report, ".." if root is None else _relative(root, folder.path))
    if read(folder.at(name), LIMIT, within=folder.fd) != data:
        folder.write(name, data, draft=f"{stem}.tmp")


def _relative(root: AnyPath, folder: str) -> str:
    try:
        found = os.path.relpath(root, folder)
    except ValueError:  # On another drive.
        return Path(root).absolute().as_posix()
    return Path(found).as_posix()


def text(report: Report, root: str) -> bytes:
    """Return the file's content.

    :param root: the project's root, from the file's folder.
    """
    report = _united((report,), report.state)
    all_ = totals(report.outcomes)
    top = {
        "$schema": _SCHEMA,
        "version": VERSION,
        "root": root,
        "state": report.state,
        "summary": {"total": all_.total, "verdicts": all_.verdicts, "tiers": all_.tiers},
    }
    start = b",\n".join(dump(key) + b": " + dump(value) for key, value in top.items())
    problems = b",\n".join(map(line, report.problems))
    rows = b",\n".join(map(line, report.outcomes))
    return b"".join((
        b"{\n", start, b',\n"problems": [', b"\n" if problems else b"", problems,
        b"\n]" if problems else b"]", b',\n"results": [\n', rows, b"\n" if rows else b"", b"]\n}\n",
    ))  # fmt: skip


def merge(reports: Iterable[Report]) -> Report:
    """Unite reports: of the verdicts on one snippet, the newest counts."""
    return _united(reports, "")


def _united(reports: Iterable[Report], state: str) -> Report:
    found: dict[str, Outcome] = {}
    problems: set[ContractProblem] = set()
    for report in reports:
        problems.update(report.problems)
        for one in report.outcomes:
            other = found.setdefault(one.id, one)
            # On the same second, either will do, but whichever report comes first.
            if one != other and (one.date, line(one)) > (other.date, line(other)):
                found[one.id] = one
    order = sorted(problems, key=lambda one: (one.path, one.line, one.text, one.hint))
    return Report(_sorted(found.values()), state, tuple(order))


def _sorted(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    return tuple(sorted(outcomes, key=lambda one: (one.path, one.line, one.address)))


def _folded(before: Iterable[Outcome], later: Iterable[Outcome]) -> list[Outcome]:
    """Put what was appended over what was there, unless that is newer."""
    # A date that is to come, of a wrong clock or planted, would hide all verdicts until then.
    limit = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + _SLACK))
    found = {one.id: one for one in before}
    for one in later:
        other = found.get(one.id)
        if other is None or one.date >= other.date or other.date > limit:
            found[one.id] = one
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Totals:
    """How many verdicts there are of each kind; of verdicts and tiers, also those without any."""

    total: int
    verdicts: dict[Verdict, int]
    tiers: dict[Tier, int]
    languages: dict[str, dict[Verdict, int]]
    """By language, by verdict; only what occurs, in the order of the languages' names."""
    agents: dict[str, dict[Verdict, int]]
    """The same by agent's file."""


def totals(outcomes: Iterable[Outcome]) -> Totals:
    """Count verdicts."""
    total = 0
    verdicts = dict.fromkeys(VERDICTS, 0)
    tiers = dict.fromkeys(TIERS, 0)
    languages: dict[str, dict[Verdict, int]] = {}
    agents: dict[str, dict[Verdict, int]] = {}
    for one in outcomes:
        total += 1
        verdicts[one.verdict] += 1
        tiers[one.tier] += 1
        for group, name in ((languages, one.language), (agents, one.agent)):
            counts = group.setdefault(name, {})
            counts[one.verdict] = counts.get(one.verdict, 0) + 1
    return Totals(
        total, verdicts, tiers, dict(sorted(languages.items())), dict(sorted(agents.items()))
    )


def shield(report: Report) -> dict[str, Any]:
    """Return what shields.io draws a badge from, as its endpoints answer it."""
    found = totals(report.outcomes)
    passed = found.verdicts["passed"]
    if found.verdicts["failed"]:
        color = "red"
    elif not found.total:
        color = "lightgrey"
    else:
        color = "yellow" if found.verdicts["unproved"] else "brightgreen"
    return {
        "schemaVersion": 1,
        "label": "snippets proved",
        "message": f"{passed} of {found.total}",
        "color": color,
    }

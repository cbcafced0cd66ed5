"""``python -m agentdocs verify``: the engine from a terminal.

Exit codes: 0 nothing failed, 1 something did, 2 the call itself is wrong.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from agentdocs.verify import project as projects
from agentdocs.verify import state
from agentdocs.verify.fingerprint import fingerprint

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from agentdocs.verify.documents import Document, Selection
    from agentdocs.verify.engine import Engine
    from agentdocs.verify.model import ContractProblem, Outcome
    from agentdocs.verify.project import Project
    from agentdocs.verify.update import Change


def verify(options: argparse.Namespace) -> int:
    """Verify what is asked for, and say what came of it."""
    try:
        project = _project(options)
        if options.init:
            return _init(project, options)
        return _verify(project, options)
    except _refusals() as error:
        print(f"agentdocs: {error}", file=sys.stderr)
        return 2


def _refusals() -> tuple[type[Exception], ...]:
    """Return what is wrong with the call, or with this machine, and not with a snippet."""
    found: list[type[Exception]] = [projects.SettingsError, state.ResultsError]
    for module, name in (
        ("agentdocs.verify.documents", "NothingThereError"),
        ("agentdocs.verify.contract.schema", "NeedsJsonschemaError"),
    ):
        if module in sys.modules:  # what was not imported cannot have been raised
            found.append(getattr(sys.modules[module], name))
    return tuple(found)


def _project(options: argparse.Namespace) -> Project:
    project = projects.find(os.getcwd())
    changes: dict[str, Any] = {}
    if options.require:
        changes["require"] = options.require
    if options.timeout:
        changes["timeout"] = options.timeout
    if options.results:
        changes["results"] = os.path.abspath(options.results)
    return project._replace(**changes) if changes else project


def _verify(project: Project, options: argparse.Namespace) -> int:
    folders = {os.path.join(project.root, folder) for folder in project.agents}
    folders |= {os.path.abspath(path) for path in options.paths if os.path.isdir(path)}
    now = fingerprint(project, sorted(folders), (options.unsafe, options.shard))
    if not (options.paths or options.update or options.diff or options.fresh or options.artefacts):
        before, counts = state.peek(project.results_path)
        if before == now:
            plain = options.format == "text" and not options.verbose
            verdicts = counts.get("verdicts")
            if plain and isinstance(verdicts, dict) and not verdicts.get("failed"):
                print(summary(verdicts, "; nothing has changed"))
                return 0
            from agentdocs.verify import results

            report = results.load(project.results_path)
            if report is not None and report.state == now:
                return _show(
                    report.outcomes, report.problems, project, options, len(report.outcomes)
                )
    return _run(project, options, now, folders)


def summary(counts: Mapping[Any, int], more: str) -> str:
    """Return the last line: how many snippets there are, and of what verdict."""
    total = sum(counts.values())
    words = ", ".join(f"{count} {name}" for name, count in [*counts.items()][::-1] if count)
    return f"{total} snippet{'s' if total != 1 else ''}: {words or 'nothing to verify'}{more}."


def _concerns(problem: ContractProblem, chosen: Selection) -> bool:
    """Whether a contract's problem is of an agent that was asked for as a whole."""
    if chosen.addresses is None:
        return True
    return any(d.contract == problem.path and _is_whole(d, chosen) for d in chosen.documents)


def _run(project: Project, options: argparse.Namespace, now: str, folders: Iterable[str]) -> int:
    from agentdocs.verify import documents, results
    from agentdocs.verify.engine import Engine, Options

    everything = documents.everything(project)
    chosen = documents.select(project, options.paths, everything)
    report = results.load(project.results_path)
    pins = {}
    if options.update or options.diff:
        from agentdocs.verify import update

        pins = update.pinned(project.root, chosen.documents)
    if not options.require and not {*chosen.documents} <= {*everything}:
        project = project._replace(require="none")  # what the project asks of its own agents
    engine = Engine(
        project,
        chosen.documents,
        report.outcomes if report else (),
        Options(
            unsafe=options.unsafe, fresh=options.fresh, jobs=options.jobs,
            require=project.require, timeout=project.timeout,
        ),
        {path: change.after for path, change in pins.items()},
    )  # fmt: skip
    ids = _ids(engine, chosen, options.shard)
    found = list(_outcomes(engine, ids, project, options))
    whole = chosen.addresses is None and not options.shard
    known = {f"{t.path}::{s.address}" for d in everything for t in d.texts for s in t.snippets}
    known |= {case.id for case in engine.cases()}
    agents = _agents(project, chosen, folders, options.shard)
    written, old = _artefacts(project, agents, found, write=options.artefacts)
    problems = [*engine.problems, *old]
    if not whole and report:
        mine = {document.contract for document in chosen.documents}
        problems += [one for one in report.problems if one.path not in mine]
    results.compact(
        project.results_path,
        now if whole and not problems and not engine.hindrance else "",
        known,
        problems,
        root=project.root,
    )
    _publish(project.results_path)
    if options.update or options.diff:
        return _update(project, pins, chosen, found, options)
    for path in written:
        print(f"Wrote {path}.", file=sys.stderr)
    shown = [*(one for one in engine.problems if _concerns(one, chosen)), *old]
    return _show(found, shown, project, options, engine.kept)


def _publish(path: str) -> None:
    """Lay the schemas beside the results, where editors and other programs look for them."""
    here = os.path.dirname(__file__)
    with state.Folder(os.path.dirname(path), create=True) as folder:
        for place in ("contract/contract.schema.json", "results.schema.json"):
            name = os.path.basename(place)
            with open(os.path.join(here, place), "rb") as file:
                data = file.read()
            if state.read(folder.at(name), state.LIMIT, within=folder.fd) != data:
                folder.write(name, data, draft=f"{name}.tmp")


def _agents(
    project: Project, chosen: Selection, folders: Iterable[str], shard: tuple[int, int] | None
) -> list[Document]:
    """Return the agents that are verified as a whole; documents of the manual are none."""
    if shard:
        return []
    inside = tuple(os.path.join(os.path.realpath(folder), "") for folder in folders)
    root = os.path.realpath(project.root)
    return [
        document
        for document in chosen.documents
        if os.path.join(root, document.path).startswith(inside) and _is_whole(document, chosen)
    ]


def _is_whole(document: Document, chosen: Selection) -> bool:
    """Whether all of its snippets were asked for."""
    if chosen.addresses is None:
        return True
    return {(t.path, s.address) for t in document.texts for s in t.snippets} <= chosen.addresses


def _artefacts(
    project: Project, agents: list[Document], outcomes: list[Outcome], *, write: bool
) -> tuple[list[str], list[ContractProblem]]:
    """Write what the agents' snippets made, or return which files keep something else."""
    from agentdocs.verify import artefacts

    if write:
        return artefacts.write(project.root, agents, outcomes), []
    return [], artefacts.stale(project.root, agents, outcomes)


def _ids(engine: Engine, chosen: Selection, shard: tuple[int, int] | None) -> frozenset[str]:
    """Return the ids that are asked for; a shard takes whole agents, as they share namespaces."""
    cases = engine.cases()
    if chosen.addresses is not None:
        cases = [c for c in cases if (c.text.path, c.snippet.address) in chosen.addresses]
    if shard:
        from agentdocs.verify.shards import mine

        paths = mine([case.document.path for case in cases], *shard)
        cases = [case for case in cases if case.document.path in paths]
    return frozenset(case.id for case in cases)


def _outcomes(
    engine: Engine, ids: frozenset[str], project: Project, options: argparse.Namespace
) -> Iterator[Outcome]:
    """Run, keep each outcome at once, and show how far it is."""
    from agentdocs.verify.results import Journal

    with Journal(project.results_path) as journal:
        for outcome in _progress(engine.run(ids), len(ids), options):
            if engine.before.get(outcome.id) != outcome:
                journal.add(outcome)
            yield outcome


def _progress(
    outcomes: Iterator[Outcome], count: int, options: argparse.Namespace
) -> Iterator[Outcome]:
    if options.format != "text" or not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("Verifying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[name]}", markup=False),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=count, name="")
        for outcome in outcomes:
            bar.update(task, advance=1, name=outcome.path[-60:])
            yield outcome


def _show(
    outcomes: Sequence[Outcome],
    problems: Sequence[ContractProblem],
    project: Project,
    options: argparse.Namespace,
    kept: int,
) -> int:
    from agentdocs.verify import show

    order = sorted(outcomes, key=lambda one: (one.path, one.line))
    {"text": show.text, "json": show.as_json, "github": show.github}[options.format](
        order, problems, project, kept, options.verbose
    )
    failed = any(one.verdict == "failed" for one in order)
    return 1 if failed or problems else 0


def _update(
    project: Project,
    pins: dict[str, Change],
    chosen: Selection,
    outcomes: list[Outcome],
    options: argparse.Namespace,
) -> int:
    """Show, or write, what contracts would have to say."""
    from agentdocs.verify import update

    changes = update.changes(project.root, pins, chosen.documents, outcomes)
    for change in changes:
        if options.diff:
            update.show(change)
        if options.update:
            update.write(project.root, change)
    count = f"{len(changes)} contract{'s' if len(changes) != 1 else ''}"
    if not changes:
        print("Every contract is as it should be.")
    elif options.update:
        print(f"Updated {count}. Read what has changed before you keep it.", file=sys.stderr)
    else:
        print(f"{count} would change; --update writes it.", file=sys.stderr)
    return 0


def _init(project: Project, options: argparse.Namespace) -> int:
    """Write a first contract for one agent."""
    from agentdocs.verify import documents, update
    from agentdocs.verify.engine import Engine, Options

    path = options.init
    chosen = documents.select(project, [path], documents.everything(project)).documents
    if len(chosen) != 1:
        print(f"agentdocs: {path} holds {len(chosen)} agents; name one file.", file=sys.stderr)
        return 2
    (document,) = chosen
    target = os.path.join(project.root, document.contract)
    if os.path.lexists(target):
        text = f"agentdocs: {document.contract} is there already; --update changes it."
        print(text, file=sys.stderr)
        return 2
    settings = Options(unsafe=options.unsafe, timeout=project.timeout)
    engine = Engine(project, chosen, (), settings)
    text = update.initial(engine, document)
    with open(target, "x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    print(f"Wrote {document.contract}.")
    return 0


def merge(options: argparse.Namespace) -> int:
    """Unite the results of shards."""
    from agentdocs.verify import results

    reports = []
    for path in options.files:
        report = results.load(path)
        if report is None:
            print(f"agentdocs: {path} holds no results.", file=sys.stderr)
            return 2
        reports.append(report)
    try:
        united = results.merge(reports)
        results.save(options.out, united, root=results.root_of(options.out))
    except state.ResultsError as error:
        print(f"agentdocs: {error}", file=sys.stderr)
        return 2
    totals = results.totals(united.outcomes)
    print(f"{options.out}: {totals.total} snippets, {totals.verdicts['failed']} failed.")
    return 1 if totals.verdicts["failed"] or united.problems else 0


def requires(options: argparse.Namespace) -> int:
    """List what contracts require."""
    from agentdocs.verify import documents
    from agentdocs.verify.report import clean
    from agentdocs.verify.requires import for_pip, missing, required

    try:
        project = projects.find(os.getcwd())
        everything = documents.everything(project)
        chosen = documents.select(project, options.paths, everything)
        found, problems = required(project.root, chosen.documents)
        if options.missing:
            found = missing(found, project.root)
    except _refusals() as error:
        print(f"agentdocs: {error}", file=sys.stderr)
        return 2
    if options.format == "json":
        import json

        print(json.dumps(found, indent=2))
    else:
        lines = found[options.kind]
        addresses: list[str] = []
        if options.kind == "python":
            lines, addresses = for_pip(lines, here=options.missing)
        for one in lines:
            print(one)
        for name in addresses:
            text = "is required from an address; if you trust it, install it yourself"
            print(f"agentdocs: {name} {text}", file=sys.stderr)
    for problem in problems:
        print(clean(f"{problem.path}:{problem.line}: {problem.text}"), file=sys.stderr)
    return 1 if problems else 0


def doctor(options: argparse.Namespace) -> int:
    """Say what is there to run snippets with, and what is missing."""
    from agentdocs.verify import show

    return show.doctor(options.format)

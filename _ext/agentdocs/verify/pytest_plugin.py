"""Snippets as pytest's items: ``pytest agents/``. The other face of the engine.

Registered by an entry point, so it is loaded in every project that has agentdocs installed:
nothing is imported, read or collected unless ``pyproject.toml`` has ``[tool.agentdocs]``.
"""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from agentdocs.verify.cases import Case, Session
    from agentdocs.verify.engine import Engine
    from agentdocs.verify.model import ContractProblem, Outcome
    from agentdocs.verify.project import Project
    from agentdocs.verify.results import Journal

_RUN = pytest.StashKey["Run | None"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the few options that pytest has no word of its own for."""
    group = parser.getgroup("agentdocs", "agents' snippets (agentdocs)")
    group.addoption("--agents-unsafe", action="store_true", help="run snippets without a sandbox")
    group.addoption(
        "--agents-fresh", action="store_true", help="run snippets again that have not changed"
    )
    group.addoption(
        "--agents-shard",
        metavar="I/N",
        type=_shard,
        help="verify the I-th of N parts of the agents",
    )


def _shard(text: str) -> tuple[int, int]:
    from agentdocs.verify.shards import parse

    try:
        return parse(text)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def _project(config: pytest.Config) -> Project | None:
    """Return the project whose root is pytest's; None if it names no agents."""
    path = config.rootpath / "pyproject.toml"
    try:
        if b"tool.agentdocs" not in path.read_bytes():
            return None
    except OSError:
        return None
    from agentdocs.verify.project import SettingsError, load

    try:
        project = load(str(config.rootpath))
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    return project if project.configured else None


class Run:
    """What one pytest process verifies; made when the first file of it is met."""

    def __init__(self, config: pytest.Config, project: Project) -> None:
        self.config, self.project = config, project
        self.engine: Engine | None = None
        self.journal: Journal | None = None
        self.outcomes: dict[str, Outcome] = {}
        self.selected: set[str] = set()
        self.complaint = ""
        """Why results are not kept; the verdicts of this run stand all the same."""
        self.seen = False
        """Whether there is anything of ours in this run."""
        self.folders = [os.path.join(project.root, folder) for folder in project.agents]
        self.pages = {
            os.path.join(project.root, name)
            for pattern in project.documents
            for name in glob.glob(pattern, root_dir=project.root, recursive=True)
        }

    def concerns(self, path: Path) -> bool:
        """Whether a file may hold snippets; decided by its place alone."""
        if any(path.is_relative_to(folder) for folder in self.folders):
            return path.suffix.lower() in (".md", "")
        return str(path) in self.pages

    def files(self) -> dict[str, list[tuple[Case, Session]]]:
        """Return the cases of each file, and each definition, by its path from the root."""
        if not hasattr(self, "_files"):
            self._files = self._planned()
        return self._files

    def _planned(self) -> dict[str, list[tuple[Case, Session]]]:
        from agentdocs.verify import documents, results
        from agentdocs.verify.engine import Engine, Options

        report = results.load(self.project.results_path)
        options = Options(
            unsafe=self.config.getoption("--agents-unsafe"),
            fresh=self.config.getoption("--agents-fresh"),
            require=self.project.require,
            timeout=self.project.timeout,
        )
        everything = tuple(documents.everything(self.project))
        before = report.outcomes if report else ()
        self.engine = Engine(self.project, everything, before, options)
        self.journal = results.Journal(self.project.results_path)
        found: dict[str, list[tuple[Case, Session]]] = {d.path: [] for d in everything}
        self.contracts = {document.path: document.contract for document in everything}
        for session in self.engine.plan.sessions:
            for case in session.cases:
                if case.key not in session.before:
                    found.setdefault(case.text.path, []).append((case, session))
        for cases in found.values():
            cases.sort(key=lambda pair: pair[0].snippet.line)
        return found

    def problems(self, path: str) -> list[ContractProblem]:
        """Return what is wrong with the contract of a definition."""
        assert self.engine
        contract = self.contracts.get(path)
        return [problem for problem in self.engine.problems if problem.path == contract]

    def outcome(self, case: Case, session: Session) -> Outcome:
        """Judge a case; the others of its session that were selected are judged on the way."""
        assert self.engine
        assert self.journal
        if case.id not in self.outcomes:
            if not self.outcomes:
                wanted = [s for s in self.engine.plan.sessions if self._is_selected(s)]
                self.engine.preload(wanted)
            chosen = self.selected | {case.id}
            for outcome in self.engine.one(session, chosen):
                self.outcomes[outcome.id] = outcome
                self._keep(outcome)
        return self.outcomes[case.id]

    def _is_selected(self, session: Session) -> bool:
        return any(case.id in self.selected for case in session.cases)

    def close(self) -> None:
        """End the sandbox, and put what was found into ``results.json``."""
        if self.engine and self.journal:
            self.engine.close()
            self.journal.close()
        if self.seen and not hasattr(self.config, "workerinput"):
            from agentdocs.verify import results

            path = self.project.results_path
            try:
                results.compact(path, problems=self._problems(), root=self.project.root)
            except results.ResultsError as error:
                self.complaint = f"agentdocs: results are not kept: {error}"

    def _keep(self, outcome: Outcome) -> None:
        from agentdocs.verify.state import ResultsError

        assert self.journal
        if not self.complaint:
            try:
                self.journal.add(outcome)
            except ResultsError as error:
                self.complaint = f"agentdocs: results are not kept: {error}"

    def _problems(self) -> list[ContractProblem] | None:
        """Return the problems of all contracts that there are now; None if they are not known."""
        return list(self.engine.problems) if self.engine else None


def _run(config: pytest.Config) -> Run | None:
    if _RUN not in config.stash:
        project = _project(config)
        config.stash[_RUN] = Run(config, project) if project else None
    return config.stash[_RUN]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> AgentFile | None:
    """Collect an agent, a companion or a document."""
    run = _run(parent.config)
    if run is None or not run.concerns(file_path):
        return None
    name = os.path.relpath(file_path, run.project.root).replace(os.sep, "/")
    if not run.files().get(name) and not run.problems(name):
        return None
    run.seen = True
    return AgentFile.from_parent(parent, path=file_path)


class AgentFile(pytest.File):
    """A Markdown file with snippets."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item a snippet, and one for a contract that cannot be kept."""
        run = _run(self.config)
        assert run is not None
        name = os.path.relpath(self.path, run.project.root).replace(os.sep, "/")
        if problems := run.problems(name):
            yield ContractItem.from_parent(self, name="contract", problems=problems)
        for case, session in run.files()[name]:
            yield SnippetItem.from_parent(
                self, name=case.snippet.address, run=run, case=case, session_=session
            )


class SnippetFailedError(Exception):
    """A snippet is wrong."""


class SnippetItem(pytest.Item):
    """A snippet."""

    def __init__(self, *, run: Run, case: Case, session_: Session, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run, self.case, self.session_ = run, case, session_
        if case.language:
            self.extra_keyword_matches.add(case.language.name)

    def runtest(self) -> None:
        """Pass, fail, or skip with the reason."""
        outcome = self.run.outcome(self.case, self.session_)
        if outcome.verdict == "failed":
            raise SnippetFailedError(outcome)
        if outcome.verdict != "passed":
            raise pytest.skip.Exception(outcome.reason, _use_item_location=True)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Show the agent's own lines instead of ours."""
        if isinstance(excinfo.value, SnippetFailedError):
            from agentdocs.verify.report import failure

            return failure(excinfo.value.args[0], self.run.project.root)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return where the snippet stands."""
        return self.path, self.case.snippet.line - 1, f"{self.path.name}::{self.name}"


class ContractItem(pytest.Item):
    """A contract that cannot be kept."""

    def __init__(self, *, problems: list[ContractProblem], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.problems = problems

    def runtest(self) -> None:
        """Fail."""
        raise SnippetFailedError

    def repr_failure(self, excinfo: Any, style: Any = None) -> str:
        """Show what is wrong, and what to do."""
        from agentdocs.verify.report import problem

        return "\n".join(problem(one) for one in self.problems)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return the agent whose contract it is."""
        return self.path, None, f"{self.path.name}: contract"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell how long the snippet took, and not how long its whole session did."""
    report = yield
    if isinstance(item, SnippetItem) and report.when == "call":
        outcome = item.run.outcomes.get(item.case.id)
        report.duration = outcome.seconds if outcome else report.duration
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the agents of other shards out."""
    shard = config.getoption("--agents-shard")
    snippets = [item for item in items if isinstance(item, SnippetItem)]
    if not shard or not snippets:
        return
    from agentdocs.verify.shards import mine

    paths = mine([item.case.document.path for item in snippets], *shard)
    out = [item for item in snippets if item.case.document.path not in paths]
    items[:] = [item for item in items if item not in out]
    config.hook.pytest_deselected(items=out)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remember what will be run, so that each session is run once."""
    run = session.config.stash.get(_RUN, None)
    if run is not None:
        run.selected = {item.case.id for item in session.items if isinstance(item, SnippetItem)}


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep what was found; a worker of pytest-xdist also sends it to the one that asked."""
    run = session.config.stash.get(_RUN, None)
    if run is None:
        return
    run.close()
    output = getattr(session.config, "workeroutput", None)
    if output is not None and run.outcomes:
        from agentdocs.verify.journal import line

        output["agentdocs"] = [line(outcome) for outcome in run.outcomes.values()]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say if results are not kept."""
    run = terminalreporter.config.stash.get(_RUN, None)
    if run is not None and run.complaint:
        terminalreporter.write_line(run.complaint, yellow=True)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what a worker, perhaps on another machine, has found."""
    lines = getattr(node, "workeroutput", {}).get("agentdocs")
    run = _run(node.config)
    if lines and run is not None:
        run.seen = True
        from agentdocs.verify.journal import Journal, parse

        with Journal(run.project.results_path) as journal:
            for row in lines:
                if outcome := parse(row):
                    journal.add(outcome)

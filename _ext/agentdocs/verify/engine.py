"""A plan → outcomes: what is known already is kept, what is not is run, and nothing twice.

Both faces, the command line and pytest, ask an :class:`Engine`; neither knows how it works.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from agentdocs.verify import cases, environment, outcomes, static
from agentdocs.verify.request import request
from agentdocs.verify.sandbox import Access, NoSandbox, Sandbox, modes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from agentdocs.verify.cases import Case, Plan, Session
    from agentdocs.verify.documents import Document
    from agentdocs.verify.model import ContractProblem, Outcome
    from agentdocs.verify.project import Project
    from agentdocs.verify.static import Finding
    from agentdocs.verify.tiers import Tier


NO_SANDBOX = "no sandbox:"
"""How the reason begins where nothing could be run; that may be otherwise at any time."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to verify."""

    unsafe: bool = False
    """Run without a sandbox where there is none."""
    fresh: bool = False
    """Believe no earlier result."""
    jobs: int = 0
    """Sandboxes at a time; 0 for as many as there are processors and work."""
    require: Tier = "none"
    timeout: float = 10.0


@dataclass(slots=True)
class _Job:
    """A session with what is known of its cases, and which of them are wanted."""

    session: Session
    findings: dict[str, Finding]
    known: static.Known
    wanted: list[Case]
    to_run: list[Case]


class Engine:
    """Judges the snippets of documents."""

    def __init__(
        self,
        project: Project,
        documents: tuple[Document, ...],
        before: Iterable[Outcome] = (),
        options: Options | None = None,
        texts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Plan; nothing is run yet.

        :param before: earlier outcomes; one with the same hash is not run again.
        :param texts: contracts to take instead of those on disk, by path.
        """
        self.project, self.options = project, options or Options()
        self.before = {} if self.options.fresh else {o.id: o for o in before}
        self.hindrance = self._hindrance()
        folders = tuple(os.path.join(project.root, folder) for folder in project.pythonpath)
        machine = (
            environment.verifier(), environment.fingerprint(), environment.stamp(folders),
            self.options.unsafe, self.hindrance, self.options.timeout, self.options.require,
        )  # fmt: skip
        self.plan: Plan = cases.plan(project.root, documents, repr(machine), texts)
        self.kept = 0
        """Outcomes that were taken over."""
        self.modules = environment.Modules(folders)
        node = environment.node()
        self.access = Access(
            tuple(Path(folder) for folder in folders if os.path.isdir(folder)),
            Path(node) if node else None,
            environment.node_modules(project.root),
        )
        self._looked: dict[int, tuple[dict[str, Finding], static.Known]] = {}
        self.sandbox: Sandbox | None = None
        self._sessions = {
            case.id: session
            for session in self.plan.sessions
            for case in session.cases
            if case.key not in session.before
        }

    def _hindrance(self) -> str:
        try:
            modes(self.options.unsafe)
        except NoSandbox as error:
            return str(error)
        return ""

    @property
    def problems(self) -> list[ContractProblem]:
        """Contracts that cannot be kept."""
        return self.plan.problems

    def cases(self) -> list[Case]:
        """Return every case once, in the order of the files."""
        return [
            case
            for session in self.plan.sessions
            for case in session.cases
            if case.key not in session.before
        ]

    # --- what is known without running ---------------------------------------------------------

    def _look(self, session: Session) -> tuple[dict[str, Finding], static.Known]:
        """Return what is known of a session's cases, by id; looked at once."""
        if id(session) not in self._looked:
            known = static.Known(modules=self.modules, root=self.project.root)
            findings = {case.id: static.look(case, session, known) for case in session.cases}
            self._looked[id(session)] = findings, known
        return self._looked[id(session)]

    def _job(self, session: Session, chosen: Collection[str] | None) -> tuple[list[Outcome], _Job]:
        """Return the outcomes that stand already, and what is left to do for a session."""
        done: list[Outcome] = []
        wanted: list[Case] = []
        for case in session.cases:
            if case.key in session.before or (chosen is not None and case.id not in chosen):
                continue
            old = self.before.get(case.id)
            if old and self._stands(old, case):
                self.kept += 1
                done.append(outcomes.moved(old, case))
            else:
                wanted.append(case)
        if not wanted:
            return done, _Job(session, {}, static.Known(), [], [])
        findings, known = self._look(session)
        done += [
            outcomes.found(case, static.parse_only(case, findings[case.id]), self.options.require)
            for case in wanted
            if not findings[case.id].run
        ]
        wanted = [case for case in wanted if findings[case.id].run]
        to_run = [case for case in session.cases if findings[case.id].run]
        while to_run and (not wanted or to_run[-1] is not wanted[-1]):
            to_run.pop()
        return done, _Job(session, findings, known, wanted, to_run)

    def _stands(self, old: Outcome, case: Case) -> bool:
        """Whether an earlier outcome is still true; lines in its messages may have moved."""
        if old.hash != case.hash or old.reason.startswith(NO_SANDBOX):
            return False
        if old.error is None:
            return True
        moved = case.rule and old.terms and old.terms.line != case.rule.line
        return old.line == case.snippet.line and not moved

    def finding(self, case: Case) -> Finding:
        """Return what is known of a case without running it."""
        session = self._sessions[case.id]
        return self._look(session)[0][case.id]

    # --- running -------------------------------------------------------------------------------

    def run(self, chosen: Collection[str] | None = None) -> Iterator[Outcome]:
        """Yield the outcome of each case, or of the chosen ids, as soon as it is known."""
        workers = _Workers(self)
        try:
            if not self.hindrance and self._is_new(chosen):
                workers.add()  # it gets ready while snippets are looked at
            left: list[_Job] = []
            for session in self.plan.sessions:
                done, job = self._job(session, chosen)
                yield from done
                if job.wanted:
                    left.append(job)
            if self.hindrance:
                for job in left:
                    yield from self._unrun(job)
            elif left:
                yield from workers.run(left, self._shared(left))
        finally:
            workers.close()

    def new_sandbox(self) -> Sandbox:
        """Return a sandbox that is not started yet."""
        return Sandbox(self.access, unsafe=self.options.unsafe)

    def _is_new(self, chosen: Collection[str] | None) -> bool:
        """Whether there is anything of which no earlier outcome stands."""
        return any(
            not (old := self.before.get(case.id)) or not self._stands(old, case)
            for case in self.cases()
            if chosen is None or case.id in chosen
        )

    def one(self, session: Session, chosen: Collection[str]) -> Iterator[Outcome]:
        """Yield outcomes of one session, in a sandbox that is kept for the next call."""
        done, job = self._job(session, chosen)
        yield from done
        if not job.wanted:
            return
        if self.sandbox is None:
            self.sandbox = self.new_sandbox()
        yield from self.judged(job, self.sandbox)

    def judged(self, job: _Job, sandbox: Sandbox) -> Iterator[Outcome]:
        """Yield the outcomes of a job, also where it turns out that nothing can be run."""
        if not self.hindrance:
            try:
                yield from self._run(job, sandbox)
                return
            except NoSandbox as error:
                self.hindrance = str(error)
        yield from self._unrun(job)

    def close(self) -> None:
        """End the sandbox that ``one`` started."""
        if self.sandbox:
            self.sandbox.close()
            self.sandbox = None

    def preload(self, sessions: Iterable[Session]) -> None:
        """Load what several sessions import, before ``one`` is called for each of them."""
        if not self.hindrance:
            if self.sandbox is None:
                self.sandbox = self.new_sandbox()
            jobs = [self._job(session, None)[1] for session in sessions]
            self.sandbox.preload(self._shared(jobs))

    def _shared(self, jobs: list[_Job]) -> list[str]:
        """Return the modules that several sessions import: loaded once, and forked with them."""
        count: Counter[str] = Counter()
        for job in jobs:
            if job.to_run and job.session.language and job.session.language.runner == "python":
                count.update({m for case in job.to_run for m in job.findings[case.id].imports})
        return [m for m, times in count.items() if times > 1 and self.modules.has(m)]

    def _run(self, job: _Job, sandbox: Sandbox) -> Iterator[Outcome]:
        asked = request(job.session, job.to_run, self.access, self.options.timeout)
        wanted = {case.id for case in job.wanted}
        for case, step, result in zip(job.to_run, asked["steps"], sandbox.run(asked), strict=False):
            if case.id in wanted:
                result["limit"] = step["timeout"]
                finding = job.findings[case.id]
                yield outcomes.ran(case, finding, result, job.known, self.options.require)

    def _unrun(self, job: _Job) -> Iterator[Outcome]:
        """Judge what cannot be run, by what parsing alone tells."""
        for case in job.wanted:
            finding = replace(
                job.findings[case.id], reason=f"no sandbox: {self.hindrance}", run=False
            )
            parsed = static.parse_only(case, finding)
            yield outcomes.found(case, parsed, self.options.require)


class _Workers:
    """Threads with a sandbox each.

    A sandbox ends with the *thread* that started it (prctl(2), PR_SET_PDEATHSIG), so that each is
    started by the one that uses it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.threads: list[threading.Thread] = []
        self.work: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.found: queue.SimpleQueue[Outcome | BaseException | None] = queue.SimpleQueue()
        self.shared: list[str] = []
        self.stop = threading.Event()

    def add(self) -> None:
        """Start one; it waits for jobs."""
        thread = threading.Thread(target=self._serve, daemon=True)
        thread.start()
        self.threads.append(thread)

    def run(self, jobs: list[_Job], shared: list[str]) -> Iterator[Outcome]:
        """Yield the outcomes of jobs as they come.

        :param shared: modules that several of them import.
        """
        self.shared = shared
        wanted = self.engine.options.jobs or min(os.cpu_count() or 1, 1 + len(jobs) // 20)
        while len(self.threads) < min(wanted, len(jobs)):
            self.add()
        for job in sorted(jobs, key=lambda job: -len(job.to_run)):
            self.work.put(job)
        for _ in self.threads:
            self.work.put(None)
        working = len(self.threads)
        while working:
            outcome = self.found.get()
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome is None:
                working -= 1
            else:
                yield outcome

    def close(self) -> None:
        """End them, also in the middle of a job."""
        self.stop.set()
        for _ in self.threads:
            self.work.put(None)
        for thread in self.threads:
            thread.join(timeout=5)

    def _serve(self) -> None:
        try:
            with self.engine.new_sandbox() as sandbox:
                with contextlib.suppress(NoSandbox):  # the first job meets it again
                    sandbox.start()
                while (job := self.work.get()) is not None and not self.stop.is_set():
                    sandbox.preload(self.shared)
                    for outcome in self.engine.judged(job, sandbox):
                        self.found.put(outcome)
        except BaseException as error:
            self.found.put(error)
        self.found.put(None)

"""What the verifier says: frozen data that goes into ``results.json`` and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentdocs.verify.tiers import TIERS, VERDICTS

if TYPE_CHECKING:
    from agentdocs.artefacts.model import Artefact
    from agentdocs.verify.tiers import Tier, Verdict

__all__ = ["TIERS", "VERDICTS", "ContractProblem", "Error", "Outcome", "Report", "Terms"]


@dataclass(frozen=True, slots=True)
class Error:
    """What went wrong, at the agent's own line."""

    text: str
    """The last line of the message: ``ZeroDivisionError: division by zero``."""
    line: int = 0
    """0 where it is not known."""
    trace: str = ""
    """All of the message; lines are those of the snippet's file."""
    path: str = ""
    """The contract that the line is in; empty where it is in the snippet's own file."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a contract says of one snippet, as it is shown beside the verdict."""

    path: str
    """The contract's file, from the project's root."""
    line: int
    setup: str = ""
    check: str = ""
    expect: str | None = None
    after: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    skip: str = ""
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one snippet."""

    path: str
    """The file that it stands in, from the project's root, with ``/``."""
    address: str
    """Its address in that file: ``quick-start/serve-a-resource#2``."""
    agent: str
    """The file that defines the agent; for a companion's snippet it differs from ``path``."""
    line: int
    """Of its fence."""
    end: int
    """The line after it."""
    language: str
    """As the fence says it; empty where there is none."""
    digest: str
    """Of its code: 12 hexadecimal digits. A page shows the verdict only beside this code."""
    verdict: Verdict
    tier: Tier
    reason: str = ""
    """Half a sentence: ``uses Session, which nothing defines``."""
    seconds: float = 0.0
    date: str = ""
    """When it was run or looked at: UTC, ISO 8601, seconds."""
    hash: str = ""
    """Of all that the verdict depends on; what has the same hash is not run again."""
    interpreter: str = ""
    """``CPython 3.11.7``."""
    packages: tuple[tuple[str, str], ...] = ()
    """Name and version of the packages that it imports."""
    output: str = ""
    cut: bool = False
    """Whether there was more output than is kept."""
    expected: str | None = None
    """What the output should have been, where it differs."""
    error: Error | None = None
    terms: Terms | None = None
    artefacts: tuple[Artefact, ...] = ()
    """Descriptions of the APIs, models and tables that it makes, or is."""

    @property
    def id(self) -> str:
        """``PATH::ADDRESS``, which is also its name for pytest and on the command line."""
        return f"{self.path}::{self.address}"

    @property
    def command(self) -> str:
        """What a person types to see this verdict again."""
        import shlex

        return f"python -m agentdocs verify {shlex.quote(self.id)}"


@dataclass(frozen=True, slots=True)
class Report:
    """Verdicts with what they were made by; the whole of ``results.json``."""

    outcomes: tuple[Outcome, ...]
    state: str = ""
    """Of everything that the last complete run looked at; the same again means nothing to do."""
    problems: tuple[ContractProblem, ...] = field(default=())
    """Contracts that cannot be kept, because their snippet is gone or they cannot be read."""


@dataclass(frozen=True, slots=True)
class ContractProblem:
    """What is wrong with a contract."""

    path: str
    """The contract's file, from the project's root."""
    line: int
    text: str
    hint: str = ""
    """What to do."""

"""What a contract says, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from agentdocs.companions import CONTRACT
from agentdocs.model import digest as digest
from agentdocs.paths import beside

Namespace = Literal["shared", "file", "own"]
"""What snippets share: all of an agent and language, those of a file, or nothing."""
SNIPPET = "snippet:"
"""Before an address, where a schema is another snippet."""


@dataclass(frozen=True, slots=True)
class Requires:
    """What must be installed."""

    python: tuple[str, ...] = ()
    """Requirements as pip reads them (PEP 508)."""
    npm: tuple[str, ...] = ()
    """Names of packages, each with an optional range of versions behind ``@``."""
    programs: tuple[str, ...] = ()
    """Executables that must be there."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the contract says of one snippet."""

    address: str
    line: int
    """Of its key."""
    digest: str
    setup: str = ""
    check: str = ""
    expect: str | None = None
    after: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    """Relative path and content."""
    skip: str = ""
    timeout: float | None = None
    """None for the contract's."""
    namespace: Namespace | None = None
    """None for the contract's."""
    language: str = ""
    schema: str | dict[str, Any] = field(default="", hash=False)
    """A path relative to the contract, ``snippet:`` and an address, or a JSON Schema itself."""
    fails: str = ""
    services: tuple[str, ...] = ()
    """Servers that it needs."""
    databases: tuple[str, ...] = ()
    """What it is run on, once each; none for what needs none, and for SQL on SQLite alone."""
    browser: str = ""
    """Why it does not run in a reader's browser; empty where that is not known."""
    lines: tuple[tuple[str, int], ...] = ()
    """The line on which what a key says begins: of a block, the line below its key."""

    def line_of(self, key: str) -> int:
        """Return where what a key says begins, or the entry where it has no such key."""
        return dict(self.lines).get(key, self.line)


@dataclass(frozen=True, slots=True)
class Contract:
    """What one ``.verify.yaml`` says."""

    path: str
    """Its file, from the project's root."""
    requires: Requires = Requires()
    timeout: float | None = None
    """Seconds for each snippet; None for the project's."""
    namespace: Namespace = "shared"
    rules: dict[str, Rule] = field(default_factory=dict, hash=False)
    """By address, in the order of the file."""
    broken: frozenset[str] = frozenset()
    """Addresses of entries that are no rules, because something is wrong with them."""


NONE = Contract("")
"""The contract of an agent that has none."""


def contract_path(definition: str) -> str:
    """Return where the contract of a definition, or of a document, stands."""
    return beside(definition, CONTRACT)


def content(rule: Rule) -> tuple[object, ...]:
    """Return all of a rule that its verdict depends on; what moves in its file stays the same."""
    return (
        rule.digest, rule.setup, rule.check, rule.expect, rule.after, rule.files, rule.skip,
        rule.timeout, rule.namespace, rule.language, rule.schema, rule.fails, rule.services,
        rule.databases,
    )  # fmt: skip

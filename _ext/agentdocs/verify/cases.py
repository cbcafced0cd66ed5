"""Documents and contracts → cases in sessions: what is known of each snippet before it is run."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentdocs.verify import environment, schemas, services, siblings
from agentdocs.verify.contract import model as contracts
from agentdocs.verify.languages import by_fence
from agentdocs.verify.model import ContractProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from agentdocs.model import Snippet
    from agentdocs.verify.contract.read import Contract, Rule
    from agentdocs.verify.documents import Document, Text
    from agentdocs.verify.languages.base import Language

MAX_CONTRACT = 4 << 20
"""Characters of a contract that are read; one of more than 1 MB is refused anyway."""
MAX_FILES = 16 << 20
"""Most bytes of companions that a session gets."""


@dataclass(eq=False, slots=True)
class Case:
    """A snippet that is to be judged."""

    document: Document
    text: Text
    snippet: Snippet
    language: Language | None
    rule: Rule | None
    """What its contract says of it."""
    broken: str = ""
    """Why its contract cannot be kept."""
    hash: str = ""
    """Of everything that its verdict depends on."""

    @property
    def key(self) -> str:
        """What a contract calls it."""
        return f"{self.text.prefix}{self.snippet.address}"

    @property
    def id(self) -> str:
        """``PATH::ADDRESS``."""
        return f"{self.text.path}::{self.snippet.address}"


@dataclass(eq=False, slots=True)
class Session:
    """Cases that share a namespace, in order, with the files that they may use."""

    document: Document
    contract: Contract
    language: Language | None
    cases: list[Case]
    before: frozenset[str] = frozenset()
    """Keys of cases that are here only because others come after them."""
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """Everything that there is to judge."""

    sessions: list[Session]
    problems: list[ContractProblem]


def plan(
    root: str, documents: tuple[Document, ...], machine: str, texts: Mapping[str, str]
) -> Plan:
    """Read contracts and put snippets into sessions.

    :param machine: what the verdicts depend on beside the documents.
    :param texts: contracts that are to be taken instead of those on disk, by path.
    """
    sessions: list[Session] = []
    problems: list[ContractProblem] = []
    for document in documents:
        contract, found = _contract(root, document, texts)
        problems += found
        files = _files(document)
        for session in _sessions(document, contract):
            session.files = files
            _hash(session, machine, root)
            sessions.append(session)
    return Plan(sessions, problems)


def _contract(
    root: str, document: Document, texts: Mapping[str, str]
) -> tuple[Contract, list[ContractProblem]]:
    path = document.contract
    text = texts.get(path)
    if text is None:
        try:
            text = read_contract(root, path)
        except OutsideError:
            hint = "Copy the file."
            problem = ContractProblem(path, 1, "This link leads out of the project.", hint)
            return contracts.NONE, [problem]
    if text is None:
        return contracts.NONE, []
    from agentdocs.verify.contract.read import match, read

    contract, problems = read(path, text)
    return contract, [*problems, *match(contract, document.snippets())]


class OutsideError(Exception):
    """A contract is a link that leads out of the project."""


def read_contract(root: str, path: str) -> str | None:
    """Return the text of a contract; None where there is none.

    :raises OutsideError: it is a link that leads out of the project.
    """
    full = os.path.join(root, path)
    inside = os.path.realpath(full).startswith(os.path.realpath(root) + os.sep)
    if os.path.islink(full) and not inside:
        raise OutsideError(path)
    try:
        with open(full, encoding="utf-8", errors="replace", newline="") as file:
            return file.read(MAX_CONTRACT)
    except OSError:
        return None


def _sessions(document: Document, contract: Contract) -> Iterator[Session]:
    groups: dict[tuple[str, ...], list[Case]] = {}
    for text in document.texts:
        for snippet in text.snippets:
            key = f"{text.prefix}{snippet.address}"
            rule = contract.rules.get(key)
            language = by_fence(rule.language if rule and rule.language else snippet.language)
            case = Case(document, text, snippet, language, rule)
            if key in contract.broken:
                case.broken = "it cannot be read"
            elif rule and rule.digest != snippet.digest:
                case.broken = "the snippet has changed since it was written"
            space = (rule.namespace if rule else "") or contract.namespace
            name = language.name if language else ""
            kind = {"own": (name, case.id), "file": (name, text.path)}.get(space, (name,))
            groups.setdefault(kind, []).append(case)
    everyone = {case.key: case for cases in groups.values() for case in cases}
    for cases in groups.values():
        own = {case.key for case in cases}
        order = _ordered(cases, everyone)
        before = frozenset(case.key for case in order if case.key not in own)
        yield Session(document, contract, cases[0].language, order, before)


def _ordered(cases: list[Case], everyone: dict[str, Case]) -> list[Case]:
    """Return cases in their order, each behind what its contract wants to be run first."""
    found: dict[str, Case] = {}
    above: set[str] = set()
    left = [(case, False) for case in reversed(cases)]
    while left:
        case, ready = left.pop()
        if ready:
            above.discard(case.key)
            found.setdefault(case.key, case)
        elif case.key not in found and case.key not in above:
            above.add(case.key)
            left.append((case, True))
            keys = case.rule.after if case.rule else ()
            others = [everyone[key] for key in keys if key in everyone]
            left += [(o, False) for o in reversed(others) if o.language is case.language]
    return list(found.values())


def _files(document: Document) -> dict[str, bytes]:
    """Read the companions; what is not readable or too much is not there for the snippets."""
    found: dict[str, bytes] = {}
    left = MAX_FILES
    for name, path in document.files:
        if name.startswith(("../", "/")):
            continue
        try:
            with open(path, "rb") as file:
                data = file.read(left + 1)
        except OSError:
            continue
        if len(data) <= left:
            found[name] = data
            left -= len(data)
    return found


def _hash(session: Session, machine: str, root: str) -> None:
    """Give each case the hash of what its verdict depends on: also of all cases before it."""
    contract = session.contract
    state = hashlib.sha256(f"{machine} {contract.requires!r}".encode())
    if session.language:
        programs = (session.language.program, *contract.requires.programs)
        stamps = [environment.program_stamp(program) for program in programs if program]
        state.update(f"{session.language.name} {contract.timeout} {stamps}".encode())
        if not session.language.runs:
            state.update(siblings.texts(session.document).encode("utf-8", "surrogatepass"))
    for name, data in session.files.items():
        state.update(json.dumps([name, len(data)]).encode() + data)
    for case in session.cases:
        rule = case.rule
        terms = repr(rule and contracts.content(rule))
        for name in services.wanted(rule):
            terms += environment.program_stamp(services.program(name) or name)
        if rule and rule.schema:
            terms += schemas.source(rule.schema, case.document, session.files, root)
        code = case.snippet.code.encode("utf-8", "surrogatepass")
        state.update(json.dumps([case.snippet.language, terms, case.broken, len(code)]).encode())
        state.update(code)
        case.hash = state.hexdigest()[:32]

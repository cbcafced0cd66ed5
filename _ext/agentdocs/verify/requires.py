"""Contracts → what must be installed for all snippets to run."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from agentdocs.verify import environment, services
from agentdocs.verify.cases import OutsideError, read_contract
from agentdocs.verify.contract.read import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from agentdocs.verify.documents import Document
    from agentdocs.verify.model import ContractProblem

KINDS = ("python", "npm", "programs", "services")


def required(
    root: str, documents: Iterable[Document]
) -> tuple[dict[str, list[str]], list[ContractProblem]]:
    """Return, by kind, each requirement once; and what is wrong with the contracts.

    :return: for ``python``, ``npm``, ``programs`` and ``services``, sorted texts.
    """
    found: dict[str, set[str]] = {kind: set() for kind in KINDS}
    problems: list[ContractProblem] = []
    for document in documents:
        try:
            text = read_contract(root, document.contract)
        except OutsideError:
            continue
        if text is None:
            continue
        contract, faults = read(document.contract, text)
        problems += faults
        for kind in KINDS[:3]:
            found[kind].update(getattr(contract.requires, kind))
        for rule in contract.rules.values():
            found["services"].update(services.wanted(rule))
    return {kind: sorted(names) for kind, names in found.items()}, problems


def for_pip(requirements: Iterable[str], *, here: bool) -> tuple[list[str], list[str]]:
    """Return requirements as lines for pip, and those that name an address.

    A contract may be a stranger's, and what is installed from an address may be anything: whoever
    wants it installs it by hand. The lines cannot be options, whatever a contract says.

    :param here: their markers hold here, and need not be said; then no line has a space.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    lines: dict[str, None] = {}
    addresses = []
    for text in requirements:
        with contextlib.suppress(InvalidRequirement, RecursionError):
            one = Requirement(text)
            if one.url:
                addresses.append(one.name)
                continue
            if here:
                one.marker = None
            lines[str(one)] = None
    return list(lines), addresses


def missing(found: dict[str, list[str]], root: str) -> dict[str, list[str]]:
    """Return what of :func:`required` is not here."""
    absent: dict[str, Callable[[str], object]] = {
        "python": environment.unmet,
        "npm": lambda one: environment.unmet_npm(one, root),
        "programs": lambda one: not environment.which(one),
        "services": lambda one: not services.program(one),
    }
    return {kind: [one for one in names if absent[kind](one)] for kind, names in found.items()}

"""Contracts → what must be installed for all snippets to run."""

from __future__ import annotations

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


def missing(found: dict[str, list[str]], root: str) -> dict[str, list[str]]:
    """Return what of :func:`required` is not here."""
    absent: dict[str, Callable[[str], object]] = {
        "python": environment.unmet,
        "npm": lambda one: environment.unmet_npm(one, root),
        "programs": lambda one: not environment.which(one),
        "services": lambda one: not services.program(one),
    }
    return {kind: [one for one in names if absent[kind](one)] for kind, names in found.items()}

"""A contract and an agent's snippets → what no longer fits; values, never exceptions.

A problem names the line of the entry's key, so that who has the entry finds its problems.
"""

from __future__ import annotations

import shlex
from itertools import islice
from typing import TYPE_CHECKING

from agentdocs.problems import brief
from agentdocs.verify.contract.model import SNIPPET, digest
from agentdocs.verify.contract.schema import close
from agentdocs.verify.model import ContractProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from agentdocs.model import Snippet
    from agentdocs.verify.contract.model import Contract, Rule

MAX_GUESSES = 20
"""Unknown addresses for which similar ones are looked for, and circles; more help nobody."""


def match(contract: Contract, snippets: Mapping[str, Snippet]) -> list[ContractProblem]:
    """Return what is wrong with a contract for an agent that has these snippets, by address."""
    found = [*_displaced(contract, snippets), *_unknown(contract, snippets)]
    found += islice(_circles(contract), MAX_GUESSES)
    return sorted(found, key=lambda problem: problem.line)


def moved(contract: Contract, snippets: Mapping[str, Snippet]) -> dict[str, str]:
    """Return the addresses whose code stands elsewhere now, and where.

    A snippet that is added to a section moves all that follow it there: their entries change
    places among each other.
    """
    lost = [r for r in contract.rules.values() if not _fits(r, snippets)]
    if not lost:
        return {}
    taken = contract.rules.keys() - {rule.address for rule in lost} | contract.broken
    free: dict[str, list[str]] = {}
    for address, snippet in snippets.items():
        if address not in taken:
            free.setdefault(digest(snippet.code), []).append(address)
    # Of several with the same code, the first entry gets the first place.
    found = {rule.address: free[rule.digest].pop(0) for rule in lost if free.get(rule.digest)}
    staying = [rule.address for rule in lost if rule.address not in found]
    back = {new: old for old, new in found.items()}
    while staying:  # and where an entry stays, no other can move to
        old = back.pop(staying.pop(), None)
        if old is not None:
            del found[old]
            staying.append(old)
    return found


def changed(contract: Contract, snippets: Mapping[str, Snippet]) -> dict[str, str]:
    """Return the digests that entries must have to fit what stands at their address now.

    Also of entries that are broken, since it may be the digest that they lack.
    """
    new = moved(contract, snippets)
    lost = [r.address for r in contract.rules.values() if not _fits(r, snippets)]
    stay = [address for address in (*lost, *sorted(contract.broken)) if address not in new]
    return {address: digest(snippets[address].code) for address in stay if address in snippets}


def _fits(rule: Rule, snippets: Mapping[str, Snippet]) -> bool:
    snippet = snippets.get(rule.address)
    return snippet is not None and digest(snippet.code) == rule.digest


def _displaced(contract: Contract, snippets: Mapping[str, Snippet]) -> Iterator[ContractProblem]:
    """Yield the entries whose snippet is gone, has moved or has changed."""
    new = moved(contract, snippets)
    guesses = MAX_GUESSES
    for rule in contract.rules.values():
        if _fits(rule, snippets):
            continue
        text, hint = f"There is no snippet `{brief(rule.address)}`.", "Remove the entry."
        snippet = snippets.get(rule.address)
        if snippet is not None:
            text, hint = _other(contract, rule, snippet)
        if rule.address in new:
            place = f"Its code is now at `{new[rule.address]}`"
            hint = f"{place}: rename the entry, or run {_update(contract)}."
        elif snippet is None and guesses:
            guesses -= 1
            near = " or ".join(f"`{address}`" for address in close(rule.address, snippets, 3))
            hint = f"Did you mean {near}? Otherwise remove the entry." if near else hint
        yield ContractProblem(contract.path, rule.line, text, hint)


def _other(contract: Contract, rule: Rule, snippet: Snippet) -> tuple[str, str]:
    """Return what to say of a snippet whose code is not the one that its entry was written for."""
    now = digest(snippet.code)
    text = (
        f"The snippet `{brief(rule.address)}` at line {snippet.line} has changed since this was"
        f" written (now digest {now})."
    )
    keys = ", ".join(f"`{key}`" for key, _ in rule.lines if key != "digest")
    fits = f"Look whether what this says ({keys}) still fits"
    hint = f"{fits}, then write the new digest, or run {_update(contract)}."
    return text, hint


def _update(contract: Contract) -> str:
    return f"`python -m agentdocs verify --update {shlex.quote(contract.path)}`"


def _unknown(contract: Contract, snippets: Mapping[str, Snippet]) -> Iterator[ContractProblem]:
    """Yield addresses in ``after`` and ``schema`` that no snippet has."""
    for number, (rule, key, address) in enumerate(_named(contract, snippets)):
        near = close(address, snippets) if number < MAX_GUESSES else []
        hint = f"Did you mean `{near[0]}`?" if near else "Write the address of a snippet."
        text = f"`{key}` names `{brief(address)}`, and there is no such snippet."
        yield ContractProblem(contract.path, rule.line, text, hint)


def _named(contract: Contract, snippets: Mapping[str, Snippet]) -> Iterator[tuple[Rule, str, str]]:
    for rule in contract.rules.values():
        if rule.address not in snippets:
            continue
        for address in rule.after:
            if address not in snippets:
                yield rule, "after", address
        if isinstance(rule.schema, str) and rule.schema.startswith(SNIPPET):
            address = rule.schema.removeprefix(SNIPPET)
            if address not in snippets:
                yield rule, "schema", address


def _circles(contract: Contract) -> Iterator[ContractProblem]:
    """Yield each ``after`` that leads back to its own entry; chains may be as long as they like."""
    done: set[str] = set()
    for start in contract.rules:
        way = {} if start in done else {start: _after(contract, start)}
        while way:
            last = next(reversed(way))
            step = next(way[last], None)
            if step is None:
                done.add(last)
                del way[last]
            elif step in way:
                addresses = list(way)
                yield _circle(contract, addresses[addresses.index(step) :])
            elif step not in done:
                way[step] = _after(contract, step)


def _after(contract: Contract, address: str) -> Iterator[str]:
    rule = contract.rules.get(address)
    return iter(rule.after if rule else ())


def _circle(contract: Contract, way: list[str]) -> ContractProblem:
    first = min(way, key=lambda address: contract.rules[address].line)
    index = way.index(first)
    addresses = [*way[index:], *way[:index], first]
    text = f"`after` goes in a circle: {brief(' → '.join(addresses), 200)}."
    return ContractProblem(contract.path, contract.rules[first].line, text, "Remove one of them.")

"""A contract's tree → what ``contract.schema.json`` has against it, as sentences.

The schema holds, as ``errorMessage``, what a value must be. Editors show it too, so that both say
the same.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentdocs.problems import brief
from agentdocs.verify.contract.yaml import value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

    from agentdocs.verify.contract.yaml import At, Node, Tree

SCHEMA = Path(__file__).with_name("contract.schema.json")
MAX_FAULTS = 100
"""Faults that are listed of a contract; of one with more, nothing is used."""


class NeedsJsonschemaError(Exception):
    """The package jsonschema, which validates contracts, is not installed."""

    def __init__(self) -> None:
        super().__init__("needs jsonschema: pip install 'agentdocs[verify]'")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place of a contract."""

    at: At
    index: int
    """Where in the text."""
    text: str
    hint: str = ""


@cache
def schema() -> dict[str, Any]:
    """Return the schema of contracts."""
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


@cache
def validator(meta: bool = False) -> Validator:
    """Return the validator of contracts; ``meta`` for that of JSON Schemas. They are built once.

    :raises NeedsJsonschemaError: it cannot be built.
    """
    try:
        from jsonschema import Draft202012Validator as Draft
        from jsonschema.validators import extend
    except ImportError:
        raise NeedsJsonschemaError from None
    if meta:
        return Draft(Draft.META_SCHEMA, format_checker=Draft.FORMAT_CHECKER)
    ordered: type[Validator] = extend(  # type: ignore[no-untyped-call]
        Draft, {"additionalProperties": _additional}
    )
    return ordered(schema())


def _additional(validator: Any, rules: Any, instance: Any, part: Any) -> Iterator[ValidationError]:
    """Look at keys that have no rules of their own, in order: jsonschema's order is of chance."""
    if not isinstance(instance, dict):
        return
    from jsonschema.exceptions import ValidationError

    for key in instance:
        if key in part.get("properties", ()):
            continue
        if not rules:
            yield ValidationError(key)  # one for all: each key is said by name
            return
        yield from validator.descend(instance[key], rules, path=key)


def faults(tree: Tree) -> list[Fault]:
    """Return what is wrong, up to one more than is worth listing."""
    assert tree.root is not None
    errors = validator().iter_errors(value(tree.root))
    found = (fault for error in errors for fault in _said(error, tree))
    return list(islice(found, MAX_FAULTS + 1))


def _said(error: ValidationError, tree: Tree) -> Iterator[Fault]:
    at: At = tuple(error.absolute_path)
    key, node = tree.find(at)
    assert node is not None
    # What has a key is found by it: a mapping or a list may begin lines below.
    place = node if key is None or isinstance(at[-1], int) else key
    say = SAYINGS.get(str(error.validator), _value)
    yield from say(error, at, node, place.start)


def shown(node: Node) -> str:
    """Return a value for the end of a sentence."""
    if node.kind != "scalar":
        kind = "a list" if node.kind == "list" else "a mapping"
        return kind if node.items or node.pairs else "empty"
    if not node.text.strip() and not node.style:
        return "empty"
    return f'"{brief(node.text, 40)}"' if node.style or isinstance(value(node), str) else node.text


def close(word: str, words: Iterable[str], number: int = 1) -> list[str]:
    """Return the words that look most like ``word``."""
    return difflib.get_close_matches(word, list(words), number)


def _rules(error: ValidationError) -> Mapping[str, Any]:
    """Return the part of the schema that refused something."""
    return error.schema if isinstance(error.schema, Mapping) else {}


def _name(at: At) -> str:
    if not at:
        return "A contract"
    if isinstance(at[-1], int):
        return f"An entry of `{brief(str(at[-2]), 60)}`"
    return f"`{brief(str(at[-1]), 60)}`"


def _value(error: ValidationError, at: At, node: Node, index: int) -> Iterator[Fault]:
    """A value is not what it must be, as the schema itself says it."""
    must = _rules(error).get("errorMessage", "must be something else")
    text = f"{_name(at)} {must}, and is {shown(node)}."
    yield Fault(at, index, text, _hint(error, at, node))


def _hint(error: ValidationError, at: At, node: Node) -> str:
    wanted = _rules(error).get("type", ())
    if node.kind != "scalar":
        return ""
    if not node.text:
        return 'Write `""` if it prints nothing.' if at[-1:] == ("expect",) else ""
    if error.validator == "type" and wanted == "array" and at:
        return f"Write it as a list: `{at[-1]}: [{brief(node.text, 40)}]`."
    if error.validator == "type" and "string" in wanted and not isinstance(value(node), str):
        return "Put it in quotes."
    nearest = close(node.text, _rules(error).get("enum", ()))
    return f"Did you mean `{nearest[0]}`?" if nearest else ""


def _unknown(error: ValidationError, at: At, node: Node, _index: int) -> Iterator[Fault]:
    """Keys that nothing knows; each has a line of its own."""
    known = list(_rules(error)["properties"])
    for key, item in node.pairs:
        if key.text in known:
            continue
        nearest = close(key.text, known)
        if nearest:
            hint = f"Did you mean `{nearest[0]}`?"
        elif not at and item.get("digest"):
            hint = "Put it below `snippets:`, where the entries of snippets stand."
        else:
            hint = f"Known here are {', '.join(f'`{word}`' for word in known)}."
        text = f"`{brief(key.text, 60)}` is not known here."
        yield Fault((*at, key.text), key.start, text, hint)


def _missing(error: ValidationError, at: At, node: Node, index: int) -> Iterator[Fault]:
    """A key that must be there: only ``digest`` must."""
    if node.pairs:  # or it is said of the empty entry
        text = f"{_name(at)} has no `digest`, which says for what code it was written."
        yield Fault(at, index, text, "`python -m agentdocs verify --update PATH` writes it.")


def _too_few(error: ValidationError, at: At, node: Node, index: int) -> Iterator[Fault]:
    """A mapping says too little."""
    if not node.pairs:
        yield from _value(error, at, node, index)
    elif node.get("digest"):  # or it is said that it is missing
        text = f"{_name(at)} has only a `digest`, which says nothing."
        yield Fault(at, index, text, "Add what it needs, such as `check`, or remove the entry.")


def _too_many(error: ValidationError, at: At, node: Node, index: int) -> Iterator[Fault]:
    """Something stands beside ``skip``; what is not known at all is said elsewhere."""
    known = schema()["$defs"]["snippet"]["properties"].keys() - {"skip", "digest"}
    beside = [key.text for key, _ in node.pairs if key.text in known]
    if beside:
        words = ", ".join(f"`{word}`" for word in dict.fromkeys(beside))
        text = f"{_name(at)} is not run, because of `skip`, so {words} can do nothing."
        yield Fault(at, index, text, "Remove `skip` or the others.")


SAYINGS: dict[str, Callable[[ValidationError, At, Node, int], Iterator[Fault]]] = {
    "type": _value,
    "enum": _value,
    "pattern": _value,
    "minLength": _value,
    "maxLength": _value,
    "exclusiveMinimum": _value,
    "maximum": _value,
    "minItems": _value,
    "additionalProperties": _unknown,
    "required": _missing,
    "minProperties": _too_few,
    "maxProperties": _too_many,
}
"""For every keyword of the schema that can refuse something: what is said then."""

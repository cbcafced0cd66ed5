"""Data and the schema that a contract names → what does not fit."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from agentdocs.problems import brief

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentdocs.verify.documents import Document

    Files = Mapping[str, bytes]

SNIPPET = "snippet:"
"""What a schema begins with that is another snippet of the agent."""


def check(data: Any, schema: object, document: Document, files: Files, root: str) -> str:
    """Return why ``data`` does not fit; empty if it does.

    :param schema: a JSON Schema, the path of one, or ``snippet:ADDRESS``.
    :param files: the agent's companions, by name.
    """
    try:
        wanted = _load(schema, document, files, root)
    except OSError:
        return f"its schema cannot be read: {brief(str(schema), 80)} is not there"
    except (ValueError, KeyError) as error:
        return f"its schema cannot be read: {brief(str(error), 120)}"
    from jsonschema import exceptions, validators
    from jsonschema_specifications import REGISTRY
    from referencing.exceptions import Unresolvable

    try:
        kind = validators.validator_for(wanted)
        kind.check_schema(wanted)
        # With a registry of its own, the validator fetches nothing from where a `$ref` leads.
        checker = kind(wanted, format_checker=kind.FORMAT_CHECKER, registry=REGISTRY)
        errors = checker.iter_errors(data)
        worst = exceptions.best_match(errors)
    except exceptions.SchemaError as fault:
        return f"its schema is none: {brief(fault.message, 200)}"
    except Unresolvable as fault:
        return f"its schema leads to {brief(str(fault.ref), 100)}, which is not read"
    except RecursionError:
        return "is nested too deeply for its schema"
    if worst is None:
        return ""
    return f"does not fit its schema: {worst.json_path}: {brief(worst.message, 200)}"


def source(schema: object, document: Document, files: Files, root: str) -> str:
    """Return the text of a schema that stands elsewhere; empty if it is not to be had."""
    if not isinstance(schema, str):
        return ""
    try:
        return _read(schema, document, files, root)
    except (OSError, ValueError, KeyError):
        return ""


def _read(schema: str, document: Document, files: Files, root: str) -> str:
    if schema.startswith(SNIPPET):
        return document.snippets()[schema.removeprefix(SNIPPET).strip()].code
    if schema in files:
        return files[schema].decode()
    folder = os.path.dirname(os.path.join(root, document.path))
    path = os.path.realpath(os.path.join(folder, schema))
    if not path.startswith(os.path.realpath(root) + os.sep):
        raise ValueError("it lies outside of the project")
    with open(path, encoding="utf-8") as file:
        return file.read()


def _load(schema: object, document: Document, files: Files, root: str) -> Any:
    if not isinstance(schema, str):
        return schema
    text = _read(schema, document, files, root)
    if schema.endswith((".yaml", ".yml")):
        import yaml

        return yaml.safe_load(text)
    return json.loads(text)


def known(data: Any) -> tuple[str, str]:
    """Hold data against what it says of itself: an OpenAPI document, or a JSON Schema.

    Only forms are looked at: no reference in it is followed, neither to files nor to the network.

    :return: what it is, empty for anything else, and why it is none, empty if it is one.
    """
    if not isinstance(data, dict):
        return "", ""
    version = str(data.get("openapi", data.get("swagger", "")))
    if version[:3] in ("2.0", "3.0", "3.1", "3.2") and "info" in data:
        return f"OpenAPI {version}", _openapi(data, version[:3])
    if "json-schema.org" in str(data.get("$schema", "")):
        from jsonschema import exceptions, validators

        try:
            validators.validator_for(data).check_schema(data)
        except exceptions.SchemaError as fault:
            return "JSON Schema", f"{fault.json_path}: {brief(fault.message, 200)}"
        except RecursionError:
            return "JSON Schema", "is nested too deeply"
        return "JSON Schema", ""
    return "", ""


def _openapi(data: dict[str, Any], version: str) -> str:
    from jsonschema import exceptions, validators

    try:
        from openapi_spec_validator import schemas
    except ImportError:
        return ""
    schema = dict(getattr(schemas, f"schema_v{version.removesuffix('.0').replace('.', '')}", {}))
    worst = exceptions.best_match(validators.validator_for(schema)(schema).iter_errors(data))
    return f"{worst.json_path}: {brief(worst.message, 200)}" if worst else ""

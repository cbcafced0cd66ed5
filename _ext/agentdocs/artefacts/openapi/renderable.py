"""Rows of an API → a document that sphinxcontrib-openapi renders without a fault.

Given the documents as they are, its renderers crash on boolean schemas, on arrays without
``items``, on operations without ``responses``, on parameters without a name and on paths with a
summary; and they open references and examples wherever those point, be it ``/etc/passwd`` or
another machine. So they get what they do well, which is methods and paths, and all else is
rendered from the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentdocs.artefacts.openapi.api import Api

METHODS = frozenset({
    "get", "put", "post", "delete", "options", "head", "patch", "trace", "connect", "copy",
})  # fmt: skip
"""Methods that sphinxcontrib-httpdomain has a directive for."""


def renderable(api: Api) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the document, and token → description: what stands for each text of a stranger.

    A token is made of letters and digits alone, so none of the markups that it passes through
    sees anything in it.
    """
    paths: dict[str, dict[str, Any]] = {}
    texts: dict[str, str] = {}
    for operation in api.operations:
        method = operation.method.lower()
        methods = paths.get(operation.path, {})
        if not operation.plain or method not in METHODS or method in methods:
            continue
        made: dict[str, Any] = {"responses": {}, "deprecated": operation.deprecated}
        if operation.description:
            token = f"agentdocstext{len(texts)}"
            texts[token] = operation.description
            made["description"] = token
        paths.setdefault(operation.path, methods)[method] = made
    document = {"openapi": "3.0.3", "info": {"title": "api", "version": "1"}, "paths": paths}
    return document, texts

"""Cases of a session → the request that the guest gets."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

from agentdocs.verify import services
from agentdocs.verify.sandbox import NODE_MODULES, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agentdocs.verify.cases import Case, Session
    from agentdocs.verify.sandbox import Access


def request(
    session: Session, cases: Iterable[Case], access: Access, timeout: float
) -> dict[str, Any]:
    """Return what the guest needs to run cases, in this order.

    :param timeout: seconds for a snippet whose contract says nothing else.
    """
    language = session.language
    assert language is not None
    runs_node = language.runner == "node" and access.node
    command = [str(access.node)] if runs_node else list(language.command)
    path = os.pathsep.join(map(str, access.path))
    cases = list(cases)
    servers = {name for case in cases for name in services.wanted(case.rule)}
    return {
        "id": id(session) % 1_000_000,
        "runner": language.runner,
        "command": command,
        "checker": list(language.checker),
        "files": {name: _encoded(data) for name, data in session.files.items()},
        "environment": {"PYTHONPATH": path} if path else {},
        "node_modules": NODE_MODULES if access.node_modules else "",
        "services": {
            name: os.path.dirname(program)
            for name in sorted(servers)
            if (program := services.program(name))
        },
        "steps": steps_of([_step(case, session, timeout) for case in cases]),
    }


def _step(case: Case, session: Session, timeout: float) -> dict[str, Any]:
    rule, snippet, language = case.rule, case.snippet, case.language
    assert language is not None
    step: dict[str, Any] = {
        "file": case.text.path,
        "line": snippet.first,
        "code": snippet.code,
        "timeout": session.contract.timeout or timeout,
        "suffix": language.suffix,
    }
    if language.prepare:
        step |= language.prepare(snippet.code)
        step["parts"] = [
            {**part, "file": case.text.path, "line": snippet.first - 1 + part["line"]}
            for part in step.get("parts", ())
        ]
    if rule:
        step["timeout"] = rule.timeout or step["timeout"]
        step["databases"] = services.databases(rule)
        step["services"] = [name for name in services.wanted(rule) if services.program(name)]
        step["files"] = {name: _encoded(text.encode()) for name, text in rule.files}
        for name, text in (("setup", rule.setup), ("check", rule.check)):
            if text:
                line = rule.line_of(name)
                step[name] = {"file": case.document.contract, "line": line, "code": text}
    return step


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()

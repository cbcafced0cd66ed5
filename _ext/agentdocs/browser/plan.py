"""Cases of ``verify`` → what a page loads to run them: sessions, steps and promises, as data.

Order, namespaces and steps are those of the sandbox. What a browser cannot run is left out, with
all that needs it, and says why.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from agentdocs.browser import reasons
from agentdocs.browser.packages import wanted
from agentdocs.problems import brief
from agentdocs.verify import cases, environment, schemas, services, siblings, static
from agentdocs.verify.contract.read import read
from agentdocs.verify.languages.base import ParseError
from agentdocs.verify.request import request
from agentdocs.verify.sandbox import Access

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from agentdocs.browser.packages import Packages
    from agentdocs.verify.cases import Case, Session
    from agentdocs.verify.contract.model import Contract
    from agentdocs.verify.documents import Document
    from agentdocs.verify.model import Outcome
    from agentdocs.verify.project import Project
    from agentdocs.verify.static import Finding

    Data = dict[str, Any]

RUNNERS = {"python": "python", "sql": "sql", "node": "javascript"}
"""The guest's runners that a browser has, and what runs there instead."""
ELSEWHERE = "does not pass outside of it either"
"""The reason of what was verified and did not pass."""
SUPPORT = {
    "tzdata": ("zoneinfo",),
    "httpx2": ("fastapi.testclient", "starlette.testclient"),
}
"""Packages that are not required by name where an environment has them, and for which modules."""
_DATA = ("JSON", "YAML")
_PLAIN = re.compile(r"[a-z0-9_-]+(?:/[a-z0-9_-]+)*")
_RAN = ("runs", "checked")


def contracts(project: Project, documents: Iterable[Document]) -> list[Contract]:
    """Return the contracts of documents that have one."""
    found = []
    for document in documents:
        try:
            text = cases.read_contract(project.root, document.contract)
        except cases.OutsideError:
            continue
        if text is not None:
            found.append(read(document.contract, text)[0])
    return found


def plans(
    project: Project,
    documents: Sequence[Document],
    packages: Packages,
    outcomes: Iterable[Outcome] = (),
) -> tuple[dict[str, Data], Data]:
    """Return the plan of each agent by its name, and what is known of snippets by path and address.

    :param outcomes: verdicts from outside of the browser; those on other code are not looked at.
    """
    known = {(one.id, one.digest): one for one in outcomes}
    folders = tuple(os.path.join(project.root, folder) for folder in project.pythonpath)
    modules = environment.Modules(folders)
    names = _names(project, documents)
    found: dict[str, Data] = {}
    index: Data = {}
    everything = cases.plan(project.root, tuple(documents), "", MappingProxyType({})).sessions
    for session in everything:
        name = names[session.document.path]
        looked = static.Known(modules=modules, root=project.root)
        findings = {case.id: static.look(case, session, looked) for case in session.cases}
        for case in session.cases:
            if case.key not in session.before:
                entry = {"digest": case.snippet.digest, "plan": name, "snippet": case.key}
                place = index.setdefault(case.text.path, {})
                place[case.snippet.address] = entry
        one = found.setdefault(name, {"agent": name, "sessions": {}, "snippets": {}, "data": {}})
        _data(session, one, index, project.root)
        if session.language is None or session.language.runner not in RUNNERS:
            continue
        reason = _reasons(session, findings, packages, known)
        for case in session.cases:
            if case.key not in session.before:
                entry = index[case.text.path][case.snippet.address]
                entry |= {"kind": "run", "reason": reason[case.key]}
        kept = [case for case in session.cases if not reason[case.key]]
        if kept:
            number = str(len(one["sessions"]) + 1)
            one["sessions"][number] = _session(session, kept, packages)
            one["snippets"] |= _snippets(
                session, number, kept, findings, looked.lines, known, project.timeout
            )
    _close(found, index)
    made = {name: one for name, one in found.items() if one["snippets"] or one["data"]}
    return made, _shown(index)


def _shown(index: Data) -> Data:
    """Return what the site has to know: snippets with a button, and those that say why not."""
    kept = {
        path: {address: one for address, one in entries.items() if "kind" in one}
        for path, entries in index.items()
    }
    return {path: entries for path, entries in kept.items() if entries}


def _close(found: dict[str, Data], index: Data) -> None:
    """Take out of sessions the steps that another session, whose they are, has left out."""
    for one in found.values():
        for session in one["sessions"].values():
            session["steps"] = [key for key in session["steps"] if key in one["snippets"]]


def _names(project: Project, documents: Iterable[Document]) -> dict[str, str]:
    """Return a name for each agent's plan that is a path everywhere: ``toolkit/designer``."""
    found: dict[str, str] = {}
    for document in documents:
        path = document.path
        for folder in project.agents:
            path = path.removeprefix(f"{folder.strip('/')}/")
        name = os.path.splitext(path)[0].removesuffix("/SKILL")
        if not _PLAIN.fullmatch(name) or name in found.values():
            name = hashlib.sha256(document.path.encode()).hexdigest()[:16]
        found[document.path] = name
    return found


# --- what hinders ------------------------------------------------------------------------------


def _reasons(
    session: Session,
    findings: Mapping[str, Finding],
    packages: Packages,
    known: Mapping[tuple[str, str], Outcome],
) -> dict[str, str]:
    """Return, by key, why each case of a session does not run in a browser; empty if it does."""
    found: dict[str, str] = {}
    names: set[str] = set()
    lost: dict[str, int] = {}
    for case in session.cases:
        outcome = known.get((case.id, case.snippet.digest))
        reason = _hindrance(case, session, findings[case.id], outcome, packages)
        facts = _defines(case, frozenset(names | lost.keys()))
        if not reason:
            reason = _before(case, found, frozenset(names), lost)
        found[case.key] = reason
        if reason:
            lost |= {name: case.snippet.line for name in facts if name not in names}
        else:
            names |= facts
    return found


def _hindrance(
    case: Case,
    session: Session,
    finding: Finding,
    outcome: Outcome | None,
    packages: Packages,
) -> str:
    rule, language = case.rule, case.language
    assert language is not None
    if rule and rule.browser:
        return rule.browser
    if outcome is not None and outcome.verdict != "passed":
        return ELSEWHERE
    if outcome is not None and outcome.tier not in _RAN:
        return ELSEWHERE
    if not finding.run and (outcome is None or finding.verdict == "passed"):
        return "is judged without being run" if finding.verdict == "passed" else ELSEWHERE
    if rule and (rule.services or (rule.databases and services.SQLITE not in rule.databases)):
        titles = [services.SERVICES[name].title for name in services.wanted(rule)]
        return f"needs a {' and a '.join(titles)} server"
    texts = _texts(case)
    if language.runner == "node":
        return next(filter(None, map(reasons.javascript, texts)), "")
    if language.runner == "python":
        files = [*session.files, *(name for name, _ in (rule.files if rule else ()))]
        return next(filter(None, (reasons.python(t, packages, files) for t in texts)), "")
    return ""


def _texts(case: Case) -> list[str]:
    """Return all code of a case: its own, and its contract's."""
    rule = case.rule
    return [case.snippet.code, *([rule.setup, rule.check] if rule else [])]


def _defines(case: Case, names: frozenset[str]) -> frozenset[str]:
    return frozenset().union(*(_facts(case, text, names)[0] for text in _texts(case)[:2]))


def _facts(case: Case, code: str, names: frozenset[str]) -> tuple[frozenset[str], list[str]]:
    """Return what code defines, and what it uses that nothing defines."""
    if not code or case.language is None or case.language.facts is None:
        return frozenset(), []
    try:
        facts = case.language.facts(code, names)
    except (ParseError, SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset(), []
    return facts.defines, [name for name, _ in facts.undefined]


def _before(
    case: Case, found: Mapping[str, str], names: frozenset[str], lost: Mapping[str, int]
) -> str:
    """Return which snippet it needs that does not run in a browser."""
    for key in case.rule.after if case.rule else ():
        if found.get(key):
            return f"comes after {brief(key, 80)}, which does not run there"
    here = names
    for text in (*_texts(case)[1:2], case.snippet.code):  # setup first
        defined, undefined = _facts(case, text, here)
        here |= defined
        for name in undefined:
            if name in lost:
                return f"uses {brief(name, 60)} of line {lost[name]}, which does not run there"
    return ""


# --- sessions ----------------------------------------------------------------------------------


def _session(session: Session, kept: list[Case], packages: Packages) -> Data:
    language = session.language
    assert language is not None
    files = _files(session, kept)
    return {
        "runner": RUNNERS[language.runner],
        "packages": _packages(session, kept, packages) if language.runner == "python" else [],
        "files": {name: base64.b64encode(data).decode() for name, data in files.items()},
        "steps": [case.key for case in kept],
    }


def _files(session: Session, kept: list[Case]) -> dict[str, bytes]:
    """Return the companions that the session's code names or imports, and those that these do."""
    texts = [text for case in kept for text in _texts(case)]
    found: dict[str, bytes] = {}
    left = dict(session.files)
    while texts:
        whole = "\n".join(texts)
        modules = {
            part for text in texts for m in reasons.used(text).modules for part in m.split(".")
        }
        new = {name for name in left if _is_named(name, whole, modules)}
        found |= {name: left.pop(name) for name in new}
        texts = [found[name].decode("utf-8", "replace") for name in new]
    return dict(sorted(found.items()))


def _is_named(file: str, text: str, modules: set[str]) -> bool:
    stem, suffix = os.path.splitext(os.path.basename(file))
    return f"{stem}{suffix}" in text or (suffix == ".py" and stem in modules)


def _packages(session: Session, kept: list[Case], packages: Packages) -> list[str]:
    """Return what is loaded for a session, in the order of installing.

    Of what the contract requires, that is what this session imports, and what no snippet of the
    agent imports: something else may need it there, as FastAPI needs python-multipart.
    """
    requirements = session.contract.requires.python
    mine = _owners(packages, [text for case in kept for text in _texts(case)])
    rules = session.contract.rules.values()
    every = [s.code for text in session.document.texts for s in text.snippets]
    every += [part for rule in rules for part in (rule.setup, rule.check)]
    others = _owners(packages, every)
    chosen = [
        requirement
        for requirement in requirements
        for name, _ in wanted([requirement], packages.platform)
        if name in mine or name not in others
    ]
    # What is imported without being required by its own name is there for something that is.
    imported = {m for case in kept for text in _texts(case) for m in reasons.used(text).modules}
    more = [name for name, modules in SUPPORT.items() if not imported.isdisjoint(modules)]
    return packages.closure([*chosen, *sorted(mine), *more])


def _owners(packages: Packages, texts: Iterable[str]) -> set[str]:
    tops = {m.partition(".")[0] for text in texts for m in reasons.used(text).modules}
    return {name for top in tops for name in packages.owners(top)}


def _snippets(
    session: Session,
    number: str,
    kept: list[Case],
    findings: Mapping[str, Finding],
    lines: Mapping[str, int],
    known: Mapping[tuple[str, str], Outcome],
    timeout: float,
) -> Data:
    """Return what is run, and what must come of it, by the key of each snippet."""
    asked = request(session, kept, Access(), timeout)["steps"]
    found: Data = {}
    for case, step in zip(kept, asked, strict=True):
        if case.key in session.before:
            continue
        language, rule, snippet = case.language, case.rule, case.snippet
        assert language is not None
        outcome = known.get((case.id, snippet.digest))
        finding = findings[case.id]
        prepared = language.prepare(snippet.code) if language.prepare else {}
        words = {word for text in _texts(case) for word in re.findall(r"\w+", text)}
        found[case.key] = {
            "session": number,
            "language": language.name.lower(),
            "step": {**step, "databases": [], "services": []},
            "promise": {
                "first": snippet.first,
                "end": snippet.end,
                "line": snippet.line,
                "path": case.text.path,
                "contract": case.document.contract,
                "expect": rule.expect if rule else None,
                "fails": rule.fails if rule else "",
                "expects": list(prepared.get("expects", ())),
                "tier": finding.tier,
                "only_defines": finding.only_defines,
                "defined": {name: line for name, line in lines.items() if name in words},
            },
            "proved": {"verdict": outcome.verdict, "tier": outcome.tier} if outcome else None,
        }
    return found


# --- data --------------------------------------------------------------------------------------


def _data(session: Session, plan: Data, index: Data, root: str) -> None:
    """Note the snippets of JSON and YAML that have a schema."""
    if session.language is None or session.language.name not in _DATA:
        return
    for case in session.cases:
        if case.key in session.before or case.broken or (case.rule and case.rule.skip):
            continue
        if (schema := _schema(case, session, root)) is None:
            continue
        plan["data"][case.key] = {
            "language": session.language.name.lower(),
            "line": case.snippet.first,
            "schema": schema,
        }
        index[case.text.path][case.snippet.address] |= {"kind": "data", "reason": ""}


def _schema(case: Case, session: Session, root: str) -> Any:
    """Return the schema that data must fit, as ``verify`` finds it."""
    rule, language = case.rule, case.language
    assert language is not None and language.parse is not None
    if rule and rule.schema:
        if not isinstance(rule.schema, str):
            return rule.schema
        text = schemas.source(rule.schema, case.document, session.files, root)
        try:
            if rule.schema.endswith((".yaml", ".yml")):
                import yaml

                return yaml.safe_load(text)
            return json.loads(text)
        except ValueError:
            return None
    try:
        data = language.parse(case.snippet.code)
    except ParseError:
        return None
    if schemas.known(data)[0]:
        return None
    one = siblings.schema_of(data, case.text.path, case.snippet, siblings.schemas(case.document))
    return one.schema if one else None

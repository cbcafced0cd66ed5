"""A session's cases → what can be said of each without running it, and what is left to run."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentdocs.artefacts.model import artefact
from agentdocs.problems import brief
from agentdocs.verify import environment, services
from agentdocs.verify.languages.base import Facts, ForeignError, Missing, ParseError
from agentdocs.verify.model import Error
from agentdocs.verify.tiers import IS_TEXT

if TYPE_CHECKING:
    from agentdocs.artefacts.model import Artefact
    from agentdocs.verify.cases import Case, Session
    from agentdocs.verify.environment import Modules
    from agentdocs.verify.languages.base import Language
    from agentdocs.verify.siblings import Sibling
    from agentdocs.verify.tiers import Tier, Verdict


TEXTS = frozenset({"text", "txt", "plain", "plaintext", "none"})
"""What authors call blocks that are no code: diagrams, trees, messages."""
MAX_CODE = 1 << 20
"""Characters of a snippet beyond which it is not looked at."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of a case; ``run`` says that only running it can tell more."""

    tier: Tier = "none"
    verdict: Verdict = "unproved"
    reason: str = ""
    run: bool = False
    error: Error | None = None
    only_defines: bool = False
    holed: bool = False
    """Whether it holds a placeholder, so that it may well not parse."""
    imports: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    """Names that nothing defines."""
    files: tuple[str, ...] = ()
    """Files that are not there."""
    artefacts: tuple[Artefact, ...] = ()
    """Of data that describes something."""


@dataclass(slots=True)
class Known:
    """What the cases before have made known."""

    names: set[str] = field(default_factory=set)
    lines: dict[str, int] = field(default_factory=dict)
    """Name → the line of the snippet that defines it."""
    modules: Modules = field(default_factory=lambda: environment.Modules(()))
    root: str = ""
    schemas: tuple[Sibling, ...] | None = None
    """Those of the agent, once they were looked for."""


def look(case: Case, session: Session, known: Known) -> Finding:
    """Climb as far as it goes without running anything."""
    rule, language = case.rule, case.language
    if case.broken:
        return Finding(verdict="failed", reason=f"its contract cannot be kept: {case.broken}")
    if rule and rule.skip:
        return Finding(verdict="skipped", reason=rule.skip)
    if language is None:
        return Finding(reason=_no_language(case.snippet.language))
    if absent := services.absent(rule):
        return Finding(verdict="skipped", reason=absent)
    if rule and rule.databases and language.runner not in ("python", "sql"):
        reason = f"its contract cannot be kept: `databases` is not for {language.name}"
        return Finding(verdict="failed", reason=reason)
    code = case.snippet.code
    if not code.strip():
        return Finding(reason="is empty")
    if len(code) > MAX_CODE:
        return Finding(reason="is longer than 1 MB")
    # An author who writes a contract means the snippet as it stands.
    hole = None if rule or language.placeholder is None else language.placeholder(code)
    try:
        # Where a language's own interpreter is its parser, running it tells.
        data = language.parse(code) if language.parse and not _foreign(case) else None
    except Missing as error:
        return Finding(reason=str(error))
    except ForeignError as error:
        return _holed(hole) or Finding(reason=error.text, error=_error(case, error))
    except ParseError as error:
        if rule and rule.fails:
            return _meant(rule.fails, error)
        reason = f"does not parse: {brief(error.text, 200)}"
        failed = Finding(verdict="failed", reason=reason, error=_error(case, error))
        return _holed(hole) or failed
    tier: Tier = "parses" if language.parse else "none"
    if hole:
        return _holed(hole, tier) or Finding()
    if not language.runs:
        return _data(case, session, data, known)
    return _facts(case, session, known, tier)


def _foreign(case: Case) -> bool:
    """Whether it is SQL for another database than the one that parses it."""
    rule, language = case.rule, case.language
    elsewhere = bool(rule and rule.databases and services.SQLITE not in rule.databases)
    return elsewhere and bool(language and language.runner == "sql")


def _no_language(name: str) -> str:
    if name in TEXTS:
        return IS_TEXT
    return f"no runner for {brief(name, 40)}" if name else "no language is given"


def _meant(fails: str, error: ParseError) -> Finding:
    """Judge code that is meant to be none."""
    text = f"SyntaxError: {error.text}"
    if fails in text:
        return Finding("checked", "passed", f"fails, as it is meant to: {brief(text, 120)}")
    reason = f"fails with {brief(text, 120)} instead of {brief(fails, 80)}"
    return Finding(verdict="failed", reason=reason)


def _holed(hole: tuple[str, int] | None, tier: Tier = "none") -> Finding | None:
    if hole is None:
        return None
    return Finding(tier, reason=f'contains the placeholder "{brief(hole[0], 40)}"', holed=True)


def _error(case: Case, error: ParseError) -> Error:
    return Error(error.text, case.snippet.first + error.line - 1)


def parse_only(case: Case, finding: Finding) -> Finding:
    """Let a case that is not run be parsed by its interpreter, which runs nothing of it."""
    language = case.language
    if language is None or not language.checker or finding.tier != "none":
        return finding
    checked = _parsed(case, language)
    if checked.verdict == "failed":
        return finding if finding.holed else checked
    return replace(finding, tier=checked.tier, reason=finding.reason or checked.reason)


def _parsed(case: Case, language: Language) -> Finding:
    program = language.checker[0]
    path = environment.node() if program == "node" else environment.which(program)
    if path is None:
        return Finding(reason=f"needs {program} to be parsed")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"snippet{language.suffix}")
        code = case.snippet.code
        text = language.source(code) if language.source else code
        file.write_text(text, encoding="utf-8", errors="replace")
        command = [word.replace("{file}", str(file)) for word in language.checker[1:]]
        try:
            run = subprocess.run(
                [path, *command], capture_output=True, text=True, errors="replace",
                timeout=20, stdin=subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return Finding(reason=f"needs {program} to be parsed")
    if run.returncode == 0:
        return Finding("parses")
    said = run.stderr.replace(str(file), case.text.path)
    found = re.search(r"(?:line |:)(\d+)", said)
    line = int(found[1]) if found else 1
    last = next((row for row in reversed(said.splitlines()) if "rror" in row), said.strip())
    error = Error(brief(last, 200), case.snippet.first + line - 1)
    return Finding(verdict="failed", reason=f"does not parse: {brief(last, 160)}", error=error)


def _facts(case: Case, session: Session, known: Known, tier: Tier) -> Finding:
    """Ask for names, modules, packages and files."""
    language, rule, code = case.language, case.rule, case.snippet.code
    assert language is not None
    names = frozenset(known.names)
    before = _of(language, rule.setup, names) if rule and rule.setup else Facts()
    facts = _of(language, code, names | before.defines)
    own = before.defines | facts.defines
    for name in own:
        known.lines.setdefault(name, case.snippet.line)
    known.names |= own
    finding = Finding(tier, imports=tuple(name for name, _ in facts.imports))
    if reason := _unmet(session, known):
        return replace(finding, reason=reason)
    fails = bool(rule and rule.fails)  # it may well be for what is missing
    if facts.undefined and not fails:
        name, line = facts.undefined[0]
        more = len({n for n, _ in facts.undefined}) - 1
        also = f" (and {more} more)" if more else ""
        error = Error(f"nothing defines {name}", case.snippet.first + line - 1)
        reason = f"uses {brief(name, 60)}, which nothing defines{also}"
        every = tuple(dict.fromkeys(n for n, _ in facts.undefined))
        return replace(finding, reason=reason, error=error, undefined=every)
    if language.facts:
        finding = replace(finding, tier="names" if tier == "parses" else tier)
    there = frozenset(session.files) | {name for name, _ in (rule.files if rule else ())}
    for module, line in (*before.imports, *facts.imports):
        if module.startswith("."):
            reason = "imports from a package of its own, which is not there"
        elif not fails and not known.modules.has(module, there):
            reason = f"imports {brief(module, 60)}, which is not installed here"
        else:
            continue
        error = Error(reason, case.snippet.first + line - 1)
        return replace(finding, reason=reason, error=error)
    if facts.imports or (language.facts and tier == "parses"):
        finding = replace(finding, tier="imports")
    if absent := [(path, line) for path, line in facts.calls if path not in there]:
        path, line = absent[0]
        error = Error(f"{path} is not there", case.snippet.first + line - 1)
        reason = f"calls {brief(path, 80)}, which is not there"
        files = tuple(dict.fromkeys(name for name, _ in absent))
        return replace(finding, reason=reason, error=error, files=files)
    if language.program and not environment.version(language.program):
        return replace(finding, reason=f"needs {language.program}, which is not installed here")
    return replace(finding, run=True, only_defines=facts.only_defines)


def _unmet(session: Session, known: Known) -> str:
    """Return the first thing that the contract requires and that is not here."""
    wanted = session.contract.requires
    for requirement in wanted.python:
        if reason := environment.unmet(requirement):
            return reason
    for package in wanted.npm:
        if reason := environment.unmet_npm(package, known.root):
            return reason
    for program in wanted.programs:
        if not environment.which(program):
            return f"requires {program}, which is not installed here"
    return ""


def _of(language: Language, code: str, names: frozenset[str]) -> Facts:
    if language.facts is None:
        return Facts()
    try:
        return language.facts(code, names)
    except (ParseError, SyntaxError, ValueError, RecursionError, MemoryError):
        return Facts()


def _data(case: Case, session: Session, data: Any, known: Known) -> Finding:
    """Hold data against the schema that its contract names, or that it names itself."""
    from agentdocs.verify import schemas, siblings

    rule = case.rule
    if rule and rule.schema:
        reason = schemas.check(data, rule.schema, case.document, session.files, known.root)
        return _against(reason)
    what, fault = schemas.known(data)
    if what:
        found = _against(f"is no valid {what}: {fault}" if fault else "")
        return found if fault else replace(found, artefacts=_described(what, data, case))
    if known.schemas is None:
        known.schemas = siblings.schemas(case.document)
    one = siblings.schema_of(data, case.text.path, case.snippet, known.schemas)
    if one is None:
        return Finding("parses", "passed")
    place = f"line {one.snippet.line}"
    if one.path != case.text.path:
        place += f" of {one.path}"
    reason = schemas.check(data, one.schema, case.document, session.files, known.root)
    if reason:
        return _against(f"{reason} (the schema of {place})")
    return replace(_against(""), reason=f"fits the schema of {place}")


def _described(what: str, data: dict[str, Any], case: Case) -> tuple[Artefact, ...]:
    """Return what data describe that are a schema themselves."""
    if what == "JSON Schema":
        name = data.get("title") or data.get("$id") or case.snippet.section
        made = artefact("json-schema", str(name), data)
    elif what.startswith("OpenAPI 3"):
        info = data.get("info")
        info = info if isinstance(info, dict) else {}
        made = artefact("openapi", f"{info.get('title', 'API')} {info.get('version', '')}", data)
    else:
        return ()
    return (made,) if made else ()


def _against(reason: str) -> Finding:
    return Finding("parses", "failed", reason) if reason else Finding("checked", "passed")

"""A case and what was found out about it → its outcome."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agentdocs.artefacts.model import artefact
from agentdocs.verify import environment, services
from agentdocs.verify.judge import judge
from agentdocs.verify.model import TIERS, Error, Outcome, Terms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agentdocs.artefacts.model import Artefact
    from agentdocs.verify.cases import Case
    from agentdocs.verify.static import Finding, Known
    from agentdocs.verify.tiers import Tier


SHOWN = 16_000
"""Characters of output that are kept."""


def moved(old: Outcome, case: Case) -> Outcome:
    """Return an earlier outcome, which is still true, for where its snippet stands now."""
    snippet = case.snippet
    return replace(old, line=snippet.line, end=snippet.end, terms=_terms(case))


def found(case: Case, finding: Finding, require: Tier) -> Outcome:
    """Return the outcome of a case that is not run."""
    return _required(_outcome(case, finding), case, require)


def ran(
    case: Case, finding: Finding, result: dict[str, Any], known: Known, require: Tier
) -> Outcome:
    """Return the outcome of a case that was run, from the guest's answer."""
    judged = judge(case, finding, result, known)
    seconds = result.get("seconds", 0.0)
    outcome = replace(
        _outcome(case, finding),
        verdict=judged.verdict,
        tier=judged.tier,
        reason=judged.reason or services.unused(case.rule),
        error=_cut(judged.error),
        output=judged.output[:SHOWN],
        cut=bool(result.get("cut")) or len(judged.output) > SHOWN,
        expected=judged.expected,
        artefacts=_artefacts(result.get("artefacts", ())) if judged.verdict == "passed" else (),
        seconds=float(seconds) if isinstance(seconds, int | float) else 0.0,
        interpreter=_interpreter(case),
    )
    return _required(outcome, case, require)


def _artefacts(told: Iterable[dict[str, Any]]) -> tuple[Artefact, ...]:
    made = (artefact(one.get("kind"), one.get("name"), one.get("data")) for one in told)
    return tuple(one for one in made if one)


def _interpreter(case: Case) -> str:
    language = case.language
    if language is None:
        return ""
    elsewhere = services.SQLITE not in services.databases(case.rule) and language.runner == "sql"
    used = [services.version(name) for name in services.wanted(case.rule)]
    if not (elsewhere and any(used)):
        used.insert(0, environment.interpreter(language.runner, language.program))
    return ", ".join(filter(None, used))


def _outcome(case: Case, finding: Finding) -> Outcome:
    snippet = case.snippet
    tops = {module.partition(".")[0] for module in finding.imports if module[:1] != "."}
    packages = {package for top in tops if (package := environment.distribution(top))}
    return Outcome(
        path=case.text.path,
        address=snippet.address,
        agent=case.document.path,
        line=snippet.line,
        end=snippet.end,
        language=snippet.language,
        digest=snippet.digest,
        verdict=finding.verdict,
        tier=finding.tier,
        reason=finding.reason,
        date=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        hash=case.hash,
        interpreter=_interpreter(case) if finding.verdict == "passed" else "",
        packages=tuple(sorted(packages)),
        error=_cut(finding.error),
        terms=_terms(case),
        artefacts=finding.artefacts,
    )


def _required(outcome: Outcome, case: Case, require: Tier) -> Outcome:
    """Fail what stays below the tier that is asked for, if its language could reach it."""
    language = case.language
    if language is None or not language.runs or outcome.verdict not in ("unproved", "passed"):
        return outcome
    if TIERS.index(outcome.tier) >= TIERS.index(require):
        return outcome
    reason = f"is not at “{require}”: {outcome.reason or outcome.tier}"
    return replace(outcome, verdict="failed", reason=reason)


def _cut(error: Error | None) -> Error | None:
    if error is None:
        return None
    return replace(error, text=error.text[:2000], trace=error.trace[:SHOWN])


def _terms(case: Case) -> Terms | None:
    """Return what the contract says, as it is shown beside the verdict."""
    rule = case.rule
    if rule is None:
        return None
    schema = rule.schema if isinstance(rule.schema, str) else "in the contract"
    return Terms(
        path=case.document.contract,
        line=rule.line,
        setup=rule.setup,
        check=rule.check,
        expect=rule.expect,
        after=rule.after,
        files=tuple(name for name, _ in rule.files),
        skip=rule.skip,
        schema=schema if rule.schema else "",
    )

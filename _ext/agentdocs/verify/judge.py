"""What came of running a case → its verdict."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from agentdocs.problems import brief
from agentdocs.verify.model import Error
from agentdocs.verify.services import SERVICES

if TYPE_CHECKING:
    from agentdocs.verify.cases import Case
    from agentdocs.verify.static import Finding, Known
    from agentdocs.verify.tiers import Tier, Verdict


_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")


_COPY = re.compile(r"/[\w./-]*/\.agentdocs/snippet\.\w+")
_OFFLINE = re.compile(
    r"Network is unreachable|Could not resolve host|Name or service not known|EAI_AGAIN|ENETUNREACH"
    r"|Temporary failure in name resolution|Failed to establish a new connection|NewConnectionError"
)
_UNSET = re.compile(r"(?:line \d+: )(\w+): (?:unbound variable|parameter null or not set)")


class Judgement(NamedTuple):
    """A verdict with its evidence."""

    verdict: Verdict
    tier: Tier
    reason: str = ""
    error: Error | None = None
    output: str = ""
    expected: str | None = None


def judge(case: Case, finding: Finding, result: dict[str, Any], known: Known) -> Judgement:
    """Turn the guest's answer, which may be a stranger's, into a verdict."""
    output = _readable(case, str(result.get("output", "")))
    status = str(result.get("status", "died"))
    if status == "ok":
        return _ran(case, finding, result, output)
    if case.rule and case.rule.fails and status == "failed" and result.get("where") == "snippet":
        return _meant_to_fail(case, finding, result, output)
    if status == "failed":
        return _failed(case, finding, result, output, known)
    if status == "syntax" and result.get("where") in ("setup", "check"):
        result = {**result, "text": f"does not parse: {result.get('text', '')}"}
        return _failed(case, finding, result, output, known)
    if status == "syntax":
        text = brief(str(result.get("text", "")), 200)
        error = Error(text, _line(case, result))
        return Judgement("failed", "none", f"does not parse: {text}", error, output)
    verdict, reason = _ended(case, status, result)
    return Judgement(verdict, _below(finding), reason, None, output)


def _readable(case: Case, output: str) -> str:
    """Return output without colours, and with the agent's file where a script's copy is named."""
    return _COPY.sub(case.text.path.replace("\\", "/"), _ANSI.sub("", output))


def _below(finding: Finding) -> Tier:
    """Return the tier of what was begun and not brought to an end."""
    return "parses" if finding.tier == "none" else finding.tier


def _ran(case: Case, finding: Finding, result: dict[str, Any], output: str) -> Judgement:
    rule = case.rule
    reason = "only defines things" if finding.only_defines else ""
    if rule and rule.fails:
        reason = f"should fail with {brief(rule.fails, 80)}, and does not"
        return Judgement("failed", "runs", reason, None, output)
    if rule and rule.expect is not None:
        if not fits(rule.expect, output):
            reason = "prints something else than its contract expects"
            return Judgement("failed", "runs", reason, None, output, rule.expect)
        return Judgement("passed", "checked", "", None, output)
    shown = _parts(case, result)
    if shown is not None:
        line, expected, got = shown
        reason = "prints something else than it shows"
        return Judgement("failed", "runs", reason, Error(reason, line), got, expected)
    if result.get("asserted") or _shows_output(case):
        return Judgement("passed", "checked", "", None, output)
    return Judgement("passed", "runs", reason, None, output)


def _prepared(case: Case) -> dict[str, Any]:
    language = case.language
    return language.prepare(case.snippet.code) if language and language.prepare else {}


def _shows_output(case: Case) -> bool:
    return any(_prepared(case).get("expects", ()))


def _parts(case: Case, result: dict[str, Any]) -> tuple[int, str, str] | None:
    """Return the first command of a session that prints something else: line, expected, actual."""
    prepared = _prepared(case)
    printed = result.get("parts", [])
    for part, expected, text in zip(
        prepared.get("parts", ()), prepared.get("expects", ()), printed, strict=False
    ):
        got = _readable(case, str(text))
        if expected and not fits(expected, got):
            return case.snippet.first + part["line"] - 1, f"{expected}\n", got
    return None


def fits(expected: str, output: str) -> bool:
    """Whether an output is the expected one; ``...`` stands for anything, as in doctest."""
    one, other = (_plain(text) for text in (expected, output))
    if one == other:
        return True
    import doctest  # with all that it imports, it costs as much as the rest of this package

    flags = doctest.ELLIPSIS | doctest.DONT_ACCEPT_TRUE_FOR_1
    return doctest.OutputChecker().check_output(one, other, flags)


def _plain(text: str) -> str:
    rows = [row.rstrip() for row in text.replace("\r\n", "\n").split("\n")]
    while rows and not rows[-1]:
        rows.pop()
    return "\n".join(rows) + "\n"


def _meant_to_fail(case: Case, finding: Finding, result: dict[str, Any], output: str) -> Judgement:
    assert case.rule
    text = str(result.get("text", ""))
    if case.rule.fails in f"{text}\n{output}":
        return Judgement(
            "passed", "checked", f"fails, as it is meant to: {brief(text, 120)}", None, output
        )
    reason = f"fails with {brief(text, 120)} instead of {brief(case.rule.fails, 80)}"
    return Judgement("failed", _below(finding), reason, _error(case, result), output)


def _error(case: Case, result: dict[str, Any]) -> Error:
    text, trace = str(result.get("text", "")), str(result.get("trace", ""))
    return Error(text, _line(case, result), trace)


def _line(case: Case, result: dict[str, Any]) -> int:
    """Return the line in the agent's file; one that is not the snippet's is not believed."""
    line = result.get("line", 0)
    inside = isinstance(line, int) and case.snippet.first <= line < case.snippet.end
    return line if inside else case.snippet.line


def _failed(
    case: Case, finding: Finding, result: dict[str, Any], output: str, known: Known
) -> Judgement:
    error = _error(case, result)
    tier = _below(finding)
    if result.get("endless"):
        return Judgement("failed", tier, "prints or writes more than 32 MB", error, output)
    if result.get("kind") == "Service":
        name = str(result.get("missing"))
        title = SERVICES[name].title if name in SERVICES else "a server"
        reason = f"needs {title}, which does not start here: {brief(error.text, 160)}"
        return Judgement("unproved", tier, reason, None, output)
    if result.get("kind") == "Databases":
        expected, got = str(result.get("expected", "")), str(result.get("got", ""))
        reason = "prints something else on PostgreSQL than on SQLite"
        return Judgement("failed", "runs", reason, None, got, expected)
    if reason := _not_its_fault(case, result, known, output):
        return Judgement("unproved", tier, reason, error, output)
    where = result.get("where")
    text = brief(str(result.get("text", "")).strip().split("\n")[0], 200)
    database = str(result.get("database"))
    if database in SERVICES and "PostgreSQL" not in text:
        text = f"on {SERVICES[database].title}: {text}"
    if where in ("setup", "check"):
        text = f"the {where} of its contract fails: {text}"
        line = result.get("line")
        path = case.document.contract
        error = Error(error.text, line if isinstance(line, int) else 0, error.trace, path)
        return Judgement("failed", "runs" if where == "check" else tier, text, error, output)
    if result.get("kind") == "Differs":
        expected, got = str(result.get("expected", "")), str(result.get("got", ""))
        return Judgement(
            "failed", "runs", "prints something else than it shows", error, got, expected
        )
    return Judgement("failed", tier, text, error, output)


_MISSING = {
    "module": "imports {}, which is not installed here",
    "program": "calls {}, which is not installed here",
    "table": "uses the table {}, which nothing creates",
    "column": "uses the column {}, which nothing creates",
    "variable": "needs the environment variable {}",
    "function": "uses the function {}, which SQLite does not have",
}


_ASSERTIONS = frozenset({"test", "[", "[[", "exit", "return", "false", "ends"})


def _is_shell(case: Case) -> bool:
    return case.language is not None and case.language.runner == "shell"


def _not_its_fault(case: Case, result: dict[str, Any], known: Known, output: str) -> str:
    """Return what is missing for a snippet that may well be right."""
    if result.get("where") != "snippet":
        return ""
    if result.get("network") is True or (_is_shell(case) and _OFFLINE.search(output)):
        return "needs the network"
    if _is_shell(case) and (unset := _UNSET.search(output)):
        return f"needs the environment variable {brief(unset[1], 60)}"
    if result.get("kind") == "Syntax":
        return f"is not SQLite's SQL: {brief(str(result.get('text', '')), 120)}"
    what, _, name = str(result.get("missing", "")).partition(" ")
    if result.get("kind") == "Status" and not what and case.rule is None and _is_shell(case):
        text = str(result.get("text", ""))
        if text.partition(" ")[0] == "read":
            return "asks for input"
        # Commands are meant for a reader's repository; what tests or exits means what it says.
        if text.partition(" ")[0] not in _ASSERTIONS:
            return f"{brief(text, 120)} in an empty folder"
    shown = brief(name, 80)
    if what == "name":
        line = known.lines.get(name)
        if line is not None and line != case.snippet.line:
            return f"uses {shown}, and the snippet of line {line} that defines it did not run"
        return f"uses {shown}, which nothing defines" if line is None else ""
    if what == "file" and name and not name.startswith("/"):
        return f"opens {shown}, which is not there"
    if what == "input":
        return "asks for input"
    return _MISSING[what].format(shown) if what in _MISSING and name else ""


def _ended(case: Case, status: str, result: dict[str, Any]) -> tuple[Verdict, str]:
    """Return what is said of a snippet that brought no report back."""
    if status == "timeout":
        ports = result.get("ports") or []
        if ports:
            return "unproved", f"waits for requests on port {ports[0]}"
        return "failed", f"timed out after {result.get('limit', 10):g} s"
    if status == "memory":
        return "failed", "takes too much memory"
    if status == "given-up":
        return "unproved", "was not tried: snippets before it ended the session again and again"
    if result.get("endless"):
        return "failed", "prints or writes more than 32 MB"
    return "failed", "ended the process without a word"

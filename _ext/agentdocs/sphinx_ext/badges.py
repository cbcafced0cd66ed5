"""A verdict → what stands beside its snippet: a few words, and on sites the proof, folded up.

Everything in a verdict is text of agents or of what they ran. It is shown with all that could
act made visible, and never becomes markup; nor is it searched, because visitors write it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from agentdocs.problems import brief
from agentdocs.sphinx_ext import domain, proof
from agentdocs.verify.tiers import IS_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

    from agentdocs.verify.model import Error, Outcome, Terms
    from agentdocs.verify.tiers import Tier


MOST = 16 * 1024
"""Bytes of a text that a page shows."""
REASON = 160
"""Characters of a reason that stand in a snippet's caption."""


class agent_verdict(nodes.Inline, nodes.Element):  # noqa: N801 - docutils names nodes so
    """A snippet's ``path``, ``address`` and ``digest``; when it is written, also its words."""


class agent_evidence(nodes.General, nodes.Element):  # noqa: N801
    """The ``outcome`` that is folded up below a snippet, and the ``uri`` of the line at fault.

    ``browser`` says why it does not run there, if that is so.
    """


# --- words -------------------------------------------------------------------------------------


class Words(NamedTuple):
    """What is said of a verdict."""

    kind: str
    """``good``, ``bad``, ``open``, ``plain`` or ``unknown``: what colours go by."""
    sign: str
    text: str
    reason: str = ""

    def __str__(self) -> str:
        """Return the words without the sign, which not every font has."""
        return f"{self.text} · {self.reason}" if self.reason else self.text


NOTHING = Words("plain", "", "")
UNKNOWN = Words("unknown", "", "not verified in this build")
_PASSED: dict[Tier, Words] = {
    "none": Words("plain", "", "passed"),
    "parses": Words("plain", "", "parses"),
    "names": Words("plain", "", "names known"),
    "imports": Words("plain", "", "imports"),
    "runs": Words("good", "✓", "runs"),
    "checked": Words("good", "✓", "checked"),
}
_UNPROVED: dict[Tier, str] = {
    "parses": "only parses",
    "names": "only names known",
    "imports": "only imports",
    "runs": "only runs",
}


def words(outcome: Outcome | None) -> Words:
    """Return what is said of a verdict."""
    if outcome is None:
        return UNKNOWN
    reason = outcome.reason
    if reason == IS_TEXT:
        return NOTHING
    if outcome.verdict == "passed":
        found = _PASSED[outcome.tier]
    elif outcome.verdict == "failed":
        found = Words("bad", "✗", "failed")
        reason = reason or (outcome.error.text if outcome.error else "")
    elif outcome.verdict == "skipped":
        found = Words("plain", "–", "skipped")
    else:
        found = Words("open", "○", _UNPROVED.get(outcome.tier, "unproved"))
    return found._replace(reason=line(reason))


# --- texts that cannot act ---------------------------------------------------------------------

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x9b[0-?]*[ -/]*[@-~]"  # colours, movements
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)"  # titles, links
    r"|\x1b[ -/]*[0-~]"
)
_SHOWN = {
    **{number: chr(0x2400 + number) for number in range(0x20) if chr(number) not in "\t\n"},
    0x7F: "␡", 0x2028: "\n", 0x2029: "\n",
}  # fmt: skip


def visible(text: str) -> str:
    """Return text in which nothing acts: no escape sequence, control or change of direction."""
    plain = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n").translate(_SHOWN)
    return plain if plain.isascii() else "".join(map(_character, plain))


def _character(character: str) -> str:
    kind = unicodedata.category(character)
    # Joiners make emoji and letters of what stands beside them; other marks turn texts around.
    bad = kind in ("Cc", "Cs") or (kind == "Cf" and character not in "\u200c\u200d")
    return "\ufffd" if bad and character not in "\t\n" else character


def line(text: str, most: int = REASON) -> str:
    """Return the beginning of a text on one line."""
    return brief(visible(text[: most * 4]), most)


class Excerpt(NamedTuple):
    """The beginning of a text, and whether there is more."""

    text: str
    cut: bool


def excerpt(text: str) -> Excerpt:
    """Return what a page shows of a text."""
    data = visible(text[: MOST * 2]).encode()
    return Excerpt(data[:MOST].decode(errors="ignore"), len(data) > MOST or len(text) > MOST * 2)


# --- placeholders → what is shown --------------------------------------------------------------


class Verdicts(SphinxPostTransform):
    """Gives each snippet its verdict.

    On sites, ``caption(…, agent_verdict)`` gets its words, and an ``agent_evidence`` is added
    below the code; everywhere else, the words stand in the caption as text.
    """

    default_priority = 5  # before references are resolved, as tally.py adds some

    def run(self, **kwargs: Any) -> None:
        """Fill the placeholders in."""
        known = proof.get(self.app)
        for node in list(self.document.findall(agent_verdict)):
            outcome = known.on(node["path"], node["address"], node["digest"])
            found = words(outcome)
            if found == NOTHING:
                node.parent.remove(node)
                continue
            if not proof.is_site(self.app):
                node.replace_self(nodes.Text(f" · {found}"))
                continue
            node["words"] = found
            if outcome is not None:
                uri = self._uri(node["path"], outcome.error)
                node.parent.parent.append(agent_evidence("", outcome=outcome, uri=uri))

    def _uri(self, path: str, error: Error | None) -> str:
        if error is None or not error.line:
            return ""
        agents, here = domain.get(self.env), self.env.current_document.docname
        return agents.source_uri(self.app.builder, here, path, f"L{error.line}")


def _visit_verdict(self: Any, node: agent_verdict) -> None:
    found: Words = node["words"]
    sign = f"{found.sign} " if found.sign else ""
    classes = f"agentdocs-verdict agentdocs-{found.kind}"
    self.body.append(f'<span class="{classes}"><b>{sign}{found.text}</b>')
    if found.reason:
        self.body.append(f" · {self.encode(found.reason)}")
    self.body.append("</span>")
    raise nodes.SkipNode


def _visit_evidence(self: Any, node: agent_evidence) -> None:
    context = _context(node["outcome"], node["uri"]) | {"browser": node.get("browser", "")}
    self.body.append(self.builder.templates.render("agentdocs/evidence.html", context))
    raise nodes.SkipNode


def _context(outcome: Outcome, uri: str) -> dict[str, Any]:
    """Return what the template shows; every text of it can be shown as it is."""
    error = outcome.error
    same = error is not None and error.trace.strip() in ("", error.text.strip())
    return {
        "title": _title(outcome),
        "error": line(error.text, 1000) if error else "",
        "line": error.line if error else 0,
        "uri": uri,
        "trace": excerpt(error.trace) if error and not same else None,
        "output": excerpt(outcome.output),
        "expected": None if outcome.expected is None else excerpt(outcome.expected),
        "cut": outcome.cut,
        "contract": list(_contract(outcome.terms)) if outcome.terms else [],
        "where": f"{line(outcome.terms.path)}, line {outcome.terms.line}" if outcome.terms else "",
        "run": " · ".join(_run(outcome)),
        "packages": line(", ".join(map(" ".join, outcome.packages)), 1000),
        "command": visible(outcome.command),
    }


def _title(outcome: Outcome) -> str:
    """Return what the first fold is called; empty where there is nothing to show."""
    printed = outcome.output or outcome.expected is not None
    if outcome.error is None:
        return "Output" if printed else ""
    fault = "Error" if outcome.verdict == "failed" else "What is missing"
    return f"{fault}, and output" if printed else fault


def _contract(terms: Terms) -> Iterator[tuple[str, Excerpt, bool]]:
    """Yield title and text of what a contract says, and whether the text is code."""
    rows = (
        ("Runs after", ", ".join(terms.after), False),
        ("With the files", ", ".join(terms.files), False),
        ("Set up by", terms.setup, True),
        ("Checked by", terms.check, True),
        ("Must print", terms.expect or "", True),
        ("Holds to the schema", terms.schema, False),
        ("Skipped", terms.skip, False),
    )
    for title, text, is_code in rows:
        if text:
            yield title, excerpt(text.strip("\n")), is_code


def _run(outcome: Outcome) -> Iterator[str]:
    if outcome.seconds:
        yield f"{outcome.seconds:.2f} s" if outcome.seconds >= 0.01 else "< 0.01 s"
    if re.match(r"\d{4}-\d\d-\d\d", outcome.date):
        yield outcome.date[:10]
    if outcome.interpreter:
        yield line(outcome.interpreter)


def setup(app: Sphinx) -> None:
    """Register nodes and transform; but for sites, no node is left when a page is written."""
    app.add_node(agent_verdict, html=(_visit_verdict, None))
    app.add_node(agent_evidence, html=(_visit_evidence, None))
    app.add_post_transform(Verdicts)

"""``{agent-proof}``: verdicts → how much of an agent, or of the whole library, is proved."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from agentdocs.sphinx_ext import domain, proof
from agentdocs.sphinx_ext.badges import UNKNOWN, line, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sphinx.application import Sphinx

    from agentdocs.sphinx_ext.proof import Row

MOST = 30
"""Rows of a list; what is more is counted."""

WIDEST = 36
"""Characters of a column in plain text."""

_PASSED = {
    "checked": ("checked", "checked"),
    "runs": ("runs", "run"),
    "imports": ("imports", "import"),
    "names": ("has known names", "have known names"),
    "parses": ("parses", "parse"),
    "none": ("passed", "passed"),
}
"""Tiers of what passed, the best first, for one snippet and for several."""
_OTHERS = ("failed", "unproved", "skipped", UNKNOWN.text)


class agent_proof(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """The ``agent`` whose proof is summed up here; empty for all of the library."""


class agent_bar(nodes.General, nodes.Element):  # noqa: N801
    """``parts`` of a whole, as class and size; the words beside it say the same."""


class AgentProof(SphinxDirective):
    """``{agent-proof} ID``: how much of that agent is proved; without an id, of all."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Leave a placeholder, and note which document has to be written with new verdicts."""
        agent = unquote(self.arguments[0]) if self.arguments else ""
        docname = self.env.current_document.docname
        domain.get(self.env).proofs.setdefault(docname, []).append(agent)
        return [agent_proof("", agent=agent)]


class Tallies(SphinxPostTransform):
    """Fills the placeholders in."""

    default_priority = 5  # before references are resolved

    def run(self, **kwargs: Any) -> None:
        """Replace each placeholder by sentences, lists and tables."""
        for node in list(self.document.findall(agent_proof)):
            rows = proof.rows(self.app, self.env, node["agent"])
            if node.get("short"):
                node.replace_self(nodes.Text(_short(_count(rows))))
                continue
            shown = self._agent(rows, node["agent"]) if node["agent"] else self._library(rows)
            node.replace_self(nodes.container("", *shown, classes=["agentdocs-proof"]))

    # --- one agent -----------------------------------------------------------------------------

    def _agent(self, rows: list[Row], agent: str) -> Iterator[nodes.Node]:
        yield from self._summary(rows)
        yield from self._failures(rows, lambda name: name.removeprefix(agent).lstrip(":/"))

    def _summary(self, rows: list[Row]) -> Iterator[nodes.Node]:
        found = _count(rows)
        if found[UNKNOWN.text] < len(rows) and proof.is_site(self.app):
            yield agent_bar("", parts=_parts(found))
        yield nodes.paragraph("", "", nodes.Text(_sentence(found)))

    def _failures(self, rows: list[Row], label: Callable[[str], str]) -> Iterator[nodes.Node]:
        failed = [row for row in rows if row[2] and row[2].verdict == "failed"]
        if not failed:
            return
        yield nodes.rubric("", "Failed")
        items = [
            nodes.list_item("", nodes.paragraph("", "", *self._failure(row, label(row[1].name))))
            for row in failed[:MOST]
        ]
        yield nodes.bullet_list("", *items, classes=["agentdocs-failures"])
        yield from more(len(failed))

    def _failure(self, row: Row, label: str) -> Iterator[nodes.Node]:
        docname, shown, outcome = row
        found = words(outcome)
        if proof.is_site(self.app):
            yield nodes.inline("", found.sign, classes=["agentdocs-bad"])
            yield nodes.Text(" ")
        yield self._link(docname, shown.anchor, label)
        if found.reason:
            yield nodes.Text(f" · {found.reason}")

    def _link(self, docname: str, anchor: str, label: str) -> nodes.Node:
        here = self.env.current_document.docname
        return domain.link(here, "page", docname, anchor, [nodes.Text(label)])

    # --- the library ---------------------------------------------------------------------------

    def _library(self, rows: list[Row]) -> Iterator[nodes.Node]:
        known = proof.get(self.app)
        if not known:
            yield nodes.paragraph("", "", nodes.Text(_sentence(_count(rows))))
            return
        yield from self._summary(rows)
        yield from self._failures(rows, str)
        yield from _contracts(known)
        yield from self._unproved(rows)
        if rows:
            yield self._tables(rows)
        yield from self._files()

    def _files(self) -> Iterator[nodes.Node]:
        if not proof.publishes(self.app):
            return
        here = self.app.builder.get_target_uri(self.env.current_document.docname)
        paragraph = nodes.paragraph("")
        for text, name in (
            ("All verdicts: ", proof.RESULTS), (" · for a badge of shields.io: ", proof.BADGE),
        ):  # fmt: skip
            uri = relative_uri(here, name)
            paragraph += nodes.Text(text)
            paragraph += nodes.reference("", name, internal=True, refuri=uri)
        yield paragraph

    def _unproved(self, rows: list[Row]) -> Iterator[nodes.Node]:
        groups: dict[str, list[Row]] = {}
        for row in rows:
            if row[2] and row[2].verdict == "unproved":
                groups.setdefault(row[2].reason, []).append(row)
        if not groups:
            return
        order = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
        body = []
        for reason, members in order[:MOST]:
            docname, shown, _ = members[0]
            example = self._link(docname, shown.anchor, shown.name)
            text = line(reason) or "no reason given"
            body.append([nodes.Text(text), nodes.Text(str(len(members))), example])
        yield nodes.rubric("", "Unproved, by reason")
        yield table(["Reason", "Snippets", "For example"], body)
        yield from more(len(order))

    def _tables(self, rows: list[Row]) -> nodes.Node:
        pages = domain.get(self.env).pages
        return nodes.container(
            "",
            _by_tier(_count(rows)),
            *_by("language", rows, lambda row: row[1].language),
            *_by("collection", rows, lambda row: pages[row[0]]["collection"]),
            classes=["agentdocs-tables"],
        )


# --- counting ----------------------------------------------------------------------------------


def _count(rows: Iterable[Row]) -> Counter[str]:
    """Count what passed by its tier, and the rest by its verdict."""
    found: Counter[str] = Counter()
    for _, _, outcome in rows:
        if outcome is None:
            found[UNKNOWN.text] += 1
        else:
            found[outcome.tier if outcome.verdict == "passed" else outcome.verdict] += 1
    return found


def _sentence(found: Counter[str]) -> str:
    """Return ``7 of 9 snippets proved: 5 checked, 2 run; 1 failed, 1 skipped.``."""
    total = found.total()
    plural = "s" if total != 1 else ""
    if found[UNKNOWN.text] == total:
        return f"{total} snippet{plural}, {UNKNOWN.text}." if total else "No snippets."
    passed = [f"{found[t]} {_PASSED[t][found[t] > 1]}" for t in _PASSED if found[t]]
    others = [f"{found[name]} {name}" for name in _OTHERS if found[name]]
    text = f"{_proved(found)} of {total} snippet{plural} proved"
    text += f": {', '.join(passed)}" if passed else ""
    return text + (f"; {', '.join(others)}." if others else ".")


def _short(found: Counter[str]) -> str:
    """Return ``7 of 9``, and what failed, for a table's cell."""
    if not found.total() or found[UNKNOWN.text] == found.total():
        return UNKNOWN.text if found.total() else "no snippets"
    failed = f", {found['failed']} failed" if found["failed"] else ""
    return f"{_proved(found)} of {found.total()}{failed}"


def _proved(found: Counter[str]) -> int:
    return sum(found[tier] for tier in _PASSED)


def _parts(found: Counter[str]) -> list[tuple[str, int]]:
    parts = [("good", _proved(found)), ("bad", found["failed"]), ("open", found["unproved"])]
    return [*parts, ("plain", found.total() - sum(size for _, size in parts))]


# --- lists and tables --------------------------------------------------------------------------


def more(count: int, most: int = MOST) -> Iterator[nodes.Node]:
    """Yield how many rows are left out of a list that has this many."""
    if count > most:
        yield nodes.paragraph("", "", nodes.Text(f"and {count - most} more"))


def _contracts(known: proof.Proof) -> Iterator[nodes.Node]:
    problems = known.report.problems
    if not problems:
        return
    yield nodes.rubric("", "Contracts that cannot be kept")
    items = []
    for one in problems[:MOST]:
        paragraph = nodes.paragraph("", "", nodes.literal("", f"{line(one.path)}:{one.line}"))
        paragraph += nodes.Text(f" {line(one.text)} ")
        paragraph += nodes.emphasis("", line(one.hint)) if one.hint else []
        items.append(nodes.list_item("", paragraph))
    yield nodes.bullet_list("", *items, classes=["agentdocs-failures"])
    yield from more(len(problems))


def _by_tier(found: Counter[str]) -> nodes.Node:
    names = [*_PASSED, *_OTHERS]
    rows = [[nodes.Text(name), nodes.Text(str(found[name]))] for name in names if found[name]]
    return table(["Verdict", "Snippets"], rows)


def _by(title: str, rows: list[Row], key: Callable[[Row], str]) -> Iterator[nodes.Node]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    order = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    body = []
    for name, members in order[:MOST]:
        found = _count(members)
        numbers = (len(members), _proved(found), found["failed"], found["unproved"])
        body.append([nodes.Text(text) for text in (line(name), *map(str, numbers))])
    yield table([title.capitalize(), "All", "Proved", "Failed", "Unproved"], body)
    yield from more(len(order))


def table(head: Sequence[str], body: Sequence[Sequence[nodes.Node]]) -> nodes.table:
    """Return a table; a cell holds one text or link."""
    # Without a title, for which Sphinx wants a number.
    group = nodes.tgroup("", cols=len(head))
    top = [nodes.Text(name) for name in head]
    for column in zip(top, *body, strict=True):  # for plain text, which has no columns by itself
        width = max(len(cell.astext()) for cell in column)
        group += nodes.colspec("", colwidth=min(width, WIDEST))
    group += nodes.thead("", _row(top))
    group += nodes.tbody("", *map(_row, body))
    return nodes.table("", group, classes=["colwidths-auto"])


def _row(cells: Sequence[nodes.Node]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def _visit_bar(self: Any, node: agent_bar) -> None:
    parts = "".join(
        f'<i class="agentdocs-{kind}" style="flex:{size}"></i>'
        for kind, size in node["parts"]
        if size
    )
    self.body.append(f'<div class="agentdocs-bar" aria-hidden="true">{parts}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register nodes, directive and transform."""
    app.add_node(agent_proof)
    app.add_node(agent_bar, html=(_visit_bar, None))
    app.add_directive("agent-proof", AgentProof)
    app.add_post_transform(Tallies)

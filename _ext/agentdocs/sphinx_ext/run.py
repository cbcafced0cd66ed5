"""What ``python -m agentdocs runtime`` made → buttons beside the snippets that run in a browser.

A page is read without buttons, as it is read without verdicts (see ``proof.py``): they are added
when it is written, beside the code for which they were planned and nowhere else. Pages that nobody
clicks on load nothing of what is copied here.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from agentdocs.sphinx_ext import config, domain, proof
from agentdocs.sphinx_ext.badges import agent_evidence, agent_verdict, line
from agentdocs.sphinx_ext.tally import more, table
from agentdocs.writer import refresh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from agentdocs.sphinx_ext.domain import Shown
    from agentdocs.sphinx_ext.proof import Key
    from agentdocs.verify.model import Outcome

logger = logging.getLogger(__name__)

FOLDER = "_run"
"""Where the runtime stands, below the root of the site."""
SAYS, PLANS = "runtime.json", "plans.json"
RAN = ("runs", "checked")
"""The tiers of what was run outside of a browser."""
LISTED = 500
"""Snippets on the health page that run elsewhere and not in a browser."""
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What a file that is not as we write it may raise; JSON that is nested deeply, the last."""
BUTTONS = {"run": "Run", "data": "Edit"}


class Place(NamedTuple):
    """What was planned for a snippet."""

    plan: str
    snippet: str
    """Its address in the plan."""
    kind: str
    """``run`` or ``data``."""
    reason: str
    """Why it does not run in a browser; empty where it does."""


@dataclass(frozen=True)
class Runtime:
    """The folder that was made, if it is about the library that is shown."""

    folder: Path | None = None
    said: dict[str, Any] = field(default_factory=dict)
    """``runtime.json``."""
    by_code: dict[Key, Place] = field(default_factory=dict)

    def on(self, path: str, address: str, digest: str) -> Place | None:
        """Return what was planned for this code at this place."""
        return self.by_code.get((path, address, digest))


_KNOWN: WeakKeyDictionary[Sphinx, Runtime] = WeakKeyDictionary()


def get(app: Sphinx) -> Runtime:
    """Return the runtime of this build; it is loaded before Sphinx forks to write."""
    if app not in _KNOWN:
        _KNOWN[app] = _load(app)
    return _KNOWN[app]


def _load(app: Sphinx) -> Runtime:
    if not proof.is_site(app):
        return Runtime()
    found = (_read(folder, config.agents_folder(app)) for folder in config.runtime_folders(app))
    return next((one for one in found if one.by_code), Runtime())


def _read(folder: Path, library: Path) -> Runtime:
    try:
        said = json.loads((folder / SAYS).read_text(encoding="utf-8"))
        plans = json.loads((folder / PLANS).read_text(encoding="utf-8"))
        prefix = proof.prefix_of(folder / plans["root"], library)
        by_code = {
            (place, address, one["digest"]): _place(one)
            for path, entries in plans["snippets"].items()
            if (place := proof.place_in(path, prefix))
            for address, one in entries.items()
        }
        int(said["size"])
    except _UNREADABLE as error:
        logger.warning(
            "%s cannot be read as what `agentdocs runtime` makes; snippets get no Run button: %r",
            folder, error, type="agentdocs", subtype="runtime",
        )  # fmt: skip
        return Runtime()
    return Runtime(folder, said, by_code)


def _place(one: dict[str, Any]) -> Place:
    return Place(*(str(one[key]) for key in Place._fields))


# --- buttons -----------------------------------------------------------------------------------


class agent_runnable(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """What stands around a snippet with a button: its ``plan`` and ``snippet``."""


class agent_button(nodes.Inline, nodes.Element):  # noqa: N801
    """The button, with its ``text``; scripts show it where they can run."""


class Buttons(SphinxPostTransform):
    """Gives a snippet its button, or says in its evidence why it has none."""

    default_priority = 6  # after verdicts, which make the evidence

    def run(self, **kwargs: Any) -> None:
        """Look at each snippet that has a verdict's place."""
        known = get(self.app)
        if not known.by_code:
            return
        for node in list(self.document.findall(agent_verdict)):
            place = known.on(node["path"], node["address"], node["digest"])
            wrapper = node.parent.parent
            if place is None:
                continue
            if place.reason:
                _explain(wrapper, place.reason)
                continue
            node.parent.append(agent_button("", text=BUTTONS[place.kind]))
            around = agent_runnable("", plan=place.plan, snippet=place.snippet)
            wrapper.replace_self(around)
            around += wrapper


def _explain(wrapper: nodes.Element, reason: str) -> None:
    """Say why a snippet that passes elsewhere has no button; of others, the verdict says enough."""
    evidence = next(iter(wrapper.findall(agent_evidence)), None)
    if evidence is not None and evidence["outcome"].verdict == "passed":
        evidence["browser"] = line(reason, 300)


def _visit_runnable(self: Any, node: agent_runnable) -> None:
    plan, snippet = escape(node["plan"]), escape(node["snippet"])
    self.body.append(
        f'<div class="agentdocs-runnable" data-plan="{plan}" data-snippet="{snippet}">\n'
    )


def _depart_runnable(self: Any, node: agent_runnable) -> None:
    self.body.append("</div>\n")


def _visit_button(self: Any, node: agent_button) -> None:
    text = escape(node["text"])
    self.body.append(f'<button type="button" class="agentdocs-run" hidden>{text}</button>')
    raise nodes.SkipNode


# --- pages that change -------------------------------------------------------------------------


def changed(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the documents to be written because their buttons have changed."""
    agents = domain.get(env)
    # Beside what is remembered of verdicts, under a name that no builder has.
    memory = f"{app.builder.name} {FOLDER}"
    known = agents.proved.get(memory, {})
    found = {
        docname: proof.digest_of(_said(app, env, docname))
        for docname in agents.snippets.keys() | agents.proofs.keys()
    }
    agents.proved[memory] = found
    return [docname for docname, digest in found.items() if known.get(docname) != digest]


def _said(app: Sphinx, env: BuildEnvironment, docname: str) -> Iterator[object]:
    """Yield all that a document says of what runs in a browser."""
    agents, known = domain.get(env), get(app)
    for shown in agents.snippets.get(docname, ()):
        yield known.on(shown.path, shown.address, shown.digest)
    if "" in agents.proofs.get(docname, ()):
        yield known.said.get("size"), known.said.get("missing"), rows(app, env)


# --- the health page ---------------------------------------------------------------------------


class agent_runnable_table(nodes.General, nodes.Element):  # noqa: N801
    """Where the health page says what runs in a browser."""


class AgentRunnable(SphinxDirective):
    """``{agent-runnable}``: what of the library runs in a browser, and why the rest does not."""

    def run(self) -> list[nodes.Node]:
        """Leave a placeholder, and note that the document depends on all snippets."""
        docname = self.env.current_document.docname
        domain.get(self.env).proofs.setdefault(docname, []).append("")
        return [agent_runnable_table("")]


class Row(NamedTuple):
    """A snippet that could run in a browser by its language."""

    docname: str
    shown: Shown
    place: Place
    outcome: Outcome | None


def rows(app: Sphinx, env: BuildEnvironment) -> list[Row]:
    """Return the snippets of the library that run in a browser, or do not for a reason."""
    known = get(app)
    return [
        Row(docname, shown, place, outcome)
        for docname, shown, outcome in proof.rows(app, env)
        if (place := known.on(shown.path, shown.address, shown.digest)) and place.kind == "run"
    ]


class Tables(SphinxPostTransform):
    """Fills the placeholder in; without a runtime, nothing is left of it."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        """Replace it by a sentence and two tables."""
        for node in list(self.document.findall(agent_runnable_table)):
            shown = list(self._shown())
            if shown:
                node.replace_self(nodes.container("", *shown, classes=["agentdocs-proof"]))
            else:
                node.parent.remove(node)

    def _shown(self) -> Iterator[nodes.Node]:
        known = get(self.app)
        if not known.by_code:
            return
        found = rows(self.app, self.env)
        yield nodes.rubric("", "In the browser")
        yield nodes.paragraph("", "", nodes.Text(_sentence(found, known.said)))
        yield self._agents(found)
        yield from self._differences(found)

    def _agents(self, found: list[Row]) -> nodes.Node:
        pages = domain.get(self.env).pages
        every: Counter[str] = Counter()
        runnable: Counter[str] = Counter()
        for row in found:
            agent = str(pages[row.docname]["agent"])
            every[agent] += 1
            runnable[agent] += not row.place.reason
        texts = [(line(agent), str(every[agent]), str(runnable[agent])) for agent in sorted(every)]
        body = [[nodes.Text(text) for text in row] for row in texts]
        return table(["Agent", "Of its snippets", "Run in the browser"], body)

    def _differences(self, found: list[Row]) -> Iterator[nodes.Node]:
        """Yield what runs elsewhere and not in a browser."""
        here = self.env.current_document.docname
        body = []
        for docname, shown, place, outcome in found:
            if place.reason and outcome and outcome.verdict == "passed" and outcome.tier in RAN:
                text = [nodes.Text(shown.name)]
                link = domain.link(here, "page", docname, shown.anchor, text)
                body.append([link, nodes.Text(line(place.reason, 300))])
        if body:
            yield nodes.rubric("", "Run elsewhere, and not in the browser")
            yield table(["Snippet", "Reason"], body[:LISTED])
            yield from more(len(body), LISTED)


def _sentence(found: list[Row], said: dict[str, Any]) -> str:
    runnable = sum(not row.place.reason for row in found)
    wheels = sum(one["size"] for name, one in said["files"].items() if name.startswith("wheels/"))
    python = sum(
        one["size"]
        for name, one in said["files"].items()
        if name.startswith(("pyodide.", "python_stdlib"))
    )
    return (
        f"{runnable} of {len(found)} snippets in languages that a browser runs can be run on their "
        f"pages. What does it weighs {_size(said['size'])}: Python {said['python']} (Pyodide "
        f"{said['pyodide']}) {_size(python)}, {len(said['packages'])} packages {_size(wheels)}. A "
        "page loads nothing of it before somebody presses Run, and then only what it needs."
    )


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


# --- copies ------------------------------------------------------------------------------------


def copy(app: Sphinx, exception: Exception | None) -> None:
    """Make the site's folder what the runtime's is, or remove it."""
    if exception or not proof.is_site(app):
        return
    target, folder = Path(app.outdir) / FOLDER, get(app).folder
    wanted: set[Path] = set()
    if folder is None:
        logger.info(
            "Snippets get no Run button: `python -m agentdocs runtime` makes what they need."
        )
    else:
        # What a page asks for first comes last: it names files that must be there by then.
        files = sorted(one.relative_to(folder) for one in folder.rglob("*") if one.is_file())
        for path in sorted(files, key=lambda path: path.name == SAYS):
            if path.name != PLANS:
                refresh(target / path, (folder / path).read_bytes())
                wanted.add(path)
    if folder is not None or (target / SAYS).is_file():  # else it is somebody else's
        _prune(target, wanted)


def _prune(target: Path, wanted: set[Path]) -> None:
    """Remove what a build before has left."""
    for path in sorted(target.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(target) not in wanted:
            path.unlink()
    if not wanted and not any(target.iterdir()):
        target.rmdir()


def _forget(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Read the folder anew in each build."""
    _KNOWN.pop(app, None)


def setup(app: Sphinx) -> None:
    """Register nodes, directive, transforms and handlers."""
    app.add_node(agent_runnable, html=(_visit_runnable, _depart_runnable))
    app.add_node(agent_button, html=(_visit_button, None))
    app.add_node(agent_runnable_table)
    app.add_directive("agent-runnable", AgentRunnable)
    app.add_post_transform(Buttons)
    app.add_post_transform(Tables)
    app.connect("env-before-read-docs", _forget)
    app.connect("env-updated", changed)
    app.connect("build-finished", copy)

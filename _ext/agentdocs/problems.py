"""A finding about an agent file: what is wrong, where, and what mends it.

The docstring of each :class:`ProblemKind` is its page in the manual.
"""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import Literal

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


class ProblemKind(Enum):
    """Every kind of Problem; the value is the Sphinx warning's subtype."""

    UNREADABLE_FILE = "unreadable-file", "error"
    """The file cannot be opened: permissions, a dangling link, or a device instead of a file.

    Give the reading user permission, or remove the file from the library."""

    BINARY_FILE = "binary-file", "error"
    """A file named like a text holds binary data, so there is nothing to read.

    Give it the suffix of its real type."""

    EMPTY_FILE = "empty-file", "error"
    """The file holds nothing but white space. It gets no page.

    Write the agent, or remove the file."""

    FILE_TOO_LARGE = "file-too-large", "error"
    """The file is larger than `agentdocs_max_bytes`. Its head is read and its text can be
    downloaded, but the body is not rendered.

    Move long material into companion files, or raise the limit."""

    LINK_LOOP = "link-loop", "warning"
    """A symbolic link leads back to a folder above it, or to itself. It is not followed.

    Remove the link."""

    LINK_OUTSIDE = "link-outside", "warning"
    """A symbolic link leads out of the library. It is not followed, so that a library can
    never publish other files of the machine it is built on.

    Copy the file into the library."""

    NOT_AN_AGENT = "not-an-agent", "info"
    """A Markdown file has neither front matter nor the headings of an agent, and no agent
    refers to it. It was left out.

    Give it front matter with a `name`, or link it from the agent it belongs to."""

    NOT_UTF8 = "not-utf8", "warning"
    """The file is not UTF-8. It was read as UTF-16 or UTF-32; or single bytes of it
    were read as Windows-1252, which has every Latin-1 letter as well.

    Save it as UTF-8; `check --fix` does so."""

    BYTE_ORDER_MARK = "byte-order-mark", "warning"
    """The file begins with a UTF-8 byte order mark. Clients that look for `---` in the very
    first bytes do not find the front matter behind it.

    `check --fix` removes it."""

    LINE_ENDS = "line-ends", "info"
    """The file has Windows or old Macintosh line ends. They are read like any other.

    `check --fix` writes plain ones."""

    CONTROL_CHARACTER = "control-character", "warning"
    """The text holds NUL bytes, other control characters, or controls that turn the direction
    of writing. They are shown as �.

    Remove them."""

    HIDDEN_CHARACTER = "hidden-character", "warning"
    """The text holds characters that cannot be seen: zero-width marks and spaces. They can
    make a text read differently for a person than for a model.

    Remove them; `check --fix` does so, unless they join emoji."""

    BROKEN_FRONT_MATTER = "broken-front-matter", "error"
    """The front matter is not valid YAML. It was read key by key, so the page is complete,
    but clients that read YAML strictly lose the agent or its metadata, often without a word.

    Quote the value that is named, or write it as a block (`description: |`)."""

    UNCLOSED_FRONT_MATTER = "unclosed-front-matter", "error"
    """The file opens front matter with `---` and never closes it.

    Put `---` on a line of its own after the last key."""

    YAML_ALIAS = "yaml-alias", "error"
    """The front matter uses YAML anchors or aliases. They are not expanded: a few lines of
    them can fill a machine's memory, and agent files have no use for them.

    Write the value out."""

    YAML_TOO_DEEP = "yaml-too-deep", "error"
    """The front matter is nested more deeply than any agent's fields are; it is kept as text.

    Flatten it."""

    DUPLICATE_KEY = "duplicate-key", "error"
    """A key stands twice in the front matter. YAML forbids it and clients disagree on which
    one counts. Here the last one counts, and both are shown.

    Remove one of them."""

    FIELD_TYPE = "field-type", "warning"
    """A field has a value of another type than the field is known to have.

    Write it as the message says."""

    FIELD_VALUE = "field-value", "info"
    """A field has a value that the clients of its dialect do not understand, or read in part: a
    word that they do not know, a number that is too large, a text that is too long.

    Write one of the values that the message names."""

    FIELD_CASE = "field-case", "warning"
    """A field is written with capitals. It is read here, but clients look for small letters and
    act as if it were not there.

    Write it in small letters; `check --fix` does so."""

    UNKNOWN_FIELD = "unknown-field", "info"
    """No dialect knows this field. It is shown as it is.

    Check the spelling."""

    UNKNOWN_TOOL = "unknown-tool", "info"
    """No known tool has this name. It is shown as it is.

    Check the spelling; names of MCP tools begin with `mcp__`."""

    NAME_MISSING = "name-missing", "info"
    """The file has no `name`; it was taken from the heading or from the file's own name.

    Add `name:` to the front matter."""

    DESCRIPTION_MISSING = "description-missing", "warning"
    """Nothing says what the agent is for: no `description` and no opening paragraph. Clients
    choose an agent by this text.

    Add `description:` to the front matter."""

    NAME_DIFFERS = "name-differs", "info"
    """The name in the front matter is not the name of the file (or, for a skill, of its
    folder). Links go by the path; clients of Agent Skills refuse such a skill.

    Rename one of them."""

    FOOTER_DIFFERS = "footer-differs", "warning"
    """The footer and the front matter give different versions, dates or maintainers. Readers
    cannot know which one to believe.

    Change one of them."""

    UNCLOSED_FENCE = "unclosed-fence", "warning"
    """A code fence is opened and never closed, so all that follows is code.

    Close it; `check --fix` closes it at the end of the file, which changes nothing else."""

    NESTED_FENCE = "nested-fence", "warning"
    """A fence inside a fence of the same length closes the outer one too early.

    Give the outer fence one more backtick than the inner one."""

    TEXT_TOO_DEEP = "text-too-deep", "warning"
    """Lists or quotes are nested more deeply than Markdown renderers follow. The section is
    shown as plain text, so that nothing is lost.

    Flatten it."""

    DIRECTIVE_FENCE = "directive-fence", "info"
    """A fence begins with `{`, which Sphinx would run as a directive. Agent files are data:
    it is shown as code and never run."""

    DUPLICATE_DEFINITION = "duplicate-definition", "warning"
    """A link label is defined twice. The first definition counts; the second is shown as text.

    Rename or remove one of them."""

    MISSING_LINK = "missing-link", "warning"
    """A link leads to a file or a section that is not there. It is shown as text.

    Correct the path, or add the file."""

    LINK_LEAVES_LIBRARY = "link-leaves-library", "warning"
    """A link leads out of the library. It is shown as text, and the file it names is never read.

    Copy the file into the library, or use its public address."""

    UNSAFE_LINK = "unsafe-link", "warning"
    """A link has a scheme that is neither http, https nor mailto. It is shown as text.

    Use an https address."""

    MISSING_COMPANION = "missing-companion", "warning"
    """The text names a companion file (`references/…`, `scripts/…`, `assets/…`) that the agent
    does not ship.

    Add the file, or correct the name."""

    COMPANION_NOT_SHOWN = "companion-not-shown", "info"
    """A companion file is too large or not text. It is listed and can be downloaded."""

    MISSING_AGENT = "missing-agent", "warning"
    """A dependency names an agent that is not in this library.

    Correct the name, add the agent, or remove the dependency."""

    AMBIGUOUS_AGENT = "ambiguous-agent", "info"
    """Several agents have the name that a dependency gives, none of them in the same
    collection. The link leads to the page that compares them."""

    ARTEFACTS_STALE = "artefacts-stale", "warning"
    """The file beside an agent that keeps what its snippets make (`….artefacts.json`) is of older
    code, or cannot be read. What is old is not shown.

    Run `python -m agentdocs verify --artefacts`, and commit what it writes."""

    INTERNAL = "internal-error", "error"
    """agentdocs itself failed on this file. The other agents are not affected.

    Please report it with the file that causes it."""

    def __new__(cls, value: str, severity: Severity) -> ProblemKind:
        """Keep the severity beside the value."""
        member = object.__new__(cls)
        member._value_ = value
        member.severity = severity
        return member

    severity: Severity

    @property
    def manual(self) -> str:
        """What the kind means and how to mend it: Markdown, from its docstring here."""
        return _manuals()[self.name]


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace lines ``start`` to ``end`` (1-based, ``end`` exclusive) of a file by ``lines``."""

    start: int
    end: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding."""

    path: str
    """The file, relative to the library, with ``/``."""
    line: int
    """1-based line in that file."""
    text: str
    """A sentence that a newcomer understands."""
    kind: ProblemKind = field(compare=False)
    hint: str = field(default="", compare=False)
    """What to do, where it is certain."""
    edits: tuple[Edit, ...] = field(default=(), compare=False)
    """The same as an edit of the file; empty where a person must decide."""
    rewrite: bool = field(default=False, compare=False)
    """True where writing the text back as UTF-8 with plain line ends is itself the fix."""

    @property
    def severity(self) -> Severity:
        """``error``, ``warning`` or ``info``."""
        return self.kind.severity

    @property
    def fixable(self) -> bool:
        """Whether ``check --fix`` mends it."""
        return bool(self.edits) or self.rewrite


# What moves a terminal's cursor, changes its colours, or turns the direction of a line.
_ACTS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# What GitHub and other CIs obey in a log: `::` where a line begins, `##[` or `##vso[` anywhere.
_ORDER = re.compile(r"^([ \t]*):(?=:)|#(?=#\w*\[)", re.MULTILINE)


def printable(text: str) -> str:
    """Return a path for a log: no control character, and no ``: `` that could forge a message."""
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return no_order("".join(shown).replace(": ", ":\\x20"))


def inert(text: str) -> str:
    """Return an author's words for a log: nothing in them acts on a terminal, or orders a CI."""
    return no_order(_ACTS.sub("\ufffd", text))


def no_order(text: str) -> str:
    """Return lines of a log of which none is an order to the CI that keeps it."""
    return _ORDER.sub(lambda found: f"{found[1]}\\x3a" if found[1] is not None else "\\x23", text)


def brief(text: str, length: int = 80) -> str:
    """Return an author's words for a message: one line, not too long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


@cache
def _manuals() -> dict[str, str]:
    """Member → the text below it in the source (enum members keep no docstrings at run time)."""
    tree = ast.parse(inspect.getsource(ProblemKind))
    body = next(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return {
        ast.unparse(member.targets[0]): inspect.cleandoc(ast.literal_eval(text.value))
        for member, text in pairwise(body)
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr)
    }

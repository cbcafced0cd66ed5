"""The neutral model: what every dialect is read into, and what every page is made from.

All of it is frozen data. Lines are 1-based and count in the agent's own file; paths are
relative to the library's root and use ``/``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agentdocs.problems import Problem

FieldStatus = Literal["ok", "repaired", "inferred"]
Value = str | list["Value"] | dict[str, "Value"] | None
"""A front-matter value. Scalars stay the text that the author wrote: ``2.10`` is no number."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an agent, from its front matter or inferred from its text."""

    key: str
    value: Value
    raw: str
    """The entry's text, byte for byte as far as its encoding allows."""
    line: int
    status: FieldStatus = "ok"


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file read into text, its front matter split off; no dialect has been asked yet."""

    path: str
    text: str
    """The whole text with ``\\n`` line ends and without a byte order mark."""
    fields: tuple[Field, ...]
    body: str
    body_line: int
    """The line on which ``body`` begins."""
    size: int
    """Bytes on disk."""
    problems: tuple[Problem, ...] = ()

    def field(self, key: str) -> Field | None:
        """The last field named ``key`` (the one that counts); else one that has capitals."""
        last_first = self.fields[::-1]
        exact = next((f for f in last_first if f.key == key), None)
        return exact or next((f for f in last_first if f.key.lower() == key), None)


def digest(code: str) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of a snippet's code."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A fenced or indented block of code."""

    address: str
    """Headings' path with ``#2`` for the second in its section; unique in the agent."""
    language: str
    """The first word of the fence's info, lower case; empty where there is none."""
    info: str
    """The fence's info as it was written."""
    code: str
    line: int
    """The line of the opening fence."""
    end: int
    """The line after the block."""
    section: str
    """The slug of the section it stands in."""
    first: int = 0
    """The line of its first line of code."""

    @property
    def digest(self) -> str:
        """12 hexadecimal digits that change with the code."""
        return digest(self.code)


@dataclass(frozen=True, slots=True)
class Link:
    """A link, image or code span that names something."""

    target: str
    """As written, percent-decoded."""
    line: int
    kind: Literal["link", "image", "code"]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with the text up to the next heading; the first may have no heading."""

    title: str
    """The heading's text without markup; empty for what stands before the first heading."""
    slug: str
    """Unique in its file."""
    level: int
    """As written, 1–6; 0 for the text before the first heading."""
    line: int
    heading_end: int
    """The line after the heading."""
    end: int
    """The line after the section's own text."""
    parent: str
    """The slug of the section above; empty at the top."""
    markup: str
    """The heading's inline Markdown on one line."""
    prose: int
    """Lines of its own text that are not code."""
    languages: tuple[str, ...]
    """Languages of its own snippets, one for each line of code."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table's cells as text, the header first."""

    rows: tuple[tuple[str, ...], ...]
    line: int
    section: str


@dataclass(frozen=True, slots=True)
class Item:
    """A list item's own text (without that of nested lists)."""

    text: str
    codes: tuple[str, ...]
    """Its code spans."""
    line: int
    section: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph's text, with markup removed."""

    text: str
    line: int
    section: str


@dataclass(frozen=True, slots=True)
class Outline:
    """What Markdown says about a text: the only thing dialects and pages look at."""

    sections: tuple[Section, ...]
    snippets: tuple[Snippet, ...]
    links: tuple[Link, ...]
    tables: tuple[Table, ...]
    items: tuple[Item, ...]
    paragraphs: tuple[Paragraph, ...]
    words: tuple[tuple[str, int], ...]
    """Runs of plain text with their lines, code left out: where agents are mentioned."""
    definitions: tuple[tuple[str, str, int], ...]
    """Link definitions: label in CommonMark's normal form, address and line."""
    edits: tuple[tuple[int, str], ...]
    """Lines that must be written differently on a page (heading marks, fence infos)."""
    open_fence: str = ""
    """What closes the fence that is still open at the end of the text."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that an agent may use (or must not)."""

    name: str
    """Canonical: ``Read``, ``Bash``, ``mcp__github__search``."""
    raw: str
    argument: str = ""
    """What stands in the parentheses of ``Bash(git:*)``."""
    allowed: bool = True
    line: int = 1


@dataclass(frozen=True, slots=True)
class Example:
    """An ``<example>``: a situation and the conversation that shows the agent at work."""

    context: str
    turns: tuple[tuple[str, str], ...]
    """``(speaker, text)``; the speaker is ``user``, ``assistant`` or ``commentary``."""
    line: int


@dataclass(frozen=True, slots=True)
class Activation:
    """When a client should choose the agent, as far as the file says so."""

    when: tuple[str, ...] = ()
    when_not: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that an agent ships beside its definition."""

    path: str
    name: str
    """Its path as seen from the agent's folder."""
    size: int
    raw: RawFile | None = None
    """Its text, where it is text."""
    outline: Outline | None = None
    """For Markdown."""


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent, as its dialect read it; it knows nothing of other agents."""

    raw: RawFile
    outline: Outline
    dialect: str
    evidence: str
    """Why this dialect was chosen: half a sentence."""
    is_skill: bool
    """True for ``SKILL.md``: the agent is the folder."""
    name: str
    tagline: str = ""
    """The text of the only first-level heading, where it says more than the name."""
    title_section: str = ""
    """The slug of that heading's section."""
    summary: str = ""
    """Description without the examples and the sentences that say when to use it; may be empty."""
    description: str = ""
    """All of the description without the examples."""
    described_in_body: bool = False
    """True where the description is a paragraph of the body (and must not be said twice)."""
    examples: tuple[Example, ...] = ()
    activation: Activation = Activation()
    tools: tuple[Tool, ...] = ()
    model: str = ""
    """Canonical model: ``sonnet``, ``inherit``, or the id as written."""
    tags: tuple[str, ...] = ()
    version: str = ""
    author: str = ""
    updated: str = ""
    color: str = ""
    dependencies: tuple[tuple[str, int], ...] = ()
    """Names as written, with their lines."""
    packages: tuple[str, ...] = ()
    """Dependencies that are software packages."""
    fields: tuple[Field, ...] = ()
    """Front matter and inferred fields, in the order of the file."""
    companions: tuple[Companion, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @property
    def path(self) -> str:
        """The path of the definition file."""
        return self.raw.path

    def texts(self) -> Iterator[tuple[str, Outline]]:
        """Yield path and outline of the definition and of every Markdown companion."""
        yield self.path, self.outline
        for companion in self.companions:
            if companion.outline:
                yield companion.path, companion.outline

    @property
    def files(self) -> list[str]:
        """The paths of the definition and of all companions."""
        return [self.path, *(companion.path for companion in self.companions)]


@dataclass(frozen=True, slots=True)
class Page:
    """A document to be written, its name relative to the generated folder."""

    docname: str
    make: Callable[[], str]
    """Returns the text; what has not changed need not be asked."""
    state: str = ""
    """Changes whenever the text does; empty where nothing but the text itself tells."""

    @property
    def text(self) -> str:
        """The text, made anew each time."""
        return self.make()

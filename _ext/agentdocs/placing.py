"""Sections → the page each stands on, by one table of rules that a project can extend.

A section stands on exactly one page and pages keep the order of the file. Sub-sections follow
the section above them, unless their own heading says ``schemas`` or ``examples``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agentdocs.model import Outline, Section

OVERVIEW, REFERENCE, EXAMPLES, SCHEMAS = "index", "reference", "examples", "schemas"
PAGES = (OVERVIEW, REFERENCE, EXAMPLES, SCHEMAS)
"""An agent's pages, in their order."""

TITLES = {
    OVERVIEW: "Overview",
    REFERENCE: "Reference",
    EXAMPLES: "Examples",
    SCHEMAS: "Schemas",
}

Rule = tuple[str, str]
"""``(page, regular expression)``; the expression is searched in the heading, case ignored."""

RULES: tuple[Rule, ...] = (
    (
        OVERVIEW,
        r"^(description|role|purpose|overview|about|introduction|persona|identity|mission)$",
    ),
    (OVERVIEW, r"^(your |core |key |primary |main )?responsibilities$"),
    (OVERVIEW, r"^(context|scope|tools|available tools|allowed tools)$"),
    (
        OVERVIEW,
        r"^when (not )?to\b|^use (this|when)|^activation|^(auto-?)?triggers?$|^limitations?$",
    ),
    (
        SCHEMAS,
        r"\bschemas?\b|\bdata (model|format|structure|contract|type)s?\b|\bddl\b|\btable layout",
    ),
    (
        SCHEMAS,
        r"\b(response|request|error|payload|message|record|file|input) formats?\b|\benvelope\b",
    ),
    (
        EXAMPLES,
        r"\bexamples?\b|\bquick ?start|\bgetting started\b|\bsnippets?\b|\brecipes?\b|\busage\b",
    ),
    (
        EXAMPLES,
        r"\bwalk-?through|\btutorial|\bcase stud|\bsample|\bpatterns?$|\b(utility )?scripts?$",
    ),
)
"""The first rule that a heading meets decides; ``agentdocs_placing`` is looked at before them."""

DATA_LANGUAGES = frozenset({
    "json", "jsonc", "json5", "jsonschema", "yaml", "yml", "sql", "graphql", "proto", "protobuf",
    "xml", "avro", "toml", "prisma", "dbml", "ddl",
})  # fmt: skip
"""Languages that describe data; a section that is mostly these belongs to the schemas."""

_SHARE = 0.6
"""The share of code in a section's own lines from which it counts as code."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A section on its page."""

    path: str
    """The file it is from."""
    section: Section
    page: str
    depth: int
    """The heading's level on the page; 0 for text without a heading."""
    away_from: str = ""
    """The slug of the section above it, where that stands on another page."""


def place(outline: Outline, path: str, title_section: str, rules: Iterable[Rule]) -> list[Placed]:
    """Place the sections of an agent's definition."""
    compiled = [(page, re.compile(pattern, re.IGNORECASE)) for page, pattern in rules]
    children: dict[str, list[Section]] = {}
    for section in outline.sections:
        children.setdefault(section.parent, []).append(section)
    pages: dict[str, str] = {}

    def visit(section: Section, above: str) -> None:
        own = _by_heading(section, compiled)
        if not above:
            page = own or _by_content(section) or REFERENCE
        else:
            page = own if own in (SCHEMAS, EXAMPLES) else above
        pages[section.slug] = page
        for child in children.get(section.slug, ()):
            visit(child, page)
        below = {pages[child.slug] for child in children.get(section.slug, ())}
        if not own and not above and not section.prose and len(below) == 1:
            pages[section.slug] = below.pop()  # a heading without text stays with what it heads

    for section in children.get("", ()):
        if section.level == 0 or section.slug == title_section:
            pages[section.slug] = OVERVIEW
            for child in children.get(section.slug, ()) if section.slug else ():
                visit(child, "")
        else:
            visit(section, "")
    return rebase(outline.sections, path, pages, title_section)


def together(outline: Outline, path: str, page: str, top: int) -> list[Placed]:
    """Place all sections of a companion on one page, its first headings at level ``top``."""
    pages = {section.slug: page for section in outline.sections}
    return rebase(outline.sections, path, pages, "", top)


def rebase(
    sections: Sequence[Section], path: str, pages: dict[str, str], title_section: str, top: int = 2
) -> list[Placed]:
    """Give each section the level that follows from the sections above it on the same page."""
    by_slug = {section.slug: section for section in sections}
    depths: dict[str, int] = {}
    found = []
    for section in sections:
        page = pages[section.slug]
        above = _above(section, by_slug, title_section)
        if section.level == 0 or section.slug == title_section:
            depth = 0
        else:
            near = next((slug for slug in above if pages[slug] == page), None)
            depth = top if near is None else min(depths[near] + 1, 6)
        away = above[0] if above and pages[above[0]] != page else ""
        depths[section.slug] = depth
        found.append(Placed(path, section, page, depth, away))
    return found


def _above(section: Section, by_slug: dict[str, Section], title_section: str) -> list[str]:
    """Return the slugs of the sections above one, the nearest first, without the title."""
    found = []
    while section.parent and section.parent != title_section:
        found.append(section.parent)
        section = by_slug[section.parent]
    return found


def _by_heading(section: Section, rules: list[tuple[str, re.Pattern[str]]]) -> str:
    title = section.title.strip(" :*_`#").lower()
    return next((page for page, pattern in rules if title and pattern.search(title)), "")


def _by_content(section: Section) -> str:
    code = len(section.languages)
    if not code or code / (code + section.prose) < _SHARE:
        return ""
    data = sum(language in DATA_LANGUAGES for language in section.languages)
    if data > code / 2:
        return SCHEMAS
    # Unlabelled blocks are as often diagrams and trees as they are programs.
    labelled = sum(language not in ("", "text", "plaintext") for language in section.languages)
    return EXAMPLES if labelled > code / 2 else ""

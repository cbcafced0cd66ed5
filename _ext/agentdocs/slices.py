"""A placed section → the lines of Markdown that a page shows for it.

The lines are the agent's own. Only what would act or break on the page is written differently:
the heading's level, fences that Sphinx would run, link labels that are defined twice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from agentdocs.model import Outline, RawFile
    from agentdocs.placing import Placed


_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*")


class Slice(NamedTuple):
    """Text with the line of the file that its first line is."""

    line: int
    text: str


def heading(placed: Placed) -> Slice | None:
    """Return the section's heading at its level on the page."""
    if placed.depth == 0:
        return None
    markup = placed.section.markup or "(untitled)"
    return Slice(placed.section.line, f"{'#' * placed.depth} {markup}")


def rows(raw: RawFile, outline: Outline) -> dict[int, str]:
    """Return the body's lines by number, rewritten where a page cannot show them as they are."""
    return dict(enumerate(raw.body.split("\n"), raw.body_line)) | dict(outline.edits)


def own_text(
    placed: Placed, lines: dict[int, str], outline: Outline, shadowed: set[int]
) -> Slice | None:
    """Return the text below the heading; None where there is none.

    :param lines: the :func:`rows` of the section's file.
    :param shadowed: lines of definitions whose label the page has already defined.
    """
    section = placed.section
    found = []
    for number in range(section.heading_end, section.end):
        line = lines[number]
        if number in shadowed:
            line = line.replace("[", "\\[", 1)
        elif number - 1 in shadowed and _UNDERLINE.fullmatch(line):
            line = f"\\{line.strip()}"  # what is now text above it must not become a heading
        found.append(line)
    if outline.open_fence and section == outline.sections[-1]:
        while found and not found[-1].strip():
            found.pop()
        found.append(outline.open_fence)
    blank = next((n for n, line in enumerate(found) if line.strip()), len(found))
    text = "\n".join(found[blank:]).rstrip("\n")
    return Slice(section.heading_end + blank, text) if text.strip() else None


def definitions(
    outlines: dict[str, Outline], page: list[Placed]
) -> tuple[dict[str, set[int]], list[tuple[str, str]]]:
    """Return, for the sections of one page, what to do with link definitions.

    :return: lines to escape by path, because the label is already defined on the page, and
        definitions that stand on other pages of the same file but may be used on this one.
    """
    shadowed: dict[str, set[int]] = {}
    seen: set[str] = set()
    spans: dict[str, list[range]] = {}
    for item in page:
        spans.setdefault(item.path, []).append(range(item.section.line, item.section.end))
    elsewhere: list[tuple[str, str]] = []
    for path in spans:
        for label, _, line in outlines[path].definitions:
            if any(line in span for span in spans[path]):
                if label in seen:
                    shadowed.setdefault(path, set()).add(line)
                seen.add(label)
    for path in spans:
        for label, href, _ in outlines[path].definitions:
            if label not in seen:
                seen.add(label)
                elsewhere.append((label, href))
    return shadowed, elsewhere

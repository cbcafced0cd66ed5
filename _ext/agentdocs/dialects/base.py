"""What a dialect returns, and the reading of front matter that most of them share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agentdocs import facets
from agentdocs.model import Activation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentdocs.model import Field, Outline, RawFile, Tool

NOTHING = Activation()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one dialect found in one file; what is empty is looked for elsewhere afterwards."""

    name: str = ""
    description: str = ""
    """With its examples."""
    description_line: int = 1
    described_in_body: bool = False
    tools: tuple[Tool, ...] = ()
    model: str = ""
    tags: tuple[str, ...] = ()
    version: str = ""
    author: str = ""
    color: str = ""
    dependencies: tuple[tuple[str, int], ...] = ()
    activation: Activation = NOTHING


def from_fields(raw: RawFile, *tool_keys: str) -> Reading:
    """Read front matter whose tools stand under the first of ``tool_keys`` that is there."""
    description = raw.field("description")
    return Reading(
        name=facets.text_of(raw.field("name")),
        description=facets.text_of(description),
        description_line=description.line if description else 1,
        tools=facets.tools_field(raw, *tool_keys),
        model=facets.model_of(raw.field("model")),
        tags=facets.list_of(facets.first(raw, "tags", "keywords")),
        version=facets.text_of(raw.field("version")),
        author=facets.text_of(facets.first(raw, "author", "maintainer")),
        color=facets.text_of(raw.field("color")),
        dependencies=tuple(
            pair
            for field in raw.fields
            if field.key in ("dependencies", "agents", "skills")
            for pair in _named(field)
        ),
    )


def _named(field: Field) -> Iterator[tuple[str, int]]:
    """Yield what a list names, with lines; YAML that was not expanded names nothing."""
    names = [name for name in facets.list_of(field) if name[:1] not in ("", "*", "&", "[", "{")]
    return zip(names, facets.lines_of(field, names), strict=True)


def from_headings(raw: RawFile, outline: Outline, *titles: str) -> Reading:
    """Read an agent whose description is the first paragraph below one of ``titles``."""
    text, line = facets.section_text(outline, *titles)
    if not text:
        text, line = facets.opening(outline)
    return replace(
        from_fields(raw, "tools"),
        description=text,
        description_line=line,
        described_in_body=True,
        tools=facets.tools_section(outline),
    )

"""A schema or a shape → lines of text, as the cases of the tests have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdocs.artefacts.json_schema.phrases import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agentdocs.artefacts.json_schema.rows import Reading, Row


def lines(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a line for each row: ``path|name: type, flags``, then what else is said."""
    for row in rows:
        if row.kind == "more":
            yield f"{'  ' * row.depth}… {row.label}"
            continue
        name = {"part": f"<{row.label}>", "pattern": f"/{row.label}/"}.get(row.kind, row.label)
        words = ", ".join([plain(row.type), *row.flags])
        said = [row.title, row.description.replace("\n", "¶"), *map(plain, row.notes)]
        about = "".join(f" | {text}" for text in said if text)
        place = f"{row.path if row.kind != 'part' else ''}{name}"
        place += ": " if place or row.kind != "schema" else ""
        yield f"{'  ' * row.depth}{place}{words}{about}"


def text(reading: Reading) -> str:
    """Return all sections of a schema."""
    found = []
    for section in reading.sections:
        found += [f"# {section.pointer}"] if section.pointer != "#" else []
        found += lines(section.rows)
    found += [f"… {reading.more} more"] if reading.more else []
    return "\n".join(found)

"""Pages of a site → ``llms.txt``, in the form of https://llmstxt.org, and ``llms-full.txt``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdocs.render import cut, escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LINE = 72
"""Signs of the line between two pages, at least."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A page, as the list shows it."""

    title: str
    url: str
    """An address without spaces and parentheses."""
    description: str = ""


def index(title: str, summary: str, sections: Iterable[tuple[str, Sequence[Listed]]]) -> str:
    """Return ``llms.txt``.

    :param sections: headings, and what stands below each; empty ones are left out.
    """
    parts = [f"# {escape(title)}"]
    if summary:
        parts.append(f"> {escape(summary)}")
    for heading, pages in sections:
        if pages:
            parts += [f"## {escape(heading)}", "\n".join(map(_row, pages))]
    return "\n\n".join(parts) + "\n"


def _row(page: Listed) -> str:
    text = escape(cut(page.description, 200))
    return f"- [{escape(page.title)}]({page.url})" + (f": {text}" if text else "")


def full(title: str, pages: Sequence[tuple[str, str]]) -> str:
    """Return ``llms-full.txt``: all pages, each below a line with its address.

    :param pages: address and Markdown of each.
    """
    longest = max((len(run) for _, text in pages for run in re.findall("={3,}", text)), default=0)
    line = "=" * max(LINE, longest + 1)  # longer than any in a text, so that none can pass for it
    head = f"# {escape(title)}\n\nEach page begins with a line of {len(line)} equals signs.\n"
    return head + "".join(f"\n{line}\nSource: {url}\n\n{text}" for url, text in pages)

"""Templates: the Jinja environment and its filters, through which all text reaches a page.

No agent text is put on a page unescaped but for the slices, which are the agent's Markdown.
"""

from __future__ import annotations

import json
import re
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from agentdocs.slugs import term_slug

if TYPE_CHECKING:
    from collections.abc import Callable

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#!|~&$^]")
# What begins a list, a heading, a directive's option or a quote where it comes first.
_FIRST = re.compile(r"^(?:[-+=:%@]|\d+(?=[.)]))")


@cache
def environment() -> Environment:
    """Return the environment of ``templates/``."""
    env = Environment(
        loader=PackageLoader("agentdocs"),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters.update(
        md=escape, code=code_span, cell=cell, cut=cut, fence=fence, flat=flat, json=as_json,
        yaml=as_yaml,
        first_line=first_line, path=quoted_path, path_anchor=quoted_address,
        slug=term_slug,
    )  # fmt: skip
    return env


def render(template: str, **context: Any) -> str:
    """Fill a template; at most one blank line in a row outside of what agents wrote."""
    return environment().get_template(template).render(**context)


def filled(template: str, **context: Any) -> Callable[[], str]:
    """Return what fills a template as soon as it is called."""
    return partial(render, template, **context)


def escape(text: object) -> str:
    """Return text that Markdown shows as it is, on one line."""
    plain = _SPECIAL.sub(r"\\\g<0>", " ".join(str(text).split()))
    first = _FIRST.match(plain)
    if first is None:
        return plain
    number = first[0].isdigit()
    return f"{first[0]}\\{plain[first.end() :]}" if number else f"\\{plain}"


def code_span(text: object) -> str:
    """Return a code span that shows ``text``, on one line."""
    flat = " ".join(str(text).split())
    if not flat:
        return ""
    ticks = "`" * (max((len(run) for run in re.findall("`+", flat)), default=0) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{ticks}{pad}{flat}{pad}{ticks}"


def cell(text: object) -> str:
    """Return a code span for a table's cell."""
    return code_span(text).replace("|", "\\|")


def quoted_path(path: str) -> str:
    """Return a path that is one plain word: percent-encoded but for letters, digits and ``/``."""
    return quote(path, safe="/-._~")


def quoted_address(address: str) -> str:
    """Return ``docname#anchor`` percent-encoded but for the ``#``."""
    return quote(address, safe="/-._~#")


def flat(text: str) -> str:
    """Return text on one line."""
    return " ".join(text.split())


def first_line(code: str) -> str:
    """Return the first line with something in it, cut to a table's cell."""
    return cut(next((line.strip() for line in code.split("\n") if line.strip()), ""), 60)


def as_yaml(text: str) -> str:
    """Return a double-quoted YAML scalar. (JSON's surrogate pairs are not YAML.)"""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return json.dumps(printable, ensure_ascii=False)


def as_json(value: object) -> str:
    """Return JSON in ASCII."""
    return json.dumps(value, sort_keys=True)


def cut(text: str, length: int = 160) -> str:
    """Return the beginning of a text, ended at a word."""
    flat = " ".join(text.split())
    if len(flat) <= length:
        return flat
    return flat[: length - 1].rsplit(" ", 1)[0].rstrip(",;:. ") + "…"


def fence(text: str) -> str:
    """Return backticks that ``text`` does not contain, at least three."""
    return "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))

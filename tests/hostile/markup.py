"""Built HTML → what a browser would do with it, found with the standard library's parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDRESSES = frozenset(
    [
        "href",
        "src",
        "srcset",
        "action",
        "formaction",
        "data",
        "poster",
        "background",
        "cite",
        "ping",
        "xlink:href",
    ]
)
"""Attributes that make a browser fetch or follow something."""

_SKIPPED = ("script", "style", "title")
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)


@dataclass(frozen=True)
class Tag:
    """An opening tag; for scripts and styles with their text."""

    name: str
    attributes: tuple[tuple[str, str], ...]
    line: int
    inside: str
    """The class of the theme's main part that it stands in: ``article`` or empty."""
    text: str = ""

    def get(self, name: str) -> str | None:
        """Return an attribute's value."""
        return dict(self.attributes).get(name)


@dataclass
class Markup:
    """One page, taken apart."""

    tags: list[Tag] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    text: str = ""
    """All text that is shown."""
    article: str = ""
    """The text of the page itself, without the theme around it."""
    nested: list[int] = field(default_factory=list)
    """Lines of links inside of links, which browsers tear apart."""


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Markup()
        self.open: list[str] = []
        self.everything: list[str] = []
        self.own: list[str] = []
        self.raw: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = tuple((name, value or "") for name, value in attrs)
        inside = "article" if self._in_article() else ""
        self.found.tags.append(Tag(tag, attributes, self.getpos()[0], inside))
        if tag == "a" and "a" in self.open:
            self.found.nested.append(self.getpos()[0])
        self.found.ids += [value for name, value in attributes if name == "id"]
        if tag not in _VOID:
            self.open.append(tag if ("role", "main") not in attributes else f"{tag} main")
        if tag in _SKIPPED:
            self.raw = []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.raw is not None and tag in _SKIPPED:
            last = self.found.tags[-1]
            self.found.tags[-1] = Tag(
                last.name, last.attributes, last.line, last.inside, "".join(self.raw)
            )
            self.raw = None
        if any(name.split()[0] == tag for name in self.open):
            while self.open.pop().split()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.raw is not None:
            self.raw.append(data)
            return
        self.everything.append(data)
        if self._in_article():
            self.own.append(data)

    def _in_article(self) -> bool:
        return any(name == "article" or name.endswith(" main") for name in self.open)


@cache
def parse(path: Path) -> Markup:
    """Parse a page of a site that is not built again."""
    return parse_text(path.read_text(encoding="utf-8"))


def parse_text(text: str) -> Markup:
    """Parse HTML."""
    parser = _Parser()
    parser.feed(text)
    parser.close()
    parser.found.text = "".join(parser.everything)
    parser.found.article = "".join(parser.own)
    return parser.found


def addresses(markup: Markup) -> Iterator[tuple[Tag, str, str]]:
    """Yield every address on a page: tag, attribute and value."""
    for tag in markup.tags:
        if tag.name == "agent-search":
            continue  # it says where a site is, not a page of it
        for name, value in tag.attributes:
            if name in ADDRESSES:
                yield tag, name, value


def broken(site: Path, page: Path) -> Iterator[str]:
    """Yield every address of a page that leads nowhere or out of the site.

    Only ``<a>`` may lead to another host, and only by http, https or mailto.
    """
    for tag, name, value in addresses(parse(page)):
        what = f"<{tag.name} {name}={value!r}> on line {tag.line}"
        if page == site / "404.html" and value.startswith("/") and value[1:2] != "/":
            value = f".{value}"  # it is shown at any address, so it counts from the site's path
        parts = urlsplit(value)
        if parts.scheme or parts.netloc or value.startswith(("/", "\\")):
            if tag.name != "a" or parts.scheme not in ("http", "https", "mailto"):
                yield f"{what} leaves the site"
            continue
        target = page if not parts.path else (page.parent / unquote(parts.path)).resolve()
        target = target / "index.html" if target.is_dir() and parts.path.endswith("/") else target
        if not target.is_relative_to(site.resolve()):
            yield f"{what} leaves the site"
        elif not target.is_file():
            yield f"{what} leads to nothing"
        elif parts.fragment and target.suffix == ".html" and tag.name == "a":
            wanted = unquote(parts.fragment)
            if wanted not in parse(target).ids and parts.fragment not in parse(target).ids:
                yield f"{what} leads to an anchor that is not there"


def words(text: str) -> str:
    """Return text with single spaces, to look for a phrase in it."""
    return " ".join(text.split())

"""HTML text → nothing, or the first thing in it that is wrong, at its line.

Browsers repair anything, and libraries that follow them report tokens and stay silent about an
element that nobody closes. What is looked for here is what an author would want to know. In doubt
it is right: a fragment is fine, a missing doctype too, and so is an end tag that may be left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from agentdocs.verify import placeholders
from agentdocs.verify.languages.base import Language, ParseError

MAX_DEPTH = 250
"""Deepest nesting; browsers stop at twice that."""


def _entities() -> dict[str, str]:
    from html.entities import html5

    return html5


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOID = _names("area base br col embed hr img input link meta source track wbr")
RAW = _names("iframe noembed noframes script style textarea title xmp")
OPTIONAL = _names(
    "body caption colgroup dd dt head html li optgroup option p rb rp rt rtc tbody td tfoot th"
    " thead tr"
)
"""Elements whose end tag may be left out."""
HEADINGS = _names("h1 h2 h3 h4 h5 h6")
ENDS_P = HEADINGS | _names(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure"
    " footer form header hgroup hr main menu nav ol p pre search section summary table ul"
)
"""Elements before which an open paragraph ends."""
SCOPE = _names("applet button caption html marquee object table td template th")
"""Elements that keep what is in them from ending what is around them."""
TABLE = _names("caption col colgroup table tbody td template tfoot th thead tr")
PARTS = {
    "caption": _names("table"), "col": _names("colgroup table"), "colgroup": _names("table"),
    "tbody": _names("table"), "tfoot": _names("table"), "thead": _names("table"),
    "tr": _names("table tbody tfoot thead"), "td": _names("tr"), "th": _names("tr"),
}  # fmt: skip
"""Parts of a table → what they stand in."""
ENDED_BY = {"li": _names("li"), "dd": _names("dd dt"), "dt": _names("dd dt")}
"""Elements → those that end where they begin, if nothing special is between."""
ENDED_RIGHT_BY = {
    "option": _names("option"), "optgroup": _names("option"),
    "rb": _names("rb rp rt rtc"), "rp": _names("rb rp rt"), "rt": _names("rb rp rt"),
    "rtc": _names("rb rp rt rtc"),
}  # fmt: skip
"""The same, if nothing at all is between."""
NOT_IN_ITSELF = _names("a button form")
# Islands of XML, and the places in them where HTML goes on.
FOREIGN = _names("svg math")
INTEGRATION = _names("foreignobject desc title annotation-xml mi mn mo ms mtext")

_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*+)")
_ATTRIBUTE = re.compile(
    r"""(?P<gap>[\s/]*+)(?:(?P<end>>)|(?P<name>=?[^\s/>=]*+)"""
    r"""(?:\s*+(?P<equals>=)\s*+(?P<value>"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?)?)"""
)
_COMMENT = re.compile(r"(?s)<!--(?:-?>|.*?--!?>)")
_XHTML = re.compile(r"\s*<\?xml\s[^<>]*\?>")
_DOCTYPE = re.compile(r"(?i)<!doctype\b[^>]*+>")
_CDATA = re.compile(r"(?s)<!\[CDATA\[.*?\]\]>")
_REFERENCE = re.compile(r"&(?:#(?:[0-9]++|[xX][0-9A-Fa-f]++)|[A-Za-z][A-Za-z0-9]*+)(;?)")
_TEMPLATE = re.compile(r"\{\{|\{%|<\?php|<%")
_BAD = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Open:
    """An element that is open."""

    name: str
    at: int
    foreign: bool


class _Checker:
    """Goes through the text once, with the elements that are open."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.stack: list[_Open] = []
        self.seen: set[str] = set()

    def error(self, at: int, text: str) -> ParseError:
        return ParseError(self.line(at), text)

    def line(self, at: int) -> int:
        return self.code.count("\n", 0, at) + 1

    @property
    def current(self) -> str:
        return self.stack[-1].name if self.stack else ""

    @property
    def foreign(self) -> bool:
        """Whether what comes next is XML."""
        if not self.stack:
            return False
        top = self.stack[-1]
        return top.foreign and top.name not in INTEGRATION

    def check(self) -> None:
        if bad := _BAD.search(self.code):
            raise self.error(bad.start(), f"has the character U+{ord(bad[0]):04X}")
        declaration = _XHTML.match(self.code)
        at = declaration.end() if declaration else 0
        while (tag := self.code.find("<", at)) >= 0:
            self.text(at, tag)
            at = self.markup(tag)
        self.text(at, len(self.code))
        for element in self.stack:
            if element.name not in OPTIONAL or element.foreign:
                raise self.unclosed(element)

    def unclosed(self, element: _Open) -> ParseError:
        return self.error(element.at, f"has <{element.name[:40]}>, which nothing closes")

    def text(self, start: int, end: int) -> None:
        """Check what stands between two tags."""
        text = self.code[start:end]
        if text and not text.isspace():
            self.seen.add("text")
            if self.current in PARTS["tr"] | PARTS["td"] and not self.foreign:
                first = start + len(text) - len(text.lstrip())
                raise self.error(first, f"has text directly in <{self.current}>")
            self.references(text, start)

    def references(self, text: str, start: int, attribute: bool = False) -> None:
        for found in _REFERENCE.finditer(text):
            name = found[0][1:]
            known = name[0] == "#" or name in _entities()
            if found[1] and not known:
                raise self.error(start + found.start(), f"has {found[0][:40]}, which means nothing")
            if known and not found[1] and not attribute:
                raise self.error(start + found.start(), f"has {found[0]} without a semicolon")

    def markup(self, at: int) -> int:
        """Read what a ``<`` begins; return where it ends."""
        if tag := _TAG.match(self.code, at):
            name = tag[2].lower()
            end, closes_itself = self.attributes(tag.end(), at, name)
            if tag[1]:
                self.end_tag(name, at)
                return end
            return self.start_tag(name, at, end, closes_itself)
        if self.code.startswith("<!--", at):
            pattern, what = _COMMENT, "a comment"
        elif self.foreign and self.code.startswith("<![CDATA[", at):
            pattern, what = _CDATA, "a CDATA section"
        elif self.code[at : at + 9].lower() == "<!doctype":
            if self.seen:
                raise self.error(at, "has a doctype that is not at its beginning")
            self.seen.add("doctype")
            pattern, what = _DOCTYPE, "a doctype"
        else:
            seen = self.code[at : at + 2].strip()
            text = f"has “{seen}”, which begins no tag; a “<” in text is written &lt;"
            raise self.error(at, text)
        if found := pattern.match(self.code, at):
            return found.end()
        raise self.error(at, f"has {what} that does not end")

    def attributes(self, at: int, tag: int, name: str) -> tuple[int, bool]:
        """Read a tag's attributes; return where it ends and whether it says that it is empty."""
        names: set[str] = set()
        quoted = False
        while found := _ATTRIBUTE.match(self.code, at):
            if found["end"]:
                return found.end(), found["gap"].endswith("/")
            if not found["name"]:
                break
            key, value = found["name"].lower(), found["value"]
            at = found.start("name")
            if quoted and not found["gap"]:
                raise self.error(at, f"has no space before the attribute “{key[:40]}”")
            if key[0] == "=" or re.search(r"""["'<]""", key):
                raise self.error(
                    at, f"has “{key[:40]}” where an attribute of <{name[:40]}> should be"
                )
            if key in names and key[0].isalpha():
                raise self.error(at, f"has the attribute “{key[:40]}” twice in one tag")
            if found["equals"] and value is None:
                raise self.error(at, f"has the attribute “{key[:40]}” without a whole value")
            names.add(key)
            at = found.end()
            if value:
                quoted = value[0] in "\"'"
                self.references(value, found.start("value"), attribute=True)
        raise self.error(tag, f"has the tag <{name[:40]}, which no “>” ends")

    def start_tag(self, name: str, at: int, end: int, closes_itself: bool) -> int:
        self.seen.add("tag")
        if self.foreign:
            if not closes_itself:
                self.push(name, at, foreign=True)
            return end
        self.make_room(name, at)
        if closes_itself and name in FOREIGN:
            return end
        if closes_itself and name not in VOID:
            text = f"has <{name[:40]} />, but only void elements such as <br> close themselves"
            raise self.error(at, text)
        if name in VOID:
            return end
        self.push(name, at, foreign=name in FOREIGN)
        if name in RAW:
            closing = re.compile(rf"(?i)</{name}[\s/>]").search(self.code, end)
            if not closing:
                raise self.unclosed(self.stack[-1])
            return closing.start()
        return end

    def push(self, name: str, at: int, foreign: bool) -> None:
        if len(self.stack) == MAX_DEPTH:
            raise self.error(at, "is nested too deeply")
        self.stack.append(_Open(name, at, foreign))

    def make_room(self, name: str, at: int) -> None:
        """End what a start tag ends, and see whether the element may stand there."""
        if name in ("html", "head", "body"):
            allowed = {"html": _names(""), "head": _names("html"), "body": _names("html head")}
            if name in self.seen or not {e.name for e in self.stack} <= allowed[name]:
                raise self.error(at, f"has <{name}> where there is one already, or none may be")
            self.seen.add(name)
            self.end_in_scope(_names("head"), SCOPE)
        if name in ENDS_P:
            self.end_in_scope(_names("p"), SCOPE)
        if name in ENDED_BY:
            self.end_in_scope(ENDED_BY[name], (ENDS_P | SCOPE) - _names("address div p"))
        while self.current in ENDED_RIGHT_BY.get(name, ()):
            self.stack.pop()
        if name == "optgroup" and [e.name for e in self.stack[-2:]] == ["select", "optgroup"]:
            self.stack.pop()
        if name in PARTS:
            self.table_part(name, at)
        elif self.current in PARTS["tr"] | PARTS["td"] and name not in TABLE | RAW | {"input"}:
            raise self.error(at, f"has <{name[:40]}> directly in <{self.current}>")
        if name in HEADINGS and self.current in HEADINGS:
            raise self.error(at, f"has <{name}> in <{self.current}>")
        if name in NOT_IN_ITSELF:
            for element in reversed(self.stack):
                if element.name == name:
                    raise self.error(at, f"has <{name}> in <{name}>")
                if (element.name in SCOPE and name != "form") or element.name == "template":
                    break

    def table_part(self, name: str, at: int) -> None:
        inside = PARTS[name] | {"table", "template"}
        ends = (OPTIONAL | TABLE) - inside - _names("html head body")
        while self.current in ends:
            self.stack.pop()
        if self.current not in PARTS[name] | {"", "template"}:
            if self.current not in OPTIONAL | TABLE and {e.name for e in self.stack} & inside:
                raise self.unclosed(self.stack[-1])
            around = "<tr>" if name in ("td", "th") else "a <table>"
            raise self.error(at, f"has <{name}> outside of {around}")

    def end_in_scope(self, names: frozenset[str], around: frozenset[str]) -> None:
        """End the nearest open element of some names, unless one of ``around`` is nearer."""
        for number in range(len(self.stack) - 1, -1, -1):
            if self.stack[number].name in names:
                for element in self.stack[number + 1 :]:
                    if element.name not in OPTIONAL:
                        raise self.unclosed(element)
                del self.stack[number:]
                return
            if self.stack[number].name in around or self.stack[number].foreign:
                return

    def end_tag(self, name: str, at: int) -> None:
        while self.stack:
            element = self.stack[-1]
            if element.name == name:
                self.stack.pop()
                return
            if element.name not in OPTIONAL or element.foreign:
                break
            if all(one.name != name for one in self.stack):
                break
            self.stack.pop()
        opened = any(one.name == name for one in self.stack)
        if opened:
            raise self.unclosed(self.stack[-1])
        raise self.error(at, f"has </{name[:40]}>, but no <{name[:40]}> is open there")


def parse(code: str) -> None:
    """Check a document or a fragment."""
    try:
        _Checker(code).check()
    except ParseError as error:
        if _TEMPLATE.search(code):
            hint = "if it is a template, call the fence after its language"
            raise ParseError(error.line, f"{error.text}; {hint}") from None
        raise


LANGUAGES = (
    Language(
        "HTML",
        ("html", "html5", "htm"),
        parse=parse,
        placeholder=partial(placeholders.find, family="markup"),
    ),
)

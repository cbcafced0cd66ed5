"""HTTP messages as people write them → nothing, or the first line that is none of a message.

A request's ``HTTP/1.1`` may be left out, and so may the start line above headers alone. Messages
follow each other after a blank line or ``###``, requests without headers also line by line.
"""

from __future__ import annotations

import re
from functools import partial

from agentdocs.verify import placeholders
from agentdocs.verify.languages.base import Language, ParseError
from agentdocs.verify.languages.json import parse as parse_json
from agentdocs.verify.languages.json import parse_lines

_METHODS = (
    "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|QUERY|LINK|UNLINK|PURGE|SEARCH|REPORT"
    "|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|UNLOCK|GRAPHQL|WEBSOCKET|GRPC"
)
_START = re.compile(
    rf"(?:{_METHODS})[ \t]+(?:/|\*|https?://|\{{\{{|\S+[ \t]+HTTP/)|HTTP/[0-9](?:\.[0-9])?[ \t]"
)
"""What begins a message wherever it stands."""
_METHOD = re.compile(rf"(?:{_METHODS})[ \t]")
_REQUEST = re.compile(
    rf"(?:{_METHODS})[ \t]+(?>(?:\{{\{{[^{{}}]*+\}}\}}|\S)+)(?:[ \t]+HTTP/[0-9](?:\.[0-9])?)?"
    r"[ \t]*(?:[ \t]#.*)?"
)
_STATUS = re.compile(r"HTTP/[0-9](?:\.[0-9])?[ \t]+[1-5][0-9]{2}(?:[ \t].*)?")
_ADDRESS = re.compile(r"https?://\S+[ \t]*")
_HEADER = re.compile(r"(:?[!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)")
_VARIABLE = re.compile(r"@[\w.-]+[ \t]*=.*")
_QUERY = re.compile(r"[ \t]+[?&]\S+[ \t]*")
_SEPARATOR = "###"


def parse(code: str) -> None:
    """Check messages, and the bodies that say that they are JSON."""
    bad = re.search("[\0\ud800-\udfff]", code)
    if bad:
        line = code.count("\n", 0, bad.start()) + 1
        raise ParseError(line, f"has the character U+{ord(bad[0]):04X}")
    lines = [line.rstrip("\r") for line in code.split("\n")]
    at = _aside(lines, 0)
    if at == len(lines):
        raise ParseError(1, "has no message")
    while at < len(lines):
        at = _aside(lines, _message(lines, at))


def _aside(lines: list[str], at: int) -> int:
    """Return the first line from ``at`` that is neither blank nor a comment nor a variable."""
    while at < len(lines) and _is_aside(lines[at]):
        at += 1
    return at


def _is_aside(line: str) -> bool:
    start = line.lstrip()
    return not start or start.startswith(("#", "//")) or bool(_VARIABLE.fullmatch(line))


def _starts(line: str) -> bool:
    return bool(_START.match(line) or _ADDRESS.fullmatch(line))


def _message(lines: list[str], at: int) -> int:
    """Check the message that begins at ``at``; return where it ends."""
    first = at
    if _starts(lines[at]) or _METHOD.match(lines[at]):
        _start_line(lines[at], at + 1)
        at += 1
        while at < len(lines) and _QUERY.fullmatch(lines[at]):
            at += 1
    headers: dict[str, str] = {}
    while at < len(lines) and lines[at].strip():
        line = lines[at]
        if line.startswith(_SEPARATOR) or (at > first and _starts(line)):
            return at
        if found := _HEADER.fullmatch(line):
            headers[found[1].lower()] = found[2].strip()
        elif not _is_aside(line) and not (headers and line[0] in " \t"):
            raise ParseError(at + 1, _no_header(line, at == first))
        at += 1
    end = _body_end(lines, at)
    _body("\n".join(lines[at:end]), headers, at)
    return end


def _no_header(line: str, first: bool) -> str:
    if first:
        return f"begins with “{line.strip()[:40]}”, which is no start line and no header"
    if line.lstrip()[:1] in ("{", "["):
        return "has its body right below; a blank line belongs between headers and body"
    return f"has “{line.strip()[:40]}” where a header should be"


def _start_line(line: str, number: int) -> None:
    if line.startswith("HTTP/"):
        if not _STATUS.fullmatch(line):
            raise ParseError(number, "has a status line without a status of three digits")
    elif not (_REQUEST.fullmatch(line) or _ADDRESS.fullmatch(line)):
        raise ParseError(number, "has a request line that is not “METHOD address HTTP/1.1”")


def _body_end(lines: list[str], at: int) -> int:
    """Return where the body that begins at ``at`` ends: before the next message."""
    blank = -1
    for index in range(at, len(lines)):
        if lines[index].startswith(_SEPARATOR):
            return index
        if not lines[index].strip():
            blank = index if blank < 0 else blank
        elif blank >= 0 and _starts(lines[index]):
            return blank
        elif not (blank >= 0 and _is_aside(lines[index])):
            blank = -1
    return blank if blank >= 0 else len(lines)


def _body(text: str, headers: dict[str, str], above: int) -> None:
    """Check a body that ``above`` lines stand above."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    lines = ("application/x-ndjson", "application/jsonl", "application/jsonlines")
    is_json = kind == "application/json" or kind.endswith("+json")
    if not text.strip() or "transfer-encoding" in headers or text.lstrip().startswith("< "):
        return
    if is_json or kind in lines:
        try:
            (parse_json if is_json else parse_lines)(text)
        except ParseError as error:
            said = f"has a body that is not JSON: it {error.text}"
            raise ParseError(above + error.line, said) from None


LANGUAGES = (
    Language(
        "HTTP",
        ("http", "rest"),
        parse=parse,
        placeholder=partial(placeholders.find, family="data"),
    ),
)

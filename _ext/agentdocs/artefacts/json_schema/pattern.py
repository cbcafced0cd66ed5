"""A simple regular expression → a text that it matches; it is never run.

Running a stranger's expression can take longer than the universe has, so it is read instead:
letters, classes, groups, alternatives and repetitions. For what goes beyond, there is no text.
"""

from __future__ import annotations

import re

_PARTS = re.compile(
    r"(?P<class>\[\^?\]?(?:[^\]\\]|\\.)*\])|(?P<open>\((?:\?:|\?P?<[A-Za-z_]\w*>)?)(?!\?)|(?P<close>\))"
    r"|(?P<or>\|)|(?P<escape>\\.)|(?P<anchor>[\^$])|(?P<any>\.)|(?P<letter>[^\\()\[\]{}|^$.*+?])",
    re.DOTALL,
)
_TIMES = re.compile(r"\{(\d{1,3})(,(\d{0,5}))?\}|[*+?]")
_CLASSES = {"d": "1", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}
_MOST = 200
_LONGEST = 400


def sample(pattern: str) -> str | None:
    """Return a text that matches, or None where this cannot be told."""
    if len(pattern) > _LONGEST:
        return None
    stack: list[list[str]] = []  # what stands before each open group
    found: list[str] = []
    at = 0
    while at < len(pattern):
        part = _PARTS.match(pattern, at)
        if part is None:
            return None
        at = part.end()
        kind = part.lastgroup
        if kind == "open":
            stack.append(found)
            found = []
            continue
        if kind == "or":
            found.append("\0")  # what follows is another alternative
            continue
        if kind == "close":
            if not stack:
                return None
            piece: str | None = _first(found)
            found = stack.pop()
        else:
            piece = _piece(part.group(), kind or "")
        if piece is None:
            return None
        times = _TIMES.match(pattern, at)
        if times:
            at = times.end()
            low = {"*": 1, "+": 1, "?": 1}.get(times.group()) or int(times.group(1) or 0)
            piece *= min(low, _MOST)
            if pattern[at : at + 1] in ("?", "+"):  # lazy or greedy: the text is the same
                at += 1
        found.append(piece)
        if sum(map(len, found)) > _MOST:
            return None
    return None if stack else _first(found)


def _first(found: list[str]) -> str:
    """Return the first alternative."""
    return "".join(found).partition("\0")[0]


def _piece(text: str, kind: str) -> str | None:
    if kind == "anchor":
        return ""
    if kind == "any":
        return "x"
    if kind == "letter":
        return text if text != "\0" else None
    if kind == "escape":
        letter = text[1]
        if letter in _CLASSES:
            return _CLASSES[letter]
        return None if letter.isalnum() else letter
    inner = text[1:-1]
    if inner.startswith("^"):
        taken = inner[1:]
        if "\\" in taken:
            return None
        return next((c for c in "xA1-_ " if not _within(c, taken)), None)
    if inner.startswith("\\") and len(inner) > 1:
        return _CLASSES.get(inner[1]) or (None if inner[1].isalnum() else inner[1])
    return inner[0] if inner else None


def _within(character: str, ranges: str) -> bool:
    at = 0
    while at < len(ranges):
        if ranges[at + 1 : at + 2] == "-" and at + 2 < len(ranges):
            if ranges[at] <= character <= ranges[at + 2]:
                return True
            at += 3
        elif ranges[at] == character:
            return True
        else:
            at += 1
    return False

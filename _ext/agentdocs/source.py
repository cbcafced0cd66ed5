"""Bytes on disk → :class:`RawFile`: encodings, line ends and front matter, for every dialect.

Nothing here raises for bad input; what is wrong comes back as Problems.
"""

from __future__ import annotations

import codecs
import re
import stat
from typing import TYPE_CHECKING

from agentdocs.frontmatter import read_front_matter
from agentdocs.model import RawFile
from agentdocs.problems import Edit, Problem, ProblemKind

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1_000_000
"""Default of ``agentdocs_max_bytes``; the largest agent seen in public has 294 kB."""
HEAD_BYTES = 64_000
"""What is read of a file that is too large."""

_MAGIC = (b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"%PDF", b"\x7fELF", b"\x1f\x8b")
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CONTROL_BYTES = bytes([*range(9), *range(14, 32)])
# Bidirectional controls are treated like control characters: they can reorder what is seen.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
_HIDDEN = re.compile(
    "[\u00ad\u200b\u2060\ufeff\u200e\u200f]|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)


def read_file(root: Path, path: str, max_bytes: int = MAX_BYTES) -> RawFile:
    """Read ``root / path``.

    :param max_bytes: larger files are read only as far as their front matter.
    """
    data = load(root, path, max_bytes)
    return data if isinstance(data, RawFile) else parse(path, data)


def load(root: Path, path: str, max_bytes: int = MAX_BYTES) -> bytes | RawFile:
    """Return a file's bytes; for a file that cannot be read or is too large, what is known."""
    file = root / path
    try:
        info = file.stat()
        if not stat.S_ISREG(info.st_mode):
            return _nothing(path, ProblemKind.UNREADABLE_FILE, "This is not a regular file.")
        with file.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return _nothing(path, ProblemKind.UNREADABLE_FILE, f"The file cannot be read: {reason}.")
    if len(data) > max_bytes:
        return _read_head(path, data[:HEAD_BYTES], info.st_size, max_bytes)
    return data


def parse(path: str, data: bytes) -> RawFile:
    """Turn the bytes of one file into a :class:`RawFile`."""
    if is_binary(data):
        text = "The file holds binary data, not text."
        return _nothing(path, ProblemKind.BINARY_FILE, text, len(data))
    plain, problems = decode(path, data)
    text = _CONTROL.sub("\ufffd", plain)
    if not text.strip():
        text = "The file is empty."
        return _nothing(path, ProblemKind.EMPTY_FILE, text, len(data))
    front = read_front_matter(path, text)
    return RawFile(
        path=path,
        text=text,
        fields=front.fields,
        body=front.body,
        body_line=front.body_line,
        size=len(data),
        problems=(*problems, *front.problems),
    )


def is_binary(data: bytes) -> bool:
    """Whether bytes are no text in any encoding that is read here."""
    if data.startswith(_MAGIC):
        return True
    head = data[:8192]
    if not head or data.startswith(tuple(bom for bom, _ in _BOMS)) or _utf16_guess(head):
        return False
    control = len(head) - len(head.translate(None, _CONTROL_BYTES))
    return control > max(8, len(head) // 20)


def _read_head(path: str, data: bytes, size: int, max_bytes: int) -> RawFile:
    """Read the fields of a file that is too large, and leave its body alone."""
    if is_binary(data):
        return _nothing(
            path, ProblemKind.BINARY_FILE, "The file holds binary data, not text.", size
        )
    text = _CONTROL.sub("\ufffd", decode(path, data)[0])
    front = read_front_matter(path, text)
    problem = Problem(
        path,
        1,
        f"The file has {size:,} bytes, more than {max_bytes:,}; its body is not shown.",
        ProblemKind.FILE_TOO_LARGE,
        "Move long material into companion files.",
    )
    return RawFile(
        path=path,
        text="\n".join(text.split("\n")[: front.body_line - 1]),
        fields=front.fields,
        body="",
        body_line=front.body_line,
        size=size,
        problems=(problem, *front.problems),
    )


def _nothing(path: str, kind: ProblemKind, text: str, size: int = 0) -> RawFile:
    problems = (Problem(path, 1, text, kind),)
    return RawFile(path, "", (), "", 1, size, problems)


def _utf16_guess(head: bytes) -> str:
    """``utf-16-le`` or ``utf-16-be`` where every other byte is NUL, as in UTF-16 without a BOM."""
    if len(head) < 8:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > half * 0.6 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.6 and odd < half * 0.05:
        return "utf-16-be"
    return ""


def decode(path: str, data: bytes) -> tuple[str, list[Problem]]:
    """Return text with ``\n`` line ends, and what was wrong with the bytes.

    Control characters are still in it; :func:`parse` makes them visible.
    """
    problems: list[Problem] = []

    def note(kind: ProblemKind, line: int, text: str, hint: str, **fix: object) -> None:
        problems.append(Problem(path, line, text, kind, hint, **fix))  # type: ignore[arg-type]

    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "")
    encoding = encoding or _utf16_guess(data[:8192])
    if encoding:
        text = data.decode(encoding, "replace").removeprefix("\ufeff")
        note(
            ProblemKind.NOT_UTF8, 1, f"The file is {encoding.upper()}, not UTF-8.",
            "Save it as UTF-8.", rewrite=True,
        )  # fmt: skip
    else:
        if data.startswith(b"\xef\xbb\xbf"):
            data = data[3:]
            note(
                ProblemKind.BYTE_ORDER_MARK, 1, "The file begins with a byte order mark.",
                "Save it as UTF-8 without a byte order mark.", rewrite=True,
            )  # fmt: skip
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = _plain_line_ends(data[: error.start].decode("latin-1"))[0].count("\n") + 1
            text = data.decode("utf-8", _WINDOWS)
            note(
                ProblemKind.NOT_UTF8, line,
                f"Byte 0x{data[error.start]:02x} is not UTF-8; it was read as Windows-1252.",
                "Save it as UTF-8.", rewrite=True,
            )  # fmt: skip
    text, returns = _plain_line_ends(text)
    if returns:
        note(
            ProblemKind.LINE_ENDS, 1, f"The lines end with {returns}.",
            "Save the file with LF line ends.", rewrite=True,
        )  # fmt: skip
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        count = len(_CONTROL.findall(text))
        note(
            ProblemKind.CONTROL_CHARACTER, line,
            f"The text holds {_name(found[0])}{_more(count)}; shown as �.", "Remove them.",
        )  # fmt: skip
    if found := _HIDDEN.search(text):
        line = text.count("\n", 0, found.start()) + 1
        count = len(_HIDDEN.findall(text))
        note(
            ProblemKind.HIDDEN_CHARACTER, line,
            f"The text holds {_name(found[0])}, which cannot be seen{_more(count)}.",
            "Remove them.", edits=_without_hidden(text),
        )  # fmt: skip
    return text, problems


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Read bytes that are not UTF-8 as Windows-1252, and leave those alone that are."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_WINDOWS = "agentdocs-windows-1252"
codecs.register_error(_WINDOWS, _as_windows)


def _plain_line_ends(text: str) -> tuple[str, str]:
    crlf = text.count("\r\n")
    alone = text.count("\r") - crlf
    name = "CR LF" if crlf and not alone else "CR" if alone and not crlf else "CR LF and CR"
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return plain, name if crlf or alone else ""


def _without_hidden(text: str) -> tuple[Edit, ...]:
    lines = enumerate(text.split("\n"), 1)
    return tuple(Edit(n, n + 1, (_HIDDEN.sub("", s),)) for n, s in lines if _HIDDEN.search(s))


def _name(character: str) -> str:
    return "a NUL byte" if character == "\0" else f"U+{ord(character):04X}"


def _more(count: int) -> str:
    return f" ({count} in all)" if count > 1 else ""

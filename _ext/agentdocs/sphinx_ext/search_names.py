"""An index that Pagefind made → the same index, with the same names for the same pages.

Pagefind names each file by its content, so that a browser keeps what has not changed. But it lists
facets and their values in another order on every run, and so these files, the one that names
them and the first of all would be sent again although nothing changed. Here they get the order of
the alphabet, and the names that go with it.

The files are CBOR (RFC 8949) behind a signature, in gzip. An index that is not of this form keeps
the names it has.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import TYPE_CHECKING, Any

import cbor2

if TYPE_CHECKING:
    from pathlib import Path

_SIGNATURE = b"pagefind_dcd"
_FILTERS = 3
"""Where the facets stand in what names all files: each with the name of its file."""


class _OtherFormError(Exception):
    """The index is of a form that is not known here."""


def settle(first: Path) -> None:
    """Give an index the order and the names that it always has; nothing else changes.

    :param first: the file that a browser asks for first; it names all else.
    """
    entry = json.loads(first.read_text(encoding="utf-8"))
    for key, language in entry["languages"].items():
        try:
            language["hash"] = _settled(first.parent, key, language["hash"])
        except (_OtherFormError, cbor2.CBORError, OSError, LookupError, TypeError, ValueError):
            continue
    text = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    first.write_text(text, encoding="utf-8", newline="\n")


def _settled(index: Path, language: str, name: str) -> str:
    """Settle the index of one language; return the new name of what names its files."""
    first = index / f"pagefind.{name}.pf_meta"
    meta = _read(first)
    gone = [first]
    made: dict[Path, bytes] = {}
    for row in meta[_FILTERS]:
        old = index / "filter" / f"{row[1]}.pf_filter"
        facet, values = _read(old)
        data = cbor2.dumps([facet, sorted(values)])
        row[1] = f"{language}_{_digest(data)[:10]}"
        gone.append(old)
        made[old.with_stem(row[1])] = data
    meta[_FILTERS].sort()
    data = cbor2.dumps(meta)
    settled = f"{language}_{_digest(data)[:10]}"
    made[index / f"pagefind.{settled}.pf_meta"] = data
    for path in gone:
        path.unlink()
    for path, content in made.items():
        path.write_bytes(gzip.compress(_SIGNATURE + content, 9, mtime=0))
    return settled


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read(path: Path) -> Any:
    """Return what a file holds.

    :raises _OtherFormError: it could not be written again byte by byte, so it is not understood.
    """
    data = gzip.decompress(path.read_bytes())
    if not data.startswith(_SIGNATURE):
        raise _OtherFormError(path.name)
    data = data.removeprefix(_SIGNATURE)
    value = cbor2.loads(data)
    if cbor2.dumps(value) != data:
        raise _OtherFormError(path.name)
    return value

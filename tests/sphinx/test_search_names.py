"""The same pages make the same index, with the same names, in whatever order Pagefind lists them."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from agentdocs.sphinx_ext import search, search_names

if TYPE_CHECKING:
    from pathlib import Path

FACETS = {
    "tool": {"Bash": [1, 300], "Grep": [2]},
    "kind": {"manual": [70_000], "overview": [23, 24]},
}


def _index(folder: Path, *, backwards: bool) -> dict[str, bytes]:
    """Write an index as Pagefind would, in one order or the other; return it settled."""
    (folder / "filter").mkdir(parents=True)

    def turned(rows: Any) -> list[Any]:
        return list(rows)[:: -1 if backwards else 1]

    rows = []
    for facet, values in turned(FACETS.items()):
        name = f"en_{facet}{backwards}"
        _write(folder / f"filter/{name}.pf_filter", [facet, [[*v] for v in turned(values.items())]])
        rows.append([facet, name])
    _write(folder / f"pagefind.en_{backwards}.pf_meta", ["1.5.2", [["en_1", 7]], [], rows, [], []])
    languages = {"en": {"hash": f"en_{backwards}", "wasm": "en", "page_count": 1}}
    (folder / search.ENTRY).write_text(json.dumps({"languages": languages}))
    search_names.settle(folder / search.ENTRY)
    return _files(folder)


def _write(path: Path, value: Any) -> None:
    path.write_bytes(gzip.compress(b"pagefind_dcd" + cbor2.dumps(value)))


def _files(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_the_order_makes_no_difference(tmp_path: Path) -> None:
    one = _index(tmp_path / "one", backwards=False)
    assert one == _index(tmp_path / "two", backwards=True)
    assert len(one) == 4
    name = json.loads(one[search.ENTRY])["languages"]["en"]["hash"]
    meta = search_names._read(tmp_path / f"one/pagefind.{name}.pf_meta")
    for facet, file in meta[3]:
        said, values = search_names._read(tmp_path / f"one/filter/{file}.pf_filter")
        assert said == facet
        assert dict(values) == FACETS[facet]


@pytest.mark.parametrize("data", [b"something_else", b"pagefind_dcd\xa1\x01\x02", b"pagefind_dcd"])
def test_what_is_of_another_form_stays(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "pagefind.en_a.pf_meta").write_bytes(gzip.compress(data))
    entry = json.dumps({"languages": {"en": {"hash": "en_a", "wasm": "en"}}})
    (tmp_path / search.ENTRY).write_text(entry)
    before = _files(tmp_path)
    search_names.settle(tmp_path / search.ENTRY)
    after = _files(tmp_path)
    assert json.loads(after.pop(search.ENTRY)) == json.loads(before.pop(search.ENTRY))
    assert after == before

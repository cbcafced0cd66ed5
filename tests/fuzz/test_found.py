"""What once broke a reader, made as small as may be; ``nox -s fuzz`` adds to it."""

from __future__ import annotations

import pytest
from fuzz import keep, targets

CASES = sorted(path for path in keep.FOUND.glob("*-*") if path.is_file())


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_found(case):
    targets.check(case.name.rpartition("-")[0], case.read_bytes())

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hostile import sites

if TYPE_CHECKING:
    from hostile.builds import Build


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return sites.hostile_site(tmp_path_factory)


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return sites.clean_site(tmp_path_factory)

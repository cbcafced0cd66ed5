from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hostile import sites
from hostile.builds import SMALL, Project

if TYPE_CHECKING:
    from pathlib import Path

    from hostile.builds import Build


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, SMALL)


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return sites.own_site(tmp_path_factory)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return sites.hostile_site(tmp_path_factory)

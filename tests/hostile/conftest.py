from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hostile import sites

if TYPE_CHECKING:
    from hostile.builds import Build


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return sites.clean_site(tmp_path_factory)


THEMES = ("furo", "classic")
"""Themes put titles and names where they like, and expect some of them to be HTML already."""


@pytest.fixture(scope="session", params=THEMES)
def themed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Build, Build]:
    """Return the hostile site and the clean one in the same theme."""
    return (
        sites.hostile_site(tmp_path_factory, request.param),
        sites.clean_site(tmp_path_factory, request.param),
    )

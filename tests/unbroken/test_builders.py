"""Our own site in every form that Sphinx knows, without an error or a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hostile.builds import copy_repository, sphinx

if TYPE_CHECKING:
    from pathlib import Path

BUILDERS = {
    "dirhtml": "agents/index.html",
    "singlehtml": "index.html",
    "epub": "agentdocs.epub",
    "latex": "agentdocs.tex",
    "text": "agents/index.txt",
    "man": "agentdocs.1",
    "gettext": "index.pot",
    # Nothing outside is asked: whether the web is there says nothing about this site.
    "linkcheck": "output.txt",
    "dummy": "",
}
"""Each builder, and a file of those that it makes."""


@pytest.mark.slow
@pytest.mark.parametrize("builder", BUILDERS)
def test_our_own_site_has_every_form(tmp_path: Path, builder: str) -> None:
    root = copy_repository(tmp_path / "repository")
    options = ["-b", builder, "-n", "-W", "--keep-going", "-D", "linkcheck_ignore=https?://.*"]
    done = sphinx(root / "docs", tmp_path / "out", "-c", str(root), *options, cwd=root)
    assert done.errors == ""
    assert done.code == 0
    assert (tmp_path / "out" / BUILDERS[builder]).exists()

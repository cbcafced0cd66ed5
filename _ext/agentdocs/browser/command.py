"""``python -m agentdocs runtime``: the folder from which a site's snippets run in a browser.

All that needs npm or the network happens here. A build of the site copies the folder, and does
without buttons where there is none.

Exit codes: 0 the folder is there, or with ``--optional`` cannot be made here; 2 it cannot be made.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentdocs.browser import bundle, packages, plan
from agentdocs.browser.packages import UnavailableError
from agentdocs.verify import documents, results, state
from agentdocs.verify import project as projects

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from agentdocs.browser.packages import Packages
    from agentdocs.verify.documents import Document
    from agentdocs.verify.model import Outcome
    from agentdocs.verify.project import Project


def runtime(options: argparse.Namespace) -> int:
    """Make the folder, and say how large it is."""
    try:
        project = projects.find(str(Path.cwd()))
        chosen = _agents(project, options.paths)
        report = results.load(options.results or project.results_path)
        outcomes = report.outcomes if report else ()
        print(_make(project, chosen, outcomes, Path(options.out), refresh=options.refresh))
    except (projects.SettingsError, documents.NothingThereError, state.ResultsError) as error:
        print(f"agentdocs: {error}", file=sys.stderr)
        return 2
    except UnavailableError as error:
        there = (Path(options.out) / "runtime.json").is_file()
        left = "the one that is there stays as it is" if there else "snippets get no Run button"
        print(f"agentdocs: no new runtime for browsers, {left}: {error}", file=sys.stderr)
        return 0 if options.optional else 2
    return 0


def _agents(project: Project, paths: list[str]) -> list[Document]:
    """Return the agents that are meant; pages of the manual have no buttons."""
    everything = documents.everything(project._replace(documents=()))
    return list(documents.select(project, paths, everything).documents)


def _make(
    project: Project,
    agents: list[Document],
    outcomes: Iterable[Outcome],
    out: Path,
    *,
    refresh: bool,
) -> str:
    cache = out.parent / "runtime-cache"
    work = out.parent / "npm"
    bundle.install(work)
    platform, pyodide = bundle.platform(work)
    contracts = plan.contracts(project, agents)
    groups = [list(one.requires.python) for one in contracts if one.requires.python]
    groups.append(list(plan.SUPPORT))
    found = packages.get(groups, platform, cache, refresh=refresh)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{out.name}-", dir=out.parent) as folder:
        draft = Path(folder) / "made"
        bundle.build(work, draft)
        (draft / "guest.zip").write_bytes(bundle.guest())
        _wheels(found, draft / "wheels")
        said = _describe(draft, found, pyodide)
        _save(draft / "runtime.json", said)
        plans, index = plan.plans(project, agents, found, outcomes)
        root = os.path.relpath(project.root, out)  # so that the project may move
        _save(draft / "plans.json", {"version": 1, "root": root, "snippets": index})
        for name, one in plans.items():
            _save(draft / "plans" / f"{name}.json", one)
        old = Path(folder) / "old"
        if out.exists():
            out.rename(old)
        draft.rename(out)
    runnable = sum(len(one["snippets"]) for one in plans.values())
    return (
        f"{out}: {runnable} snippets of {len(plans)} agents run in a browser, with "
        f"{len(found.had)} packages; {said['size'] / 1e6:.1f} MB."
    )


def _wheels(found: Packages, folder: Path) -> None:
    folder.mkdir()
    for one in found.had.values():
        shutil.copyfile(one.path, folder / one.wheel.file)


def _describe(folder: Path, found: Packages, pyodide: str) -> dict[str, Any]:
    """Return ``runtime.json``: the files with their digests, and the packages."""
    files = {}
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        data = path.read_bytes()
        name = path.relative_to(folder).as_posix()
        files[name] = {"hash": hashlib.sha256(data).hexdigest()[:16], "size": len(data)}
    return {
        "version": 1,
        "python": found.platform.python,
        "pyodide": pyodide,
        "size": sum(one["size"] for one in files.values()),
        "files": files,
        "packages": {
            name: {
                "version": one.wheel.version,
                "file": f"wheels/{one.wheel.file}",
                "sha256": one.wheel.sha256,
                "needs": sorted({
                    n for n, _ in packages.edges(one.needs, (name, frozenset()), found.platform)
                }),
            }
            for name, one in sorted(found.had.items())
        },
        "missing": dict(sorted(found.missing.items())),
    }  # fmt: skip


def _save(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    path.write_text(text, encoding="utf-8")

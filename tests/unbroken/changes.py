"""Random changes of a project with builds between, compared with first builds of the same files.

Run as a program: ``python tests/unbroken/changes.py --examples 100``. Agents are added, edited,
moved and removed, and so are their companions, contracts, verdicts and what runs them in a
browser; the values in ``conf.py`` change. After each build, there are the same files with the same
bytes as if it had been the first.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from agentdocs.artefacts.model import artefact
from agentdocs.library import read_library
from agentdocs.verify import results as verdicts
from agentdocs.verify.model import Outcome, Report
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from unbroken.world import CONF, GUIDE, HOME, World, agent, clean, difference

NAMES = ("ada-one", "ben-two", "cleo-three", "dan-four")
FOLDERS = ("team", "other", "team/inner", "skills")
API = {
    "openapi": "3.1.0", "info": {"title": "Shop", "version": "1"},
    "paths": {"/items": {"get": {"responses": {"200": {"description": "All of them."}}}}},
}  # fmt: skip
PIECES = (
    "Works with ada-one.",
    "Asks @ben-two, then [cleo](../team/cleo-three.md).",
    "See [notes](notes.md) and ![a picture](dot.png).",
    "## Reference\n\nThe word is apple.",
    "## Reference\n\nThe word is peach.",
    "## Examples\n\n```python\nprint(1)\n```",
    "## Examples\n\n```python\nprint(2)\n```\n\n```bash\necho 1\n```",
    '## Schemas\n\n```json\n{"id": 1}\n```',
    "## Wire format\n\n| a | b |\n|---|---|\n| 1 | 2 |",
    "## Checklist\n\n- [ ] one\n- [x] two",
)
FIELDS = (
    {}, {"model": "sonnet"}, {"model": "opus", "tags": "[one]"}, {"tags": "[one, two]"},
    {"tools": "Read, Bash"}, {"dependencies": "[ada-one]"}, {"description": "Another text."},
)  # fmt: skip
VALUES = {
    "output": ("agents", "library/agents"),
    "policy": ("agents", "all", "none"),
    "edit_url": ("", "https://example.org/edit/{path}"),
    "placing": ([], [("schemas", "^Wire")], [("reference", "^Checklist")]),
    "max_bytes": (1_000_000, 150),
    "results": (".agentdocs/results.json", ""),
    "runtime": ("_build/runtime", ""),
}
OLD = 1_600_000_000
"""The time of all files that are unpacked, or checked out, with the time of a release."""

names = st.sampled_from(NAMES)
folders = st.sampled_from(FOLDERS)
bodies = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4, unique=True)


class Changes(RuleBasedStateMachine):
    """A project, what its files are, and what is built of them again and again."""

    root: Path

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=self.root))
        (self.folder / "world").mkdir()
        self.world = World(self.folder / "world")
        self.values: dict[str, object] = {}
        self.files: dict[str, str | bytes] = {
            "docs/index.md": HOME, "docs/guide.md": GUIDE,
            "agents/team/ada-one.md": agent("ada-one", PIECES[5]),
        }  # fmt: skip
        self._configure()
        self.world.become(self.files)
        self.world.build()
        self.dirty = False

    def _configure(self) -> None:
        rows = [f"agentdocs_{name} = {value!r}" for name, value in self.values.items()]
        self.files["docs/conf.py"] = CONF + "\n".join(rows) + "\n"
        output = self.values.get("output", "agents")
        self.files["docs/index.md"] = HOME.replace("agents/index", f"{output}/index")
        self.dirty = True

    def _agents(self) -> list[str]:
        return sorted(f for f in self.files if f.startswith("agents/") and f.endswith(".md"))

    # --- what changes --------------------------------------------------------------------------

    @rule(name=names, folder=folders, body=bodies, fields=st.sampled_from(FIELDS))
    def write(self, name, folder, body, fields) -> None:
        """Add an agent, or make it another."""
        file = f"{name}/SKILL.md" if folder == "skills" else f"{name}.md"
        self.files[f"agents/{folder}/{file}"] = agent(name, "\n\n".join(body), **fields)
        self.dirty = True

    @rule(pick=st.randoms(use_true_random=False), body=bodies)
    def edit(self, pick, body) -> None:
        """Replace the text of an agent, and keep its fields."""
        if agents := self._agents():
            path = pick.choice(agents)
            head = str(self.files[path]).rpartition("---\n")[0]
            self.files[path] = f"{head}---\n\n" + "\n\n".join(body) + "\n"
            self.dirty = True

    @rule(pick=st.randoms(use_true_random=False), name=names, folder=folders)
    def move(self, pick, name, folder) -> None:
        """Give an agent another name or folder."""
        if agents := self._agents():
            file = f"{name}/SKILL.md" if folder == "skills" else f"{name}.md"
            self.files[f"agents/{folder}/{file}"] = self.files.pop(pick.choice(agents))
            self.dirty = True

    @rule(pick=st.randoms(use_true_random=False))
    def remove(self, pick) -> None:
        """Remove any file of the library."""
        if found := sorted(f for f in self.files if f.startswith("agents/")):
            del self.files[pick.choice(found)]
            self.dirty = True

    @rule(name=names, folder=folders, variant=st.integers(0, 3), kind=st.integers(0, 3))
    def ship(self, name, folder, variant, kind) -> None:
        """Put a file beside an agent, or make it another of the same size."""
        file = ("notes.md", "dot.png", f"{name}/scripts/go.py", f"{name}.verify.yaml")[kind]
        data: bytes = (
            f"# Notes {variant}\n".encode(), b"\x89PNG\r\n\x1a\n" + bytes([variant]),
            f"print({variant})\n".encode(), f"version: 1\n# {variant}\n".encode(),
        )[kind]  # fmt: skip
        self.files[f"agents/{folder}/{file}"] = data
        self.dirty = True

    @rule(name=st.sampled_from(sorted(VALUES)), pick=st.randoms(use_true_random=False))
    def configure(self, name, pick) -> None:
        """Change a value in ``conf.py``."""
        self.values[name] = pick.choice(VALUES[name])
        self._configure()

    @rule(seed=st.integers(0, 50), made=st.booleans())
    def verify(self, seed, made) -> None:
        """Have verdicts on what stands there now."""
        self._bring()
        chance = random.Random(seed)
        found = []
        library = read_library(self.world.root / "agents")
        for one in library.agents:
            for path, text in one.texts():
                for snippet in text.snippets:
                    verdict = chance.choice(["passed", "failed", "unproved"])
                    api = artefact("openapi", "shop", API)
                    found.append(Outcome(
                        f"agents/{path}", snippet.address, f"agents/{one.path}", snippet.line,
                        snippet.line + 2, snippet.language, snippet.digest, verdict, "runs",
                        date="2026-01-01T00:00:00Z",
                        artefacts=(api,) if made and api and verdict == "passed" else (),
                    ))  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / ".agentdocs" / "results.json"
            verdicts.save(file, Report(tuple(found)), root=folder)
            self.files[".agentdocs/results.json"] = file.read_bytes()
        self.dirty = True

    @rule()
    def forget(self) -> None:
        """Lose the verdicts."""
        self.dirty |= self.files.pop(".agentdocs/results.json", None) is not None

    @rule(code=st.sampled_from([b"export {};", b"export  ;"]))
    def run(self, code) -> None:
        """Have what runs snippets in a browser, or another release of it."""
        self._bring()
        snippets: dict[str, dict[str, object]] = {}
        if (self.world.root / "agents").is_dir():
            for one in read_library(self.world.root / "agents").agents:
                snippets[f"agents/{one.path}"] = {
                    snippet.address: {
                        "digest": snippet.digest, "plan": one.path, "snippet": snippet.address,
                        "kind": "run", "reason": "",
                    }
                    for snippet in one.outline.snippets if snippet.language == "python"
                }  # fmt: skip
        said = {
            "version": 1, "python": "3.14.2", "pyodide": "314.0.7", "size": len(code),
            "files": {"page.js": {"hash": code.hex()[:16], "size": len(code)}}, "packages": {},
            "missing": {},
        }  # fmt: skip
        plans = {"version": 1, "root": "../..", "snippets": snippets}
        self.files |= {
            "_build/runtime/page.js": code,
            "_build/runtime/runtime.json": json.dumps(said),
            "_build/runtime/plans.json": json.dumps(plans),
        }
        self.dirty = True

    @rule()
    def stop(self) -> None:
        """Lose what runs snippets."""
        gone = [name for name in self.files if name.startswith("_build/runtime/")]
        for name in gone:
            del self.files[name]
            self.dirty = True

    # --- what must hold ------------------------------------------------------------------------

    def _bring(self, old: bool = False) -> None:
        before = dict(self.world.files)
        self.world.become(self.files)
        (self.world.root / "agents").mkdir(exist_ok=True)
        for name, data in self.world.files.items():
            if old and name.startswith("agents/") and before.get(name) != data:
                os.utime(self.world.root / name, (OLD, OLD))

    @rule(old=st.booleans(), jobs=st.sampled_from([1, 1, 2]))
    def build(self, old, jobs) -> None:
        """Build again, and for the first time somewhere else."""
        if not self.dirty:
            return
        self._bring(old)
        self.world.jobs = jobs
        mine = self.world.build() | self._pages(self.world)
        other = World(self.folder / "clean")
        first = clean(other.root, {**self.files, "agents/.keep": ""})
        first |= self._pages(other)
        assert not (wrong := difference(mine, first)), wrong
        self.dirty = False

    def _pages(self, world: World) -> dict[str, bytes]:
        """Return all that stands in the source folder, wherever pages are written to."""
        docs = world.root / "docs"
        return {
            f"docs/{path.relative_to(docs).as_posix()}": path.read_bytes()
            for path in sorted(docs.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.build(False, 1)
            shutil.rmtree(self.folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--same", action="store_true", help="the same examples each time")
    parser.add_argument("--shrink", action="store_true", help="look for a shorter sequence")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Changes.root = Path(folder)
        run_state_machine_as_test(
            Changes,
            settings=settings(
                max_examples=options.examples, stateful_step_count=options.steps, deadline=None,
                # To make a failing sequence shorter takes hundreds of builds.
                phases=[Phase.generate, *([Phase.shrink] if options.shrink else [])],
                derandomize=options.same, database=None, suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    print(f"{options.examples} sequences of up to {options.steps} changes: equal to clean builds.")


if __name__ == "__main__":
    main()

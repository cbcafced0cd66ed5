"""SIGKILL at random moments of builds, generation and verification, each followed by a normal one.

Run as a program: ``python tests/unbroken/kills.py --kills 200``. Right after each kill, every page,
list and index that stands there is whole: that of the state before or of the one after. After the
next normal run, everything is byte for byte what a first one makes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from unbroken.world import (
    CONF,
    GUIDE,
    HOME,
    World,
    agent,
    clean,
    difference,
    join,
    results,
    tree,
)

CODE = "```python\nprint({})\n```\n"
BASE = {
    "docs/conf.py": CONF,
    "docs/index.md": HOME,
    "docs/guide.md": GUIDE,
    "pyproject.toml": '[tool.agentdocs]\nagents = ["agents"]\n',
    "agents/team/ada-one.md": agent(
        "ada-one", "Asks ben-two.\n\n## Examples\n\n" + CODE.format("40 + 2") + CODE.format("1")
    ),
    "agents/skills/cleo/SKILL.md": agent("cleo", "See [it](scripts/go.py).\n\n## Reference\n\nIt."),
    "agents/skills/cleo/scripts/go.py": "print('go')\n",
}
STATES = {
    "first": {
        **BASE,
        "agents/team/ben-two.md": agent("ben-two", "Works.\n\n## Reference\n\nThe word is apple."),
    },
    "second": {
        **BASE,
        "docs/guide.md": GUIDE + "\nSee {any}`ada-one`.\n",
        "agents/team/ada-one.md": agent(
            "ada-one", "Asks dan-four.\n\n## Examples\n\n" + CODE.format("41 + 1"), model="sonnet"
        ),
        "agents/team/dan-four.md": agent("dan-four", "Asks ada-one.\n\n## Schemas\n\nA pear."),
        "agents/skills/cleo/scripts/go.py": "print('gone')\n",
    },
}


def _whole(name: str) -> bool:
    """Whether a file is one that nobody may ever see half of; Sphinx copies the rest itself."""
    site = name.startswith("out/") and not name.startswith(("out/_static/", "out/_sources/"))
    # Sphinx puts its index there whole, but with words that the end of the build takes out again.
    theirs = ("out/objects.inv", "out/searchindex.js")
    return name.startswith("pages/") or (site and name not in theirs)


class Kills:
    """A project that is built and killed, and what clean builds of its states make."""

    def __init__(self, root: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.root = root
        self.world = World(root / "world")
        self.world.root.mkdir()
        self.clean = {name: clean(root / name, files) for name, files in STATES.items()}
        self.seconds: dict[str, float] = {}
        self.pages: dict[str, dict[str, bytes]] = {}
        self.verdicts: dict[str, object] = {}
        self.alive = 0
        """Kills that came before the process had ended by itself."""

    def build(self) -> None:
        """Kill a build, look at what stands there, and build."""
        world, chance = self.world, self.random
        before = world.made() if world.out.exists() else {}
        if chance.random() < 0.25:
            world.wipe()
            before = {}
        world.jobs = chance.choice([1, 1, 2])
        state = chance.choice(sorted(STATES))
        world.become(STATES[state])
        self._kill("build", world.start_build)
        there = world.made()
        if index := there.get("out/searchindex.js"):
            json.loads(index.decode().removeprefix("Search.setIndex(").removesuffix(")"))
        for name, data in there.items():
            if _whole(name) and "/.agentdocs-" not in name:
                known = (before.get(name), *(made.get(name) for made in self.clean.values()))
                assert data in known, f"half of {name}: …{data[-80:]!r}"
        if chance.random() < 0.3:  # what was edited is taken back before the next build
            state = chance.choice(sorted(STATES))
            world.become(STATES[state])
        assert not (wrong := difference(world.build(), self.clean[state])), wrong
        self._index_is_whole()

    def _index_is_whole(self) -> None:
        entry = json.loads((self.world.out / "_pagefind/pagefind-entry.json").read_text())
        for language in entry["languages"].values():
            name = f"pagefind.{language['hash']}.pf_meta"
            assert (self.world.out / "_pagefind" / name).is_file()

    def render(self) -> None:
        """Kill ``agentdocs render``."""
        state = self.random.choice(sorted(STATES))
        self.world.become(STATES[state])
        arguments = ("render", "agents", "rendered")
        target = self.world.root / "rendered"
        if state not in self.pages:
            shutil.rmtree(target, ignore_errors=True)
            assert join(self.world.start(*arguments)) == 0, self.world.log.read_text()
            self.pages[state] = tree(target)
        if self.random.random() < 0.5:
            shutil.rmtree(target, ignore_errors=True)
        before = tree(target) if target.exists() else {}
        self._kill("render", lambda: self.world.start(*arguments))
        for name, data in (tree(target) if target.exists() else {}).items():
            if ".agentdocs-" not in name:
                assert data in (before.get(name), self.pages[state].get(name)), f"half of {name}"
        assert join(self.world.start(*arguments)) == 0, self.world.log.read_text()
        assert not (wrong := difference(tree(target), self.pages[state])), wrong

    def verify(self) -> None:
        """Kill ``agentdocs verify``."""
        state = self.random.choice(sorted(STATES))
        self.world.become(STATES[state])
        file = self.world.root / "verdicts" / "results.json"
        arguments = ("verify", "--results", str(file))
        if state not in self.verdicts:
            shutil.rmtree(file.parent, ignore_errors=True)
            assert join(self.world.start(*arguments)) == 0, self.world.log.read_text()
            self.verdicts[state] = results(file.read_bytes())
        if self.random.random() < 0.5:
            shutil.rmtree(file.parent, ignore_errors=True)
        self._kill("verify", lambda: self.world.start(*arguments))
        if file.exists():
            json.loads(file.read_bytes())  # whole at every moment
        assert join(self.world.start(*arguments)) == 0, self.world.log.read_text()
        assert results(file.read_bytes()) == self.verdicts[state]

    def _kill(self, kind: str, start) -> None:
        """Start it and kill it at some moment, which is sometimes after its end."""
        if kind not in self.seconds:
            began = time.monotonic()
            # Not part of the run: how long it takes tells when to kill.
            join(start())
            self.seconds[kind] = time.monotonic() - began
        pid = start()
        time.sleep(self.random.uniform(0, self.seconds[kind] * 1.05))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.alive += join(pid) == -signal.SIGKILL


def run(kills: int, seed: int, root: Path, kinds: tuple[str, ...]) -> str:
    """Kill so many times, and return what was done."""
    done: Counter[str] = Counter()
    killed = Kills(root, seed)
    for number in range(kills):
        kind = kinds[number % len(kinds)]
        try:
            getattr(killed, kind)()
        except AssertionError as error:
            raise AssertionError(f"kill {number} of seed {seed}, {kind}: {error}") from error
        done[kind] += 1
        if sys.stderr.isatty() or number % 20 == 19:
            print(f"{number + 1} of {kills}", file=sys.stderr, flush=True)
    said = ", ".join(f"{count} of {kind}" for kind, count in done.items())
    return f"{kills} kills ({said}), {killed.alive} of them while it ran: all equal to clean ones."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--kinds", default="build,build,build,render,verify,build")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(run(options.kills, options.seed, Path(folder), tuple(options.kinds.split(","))))


if __name__ == "__main__":
    main()

"""The verifier beside others: benches of what it takes to run snippets, and not to run them."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import peers
import processes
import timing
from library import Shape, generate
from report import Row
from timing import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

    from bench import Bench, Settings
    from processes import Use

MB = 1 << 20
_PROJECT = '[tool.agentdocs]\nagents = ["agents"]\n\n[tool.pytest.ini_options]\n'

FASTAPI = '''\
from fastapi import FastAPI

app = FastAPI()


@app.get("/parts/{number}")
def part(number: int) -> dict[str, int]:
    """Return one part."""
    return {"number": number}


assert app.url_path_for("part", number=7) == "/parts/7"
'''


def trivial(random: Random) -> str:
    """Return a snippet that checks something in one statement, and prints nothing."""
    a, b = random.randint(2, 99), random.randint(2, 99)
    return random.choice((
        f"assert sum(range({a})) == {sum(range(a))}",
        f"assert sorted([{a}, {b}], reverse=True) == {sorted([a, b], reverse=True)}",
        f'assert "{a}-{b}".split("-") == ["{a}", "{b}"]',
        f"assert dict(a={a}, b={b})[\"b\"] == {b}",
        f"assert [number % 2 for number in range({a}, {a + 3})].count(0) in (1, 2)",
    ))  # fmt: skip


def _project(folder: Path, agents: int, shape: Shape) -> tuple[Path, int]:
    """Make a project; return it and how many snippets it holds."""
    library = generate(folder / "agents", agents, shape=shape)
    (folder / "pyproject.toml").write_text(_PROJECT)
    return folder, sum(library.snippets.values())


def _ours(
    name: str, arguments: Sequence[str], project: Path, check: Callable[[Use], str]
) -> Command:
    programs = Path(sys.executable).parent
    return Command(
        name, (sys.executable, "-m", *arguments), project, peers.with_path(programs), check
    )


def _verified(snippets: int, more: str = "") -> Callable[[Use], str]:
    def check(use: Use) -> str:
        found = re.search(r"^(\d+) snippets?: (\d+) passed" + re.escape(more) + r"\.$",
                          use.output, re.MULTILINE)  # fmt: skip
        if found and found[1] != found[2]:
            return f"says that {found[2]} of {found[1]} snippets have passed"
        return peers.counted(use, int(found[2]) if found else -1, snippets)

    return check


def _passed(snippets: int) -> Callable[[Use], str]:
    return lambda use: peers.counted(use, peers.pytest_passed(use.output), snippets)


def against_others(bench: Bench, settings: Settings) -> Iterator[Row]:
    """Run 500 trivial snippets in 50 agents."""
    shape = Shape(python=10, shell=0, json=0, sections=2, code=trivial)
    project, count = _project(settings.folder / "ours", 50, shape)
    verify, pytest = (
        _ours("verify", ("agentdocs", "verify", "--fresh"), project, _verified(count)),
        _ours("pytest", ("pytest", "agents", "--agents-fresh"), project, _passed(count)),
    )
    theirs: list[tuple[peers.Peer, Command]] = []
    for peer in peers.PEERS:
        typed = Shape(10, 0, 0, 2, trivial, prompts=peer.prompts)
        other, _ = _project(settings.folder / peer.package, 50, typed)
        for name, text in peer.files.items():
            (other / name).write_text(text)
        settings.progress(f"{peer.name}: its environment")
        try:
            programs = peers.environment(peer, upgrade=settings.upgrade)
        except peers.AbsentError as error:
            yield Row(f"{peer.name} cannot be installed: {error}")
            continue
        theirs.append((peer, peers.command(peer, programs, other, count)))
    commands = [verify, pytest, *(command for _, command in theirs)]
    samples = timing.in_turn(commands, settings.rounds(bench), settings.progress, settings.wrong)
    for own in (verify, pytest):
        for peer, other in theirs:
            if own.name not in samples or other.name not in samples:
                continue
            ratio = timing.ratio(samples[own.name], samples[other.name])
            most = 2 if peer.package == "sybil" else 1 if peer.isolates else None
            aim = ", aim 1.5" if most == 2 else ""
            yield Row(
                f"{own.name} : {other.name}", ratio,
                target=f"≤ {most}{aim}" if most else "",
                met=ratio.middle <= most if most else None,
            )  # fmt: skip


def imports(bench: Bench, settings: Settings) -> Iterator[Row]:
    """Run 100 agents that import FastAPI; a package is imported once for all."""
    if importlib.util.find_spec("fastapi") is None:
        yield Row("FastAPI is not installed")
        return
    shape = Shape(python=1, shell=0, json=0, sections=2, code=lambda _: FASTAPI)
    project, count = _project(settings.folder / "imports", 100, shape)
    ours = _ours("verify", ("agentdocs", "verify", "--fresh"), project, _verified(count))
    new = Command(
        "a new Python for each", (sys.executable, "-c", FASTAPI), project, ours.environment,
        lambda use: f"ended with {use.code}" if use.code else "", times=count,
    )  # fmt: skip
    samples = timing.in_turn([ours, new], settings.rounds(bench), settings.progress)
    ratio = timing.ratio(samples[ours.name], samples[new.name])
    yield Row(f"{ours.name} : {new.name}", ratio, target="≤ 0.1", met=ratio.middle <= 0.1)


def unchanged(bench: Bench, settings: Settings) -> Iterator[Row]:
    """Verify again when nothing has changed."""
    for agents in (50, 1000):
        shape = Shape(python=2, shell=0, json=1)
        project, count = _project(settings.folder / f"unchanged-{agents}", agents, shape)
        settings.progress(f"{agents} agents, for the first time")
        first = _ours("verify", ("agentdocs", "verify"), project, _verified(count))
        timing.once(first)
        again = _ours(
            "verify", ("agentdocs", "verify"), project, _verified(count, "; nothing has changed")
        )
        nothing = Command(
            "python -c pass", (sys.executable, "-c", "pass"), project, again.environment,
            lambda use: f"ended with {use.code}" if use.code else "",
        )  # fmt: skip
        samples = timing.in_turn([again, nothing], settings.rounds(bench), settings.progress)
        ratio = timing.ratio(samples[again.name], samples[nothing.name])
        start = sorted(one.wall for one in samples[nothing.name])[len(samples[nothing.name]) // 2]
        most = 2 + agents / 1000 / start
        yield Row(
            f"{again.name} of {agents:,} agents : {nothing.name}", ratio,
            target=f"≤ {most:.1f} (2 and 1 ms an agent)", met=ratio.middle <= most,
        )  # fmt: skip


def memory(bench: Bench, settings: Settings) -> Iterator[Row]:
    """Run 10,000 snippets and look at the memory meanwhile."""
    shape = Shape(python=10, shell=0, json=0, sections=2, code=trivial)
    project, count = _project(settings.folder / "memory", 1000, shape)
    ours = _ours("verify", ("agentdocs", "verify", "--fresh"), project, _verified(count))
    settings.progress(f"{count:,} snippets")
    use = processes.run(ours.arguments, ours.folder, ours.environment, watch=True)
    if fault := ours.check(use):
        raise timing.WrongError(f"{ours.name}: {fault}\n{use.output[-2000:]}")
    for what, size in (("the runner", use.host), ("all processes together", use.tree)):
        yield Row(
            f"{what}, {count:,} snippets", value=f"{size / MB:.0f} MB", target="< 200 MB",
            met=size < 200 * MB, number=size,
        )  # fmt: skip

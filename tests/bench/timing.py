"""Commands → how they compare: run in turn, A B C A B C …, so that all meet the same machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from processes import Use


class WrongError(Exception):
    """A tool does not do the work that is compared; the text says what it did."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something that does the work."""

    name: str
    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    check: Callable[[Use], str]
    """Returns what is wrong with a run; an empty text if nothing is."""
    times: int = 1
    """How often it is run, one after another, to do the work once."""
    before: Callable[[], object] = lambda: None
    """What is done before each run, and not measured."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the work took once."""

    wall: float
    cpu: float
    peak: int = 0
    """Most bytes in memory of any one process."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """How one command compares to another: 2 is twice as long."""

    middle: float
    """Of the medians."""
    low: float
    """The least of any round."""
    high: float
    """The most of any round."""
    best: float
    """Of the shortest runs: what is left when nothing else uses the machine."""
    cpu: float
    """Of the medians of CPU time."""


def once(command: Command) -> Sample:
    """Do the work once.

    :raises WrongError: it was not done.
    """
    wall = cpu = 0.0
    peak = 0
    for _ in range(command.times):
        command.before()
        use = processes.run(command.arguments, command.folder, command.environment)
        if fault := command.check(use):
            raise WrongError(f"{command.name}: {fault}\n{_end(use.output)}")
        wall += use.wall
        cpu += use.cpu
        peak = max(peak, use.peak)
    return Sample(wall, cpu, peak)


def in_turn(
    commands: Sequence[Command],
    rounds: int,
    progress: Callable[[str], object] = lambda _: None,
    wrong: Callable[[WrongError], object] | None = None,
    *,
    warm: bool = True,
) -> dict[str, list[Sample]]:
    """Return a sample of each command for each round, by the command's name.

    What compiles and what fills caches is paid in a round before the first. Each round begins
    with another command, as one may leave something behind that the next has to bear.

    :param warm: whether there is such a round; work of minutes does without.
    :param wrong: told of a command that does not do the work, which is then left out.
    :raises WrongError: nobody is to be told.
    """
    found: dict[str, list[Sample]] = {command.name: [] for command in commands}
    for number in range(-1 if warm else 0, rounds):
        start = number % len(commands)
        for command in (*commands[start:], *commands[:start]):
            if command.name not in found:
                continue
            progress(f"{command.name}, {number + 1} of {rounds}")
            try:
                # Before the first round, once will do.
                sample = once(replace(command, times=1) if number < 0 else command)
            except WrongError as error:
                if wrong is None:
                    raise
                wrong(error)
                del found[command.name]
                continue
            if number >= 0:
                found[command.name].append(sample)
    return found


def ratio(ours: Sequence[Sample], theirs: Sequence[Sample]) -> Ratio:
    """Compare the samples of two commands from the same rounds."""
    rounds = [one.wall / other.wall for one, other in zip(ours, theirs, strict=True)]
    return Ratio(
        middle=median(one.wall for one in ours) / median(one.wall for one in theirs),
        low=min(rounds),
        high=max(rounds),
        best=min(one.wall for one in ours) / min(one.wall for one in theirs),
        cpu=median(one.cpu for one in ours) / median(one.cpu for one in theirs),
    )


def _end(output: str) -> str:
    return "\n".join(f"  {row}" for row in output.rstrip().splitlines()[-15:])

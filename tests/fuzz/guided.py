"""One target, guided by what of our code each case reaches: ``guided.py TARGET RUNS SECONDS SEEDS``.

It runs in a process of its own, because libFuzzer ends the process that it runs in.
"""

from __future__ import annotations

import json
import random
import resource
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["agentdocs"]):
    from fuzz import mutate, targets
    from fuzz.keep import Keeper

MEMORY = 4 << 30
"""Bytes of address space; Python and what it imports take about one eighth."""


def main(target, runs, seconds, seeds):
    """Fuzz until there were so many runs, or for so long; the last line says how many there were."""
    assert target in targets.TARGETS
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    keeper = Keeper()
    others = [file.read_bytes() for file in sorted(Path(seeds).iterdir())]

    def one(data):
        keeper.try_(target, data)
        if keeper.runs == int(runs):
            said()

    def said():
        faults = [[*key, name] for key, name in keeper.faults.items()]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({"runs": keeper.runs, "faults": faults, "memory": memory}), flush=True)

    def mutated(data, most, seed):
        chance = random.Random(seed)
        if chance.random() < 0.5:
            return atheris.Mutate(data, most)
        return mutate.mutated(data, others, chance)[:most]

    options = [f"-runs={runs}", f"-max_total_time={seconds}", "-max_len=20000", "-timeout=60"]
    options += ["-rss_limit_mb=0", "-print_final_stats=1", "-verbosity=1", seeds]
    atheris.Setup([sys.argv[0], *options], one, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])

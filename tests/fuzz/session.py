"""Feed every reader many thousand files: ``nox -s fuzz -- --seconds 600 --runs 50000 [PATH…]``.

A quarter of the cases is generated from the dialects' grammar, a quarter is real files from the
folders that are named, mutated, and half is guided by coverage. What breaks a reader is made small
and kept in ``found/``, and the session fails. Nothing of the real files is kept but that.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import reallife
from fuzz import grammar, mutate, targets
from fuzz.keep import Keeper
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisWarning

HERE = Path(__file__).parent


def generated(keeper, target, runs, number, until):
    """Try files of the grammar; return some of them."""
    made = []

    @seed(number)
    @settings(max_examples=runs, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(grammar.STRATEGIES[target])
    def one(data):
        if time.monotonic() < until:
            keeper.try_(target, data)
            if len(made) < 300:
                made.append(data)

    one()
    return made


def near_real(keeper, target, runs, number, until, folders, made):
    """Try mutated files; those of the grammar stand in where there are no real ones."""
    chance = random.Random(number)
    seeds = mutate.real(folders, target) or made
    for _ in range(runs):
        if time.monotonic() > until:
            break
        keeper.try_(target, mutate.mutated(chance.choice(seeds), seeds, chance))
    return seeds


def guided(target, runs, until, seeds):
    """Try what reaches more of our code; return runs, faults, and libFuzzer's count of edges."""
    seconds = max(1, int(until - time.monotonic()))
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(seeds):
            Path(folder, f"{number:04}").write_bytes(data[:20_000])
        command = [sys.executable, "-m", "fuzz.guided", target, str(runs), str(seconds), folder]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    edges = re.findall(r"cov: (\d+)", done.stderr)
    said = [line for line in done.stdout.splitlines() if line.startswith('{"runs"')]
    if not said:
        counted = re.findall(r"stat::number_of_executed_units: +(\d+)", done.stderr)
        if not counted:  # libFuzzer ended the process: a hang, or no memory
            return 0, [[target, "the process ended", done.stderr[-2000:]]], 0, 0, 0
        return int(counted[-1]), [], int(edges[0]), int(edges[-1]), 0
    last = json.loads(said[-1])
    return last["runs"], last["faults"], int(edges[0]), int(edges[-1]), last["memory"]


def main():
    """Run it, print a line for each target, and return the number of faults."""
    parser = argparse.ArgumentParser(prog="nox -s fuzz --", description=__doc__)
    parser.add_argument("folders", nargs="*", metavar="PATH", help="real files to mutate")
    parser.add_argument("--runs", type=int, default=50_000, help="cases in all")
    parser.add_argument("--seconds", type=float, default=600, help="most time in all")
    parser.add_argument("--seed", type=int, default=0, help="of what is random")
    parser.add_argument("--target", action="append", choices=sorted(targets.TARGETS))
    given_ = parser.parse_args()
    chosen = given_.target or list(targets.TARGETS)
    folders = given_.folders or [*reallife.libraries(), HERE.parents[1] / "agents"]
    each = -(-given_.runs // len(chosen))
    keeper, total, faults = Keeper(), 0, []
    print(
        f"{'target':12}{'cases':>8}{'CPU s':>8}{'edges at first':>16}{'at last':>9}{'guided MB':>11}"
    )
    start = time.monotonic()
    for number, target in enumerate(chosen):
        # Time that one target leaves over is the next one's.
        left = (given_.seconds - (time.monotonic() - start)) / (len(chosen) - number)
        now, cpu, before = time.monotonic(), _cpu(), keeper.runs
        made = generated(keeper, target, each // 4, given_.seed, now + left / 4)
        seeds = near_real(keeper, target, each // 4, given_.seed, now + left / 2, folders, made)
        runs, found, first, last, memory = guided(
            target, each - 2 * (each // 4), now + left, [*seeds[:300], *made]
        )
        runs += keeper.runs - before
        total, faults = total + runs, faults + found
        print(
            f"{target:12}{runs:8,}{_cpu() - cpu:8.0f}{first:16,}{last:9,}{memory // 1024:11,}",
            flush=True,
        )
    faults += [[*key, name] for key, name in keeper.faults.items()]
    print(f"{total:,} cases, {len(faults)} faults")
    for target, fault, name in faults:
        print(f"  {target}: {fault}: {name}")
    return bool(faults)


def _cpu():
    return sum(
        sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore", HypothesisWarning)
    sys.exit(main())

"""A case that breaks a reader → the same as small as may be, kept as a file for every later run."""

from __future__ import annotations

import hashlib
import time
import traceback
from pathlib import Path

from fuzz import targets

FOUND = Path(__file__).parent / "found"
"""Files called ``TARGET-DIGEST``; ``test_found.py`` replays them."""
PATIENCE = 20.0
"""CPU seconds for making one case smaller."""


def fault(target, data):
    """Return what goes wrong and where in our code; empty if nothing does."""
    try:
        targets.check(target, data)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [f for f in frames if "agentdocs" in Path(f.filename).parts] or frames[-1:]
        return f"{type(error).__name__} in {Path(ours[-1].filename).name}:{ours[-1].name}"
    return ""


def smaller(target, data, wanted):
    """Return the data without the lines, then the bytes, that its fault does not need."""
    until = time.process_time() + PATIENCE
    for split, join in ((lambda data: data.splitlines(True), b"".join), (list, bytes)):
        parts = split(data)
        size = max(1, len(parts) // 2)
        while parts and time.process_time() < until:
            kept = _without(target, parts, size, join, wanted, until)
            if len(kept) == len(parts):
                if size == 1:
                    break
                size = max(1, size // 2)
            parts = kept
        data = join(parts)
    return data


def _without(target, parts, size, join, wanted, until):
    at = 0
    while at < len(parts) and time.process_time() < until:
        fewer = [*parts[:at], *parts[at + size :]]
        if fault(target, join(fewer)) == wanted:
            parts = fewer
        else:
            at += size
    return parts


class Keeper:
    """Tries cases and keeps the first of each fault."""

    def __init__(self, folder=FOUND):
        self.folder = folder
        self.faults = {}
        """Target and fault → the file that shows it."""
        self.runs = 0

    def try_(self, target, data):
        """Feed a target; return its fault."""
        self.runs += 1
        found = fault(target, data)
        if found and (target, found) not in self.faults:
            self.faults[target, found] = None
            small = smaller(target, data, found)
            name = f"{target}-{hashlib.sha256(small).hexdigest()[:12]}"
            self.folder.mkdir(exist_ok=True)
            (self.folder / name).write_bytes(small)
            self.faults[target, found] = name
            print(
                f"{target}: {found}; kept as {name} ({len(small)} of {len(data)} bytes)", flush=True
            )
        return found

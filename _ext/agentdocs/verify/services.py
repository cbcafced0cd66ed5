"""This machine → the servers that snippets may ask for, and where their programs lie.

Each session that asks for one gets one of its own (see ``guest/services.py``). Servers that run on
this machine already are not used: they hold somebody's data.
"""

from __future__ import annotations

import glob
import os
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from agentdocs.verify import environment

if TYPE_CHECKING:
    from agentdocs.verify.contract.model import Rule


class Service(NamedTuple):
    """A server that a contract can name."""

    title: str
    programs: tuple[str, ...]
    """Names of its program; the first one that is there will do."""
    places: tuple[str, ...]
    """Where systems put it, if not on the path."""
    package: str
    """What systems call it."""


SERVICES = {
    "postgresql": Service(
        "PostgreSQL",
        ("postgres",),
        ("/usr/lib/postgresql/*/bin", "/usr/lib/postgresql*/bin", "/usr/pgsql-*/bin"),
        "postgresql",
    ),
    "redis": Service("Redis", ("redis-server", "valkey-server"), (), "redis-server"),
}
"""By the name that contracts have for them."""
SQLITE = "sqlite"
"""The database that is always there."""


@cache
def program(name: str) -> str:
    """Return the path of a service's program; empty where it is not installed."""
    service = SERVICES[name]
    for one in service.programs:
        if path := environment.which(one):
            # What lies beside it is needed too, and its place is where a link leads; but Redis is
            # a link to a program that does what its name says.
            real = os.path.realpath(path)
            return real if os.path.basename(real) == one else path
        found = [p for place in service.places for p in glob.glob(os.path.join(place, one))]
        if found:
            return max(found, key=_numbers)  # the newest of several
    return ""


def _numbers(path: str) -> list[int]:
    digits = "".join(sign if sign.isdigit() else " " for sign in path)
    return [int(number) for number in digits.split()]


@cache
def version(name: str) -> str:
    """Return name and version of a service: ``PostgreSQL 15.18``; empty where it is not there."""
    import re
    import subprocess

    path = program(name)
    if not path:
        return ""
    try:
        run = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return SERVICES[name].title
    number = re.search(r"\d+(?:\.\d+)+", run.stdout)
    return f"{SERVICES[name].title} {number[0]}" if number else SERVICES[name].title


def wanted(rule: Rule | None) -> tuple[str, ...]:
    """Return the services that a snippet uses where they are there, by its contract."""
    if rule is None:
        return ()
    named = (*rule.services, *(name for name in rule.databases if name != SQLITE))
    return tuple(dict.fromkeys(named))


def databases(rule: Rule | None) -> tuple[str, ...]:
    """Return the databases that a snippet is run on, of those that are there."""
    named = rule.databases if rule else ()
    return tuple(name for name in named if name == SQLITE or program(name))


def absent(rule: Rule | None) -> str:
    """Return which service is not there without which a snippet cannot be run; empty if all are."""
    if rule is None:
        return ""
    missing = [name for name in rule.services if not program(name)]
    if rule.databases and not databases(rule):
        missing += rule.databases
    titles = " and ".join(SERVICES[name].title for name in dict.fromkeys(missing))
    return f"needs {titles}, which is not installed here" if titles else ""


def unused(rule: Rule | None) -> str:
    """Return which databases a snippet was not run on, as they are not there; empty if on all."""
    left = [SERVICES[n].title for n in (rule.databases if rule else ()) if n not in databases(rule)]
    return f"not run on {' and '.join(left)}, which is not installed here" if left else ""

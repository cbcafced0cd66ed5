"""Code → why it cannot run in a browser, by what it imports and calls; nothing is run.

What no look at the code can tell, a contract says: ``browser: REASON``.
"""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from agentdocs.verify import environment
from agentdocs.verify.languages.base import ParseError
from agentdocs.verify.languages.python import script

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from agentdocs.browser.packages import Packages

_PROCESSES = "starts other programs, and a browser has none"
_THREADS = "starts threads, and Python has none in a browser"
_SERVES = "waits for requests on a port, and a browser opens none"
_NETWORK = "talks to a network, and nothing leaves this page"
_SYSTEM = "asks the operating system, and a browser is none"

PYTHON = {
    "subprocess": _PROCESSES,
    "multiprocessing": _PROCESSES,
    "os.fork": _PROCESSES,
    "os.system": _PROCESSES,
    "os.popen": _PROCESSES,
    "os.posix_spawn": _PROCESSES,
    "asyncio.create_subprocess_exec": _PROCESSES,
    "asyncio.create_subprocess_shell": _PROCESSES,
    "concurrent.futures.ProcessPoolExecutor": _PROCESSES,
    "threading.Thread": _THREADS,
    "threading.Timer": _THREADS,
    "_thread.start_new_thread": _THREADS,
    "threading.Barrier": "waits for other threads, and Python has none in a browser",
    "asyncio.start_server": _SERVES,
    "asyncio.start_unix_server": _SERVES,
    "http.server": _SERVES,
    "socketserver": _SERVES,
    "wsgiref.simple_server": _SERVES,
    "xmlrpc.server": _SERVES,
    "uvicorn.run": _SERVES,
    "uvicorn.Server": _SERVES,
    "grpc.aio.server": _SERVES,
    "grpc.server": _SERVES,
    "asyncio.open_connection": _NETWORK,
    "asyncio.open_unix_connection": _NETWORK,
    "socket.socket": _NETWORK,
    "socket.create_connection": _NETWORK,
    "socket.create_server": _SERVES,
    "socket.socketpair": _NETWORK,
    "socket.getaddrinfo": _NETWORK,
    "urllib.request.urlopen": _NETWORK,
    "http.client": _NETWORK,
    "ftplib": _NETWORK,
    "imaplib": _NETWORK,
    "poplib": _NETWORK,
    "smtplib": _NETWORK,
    "curses": _SYSTEM,
    "fcntl": _SYSTEM,
    "grp": _SYSTEM,
    "readline": _SYSTEM,
    "resource": _SYSTEM,
    "signal.alarm": _SYSTEM,
    "signal.setitimer": _SYSTEM,
    "syslog": _SYSTEM,
    "termios": _SYSTEM,
    "tkinter": _SYSTEM,
    "tty": _SYSTEM,
}
"""Modules, and what is in them, by their full name; what is below one is meant as well."""

_POOLS = frozenset({"asyncio.to_thread", "concurrent.futures.ThreadPoolExecutor"})
_SIGNALS = frozenset({
    "threading.Condition", "threading.Event", "threading.Semaphore", "threading.BoundedSemaphore",
})  # fmt: skip
_CLOCKS = frozenset({"time.monotonic", "time.perf_counter", "time.time"})

JAVASCRIPT = {
    "child_process": _PROCESSES,
    "cluster": _PROCESSES,
    "dgram": _NETWORK,
    "dns": _NETWORK,
    "dns/promises": _NETWORK,
    "fs": "reads and writes files by Node",
    "fs/promises": "reads and writes files by Node",
    "http": _SERVES,
    "http2": _SERVES,
    "https": _NETWORK,
    "net": _NETWORK,
    "sqlite": "uses Node's own SQLite",
    "test": "is run by Node's own test runner",
    "tls": _NETWORK,
    "worker_threads": "starts threads of Node",
}
"""Node's own modules that have their own words; the others are only not there."""

STAND_INS = frozenset({
    "assert", "assert/strict", "buffer", "crypto", "events", "path", "perf_hooks", "timers",
    "timers/promises", "url", "util",
})  # fmt: skip
"""Node's own modules of which the worker for JavaScript has the like."""

_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|`(?:\\.|[^`\\])*`"""
    r"""|\b(?:import|export)\b(?P<type>\s+type\b)?[^;'"`()]*?(?P<quote>['"])(?P<from>[^'"\n]+)(?P=quote)"""
    r"""|\b(?:require|import)\s*\(\s*(?P<mark>['"])(?P<call>[^'"\n]+)(?P=mark)"""
    r"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*\"""",
    re.DOTALL,
)
"""Comments and texts, in which nothing is imported, and imports."""
_PROCESS = re.compile(r"\bprocess\.(?:kill|once|on|exit)\b")


class Used(NamedTuple):
    """What a piece of Python uses."""

    modules: frozenset[str]
    """That it imports, by their full names."""
    names: frozenset[str]
    """Full names of what it takes from them, as far as it is written down."""


def used(code: str) -> Used:
    """Return what Python imports and takes from it, also inside of functions."""
    try:
        tree = ast.parse(script(code))
    except (ParseError, SyntaxError, ValueError, RecursionError, MemoryError):
        return Used(frozenset(), frozenset())
    modules: set[str] = set()
    meaning: dict[str, str] = {}
    for node in _run(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                modules.add(alias.name)
                top = alias.name.partition(".")[0]
                meaning[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module)
            for alias in node.names:
                meaning[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    names = {full for node in _run(tree) if (full := _full(node, meaning))}
    return Used(frozenset(modules), frozenset(names))


def _run(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes but those that only a type checker reads."""
    left = [tree]
    while left:
        node = left.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            left += node.orelse
            continue
        yield node
        left += ast.iter_child_nodes(node)


def _full(node: ast.AST, meaning: dict[str, str]) -> str:
    """Return ``threading.Thread`` for what means that, under whichever name it was imported."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in meaning:
        return ""
    return ".".join([meaning[node.id], *reversed(parts)])


def python(code: str, packages: Packages, files: Collection[str] = ()) -> str:
    """Return why Python cannot run in a browser; empty if nothing is seen that hinders it.

    :param files: those that it may import from, by name.
    """
    found = used(code)
    own = {name.partition("/")[0].removesuffix(".py") for name in files}
    for name in sorted(found.modules | found.names):
        if listed := _listed(name):
            return f"uses {listed[0]}, which {listed[1]}"
    if reason := _at_once(found.names):
        return reason
    for module in sorted(found.modules):
        if reason := absent(module, packages, own):
            return reason
    return ""


def _at_once(names: frozenset[str]) -> str:
    """Return why work for other threads does not come out alike where it is done at once."""
    if names & _POOLS and names & _SIGNALS:
        return "waits in one thread for another, and Python has one thread in a browser"
    if names & _POOLS and "time.sleep" in names and names & _CLOCKS:
        return "measures what threads do at the same time, and Python has one in a browser"
    return ""


def _listed(name: str) -> tuple[str, str] | None:
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        begin = ".".join(parts[:end])
        if begin in PYTHON:
            return begin, PYTHON[begin]
    return None


def absent(module: str, packages: Packages, own: Collection[str] = ()) -> str:
    """Return why a module of Python is not there in a browser; empty if it is."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in own or packages.owners(top):
        return ""
    from agentdocs.browser.packages import name_of

    there = environment.distribution(top)
    name = name_of(there[0] if there else top)
    return packages.missing.get(name, f"imports {top}, which no contract requires")


def javascript(code: str) -> str:
    """Return why JavaScript or TypeScript cannot run in a browser."""
    for name in imported(code):
        bare = name.removeprefix("node:")
        if name.startswith((".", "/")):
            return f"imports {name}, and a snippet has no files beside it in a browser"
        if bare in STAND_INS:
            continue
        if bare in JAVASCRIPT:
            return f"uses {name}, which {JAVASCRIPT[bare]}"
        if name != bare:
            return f"uses {name}, which a browser does not have"
        return f"imports {name}, which is made for Node"
    if found := _PROCESS.search(_CODE.sub(" ", code)):
        return f"uses {found[0]}, which {_SYSTEM}"
    return ""


def imported(code: str) -> Iterable[str]:
    """Return the modules that JavaScript or TypeScript imports, each once, in their order."""
    found = [
        match["from"] or match["call"]
        for match in _CODE.finditer(code)
        if (match["from"] and not match["type"]) or match["call"]
    ]
    return dict.fromkeys(found)

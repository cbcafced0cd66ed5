"""A server that a snippet needs → one of its own: empty, on this machine's loopback, soon gone.

It is a process of the session, as if the snippet had started it: it has the same limits, is reached
by nobody else, and ends with the session. Its data lie in the session's folder, in memory.
"""

# No pathlib: the server starts sooner without it.

from __future__ import annotations

import os
import socket
import subprocess
import time

START = 30.0
"""Seconds that all servers of a session may take to start."""
_QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class ServiceError(Exception):
    """A server does not start; the text says why."""


def start(services: dict[str, str], folder: str) -> tuple[dict[str, str], dict[str, str]]:
    """Start servers.

    :param services: their names, each with the folder of its programs.
    :param folder: where they may keep their data.
    :return: environment variables by which they are found; and of each that does not start, why.
    """
    found: dict[str, str] = {}
    faults: dict[str, str] = {}
    for name, programs in services.items():
        data = os.path.join(folder, ".services", name)
        os.makedirs(data, mode=0o700, exist_ok=True)
        try:
            found |= _STARTS[name](programs, data)
        except (ServiceError, OSError, subprocess.SubprocessError) as error:
            faults[name] = str(error)
    return found, faults


def _postgresql(programs: str, data: str) -> dict[str, str]:
    port = _free(5432)
    files = os.path.join(data, "data")
    made = subprocess.run(
        [
            os.path.join(programs, "initdb"), "--pgdata", files, "--username", "agent",
            "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
            "--wal-segsize", "1",
        ],
        capture_output=True, text=True, errors="replace", timeout=START, cwd=data,
    )  # fmt: skip
    if made.returncode:
        raise ServiceError(_last(made.stderr))
    with open(os.path.join(files, "postgresql.conf"), "a") as settings:
        settings.write(_POSTGRESQL.format(port=port, folder=data))
    log = os.path.join(data, "log")
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [os.path.join(programs, "postgres"), "-D", files],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=data,
        )  # fmt: skip
    address = {"PGHOST": "localhost", "PGPORT": str(port), "PGUSER": "agent"}
    create = [os.path.join(programs, "createdb"), "agent"]
    _wait(process, port, log)
    deadline = time.monotonic() + START
    # It listens before it is ready.
    while subprocess.run(create, env={**os.environ, **address}, **_QUIET).returncode:  # type: ignore[call-overload]
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServiceError(_last(_text(log)))
        time.sleep(0.05)
    url = f"postgresql://agent@localhost:{port}/agent"
    return {**address, "PGDATABASE": "agent", "DATABASE_URL": url, "POSTGRESQL_URL": url}


_POSTGRESQL = """
listen_addresses = 'localhost'
port = {port}
unix_socket_directories = '{folder}'
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 16MB
max_connections = 40
min_wal_size = 2MB
max_wal_size = 16MB
autovacuum = off
timezone = 'UTC'
"""
"""For a database that lives for seconds: little memory, nothing kept safe from a crash."""


def _redis(programs: str, data: str) -> dict[str, str]:
    port = _free(6379)
    names = ("redis-server", "valkey-server")
    program = next(p for n in names if os.path.isfile(p := os.path.join(programs, n)))
    log = os.path.join(data, "log")
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [
                program, "--port", str(port), "--bind", "127.0.0.1", "--dir", data,
                "--save", "", "--appendonly", "no", "--maxmemory", "64mb",
            ],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=data,
        )  # fmt: skip
    _wait(process, port, log)
    return {"REDIS_URL": f"redis://localhost:{port}/0"}


_STARTS = {"postgresql": _postgresql, "redis": _redis}


def _free(port: int) -> int:
    """Return this port, or another one where somebody has it: without a sandbox, they may."""
    for wanted in (port, 0):
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(one.getsockname()[1])
    raise ServiceError("no port is free")


def _wait(process: subprocess.Popen[bytes], port: int, log: str) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise ServiceError(_last(_text(log)))


def _text(path: str) -> str:
    with open(path, errors="replace") as file:
        return file.read()


def _last(said: str) -> str:
    """Return the line of a log that tells what is wrong."""
    rows = [row.strip() for row in said.splitlines() if row.strip()]
    wrong = [row for row in rows if "FATAL" in row or "rror" in row or "cannot" in row]
    return (wrong or rows or ["it ended without a word"])[0][:300]

"""What the worker's JavaScript calls: sessions by JSON, and packages."""

from __future__ import annotations

import errno
import json
import socket
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import loop, session

if TYPE_CHECKING:
    from collections.abc import Callable


def begin() -> None:
    """Prepare the interpreter; called once."""
    loop.install()
    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, _unreachable)
    session.start()


def _unreachable(*_: object) -> None:
    """Say at once what Emscripten's sockets, which try by WebSocket, would say too late."""
    raise OSError(errno.ENETUNREACH, "Network is unreachable")


def install(wheel: str) -> None:
    """Let sessions import what is in a wheel.

    One of Python alone stays as it is. What holds libraries, or files that programs open by their
    path, is unpacked.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        if any(name.endswith(".so") for name in names) or not _is_importable(names):
            folder = wheel.removesuffix(".whl")
            archive.extractall(folder)
            Path(wheel).unlink()
            wheel = folder
    session.install(wheel)


def _is_importable(names: list[str]) -> bool:
    """Whether there is nothing in a wheel besides Python and its description."""
    return all(
        name.endswith((".py", ".pyi", ".typed", "/")) or ".dist-info/" in name for name in names
    )


def opened(request: str, top: str, tell: Callable[[str], None]) -> Remote:
    """Begin a session."""
    loop.install_anyio()
    return Remote(session.Session(json.loads(request), top, tell))


class Remote:
    """A session that is spoken to in JSON."""

    def __init__(self, own: session.Session) -> None:
        self.own = own

    def run(self, step: str, promise: str) -> str:
        """Run a step; see :meth:`session.Session.run`."""
        return _told(self.own.run(json.loads(step), json.loads(promise)))

    def request(self, asked: str) -> str:
        """Ask the session's application; see :meth:`asgi.Server.request`."""
        return _told(self.own.request(json.loads(asked)))


def _told(value: dict[str, Any]) -> str:
    return json.dumps(value, default=repr)

"""An ASGI application that a snippet made → its description, and answers to requests."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from .loop import Loop, settle

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 1_000_000
"""Bytes of an answer that are handed on."""
PATIENCE = 20.0
"""Seconds after which the client hangs up, as on a stream that never ends."""
_HOST = "localhost:8000"


def find(namespace: dict[str, Any], names: Iterable[str]) -> Any:
    """Return the last of these names' values that is an application and describes itself."""
    found = None
    for name in names:
        value = namespace.get(name)
        if not isinstance(value, type) and callable(getattr(value, "openapi", None)):
            found = value if callable(value) else found
    return found


def described(app: Any) -> dict[str, Any] | None:
    """Return an application's title and OpenAPI document; nothing where it fails to tell."""
    try:
        document = app.openapi()
    except Exception:  # of a framework, or of what was made with it
        return None
    if not isinstance(document, dict):
        return None
    title = document.get("info", {}).get("title", "")
    return {"title": str(title), "openapi": document}


class Server:
    """Runs an application in place: begun once, then asked."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.loop = Loop()
        self.state: dict[str, Any] = {}
        self._begin()

    def _begin(self) -> None:
        """Let the application begin; one that knows nothing of beginnings need not."""
        self.heard: list[dict[str, Any]] = []
        self.leave = asyncio.Event()
        asked = False

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "lifespan.startup"}
            await self.leave.wait()
            return {"type": "lifespan.shutdown"}

        async def send(message: dict[str, Any]) -> None:
            self.heard.append(message)

        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state}
        life = self.loop.create_task(_called(self.app, scope, receive, send))
        settle(lambda: bool(self.heard) or life.done())
        if life.done() and not life.cancelled():
            life.exception()  # looked at: without a lifespan, it is no fault
        for message in self.heard:
            if message["type"] == "lifespan.startup.failed":
                raise RuntimeError(str(message.get("message") or "the application did not begin"))

    def request(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer a request: ``{status, headers, body, encoding, type, seconds, cut}``."""
        begin = time.perf_counter()
        answer = _Answer(_encoded(asked.get("body")))
        task = self.loop.create_task(
            _called(self.app, self._scope(asked, answer.body), answer.receive, answer.send)
        )
        over = settle(lambda: task.done() or answer.full, PATIENCE)
        if not task.done():
            answer.gone.set()
            settle(task.done, 0.2)
            task.cancel()
            settle(task.done, 1.0)
        error = None if not task.done() or task.cancelled() else task.exception()
        if error is not None and not answer.status:
            raise error
        return answer.told(time.perf_counter() - begin, cut=answer.full or not over)

    def _scope(self, asked: dict[str, Any], body: bytes) -> dict[str, Any]:
        path, _, query = str(asked["path"]).partition("?")
        headers = [(str(k).lower().encode(), str(v).encode()) for k, v in _pairs(asked)]
        names = {name for name, _ in headers}
        if b"host" not in names:
            headers.append((b"host", _HOST.encode()))
        if body and b"content-length" not in names:
            headers.append((b"content-length", str(len(body)).encode()))
        host, _, port = _HOST.partition(":")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": str(asked["method"]).upper(),
            "scheme": "http",
            "path": unquote_to_bytes(path).decode("utf-8", "replace"),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 50000),
            "server": (host, int(port)),
            "state": dict(self.state),
            "extensions": {},
        }


class _Answer:
    """What an application is given of a request, and what it sends."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.gone = asyncio.Event()
        self.given = False
        self.status = 0
        self.headers: list[list[str]] = []
        self.data = b""
        self.full = False

    async def receive(self) -> dict[str, Any]:
        if not self.given:
            self.given = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            pairs = message.get("headers", ())
            self.headers = [[k.decode("latin-1"), v.decode("latin-1")] for k, v in pairs]
        elif message["type"] == "http.response.body" and not self.full:
            self.data += message.get("body", b"")
            self.full = len(self.data) > MOST

    def told(self, seconds: float, cut: bool) -> dict[str, Any]:
        data = self.data[:MOST]
        try:
            body, encoding = data.decode(), "text"
        except UnicodeDecodeError:
            body, encoding = base64.b64encode(data).decode(), "base64"
        kinds = [value for name, value in self.headers if name.lower() == "content-type"]
        return {
            "status": self.status, "headers": self.headers, "body": body, "encoding": encoding,
            "type": kinds[0] if kinds else "", "seconds": round(seconds, 4), "cut": cut,
        }  # fmt: skip


async def _called(app: Any, *arguments: Any) -> None:
    await app(*arguments)


def _encoded(body: object) -> bytes:
    return body if isinstance(body, bytes) else str(body or "").encode()


def _pairs(asked: dict[str, Any]) -> Iterable[tuple[str, str]]:
    headers = asked.get("headers") or ()
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [(name, value) for name, value in pairs]

"""A request's parts → a command that sends it."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any
from urllib.parse import quote

from agentdocs.artefacts.openapi.text import brief_value, harmless, is_token

LOCAL = "http://localhost:8000"
"""Where an API is that does not say it."""
MOST = 4_000
"""Characters of a body that a command shows."""


def word(value: Any) -> str:
    """Return a parameter's value as it is written into an address or a header."""
    if isinstance(value, list):
        return ",".join(word(item) for item in value[:8] if not isinstance(item, list | dict))
    text = value if isinstance(value, str) else brief_value(value)
    return " ".join(harmless(text[:200]).split())


def curl(
    server: str,
    method: str,
    path: str,
    parameters: list[tuple[str, str, Any]],
    body: tuple[str, Any] | None,
    credentials: list[tuple[str, str, str]],
) -> str:
    """Return a command for a shell, over several lines.

    Nothing of a stranger can become an option, a second command or the name of a file that is
    read: all is quoted, names are tokens of HTTP, and a body is sent raw.

    :param parameters: ``in``, name and value of those that must be sent.
    :param body: its media type and its value.
    :param credentials: where a secret goes (``header``, ``query``, ``cookie``), the name, and
        the secret's stand-in.
    """
    values = {name: word(value) for where, name, value in parameters if where == "path"}
    filled = re.sub(r"\{([^{}]*)\}", lambda m: values.get(m[1]) or m[1], path)
    query = [(n, word(v)) for where, n, v in parameters if where == "query"]
    query += [(name, secret) for where, name, secret in credentials if where == "query"]
    address = _base(server) + quote(filled, safe="/:@!,;=~+.-_")
    pairs = [f"{quote(n, safe='')}={quote(v, safe=',:')}" for n, v in query]
    pairs += [quote(word(v), safe="=&,:") for where, _, v in parameters if where == "querystring"]
    address += f"?{'&'.join(pairs)}" if pairs else ""
    verb = {"GET": "", "HEAD": " --head"}.get(method, f" -X {method}")
    parts = [f"curl{verb} {shlex.quote(address)}"]
    headers = [(n, word(v)) for where, n, v in parameters if where == "header"]
    headers += [(name, secret) for where, name, secret in credentials if where == "header"]
    cookies = [(n, word(v)) for where, n, v in parameters if where == "cookie"]
    cookies += [(name, secret) for where, name, secret in credentials if where == "cookie"]
    if body and body[0] != "multipart/form-data":
        headers.append(("Content-Type", word(body[0])))
    parts += [f"-H {shlex.quote(f'{n}: {v}')}" for n, v in headers if is_token(n)]
    held = "; ".join(f"{n}={v}" for n, v in cookies if is_token(n))
    parts += [f"--cookie {shlex.quote(held)}"] if held else []
    parts += _data(*body) if body else []
    return " \\\n  ".join(parts)


def _base(server: str) -> str:
    """Return an address that curl takes for one, without a slash at its end."""
    if not re.match(r"https?://[^\s/?#]", server):
        server = LOCAL + (server if server.startswith("/") else "")
    return quote(server, safe=":/@!$&'()*+,;=%~-._").rstrip("/")


def _data(media: str, value: Any) -> list[str]:
    if media in ("multipart/form-data", "application/x-www-form-urlencoded"):
        option = "--form-string" if media.startswith("multipart") else "--data-urlencode"
        pairs = list(value.items())[:20] if isinstance(value, dict) else []
        return [f"{option} {shlex.quote(f'{n}={word(v)}')}" for n, v in pairs if is_token(n)]
    if isinstance(value, str):
        text = harmless(value)
    else:
        try:
            text = json.dumps(value, ensure_ascii=False)
            if len(text) > 72:
                text = json.dumps(value, ensure_ascii=False, indent=2)
        except (RecursionError, ValueError, TypeError):
            return []
        text = harmless(text)
    return [f"--data-raw {shlex.quote(text)}"] if len(text) <= MOST else ["--data @body"]

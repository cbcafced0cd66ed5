"""A page of HTML → the same with a Content-Security-Policy: nothing runs that is not the site's.

Agents' text cannot become a script (see ``provenance.py``); if it ever did, this would stop it.
Scripts that a theme writes into its pages are allowed by their hash, as nothing else can be:
https://www.w3.org/TR/CSP3/.
"""

from __future__ import annotations

import base64
import hashlib
import re

_RULES = (
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'{hashes}",
    # Themes set colours in their pages, and diagrams widths.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "frame-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
)
_HEAD = re.compile(r"<head\b[^>]*>(?:\s*<meta charset=[^>]*>)?", re.IGNORECASE)
_INLINE = re.compile(
    r"<script\b(?![^>]*\bsrc\s*=)([^>]*)>(.*?)</script\s*>", re.IGNORECASE | re.DOTALL
)
_DATA = re.compile(r"\btype\s*=\s*[\"']?(?!module\b|text/javascript\b)[\w+./-]+", re.IGNORECASE)


def policy(page: str, body: str = "") -> str:
    """Return the policy for a page: with a hash for each script that its theme writes into it.

    :param body: what the document is made to; a script in it has come there by mistake.
    """
    theirs = set(_scripts(body))
    hashes = "".join(f" 'sha256-{_hash(code)}'" for code in _scripts(page) if code not in theirs)
    return "; ".join(_RULES).format(hashes=hashes)


def _scripts(page: str) -> list[str]:
    """Return the scripts that stand in a page, each once."""
    found = [code for attributes, code in _INLINE.findall(page) if not _DATA.search(attributes)]
    return list(dict.fromkeys(found))


def _hash(code: str) -> str:
    return base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()


def guarded(page: str, body: str = "") -> str:
    """Return a page with its policy, before anything that could run; a part of a page as it is."""
    head = _HEAD.search(page)
    if head is None:
        return page
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(page, body)}">'
    return f"{page[: head.end()]}\n    {meta}{page[head.end() :]}"

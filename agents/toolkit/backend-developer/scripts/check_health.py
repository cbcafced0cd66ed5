#!/usr/bin/env python3
"""Ask a health endpoint whether its service is well.

Exit code 0: it answered with a 2xx status in time. Exit code 1: it did not.
A wrong command line ends with 2, as argparse has it.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import time
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen


def http_url(text: str) -> str:
    """Return ``text`` if it is an address that can be asked over HTTP."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(f"not an http(s) address: {text!r}")
    return text


def seconds(text: str) -> float:
    """Return ``text`` as a number of seconds between 0 and one hour."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"not a number of seconds: {text!r}")
    return value


def ask(url: str, timeout: float) -> tuple[bool, str]:
    """Request ``url`` once; return whether it is well, and what to tell."""
    request = Request(url, headers={"User-Agent": "check-health"})
    try:
        with urlopen(request, timeout=timeout) as response:
            return True, f"status {response.status}"
    except HTTPError as error:
        with error:
            return False, f"status {error.code}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        return False, str(error) or type(error).__name__


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, ask, report in one line."""
    parser = argparse.ArgumentParser(description="Ask a health endpoint whether its service is well.")
    parser.add_argument("--url", type=http_url, default="http://localhost:8000/health")
    parser.add_argument("--timeout", type=seconds, default=3.0, help="seconds to wait (default: 3)")
    options = parser.parse_args(arguments)

    started = time.monotonic()
    well, detail = ask(options.url, options.timeout)
    elapsed = (time.monotonic() - started) * 1000
    print(f"{'ok' if well else 'FAILED'} {options.url}: {detail} ({elapsed:.0f} ms)")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())

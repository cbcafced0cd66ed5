#!/usr/bin/env python3
"""Test a running service against its own OpenAPI document, with requests nobody thought of.

Schemathesis makes up requests that keep to the document and requests that break it, at the
limits first. An operation fails if it answers with a 5xx, with a status or a body that the
document does not have, accepts what the document forbids or refuses what it allows. Each
failure is shown with the smallest request that was found for it, as a curl command.
"""

from __future__ import annotations

import argparse
import base64
import fnmatch
import importlib.util
import json
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

# The scripts beside this one must not stand in for installed modules of the same name.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != _HERE]

PASSED, FAILED, UNUSABLE = 0, 1, 2

EXAMPLES = """\
examples:
  %(prog)s --url=http://localhost:8000
  %(prog)s --url=http://localhost:8000 --include "GET *" --max-examples 200
  %(prog)s --url=http://localhost:8000 --include "/v1/shipments*" --seed 1
  %(prog)s --url=https://staging.example.com/api --schema openapi.yaml \\
           --header "Authorization: Bearer $TOKEN"
  %(prog)s --url=http://localhost:8000 --json | jq '.operations[] | select(.result == "failed")'

exit codes:
  0  each operation passed
  1  at least one operation failed
  2  it could not be tested: wrong command line, no service, no OpenAPI document, no library

The requests write and delete like anybody's: never point this at production.
A schemathesis.toml in the current folder is used. Secrets in headers are not printed.
"""


class Unusable(Exception):
    """What keeps the service from being tested, said so that the reader can mend it."""


@dataclass
class Failure:
    """One way in which an operation failed, with the request that shows it."""

    title: str
    message: str
    curl: str
    size: int = 0


@dataclass
class Result:
    """What came of one operation."""

    operation: str
    result: str = "passed"
    requests: int = 0
    failures: dict[str, Failure] = field(default_factory=dict)

    def add(self, failure: Failure) -> None:
        """Keep a failure, unless a smaller request has shown the same."""
        self.result = "failed"
        key = failure.title + failure.message
        if key not in self.failures or failure.size < self.failures[key].size:
            self.failures[key] = failure

    def as_json(self) -> dict[str, Any]:
        """Return what programs are told."""
        rows = [{name: value for name, value in asdict(one).items() if name != "size"} for one in self.failures.values()]
        return {"operation": self.operation, "result": self.result, "requests": self.requests, "failures": rows}


def http_url(text: str) -> str:
    """Return ``text`` without a slash at its end if it is an address of a service."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"not the http(s) address of a service: {text!r}")
    return text.rstrip("/")


def header(text: str) -> str:
    """Return ``text`` if it is ``Name: value``."""
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*", text):
        raise argparse.ArgumentTypeError("not a header; write 'Name: value'")
    return text


def positive(text: str) -> int:
    """Return ``text`` as a number from 1 on."""
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"not a whole number from 1 on: {text!r}")
    return int(text)


def seconds(text: str) -> float:
    """Return ``text`` as a number of seconds between 0 and one hour."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"not a number of seconds: {text!r}")
    return value


def command(options: argparse.Namespace, report: Path) -> list[str]:
    """Return the call of Schemathesis."""
    if importlib.util.find_spec("schemathesis") is None:
        raise Unusable('schemathesis is not installed; run: pip install "schemathesis>=4.32"')
    schema = options.schema or f"{options.url}/openapi.json"
    if not schema.startswith(("http://", "https://")):
        if not Path(schema).is_file():
            raise Unusable(f"{schema}: there is no such file; --schema takes an address or a file")
        schema = str(Path(schema).resolve())
    # Started from here, because its own program need not be on the PATH.
    start = "import sys; from schemathesis.cli import schemathesis; sys.argv[0] = 'schemathesis'; schemathesis()"
    call = [sys.executable, "-c", start]
    if Path("schemathesis.toml").is_file():
        call += ["--config-file", str(Path("schemathesis.toml").resolve())]
    call += [
        "--no-color", "run", schema, f"--url={options.url}", f"--seed={options.seed}",
        f"--max-examples={options.max_examples}", f"--request-timeout={options.timeout}",
        "--report=ndjson", f"--report-ndjson-path={report}", "--continue-on-failure",
    ]
    call += [f"--header={one}" for one in options.header]
    if options.include:
        # Operations are named "GET /path"; a pattern that begins with a slash is for any method.
        wanted = (f"* {one}" if one.startswith("/") else one for one in options.include)
        call.append("--include-name-regex=" + "|".join(f"^{fnmatch.translate(one)}" for one in wanted))
    return call


def finish(call: list[str], report: Path, folder: str) -> tuple[int, str]:
    """Run Schemathesis, tell on a terminal how far it is; return its status and what it said."""
    shown = sys.stderr.isatty()
    with tempfile.TemporaryFile(dir=folder) as output:
        # In a folder of its own, because it leaves its memory in the current one.
        process = subprocess.Popen(call, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                if shown:
                    done = report.read_bytes().count(b'{"ScenarioFinished"') if report.exists() else 0
                    print(f"\r\x1b[Ktesting, {done} rounds done", end="", file=sys.stderr, flush=True)
                time.sleep(0.2 if shown else 0.02)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
            if shown:
                print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        output.seek(0)
        return process.returncode, output.read().decode(errors="replace")


def events(report: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the events that Schemathesis has reported, in order."""
    if report.exists():
        with report.open(encoding="utf-8") as lines:
            for line in lines:
                yield from json.loads(line).items()


def curl(request: dict[str, Any]) -> tuple[str, int]:
    """Return a request as a command for a shell, and the size of its body."""
    parts, before = ["curl", "-X", request["method"]], ""
    for name, values in request.get("headers", {}).items():
        for value in values:
            parts += ["-H", f"{name}: {value}"]
    body = base64.b64decode((request.get("body") or {}).get("$base64", ""))
    if body:
        try:
            text = body.decode()
            if not text.isprintable():
                raise ValueError
            parts += ["--data-raw", text]
        except ValueError:
            before = "printf '" + "".join(f"\\{byte:03o}" for byte in body) + "' | "
            parts += ["--data-binary", "@-"]
    return before + shlex.join([*parts, request["uri"]]), len(body)


def read(report: Path, include: list[str]) -> list[Result]:
    """Return what came of each operation."""
    results: dict[str, Result] = {}
    for kind, event in events(report):
        if kind == "FatalError":
            message = event["exception"]["message"]
            hint = "Is the service running there?" if "onnection" in message else "--schema names another document."
            raise Unusable(f"{message}\n{hint}")
        if kind == "LoadingFinished" and not event["statistic"]["operations"]["selected"]:
            total = event["statistic"]["operations"]["total"]
            raise Unusable(
                f"--include names none of the {total} operations; write it as \"GET /path\" or \"/path*\""
                if include and total else "the document has no operations"
            )
        if kind == "NonFatalError":
            label = event.get("label") or "the service"
            results.setdefault(label, Result(label)).add(trouble(event.get("value")))
        if kind == "EngineFinished" and event.get("stop_reason") == "server_unavailable":
            raise Unusable("the service stopped answering; is it running, or did a request end it?")
        if kind != "ScenarioFinished" or not event["recorder"].get("label"):
            continue
        recorder = event["recorder"]
        interactions = recorder.get("interactions", {})
        if event["phase"] != "stateful":
            one = results.setdefault(recorder["label"], Result(recorder["label"]))
            one.requests += len(interactions)
        for case, checks in recorder.get("checks", {}).items():
            for check in checks:
                if check["status"] == "success":
                    continue
                failure = check["failure_info"]["failure"]
                label = failure.get("operation") or recorder["label"]
                shown, size = curl(interactions[case]["request"]) if case in interactions else ("", 0)
                results.setdefault(label, Result(label)).add(Failure(failure["title"], failure["message"].strip(), shown, size))
    return list(results.values())


def trouble(value: Any) -> Failure:
    """Return what kept an operation from being tested, such as an answer that never came."""
    known = value if isinstance(value, dict) else {"type": "", "message": str(value)}
    title = "No answer in time" if "Timeout" in str(known.get("type")) else "Could not be tested"
    return Failure(title, str(known.get("message", "")).strip(), "")


def show(results: list[Result], took: float, seed: int) -> None:
    """Print a table of the operations, and below it what failed."""
    width = max([len("OPERATION"), *(len(one.operation) for one in results)])
    print(f"{'OPERATION':{width}}  RESULT  REQUESTS  FAILURES")
    for one in results:
        titles = ", ".join(dict.fromkeys(failure.title for failure in one.failures.values()))
        print(f"{one.operation:{width}}  {'FAILED' if one.failures else 'passed'}  {one.requests:>8}  {titles}".rstrip())
    for one in results:
        if one.failures:
            print(f"\n{one.operation}")
        for failure in one.failures.values():
            print(f"  {failure.title}")
            for line in [*failure.message.splitlines(), failure.curl]:
                print(f"    {line}") if line.strip() else None
    failed = sum(bool(one.failures) for one in results)
    print(
        f"\n{len(results)} operations: {len(results) - failed} passed, {failed} failed"
        f" ({sum(one.requests for one in results)} requests, {took:.1f} s, seed {seed})"
    )


def run(options: argparse.Namespace) -> int:
    """Test the service, and report."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "events.ndjson")
        status, said = finish(command(options, report), report, folder)
        try:
            results = read(report, options.include)
        except (KeyError, TypeError, ValueError) as error:
            raise Unusable(
                f"this version of Schemathesis reports in another way ({type(error).__name__}: {error});"
                ' run: pip install "schemathesis>=4.32,<5"'
            ) from None
    if not results or status not in (0, 1):
        raise Unusable(f"Schemathesis ended with status {status}:\n{said.strip()[-2000:]}")
    took = time.monotonic() - started
    failed = sum(bool(one.failures) for one in results)
    if options.json:
        rows = [one.as_json() for one in results]
        print(json.dumps({"url": options.url, "seed": options.seed, "failed": failed, "operations": rows}, indent=2))
    else:
        show(results, took, options.seed)
    return FAILED if failed or status else PASSED


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(
        description="Test a running service against its own OpenAPI document.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument("--url", type=http_url, required=True, help="where the paths of the document begin")
    result.add_argument("--schema", metavar="URL|FILE", help="the OpenAPI document (default: /openapi.json below --url)")
    result.add_argument(
        "--include", action="append", default=[], metavar="PATTERN",
        help='operations to test, such as "GET /v1/*" or "/v1/*"; repeatable (default: all)',
    )
    result.add_argument("--header", action="append", default=[], type=header, metavar="HEADER", help="sent with each request, such as 'Name: value'; repeatable")
    result.add_argument("--max-examples", type=positive, default=50, metavar="N", help="random requests for each operation, beside those at the limits (default: 50)")
    result.add_argument("--seed", type=int, help="a number that makes a run repeatable (default: a new one)")
    result.add_argument("--timeout", type=seconds, default=5.0, metavar="SECONDS", help="to wait for an answer (default: 5)")
    result.add_argument("--json", action="store_true", help="for programs")
    return result


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, test, report."""
    options = parser().parse_args(arguments)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(2**32)
    try:
        return run(options)
    except Unusable as error:
        print(f"error: {error}", file=sys.stderr)
        return UNUSABLE


def _exit() -> NoReturn:
    try:
        code = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    sys.exit(code)


if __name__ == "__main__":
    _exit()

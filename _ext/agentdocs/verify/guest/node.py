"""JavaScript and TypeScript: one Node process for all steps; ``node.mjs`` runs in it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

_DRIVER = str(Path(__file__).with_name("node.mjs"))


class Runner:
    """A Node process that goes on from step to step; where a step ends it, a new one follows."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.command = request["command"]
        self.node: subprocess.Popen[bytes] | None = None
        self.orders = self.events = -1

    def step(self, step: dict[str, Any]) -> dict[str, Any]:
        """Hand the step over and wait for the report."""
        node = self._start()
        order = {key: step[key] for key in ("file", "line", "code", "mode", "setup", "check")}
        order["begin"] = os.fstat(1).st_size
        with contextlib.suppress(BrokenPipeError):
            os.write(self.orders, json.dumps(order).encode() + b"\n")
        buffer = b""
        while b"\n" not in buffer:
            data = os.read(self.events, 65536)
            if not data:
                break
            buffer += data
        if b"\n" in buffer:
            report = json.loads(buffer.partition(b"\n")[0])
            assert isinstance(report, dict)
            return report
        status = node.wait()
        self.node = None
        os.close(self.orders)
        os.close(self.events)
        if status == 0:
            return {"status": "ok", "asserted": 0}
        text = f"ends with status {status}"
        return {"status": "failed", "kind": "Status", "text": text, "code": status,
                "where": "snippet"}  # fmt: skip

    def _start(self) -> subprocess.Popen[bytes]:
        if self.node:
            return self.node
        theirs_in, self.orders = os.pipe()
        self.events, theirs_out = os.pipe()
        self.node = subprocess.Popen(
            [*self.command, "--no-warnings", "--experimental-vm-modules", _DRIVER,
             str(theirs_in), str(theirs_out)],
            pass_fds=(theirs_in, theirs_out),
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        return self.node

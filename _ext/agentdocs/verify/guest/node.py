"""JavaScript and TypeScript: one Node process for all steps; ``node.mjs`` runs in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .child import EVENTS, ORDERS, Child

_DRIVER = str(Path(__file__).with_name("node.mjs"))


class Runner:
    """A Node process that goes on from step to step; where a step ends it, a new one follows."""

    def __init__(self, request: dict[str, Any]) -> None:
        flags = ("--no-warnings", "--experimental-vm-modules", "--experimental-import-meta-resolve")
        self.command = [*request["command"], *flags]
        self.command += [_DRIVER, str(ORDERS), str(EVENTS)]
        self.node: Child | None = None

    def step(self, step: dict[str, Any]) -> dict[str, Any]:
        """Hand the step over and wait for the report."""
        if self.node is None:
            self.node = Child(self.command)
        order = {key: step[key] for key in ("file", "line", "code", "mode", "setup", "check")}
        self.node.order(json.dumps({**order, "begin": os.fstat(1).st_size}))
        event = self.node.event()
        if event is not None:
            report = json.loads(event)
            assert isinstance(report, dict)
            if report.pop("over", False):
                self.node.end()
                self.node = None
            return report
        status = self.node.end()
        self.node = None
        if status == 0:
            return {"status": "ok", "asserted": 0}
        text = f"ends with status {status}"
        return {"status": "failed", "kind": "Status", "text": text, "code": status,
                "where": "snippet"}  # fmt: skip

"""Any other interpreter: a process for each step, with the snippet in a file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any


class Runner:
    """A command with ``{file}``; its exit code says how it went."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.command = request["command"]
        self.folder = Path(os.environ.get("TMPDIR", "/tmp"), ".agentdocs")
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def step(self, step: dict[str, Any]) -> dict[str, Any]:
        """Run setup, snippet and check as one file."""
        file = self.folder / f"snippet{step['suffix']}"
        parts = [part["code"] for part in (step["setup"], step, step["check"]) if part]
        file.write_text("\n".join(part.rstrip("\n") for part in parts) + "\n")
        command = [word.replace("{file}", str(file)) for word in self.command]
        run = subprocess.run(command, start_new_session=True)
        if run.returncode == 0:
            return {"status": "ok", "asserted": bool(step["check"])}
        text = f"ends with status {run.returncode}"
        return {"status": "failed", "kind": "Status", "text": text, "code": run.returncode,
                "where": "snippet"}  # fmt: skip

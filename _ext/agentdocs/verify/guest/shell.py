"""Shell: scripts and ``$`` sessions, in one bash for all steps, each with ``set -e``."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from .child import Child

_DRIVER = Path(__file__).with_name("shell.sh").read_text()


class Runner:
    """A bash that goes on from step to step; where a step ends it, the next gets a new one."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.bash: Child | None = None
        self.folder = Path(os.environ.get("TMPDIR", "/tmp"), ".agentdocs")
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def step(self, step: dict[str, Any]) -> dict[str, Any]:
        """Run setup, the snippet or each command of a session, and check; return a report."""
        parts = step["parts"] or [step]
        ends: list[int] = []
        for part in (step["setup"], *parts, step["check"]):
            if part and (fault := self._parse(part)):
                return {**fault, "where": "snippet"}
        if step["setup"] and (report := self._run(step["setup"])):
            return {**report, "where": "setup"}
        for part in parts:
            report = self._run(part)
            ends.append(os.fstat(1).st_size)
            if report:
                return {**report, "where": "snippet", "parts": ends}
        if step["check"]:
            if report := self._run(step["check"]):
                return {**report, "where": "check", "parts": ends}
            return {"status": "ok", "asserted": 1, "parts": ends}
        return {"status": "ok", "asserted": 0, "parts": ends}

    def _write(self, part: dict[str, Any]) -> Path:
        """Write a script with empty lines before it, so that bash counts the file's own lines."""
        file = self.folder / "snippet.sh"
        file.write_text("\n" * (part["line"] - 1) + part["code"] + "\n")
        return file

    def _parse(self, part: dict[str, Any]) -> dict[str, Any]:
        file = self._write(part)
        run = subprocess.run(
            ["bash", "-n", str(file)], capture_output=True, text=True, errors="replace"
        )
        if run.returncode == 0:
            return {}
        match = re.search(r"line (\d+): (.*)", run.stderr)
        text = match[2] if match else run.stderr.strip()
        return {"status": "syntax", "text": text, "line": int(match[1]) if match else 0}

    def _run(self, part: dict[str, Any]) -> dict[str, Any]:
        file = self._write(part)
        if self.bash is None:
            self.bash = Child(["bash", "--noprofile", "--norc", "-c", _DRIVER], hand_on=True)
        self.bash.order(str(file))
        missing: tuple[str, int] | None = None
        failed: tuple[str, int, str] | None = None
        while (event := self.bash.event()) is not None:
            kind, _, rest = event.partition(" ")
            if kind == "done":
                return {}
            if kind == "missing":
                line, _, name = rest.partition(" ")
                missing = missing or (name, int(line) if line.isdigit() else 0)
            elif kind == "failed":
                status, _, rest = rest.partition(" ")
                line, _, command = rest.partition(" ")
                failed = (status, int(line) if line.isdigit() else 0, command)
        code = self.bash.end()
        self.bash = None
        if code == 0:
            return {}
        report: dict[str, Any] = {"status": "failed", "kind": "Status", "code": code}
        report["text"] = f"ends with status {code}"
        # Of ``a && b`` the shell names nothing but the driver's own line.
        if failed and not failed[2].startswith('source "$__agentdocs_file"'):
            report["line"] = failed[1]
            report["text"] = f"{failed[2]} ends with status {failed[0]}"
        if missing and (not failed or failed[0] == "127"):
            report["missing"], report["line"] = f"program {missing[0]}", missing[1]
        return report

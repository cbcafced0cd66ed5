"""Shell: scripts and ``$`` sessions, in one bash for all steps, each with ``set -e``."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from pathlib import Path
from typing import Any

_DRIVER = Path(__file__).with_name("shell.sh").read_text()


class Runner:
    """A bash that goes on from step to step; where a step ends it, the next gets a new one."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.bash: subprocess.Popen[bytes] | None = None
        self.orders = self.events = -1
        self.buffer = b""
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
        bash = self._start()
        with contextlib.suppress(BrokenPipeError):
            os.write(self.orders, f"{file}\n".encode())
        missing: tuple[str, int] | None = None
        failed: tuple[str, int, str] | None = None
        while (event := self._event()) is not None:
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
        status = bash.wait()
        self.bash = None
        os.close(self.orders)
        os.close(self.events)
        if status == 0:
            return {}
        report: dict[str, Any] = {"status": "failed", "kind": "Status", "code": status}
        report["text"] = f"ends with status {status}"
        # Of ``a && b`` the shell names nothing but the driver's own line.
        if failed and not failed[2].startswith('source "$__agentdocs_file"'):
            report["line"] = failed[1]
            report["text"] = f"{failed[2]} ends with status {failed[0]}"
        if missing and (not failed or failed[0] == "127"):
            report["missing"], report["line"] = f"program {missing[0]}", missing[1]
        return report

    def _start(self) -> subprocess.Popen[bytes]:
        if self.bash:
            return self.bash
        theirs_in, self.orders = os.pipe()
        self.events, theirs_out = os.pipe()

        # 8 and 9 are what the driver reads and writes; nothing else stands there yet.
        def wire() -> None:
            os.dup2(theirs_out, 8)
            os.dup2(theirs_in, 9)

        self.bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-c", _DRIVER],
            pass_fds=(theirs_in, theirs_out, 8, 9), preexec_fn=wire,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self.buffer = b""
        return self.bash

    def _event(self) -> str | None:
        while b"\n" not in self.buffer:
            # A child that bash left behind may hold the pipe open; bash itself decides.
            data = os.read(self.events, 65536)
            if not data:
                return None
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode("utf-8", "replace")

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
        printed: list[str] = []
        order = [("setup", step["setup"]), *(("snippet", part) for part in step["parts"] or [step])]
        order = [(where, part) for where, part in (*order, ("check", step["check"])) if part]
        for where, part in order:
            if fault := self._parse(part):
                return {**fault, "where": where}
        for where, part in order:
            begin = os.fstat(1).st_size
            report = self._run(part)
            if where == "snippet":
                printed.append(os.pread(1, 8000, begin).decode("utf-8", "replace"))
            if report:
                return {**report, "where": where, "parts": printed}
        return {"status": "ok", "asserted": int(bool(step["check"])), "parts": printed}

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
        last = part["line"] + part["code"].rstrip("\n").count("\n")
        return {"status": "syntax", "text": text, "line": min(int(match[1]), last) if match else 0}

    def _run(self, part: dict[str, Any]) -> dict[str, Any]:
        file = self._write(part)
        if self.bash is None:
            state = str(self.folder / "state")
            command = ["bash", "--noprofile", "--norc", "-c", _DRIVER, "bash", state]
            self.bash = Child(command, hand_on=True)
        begin = os.fstat(1).st_size
        self.bash.order(str(file))
        told: dict[str, list[str]] = {}
        while (event := self.bash.event()) is not None:
            kind, _, rest = event.partition(" ")
            if kind == "done":
                return {}
            told.setdefault(kind, []).append(rest)
        code = self.bash.end()
        self.bash = None
        if code == 0:
            return {}
        return _report(code, told, part, os.pread(1, 64_000, begin).decode("utf-8", "replace"))


def _report(
    code: int, told: dict[str, list[str]], part: dict[str, Any], output: str
) -> dict[str, Any]:
    """Describe what ended the shell, at the snippet's own line."""
    report: dict[str, Any] = {"status": "failed", "kind": "Status", "code": code}
    report["text"] = f"ends with status {code}"
    if "exit" in told:
        return report | {"line": _line(told["exit"][0], part)}
    if "failed" in told:
        status, lines, command = told["failed"][-1].split("|", 2)
        report |= {"line": _line(lines, part), "text": f"{command} ends with status {status}"}
        if "missing" in told and status == "127":
            lines, name = told["missing"][0].split("|", 1)
            report |= {"line": _line(lines, part), "missing": f"program {name}"}
        return report
    # An expansion that fails ends the shell without a trap.
    rows = re.findall(r"snippet\.sh: line (\d+): (\w+): (.*)", output)
    if rows:
        line, name, text = rows[-1]
        report |= {"line": int(line), "missing": f"variable {name}", "text": f"{name}: {text}"}
    return report


def _line(numbers: str, part: dict[str, Any]) -> int:
    """Return, of the lines that led there, the innermost of the part itself."""
    own = range(part["line"], part["line"] + part["code"].count("\n") + 1)
    return next((int(n) for n in numbers.split() if n.isdigit() and int(n) in own), 0)

"""Any other interpreter: a process for each step, with the snippet in a file."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any


class Runner:
    """A command with ``{file}``; its exit code says how it went, and what it prints, where."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.command, self.checker = request["command"], request.get("checker", [])
        self.folder = Path(os.environ.get("TMPDIR", "/tmp"), ".agentdocs")
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.file = self.folder / "code"

    def step(self, step: dict[str, Any]) -> dict[str, Any]:
        """Run setup, snippet and check as one file."""
        self.file = self.folder / f"code{step['suffix']}"
        self.parts: list[tuple[int, str, dict[str, Any]]] = []
        text = ""
        for where, part in (("setup", step["setup"]), ("snippet", step), ("check", step["check"])):
            if part:
                self.parts.append((text.count("\n") + 1, where, part))
                text += part["code"].rstrip("\n") + "\n"
        self.file.write_text(text)
        if self.checker:
            words = self._words(self.checker)
            run = subprocess.run(words, capture_output=True, text=True, errors="replace")
            if run.returncode:
                return {"status": "syntax", "text": "", **self._place(run.stderr + run.stdout)}
        begin = os.fstat(1).st_size
        status = subprocess.run(self._words(self.command), start_new_session=True).returncode
        if status == 0:
            return {"status": "ok", "asserted": bool(step["check"])}
        said = os.pread(1, 64_000, begin).decode("utf-8", "replace")
        report = {"text": f"ends with status {status}", **self._place(said)}
        return {"status": "failed", "kind": "Status", "code": status, **report}

    def _words(self, command: list[str]) -> list[str]:
        return [word.replace("{file}", str(self.file)) for word in command]

    def _place(self, said: str) -> dict[str, Any]:
        """Return what a message says that names a line of the file: its text, part and line."""
        name = re.escape(str(self.file))
        pattern = rf"(.*?)(?: in | at |,? )?{name}(?::|,? (?:on |at )?line )(\d{{1,9}})(.*)"
        found = re.search(pattern, said)
        if not found:
            return {"where": "snippet"}
        before, number, after = found[1].strip(" :"), max(1, int(found[2])), found[3].strip(" :")
        first, where, part = [entry for entry in self.parts if entry[0] <= number][-1]
        return {"text": before or after, "where": where, "line": part["line"] + number - first}

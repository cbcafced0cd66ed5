"""SQL: statements on an empty database, one for all steps: SQLite's, or PostgreSQL's by psql."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from typing import TYPE_CHECKING, Any

from . import artefacts

if TYPE_CHECKING:
    from collections.abc import Iterator


class Runner:
    """A database, and the steps run on it."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.tables: set[str] = set()
        self.database = sqlite3.connect(":memory:", isolation_level=None)

    def step(self, step: dict[str, Any]) -> dict[str, Any]:
        """Run setup, snippet and check; a check's rows must hold nothing but truth."""
        if step.get("database") == "postgresql":
            return _psql(step)
        asserted = 0
        for where, part in (("setup", step["setup"]), ("snippet", step), ("check", step["check"])):
            if not part:
                continue
            for line, statement in statements(part["code"]):
                place = {"where": where, "line": part["line"] + line - 1}
                try:
                    cursor = self.database.execute(statement)
                    rows = cursor.fetchall()
                except sqlite3.Warning as error:
                    return {"status": "failed", "kind": "Warning", "text": str(error), **place}
                except sqlite3.Error as error:
                    return {"status": "failed", **_error(error), **place}
                if where == "check" and cursor.description:
                    asserted += len(rows)
                    if not rows or not all(all(row) for row in rows):
                        text = f"the check gives {_shown(rows[0]) if rows else 'no row'}"
                        return {"status": "failed", "kind": "AssertionError", "text": text, **place}
                elif where == "snippet":
                    print(*map(_shown, rows), sep="\n", end="\n" if rows else "", flush=True)
        made = artefacts.tables(self.database, self.tables)
        return {"status": "ok", "asserted": asserted, "artefacts": made}


_ROWS = re.compile(r"^\s*(?:SELECT|VALUES|WITH|TABLE|SHOW|EXPLAIN)\b|\bRETURNING\b", re.IGNORECASE)
"""Statements that give rows, if only there are some."""


def _psql(step: dict[str, Any]) -> dict[str, Any]:
    """Let psql run all three as one file, so that a transaction may span them."""
    mark = f"-- {os.urandom(8).hex()}"
    text, first, codes = "", [], []
    for where, part in (("setup", step["setup"]), ("snippet", step), ("check", step["check"])):
        if not part:
            continue
        whole = where != "check" or "$$" in part["code"]  # a function's body has statements too
        pieces = [(1, part["code"])] if whole else statements(part["code"])
        for line, code in pieces:
            text += f"\\echo '{mark} {where}'\n"
            codes.append(code)
            first.append((text.count("\n") + 1, where, part["line"] + line - 1))
            text += code.rstrip("\n") + "\n;\n"
    run = subprocess.run(
        ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-"],
        input=text, capture_output=True, text=True, errors="replace",
    )  # fmt: skip
    asserted = 0
    results = [part.partition("\n") for part in run.stdout.split(mark)[1:]]
    for number, (where, _, printed) in enumerate(results):
        if where.strip() == "snippet":
            print(printed, end="", flush=True)
        elif where.strip() == "check" and (run.returncode == 0 or number < len(results) - 1):
            rows = printed.splitlines()
            asserted += len(rows)
            if not rows and not _ROWS.search(codes[number]):
                continue
            if not rows or any(f in ("f", "0", "") for row in rows for f in row.split("|")):
                text = f"the check gives {rows[0] if rows else 'no row'}"
                place = {"where": "check", "line": first[number][2]}
                return {"status": "failed", "kind": "AssertionError", "text": text, **place}
    if run.returncode == 0:
        return {"status": "ok", "asserted": asserted}
    said = re.search(r"psql:<stdin>:(\d+): (?:ERROR|FATAL): +(.*)", run.stderr)
    number, text = (int(said[1]), said[2]) if said else (1, run.stderr.strip().split("\n")[0])
    begin, where, line = [entry for entry in first if entry[0] <= number or entry is first[0]][-1]
    place = {"where": where, "line": line + number - begin}
    return {"status": "failed", "kind": "Error", "text": f"PostgreSQL: {text}", **place}


MOST_INNER = 200
"""Lines with a semicolon within one statement, as triggers have; of more, the rest is one text.

An open quote would have each of them look at all that stands before it.
"""


def statements(code: str) -> Iterator[tuple[int, str]]:
    """Yield each statement with the line it begins on."""
    lines: list[str] = []
    first, asked = 1, 0
    for number, line in enumerate(code.split("\n"), 1):
        if not lines and not line.strip():
            continue
        if not lines:
            first, asked = number, 0
        lines.append(line)
        if ";" not in line or asked >= MOST_INNER:
            continue
        asked += 1
        text = "\n".join(lines)
        if sqlite3.complete_statement(text):
            # Several statements may stand on one line.
            parts = _split(text)
            for part in parts:
                yield first, part
            lines = []
    text = "\n".join(lines)
    if _says_something(text):
        yield first, text


def _split(text: str) -> list[str]:
    parts, begin = [], 0
    for index, sign in enumerate(text):
        if sign == ";" and sqlite3.complete_statement(text[begin : index + 1]):
            parts.append(text[begin : index + 1])
            begin = index + 1
    if _says_something(text[begin:]):
        parts.append(text[begin:])
    return parts


def _says_something(text: str) -> bool:
    """Whether there is more than white space and comments."""
    return bool(re.sub(r"--[^\n]*|/\*.*?(?:\*/|$)|\s+", "", text, flags=re.DOTALL))


def _error(error: sqlite3.Error) -> dict[str, Any]:
    text = str(error)
    missing = ""
    for words in ("no such table: ", "no such column: ", "no such function: "):
        if text.startswith(words):
            missing = f"{words.split()[2].rstrip(':')} {text.removeprefix(words)}"
    kind = type(error).__name__
    if "syntax error" in text or text.startswith(("unrecognized token", "incomplete input")):
        kind = "Syntax"
    return {"kind": kind, "text": f"{type(error).__name__}: {text}", "missing": missing}


def _shown(row: tuple[Any, ...]) -> str:
    return "|".join("" if value is None else str(value) for value in row)

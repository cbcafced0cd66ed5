"""Names of tools, in every client's spelling → one canonical name and what it permits.

Sources: the tool lists of Claude Code's subagents, the alias table of GitHub's custom agents
(execute, read, edit, search, agent, web, todo), and the spellings seen in public libraries.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agentdocs.model import Tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentdocs.model import Value

PERMITS: dict[str, str] = {
    "read": "Reads files",
    "write": "Changes files",
    "run": "Runs commands",
    "net": "Reaches the network",
    "agents": "Starts other agents and skills",
    "plan": "Plans and asks",
    "mcp": "Uses external services (MCP)",
    "all": "Everything",
    "other": "Not known here",
}
"""What a tool permits, in the order of pages."""

CANONICAL: dict[str, tuple[str, tuple[str, ...]]] = {
    "Read": ("read", ("view", "readfile", "cat", "fileread", "fsread", "readmanyfiles")),
    "Grep": ("read", ("search", "codesearch", "searchfiles", "contentsearch", "searchfilecontent")),
    "Glob": ("read", ("find", "findfiles", "filesearch")),
    "LS": ("read", ("list", "listdir", "listdirectory", "listfiles")),
    "NotebookRead": ("read", ()),
    "LSP": ("read", ()),
    "Edit": (
        "write",
        ("strreplace", "editfile", "fileedit", "update", "patch", "applypatch", "replace"),
    ),
    "MultiEdit": ("write", ()),
    "Write": ("write", ("create", "writefile", "filewrite", "createfile", "fswrite")),
    "NotebookEdit": ("write", ("editnotebook",)),
    "Bash": (
        "run",
        ("shell", "execute", "terminal", "run", "exec", "powershell", "command", "runshellcommand"),
    ),
    "BashOutput": ("run", ()),
    "KillShell": ("run", ("killbash",)),
    "WebFetch": ("net", ("fetch", "web", "webbrowser", "browser", "openurl")),
    "WebSearch": ("net", ("searchweb", "internetsearch", "googlewebsearch")),
    "Agent": ("agents", ("task", "customagent", "subagent")),
    "Skill": ("agents", ("skills",)),
    "SlashCommand": ("agents", ()),
    "TodoWrite": ("plan", ("todo", "todos")),
    "TodoRead": ("plan", ()),
    "TaskCreate": ("plan", ()),
    "TaskUpdate": ("plan", ()),
    "TaskList": ("plan", ()),
    "TaskGet": ("plan", ()),
    "EnterPlanMode": ("plan", ()),
    "ExitPlanMode": ("plan", ("exitplan",)),
    "AskUserQuestion": ("plan", ("askuser", "ask")),
    "ListMcpResourcesTool": ("mcp", ("listmcpresources",)),
    "ReadMcpResourceTool": ("mcp", ("readmcpresource",)),
    "All tools": ("all", ("*", "all", "alltools")),
}
"""Canonical name → what it permits, and other spellings (lower case, without ``_``, ``-``)."""

_KNOWN = {
    spelling: name
    for name, (_, others) in CANONICAL.items()
    for spelling in (re.sub(r"[\s_-]", "", name.lower()), *others)
}
_CALL = re.compile(r"(?P<name>[^()]*[^()\s])\s*+\((?P<argument>.*)\)\s*", re.DOTALL)


def canonical(raw: str) -> str:
    """Return the canonical name, or ``raw`` where it is not known."""
    return _KNOWN.get(re.sub(r"[\s_-]", "", raw.lower()), raw)


def permits(name: str) -> str:
    """Return the key of :data:`PERMITS` for a canonical name."""
    if name in CANONICAL:
        return CANONICAL[name][0]
    return "mcp" if name.startswith("mcp_") or re.fullmatch(r"[\w.-]+/[\w.*-]+", name) else "other"


def parse(value: Value, line: int, allowed: bool = True) -> tuple[Tool, ...]:
    """Read a tools field: a comma list, a list, words, or a map of names to true and false."""
    if isinstance(value, dict):
        return tuple(
            _tool(name, line, allowed and str(on).lower() not in ("false", "no", "off", "deny"))
            for name, on in value.items()
        )
    if isinstance(value, list):
        names = [item for part in value if isinstance(part, str) for item in split(part)]
    else:
        names = list(split(value or ""))
    return tuple(_tool(name, line, allowed) for name in names)


def split(text: str) -> Iterator[str]:
    """Split at commas and line ends outside parentheses; without any, at spaces."""
    text = text.strip().removeprefix("[").removesuffix("]")
    parts = _split_at(text, ",\n")
    # ``Read Grep Bash(git:*)`` is a list; ``All tools`` is a name.
    if len(parts) == 1 and canonical(text) == text:
        parts = _split_at(text, " \t")
    for part in parts:
        name = part.strip().strip("`\"'").strip()
        if name:
            yield name


def _split_at(text: str, separators: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character in separators and depth <= 0:
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]


def _tool(raw: str, line: int, allowed: bool) -> Tool:
    match = _CALL.fullmatch(raw)
    name, argument = (match["name"], match["argument"]) if match else (raw, "")
    return Tool(canonical(name), raw, argument, allowed, line)

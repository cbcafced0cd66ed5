"""Shell: scripts for bash, and ``$`` sessions with what they print."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING, Any

from agentdocs.verify import placeholders
from agentdocs.verify.languages.base import Facts, Language

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROMPT = re.compile(r"^(?:\([^)]*\) ?)?(?:[\w.-]+@[\w.-]+[^$#]*)?\$ ")
_MORE = re.compile(r"^> ")
_INTERPRETERS = frozenset({
    "python", "python3", "bash", "sh", "source", ".", "node", "ruby", "perl", "php", "deno",
})  # fmt: skip
_SCRIPT = re.compile(r"[\w./-]+\.(?:py|sh|bash|js|mjs|cjs|ts|rb|pl|php)$|\./[\w./-]+$")
_OPERATORS = frozenset({";", "&&", "||", "|", "&", "(", ")", "{", "}", "|&", ";;"})
_KEYWORDS = frozenset({"if", "then", "else", "elif", "do", "while", "until", "!", "time", "exec"})


def is_session(code: str) -> bool:
    """Whether the code shows prompts."""
    return any(_PROMPT.match(line) for line in code.split("\n"))


def commands(code: str) -> list[tuple[int, str, str]]:
    """Return, for each command of a session: its line, the command, and what it prints."""
    found: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(code.rstrip("\n").split("\n"), 1):
        if match := _PROMPT.match(line):
            found.append((number, [line[match.end() :]], []))
        elif not found:
            continue
        elif not found[-1][2] and (found[-1][1][-1].endswith("\\") or _MORE.match(line)):
            found[-1][1].append(_MORE.sub("", line))
        else:
            found[-1][2].append(line)
    return [
        (number, "\n".join(words), "\n".join(output).strip("\n")) for number, words, output in found
    ]


def script(code: str) -> str:
    """Return the commands alone, each on its own line."""
    if not is_session(code):
        return code
    lines = [""] * (code.count("\n") + 1)
    for number, command, _ in commands(code):
        parts = command.split("\n")
        lines[number - 1 : number - 1 + len(parts)] = parts
    return "\n".join(lines)


def facts(code: str, known: frozenset[str]) -> Facts:
    """Return the scripts that it calls by a relative path, but for those that it makes itself."""
    text = script(code)
    calls = []
    for name, line in _calls(text):
        before = "\n".join(text.split("\n")[: line - 1])
        if posixpath.basename(name) not in before and name not in known:
            calls.append((posixpath.normpath(name), line))
    return Facts(defines=frozenset(re.findall(r"[\w./-]+", text)), calls=tuple(calls))


def _calls(text: str) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(text.split("\n"), 1):
        try:
            lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            words = list(lexer)
        except ValueError:  # a quote that goes on in the next line
            continue
        head = True
        interpreter = False
        for word in words:
            if word in _OPERATORS or word in _KEYWORDS:
                head, interpreter = True, False
            elif head and (word in _INTERPRETERS or re.fullmatch(r"\w+=\S*", word)):
                interpreter = word in _INTERPRETERS
                head = not interpreter
            elif head or interpreter:
                if interpreter and word.startswith("-"):
                    interpreter = word not in ("-m", "-c", "-e", "-")
                    continue
                if _SCRIPT.match(word) and not word.startswith("/"):
                    yield word, number
                head = interpreter = False


def placeholder(code: str) -> tuple[str, int] | None:
    """Return what the reader must replace."""
    return placeholders.find(script(code), "shell")


def prepare(code: str) -> dict[str, Any]:
    """Return the commands of a session one by one, or the script as it is."""
    if not is_session(code):
        return {"mode": "script"}
    rows = commands(code)
    return {
        "mode": "session",
        "parts": [{"line": line, "code": command} for line, command, _ in rows],
        "expects": [output for _, _, output in rows],
    }


LANGUAGES = (
    Language(
        "Shell",
        ("bash", "sh", "shell", "console", "shell-session", "shellsession", "terminal"),
        facts=facts,
        placeholder=placeholder,
        runner="shell",
        checker=("bash", "-n", "{file}"),
        source=script,
        prepare=prepare,
        program="bash",
    ),
)

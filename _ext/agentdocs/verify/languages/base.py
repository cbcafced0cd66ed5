"""What a language is to the verifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class ParseError(Exception):
    """The code is not of this language."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = max(1, line)
        """1-based, in the snippet."""
        self.text = text


class ForeignError(ParseError):
    """The parser at hand does not know it, but another dialect of the language may."""


class Missing(Exception):  # noqa: N818 (it is no error of the code's)
    """An optional package is not installed; the text says which, and how to get it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What can be known of a snippet without running it. Lines are 1-based, in the snippet."""

    defines: frozenset[str] = frozenset()
    """Names that later snippets may use."""
    undefined: tuple[tuple[str, int], ...] = ()
    """Names that it uses and nothing defines, with their lines."""
    imports: tuple[tuple[str, int], ...] = ()
    """Modules that it needs, as dotted names."""
    calls: tuple[tuple[str, int], ...] = ()
    """Files that it runs or opens, as relative paths."""
    only_defines: bool = False
    """Whether running it shows little, because it defines things and does nothing with them."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language: how its snippets are recognised, parsed and run."""

    name: str
    """For people: ``Python``."""
    fences: tuple[str, ...]
    """First words of a fence's info, lower case."""
    parse: Callable[[str], Any] | None = None
    """Code → what it holds (data, for a schema), or None; raises :class:`ParseError`."""
    facts: Callable[[str, frozenset[str]], Facts] | None = None
    """Code and the names that earlier snippets define → what can be known without running."""
    placeholder: Callable[[str], tuple[str, int] | None] | None = None
    """Code → the first thing in it that the reader must replace, with its line; else None."""
    runner: str = ""
    """Which of the guest's runners runs it; empty for what is only parsed."""
    command: tuple[str, ...] = ()
    """For the runner ``command``: the interpreter and its arguments; ``{file}`` is the snippet."""
    checker: tuple[str, ...] = ()
    """A command that parses ``{file}`` and runs nothing of it; used where nothing may be run."""
    source: Callable[[str], str] | None = None
    """Code as a page shows it → as the checker reads it."""
    prepare: Callable[[str], dict[str, Any]] | None = None
    """Code → how its runner is to take it: ``mode`` and, for sessions, ``parts``."""
    suffix: str = ""
    """Of the file that is run or checked."""
    program: str = ""
    """The program that must be there to run it; empty where the verifier's own Python does."""

    @property
    def runs(self) -> bool:
        """Whether it can be run."""
        return bool(self.runner)

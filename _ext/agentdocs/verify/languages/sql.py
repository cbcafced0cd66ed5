"""SQL, on SQLite."""

from __future__ import annotations

from functools import partial

from agentdocs.verify import placeholders
from agentdocs.verify.languages.base import ForeignError, Language, ParseError


def parse(code: str) -> None:
    """Let SQLite explain each statement, on an empty database; nothing is run.

    :raises ForeignError: SQLite does not know it; another database may.
    :raises ParseError: it holds a NUL byte, which no database takes.
    """
    if (at := code.find("\0")) >= 0:
        raise ParseError(code.count("\n", 0, at) + 1, "a NUL byte stands in it")

    import sqlite3

    from agentdocs.verify.guest.sql import statements

    database = sqlite3.connect(":memory:")
    try:
        for line, statement in statements(code):
            try:
                explained = statement.lstrip()[:7].upper() == "EXPLAIN"
                database.execute(statement if explained else f"EXPLAIN {statement}")
            except sqlite3.Error as error:
                text = str(error)
                if "\0" in statement:
                    raise ParseError(line, "holds a NUL character") from None
                if "syntax error" in text or "token" in text or "incomplete" in text:
                    raise ForeignError(line, f"is not SQLite's SQL: {text}") from None
    finally:
        database.close()


LANGUAGES = (
    Language(
        "SQL",
        ("sql", "sqlite", "sqlite3"),
        parse=parse,
        placeholder=partial(placeholders.find, family="sql"),
        runner="sql",
    ),
)

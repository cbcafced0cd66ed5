"""GraphQL text → nothing, or where graphql-core says that it is neither query nor schema."""

from __future__ import annotations

from functools import partial

from agentdocs.verify import placeholders
from agentdocs.verify.languages.base import Language, Missing, ParseError

MAX_TOKENS = 100_000
"""Each takes a kilobyte once it is parsed."""


def parse(code: str) -> None:
    """Parse operations, fragments or type definitions.

    :raises Missing: graphql-core is not installed.
    """
    try:
        from graphql import GraphQLSyntaxError
        from graphql import parse as read
    except ImportError:
        raise Missing("needs graphql-core (pip install 'agentdocs[verify]')") from None
    try:
        read(code, no_location=True, max_tokens=MAX_TOKENS)
    except GraphQLSyntaxError as error:
        at = next(iter(error.positions or ()), 0)
        line = code.count("\n", 0, at) + 1
        said = error.message.removeprefix("Syntax Error: ").rstrip(".")
        if "too deeply" in said:
            said = "is nested too deeply"
        elif "tokens" in said:
            said = f"has more than {MAX_TOKENS:,} tokens"
        else:
            said = f"is not GraphQL: {said[:1].lower()}{said[1:100]}"
        raise ParseError(line, said) from None
    except RecursionError:
        raise ParseError(1, "is nested too deeply") from None


LANGUAGES = (
    Language(
        "GraphQL",
        ("graphql", "gql"),
        parse=parse,
        placeholder=partial(placeholders.find, family="c"),
    ),
)

"""A seed → a folder of agents of the size that people write; the same seed, the same files.

An agent depends on the seed and its number alone, so a larger library holds all of the smaller.
Every snippet of it is right: it parses, and what can be run passes.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AREAS = ("backend", "data", "delivery", "design", "operations", "quality", "security", "writing")
TOPICS = (
    "accessibility", "api", "backup", "billing", "cache", "catalogue", "deployment", "export",
    "form", "image", "index", "invoice", "ledger", "log", "message", "migration", "network",
    "parser", "queue", "report", "schema", "search", "session", "translation",
)  # fmt: skip
ROLES = (
    "analyst", "architect", "auditor", "builder", "designer", "editor", "engineer", "maintainer",
    "planner", "reviewer", "tester", "writer",
)  # fmt: skip
TOOLS = ("Read", "Edit", "Write", "Grep", "Glob", "Bash")
_VERBS = (
    "Check", "Compare", "Describe", "Draw", "List", "Measure", "Name", "Prove", "Read", "Record",
    "Repair", "Repeat", "Replace", "Show", "Sort", "Test", "Trace", "Write",
)  # fmt: skip
_THINGS = (
    "the oldest record", "each boundary", "a failing request", "every retry", "the second copy",
    "the slowest query", "one small change", "the text of an error", "a known good release",
    "the limit of a batch", "what a reader sees first", "a file that nobody owns",
    "the last line of a log", "the order of events", "an empty answer", "a value that is missing",
)  # fmt: skip
_WHENS = (
    "before anything is written", "after each deployment", "once a week",
    "when two versions are running", "as long as the old form is in use",
    "until a second person agrees", "where the cause is not yet known", "in the same change",
    "only with a way back", "and say so in the report",
)  # fmt: skip
_SECTIONS = (
    "Role", "Working Order", "Limits", "Hand Over", "Review", "Reports", "Best Practices",
    "Troubleshooting", "Vocabulary", "Priorities", "Boundaries", "Scope",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """What each agent holds."""

    python: int = 3
    shell: int = 1
    json: int = 1
    sections: int = 5
    """Sections of prose, lists and tables, beside those with code."""
    code: Callable[[Random], str] | None = None
    """Makes Python snippets; without it, they are such as agents have."""
    prompts: bool = False
    """Python is written as typed at a prompt: ``>>>``. All else stays the same."""


@dataclass(frozen=True, slots=True)
class Library:
    """What was written."""

    agents: tuple[str, ...]
    """Paths from the folder, in the order of their numbers."""
    snippets: dict[str, int]
    """How many there are, by language."""


def generate(folder: Path, agents: int, seed: int = 1, shape: Shape | None = None) -> Library:
    """Write a library into a folder, which is made if it is absent."""
    shape = shape or Shape()
    paths = []
    snippets: Counter[str] = Counter()
    for number in range(agents):
        path = f"{AREAS[number % len(AREAS)]}/{name(number)}.md"
        text, counts = agent(number, seed, shape)
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        paths.append(path)
        snippets.update(counts)
    return Library(tuple(paths), dict(snippets))


def name(number: int) -> str:
    """Return an agent's name; no two numbers have the same."""
    rest, topic = divmod(number, len(TOPICS))
    again, role = divmod(rest, len(ROLES))
    return f"{TOPICS[topic]}-{ROLES[role]}" + (f"-{again + 1}" if again else "")


def agent(number: int, seed: int, shape: Shape) -> tuple[str, Counter[str]]:
    """Return an agent's text, and how many snippets are in it."""
    random = Random(f"{seed}/{number}")
    own = name(number)
    title = own.replace("-", " ").title()
    parts = [_front_matter(random, own, number), f"# {title}", _paragraph(random)]
    counts: Counter[str] = Counter()
    blocks = [
        *(("python", shape.code or _python) for _ in range(shape.python)),
        *(("bash", _shell) for _ in range(shape.shell)),
        *(("json", _json) for _ in range(shape.json)),
    ]
    # Numbered, because no two headings of an agent are to be alike.
    todo: list[tuple[str, Callable[[Random], str] | None]] = [
        *blocks,
        *[("", None)] * shape.sections,
    ]
    random.shuffle(todo)
    for step, (language, make) in enumerate(todo, 1):
        if make is None:
            heading = f"{random.choice(_SECTIONS)} {step}"
            parts += [f"## {heading}", *_prose(random, number)]
            continue
        code = make(random).strip("\n")
        if language == "python" and shape.prompts:
            code = _typed(code)
        heading = f"{random.choice(_VERBS)} {random.choice(_THINGS)} {step}".title()
        parts += [f"## {heading}", _paragraph(random, 2), f"```{language}\n{code}\n```"]
        counts[language] += 1
    return "\n\n".join(parts) + "\n", counts


def _typed(code: str) -> str:
    return "\n".join(
        f"{'...' if row[:1] in (' ', ')', ']', '}') else '>>>'} {row}" for row in code.split("\n")
    )


def _front_matter(random: Random, own: str, number: int) -> str:
    tags = sorted({*random.sample(TOPICS, 3), own.split("-")[0]})
    tools = [tool for tool in TOOLS if random.random() < 0.7] or ["Read"]
    rows = [
        "---",
        f"name: {own}",
        f"description: {_sentence(random)} Use when the task is to {_clause(random)}.",
        f'version: "{random.randint(1, 3)}.{random.randint(0, 9)}.0"',
        "tags:",
        *(f"  - {tag}" for tag in tags),
        f"tools: {', '.join(tools)}",
    ]
    if number:
        rows += ["dependencies:", f"  - {name(random.randrange(number))}"]
    return "\n".join([*rows, "---"])


def _clause(random: Random) -> str:
    text = f"{random.choice(_VERBS)} {random.choice(_THINGS)}"
    return f"{text[0].lower()}{text[1:]} {random.choice(_WHENS)}"


def _sentence(random: Random) -> str:
    text = _clause(random)
    return f"{text[0].upper()}{text[1:]}."


def _paragraph(random: Random, sentences: int = 3) -> str:
    return " ".join(_sentence(random) for _ in range(sentences))


def _prose(random: Random, number: int) -> Iterator[str]:
    yield _paragraph(random)
    kind = random.randrange(4)
    if kind == 0:
        yield "\n".join(f"{n}. {_sentence(random)}" for n in range(1, random.randint(4, 7)))
    elif kind == 1:
        rows = [f"| {random.choice(TOPICS)} | {_clause(random)} |" for _ in range(4)]
        yield "\n".join(["| What | Then |", "| --- | --- |", *rows])
    else:
        yield "\n".join(
            f"- **{random.choice(TOPICS).title()}**: {_clause(random)}" for _ in range(5)
        )
    if number:
        yield f"What is left goes to `{name(random.randrange(number))}`. {_sentence(random)}"


# --- snippets as agents have them --------------------------------------------------------------

_PYTHON = (
    '''
from dataclasses import dataclass


@dataclass(frozen=True)
class Order:
    """What somebody wants, in cents."""

    number: int
    cents: int


def total(orders: list[Order]) -> int:
    """Return the sum of all orders."""
    return sum(order.cents for order in orders)


assert total([Order(1, {a}), Order(2, {b})]) == {a} + {b}
assert total([]) == 0
''',
    '''
def batches(items: list[int], size: int) -> list[list[int]]:
    """Cut a list into pieces of at most ``size``."""
    if size < 1:
        raise ValueError("a batch has at least one item")
    return [items[start : start + size] for start in range(0, len(items), size)]


rows = list(range({a}))
assert [row for batch in batches(rows, {b}) for row in batch] == rows
assert all(len(batch) <= {b} for batch in batches(rows, {b}))
''',
    '''
import json


def redacted(record: dict, secret: frozenset[str] = frozenset({{"token", "password"}})) -> dict:
    """Return a copy without what nobody is to see."""
    return {{key: "…" if key in secret else value for key, value in record.items()}}


record = {{"user": "ada", "token": "t-{a}", "tries": {b}}}
assert json.loads(json.dumps(redacted(record))) == {{"user": "ada", "token": "…", "tries": {b}}}
''',
    '''
def backoff(attempt: int, first: float = 0.5, most: float = {b}.0) -> float:
    """Return how long to wait before an attempt."""
    return min(most, first * 2**attempt)


waits = [backoff(attempt) for attempt in range({a})]
assert waits == sorted(waits)
assert max(waits) <= {b}.0
''',
    '''
import re

VERSION = re.compile(r"(\\d+)\\.(\\d+)\\.(\\d+)")


def newest(names: list[str]) -> str:
    """Return the name with the highest version."""
    return max(names, key=lambda name: tuple(map(int, VERSION.search(name).groups())))


assert newest(["app-1.9.{a}", "app-1.10.0", "app-1.2.{b}"]) == "app-1.10.0"
''',
    """
from collections import Counter

seen = Counter(word.lower() for word in "Ready ready failed READY".split() * {a})
assert seen["ready"] == 3 * {a}
assert seen.most_common(1) == [("ready", {a} * 3)]
""",
)


def _python(random: Random) -> str:
    return random.choice(_PYTHON).format(a=random.randint(2, 40), b=random.randint(2, 40))


def _shell(random: Random) -> str:
    rows = random.randint(3, 30)
    return random.choice((
        f'folder="$(mktemp -d)"\nseq {rows} > "$folder/rows"\n'
        f'test "$(wc -l < "$folder/rows")" -eq {rows}\nrm -r "$folder"',
        f'count=0\nfor step in $(seq {rows}); do\n  count=$((count + step % 2))\ndone\n'
        f'test "$count" -eq {(rows + 1) // 2}',
        f'printf "%s\\n" ready failed ready | sort | uniq -c | grep -q "2 ready"\n: {rows}',
    ))  # fmt: skip


def _json(random: Random) -> str:
    value: dict[str, Any] = {
        "agent": name(random.randrange(200)),
        "status": random.choice(("done", "blocked", "partial")),
        "findings": [
            {"path": f"{random.choice(TOPICS)}.py", "line": random.randint(1, 400),
             "text": _sentence(random)}
            for _ in range(random.randint(1, 4))
        ],
    }  # fmt: skip
    return json.dumps(value, indent=2)

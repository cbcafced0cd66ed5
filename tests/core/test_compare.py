"""Agents of one name, side by side: what is shared, what differs, and what it may cost.

Each file in ``compare/`` is a library of agents called ``x`` and, after ``=== expected``, what the
comparison finds in it: facts, rights, topics with their passages, and what only one has.
"""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest
from agentdocs.catalog import build
from agentdocs.compare import COLUMNS, comparison
from agentdocs.compare.passages import differences
from agentdocs.compare.similar import alike, pairs, repeats
from agentdocs.compare.topics import Heading, key, topics
from agentdocs.library import read_library
from agentdocs.pages import pages
from hypothesis import given, settings
from hypothesis import strategies as st
from pagetext import tokens

HEAD = "---\nname: x\ndescription: An agent.\n---\n\n"
CASES = sorted((Path(__file__).parent / "compare").glob("*.txt"))


def split(text):
    """Return the files of a case, and what it expects."""
    parts = re.split(r"^=== (.+)\n", text, flags=re.M)[1:]
    files = dict(zip(parts[::2], parts[1::2], strict=True))
    return files, files.pop("expected", "")


def members(built):
    """Return the agents of the only role that several have."""
    (found,) = built.peers().values()
    return found


def told(found):
    """Return a comparison as lines."""
    for row in found.facts:
        mark = "≠" if row.differs else "="
        yield f"fact {row.title} {mark} " + " | ".join(c.text or "–" for c in row.cells)
    for permit in found.permits:
        for row in (permit.row, *permit.tools):
            kind = "permit" if row is permit.row else "tool"
            mark = "≠" if row.differs else "="
            yield f"{kind} {row.title} {mark} " + " | ".join(c.text for c in row.cells)
    for topic in found.topics:
        yield f"topic {topic.title} {'≠' if topic.differs else '='}"
        for label, places in zip(found.labels, topic.places, strict=True):
            for place in places:
                yield f"  {label} {place.line}: {place.title}"
        for one in topic.common:
            yield from _shared(one, found.labels)
        for owner, alone in topic.alone:
            for passage in alone:
                yield f"  only {found.labels[owner]} {passage.line}: {passage.text}"
        if topic.left_out:
            yield f"  and {topic.left_out} more"
    for one in found.elsewhere:
        yield "elsewhere"
        yield from _shared(one, found.labels)
    for label, alone in zip(found.labels, found.alone, strict=True):
        for place in alone.places:
            yield f"alone {label} {place.line}: {place.title}"


def _shared(one, labels):
    for number, wording in enumerate(one.wordings):
        where = ", ".join(f"{labels[p.owner]} {p.line}" for p in wording.passages)
        said = " ".join(f"{part.sign.strip('=')}{part.text}" for part in wording.parts)
        mark = ("≠" if one.reworded else "=") if not number else "  "
        yield f"  {mark} {where}: {said or one.first.text}"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_case(case, catalog):
    files, expected = split(case.read_text(encoding="utf-8"))
    found = members(catalog(files))
    assert "\n".join(told(comparison(found))) + "\n" == expected


# --- what is about the same ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A WebSocket", "WebSockets"),
        ("Tables", "The Table"),
        ("Purpose", "Mission"),
        ("Output Format:", "Deliverables"),
        ("Step 2: Deploy", "3. Deploy"),
        ("Best practices", "Guiding Principles"),
    ],
)
def test_headings_that_say_the_same(one, other):
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Error Format", "Event Format"), ("", "-"), ("C", "D"), ("!", "?")]
)
def test_headings_that_do_not(one, other):
    assert key(one) != key(other)


def test_half_of_the_words_are_enough_if_they_are_two():
    titles = ["Cross-Origin Requests", "Cross-Origin Calls", "Pages by Offset", "Pages by Cursor"]
    found = [Heading(number % 2, title, "") for number, title in enumerate(titles)]
    assert topics(found) == [[0, 1], [2], [3]]


def test_text_brings_together_what_headings_do_not():
    text = "Answer with a number of the order and say what became of it in one sentence"
    found = [Heading(0, "Alpha", text), Heading(1, "Beta", f"{text} or two"), Heading(2, "C", "x")]
    assert topics(found) == [[0, 1], [2]]


def test_an_agents_own_sections_stay_apart_unless_their_headings_are_the_same():
    text = "one two three four five six seven eight"
    assert topics([Heading(0, "A b", text), Heading(0, "C d", text)]) == [[0], [1]]
    assert topics([Heading(0, "A b", ""), Heading(0, "The A b", "")]) == [[0, 1]]


def test_likeness_does_not_creep():
    words = list("abcdefghijklmnop")
    texts = [" ".join(words[start : start + 10]) for start in range(6)]
    for text, leader in zip(texts, repeats(texts, 0.5), strict=True):
        assert alike(pairs(text), pairs(texts[leader])) >= 0.5


TEXT = st.text(st.sampled_from("ab ,.é\n|*_`<>[]−≠\U0001f642"), max_size=60)


@given(st.lists(TEXT, max_size=12))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_repeats_lead_to_what_repeats_nothing(texts):
    found = repeats(texts, 0.4)
    assert all(found[leader] == leader <= index for index, leader in enumerate(found))
    assert found == repeats(texts, 0.4)


@given(TEXT, TEXT)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_differences_leave_no_word_out(one, other):
    parts = differences(one, other)
    if not any("…" in part.text for part in parts):
        before = " ".join(p.text for p in parts if p.sign in "=-").split()
        after = " ".join(p.text for p in parts if p.sign in "=+").split()
        assert (before, after) == (one.split(), other.split())


@given(st.lists(st.tuples(st.integers(0, 4), TEXT, TEXT), max_size=15))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_every_section_is_in_one_topic(rows):
    found = topics([Heading(*row) for row in rows])
    assert sorted(index for topic in found for index in topic) == list(range(len(rows)))


PIECE = st.sampled_from([
    "# x", "## A", "## B", "### A b", "- item one two", "| a | b |\n| --- | --- |\n| c | <b> |",
    "```python\nx = 1\n```", "````\n```{agent-fold}\n````", "text [l](javascript:x) *a* **b**",
    "```{raw} html", "---", "> q", "2. two", "&amp; \\ ` ``", "",
])  # fmt: skip


@given(st.lists(st.lists(PIECE | TEXT, max_size=12), min_size=2, max_size=4))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_nothing_that_agents_hold_breaks_the_page(tmp_path_factory, bodies):
    root = tmp_path_factory.mktemp("library")
    for number, body in enumerate(bodies):
        file = root / f"c{number}" / "x.md"
        file.parent.mkdir()
        file.write_text("---\nname: x\ntools: Read\n---\n" + "\n\n".join(body), encoding="utf-8")
    built = build(read_library(root))
    text = role_page(built)
    assert text == role_page(built)
    assert only_ours(text)


# --- the page ------------------------------------------------------------------------------------


def role_page(built):
    return next(page.text for page in pages(built) if "/roles/" in page.docname)


def only_ours(text):
    """Whether nothing on a page is markup but what the template wrote."""
    known = ("{agent-page}", "{container}", "{agent-fold}", "{agent-compare}")
    for token in tokens(text):
        if token.type == "fence":
            assert token.info.startswith(known), token.info
            if not token.info.startswith("{agent-page}"):
                body = re.sub(r"\A(?::\w+:.*\n)+\n?", "", token.content)
                assert only_ours(body)
        elif token.type == "inline":
            for child in token.children or ():
                assert child.type not in ("html_inline", "image"), child
                if child.type == "link_open":
                    assert re.match(r"(doc|line):[\w./%#~-]*$", child.attrs["href"])
        else:
            assert token.type not in ("html_block", "code_block"), token
    return True


def test_hostile_text_stays_text(catalog):
    evil = (
        "````\n\n```{agent-fold}\nx\n```\n\n<script>alert(1)</script> | cell | `` ` ``\n\n"
        "[x](doc:library/../../etc) ![i](https://evil.example/i.png) {agent:agent}`x`\n"
    )
    head = "---\nname: x\nmodel: 'a|b`](doc:x)<i>'\n'k](line:x) `|': \"<b>|v\"\n---\n"
    body = f"\n## A `|` <script> ](doc:x)\n\n{evil}\n- {evil}"
    files = {f"c{n}/x.md": f"{head}{body}\nOwn words of {n}." for n in range(3)}
    files["d/x.md"] = files["c0/x.md"].replace("tools", "t").replace("a|b", "c|d")
    assert only_ours(role_page(catalog(files)))


def test_more_than_a_table_can_hold_are_named(catalog):
    text = role_page(catalog({f"c{n:03}/x.md": f"{HEAD}Says {n}.\n" for n in range(200)}))
    assert "200 agents have this name, of which the first 12 are compared" in text
    assert text.count("\n- [c") == 200 - COLUMNS
    assert len(text) < 60_000


@pytest.mark.parametrize(
    "body",
    [
        lambda rnd, n: "a " * 150_000,
        lambda rnd, n: "x" * 300_000,
        lambda rnd, n: "\n\n".join(f"- a b {rnd.randrange(9)} c" for _ in range(6000)),
        lambda rnd, n: "\n".join(f"## H {rnd.randrange(99)}\nsame text" for _ in range(3000)),
        lambda rnd, n: "\n\n".join(
            " ".join(rnd.choice("ab") for _ in range(99)) for _ in range(1500)
        ),
        lambda rnd, n: "\n\n".join(
            " ".join(f"w{rnd.randrange(400)}" for _ in range(12)) for _ in range(4000)
        ),
    ],
    ids=["one line", "one word", "items", "headings", "two words", "random"],
)
def test_what_is_hostile_costs_little(catalog, body):
    """A comparison is bounded in time and in size, whatever is compared."""
    rnd = random.Random(7)
    files = {f"c{n}/x.md": f"{HEAD}{body(rnd, n)}\n" for n in range(COLUMNS)}
    found = members(catalog(files))
    start = time.process_time()
    comparison(found)
    assert time.process_time() - start < 12


def test_time_grows_with_the_text(catalog):
    """Twice the agents take about twice as long: not each is held against each."""

    def body(rnd):
        return "\n\n".join(
            f"## Topic {k}\n\n" + " ".join(f"w{rnd.randrange(3000)}" for _ in range(60))
            for k in range(400)
        )

    rnd = random.Random(1)
    files = {f"c{n:02}/x.md": f"{HEAD}{body(rnd)}\n" for n in range(12)}
    found = members(catalog(files))

    def cost(number):
        times = []
        for _ in range(3):
            start = time.process_time()
            comparison(found[:number])
            times.append(time.process_time() - start)
        return min(times)

    assert cost(12) < 4 * cost(6)

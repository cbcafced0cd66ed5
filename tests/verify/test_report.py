"""An outcome → what a person reads of it: where, what, and how to see it again."""

from __future__ import annotations

import pytest
from agentdocs.verify import report
from agentdocs.verify.model import ContractProblem, Error, Outcome, Terms

FILE = "# X\n\n```python\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n```\n\nWords.\n"


def outcome(**values):
    kept = {
        "agent": "x.md", "line": 3, "end": 13, "language": "python", "digest": "0" * 12,
        "verdict": "failed", "tier": "parses", "reason": "ValueError: no",
    }  # fmt: skip
    return Outcome("x.md", "run#2", **(kept | values))


@pytest.fixture
def shown(tmp_path):
    (tmp_path / "x.md").write_text(FILE)
    (tmp_path / "x.verify.yaml").write_text("snippets:\n  run#2:\n    check: |\n      a\n      b\n")
    return lambda one, **rest: report.failure(one, str(tmp_path), **rest)


def test_a_failure_reads_like_this(shown):
    error = Error("ValueError: no", 8, 'Traceback:\n  File "x.md", line 8\nValueError: no\n')
    assert shown(outcome(error=error, output="before\n")) == (
        "x.md:8: ValueError: no\n"
        "\n"
        "      5 │ two\n"
        "      6 │ three\n"
        "      7 │ four\n"
        ">     8 │ five\n"
        "      9 │ six\n"
        "     10 │ seven\n"
        "     11 │ eight\n"
        "\n"
        "Traceback:\n"
        '  File "x.md", line 8\n'
        "ValueError: no\n"
        "\n"
        "It printed:\n"
        "  before\n"
        "\n"
        "Again: python -m agentdocs verify 'x.md::run#2'"
    )


@pytest.mark.parametrize(
    ("line", "first", "last"), [(4, 3, 7), (3, 3, 6), (11, 8, 12), (12, 9, 12)]
)
def test_no_line_beside_the_snippet_is_shown(line, first, last, shown):
    rows = [row for row in shown(outcome(error=Error("x", line))).split("\n") if "│" in row]
    assert [int(row[1:].split("│")[0]) for row in rows] == [*range(first, last + 1)]
    assert [row[0] for row in rows].count(">") == 1


def test_without_a_line_the_fence_is_shown(shown):
    text = shown(outcome(reason="timed out after 10 s"))
    assert text.startswith("x.md:3: timed out after 10 s\n\n>     3 │ ```python\n")


def test_a_file_that_is_gone_or_shorter_costs_no_more_than_the_lines(shown, tmp_path):
    (tmp_path / "x.md").write_text("short")
    assert "\n\nAgain: " in shown(outcome(error=Error("x", 40)))
    (tmp_path / "x.md").unlink()
    assert shown(outcome(error=Error("x", 4))).startswith("x.md:4: ValueError: no\n\nAgain: ")


@pytest.mark.parametrize("part", ["setup", "check"])
def test_a_failure_of_the_contract_shows_the_contract(part, shown):
    reason = f"the {part} of its contract fails: AssertionError"
    terms = Terms("x.verify.yaml", 2, check="a\nb\n")
    error = Error("AssertionError", 5, path="x.verify.yaml")
    text = shown(outcome(reason=reason, error=error, terms=terms))
    assert text.startswith(f"x.verify.yaml:5: {reason}\n")
    assert ">     5 │       b\n" in text
    assert text.endswith("verify 'x.md::run#2'")


def test_a_long_trace_and_a_long_output_are_shortened_in_the_middle(shown):
    rows = "".join(f"row {number}\n" for number in range(100))
    text = shown(outcome(error=Error("x", 4, rows), output=rows, cut=True))
    assert text.count("… 60 lines …") == 2
    assert text.count("row 99") == 2
    assert "row 50" not in text
    assert "  … and more, which is not kept.\n" in text


def test_expected_and_actual_stand_side_by_side(shown):
    text = shown(
        outcome(expected="a\n...\nc\n", output="a\nb\nd\ne\n", error=Error("x", 4)), width=60
    )
    left = 27
    assert (
        f"{'Expected':<{left}}   Actual\n"
        f"{'─' * left}   {'─' * left}\n"
        f"{'a':<{left}}   a\n"
        f"{'...':<{left}}   b\n"
        f"{'c':<{left}} | d\n"
        f"{'':<{left}} | e\n"
    ) in text
    assert "It printed" not in text


@pytest.mark.parametrize(
    ("expected", "actual"),
    [("", "a\n"), ("a\n", ""), ("", ""), ("a" * 200, "b" * 90), ("ä\t1", "ä 1")],
)
def test_any_two_texts_can_stand_side_by_side(expected, actual):
    rows = report.side_by_side(expected, actual, 60).split("\n")
    assert all(len(row) <= 60 for row in rows)
    assert rows[0].split() == ["Expected", "Actual"]


@pytest.mark.security("SEC-31")
def test_nothing_that_acts_on_a_terminal_is_shown(shown, tmp_path):
    bad = "\x1b[2J\x07\u202e\x9b31m\r"
    (tmp_path / "x.md").write_text(FILE.replace("five", bad))
    text = shown(
        outcome(
            reason=f"Error: {bad}", error=Error("x", 8, bad), output=bad, expected=None,
            interpreter=bad,
        )
    ) + shown(outcome(expected=bad, output=f"{bad}\n{bad}"))  # fmt: skip
    assert not {*text} & {*bad} - {*"[2J31m"}
    assert text.isprintable() or {c for c in text if not c.isprintable()} == {"\n"}


def test_a_reason_on_several_lines_keeps_the_place_on_the_first(shown):
    assert shown(outcome(reason="a\nb")).startswith("x.md:3: a")


@pytest.mark.parametrize(
    "path", ["a b.md", "it's.md", "$HOME.md", "a;b.md", "-x.md", "a\nb.md", "ä.md"]
)
@pytest.mark.security("SEC-32")
def test_the_command_is_safe_in_a_shell(path):
    import shlex

    one = Outcome(path, "run#2", path, 1, 2, "python", "0" * 12, "failed", "none")
    assert shlex.split(one.command) == ["python", "-m", "agentdocs", "verify", f"{path}::run#2"]


def test_a_problem_of_a_contract_is_one_line():
    one = ContractProblem("x.verify.yaml", 7, "There is no snippet `a\x1b`.", "Remove the entry.")
    assert report.problem(one) == "x.verify.yaml:7: There is no snippet `a�`. Remove the entry."

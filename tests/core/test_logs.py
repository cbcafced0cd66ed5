"""What agents say, in logs: nothing of it acts on a terminal, or orders the CI that keeps the log."""

import re
from types import SimpleNamespace

import pytest
from agentdocs.__main__ import main
from agentdocs.problems import inert, printable
from agentdocs.verify import report

ORDERS = [
    "::error file=a::forged", "  ::add-mask::x", "\t::stop-commands::x", "a ##[error]forged",
    "##[add-mask]x", "##vso[task.setvariable variable=x]y", "##teamcity[x]", "###[group]x",
    "first\n::error::second", "first\r\n  ##[debug]second",
]  # fmt: skip
"""GitHub takes the first forms at the beginning of a line, after blanks too; others are taken anywhere."""
ACTS = "\x1b[2J\x07\x9b31m\u202e\u2066\r\x08\u2028"
AGENT = (
    '---\nname: "x\\e[2J##[error]y"\ndescription: d\n---\n\n'
    "# T\n\n[a](##[error]gone.md) [b](::error::forged)\n"
)


def orders(text):
    """Return the lines that GitHub, Azure Pipelines or TeamCity would obey."""
    return [
        line
        for line in re.split(r"[\r\n]", text)
        if line.lstrip().startswith("::") or re.search(r"##\w*\[", line)
    ]


@pytest.mark.parametrize("text", ORDERS)
@pytest.mark.parametrize("clean", [inert, printable, report.clean])
def test_no_line_is_an_order(clean, text):
    assert orders(text)
    assert not orders(clean(text))


@pytest.mark.parametrize("clean", [inert, printable, report.clean])
def test_nothing_acts_on_a_terminal(clean):
    shown = clean(f"before{ACTS}behind")
    assert shown.startswith("before")
    assert shown.endswith("behind")
    assert shown.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "Straße – “ß” 日本\u3000語",
        "👩\u200d🚀",
        "std::vector",
        "# a",
        "## b [c]",
        "a: ::b",
        "می\u200cخواهم",
    ],
)
def test_words_stay_as_they_are(text):
    assert inert(text) == text


@pytest.fixture
def here(write, monkeypatch):
    """Return the output of a command about a library whose agents try to give orders."""
    monkeypatch.chdir(
        write({"a.md": AGENT, "::error title=x::forged/b.md": "---\nname: [b\n---\n"})
    )
    return lambda *arguments: (main([*arguments]), None)


@pytest.mark.security("SEC-31")
@pytest.mark.parametrize("options", [[], ["--diff"], ["--quiet"]], ids=str)
def test_what_check_prints_gives_no_orders(here, capsys, options):
    here("check", ".", *options)
    said = capsys.readouterr().out
    assert "forged/b.md" in said
    assert not orders(said)
    assert "\x1b" not in said


@pytest.mark.security("SEC-31")
def test_annotations_are_those_of_the_problems_alone(here, capsys):
    here("check", ".", "--format", "github")
    said = capsys.readouterr().out
    rows = said.splitlines()
    assert len(rows) > 3
    assert all(
        re.match(r"::(error|warning|notice) file=[^:]+,line=\d+,title=[\w-]+::", row)
        for row in rows
    )
    assert "\x1b" not in said
    assert "##[" not in said


@pytest.mark.security("SEC-31")
@pytest.mark.parametrize("order", ORDERS)
def test_what_a_snippet_printed_gives_no_orders(order, tmp_path):
    (tmp_path / "x.md").write_text(f"```\n{order}\n```\n")
    error = SimpleNamespace(path="", line=2, text=order, trace=order)
    for expected in (None, order, "something else"):
        outcome = SimpleNamespace(
            path="x.md", line=1, end=4, reason=order, error=error, expected=expected, output=order,
            cut=False, command="python -m agentdocs verify x.md",
        )  # fmt: skip
        assert not orders(report.failure(outcome, str(tmp_path)))

"""A script's options, read from its source; nothing of it is ever run."""

from __future__ import annotations

import pytest
from agentdocs.options import script
from hypothesis import given
from hypothesis import strategies as st

SOURCE = '''#!/usr/bin/env python3
"""Weigh parcels.

More about it.
"""
import argparse
raise SystemExit("this was run")

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", metavar="URL", default="x:1", help="where the scale is")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-q", "--quiet", action="store_true", help="say "
                       "nothing")
    commands = parser.add_subparsers()
    weigh = commands.add_parser("weigh")
    weigh.add_argument("parcel", nargs="+", help="numbers of parcels")
    weigh.add_argument("--unit", choices=["g", "kg"], default="g", help="default: %(default)s")
    weigh.add_argument("--secret", help=argparse.SUPPRESS)
    for name in ("a", "b"):
        weigh.add_argument(f"--{name}")
'''


def test_options_are_listed_in_their_order():
    found = script(SOURCE)
    assert found is not None
    assert found.about == "Weigh parcels."
    rows = [(o.command, o.names, o.help, o.default, o.choices) for o in found.options]
    assert rows == [
        ("", ("--url URL",), "where the scale is", "x:1", ()),
        ("", ("-q", "--quiet"), "say nothing", "", ()),
        ("weigh", ("parcel",), "numbers of parcels", "", ()),
        ("weigh", ("--unit",), "default: g", "g", ("g", "kg")),
    ]


@pytest.mark.parametrize(
    "source",
    ["", "add_argument", "def add_argument(:", "x.add_argument()", "x.add_argument(1)", "\0add_argument",
     "add_argument(" * 5000],
)  # fmt: skip
def test_what_has_no_options_has_no_table(source):
    assert script(source) is None


@given(st.text(max_size=200))
def test_no_source_is_too_odd(text):
    script(f"x.add_argument({text})")
    script(f"{text}\nx.add_argument('--a', help={text!r})")

"""A few generated files for every reader, in each run; ``nox -s fuzz`` tries many more."""

from __future__ import annotations

import pytest
from fuzz import grammar, targets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("target", targets.TARGETS)
@settings(
    max_examples=25, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(data=st.data())
def test_generated(target, data):
    targets.check(target, data.draw(grammar.STRATEGIES[target]))


def test_every_target_has_a_grammar():
    assert set(grammar.STRATEGIES) == set(targets.TARGETS)

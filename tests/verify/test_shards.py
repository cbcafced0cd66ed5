"""Agents → shards: the same on every machine, each agent in one of them, and of even weight."""

from __future__ import annotations

import pytest
from agentdocs.verify.shards import mine, parse
from hypothesis import given
from hypothesis import strategies as st

PATHS = st.lists(st.sampled_from([f"agents/{name}.md" for name in "abcdefghij"]), max_size=80)


@pytest.mark.parametrize(("text", "shard"), [("1/1", (1, 1)), ("2/8", (2, 8)), ("10/10", (10, 10))])
def test_a_shard_is_read(text, shard):
    assert parse(text) == shard


@pytest.mark.parametrize(
    "text",
    ["", "1", "/", "1/", "/1", "0/1", "2/1", "-1/2", "1/2/3", "1.0/2", " 1/2", "a/b", "²/³", "1/0"],
)
def test_what_is_no_shard_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="is no shard; the second of eight is 2/8"):
        parse(text)


@given(PATHS, st.integers(1, 12))
def test_each_agent_is_in_exactly_one_shard(paths, count):
    shards = [mine(paths, number, count) for number in range(1, count + 1)]
    assert set().union(*shards) == set(paths)
    assert sum(map(len, shards)) == len(set(paths))


@given(PATHS, st.integers(1, 6), st.randoms(use_true_random=False))
def test_the_order_of_files_on_a_machine_does_not_matter(paths, count, chance):
    shuffled = paths[:]
    chance.shuffle(shuffled)
    for number in range(1, count + 1):
        assert mine(paths, number, count) == mine(shuffled, number, count)


@given(PATHS, st.integers(1, 6))
def test_no_shard_has_more_than_another_by_a_whole_agent(paths, count):
    weights = [
        sum(paths.count(path) for path in mine(paths, number, count))
        for number in range(1, count + 1)
    ]
    heaviest = max([paths.count(path) for path in paths], default=0)
    assert max(weights) - min(weights) <= heaviest


def test_more_shards_than_agents_leave_some_empty():
    assert [mine(["a", "a", "b"], number, 3) for number in (1, 2, 3)] == [{"a"}, {"b"}, set()]

"""The picture of the graph: no box on another, none outside, most arrows to the right."""

from agentdocs.layout import COLUMNS, GAP_X, HEIGHT, WIDTH, layout
from hypothesis import given, settings
from hypothesis import strategies as st

NODES = st.lists(st.text("abcdef", min_size=1, max_size=3), unique=True, min_size=1, max_size=25)


@st.composite
def graphs(draw):
    nodes = draw(NODES)
    edge = st.tuples(st.sampled_from(nodes), st.sampled_from(nodes)).filter(lambda e: e[0] != e[1])
    return nodes, draw(st.lists(edge, unique=True, max_size=60)) if len(nodes) > 1 else []


@given(graphs())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_every_box_has_a_place_of_its_own(graph):
    nodes, edges = graph
    plan = layout(nodes, edges)
    assert plan.positions.keys() == set(nodes)
    assert len({x for x, _ in plan.positions.values()}) <= COLUMNS
    for node, (x, y) in plan.positions.items():
        assert 0 <= x <= plan.width - WIDTH and 0 <= y <= plan.height - HEIGHT
        for other, (x2, y2) in plan.positions.items():
            assert other == node or x != x2 or abs(y - y2) >= HEIGHT
    assert layout(nodes, edges) == plan


def test_a_chain_leads_to_the_right():
    plan = layout(["a", "b", "c"], [("a", "b"), ("b", "c")])
    assert [plan.positions[node][0] for node in "abc"] == [
        plan.positions["a"][0] + step * (WIDTH + GAP_X) for step in range(3)
    ]


def test_a_circle_is_cut_somewhere():
    plan = layout(["a", "b"], [("a", "b"), ("b", "a")])
    assert plan.positions["a"][0] < plan.positions["b"][0]

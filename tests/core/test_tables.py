"""Tables that know each other, and a picture in which no line touches a box that is not its own."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from agentdocs.artefacts.database.diagram import COLUMNS, EDGES, MOST, diagram
from agentdocs.artefacts.database.tables import COLUMNS as MOST_COLUMNS
from agentdocs.artefacts.database.tables import TABLES, read
from hypothesis import given, settings
from hypothesis import strategies as st


def column(name, **values):
    return {"name": name, "type": "UUID", "nullable": False, "primary_key": False, **values}


def key(columns, table, **values):
    return {"columns": [columns], "table": table, "references": ["id"], **values}


PK = column("id", primary_key=True, default="gen_random_uuid()")
SHOP = {
    "tables": [
        {
            "name": "shipment", "comment": "A parcel.",
            "columns": [PK, column("customer_id"), column("carrier_id", nullable=True),
                        column("code", unique=True, comment="For people.")],
            "foreign_keys": [key("customer_id", "customer", on_delete="CASCADE"),
                             key("carrier_id", "carrier"), key("code", "elsewhere")],
            "checks": ["grams > 0"],
            "indexes": [{"name": "by_customer", "columns": ["customer_id"], "unique": False,
                         "where": "open"}],
        },
        {"name": "customer", "columns": [PK, column("email"), column("friend_id", nullable=True)],
         "uniques": [["email"]], "foreign_keys": [key("friend_id", "customer")]},
        {"name": "profile", "columns": [column("customer_id", primary_key=True)],
         "foreign_keys": [key("customer_id", "customer")]},
        {"name": "carrier", "columns": [PK]},
        {"name": "note", "columns": [column("text", type="TEXT")]},
    ],
}  # fmt: skip


def test_tables_know_each_other():
    shipment, customer, profile, carrier, note = read(SHOP).tables
    assert [c.keys for c in shipment.columns] == [("PK",), ("FK",), ("FK",), ("FK", "UQ")]
    assert [c.keys for c in customer.columns] == [("PK",), ("UQ",), ("FK",)]
    assert profile.columns[0].keys == ("PK", "FK")
    assert [(r.table, r.one, r.optional) for r in customer.referenced_by] == [
        ("shipment", False, False), ("customer", False, True), ("profile", True, False),
    ]  # fmt: skip
    assert [r.to for r in shipment.references] == ["customer", "carrier", "elsewhere"]
    assert shipment.references[0].on_delete == "CASCADE"
    assert shipment.checks == ("grams > 0",)
    assert shipment.indexes[0].where == "open"
    assert carrier.referenced_by[0].optional and not note.references
    assert shipment.columns[0].default == "gen_random_uuid()"


UNIQUES = [
    ({"uniques": [["a"]]}, True),
    ({"uniques": [["b", "a"]]}, True),
    ({"uniques": [["a", "c"]]}, False),
    ({"indexes": [{"name": "i", "columns": ["a"], "unique": True}]}, True),
    ({"indexes": [{"name": "i", "columns": ["a"], "unique": True, "where": "b"}]}, False),
    ({}, False),
]


@pytest.mark.parametrize(("values", "one"), UNIQUES, ids=str)
def test_a_key_that_is_unique_leads_one_to_one(values, one):
    table = {
        "name": "t", "columns": [column("a"), column("b"), column("c")],
        "foreign_keys": [{"columns": ["a", "b"], "table": "u", "references": ["x", "y"]}], **values,
    }  # fmt: skip
    assert read({"tables": [table]}).tables[0].references[0].one is one


ODD = [None, 1, "x", [], {}, True, 1.5, [[]], [None], {"name": 1}, [{"name": "a"}], "id", ["id"]]


@pytest.mark.parametrize("value", ODD, ids=str)
def test_wrong_types_are_counted_and_harmless(value):
    for data in (value, {"tables": value}, {"tables": [value]}):
        diagram(read(data).tables)
    for name in ("name", "comment", "columns", "foreign_keys", "uniques", "checks", "indexes"):
        diagram(read({"tables": [{"name": "t", "columns": [PK], name: value}]}).tables)
    for name in ("name", "type", "nullable", "primary_key", "default", "unique", "comment"):
        diagram(read({"tables": [{"name": "t", "columns": [{**PK, name: value}]}]}).tables)
    for name in ("columns", "table", "references", "on_delete"):
        table = {"name": "id", "columns": [PK], "foreign_keys": [{**key("id", "id"), name: value}]}
        diagram(read({"tables": [table]}).tables)


def test_what_cannot_be_read_or_shown_is_counted():
    found = read({"tables": [{"name": "a"}, {"name": "a"}, 5, {}]})
    assert len(found.tables) == 1 and found.unread == 3
    table = read({"tables": [{"name": "a", "columns": [1, PK], "checks": 5}]}).tables[0]
    assert table.unread == 2
    wide = {"name": "a", "columns": [column(f"c{n}") for n in range(MOST_COLUMNS + 3)]}
    assert read({"tables": [wide]}).tables[0].more == (("column", 3),)
    many = read({"tables": [{"name": f"t{n}"} for n in range(TABLES + 5)]})
    assert (len(many.tables), many.more) == (TABLES, 5)
    assert diagram(many.tables).more == TABLES - MOST


def ends(name):
    plan = diagram(read(SHOP).tables)
    (edge,) = [e for e in plan.edges if e.reference.table == name[0] and e.reference.to == name[1]]
    return {end.kind for end in edge.ends}


@pytest.mark.parametrize(
    ("relation", "kinds"),
    [
        (("shipment", "customer"), {"one", "many"}),
        (("shipment", "carrier"), {"maybe", "many"}),
        (("profile", "customer"), {"one", "single"}),
        (("customer", "customer"), {"maybe", "many"}),
    ],
)
def test_a_line_says_how_many(relation, kinds):
    assert ends(relation) == kinds


def test_what_is_referenced_stands_on_the_left():
    at = {box.name: box.x for box in diagram(read(SHOP).tables).boxes}
    assert at["customer"] < at["shipment"] and at["customer"] < at["profile"]


def sound(plan):
    """Check what holds of every picture."""
    for box in plan.boxes:
        assert box.x >= 0 and box.x + box.width <= plan.width
        assert box.y >= 0 and box.y + box.height <= plan.height
        for other in plan.boxes:
            apart = (box.x + box.width < other.x or other.x + other.width < box.x
                     or box.y + box.height < other.y or other.y + other.height < box.y)  # fmt: skip
            assert apart or other is box
        for line in box.lines:
            assert box.y < line.y < box.y + box.height
    for edge in plan.edges:
        for x, y in edge.points:
            assert 0 <= x <= plan.width and 0 <= y <= plan.height
        for (x1, y1), (x2, y2) in pairwise(edge.points):
            assert x1 == x2 or y1 == y2, "lines run straight"
            for box in plan.boxes:
                through = (min(x1, x2) < box.x + box.width and max(x1, x2) > box.x
                           and min(y1, y2) < box.y + box.height and max(y1, y2) > box.y)  # fmt: skip
                assert not through, (edge.reference, box.name)


@st.composite
def databases(draw):
    count = draw(st.integers(0, 34))
    names = [f"t{number}" for number in range(count)]
    tables = []
    for name in names:
        size = draw(st.integers(0, 18))
        columns = [column(f"c{n}", nullable=draw(st.booleans())) for n in range(size)]
        leads = draw(st.lists(st.sampled_from(names), max_size=4))
        keys = [key(f"c{n}", to) for n, to in enumerate(leads)]
        tables.append({"name": name, "columns": columns, "foreign_keys": keys})
    return {"tables": tables}


@given(databases())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_no_line_goes_through_a_box(data):
    found = read(data).tables
    plan = diagram(found)
    sound(plan)
    assert plan == diagram(found)
    assert len(plan.boxes) == min(len(found), MOST)


def test_a_picture_of_tables_that_do_not_know_each_other_is_no_tower():
    plan = diagram(read({"tables": [{"name": f"t{n}", "columns": [PK]} for n in range(9)]}).tables)
    sound(plan)
    assert 1 < len({box.x for box in plan.boxes}) <= COLUMNS


def test_many_keys_end_soon():
    names = [f"t{n}" for n in range(MOST)]
    tables = [{"name": n, "columns": [column(f"c{i}") for i in range(199)],
               "foreign_keys": [key(f"c{i}", names[(i * 7) % MOST]) for i in range(199)],
               "uniques": [[f"c{i}", f"c{i + 1}"] for i in range(190)]} for n in names]  # fmt: skip
    start = time.monotonic()
    plan = diagram(read({"tables": tables}).tables)
    assert time.monotonic() - start < 5
    assert len(plan.edges) == EDGES and plan.missing == MOST * 199 - EDGES
    sound(plan)

"""Ways of control, hop by hop, with the records behind each hop."""

from __future__ import annotations

import datetime

import pyarrow as pa
import pytest
from literal_edges import SCHEMA, edge, owns, shuffled
from ownership_twins import concert_table

from graphs.compact import compact
from graphs.concert import concert_groups
from graphs.control import control
from graphs.control_paths import PATH_SCHEMA, control_paths

RECORDS = [("table_name", pa.string()), ("source", pa.string()), ("source_record_id", pa.string()),
           ("file", pa.string()), ("line", pa.int64())]  # fmt: skip
OLD, NEW = datetime.date(2020, 1, 1), datetime.date(2022, 1, 1)


def recorded(record, src, dst, ratio=None, kind="ownership", table_name="shareholder", day=None):
    return edge(src, dst, kind, ratio, valid_from=day) | {
        "table_name": table_name,
        "source": "scjg",
        "source_record_id": record,
        "file": f"2024-06-01/scjg/{table_name}.csv",
        "line": int(record),
    }


EDGES = pa.Table.from_pylist(
    [
        recorded("1", "p", "A", 0.9, day=OLD),
        recorded("2", "p", "A", 0.6, day=NEW),
        recorded("3", "p", "B", 0.6),
        recorded("4", "A", "C", 0.3),
        recorded("5", "A", "C", 0.3, table_name="investment"),  # the other side reports it too
        recorded("6", "B", "C", 0.25),
        recorded("7", "q", "C", 0.45),  # no way of p's
        recorded("8", "C", "C1", kind="branch", table_name="branch"),
        recorded("9", "C", "C1", 0.4),
    ],
    pa.schema([*SCHEMA, *RECORDS]),
)


def paths(edges, firm, *columns, threshold=0.5, groups=None, limit=200):
    graph = compact(edges)
    concert = concert_groups(graph, concert_table(**groups)) if groups else None
    result = control(graph, threshold=threshold, concert=concert)
    found = control_paths(edges, graph, result, firm, limit=limit)
    assert found.schema == PATH_SCHEMA
    return [tuple(row[c] for c in columns) for row in found.to_pylist()]


def test_every_hop_brings_every_record_behind_it():
    columns = ("controller", "hop", "holder", "held", "share", "kind", "source_record_id")
    assert paths(EDGES, "C1", *columns, "is_counted") == [
        ("p", 1, "p", "A", 0.6, "ownership", "2", True),
        ("p", 1, "p", "A", 0.6, "ownership", "1", False),  # older than the other
        ("p", 1, "p", "B", 0.6, "ownership", "3", True),
        ("p", 2, "A", "C", 0.3, "ownership", "5", True),  # both say the same: both count
        ("p", 2, "A", "C", 0.3, "ownership", "4", True),
        ("p", 2, "B", "C", 0.25, "ownership", "6", True),
        ("p", 3, "C", "C1", 1.0, "branch", "8", True),
        ("p", 3, "C", "C1", 1.0, "ownership", "9", False),  # the parent holds its branch wholly
    ]
    columns = ("ratio", "valid_from", "table_name", "source", "source_record_id", "file", "line")
    file = "2024-06-01/scjg/shareholder.csv"
    assert paths(EDGES, "A", *columns) == [
        (0.6, NEW, "shareholder", "scjg", "2", file, 2),
        (0.9, OLD, "shareholder", "scjg", "1", file, 1),
    ]


def test_a_firm_that_nobody_controls_has_no_path():
    assert paths(EDGES, "q", "hop") == []


def test_contested_firms_show_the_ways_of_each_controller():
    edges = owns(("p1", "A", 0.4), ("p2", "A", 0.35), ("A", "B", 1))
    columns = ("controller", "hop", "holder", "held", "share", "line")
    assert paths(edges, "B", *columns, threshold=0.3) == [
        ("p1", 1, "p1", "A", 0.4, None),
        ("p1", 2, "A", "B", 1.0, None),
        ("p2", 1, "p2", "A", 0.35, None),
        ("p2", 2, "A", "B", 1.0, None),
    ]


def test_members_of_a_concert_group_are_named():
    edges = owns(("p1", "A", 0.3), ("p2", "A", 0.25), ("p3", "A", 0.45), ("A", "B", 0.6))
    columns = ("controller", "controller_kind", "hop", "holder", "concert_group", "held")
    assert paths(edges, "B", *columns, groups={"wang": ["p1", "p2"]}) == [
        ("wang", "concert_group", 1, "p1", "wang", "A"),
        ("wang", "concert_group", 1, "p2", "wang", "A"),
        ("wang", "concert_group", 2, "A", None, "B"),
    ]


def test_a_circle_shows_its_holdings():
    edges = owns(("B", "C", 1), ("C", "D", 1), ("D", "B", 1), ("D", "E", 0.8))
    assert paths(edges, "E", "controller", "hop", "holder", "held") == [
        ("B", 1, "B", "C"),
        ("B", 2, "C", "D"),
        ("B", 3, "D", "E"),
    ]
    # B itself: all the way round
    assert paths(edges, "B", "hop", "holder", "held") == [
        (1, "B", "C"),
        (2, "C", "D"),
        (3, "D", "B"),
    ]


def test_the_nearest_hops_are_kept_and_numbered_from_the_top():
    edges = owns(("p", "A", 1), ("A", "B", 1), ("B", "C", 1))
    assert paths(edges, "C", "hop", "holder", limit=2) == [(2, "A"), (3, "B")]


def test_an_unknown_firm_is_refused_in_words():
    with pytest.raises(ValueError, match="has no firm Z"):
        paths(EDGES, "Z", "hop")


def test_any_order_of_rows_gives_the_same_paths():
    names = PATH_SCHEMA.names
    for seed in range(20):
        assert paths(shuffled(EDGES, seed), "C1", *names) == paths(EDGES, "C1", *names)

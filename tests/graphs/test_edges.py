from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from graphs.compact import compact
from graphs.dated_shapes import split_ended
from graphs.edges import EDGE_COLUMNS, concert_holders, edges

AS_OF = datetime.date(2024, 6, 30)
DAY = datetime.timedelta(1)

SYSTEM = "source string, source_record_id string, file string, line bigint"
SHAREHOLDER = (
    "subject_id string, holder_type string, holder_subject_id string, holder_key string, "
    f"holder_name string, ratio decimal(9,6), valid_from date, valid_to date, {SYSTEM}"
)
REGISTRATION = (
    "subject_id string, legal_rep_key string, domicile_address_id string, "
    "operating_address_id string, contact_phone string, agent_id string, "
    f"cluster_registered boolean, {SYSTEM}"
)


def source(record):
    return ("scjg", record, "2024-06-01/scjg/file.csv", 2)


def found(tables, *columns):
    table = edges(tables, AS_OF).toArrow()
    assert table.column_names == [name for name, _ in EDGE_COLUMNS]
    compact(table)  # whatever comes out is a legal edge table
    return sorted(tuple(row[c] for c in columns) for row in table.to_pylist())


def test_shareholders_join_by_key_and_never_by_name(spark):
    half = Decimal("0.500000")
    rows = [
        ("A", "person", None, "p1", None, half, None, None, *source("1")),
        ("A", "firm", "B", None, "乙公司", half, None, None, *source("2")),
        # a firm from elsewhere without a code, and a person without a key: no edge
        ("A", "firm", None, None, "丙公司", half, None, None, *source("3")),
        ("A", "person", None, None, "张三", half, None, None, *source("4")),
        # without a type the key that is there counts
        ("A", None, None, "p2", None, None, None, None, *source("5")),
        ("A", "other", "C", None, None, None, None, None, *source("6")),
    ]
    tables = {"shareholder": spark.createDataFrame(rows, SHAREHOLDER)}
    assert found(tables, "src", "src_kind", "dst", "kind", "ratio", "source_record_id") == [
        ("B", "firm", "A", "ownership", half, "2"),
        ("C", "firm", "A", "ownership", None, "6"),
        ("p1", "person", "A", "ownership", half, "1"),
        ("p2", "person", "A", "ownership", None, "5"),
    ]


def test_holders_in_concert_by_key_on_the_day(spark):
    schema = (
        "group_no string, holder_type string, holder_subject_id string, holder_key string, "
        "valid_from date, valid_to date"
    )
    rows = [
        ("g", "person", None, "p1", None, None),
        ("g", "person", None, "p1", AS_OF, None),  # the same once more
        ("g", "firm", "B", None, AS_OF, AS_OF + DAY),
        ("g", "firm", "C", None, None, AS_OF),  # over on that day
        ("g", "firm", "D", None, AS_OF + DAY, None),  # not yet
        ("g", "person", None, None, None, None),  # nobody without a key
    ]
    told = concert_holders({"concert_party": spark.createDataFrame(rows, schema)}, AS_OF)
    assert sorted(tuple(row) for row in told.collect()) == [
        ("B", "firm", "g"),
        ("p1", "person", "g"),
    ]
    assert concert_holders({}, AS_OF) is None


def test_only_edges_valid_on_the_day(spark):
    spans = [
        (None, None),  # 1 ever since
        (AS_OF, None),  # 2 from today
        (AS_OF + DAY, None),  # from tomorrow
        (None, AS_OF),  # ended today
        (AS_OF - DAY, AS_OF + DAY),  # 5 ends tomorrow
    ]
    rows = [
        ("A", "firm", f"B{i}", None, None, None, start, end, *source(str(i)))
        for i, (start, end) in enumerate(spans, 1)
    ]
    tables = {"shareholder": spark.createDataFrame(rows, SHAREHOLDER)}
    assert found(tables, "src") == [("B1",), ("B2",), ("B5",)]


def test_edges_that_ended_lately_come_when_asked_for(spark):
    spans = [
        (None, None),  # 1 ever since
        (None, AS_OF),  # 2 ended today
        (None, AS_OF - 9 * DAY),  # 3 the first day asked for
        (None, AS_OF - 10 * DAY),  # ended on the day that was named, or before
        (AS_OF + DAY, AS_OF + DAY),  # from tomorrow
        (None, AS_OF + DAY),  # 6 ends tomorrow: valid today
    ]
    rows = [
        ("A", "firm", f"B{i}", None, None, None, start, end, *source(str(i)))
        for i, (start, end) in enumerate(spans, 1)
    ]
    tables = {"shareholder": spark.createDataFrame(rows, SHAREHOLDER)}
    told = edges(tables, AS_OF, AS_OF - 10 * DAY).toArrow()
    valid, ended = split_ended(told, AS_OF)
    assert sorted(valid["src"].to_pylist()) == ["B1", "B6"]
    assert sorted(ended["src"].to_pylist()) == ["B2", "B3"]
    assert found(tables, "src") == [("B1",), ("B6",)]
    with pytest.raises(ValueError, match="expected an earlier day"):
        edges(tables, AS_OF, AS_OF + DAY)


def test_every_other_table(spark):
    tables = {
        "investment": spark.createDataFrame(
            [("A", "B", Decimal("0.25"), None, None, *source("1"))],
            "subject_id string, investee_id string, ratio decimal(9,6), valid_from date, "
            f"valid_to date, {SYSTEM}",
        ),
        "key_person": spark.createDataFrame(
            [("A", "p1", "监事", None, None, *source("2"))],
            "subject_id string, person_key string, role string, valid_from date, valid_to date, "
            f"{SYSTEM}",
        ),
        "branch": spark.createDataFrame(
            [("A", "A1", AS_OF, None, *source("3")), ("A", "A2", None, AS_OF, *source("4"))],
            f"subject_id string, branch_id string, opened date, closed date, {SYSTEM}",
        ),
    }
    assert found(tables, "kind", "src", "dst", "role", "table_name", "file", "line") == [
        ("branch", "A", "A1", None, "branch", "2024-06-01/scjg/file.csv", 2),
        ("directorship", "p1", "A", "监事", "key_person", "2024-06-01/scjg/file.csv", 2),
        ("ownership", "A", "B", None, "investment", "2024-06-01/scjg/file.csv", 2),
    ]


def test_registration_gives_the_legal_representative_and_shared_resources(spark):
    rows = [
        ("A", "p1", "a1", "a2", "t1", "g1", False, *source("1")),
        ("B", None, "a1", None, None, None, None, *source("2")),
        ("C", None, "a1", "a3", None, None, True, *source("3")),  # registered in a cluster
        ("D", None, "a3", "a4", None, None, False, *source("4")),
    ]
    addresses = [("a1", False, None), ("a2", None, None), ("a3", True, False), ("a4", False, True)]
    tables = {
        "registration": spark.createDataFrame(rows, REGISTRATION),
        "address": spark.createDataFrame(
            addresses, "address_id string, shared_office boolean, managed_cluster boolean"
        ),
    }
    assert found(tables, "kind", "src", "dst", "role") == [
        ("directorship", "p1", "A", "法定代表人"),
        # C is left out as cluster-registered; a3 is a shared office, a4 a managed cluster
        ("shared_address", "A", "a1", "domicile"),
        ("shared_address", "A", "a2", "operating"),
        ("shared_address", "B", "a1", "domicile"),
        ("shared_agent", "A", "g1", None),
        ("shared_phone", "A", "t1", None),
    ]


def test_without_the_address_table_every_address_ties(spark):
    rows = [("A", None, "a1", None, None, None, False, *source("1"))]
    tables = {"registration": spark.createDataFrame(rows, REGISTRATION)}
    assert found(tables, "src", "dst") == [("A", "a1")]


def test_no_table_at_all_is_refused():
    with pytest.raises(ValueError, match="expected at least one of the tables shareholder"):
        edges({}, AS_OF)

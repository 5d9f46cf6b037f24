"""What the city knew on a day: the last version of each record, and nothing that came later."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal_tables import DAY, day, records

from features.as_of import known_state, known_tables, latest_by_key

PLANS = ("sort", "hash")


def amounts(state) -> dict[str, int]:
    return {row.source_record_id: row.amount_fen for row in state.collect()}


def version(record: str, known: int, amount: int, op: str = "insert", **more):
    return {
        "subject_id": "A",
        "source_record_id": record,
        "decided_date": day(100),
        "known_at": day(known),
        "amount_fen": amount,
        "op": op,
        **more,
    }


@pytest.mark.parametrize("plan", PLANS)
def test_last_version_known_by_the_day_stands(spark, plan):
    table = records(
        spark,
        "penalty",
        [
            version("only", 0, 1),  # known on the day itself: counts
            version("later", -1, 2),  # known the day after: not yet there
            version("corrected", 9, 3),
            version("corrected", 5, 4, "correct"),  # the correction stands
            version("corrected", -3, 5, "correct"),  # this one is not known yet
            version("withdrawn", 9, 6),
            version("withdrawn", 2, 6, "withdraw"),  # gone
            version("withdrawn later", 9, 7),
            version("withdrawn later", -2, 7, "withdraw"),  # still stands on the day
            version("came back", 9, 8),
            version("came back", 5, 8, "withdraw"),
            version("came back", 4, 9),  # delivered anew after the withdrawal
            version("only withdrawn", 3, 10, "withdraw"),  # never stood
            version("undated", 0, 11, known_at=None),  # nobody knows when it came
        ],
    )
    assert amounts(known_state(table, DAY, plan)) == {
        "only": 1,
        "corrected": 4,
        "withdrawn later": 7,
        "came back": 9,
    }


@pytest.mark.parametrize("plan", PLANS)
def test_ties_of_a_day_are_broken_by_batch_and_line(spark, plan):
    table = records(
        spark,
        "penalty",
        [
            version("line", 5, 1, line=10),  # 10 comes after 9, as numbers do
            version("line", 5, 2, line=9),
            version("batch", 5, 3, batch_id="b1", line=99),
            version("batch", 5, 4, batch_id="b10", line=1),  # the later batch, whatever the line
        ],
    )
    assert amounts(known_state(table, DAY, plan)) == {"line": 1, "batch": 4}


@pytest.mark.parametrize("plan", PLANS)
def test_same_id_of_two_sources_is_two_records(spark, plan):
    table = records(
        spark, "penalty", [version("x", 5, 1, source="one"), version("x", 4, 2, source="two")]
    )
    state = known_state(table, DAY, plan)
    assert sorted((r.source, r.amount_fen) for r in state.collect()) == [("one", 1), ("two", 2)]
    assert state.columns == table.columns


VERSIONS = st.lists(
    st.tuples(
        st.sampled_from(["r1", "r2", "r3"]),
        st.integers(-3, 3),  # days before the day
        st.sampled_from(["b1", "b2"]),
        st.sampled_from(["insert", "correct", "withdraw"]),
    ),
    min_size=1,
    max_size=12,
)


@given(VERSIONS)
def test_both_plans_agree_with_reading_versions_in_order(spark, versions):
    rows = [
        version(record, known, line, op, batch_id=batch, line=line)
        for line, (record, known, batch, op) in enumerate(versions)
    ]
    standing: dict[str, int] = {}
    for row in sorted(rows, key=lambda r: (r["known_at"], r["batch_id"], r["line"])):
        if row["known_at"] <= DAY:
            standing.pop(row["source_record_id"], None)
            if row["op"] != "withdraw":
                standing[row["source_record_id"]] = row["amount_fen"]
    table = records(spark, "penalty", rows)
    for plan in PLANS:
        assert amounts(known_state(table, DAY, plan)) == standing


@pytest.mark.parametrize("plan", PLANS)
def test_latest_by_key_takes_the_last_that_came(spark, plan):
    table = records(
        spark,
        "registration",
        [
            {"subject_id": "A", "name": "old", "known_at": day(30), "source": "monthly"},
            {"subject_id": "A", "name": "new", "known_at": day(10), "source": "daily"},
            {"subject_id": "B", "name": "b", "known_at": day(30)},
            {"subject_id": None, "name": "nobody", "known_at": day(1)},  # belongs to no firm
        ],
    )
    latest = latest_by_key(
        known_tables({"registration": table}, DAY)["registration"], ["subject_id"], plan
    )
    assert {r.subject_id: r.name for r in latest.collect()} == {"A": "new", "B": "b"}

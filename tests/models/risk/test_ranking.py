"""Which firms a list is made of: districts' capacity, cases, statuses, ties."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.risk.levels import ListPolicy
from models.risk.ranking import district_capacity, official_cases, rank_subjects

AS_OF = date(2024, 12, 31)
SYSTEM = "known_at date, batch_id string, line bigint"
CASE = (
    "subject_id string, case_id string, stage string, stage_date date, source string, "
    "source_dept string, source_record_id string, file string, event_date date, " + SYSTEM
)


def capacity_frame(spark: Any, rows: list[tuple[str, str, int | None]], known: str = "2024-01-01"):
    made = [
        (district, date.fromisoformat(week), n, date.fromisoformat(known), "b", line)
        for line, (district, week, n) in enumerate(rows, start=2)
    ]
    return spark.createDataFrame(
        made, f"district string, week_start date, inspections bigint, {SYSTEM}"
    )


def registration_frame(spark: Any, rows: list[tuple[str, str | None, str | None]]):
    made = [(s, f"企业{s}", district, "J6760", status) for s, district, status in rows]
    return spark.createDataFrame(
        made, "subject_id string, name string, district string, industry string, status string"
    )


def case_frame(spark: Any, rows: list[tuple[str, str, str, str]]):
    made = [
        (s, case, stage, date.fromisoformat(day), "cases", "处非办", case, "cases.csv",
         date.fromisoformat(day), date.fromisoformat(day), "b", line)
        for line, (s, case, stage, day) in enumerate(rows, start=2)
    ]  # fmt: skip
    return spark.createDataFrame(made, CASE)


def score_frame(spark: Any, rows: list[tuple[str, float, bool]]):
    made = [(s, 1 / (1 + 2.0**-m), m, flagged) for s, m, flagged in rows]
    return spark.createDataFrame(
        made, "subject_id string, probability double, margin double, flagged boolean"
    )


def ranked(
    spark: Any,
    scores: list[tuple[str, float, bool]],
    firms: list[tuple[str, str | None, str | None]],
    inspections: dict[str, int],
    cases: list[tuple[str, str, str, str]] = (),
    previous: list[str] = (),
    policy: ListPolicy | None = None,
) -> dict[str, dict[str, Any]]:
    rows = rank_subjects(
        score_frame(spark, scores),
        registration_frame(spark, firms),
        spark.createDataFrame(list(inspections.items()), "district string, inspections int"),
        official_cases(case_frame(spark, list(cases))),
        spark.createDataFrame([(s,) for s in previous], "subject_id string"),
        AS_OF,
        policy or ListPolicy(),
    ).toArrow()
    return {row["subject_id"]: row for row in rows.to_pylist()}


def places(rows: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {subject: row["place"] for subject, row in sorted(rows.items())}


def test_capacity_is_that_of_the_week_else_the_latest_else_the_default(spark: Any) -> None:
    capacity = capacity_frame(
        spark,
        [
            ("440303", "2024-12-30", 7),  # the week of the 31st
            ("440303", "2025-01-06", 99),  # a week to come
            ("440304", "2024-12-16", 5),  # two weeks old: carried over
            ("440304", "2024-12-09", 4),
        ],
    )
    firms = registration_frame(
        spark,
        [
            ("A", "440303", "存续"),
            ("B", "440305", "存续"),
            ("C", "440305", None),
            ("D", None, None),
        ],
    )
    rows = district_capacity(capacity, firms, AS_OF, 20).toArrow().to_pylist()
    assert {r["district"]: (r["inspections"], r["basis"], r["subjects"]) for r in rows} == {
        "440303": (7, "week", 1),
        "440304": (5, "carried", 0),  # no firm is registered there
        "440305": (20, "default", 2),
        "unassigned": (20, "default", 1),  # a firm without a district
    }


def test_a_week_told_twice_counts_as_it_was_last_known(spark: Any) -> None:
    first = capacity_frame(spark, [("440303", "2024-12-30", 7)])
    later = capacity_frame(spark, [("440303", "2024-12-30", 9)], known="2024-12-20")
    firms = registration_frame(spark, [("A", "440303", None)])
    rows = district_capacity(first.union(later), firms, AS_OF, 20).toArrow().to_pylist()
    assert [(r["district"], r["inspections"]) for r in rows] == [("440303", 9)]


def test_a_case_counts_by_its_latest_stage(spark: Any) -> None:
    cases = official_cases(
        case_frame(
            spark,
            [
                ("A", "c1", "线索", "2024-01-01"),
                ("A", "c1", "立案", "2024-03-01"),  # official
                ("B", "c2", "立案", "2024-03-01"),
                ("B", "c2", "排除", "2024-06-01"),  # and cleared again
                ("C", "c3", "约谈", "2024-06-01"),  # not yet official
                ("D", "c4", "立案", "2024-01-01"),
                ("D", "c5", "判决", "2024-02-01"),  # the newer of two cases
                ("E", "c6", "判决", "2024-02-01"),  # of one day the later stage
                ("E", "c6", "立案", "2024-02-01"),
            ],
        )
    )
    rows = cases.toArrow().to_pylist()
    assert {r["subject_id"]: (r["stage"], r["source_record_id"]) for r in rows} == {
        "A": ("立案", "c1"),
        "D": ("判决", "c5"),
        "E": ("判决", "c6"),
    }


def test_each_district_lists_as_many_as_it_can_inspect(spark: Any) -> None:
    rows = ranked(
        spark,
        [
            ("A", 3.0, True),
            ("B", 2.0, True),
            ("C", 1.0, False),
            ("D", -1.0, False),
            ("E", 9.0, True),
        ],
        [(s, "1", "存续") for s in "ABC"] + [("D", "2", "存续"), ("E", "3", "存续")],
        {"1": 2, "2": 5, "3": 0},
    )
    # C is third of a district that can inspect two; E's district can inspect none
    assert places(rows) == {"A": "list", "B": "list", "D": "list"}
    assert [rows[s]["position"] for s in "ABD"] == [1, 2, 1]


def test_equal_margins_are_settled_by_subject_id(spark: Any) -> None:
    rows = ranked(
        spark,
        [("C", 1.0, True), ("A", 1.0, True), ("B", 1.0, True)],
        [(s, "1", None) for s in "ABC"],
        {"1": 2},
    )
    assert places(rows) == {"A": "list", "B": "list"}


def test_gone_firms_are_never_listed_and_revoked_ones_take_what_is_left(spark: Any) -> None:
    scores = [("A", 9.0, True), ("B", 8.0, True), ("C", 7.0, True), ("D", 1.0, False)]
    firms = [("A", "1", "注销"), ("B", "1", "迁出"), ("C", "1", "吊销"), ("D", "1", "存续")]
    assert places(ranked(spark, scores, firms, {"1": 1})) == {"D": "list"}
    assert places(ranked(spark, scores, firms, {"1": 2})) == {"C": "list", "D": "list"}


def test_firms_under_case_take_no_place(spark: Any) -> None:
    recent = (AS_OF - timedelta(days=30)).isoformat()
    rows = ranked(
        spark,
        [("A", 9.0, True), ("B", 8.0, True), ("C", 7.0, False), ("D", 1.0, False)],
        [(s, "1", "存续") for s in "ABCD"],
        {"1": 1},
        cases=[
            ("A", "c1", "立案", recent),
            ("B", "c2", "立案", "2010-01-01"),  # long ago, but the model still flags it
            ("C", "c3", "判决", "2010-01-01"),  # long ago and not flagged: in no section
        ],
    )
    assert places(rows) == {"A": "under_case", "B": "under_case", "D": "list"}
    assert rows["A"]["case_stage"] == "立案"
    assert (rows["A"]["case_file"], rows["A"]["case_line"]) == ("cases.csv", 2)


def test_firms_of_the_list_before_come_along(spark: Any) -> None:
    rows = ranked(
        spark,
        [("A", 3.0, True), ("B", 2.0, False), ("C", 1.0, False)],
        [("A", "1", "存续"), ("B", "1", "存续"), ("C", "1", "注销")],
        {"1": 1},
        previous=["A", "B", "C", "GONE"],
    )
    assert places(rows) == {"A": "list", "B": "watched", "C": "watched"}
    assert rows["B"]["position"] == 2
    assert rows["C"]["position"] is None


def test_a_floor_leaves_capacity_unused(spark: Any) -> None:
    rows = ranked(
        spark,
        [("A", 3.0, True), ("B", -9.0, False)],
        [("A", "1", None), ("B", "1", None)],
        {"1": 5},
        policy=ListPolicy(floor=0.5),
    )
    assert places(rows) == {"A": "list"}


def test_a_firm_scored_without_registration_is_not_dropped(spark: Any) -> None:
    rows = ranked(spark, [("A", 1.0, True)], [], {"unassigned": 1})
    assert rows["A"]["place"] == "list"
    assert rows["A"]["district"] == "unassigned"


@settings(max_examples=8)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", None]),
            st.sampled_from(["存续", "吊销", "注销", None]),
            st.integers(-2, 2),
        ),
        max_size=8,
    ),
    st.integers(0, 3),
)
def test_the_list_is_what_a_slow_twin_picks(
    spark: Any, firms: list[tuple[str | None, str | None, int]], inspections: int
) -> None:
    named = {f"F{i}": firm for i, firm in enumerate(firms)}
    expected = set()
    for district in ("1", "2", None):
        queue = sorted(
            (
                (status == "吊销", -margin, subject)
                for subject, (where, status, margin) in named.items()
                if where == district and status != "注销"
            )
        )
        expected |= {subject for _, _, subject in queue[:inspections]}
    rows = ranked(
        spark,
        [(s, float(margin), False) for s, (_, _, margin) in named.items()],
        [(s, district, status) for s, (district, status, _) in named.items()],
        {"1": inspections, "2": inspections, "unassigned": inspections},
    )
    assert set(rows) == expected


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_the_rows_changes_nothing(spark: Any, order: int) -> None:
    scores = [(f"F{i}", float(i % 3), i % 2 == 0) for i in range(9)][::order]
    firms = [(f"F{i}", str(i % 2), "存续") for i in range(9)][::order]
    rows = ranked(spark, scores, firms, {"0": 2, "1": 2})
    # district 0 has F0 F2 F4 F6 F8 with margins 0 2 1 0 2; district 1 F1 F3 F5 F7 with 1 0 2 1
    assert places(rows) == dict.fromkeys(("F1", "F2", "F5", "F8"), "list")

"""Which firms a list is made of: districts' capacity, cases, statuses, ties."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.risk.inspections import RESTING_SCHEMA
from models.risk.levels import ListPolicy
from models.risk.list_places import choose
from models.risk.random_draw import lot_of, lot_order
from models.risk.ranking import candidates, district_capacity, official_cases

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


NO_LOT = ListPolicy(random_share=0.0)


def found(
    spark: Any,
    scores: list[tuple[str, float, bool]],
    firms: list[tuple[str, str | None, str | None]],
    inspections: dict[str, int],
    cases: list[tuple[str, str, str, str]] = (),
    previous: list[str] = (),
    policy: ListPolicy = NO_LOT,
    resting: list[tuple[str, date, bool]] = (),
) -> list[dict[str, Any]]:
    return (
        candidates(
            score_frame(spark, scores),
            registration_frame(spark, firms),
            spark.createDataFrame(list(inspections.items()), "district string, inspections int"),
            official_cases(case_frame(spark, list(cases))),
            spark.createDataFrame([(s,) for s in previous], "subject_id string"),
            spark.createDataFrame(list(resting), RESTING_SCHEMA),
            AS_OF,
            policy,
            lot_of("demo", AS_OF, policy),
        )
        .toArrow()
        .to_pylist()
    )


def ranked(spark: Any, *given: Any, **more: Any) -> dict[str, dict[str, Any]]:
    """The firms that have a place on a first list."""
    policy = more.get("policy", NO_LOT)
    rows = choose(found(spark, *given, **more), None, policy, lot_of("demo", AS_OF, policy))
    return {row["subject_id"]: row for row in rows}


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
    rows = found(
        spark,
        [("A", 3.0, True), ("B", 2.0, False), ("C", 1.0, False)],
        [("A", "1", "存续"), ("B", "1", "存续"), ("C", "1", "注销")],
        {"1": 1},
        previous=["A", "B", "C", "GONE"],
    )
    rows = {row["subject_id"]: row for row in rows}
    assert set(rows) == {"A", "B", "C"}
    assert rows["B"]["position"] == 2
    assert (rows["C"]["queue"], rows["C"]["position"]) == ("none", None)


def test_a_floor_leaves_capacity_unused(spark: Any) -> None:
    rows = ranked(
        spark,
        [("A", 3.0, True), ("B", -9.0, False)],
        [("A", "1", None), ("B", "1", None)],
        {"1": 5},
        policy=ListPolicy(floor=0.5, random_share=0.0),
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


def test_a_firm_inspected_without_a_finding_takes_no_place(spark: Any) -> None:
    rows = found(
        spark,
        [("A", 3.0, True), ("B", 2.0, True), ("C", 1.0, True)],
        [(s, "1", "存续") for s in "ABC"],
        {"1": 1},
        previous=["A"],
        resting=[("A", date(2024, 12, 20), True), ("B", date(2024, 10, 1), False)],
    )
    told = {r["subject_id"]: (r["queue"], r["position"], r["inspected_date"]) for r in rows}
    assert told["A"] == ("none", None, date(2024, 12, 20))
    assert told["B"] == ("list", 1, date(2024, 10, 1))  # something is new of it


@settings(max_examples=6)
@given(st.integers(2, 9), st.lists(st.integers(-3, 3), min_size=1, max_size=30), st.data())
def test_what_the_engine_brings_is_enough_to_choose_from(
    spark: Any, inspections: int, margins: list[int], data: st.DataObject
) -> None:
    policy = ListPolicy(random_share=0.3)
    lot = lot_of("demo", AS_OF, policy)
    firms = [f"F{i:02d}" for i in range(len(margins))]
    before = data.draw(st.lists(st.sampled_from(firms), unique=True))
    scores = [(s, float(m), False) for s, m in zip(firms, margins, strict=True)]
    few = found(spark, scores, [(s, "1", "存续") for s in firms], {"1": inspections},
                previous=before, policy=policy)  # fmt: skip
    # the twin has every firm in hand
    by_lot = sorted(firms, key=lambda s: lot_order(f"{lot}|1", s))
    all_firms = [
        dict(few[0]) | {
            "subject_id": s, "margin": m, "probability": 1 / (1 + 2.0**-m), "queue": "list",
            "draw_position": by_lot.index(s) + 1, "listable": len(firms), "rests": False,
        }
        for s, m, _ in scores
    ]  # fmt: skip
    assert {r["subject_id"]: r["draw_position"] for r in few}.items() <= {
        r["subject_id"]: r["draw_position"] for r in all_firms
    }.items()

    def chosen(rows: list[dict[str, Any]]) -> dict[str, Any]:
        made = choose(rows, None, policy, lot)
        return {r["subject_id"]: (r["place"], r.get("inclusion_prob")) for r in made}

    assert chosen(few) == chosen(all_firms)

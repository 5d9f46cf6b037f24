"""Three scores as sums: what costs how much, what is beyond its months, and the composite."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from dimension_twin import scores, subjects_with_records
from hypothesis import given, settings
from literal_judged import behind, everything, frame, pack, record_frame, rows, verdict_frame
from pyspark.sql import functions as F

from features.as_of import known_tables
from models.grading.dimensions import composite, dimensions
from models.grading.trace import Judged
from tests.features.literal_tables import DAY, day, firms, records

REPORT = pack()
RESOLVED = "subject_id string, severity int"
FEW = settings(max_examples=min(5, settings.default.max_examples))


def penalty(subject: str, decided: date, kind: str = "警告", **more: Any) -> dict[str, Any]:
    return {"subject_id": subject, "decided_date": decided, "kind": kind, **more}


def judged(spark, *subjects: str, **tables: list[dict[str, Any]]) -> Judged:
    known = {name: records(spark, name, given) for name, given in tables.items()}
    return dimensions({"registration": firms(spark, *subjects), **known}, REPORT, DAY)


def test_nothing_deducted_is_a_row_too(spark):
    found = judged(spark, "A", "A")  # two rows of one subject are one subject
    assert rows(found, "subject_id", "rule", "value", "severity", "sum_zh", "sum_en") == [
        ("A", name, "100", 0, "100 − 0 = 100", "100 − 0 = 100")
        for name in ("compliance", "integrity", "performance")
    ]
    row = found.verdicts.first()
    assert (row.holds_from, row.holds_to, row.standing) == (DAY, None, "project default")
    assert found.records.count() == 0


def test_the_sum_names_every_item_that_costs(spark):
    found = judged(
        spark,
        "A",
        penalty=[
            penalty("A", day(10)),
            penalty("A", day(20), "没收"),
            penalty("A", day(30), "停业"),  # the severer item, and not the other
            penalty("A", day(5), None),  # of unknown kind: costs nothing
            penalty("B", day(10)),  # no registered subject
        ],
        tax_registration=[
            {"subject_id": "A", "status": "非正常", "status_date": day(5000)}  # no months: for ever
        ],
    )
    compliance = found.verdicts.where("rule = 'compliance'").collect()
    assert [(r.subject_id, r.value, r.severity) for r in compliance] == [("A", "29", 71)]
    assert compliance[0].sum_zh == (
        "100 − 30×1（停业、吊销处罚1条） − 8×2（其他行政处罚2条） − 25×1（税务非正常户1条） = 29"
    )
    assert compliance[0].sum_en == (
        "100 − 30×1 (Closures and revocations: 1 record) − 8×2 (Other penalties: 2 records)"
        " − 25×1 (Lost to the tax office: 1 record) = 29"
    )
    assert behind(found) == {
        ("A", "compliance"): ["penalty:r0", "penalty:r1", "penalty:r2", "tax_registration:r0"]
    }


@pytest.mark.parametrize(
    ("decided", "counts"),
    [
        (DAY, True),  # the day itself
        (date(2021, 7, 1), True),  # the first day of the 36 months
        (date(2021, 6, 30), False),  # 36 months ago to the day: over
        (date(2024, 7, 1), False),  # lies ahead
    ],
)
def test_the_months_of_an_item(spark, decided, counts):
    known = {"known_at": DAY}  # an odd delivery may tell of a day ahead
    found = judged(spark, "A", penalty=[penalty("A", decided, **known)])
    expected = "92" if counts else "100"
    assert ("A", "compliance", expected) in rows(found, "subject_id", "rule", "value")
    assert bool(behind(found)) is counts


def test_months_end_where_a_calendar_month_does(spark):
    as_of = date(2024, 2, 29)
    given = [penalty("A", date(2021, 2, 28)), penalty("B", date(2021, 3, 1))]
    known = {"registration": firms(spark, "A", "B"), "penalty": records(spark, "penalty", given)}
    found = dimensions(known, REPORT, as_of)
    compliance = [r for r in rows(found, "subject_id", "rule", "value") if r[1] == "compliance"]
    # 36 months before 29 February 2024 is 28 February 2021, and that day is over
    assert compliance == [("A", "compliance", "100"), ("B", "compliance", "92")]


def test_no_item_costs_more_than_its_most_and_no_score_is_below_zero(spark):
    found = judged(
        spark,
        "A",
        "B",
        penalty=[penalty("A", day(n)) for n in range(1, 7)]  # 6 × 8 = 48, at most 40
        + [penalty("B", day(n), "吊销") for n in range(1, 4)]  # 3 × 30 = 90, at most 60
        + [penalty("B", day(n)) for n in range(1, 6)],  # 5 × 8 = 40, its most exactly
        tax_filing=[
            {
                "subject_id": "B",
                "tax": "增值税",
                "period_start": day(40),
                "period_end": day(10),
                "late_days": 3,
            }
        ],
    )
    told = {r.subject_id: r for r in found.verdicts.where("rule = 'compliance'").collect()}
    assert told["A"].sum_zh == "100 − 40（其他行政处罚6条，8×6=48，以40为限） = 60"
    assert told["B"].sum_zh.endswith(
        "− 8×5（其他行政处罚5条） − 2×1（逾期申报1条） = −2，不低于0，记0"
    )
    assert told["B"].sum_en.endswith("= −2, not below 0: 0")
    assert (told["B"].value, told["B"].severity) == ("0", 100)
    assert len(behind(found)["A", "compliance"]) == 6  # beyond the most they stand behind it, too


def test_one_record_may_cost_under_two_items(spark):
    found = judged(
        spark, "A", enforcement=[{"subject_id": "A", "filed_date": day(9), "dishonest": True}]
    )
    assert ("A", "performance", "50") in rows(found, "subject_id", "rule", "value")  # 10 and 40
    assert behind(found) == {("A", "performance"): ["enforcement:r0"]}  # and is shown once


@FEW
@given(subjects_with_records())
def test_the_engine_adds_as_the_twin_does(spark, drawn):
    """And one record more never raises a score: the twin subject `+` has it."""
    subjects, tables = drawn
    found = judged(spark, *subjects, **tables)
    told = {(r[0], r[1]): int(r[2]) for r in rows(found, "subject_id", "rule", "value")}
    assert told == scores(subjects, tables, DAY)
    for (subject, dimension), score in told.items():
        if (subject + "+", dimension) in told:
            assert told[subject + "+", dimension] <= score


def test_withdrawn_and_later_records_are_as_if_they_never_came(spark):
    base = [penalty("A", day(50), source_record_id="a")]
    gone = penalty("A", day(40), source_record_id="g")
    more = [
        *base,
        gone,
        {**gone, "known_at": day(3), "op": "withdraw"},
        penalty("A", day(10), known_at=day(-1)),  # happened, but the city knows tomorrow
    ]

    def scored(given):
        tables = {
            "registration": firms(spark, "A"),
            "penalty": records(spark, "penalty", given),
        }
        return everything(dimensions(known_tables(tables, DAY), REPORT, DAY))

    assert scored(more) == scored(base)


def test_any_order_of_rows_gives_the_same(spark):
    given = [penalty("A", day(n), source_record_id=str(n)) for n in range(1, 30)]
    one, two = (
        everything(judged(spark, "A", penalty=[{**r, "line": 1} for r in order]))
        for order in (given, given[::-1])
    )
    assert one == two


def test_no_registration_no_verdicts(spark):
    known = {"penalty": records(spark, "penalty", [penalty("A", day(3))])}
    found = dimensions(known, REPORT, DAY)
    assert (found.verdicts.count(), found.records.count()) == (0, 0)


def three(spark, **given: tuple[int, int, int]) -> Judged:
    """Literal scores of integrity, compliance and performance by subject, one record behind."""
    names = ("integrity", "compliance", "performance")
    told = [
        {
            "verdict_id": f"{s}{n}",
            "subject_id": s,
            "family": "dimension",
            "rule": n,
            "value": str(v),
        }
        for s, values in given.items()
        for n, v in zip(names, values, strict=True)
    ]
    record = {"table_name": "enforcement", "source_record_id": "r"}
    shown = [
        {"verdict_id": f"A{name}", "subject_id": "A", **record}
        for name in ("compliance", "performance")
    ]
    return Judged(verdict_frame(spark, *told), record_frame(spark, *shown))


def test_the_composite_rounds_half_up_and_says_how(spark):
    given = three(
        spark,
        A=(100, 74, 100, ),
        B=(100, 100, 100),
        C=(90, 89, 90),
        D=(74, 75, 74),
        E=(0, 0, 0),
        F=(2, 0, 0),
    )  # fmt: skip
    severities = [("A", 20), ("C", 9), ("D", 25), ("E", 100), ("F", 100), ("F", 30), ("G", 50)]
    found = composite(given, frame(spark, RESOLVED, *severities), REPORT, DAY)
    assert rows(found, "subject_id", "value", "score", "severity", "departments") == [
        ("A", "良", 88, 12, 80),  # 25 + 22.20 + 25 + 16 = 88.20
        ("B", "优", 100, 0, 100),  # no grade of a department: the full 100
        ("C", "优", 90, 10, 91),  # 22.50 + 26.70 + 22.50 + 18.20 = 89.90
        ("D", "良", 75, 25, 75),  # 18.50 + 22.50 + 18.50 + 15 = 74.50: half goes up
        ("E", "差", 0, 100, 0),
        ("F", "差", 1, 99, 0),  # 0.50; of two severities the severer
    ]  # G has no dimensions: not registered
    words = {r.subject_id: r for r in found.verdicts.collect()}
    assert words["A"].sum_zh == (
        "诚信度100×25% + 合规度74×30% + 践约度100×25% + 部门评级80×20%"
        " = 88.20，四舍五入88；88≥75，良"
    )
    assert "部门评级100×20%（无部门评级） = 100.00" in words["B"].sum_zh
    assert words["B"].sum_en == (
        "Integrity 100×25% + Compliance 100×30% + Performance of obligations 100×25%"
        " + Departments 100×20% (no department grade) = 100.00, rounded half up 100; 100≥90: 优"
    )
    assert words["F"].sum_zh.endswith("= 0.50，四舍五入1；1≥0，差")
    # the record behind two dimensions stands once behind the composite
    assert behind(found) == {("A", "composite"): ["enforcement:r"]}


def test_dimensions_and_composite_go_together(spark):
    axes = judged(spark, "A", "B", penalty=[penalty("A", day(1), "吊销")])
    found = composite(axes, frame(spark, RESOLVED), REPORT, DAY)
    # 25 + 70 × 30 % + 25 + 20
    assert rows(found, "subject_id", "value", "score") == [("A", "优", 91), ("B", "优", 100)]
    assert behind(found) == {("A", "composite"): ["penalty:r0"]}
    assert found.verdicts.where(F.col("severity").isNull()).count() == 0

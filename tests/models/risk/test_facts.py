"""What is a new fact: everything but what the calendar moves."""

from __future__ import annotations

from datetime import date
from typing import Any

from models.risk.facts import Change, changed_facts, fact_columns
from models.risk.inspections import RESTING_SCHEMA, latest_inspections, odds, resting
from models.risk.levels import ListPolicy

NAN = float("nan")


def test_ages_and_what_rests_on_them_are_no_facts() -> None:
    columns = ["age_days", "changes", "change_rate", "days_since_ad", "exposure", "exposure_path",
               "years_since_report", "never_reported", "group_id", "complaints_30d"]  # fmt: skip
    inputs = {
        "change_rate": ("changes", "age_days"),
        "never_reported": ("annual_reports", "age_days"),
    }
    # a count in a window is one: it changes only when a record comes or leaves it
    assert fact_columns(columns, inputs) == ("changes", "exposure_path", "complaints_30d")


def test_the_library_has_no_other_clock() -> None:
    """Whatever counts days or years of the calendar is known as a clock by its name."""
    from features.library import FEATURES

    inputs = {n: c.feature.inputs for n, c in FEATURES.items()}
    facts = fact_columns(FEATURES, inputs)
    days = {n for n in facts if FEATURES[n].feature.unit in ("days", "years", "months")}
    # lengths that are written in a record and do not grow
    assert days <= {"licence_days", "longest_filing_delay"}


def test_what_changed_of_each_firm() -> None:
    before = [
        {"subject_id": "A", "x": 1, "y": None, "z": 2.0},
        {"subject_id": "B", "x": 1, "y": "a"},
    ]
    now = [
        {"subject_id": "A", "x": 2, "y": NAN, "z": 2},  # no data is no data, 2 is 2.0
        {"subject_id": "B", "x": 1, "y": "b", "z": 3},  # z is new to the features
        {"subject_id": "C", "x": 1, "y": "a", "z": 2},
    ]
    assert changed_facts(before, now, ["x", "y", "z"]) == {
        "A": (Change("x", 1, 2),),
        "B": (Change("y", "a", "b"),),
        "C": None,
    }


AS_OF = date(2024, 12, 31)
POLICY = ListPolicy()


def test_only_the_latest_inspection_counts_and_only_if_it_found_nothing(spark: Any) -> None:
    rows = [
        ("A", date(2024, 12, 1), "未发现问题"),
        ("B", date(2024, 11, 1), "未发现问题"),
        ("B", date(2024, 12, 1), "责令整改"),  # a finding
        ("C", date(2024, 12, 1), "无法联系"),  # says nothing
        ("D", date(2024, 1, 1), "未发现问题"),  # long ago
        ("E", date(2025, 1, 1), "未发现问题"),  # to come
    ]
    made = [(*row, row[1], "b", line) for line, row in enumerate(rows)]
    table = spark.createDataFrame(
        made, "subject_id string, inspected_date date, result string, known_at date, "
        "batch_id string, line bigint",
    )  # fmt: skip
    found = latest_inspections(table, AS_OF, POLICY).toArrow().to_pylist()
    assert [(r["subject_id"], r["inspected_date"]) for r in found] == [("A", date(2024, 12, 1))]
    assert spark.createDataFrame([("A", AS_OF, True)], RESTING_SCHEMA).count() == 1


def test_a_firm_rests_until_its_time_is_over_or_a_fact_speaks_against_it() -> None:
    def rests(day: date, then: dict[str, Any] | None, now: dict[str, Any]) -> bool:
        inspected = [{"subject_id": "A", "inspected_date": day}]
        old = [{"subject_id": "A", **then}] if then else []
        told = resting(inspected, old, [{"subject_id": "A", **now}], ["x"], POLICY, AS_OF)
        assert told[0][:2] == ("A", day)
        return told[0][2]

    lately, long_ago = date(2024, 12, 1), date(2024, 10, 2)
    calm, same = {"x": 1, "probability": 0.2}, {"x": 1, "probability": 0.2}
    assert rests(lately, calm, same)
    assert not rests(long_ago, calm, same)  # 90 days are over on the 31st
    assert rests(date(2024, 10, 3), calm, same)
    # time alone raises no one: a fact is needed, and one that weighs more than the hold
    assert rests(lately, calm, {"x": 1, "probability": 0.9})
    assert rests(lately, calm, {"x": 2, "probability": 0.21})
    assert not rests(lately, calm, {"x": 2, "probability": 0.3})
    # nothing is known of how it stood then
    assert rests(lately, None, {"x": 2, "probability": 0.9})


def test_certainty_can_be_compared() -> None:
    assert odds(0.5) == 1.0
    assert odds(0.999) < odds(1.0)

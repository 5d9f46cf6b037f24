"""The gentle list: who gets a word of advice, and who is no light case."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from literal_judged import behind, changed, everything, frame, pack, rows, verdict_frame

from features.as_of import known_tables
from models.grading.notices import notices
from models.grading.trace import Judged
from tests.features.literal_tables import DAY, day, records

REPORT = pack()


def fine(subject: str, decided: date, amount_fen: int = 10_000, **more: Any) -> dict[str, Any]:
    kind = {"kind": "罚款", "amount_fen": amount_fen}
    return {"subject_id": subject, "decided_date": decided, **kind, **more}


def told(spark, *verdicts: dict[str, Any], listed: tuple[str, ...] = (), **tables: Any) -> Judged:
    known = {name: records(spark, name, given) for name, given in tables.items()}
    on_list = frame(spark, "subject_id string", *((s,) for s in listed))
    judged = [verdict_frame(spark, *verdicts)] if verdicts else []
    return notices(known, judged, on_list, REPORT, DAY)


def test_light_offences_of_the_last_half_year(spark):
    found = told(
        spark,
        penalty=[
            fine("A", day(10)),
            fine("A", day(20), 500_000),  # 5 000 元 is light still
            fine("B", day(10), 500_001),  # and a fen more is not
            fine("C", date(2023, 12, 31)),  # the first day of the six months
            fine("D", date(2023, 12, 30)),  # six months ago to the day: over
            fine("E", day(10), kind="吊销"),  # no light kind
            fine("F", day(10), None),  # of unknown amount: not known to be light
        ],
    )
    assert rows(found, "subject_id", "rule", "value", "severity", "holds_from") == [
        ("A", "minor_penalty", "2", None, DAY),
        ("C", "minor_penalty", "1", None, DAY),
    ]
    assert behind(found)["A", "minor_penalty"] == ["penalty:r0", "penalty:r1"]
    row = found.verdicts.where("subject_id = 'A'").first()
    assert row.sum_zh == "有轻微违法记录：2023-12-31至2024-06-30共2条（1条起提醒）"
    assert row.sum_en == "A light offence: 2 from 2023-12-31 to 2024-06-30 (told from 1)"
    assert row.advice_zh.startswith("请")  # a word of advice, and no measure
    assert row.advice_en.startswith("Please")
    assert row.recipient == "企业（由辖区市场监管所转达）"
    assert (row.family, row.standing) == ("notice", "project default")


def test_it_takes_as_many_records_as_the_notice_asks_for(spark):
    def late(subject: str, days_ago: int, late_days: int) -> dict[str, Any]:
        period = {"period_start": day(days_ago + 29), "period_end": day(days_ago)}
        return {"subject_id": subject, "tax": "增值税", "late_days": late_days, **period}

    found = told(
        spark,
        tax_filing=[
            late("A", 10, 3),
            late("A", 40, 1),  # twice late within the year
            late("B", 10, 3),
            late("B", 40, 0),  # in time: once late only
            late("B", 400, 5),  # more than a year ago
        ],
        complaint=[
            {"subject_id": "A", "received_date": day(1)},
            {"subject_id": "C", "received_date": day(1)},
            {"subject_id": "C", "received_date": day(30)},
        ],
    )
    assert rows(found, "subject_id", "rule", "value") == [
        ("A", "late_filing", "2"),
        ("C", "more_complaints", "2"),
    ]
    assert behind(found)["A", "late_filing"] == ["tax_filing:r0", "tax_filing:r1"]


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (DAY, True),  # today is its last day
        (day(-30), True),  # in thirty days
        (day(-31), False),  # not yet near
        (day(1), False),  # has expired: no longer a matter of renewal
        (None, False),  # without an end
    ],
)
def test_a_permit_that_is_about_to_expire(spark, ends, expected):
    permit = {"subject_id": "A", "valid_from": day(900), "valid_to": ends}
    found = told(spark, permit=[permit])
    assert rows(found, "subject_id", "rule") == [("A", "permit_expiring")] * expected
    if expected:
        assert rows(found, "sum_zh") == [
            ("许可即将到期：2024-06-30至2024-07-30共1条（1条起提醒）",)
        ]


def test_a_case_that_is_not_light_gets_no_notice(spark):
    def stage(subject: str, name: str, days_ago: int) -> dict[str, Any]:
        return {
            "subject_id": subject,
            "case_id": subject,
            "stage": name,
            "stage_date": day(days_ago),
        }

    severe = {"holds_from": day(100), "severity": 61}
    names = (
        "severe",
        "just not",
        "no longer",
        "not yet",
        "graded",
        "listed",
        "case",
        "led",
        "cleared",
    )
    found = told(
        spark,
        {"subject_id": "severe", **severe},  # severer than 60
        {"subject_id": "severe", **severe, "severity": 0},  # a good verdict beside it helps nobody
        {"subject_id": "just not", **severe, "severity": 60},
        {"subject_id": "no longer", **severe, "holds_to": day(1)},  # ended yesterday
        {"subject_id": "not yet", **severe, "holds_from": day(-1)},
        {"subject_id": "graded", **severe, "severity": None},  # a verdict without a severity
        listed=("listed",),
        penalty=[fine(name, day(5)) for name in names],
        case_label=[
            stage("case", "立案", 50),  # under case
            stage("led", "线索", 50),  # a lead is no case
            stage("cleared", "立案", 90),
            stage("cleared", "排除", 20),  # was under case
        ],
    )
    assert {subject for (subject,) in rows(found, "subject_id")} == {
        "just not",
        "no longer",
        "not yet",
        "graded",
        "led",
        "cleared",
    }
    assert {subject for subject, _ in behind(found)} == {s for (s,) in rows(found, "subject_id")}


def test_what_is_most_severe_is_the_packs(spark):
    milder = REPORT.notices.model_copy(update={"most_severe": 10})
    known = {"penalty": records(spark, "penalty", [fine("A", day(3)), fine("B", day(3))])}
    given = [verdict_frame(spark, {"subject_id": "A", "severity": 11})]
    nobody = frame(spark, "subject_id string")
    found = notices(known, given, nobody, changed(REPORT, notices=milder), DAY)
    assert rows(found, "subject_id") == [("B",)]


def test_tables_that_never_came_give_no_notice(spark):
    found = told(spark)
    nothing = told(spark, penalty=[])
    assert (found.verdicts.count(), found.records.count(), nothing.verdicts.count()) == (0, 0, 0)
    assert found.verdicts.columns == nothing.verdicts.columns
    assert found.records.columns == nothing.records.columns


def test_withdrawn_and_later_records_are_as_if_they_never_came(spark):
    base = [fine("A", day(50), source_record_id="a")]
    gone = fine("B", day(40), source_record_id="g")
    more = [
        *base,
        gone,
        {**gone, "known_at": day(3), "op": "withdraw"},
        fine("A", day(10), known_at=day(-1)),
        fine("C", day(10), known_at=day(-1)),
    ]

    def noticed(given):
        known = known_tables({"penalty": records(spark, "penalty", given)}, DAY)
        return everything(notices(known, [], frame(spark, "subject_id string"), REPORT, DAY))

    assert noticed(more) == noticed(base)

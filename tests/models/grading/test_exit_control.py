"""Exit controls: the state of the day, and whether one that is paid for has been lifted."""

from __future__ import annotations

from datetime import date

from conf.rule_pack import load_pack
from features.as_of import known_tables
from models.grading.exit_control import exit_controls
from models.grading.lists import LIST_OWN
from tests.features.literal_tables import records

PACK = load_pack("report_2016")
DAY = date(2020, 2, 29)


def control(number: str, state: str, on: date | None, **more):
    return {
        "subject_id": "A",
        "control_no": number,
        "arrears_no": f"欠{number}",
        "person_key": "5ec2e7" * 5,
        "state": state,
        "state_date": on,
        "source_record_id": f"{number}{state}",
    } | more


def arrears(number: str, paid: date | None, **more):
    return {
        "subject_id": "A",
        "arrears_no": f"欠{number}",
        "amount_fen": 1_234_567,
        "since_date": date(2018, 1, 1),
        "cleared_date": paid,
    } | more


def judged(spark, controls, owed=None, as_of: date = DAY):
    tables = {"exit_control": records(spark, "exit_control", controls)}
    if owed is not None:
        tables["tax_arrears"] = records(spark, "tax_arrears", owed)
    return exit_controls(known_tables(tables, as_of), as_of, PACK)


def number_of(row) -> str:
    return row.sum_zh.split("自")[0].removeprefix("控制")


def test_states_and_release(spark):
    d = date
    found = judged(
        spark,
        [
            control("placed", "布控", d(2019, 1, 1)),
            control("kept on", "布控", d(2019, 1, 1)), control("kept on", "续控", d(2019, 7, 1)),
            control("paid", "阻止", d(2019, 1, 1)),
            control("paid today", "阻止", d(2019, 1, 1)),
            control("paid tomorrow", "阻止", d(2019, 1, 1)),
            control("lifted", "阻止", d(2019, 1, 1)), control("lifted", "撤控", d(2020, 2, 1)),
            control("to be lifted", "阻止", d(2019, 1, 1)),
            control("to be lifted", "撤控", d(2020, 3, 1), known_at=DAY),
            control("placed again", "撤控", d(2019, 6, 1)),
            control("placed again", "布控", d(2020, 1, 1)),
            control("half paid", "续控", d(2019, 1, 1)),
            control("no arrears", "续控", d(2019, 1, 1)),
            control("no number", "续控", d(2019, 1, 1), arrears_no=None),
            control("of another", "续控", d(2019, 1, 1)),
            control("undated", "续控", None, known_at=d(2019, 5, 5)),
        ],
        [
            arrears("placed", None), arrears("kept on", None),
            arrears("paid", d(2020, 1, 31)), arrears("paid today", DAY),
            arrears("paid tomorrow", d(2020, 3, 1)),
            arrears("lifted", d(2020, 1, 31)), arrears("to be lifted", d(2020, 1, 31)),
            arrears("placed again", d(2019, 5, 1)),
            arrears("half paid", d(2020, 1, 1)),
            arrears("half paid", None, source="second office"),
            arrears("of another", d(2020, 1, 1), subject_id="B"),
            arrears("undated", None),
        ],
    )  # fmt: skip
    rows = found.verdicts.collect()
    assert {number_of(r): (r.value, r.holds_from, r.days_since_paid) for r in rows} == {
        "placed": ("布控", d(2019, 1, 1), None),
        "kept on": ("续控", d(2019, 7, 1), None),  # the latest state counts
        "paid": ("release_due", d(2020, 1, 31), 29),  # paid 29 days ago, over a leap day
        "paid today": ("release_due", DAY, 0),
        "paid tomorrow": ("阻止", d(2019, 1, 1), None),  # not paid yet
        "lifted": ("撤控", d(2020, 2, 1), None),  # as it should be
        "to be lifted": ("release_due", d(2020, 1, 31), 29),  # the lifting is dated tomorrow
        "placed again": ("release_due", d(2020, 1, 1), 304),  # controlled for what was paid
        "half paid": ("续控", d(2019, 1, 1), None),  # one office has it open still
        "no arrears": ("续控", d(2019, 1, 1), None),  # nothing to check against
        "no number": ("续控", d(2019, 1, 1), None),
        "of another": ("续控", d(2019, 1, 1), None),  # arrears of B say nothing of A
        "undated": ("续控", d(2019, 5, 5), None),  # from the day it was known
    }
    said = {number_of(r): r for r in rows}
    assert said["paid"].sum_zh == (
        "控制paid自2019-01-01为阻止；欠税欠paid（12345.67元）已于2020-01-31结清，至2020-02-29已29天，"
        "未见撤控，应核对是否解除"
    )
    assert "no record of the arrears 欠no arrears" in said["no arrears"].sum_en
    assert {(r.family, r.rule, r.severity) for r in rows} == {("list", "exit_control", None)}
    assert len({r.verdict_id for r in rows}) == len(rows)
    everything = rows + found.records.collect()
    assert not any("5ec2e7" in str(value) for r in everything for value in r)  # nobody is named
    behind = [r for r in found.records.collect() if r.verdict_id == said["lifted"].verdict_id]
    assert sorted((r.table_name, str(r.event_date)) for r in behind) == [
        ("exit_control", "2019-01-01"), ("exit_control", "2020-02-01"), ("tax_arrears", "2018-01-01"),
    ]  # fmt: skip


def test_later_knowledge_changes_nothing(spark):
    first = [control("x", "阻止", date(2019, 1, 1))]
    owed = [arrears("x", None)]
    paid = {**arrears("x", date(2020, 2, 1)), "op": "correct", "known_at": date(2020, 3, 1)}
    lifted = control("x", "撤控", date(2020, 2, 10), known_at=date(2020, 3, 1))
    then = judged(spark, first, owed).verdicts.collect()
    assert (
        judged(
            spark, [*first, lifted], [*owed, {**paid, "source_record_id": "r0"}]
        ).verdicts.collect()
        == then
    )
    assert then[0].value == "阻止"
    # known on the next day: paid, and lifted
    later = judged(
        spark, [*first, lifted], [*owed, {**paid, "source_record_id": "r0"}], date(2020, 3, 1)
    )
    assert later.verdicts.collect()[0].value == "撤控"


def test_without_its_tables(spark):
    assert (
        judged(spark, [control("x", "续控", date(2019, 1, 1))]).verdicts.collect()[0].value
        == "续控"
    )
    firms = records(spark, "registration", [{"subject_id": "A"}])
    nothing = exit_controls({"registration": firms}, DAY, PACK)
    assert nothing.verdicts.columns[-len(LIST_OWN) :] == list(LIST_OWN)
    assert (nothing.verdicts.count(), nothing.records.count()) == (0, 0)

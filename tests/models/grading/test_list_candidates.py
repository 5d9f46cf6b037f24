"""Who might have to be on a list: found in the data, never decided, never on a missing table."""

from __future__ import annotations

from datetime import date

import pytest

from conf.rule_pack import load_pack
from features.as_of import known_tables
from models.grading.list_situations import latest_due
from models.grading.lists import LIST_OWN, list_candidates, list_states
from models.grading.trace import RECORD_COLUMNS, VERDICT_COLUMNS
from tests.features.literal_tables import records

PACK = load_pack("report_2016")
DAY = date(2020, 8, 31)
REPORTS = PACK.lists.situations["no_annual_report"]  # due 06-30, 30 days of grace


def firm(subject: str, **more):
    return {
        "subject_id": subject, "status": "存续", "est_date": date(2015, 1, 1),
        "known_at": date(2015, 2, 1),
    } | more  # fmt: skip


def report(subject: str, filed: date, year: int = 2019, **more):
    return {"subject_id": subject, "year": year, "filed_date": filed} | more


def filing(subject: str, start: date, end: date, revenue: int | None, tax: str = "增值税"):
    return {
        "subject_id": subject, "tax": tax, "period_start": start, "period_end": end,
        "revenue_declared_fen": revenue,
    }  # fmt: skip


def judged(spark, as_of: date = DAY, locks=None, lock_records=None, **tables):
    made = {name: records(spark, name, rows) for name, rows in tables.items()}
    known = known_tables(made, as_of)
    return list_candidates(known, as_of, PACK, locks, lock_records)


def found(judgement, rule: str) -> dict[str, str]:
    return {r.subject_id: r.sum_zh for r in judgement.verdicts.collect() if r.rule == rule}


@pytest.mark.parametrize(
    ("as_of", "year", "deadline"),
    [
        (date(2020, 7, 30), 2018, date(2019, 7, 30)),  # the last day of grace: not overdue yet
        (date(2020, 7, 31), 2019, date(2020, 7, 30)),
        (date(2020, 1, 1), 2018, date(2019, 7, 30)),
    ],
)
def test_the_latest_due_year(as_of, year, deadline):
    assert latest_due(as_of, REPORTS) == (year, deadline)


def test_a_due_day_that_its_month_lacks_is_the_last_of_the_month():
    leap = REPORTS.model_copy(update={"due_month": 2, "due_day": 29, "grace_days": 0})
    assert latest_due(date(2020, 3, 1), leap) == (2019, date(2020, 2, 29))
    assert latest_due(date(2019, 3, 1), leap) == (2018, date(2019, 2, 28))
    long = REPORTS.model_copy(update={"grace_days": 365})  # still in grace a year later
    assert latest_due(date(2020, 6, 1), long) == (2017, date(2019, 6, 30))


def test_no_annual_report(spark):
    d = date
    judgement = judged(
        spark,
        registration=[
            firm("missing"), firm("in time"), firm("in grace"), firm("late"), firm("came late"),
            firm("closed", status="注销"), firm("revoked", status="吊销"),
            firm("new", est_date=d(2020, 1, 1)), firm("old enough", est_date=d(2019, 12, 31)),
            firm("undated", est_date=None), firm("listed"), firm("was listed"),
            firm("another year"),
        ],
        annual_report=[
            report("in time", d(2020, 6, 30)), report("in grace", d(2020, 7, 30)),
            report("late", d(2020, 7, 31)),
            report("came late", d(2020, 6, 1), known_at=d(2020, 8, 31)),
            report("another year", d(2019, 6, 1), 2018),
            report("missing", d(2020, 6, 1), known_at=d(2020, 9, 1)),
        ],
        list_event=[
            {"subject_id": "listed", "list_type": "经营异常", "direction": "in", "listed_date": d(2020, 8, 1)},
            {"subject_id": "was listed", "list_type": "经营异常", "direction": "in", "listed_date": d(2019, 8, 1)},
            {"subject_id": "was listed", "list_type": "经营异常", "direction": "out", "listed_date": d(2019, 9, 1)},
        ],
    )  # fmt: skip
    overdue = found(judgement, "no_annual_report")
    # `in time` and `in grace` filed by the deadline, and so did `came late`, told of only later;
    # `closed` and `revoked` are not in being; `new` was founded after the year; of `undated` nobody
    # knows; `listed` is on the list already
    assert set(overdue) == {"missing", "late", "old enough", "was listed", "another year"}
    # a report known only tomorrow is not there today
    assert overdue["missing"] == (
        "未按期公示年度报告：成立于2015-01-01，2019年度报告截止日2020-06-30，宽限30天至2020-07-30；"
        "截至2020-08-31未见其报告；经营异常名录候选，需人工核实"
    )
    assert "其报告至2020-07-31才报送" in overdue["late"]
    rows = {r.subject_id: r for r in judgement.verdicts.collect()}
    assert {(r.value, r.severity, r.of_list) for r in rows.values()} == {
        ("candidate", None, "经营异常")
    }
    assert rows["late"].sum_en.endswith("candidate, to be checked by a person")
    assert (rows["late"].standing, rows["late"].holds_from) == ("cited", d(2020, 7, 31))
    assert "「未按期公示年度报告的」" in rows["late"].citation
    behind = [r.table_name for r in judgement.records.collect() if r.subject_id == "late"]
    assert sorted(behind) == ["annual_report", "registration"]
    assert {r.verdict_id for r in judgement.records.collect()} == {
        r.verdict_id for r in rows.values()
    }


def test_a_year_that_was_not_delivered_accuses_nobody(spark):
    last_year = [report("B", date(2019, 6, 1), 2018)]
    assert (
        found(judged(spark, registration=[firm("A")], annual_report=last_year), "no_annual_report")
        == {}
    )
    assert found(judged(spark, registration=[firm("A")]), "no_annual_report") == {}


def test_unreachable(spark):
    d = date

    def state(subject: str, status: str, on: date, tax_no: str = "1", **more):
        row = {"subject_id": subject, "tax_no": tax_no, "status": status, "status_date": on}
        return row | {"source_record_id": f"{subject}{tax_no}{on}"} | more

    judgement = judged(
        spark,
        tax_registration=[
            state("lost", "正常", d(2018, 1, 1)), state("lost", "非正常", d(2019, 2, 28)),
            state("found again", "非正常", d(2019, 1, 1)), state("found again", "正常", d(2020, 1, 1)),
            state("one of two", "正常", d(2019, 1, 1)), state("one of two", "非正常", d(2019, 5, 1), "2"),
            state("from tomorrow", "非正常", d(2020, 9, 1), known_at=DAY),
            state("gone", "非正常", d(2019, 1, 1)),
        ],
        registration=[firm("gone", status="注销")],
    )  # fmt: skip
    lost = found(judgement, "unreachable")
    # `found again` by its latest state; `from tomorrow` is not lost yet; `gone` is deregistered
    assert set(lost) == {"lost", "one of two"}
    assert "税务登记自2019-02-28起为非正常户" in lost["lost"]
    behind = [(r.subject_id, r.source_record_id) for r in judgement.records.collect()]
    assert sorted(behind) == [("lost", "lost12019-02-28"), ("one of two", "one of two22019-05-01")]


def test_figures_disagree(spark):
    d = date
    year = (d(2019, 1, 1), d(2019, 12, 31))
    half, rest = (d(2019, 1, 1), d(2019, 6, 30)), (d(2019, 7, 1), d(2019, 12, 31))
    names = ("apart", "at the line", "the other way", "halves", "closer tax", "both zero",
             "incomplete", "no filings", "annual return", "no figure")  # fmt: skip
    told = dict.fromkeys(names, 100_00) | {
        "the other way": 49_99,
        "both zero": 0,
        "no figure": None,
    }
    judgement = judged(
        spark,
        annual_report=[report(s, d(2020, 6, 1), revenue_fen=r) for s, r in told.items()]
        + [report("no filings", d(2019, 6, 1), 2018, revenue_fen=1)],
        tax_filing=[
            filing("apart", *year, 49_99),
            filing("at the line", *year, 50_00),
            filing("the other way", *year, 100_00),
            filing("halves", *half, 30_00), filing("halves", *rest, 30_00),
            filing("closer tax", *year, 10_00), filing("closer tax", *year, 90_00, "企业所得税"),
            filing("both zero", *year, 0),
            filing("incomplete", *half, 1_00),
            filing("annual return", *year, 100_00), filing("annual return", *half, 50_00),
            filing("annual return", *rest, 50_00),
            filing("no figure", *year, 1_00),
            filing("only filings", *year, 1_00),
        ],
    )  # fmt: skip
    apart = found(judgement, "figures_disagree")
    # 50.00 of 100.00 apart is exactly half: not more; the halves add to 60.00; another tax comes
    # closer; the return of the year is not added to its quarters; where one side tells nothing, or
    # the filings do not reach the end of the year, nothing is compared
    assert set(apart) == {"apart", "the other way"}
    assert apart["apart"] == (
        "公示信息与税务申报不符，疑似隐瞒真实情况：2019年度报告营业总收入100.00元；增值税申报1笔"
        "（2019-01-01至2019-12-31）收入合计49.99元；相差50.01元，超过较大者的50%（100.00元 × 50%）；"
        "经营异常名录候选，需人工核实"
    )
    behind = [r.table_name for r in judgement.records.collect() if r.subject_id == "apart"]
    assert sorted(behind) == ["annual_report", "tax_filing"]
    # written down and given back among the verdicts of others, they rest on the same records
    kept = judgement.verdicts.toArrow().to_pylist()
    others = [{**row, "family": "points", "value": "locked", "verdict_id": "x"} for row in kept]
    schema = judgement.verdicts.schema
    given = spark.createDataFrame([*others, *kept], schema)
    assert sorted(judgement.records_of(given).collect()) == sorted(judgement.records.collect())


def test_escalation_from_the_day_after_the_months(spark):
    def candidates(as_of: date, *more):
        entries = [
            {
                "subject_id": s,
                "list_type": "经营异常",
                "direction": "in",
                "listed_date": date(2016, 2, 29),
            }
            for s in ("stays", "left", "serious already")
        ]
        return found(judged(spark, as_of, list_event=[*entries, *more]), "escalation")

    left = {
        "subject_id": "left",
        "list_type": "经营异常",
        "direction": "out",
        "listed_date": date(2019, 2, 28),
    }
    serious = {"subject_id": "serious already", "list_type": "严重违法", "direction": "in",
               "listed_date": date(2019, 1, 1)}  # fmt: skip
    assert candidates(date(2019, 2, 28), left, serious) == {}  # the 36th month's last day
    after = candidates(date(2019, 3, 1), left, serious)
    assert after == {
        "stays": "自2016-02-29起在经营异常名录，36个月至2019-02-28期满，截至2019-03-01未移出；"
        "严重违法失信企业名单候选，需人工核实"
    }


def test_points_locked_reads_what_points_say(spark):
    columns = "verdict_id string, subject_id string, rule string, value string, "
    columns += "holds_from date, holds_to date, sum_zh string, sum_en string"
    d = date
    locks = spark.createDataFrame(
        [
            ("v1", "locked", "food", "locked", d(2020, 1, 1), d(2022, 12, 31), "6 ＋ 6 = 12分", "6 + 6 = 12"),
            ("v2", "past", "food", "unlocked", d(2016, 1, 1), d(2018, 12, 31), "12分", "12"),
            ("v3", "over", "food", "locked", d(2016, 1, 1), d(2020, 8, 30), "12分", "12"),
        ],
        columns,
    )  # fmt: skip
    record = ", ".join(f"{name} {kind}" for name, kind in RECORD_COLUMNS)
    lines = spark.createDataFrame(
        [
            (v, s, "points_event", "p", "局", "e1", d(2020, 1, 1), d(2020, 1, 2), "p.csv", 7)
            for v, s in (("v1", "locked"), ("v3", "over"))
        ],
        record,
    )
    judgement = judged(spark, DAY, locks, lines, registration=[firm("A")])
    assert (
        found(judgement, "points_locked")
        == {
            "locked": "信用扣分达到锁入标准：6 ＋ 6 = 12分；其他名单候选，需人工核实"  # `over` ended yesterday
        }
    )
    behind = judgement.records.collect()
    assert [(r.subject_id, r.table_name, r.source_record_id, r.line) for r in behind] == [
        ("locked", "points_event", "e1", 7)
    ]
    assert behind[0].verdict_id == judgement.verdicts.collect()[0].verdict_id != "v1"


def test_without_any_of_its_tables(spark):
    nothing = judged(spark, penalty=[{"subject_id": "A", "decided_date": DAY}])
    assert nothing.verdicts.columns == [n for n, _ in VERDICT_COLUMNS] + list(LIST_OWN)
    assert nothing.records.columns == [n for n, _ in RECORD_COLUMNS]
    assert (nothing.verdicts.count(), nothing.records.count()) == (0, 0)
    same = list_states({"penalty": records(spark, "penalty", [])}, DAY, PACK).verdicts
    # states and candidates make one table
    assert same.dtypes == nothing.verdicts.dtypes

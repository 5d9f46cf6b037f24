"""The situations in which the data make a subject a candidate for a list. None of them decides.

Each function finds one kind over the known states and says what it found and on which records.
Where a table is absent nothing is found: what a city does not collect proves nothing.
"""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from conf.rule_kinds import ListRule, Situation
from features.as_of import latest_by_key
from models.grading.frames import Known, holds_on, say, yuan
from models.grading.known import last_of, state
from models.grading.list_stays import LISTED, period_end
from models.grading.trace import RECORD_COLUMNS
from models.grading.wording import joined

REGISTRATION = {"subject_id": "string", "status": "string", "est_date": "date"}
ANNUAL_REPORT = {
    "subject_id": "string",
    "year": "bigint",
    "filed_date": "date",
    "revenue_fen": "bigint",
}
TAX_REGISTRATION = {
    "subject_id": "string",
    "tax_no": "string",
    "status": "string",
    "status_date": "date",
}
TAX_FILING = {
    "subject_id": "string",
    "tax": "string",
    "period_start": "date",
    "period_end": "date",
    "revenue_declared_fen": "bigint",
}

COMPARED = ("annual_report", "tax_filing")
"""The tables of `figures_disagree`: a subject is compared with itself alone."""

TOLD = ("subject_id", "about", "holds_from", "told_zh", "told_en")
"""What a situation says: about: what tells two findings of one rule apart (a year, a list)."""
_OWN = ("verdict_id", "subject_id", "table_name")
FOUND_RECORD = ("subject_id", "about", *(n for n, _ in RECORD_COLUMNS if n not in _OWN))


@dataclass(frozen=True)
class Found:
    """What one situation finds: `rows` (`TOLD`, one a candidate), and records (`FOUND_RECORD`).

    `behind` names their tables; records of subjects that are no candidates may be among them.
    """

    rows: DataFrame
    behind: dict[str, DataFrame]


def latest_due(as_of: datetime.date, situation: Situation) -> tuple[int, datetime.date]:
    """The last year whose report is overdue on the day, and the last day to file it in grace.

    A due day that its month does not have is the last of the month.
    """
    month, due_day = situation.due_month or 1, situation.due_day or 1
    year = as_of.year
    while True:
        year -= 1
        last = calendar.monthrange(year + 1, month)[1]
        due = datetime.date(year + 1, month, min(due_day, last))
        deadline = due + datetime.timedelta(days=situation.grace_days)
        if deadline < as_of:
            return year, deadline


def no_annual_report(known: Known, as_of: datetime.date, situation: Situation) -> Found | None:
    """Firms in being, there before the year's end, whose report of the latest due year is not in time.

    A report filed after the days of grace does not undo that; the sum names it. A year of which no
    report of any firm is known says nothing: then it is the delivery that is missing.
    """
    if "registration" not in known or "annual_report" not in known:
        return None
    year, deadline = latest_due(as_of, situation)
    about = F.lit(str(year)).alias("about")
    filed = F.coalesce("filed_date", "known_at")
    reports = state(known, "annual_report", ANNUAL_REPORT).where(F.col("year") == year)
    in_time = reports.where(filed <= F.lit(deadline)).select("subject_id").distinct()
    late = reports.groupBy("subject_id").agg(F.min(filed).alias("late_on"))
    in_being = (F.col("status") == "存续") & (
        F.col("est_date") <= F.lit(datetime.date(year, 12, 31))
    )
    firms = latest_by_key(state(known, "registration", REGISTRATION), ["subject_id"]).where(
        in_being
    )
    firms = firms.withColumn("year", F.lit(year).cast("bigint"))
    firms = firms.join(reports.select("year").distinct(), "year", "left_semi")
    found = firms.join(in_time, "subject_id", "left_anti").join(late, "subject_id", "left")
    first = F.lit(deadline + datetime.timedelta(days=1))
    rows = found.select(
        "subject_id",
        about,
        first.alias("holds_from"),
        _overdue(year, deadline, as_of, situation.grace_days, "zh").alias("told_zh"),
        _overdue(year, deadline, as_of, situation.grace_days, "en").alias("told_en"),
    )
    behind = {"registration": found, "annual_report": reports}
    return Found(
        rows, {n: f.withColumn("about", about).select(*FOUND_RECORD) for n, f in behind.items()}
    )


def _overdue(
    year: int, deadline: datetime.date, as_of: datetime.date, grace: int, language: str
) -> Column:
    due, filed, there = (
        deadline - datetime.timedelta(days=grace),
        F.col("late_on"),
        F.col("est_date"),
    )
    if language == "zh":
        late = F.when(filed.isNotNull(), say("其报告至", filed, "才报送"))
        last = late.otherwise(F.lit(f"截至{as_of}未见其报告"))
        when = f"，{year}年度报告截止日{due}，宽限{grace}天至{deadline}；"
        return say("成立于", there, when, last)
    late = F.when(filed.isNotNull(), say("its report was filed on ", filed, " only"))
    last = late.otherwise(F.lit(f"none is known on {as_of}"))
    when = f"; the report of {year} was due on {due}, with {grace} days of grace on {deadline}; "
    return say("established on ", there, when, last)


def unreachable(known: Known, as_of: datetime.date) -> Found | None:
    """Subjects with a tax registration whose latest state is 非正常: the tax office lost them."""
    if "tax_registration" not in known:
        return None
    since = F.coalesce("status_date", "known_at")
    rows = state(known, "tax_registration", TAX_REGISTRATION).withColumn("since", since)
    rows = rows.where((F.col("since") <= F.lit(as_of)) & F.col("subject_id").isNotNull())
    latest = last_of(rows, ("subject_id", "tax_no"), "since")
    lost = latest.where(F.col("status") == "非正常").withColumn("about", F.lit(""))
    day = F.col("since")
    told = lost.groupBy("subject_id", "about").agg(
        F.min("since").alias("holds_from"),
        joined("told_zh", say("税务登记自", day, "起为非正常户"), "；", day),
        joined("told_en", say("the tax office has it as lost since ", day), "; ", day),
    )
    return Found(told.select(*TOLD), {"tax_registration": lost.select(*FOUND_RECORD)})


def figures_disagree(known: Known, situation: Situation) -> Found | None:
    """The latest report that can be compared tells another revenue than the tax office's filings.

    Compared with the filings of one tax (a return for the whole year stands for itself, others are
    summed), of several the one that comes closest. Only filings that reach the end of the year are
    compared. They disagree when they differ by more than `tolerance_percent` of the larger.
    """
    if "annual_report" not in known or "tax_filing" not in known:
        return None
    reports = state(known, "annual_report", ANNUAL_REPORT)
    reports = reports.withColumn("filed", F.coalesce("filed_date", "known_at"))
    reports = last_of(reports, ("subject_id", "year"), "filed")
    filings = _filings_of_years(known)
    group = ["subject_id", "year", "tax", "whole"]
    both = _closest(reports, filings)
    percent = situation.tolerance_percent or 0
    apart = both.where(F.col("gap") * 100 > F.col("larger") * percent)
    apart = apart.withColumn("about", F.col("year").cast("string"))
    rows = apart.select(
        "subject_id",
        "about",
        F.col("filed").alias("holds_from"),
        _figures(percent, "zh").alias("told_zh"),
        _figures(percent, "en").alias("told_en"),
    )
    of_year = apart.select("subject_id", "year", "about")
    of_tax = apart.select(*group, "about")
    return Found(
        rows,
        {
            "annual_report": reports.join(of_year, ["subject_id", "year"]).select(*FOUND_RECORD),
            "tax_filing": filings.join(of_tax, group).select(*FOUND_RECORD),
        },
    )


def _closest(reports: DataFrame, filings: DataFrame) -> DataFrame:
    """One row a subject: the report of the latest year, and the tax whose figures come closest."""
    declared = filings.groupBy("subject_id", "year", "tax", "whole").agg(
        F.sum(F.col("revenue_declared_fen").cast("decimal(20,0)")).alias("sum_"),
        F.count(F.lit(1)).alias("filings"),
        F.min("period_start").alias("from_"),
        F.max("period_end").alias("to_"),
    )
    declared = declared.withColumn("declared", F.col("sum_").cast("decimal(20,0)"))
    reported = reports.where(F.col("revenue_fen").isNotNull()).select(
        "subject_id", "year", "filed", F.col("revenue_fen").cast("decimal(20,0)").alias("reported")
    )
    both = declared.join(reported, ["subject_id", "year"])
    both = both.where((F.month("to_") == 12) & (F.dayofmonth("to_") == 31))
    gap = F.abs(F.col("reported") - F.col("declared"))
    larger = F.greatest(F.abs(F.col("reported")), F.abs(F.col("declared")))
    both = both.withColumn("gap", gap.cast("decimal(20,0)")).withColumn("larger", larger)
    closest = Window.partitionBy("subject_id").orderBy(
        F.col("year").desc(), "gap", "tax", F.col("whole").desc()
    )
    return both.withColumn("n", F.row_number().over(closest)).where(F.col("n") == 1)


def _filings_of_years(known: Known) -> DataFrame:
    """Filings that tell a revenue and lie within one year, with `year` and `whole` (all of it)."""
    start, end = F.col("period_start"), F.col("period_end")
    filings = state(known, "tax_filing", TAX_FILING)
    key = ["subject_id", "tax", "period_start", "period_end"]
    filings = latest_by_key(filings, key, plan="hash")
    whole = (F.dayofyear(start) == 1) & (F.month(end) == 12) & (F.dayofmonth(end) == 31)
    told = F.col("revenue_declared_fen").isNotNull() & F.col("tax").isNotNull()
    return filings.where((F.year(start) == F.year(end)) & told).select(
        "*", F.year(start).cast("bigint").alias("year"), whole.cast("int").alias("whole")
    )


def _figures(percent: int, language: str) -> Column:
    reported, declared = yuan(F.col("reported")), yuan(F.col("declared"))
    gap, larger = yuan(F.col("gap")), yuan(F.col("larger"))
    if language == "zh":
        return say(
            F.col("year"), "年度报告营业总收入", reported, "元；", F.col("tax"), "申报", F.col("filings"),
            "笔（", F.col("from_"), "至", F.col("to_"), "）收入合计", declared, "元；相差", gap,
            f"元，超过较大者的{percent}%（", larger, f"元 × {percent}%）",
        )  # fmt: skip
    return say(
        "the report of ", F.col("year"), " tells a revenue of ", reported, " yuan, ", F.col("filings"),
        " filing(s) of ", F.col("tax"), " (", F.col("from_"), " to ", F.col("to_"), ") tell ", declared,
        "; they differ by ", gap, f", more than {percent} % of the larger, ", larger,
    )  # fmt: skip


def points_locked(
    locks: DataFrame | None, points_records: DataFrame | None, as_of: datetime.date
) -> Found | None:
    """Subjects with a lock of points in force on the day.

    Args:
        locks: verdicts of family `points`; those with value `locked` count.
        points_records: the records behind them.
        as_of: the day.
    """
    if locks is None:
        return None
    held = locks.where((F.col("value") == "locked") & holds_on(as_of))
    told = (
        held.withColumn("about", F.lit(""))
        .groupBy("subject_id", "about")
        .agg(
            F.min("holds_from").alias("holds_from"),
            joined("told_zh", F.col("sum_zh"), "；", F.col("holds_from"), F.col("rule")),
            joined("told_en", F.col("sum_en"), "; ", F.col("holds_from"), F.col("rule")),
        )
    )
    behind = {}
    if points_records is not None:
        of_lock = points_records.join(held.select("verdict_id"), "verdict_id", "left_semi")
        of_lock = of_lock.withColumn("about", F.lit(""))
        behind["points_event"] = of_lock.select(*FOUND_RECORD).distinct()
    return Found(told.select(*TOLD), behind)


def escalation(found: DataFrame, events: DataFrame, rule: ListRule, as_of: datetime.date) -> Found:
    """Subjects that have been on a list without an exit for longer than its months.

    They are candidates from the day after the last day of those months.

    Args:
        found: the result of `stays`.
        events: the result of `list_events`, behind it.
        rule: the list they are on, which escalates.
        as_of: the day.
    """
    months, first = rule.escalates_after_months or 0, F.col("first_day")
    full = period_end(first, months)
    on = found.where((F.col("list_type") == rule.name) & (F.col("value") == LISTED))
    rows = on.where(full < F.lit(as_of)).select(
        "subject_id",
        F.lit(rule.name).alias("about"),
        F.date_add(full, 1).alias("holds_from"),
        say("自", first, f"起在{rule.zh}，{months}个月至", full, f"期满，截至{as_of}未移出").alias("told_zh"),
        say(
            f"on the list {rule.en} since ", first, f"; its {months} months ended on ", full,
            f", without an exit by {as_of}",
        ).alias("told_en"),
    )  # fmt: skip
    behind = events.where(F.col("list_type") == rule.name)
    behind = behind.withColumn("about", F.lit(rule.name)).select(*FOUND_RECORD)
    return Found(rows, {"list_event": behind})

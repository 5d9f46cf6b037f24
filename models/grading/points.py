"""Points against a subject: the balance of the day, and the locks that reaching a threshold sets.

Points are whole tenths, days are calendar days. An event counts from its day to a last day; on the
day after it no longer does. So a balance is a running sum of +points and -points by day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from conf.rule_kinds import PointsRule
from conf.rule_pack import RulePack
from models.grading.frames import union_all
from models.grading.known import RECORD, state
from models.grading.trace import Judged, records, verdict_id, verdicts
from models.grading.wording import day_text, joined, points_text

FAMILY = "points"
BALANCE, LOCKED = "points_balance", "points_locked"
"""What a verdict of points states."""

POINTS_EVENT = {
    "subject_id": "string",
    "event_no": "string",
    "domain": "string",
    "points_tenths": "bigint",
    "effective_date": "date",
}


def points_verdicts(known: Mapping[str, DataFrame], as_of: date, pack: RulePack) -> Judged:
    """Balances and locks under every points rule of the pack.

    Family `points`, rule = the name of the pack's rule (measures follow from it by that name).

    Statement `points_balance`: one a subject that has points on the day; value is the balance such as
    8.5; held from the day on which it last changed to the day before the next event expires.

    Statement `points_locked`: one a lock, value `locked` while it is in force on the day, `unlocked`
    once it is past; `holds_from` and `holds_to` are the lock's first and last day in either case.
    An event on which the balance reaches the threshold sets a lock, also during a lock; locks that
    overlap or touch are one. A lock does not cancel points, and time alone sets none.

    Own column: `statement`. Records: the events that were counted.
    """
    parts: list[Judged] = []
    for rule in pack.points.points.values():
        events = counted_events(known, as_of, rule)
        parts += [_balances(events, as_of, rule, pack), _locks(events, as_of, rule, pack)]
    return Judged(
        union_all(part.verdicts for part in parts), union_all(part.records for part in parts)
    )


def counted_events(known: Mapping[str, DataFrame], as_of: date, rule: PointsRule) -> DataFrame:
    """The rule's events up to the day, each with `last_day`, the last on which it counts.

    Returns:
        `subject_id, event_no, domain, points_tenths, effective_date`, the record's columns and
        `last_day`. Events without a day or without points are left out.
    """
    events = state(known, "points_event", POINTS_EVENT)
    return events.where(
        (F.col("domain") == rule.domain)
        & (F.col("effective_date") <= F.lit(as_of))
        & (F.col("points_tenths") > 0)
    ).withColumn("last_day", last_day(F.col("effective_date"), rule))


def last_day(effective: Column, rule: PointsRule) -> Column:
    """The last day on which an event of this day counts."""
    if rule.anchor is None:
        return F.add_months(effective, rule.cycle_months)
    # The anchor is the first of a month, so whole months tell the cycle; pmod also before it.
    months = F.year(effective) * 12 + F.month(effective)
    months = (months - (rule.anchor.year * 12 + rule.anchor.month)).cast("int")
    into_cycle = F.pmod(months, F.lit(rule.cycle_months)).cast("int")
    next_cycle = months - into_cycle + rule.cycle_months
    return F.date_sub(F.add_months(F.lit(rule.anchor), next_cycle), 1)


def balances_by_day(events: DataFrame) -> DataFrame:
    """The balance from each day on which it changes.

    Returns:
        `subject_id, day, balance` (BIGINT tenths, from that day to the next), `added` (tenths of
        the events of that very day).
    """
    # A sign, not a list of structs: the embedded engine stops on structs that differ in nullability.
    signs = F.explode(F.array(F.lit(1), F.lit(-1)))
    both = events.select(
        "subject_id", "effective_date", "last_day", "points_tenths", signs.alias("sign")
    )
    begins = F.col("sign") == 1
    counts = both.select(
        "subject_id",
        F.when(begins, F.col("effective_date")).otherwise(F.date_add("last_day", 1)).alias("day"),
        (F.col("points_tenths") * F.col("sign")).alias("change"),
        F.when(begins, F.col("points_tenths")).otherwise(0).alias("added"),
    )
    days = counts.groupBy("subject_id", "day").agg(
        F.sum("change").alias("change"), F.sum("added").alias("added")
    )
    running = Window.partitionBy("subject_id").orderBy("day")
    running = running.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    return days.select("subject_id", "day", F.sum("change").over(running).alias("balance"), "added")


def locks(events: DataFrame, rule: PointsRule) -> DataFrame:
    """The locks that the events set, merged.

    Returns:
        `subject_id, first_day, last_day`: disjoint days a subject, with a day free between any two.
    """
    held = _triggers(events, rule)
    return held.select(
        "subject_id", "first_day", F.col("lock_last_day").alias("last_day")
    ).distinct()


def _triggers(events: DataFrame, rule: PointsRule) -> DataFrame:
    """The days whose events reach the threshold, each with the lock that it is part of.

    `subject_id, day, balance`, `lock_end` (the last day of a lock from that day alone),
    `first_day` and `lock_last_day` (of the merged lock).
    """
    reached = (F.col("added") > 0) & (F.col("balance") >= rule.threshold * 10)
    # The end grows with the day (or stays, at the end of a month), so the last lock ends last.
    lock_end = F.add_months("day", rule.lock_months)
    triggers = balances_by_day(events).where(reached).withColumn("lock_end", lock_end)
    by_day = Window.partitionBy("subject_id").orderBy("day")
    before = F.lag("lock_end").over(by_day)
    begins = before.isNull() | (F.col("day") > F.date_add(before, 1))
    so_far = by_day.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    numbered = triggers.withColumn("begins", F.when(begins, 1).otherwise(0)).withColumn(
        "lock_no", F.sum("begins").over(so_far)
    )
    of_lock = Window.partitionBy("subject_id", "lock_no")
    return numbered.select(
        "subject_id", "day", "balance", "lock_end",
        F.min("day").over(of_lock).alias("first_day"),
        F.max("lock_end").over(of_lock).alias("lock_last_day"),
    )  # fmt: skip


def _event_words(events: DataFrame) -> DataFrame:
    """The events with `event_zh` and `event_en`."""
    tenths, day = points_text("points_tenths"), F.col("effective_date")
    until = day_text(F.col("last_day"))
    year = F.year(day).cast("string")
    zh = F.concat(year, F.lit("年："), tenths, F.lit("分（"), day_text(day), F.lit("，计至"))
    en = F.concat(day_text(day), F.lit(": "), tenths, F.lit(" (counts to "), until, F.lit(")"))
    return events.withColumn("event_zh", F.concat(zh, until, F.lit("）"))).withColumn(
        "event_en", en
    )


def _balances(events: DataFrame, as_of: date, rule: PointsRule, pack: RulePack) -> Judged:
    alive = _event_words(events.where(F.col("last_day") >= F.lit(as_of)))
    order = (F.col("effective_date"), F.coalesce("event_no", F.lit("")))
    held = alive.groupBy("subject_id").agg(
        F.sum("points_tenths").alias("balance"),
        F.min("last_day").alias("holds_to"),
        F.max("effective_date").alias("last_event"),
        joined("all_zh", F.col("event_zh"), " ＋ ", *order),
        joined("all_en", F.col("event_en"), " + ", *order),
    )
    # The balance last changed with the last event or after the last expiry, whichever came later.
    expired = events.where(F.col("last_day") < F.lit(as_of)).groupBy("subject_id")
    gone = expired.agg(F.date_add(F.max("last_day"), 1).alias("last_expiry"))
    value = points_text("balance")
    rows = held.join(gone, "subject_id", "left").select(
        "subject_id",
        value.alias("value"),
        F.greatest("last_event", "last_expiry").alias("holds_from"),
        "holds_to",
        F.concat("all_zh", F.lit(" = "), value, F.lit("分")).alias("sum_zh"),
        F.concat("all_en", F.lit(" = "), value, F.lit(" points")).alias("sum_en"),
    )
    return _judged(rows, BALANCE, (), alive, rule, pack)


def _locks(events: DataFrame, as_of: date, rule: PointsRule, pack: RulePack) -> Judged:
    triggers = _triggers(events, rule).withColumnRenamed("subject_id", "locked_subject")
    counted = _event_words(events).join(
        triggers,
        (F.col("subject_id") == F.col("locked_subject"))
        & (F.col("effective_date") <= F.col("day"))
        & (F.col("day") <= F.col("last_day")),
    )
    order = (F.col("effective_date"), F.coalesce("event_no", F.lit("")))
    of_day = ("subject_id", "first_day", "lock_last_day", "day", "balance", "lock_end")
    reached = counted.groupBy(*of_day).agg(
        joined("all_zh", F.col("event_zh"), " ＋ ", *order),
        joined("all_en", F.col("event_en"), " + ", *order),
    )
    rows = _lock_rows(reached, as_of, rule)
    behind = counted.select("subject_id", "first_day", *(n for n, _ in RECORD)).distinct()
    return _judged(rows, LOCKED, ("first_day",), behind, rule, pack)


def _lock_rows(reached: DataFrame, as_of: date, rule: PointsRule) -> DataFrame:
    """One row a lock: each day that reached the threshold with its sum, then the days locked."""
    value, least = points_text("balance"), rule.threshold
    until = day_text(F.col("lock_end"))
    zh = F.concat(
        "all_zh", F.lit(" = "), value, F.lit(f"分 ≥ {least}分，自"), day_text(F.col("day"))
    )
    zh = F.concat(zh, F.lit(f"起锁入{rule.lock_months}个月，至"), until)
    en = F.concat("all_en", F.lit(" = "), value, F.lit(f" >= {least}: locked from "))
    en = F.concat(en, day_text(F.col("day")), F.lit(f" for {rule.lock_months} months, to "), until)
    last, several = F.col("lock_last_day"), F.col("times") > 1
    told = reached.groupBy("subject_id", "first_day", "lock_last_day").agg(
        F.count(F.lit(1)).alias("times"),
        joined("told_zh", zh, "；", F.col("day")),
        joined("told_en", en, "; ", F.col("day")),
    )
    whole = F.concat(day_text(F.col("first_day")), F.lit("至"), day_text(last))
    merged = F.when(several, F.concat(F.lit("；前后相接或重叠，合为"), whole)).otherwise(F.lit(""))
    whole_en = F.concat(day_text(F.col("first_day")), F.lit(" to "), day_text(last))
    merged_en = F.when(several, F.concat(F.lit("; overlapping or touching, one lock "), whole_en))
    past = last < F.lit(as_of)
    free, free_en = F.lit("；次日起已解锁"), F.lit("; unlocked since the day after")
    return told.select(
        "subject_id",
        "first_day",
        F.when(past, F.lit("unlocked")).otherwise(F.lit("locked")).alias("value"),
        F.col("first_day").alias("holds_from"),
        last.alias("holds_to"),
        F.concat("told_zh", merged, F.when(past, free).otherwise(F.lit(""))).alias("sum_zh"),
        F.concat(
            "told_en",
            F.coalesce(merged_en, F.lit("")),
            F.when(past, free_en).otherwise(F.lit("")),
        ).alias("sum_en"),
    )


def _judged(
    rows: DataFrame,
    statement: str,
    key: tuple[str, ...],
    behind: DataFrame,
    rule: PointsRule,
    pack: RulePack,
) -> Judged:
    """Rows as verdicts of one statement, and the events behind them."""
    told = (F.lit(statement), *key)
    made = verdicts(
        rows.withColumn("statement", F.lit(statement)),
        family=FAMILY,
        rule=rule.name,
        key=told,
        pack=pack,
        sourced=rule,
        own=("statement",),
    )
    behind = behind.withColumn("verdict_id", verdict_id(FAMILY, F.lit(rule.name), told))
    return Judged(made, records(behind, "points_event"))

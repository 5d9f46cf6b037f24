"""One list's life for one subject: its days of entry and exit read in order, to the stay of a day.

Days, all of them calendar days and counted in full:

- An entry holds from its day to its `lock_until`. The catalogue calls that column 锁定至: the day
  it names is the last locked day. Without a date of its own it holds for the pack's `lock_months`,
  to the same day of the month it ends in (2016-02-29 and 36 months: to 2019-02-28), and where the
  pack has none, until an exit.
- An entry while listed begins nothing new: the stay then lasts to the later of the two ends.
- An exit ends the stay with the day before it, however early: it is a decision. An exit while the
  subject is not listed ends nothing, and the sum says so.
- Exit and entry of one day: a stay begun before ends, and the entry begins another. Where there was
  none, the exit can only mean that very entry, which then held on no day.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.rule_kinds import ListRule
from conf.rule_pack import RulePack
from models.grading.frames import Known, say
from models.grading.known import state
from models.grading.wording import chosen, joined

NO_END = datetime.date(9999, 12, 31)
"""Stands for an end that is not known, where dates are compared."""

LIST_EVENT = {
    "subject_id": "string",
    "list_type": "string",
    "direction": "string",
    "decision_no": "string",
    "listed_date": "date",
    "lock_until": "date",
}
OF_LIST = ("subject_id", "list_type")

LISTED, EXITED, EXIT_ONLY, UNDATED = "listed", "exited", "exit_without_entry", "undated"


def list_events(known: Known, as_of: datetime.date) -> DataFrame:
    """The entries and exits up to the day, undated ones too: `LIST_EVENT` and the record's columns.

    What is dated after the day has not happened, though somebody knew of it.
    """
    dated = F.col("listed_date")
    events = state(known, "list_event", LIST_EVENT).where(
        F.col("subject_id").isNotNull() & F.col("list_type").isNotNull()
    )
    return events.where(dated.isNull() | (dated <= F.lit(as_of)))


def stays(events: DataFrame, as_of: datetime.date, pack: RulePack) -> DataFrame:
    """The stay of the day, or the last one, of every subject and list.

    Args:
        events: the result of `list_events`.
        as_of: the day.
        pack: whose `lists` say how long an entry holds.

    Returns:
        subject_id, list_type; value (`listed` on the day, `exited`, `exit_without_entry` when
        nothing was ever entered, `undated` when no event has a date); first_day and last_day of the
        stay (last_day NULL without a known end, before first_day when the exit came on the day of
        entry); exit_day (the exit that ended it, else NULL); told_zh and told_en, the whole story
        from the first event on.
    """
    days = _days(events, pack.lists.lists)
    undated = events.where(F.col("listed_date").isNull()).groupBy(*OF_LIST)
    loose = undated.agg(F.count(F.lit(1)).alias("undated"))
    read = days.groupBy(*OF_LIST).agg(F.sort_array(F.collect_list("at")).alias("days"))
    read = read.select(*OF_LIST, F.aggregate("days", _nothing(), _after).alias("end"))
    # A full join by column names would need the same care with NULL: here no key is NULL.
    both = read.join(loose, list(OF_LIST), "full")
    end = F.col("end")
    entered = end["first_day"].isNotNull()
    value = (
        F.when(end.isNull(), F.lit(UNDATED))
        .when(~entered, F.lit(EXIT_ONLY))
        .when(end["last_day"] >= F.lit(as_of), F.lit(LISTED))
        .otherwise(F.lit(EXITED))
    )
    known_end = F.when(end["last_day"] < F.lit(NO_END), end["last_day"])
    return both.select(
        *OF_LIST,
        value.alias("value"),
        end["first_day"].alias("first_day"),
        known_end.alias("last_day"),
        end["exit_day"].alias("exit_day"),
        _with_undated(end["zh"], "；", "条记录没有日期，不计").alias("told_zh"),
        _with_undated(end["en"], "; ", " record(s) without a date, not counted").alias("told_en"),
    )


def period_end(first: Column, months: int) -> Column:
    """The last day of so many calendar months that begin on a day: the same day of a later month.

    Where that month has no such day, its last: 36 months from 2016-02-29 end on 2019-02-28. It is
    how `conf.rule_kinds` counts, and how a period in months is counted in law.
    """
    return F.add_months(first, months)


def _days(events: DataFrame, rules: Mapping[str, ListRule]) -> DataFrame:
    """`OF_LIST` and `at`: what happened on each day, all its records in one struct."""
    entry = F.col("direction") == "in"
    exit_ = F.col("direction") == "out"
    dated = events.where(F.col("listed_date").isNotNull() & (entry | exit_))
    worded = dated.select(
        *OF_LIST,
        "listed_date",
        F.when(entry, F.lit(1)).otherwise(F.lit(0)).alias("entry"),
        F.when(exit_, F.lit(1)).otherwise(F.lit(0)).alias("exit"),
        F.when(entry, _holds_to(rules)).alias("holds_to"),
        _number("（", "）").alias("number_zh"),
        _number(" (", ")").alias("number_en"),
        _end_words(rules, "zh").alias("end_zh"),
        _end_words(rules, "en").alias("end_en"),
    )
    entered, left = F.col("entry") == 1, F.col("exit") == 1
    grouped = worded.groupBy(*OF_LIST, "listed_date").agg(
        F.max("entry").alias("entry"),
        F.max("exit").alias("exit"),
        F.coalesce(F.max("holds_to"), F.lit(NO_END)).alias("holds_to"),
        joined("in_zh", F.when(entered, F.concat("number_zh", "end_zh")), "、"),
        joined("in_en", F.when(entered, F.concat("number_en", "end_en")), ", "),
        joined("out_zh", F.when(left, F.col("number_zh")), "、"),
        joined("out_en", F.when(left, F.col("number_en")), ", "),
    )
    columns = ("listed_date", "entry", "exit", "holds_to", "in_zh", "in_en", "out_zh", "out_en")
    return grouped.select(*OF_LIST, F.struct(*columns).alias("at"))


def _holds_to(rules: Mapping[str, ListRule]) -> Column:
    """The last day of an entry by itself; `NO_END` when only an exit can end it."""
    by_rule = chosen(
        F.col("list_type"),
        {
            name: period_end(F.col("listed_date"), rule.lock_months)
            for name, rule in rules.items()
            if rule.lock_months is not None
        },
    )
    return F.coalesce(F.col("lock_until"), by_rule.cast("date"), F.lit(NO_END))


def _end_words(rules: Mapping[str, ListRule], language: str) -> Column:
    """How long an entry holds, as the sum says it."""
    zh = language == "zh"
    own = say("，锁定至" if zh else ", locked to ", F.col("lock_until"))
    by_rule = {
        name: say(
            f"，{rule.lock_months}个月，至" if zh else f", {rule.lock_months} months, to ",
            period_end(F.col("listed_date"), rule.lock_months),
        )
        for name, rule in rules.items()
        if rule.lock_months is not None
    }
    until_exit = F.lit("，未定期限，至移出为止" if zh else ", no end of its own, until an exit")
    without_date = chosen(F.col("list_type"), by_rule, until_exit)
    return F.when(F.col("lock_until").isNotNull(), own).otherwise(without_date)


def _number(before: str, after: str) -> Column:
    there = F.length(F.trim("decision_no")) > 0
    number = F.concat(F.lit(before), F.col("decision_no"), F.lit(after))
    return F.when(there, number).otherwise(F.lit(""))


def _nothing() -> Column:
    """What is known before the first day."""
    return F.struct(
        F.lit(None).cast("date").alias("first_day"),
        F.lit(None).cast("date").alias("last_day"),
        F.lit(None).cast("date").alias("exit_day"),
        F.lit("").alias("zh"),
        F.lit("").alias("en"),
    )


def _after(before: Column, at: Column) -> Column:
    """What is known after one more day (`at`), from what was known `before` it."""
    day, to = at["listed_date"], at["holds_to"]
    entry, exit_ = at["entry"] == 1, at["exit"] == 1
    listed = F.coalesce(before["last_day"] >= day, F.lit(False))
    eve = F.date_sub(day, 1)
    begins = entry & (exit_ | ~listed)
    ends = exit_ & (listed | entry)
    # An exit on the day of entry ends that entry only when there is no earlier stay to end.
    at_once = begins & exit_ & ~listed
    first = F.when(begins, day).otherwise(before["first_day"])
    last = (
        F.when(at_once, eve)
        .when(begins, to)
        .when(entry, F.greatest(before["last_day"], to))
        .when(ends, eve)
        .otherwise(before["last_day"])
    )
    left_on = F.when(ends & (at_once | ~entry), day).when(~begins, before["exit_day"])
    return F.struct(
        first.alias("first_day"),
        last.alias("last_day"),
        left_on.cast("date").alias("exit_day"),
        F.concat(before["zh"], _step(before, at, listed, eve, "zh")).alias("zh"),
        F.concat(before["en"], _step(before, at, listed, eve, "en")).alias("en"),
    )


def _step(before: Column, at: Column, listed: Column, eve: Column, language: str) -> Column:
    """The words of one day, after those of the days before."""
    zh = language == "zh"
    day, entered, left = at["listed_date"], at[f"in_{language}"], at[f"out_{language}"]
    entry, exit_ = at["entry"] == 1, at["exit"] == 1
    gone = before["last_day"]
    comes = say(day, "列入" if zh else " entry", entered)
    goes = say(day, "移出" if zh else " exit", left)
    to_eve = say("，列入至前一日" if zh else ", listed to the day before, ", eve)
    more = F.greatest(gone, at["holds_to"])
    till = F.when(more < F.lit(NO_END), say("至" if zh else "to ", more)).otherwise(
        F.lit("至移出为止" if zh else "until an exit")
    )
    again = say(comes, "，时已在列，合为一段，" if zh else ", while listed: one stay, ", till)
    never = say(goes, "，此前没有列入，不计" if zh else ": no entry before it, not counted")
    over = say(
        goes,
        "，列入已于" if zh else ": the stay was over on ",
        gone,
        "止，不计" if zh else ", not counted",
    )
    renewed = say(goes, to_eve, "；" if zh else "; ", comes)
    at_once = say(
        comes, "，同日移出" if zh else "; exit the same day", left,
        "，一日未列" if zh else ": listed on no day",
    )  # fmt: skip
    words = (
        F.when(entry & exit_ & listed, renewed)
        .when(entry & exit_, at_once)
        .when(entry & listed, again)
        .when(entry, comes)
        .when(listed, say(goes, to_eve))
        .when(before["first_day"].isNull(), never)
        .otherwise(over)
    )
    between = F.when(F.length(before[language]) == 0, F.lit(""))
    return F.concat(between.otherwise(F.lit("；" if zh else "; ")), words)


def _with_undated(told: Column, between: str, words: str) -> Column:
    """The story, and how many events could not be placed in it."""
    loose = F.when(
        F.col("undated").isNotNull(), F.concat(F.col("undated").cast("string"), F.lit(words))
    )
    return F.concat_ws(between, told, loose)

"""What a feature's function is handed: a firm's row, or a group of records.

Both offer only what is exact on both engines: counts, integer and decimal sums, smallest and
largest values, days between dates. There is no sum of doubles, no `first` and no list here, and no
count of distinct values, which takes the embedded engine off its fast path: count the first record
of each value instead (`Theme.note_rank`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.window import WindowSpec

from features.chinese_text import claimed, level, pattern

LARGEST_BIGINT = 2**63 - 1
ADDRESS_PREFIX = "address_"
"""Set before an address's columns when they stand beside those of the firm registered there."""


DAY_COLUMN = "as_of"
"""Where each row's own day stands when features of many days are made in one pass."""


@dataclass(frozen=True)
class EachDay:
    """In place of one day: every row has its own, in `DAY_COLUMN`."""


EACH_DAY = EachDay()


class DayReadError(RuntimeError):
    """A feature asked for the day where there is none."""


@dataclass(frozen=True)
class NoDay:
    """In place of a day, for what is the same on all days: asking for it raises `DayReadError`."""


NO_DAY = NoDay()

Day = datetime.date | EachDay | NoDay
"""The day features are of: one for all rows, each row's own, or none that may be read."""


def day_sql(day: Day, days_before: int = 0) -> str:
    """The day, or one so many days before it, as both engines read it in SQL."""
    if isinstance(day, NoDay):
        raise DayReadError
    if isinstance(day, EachDay):
        return f"date_add({DAY_COLUMN}, -{days_before})" if days_before else DAY_COLUMN
    return f"DATE'{(day - datetime.timedelta(days=days_before)).isoformat()}'"


def day_column(day: Day) -> Column:
    """The day as a column."""
    if isinstance(day, NoDay):
        raise DayReadError
    return F.col(DAY_COLUMN) if isinstance(day, EachDay) else F.lit(day)


@dataclass(frozen=True)
class Rows:
    """The records of one group that fulfil a condition.

    Attributes:
        as_of: the day.
        condition: SQL; empty when every record of the group counts.
        clock: the date column that "latest" and "earliest" speak of.
        over: None for a `groupBy`; a window where the group is written beside each of its rows.
    """

    as_of: Day
    condition: str = ""
    clock: str = "event_date"
    over: WindowSpec | None = None

    def count(self) -> Column:
        """How many records."""
        return self._group(F.count(self._kept(F.lit(1))))

    def total(self, sql: str) -> Column:
        """The sum of an integer expression; NULL when there is none.

        Summed as decimals, because integers overflow without a word on one engine and with an
        error on the other; a sum beyond BIGINT stands at its end.
        """
        whole = self._kept(F.expr(sql)).cast("decimal(20,0)")
        end = F.lit(LARGEST_BIGINT).cast("decimal(38,0)")
        total = self._group(F.sum(whole)).cast("decimal(38,0)")
        # Not least and greatest, which take a NULL for no opinion.
        held = F.when(total > end, end).when(total < -end, -end).otherwise(total)
        return held.cast("bigint")

    def exact_total(self, sql: str) -> Column:
        """The sum of a decimal expression, as a decimal; NULL when there is none."""
        return self._group(F.sum(self._kept(F.expr(sql))))

    def largest(self, sql: str) -> Column:
        """The largest value of an expression over integers, decimals, dates or texts."""
        return self._group(F.max(self._kept(F.expr(sql))))

    def smallest(self, sql: str) -> Column:
        """The smallest value of an expression over integers, decimals, dates or texts."""
        return self._group(F.min(self._kept(F.expr(sql))))

    def any(self) -> Column:
        """1 when there is such a record; NULL when there is none."""
        return self._group(F.max(self._kept(F.lit(1))))

    def days_since_latest(self) -> Column:
        """Days from the latest record to the day; NULL when there is none."""
        return days_between(self.largest(self.clock), day_column(self.as_of))

    def days_since_earliest(self) -> Column:
        """Days from the earliest record to the day; NULL when there is none."""
        return days_between(self.smallest(self.clock), day_column(self.as_of))

    def year(self) -> Column:
        """The year of the day."""
        if isinstance(self.as_of, datetime.date):
            return F.lit(self.as_of.year).cast("bigint")
        return F.year(day_column(self.as_of)).cast("bigint")

    def _kept(self, value: Column) -> Column:
        return F.when(F.expr(self.condition), value) if self.condition else value

    def _group(self, aggregate: Column) -> Column:
        return aggregate.over(self.over) if self.over is not None else aggregate


@dataclass(frozen=True)
class FirmRow:
    """The registration row of a firm, or the address it is registered at.

    Attributes:
        as_of: the day.
        prefix: stands before the column's names (`ADDRESS_PREFIX` for the address).
    """

    as_of: Day
    prefix: str = ""

    def __getitem__(self, column: str) -> Column:
        return F.col(self.prefix + column)

    def days_since(self, column: str) -> Column:
        """Days from a date to the day; negative when it lies ahead."""
        return days_between(self[column], day_column(self.as_of))

    def words(self, column: str, words: Sequence[str]) -> Column:
        """How many of the words a name or scope claims; 0 when there is no text."""
        # Few texts hold any of the words, and only those need what they deny cut out.
        text = F.expr(
            f"CASE WHEN {level(self.prefix + column)} RLIKE '{pattern(words)}' "
            f"THEN {claimed(self.prefix + column)} ELSE '' END"
        )
        count = F.lit(0)
        for word in words:
            count = count + flag(text.contains(word))
        return count

    def denies(self, column: str, phrases: Iterable[str]) -> Column:
        """1 when any of the phrases stands in a text, as it is written; else 0."""
        return flag(F.expr(f"{level(self.prefix + column)} RLIKE '{pattern(phrases)}'"))

    def items(self, column: str, separators: str) -> Column:
        """How many parts a text has between any of the separator characters; NULL without one."""
        text = F.trim(self[column])
        kept = F.translate(text, separators, "")
        return F.when(F.length(text) > 0, F.length(text) - F.length(kept) + 1)


def flag(condition: Column) -> Column:
    """1 when it holds, 0 when it does not or is not known."""
    return F.when(condition, F.lit(1)).otherwise(F.lit(0))


def days_between(start: Column, end: Column) -> Column:
    """Whole days from one date to another, as BIGINT on both engines."""
    return F.datediff(end, start).cast("bigint")


def ratio(numerator: Column, denominator: Column) -> Column:
    """One double division; NULL when either is NULL or the denominator is not positive."""
    return F.when(denominator > 0, numerator.cast("double") / denominator.cast("double"))


def trend(recent: Column, year: Column) -> Column:
    """The daily rate of the last 90 days over that of the 275 before, one a year added to both.

    1 is no change, also when nothing happened at all. Whole numbers up to the one division:
    (recent/90 + 1/365) / (before/275 + 1/365), times 90 * 275 * 365 above and below.
    """
    before = year - recent
    return ratio(recent * (275 * 365) + 90 * 275, before * (90 * 365) + 90 * 275)


def surge(recent: Column, year: Column) -> Column:
    """The daily rate of the last 60 days over that of the 305 before, one a year added to both.

    1 is no surge: nothing happened, the rate stood or it fell. Sixty days, because departments
    deliver by the month: at its end the last thirty are often not known yet. Whole numbers up to
    the division.
    """
    before = year - recent
    times = ratio(recent * (305 * 365) + 60 * 305, before * (60 * 365) + 60 * 305)
    return F.when(times < 1, F.lit(1.0)).otherwise(times)

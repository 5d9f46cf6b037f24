"""The state of a table as the city knew it on a day.

A silver table holds every version of every record that ever came. A feature at `as_of` reads only
what was known by then: `known_state` picks, for every record, the version that stood on that day.
Everything else in this room starts from its result, so records that arrive later can never change
an earlier feature.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Literal

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

RECORD_KEY = ("source", "source_record_id")
"""What makes two rows versions of one record."""

ARRIVAL_ORDER = ("known_at", "batch_id", "line")
"""The order in which versions of one record came; total within a record."""

StatePlan = Literal["sort", "hash"]
"""How the last version of each record is found."""

RECORD_COLUMNS = (
    "source",
    "source_dept",
    "source_record_id",
    "event_date",
    "known_at",
    "batch_id",
    "file",
    "line",
    "op",
    "record_hash",
)
"""The columns every silver table ends with."""


def known_state(versions: DataFrame, as_of: datetime.date, plan: StatePlan = "sort") -> DataFrame:
    """The records of one table as they were known at the end of the day `as_of`.

    Of the versions with `known_at <= as_of` the last of each record stands. A record whose last
    version is a withdrawal is absent, and so is one that was never dated (`known_at` NULL).

    Args:
        versions: a silver table: its own columns and `RECORD_COLUMNS`.
        as_of: the day; that whole day counts as known.
        plan: how to find the last version; both give the same rows. `sort` ranks all versions in
            one shuffle, which is best on a cluster. `hash` finds the last arrivals by one aggregate
            and joins them back to the few records that have several versions; the embedded engine
            does that with a third of the work (2.9 million rows: 2.5 CPU s against 9).

    Returns:
        The same columns, one row a standing record.
    """
    known = versions.where(F.col("known_at") <= F.lit(as_of))
    last = _last_by_hash(known) if plan == "hash" else _last_by_sort(known)
    return last.where(~F.col("op").eqNullSafe("withdraw")).select(*versions.columns)


def known_tables(
    tables: Mapping[str, DataFrame], as_of: datetime.date, plan: StatePlan = "sort"
) -> dict[str, DataFrame]:
    """`known_state` of every table, by the same names."""
    return {name: known_state(versions, as_of, plan) for name, versions in tables.items()}


def _last_by_sort(known: DataFrame) -> DataFrame:
    newest_first = [F.col(name).desc() for name in ARRIVAL_ORDER]
    version = F.row_number().over(Window.partitionBy(*RECORD_KEY).orderBy(*newest_first))
    return known.withColumn("version_", version).where(F.col("version_") == 1)


def _last_by_hash(known: DataFrame) -> DataFrame:
    several = (
        known.groupBy(*RECORD_KEY)
        .agg(F.count(F.lit(1)).alias("versions_"), F.max(_arrival()).alias("last_arrival_"))
        .where(F.col("versions_") > 1)
        .select(*RECORD_KEY, "last_arrival_")
    )
    only = F.col("last_arrival_").isNull()
    joined = known.join(several, list(RECORD_KEY), "left")
    return joined.where(only | (F.col("last_arrival_") == _arrival()))


def _arrival() -> Column:
    """`ARRIVAL_ORDER` as one text that sorts alike: a byte below all others ends the batch's id."""
    line = F.lpad(F.col("line").cast("string"), 12, "0")
    return F.concat(F.col("known_at").cast("string"), F.col("batch_id"), F.lit("\x01"), line)


def known_intervals(
    versions: DataFrame, until: datetime.date, of: DataFrame | None = None
) -> DataFrame:
    """Every version that stood on some day up to `until`, with the days on which it stood.

    A version stands from its `known_at` until the next version of its record is known; what
    `known_state` gives as of a day are the rows with `known_at <= day` and (`known_until` NULL or
    after the day). Withdrawals, and versions overtaken on the day they came, are left out.

    Args:
        versions: a silver table.
        until: the last day anybody will ask for.
        of: columns of the table, each value once: only rows with these values (such as the
            subjects asked for); None for all.

    Returns:
        The same columns and `known_until DATE`, NULL for what still stood on the last day.
    """
    known = versions.where(F.col("known_at") <= F.lit(until))
    several = (
        known.groupBy(*RECORD_KEY)
        .agg(F.count(F.lit(1)).alias("versions_"))
        .where(F.col("versions_") > 1)
        .select(*RECORD_KEY)
    )
    following = Window.partitionBy(*RECORD_KEY).orderBy(*ARRIVAL_ORDER)
    again = known.join(several, list(RECORD_KEY), "left_semi").withColumn(
        "known_until", F.lead("known_at").over(following)
    )
    # a record may pass from one subject to another: its versions are put in order before any goes
    if of is not None:
        again = again.join(of, of.columns, "left_semi")
    once = known if of is None else known.join(of, of.columns, "left_semi")
    once = once.join(several, list(RECORD_KEY), "left_anti").withColumn(
        "known_until", F.lit(None).cast("date")
    )
    columns = [*versions.columns, "known_until"]
    every = once.select(*columns).unionAll(again.select(*columns))
    stood = F.col("known_until").isNull() | (F.col("known_until") > F.col("known_at"))
    return every.where(stood & ~F.col("op").eqNullSafe("withdraw"))


def histories_of(versions: DataFrame, of: DataFrame) -> DataFrame:
    """All versions of every record of which some version has one of the values `of`.

    `known_intervals(versions, until, of)` of these rows is that of the whole table: where few of
    many subjects are asked for, it is put in order among their records alone.

    Args:
        versions: a silver table.
        of: columns of the table, each value once.
    """
    named = versions.join(of, of.columns, "left_semi").select(*RECORD_KEY).distinct()
    return versions.join(named, list(RECORD_KEY), "left_semi")


def on_days(
    intervals: DataFrame, days: Sequence[datetime.date], since: str = "known_at"
) -> DataFrame:
    """The rows of `known_intervals` once for every day on which they stood, named by `as_of`.

    since: the column that says from which day on a row stands.
    """
    every = F.array(*[F.lit(day) for day in sorted(set(days))])
    rows = intervals.select("*", F.explode(every).alias("as_of"))
    begun = F.col(since) <= F.col("as_of")
    return rows.where(
        begun & (F.col("known_until").isNull() | (F.col("known_until") > F.col("as_of")))
    )


def latest_by_key(state: DataFrame, keys: Sequence[str], plan: StatePlan = "sort") -> DataFrame:
    """One row for each key of a snapshot table such as `registration`.

    Two sources, or two record ids of one source, may tell of the same subject: the record that came
    last speaks for it. Ties are broken by source and record id, so the choice never depends on the
    order of rows. Rows in which a key is NULL are left out.

    Args:
        state: the result of `known_state`.
        keys: the catalogue's keys of the table, such as `["subject_id"]`.
        plan: how to find them; both give the same rows. `sort` ranks all rows. `hash` ranks only
            those whose key comes several times, and reads the state three times for it: for a state
            that was written down, of millions of rows with few such keys (1.1 million filings on
            the embedded engine: 0.5 CPU s against 3.4).

    Returns:
        The same columns, one row a key.
    """
    keyed = state.where(_all_present(keys))
    if plan == "sort":
        return _newest(keyed, keys)
    several = keyed.groupBy(*keys).agg(F.count(F.lit(1)).alias("rows_")).where(F.col("rows_") > 1)
    several = several.select(*keys)
    once = keyed.join(several, list(keys), "left_anti")
    again = _newest(keyed.join(several, list(keys), "left_semi"), keys)
    return once.select(*state.columns).unionAll(again.select(*state.columns))


def _newest(rows: DataFrame, keys: Sequence[str]) -> DataFrame:
    newest_first = [F.col(name).desc() for name in (*ARRIVAL_ORDER, *RECORD_KEY)]
    rank = F.row_number().over(Window.partitionBy(*keys).orderBy(*newest_first))
    ranked = rows.withColumn("rank_", rank)
    return ranked.where(F.col("rank_") == 1).select(*rows.columns)


def _all_present(names: Sequence[str]) -> Column:
    present = F.col(names[0]).isNotNull()
    for name in names[1:]:
        present = present & F.col(name).isNotNull()
    return present

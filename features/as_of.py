"""The state of a table as the city knew it on a day.

A silver table holds every version of every record that ever came. A feature at `as_of` reads only
what was known by then: `known_state` picks, for every record, the version that stood on that day.
Everything else in this room starts from its result, so records that arrive later can never change
an earlier feature.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

RECORD_KEY = ("source", "source_record_id")
"""What makes two rows versions of one record."""

ARRIVAL_ORDER = ("known_at", "batch_id", "line")
"""The order in which versions of one record came; total within a record."""

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


def known_state(versions: DataFrame, as_of: datetime.date) -> DataFrame:
    """The records of one table as they were known at the end of the day `as_of`.

    Of the versions with `known_at <= as_of` the last of each record stands. A record whose last
    version is a withdrawal is absent, and so is one that was never dated (`known_at` NULL). A row
    without `source_record_id` is a record of its own.

    A record's last arrival is found by one hash aggregate and joined back for the few records that
    have several versions. `row_number` over a sort gives the same rows at three times the work: most
    records have one version, and none of those needs a place in any order.

    Args:
        versions: a silver table: its own columns and `RECORD_COLUMNS`.
        as_of: the day; that whole day counts as known.

    Returns:
        The same columns, one row a standing record.
    """
    known = versions.where(F.col("known_at") <= F.lit(as_of))
    several = (
        known.groupBy(*RECORD_KEY)
        .agg(F.count(F.lit(1)).alias("versions_"), F.max(_arrival()).alias("last_arrival_"))
        .where(F.col("versions_") > 1)
        .select(*RECORD_KEY, "last_arrival_")
    )
    only = F.col("last_arrival_").isNull()
    return (
        known.join(several, list(RECORD_KEY), "left")
        .where(only | (F.col("last_arrival_") == _arrival()))
        .where(~F.col("op").eqNullSafe("withdraw"))
        .select(*versions.columns)
    )


def _arrival() -> Column:
    """`ARRIVAL_ORDER` as one text that sorts alike: a byte below all others ends the batch's id."""
    line = F.lpad(F.coalesce(F.col("line"), F.lit(0)).cast("string"), 12, "0")
    batch = F.coalesce(F.col("batch_id"), F.lit(""))
    return F.concat(F.col("known_at").cast("string"), batch, F.lit("\x01"), line)


def known_tables(tables: Mapping[str, DataFrame], as_of: datetime.date) -> dict[str, DataFrame]:
    """`known_state` of every table, by the same names."""
    return {name: known_state(versions, as_of) for name, versions in tables.items()}


def latest_by_key(state: DataFrame, keys: Sequence[str]) -> DataFrame:
    """One row for each key of a snapshot table such as `registration`.

    Two sources, or two record ids of one source, may tell of the same subject: the record that came
    last speaks for it. Ties are broken by source and record id, so the choice never depends on the
    order of rows. Rows in which a key is NULL are left out.

    Args:
        state: the result of `known_state`.
        keys: the catalogue's keys of the table, such as `["subject_id"]`.

    Returns:
        The same columns, one row a key.
    """
    newest_first = [F.col(name).desc() for name in (*ARRIVAL_ORDER, *RECORD_KEY)]
    rank = F.row_number().over(Window.partitionBy(*keys).orderBy(*newest_first))
    return (
        state.where(_all_present(keys))
        .withColumn("rank_", rank)
        .where(F.col("rank_") == 1)
        .select(*state.columns)
    )


def _all_present(names: Sequence[str]) -> Column:
    present = F.col(names[0]).isNotNull()
    for name in names[1:]:
        present = present & F.col(name).isNotNull()
    return present

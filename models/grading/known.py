"""Known states as the rules read them: the columns they need, also where a table never came."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from features.as_of import ARRIVAL_ORDER, RECORD_KEY
from models.grading.frames import table_or_empty

RECORD = (
    ("source", "string"),
    ("source_dept", "string"),
    ("source_record_id", "string"),
    ("event_date", "date"),
    ("known_at", "date"),
    ("batch_id", "string"),
    ("file", "string"),
    ("line", "bigint"),
)
"""The columns that name a record and order its arrival; `state` gives them after the table's own."""

GRADE = {
    "subject_id": "string",
    "scheme": "string",
    "period": "string",
    "grade": "string",
    "basis": "string",
    "valid_from": "date",
    "valid_to": "date",
}
"""What the rules read of table grade."""


def state(known: Mapping[str, DataFrame], table: str, own: Mapping[str, str]) -> DataFrame:
    """The columns `own` and `RECORD` of a table's known state; no rows when it is absent.

    Raises:
        ValueError: no table at all is known.
    """
    columns = {**own, **dict(RECORD)}
    found = table_or_empty(known, table, own)
    return found.select(*(F.col(n).cast(kind).alias(n) for n, kind in columns.items()))


def last_of(rows: DataFrame, keys: tuple[str, ...], clock: str) -> DataFrame:
    """One row a key: the one with the latest `clock`, of several the one that came last."""
    order = [F.col(name).desc() for name in (clock, *ARRIVAL_ORDER, *RECORD_KEY)]
    rank = F.row_number().over(Window.partitionBy(*keys).orderBy(*order))
    return rows.withColumn("rank_", rank).where(F.col("rank_") == 1).drop("rank_")

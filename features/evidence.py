"""The records behind a feature: which rows of which delivery a reason rests on.

The condition that counts a record is the condition that finds it again, so what is shown is what
was counted. A derived feature rests on the records of its inputs; what is read off the register, or
shared with other firms there, rests on the firm's own registration row.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.as_of import RECORD_KEY, latest_by_key
from features.assemble import dated_records, firm_rows
from features.declaration import SNAPSHOT_KEYS, SUBJECT_TABLES, FeatureColumn
from features.feature_sets import FeatureSet
from features.library import FEATURES
from features.rows import ADDRESS_PREFIX

EVENT, DESCRIPTION, EXISTENCE = 0, 1, 2
"""What is shown first: events, then rows that describe the firm, then that it is registered."""

SHOWN = (
    "source",
    "source_dept",
    "source_record_id",
    "file",
    "line",
    "event_date",
    "known_at",
)


def evidence_rows(
    tables: Mapping[str, DataFrame],
    as_of: datetime.date,
    wanted: DataFrame,
    limit_per_feature: int = 5,
    feature_set: FeatureSet | None = None,
) -> DataFrame:
    """The records behind features of given firms.

    Args:
        tables: known states by table name, as they went into `subject_features`.
        as_of: the day they belong to.
        wanted: `subject_id`, `feature`: whose evidence is asked for. Other columns are ignored, and
            so are features that this room does not make.
        limit_per_feature: how many records a firm and feature get at most.
        feature_set: the set the features are of, when it has declared ones.

    Returns:
        `subject_id, feature, table_name, source, source_dept, source_record_id, file, line,
        event_date, known_at, evidence_no`: for each pair the records that were counted, the
        latest event first (`evidence_no` 1), rows that describe the firm after events. A feature
        that found nothing rests on the firm's registration row. A firm that is not registered has
        no rows.
    """
    columns = FEATURES | (feature_set.columns if feature_set else {})
    pairs = (
        wanted.select("subject_id", "feature")
        .where(F.col("feature").isin(list(columns)))
        .distinct()
    )
    leaves = {name: _leaves(column, columns) for name, column in columns.items()}
    found = [_existence(tables, pairs)]
    for table in SUBJECT_TABLES:
        if table in tables:
            found += _behind_records(tables[table], table, as_of, pairs, leaves)
    found += _behind_firm(tables, pairs, leaves)
    return _first(reduce(DataFrame.unionByName, found), limit_per_feature)


def _leaves(column: FeatureColumn, among: Mapping[str, FeatureColumn]) -> list[FeatureColumn]:
    """The columns that a column is made of in the end, itself when it is not derived."""
    if column.feature.kind != "derived":
        return [column]
    return [leaf for name in column.feature.inputs for leaf in _leaves(among[name], among)]


def _behind_records(
    state: DataFrame,
    table: str,
    as_of: datetime.date,
    pairs: DataFrame,
    leaves: Mapping[str, list[FeatureColumn]],
) -> list[DataFrame]:
    """The records of one table that any of the features counts."""
    counted_by: dict[str, list[str]] = {}  # condition -> features
    read: dict[str, FeatureColumn] = {}
    for name, made_of in leaves.items():
        for leaf in made_of:
            if leaf.feature.kind == "records" and leaf.feature.table == table:
                read[leaf.name] = leaf
                counted_by.setdefault(leaf.condition(as_of), []).append(name)
    if not counted_by:
        return []
    counted = [
        F.col("feature").isin(sorted(set(names))) & (F.expr(sql) if sql else F.lit(True))
        for sql, names in counted_by.items()
    ]
    records = dated_records(state, table, as_of, list(read.values()))
    rows = records.join(pairs, "subject_id").where(reduce(Column.__or__, counted))
    return [_shown(rows, table, DESCRIPTION if table in SNAPSHOT_KEYS else EVENT)]


def _behind_firm(
    tables: Mapping[str, DataFrame], pairs: DataFrame, leaves: Mapping[str, list[FeatureColumn]]
) -> list[DataFrame]:
    """The registration row, and the row of its address, for what is read off them."""
    found = []
    own = _reading(leaves, "registration")
    if own:
        firms = latest_by_key(tables["registration"], SNAPSHOT_KEYS["registration"])
        rows = firms.join(pairs.where(F.col("feature").isin(own)), "subject_id")
        found.append(_shown(rows, "registration", DESCRIPTION))
    own = _reading(leaves, "address")
    if own and "address" in tables:
        at = firm_rows(tables).where(F.col(f"{ADDRESS_PREFIX}address_id").isNotNull())
        rows = at.select("subject_id", *[F.col(ADDRESS_PREFIX + c).alias(c) for c in SHOWN])
        rows = rows.join(pairs.where(F.col("feature").isin(own)), "subject_id")
        found.append(_shown(rows, "address", DESCRIPTION))
    return found


def _reading(leaves: Mapping[str, Iterable[FeatureColumn]], table: str) -> list[str]:
    return sorted(
        name
        for name, made_of in leaves.items()
        if any(c.feature.kind in ("firm", "sharers") and c.feature.table == table for c in made_of)
    )


def _existence(tables: Mapping[str, DataFrame], pairs: DataFrame) -> DataFrame:
    firms = latest_by_key(tables["registration"], SNAPSHOT_KEYS["registration"])
    return _shown(firms.join(pairs, "subject_id"), "registration", EXISTENCE)


def _shown(rows: DataFrame, table: str, priority: int) -> DataFrame:
    return rows.select(
        "subject_id",
        "feature",
        F.lit(table).alias("table_name"),
        *SHOWN,
        F.lit(priority).alias("priority"),
    )


def _first(rows: DataFrame, limit: int) -> DataFrame:
    newest = [F.col("event_date").desc_nulls_last(), F.col("known_at").desc()]
    rest = [F.col(name) for name in ("table_name", *RECORD_KEY, "file", "line")]
    order = Window.partitionBy("subject_id", "feature").orderBy("priority", *newest, *rest)
    number = F.col("evidence_no")
    return (
        rows.withColumn("evidence_no", F.row_number().over(order).cast("bigint"))
        .where((number <= limit) & ((F.col("priority") < EXISTENCE) | (number == 1)))
        .select("subject_id", "feature", "table_name", *SHOWN, "evidence_no")
    )

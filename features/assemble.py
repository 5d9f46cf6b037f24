"""The feature table: every registered firm with the features of a set, as of a day.

Each table is passed once: all its features are conditional aggregates of one `groupBy`, joined to
the firms that were registered as known that day.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.as_of import ARRIVAL_ORDER, RECORD_KEY, latest_by_key
from features.declaration import (
    SNAPSHOT_KEYS,
    SUBJECT_TABLES,
    FeatureColumn,
    FeatureError,
    Note,
)
from features.declaration import dated as with_day
from features.feature_sets import FeatureSet
from features.library import NOTES
from features.rows import ADDRESS_PREFIX, Day, FirmRow, Rows


def subject_features(
    tables: Mapping[str, DataFrame], as_of: datetime.date, feature_set: FeatureSet
) -> DataFrame:
    """The features of every firm registered as known, one row a firm.

    Args:
        tables: known states (`features.as_of.known_tables`) by table name. A table that the city
            does not have is simply not there: its features, and those derived from them, are NULL,
            whatever stands for nothing elsewhere.
        as_of: the day the states belong to.
        feature_set: which columns, in which order.

    Returns:
        `subject_id STRING`, then the set's columns: BIGINT, DOUBLE or STRING as declared. Records
        of subjects that are not in `registration` have no row here.

    Raises:
        FeatureError: there is no `registration`.
    """
    if "registration" not in tables:
        raise FeatureError(
            "features need the table registration, which says who the subjects are; "
            f"there are {', '.join(sorted(tables)) or 'no tables'}"
        )
    needed = feature_set.with_inputs()
    firms = firm_features(
        tables, as_of, [c for c in needed.values() if c.feature.kind in ("firm", "sharers")]
    )
    for table in SUBJECT_TABLES:
        columns = [c for c in needed.values() if _reads(c, table)]
        if columns and table in tables:
            records = dated_records(tables[table], table, as_of, columns)
            found = record_features(records, as_of, columns)
            firms = firms.join(found, "subject_id", "left")
    plain = [c for c in needed.values() if c.feature.kind != "derived"]
    firms = firms.select(
        "subject_id", *[settled(c, F.col(c.name), c.feature.table in tables) for c in plain]
    )
    firms = with_derived(firms, needed, tables)
    return firms.select("subject_id", *feature_set.names())


def firm_features(
    tables: Mapping[str, DataFrame], as_of: datetime.date, columns: Sequence[FeatureColumn]
) -> DataFrame:
    """What is read off the registration row of each firm, and what it shares with others.

    Args:
        tables: known states; `registration`, and `address` where the city has it.
        as_of: the day.
        columns: features of kind `firm` and `sharers`.

    Returns:
        `subject_id` and the columns (without those of `address` when there is no such table), one
        row a firm.
    """
    present = [c for c in columns if c.feature.table in tables]
    own = [c for c in present if c.feature.kind == "firm"]
    shared = [c for c in present if c.feature.kind == "sharers"]
    rows = firm_rows(tables)
    # The long texts end here: the sorts behind the windows then carry keys and flags only.
    narrow = rows.select(
        "subject_id",
        *[c.feature.function(FirmRow(as_of, prefix_of(c))).alias(c.name) for c in own],
        *[chosen_rows(c, as_of).alias(f"{c.name}__chosen") for c in shared],
        *[
            F.col(key).alias(f"key__{key}")
            for key in sorted({k for c in shared for k in keys_of(c)})
        ],
    )
    return narrow.select(
        "subject_id", *[c.name for c in own], *[_among_sharers(c, as_of) for c in shared]
    )


def firm_rows(tables: Mapping[str, DataFrame]) -> DataFrame:
    """One registration row a firm; its address's columns beside it, named `address_...`."""
    firms = latest_by_key(tables["registration"], SNAPSHOT_KEYS["registration"])
    if "address" not in tables:
        return firms
    address = latest_by_key(tables["address"], SNAPSHOT_KEYS["address"])
    address = address.select(*[F.col(c).alias(ADDRESS_PREFIX + c) for c in address.columns])
    at_domicile = F.col("domicile_address_id") == F.col(f"{ADDRESS_PREFIX}address_id")
    return firms.join(address, at_domicile, "left")


def dated_records(
    state: DataFrame, table: str, as_of: datetime.date, columns: Sequence[FeatureColumn]
) -> DataFrame:
    """The records of a table that features may count, with the notes beside them that these use.

    Events dated after the day are left out, though somebody knew of them: a hearing fixed for next
    month has not happened. A record without a date stays; it falls into no window.
    """
    if table in SNAPSHOT_KEYS:
        return latest_by_key(state, SNAPSHOT_KEYS[table])
    event_date = F.col("event_date")
    happened = state.where(event_date.isNull() | (event_date <= F.lit(as_of)))
    notes = notes_of(table, columns)
    return happened.select("*", *[note_column(note, as_of).alias(note.name) for note in notes])


def notes_of(table: str, columns: Sequence[FeatureColumn]) -> list[Note]:
    """What is written beside the records of a table before these columns are made of them."""
    return [n for n in NOTES if n.table == table] + [n for c in columns for n in c.feature.notes]


def record_features(
    records: DataFrame, as_of: datetime.date, columns: Sequence[FeatureColumn]
) -> DataFrame:
    """All features of one table in one pass.

    Args:
        records: the result of `dated_records`.
        as_of: the day.
        columns: features of kind `records` of that table.

    Returns:
        `subject_id` and the columns, one row for each firm that has a record.
    """
    return records.groupBy("subject_id").agg(*[c.aggregate(as_of) for c in columns])


def _reads(column: FeatureColumn, table: str) -> bool:
    return column.feature.kind == "records" and column.feature.table == table


def prefix_of(column: FeatureColumn) -> str:
    """What stands before the names of the column's inputs where firm and address are one row."""
    return ADDRESS_PREFIX if column.feature.table == "address" else ""


def keys_of(column: FeatureColumn) -> list[str]:
    """The columns whose equal values make firms share what a `sharers` feature speaks of."""
    return [prefix_of(column) + key for key in column.feature.by]


def chosen_rows(column: FeatureColumn, as_of: Day) -> Column:
    """Whether a row is one that the column counts."""
    condition = column.condition(as_of)
    return F.expr(condition) if condition else F.lit(True)


def _among_sharers(column: FeatureColumn, as_of: datetime.date) -> Column:
    keys = [F.col(f"key__{key}") for key in keys_of(column)]
    rows = Rows(as_of, f"{column.name}__chosen", over=_same(keys, F.col("subject_id")))
    return F.when(all_known(keys), column.feature.function(rows)).alias(column.name)


def note_column(note: Note, as_of: datetime.date) -> Column:
    """The note beside each record; `features.day_notes` tells those of many days."""
    keys = [F.col(key) for key in note.by]
    group = _same(keys, F.concat("source", F.lit(" "), "source_record_id"))
    chosen = F.expr(with_day(note.where, as_of)) if note.where else F.lit(True)
    if note.newest:
        first = F.when(chosen, F.lit(0)).otherwise(F.lit(1))
        order = [F.col(c).desc() for c in (*note.newest, *ARRIVAL_ORDER, *RECORD_KEY)]
        number = F.row_number().over(group.orderBy(first, *order))
    else:
        number = F.count(F.when(chosen, F.lit(1))).over(group)
    return F.when(all_known(keys), number)


def _same(keys: Sequence[Column], own: Column) -> Window:
    # Rows without a key share nothing: each gets a partition of its own, or they would all be
    # sorted in one task.
    first = F.coalesce(keys[0], F.concat(F.lit("no key: "), own))
    return Window.partitionBy(first, *keys[1:])


def all_known(keys: Iterable[Column]) -> Column:
    """None of the keys is NULL."""
    known = F.lit(True)
    for key in keys:
        known = known & key.isNotNull()
    return known


def settled(column: FeatureColumn, value: Column, known: bool) -> Column:
    """The column as the contract has it: its type, and what stands there for nothing."""
    feature = column.feature
    if not known:
        return F.lit(None).cast(feature.type).alias(column.name)
    if feature.type == "DOUBLE" and feature.kind != "derived":
        # A decimal becomes the nearest double by way of its digits, whatever its scale.
        value = value.cast("string")
    value = value.cast(feature.type)
    if feature.nothing is not None:
        value = F.coalesce(value, F.lit(feature.nothing).cast(feature.type))
    return value.alias(column.name)


def with_derived(
    firms: DataFrame, needed: Mapping[str, FeatureColumn], tables: Mapping[str, DataFrame]
) -> DataFrame:
    """The firms with the derived columns, each once its inputs stand."""
    waiting = [c for c in needed.values() if c.feature.kind == "derived"]
    while waiting:
        open_names = {c.name for c in waiting}
        ready = [c for c in waiting if not open_names & set(c.feature.inputs)]
        made = [
            settled(
                c,
                c.feature.function(*[F.col(name) for name in c.feature.inputs]),
                tables_read(c, needed) <= set(tables),
            )
            for c in ready
        ]
        firms = firms.select("*", *made)
        waiting = [c for c in waiting if c not in ready]
    return firms


def tables_read(column: FeatureColumn, among: Mapping[str, FeatureColumn]) -> set[str]:
    """The tables a column is made of, through its inputs.

    Args:
        column: any column.
        among: columns by name, in which its inputs are.
    """
    if column.feature.table is not None:
        return {column.feature.table}
    return {t for name in column.feature.inputs for t in tables_read(among[name], among)}

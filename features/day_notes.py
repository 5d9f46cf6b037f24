"""The notes beside the records of many days, worked out before any record is told day by day.

A note (`features.declaration.Note`) places a record among others of its group, on every day anew.
A window over records times days would sort each of them dozens of times. Here each group is put in
order once, and a running count down its records, one column a day, tells all days together.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DateType, LongType, StructField, StructType

from features.as_of import ARRIVAL_ORDER, RECORD_KEY
from features.declaration import Note, dated
from features.rows import DAY_COLUMN

STANDS = "stands_"
"""An array with a place for each day: the day itself when the row stands on it, else NULL."""

BUCKETS = 32
"""Parts that are put in order one at a time: few enough that beginning one costs nothing."""

Marks = NDArray[np.bool_]


def noted_days(rows: DataFrame, notes: Sequence[Note], days: Sequence[datetime.date]) -> DataFrame:
    """The rows once for every day on which they stand, named by `as_of`, the notes beside them.

    Args:
        rows: versions of records of one table, with `STANDS`; the notes that are counts stand in
            it as arrays, one number a day (`counted_days`).
        notes: what is placed or counted on a day is placed among what stands on it.
        days: ascending, as in `STANDS`.
    """
    kept = [field for field in rows.schema.fields if field.name != STANDS]
    names = [field.name for field in kept if field.name not in {n.name for n in notes}]
    if not notes:
        each = rows.select(*names, F.explode(STANDS).alias(DAY_COLUMN))
        return each.where(F.col(DAY_COLUMN).isNotNull())
    ranked = [note for note in notes if note.newest]
    ordered = rows.select(
        "*",
        *[_order(note).alias(f"{note.name}_order") for note in ranked],
        *[_chosen(note, days).alias(f"{note.name}_chosen") for note in ranked if note.where],
        _bucket(ranked).alias("bucket_"),
    )
    told = StructType(
        [StructField(DAY_COLUMN, DateType()), *[StructField(n.name, LongType()) for n in notes]]
    )
    own = [field for field in kept if field.name in names]
    schema = StructType([*own, StructField("days_", ArrayType(told))])
    found = ordered.groupBy("bucket_").applyInArrow(_kernel(names, notes, days), schema)
    each = found.select(*names, F.explode("days_").alias("day_"))
    return each.select(*names, *[F.col("day_")[name].alias(name) for name in told.names])


def counted_days(rows: DataFrame, note: Note, days: Sequence[datetime.date]) -> DataFrame:
    """The note's `by` columns and how many rows count for them: an array, a number a day (NULL for none)."""
    counts = [
        F.sum(F.when(_stands_at(place) & _fulfils(note, day), F.lit(1)))
        for place, day in enumerate(days)
    ]
    known = rows.where(F.expr(" AND ".join(f"{key} IS NOT NULL" for key in note.by)))
    return known.groupBy(*note.by).agg(F.array(*counts).alias(note.name))


def _stands_at(place: int) -> Column:
    return F.col(STANDS)[place].isNotNull()


def _fulfils(note: Note, day: datetime.date) -> Column:
    return F.expr(dated(note.where, day)) if note.where else F.lit(True)


def _bucket(ranked: Sequence[Note]) -> Column:
    """Rows of one group of any note are in one bucket: by a key that all the notes have."""
    common = [key for key in ranked[0].by if all(key in n.by for n in ranked)] if ranked else []
    if not common:
        return F.lit(0)
    return F.coalesce(F.crc32(F.col(common[0]).cast("binary")) % BUCKETS, F.lit(0))


def _order(note: Note) -> Column:
    """The place of a row among all versions in its group: the same on all days."""
    newest = [F.col(name).desc() for name in (*note.newest, *ARRIVAL_ORDER, *RECORD_KEY)]
    return F.row_number().over(Window.partitionBy(*note.by).orderBy(*newest))


def _chosen(note: Note, days: Sequence[datetime.date]) -> Column:
    """Whether the row fulfils the note's condition: true or NULL a day, or one for all days."""
    dayless = dated(note.where, days[0]) == dated(note.where, days[-1])
    asked = days[:1] if dayless else days
    # never false: the embedded engine breaks down on arrays that cannot hold a NULL
    return F.array(*[F.when(_fulfils(note, day), F.lit(True)) for day in asked])


def _kernel(
    names: Sequence[str], notes: Sequence[Note], days: Sequence[datetime.date]
) -> Callable[[pa.Table], pa.Table]:
    def noted(rows: pa.Table) -> pa.Table:
        return _noted(rows, names, notes, days)

    return noted


def _noted(
    rows: pa.Table, names: Sequence[str], notes: Sequence[Note], days: Sequence[datetime.date]
) -> pa.Table:
    """The rows with `days_`: a list of the days on which each stands and its notes on them."""
    stands = _valid(rows[STANDS])
    row, day = np.nonzero(stands)
    told: dict[str, pa.Array] = {DAY_COLUMN: pa.array(days, pa.date32()).take(pa.array(day))}
    for note in notes:
        if note.newest:
            group, known = groups_of({key: rows[key] for key in note.by})
            order = rows[f"{note.name}_order"].to_numpy()
            chosen = _valid(rows[f"{note.name}_chosen"]) if note.where else np.ones((1, 1), bool)
            place = places(group, order, stands, np.broadcast_to(chosen, stands.shape))
            told[note.name] = pa.array(place[row, day].astype(np.int64), mask=~known[row])
        else:
            told[note.name] = _of_days(rows[note.name], row, day, len(days))
    ends = np.concatenate([[0], np.cumsum(stands.sum(axis=1))]).astype(np.int32)
    each = pa.StructArray.from_arrays(list(told.values()), list(told))
    lists = pa.ListArray.from_arrays(pa.array(ends), each)
    return rows.select(list(names)).append_column("days_", lists)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    flat = pc.list_flatten(column)
    return flat.combine_chunks() if isinstance(flat, pa.ChunkedArray) else flat


def _valid(column: pa.ChunkedArray) -> Marks:
    """A column of arrays of one length as a matrix: where a value stands."""
    flat = _flat(column).is_valid().to_numpy(zero_copy_only=False)
    found: Marks = flat.reshape(len(column), -1) if len(column) else flat.reshape(0, 1)
    return found


def _of_days(
    column: pa.ChunkedArray, row: NDArray[np.int64], day: NDArray[np.int64], days: int
) -> pa.Array:
    """The number of each (row, day) from a column of arrays, NULL where there is no array."""
    known = column.is_valid().to_numpy()
    start = (np.cumsum(known) - 1) * days
    flat = pc.fill_null(_flat(column).cast(pa.int64()), 0)
    return flat.take(pa.array(start[row] + day, mask=~known[row]))


def groups_of(keys: Mapping[str, pa.ChunkedArray]) -> tuple[NDArray[np.int64], Marks]:
    """A number for each distinct combination of the keys, by row, and whether all are known."""
    rows = len(next(iter(keys.values())))
    group, known = np.zeros(rows, np.int64), np.ones(rows, bool)
    for column in keys.values():
        value = pc.index_in(column, value_set=pc.unique(column).drop_null())
        code = pc.fill_null(value, -1).to_numpy().astype(np.int64)
        known &= code >= 0
        _, group = np.unique(group * (int(code.max(initial=0)) + 2) + code, return_inverse=True)
    return group, known


def places(
    group: NDArray[np.int64], order: NDArray[np.int64], stands: Marks, chosen: Marks
) -> NDArray[np.int32]:
    """Each row's place on each day: the chosen before the others, then in the group's order."""
    by_order = np.lexsort((order, group))
    if not len(by_order):
        return np.zeros(stands.shape, np.int32)
    first = np.flatnonzero(np.append(True, np.diff(group[by_order]) != 0))
    size = np.diff(np.append(first, len(group)))
    ours, others = (stands & chosen)[by_order], (stands & ~chosen)[by_order]
    place = np.where(ours, _running(ours, first, size), np.int32(0))
    before = np.repeat(np.add.reduceat(ours, first, axis=0, dtype=np.int32), size, axis=0)
    place = np.where(others, before + _running(others, first, size), place)
    found = np.empty_like(place)
    found[by_order] = place
    return found


def _running(marked: Marks, first: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int32]:
    """How many are marked from the beginning of each row's group down to it."""
    count = np.cumsum(marked, axis=0, dtype=np.int32)
    before = count[first] - marked[first]
    return count - np.repeat(before, size, axis=0)

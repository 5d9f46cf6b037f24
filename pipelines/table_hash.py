"""A digest of a table's rows, the same whatever their order, their files and the engine.

Every value becomes 64 bits, a row's values are mixed with their columns' names, and the sorted
numbers of all rows are digested. A column at a time is held, so a table of any width fits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from pandas.util import hash_array

from pipelines.lake import Lake

OF_THE_RUN = ("run_id",)
"""Columns that name the run and not what it found."""
_NULL = np.uint64(0x9E3779B97F4A7C15)


def run_hash(lake: Lake, table: str, run_id: str) -> tuple[str, int]:
    """The digest (32 hex digits) of one run's rows in a gold table, and their number."""
    delta = DeltaTable(str(lake.path("gold", table)))
    rows = delta.to_pyarrow_dataset().filter(pc.field("run_id") == run_id)
    names = [name for name in rows.schema.names if name not in OF_THE_RUN]
    return _digest(names, lambda name: rows.to_table(columns=[name]).column(0), rows.count_rows())


def rows_hash(rows: pa.Table, without: Iterable[str] = OF_THE_RUN) -> str:
    """The digest of rows in memory: 32 hex digits."""
    names = [name for name in rows.column_names if name not in set(without)]
    return _digest(names, rows.column, rows.num_rows)[0]


def _digest(
    names: Iterable[str], column: Callable[[str], pa.ChunkedArray], rows: int
) -> tuple[str, int]:
    mixed = np.zeros(rows, np.uint64)
    for name in sorted(names):
        values = column(name)
        salt = np.frombuffer(hashlib.sha256(name.encode()).digest()[:8], np.uint64)[0]
        mixed = _mix(mixed ^ _mix(_numbers(values) + salt))
    told = hashlib.sha256(f"{rows}\n".encode())
    told.update(np.sort(mixed).astype("<u8").tobytes())
    return told.hexdigest()[:32], rows


def _numbers(values: pa.ChunkedArray) -> np.ndarray:
    """A number for each value; NULL has one of its own in every type."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _numbers(values.cast(kind.value_type))
    if pa.types.is_nested(kind):
        told = [None if v is None else json.dumps(v, ensure_ascii=False, default=str, sort_keys=True)
                for v in values.to_pylist()]  # fmt: skip
        return _numbers(pa.chunked_array([pa.array(told, pa.string())]))
    whole = values.combine_chunks()
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    empty = np.asarray(whole.is_null())
    if pa.types.is_null(kind):
        numbers = np.zeros(len(whole), np.uint64)
    elif pa.types.is_floating(kind):
        # 0.0 and -0.0 are one value, and NaN is one
        plain = pc.add(pc.fill_null(whole.cast(pa.float64()), 0.0), 0.0).to_numpy(False).copy()
        plain[np.isnan(plain)] = np.nan
        numbers = plain.view(np.uint64)
    elif pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        numbers = pc.fill_null(whole.cast(pa.int64()), 0).to_numpy(False).view(np.uint64)
    elif pa.types.is_date(kind):
        days = whole.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
        numbers = pc.fill_null(days, 0).to_numpy(False).view(np.uint64)
    else:
        numbers = _text(whole)
    numbers = _mix(numbers)
    return np.where(empty, _NULL, numbers)


def _text(whole: pa.Array) -> np.ndarray:
    """Text, and what has an exact one: decimals and instants."""
    if pa.types.is_timestamp(whole.type):
        whole = whole.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    coded = pc.fill_null(whole.cast(pa.string()), "").dictionary_encode()
    words = np.array(coded.dictionary.to_pylist(), dtype=object)
    if not len(words):
        return np.zeros(len(whole), np.uint64)
    numbers: np.ndarray = hash_array(words, categorize=False)
    return numbers[coded.indices.to_numpy(False)]


def _mix(numbers: np.ndarray) -> np.ndarray:
    """Spreads every bit over all 64 (the finaliser of SplitMix64); wraps by intent."""
    x = numbers.astype(np.uint64, copy=True)
    x += np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))

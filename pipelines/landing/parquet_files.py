"""Reads Parquet files: every value as its one canonical text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.landing.bronze import Piece, row_text
from pipelines.landing.content import ContentError
from pipelines.landing.names import names_problem
from pipelines.landing.personal_data import PersonalKey
from pipelines.landing.shape import Shape

_BATCH_ROWS = 32_768


def parquet_names(path: Path) -> list[str]:
    """The names of the top-level columns."""
    return list(pq.read_schema(path).names)


def parquet_pieces(path: Path, shape: Shape, key: PersonalKey | None) -> Iterator[Piece]:
    """The rows of a Parquet file, batch by batch.

    Raises `ContentError` when the columns do not fit.
    """
    if problem := names_problem(parquet_names(path), shape):
        raise ContentError(f"the columns do not fit: {problem}")
    line = 1
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            yield _piece(batch, line, shape, key)
            line += len(batch)


def _piece(batch: pa.RecordBatch, line: int, shape: Shape, key: PersonalKey | None) -> Piece:
    rows, width = len(batch), len(shape.columns)
    columns: list[pa.StringArray] = []
    reasons: dict[int, str] = {}
    for name in shape.columns:
        texts, wrong = _texts(batch.column(name))
        columns.append(texts)
        for row in wrong:
            reasons.setdefault(row, f"the column '{name}' holds bytes that are not UTF-8")
    good = np.ones(rows, bool)
    good[list(reasons)] = False
    bad: dict[int, tuple[str | None, str]] = {
        row: (row_text([column[row].as_py() for column in columns], shape, key), reason)
        for row, reason in reasons.items()
    }
    # column after column becomes row after row
    order = (np.arange(width) * rows)[None, :] + np.flatnonzero(good)[:, None]
    values = pa.concat_arrays(columns).take(pa.array(order.ravel()))
    return Piece(np.arange(line, line + rows), values, line + rows, bad)


def _texts(values: pa.Array) -> tuple[pa.StringArray, list[int]]:
    """A column as text, and the rows whose bytes are no text (NULL there)."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _texts(values.dictionary_decode())
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_date32(kind):
        return values.cast(pa.string()), []
    if pa.types.is_timestamp(kind):
        # Python has no nanoseconds, and neither have a department's dates
        values = values.cast(pa.timestamp("us", kind.tz), safe=False)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        try:
            values.validate(full=True)
            return values.cast(pa.string()), []
        except pa.ArrowInvalid:
            values = values.view(
                pa.large_binary() if pa.types.is_large_string(kind) else pa.binary()
            )
    texts: list[str | None] = []
    wrong = []
    for row, value in enumerate(values.to_pylist()):
        try:
            texts.append(value_text(value))
        except UnicodeDecodeError:
            texts.append(None)
            wrong.append(row)
    return pa.array(texts, pa.string()), wrong


def value_text(value: Any) -> str | None:
    """One value as text: ISO dates, plain decimal numbers, true or false, JSON for the nested.

    A time stamp at midnight is its date. Raises `UnicodeDecodeError` for bytes that are no UTF-8.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    if isinstance(value, datetime):
        plain = value.replace(tzinfo=None)
        return str(plain.date()) if plain.time() == time() else plain.isoformat(sep=" ")
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=value_text)
    return str(value)

"""Deliveries on disk: DELIVERIES/<day>/<department>/<source>_<month>_<part>.<ending>.

Rows are spread over the department's delivery days by the day they are known, spoiled as `faults`
says, and written in the department's format. The same arguments give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import xlsxwriter
from numpy.typing import NDArray

from pipelines.simulation.calendar import Calendar, date_of
from pipelines.simulation.departments import SOURCES, Source
from pipelines.simulation.faults import RATES, Sheet, spoil, spoil_lines
from pipelines.simulation.spelling import joined
from pipelines.simulation.world import Rows, World, kept

_WRITTEN_BY = dt.datetime(2000, 1, 1)  # a fixed date in the workbook, for the same bytes each time


class Deliveries:
    """Writer of a city's deliveries.

    Attributes:
        rows: rows written by source, faults included.
        faults: faults made, by kind.
        files: number of files written.
    """

    def __init__(self, folder: Path, world: World) -> None:
        self._folder = folder
        self._world = world
        self._calendar: Calendar = world.calendar
        self.rows: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.files = 0

    def deliver(self, source_name: str, part: int, rows: Rows, rng: np.random.Generator) -> None:
        """Spread the rows of one part of a source over its delivery days and write the files."""
        source = SOURCES[source_name]
        days = self._calendar.delivery_days(source.day_of_month)
        rows = kept(rows, self._calendar)
        slot = np.searchsorted(days, rows.known).astype(np.int64)
        sheet = Sheet.of(pa.table(rows.columns), slot).within(len(days))
        sheet, made = spoil(sheet, source, len(days), self._stranger, rng)
        self.faults += made
        order = sheet.order()
        table, slots = sheet.table.take(pa.array(order)).combine_chunks(), sheet.slot[order]
        bounds = np.searchsorted(slots, np.arange(len(days) + 1))
        behind = self._added(rows.added, table.schema, days)
        for n in range(len(days)):
            piece = table.slice(bounds[n], bounds[n + 1] - bounds[n])
            if piece.num_rows:
                self._deliver_file(source_name, source, part, days, n, piece, behind[n], rng)
            elif behind[n].num_rows:  # a file of its own, without faults of files
                stem = f"{source_name}_{date_of(days[n]):%Y%m}_{part:03d}"
                self._put(days[n], source, stem, self._written(source, piece, behind[n], None))
                self.rows[source_name] += behind[n].num_rows

    @staticmethod
    def _added(rows: Rows | None, schema: pa.Schema, days: NDArray[np.int32]) -> list[pa.Table]:
        """The rows that stand behind the others, one table a delivery."""
        if rows is None:
            return [schema.empty_table()] * len(days)
        slot = np.searchsorted(days, rows.known)
        order = np.argsort(slot, kind="stable")
        table = pa.table(rows.columns, schema=schema).take(pa.array(order)).combine_chunks()
        bounds = np.searchsorted(slot[order], np.arange(len(days) + 1))
        return [table.slice(low, high - low) for low, high in itertools.pairwise(bounds)]

    def _deliver_file(
        self,
        name: str,
        source: Source,
        part: int,
        days: NDArray[np.int32],
        n: int,
        table: pa.Table,
        added: pa.Table,
        rng: np.random.Generator,
    ) -> None:
        month = f"{date_of(days[n]):%Y%m}"
        stem = f"{name}_{month}_{part:03d}"
        data = self._written(source, table, added, rng)
        count = table.num_rows + added.num_rows
        if 0 < n < len(days) - 1 and rng.random() < RATES.late_files:
            self.faults["late_files"] += 1
            n += 1
        self._put(days[n], source, stem, data)
        self.rows[name] += count
        if 0 < n < len(days) - 1 and rng.random() < RATES.repeated_files:
            self.faults["repeated_files"] += 1
            self.rows[name] += count
            self._put(days[n + 1], source, stem + "_resent", data)

    def _put(self, day: int, source: Source, stem: str, data: bytes) -> None:
        folder = self._folder / f"{date_of(day):%Y-%m-%d}" / source.folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{stem}.{source.ending}").write_bytes(data)
        self.files += 1

    def _written(
        self, source: Source, table: pa.Table, added: pa.Table, rng: np.random.Generator | None
    ) -> bytes:
        """The bytes of a file; without a random stream its lines are left whole."""
        if source.ending in ("parquet", "xlsx"):
            whole = pa.concat_tables([table, added]).combine_chunks() if added.num_rows else table
            return _parquet(whole) if source.ending == "parquet" else _workbook(whole)
        if source.ending.startswith("jsonl"):
            data = _json_lines(table) + (_json_lines(added) if added.num_rows else b"")
        else:
            data = _separated(table, source)
            if rng is not None:
                data = spoil_lines(data, source, rng, self.faults)
            if added.num_rows:
                data += _separated(added, source).split(b"\n", 1)[1]
        return gzip.compress(data, 1, mtime=0) if source.ending.endswith(".gz") else data

    def _stranger(self, number: NDArray[np.int64]) -> pa.Array:
        return self._world.codes(number + 30 * self._world.population.firms + 1000)


def _separated(table: pa.Table, source: Source) -> bytes:
    text = io.BytesIO()
    header = source.delimiter.join(table.column_names).encode() + b"\n"
    options = pa_csv.WriteOptions(
        include_header=False, delimiter=source.delimiter, quoting_style="none"
    )
    pa_csv.write_csv(table, text, options)
    data = header + text.getvalue()
    return data if source.encoding == "utf-8" else data.decode().encode(source.encoding)


def _json_lines(table: pa.Table) -> bytes:
    """One object a line; texts here hold no quote and no backslash, by the vocabulary."""
    cells: list[Any] = []
    for place, name in enumerate(table.column_names):
        values = table.column(name).combine_chunks()
        if pa.types.is_string(values.type):
            values = pc.if_else(values.is_valid(), joined('"', values, '"'), pa.scalar("null"))
        else:
            values = values.cast(pa.string())
        cells += [("{" if place == 0 else ",") + f'"{name}":', values.fill_null("null")]
    lines = joined(*cells, "}\n")
    return b"".join(lines.cast(pa.binary()).to_pylist()) if lines.offset else _bytes(lines)


def _bytes(lines: pa.Array) -> bytes:
    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)
    return bytes(data)[: int(ends[len(lines)])]


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pa_parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _workbook(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    book = xlsxwriter.Workbook(sink, {"in_memory": True, "constant_memory": True})
    book.set_properties({"created": _WRITTEN_BY})
    sheet = book.add_worksheet("数据")
    sheet.write_row(0, 0, table.column_names)
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    for n, row in enumerate(rows, start=1):
        for place, cell in enumerate(row):
            if cell is not None:
                sheet.write_string(n, place, str(cell))
    book.close()
    return sink.getvalue()

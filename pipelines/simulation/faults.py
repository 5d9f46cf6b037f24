"""Faults as departments make them, at small rates, counted.

Faults of rows (codes, dates, corrections, withdrawals, repeats) are made in the columns; faults of
files (ragged lines, bytes of another encoding) in the written bytes; `deliveries` makes files late
or sends them twice. Nothing here looks at schemes: rings and honest firms suffer alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.simulation.departments import CODE, Source

OP = "操作"
_BAD_DATES = ("2023-13-45", "0000-00-00", "20230230", "二〇二三年", "2022年2月31日", "1899/0/1")
_BAD_TAILS = ("O", "I", "?", "*", "0")


@dataclass(frozen=True)
class FaultRates:
    """Share of the rows (or files) that get a fault; reasons are departments' own quality reports.

    Low enough that no table is lost, high enough that every kind occurs in a city of 5,000 firms.
    """

    repeated_rows: float = 0.003
    broken_codes: float = 0.002
    bad_dates: float = 0.001
    strangers: float = 0.0015
    corrections: float = 0.004
    withdrawals: float = 0.001
    ragged_lines: float = 0.0004
    foreign_bytes: float = 0.0001
    late_files: float = 0.015
    repeated_files: float = 0.01


RATES = FaultRates()


@dataclass(frozen=True)
class Sheet:
    """Rows on their way into files: the table, and the delivery (by number) each row goes with.

    again: rows that a department sends once more because they were refused. They stand before the
    others of their file, which may have news of the same firm.
    """

    table: pa.Table
    slot: NDArray[np.int64]
    again: NDArray[np.bool_]

    @classmethod
    def of(cls, table: pa.Table, slot: NDArray[np.int64]) -> Sheet:
        """Rows as they come for the first time."""
        return cls(table, slot, np.zeros(len(slot), bool))

    def plus(self, rows: pa.Table, slot: NDArray[np.int64], again: bool = False) -> Sheet:
        """Add rows."""
        more = Sheet(rows, slot, np.full(len(slot), again))
        return Sheet(
            pa.concat_tables([self.table, more.table]),
            np.concatenate([self.slot, more.slot]),
            np.concatenate([self.again, more.again]),
        )

    def order(self) -> NDArray[np.intp]:
        """The rows in the order of deliveries and, within one, of lines."""
        return np.lexsort((~self.again, self.slot))

    def within(self, slots: int) -> Sheet:
        """Leave out rows that would come after the last delivery."""
        keep = self.slot < slots
        if keep.all():
            return self
        return Sheet(self.table.filter(pa.array(keep)), self.slot[keep], self.again[keep])


def spoil(
    sheet: Sheet,
    source: Source,
    slots: int,
    stranger: Callable[[NDArray[np.int64]], pa.Array],
    rng: np.random.Generator,
) -> tuple[Sheet, Counter[str]]:
    """Make the faults of rows.

    Args:
        sheet: good rows.
        source: whose file it is.
        slots: number of deliveries.
        stranger: credit codes, valid ones, of numbers of firms that the register does not know.
        rng: random stream.

    Returns:
        The rows as delivered, and how many faults of each kind were made.
    """
    made: Counter[str] = Counter()
    original = sheet
    if source.amended and OP in sheet.table.column_names:
        sheet = _corrected(sheet, original, source.amended, rng, made)
    if source.numbered and OP in sheet.table.column_names:
        sheet = _withdrawn(sheet, original, source.numbered, rng, made)
    if CODE in sheet.table.column_names:
        sheet = _strangers(sheet, original, source, stranger, rng, made)
        sheet = _broken(sheet, CODE, _mistyped, RATES.broken_codes, "broken_codes", rng, made)
    if source.misdated and pa.types.is_string(sheet.table.schema.field(source.misdated).type):
        sheet = _broken(sheet, source.misdated, _misdated, RATES.bad_dates, "bad_dates", rng, made)
    chosen = _some(len(sheet.slot), RATES.repeated_rows, rng)
    made["repeated_rows"] += len(chosen)
    sheet = sheet.plus(sheet.table.take(pa.array(chosen)), sheet.slot[chosen])
    return sheet.within(slots), made


def _some(count: int, rate: float, rng: np.random.Generator) -> NDArray[np.int64]:
    return np.flatnonzero(rng.random(count) < rate)


def _with(table: pa.Table, column: str, values: pa.Array) -> pa.Table:
    place = table.schema.get_field_index(column)
    return table.set_column(place, table.schema.field(place), pa.chunked_array([values]))


def _put(table: pa.Table, column: str, rows: NDArray[np.int64], values: pa.Array) -> pa.Table:
    mask = np.zeros(table.num_rows, bool)
    mask[rows] = True
    old = table.column(column).combine_chunks()
    return _with(table, column, pc.replace_with_mask(old, pa.array(mask), values))


def _corrected(
    sheet: Sheet, original: Sheet, column: str, rng: np.random.Generator, made: Counter[str]
) -> Sheet:
    """First a wrong value, a month or two later the right one, marked 更正."""
    rows = _some(original.table.num_rows, RATES.corrections, rng)
    rows = rows[_filled(original.table, column, rows)]
    if not len(rows):
        return sheet
    right = original.table.take(pa.array(rows))
    wrong = pa.array(["9" + value for value in right.column(column).to_pylist()])
    table = _put(sheet.table, column, rows, wrong)
    right = _with(right, OP, pa.array(["更正"] * len(rows)))
    made["corrections"] += len(rows)
    later = sheet.slot[rows] + rng.integers(1, 3, len(rows))
    return replace(sheet, table=table).plus(right, later)


def _filled(table: pa.Table, column: str, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    values = table.column(column).take(pa.array(rows))
    if not pa.types.is_string(values.type):
        return np.zeros(len(rows), bool)
    whole = pc.match_substring_regex(values, r"^[0-9]+(\.[0-9]+)?$").fill_null(False)
    return whole.to_numpy(zero_copy_only=False)


def _withdrawn(
    sheet: Sheet, original: Sheet, column: str, rng: np.random.Generator, made: Counter[str]
) -> Sheet:
    """A record entered under the wrong firm, and taken back (撤销) later."""
    rows = _some(original.table.num_rows, RATES.withdrawals, rng)
    if not len(rows):
        return sheet
    mistaken = original.table.take(pa.array(rows))
    others = rng.integers(0, original.table.num_rows, len(rows))
    mistaken = _with(
        mistaken, CODE, original.table.column(CODE).take(pa.array(others)).combine_chunks()
    )
    numbers = [f"{value}-误" for value in mistaken.column(column).to_pylist()]
    mistaken = _with(mistaken, column, pa.array(numbers))
    taken_back = _with(mistaken, OP, pa.array(["撤销"] * len(rows)))
    made["withdrawals"] += len(rows)
    later = sheet.slot[rows] + rng.integers(1, 4, len(rows))
    return sheet.plus(mistaken, sheet.slot[rows]).plus(taken_back, later)


def _strangers(
    sheet: Sheet,
    original: Sheet,
    source: Source,
    stranger: Callable[[NDArray[np.int64]], pa.Array],
    rng: np.random.Generator,
    made: Counter[str],
) -> Sheet:
    """Records of firms that the register does not know."""
    if not source.numbered:
        return sheet
    rows = _some(original.table.num_rows, RATES.strangers, rng)
    if not len(rows):
        return sheet
    table = original.table.take(pa.array(rows))
    table = _with(table, CODE, stranger(rng.integers(0, 10**6, len(rows))))
    numbers = [f"{value}-外" for value in table.column(source.numbered).to_pylist()]
    table = _with(table, source.numbered, pa.array(numbers))
    made["unmatched_subjects"] += len(rows)
    return sheet.plus(table, sheet.slot[rows])


def _broken(
    sheet: Sheet,
    column: str,
    mistake: Callable[[str, np.random.Generator], str],
    rate: float,
    name: str,
    rng: np.random.Generator,
    made: Counter[str],
) -> Sheet:
    """Values mistyped; the department is told and delivers the row again with the next file."""
    rows = _some(sheet.table.num_rows, rate, rng)
    if not len(rows):
        return sheet
    good = sheet.table.take(pa.array(rows))
    values = [
        value if value is None else mistake(value, rng) for value in good.column(column).to_pylist()
    ]
    table = _put(sheet.table, column, rows, pa.array(values, pa.string()))
    made[name] += len(rows)
    return replace(sheet, table=table).plus(good, sheet.slot[rows] + 1, again=True)


def _mistyped(code: str, rng: np.random.Generator) -> str:
    place = int(rng.integers(8, 18))
    if rng.random() < 0.25:
        return code[:-1]  # a digit is missing
    if rng.random() < 0.3:
        letter = _BAD_TAILS[int(rng.integers(0, 5))]
        if letter != code[place]:
            return code[:place] + letter + code[place + 1 :]
    return code[:place] + ("7" if code[place] != "7" else "1") + code[place + 1 :]


def _misdated(_: str, rng: np.random.Generator) -> str:
    return _BAD_DATES[int(rng.integers(0, len(_BAD_DATES)))]


def spoil_lines(data: bytes, source: Source, rng: np.random.Generator, made: Counter[str]) -> bytes:
    """Make the faults of lines in the bytes of a csv file: fields lost or added, alien bytes."""
    lines = data.count(b"\n") - 1
    ragged = rng.random() < 1 - (1 - RATES.ragged_lines) ** max(lines, 0)
    alien = rng.random() < 1 - (1 - RATES.foreign_bytes) ** max(lines, 0)
    if lines < 2 or not (ragged or alien):
        return data
    pieces = data.split(b"\n")
    if ragged:
        place = 1 + int(rng.integers(0, lines))
        mark = source.delimiter.encode()
        cut = pieces[place].rsplit(mark, 2)[0]
        pieces[place] = (
            cut
            if rng.random() < 0.6
            else pieces[place] + mark + mark + "备注".encode(source.encoding)
        )
        made["ragged_lines"] += 1
    if alien:
        place = 1 + int(rng.integers(0, lines))
        # neither is text in the file's own encoding (a lone 注 would be a Hebrew letter there)
        pieces[place] += b"\xff\xfe" if source.encoding == "gb18030" else "备注".encode("gb18030")
        made["foreign_bytes"] += 1
    return b"\n".join(pieces)

"""Reads csv files: the header, then records in blocks, each physical line accounted for once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np
import pyarrow as pa

from pipelines.landing.bronze import Piece, RowList, joined
from pipelines.landing.content import ContentError
from pipelines.landing.csv_blocks import odd_lines, plain_rows
from pipelines.landing.csv_records import Layout, is_blank, raw_line, record_at, wrong_length
from pipelines.landing.names import names_problem
from pipelines.landing.personal_data import PersonalKey
from pipelines.landing.shape import Shape
from pipelines.landing.text_lines import BLOCK_BYTES, LineBlocks, Lines

# shorter stretches of plain lines are faster one by one
_SHORTEST_STRETCH = 50
_BEYOND = "a value after the last column"


@dataclass(frozen=True)
class CsvHeader:
    """A file's header: its names (None when the first line is no record) and where it ends.

    `lines` counts the header and the blank lines before it; `problem` says why there are no names.
    """

    names: list[str] | None
    lines: int
    problem: str | None = None


def read_header(blocks: LineBlocks, delimiter: str) -> CsvHeader:
    """The header; the lines after it are given back to `blocks`."""
    while (lines := blocks.read()) is not None:
        at = 0
        while at < len(lines) and at not in lines.broken and is_blank(lines.content(at), delimiter):
            at += 1
        if at == len(lines):
            continue
        record = record_at(lines, at, delimiter)
        if record is None:
            blocks.give_back(at)
            continue
        end = lines.first + at + record.lines - 1
        if at + record.lines < len(lines):
            blocks.give_back(at + record.lines)
        if record.fields is None:
            return CsvHeader(None, end, record.reason)
        return CsvHeader(_names(record.fields), end)
    return CsvHeader(None, 0, "the file has only blank lines")


def _names(fields: list[str]) -> list[str]:
    return [name.strip().strip("\ufeff\u200b") for name in fields]


def csv_pieces(
    stream: IO[bytes], shape: Shape, key: PersonalKey | None, block_bytes: int = BLOCK_BYTES
) -> Iterator[Piece]:
    """The records after the header, in stretches of about a block.

    Raises `ContentError` when the header does not fit.
    """
    blocks = LineBlocks(stream, shape.encoding, block_bytes)
    header = read_header(blocks, shape.delimiter)
    problem = header.problem or names_problem(header.names or [], shape)
    if header.names is None or problem:
        raise ContentError(f"the header does not fit: {problem}")
    layout = Layout.of(header.names, shape)
    yield RowList().piece(header.lines + 1)
    while (lines := blocks.read()) is not None:
        stretches, used = _stretches(lines, layout, shape, key)
        if used < len(lines):
            blocks.give_back(used)
        yield joined(stretches, lines.first + used)


def _stretches(
    lines: Lines, layout: Layout, shape: Shape, key: PersonalKey | None
) -> tuple[list[Piece], int]:
    """The block's records, and how many of its lines they used; the rest needs more lines."""
    odd = np.append(odd_lines(lines, shape.delimiter), len(lines))
    pieces: list[Piece] = []
    rows, at = RowList(), 0
    while at < len(lines):
        next_odd = int(odd[np.searchsorted(odd, at)])
        if next_odd - at >= _SHORTEST_STRETCH:
            if len(rows):
                pieces.append(rows.piece(0))
                rows = RowList()
            pieces.append(_plain_piece(lines, at, next_odd, layout, shape, key))
            at = next_odd
            continue
        used = _add_record(rows, lines, at, layout, shape, key)
        if not used:
            break
        at += used
    if len(rows):
        pieces.append(rows.piece(0))
    return pieces, at


def _add_record(
    rows: RowList, lines: Lines, at: int, layout: Layout, shape: Shape, key: PersonalKey | None
) -> int:
    """Adds the record that starts in the line `at`; how many lines it used, 0 for more needed."""
    if at not in lines.broken and is_blank(lines.content(at), shape.delimiter):
        return 1
    record = record_at(lines, at, shape.delimiter, layout.width)
    if record is None:
        return 0
    number, reason = lines.first + at, record.reason
    if record.fields is not None:
        reason = _row_problem(record.fields, layout)
    if reason is None and record.fields is not None:
        rows.parsed(number, [record.fields[place] for place in layout.places])
    else:
        rows.broken(number, raw_line(lines, at, shape, layout, key), reason or "")
    return record.lines


def _row_problem(fields: list[str], layout: Layout) -> str | None:
    if len(fields) != layout.width:
        return wrong_length(len(fields), layout)
    return _BEYOND if layout.trailing and fields[-1].strip() else None


def _plain_piece(
    lines: Lines, start: int, stop: int, layout: Layout, shape: Shape, key: PersonalKey | None
) -> Piece:
    rows = plain_rows(lines, start, stop, shape.delimiter)
    reasons = {
        i: wrong_length(int(rows.widths[i]), layout)
        for i in np.flatnonzero(rows.widths != layout.width).tolist()
    }
    values = rows.values
    if reasons:
        values = values.filter(pa.array(np.repeat(rows.widths == layout.width, rows.widths)))
    right = np.flatnonzero(rows.widths == layout.width)
    if layout.trailing:
        beyond = _filled(
            values.take(pa.array(np.arange(len(right)) * layout.width + layout.width - 1))
        )
        reasons |= {int(right[i]): _BEYOND for i in beyond.tolist()}
        keep = np.ones(len(right), bool)
        keep[beyond] = False
        values, right = values.filter(pa.array(np.repeat(keep, layout.width))), right[keep]
    if not layout.straight:
        order = np.arange(len(right))[:, None] * layout.width + np.array(layout.places)
        values = values.take(pa.array(order.ravel()))
    bad: dict[int, tuple[str | None, str]] = {
        i: (raw_line(lines, int(rows.places[i]), shape, layout, key), reason)
        for i, reason in reasons.items()
    }
    return Piece(rows.places + lines.first, values, 0, bad)


def _filled(values: pa.StringArray) -> np.ndarray:
    """Places of the values that are more than white space."""
    return np.array([i for i, text in enumerate(values.to_pylist()) if text.strip()], np.int64)

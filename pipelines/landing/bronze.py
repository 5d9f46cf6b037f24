"""The shape of bronze rows, and the last steps every format shares on the way to it.

A reader yields `Piece`s. `dress` strips values, turns '' into NULL, hashes personal data and takes
out rows that hold what no row may hold; `bronze_batches` says how many lines each record spans.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.landing.content import ContentError
from pipelines.landing.personal_data import (
    PersonalKey,
    scrub,
    scrub_bytes,
    scrub_column,
    token,
    value_lengths,
)
from pipelines.landing.shape import Shape
from pipelines.landing.text_lines import HEAD_BYTES, BrokenLine

#: Bronze rows as both engines spell them. `line` is the physical line a record starts on (row of a
#: workbook, index + 1 in Parquet), `line_count` the lines it spans with the blank ones after it;
#: `fields` has the values in the order of the source's columns, NULL when the row did not parse;
#: then `raw` is its text without personal data and `reason` says why.
BRONZE_SCHEMA = (
    "source STRING, batch_id STRING, file STRING, line BIGINT, line_count INT, "
    "fields ARRAY<STRING>, raw STRING, reason STRING"
)
ARROW_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("batch_id", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("line_count", pa.int32()),
        ("fields", pa.list_(pa.string())),
        ("raw", pa.string()),
        ("reason", pa.string()),
    ]
)
BATCH_ROWS = 65_536
#: As much of a broken row's text is kept, in bytes of UTF-8.
SHOWN_BYTES = 64 << 10
#: How the reason of a row begins that stands for lines which could not be read.
UNREADABLE = "the file cannot be read from here on"
CHANGED = "the file changed after it was examined"

_WIDE_SPACES = (
    b"\xe3\x80\x80",
    b"\xc2\xa0",
    b"\xc2\x85",
    b"\xe2\x80",
    b"\xe2\x81\x9f",
    b"\xe1\x9a\x80",
)


@dataclass(frozen=True)
class Piece:
    """Records of one stretch of a file.

    Attributes:
        lines: the line each record starts on, ascending.
        values: the values of the records that parsed, one row after the other, each in the order
            of the source's columns.
        bad: place among `lines` → (raw text without personal data, reason) of the others.
        end: the first line after this stretch.
    """

    lines: np.ndarray
    values: pa.StringArray
    end: int
    bad: dict[int, tuple[str | None, str]] = field(default_factory=dict)

    @property
    def good(self) -> np.ndarray:
        """Which records parsed."""
        mask = np.ones(len(self.lines), bool)
        mask[list(self.bad)] = False
        return mask


class RowList:
    """Collects records one by one into a piece."""

    def __init__(self) -> None:
        self._lines: list[int] = []
        self._values: list[str | None] = []
        self._bad: dict[int, tuple[str | None, str]] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def parsed(self, line: int, values: Iterable[str | None]) -> None:
        """Adds a record with its values in the order of the source's columns."""
        self._lines.append(line)
        self._values += values

    def broken(self, line: int, raw: str | None, reason: str) -> None:
        """Adds a record that did not parse; `raw` has no personal data left."""
        self._bad[len(self._lines)] = (raw, reason)
        self._lines.append(line)

    def piece(self, end: int) -> Piece:
        """What was collected; the lines before `end` are accounted for."""
        values = pa.array(self._values, pa.string())
        return Piece(np.array(self._lines, np.int64), values, end, self._bad)


def joined(pieces: Sequence[Piece], end: int) -> Piece:
    """Pieces that follow each other as one."""
    bad: dict[int, tuple[str | None, str]] = {}
    before = 0
    for piece in pieces:
        bad |= {before + place: told for place, told in piece.bad.items()}
        before += len(piece.lines)
    if not pieces:
        return RowList().piece(end)
    lines = np.concatenate([piece.lines for piece in pieces])
    return Piece(lines, pa.concat_arrays([piece.values for piece in pieces]), end, bad)


def shown(text: str, key: PersonalKey | None, length: int | None = None) -> str:
    """Text that did not parse, as it may be kept: without personal data and not too long.

    `length` is its full length in bytes when `text` is only its head.
    """
    size = length if length is not None else len(text.encode("utf-8", "backslashreplace"))
    clean = scrub(text[:HEAD_BYTES], key).replace("\0", "\u2400")
    data = clean.encode("utf-8", "backslashreplace")
    if len(data) <= SHOWN_BYTES and size <= HEAD_BYTES:
        return data.decode()
    return f"{data[:SHOWN_BYTES].decode('utf-8', 'ignore')}… ({size} bytes in all)"


def broken_text(line: BrokenLine, encoding: str, key: PersonalKey | None) -> str:
    """A line that is no text, with escapes for its wrong bytes and without personal data."""
    # number by number before decoding: a wrong byte before a digit can swallow it in GB18030
    plain = scrub(scrub_bytes(line.head).decode("latin-1"), key).encode("latin-1")
    return plain.decode(encoding, "backslashreplace")


def dress(piece: Piece, shape: Shape, key: PersonalKey | None) -> Piece:
    """The piece as it may be stored: stripped, without personal data, bad values taken out."""
    piece = replace(piece, values=_stripped(piece.values))
    problems = _problems(piece.values, shape)
    if problems:
        piece = _taken_out(piece, problems, shape, key)
    return replace(piece, values=_without_personal_data(piece.values, shape, key))


def _buffers(values: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (n + 1) and bytes of a text array."""
    offsets = np.frombuffer(values.buffers()[1], np.int32)
    data = values.buffers()[2]
    codes = np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)
    return offsets[values.offset : values.offset + len(values) + 1], codes


def _stripped(values: pa.StringArray) -> pa.StringArray:
    """Values without white space around them (full-width too); empty ones NULL."""
    if not len(values):
        return values
    offsets, codes = _buffers(values)
    filled = offsets[1:] > offsets[:-1]
    edges = np.concatenate((offsets[:-1][filled], offsets[1:][filled] - 1))
    data = codes[offsets[0] : offsets[-1]].tobytes()
    if (codes[edges] <= 32).any() or any(space in data for space in _WIDE_SPACES):
        values = pc.utf8_trim_whitespace(values)
    values = pa.concat_arrays([values])  # a slice would keep an offset
    present = np.packbits(value_lengths(values) > 0, bitorder="little")
    return pa.StringArray.from_buffers(
        len(values), values.buffers()[1], values.buffers()[2], pa.py_buffer(present)
    )


def _problems(values: pa.StringArray, shape: Shape) -> dict[int, str]:
    """Rows (by place among the parsed ones) that hold what no row may hold, and why."""
    width = len(shape.columns)
    if not len(values):
        return {}
    offsets, codes = _buffers(values)
    found: dict[int, str] = {}
    if shape.format in ("csv", "xlsx"):
        firsts = values if width == 1 else values.take(pa.array(range(0, len(values), width)))
        same = pc.equal(firsts, shape.columns[0]).fill_null(False).to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(same).tolist():
            if values.slice(row * width, width).to_pylist() == list(shape.columns):
                found[row] = "the header line again"
    filled = np.flatnonzero(offsets[1:] > offsets[:-1])
    formulas = filled[codes[offsets[filled]] == ord("=")]
    for place in formulas.tolist():
        name = shape.columns[place % width]
        found.setdefault(place // width, f"a formula in the column '{name}' instead of a value")
    nulls = np.flatnonzero(codes[: offsets[-1]] == 0)
    for place in (np.searchsorted(offsets, nulls, "right") - 1).tolist():
        name = shape.columns[place % width]
        found.setdefault(place // width, f"a NUL byte in the column '{name}'")
    return found


def _taken_out(
    piece: Piece, problems: dict[int, str], shape: Shape, key: PersonalKey | None
) -> Piece:
    """The piece with some parsed rows, given by their place among these, turned into bad ones."""
    width = len(shape.columns)
    places = np.flatnonzero(piece.good)
    bad = dict(piece.bad)
    keep = np.ones(len(places), bool)
    for row, reason in problems.items():
        values = piece.values.slice(row * width, width).to_pylist()
        bad[int(places[row])] = (row_text(values, shape, key), reason)
        keep[row] = False
    kept = piece.values.filter(pa.array(np.repeat(keep, width)))
    return replace(piece, values=kept, bad=bad)


def row_text(
    values: Sequence[str | None],
    shape: Shape,
    key: PersonalKey | None,
    beyond: Sequence[str] = (),
) -> str:
    """A row's values, and those `beyond` its columns, as one text; personal columns hashed."""
    places = shape.personal_places
    texts = [
        token(value, places[i], key) if value and i in places and value != name else value or ""
        for i, (name, value) in enumerate(zip(shape.columns, values, strict=True))
    ]
    return shown((shape.delimiter or ",").join([*texts, *beyond]), key)


def _without_personal_data(
    values: pa.StringArray, shape: Shape, key: PersonalKey | None
) -> pa.StringArray:
    width = len(shape.columns)
    personal = shape.personal_places
    if personal and key is None:
        raise ValueError(f"the source {shape.name} has personal columns, but the city has no key")
    columns = np.arange(len(values)) % width
    values = scrub_column(values, key, skipped=np.isin(columns, list(personal)))
    for place, kind in personal.items():
        mask = pa.array(columns == place)
        hashes = key.hash_column(values.filter(mask), kind)  # type: ignore[union-attr]
        values = pc.replace_with_mask(values, mask, hashes)
    return values


@dataclass
class Reading:
    """How far one file has been read, against what was found when it was examined.

    `line` is the first line not yet accounted for; `changed` tells after the last line whether
    the content is still the one that was examined.
    """

    shape: Shape
    batch_id: str
    file: str
    line: int
    physical_lines: int
    changed: Callable[[], bool] = lambda: False

    def problem(self) -> str | None:
        """What is wrong although the file was read to its end."""
        if self.line == self.physical_lines + 1 and not self.changed():
            return None
        return f"{CHANGED}: it had {self.physical_lines} lines, {self.line - 1} were read"

    def told(self, error: Exception) -> str:
        """An error as a reason, without personal data."""
        words = (
            str(error) if isinstance(error, ContentError) else f"{type(error).__name__}: {error}"
        )
        return f"{UNREADABLE}: {shown(words, None)[:300]}"

    def lost(self, reason: str) -> Piece:
        """One row in place of all lines that were not read."""
        rows = RowList()
        rows.broken(self.line, None, reason)
        return rows.piece(max(self.line, self.physical_lines + 1))


def bronze_batches(pieces: Iterator[Piece], reading: Reading) -> Iterator[pa.RecordBatch]:
    """Bronze batches of one file: what its pieces hold, and a last row when something went wrong.

    An error while reading becomes one row with its reason that accounts for all lines not yet
    read; it never stops the night.
    """
    held: Piece | None = None  # how far its last record goes is known with the next piece
    while True:
        try:
            piece = next(pieces, None)
            reason = reading.problem() if piece is None else None
        except Exception as error:
            piece, reason = None, reading.told(error)
        if piece is None:
            break
        if len(piece.lines):
            if held is not None:
                yield from _batches(held, int(piece.lines[0]), reading)
            held = piece
        reading.line = piece.end
    if held is not None:
        yield from _batches(held, reading.line, reading)
    if reason is not None:
        lost = reading.lost(reason)
        yield from _batches(lost, lost.end, reading)


def _batches(piece: Piece, end: int, reading: Reading) -> Iterator[pa.RecordBatch]:
    """A piece as bronze batches; `end` is the first line that is not its last record's."""
    rows = len(piece.lines)
    good = piece.good
    offsets = np.concatenate(([0], np.cumsum(good))) * len(reading.shape.columns)
    fields = pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), piece.values, mask=pa.array(~good)
    )
    at = np.where(good, -1, np.cumsum(~good) - 1)
    told = [piece.bad[place] for place in sorted(piece.bad)]
    index = pa.array(at, mask=good)
    batch = pa.RecordBatch.from_arrays(
        [
            pa.repeat(reading.shape.name, rows),
            pa.repeat(reading.batch_id, rows),
            pa.repeat(reading.file, rows),
            pa.array(piece.lines),
            pa.array(np.diff(np.append(piece.lines, end)).astype(np.int32)),
            fields,
            pa.array([raw for raw, _ in told], pa.string()).take(index),
            pa.array([reason for _, reason in told], pa.string()).take(index),
        ],
        schema=ARROW_SCHEMA,
    )
    for start in range(0, rows, BATCH_ROWS):
        yield batch.slice(start, BATCH_ROWS)

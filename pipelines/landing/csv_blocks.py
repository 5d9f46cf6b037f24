"""Many plain csv lines at once, by arrays; what it yields is what `csv_records` would.

A line is plain when each quote in it opens a field right after a delimiter or closes one right
before a delimiter, and when it was decoded. All other lines go to `csv_records` one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.landing.csv_records import is_blank
from pipelines.landing.text_lines import Lines

_LF, _CR, _QUOTE = 10, 13, 34
# first bytes of white space: ASCII, and the wide ones in UTF-8
_SPACE_STARTS = np.array([0xC2, 0xE1, 0xE2, 0xE3], np.uint8)


@dataclass(frozen=True)
class PlainRows:
    """Rows of a stretch of plain lines.

    Attributes:
        places: the line of each record (blank lines are none), by its place in the block.
        widths: how many fields each has.
        values: the fields of all of them, one row after the other.
    """

    places: np.ndarray
    widths: np.ndarray
    values: pa.StringArray


def odd_lines(lines: Lines, delimiter: str) -> np.ndarray:
    """Places of the lines that are not plain, ascending."""
    if not delimiter.isascii() or delimiter in '\n\r"':
        return np.arange(len(lines))
    odd = np.zeros(len(lines), bool)
    odd[list(lines.broken)] = True
    if b'"' in lines.text:
        codes = np.frombuffer(lines.text, np.uint8)
        quotes = np.flatnonzero(codes == _QUOTE)
        owner = np.searchsorted(lines.starts, quotes, "right") - 1
        counts = np.bincount(owner, minlength=len(lines))
        odd |= counts % 2 == 1
        before = np.cumsum(counts) - counts
        opens = (np.arange(len(quotes)) - before[owner]) % 2 == 0
        ends = (codes == ord(delimiter)) | (codes == _LF) | (codes == _CR)
        at_start = (quotes == lines.starts[owner]) | ends[quotes - 1]
        at_end = ends[np.minimum(quotes + 1, len(codes) - 1)]
        odd[owner[np.where(opens, ~at_start, ~at_end)]] = True
    return np.flatnonzero(odd)


def plain_rows(lines: Lines, start: int, stop: int, delimiter: str) -> PlainRows:
    """The records of the plain lines from `start` up to before `stop`."""
    first, last = int(lines.starts[start]), int(lines.starts[stop])
    text = lines.text[first:last]
    codes = np.frombuffer(text, np.uint8)
    breaks = codes == ord(delimiter)
    removed = np.zeros(len(codes), bool)
    if b'"' in text:
        quote = codes == _QUOTE
        # inside quotes after an odd number of them; plain lines close all they open
        breaks &= np.cumsum(quote, dtype=np.uint8) % 2 == 0
        removed |= quote
    line_end = codes == _LF
    if b"\r" in text:
        returns = codes == _CR
        before_lf = np.append(line_end[1:], False)
        line_end |= returns & ~before_lf
        removed |= returns & before_lf
    breaks |= line_end
    removed |= breaks
    ends = np.flatnonzero(breaks)
    gone = np.cumsum(removed, dtype=np.int32)[ends] if removed.sum() > len(ends) else None
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends - (gone - 1 if gone is not None else np.arange(len(ends)))
    values = pa.StringArray.from_buffers(
        len(ends), pa.py_buffer(offsets), pa.py_buffer(codes[~removed])
    )
    widths = np.diff(np.flatnonzero(line_end[ends]), prepend=-1)
    return _without_blanks(lines, start, widths, values, delimiter)


def _without_blanks(
    lines: Lines, start: int, widths: np.ndarray, values: pa.StringArray, delimiter: str
) -> PlainRows:
    places = np.arange(start, start + len(widths))
    codes = np.frombuffer(lines.text, np.uint8)
    firsts = codes[lines.starts[places]]
    maybe = ((firsts <= 32) & (firsts != ord(delimiter))) | np.isin(firsts, _SPACE_STARTS)
    maybe &= widths == 1
    blank = np.zeros(len(widths), bool)
    for i in np.flatnonzero(maybe).tolist():
        blank[i] = is_blank(lines.content(start + i), delimiter)
    if not blank.any():
        return PlainRows(places, widths, values)
    kept = values.filter(pa.array(np.repeat(~blank, widths)))
    return PlainRows(places[~blank], widths[~blank], kept)

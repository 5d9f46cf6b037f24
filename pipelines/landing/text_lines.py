"""Physical lines of a text file, in blocks of whole lines, decoded; broken lines stand apart.

A line ends with LF, CRLF or CR, in UTF-8 and in GB18030 alike (neither uses those bytes for
anything else). What a reader makes of the lines never depends on where a block ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import IO

import numpy as np

BLOCK_BYTES = 8 << 20
#: A longer line or record is quarantined: no honest row of a department comes near it.
RECORD_BYTES = 1 << 20
#: Of a broken line as many bytes are looked at; less is shown (`bronze.SHOWN_BYTES`).
HEAD_BYTES = 128 << 10

_BYTE_ORDER_MARKS = {"utf-8": b"\xef\xbb\xbf", "gb18030": b"\x84\x31\x95\x33"}
# full-width digits in UTF-8; as GB18030 these bytes would be gibberish that can be read back
_UTF8_DIGITS = re.compile(rb"(?:\xef\xbc[\x90-\x99]){5}")
_LINE_END = re.compile(rb"[\r\n]")


@dataclass(frozen=True)
class BrokenLine:
    """A line that is no text: why, its first bytes as delivered, and its full length in bytes."""

    reason: str
    head: bytes
    length: int


@dataclass
class Lines:
    """Whole physical lines.

    Attributes:
        text: the lines in UTF-8, each with its end; a broken line has `?` and its end.
        starts: where each line starts in `text`, and where the last one ends (n + 1 places).
        first: the number of the first line in the file, from 1.
        broken: lines that cannot be used, by their place among these lines.
        at_end: whether the file has no more.
    """

    text: bytes
    starts: np.ndarray
    first: int
    at_end: bool
    broken: dict[int, BrokenLine] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def whole(self, place: int) -> str:
        """A line with its end."""
        return self.text[self.starts[place] : self.starts[place + 1]].decode()

    def content(self, place: int) -> str:
        """A line without its end."""
        return self.whole(place).rstrip("\r\n")


def line_starts(data: bytes) -> np.ndarray:
    """Where each line of `data` starts, and its length at the end; `data` holds whole lines."""
    codes = np.frombuffer(data, np.uint8)
    ends = codes == 10
    if b"\r" in data:
        ends |= _lone_returns(codes)
    return np.concatenate(([0], np.flatnonzero(ends) + 1))


def _lone_returns(codes: np.ndarray) -> np.ndarray:
    """CRs that end a line by themselves."""
    lone: np.ndarray = codes == 13
    lone[:-1] &= codes[1:] != 10
    return lone


class LineBlocks:
    """Reads a stream into blocks of whole, decoded lines."""

    def __init__(self, stream: IO[bytes], encoding: str, block_bytes: int = BLOCK_BYTES) -> None:
        self._stream = stream
        self._encoding = encoding
        self._block_bytes = block_bytes
        self._ended = False
        self._next_line = 1
        self._handed: tuple[bytes, np.ndarray, dict[int, int]] = (b"", np.zeros(1, np.int64), {})
        self._given_back = 0  # bytes of whole lines at the start of _data
        self._long: dict[int, int] = {}  # cut lines in _data: place → length in bytes
        self._data = b""
        while len(self._data) < 4 and not self._ended:
            self._fill(4)
        self._data = self._data.removeprefix(_BYTE_ORDER_MARKS[encoding])

    def read(self) -> Lines | None:
        """The next lines, at least one that was not given back; None at the end of the file."""
        first_try = True
        while (cut := self._whole_bytes()) <= self._given_back or first_try:
            if self._ended:
                break
            if cut <= self._given_back and len(self._data) - cut > RECORD_BYTES + 1:
                self._shorten(cut)
            else:
                self._fill(self._block_bytes)
            first_try = False
        if self._ended and not self._data.endswith((b"\n", b"\r")) and self._data:
            self._data += b"\n"
            cut = len(self._data)
        if not cut:
            return None
        return self._hand_out(cut)

    def give_back(self, place: int) -> None:
        """Lets the next `read` begin with the line `place` of the lines handed out last."""
        raw, starts, long = self._handed
        back = raw[starts[place] :]
        self._data = back + self._data
        self._given_back = len(back)
        self._long = {at - place: size for at, size in long.items() if at >= place}
        self._next_line -= len(starts) - 1 - place

    def _fill(self, size: int) -> None:
        chunk = self._stream.read(size)
        self._ended = not chunk
        self._data += chunk

    def _whole_bytes(self) -> int:
        """How many bytes at the start of `_data` are whole lines."""
        data = self._data
        # a CR in the last place may be half of a CRLF
        to = len(data) if self._ended else len(data) - 1
        return max(data.rfind(b"\n"), data.rfind(b"\r", 0, max(to, 0))) + 1

    def _shorten(self, cut: int) -> None:
        """Reads a line that is too long to its end, keeping only its head."""
        line = self._data[cut:]
        if line.endswith(b"\r"):
            length, rest = len(line) - 1, b"\r"
        else:
            length, rest = len(line), b""
            while chunk := self._stream.read(self._block_bytes):
                if end := _LINE_END.search(chunk):
                    length, rest = length + end.start(), chunk[end.start() :]
                    break
                length += len(chunk)
        self._long[len(line_starts(self._data[:cut])) - 1] = length
        self._data = self._data[:cut] + line[:HEAD_BYTES] + (rest or b"\n")

    def _hand_out(self, cut: int) -> Lines:
        raw, self._data = self._data[:cut], self._data[cut:]
        starts = line_starts(raw)
        long, self._long, self._given_back = self._long, {}, 0
        self._handed = (raw, starts, long)
        text, text_starts, broken = _decoded(raw, starts, long, self._encoding)
        at_end = self._ended and not self._data
        lines = Lines(text, text_starts, self._next_line, at_end, broken)
        self._next_line += len(lines)
        return lines


def _decoded(
    raw: bytes, starts: np.ndarray, long: dict[int, int], encoding: str
) -> tuple[bytes, np.ndarray, dict[int, BrokenLine]]:
    """The lines in UTF-8, where they start, and those that are too long or no such text."""
    sizes = dict(long)
    for place in np.flatnonzero(np.diff(starts) > RECORD_BYTES).tolist():
        size = len(raw[starts[place] : starts[place + 1]].rstrip(b"\r\n"))
        if size > RECORD_BYTES:
            sizes[place] = size
    if not sizes and not (encoding == "gb18030" and _UTF8_DIGITS.search(raw)):
        try:
            text = raw.decode(encoding)
            if encoding == "utf-8":
                return raw, starts, {}
            coded = text.encode()
            return coded, line_starts(coded), {}
        except UnicodeError:
            pass
    return _decoded_singly(raw, starts, sizes, encoding)


def _decoded_singly(
    raw: bytes, starts: np.ndarray, sizes: dict[int, int], encoding: str
) -> tuple[bytes, np.ndarray, dict[int, BrokenLine]]:
    pieces: list[bytes] = []
    broken: dict[int, BrokenLine] = {}
    for place in range(len(starts) - 1):
        line = raw[starts[place] : starts[place + 1]]
        content = line.rstrip(b"\r\n")
        reason, size = None, sizes.get(place, len(content))
        if place in sizes:
            reason = f"the line has {size} bytes, at most {RECORD_BYTES} are read"
        elif encoding == "gb18030" and _UTF8_DIGITS.search(line):
            reason = "not GB18030 but UTF-8"
        else:
            try:
                pieces.append(line.decode(encoding).encode())
            except UnicodeError as error:
                at = getattr(error, "start", 0) + 1
                reason = f"not {encoding.upper()}: byte {at} of the line fits no character"
        if reason is not None:
            broken[place] = BrokenLine(reason, content[:HEAD_BYTES], size)
            pieces.append(b"?" + line[len(content) :])
    text = b"".join(pieces)
    return text, line_starts(text), broken

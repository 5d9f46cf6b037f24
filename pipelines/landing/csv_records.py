"""The grammar of one csv record, line by line: what every faster way must agree with.

A field that begins with a quote may hold delimiters, line breaks and doubled quotes (RFC 4180). A
quote that is never closed must not swallow the rows after it: a record spans at most `MOST_LINES`
lines, and where it does not come out as a whole row its first line alone is broken and reading
goes on with the next.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.landing.bronze import broken_text, shown
from pipelines.landing.personal_data import PersonalKey, hide_places
from pipelines.landing.shape import Shape
from pipelines.landing.text_lines import RECORD_BYTES, Lines

MOST_LINES = 100
# the csv module's own bound is for one field, and lower than ours for a record
csv.field_size_limit(max(csv.field_size_limit(), 4 * RECORD_BYTES))
# with this many columns, a line of exactly so many fields inside quotes is a swallowed row
_TELLING_WIDTH = 4

UNCLOSED = "a quote is opened in this line and not closed"
MISPLACED = "text after a closing quote"


@dataclass(frozen=True)
class Record:
    """A record: how many physical lines it spans and its fields, or why it has none."""

    lines: int
    fields: list[str] | None
    reason: str | None = None


@dataclass(frozen=True)
class Layout:
    """How the fields of a file's rows are laid out, as its header says.

    Attributes:
        width: fields of a row, counting an empty one after a trailing delimiter.
        places: for each column of the source its place in a row.
        personal: place in a row → kind of personal data.
    """

    width: int
    places: tuple[int, ...]
    personal: dict[int, str]

    @classmethod
    def of(cls, names: list[str], shape: Shape) -> Layout:
        """The layout of a header that fits its source."""
        places = tuple(names.index(column) for column in shape.columns)
        personal = {places[i]: kind for i, kind in shape.personal_places.items()}
        return cls(len(names), places, personal)

    @property
    def trailing(self) -> bool:
        """Whether each row ends with a delimiter."""
        return self.width > len(self.places)

    @property
    def straight(self) -> bool:
        """Whether rows are in the source's own order."""
        return self.places == tuple(range(self.width))


def is_blank(content: str, delimiter: str) -> bool:
    """Whether a line holds no record: nothing but white space, and no delimiter."""
    return not content.strip() and delimiter not in content


def record_at(lines: Lines, place: int, delimiter: str, width: int | None = None) -> Record | None:
    """The record that starts in the line `place`; None when more lines must be read to tell.

    With `width` a record over several lines must have as many fields. A record of one line is
    given as it is; its length is for the caller to judge.
    """
    if place in lines.broken:
        return Record(1, None, lines.broken[place].reason)
    content = lines.content(place)
    if '"' not in content:
        return Record(1, content.split(delimiter))
    feed = _Feed(lines, place)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    try:
        fields = next(reader)
    except csv.Error as error:
        if feed.starved:
            return None
        return Record(1, None, UNCLOSED if "end of data" in str(error) else _misplaced(reader))
    if reader.line_num > 1 and _swallowed(
        lines, place, reader.line_num, len(fields), delimiter, width
    ):
        return Record(1, None, UNCLOSED)
    return Record(reader.line_num, fields)


def _misplaced(reader: object) -> str:
    # in a later line the quote of the first was never meant to be closed there
    return MISPLACED if getattr(reader, "line_num", 1) == 1 else UNCLOSED


def _swallowed(
    lines: Lines, place: int, count: int, fields: int, delimiter: str, width: int | None
) -> bool:
    """Whether a record over several lines is more likely an unclosed quote."""
    if width is None:
        return False
    if fields != width:
        return True
    inner = range(place + 1, place + count - 1)
    return width >= _TELLING_WIDTH and any(
        lines.content(i).count(delimiter) == width - 1 for i in inner
    )


class _Feed:
    """Hands the csv module line after line of one record, as far as a record may go."""

    def __init__(self, lines: Lines, place: int) -> None:
        self._lines = lines
        self._next = place
        self._first = place
        self._size = 0
        self.starved = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        place = self._next
        if place - self._first >= MOST_LINES or place in self._lines.broken:
            raise StopIteration
        if place >= len(self._lines):
            self.starved = not self._lines.at_end
            raise StopIteration
        text = self._lines.whole(place)
        self._size += len(text)
        if self._size > RECORD_BYTES and place > self._first:
            raise StopIteration
        self._next += 1
        return text


def raw_line(
    lines: Lines, place: int, shape: Shape, layout: Layout, key: PersonalKey | None
) -> str:
    """The text of a line that is no row, as it may be kept in quarantine."""
    broken = lines.broken.get(place)
    text = broken_text(broken, shape.encoding, key) if broken else lines.content(place)
    length = broken.length if broken else len(text.encode())
    tokens = text.split(shape.delimiter)
    hidden = hide_places(tokens, layout.width, layout.personal, key)
    return shown(shape.delimiter.join(hidden), key, length)


def wrong_length(found: int, layout: Layout) -> str:
    """The reason of a row with fields too few or too many."""
    note = " (the last one empty)" if layout.trailing else ""
    return f"{found} field{'s' if found != 1 else ''} instead of {layout.width}{note}"

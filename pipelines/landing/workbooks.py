"""Reads xlsx workbooks: the values Excel shows, never its formulas."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import repeat
from pathlib import Path
from typing import Any

from pipelines.landing.bronze import Piece, RowList, row_text
from pipelines.landing.content import ContentError, refuse_bomb, sheet_member
from pipelines.landing.names import names_problem
from pipelines.landing.personal_data import PersonalKey
from pipelines.landing.shape import Shape

_PIECE_ROWS = 5_000
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_CHUNK = 1 << 20
# Excel keeps 15 digits of a number: a longer one (an id, a code) has lost its last ones
_EXACT_BELOW = 10**15


class CellError(ValueError):
    """Why a cell has no usable value; the message follows the column's name."""


@contextmanager
def _open_sheet(path: Path, sheet: str | None, *, formulas: bool) -> Iterator[Any]:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles and extensions openpyxl does not know
        book = openpyxl.load_workbook(path, read_only=True, data_only=not formulas)
        try:
            opened = book[sheet] if sheet is not None else book.worksheets[0]
            opened.reset_dimensions()  # the size written in the file is often wrong
            yield opened
        finally:
            book.close()


def _has_formulas(path: Path, sheet: str | None) -> bool:
    with zipfile.ZipFile(path) as archive:
        refuse_bomb(archive)
        with archive.open(sheet_member(archive, sheet)) as stream:
            rest = b""
            while chunk := stream.read(_CHUNK):
                if _FORMULA.search(rest + chunk):
                    return True
                rest = chunk[-64:]
    return False


def header_row(path: Path, sheet: str | None) -> tuple[list[str], int, int]:
    """The first row with a value: its names, its number, and the number of the row before data.

    Raises `ContentError` when the sheet has no such row.
    """
    with _open_sheet(path, sheet, formulas=False) as opened:
        names: list[str] = []
        found = 0
        number = 0
        for number, row in enumerate(opened.iter_rows(values_only=True), start=1):
            if all(value is None or not str(value).strip() for value in row):
                continue
            if found:
                return names, found, number - 1
            found = number
            names = ["" if value is None else str(value).strip() for value in row]
            while names and not names[-1]:
                names.pop()
    if not found:
        raise ContentError("the sheet has no row with a value. Ask the department to send it again")
    return names, found, number


def workbook_pieces(path: Path, shape: Shape, key: PersonalKey | None) -> Iterator[Piece]:
    """The records of one sheet, a few thousand rows at a time.

    Raises `ContentError` when the header does not fit.
    """
    names, first, _ = header_row(path, shape.sheet)
    if problem := names_problem(names, shape):
        raise ContentError(f"the header does not fit: {problem}")
    with ExitStack() as stack:
        values = stack.enter_context(_open_sheet(path, shape.sheet, formulas=False))
        written: Iterable[Any] = repeat(())
        if _has_formulas(path, shape.sheet):
            opened = stack.enter_context(_open_sheet(path, shape.sheet, formulas=True))
            written = opened.iter_rows()
        rows, number = RowList(), 0
        for number, (cells, sources) in enumerate(zip(values.iter_rows(), written), start=1):  # noqa: B905
            if number > first and any(_filled(cell) for cell in (*cells, *sources)):
                _add(rows, number, _Row(cells, sources, names), shape, key)
            if number % _PIECE_ROWS == 0:
                yield rows.piece(number + 1)
                rows = RowList()
        yield rows.piece(number + 1)


def _filled(cell: Any) -> bool:
    return cell.value is not None and str(cell.value).strip() != ""


class _Row:
    """The cells of one row by the names of their columns."""

    def __init__(self, cells: Sequence[Any], sources: Sequence[Any], names: list[str]) -> None:
        self._cells = cells
        self._sources = sources
        self._names = names

    def text(self, name: str) -> str | None:
        """The value of a column as text. Raises `CellError`."""
        place = self._names.index(name)
        cell = self._cells[place] if place < len(self._cells) else None
        if cell is not None and cell.data_type == "e":
            raise CellError(f"holds the error {cell.value}")
        source = self._sources[place] if place < len(self._sources) else None
        value = None if cell is None else cell.value
        if value is None and source is not None and source.data_type == "f":
            raise CellError("holds a formula without its value")
        return None if value is None else cell_text(value)

    def beyond(self) -> list[str]:
        """What stands to the right of the last column."""
        return [str(cell.value) for cell in self._cells[len(self._names) :] if _filled(cell)]


def cell_text(value: Any) -> str:
    """A cell's value as text: dates in ISO form, numbers as Excel shows them.

    Raises `CellError` for a number with more digits than Excel keeps.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        whole_day = value.time() == time() and not value.tzinfo
        return value.date().isoformat() if whole_day else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        if not abs(value) < _EXACT_BELOW:
            raise CellError("holds a number of more than 15 digits, which Excel rounds")
        return f"{Decimal(f'{value:.15g}'):f}" if isinstance(value, float) else str(value)
    if isinstance(value, timedelta):
        return str(value)
    return str(value)


def _add(rows: RowList, number: int, row: _Row, shape: Shape, key: PersonalKey | None) -> None:
    values: list[str | None] = []
    reasons = []
    for name in shape.columns:
        try:
            values.append(row.text(name))
        except CellError as problem:
            values.append(None)
            reasons.append(f"the column '{name}' {problem}")
    beyond = row.beyond()
    if beyond:
        reasons.append("a value after the last column")
    if reasons:
        rows.broken(number, row_text(values, shape, key, beyond), "; ".join(reasons))
    else:
        rows.parsed(number, values)

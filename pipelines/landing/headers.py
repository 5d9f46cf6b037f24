"""What stands before a file's records, and whether the file is what its source expects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.landing.content import ContentError, open_text
from pipelines.landing.csv_files import CsvHeader, read_header
from pipelines.landing.csv_records import is_blank
from pipelines.landing.json_lines import JsonError, json_object
from pipelines.landing.names import names_problem
from pipelines.landing.parquet_files import parquet_names
from pipelines.landing.shape import Shape
from pipelines.landing.text_lines import LineBlocks
from pipelines.landing.workbooks import header_row

_HEAD_BLOCK = 64 << 10
_SAMPLE_BYTES = 1 << 20
_SAMPLE_OBJECTS = 20
_FEW_LINES = 5
_DELIMITERS = (",", "\t", "|", ";", "^")
_OTHER_ENCODING = {"utf-8": "gb18030", "gb18030": "utf-8"}


def header_lines(path: Path, source: Any) -> int:
    """How many lines stand before the first record: the header, with blank lines around it.

    Rows of a workbook; 0 for Parquet. Raises `ContentError` or `OSError` when it cannot be read.
    """
    shape = Shape.of(source)
    if shape.format == "parquet":
        return 0
    if shape.format == "xlsx":
        return _workbook_header(path, shape)[1]
    with open_text(path) as stream:
        blocks = LineBlocks(stream, shape.encoding, _HEAD_BLOCK)
        before = read_header(blocks, shape.delimiter).lines if shape.format == "csv" else 0
        delimiter = shape.delimiter if shape.format == "csv" else "\n"
        while (lines := blocks.read()) is not None:
            for place in range(len(lines)):
                if place in lines.broken or not is_blank(lines.content(place), delimiter):
                    return before
                before += 1
    return before


def header_problem(path: Path, source: Any) -> str | None:
    """Why a file's header or its content as a whole does not fit its source, as a clause."""
    shape = Shape.of(source)
    if shape.format == "csv":
        return _encoding_problem(path, shape) or _csv_problem(path, shape)
    if shape.format == "jsonl":
        return _encoding_problem(path, shape) or _json_problem(path, shape)
    names = parquet_names(path) if shape.format == "parquet" else _workbook_header(path, shape)[0]
    return names_problem(names, shape)


def _workbook_header(path: Path, shape: Shape) -> tuple[list[str], int]:
    try:
        names, _, before = header_row(path, shape.sheet)
    except ContentError:
        raise
    except Exception as error:
        # openpyxl answers a damaged workbook with errors of many kinds
        raise ContentError(
            f"the workbook cannot be read ({type(error).__name__}). Save it anew in Excel"
        ) from None
    return names, before


def _csv_problem(path: Path, shape: Shape) -> str | None:
    header = _csv_header(path, shape, shape.encoding, shape.delimiter)
    if header.names is None:
        return f"its header cannot be read ({header.problem}), expected {', '.join(shape.columns)}"
    problem = names_problem(header.names, shape)
    if problem is None:
        return None
    for delimiter in _DELIMITERS:
        other = _csv_header(path, shape, shape.encoding, delimiter).names
        if delimiter != shape.delimiter and other and names_problem(other, shape) is None:
            return (
                f"its fields are separated by {delimiter!r}, expected {shape.delimiter!r}. Send it "
                "anew, or correct `delimiter` in the source file"
            )
    return problem


def _csv_header(path: Path, shape: Shape, encoding: str, delimiter: str) -> CsvHeader:
    with open_text(path) as stream:
        return read_header(LineBlocks(stream, encoding, _HEAD_BLOCK), delimiter)


def _encoding_problem(path: Path, shape: Shape) -> str | None:
    """Whether the text is plainly in the other encoding, judged by its first megabyte."""
    with open_text(path) as stream:
        sample = stream.read(_SAMPLE_BYTES)
    sample = sample[: max(sample.rfind(b"\n"), sample.rfind(b"\r")) + 1] or sample
    foreign = [line for line in sample.splitlines() if not line.isascii()]
    other = _OTHER_ENCODING[shape.encoding]
    if not foreign or not all(_fits(line, other) for line in foreign):
        return None
    if shape.encoding == "gb18030":
        # Chinese text in GB18030 is hardly ever valid UTF-8 too, but UTF-8 often passes as GB18030
        wrong = sum(len(line) for line in foreign) >= 6
    else:
        header = foreign[0] == next((line for line in sample.splitlines() if line.strip()), b"")
        wrong = (header or len(foreign) >= _FEW_LINES) and not any(
            _fits(line, "utf-8") for line in foreign
        )
    if not wrong:
        return None
    return (
        f"its text is {other.upper()}, expected {shape.encoding.upper()}. Send it anew, or correct "
        "`encoding` in the source file"
    )


def _fits(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _json_problem(path: Path, shape: Shape) -> str | None:
    """Why none of the first lines is an object with a known key."""
    seen, reason = 0, "the file has only blank lines"
    with open_text(path) as stream:
        blocks = LineBlocks(stream, shape.encoding, _HEAD_BLOCK)
        while seen < _SAMPLE_OBJECTS and (lines := blocks.read()) is not None:
            for place in range(len(lines)):
                content = lines.content(place)
                if not content.strip():
                    continue
                seen += 1
                try:
                    if place not in lines.broken and set(json_object(content)) & set(shape.columns):
                        return None
                    reason = f"the first has none of the keys {', '.join(shape.columns)}"
                except JsonError as problem:
                    reason = str(problem)
    return f"none of its first lines is an object of this source ({reason}), expected JSON lines"

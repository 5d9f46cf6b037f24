"""What is inside a delivered file, found in one streaming pass: its hash, its lines, its faults.

Text is read through `open_text`, compressed or not, and never held whole. A `ContentError` is a
finished clause for a person: what is wrong, what was expected and what to do.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq

from conf.errors import did_you_mean, listed

_CHUNK = 4 << 20
# a gzip of 1 MB can hold 1 GB: beyond both bounds it is no delivery but an attack or a mistake
_BOMB_BYTES, _BOMB_RATIO = 1 << 30, 200
_WORKBOOK_BYTES, _SHARED_TEXT_BYTES = 2 << 30, 256 << 20
LAST_EXCEL_ROW = 1_048_576

_GZIP = b"\x1f\x8b"
_FOREIGN = (
    (_GZIP, "a gzip file without .gz in its name"),
    (b"PK\x03\x04", "a zip or xlsx file"),
    (b"PAR1", "a Parquet file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel (xls) or encrypted Office file"),
    (b"%PDF", "a PDF"),
    (b"Rar!", "a rar archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML file"),
)
_READ_ERRORS = (EOFError, zlib.error, gzip.BadGzipFile)
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])([^>]*)>")
_ROW_NUMBER = re.compile(rb"""\br\s*=\s*["'](\d+)["']""")


class ContentError(Exception):
    """A file that cannot be read as what it should be; the message is made for a person."""


@dataclass(frozen=True)
class Content:
    """What one pass over a file found.

    `sha256` is of the text after decompression for csv and jsonl, of the file for the others.
    `lines` counts physical lines of text (ended by LF, CRLF or CR; a last one without an end
    counts), the number of a workbook's last row, or the rows of a Parquet file.
    """

    sha256: str
    lines: int


def is_gzipped(path: Path) -> bool:
    """Whether the name says gzip; the content is held to it."""
    return path.name.lower().endswith(".gz")


@contextmanager
def open_text(path: Path) -> Iterator[Any]:
    """The bytes of a csv or jsonl file, decompressed when its name ends in .gz."""
    with path.open("rb") as file:
        if not is_gzipped(path):
            yield file
            return
        with gzip.GzipFile(fileobj=file, mode="rb") as stream:
            yield stream


def examine(path: Path, form: str, sheet: str | None = None) -> Content:
    """Reads the file once and says what it holds.

    Raises `ContentError` for a file that is empty, damaged, of another format or unreadable.
    """
    try:
        if path.stat().st_size == 0:
            raise ContentError("the file is empty. Ask the department to send it again")
        if form == "xlsx":
            return _examine_workbook(path, sheet)
        if form == "parquet":
            return _examine_parquet(path)
        return _examine_text(path, form)
    except OSError as error:
        if isinstance(error, _READ_ERRORS):
            raise ContentError(_damaged_gzip(error)) from None
        why = error.strerror or type(error).__name__
        raise ContentError(f"the file cannot be read ({why}). Check its permissions") from None


def _damaged_gzip(error: Exception) -> str:
    cut = isinstance(error, EOFError)
    what = "ends in the middle (truncated)" if cut else "is damaged"
    return f"the gzip file {what}. Ask the department to send it again"


def _examine_text(path: Path, form: str) -> Content:
    digest, lines, size, last = hashlib.sha256(), 0, 0, b""
    packed = path.stat().st_size if is_gzipped(path) else 0
    if packed:
        with path.open("rb") as stream:
            if stream.read(2) != _GZIP:
                raise ContentError("the name says gzip but the content is not. Rename or repack it")
    try:
        with open_text(path) as stream:
            while chunk := stream.read(_CHUNK):
                if not size:
                    refuse_foreign(chunk, form)
                digest.update(chunk)
                lines += chunk.count(b"\n") + chunk.count(b"\r") - chunk.count(b"\r\n")
                lines -= last == b"\r" and chunk[:1] == b"\n"
                last, size = chunk[-1:], size + len(chunk)
                if packed and size > max(_BOMB_BYTES, _BOMB_RATIO * packed):
                    raise ContentError(
                        f"{packed} bytes of gzip unpack to more than {size} bytes, expected at "
                        f"most {_BOMB_RATIO} times. Ask the department what this file is"
                    )
    except _READ_ERRORS as error:
        raise ContentError(_damaged_gzip(error)) from None
    if not size:
        raise ContentError("the file is empty after unpacking. Ask the department to send it again")
    return Content(digest.hexdigest(), lines + (last not in b"\r\n"))


def refuse_foreign(head: bytes, form: str) -> None:
    """Raises `ContentError` when the first bytes of a text file are those of something else."""
    start = head.lstrip()[:16].lower()
    for magic, what in _FOREIGN:
        if head.startswith(magic) or (magic.startswith(b"<") and start.startswith(magic)):
            raise ContentError(
                f"the content is {what}, expected {form}. Send it as {form}, or change `format` in "
                "the source file"
            )


def _hash_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _examine_parquet(path: Path) -> Content:
    with path.open("rb") as stream:
        if stream.read(4) != b"PAR1":
            raise ContentError("the content is not Parquet. Ask the department to send it again")
    try:
        rows = pq.read_metadata(path).num_rows
    except (pa.ArrowException, OSError, ValueError):
        raise ContentError(
            "the Parquet file is damaged (its end cannot be read). Ask the department to send it "
            "again"
        ) from None
    return Content(_hash_of(path), rows)


def _examine_workbook(path: Path, sheet: str | None) -> Content:
    with path.open("rb") as stream:
        head = stream.read(4)
    if head == b"\xd0\xcf\x11\xe0":
        raise ContentError(
            "the content is an old xls or a workbook with a password, expected xlsx. Save it as "
            "xlsx without a password"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            refuse_bomb(archive)
            member = sheet_member(archive, sheet)
            with archive.open(member) as stream:
                rows = _last_row(stream)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ElementTree.ParseError,
            NotImplementedError, RuntimeError, ValueError):  # fmt: skip
        raise ContentError(
            "the content is no whole xlsx workbook. Ask the department to send it again"
        ) from None
    if rows > LAST_EXCEL_ROW:
        raise ContentError(
            f"the sheet names row {rows}, Excel has {LAST_EXCEL_ROW}. Save it anew in Excel"
        )
    return Content(_hash_of(path), rows)


def refuse_bomb(archive: zipfile.ZipFile) -> None:
    """Raises `ContentError` when a workbook would unpack to more than a night can bear.

    zipfile never unpacks more of a member than the archive's directory announces.
    """
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    shared = sum(m.file_size for m in members if m.filename.lower().endswith("sharedstrings.xml"))
    for size, most in ((total, _WORKBOOK_BYTES), (shared, _SHARED_TEXT_BYTES)):
        if size > most:
            raise ContentError(
                f"the workbook unpacks to {size} bytes, at most {most} are read. Send it as csv"
            )


def sheet_member(archive: zipfile.ZipFile, sheet: str | None) -> str:
    """The archive's member that holds a sheet: the one of that name, or the first.

    Raises `ContentError` when there is no such sheet.
    """
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    sheets = {tag.get("name", ""): tag.get(_RELATION) for tag in book.iter(f"{_MAIN}sheet")}
    if not sheets or (sheet is not None and sheet not in sheets):
        wanted = "a sheet" if sheet is None else f"the sheet '{sheet}'"
        raise ContentError(
            f"the workbook has the sheets {listed(sheets) or '(none)'}, expected {wanted}"
            f"{did_you_mean(sheet or '', sheets)}. Correct the file, or `sheet` in the source file"
        )
    wanted_id = sheets[sheet if sheet is not None else next(iter(sheets))]
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {tag.get("Id"): tag.get("Target", "") for tag in relations}
    target = targets[wanted_id]
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _last_row(stream: IO[bytes]) -> int:
    """The highest row number in a sheet's XML, found without parsing it as a workbook."""
    last, rest = 0, b""
    while chunk := stream.read(_CHUNK):
        text = rest + chunk
        cut = text.rfind(b"<")
        text, rest = (text[:cut], text[cut:]) if cut > 0 else (text, b"")
        last = _last_row_in(text, last)
    return _last_row_in(rest, last)


def _last_row_in(text: bytes, last: int) -> int:
    for match in _ROW.finditer(text):
        number = _ROW_NUMBER.search(match[1])
        row = int(number[1]) if number else last + 1
        if row <= last:
            raise ContentError("the sheet's rows are out of order. Save it anew in Excel")
        last = row
    return last

"""Reads a synthetic city's delivered files back as plain texts, by means of its own.

Nothing of the simulator and nothing of landing is used: what is tested is what lies on the disk.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pyarrow.parquet as pa_parquet

GB18030_TABLES = (
    "branch",
    "change_record",
    "list_event",
    "tax_registration",
    "grade",
    "tax_arrears",
    "case_label",
)
"""Tables whose departments write GB18030, as conf/cities/demo/sources says."""


@dataclass(frozen=True)
class Delivered:
    """One delivered file: the day it came, its department, name and ending."""

    path: Path
    day: str
    department: str
    table: str
    month: str

    @property
    def ending(self) -> str:
        return self.path.name.split(".", 1)[1]

    @property
    def resent(self) -> bool:
        return "_resent" in self.path.name

    def data(self) -> bytes:
        """The bytes, decompressed."""
        raw = self.path.read_bytes()
        return gzip.decompress(raw) if self.ending.endswith(".gz") else raw

    def rows(self) -> list[dict[str, object]]:
        """The rows as the file holds them; lines that are no text or have lost fields are left out."""
        if self.ending == "parquet":
            rows: list[dict[str, object]] = pa_parquet.read_table(self.path).to_pylist()
            return rows
        if self.ending == "xlsx":
            return self._sheet()
        if self.ending.startswith("jsonl"):
            return [json.loads(line) for line in self.data().decode().splitlines()]
        return self._separated()

    def _sheet(self) -> list[dict[str, object]]:
        sheet = openpyxl.load_workbook(self.path, read_only=True).worksheets[0]
        lines = list(sheet.iter_rows(values_only=True))
        return [dict(zip(map(str, lines[0]), line, strict=True)) for line in lines[1:]]

    def _separated(self) -> list[dict[str, object]]:
        encoding = "gb18030" if self.table in GB18030_TABLES else "utf-8"
        mark = "|" if self.table == "investment" else ","
        header, *lines = self.data().split(b"\n")
        names = header.decode(encoding).split(mark)
        rows: list[dict[str, object]] = []
        for line in lines:
            try:
                cells = line.decode(encoding).split(mark)
            except UnicodeDecodeError:
                continue
            if len(cells) == len(names):
                rows.append({n: cell or None for n, cell in zip(names, cells, strict=True)})
        return rows


def delivered(folder: Path, table: str | None = None) -> list[Delivered]:
    """The delivered files in the order of their paths, of one table or of all."""
    found = []
    for path in sorted(folder.glob("*/*/*")):
        name, month, _ = path.name.split(".")[0].removesuffix("_resent").rsplit("_", 2)
        if table in (None, name):
            found.append(Delivered(path, path.parts[-3], path.parts[-2], name, month))
    return found


def rows_of(folder: Path, table: str) -> list[dict[str, object]]:
    """All rows of a table, in the order in which they were delivered, repetitions included."""
    return [row for file in delivered(folder, table) for row in file.rows()]


def content_digest(folder: Path) -> str:
    """Digest of what was delivered, whatever library wrote it.

    Text is taken as its decompressed bytes; of workbooks and Parquet files the cells, since their
    bytes carry compression and the writer's version.
    """
    digest = hashlib.sha256()
    for file in delivered(folder):
        digest.update(file.path.relative_to(folder).as_posix().encode())
        if file.ending in ("parquet", "xlsx"):
            cells = json.dumps(file.rows(), ensure_ascii=False, default=str)
            digest.update(hashlib.sha256(cells.encode()).digest())
        else:
            digest.update(hashlib.sha256(file.data()).digest())
    return digest.hexdigest()

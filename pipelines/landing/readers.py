"""A delivered file becomes bronze rows: the one door to the readers of all formats."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from pipelines.landing.bronze import (
    ARROW_SCHEMA,
    BRONZE_SCHEMA,
    Piece,
    Reading,
    bronze_batches,
    dress,
)
from pipelines.landing.content import ContentError, open_text
from pipelines.landing.csv_files import csv_pieces
from pipelines.landing.deliveries import DeliveryFile
from pipelines.landing.headers import header_problem
from pipelines.landing.json_lines import json_pieces
from pipelines.landing.parquet_files import parquet_pieces
from pipelines.landing.personal_data import PersonalKey, scrub
from pipelines.landing.shape import Shape, SourceLike
from pipelines.landing.text_lines import BLOCK_BYTES
from pipelines.landing.workbooks import workbook_pieces

__all__ = ["ARROW_SCHEMA", "BRONZE_SCHEMA", "check_header", "read_delivery"]


def check_header(delivery: DeliveryFile, source: SourceLike) -> str | None:
    """Why the file as a whole does not fit its source, as one sentence; None when it fits.

    Columns missing, unknown or twice (with the nearest name), no header, the wrong delimiter or
    encoding, no JSON lines. Never raises for what a file holds.
    """
    try:
        problem = header_problem(Path(delivery.path), source)
    except ContentError as error:
        problem = str(error)
    except Exception as error:
        problem = f"it cannot be read ({type(error).__name__}: {scrub(str(error), None)[:200]})"
    if problem is None:
        return None
    return f"{delivery.file}: {problem}{'' if problem.endswith('?') else '.'}"


def read_delivery(
    delivery: DeliveryFile,
    source: SourceLike,
    key: PersonalKey | None,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[pa.RecordBatch]:
    """The records of one file as batches of `ARROW_SCHEMA`, in the order of their lines.

    `delivery.header_lines` plus the sum of `line_count` is `delivery.physical_lines`. A line that
    does not parse is a row with its reason; an error in the middle of the file is one row that
    stands for all lines after it. Needs a key only for a source with personal columns.
    """
    shape = Shape.of(source)
    digest = hashlib.sha256()
    reading = Reading(
        shape,
        delivery.batch_id,
        delivery.file,
        delivery.header_lines + 1,
        delivery.physical_lines,
        lambda: digest.hexdigest() != delivery.content_sha256,
    )
    pieces = _pieces(Path(delivery.path), shape, key, block_bytes, digest)
    yield from bronze_batches((dress(piece, shape, key) for piece in pieces), reading)


def _pieces(
    path: Path, shape: Shape, key: PersonalKey | None, block_bytes: int, digest: Any
) -> Iterator[Piece]:
    if shape.format in ("csv", "jsonl"):
        read = csv_pieces if shape.format == "csv" else json_pieces
        with _hashed(path, digest) as stream:
            yield from read(stream, shape, key, block_bytes)
        return
    with path.open("rb") as stream:
        while chunk := stream.read(BLOCK_BYTES):
            digest.update(chunk)
    read_file = workbook_pieces if shape.format == "xlsx" else parquet_pieces
    yield from read_file(path, shape, key)


class _HashedStream:
    """A stream that hashes what is read: a file may change after it was examined."""

    def __init__(self, stream: IO[bytes], digest: Any) -> None:
        self._stream = stream
        self._digest = digest

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._digest.update(data)
        return data


@contextmanager
def _hashed(path: Path, digest: Any) -> Iterator[Any]:
    with open_text(path) as stream:
        yield _HashedStream(stream, digest)

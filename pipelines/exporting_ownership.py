"""A city's ownership and directorships into one file of BODS 0.4 statements, read back and compared.

The file is a JSON array with one statement a line. It is written and read statement by statement,
so a city of millions never stands in memory as text. Keys of persons never leave the lake: the
file has a hash of the key in its place, the same in every export, in edges and record ids alike.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
from pyspark.sql import DataFrame

from graphs.edges import EDGE_TABLES, edges
from graphs.ownership_statements import Statement, expressible, statement_id, statements
from graphs.statement_edges import edges_of
from pipelines.assembling import known_lake
from pipelines.exported_keys import with_exported_keys
from pipelines.lake import Lake
from pipelines.refusals import RefusalError
from pipelines.runs import run_for

BENEFICIAL_OWNERSHIP = "beneficial_ownership"

_SPACE = re.compile(r"[ \t\r\n]*")
_COMPACT = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
_CHUNK = 2**20
# A statement of one firm and one holder has a few hundred letters, never this many.
_LONGEST = 2**26


@dataclass(frozen=True)
class OwnershipExport:
    """What was written: the list's date, statements by record type, edges said and left out."""

    as_of: date
    entities: int
    persons: int
    relationships: int
    edges: int
    left_out: int

    def summary(self, out: Path) -> str:
        """One sentence for a person."""
        return (
            f"{self.entities:,} firms, {self.persons:,} persons and {self.relationships:,} "
            f"relationships with {self.edges:,} interests as of {self.as_of} written to {out} and "
            f"read back the same (BODS 0.4); {self.left_out:,} edges are left out (shared "
            "addresses, phones and agents, of which the standard has no word, and repeated rows)"
        )


def export_ownership(lake: Lake, out: Path, as_of: date | None = None) -> OwnershipExport:
    """Writes the ownership known on the date of a published list (default: the newest) to `out`.

    Every registered firm has its statement, with its name. Raises `LakeError` for a date without
    a list; `RefusalError` for an ending other than .json, a lake without any of the tables that
    give edges, and when what is read back is not what was written: then `out` stays as it was.
    """
    if out.suffix != ".json":
        raise RefusalError(
            f"Cannot export {BENEFICIAL_OWNERSHIP} to '{out.name}': the file must end in .json."
        )
    run = run_for(lake, as_of)
    known = known_lake(lake, run.as_of)
    if not any(name in known for name in EDGE_TABLES):
        raise RefusalError(
            f"No ownership is known as of {run.as_of}: the lake has none of the tables "
            f"{', '.join(EDGE_TABLES)}. Deliver one of them and run `forewarn nightly`."
        )
    relations = edges(known, run.as_of).toArrow()
    said = expressible(with_exported_keys(relations))
    names = _firm_names(known)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    try:
        named = {firm: name for firm, name in names.items() if name is not None}
        made = statements(said, run.as_of, run.city, subjects=list(names), names=named)
        counts = write_statements(made, partial)
        require_same(partial, said, counts)
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
    return OwnershipExport(
        run.as_of,
        counts["entity"],
        counts["person"],
        counts["relationship"],
        said.num_rows,
        relations.num_rows - said.num_rows,
    )


def write_statements(made: Iterable[Statement], path: Path) -> Counter[str]:
    """Writes statements as one JSON array, one a line; how many there are of each record type."""
    counts: Counter[str] = Counter()
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("[")
        for statement in made:
            file.write(",\n" if counts else "\n")
            file.write(_COMPACT.encode(statement))
            counts[statement["recordType"]] += 1
        file.write("\n]\n")
    return counts


def read_statements(path: Path) -> Iterator[Statement]:
    """The statements of a BODS file, one by one, however its JSON is laid out.

    Raises `RefusalError`, saying after which statement, when the file is not one JSON array of
    objects.
    """
    with path.open(encoding="utf-8-sig") as file:
        count = 0
        try:
            for statement in _array(file):
                yield statement
                count += 1
        except _NoArrayError as error:
            raise RefusalError(
                f"'{path.name}' is not one JSON array of statements: after {count:,} of them "
                f"{error}. Write it again, or ask who gave it for a whole file."
            ) from error


def require_same(path: Path, said: pa.Table, counts: Mapping[str, int]) -> None:
    """Raises `RefusalError` unless the file holds these edges, and as many statements as written.

    Every statement must also still have the content its id was made from.
    """
    read: Counter[str] = Counter()

    def checked() -> Iterator[Statement]:
        for statement in read_statements(path):
            if statement.get("statementId") != statement_id(statement):
                raise _differs(
                    f"statement {sum(read.values()) + 1:,} has not the content of its id"
                )
            read[statement["recordType"]] += 1
            yield statement

    try:
        found = edges_of(checked())
    except ValueError as error:
        raise _differs(str(error)) from error
    if read != Counter(counts):
        raise _differs(f"{dict(counts)} statements were written and {dict(read)} read")
    if not found.equals(said):
        raise _differs(f"{said.num_rows:,} edges were written and {found.num_rows:,} others read")


def _firm_names(known: Mapping[str, DataFrame]) -> dict[str, str | None]:
    """Every registered firm and its latest name, None where no row gives one."""
    if "registration" not in known:
        return {}
    rows = known["registration"].select("subject_id", "name", "event_date", "line").toArrow()
    order = [(name, "ascending") for name in ("subject_id", "event_date", "line", "name")]
    names: dict[str, str | None] = {}
    for batch in rows.sort_by(order).select(["subject_id", "name"]).to_batches():
        firms, given = (column.to_pylist() for column in batch.columns)
        for firm, name in zip(firms, given, strict=True):
            names[firm] = name if name is not None else names.get(firm)
    return names


class _NoArrayError(ValueError):
    """The text is not one JSON array of objects; the message says what came instead."""


def _array(file: TextIO) -> Iterator[dict[str, Any]]:
    """The objects of the JSON array that the whole of `file` should be."""
    decoder = json.JSONDecoder()
    text, place = "", 0
    expected = "["
    while expected:
        place = _SPACE.match(text, place).end()  # type: ignore[union-attr]
        if place == len(text):
            text, place = file.read(_CHUNK), 0
            if not text:
                raise _NoArrayError(f"the file ends, where '{expected[-1]}' was expected")
            continue
        sign = text[place]
        if sign not in expected:
            raise _NoArrayError(f"'{text[place : place + 20]}' came, not '{expected[-1]}'")
        if sign != "{":
            place += 1
            expected = {"[": "]{", ",": "{", "]": ""}[sign]
            continue
        found, text, place = _decoded(decoder, text, place, file)
        yield found
        expected = ",]"
    if text[place:].strip() or file.read(_CHUNK).strip():
        raise _NoArrayError("the array is closed and something follows it")


def _decoded(
    decoder: json.JSONDecoder, text: str, place: int, file: TextIO
) -> tuple[dict[str, Any], str, int]:
    """The object that begins at `place`, reading on as far as it needs, and where it ends."""
    while True:
        try:
            found, end = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            # it may only be cut off here; one that is longer than any statement is broken
            more = file.read(_CHUNK) if len(text) - place < _LONGEST else ""
            if not more:
                raise _NoArrayError(f"one cannot be read ({error.msg})") from error
            text, place = text[place:] + more, 0
        else:
            return found, text, end


def _differs(how: str) -> RefusalError:
    return RefusalError(
        f"The export was not kept, because what was read back is not what was written: {how}. "
        "Look at the disk it was written to, and export again."
    )

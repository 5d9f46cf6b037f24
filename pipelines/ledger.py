"""The ledger of batches: one row for each delivery file taken in or refused.

It is written after the rows themselves, so a batch that is not in it has not happened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date

from conf.source import Source
from conf.table import Table
from pipelines.lake import Lake

_TYPES = {"str": "string", "int": "bigint", "date | None": "date", "str | None": "string"}


class AccountingError(RuntimeError):
    """Rows in are not accepted + quarantined + repeated: the night must stop."""


@dataclass(frozen=True)
class Batch:
    """One delivery file of one source and what became of its rows.

    `status` is `landed` or `refused` (with its `reason`); `contract` is the digest of the source
    file and table it was read by, so that a refused batch is tried again once they change;
    `notes` holds warnings, one a line.
    """

    batch_id: str
    source: str
    source_dept: str
    table_name: str
    file: str
    content_sha256: str
    size: int
    known_at: date | None
    contract: str
    status: str
    reason: str | None
    rows_in: int = 0
    accepted: int = 0
    quarantined: int = 0
    repeated: int = 0
    notes: str = ""

    def check(self) -> None:
        """Raises `AccountingError` unless every row of a landed batch has its outcome."""
        told = self.accepted + self.quarantined + self.repeated
        if self.status == "landed" and self.rows_in != told:
            raise AccountingError(
                f"{self.file}: {self.rows_in} rows came in, but {self.accepted} accepted + "
                f"{self.quarantined} quarantined + {self.repeated} repeated make {told}. Nothing "
                "was published; run the night again, and report it if it stays."
            )


BATCH_SCHEMA = ", ".join(f"{field.name} {_TYPES[str(field.type)]}" for field in fields(Batch))


def read_ledger(lake: Lake) -> list[Batch]:
    """Every batch in the ledger, by id; none in a new lake."""
    if not lake.exists("bronze", "batches"):
        return []
    rows = lake.read("bronze", "batches").orderBy("batch_id", "contract").collect()
    return [Batch(**row.asDict()) for row in rows]


def write_ledger(lake: Lake, batches: Iterable[Batch]) -> None:
    """Appends batches in one commit, after checking each one's accounts."""
    told = list(batches)
    for batch in told:
        batch.check()
    if told:
        rows = [tuple(asdict(batch).values()) for batch in told]
        lake.append(lake.spark.createDataFrame(rows, BATCH_SCHEMA), "bronze", "batches")


def contract_digest(source: Source, table: Table) -> str:
    """Tells one wording of a source's contract from another: 16 hex digits."""
    text = source.model_dump_json(exclude={"path"}) + table.model_dump_json(exclude={"path"})
    return hashlib.sha256(text.encode()).hexdigest()[:16]

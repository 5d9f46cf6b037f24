"""Landing and conforming: every new delivery of a source, once, wholly accounted for.

A source's new files land in its bronze table in one commit, are conformed into a staging table
with an outcome a row, and join silver and the quarantine. The ledger is written last; what a
killed run left behind is cleared before the next try.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.city import City
from conf.source import Source
from conf.table import Table
from pipelines.conforming.rows import (
    ACCEPTED,
    QUARANTINED,
    REPEATED,
    breach_counts,
    silver_columns,
    typed,
    with_outcome,
)
from pipelines.lake import Lake
from pipelines.landing.deliveries import DeliveryFile, find_deliveries
from pipelines.landing.land import bronze_rows
from pipelines.landing.personal_data import PersonalKey
from pipelines.landing.readers import check_header
from pipelines.ledger import AccountingError, Batch, contract_digest, read_ledger, write_ledger

_MARKER = ".unfinished-{}.json"
_SYSTEM = ("batch_id", "file", "line", "known_at")


class Intake:
    """Takes the new deliveries of a city's sources into its lake.

    `closed` is the newest as-of date for which a list was published (None: none yet).
    """

    def __init__(
        self,
        lake: Lake,
        city: City,
        deliveries: Path,
        key: PersonalKey | None,
        closed: date | None = None,
    ) -> None:
        self.lake = lake
        self.city = city
        self.deliveries = deliveries
        self.key = key
        self.closed = closed
        self.ledger = read_ledger(lake)
        self._clear_unfinished()

    def take_in(self, source: Source) -> list[Batch]:
        """Lands and conforms what is new of one source; returns the batches it wrote.

        A file that cannot be taken becomes a refused batch with its reason and does not stop the
        others. Raises `AccountingError` when a row is unaccounted for.
        """
        table = self.city.catalogue[source.table]
        contract = contract_digest(source, table)
        fresh = self._fresh(source, contract)
        if not fresh:
            return []
        refused = [
            _batch(delivery, source, contract, status="refused", reason=reason)
            for delivery in fresh
            if (reason := self._refusal(delivery, source)) is not None
        ]
        names = {batch.batch_id for batch in refused}
        wanted = [delivery for delivery in fresh if delivery.batch_id not in names]
        batches = refused + self._land(wanted, source, table, contract)
        write_ledger(self.lake, batches)
        self._marker(source).unlink(missing_ok=True)
        self.ledger += batches
        return batches

    def _fresh(self, source: Source, contract: str) -> list[DeliveryFile]:
        """Files whose content has not landed yet; a refused one again once its contract changed."""
        ours = [batch for batch in self.ledger if batch.source == source.name]
        done = {b.content_sha256 for b in ours if b.status == "landed" or b.contract == contract}
        fresh: dict[str, DeliveryFile] = {}
        for delivery in find_deliveries(source, self.deliveries):
            if delivery.content_sha256 not in done:
                fresh.setdefault(delivery.content_sha256, self._dated(delivery, ours))
        return list(fresh.values())

    def _dated(self, delivery: DeliveryFile, ours: Sequence[Batch]) -> DeliveryFile:
        """The delivery with its date of knowledge and a batch id that sorts by it.

        A delivery that comes after a list for its own day was published is known from the day
        after that list, so that no published day ever changes. A new content at a path seen
        before is the next version of that file; among files of one day the digits of their names
        decide. A city without dated deliveries has one date.
        """
        known_at = delivery.known_at or self.city.known_at
        if delivery.known_at and self.closed and delivery.known_at <= self.closed:
            known_at = self.closed + timedelta(days=1)
        version = sum(b.file == delivery.file and b.status == "landed" for b in ours)
        day = f"{known_at:%Y%m%d}" if known_at else "undated"
        # of two files that come on one day, May's late and June's, June's is the later word
        number = re.sub(r"\D", "", Path(delivery.file).name)[-16:].zfill(16)
        batch_id = f"{day}-{version:02d}-{number}-{delivery.batch_id}"
        return replace(delivery, known_at=known_at, batch_id=batch_id)

    def _refusal(self, delivery: DeliveryFile, source: Source) -> str | None:
        reason = delivery.refusal or check_header(delivery, source)
        if reason is None and delivery.known_at is None and source.known_at is None:
            reason = (
                f"{delivery.file}: no date of arrival. Give the source file a {{date}} in `files` "
                "or `known_at`, or the city a `known_at`."
            )
        if reason is None and source.volume and source.volume.on_breach == "refuse":
            reason = _volume_breach(delivery, source)
        return reason

    def _land(
        self, wanted: Sequence[DeliveryFile], source: Source, table: Table, contract: str
    ) -> list[Batch]:
        if not wanted:
            return []
        ids = [delivery.batch_id for delivery in wanted]
        self._mark(source, table, ids)
        landed = bronze_rows(self.lake.spark, source, wanted, self.key)
        self.lake.append(landed, "bronze", source.name)
        bronze = self.lake.read("bronze", source.name).where(F.col("batch_id").isin(ids))
        arrivals = self.lake.spark.createDataFrame(
            [(delivery.batch_id, delivery.known_at) for delivery in wanted],
            "batch_id string, known_at date",
        )
        dated = bronze.join(F.broadcast(arrivals), "batch_id")
        staged = self._stage(dated, source, table)
        batches = self._accounts(wanted, source, table, contract, bronze, staged)
        self._publish(dated, staged, source, table, batches)
        refused = [batch.batch_id for batch in batches if batch.status == "refused"]
        self._forget(source.name, table.name, refused)
        shutil.rmtree(self._staging(source), ignore_errors=True)
        return batches

    def _stage(self, dated: DataFrame, source: Source, table: Table) -> DataFrame:
        """Parsed rows, typed and with their outcome, computed once and written down."""
        rows = typed(dated.where("reason is null"), source, table, self.city.subject_id)
        existing = None
        if self.lake.exists("silver", table.name):
            ids = rows.select("source_record_id").distinct()
            existing = (
                self.lake.read("silver", table.name)
                .where(F.col("source") == source.name)
                .select("source_record_id", "record_hash", "op", "known_at", "batch_id", "line")
                .join(ids, "source_record_id", "left_semi")
            )
        folder = self._staging(source)
        shutil.rmtree(folder, ignore_errors=True)
        staged = with_outcome(rows, existing)
        staged.write.format("delta").partitionBy("_outcome").save(str(folder))
        return self.lake.spark.read.format("delta").load(str(folder))

    def _accounts(
        self,
        wanted: Sequence[DeliveryFile],
        source: Source,
        table: Table,
        contract: str,
        bronze: DataFrame,
        staged: DataFrame,
    ) -> list[Batch]:
        """A ledger row a file, counted from what was written, against what the file holds."""
        came = _by_batch(
            bronze.groupBy("batch_id").agg(
                F.count(F.lit(1)).alias("rows"),
                F.sum("line_count").alias("lines"),
                F.count("reason").alias("unparsed"),
            )
        )
        outcomes = [
            F.count(F.when(F.col("_outcome") == name, 1)).alias(name)
            for name in (ACCEPTED, QUARANTINED, REPEATED)
        ]
        made = _by_batch(
            staged.groupBy("batch_id").agg(
                *outcomes, *breach_counts(source, table), *_aggregates(source, table)
            )
        )
        batches = []
        for delivery in wanted:
            one, two = came.get(delivery.batch_id, {}), made.get(delivery.batch_id, {})
            _check_lines(delivery, int(one.get("lines") or 0))
            notes, failed = _breaches(source, table, two)
            if source.volume and (breach := _volume_breach(delivery, source)):
                notes.append(breach)
            batches.append(
                _batch(
                    delivery,
                    source,
                    contract,
                    status="refused" if failed else "landed",
                    reason="; ".join(failed) or None,
                    rows_in=int(one.get("rows") or 0),
                    accepted=0 if failed else int(two.get(ACCEPTED) or 0),
                    quarantined=int(two.get(QUARANTINED) or 0) + int(one.get("unparsed") or 0),
                    repeated=0 if failed else int(two.get(REPEATED) or 0),
                    notes="\n".join(notes),
                )
            )
        return batches

    def _publish(
        self,
        dated: DataFrame,
        staged: DataFrame,
        source: Source,
        table: Table,
        batches: Sequence[Batch],
    ) -> None:
        """Accepted rows to silver, the others to the quarantine, of batches that landed."""
        landed = [batch.batch_id for batch in batches if batch.status == "landed"]
        if any(batch.accepted for batch in batches):
            taken = (F.col("_outcome") == ACCEPTED) & F.col("batch_id").isin(landed)
            self.lake.append(
                staged.where(taken).select(*silver_columns(source, table)), "silver", table.name
            )
        if any(batch.quarantined for batch in batches):
            broken = staged.where(F.col("_outcome") == QUARANTINED).select(
                *_SYSTEM,
                F.lit("conform").alias("stage"),
                F.col("_reasons").alias("reasons"),
                F.col("_raw").alias("raw"),
            )
            unparsed = dated.where("reason is not null").select(
                *_SYSTEM, F.lit("land").alias("stage"), F.col("reason").alias("reasons"), "raw"
            )
            self.lake.append(
                unparsed.unionByName(broken).select(
                    F.lit(source.name).alias("source"),
                    F.lit(source.department).alias("source_dept"),
                    F.lit(table.name).alias("table_name"),
                    *_SYSTEM,
                    "stage",
                    "reasons",
                    "raw",
                ),
                "bronze",
                "quarantine",
            )

    def _clear_unfinished(self) -> None:
        """Removes rows of batches that a killed run wrote but never put into the ledger.

        Of every source, also of one whose file has gone since or that the city no longer has.
        """
        for marker in sorted(self.lake.root.glob(_MARKER.format("*"))):
            left = json.loads(marker.read_text())
            landed = {b.batch_id for b in self.ledger
                      if b.source == left["source"] and b.status == "landed"}  # fmt: skip
            names = [name for name in left["batches"] if name not in landed]
            self._forget(left["source"], left["table"], names)
            marker.unlink()

    def _forget(self, source: str, table: str, batch_ids: Sequence[str]) -> None:
        """Takes back the rows of batches that did not land; their files stay where they are."""
        if not batch_ids:
            return
        condition = f"batch_id in ({', '.join(repr(name) for name in batch_ids)})"
        for layer, name in (
            ("bronze", source),
            ("silver", table),
            ("bronze", "quarantine"),
        ):
            if self.lake.exists(layer, name):
                self.lake.delete(layer, name, condition)

    def _mark(self, source: Source, table: Table, batch_ids: Sequence[str]) -> None:
        """Says, before any row is written, whose rows the next run must clear if this one dies."""
        marker = self._marker(source)
        partial = marker.with_suffix(".tmp")
        told = {"source": source.name, "table": table.name, "batches": list(batch_ids)}
        partial.write_text(json.dumps(told))
        os.replace(partial, marker)

    def _marker(self, source: Source) -> Path:
        return self.lake.root / _MARKER.format(source.name)

    def _staging(self, source: Source) -> Path:
        return self.lake.staging / source.name


def _by_batch(counted: DataFrame) -> dict[str, dict[str, Any]]:
    return {row["batch_id"]: row.asDict() for row in counted.collect()}


def _batch(
    delivery: DeliveryFile, source: Source, contract: str, *, status: str, **found: Any
) -> Batch:
    return Batch(
        batch_id=delivery.batch_id,
        source=source.name,
        source_dept=source.department,
        table_name=source.table,
        file=delivery.file,
        content_sha256=delivery.content_sha256,
        size=delivery.size,
        known_at=delivery.known_at,
        contract=contract,
        status=status,
        **found,
    )


def _volume_breach(delivery: DeliveryFile, source: Source) -> str | None:
    bounds, rows = source.volume, delivery.expected_rows
    if bounds is None:
        return None
    low, high = bounds.min_rows or 0, bounds.max_rows
    if rows >= low and (high is None or rows <= high):
        return None
    return (
        f"{delivery.file}: {rows} rows, expected {low} to {high if high is not None else 'any'}. "
        "Ask the department, or change `volume` in the source file."
    )


def _aggregates(source: Source, table: Table) -> list[Any]:
    told = [e for e in (*table.expectations, *source.expectations) if e.aggregate]
    return [F.expr(f"({e.aggregate})").alias(f"_aggregate_{e.name}") for e in told]


def _breaches(source: Source, table: Table, found: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Warnings and failures of a batch's expectations, in words."""
    warned, failed = [], []
    for expectation in (*table.expectations, *source.expectations):
        if expectation.aggregate:
            broken = found.get(f"_aggregate_{expectation.name}") is False
            told = f"{expectation.name}: expected {expectation.aggregate}"
        else:
            rows = found.get(f"_breach_{expectation.name}") or 0
            broken = bool(rows)
            told = f"{expectation.name}: {rows} rows break {expectation.check}"
        if broken:
            (failed if expectation.on_breach == "fail" else warned).append(told)
    return warned, failed


def _check_lines(delivery: DeliveryFile, lines: int) -> None:
    """The lines that the rows span, and those before the first row, are all lines of the file."""
    if delivery.header_lines + lines != delivery.physical_lines:
        raise AccountingError(
            f"{delivery.file}: {delivery.physical_lines} lines in the file, {lines} of them "
            f"landed after {delivery.header_lines} of header. Nothing was published; run the "
            "night again, and report it if it stays."
        )

"""Vacuum: what no list within its retention needs is taken out of the lake, and files are joined.

What a department delivered stays (bronze, silver, quarantine, ledger), and so do `runs`, every
list with its evidence, the models and the records. Of a run that is past its retention the tables
of every firm go (features, scores, verdicts). Rows that a killed night left without a run go too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from deltalake import DeltaTable

from pipelines.lake import Lake
from pipelines.manifest import manifest_of
from pipelines.runs import Run, published

KEEP_DAYS = 1826
"""How long a list can be replayed: five years (project default)."""
READERS_HOURS = 168
"""How long files that were replaced stay for those who read an older version: Delta's default."""
KEPT_TABLES = ("runs", "warnings", "evidence", "gate_results", "department_scorecards")
"""Gold tables of which no row is ever taken out."""
_QUIET_DAYS = 90


@dataclass(frozen=True)
class Vacuumed:
    """What a vacuum did, or would do: runs dropped, rows without a run, files removed and left."""

    dropped: Sequence[Run]
    orphans: Sequence[str]
    removed: int
    files: int
    dry: bool

    def summary(self) -> str:
        """In one or two lines for a person."""
        would = "would be " if self.dry else ""
        told = f"{self.removed} files {would}removed; the tables consist of {self.files} files."
        if self.dropped:
            days = f"{self.dropped[0].as_of} to {self.dropped[-1].as_of}"
            told += f" {len(self.dropped)} runs past retention ({days}) {would}reduced to their list and record."
        if self.orphans:
            told += f" Rows of {len(self.orphans)} nights that never ended {would}removed."
        return told


def vacuum(
    lake: Lake,
    today: date,
    keep_days: int = KEEP_DAYS,
    hours: int = READERS_HOURS,
    dry: bool = False,
) -> Vacuumed:
    """Takes out what is past retention, joins small files, and removes files nothing points to.

    `today`: the day that retention is counted to. The caller holds the lake for itself.
    """
    runs = published(lake)
    needed = needed_runs(runs, today - timedelta(days=keep_days))
    dropped = [run for run in runs if run.run_id not in needed]
    gone = {run.run_id for run in dropped}
    known = {run.run_id for run in runs}
    orphans: set[str] = set()
    for table in lake.tables("gold"):
        there = _run_ids(lake, table)
        stray = (there - known) if table not in KEPT_TABLES else set()
        orphans |= stray
        out = sorted(stray | (there & gone if table not in KEPT_TABLES else set()))
        if out and not dry:
            lake.delete("gold", table, f"run_id in ({', '.join(repr(name) for name in out)})")
    removed = files = 0
    for layer in ("bronze", "silver", "gold"):
        for table in lake.tables(layer):
            if not dry:
                lake.compact(layer, table)
            delta = DeltaTable(str(lake.path(layer, table)))
            removed += len(delta.vacuum(hours, dry_run=dry, enforce_retention_duration=False))
            if not dry:
                delta.create_checkpoint()
            files += len(delta.file_uris())
    return Vacuumed(dropped, sorted(orphans), removed, files, dry)


def needed_runs(runs: Sequence[Run], since: date) -> set[str]:
    """Ids of the runs since a day, and of those that their replay reads.

    A list is held against the one before it, and a firm that rests after an inspection against the
    last list before that, which can lie `quiet_days` back.
    """
    needed: set[str] = set()
    for run in runs:
        if run.as_of < since:
            continue
        needed.add(run.run_id)
        told = manifest_of(run)
        earlier = [one for one in runs if one.as_of < run.as_of]
        quiet = run.as_of - timedelta(days=told.get("quiet_days", _QUIET_DAYS))
        needed |= {one.run_id for one in earlier[-1:]}
        needed |= {one.run_id for one in earlier if one.as_of >= quiet}
        needed |= {one.run_id for one in [one for one in earlier if one.as_of <= quiet][-1:]}
    return needed


def _run_ids(lake: Lake, table: str) -> set[str]:
    partitions = DeltaTable(str(lake.path("gold", table))).partitions()
    return {str(part["run_id"]) for part in partitions if "run_id" in part}

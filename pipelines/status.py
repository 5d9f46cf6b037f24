"""How the lake stands, on one page: the list that holds, the nights since, what was refused.

Reads tables through delta-rs and starts no engine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from pipelines.lake import LAYERS, LakeError
from pipelines.lake_check import LakeState, lake_state
from pipelines.run_log import ENDED, Attempt, attempts

NIGHTS = 7
SLOWEST = 5


@dataclass(frozen=True)
class Status:
    """What one page says. `run`: the row of the newest published run; None before the first."""

    lake: Path
    run: Mapping[str, Any] | None
    nights: Sequence[Attempt]
    refused: Sequence[Mapping[str, Any]]
    quarantined: Mapping[str, int]
    state: LakeState
    bytes_by_layer: Mapping[str, int]

    @property
    def well(self) -> bool:
        """Whether the last night published its list, and nothing in the lake is torn."""
        return bool(self.run and self.nights[-1:] and self.nights[-1].outcome == ENDED
                    and not self.state.torn)  # fmt: skip


def status_of(lake: Path) -> Status:
    """The lake's status. Raises `LakeError` when the folder is no lake."""
    if not (lake / "bronze").is_dir() and not (lake / "logs").is_dir():
        raise LakeError(f"{lake} holds no lake. Give --lake the folder that `nightly` writes to.")
    state = lake_state(lake)
    torn = {told.split(":")[0].split("/_delta_log")[0] for told in state.torn}
    runs = _rows(lake, "gold", "runs", torn)
    runs = [run for run in runs if (run.get("status") or "published") == "published"]
    runs.sort(key=lambda run: (run["as_of"], run["ended_at"], run["run_id"]))
    batches = _rows(lake, "bronze", "batches", torn)
    lost: dict[str, int] = {}
    for batch in batches:
        if batch["quarantined"]:
            name = batch["source_dept"]
            lost[name] = lost.get(name, 0) + batch["quarantined"]
    newest = max((b["known_at"] for b in batches if b["known_at"]), default=None)
    refused = [b for b in batches if b["status"] == "refused" and b["known_at"] in (newest, None)]
    return Status(
        lake,
        runs[-1] if runs else None,
        attempts(lake)[-NIGHTS:],
        sorted(refused, key=lambda batch: batch["file"]),
        dict(sorted(lost.items(), key=lambda pair: (-pair[1], pair[0]))),
        state,
        {layer: _size(lake / layer) for layer in (*LAYERS, "lists", "records", "mlflow")},
    )


def status_lines(status: Status, today: date) -> Iterator[str]:
    """The page, line by line, within 80 columns where names allow."""
    run = status.run
    if run is None:
        yield "No list was published yet."
    else:
        counts = json.loads(run["counts"])
        age = (today - run["as_of"]).days
        yield f"City {run['city']}. The list as of {run['as_of']} holds ({age} days ago)."
        yield (f"  run {run['run_id']}, model {run['model_version']}, {run['engine']} "
               f"{run['engine_version']}, rules {run['rule_pack'] or 'none'}")  # fmt: skip
        yield (f"  {counts['subjects']:,} scored, {counts['listed']} listed, "
               f"{counts.get('drawn', 0)} drawn, {counts['under_case']} under case")  # fmt: skip
        yield f"  {run['list_folder']}"
    yield ""
    yield "Nights (newest last)"
    for night in status.nights:
        told = f"  {night.as_of}  {night.outcome:<10} {night.seconds:>7.0f} s  began {night.started[:16]}"
        yield f"{told}  {night.run_id or ''}".rstrip()
        if night.why:
            yield f"      {night.why}"
    if not status.nights:
        yield "  none has a log"
    else:
        slowest = sorted(status.nights[-1].steps, key=lambda step: (-step[1], step[0]))[:SLOWEST]
        told = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in slowest)
        yield f"  longest steps of the last: {told or 'none'}"
    yield ""
    yield f"Refused among the newest deliveries: {len(status.refused) or 'none'}"
    yield from (f"  {batch['file']}: {batch['reason']}" for batch in status.refused[:5])
    told = ", ".join(f"{name} {rows:,}" for name, rows in list(status.quarantined.items())[:5])
    yield f"Quarantined rows by department: {told or 'none'}"
    for word, sentences in (("TORN", status.state.torn), ("foreign", status.state.foreign)):
        yield from (f"{word} {sentence}" for sentence in sentences[:5])
    sizes = ", ".join(f"{name} {size / 2**20:,.0f}" for name, size in status.bytes_by_layer.items())
    yield f"MiB: {sizes}"
    yield "All is well." if status.well else "Look into it: the last night did not end well."


def _rows(lake: Path, layer: str, table: str, torn: set[str]) -> list[dict[str, Any]]:
    path = lake / layer / table
    if f"{layer}/{table}" in torn or not DeltaTable.is_deltatable(str(path)):
        return []
    rows: list[dict[str, Any]] = pa.table(DeltaTable(str(path)).to_pyarrow_table()).to_pylist()
    return rows


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

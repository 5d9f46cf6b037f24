"""Runs: a night's identity, its manifest, and which of them readers may see.

Delta has no commit over many tables. Gold rows carry `run_id`; the row in `runs` is written last;
a run that is not in `runs` has not been published.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import conf
import features
import graphs
import models
import pipelines
from pipelines.lake import Lake, LakeError

_PROGRAM = (".py", ".j2", ".css", ".js")

RUN_SCHEMA = (
    "run_id string, city string, as_of date, engine string, engine_version string, "
    "code_version string, conf_digest string, model_version string, rule_pack string, "
    "previous_run_id string, "
    "inputs string, counts string, list_hash string, list_folder string, started_at timestamp, "
    "ended_at timestamp, manifest string"
)


@dataclass(frozen=True)
class Run:
    """A published night. `inputs` (batch ids), `counts` and `manifest` are JSON; times are UTC.

    `manifest` (`pipelines.manifest`) is None where an older program published the run. Everything
    but the engine's name, its version, the two times and the manifest's environment derives from
    content.
    """

    run_id: str
    city: str
    as_of: date
    engine: str
    engine_version: str
    code_version: str
    conf_digest: str
    model_version: str
    rule_pack: str | None
    previous_run_id: str | None
    inputs: str
    counts: str
    list_hash: str
    list_folder: str
    started_at: datetime
    ended_at: datetime
    manifest: str | None = None


def now() -> datetime:
    """The only place that reads the clock; what it says appears in `runs` and nowhere else."""
    return datetime.now(UTC)


@cache
def code_version() -> str:
    """A digest of the program text itself, the same in a checkout and in a wheel."""
    digest = hashlib.sha256()
    for package in (conf, features, graphs, models, pipelines):
        root = Path(str(package.__file__)).parent
        files = (p for p in root.rglob("*") if p.suffix in _PROGRAM and "cities" not in p.parts)
        for path in sorted(files):
            digest.update(path.relative_to(root.parent).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def run_id(
    city: str, as_of: date, conf_digest: str, model_version: str, inputs: Sequence[str]
) -> str:
    """The run's id, from all that decides its content: 16 hex digits."""
    told = [city, as_of.isoformat(), code_version(), conf_digest, model_version, *sorted(inputs)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def published(lake: Lake) -> list[Run]:
    """Every published run, oldest first by as-of date, then by when it ended."""
    if not lake.exists("gold", "runs"):
        return []
    # a lake begun by an older program lacks what its runs did not yet say
    unsaid = dict.fromkeys(field.name for field in fields(Run))
    runs = [Run(**{**unsaid, **row.asDict()}) for row in lake.read("gold", "runs").collect()]  # type: ignore[arg-type]
    return sorted(runs, key=lambda run: (run.as_of, run.ended_at, run.run_id))


def publish(lake: Lake, run: Run) -> None:
    """Writes the run's row: from now on readers see it."""
    row = [tuple(asdict(run).values())]
    lake.append(lake.spark.createDataFrame(row, RUN_SCHEMA), "gold", "runs")


def run_for(lake: Lake, as_of: date | None) -> Run:
    """The last run published for `as_of`; without a date the newest of all.

    Raises `LakeError` naming the dates there are.
    """
    runs = published(lake)
    if not runs:
        raise LakeError(f"No list was published in {lake.root} yet. Run `forewarn nightly` first.")
    fitting = [run for run in runs if as_of is None or run.as_of == as_of]
    if not fitting:
        days = sorted({run.as_of.isoformat() for run in runs})
        raise LakeError(
            f"No list was published as of {as_of}. There are lists as of: {', '.join(days[-10:])}."
        )
    return fitting[-1]


def run_named(lake: Lake, name: str) -> Run:
    """The published run of that id, or the last one of that day (YYYY-MM-DD).

    An id may be cut short where no other begins alike. Raises `LakeError` naming runs there are.
    """
    runs = published(lake)
    fitting = [run for run in runs if run.as_of.isoformat() == name][-1:] or [
        run for run in runs if name and run.run_id.startswith(name)
    ]
    if len(fitting) == 1:
        return fitting[0]
    told = ", ".join(f"{run.run_id} ({run.as_of})" for run in runs[-10:]) or "none"
    several = f"{len(fitting)} runs begin with '{name}'" if fitting else f"There is no run '{name}'"
    raise LakeError(f"{several} in {lake.root}. Give an id or a day; the newest are: {told}.")


def rows_of(lake: Lake, table: str, run: Run) -> DataFrame:
    """The rows of a gold table that belong to a published run."""
    return lake.read("gold", table).where(F.col("run_id") == run.run_id)


def content_hash(rows: Iterable[object]) -> str:
    """A digest of rows in the order given: 64 hex digits."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row, ensure_ascii=False, default=str, sort_keys=True).encode())
        digest.update(b"\n")
    return digest.hexdigest()

"""Replay: a past list worked out again from the lake as it was known, and held against its manifest.

Nothing is written into the lake: gold goes to a folder that is removed at the end. Deliveries that
came later are left out, the model is the one that judged then, and the lists that it was held
against are those of then.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from conf.city import City, load_city
from conf.errors import ConfError
from models.risk.warning_list import list_hash
from pipelines.engine import Engine
from pipelines.lake import Lake
from pipelines.ledger import read_ledger
from pipelines.manifest import environment, made_tables, manifest_of
from pipelines.model_registry import model_of_version
from pipelines.nightly import Night
from pipelines.progress import Step, silent
from pipelines.record import RECORDS
from pipelines.refusals import RefusalError
from pipelines.runs import Run, code_version, published, run_named


@dataclass(frozen=True)
class Replay:
    """What a replay found.

    `unlike`: tables and files whose digests differ, by name with the digest then and now;
    `equal`: how many did not; `changed`: what is another today than it was that night, in words.
    """

    run: Run
    engine: str
    equal: int
    unlike: Mapping[str, tuple[str | None, str | None]]
    changed: Sequence[str]

    @property
    def same(self) -> bool:
        """Whether every digest is that of the night."""
        return not self.unlike

    def summary(self) -> str:
        """The replay in a few lines for a person."""
        run = self.run
        head = f"Run {run.run_id} as of {run.as_of} ({run.engine}), replayed on {self.engine}: "
        if self.same:
            lines = [f"{head}the same list, {self.equal} of {self.equal} digests equal."]
        else:
            lines = [f"{head}{len(self.unlike)} of {self.equal + len(self.unlike)} digests differ."]
            lines += [f"  {name}: {then or 'absent'} then, {now or 'absent'} now"
                      for name, (then, now) in sorted(self.unlike.items())]  # fmt: skip
            if not self.changed:
                lines.append("Nothing else changed since: report this, with the run's record.")
        return "\n".join([*lines, *self.changed])


def replay(
    lake_folder: Path,
    name: str,
    running: Engine,
    city_name: str | None = None,
    step: Step = silent,
) -> Replay:
    """Works a published run out again (`name`: its id or day) and compares every digest.

    `city_name`: where the city is a folder that the lake does not name. Raises `RefusalError` when
    the run left no manifest, or its model, its configuration or the lists before it are gone.
    """
    run = run_named(Lake(lake_folder, running.spark), name)
    manifest = manifest_of(run)
    if not manifest:
        raise RefusalError(
            f"Run {run.run_id} was published by a program that kept no manifest, so there is "
            "nothing to hold a replay against. Runs published from now on have one."
        )
    model = model_of_version(lake_folder, run.city, run.model_version)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="replay-")))
        city = stack.enter_context(city_of(lake_folder, run, city_name))
        past = PastLake(lake_folder, running.spark, manifest["inputs"], run, scratch / "staging")
        out = Lake(scratch, running.spark)
        night = Night(past, out, city, run.as_of, run.run_id, model, step)
        now = _digests_now(night, _lists_before(past, run, manifest))
        return compared(run, running.name, digests_then(run, manifest), now,
                        changed_since(manifest, city))  # fmt: skip


def _lists_before(lake: Lake, run: Run, manifest: Mapping[str, Any]) -> list[Run]:
    """The runs that a list was held against. Raises `RefusalError` when one is gone."""
    by_id = {one.run_id: one for one in published(lake)}
    runs = [by_id[name] for name in manifest["past_runs"] if name in by_id]
    if len(runs) < len(manifest["past_runs"]):
        raise RefusalError(
            f"{len(manifest['past_runs']) - len(runs)} of the lists that run {run.run_id} was held "
            "against are no longer in the lake. Restore gold from a backup, or replay a younger run."
        )
    return runs


def _digests_now(night: Night, runs: Sequence[Run]) -> dict[str, str]:
    warned = night.judge(runs)
    files = night.write(night.out.root / "list", warned, night.counts(warned), runs)
    made = made_tables(night.out, night.run_id)
    return {
        "list": list_hash(warned.tables.warnings),
        **{f"gold/{name}": told for name, (told, _) in made.items()},
        **{f"list/{name}": told for name, told in files.items()},
    }


def compared(
    run: Run, engine: str, then: Mapping[str, str], now: Mapping[str, str], changed: Sequence[str]
) -> Replay:
    """The digests of the night held against those of a replay."""
    every = then.keys() | now.keys()
    unlike = {name: (then.get(name), now.get(name)) for name in every
              if then.get(name) != now.get(name)}  # fmt: skip
    return Replay(run, engine, len(every) - len(unlike), unlike, changed)


def digests_then(run: Run, manifest: Mapping[str, Any]) -> dict[str, str]:
    """Every digest that a manifest holds of what the run made."""
    return {
        "list": run.list_hash,
        **{f"gold/{name}": told for name, told in manifest["tables"].items()},
        **{f"list/{name}": told for name, told in manifest["files"].items()},
    }


def changed_since(manifest: Mapping[str, Any], city: City) -> list[str]:
    """What could make a replay differ, in words: program, environment, configuration."""
    told = []
    if manifest["code"] != code_version():
        told.append(
            f"The program is another ({code_version()}; then {manifest['code']}). For the list as "
            "it was made install the program of that night."
        )
    now = environment()
    told += [f"{name} is another: {now[name]}; then {manifest['environment'].get(name)}."
             for name in sorted(now) if now[name] != manifest["environment"].get(name)]  # fmt: skip
    if manifest["conf"] != city.digest:
        told.append(
            f"The configuration shared by all cities is another ({city.digest[:16]}; then "
            f"{manifest['conf'][:16]}). It comes with the program."
        )
    return told


@contextmanager
def city_of(lake: Path, run: Run, city_name: str | None) -> Iterator[City]:
    """The city as it was configured that night, from its files today or those kept with the lake."""
    try:
        city = load_city(city_name or run.city)
    except ConfError:
        if city_name is not None:
            raise
        city = None
    kept = lake / RECORDS / "conf" / f"{run.conf_digest}.zip"
    if (city is None or city.digest != run.conf_digest) and kept.exists():
        with tempfile.TemporaryDirectory(prefix="conf-") as folder:
            with zipfile.ZipFile(kept) as archive:
                archive.extractall(folder)
            yield load_city(Path(folder))
            return
    if city is None:
        raise RefusalError(
            f"The city {run.city} is not among forewarn's own, and {kept} is missing. Give its "
            "folder with --city."
        )
    yield city


class PastLake(Lake):
    """The lake as one run knew it: deliveries that landed afterwards are not in it."""

    def __init__(
        self, root: Path, spark: SparkSession, inputs: Sequence[str], run: Run, staging: Path
    ) -> None:
        super().__init__(root, spark, staging)
        known = set(inputs)
        ledger = [batch for batch in read_ledger(Lake(root, spark)) if batch.status == "landed"]
        self.later = sorted(
            {batch.batch_id for batch in ledger if batch.batch_id not in known
             and (batch.known_at or run.as_of) <= run.as_of}
        )  # fmt: skip
        # a table that only ever came later was no table that night
        self.silver = sorted({b.table_name for b in ledger if b.batch_id in known and b.accepted})

    def tables(self, layer: str) -> list[str]:
        """The tables of a layer that there were, by name."""
        names = super().tables(layer)
        return [n for n in names if n in self.silver] if layer == "silver" else names

    def read(self, layer: str, table: str) -> DataFrame:
        """The table, without what landed later for days the run had closed."""
        rows = super().read(layer, table)
        if layer != "silver" or not self.later:
            return rows
        later = self.spark.createDataFrame([(name,) for name in self.later], "batch_id string")
        return rows.join(F.broadcast(later), "batch_id", "left_anti").select(*rows.columns)

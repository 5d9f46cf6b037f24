"""The night: take in, assemble, judge, warn, deliver, publish; one step after the other.

Gold rows carry the run's id and the `runs` row is written last. A night that is killed and started
again ends in the same content; the same night run twice changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from conf.city import City, load_city
from conf.rule_pack import RulePack, pack_in_force
from models.risk.estimator import RiskModel
from models.risk.levels import ListPolicy
from models.risk.scoring import judged_by_family, score
from models.risk.warning_list import list_hash
from pipelines.assembling import (
    assembled,
    known_lake,
    repairs_without_effect,
    shape_table,
    unmatched,
)
from pipelines.delivering.pages import DistrictCapacity, RunFacts, field_rules
from pipelines.delivering.write_lists import write_lists
from pipelines.engine import Engine, open_engine
from pipelines.group_tables import GROUP_EVENTS, GROUPS, SHAPE_MEMBERS, followed_groups
from pipelines.intake import Intake
from pipelines.judging import Keep, at_hand, judge, kept_aside
from pipelines.lake import Lake, only_one_writer
from pipelines.lake_check import require_whole
from pipelines.landing.deliveries import unclaimed_files
from pipelines.landing.personal_data import PersonalKey
from pipelines.ledger import Batch
from pipelines.manifest import run_manifest
from pipelines.model_registry import champion, verdict_of
from pipelines.past_lists import PastLists
from pipelines.progress import Step, silent
from pipelines.record import write_record
from pipelines.refusals import RefusalError
from pipelines.run_log import RunLog, run_log
from pipelines.runs import Run, code_version, now, publish, published, run_id
from pipelines.training import train_city
from pipelines.warning import Warned, warn


@dataclass(frozen=True)
class NightReport:
    """What a night did. `repeated`: this very run had been published; nothing was changed.

    `notes`: what a person should know of the model, such as a leak that its audit found, and of the
    list.
    """

    lake: Path
    run: Run
    batches: Sequence[Batch]
    unclaimed: Sequence[str]
    repeated: bool = False
    notes: Sequence[str] = ()

    def summary(self) -> str:
        """The night in a few lines for a person."""
        counts = json.loads(self.run.counts)
        lines = [] if not self.repeated else ["This night was published before; nothing changed."]
        refused = [batch for batch in self.batches if batch.status == "refused"]
        if self.batches:
            rows = {n: sum(getattr(b, n) for b in self.batches if b.status == "landed")
                    for n in ("rows_in", "accepted", "quarantined", "repeated")}  # fmt: skip
            lines.append(
                f"{len(self.batches)} files: {rows['rows_in']:,} rows in = "
                f"{rows['accepted']:,} accepted + {rows['quarantined']:,} quarantined + "
                f"{rows['repeated']:,} repeated"
            )
        lines += [f"refused {batch.file}: {batch.reason}" for batch in refused[:10]]
        if len(refused) > 10:
            lines.append(f"… and {len(refused) - 10} more refused; see `forewarn export batches`")
        lines += [f"no source claims {name}" for name in self.unclaimed[:10]]
        lines.append(
            f"{counts['subjects']:,} subjects scored, {counts['listed']} on the list, "
            f"{counts.get('drawn', 0)} drawn by lot, {counts['under_case']} under case, "
            f"{counts['cleared']} cleared "
            f"(as of {self.run.as_of}, run {self.run.run_id})"
        )
        lines += self.notes
        lines.append(f"The list is in {self.lake / self.run.list_folder}")
        return "\n".join(lines)


def run_night(
    city_name: str,
    deliveries: Path,
    lake_folder: Path,
    as_of: date,
    engine: str | None = None,
    step: Step = silent,
) -> NightReport:
    """Runs one night and publishes its list.

    Raises `RefusalError`, `ConfError`, `LakeError`, `EngineError` or `AccountingError`, each with
    a sentence for a person; nothing is published then.
    """
    if not deliveries.is_dir():
        raise RefusalError(
            f"There is no folder {deliveries}. Give --deliveries the folder that holds the "
            "departments' files; `forewarn simulate` makes one."
        )
    city = load_city(city_name)
    with ExitStack() as stack:
        stack.enter_context(only_one_writer(lake_folder))
        asked = {"city": city.name, "engine": engine or city.engine, "code": code_version()}
        log = stack.enter_context(run_log(lake_folder, as_of, asked))
        foreign = require_whole(lake_folder)
        running = stack.enter_context(_engine(city, engine))
        lake = Lake(lake_folder, running.spark)
        return _night(lake, city, deliveries, as_of, running, log, foreign, step)


def _night(
    lake: Lake,
    city: City,
    deliveries: Path,
    as_of: date,
    running: Engine,
    log: RunLog,
    foreign: Sequence[str],
    shown: Step,
) -> NightReport:
    started, step = now(), log.steps(shown)
    lake.clear_staging()
    _check_owner(lake, city)
    intake, batches = _take_in(lake, city, deliveries, step)
    unclaimed = unclaimed_files(list(city.sources.values()), deliveries)
    inputs = [batch.batch_id for batch in intake.ledger
              if batch.status == "landed" and (batch.known_at or as_of) <= as_of]  # fmt: skip
    model = champion(lake.root, city.name)
    if model is None:
        model = train_city(lake, city, as_of, step)
    log.run_id = run_id(city.name, as_of, city.digest, model.version, inputs)
    for run in published(lake):
        if run.run_id == log.run_id:
            return NightReport(lake.root, run, batches, unclaimed, True, foreign)
    night = Night(lake, lake, city, as_of, log.run_id, model, step)
    past = [run for run in published(lake) if run.as_of < as_of]
    run, told = night.publish(inputs, past, running, started)
    notes = [*foreign, *_audit_warning(model), *told]
    return NightReport(lake.root, run, batches, unclaimed, notes=notes)


def train_champion(
    city_name: str,
    lake_folder: Path,
    as_of: date,
    engine: str | None = None,
    step: Step = silent,
) -> str:
    """Trains on what was known by `as_of`; says in words which model is the champion now and why."""
    city = load_city(city_name)
    with only_one_writer(lake_folder), _engine(city, engine) as running:
        model = train_city(Lake(lake_folder, running.spark), city, as_of, step)
    told = [f"Model {model.version} of {city.name} was trained on what was known by {as_of}."]
    verdict = verdict_of(lake_folder, city.name, model.version)
    if verdict is not None:
        promoted, reason = verdict
        told.append(f"It is {'the champion' if promoted else 'a challenger'}: {reason}")
    return " ".join([*told, *_audit_warning(model)])


def _audit_warning(model: RiskModel) -> list[str]:
    """What the audit for leaks has to say of a model, if anything."""
    warning = model.card.get("audit", {}).get("warning")
    return [str(warning)] if warning else []


def _engine(city: City, engine: str | None):  # type: ignore[no-untyped-def]
    return open_engine(engine or city.engine, master=city.master or "local[2]")


def _check_owner(lake: Lake, city: City) -> None:
    """A lake holds one city: two would share subjects and quarantine."""
    owners = {run.city for run in published(lake)}
    if owners and owners != {city.name}:
        raise RefusalError(
            f"The lake {lake.root} belongs to the city {', '.join(sorted(owners))}, not to "
            f"{city.name}. Give --lake another folder."
        )


def _take_in(lake: Lake, city: City, deliveries: Path, step: Step) -> tuple[Intake, list[Batch]]:
    personal = any(source.personal for source in city.sources.values())
    key = PersonalKey(city.personal_key_bytes()) if personal else None
    runs = published(lake)
    intake = Intake(lake, city, deliveries, key, max((r.as_of for r in runs), default=None))
    batches: list[Batch] = []
    for place, source in enumerate(city.sources.values()):
        step(f"taking in {source.name}", 0.05 + 0.35 * place / len(city.sources))
        batches += intake.take_in(source)
    if not lake.exists("silver", "registration"):
        refused = [f"{b.file}: {b.reason}" for b in batches if b.status == "refused"]
        raise RefusalError(
            "No registration was taken in, so there is nobody to judge. Check that --deliveries "
            f"holds the files that conf/cities/{city.name}/sources/registration.yaml names."
            + "".join(f" Refused: {told}" for told in refused[:3])
        )
    return intake, batches


@dataclass
class Night:
    """One run, from features to the published row.

    `lake`: what is read; `out`: where gold is written, the same lake but for a replay.
    """

    lake: Lake
    out: Lake
    city: City
    as_of: date
    run_id: str
    model: RiskModel
    step: Step

    def publish(
        self, inputs: Sequence[str], past: Sequence[Run], engine: Engine, started: datetime
    ) -> tuple[Run, Sequence[str]]:
        """Judges, writes the list and its record, and publishes the run.

        Also what a person should know of it.
        """
        warned = self.judge(past)
        self.step("writing the list", 0.94)
        counts = self.counts(warned)
        folder = self.lake.root / "lists" / f"{self.as_of:%Y-%m-%d}-{self.run_id}"
        files = self.write(folder, warned, counts, past)
        self.step("manifest and record", 0.97)
        manifest = run_manifest(
            self.lake, self.city, self.as_of, self.run_id,
            pack=self.pack, model=self.model, past=past, inputs=inputs, files=files,
        )  # fmt: skip
        run = Run(
            run_id=self.run_id,
            city=self.city.name,
            as_of=self.as_of,
            engine=engine.name,
            engine_version=engine.version,
            code_version=code_version(),
            conf_digest=self.city.digest,
            model_version=self.model.version,
            rule_pack=f"{self.pack.name} {self.pack.version}" if self.pack else None,
            previous_run_id=past[-1].run_id if past else None,
            inputs=json.dumps(sorted(inputs)),
            counts=json.dumps(counts, sort_keys=True),
            list_hash=list_hash(warned.tables.warnings),
            list_folder=str(folder.relative_to(self.lake.root)),
            started_at=started,
            ended_at=now(),
            manifest=json.dumps(manifest, sort_keys=True),
        )
        write_record(self.lake, self.city, run, manifest, warned)
        publish(self.lake, run)
        return run, warned.notes

    def write(
        self, folder: Path, warned: Warned, counts: Mapping[str, int], past: Sequence[Run]
    ) -> dict[str, str]:
        """The files of the list into `folder`: the SHA-256 of each by its name."""
        written = write_lists(
            folder,
            self._facts(warned, counts, past[-1] if past else None),
            warned.tables.warnings.to_pylist(),
            warned.tables.evidence.to_pylist(),
            warned.counterfactuals.to_pylist(),
        )
        return {file.path.name: file.sha256 for file in written}

    def judge(self, runs: Sequence[Run]) -> Warned:
        """Makes every gold table of the run. `runs`: those the list is held against."""
        past = PastLists(self.lake, runs, self.model.version)
        with ExitStack() as stack:
            aside = stack.enter_context(kept_aside(self.lake.spark, self.out.staging))
            self.step("known states", 0.59)
            known = at_hand(known_lake(self.lake, self.as_of), aside)
            judged = stack.enter_context(assembled(self.lake, self.city, self.as_of, known))
            self.step("features and graph", 0.60)
            self._keep(judged.features, "subject_features")
            features = self._kept("subject_features")
            history = followed_groups(self.lake, features, past.newest, self.as_of)
            self._keep_arrow(history.groups, GROUPS)
            self._keep_arrow(history.events, GROUP_EVENTS)
            self._keep_arrow(shape_table(self.city, judged), SHAPE_MEMBERS)
            self.step("scores", 0.75)
            judged = replace(judged, features=judged_by_family(features, self.model))
            self._keep(_ranked(score(judged.features, self.model)), "scores")
            self.step("the list and its reasons", 0.80)
            warned = warn(
                self.lake.spark, self.city, judged, self._kept("scores"), self.model, past,
                self.run_id, aside,
            )  # fmt: skip
            self._keep_arrow(warned.tables.warnings, "warnings")
            self._keep_arrow(warned.tables.evidence, "evidence")
            self._keep_arrow(warned.contributions, "contributions")
            self._keep_arrow(warned.counterfactuals, "counterfactuals")
            missing = unmatched(judged.known)
            if missing is not None:
                self._keep(missing, "unmatched")
            self._judge_by_rules(judged.known, aside)
        return warned

    def _judge_by_rules(self, known: Mapping[str, DataFrame], aside: Keep) -> None:
        """The verdicts of the pack in force; none when the city has no pack for the day."""
        if self.pack is None:
            return
        self.step(f"rules of {self.pack.name}", 0.88)

        def keep(rows: DataFrame, table: str) -> DataFrame:
            self._keep(rows, table)
            return self._kept(table)

        listed = self._kept("warnings").where(F.col("section") == "list").select("subject_id")
        judge(known, self.pack, self.as_of, keep, aside, listed)
        self._keep(repairs_without_effect(self.lake, self.as_of), "repairs_without_effect")

    @property
    def pack(self) -> RulePack | None:
        """The rule pack in force on the day."""
        return pack_in_force(self.city.rule_packs, self.as_of)

    def _keep(self, rows: DataFrame, table: str) -> None:
        stamped = rows.drop("run_id", "as_of").select(
            F.lit(self.run_id).alias("run_id"), F.lit(self.as_of).alias("as_of"), "*"
        )
        self.out.replace(stamped, "gold", table, self.run_id)

    def _keep_arrow(self, rows: pa.Table, table: str) -> None:
        """Driver rows into gold by way of Parquet: exact types, also when there are none."""
        path = self.out.staging / f"{table}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, path)
        self._keep(self.lake.spark.read.parquet(str(path)), table)
        path.unlink()

    def _kept(self, table: str) -> DataFrame:
        rows = self.out.read("gold", table).where(F.col("run_id") == self.run_id)
        return rows.drop("run_id", "as_of")

    def counts(self, warned: Warned) -> dict[str, int]:
        """How many firms were scored and stand in each section of the list."""
        sections = warned.tables.warnings.column("section").to_pylist()
        return {
            "subjects": self._kept("scores").count(),
            "listed": sections.count("list"),
            "drawn": sections.count("random"),
            "under_case": sections.count("under_case"),
            "cleared": sections.count("cleared"),
            "evidence": warned.tables.evidence.num_rows,
        }

    def _facts(self, warned: Warned, counts: Mapping[str, int], previous: Run | None) -> RunFacts:
        target = self.city.target
        return RunFacts(
            run_id=self.run_id,
            city=self.city.name,
            city_zh=self.city.name_zh,
            as_of=self.as_of,
            model_version=self.model.version,
            target=(target.name_zh, target.name_en),
            subjects_scored=counts["subjects"],
            capacity=tuple(DistrictCapacity(**row) for row in warned.capacity.to_pylist()),
            level_meanings=ListPolicy.of_settings(self.city.model.get("list", {})).meanings(),
            fields=field_rules(self.city.catalogue, self.city.sources.values()),
            previous_as_of=previous.as_of if previous else None,
        )


def _ranked(scores: DataFrame) -> DataFrame:
    """Scores with each firm's place in the city, by margin, then id."""
    order = Window.orderBy(F.col("margin").desc(), F.col("subject_id"))
    return scores.select("*", F.row_number().over(order).cast("int").alias("rank_city"))

"""The steps of a night one at a time, each to be run in a process of its own.

    python -m tests.benchmarks.steps features FOLDER 2024-12-31

FOLDER holds `deliveries/` and `lake/`; what a step makes apart from the lake's own tables goes
beside them. A step stands on those before it: intake, features, graph, training, a whole night,
then scores and list, which read what that night published; the rules need the intake alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from conf.city import City, load_city
from pipelines.engine import open_engine
from pipelines.lake import Lake, only_one_writer

# Each step imports what it needs itself: loading the others' libraries takes seconds of CPU.

Step = Callable[[Path, Lake, City, date], None]


def engine(folder: Path, lake: Lake, city: City, as_of: date) -> None:
    """Nothing but the start that every step pays."""
    lake.spark.range(1).collect()


def intake(folder: Path, lake: Lake, city: City, as_of: date) -> None:
    """Landing and conforming of every delivery."""
    from pipelines.intake import Intake
    from pipelines.landing.personal_data import PersonalKey

    key = PersonalKey(city.personal_key_bytes())
    taking = Intake(lake, city, folder / "deliveries", key)
    for source in city.sources.values():
        taking.take_in(source)


def features(folder: Path, lake: Lake, city: City, as_of: date) -> None:
    """Known states, and the features of every firm from them."""
    from features.assemble import subject_features
    from features.feature_sets import feature_set
    from pipelines.assembling import known_lake

    made = subject_features(known_lake(lake, as_of), as_of, feature_set("core", personal=True))
    made.write.mode("overwrite").parquet(str(folder / "features"))


def graph(folder: Path, lake: Lake, city: City, as_of: date) -> None:
    """Known states, edges and graph features; the firms' own features stay a plan."""
    from pipelines.assembling import assembled

    with assembled(lake, city, as_of) as judged:
        pq.write_table(judged.edges, folder / "edges.parquet")


def training(folder: Path, lake: Lake, city: City, as_of: date) -> None:
    """A model from features and graph as of several days."""
    from pipelines.progress import silent
    from pipelines.training import train_city

    train_city(lake, city, as_of, silent)


def scores(folder: Path, lake: Lake, city: City, as_of: date) -> None:
    """The scores of the published features."""
    from models.risk.scoring import judged_by_family, score
    from pipelines.model_registry import champion
    from pipelines.runs import rows_of, run_for

    model = champion(lake.root, city.name)
    assert model is not None, "train a model first"
    published = rows_of(lake, "subject_features", run_for(lake, as_of))
    score(judged_by_family(published, model), model).write.mode("overwrite").parquet(
        str(folder / "scores")
    )


def warning_list(folder: Path, lake: Lake, city: City, as_of: date) -> None:
    """The list with its reasons, its records and what would help, from published scores."""
    from models.risk.scoring import judged_by_family
    from pipelines.assembling import Assembled, known_lake
    from pipelines.judging import kept_aside
    from pipelines.model_registry import champion
    from pipelines.past_lists import PastLists
    from pipelines.runs import rows_of, run_for
    from pipelines.warning import warn

    model = champion(lake.root, city.name)
    assert model is not None, "train a model first"
    run = run_for(lake, as_of)
    published = rows_of(lake, "subject_features", run).drop("run_id", "as_of")
    published = judged_by_family(published, model)
    edges = pq.read_table(folder / "edges.parquet")
    judged = Assembled(as_of, known_lake(lake, as_of), edges, edges.slice(0, 0), published)
    ranked = rows_of(lake, "scores", run).drop("run_id", "as_of")
    past = PastLists(lake, [], model.version)
    with kept_aside(lake.spark, folder) as aside:
        warned = warn(lake.spark, city, judged, ranked, model, past, run.run_id, aside)
    pq.write_table(warned.tables.warnings, folder / "warnings.parquet")


def rules(folder: Path, lake: Lake, city: City, as_of: date) -> None:
    """Every verdict of the rule pack in force, from known states."""
    from conf.rule_pack import pack_in_force
    from pipelines.assembling import known_lake
    from pipelines.judging import at_hand, judge, kept_aside

    pack = pack_in_force(city.rule_packs, as_of)
    assert pack is not None, "the city has no pack for the day"
    with kept_aside(lake.spark, folder) as aside, kept_aside(lake.spark, folder) as keep:
        judge(at_hand(known_lake(lake, as_of), aside), pack, as_of, keep, aside)


STEPS: dict[str, Step] = {
    "engine": engine,
    "intake": intake,
    "features": features,
    "graph": graph,
    "training": training,
    "scores": scores,
    "list": warning_list,
    "rules": rules,
}


def compare(folder: Path) -> None:
    """Writes what the features and the rival's differ in, a line a column."""
    import polars as pl

    from features.feature_sets import CORE
    from tests.benchmarks.comparing import differences

    own = pl.read_parquet(folder / "features" / "*.parquet")
    rival = pl.read_parquet(folder / "rival.parquet")
    told = [str(difference) for difference in differences(own, rival, CORE)]
    (folder / "differences.txt").write_text("\n".join(told))


def main() -> None:
    """Runs one step."""
    name, folder, as_of = sys.argv[1], Path(sys.argv[2]), date.fromisoformat(sys.argv[3])
    if name == "compare":
        compare(folder)
        return
    city = load_city("demo")
    lake = folder / "lake"
    with only_one_writer(lake), open_engine("sail") as running:
        STEPS[name](folder, Lake(lake, running.spark), city, as_of)


if __name__ == "__main__":
    main()

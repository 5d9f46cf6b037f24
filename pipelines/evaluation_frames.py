"""What a published list is evaluated from, read out of the lake: scores, features, outcomes.

Without a truth file a list is held against what the city itself came to know later: the cases of
the label table as known on the lake's newest day, and the results of inspections where that table
is there. Inspections count when they lie after the list's day.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.city import City, load_city
from features.as_of import known_state, latest_by_key
from graphs.declaration import GRAPH_FEATURES
from models.risk.evaluation import Held
from models.risk.harm import HARMS, harm_of_firms
from models.risk.inspections import CONFIRMED, RESOLVED
from models.risk.list_places import RANDOM_DRAW, RANKED_DRAW
from models.risk.outcomes import Outcomes, outcomes_of_cases, outcomes_of_truth
from models.risk.ranking import LIST, UNASSIGNED
from models.risk.training_set import group_of
from pipelines.lake import Lake
from pipelines.reader import CityLake
from pipelines.refusals import RefusalError
from pipelines.runs import Run, rows_of
from pipelines.training import settings_of

TRUTH_COLUMNS = ("subject_id", "started", "first_official", "lookalike")
BY_LOT, CAMPAIGN = "random", "campaign"
"""How the table `inspection` says that a firm was chosen. The lists' own words are others."""


def held(lake: CityLake, truth: Path | None, as_of: date | None, city: str | None = None) -> Held:
    """The frames of the list published for `as_of`.

    `city`: its folder where it is not one of `conf/cities`. Raises `RefusalError` when the truth
    file is none or of another city, when there is neither a truth nor a table of cases, or when the
    city's records bear one date, so that nothing is later than the list.
    """
    run = lake.run(as_of)
    conf = load_city(city or run.city)
    until = _newest_day(lake.lake, conf, run)
    before = [one for one in lake.runs() if one.as_of < run.as_of]
    features = _features(lake, run)
    inspections = _inspections(lake.lake, run.as_of, until)
    cases = _cases(lake.lake, conf, until)
    lists = _lists(lake)
    since = last_list_before(lists, run.as_of)
    return Held(
        firms=_firms(lake, run, conf, features),
        features=features.drop(columns=["group_id"]),
        listed=_listed(lake, run),
        lists=lists,
        outcomes=_outcomes(lake.lake, conf, truth, run.as_of, until, cases),
        harm=harm_of_firms(cases),
        inspections=inspections,
        leads=_leads(cases, conf, run.as_of) if inspections is None else None,
        told=frozenset() if since is None else _told(lake.lake, since, run.as_of),
        before_scores=rows_of(lake.lake, "scores", before[-1]).toPandas() if before else None,
        before_features=_features(lake, before[-1]).drop(columns="group_id") if before else None,
    )


def _outcomes(
    lake: Lake, conf: City, truth: Path | None, as_of: date, until: date, cases: pd.DataFrame
) -> Outcomes:
    if truth is None:
        if conf.known_at is not None:
            raise RefusalError(
                f"The records of {conf.name} bear one date, so nothing is known later than its "
                "list. Its figures are those of the grouped folds in the model card."
            )
        if not lake.exists("silver", conf.target.label_table):
            raise RefusalError(
                "There is nothing to hold the list against: no source fills the table "
                f"{conf.target.label_table}. Deliver one, or give --truth for a synthetic city."
            )
        return outcomes_of_cases(cases, conf.target, as_of, until)
    try:
        return outcomes_of_truth(_truth(truth), cases, conf.target, as_of, until)
    except ValueError as error:
        raise RefusalError(str(error)) from error


def _truth(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise RefusalError(f"There is no truth file {path}. `forewarn simulate` writes one.")
    planted = pq.read_table(path).to_pandas()
    if missing := [name for name in TRUTH_COLUMNS if name not in planted.columns]:
        raise RefusalError(f"{path} is no truth file: it lacks {', '.join(missing)}.")
    return planted


def _cases(lake: Lake, conf: City, until: date) -> pd.DataFrame:
    columns = ["subject_id", "case_id", "stage", "stage_date", *HARMS]
    if not lake.exists("silver", conf.target.label_table):
        return pd.DataFrame(columns=columns)
    known = known_state(lake.read("silver", conf.target.label_table), until, plan="hash")
    rows = known.select(*columns).toPandas()
    return rows.sort_values(["subject_id", "stage_date", "stage"], ignore_index=True)


def _newest_day(lake: Lake, conf: City, run: Run) -> date:
    """The last day on which the city knew anything of its register or of its cases."""
    days = [run.as_of]
    for table in ("registration", conf.target.label_table):
        if lake.exists("silver", table):
            newest = lake.read("silver", table).agg(F.max("known_at").alias("d")).collect()[0]["d"]
            days += [newest] if newest is not None else []
    return max(days)


def _firms(lake: CityLake, run: Run, conf: City, features: pd.DataFrame) -> pd.DataFrame:
    register = latest_by_key(lake.table("registration", run.as_of), ["subject_id"])
    named = register.select("subject_id", "name", "district", "industry")
    scores = rows_of(lake.lake, "scores", run).select("subject_id", "probability", "margin")
    firms = scores.join(named, "subject_id", "left").toPandas()
    firms = firms.sort_values("subject_id", ignore_index=True)
    firms["district"] = firms["district"].fillna("").str.strip().replace("", UNASSIGNED)
    known = features.set_index("subject_id").reindex(firms["subject_id"]).reset_index()
    groups = group_of(known, [name for name in settings_of(conf).alike if name in known])
    return firms.assign(group=groups.to_numpy())


def _features(lake: CityLake, run: Run) -> pd.DataFrame:
    """The run's features without the ones that only name: texts of the graph, the run itself."""
    aside = [name for name, one in GRAPH_FEATURES.items() if not one.measure and name != "group_id"]
    rows = rows_of(lake.lake, "subject_features", run).drop("run_id", "as_of", *aside).toPandas()
    return rows.sort_values("subject_id", ignore_index=True)


def _listed(lake: CityLake, run: Run) -> pd.DataFrame:
    rows = rows_of(lake.lake, "warnings", run).where(F.col("section") == LIST)
    wanted = ["subject_id", "district", "rank", "record_count", "department_count", "elements"]
    return rows.select(*wanted).toPandas().sort_values("rank", ignore_index=True)


def _lists(lake: CityLake) -> pd.DataFrame:
    """Every published list: as_of, subject_id; of two runs of a day the later one."""
    runs = {run.as_of: run.run_id for run in lake.runs()}
    rows = lake.lake.read("gold", "warnings").where(F.col("section") == LIST)
    rows = rows.where(F.col("run_id").isin(sorted(runs.values())))
    lists = rows.select("as_of", "subject_id").distinct().toPandas()
    return lists.sort_values(["as_of", "subject_id"], ignore_index=True)


def last_list_before(lists: pd.DataFrame, as_of: date) -> date | None:
    """The day of the list that one is held against: a night that listed nobody made none."""
    return max((day for day in lists["as_of"] if day < as_of), default=None)


def _inspections(lake: Lake, after: date, until: date) -> pd.DataFrame | None:
    """Inspections in (after, until] whose result finds or clears, as `Held.inspections` has them.

    Where a published list sent the inspectors (`list_run_id`), its own draw and probability count,
    and of those that it ranked only while something of its lots was inspected too: alone they would
    stand for all firms. A campaign, and a visit for a reason of the firm's own, weigh nothing.
    """
    if not lake.exists("silver", "inspection"):
        return None
    known = known_state(lake.read("silver", "inspection"), until, plan="hash")
    told = known.where(
        (F.col("inspected_date") > F.lit(after)) & F.col("result").isin(*RESOLVED)
    ).select("subject_id", "draw_type", "inclusion_prob", "inspected_date", "result", "list_run_id")
    rows = told.join(_places(lake), ["list_run_id", "subject_id"], "left").toPandas()
    by_lot = rows["draw_type"] == BY_LOT
    own_lot = by_lot & rows["place_draw"].isna()
    list_lot = by_lot & (rows["place_draw"] == RANDOM_DRAW)
    ranked = (rows["draw_type"] != CAMPAIGN) & (rows["place_draw"] == RANKED_DRAW)
    chance = rows["inclusion_prob"].astype(float).where(own_lot)
    of_list = list_lot | (ranked & list_lot.any())
    chance = chance.mask(of_list, rows["place_prob"].astype(float))
    table = pd.DataFrame(
        {
            "subject_id": rows["subject_id"],
            "day": rows["inspected_date"],
            "hit": rows["result"] == CONFIRMED,
            "drawn": (own_lot | list_lot) & chance.notna(),
            "inclusion_probability": chance,
        }
    )
    return table.sort_values(["day", "subject_id", "hit", "drawn"], ignore_index=True)


def _places(lake: Lake) -> DataFrame:
    """Who had a place on any list: list_run_id, subject_id, place_draw, place_prob."""
    return (
        lake.read("gold", "warnings")
        .where(F.col("draw_type").isNotNull())
        .select(
            F.col("run_id").alias("list_run_id"),
            "subject_id",
            F.col("draw_type").alias("place_draw"),
            F.col("inclusion_prob").alias("place_prob"),
        )
    )


def _leads(cases: pd.DataFrame, conf: City, after: date) -> pd.DataFrame:
    """Firms first looked at after the day, by the label table: subject_id, day, hit."""
    cases = cases.dropna(subset=["stage_date"])
    first = cases.groupby("subject_id")["stage_date"].min()
    hits = set(cases[cases["stage"].isin(conf.target.positive_stages)]["subject_id"])
    looked = first[first > after].rename("day").reset_index()
    return looked.assign(hit=looked["subject_id"].isin(hits))


def _told(lake: Lake, since: date, until: date) -> frozenset[str]:
    """Firms of which any record came in (since, until]."""
    parts: list[DataFrame] = []
    for name in lake.tables("silver"):
        table = lake.read("silver", name)
        if "subject_id" in table.columns:
            new = (F.col("known_at") > F.lit(since)) & (F.col("known_at") <= F.lit(until))
            parts.append(table.where(new).select("subject_id"))
    everything = parts[0]
    for part in parts[1:]:
        everything = everything.unionByName(part)
    return frozenset(everything.distinct().toArrow().column(0).drop_null().to_pylist())

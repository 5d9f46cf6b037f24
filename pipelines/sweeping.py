"""Features of many days in one sweep: what `assembling.assembled` gives a day at a time.

A night needs one day, and everything around it. A training set or a backtest needs dozens of days
and the features alone: here the lake is read once for all of them, and for chosen firms only.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.city import City
from features.as_of import known_intervals, on_days
from features.sweep import features_of_days
from graphs.compact import GraphTooLarge
from graphs.components import GroupLabels, group_labels
from graphs.edge_history import ALWAYS, EdgeHistory, edge_history
from graphs.edges import EDGE_TABLES, edge_versions, shared_premises
from graphs.subject_graph import GRAPH_FEATURES, day_features
from models.risk.family import LARGEST_FAMILY
from pipelines.assembling import city_feature_set, concert_members, memory_limit, shape_settings
from pipelines.lake import Lake
from pipelines.refusals import RefusalError

Choose = Callable[[date, pa.Array, NDArray[np.int64]], pa.Array]
"""Of the firms registered as of a day (sorted ids) those whose features are wanted.

The third argument: the place of the first registered firm of each one's family, its own where it
has none.
"""

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Swept:
    """The features of several days; they lie in `folder` as long as the sweep is open.

    own: those of the feature set, of all days in order, None where they are too many to be held at
    once and each day lies in a file of its own.
    """

    days: tuple[date, ...]
    folder: Path
    names: tuple[str, ...]
    own: pa.Table | None

    def table(self, day: date) -> pa.Table:
        """The features of one day's wanted firms, sorted by subject_id.

        subject_id, the feature set's columns, the graph's (`GRAPH_FEATURES`): the rows and values
        that `assembled` has for these firms.
        """
        graph = pq.read_table(_graph_file(self.folder, day))
        own = self._own(day)
        if not own["subject_id"].combine_chunks().equals(graph["subject_id"].combine_chunks()):
            raise RuntimeError(
                f"The sweep made features of {own.num_rows:,} firms as of {day} and the graph of "
                f"{graph.num_rows:,}; expected the same firms. The lake was written to meanwhile, "
                "or this is a fault of the sweep: run again, then report it."
            )
        for name in GRAPH_FEATURES:
            own = own.append_column(name, graph[name])
        return own

    def _own(self, day: date) -> pa.Table:
        if self.own is None:
            part = self.folder / "features" / f"as_of={day}"
            rows = pq.read_table(part, partitioning=None)
            return rows.select(["subject_id", *self.names]).sort_by("subject_id")
        days = self.own["as_of"].cast(pa.int32()).to_numpy()
        start, end = np.searchsorted(days, [(day - _EPOCH).days, (day - _EPOCH).days + 1])
        return self.own.slice(start, end - start).select(["subject_id", *self.names])


@contextmanager
def swept(
    lake: Lake, city: City, days: Sequence[date], choose: Choose | None = None
) -> Iterator[Swept]:
    """The features of firms as of each of the days; what was written aside is removed at the end.

    `choose`: whose; None for every firm registered on each day (then a day's table is as long as
    the register: take up one at a time). Raises `RefusalError` when the graph does not fit.
    """
    folder = lake.staging / "sweep"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield _made(lake, city, tuple(days), folder, choose)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made(
    lake: Lake, city: City, days: tuple[date, ...], folder: Path, choose: Choose | None
) -> Swept:
    def keep(rows: DataFrame, name: str) -> DataFrame:
        path = folder / name
        rows.write.parquet(str(path))
        if not any(path.glob("*.parquet")):  # an engine may write no file at all for no rows
            path.mkdir(exist_ok=True)
            pq.write_table(rows.limit(0).toArrow(), path / "none.parquet")
        return lake.spark.read.schema(rows.schema).parquet(str(path))

    tables = {name: lake.read("silver", name) for name in lake.tables("silver")}
    last = max(days)
    standing = keep(
        known_intervals(tables["registration"], last).select(*_REGISTERED), "registration"
    )
    register = _read(folder / "registration", ["subject_id", "known_at", "known_until"])
    register = register.filter(pc.is_valid(register["subject_id"]))
    history = _history(tables, standing, register, city, keep, last, folder)
    cases = _cases(tables, city, last)
    number = history.firm_numbers(register["subject_id"].combine_chunks())
    wanted = {}
    for day in days:
        registered = np.unique(number[_standing(register, day)])
        concert = concert_members(_concert(tables, day), day)
        known = _known_cases(cases, day)
        wanted[day], graph = _graph_of(history, registered, known, concert, day, city, choose)
        pq.write_table(graph, _graph_file(folder, day))
    asked = None if choose is None else _asked(lake, history, wanted, folder)
    made = features_of_days(tables, days, city_feature_set(city), keep, asked)
    names = tuple(city_feature_set(city).names())
    if choose is None:
        made.write.partitionBy("as_of").parquet(str(folder / "features"))
        return Swept(days, folder, names, None)
    keep(made, "features")
    own = _read(folder / "features").sort_by([("as_of", "ascending"), ("subject_id", "ascending")])
    return Swept(days, folder, names, own)


def _graph_file(folder: Path, day: date) -> Path:
    return folder / f"graph-{day}.parquet"


def _graph_of(
    history: EdgeHistory,
    registered: NDArray[np.int32],
    cases: pa.Table,
    concert: pa.Table | None,
    day: date,
    city: City,
    choose: Choose | None,
) -> tuple[NDArray[np.int32], pa.Table]:
    """The firms wanted on the day, as numbers of the history, and their features in the graph."""
    settings = shape_settings(city)
    edges = history.on(day, settings.history_days, registered)
    labels = group_labels(edges.graph)
    wanted = registered
    if choose is not None:
        ids = history.ids.take(pa.array(registered))
        chosen = choose(day, ids, _eldest(labels, edges.number[registered]))
        wanted = np.unique(history.firm_numbers(chosen))
    features = day_features(
        edges,
        registered,
        wanted,
        cases,
        day,
        labels=labels,
        shape_settings=settings,
        control_threshold=city.control_threshold,
        concert=concert,
    )
    return wanted, features


def _eldest(labels: GroupLabels, firms: NDArray[np.int32]) -> NDArray[np.int64]:
    """The place among `firms` of the first of each one's family, its own where it has none."""
    label = labels.label[firms]
    place = np.arange(len(firms))
    first = np.full(len(labels.size), len(firms))
    np.minimum.at(first, label, place)
    family = (labels.size[label] >= 2) & (labels.size[label] <= LARGEST_FAMILY)
    return np.where(family, first[label], place)


# what the graph reads of a registration
_REGISTERED = (
    "subject_id", "legal_rep_key", "domicile_address_id", "operating_address_id", "contact_phone",
    "agent_id", "cluster_registered", "known_at", "known_until",
)  # fmt: skip


def _asked(
    lake: Lake, history: EdgeHistory, wanted: Mapping[date, NDArray[np.int32]], folder: Path
) -> DataFrame:
    """The wanted firms and days as the engine reads them: by Parquet, ten times cheaper."""
    days = np.repeat(
        np.array([(day - _EPOCH).days for day in wanted], np.int32),
        [len(firms) for firms in wanted.values()],
    )
    firms = history.ids.take(pa.array(np.concatenate(list(wanted.values()))))
    rows = pa.table({"as_of": pa.array(days).cast(pa.date32()), "subject_id": firms})
    pq.write_table(rows, folder / "wanted.parquet")
    return lake.spark.read.parquet(str(folder / "wanted.parquet"))


def _history(
    tables: Mapping[str, DataFrame],
    registered: DataFrame,
    register: pa.Table,
    city: City,
    keep: Callable[[DataFrame, str], DataFrame],
    last: date,
    folder: Path,
) -> EdgeHistory:
    names = [name for name in (*EDGE_TABLES, "address") if name in tables]
    intervals = {name: known_intervals(tables[name], last) for name in names}
    keep(edge_versions(intervals | {"registration": registered}), "edges")
    premises = shared_premises(intervals)
    try:
        return edge_history(
            _read(folder / "edges"),
            pc.unique(register["subject_id"]),
            None if premises is None else premises.toArrow(),
            limit_bytes=memory_limit(city),
        )
    except GraphTooLarge as error:
        where = city.folder / "city.yaml"
        raise RefusalError(f"{error} The limit is graph_memory_gb in {where}.") from None


def _cases(tables: Mapping[str, DataFrame], city: City, last: date) -> pa.Table:
    """Official stages and when they were known: subject_id, stage_date, known_at, known_until."""
    target = city.target
    names = ["subject_id", "stage_date", "known_at", "known_until"]
    if target.label_table not in tables:
        dates = [pa.field(name, pa.date32()) for name in names[1:]]
        return pa.schema([pa.field("subject_id", pa.string()), *dates]).empty_table()
    rows = known_intervals(tables[target.label_table], last)
    return rows.where(F.col("stage").isin(*target.official_stages)).select(*names).toArrow()


def _known_cases(cases: pa.Table, day: date) -> pa.Table:
    """What `assembling.known_cases` finds as of the day."""
    rows = cases.filter(pa.array(_standing(cases, day)))
    first = rows.group_by("subject_id").aggregate([("stage_date", "min")])
    first = first.rename_columns({"stage_date_min": "stage_date"})
    return first.select(["subject_id", "stage_date"]).sort_by("subject_id")


def _concert(tables: Mapping[str, DataFrame], day: date) -> dict[str, DataFrame]:
    if "concert_party" not in tables:
        return {}
    return {"concert_party": on_days(known_intervals(tables["concert_party"], day), [day])}


def _standing(rows: pa.Table, day: date) -> NDArray[np.bool_]:
    """Which rows stood on the day."""
    at = (day - _EPOCH).days
    known = pc.fill_null(rows["known_at"].cast(pa.int32()), ALWAYS).to_numpy()
    until = pc.fill_null(rows["known_until"].cast(pa.int32()), ALWAYS).to_numpy()
    standing: NDArray[np.bool_] = (known <= at) & (until > at)
    return standing


def _read(folder: Path, columns: Sequence[str] | None = None) -> pa.Table:
    return pq.read_table(folder, columns=columns)

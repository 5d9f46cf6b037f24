"""Assembling: every firm's features and its place in the graph, as of a day.

The graph runs in arrays on the driver; its result comes back into the engine by Parquet, which is
ten times cheaper than rows through `createDataFrame`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.dataset import dataset
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.city import City
from conf.target import Target
from features.as_of import known_tables
from features.assemble import subject_features
from features.characteristics import allowed, check_graph_columns
from features.feature_sets import FeatureSet, feature_set
from features.repairs import unmatched_repairs, without_repaired
from graphs.compact import CompactGraph, GraphTooLarge, compact, require_memory
from graphs.concert import concert_groups, joined_groups
from graphs.control import Control, control
from graphs.dated_shapes import split_ended
from graphs.edges import EDGE_SCHEMA, concert_holders, edges
from graphs.shape_members import shape_members
from graphs.shape_settings import ShapeSettings
from graphs.subject_graph import GRAPH_FEATURES, graph_features
from pipelines.lake import Lake
from pipelines.refusals import RefusalError

PAGE = os.sysconf("SC_PAGE_SIZE")
BYTES_PER_ROW = 260
"""What a row of the edge table takes in memory, as measured over a million of them."""


@dataclass(frozen=True)
class Assembled:
    """What is known of a city as of a day.

    `known`: the known state of every silver table; `edges`: the graph's edges (Arrow), `ended`
    those that ended in the time the shapes look back over; `features`: subject_id, the feature
    set's columns and the graph's.
    """

    as_of: date
    known: Mapping[str, DataFrame]
    edges: pa.Table
    ended: pa.Table
    features: DataFrame


def city_feature_set(city: City) -> FeatureSet:
    """The features this city's model reads, its own declared ones included.

    What rests on a person's age or kin is among them only where the city states its basis.
    """
    personal = city.personal_basis is not None
    return feature_set(city.feature_set, city.features, personal=personal)


def known_lake(lake: Lake, as_of: date) -> dict[str, DataFrame]:
    """The known state of every silver table there is, without what was repaired by the day."""
    return without_repaired(_as_delivered(lake, as_of), as_of)


def repairs_without_effect(lake: Lake, as_of: date) -> DataFrame:
    """Repairs and sustained objections to be looked into (`features.repairs.unmatched_repairs`)."""
    return unmatched_repairs(_as_delivered(lake, as_of), as_of)


def _as_delivered(lake: Lake, as_of: date) -> dict[str, DataFrame]:
    silver = {name: lake.read("silver", name) for name in lake.tables("silver")}
    # on the embedded engine a third of the work; see `features.as_of.known_state`
    return known_tables(silver, as_of, plan="hash")


def model_features(city: City) -> list[str]:
    """The columns a model may learn from: the feature set's, and the graph's that measure."""
    check_graph_columns(GRAPH_FEATURES)
    measures = [name for name, feature in GRAPH_FEATURES.items() if feature.measure]
    graph = allowed(measures, city.personal_basis is not None)
    return [*city_feature_set(city).names(), *graph]


@contextmanager
def assembled(
    lake: Lake, city: City, as_of: date, known: Mapping[str, DataFrame] | None = None
) -> Iterator[Assembled]:
    """Features and graph as of a day; what it wrote aside is removed at the end.

    `known`: the known states, where they were worked out before.
    """
    known = known_lake(lake, as_of) if known is None else known
    scratch = lake.staging / f"graph-{as_of:%Y%m%d}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        shapes = shape_settings(city)
        dated_edges(known, city, as_of).write.parquet(str(scratch / "edges"))
        subjects = registered_subjects(known)
        relations, ended = split_ended(_loaded(scratch / "edges", len(subjects), city), as_of)
        cases = known_cases(known, city.target)
        graph = graph_features(
            relations,
            subjects,
            cases,
            as_of,
            ended=ended,
            shape_settings=shapes,
            control_threshold=city.control_threshold,
            concert=concert_members(known, as_of),
        )
        in_engine = _through_parquet(lake, graph, scratch / "graph.parquet")
        own = subject_features(known, as_of, city_feature_set(city))
        features = own.join(in_engine, "subject_id", "left").select(*own.columns, *GRAPH_FEATURES)
        yield Assembled(as_of, known, relations, ended, features)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def shape_table(city: City, day: Assembled) -> pa.Table:
    """Who stands in which shape of the graph, and with whom: `SHAPE_MEMBER_SCHEMA`."""
    graph = compact(day.edges, registered_subjects(day.known))
    controlled = controlled_graph(graph, city, concert_members(day.known, day.as_of))
    settings = shape_settings(city)
    return shape_members(graph, controlled, day.edges, day.ended, day.as_of, settings)


def controlled_graph(graph: CompactGraph, city: City, concert: pa.Table | None) -> Control:
    """Control by the city's threshold, recorded holders in concert counted as one."""
    together = None if concert is None else concert_groups(graph, joined_groups(concert))
    return control(graph, threshold=city.control_threshold, concert=together)


def concert_members(known: Mapping[str, DataFrame], as_of: date) -> pa.Table | None:
    """The holders recorded to count together, None where no table tells of any."""
    rows = concert_holders(known, as_of)
    return None if rows is None else rows.toArrow()


def shape_settings(city: City) -> ShapeSettings:
    """The settings of the graph's shapes for this city."""
    return ShapeSettings(known_hubs=frozenset(city.known_hubs))


def dated_edges(known: Mapping[str, DataFrame], city: City, as_of: date) -> DataFrame:
    """The edges of the day, and those that ended in the time the shapes look back over."""
    return edges(known, as_of, as_of - timedelta(shape_settings(city).history_days))


def unmatched(known: Mapping[str, DataFrame]) -> DataFrame | None:
    """Subjects that have records but no registration: table_name, subject_id, records."""
    firms = known["registration"].select("subject_id").distinct()
    parts = [
        table.where(F.col("subject_id").isNotNull())
        .join(firms, "subject_id", "left_anti")
        .groupBy("subject_id")
        .agg(F.count(F.lit(1)).alias("records"))
        .select(F.lit(name).alias("table_name"), "subject_id", "records")
        for name, table in sorted(known.items())
        if name != "registration" and "subject_id" in table.columns
    ]
    if not parts:
        return None
    everything = parts[0]
    for part in parts[1:]:
        everything = everything.unionByName(part)
    return everything


def registered_subjects(known: Mapping[str, DataFrame]) -> pa.Array:
    """The subjects in the register, sorted."""
    column = known["registration"].select("subject_id").distinct().toArrow().column(0)
    return column.combine_chunks().sort()


def known_cases(known: Mapping[str, DataFrame], target: Target) -> pa.Table:
    """Firms with an official stage, and the day of the first: what exposure starts from."""
    schema = pa.schema([("subject_id", pa.string()), ("stage_date", pa.date32())])
    if target.label_table not in known:
        return schema.empty_table()
    cases = (
        known[target.label_table]
        .where(F.col("stage").isin(*target.official_stages))
        .groupBy("subject_id")
        .agg(F.min("stage_date").alias("stage_date"))
    )
    return cases.toArrow().cast(schema).sort_by("subject_id")


def memory_limit(city: City) -> int:
    """How many bytes the graph may take: as city.yaml allows, else half of what there is."""
    allowed = city.graph_memory_gb
    return int(allowed * 2**30) if allowed else os.sysconf("SC_PHYS_PAGES") * PAGE // 2


def _loaded(folder: Path, subjects: int, city: City) -> pa.Table:
    """The edges as written, read only when they and the graph's arrays fit into memory."""
    if not any(folder.glob("*.parquet")):
        return EDGE_SCHEMA.empty_table()  # an engine may write no file at all for no rows
    written = dataset(folder, format="parquet")
    rows = written.count_rows()
    try:
        require_memory(subjects + rows, rows, memory_limit(city), rows * BYTES_PER_ROW)
    except GraphTooLarge as error:
        where = city.folder / "city.yaml"
        raise RefusalError(f"{error} The limit is graph_memory_gb in {where}.") from None
    return written.to_table()


def _through_parquet(lake: Lake, table: pa.Table, path: Path) -> DataFrame:
    pq.write_table(table, path)
    return lake.spark.read.parquet(str(path))

"""Warning: from scores to the ranked list with its reasons and the records behind them.

Only the listed firms come to the driver; their contributions are worked out there, and the
records behind the heaviest features are looked up in the engine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from conf.city import City
from features.as_of import latest_by_key
from features.evidence import evidence_rows
from graphs.declaration import GRAPH_FEATURES
from graphs.kinds import (
    BRANCH,
    DIRECTORSHIP,
    EDGE_KINDS,
    OWNERSHIP,
    SHARED_ADDRESS,
    SHARED_AGENT,
    SHARED_PHONE,
)
from models.risk.contributions import BASE, contributions
from models.risk.estimator import RiskModel
from models.risk.levels import ListPolicy
from models.risk.ranking import (
    LIST,
    UNDER_CASE,
    district_capacity,
    official_cases,
    rank_subjects,
)
from models.risk.reasons import leading_features, reasons
from models.risk.warning_list import WarningTables, warning_tables
from models.risk.wording import FeatureWords, words_of
from pipelines.assembling import Assembled, city_feature_set

_DIRECTIONS = {"up": 1, "down": -1, None: 0}
RECORDS_A_MEASURE = 5
RECORDS_A_FEATURE = 20
# the kinds of edges each graph measure counts; others rest on any relation of the firm
_KINDS: Mapping[str, Sequence[str]] = {
    "owner_count": (OWNERSHIP,),
    "max_owner_ratio": (OWNERSHIP,),
    "holding_count": (OWNERSHIP,),
    "circular_holding": (OWNERSHIP,),
    "controller_firm_count": (OWNERSHIP,),
    "control_depth": (OWNERSHIP,),
    "control_case_count": (OWNERSHIP,),
    "person_count": (DIRECTORSHIP, OWNERSHIP),
    "busiest_person_firms": (DIRECTORSHIP, OWNERSHIP),
    "person_link_count": (DIRECTORSHIP, OWNERSHIP),
    "address_firms": (SHARED_ADDRESS,),
    "phone_firms": (SHARED_PHONE,),
    "agent_firms": (SHARED_AGENT,),
    "circle_firms": (OWNERSHIP,),
    "cross_holding_count": (OWNERSHIP,),
    "shell_chain_length": (OWNERSHIP, DIRECTORSHIP),
    "people_ring_firms": (DIRECTORSHIP, OWNERSHIP),
    "front_parts": (DIRECTORSHIP, OWNERSHIP),
    "proxy_firms": (DIRECTORSHIP, OWNERSHIP),
    "resource_crowd": (SHARED_ADDRESS, SHARED_PHONE, SHARED_AGENT),
    "resource_twins": (SHARED_ADDRESS, SHARED_PHONE, SHARED_AGENT),
    "branch_burst_size": (BRANCH,),
    "rewired_count": (OWNERSHIP, DIRECTORSHIP, BRANCH),
    "rewired_share": (OWNERSHIP, DIRECTORSHIP, BRANCH),
}


@dataclass(frozen=True)
class Warned:
    """A list's gold tables, the contributions behind it, and each district's capacity."""

    tables: WarningTables
    contributions: pa.Table
    capacity: pa.Table


def warn(
    spark: SparkSession,
    city: City,
    judged: Assembled,
    scores: DataFrame,
    model: RiskModel,
    previous: pa.Table | None,
    run_id: str,
) -> Warned:
    """The list of one run. `previous` is the `warnings` of the list before, None for the first."""
    as_of, known = judged.as_of, judged.known
    policy = ListPolicy.of_settings(city.model.get("list", {}))
    registration = latest_by_key(known["registration"], ["subject_id"])
    capacity = district_capacity(
        _table(spark, city, known, "capacity"),
        registration,
        as_of,
        city.capacity_default.inspections,
    )
    cases = official_cases(_table(spark, city, known, "case_label"), city.target.official_stages)
    before = previous.column("subject_id").to_pylist() if previous is not None else []
    listed_before = spark.createDataFrame([(s,) for s in sorted(set(before))], "subject_id string")
    ranked = rank_subjects(
        scores, registration, capacity, cases, listed_before, as_of, policy
    ).toArrow()
    placed = ranked.filter(pc.is_in(ranked["place"], value_set=pa.array([LIST, UNDER_CASE])))
    weighed = _weighed(judged, model, placed.column("subject_id").to_pylist())
    words = _words(city)
    raising = [row for row in weighed.to_pylist() if row["feature"] != BASE]
    leading = leading_features(raising, words)
    found = _records(spark, city, judged, leading)
    said = reasons(raising, words, found)
    told = {subject: said.get(subject, ()) for subject in placed.column("subject_id").to_pylist()}
    tables = warning_tables(ranked, told, previous, run_id, as_of, policy)
    return Warned(tables, weighed, capacity.toArrow().sort_by("district"))


def _table(spark: SparkSession, city: City, known: Mapping[str, DataFrame], name: str) -> DataFrame:
    """A known state, or an empty frame of its columns where the city delivers no such table."""
    if name in known:
        return known[name]
    columns = ", ".join(f"{n} {kind}" for n, kind in city.silver_columns(name).items())
    return spark.createDataFrame([], columns)


def _weighed(judged: Assembled, model: RiskModel, subjects: Sequence[str]) -> pa.Table:
    """Contributions of the placed firms: subject_id, feature, value, contribution."""
    rows = judged.features.where(F.col("subject_id").isin(list(subjects)))
    return contributions(model, rows.toPandas().sort_values("subject_id"))


def _words(city: City) -> dict[str, FeatureWords]:
    words = words_of(city_feature_set(city).columns.values())
    for name, feature in GRAPH_FEATURES.items():
        words[name] = FeatureWords(
            name=name,
            zh=feature.zh,
            en=feature.en,
            unit=feature.unit or "count",
            direction=_DIRECTIONS[feature.direction],
            own=False,
            theme=name,
        )
    return words


def _records(
    spark: SparkSession, city: City, judged: Assembled, leading: Mapping[str, Iterable[str]]
) -> list[dict[str, Any]]:
    """The records behind the leading features, from silver and from the graph's edges."""
    pairs = [(subject, name) for subject, names in sorted(leading.items()) for name in names]
    own = [pair for pair in pairs if pair[1] not in GRAPH_FEATURES]
    found: list[dict[str, Any]] = []
    if own:
        wanted = spark.createDataFrame(own, "subject_id string, feature string")
        found = (
            evidence_rows(judged.known, judged.as_of, wanted, limit_per_feature=RECORDS_A_FEATURE)
            .toArrow()
            .to_pylist()
        )
    return found + _relation_records(
        judged, city, [pair for pair in pairs if pair[1] in GRAPH_FEATURES]
    )


def _relation_records(
    judged: Assembled, city: City, pairs: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    """The relations a graph measure rests on: along the exposure path, else the firm's own edges.

    A record that makes several edges is given once; at most `RECORDS_A_MEASURE` of each.
    """
    if not pairs:
        return []
    firms = sorted({subject for subject, _ in pairs})
    placed = judged.features.where(F.col("subject_id").isin(firms))
    paths = {
        row["subject_id"]: row["exposure_path"]
        for row in placed.select("subject_id", "exposure_path").collect()
    }
    names = {subject: _path_nodes(subject, paths.get(subject)) for subject in firms}
    touched = pa.array(sorted({name for path in names.values() for name in path}), pa.string())
    near = pc.or_(
        pc.is_in(judged.edges["src"], value_set=touched),
        pc.is_in(judged.edges["dst"], value_set=touched),
    )
    edges = judged.edges.filter(near).to_pylist()
    departments = {source.name: source.department for source in city.sources.values()}
    return [
        {
            "subject_id": subject,
            "feature": feature,
            "source_dept": departments.get(edge["source"], edge["source"]),
            "event_date": edge["valid_from"],
            "known_at": None,
            **{n: edge[n] for n in ("table_name", "source", "source_record_id", "file", "line")},
        }
        for subject, feature in pairs
        for edge in _resting(edges, subject, feature, names[subject])[:RECORDS_A_MEASURE]
    ]


def _path_nodes(subject: str, path: str | None) -> list[str]:
    return [step["node"] for step in json.loads(path) if "node" in step] if path else [subject]


def _resting(
    edges: Sequence[Mapping[str, Any]], subject: str, feature: str, path: Sequence[str]
) -> list[Mapping[str, Any]]:
    steps = {frozenset(pair) for pair in pairwise(path)}
    along = feature.startswith("exposure") and bool(steps)
    kept = [
        edge
        for edge in edges
        if (
            frozenset((edge["src"], edge["dst"])) in steps
            if along
            else subject in (edge["src"], edge["dst"])
            and edge["kind"] in _KINDS.get(feature, EDGE_KINDS)
        )
    ]
    by_record = {(edge["file"], edge["line"]): edge for edge in kept}
    return [by_record[key] for key in sorted(by_record)]

"""Warning: from scores to the list with its reasons, the records behind them, and what would help.

Only the firms that can have a place come to the driver. Who has one is chosen there, contributions
are worked out there, and the records behind the heaviest features are looked up in the engine.
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
from features.characteristics import elements_of
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
from models.risk.facts import fact_columns
from models.risk.family import FAMILY
from models.risk.inspections import RESTING_SCHEMA, latest_inspections, resting
from models.risk.levels import ListPolicy
from models.risk.list_places import RANDOM, choose
from models.risk.path_words import path_words
from models.risk.random_draw import lot_of
from models.risk.ranking import (
    LIST,
    UNDER_CASE,
    candidates,
    district_capacity,
    official_cases,
)
from models.risk.reasons import Reason, leading_features, reasons
from models.risk.warning_list import WarningTables, warning_tables
from models.risk.wording import FeatureWords
from pipelines.assembling import Assembled, city_feature_set
from pipelines.family_voices import family_voices, firm_names
from pipelines.feature_words import feature_words
from pipelines.judging import Keep
from pipelines.lowering import lowered, standing_of
from pipelines.past_lists import PastLists, rows_among

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
    """A list's gold tables, the contributions behind it, what would lower it, each district's
    capacity, and what a person should know of how it was made."""

    tables: WarningTables
    contributions: pa.Table
    counterfactuals: pa.Table
    capacity: pa.Table
    notes: tuple[str, ...] = ()


def warn(
    spark: SparkSession,
    city: City,
    judged: Assembled,
    scores: DataFrame,
    model: RiskModel,
    past: PastLists,
    run_id: str,
    aside: Keep,
) -> Warned:
    """The list of one run, held against those before. `aside` keeps what is not to stay."""
    policy = ListPolicy.of_settings(city.model.get("list", {}))
    facts = fact_columns(
        judged.features.columns,
        {name: c.feature.inputs for name, c in city_feature_set(city).with_inputs().items()},
    )
    registration = latest_by_key(judged.known["registration"], ["subject_id"])
    capacity = district_capacity(
        _table(spark, city, judged.known, "capacity"),
        registration,
        judged.as_of,
        city.capacity_default.inspections,
    )
    lot = lot_of(city.name, judged.as_of, policy)
    previous = past.warnings()
    found = candidates(
        scores,
        registration,
        capacity,
        official_cases(
            _table(spark, city, judged.known, "case_label"), city.target.official_stages
        ),
        _listed_before(spark, previous),
        _who_rests(spark, judged, scores, past, facts, policy),
        judged.as_of,
        policy,
        lot,
    ).toArrow()
    now = _features_of(judged, found.column("subject_id").to_pylist())
    chosen = choose(found.to_pylist(), past.before(previous, now, facts), policy, lot)
    placed = [row["subject_id"] for row in chosen if row["place"] in (LIST, UNDER_CASE)]
    words = feature_words(city)
    weighed = _weighed(judged, model, placed)
    said = _said(spark, city, judged, model, registration, now, weighed, words)
    told = {subject: said.get(subject, ()) for subject in placed}
    spoken = {name: word for name, word in words.items() if name in model.columns}
    tables = warning_tables(
        chosen, told, previous, run_id, judged.as_of, policy, spoken,
        _paths(city, registration, now, told),
    )  # fmt: skip
    helps = lowered(judged, city, model, standing_of(chosen, told, now), spoken, policy, aside)
    places = capacity.toArrow().sort_by("district")
    return Warned(tables, weighed, helps.counterfactuals, places, helps.notes)


def _listed_before(spark: SparkSession, previous: pa.Table | None) -> DataFrame:
    """subject_id of the firms that had a place on the list before."""
    rows = [] if previous is None else previous.select(["subject_id", "section"]).to_pylist()
    subjects = {row["subject_id"] for row in rows if row["section"] in (LIST, RANDOM, UNDER_CASE)}
    return spark.createDataFrame([(s,) for s in sorted(subjects)], "subject_id string")


def _who_rests(
    spark: SparkSession,
    judged: Assembled,
    scores: DataFrame,
    past: PastLists,
    facts: Sequence[str],
    policy: ListPolicy,
) -> DataFrame:
    """Who was inspected lately without a finding, and whether it rests: RESTING_SCHEMA."""
    if "inspection" not in judged.known or policy.quiet_days == 0:
        return spark.createDataFrame([], RESTING_SCHEMA)
    inspected = latest_inspections(judged.known["inspection"], judged.as_of, policy)
    rows = inspected.toArrow().to_pylist()
    days = {row["subject_id"]: row["inspected_date"] for row in rows}
    probabilities = {
        row["subject_id"]: row["probability"]
        for row in rows_among(scores, days).toArrow().to_pylist()
    }
    now = [
        row | {"probability": probabilities[row["subject_id"]]}
        for row in _features_of(judged, days)
        if row["subject_id"] in probabilities
    ]
    told = resting(rows, past.standing_at(days), now, facts, policy, judged.as_of)
    return spark.createDataFrame(told, RESTING_SCHEMA)


def _features_of(judged: Assembled, subjects: Iterable[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rows_among(judged.features, subjects).toArrow().to_pylist()
    return found


def _said(
    spark: SparkSession,
    city: City,
    judged: Assembled,
    model: RiskModel,
    registration: DataFrame,
    features: Iterable[Mapping[str, Any]],
    weighed: pa.Table,
    words: Mapping[str, FeatureWords],
) -> dict[str, tuple[Reason, ...]]:
    """The reasons of the placed firms, by statutory element, with their records."""

    def elements(feature: str) -> tuple[str, ...]:
        return elements_of(feature, judged.as_of)

    raising = [row for row in weighed.to_pylist() if row["feature"] != BASE]
    leading = leading_features(raising, words, elements=elements)
    found = _records(spark, city, judged, leading)
    kin = [row for row in features if FAMILY in leading.get(row["subject_id"], ())]
    voices = family_voices(judged, city, model, registration, kin)
    ends = {(subject, FAMILY): said for subject, said in voices.items()}
    return reasons(raising, words, found, elements=elements, ends=ends)


def _paths(
    city: City,
    registration: DataFrame,
    features: Iterable[Mapping[str, Any]],
    told: Mapping[str, Sequence[Reason]],
) -> dict[str, tuple[str, str]]:
    """The way from a known case to the firm, for those whose reasons speak of exposure."""
    ways = {
        row["subject_id"]: row["exposure_path"]
        for row in features
        if any(r.feature.startswith("exposure") for r in told.get(row["subject_id"], ()))
    }
    firms = {node for subject, way in ways.items() for node in _path_nodes(subject, way)}
    names = firm_names(city, registration, firms)

    def name_of(subject: str) -> str:
        return f"{names(subject)}（{subject}）" if names(subject) else subject

    paths = {subject: path_words(way, name_of) for subject, way in sorted(ways.items())}
    return {subject: path for subject, path in paths.items() if path is not None}


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


def _records(
    spark: SparkSession, city: City, judged: Assembled, leading: Mapping[str, Iterable[str]]
) -> list[dict[str, Any]]:
    """The records behind the leading features, from silver and from the graph's edges."""
    pairs = [(subject, name) for subject, names in sorted(leading.items()) for name in names]
    related = {*GRAPH_FEATURES, FAMILY}
    own = [pair for pair in pairs if pair[1] not in related]
    found: list[dict[str, Any]] = []
    if own:
        wanted = spark.createDataFrame(own, "subject_id string, feature string")
        found = (
            evidence_rows(judged.known, judged.as_of, wanted, limit_per_feature=RECORDS_A_FEATURE)
            .toArrow()
            .to_pylist()
        )
    return found + _relation_records(judged, city, [pair for pair in pairs if pair[1] in related])


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

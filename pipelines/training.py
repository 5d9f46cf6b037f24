"""Training a city's model: features as of several days, labels as they came to be known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from conf.city import City
from conf.errors import ConfError, did_you_mean
from features.as_of import known_state
from graphs.declaration import GRAPH_FEATURES
from models.risk.audit import audit
from models.risk.estimator import RiskModel, Settings, trained
from models.risk.labels import (
    dated_labels,
    known_on,
    label_delay,
    static_labels,
    training_dates,
)
from models.risk.succession import judged_against
from models.risk.training_set import group_of
from pipelines.assembling import city_feature_set, model_features
from pipelines.lake import Lake
from pipelines.model_registry import champion_or_none, register
from pipelines.progress import Step
from pipelines.refusals import RefusalError
from pipelines.training_features import training_rows


def settings_of(city: City) -> Settings:
    """The estimator's settings from `model:` in city.yaml. Raises `ConfError` for unknown ones."""
    known = {field.name for field in fields(Settings)}
    given = {name: value for name, value in city.model.items() if name != "list"}
    for name in given:
        if name not in known:
            told = f"unknown setting '{name}' in model; expected one of {', '.join(sorted(known))}"
            raise ConfError(city.folder / "city.yaml", None, told + did_you_mean(name, known))
    if "alike" in given:
        given["alike"] = tuple(given["alike"])
    return Settings(**given)


def train_city(lake: Lake, city: City, as_of: date, step: Step) -> RiskModel:
    """Trains on what was known by `as_of` and registers the model.

    The first is the champion; a later one becomes it only when it is better on dated data beyond
    noise (`models.risk.succession`), else it stays challenger. The model trained is given back.

    A city with one date for all its records (`known_at` in city.yaml) trains on its labelled firms
    in grouped folds; any other on features as of earlier days and the cases that followed. Raises
    `RefusalError` when there is no table of cases or not a year of records.
    """
    if not lake.exists("silver", city.target.label_table):
        raise RefusalError(
            "There are no cases to learn from: no source filled the table "
            f"{city.target.label_table}. Deliver one, then run again."
        )
    settings = settings_of(city)
    static = city.known_at is not None
    cases = _cases(lake, city, as_of)
    timing = _timing(lake, city, cases, as_of)
    days = _days(city, timing, as_of)
    if not days:
        raise RefusalError(
            f"There is less than a year and {timing.gap_days} days of records before {as_of}: "
            "too little to train on. Choose a later --as-of."
        )
    rows = _rows_to_train(lake, city, as_of, days, cases, step)
    step("training the model", 0.58)
    made = trained(
        rows, model_features(city), directions(city), settings, "static" if static else "dated",
        _about(city, as_of, days, timing), timing.gap_days, timing.complete_until,
    )  # fmt: skip
    rows = rows[rows["weight"] > 0]
    told = audit(
        rows,
        presence_of(rows, first_records(lake)),
        made.model.features,
        made.model.card.get("auc"),
        settings,
    )
    model = replace(made.model, card={**made.model.card, "audit": told.card()})
    standing = champion_or_none(lake.root, city.name)
    verdict = None if standing is None else judged_against(standing, model, made.judged, settings)
    register(lake.root, city.name, model, verdict)
    return model


def rows_to_train(lake: Lake, city: City, as_of: date, step: Step) -> pd.DataFrame:
    """The rows a night as of the day learns from (`train_city`), empty without a year of records."""
    cases = _cases(lake, city, as_of)
    days = _days(city, _timing(lake, city, cases, as_of), as_of)
    return _rows_to_train(lake, city, as_of, days, cases, step) if days else pd.DataFrame()


def _rows_to_train(
    lake: Lake,
    city: City,
    as_of: date,
    days: Sequence[date],
    cases: pd.DataFrame,
    step: Step,
) -> pd.DataFrame:
    """Labelled rows of all days with group and, in a dated city, known_on."""
    settings, static = settings_of(city), city.known_at is not None
    labels = {
        day: static_labels(cases, city.target)
        if static
        else dated_labels(cases, city.target, day, as_of)
        for day in days
    }
    rows = training_rows(lake, city, days, labels, settings, step)
    # a firm keeps the group of its newest row on all days, or it would stand on both sides
    newest = rows.sort_values("as_of", ascending=False, kind="stable")
    newest = newest.drop_duplicates("subject_id", keep="first")
    group = dict(zip(newest["subject_id"], group_of(newest, settings.alike), strict=True))
    rows["group"] = rows["subject_id"].map(group)
    if not static:
        rows["known_on"] = rows["subject_id"].map(known_on(cases, city.target))
        rows["known_on"] = rows["known_on"].where(rows["label"] == 1)
    return rows


@dataclass(frozen=True)
class _Timing:
    """When records begin, how long labels take, and the last day with its whole horizon behind."""

    first_known: date
    measured_delay: int | None
    gap_days: int
    complete_until: date


def _timing(lake: Lake, city: City, cases: pd.DataFrame, as_of: date) -> _Timing:
    first = _first_known(lake)
    static = city.known_at is not None
    delay = None if static else label_delay(cases, city.target, first)
    gap = max(city.target.gap_days, delay or 0)
    return _Timing(
        first, delay, gap, as_of - timedelta(days=city.target.horizon_days + (delay or 0))
    )


def _days(city: City, timing: _Timing, as_of: date) -> list[date]:
    """The days whose rows are trained on, the newest first; none where records are too young."""
    if city.known_at is not None:
        return [as_of]
    settings = settings_of(city)
    return training_dates(
        timing.first_known, as_of, city.target, settings.most_dates, timing.gap_days,
        settings.months_apart,
    )  # fmt: skip


def _about(city: City, as_of: date, days: Sequence[date], timing: _Timing) -> dict[str, Any]:
    return {
        "city": city.name,
        "as_of": str(as_of),
        "target": city.target.name,
        "days": [str(day) for day in days],
        "label_delay_days": timing.measured_delay,
        "target_gap_days": city.target.gap_days,
    }


def first_records(lake: Lake) -> dict[str, pd.Series]:
    """By table, the day a first record of each firm was known, by subject id.

    Withdrawn records count too: a department that withdrew one had looked.
    """
    found = {}
    for name in sorted(lake.tables("silver")):
        table = lake.read("silver", name)
        if {"subject_id", "known_at"} <= set(table.columns):
            first = table.where(F.col("subject_id").isNotNull()).groupBy("subject_id")
            told = first.agg(F.min("known_at").alias("known_at")).toPandas()
            found[name] = pd.to_datetime(told.set_index("subject_id")["known_at"]).sort_index()
    return found


def presence_of(rows: pd.DataFrame, first: Mapping[str, pd.Series]) -> pd.DataFrame:
    """One column a table: whether the firm had a record there by the row's day.

    The register, where everybody stands, and the tables of cases, which are the label, are left out.
    """
    day = pd.to_datetime(rows["as_of"])
    aside = ("registration", "case_label")
    return pd.DataFrame({
        name: (rows["subject_id"].map(known) <= day).to_numpy()
        for name, known in first.items()
        if name not in aside
    })  # fmt: skip


def directions(city: City) -> dict[str, int]:
    """Which way each feature points, where it declares one: +1 riskier upwards, -1 downwards."""
    turned = {"up": 1, "down": -1}
    own = {
        name: column.feature.direction for name, column in city_feature_set(city).columns.items()
    }
    graph = {
        name: turned[feature.direction]
        for name, feature in GRAPH_FEATURES.items()
        if feature.direction is not None
    }
    return {name: way for name, way in (own | graph).items() if way}


def _cases(lake: Lake, city: City, as_of: date) -> pd.DataFrame:
    known = known_state(lake.read("silver", city.target.label_table), as_of)
    rows = known.select("subject_id", "stage", "stage_date", "known_at").toPandas()
    return rows.sort_values(["subject_id", "stage_date", "stage"], ignore_index=True)


def _first_known(lake: Lake) -> date:
    first: date = (
        lake.read("silver", "registration").agg(F.min("known_at").alias("d")).collect()[0]["d"]
    )
    return first

"""Training a city's model: features as of several days, labels as they came to be known."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import pandas as pd
from pyspark.sql import functions as F

from conf.city import City
from conf.errors import ConfError, did_you_mean
from features.as_of import known_state
from graphs.declaration import GRAPH_FEATURES
from models.risk.estimator import RiskModel, Settings, train
from models.risk.labels import dated_labels, static_labels, training_dates
from models.risk.training_set import group_of
from pipelines.assembling import city_feature_set, model_features
from pipelines.lake import Lake
from pipelines.model_registry import register
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
    """Trains on what was known by `as_of` and registers the model as champion.

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
    days = [as_of] if static else training_dates(
        _first_known(lake), as_of, city.target, settings.most_dates
    )  # fmt: skip
    if not days:
        raise RefusalError(
            f"There is less than a year and {city.target.gap_days} days of records before {as_of}: "
            "too little to train on. Choose a later --as-of."
        )
    labels = {
        day: static_labels(cases, city.target)
        if static
        else dated_labels(cases, city.target, day, as_of)
        for day in days
    }
    rows = training_rows(lake, city, days, labels, settings, step)
    step("training the model", 0.58)
    # a firm keeps the group of its newest row on all days, or it would stand on both sides
    newest = rows.drop_duplicates("subject_id", keep="first")
    group = dict(zip(newest["subject_id"], group_of(newest, settings.alike), strict=True))
    rows["group"] = rows["subject_id"].map(group)
    about = {"city": city.name, "as_of": str(as_of), "target": city.target.name,
             "days": [str(day) for day in days]}  # fmt: skip
    mode = "static" if static else "dated"
    model = train(rows, model_features(city), directions(city), settings, mode, about)
    register(lake.root, city.name, model)
    return model


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
    rows = known.select("subject_id", "stage", "stage_date").toPandas()
    return rows.sort_values(["subject_id", "stage_date", "stage"], ignore_index=True)


def _first_known(lake: Lake) -> date:
    first: date = (
        lake.read("silver", "registration").agg(F.min("known_at").alias("d")).collect()[0]["d"]
    )
    return first

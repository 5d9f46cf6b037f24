"""The risk model: honest folds, an order that calibration keeps, contributions that add up."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from literal_training import DIRECTIONS, FEATURES, training_rows
from pyspark.sql import SparkSession

from models.risk.contributions import BASE, contribution_matrix, contributions
from models.risk.curves import best_f1
from models.risk.estimator import RiskModel, Settings, prepared, train
from models.risk.scoring import score, scored

KINDS = ("trees", "monotone", "directional", "surprise", "characteristics")
SETTINGS = Settings(trees=30)


def model(kind: str, rows: pd.DataFrame | None = None, mode: str = "dated") -> RiskModel:
    given = training_rows() if rows is None else rows
    return train(given, FEATURES, DIRECTIONS, replace(SETTINGS, kind=kind), mode)


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_and_calibration_keeps_the_order(kind: str) -> None:
    trained = model(kind)
    assert trained.card["auc"] > 0.8
    margins = np.linspace(-5, 5, 101)
    assert (np.diff(trained.probability(margins)) > 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_training_rows_changes_no_bit(kind: str) -> None:
    rows = training_rows()
    one, two = model(kind), model(kind, rows.sample(frac=1, random_state=9))
    assert one.version == two.version
    assert (one.margin(rows) == two.margin(rows)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_contributions_sum_to_the_margin(kind: str) -> None:
    trained, rows = model(kind), training_rows(200, seed=4)
    base, found = contribution_matrix(trained, rows)
    assert np.abs(base + found.sum(axis=1) - trained.margin(rows)).max() < 1e-9
    told = contributions(trained, rows.head(1)).to_pylist()
    assert {row["feature"] for row in told} <= {BASE, *FEATURES}
    assert math.fsum(row["contribution"] for row in told) == pytest.approx(
        trained.margin(rows.head(1))[0], abs=1e-9
    )


@pytest.mark.parametrize("kind", KINDS)
def test_shuffled_labels_teach_nothing(kind: str) -> None:
    rows = training_rows()
    rng = np.random.default_rng(1)
    rows["label"] = rng.permutation(rows["label"].to_numpy())
    auc = model(kind, rows).card["auc"]
    positives = int(rows["label"].sum())
    # the standard error of an AUC of a half (Hanley and McNeil)
    error = math.sqrt((len(rows) + 1) / (12 * positives * (len(rows) - positives)))
    assert abs(auc - 0.5) < 3 * error


def test_without_any_case_there_is_still_an_order() -> None:
    rows = training_rows().assign(label=0)
    trained = model("auto", rows)
    assert trained.card["kind"] == "characteristics"
    firms = pd.DataFrame(
        {"complaints": [0.0, 9.0, 9.0], "age": [4000.0, 4000.0, 40.0], "kind": "a", "noise": 0.0}
    )
    calm, loud, loud_and_young = trained.margin(firms)
    assert calm < loud < loud_and_young  # as the features declare their directions


def test_a_directional_model_keeps_every_declared_direction() -> None:
    rows = training_rows()
    rows["label"] = (rows["complaints"] == 0).astype(int)  # the cases say the opposite
    trained = model("directional", rows)
    firms = pd.DataFrame({"complaints": [0.0, 5.0], "age": 100.0})
    few, many = trained.margin(firms)
    assert few <= many


def test_static_models_score_training_firms_by_the_fold_that_had_not_seen_them() -> None:
    trained = model("trees", mode="static")
    assert set(trained.held_out) == set(training_rows()["subject_id"])
    assert model("trees").held_out == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_trained_firm_is_judged_by_the_fold_that_had_not_seen_its_group(kind: str) -> None:
    trained, rows = model(kind), training_rows()
    fold = rows["subject_id"].map(trained.fold_of)
    assert (fold.groupby(rows["group"]).nunique() == 1).all()  # dated cities too
    whole = trained.margin(rows.drop(columns="subject_id"))
    judged = trained.margin(rows)
    assert (whole != judged).any()
    for number, pipeline in enumerate(trained.folds):
        own = (fold == number).to_numpy()
        table = prepared(rows[own], trained)
        assert (judged[own] == pipeline.decision_function(table)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_duplicate_of_a_firm_changes_no_probability_of_others(kind: str) -> None:
    trained, rows = model(kind), training_rows(100, seed=8)
    alone = scored(rows, trained).to_pandas()
    twin = rows.iloc[[5]].assign(subject_id="twin")
    beside = scored(pd.concat([twin, rows], ignore_index=True), trained).to_pandas()
    assert (beside["probability"].to_numpy()[1:] == alone["probability"].to_numpy()).all()


def test_best_f1_never_parts_equal_scores() -> None:
    # 2 of 3 above the tie at 0.5 would be better, but the tie stands or falls together
    label, scored = np.array([1, 0, 1, 0]), np.array([0.9, 0.5, 0.5, 0.1])
    threshold, f1 = best_f1(label, scored)
    assert (threshold, f1) == (0.5, 0.8)


def test_scores_are_the_same_in_any_partitioning(spark: SparkSession) -> None:
    trained, rows = model("trees"), training_rows(150, seed=5)
    frame = spark.createDataFrame(rows[["subject_id", *FEATURES]])
    one = score(frame.repartition(1), trained).toPandas().sort_values("subject_id")
    many = score(frame.orderBy("noise").repartition(7), trained).toPandas()
    many = many.sort_values("subject_id")
    assert (one.to_numpy() == many.to_numpy()).all()
    assert (one["margin"].to_numpy() == pickle.loads(pickle.dumps(trained)).margin(rows)).all()

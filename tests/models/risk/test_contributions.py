from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from literal_rows import DIRECTIONS, FEATURES, SMALL, drawn_rows
from numpy.typing import NDArray

from models.risk.contributions import (
    BASE,
    contribution_matrix,
    contributions,
    model_columns,
)
from models.risk.estimator import RiskModel, prepared, train


@pytest.fixture(scope="module", params=["trees", "monotone", "directional", "surprise"])
def model(request: pytest.FixtureRequest) -> RiskModel:
    return train(drawn_rows(), FEATURES, DIRECTIONS, replace(SMALL, kind=request.param), "static")


def test_contributions_sum_to_the_margin(model: RiskModel) -> None:
    rows = drawn_rows(seed=9)
    rows.loc[::7, "debt"] = np.nan
    rows.loc[::11, "kind"] = None
    rows.loc[::13, "kind"] = "never seen"
    base, found = contribution_matrix(model, rows)
    assert found.shape == (len(rows), len(model.features))
    assert np.abs(base + found.sum(axis=1) - model.margin(rows)).max() < 1e-9


def test_rows_are_told_one_by_one(model: RiskModel) -> None:
    rows = drawn_rows().iloc[[3, 0]]
    told = contributions(model, rows).to_pandas()
    margin = dict(zip(rows["subject_id"], model.margin(rows), strict=True))
    for subject, part in told.groupby("subject_id"):
        assert part["contribution"].sum() == pytest.approx(margin[subject], abs=1e-9)
        assert set(part["feature"]) <= {BASE, *model.features}
        assert part["feature"].is_unique
    # as text: what a reader sees; the base has no value
    assert told[told["feature"] == BASE]["value"].isna().all()
    debt = told[(told["feature"] == "debt") & (told["subject_id"] == "F00003")]
    assert debt["value"].tolist() == [str(rows.loc[3, "debt"])]


def test_no_rows_no_contributions(model: RiskModel) -> None:
    assert contributions(model, drawn_rows().iloc[:0]).num_rows == 0


def test_against_a_slow_walk_down_each_tree() -> None:
    """The twin: one row and one tree at a time, each node's value the mean of the leaves below."""
    model = train(drawn_rows(), FEATURES, DIRECTIONS, SMALL, "static")
    rows = drawn_rows(seed=4).iloc[:25].drop(columns="subject_id")  # by the whole model
    table = model.pipeline.named_steps["prepare"].transform(prepared(rows, model))
    expected = np.zeros(table.shape)
    for (tree,) in model.pipeline.named_steps["model"]._predictors:
        for place, row in enumerate(table):
            at = 0
            while not tree.nodes[at]["is_leaf"]:
                node = tree.nodes[at]
                value = row[node["feature_idx"]]
                left = node["missing_go_to_left"] if np.isnan(value) else (
                    value <= node["num_threshold"]
                )  # fmt: skip
                below = int(node["left"] if left else node["right"])
                step = _mean_of_leaves(tree.nodes, below) - _mean_of_leaves(tree.nodes, at)
                expected[place, node["feature_idx"]] += step
                at = below
    _, found = contribution_matrix(model, rows)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def _mean_of_leaves(nodes: NDArray[np.void], at: int) -> float:
    leaves, weights = [], []
    waiting = [at]
    while waiting:
        node = nodes[waiting.pop()]
        if node["is_leaf"]:
            leaves.append(float(node["value"]))
            weights.append(float(node["count"]))
        else:
            waiting += [int(node["left"]), int(node["right"])]
    return float(np.average(leaves, weights=weights))


def test_a_feature_that_no_tree_asks_for_adds_nothing() -> None:
    rows = drawn_rows().assign(constant=1.0)
    model = train(rows, [*FEATURES, "constant"], DIRECTIONS, SMALL, "static")
    _, found = contribution_matrix(model, rows)
    assert (found[:, model_columns(model).index("constant")] == 0).all()


def test_a_worse_number_never_lowers_a_directional_margin() -> None:
    model = train(drawn_rows(), FEATURES, DIRECTIONS, replace(SMALL, kind="directional"), "static")
    debts = pd.DataFrame({"debt": np.linspace(-4, 4, 100), "age": 5.0})
    ages = pd.DataFrame({"debt": 0.0, "age": np.linspace(0, 40, 100)})
    assert (np.diff(model.margin(debts)) >= 0).all()
    assert (np.diff(model.margin(ages)) <= 0).all()

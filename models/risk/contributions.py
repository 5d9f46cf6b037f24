"""What each feature adds to a firm's margin: additive, and summing to it.

On its way down a tree a row's expected value changes at every split; that change is put down to the
feature split on (Saabas 2014). Over all trees, with the base, the changes sum to the margin. In the
directional model a feature's contribution is its weight times its rank.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from models.risk.directional import LeaningLogistic
from models.risk.estimator import Floats, RiskModel, prepared
from models.risk.family import FAMILY

BASE = "(base)"
SCHEMA = pa.schema(
    [
        ("subject_id", pa.string()),
        ("feature", pa.string()),
        ("value", pa.string()),
        ("contribution", pa.float64()),
    ]
)


def contribution_matrix(model: RiskModel, rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """Each row's base, and one column a feature in the order of `model_columns`.

    base + row sum = margin. A subject that trained has the base of the fold that judges it. Where the
    model reads what the family says, that is the last column.
    """
    base, found = np.zeros(len(rows)), np.zeros((len(rows), len(model.features)))
    for places, pipeline in model.judges(rows):
        firms = prepared(rows.iloc[places], model)
        table = np.asarray(pipeline.named_steps["prepare"].transform(firms), float)
        base[places], found[places] = _parts(pipeline.named_steps["model"], table)
    if model.family_weight:
        kin = model.family_weight * rows[FAMILY].to_numpy(dtype=float)
        found = np.column_stack([found, kin])
    return base, found


def _parts(estimator: Any, table: Floats) -> tuple[float, Floats]:
    """The base of an estimator and its parts; a bag's are the means of its models'."""
    if hasattr(estimator, "estimators_"):
        each = [_parts(one, table) for one in estimator.estimators_]
        base = sum(part[0] for part in each) / len(each)
        return base, sum((part[1] for part in each), np.zeros(table.shape)) / len(each)
    if isinstance(estimator, LeaningLogistic):
        return estimator.intercept_, table * estimator.coef_
    found = np.zeros(table.shape)
    base = float(np.ravel(estimator._baseline_prediction)[0])
    for (tree,) in estimator._predictors:
        values = _expected(tree.nodes)
        base += float(values[0])
        _walk(tree.nodes, values, table, found)
    return base, found


def model_columns(model: RiskModel) -> list[str]:
    """The features in the order in which the last step sees them."""
    numbers = [name for name in model.features if name not in model.categories]
    kin = [FAMILY] if model.family_weight else []
    return [*model.categories, *numbers, *kin]


def contributions(model: RiskModel, rows: pd.DataFrame) -> pa.Table:
    """subject_id, feature, value (as text), contribution: of every row and feature, nonzero only.

    `rows` has subject_id and the model's columns.
    """
    if len(rows) == 0:
        return SCHEMA.empty_table()
    base, found = contribution_matrix(model, rows)
    columns = model_columns(model)
    told: list[tuple[str, str, str | None, float]] = []
    for place, (_, row) in enumerate(rows.reset_index(drop=True).iterrows()):
        told.append((row["subject_id"], BASE, None, float(base[place])))
        for at in np.flatnonzero(found[place]):
            value = row[columns[at]]
            said = None if pd.isna(value) else str(value)
            told.append((row["subject_id"], columns[at], said, float(found[place, at])))
    return pa.Table.from_pylist(
        [dict(zip(SCHEMA.names, line, strict=True)) for line in told], SCHEMA
    )


def _expected(nodes: NDArray[np.void]) -> Floats:
    """Each node's value: a leaf's own, else the mean of its children weighted by training rows."""
    values: Floats = nodes["value"].astype(float)
    for at in np.flatnonzero(nodes["is_leaf"] == 0)[::-1]:  # children stand behind their parent
        left, right = int(nodes["left"][at]), int(nodes["right"][at])
        weights = nodes["count"][[left, right]].astype(float)
        values[at] = float(values[[left, right]] @ weights / weights.sum())
    return values


def _walk(nodes: NDArray[np.void], values: Floats, table: Floats, found: Floats) -> None:
    """Sends every row down one tree and books each step's change."""
    at = np.zeros(len(table), dtype=np.int64)
    rows = np.arange(len(table))
    while True:
        open_rows = rows[nodes["is_leaf"][at] == 0]
        if len(open_rows) == 0:
            return
        here = at[open_rows]
        feature = nodes["feature_idx"][here]
        value = table[open_rows, feature]
        missing = np.isnan(value)
        left = np.where(
            missing, nodes["missing_go_to_left"][here] == 1, value <= nodes["num_threshold"][here]
        )
        there = np.where(left, nodes["left"][here], nodes["right"][here]).astype(np.int64)
        np.add.at(found, (open_rows, feature), values[there] - values[here])
        at[open_rows] = there

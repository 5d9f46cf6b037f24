"""What the other firms of a family say of one of them.

A scheme is run by several firms under one hand, and each shows some of its signs. How the other
firms of the family stand, by their own features, is therefore evidence of each: a model in two
steps, the second of which is linear, so that it stays additive (guilt by association, as in GOTCHA!).
It is never a record of the firm's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphs.declaration import GraphFeature

if TYPE_CHECKING:
    from models.risk.estimator import RiskModel

FAMILY = "family_evidence"
"""The column: how far the others' own margins lie above the middle, weighed by how many they are."""
FAMILY_WEIGHT = 2.0
"""What a point of it adds to the margin (project default, see docs/decisions/0011)."""
LARGEST_FAMILY = 50
"""Larger groups of the graph are glued together by hubs and say nothing of kinship."""
FAMILY_FEATURE = GraphFeature(
    "同族企业的风险特征（高于常态）",
    "Signs of the family's other firms, above the usual",
    "Mean distance of the other firms' own margins from the model's middle, times (n - 1) / (n + 1) "
    f"with n firms in the family: a group of the graph of 2 to {LARGEST_FAMILY} firms. Made by the model from its "
    "own judgement of the others; exposure, with no statutory element and no record of the firm's "
    "own.",
    "double",
    "0",
    "up",
    "points",
)
"""The column as the data dictionary and the reasons speak of it."""
GRAIN = 1e9
"""Own margins are summed as whole numbers of this part: the same sum in any order."""

Floats = NDArray[np.float64]


def families(rows: pd.DataFrame) -> NDArray[np.int64]:
    """A number for each row's family, -1 for a firm without one; families of other days differ.

    `rows`: group_id and group_size, without which nobody has a family; `as_of` where there are
    several days.
    """
    if "group_id" not in rows:
        return np.full(len(rows), -1)
    there = (rows["group_size"].between(2, LARGEST_FAMILY) & rows["group_id"].notna()).to_numpy()
    keys = [rows["group_id"].where(there)] + ([rows["as_of"]] if "as_of" in rows else [])
    number = pd.DataFrame(dict(enumerate(keys))).groupby(list(range(len(keys)))).ngroup()
    return np.where(there, number.to_numpy(), -1).astype(np.int64)


def family_evidence(own: Floats, family: NDArray[np.int64], middle: float) -> Floats:
    """The evidence for each row from the other rows of its family; 0 where there is none.

    `own`: margins by the firms' own features; `middle`: the mean one. With n firms it is
    (n - 1) / (n + 1) times the others' mean distance from the middle: two firms say little, many
    say all they can.
    """
    evidence = np.zeros(len(own))
    at = np.flatnonzero(family >= 0)
    parts, kin = grains(own[at]), family[at]
    size = np.bincount(kin)
    total = np.zeros(len(size), np.int64)
    np.add.at(total, kin, parts)
    many = size[kin] > 1
    at, parts, kin = at[many], parts[many], kin[many]
    evidence[at] = _weighed(total[kin] - parts, size[kin] - 1, middle)
    return evidence


def grains(own: Floats) -> NDArray[np.int64]:
    """Own margins as whole numbers of `1 / GRAIN`."""
    return np.floor(own * GRAIN + 0.5).astype(np.int64)


def _weighed(others: NDArray[np.int64], count: NDArray[np.int64], middle: float) -> Floats:
    return (others / count / GRAIN - middle) * (count / (count + 2.0))


def with_family(rows: pd.DataFrame, model: RiskModel) -> pd.DataFrame:
    """Rows with the column `FAMILY`, where the model reads it; whole families are among the rows.

    `rows`: subject_id, group_id, group_size, the model's features, `as_of` where there are several
    days.
    """
    if not model.family_weight:
        return rows
    evidence = family_evidence(model.own_margin(rows), families(rows), model.middle)
    return rows.assign(**{FAMILY: evidence})


def with_family_evidence(features: DataFrame, own: DataFrame, model: RiskModel) -> DataFrame:
    """`with_family` in the engine: `features` with the column `FAMILY`.

    `own`: subject_id, group_id and grains of every firm of a family (`scoring.own_grains`).
    """
    total = own.groupBy("group_id").agg(
        F.sum("grains").alias("_total"), F.count(F.lit(1)).alias("_size")
    )
    told = own.join(total.where("_size > 1"), "group_id").select(
        "subject_id", "grains", "_total", (F.col("_size") - 1).alias("_count")
    )
    count = F.col("_count").cast("double")
    others = (F.col("_total") - F.col("grains")).cast("double")
    evidence = (others / count / F.lit(GRAIN) - F.lit(model.middle)) * (count / (count + 2.0))
    joined = features.join(told.select("subject_id", evidence.alias(FAMILY)), "subject_id", "left")
    return joined.select(*features.columns, F.coalesce(F.col(FAMILY), F.lit(0.0)).alias(FAMILY))

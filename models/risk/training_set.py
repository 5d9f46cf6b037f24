"""The training set: one row a firm and day, with features, label and group.

A group stands on one side of every split: all rows of one firm, all firms of one family, and firms
whose registration reads the same (bulk registrations), so that no twin betrays another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.risk.family import families
from models.risk.labels import Labels


def labelled_rows(
    features: pd.DataFrame, labels: Labels, most_unlabelled: int, static: bool
) -> pd.DataFrame:
    """Rows to train on from the features of one day, with the columns `label` and `weight`.

    `features` has subject_id, group_id and group_size; label and weight as for `row_weights`.
    """
    rows = features.sort_values("subject_id", kind="stable", ignore_index=True)
    weight = row_weights(rows["subject_id"], eldest(rows), labels, most_unlabelled, static)
    rows["label"] = rows["subject_id"].isin(labels.positive).astype("int8")
    rows["weight"] = weight
    return rows[~np.isnan(weight)].reset_index(drop=True)


def eldest(rows: pd.DataFrame) -> NDArray[np.int64]:
    """The place of the first row of each row's family; its own where it has none."""
    place = np.arange(len(rows))
    family = families(rows)
    firsts = pd.Series(place).groupby(family).transform("min").to_numpy()
    return np.where(family < 0, place, firsts)


def row_weights(
    ids: pd.Series,
    eldest: NDArray[np.int64],
    labels: Labels,
    most_unlabelled: int,
    static: bool,
) -> NDArray[np.float64]:
    """How many firms each would stand for among one day's rows to train on; NaN: it is no row.

    Every positive and reviewed firm is one and stands for itself. A dated city takes others too,
    about `most_unlabelled`, drawn by family and by a hash of its first firm's id: as far as they
    are registered the same firms on every day, so that few have to be looked at over all days. Who
    is there only because his family is weighs 0: he is neither trained on nor judged.

    Args:
        ids: of the firms, each once.
        eldest: the place of the first firm of each one's family, its own where it has none.
        labels: of the day.
        most_unlabelled: how many others are taken; the last family comes whole.
        static: reviewed firms alone.
    """
    weight = np.full(len(ids), np.nan)
    sure = (ids.isin(labels.positive) | ids.isin(labels.reviewed)).to_numpy()
    weight[sure] = 1.0
    if static:
        return weight
    free = ~sure & ~ids.isin(labels.under_case).to_numpy()
    heads, family = np.unique(eldest, return_inverse=True)
    lot = np.array([_draw(name) for name in ids.to_numpy()[heads]], np.uint64)
    order = np.argsort(lot, kind="stable")
    members = np.bincount(family[free], minlength=len(heads))[order]
    drawn = np.zeros(len(heads), bool)
    drawn[order] = np.cumsum(members) - members < most_unlabelled
    taken = free & drawn[family]
    whole = np.zeros(len(heads), bool)
    whole[family[sure | taken]] = True
    weight[~sure & whole[family]] = 0.0
    if taken.any():
        weight[taken] = free.sum() / taken.sum()
    return weight


def group_of(rows: pd.DataFrame, alike: Sequence[str]) -> pd.Series:
    """The group of each row: its family in the graph, else firms alike in the columns `alike`.

    A family is `group_id` where the group has 2 to `LARGEST_FAMILY` firms.
    """
    family = families(rows) >= 0
    if alike:
        text = rows[list(alike)].astype("string").fillna("~").agg("\x1f".join, axis=1)
        alone = text.map(lambda value: hashlib.sha256(value.encode()).hexdigest()[:24])
    else:
        alone = rows["subject_id"]
    return pd.Series(np.where(family, rows["group_id"], alone), index=rows.index, name="group")


@lru_cache(maxsize=2**18)  # the same firms are drawn from on every day
def _draw(subject_id: str) -> int:
    return int.from_bytes(hashlib.sha256(f"draw:{subject_id}".encode()).digest()[:8])

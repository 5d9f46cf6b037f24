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

from models.risk.labels import Labels

LARGEST_FAMILY = 50
"""Larger groups of the graph are glued together by hubs and say nothing of kinship."""


def labelled_rows(
    features: pd.DataFrame, labels: Labels, most_unlabelled: int, static: bool
) -> pd.DataFrame:
    """Rows to train on from the features of one day, with the column `label` (0 or 1).

    `features` has subject_id. Every positive is kept. A static city trains on reviewed firms
    only; a dated one on all others too, at most `most_unlabelled`, drawn by a hash of the id.
    """
    ids = features["subject_id"]
    chosen = chosen_firms(ids, labels, most_unlabelled, static)
    rows = features[chosen].copy()
    rows["label"] = rows["subject_id"].isin(labels.positive).astype("int8")
    return rows.sort_values("subject_id", kind="stable", ignore_index=True)


def chosen_firms(
    ids: pd.Series, labels: Labels, most_unlabelled: int, static: bool
) -> NDArray[np.bool_]:
    """Which of the firms (ids, each once) one day's rows to train on are made of.

    Every positive and reviewed one; a dated city takes others too, at most `most_unlabelled`, drawn
    by a hash of the id: as far as they are registered the same firms on every day, so that few have
    to be looked at over all days.
    """
    chosen: NDArray[np.bool_] = (ids.isin(labels.positive) | ids.isin(labels.reviewed)).to_numpy()
    if not static:
        others = np.flatnonzero(~chosen & ~ids.isin(labels.under_case).to_numpy())
        draw = np.array([_draw(name) for name in ids.to_numpy()[others]], object)
        chosen[others[np.argsort(draw, kind="stable")[:most_unlabelled]]] = True
    return chosen


def group_of(rows: pd.DataFrame, alike: Sequence[str]) -> pd.Series:
    """The group of each row: its family in the graph, else firms alike in the columns `alike`.

    A family is `group_id` where the group has 2 to `LARGEST_FAMILY` firms.
    """
    family = rows["group_size"].between(2, LARGEST_FAMILY) & rows["group_id"].notna()
    if alike:
        text = rows[list(alike)].astype("string").fillna("~").agg("\x1f".join, axis=1)
        alone = text.map(lambda value: hashlib.sha256(value.encode()).hexdigest()[:24])
    else:
        alone = rows["subject_id"]
    return pd.Series(np.where(family, rows["group_id"], alone), index=rows.index, name="group")


@lru_cache(maxsize=2**18)  # the same firms are drawn from on every day
def _draw(subject_id: str) -> bytes:
    return hashlib.sha256(f"draw:{subject_id}".encode()).digest()

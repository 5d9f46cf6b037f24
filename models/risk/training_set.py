"""The training set: one row a firm and day, with features, label and group.

A group stands on one side of every split: all rows of one firm, all firms of one family, and firms
whose registration reads the same (bulk registrations), so that no twin betrays another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

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
    positive = ids.isin(labels.positive)
    chosen = positive | ids.isin(labels.reviewed)
    if not static:
        others = features.index[~chosen & ~ids.isin(labels.under_case)]
        drawn = ids[others].map(_draw).sort_values(kind="stable").index[:most_unlabelled]
        chosen = chosen | features.index.isin(drawn)
    rows = features[chosen].copy()
    rows["label"] = positive[chosen].astype("int8")
    return rows.sort_values("subject_id", kind="stable", ignore_index=True)


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


def _draw(subject_id: str) -> str:
    return hashlib.sha256(f"draw:{subject_id}".encode()).hexdigest()

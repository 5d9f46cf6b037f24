"""A trial on dated data: what a model trained on what was known by a day says of the days after.

Both splits at once: the model of each fold has seen neither the later days nor the groups it is
tried on. Labels are those known by the day of the cut; between the days it trains on and the cut
lies the gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.risk.designs import Design, Floats, Labels, fold_of_rows

LATER = 1 / 3
"""The share of days, the newest, that a model is tried on."""


@dataclass(frozen=True)
class Split:
    """Which rows train, with which labels, and which are judged (row numbers)."""

    cut: pd.Timestamp
    train: NDArray[np.int64]
    train_label: Labels
    judged: NDArray[np.int64]
    fold: NDArray[np.int64]


def dated_split(rows: pd.DataFrame, gap_days: int, folds: int, seed: int) -> Split | None:
    """The split at about two thirds of the days, None where it would leave one side no positive.

    `rows`: as_of, label, group, and known_on: the day a positive's label became known. Rows of
    `weight` 0 train nothing, but get a margin, for their families' sake.
    """
    days = pd.to_datetime(rows["as_of"])
    different = np.sort(days.unique())
    if len(different) < 2 or "known_on" not in rows:
        return None
    label = rows["label"].to_numpy(dtype=int)
    known = pd.to_datetime(rows["known_on"])
    used = rows["weight"] > 0 if "weight" in rows else True
    first = int(np.ceil(len(different) * (1 - LATER)))
    for place in range(min(first, len(different) - 1), 0, -1):
        cut = pd.Timestamp(different[place])
        train = np.flatnonzero((days <= cut - timedelta(days=gap_days)) & used)
        judged = np.flatnonzero(days >= cut)
        then = (label * (known <= cut).to_numpy())[train]
        if then.any() and label[judged].any():
            return Split(cut, train, then, judged, fold_of_rows(label, rows["group"], folds, seed))
    return None


def dated_margins(
    table: pd.DataFrame, group: pd.Series, split: Split, design: Design
) -> Floats | None:
    """The margins of the judged rows; None where a fold has too few positives for the design."""
    margin = np.zeros(len(split.judged))
    for number in range(int(split.fold.max()) + 1):
        keep = split.fold[split.train] != number
        seen, label = split.train[keep], split.train_label[keep]
        if not label.any():
            return None
        aside = split.fold[split.judged] == number
        if aside.any():
            fitted = design.fit(table.iloc[seen], label, group.iloc[seen])
            margin[aside] = fitted.decision_function(table.iloc[split.judged[aside]])
    return margin

"""Calibration: whether firms given a probability of one in ten get a case one time in ten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.risk.intervals import Estimate, Share, grouped_ratio

TOP_SHARE = 0.01


@dataclass(frozen=True)
class Reliability:
    """How probabilities stand to what came.

    `tenths`: rows, expected (mean probability), observed (share), low, high (Wilson), lowest tenth
    first. `error`: the expected calibration error, the mean distance of the two weighted by rows.
    `of_list`, `of_top`: expected over observed cases in the list and among the highest 1 % of each
    day; None when nothing came. `cases_in_list`, `cases_in_top`, `expected_in_list`,
    `expected_in_top`: the sums themselves.
    """

    tenths: pd.DataFrame
    error: float
    of_list: Estimate | None
    of_top: Estimate | None
    cases_in_list: int
    cases_in_top: int
    expected_in_list: float
    expected_in_top: float


def reliability(scores: pd.DataFrame, seed: int) -> Reliability | None:
    """Calibration over `scores`: subject_id, as_of, probability, came (bool), listed (bool), group.

    Rows are firms that could still get a case on days whose horizon is over. Intervals draw whole
    groups, so that a firm seen on many days counts as one. None without rows.
    """
    if len(scores) == 0:
        return None
    rows = scores.sort_values(
        ["as_of", "probability", "subject_id"], ascending=[True, False, True], kind="stable"
    )
    place = rows.groupby("as_of").cumcount()
    size = rows.groupby("as_of")["subject_id"].transform("size")
    top = rows[place < np.ceil(size * TOP_SHARE)]
    listed = rows[rows["listed"].astype(bool)]
    tenths = _tenths(rows)
    distance = (tenths["expected"] - tenths["observed"]).abs() * tenths["rows"]
    return Reliability(
        tenths=tenths,
        error=float(distance.sum() / tenths["rows"].sum()),
        of_list=_ratio(listed, seed),
        of_top=_ratio(top, seed),
        cases_in_list=int(listed["came"].sum()),
        cases_in_top=int(top["came"].sum()),
        expected_in_list=float(listed["probability"].sum()),
        expected_in_top=float(top["probability"].sum()),
    )


def _ratio(rows: pd.DataFrame, seed: int) -> Estimate | None:
    return grouped_ratio(rows["probability"], rows["came"], rows["group"], seed)


def _tenths(rows: pd.DataFrame) -> pd.DataFrame:
    order = rows.sort_values(["probability", "subject_id", "as_of"], kind="stable")
    told = []
    for part in np.array_split(np.arange(len(order)), 10):
        if len(part):
            some = order.iloc[part]
            share = Share(int(some["came"].sum()), len(some))
            low, high = share.interval()
            told.append((len(some), float(some["probability"].mean()), share.value, low, high))
    return pd.DataFrame(told, columns=["rows", "expected", "observed", "low", "high"])

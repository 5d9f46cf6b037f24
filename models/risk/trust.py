"""Whether the probabilities can be taken at their word: calibration measured on dated rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from models.risk.calibration import Calibration, expected_over_observed, fitted_curve
from models.risk.comparing import average_precision
from models.risk.designs import Settings

TOP = 0.01
"""Beside the list, the share of firms in which calibration is measured."""


def dated_figures(
    judged: pd.DataFrame, cut: pd.Timestamp, gap_days: int, settings: Settings
) -> dict[str, Any]:
    """What the dated trial says: order and calibration, in all, in the list and in the top 1 %.

    `judged`: as_of, label, group, weight, margin. The curve of each half of the groups is fitted on
    the other half; the share of cases is that of the same days. Where a half is of one class, nothing
    is said of calibration.
    """
    label = judged["label"].to_numpy(dtype=int)
    margin = judged["margin"].to_numpy(dtype=float)
    weight = judged["weight"].to_numpy(dtype=float)
    names, group = np.unique(judged["group"].astype(str), return_inverse=True)
    told: dict[str, Any] = {
        "cut": str(cut.date()),
        "gap_days": gap_days,
        "rows": len(judged),
        "positive_groups": len(np.unique(group[label == 1])),
        "auc": float(roc_auc_score(label, margin, sample_weight=weight)),
        "average_precision": average_precision(margin, label, weight),
    }
    half = np.random.default_rng(settings.seed).permutation(len(names))[group] % 2
    probability = np.zeros(len(label))
    for side in (0, 1):
        here, there = half == side, half != side
        if not label[there].any() or label[there].all():
            return told
        curve = fitted_curve(margin[there], label[there], weight[there])
        probability[here] = curve.probability(margin[here])
    for name, share in (("all", 1.0), ("top_percent", TOP), ("list", settings.list_share)):
        at = _highest(judged["as_of"], margin, weight, share)
        found: Calibration = expected_over_observed(
            probability[at], label[at], weight[at], group[at], settings.seed
        )
        told[f"calibration_{name}"] = asdict(found)
    return told


def _highest(days: pd.Series, margin: np.ndarray, weight: np.ndarray, share: float) -> np.ndarray:
    """The rows of the highest margins of each day, as many as stand for that share of its firms."""
    chosen = []
    for day in np.unique(days.astype(str)):
        of_day = np.flatnonzero(days.astype(str) == day)
        order = of_day[np.argsort(-margin[of_day], kind="stable")]
        before = np.cumsum(weight[order]) - weight[order]
        chosen.append(order[before < share * weight[of_day].sum()])
    return np.sort(np.concatenate(chosen))

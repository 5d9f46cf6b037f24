"""How a list does against a planted truth, beside chance, a one-word rule and single features.

Pure functions over small frames. 'Found' counts firms in the list that were not official yet as of
the day; a firm whose scheme had not begun by then cannot be found and is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

WORDS = ("投资", "理财", "资产管理")


@dataclass(frozen=True)
class Share:
    """`hits` of `of`, with its 95 % Wilson interval."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share; 0 of nothing is 0."""
        return self.hits / self.of if self.of else 0.0

    def interval(self) -> tuple[float, float]:
        """The Wilson interval at 95 %; (0, 1) of nothing."""
        if not self.of:
            return 0.0, 1.0
        z, n, p = 1.959963984540054, self.of, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Evaluation:
    """The figures of one list against the truth.

    `recall` of ring firms whose scheme runs and that are not official yet; `precision` of the
    list; `lookalikes` in the list. The same for the rule and, expected, for a random draw.
    """

    as_of: date
    capacity: int
    ring_firms: int
    precision: Share
    recall: Share
    lookalikes: Share
    rule_precision: Share
    rule_recall: Share
    random_precision: float
    random_recall: float
    auc: float
    average_precision: float
    best_feature: str
    best_feature_auc: float


def evaluate(
    scores: pd.DataFrame, listed: Iterable[str], truth: pd.DataFrame, features: pd.DataFrame,
    as_of: date,
) -> Evaluation:  # fmt: skip
    """Holds a list against the truth.

    `scores`: subject_id, margin, name. `listed`: the subjects of section `list`. `truth`: what the
    simulator wrote. `features`: subject_id and the numeric features. Raises ValueError when no
    ring firm could have been found.
    """
    ring = truth[~truth["lookalike"].fillna(False).astype(bool)]
    official = set(
        ring[pd.to_datetime(ring["first_official"]) <= pd.Timestamp(as_of)]["subject_id"]
    )
    running = set(ring[pd.to_datetime(ring["started"]) <= pd.Timestamp(as_of)]["subject_id"])
    alike = set(truth[truth["lookalike"].fillna(False).astype(bool)]["subject_id"])
    open_ = scores[~scores["subject_id"].isin(official)].sort_values("subject_id")
    hidden = running - official
    label = open_["subject_id"].isin(hidden).to_numpy()
    if not label.any() or label.all():
        raise ValueError(
            f"No ring firm of the truth could have been found as of {as_of}: check that the truth "
            "file belongs to this lake's deliveries."
        )
    chosen = [subject for subject in listed if subject not in official]
    size, found = len(chosen), len(hidden & set(chosen))
    by_word = open_[open_["name"].fillna("").str.contains("|".join(WORDS))]
    drawn = list(by_word["subject_id"])[:size]
    rule_found = len(hidden & set(drawn))
    name, best = _best_feature(features, set(open_["subject_id"]), hidden)
    margin = open_["margin"].to_numpy()
    return Evaluation(
        as_of=as_of,
        capacity=size,
        ring_firms=len(hidden),
        precision=Share(found, size),
        recall=Share(found, len(hidden)),
        lookalikes=Share(len(alike & set(chosen)), size),
        rule_precision=Share(rule_found, len(drawn)),
        rule_recall=Share(rule_found, len(hidden)),
        random_precision=len(hidden) / len(open_),
        random_recall=size / len(open_),
        auc=float(roc_auc_score(label, margin)),
        average_precision=float(average_precision_score(label, margin)),
        best_feature=name,
        best_feature_auc=best,
    )


def _best_feature(features: pd.DataFrame, among: set[str], hidden: set[str]) -> tuple[str, float]:
    """The feature with the best AUC by itself, in either direction, missing values put below."""
    rows = features[features["subject_id"].isin(among)]
    label = rows["subject_id"].isin(hidden).to_numpy()
    best = ("", 0.5)
    for name in sorted(set(rows.columns) - {"subject_id"}):
        values = pd.to_numeric(rows[name], errors="coerce").to_numpy(dtype=float)
        if np.isnan(values).all():
            continue
        low = np.nanmin(values) - 1.0
        auc = float(roc_auc_score(label, np.where(np.isnan(values), low, values)))
        if max(auc, 1 - auc) > best[1]:
            best = (name, max(auc, 1 - auc))
    return best

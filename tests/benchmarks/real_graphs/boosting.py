"""The estimator of both data sets: the mean of a few seeded boosted trees, and its AUC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

Probabilities = NDArray[np.float64]
Settings = Mapping[str, float | int]


def bagged(
    facts: pd.DataFrame,
    labels: NDArray[np.int64],
    asked: pd.DataFrame,
    *,
    settings: Settings,
    categories: Sequence[str] = (),
    weights: NDArray[np.float64] | None = None,
    seeds: int = 5,
    first_seed: int = 0,
) -> Probabilities:
    """The probability of each row of `asked`: the mean over trees that differ in their seed."""
    names = [name for name in categories if name in facts.columns]
    total = np.zeros(len(asked))
    for seed in range(first_seed, first_seed + seeds):
        trees = HistGradientBoostingClassifier(
            random_state=seed, early_stopping=False, categorical_features=names, **settings
        )
        trees.fit(facts, labels, sample_weight=weights)
        total += trees.predict_proba(asked[facts.columns])[:, 1]
    return total / seeds


def cross_validated(
    facts: pd.DataFrame,
    labels: NDArray[np.int64],
    *,
    settings: Settings,
    categories: Sequence[str] = (),
    seeds: int = 1,
    repeats: int = 2,
) -> list[float]:
    """The AUC of each repeat of a stratified cross-validation in five parts."""
    found = []
    for repeat in range(repeats):
        held_out = np.zeros(len(facts))
        parts = StratifiedKFold(5, shuffle=True, random_state=repeat)
        for fit, out in parts.split(facts, labels):
            held_out[out] = bagged(
                facts.iloc[fit],
                labels[fit],
                facts.iloc[out],
                settings=settings,
                categories=categories,
                seeds=seeds,
                first_seed=100 * repeat,
            )
        found.append(float(roc_auc_score(labels, held_out)))
    return found


def gain_interval(
    labels: NDArray[np.int64], without: Probabilities, with_graph: Probabilities, draws: int = 2000
) -> tuple[float, float]:
    """The 95 % bootstrap interval of what the graph adds to the AUC, firms drawn with repeats."""
    draw = np.random.default_rng(0)
    gains = []
    while len(gains) < draws:
        rows = draw.integers(0, len(labels), len(labels))
        if labels[rows].min() == labels[rows].max():
            continue
        gains.append(
            roc_auc_score(labels[rows], with_graph[rows])
            - roc_auc_score(labels[rows], without[rows])
        )
    low, high = np.quantile(gains, [0.025, 0.975])
    return float(low), float(high)

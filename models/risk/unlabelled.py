"""Learning from positive and unlabelled rows: a firm without a case is not known to be honest.

Three ways, each around the last step of a pipeline, which stays additive:

- plain: unlabelled rows are taken for negatives.
- weighted (Elkan and Noto 2008): each unlabelled row counts in part as a positive, by how likely it
  is one that nobody has found yet, and in part as a negative.
- bagging (Mordelet and Vert 2014): many models, each of all positives and a draw of the unlabelled;
  the margin is their mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import StratifiedGroupKFold

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

FOLDS = 3
LEAST_SHARE = 0.05
"""No smaller share of the positives is taken to be known: weights would run away."""


class Weighted(ClassifierMixin, BaseEstimator):
    """Elkan and Noto's weights around an estimator that takes `sample_weight`.

    `known_share_`: the estimated share of positives that bear a label, the mean probability that
    held-out positives get.
    """

    def __init__(self, base: Any, seed: int) -> None:
        self.base = base
        self.seed = seed

    def fit(self, rows: Floats, label: Labels, groups: Any = None) -> Weighted:
        """`groups`: rows of one group stay together when the share is estimated."""
        groups = np.arange(len(label)) if groups is None else np.asarray(groups)
        chance = np.zeros(len(label))
        folds = min(FOLDS, len(np.unique(groups[label == 1])))
        self.known_share_ = 1.0
        if folds >= 2:
            splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=self.seed)
            for seen, held_out in splitter.split(rows, label, groups):
                fold = clone(self.base).fit(rows[seen], label[seen])
                chance[held_out] = expit(fold.decision_function(rows[held_out]))
            self.known_share_ = max(float(chance[label == 1].mean()), LEAST_SHARE)
        odds = chance / np.maximum(1 - chance, 1e-12)
        hidden = np.clip((1 - self.known_share_) / self.known_share_ * odds, 0.0, 1.0)
        free = label == 0
        self.estimator_ = clone(self.base).fit(
            np.vstack([rows, rows[free]]),
            np.concatenate([label, np.ones(free.sum(), dtype=label.dtype)]),
            sample_weight=np.concatenate([np.where(free, 1 - hidden, 1.0), hidden[free]]),
        )
        self.estimators_ = [self.estimator_]
        self.classes_ = np.array([0, 1])
        return self

    def decision_function(self, rows: Floats) -> Floats:
        """The margin of the weighted model."""
        return self.estimator_.decision_function(rows)


class Bagged(ClassifierMixin, BaseEstimator):
    """The mean of `bags` models, each of all positives and `ratio` times as many unlabelled."""

    def __init__(self, base: Any, seed: int, bags: int = 15, ratio: int = 20) -> None:
        self.base = base
        self.seed = seed
        self.bags = bags
        self.ratio = ratio

    def fit(self, rows: Floats, label: Labels, groups: Any = None) -> Bagged:
        """`groups` is taken so that every way is fitted alike; it is not needed here."""
        positive, free = np.flatnonzero(label == 1), np.flatnonzero(label == 0)
        draw = np.random.default_rng(self.seed)
        size = min(len(free), max(self.ratio * len(positive), 200))
        self.estimators_ = []
        for _ in range(self.bags):
            chosen = np.sort(np.append(positive, draw.choice(free, size, replace=False)))
            self.estimators_.append(clone(self.base).fit(rows[chosen], label[chosen]))
        self.classes_ = np.array([0, 1])
        return self

    def decision_function(self, rows: Floats) -> Floats:
        """The mean margin, summed in a fixed order."""
        margin = np.zeros(len(rows))
        for estimator in self.estimators_:
            margin = margin + estimator.decision_function(rows)
        return margin / len(self.estimators_)

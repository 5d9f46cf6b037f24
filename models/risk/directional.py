"""A model for few labels: signed ranks, weighed by a logistic regression that leans on a prior.

Each feature with a declared direction becomes its rank among the training rows, from -0.5 to 0.5,
or how rare a value as extreme is there, turned so that up is riskier; missing values stand in the
middle. The weights are pulled towards one
common positive weight, which is all there is while a city has no cases, and move away from it as
cases come. Every weight times its rank is that feature's contribution.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin

Floats = NDArray[np.float64]

PRIOR_TOTAL = 12.0
"""The prior weights' sum: a firm at the top of every rank has a margin of 6 over the middle."""
MOST_VALUES = 512
"""Values kept of a column; of more, as many quantiles."""


class SignedRanks(TransformerMixin, BaseEstimator):
    """Numbers to signed mid-ranks among the rows it was fitted on.

    `directions`: +1 or -1 for each column used, in the order of the output.
    """

    def __init__(self, directions: Mapping[str, int]) -> None:
        self.directions = directions

    def fit(self, rows: pd.DataFrame, label: Any = None) -> SignedRanks:
        """Keeps each column's distinct values and how many rows lie below each.

        Not every row's value: the model travels to every task that scores, and a message between
        the engine and its driver holds 128 MB.
        """
        self.values_, self.below_ = {}, {}
        for name in self.directions:
            values, counts = np.unique(rows[name].dropna().to_numpy(float), return_counts=True)
            if len(values) > MOST_VALUES:  # each value kept stands for the rows up to it
                upto = np.cumsum(counts)
                steps = np.arange(1, MOST_VALUES + 1) / MOST_VALUES
                kept = np.unique(np.searchsorted(upto, steps * upto[-1], "left"))
                values, counts = values[kept], np.diff(upto[kept], prepend=0)
            self.values_[name] = values
            self.below_[name] = np.append(0, np.cumsum(counts))
        return self

    def transform(self, rows: pd.DataFrame) -> Floats:
        """Rows by columns, each in [-0.5, 0.5]."""
        ranks = np.zeros((len(rows), len(self.directions)), order="F")  # written by column
        for place, (name, direction) in enumerate(self.directions.items()):
            known, below = self.values_[name], self.below_[name]
            values = rows[name].to_numpy(dtype=float)
            if len(known) == 0:
                continue
            less = below[np.searchsorted(known, values, "left")]
            not_more = below[np.searchsorted(known, values, "right")]
            rank = (less + not_more) / (2.0 * below[-1]) - 0.5
            ranks[:, place] = np.where(np.isnan(values), 0.0, direction * rank)
        return ranks


class Surprise(SignedRanks):
    """Numbers to how rare a value as extreme is: -log10 of the share of rows at least as extreme.

    Centred on the mean of the rows it was fitted on. A rank says the same of the first tenth of a
    count that most firms have and of one that a firm in a thousand has; this does not.
    """

    def fit(self, rows: pd.DataFrame, label: Any = None) -> Surprise:
        """Keeps each column's distinct values, their surprise, and the mean."""
        super().fit(rows, label)
        self.surprise_ = {}
        for name, direction in self.directions.items():
            below = self.below_[name]
            total = float(below[-1])
            least, not_less = below[1:], total - below[:-1]
            share = ((not_less if direction > 0 else least) + 1.0) / (total + 1.0)
            found = -np.log10(share)
            counts = np.diff(below)
            self.surprise_[name] = found - (float(found @ counts) / total if total else 0.0)
        return self

    def transform(self, rows: pd.DataFrame) -> Floats:
        """Rows by columns; 0 for what is missing."""
        table = np.zeros((len(rows), len(self.directions)), order="F")
        for place, (name, direction) in enumerate(self.directions.items()):
            known, surprise = self.values_[name], self.surprise_[name]
            if len(known) == 0:
                continue
            values = rows[name].to_numpy(dtype=float)
            # between two known values the less extreme of them counts
            at = (
                np.searchsorted(known, values, "right") - 1
                if direction > 0
                else np.searchsorted(known, values, "left")
            )
            found = surprise[np.clip(at, 0, len(known) - 1)]
            table[:, place] = np.where(np.isnan(values), 0.0, found)
        return table


class LeaningLogistic(ClassifierMixin, BaseEstimator):
    """Logistic regression whose weights lean on a common positive prior.

    Minimises the log loss plus `strength` / 2 times the squared distance of the weights from the
    prior; the intercept is free. Weights are never negative: a declared direction is kept.
    """

    def __init__(self, strength: float = 1.0) -> None:
        self.strength = strength

    def fit(
        self,
        ranks: Floats,
        label: NDArray[np.int64],
        groups: Any = None,
        sample_weight: Floats | None = None,
    ) -> LeaningLogistic:
        """Finds the weights; with one class only they stay the prior. `groups` is not needed."""
        times = np.ones(len(label)) if sample_weight is None else sample_weight
        prior = self._prior(ranks.shape[1])
        share = ((times * label).sum() + 0.5) / (times.sum() + 1.0)
        start = np.append(prior, np.log(share / (1 - share)))
        if label.min() != label.max():
            found = minimize(
                self._loss,
                start,
                args=(ranks, label.astype(float), prior, times),
                jac=True,
                method="L-BFGS-B",
                bounds=[(0.0, None)] * len(prior) + [(None, None)],
            )
            start = found.x
        self.coef_, self.intercept_ = start[:-1], float(start[-1])
        self.classes_ = np.array([0, 1])
        return self

    def _prior(self, columns: int) -> Floats:
        return np.full(columns, PRIOR_TOTAL / max(columns, 1))

    def decision_function(self, ranks: Floats) -> Floats:
        """The margin: intercept plus the weighted ranks, summed in the order of the columns."""
        margin = np.full(len(ranks), self.intercept_)
        for place, weight in enumerate(self.coef_):  # a fixed order: the same bits for one row
            margin = margin + weight * ranks[:, place]
        return margin

    def _loss(
        self, weights: Floats, ranks: Floats, label: Floats, prior: Floats, times: Floats
    ) -> tuple[float, Floats]:
        margin = ranks @ weights[:-1] + weights[-1]
        away = weights[:-1] - prior
        wrong = times * (expit(margin) - label)
        loss = float(np.sum(times * (np.logaddexp(0.0, margin) - label * margin)))
        loss += 0.5 * self.strength * float(away @ away)
        return loss, np.append(ranks.T @ wrong + self.strength * away, wrong.sum())

"""From a margin to a probability: a curve that is strictly increasing, so no order ever changes.

The log odds are a broken line over the margin with a positive slope everywhere. With few positives
it has one piece (Platt's curve); from `POSITIVES_A_PIECE` on each further piece must be paid for by
as many positives, and the slopes are held together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

POSITIVES_A_PIECE = 60
"""Positives needed for each piece of the curve (project default)."""
MOST_PIECES = 5
LEAST_SLOPE = 1e-3
"""No piece is flatter, or margins apart would become one probability."""
HOLD = 1.0
"""How strongly the slopes of neighbouring pieces are held together."""


@dataclass(frozen=True)
class Curve:
    """Log odds = `intercept` + the sum of each slope times the part of the margin in its piece.

    `slopes`: one a piece, all positive; `knots`: the margins between the pieces, increasing.
    """

    intercept: float
    slopes: tuple[float, ...]
    knots: tuple[float, ...] = ()

    def probability(self, margin: Floats) -> Floats:
        """Strictly increasing in the margin, as far as doubles near 1 can be told apart."""
        odds = np.full(len(margin), self.intercept)
        for part, slope in zip(_parts(margin, self.knots), self.slopes, strict=True):
            odds = odds + slope * part
        result: Floats = expit(odds)
        return result


def fitted_curve(margin: Floats, label: Labels, weight: Floats) -> Curve:
    """The curve of greatest likelihood; `weight` says how many firms a row stands for."""
    positives = int(label.sum())
    pieces = min(MOST_PIECES, max(1, positives // POSITIVES_A_PIECE))
    knots = _knots(margin[label == 1], pieces)
    parts = np.column_stack(_parts(margin, knots))
    share = float((weight * label).sum() / weight.sum())
    start = np.append(np.ones(parts.shape[1]), np.log(share / (1 - share)))

    def loss(at: Floats) -> tuple[float, Floats]:
        odds = parts @ at[:-1] + at[-1]
        away = np.diff(at[:-1])
        wrong = weight * (expit(odds) - label)
        held = np.append(0.0, away) - np.append(away, 0.0)
        told = float(np.sum(weight * (np.logaddexp(0.0, odds) - label * odds)))
        slopes = parts.T @ wrong + HOLD * held
        return told + 0.5 * HOLD * float(away @ away), np.append(slopes, wrong.sum())

    bounds = [(LEAST_SLOPE, None)] * parts.shape[1] + [(None, None)]
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 1000, "ftol": 1e-13, "gtol": 1e-9},
    ).x  # fmt: skip
    if found[:-1].max() <= 1.01 * LEAST_SLOPE:  # nothing learnt
        return share_curve(margin, label, weight)
    return Curve(float(found[-1]), tuple(found[:-1].tolist()), knots)


def share_curve(margin: Floats, label: Labels, weight: Floats) -> Curve:
    """A slope of one, moved so that the middle firm has about the share of positives."""
    share = (float((weight * label).sum()) + 0.5) / (float(weight.sum()) + 1.0)
    return Curve(float(np.log(share / (1 - share)) - np.median(margin)), (1.0,))


@dataclass(frozen=True)
class Calibration:
    """Expected over observed positives of some rows, with its interval at 95 % over groups."""

    rows: int
    expected: float
    observed: float
    ratio: float | None
    low: float | None
    high: float | None


def expected_over_observed(
    probability: Floats, label: Labels, weight: Floats, group: NDArray[np.int64], seed: int,
    draws: int = 500,
) -> Calibration:  # fmt: skip
    """How many positives were expected for each one seen. None where none was seen.

    The interval is a bootstrap of whole groups; draws without a positive say nothing and are left
    out of it.
    """
    of_group = np.bincount(group, weight * probability)
    seen_of_group = np.bincount(group, weight * label)
    expected, observed = float(of_group.sum()), float(seen_of_group.sum())
    if observed == 0:
        return Calibration(len(label), expected, observed, None, None, None)
    draw = np.random.default_rng(seed)
    times = draw.poisson(1.0, (draws, len(of_group)))
    seen = times @ seen_of_group
    ratios = (times @ of_group)[seen > 0] / seen[seen > 0]
    low, high = np.quantile(ratios, [0.025, 0.975])
    return Calibration(len(label), expected, observed, expected / observed, float(low), float(high))


def _knots(positive: Floats, pieces: int) -> tuple[float, ...]:
    if pieces < 2:
        return ()
    at = np.quantile(positive, np.arange(1, pieces) / pieces)
    return tuple(np.unique(at).tolist())


def _parts(margin: Floats, knots: tuple[float, ...]) -> list[Floats]:
    """How much of each margin lies in each piece; they sum to the margin."""
    ends = [-np.inf, *knots, np.inf]
    parts = []
    for place in range(len(ends) - 1):
        low, high = ends[place], ends[place + 1]
        inside = np.clip(margin, low, high)
        start = 0.0 if place == 0 else low
        parts.append(inside - start)
    return parts

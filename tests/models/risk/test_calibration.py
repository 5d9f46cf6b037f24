"""From margins to probabilities: strictly increasing, and as many as there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk.calibration import (
    POSITIVES_A_PIECE,
    Curve,
    expected_over_observed,
    fitted_curve,
    share_curve,
)

steps = st.lists(
    st.integers(-2000, 2000), min_size=2, max_size=50, unique=True
).map(lambda values: np.array(sorted(values)) / 100.0)  # fmt: skip
slopes = st.lists(st.floats(0.1, 1.5), min_size=1, max_size=4)


@given(steps, slopes, st.floats(-6, 6))
def test_it_is_strictly_increasing(margins: np.ndarray, slope: list[float], start: float) -> None:
    curve = Curve(start, tuple(slope), tuple(float(n) for n in range(len(slope) - 1)))
    probability = curve.probability(margins)
    assert ((probability >= 0) & (probability <= 1)).all()
    # doubles near 1 lie 1e-16 apart: beyond a logit of 30 steps may fall together, never turn round
    assert (np.diff(probability) >= 0).all()
    odds = np.log(np.maximum(probability, 1e-300)) - np.log(np.maximum(1 - probability, 1e-300))
    assert (np.diff(probability[np.abs(odds) < 30]) > 0).all()


def test_the_parts_of_a_margin_meet_at_the_knots() -> None:
    curve = Curve(0.5, (1.0, 3.0), (2.0,))
    # below the knot 1 a unit, above it 3: log odds 1.5 at 1, 2.5 at 2, 5.5 at 3
    told = 1 / (1 + np.exp(-np.array([1.5, 2.5, 5.5])))
    assert curve.probability(np.array([1.0, 2.0, 3.0])) == pytest.approx(told)


def drawn(rows: int, bend: bool) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(2)
    margin = draw.normal(size=rows)
    odds = np.where(bend & (margin > 0), 0.1 * margin, 2 * margin) - 1
    return margin, (draw.random(rows) < 1 / (1 + np.exp(-odds))).astype(int)


def test_with_many_positives_it_bends_where_one_slope_is_wrong() -> None:
    margin, label = drawn(20_000, bend=True)
    weight = np.ones(len(label))
    curve = fitted_curve(margin, label, weight)
    assert len(curve.slopes) > 1
    assert min(curve.slopes) > 0
    top = margin > 1.5
    assert curve.probability(margin)[top].mean() == pytest.approx(label[top].mean(), rel=0.05)


def test_with_few_positives_it_is_one_logistic_curve() -> None:
    margin, label = drawn(200, bend=False)
    assert label.sum() < 2 * POSITIVES_A_PIECE
    assert fitted_curve(margin, label, np.ones(200)).knots == ()


def test_a_row_that_stands_for_many_counts_as_many() -> None:
    margin, label = drawn(400, bend=False)
    weight = np.where(label == 0, 7.0, 1.0)
    probability = fitted_curve(margin, label, weight).probability(margin)
    assert (weight * probability).sum() == pytest.approx(label.sum(), rel=1e-3)


def test_what_orders_nothing_or_the_wrong_way_gives_the_share() -> None:
    margin, label = drawn(400, bend=False)
    ones = np.ones(400)
    assert fitted_curve(-margin, label, ones) == share_curve(-margin, label, ones)


def test_expected_over_observed() -> None:
    probability, label = np.array([0.5, 0.5, 0.25, 0.25]), np.array([1, 0, 0, 0])
    weight, group = np.array([1.0, 1.0, 2.0, 2.0]), np.arange(4)
    found = expected_over_observed(probability, label, weight, group, seed=1)
    assert (found.expected, found.observed, found.ratio) == (2.0, 1.0, 2.0)
    assert found.low is not None
    assert found.low <= 2.0 <= found.high  # type: ignore[operator]
    nobody = expected_over_observed(probability, 0 * label, weight, group, seed=1)
    assert (nobody.observed, nobody.ratio) == (0.0, None)

"""Two orders of the same firms, and whether one is better beyond noise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from models.risk.comparing import average_precision, compared


def test_average_precision_is_scikit_learn_s_ties_and_weights_included() -> None:
    draw = np.random.default_rng(1)
    for _ in range(20):
        label = draw.integers(0, 2, 50)
        label[0] = 1
        score, weight = draw.integers(0, 8, 50).astype(float), draw.random(50)
        expected = average_precision_score(label, score, sample_weight=weight)
        assert average_precision(score, label, weight) == pytest.approx(expected)


def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(4)
    label = (draw.random(600) < 0.2).astype(int)
    return draw.normal(size=600), label, draw.normal(size=600)


def test_a_better_order_is_told_from_noise() -> None:
    noise, label, other = drawn()
    group, ones = np.arange(600), np.ones(600)
    assert compared(label + noise, noise, label, group, ones, 1).better
    assert not compared(noise, label + noise, label, group, ones, 1).better
    assert not compared(noise, other, label, group, ones, 1).better
    same = compared(noise, noise, label, group, ones, 1)
    assert (same.difference, same.share_better, same.better) == (0.0, 0.0, False)


def test_one_lucky_group_is_no_evidence() -> None:
    # the newcomer finds one group of thirty twins and nothing else
    _, label, _ = drawn()
    noise, other = np.random.default_rng(9).normal(size=(2, 600))
    twins = np.flatnonzero(label == 1)[:30]
    lucky = noise.copy()
    lucky[twins] += 9
    group = np.arange(600)
    alone = compared(lucky, other, label, group, np.ones(600), 1)
    group[twins] = group[twins[0]]
    glued = compared(lucky, other, label, np.unique(group, return_inverse=True)[1], np.ones(600), 1)
    assert alone.better
    assert glued.share_better < alone.share_better
    assert not glued.better


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="one class"):
        compared(np.ones(3), np.ones(3), np.ones(3, int), np.arange(3), np.ones(3), 1)

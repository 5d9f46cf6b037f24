"""Shares and ratios, and the laws of their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk.intervals import Estimate, Share, drawn_share, grouped_ratio


def test_wilson_by_hand() -> None:
    low, high = Share(2, 20).interval()
    assert (round(low, 3), round(high, 3)) == (0.028, 0.301)
    assert Share(0, 0).interval() == (0.0, 1.0)  # nothing was seen, so anything may be


@given(st.integers(0, 400), st.integers(0, 400))
def test_wilson_holds_the_share_and_stays_within_one(hits: int, misses: int) -> None:
    share = Share(hits, hits + misses)
    low, high = share.interval()
    assert 0 <= low <= share.value <= high <= 1


@given(st.integers(1, 50), st.integers(1, 50))
def test_more_rows_of_the_same_share_narrow_the_interval(hits: int, misses: int) -> None:
    few, many = Share(hits, hits + misses), Share(10 * hits, 10 * (hits + misses))
    assert many.interval()[1] - many.interval()[0] < few.interval()[1] - few.interval()[0]


ROWS = st.lists(
    st.tuples(st.floats(0, 5), st.floats(0, 5), st.integers(0, 4)), min_size=1, max_size=25
)


@given(ROWS, st.randoms(use_true_random=False))
def test_a_grouped_ratio_holds_its_value_and_knows_no_order(rows, random) -> None:
    found = grouped_ratio(*zip(*rows, strict=True), seed=3, draws=50)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert grouped_ratio(*zip(*shuffled, strict=True), seed=3, draws=50) == found
    if found is None:
        assert sum(row[1] for row in rows) == 0
    else:
        assert found.low <= found.value <= found.high


def test_rows_of_one_group_widen_the_interval() -> None:
    """40 rows of 4 firms say no more than 4 firms: the same rows as 40 firms are narrower."""
    hit = np.tile([1, 1, 0, 0], 10)
    of_four = grouped_ratio(hit, np.ones(40), np.tile(["a", "b", "c", "d"], 10), seed=1)
    of_forty = grouped_ratio(hit, np.ones(40), [str(i) for i in range(40)], seed=1)
    assert of_four is not None
    assert of_forty is not None
    assert of_four.value == of_forty.value == 0.5
    assert of_four.high - of_four.low > 2 * (of_forty.high - of_forty.low)


def test_a_thin_bottom_leaves_the_upper_end_open() -> None:
    # one case in two firms: a quarter of the draws hold none, so the ratio may be any
    found = grouped_ratio([0.5, 0.5], [1, 0], ["a", "b"], seed=1)
    assert found is not None
    assert found.value == 1.0
    assert math.isinf(found.high)


def test_a_random_draw_of_unequal_chances_is_weighed() -> None:
    # 90 plain firms drawn one in ten, 10 risky ones all: 9 + 10 drawn, all risky ones confirmed
    found = drawn_share([0] * 9 + [1] * 10, [0.1] * 9 + [1.0] * 10)
    assert found is not None
    assert found.value == pytest.approx(10 / 100)  # and not 10 of the 19 drawn
    assert found.low < 0.1 < found.high


def test_equal_chances_give_wilsons_interval() -> None:
    found = drawn_share([1, 1] + [0] * 18, [0.05] * 20)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(Share(2, 20).interval())


def test_nothing_drawn_is_not_known_and_no_chance_is_refused() -> None:
    assert drawn_share([], []) is None
    with pytest.raises(ValueError, match="outside"):
        drawn_share([1], [0.0])


def test_the_share_drawn_is_unbiased() -> None:
    """Over many draws the mean of the estimate is the share in the population."""
    rng = np.random.default_rng(5)
    guilty = np.arange(500) < 60
    chance = np.where(guilty, 0.3, 0.1)  # the guilty are drawn three times as often
    found = []
    for _ in range(400):
        drawn = rng.random(500) < chance
        estimate = drawn_share(guilty[drawn], chance[drawn])
        assert isinstance(estimate, Estimate)
        found.append(estimate.value)
    error = np.std(found) / math.sqrt(len(found))
    assert abs(np.mean(found) - 0.12) < 4 * error

"""Overlap of lists and the population stability index, beside a plain twin."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk.intervals import Share
from models.risk.stability import LEAST_SHARE, drift, population_stability, steadiness

VALUES = st.lists(st.one_of(st.none(), st.integers(-20, 20).map(float)), min_size=1, max_size=40)


def stability_twin(then: list[float | None], now: list[float | None], bins: int) -> float:
    """Counts bin by bin: between the quantiles of `then`, with a bin for what is missing."""
    known = sorted(value for value in then if value is not None)
    edges: list[float] = []
    for cut in range(1, bins):
        if known:
            place = cut / bins * (len(known) - 1)
            low, high = known[math.floor(place)], known[math.ceil(place)]
            edges.append(low + (high - low) * (place - math.floor(place)))
    edges = sorted(set(edges))

    def bin_of(value: float | None) -> int:
        return -1 if value is None else sum(edge < value for edge in edges)

    total = 0.0
    for one in {bin_of(value) for value in then + now}:
        old = max(LEAST_SHARE, sum(bin_of(v) == one for v in then) / len(then))
        new = max(LEAST_SHARE, sum(bin_of(v) == one for v in now) / len(now))
        total += (new - old) * math.log(new / old)
    return total


@given(VALUES, VALUES)
def test_the_index_is_the_twins(then: list[float | None], now: list[float | None]) -> None:
    # four bins: quantiles by quarters are exact, so no edge falls to rounding
    index = population_stability(pd.Series(then, dtype=float), pd.Series(now, dtype=float), bins=4)
    assert index == pytest.approx(stability_twin(then, now, 4))


@given(VALUES, st.randoms(use_true_random=False))
def test_the_same_in_any_order_is_nought(values: list[float | None], random) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    assert (
        population_stability(pd.Series(values, dtype=float), pd.Series(shuffled, dtype=float)) == 0
    )
    texts = pd.Series([None if v is None else str(v) for v in values], dtype=object)
    assert population_stability(texts, texts) == 0


@given(VALUES, VALUES)
def test_the_index_is_never_below_nought(then: list[float | None], now: list[float | None]) -> None:
    index = population_stability(pd.Series(then, dtype=float), pd.Series(now, dtype=float))
    assert index is not None
    assert index >= 0


def test_texts_are_bins_of_their_own() -> None:
    # a half each, then a quarter and three quarters
    index = population_stability(pd.Series(["a", "b"] * 2), pd.Series(["a", "b", "b", "b"]))
    expected = (0.25 - 0.5) * math.log(0.5) + (0.75 - 0.5) * math.log(1.5)
    assert index == pytest.approx(expected)


def test_drift_puts_what_moved_furthest_first() -> None:
    then = pd.DataFrame({"subject_id": ["A", "B"], "still": [1.0, 2.0], "moved": [1.0, 2.0]})
    now = then.assign(moved=[9.0, 9.0], newly=[1.0, 1.0])  # a column without a past is left out
    assert list(drift(then, now)["column"]) == ["moved", "still"]
    assert population_stability(then["still"], then["still"].iloc[:0]) is None


def test_steadiness() -> None:
    found = steadiness(["A", "B", "C"], ["B", "C", "D", "E"], {"A", "D"})
    assert found.kept == Share(2, 4)  # B and C of the four
    assert found.changed == 3  # A went, D and E came
    assert found.without_fact == Share(1, 3)  # of E no record came

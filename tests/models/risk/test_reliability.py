"""Expected against observed cases."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk.reliability import reliability

DAY = date(2024, 6, 30)


def scores(rows: list[tuple[float, bool, bool]], as_of: date = DAY) -> pd.DataFrame:
    """Probability, came, listed of each firm; every firm is a group of its own."""
    ids = [f"F{n:04}" for n in range(len(rows))]
    table = pd.DataFrame(rows, columns=["probability", "came", "listed"])
    return table.assign(subject_id=ids, group=ids, as_of=as_of)


def test_the_worked_example() -> None:
    rows = [(0.5, True, True), (0.5, False, True)]  # 1.0 expected in the list, 1 came
    rows += [(0.02, n == 0, False) for n in range(198)]  # 3.96 expected, 1 came
    found = reliability(scores(rows), seed=1)
    assert found is not None
    assert (found.expected_in_list, found.cases_in_list) == (1.0, 1)
    assert found.of_list is not None
    assert found.of_list.value == pytest.approx(1.0)
    assert found.expected_in_top == 1.0  # 1 % of 200 firms is the same two
    assert len(found.tenths) == 10
    assert found.tenths["rows"].tolist() == [20] * 10
    highest = found.tenths.iloc[-1]  # two of 0.5 and 18 of 0.02, of which one came
    assert highest["expected"] == pytest.approx((2 * 0.5 + 18 * 0.02) / 20)


def test_the_error_is_the_mean_distance() -> None:
    # everybody is told one half and nobody gets a case
    found = reliability(scores([(0.5, False, False)] * 30), seed=1)
    assert found is not None
    assert found.error == pytest.approx(0.5)
    assert found.of_list is None  # nothing came, so there is no ratio


def test_the_top_is_taken_on_each_day() -> None:
    early = scores([(0.9, True, False)] * 100)  # a bold day and a shy one
    late = scores([(0.1, False, False)] * 100, date(2024, 7, 31))
    found = reliability(pd.concat([early, late]), seed=1)
    assert found is not None
    assert found.expected_in_top == pytest.approx(0.9 + 0.1)  # one firm of each
    assert found.cases_in_top == 1


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.booleans()), min_size=1, max_size=40),
       st.randoms(use_true_random=False))  # fmt: skip
def test_the_order_of_rows_changes_nothing(rows, random) -> None:
    table = scores(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    one, two = reliability(table, 1), reliability(table.iloc[order], 1)
    assert one is not None
    assert two is not None
    assert one.error == two.error
    assert (one.of_list, one.of_top) == (two.of_list, two.of_top)
    assert 0 <= one.error <= 1
    assert one.tenths["rows"].sum() == len(rows)
    inside = (one.tenths["low"] <= one.tenths["observed"]) & (
        one.tenths["observed"] <= one.tenths["high"]
    )
    assert inside.all()


def test_a_calibrated_world_is_found_calibrated() -> None:
    rng = np.random.default_rng(11)
    chance = rng.beta(1, 20, 20_000)
    found = reliability(scores([(p, bool(rng.random() < p), p > 0.1) for p in chance]), seed=2)
    assert found is not None
    assert found.error < 0.01
    for ratio in (found.of_list, found.of_top):
        assert ratio is not None
        assert ratio.low < 1 < ratio.high


def test_nobody_scored_is_not_known() -> None:
    assert reliability(scores([]), 1) is None

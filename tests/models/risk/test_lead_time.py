"""Lead times with censoring, beside a plain twin of Kaplan and Meier."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk.lead_time import kaplan_meier, lead_time


def survival_twin(rows: list[tuple[int, bool]], day: int) -> Fraction:
    """The share still open after `day`, day by day from the start, in exact fractions."""
    share = Fraction(1)
    for at in range(day + 1):
        at_risk = sum(1 for length, _ in rows if length >= at)
        ended = sum(1 for length, over in rows if over and length == at)
        if at_risk:
            share *= 1 - Fraction(ended, at_risk)
    return share


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=30))
def test_the_curve_is_the_twins(rows: list[tuple[int, bool]]) -> None:
    curve = kaplan_meier([r[0] for r in rows], [r[1] for r in rows])
    assert list(curve["day"]) == sorted({length for length, over in rows if over})
    for one in curve.itertuples():
        assert one.survival == pytest.approx(float(survival_twin(rows, int(one.day))))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30))
def test_without_censoring_the_curve_is_the_plain_share(lengths: list[int]) -> None:
    curve = kaplan_meier(lengths, [True] * len(lengths))
    for one in curve.itertuples():
        left = sum(length > one.day for length in lengths) / len(lengths)
        assert one.survival == pytest.approx(left)


def test_the_worked_example() -> None:
    # 4 firms: official after 10 and 30 days, censored at 20, official after 50
    curve = kaplan_meier([10, 20, 30, 50], [True, False, True, True])
    assert list(curve["at_risk"]) == [4, 2, 1]  # the censored one left before day 30
    assert list(curve["survival"]) == pytest.approx([3 / 4, 3 / 8, 0])


def test_lead_times_of_firms() -> None:
    listed = pd.Series(
        {"A": date(2024, 1, 1), "B": date(2024, 1, 1), "C": date(2024, 3, 1), "D": date(2024, 1, 1)}
    )
    official = pd.Series(
        {
            "A": date(2024, 4, 10),  # 100 days
            "B": date(2024, 1, 21),  # 20 days
            "C": None,  # open: at least 31 days by the end
            "D": date(2024, 12, 1),  # after the end: open, at least 91 days
        }
    )
    found = lead_time(listed, official, date(2024, 4, 1))
    assert (found.firms, found.official, found.censored) == (4, 1, 3)  # A is open on 1 April too
    later = lead_time(listed, official, date(2024, 4, 30))
    assert (later.official, later.plain_median) == (2, 60.0)  # of 20 and 100 days
    # B ends at 20 with 4 at risk; A at 100 with A and D at risk: 3/4, then 3/8
    assert later.at_least == pytest.approx({30: 3 / 4, 60: 3 / 4, 90: 3 / 4})
    assert (later.lower, later.median, later.upper) == (20, 100, None)


def test_nothing_is_said_of_times_nobody_was_followed() -> None:
    listed = pd.Series({"A": date(2024, 1, 1), "B": date(2024, 1, 1)})
    open_ = lead_time(listed, pd.Series({"A": None, "B": None}), date(2024, 2, 10))
    assert open_.at_least == {30: 1.0, 60: None, 90: None}  # 40 days is all there is
    over = lead_time(listed, pd.Series(date(2024, 1, 11), listed.index), date(2024, 2, 10))
    assert over.at_least == {30: 0, 60: 0, 90: 0}  # both ended after 10 days: that is known


def test_no_firm_and_a_lead_below_zero() -> None:
    empty = lead_time(pd.Series(dtype=object), pd.Series(dtype=object), date(2024, 1, 1))
    assert (empty.firms, empty.median) == (0, None)
    assert set(empty.at_least.values()) == {None}
    with pytest.raises(ValueError, match="negative"):
        kaplan_meier([-1], [True])


def test_how_long_anybody_was_followed_is_known_where_nobody_is_official() -> None:
    listed = pd.Series([date(2024, 1, 1), date(2024, 3, 1)], index=["A", "B"])
    nobody = pd.Series([None, None], index=["A", "B"], dtype=object)
    assert lead_time(listed, nobody, date(2024, 3, 31)).followed == 90  # A's wait so far
    assert lead_time(listed[:0], nobody[:0], date(2024, 3, 31)).followed == 0

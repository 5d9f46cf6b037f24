"""Re-ordering the same inspections, beside brute force over every order."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk.intervals import Share
from models.risk.reordering import reordered

DAY = date(2024, 1, 1)


def inspections(rows: list[tuple[int, float, bool]]) -> pd.DataFrame:
    """Day number, score and hit of each inspection."""
    return pd.DataFrame(
        [(f"F{n:02}", DAY + timedelta(days=d), s, h) for n, (d, s, h) in enumerate(rows)],
        columns=["subject_id", "day", "score", "hit"],
    )


def days_earlier_twin(rows: list[tuple[int, float, bool]]) -> float:
    """Gives the days out one by one, the highest score first."""
    days = sorted(day for day, _, _ in rows)
    turn = sorted(range(len(rows)), key=lambda n: (-rows[n][1], n))
    new = {firm: days[place] for place, firm in enumerate(turn)}
    gains = [day - new[n] for n, (day, _, hit) in enumerate(rows) if hit]
    return sum(gains) / len(gains)


ROWS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 5).map(float), st.booleans()),
    min_size=1,
    max_size=20,
)


@given(ROWS)
def test_the_gain_is_the_twins(rows: list[tuple[int, float, bool]]) -> None:
    found = reordered(inspections(rows))
    if not any(hit for _, _, hit in rows):
        assert found is None
        return
    assert found is not None
    assert found.days_earlier == pytest.approx(days_earlier_twin(rows))
    assert found.found["as_it_was"].iloc[-1] == found.found["reordered"].iloc[-1] == found.hits


@given(ROWS.filter(lambda rows: any(hit for _, _, hit in rows)))
def test_ordering_by_the_truth_is_the_best_there_is(rows: list[tuple[int, float, bool]]) -> None:
    by_score = reordered(inspections(rows))
    by_truth = reordered(inspections([(day, float(hit), hit) for day, _, hit in rows]))
    assert by_score is not None
    assert by_truth is not None
    assert by_truth.days_earlier >= by_score.days_earlier
    assert by_truth.days_earlier >= 0
    assert by_truth.first_month_reordered.hits >= by_score.first_month_reordered.hits


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=5))
def test_no_order_at_all_beats_the_truth(rows: list[tuple[int, bool]]) -> None:
    if not any(hit for _, hit in rows):
        return
    best = reordered(inspections([(day, float(hit), hit) for day, hit in rows]))
    assert best is not None
    for order in permutations(range(len(rows))):
        tried = reordered(inspections([(d, float(order[n]), h) for n, (d, h) in enumerate(rows)]))
        assert tried is not None
        assert tried.days_earlier <= best.days_earlier + 1e-9


def test_the_worked_example() -> None:
    found = reordered(
        inspections(
            [
                (0, 0.1, False),  # stands last by score: goes to day 40
                (10, 0.9, True),  # the best: goes to day 0, 10 days earlier
                (40, 0.5, True),  # second: goes to day 10, 30 days earlier
            ]
        )
    )
    assert found is not None
    assert found.days_earlier == 20.0
    assert found.first_month == Share(1, 2)  # of the hits on days 10 and 40
    assert found.first_month_reordered == Share(2, 2)
    assert list(found.found["as_it_was"]) == [0, 1, 2]
    assert list(found.found["reordered"]) == [1, 2, 2]


def test_a_firm_without_a_score_comes_last() -> None:
    rows = inspections([(0, float("nan"), True), (5, 0.0, False)])
    found = reordered(rows)
    assert found is not None
    assert found.days_earlier == -5.0  # it would have been inspected later, and that is said

"""What became of firms, by a truth and by later cases."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from conf.target import load_target
from models.risk.outcomes import outcomes_of_cases, outcomes_of_truth

TARGET = load_target("illegal_fundraising")
DAY, UNTIL = date(2024, 1, 31), date(2024, 12, 31)
CASES = pd.DataFrame(
    [
        ("A", "立案", date(2024, 6, 1)),  # opened after the list
        ("B", "立案", date(2023, 6, 1)),  # under case before it
        ("C", "线索", date(2024, 3, 1)),  # an open lead
        ("D", "线索", date(2024, 3, 1)),
        ("D", "排除", date(2024, 5, 1)),  # looked at and cleared
        ("F", "立案", date(2023, 1, 1)),  # honest, and wrongly under case
    ],
    columns=["subject_id", "stage", "stage_date"],
)
TRUTH = pd.DataFrame(
    [
        ("A", date(2023, 1, 1), date(2024, 6, 1), False),  # runs, official later
        ("B", date(2023, 1, 1), date(2023, 6, 1), False),  # official before
        ("D", date(2023, 1, 1), None, False),  # runs, cleared by mistake
        ("E", date(2024, 3, 1), None, False),  # has not begun
        ("G", None, None, True),
    ],
    columns=["subject_id", "started", "first_official", "lookalike"],
)


def test_by_cases() -> None:
    found = outcomes_of_cases(CASES, TARGET, DAY, UNTIL)
    assert found.to_find == found.came == {"A"}
    assert found.under_case == {"B", "F"}
    assert found.suspects == {"A", "C"}  # D was cleared
    assert found.official["A"] == date(2024, 6, 1)
    assert not found.horizon_over  # a year from the list ends on 30 January 2025


def test_by_the_truth() -> None:
    found = outcomes_of_truth(TRUTH, CASES, TARGET, DAY, UNTIL)
    assert found.to_find == {"A", "D"}  # B is official, E has not begun
    assert found.under_case == {"B", "F"}  # the city pursues F, rightly or not
    assert found.came == {"A"}  # a probability speaks of cases, not of the truth
    assert found.lookalikes == {"G"}
    assert found.official == {"A": date(2024, 6, 1), "B": date(2023, 6, 1)}


def test_an_official_day_after_the_known_is_not_known() -> None:
    found = outcomes_of_truth(TRUTH, CASES.iloc[1:], TARGET, DAY, date(2024, 3, 31))
    assert "A" not in found.official


def test_a_foreign_truth_is_refused() -> None:
    later = TRUTH.assign(started=date(2025, 1, 1))
    with pytest.raises(ValueError, match="belongs to this lake"):
        outcomes_of_truth(later, CASES, TARGET, DAY, UNTIL)

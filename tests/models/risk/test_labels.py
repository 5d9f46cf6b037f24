"""What became of each firm after a day, as far as it was known on another."""

from __future__ import annotations

from datetime import date

import pandas as pd

from conf.target import load_target
from models.risk.labels import dated_labels, static_labels, training_dates

TARGET = load_target("illegal_fundraising")


def cases(*rows: tuple[str, str, date]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["subject_id", "stage", "stage_date"])


def test_each_firm_is_labelled_once() -> None:
    at, known_by = date(2023, 1, 1), date(2024, 12, 31)
    found = dated_labels(
        cases(
            ("A", "立案", date(2023, 6, 1)),  # within the year that follows
            ("B", "立案", date(2022, 12, 31)),  # official already
            ("C", "排除", date(2023, 3, 1)),  # looked at, nothing found
            ("D", "立案", date(2024, 1, 2)),  # a day too late for the horizon
            ("E", "线索", date(2023, 2, 1)),  # a lead is no case
            ("F", "排除", date(2023, 2, 1)),  # cleared at first ...
            ("F", "立案", date(2024, 6, 1)),  # ... and a case after all: not a reviewed negative
            ("G", "立案", date(2022, 5, 1)),  # under case, whatever follows
            ("G", "起诉", date(2023, 5, 1)),
        ),
        TARGET,
        at,
        known_by,
    )
    assert found.positive == {"A"}
    assert found.reviewed == {"C"}
    assert found.under_case == {"B", "G"}


def test_static_labels_have_no_days() -> None:
    day = date(2020, 12, 31)
    found = static_labels(cases(("A", "立案", day), ("B", "排除", day), ("A", "排除", day)), TARGET)
    assert (found.positive, found.reviewed, found.under_case) == ({"A"}, {"B"}, frozenset())


def test_training_days_keep_their_distance() -> None:
    days = training_dates(date(2022, 1, 1), date(2024, 12, 31), TARGET, most=20)
    assert days[0] == date(2024, 10, 2)  # 90 days before, the target's gap
    assert days[-1] >= date(2023, 1, 1)  # a year of records at least
    assert training_dates(date(2024, 6, 1), date(2024, 12, 31), TARGET, most=20) == []

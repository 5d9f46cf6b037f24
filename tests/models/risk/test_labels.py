"""What became of each firm after a day, as far as it was known on another."""

from __future__ import annotations

from datetime import date

import pandas as pd

from conf.target import load_target
from models.risk.labels import dated_labels, known_on, label_delay, static_labels, training_dates

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
    # 90 days before, the target's gap, is the 2nd of October
    assert days[:3] == [date(2024, 9, 30), date(2024, 6, 30), date(2024, 3, 31)]
    assert days[-1] >= date(2023, 1, 1)  # a year of records at least
    assert training_dates(date(2024, 6, 1), date(2024, 12, 31), TARGET, most=20) == []


def test_training_days_a_month_apart_after_a_longer_gap() -> None:
    days = training_dates(
        date(2022, 1, 1), date(2024, 3, 31), TARGET, most=3, gap_days=31, months_apart=1
    )
    # 31 days before is the last of February itself
    assert days == [date(2024, 2, 29), date(2024, 1, 31), date(2023, 12, 31)]


def test_the_delay_is_what_nine_of_ten_cases_take() -> None:
    since = date(2023, 1, 1)
    rows = [(f"F{n}", "立案", date(2023, 5, 1), date(2023, 5, 1 + n)) for n in range(10)]
    rows += [
        ("old", "立案", date(2020, 1, 1), date(2023, 1, 1)),  # came in one lump: left out
        ("lead", "线索", date(2023, 1, 1), date(2024, 1, 1)),  # a lead is no case
    ]
    cases = pd.DataFrame(rows, columns=["subject_id", "stage", "stage_date", "known_at"])
    assert label_delay(cases, TARGET, since) == 9  # 8.1 days, whole days
    assert label_delay(cases.iloc[-2:], TARGET, since) is None
    assert known_on(cases, TARGET).to_dict()["F3"] == date(2023, 5, 4)
    assert "lead" not in known_on(cases, TARGET)

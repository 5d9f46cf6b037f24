"""What training adds to its rows: where a firm has records."""

from __future__ import annotations

from datetime import date

import pandas as pd

from pipelines.training import presence_of

DAY, LATER = date(2023, 3, 31), date(2023, 6, 30)


def firsts(**days: str) -> pd.Series:
    return pd.to_datetime(pd.Series(days))


def test_presence_is_what_was_known_by_the_row_s_day() -> None:
    rows = pd.DataFrame(
        [("A", DAY), ("A", LATER), ("B", LATER)], columns=["subject_id", "as_of"], index=[4, 9, 2]
    )
    first = {
        "registration": firsts(A="2020-01-01", B="2020-01-01"),
        "case_label": firsts(A="2020-01-01"),
        "penalty": firsts(A="2023-05-01"),
    }
    found = presence_of(rows, first)
    # the register holds everybody and cases are the label: neither is looked at
    assert found.columns.tolist() == ["penalty"]
    assert found["penalty"].tolist() == [False, True, False]

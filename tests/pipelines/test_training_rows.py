"""What training adds to its rows: how many firms each stands for, and where a firm has records."""

from __future__ import annotations

from datetime import date

import pandas as pd

from models.risk.labels import Labels
from pipelines.training import _weights, presence_of

DAY, LATER = date(2023, 3, 31), date(2023, 6, 30)


def firsts(**days: str) -> pd.Series:
    return pd.to_datetime(pd.Series(days))


def test_a_drawn_row_stands_for_those_not_drawn() -> None:
    # on DAY A to E are registered: A is a case, B reviewed, C under case, so D stands for D and E
    registered = firsts(A="2020-01-01", B="2020-01-01", C="2020-01-01", D="2020-01-01",
                        E="2023-01-01", F="2023-05-01")  # fmt: skip
    rows = pd.DataFrame(
        [("A", DAY), ("B", DAY), ("D", DAY), ("D", LATER)], columns=["subject_id", "as_of"]
    )
    told = Labels(frozenset("A"), frozenset("B"), frozenset("C"))
    nobody = Labels(frozenset(), frozenset(), frozenset("A"))
    found = _weights(rows, {DAY: told, LATER: nobody}, {"registration": registered})
    # on LATER F is there too, and only A is left out: D stands for B to F
    assert found.tolist() == [1.0, 1.0, 2.0, 5.0]


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

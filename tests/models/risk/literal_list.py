"""A small list to evaluate: seven firms of two districts, of which two can be found."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from models.risk.evaluation import Held
from models.risk.outcomes import Outcomes

DAY, BEFORE, UNTIL = date(2024, 1, 31), date(2023, 12, 31), date(2025, 3, 31)

FIRMS = pd.DataFrame(
    [
        ("A", "甲投资", "north", "L7212", 0.6, 5.0),  # to find, listed
        ("B", "乙", "north", "L", 0.5, 4.0),  # under case: left out everywhere
        ("C", "丙", "north", "F", 0.4, 3.0),  # honest, listed
        ("D", "丁", "south", "F", 0.3, 2.0),  # on the serious list, listed
        ("E", "戊理财", "south", None, 0.2, 1.0),
        ("F", "己", "south", "F", 0.1, 0.0),  # to find, missed
        ("G", "庚投资", "north", "L", 0.1, -1.0),
    ],
    columns=["subject_id", "name", "district", "industry", "probability", "margin"],
)
FEATURES = pd.DataFrame(
    {
        "subject_id": list("ABCDEFG"),
        "x": [9, 1, 1, 1, 1, 8, 1],
        "age_days": [100, 500, 1200, 2000, 4000, 100, None],
        "registered_employees": [5, 20, 60, 400, None, 5, 5],
        "serious_listings": [0, 0, 0, 1, 0, 0, 0],
        "empty": None,
    }
)


def outcomes(**changed: Any) -> Outcomes:
    told: dict[str, Any] = {
        "source": "truth",
        "as_of": DAY,
        "until": UNTIL,
        "to_find": frozenset("AF"),
        "under_case": frozenset("B"),
        "official": {"A": date(2024, 5, 30), "B": date(2023, 6, 1)},
        "came": frozenset("A"),
        "suspects": frozenset("AF"),
        "lookalikes": frozenset("C"),
        "horizon_over": True,
    }
    return Outcomes(**{**told, **changed})


def held(**changed: Any) -> Held:
    listed = pd.DataFrame(
        {
            "subject_id": list("ABCD"),
            "district": ["north"] * 3 + ["south"],
            "record_count": [3, 9, 1, 0],
            "department_count": [2, 9, 1, 0],
            "elements": ["unlawfulness,inducement", "openness", "unlawfulness", None],
        }
    )
    lists = pd.DataFrame(
        [(BEFORE, "C"), (BEFORE, "F"), *((DAY, s) for s in "ABCD")],
        columns=["as_of", "subject_id"],
    )
    told: dict[str, Any] = {
        "firms": FIRMS.assign(group=FIRMS["subject_id"]),
        "features": FEATURES,
        "listed": listed,
        "lists": lists,
        "outcomes": outcomes(),
        "told": frozenset("A"),
        "before_scores": FIRMS[["subject_id", "margin"]],
        "before_features": FEATURES,
    }
    return Held(**{**told, **changed})

"""What re-ordering the same inspections by score would have gained.

The method of Chicago's food inspections: the firms inspected in a period and the number inspected
on each day stay as they were; only the order changes, highest score first. What was found is then
found earlier. Scores must be older than the first inspection, or the gain is borrowed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.risk.intervals import Share

FIRST_DAYS = 30
"""What 'month one' is: days from the first inspection."""


@dataclass(frozen=True)
class Reordering:
    """The gain of one re-ordering.

    `inspections`, `hits`: as they were. `days_earlier`: mean over the hits. `first_month` and
    `first_month_reordered`: hits within `FIRST_DAYS` days of the first inspection, of all hits.
    `found`: day, as_it_was, reordered (hits by the end of the day).
    """

    inspections: int
    hits: int
    days_earlier: float
    first_month: Share
    first_month_reordered: Share
    found: pd.DataFrame


def reordered(inspections: pd.DataFrame) -> Reordering | None:
    """The gain over `inspections`: subject_id, day, score, hit, one row an inspection.

    Equal scores stand in the order of subject ids; a missing score comes last. None when nothing
    was inspected or nothing was found.
    """
    rows = inspections.assign(
        day=pd.to_datetime(inspections["day"]), hit=inspections["hit"].astype(bool)
    )
    if not rows["hit"].any():
        return None
    turn = rows.sort_values(["day", "subject_id"], kind="stable")
    best = rows.sort_values(
        ["score", "subject_id", "day"], ascending=[False, True, True], na_position="last",
        kind="stable",
    )  # fmt: skip
    slots = turn["day"].to_numpy()
    was = slots[turn["hit"].to_numpy()]
    new = slots[best["hit"].to_numpy()]
    first = slots[0] + np.timedelta64(FIRST_DAYS, "D")
    days = np.unique(slots)
    return Reordering(
        inspections=len(rows),
        hits=len(was),
        days_earlier=float((was - new).astype("timedelta64[D]").astype(int).sum() / len(was)),
        first_month=Share(int((was < first).sum()), len(was)),
        first_month_reordered=Share(int((new < first).sum()), len(new)),
        found=pd.DataFrame(
            {
                "day": days,
                "as_it_was": np.searchsorted(np.sort(was), days, side="right"),
                "reordered": np.searchsorted(np.sort(new), days, side="right"),
            }
        ),
    )

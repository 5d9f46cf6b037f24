"""Lead time: days from a firm's first place on a list to its first official action.

A firm that is not official yet is censored: its lead is at least as long as it has stood there.
Kaplan and Meier's estimate uses both kinds; the plain median of official firms alone is shown
beside it, for it is too short (the slow ones are missing) and the other leans on the censored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

LEAST_DAYS = (30, 60, 90)


@dataclass(frozen=True)
class LeadTime:
    """The lead times of `firms` found, of which `official` have an end and the rest are censored.

    `median`, `lower`, `upper` (quartiles): Kaplan-Meier, days; None where the curve never falls so
    far (more than that share is still open). `at_least`: days to the estimated share whose lead is
    at least so long; None where nobody was followed so long. `plain_median`: of the
    official firms alone; None without any. `curve`: day, at_risk, ended, survival. `followed`: the
    longest time that anybody was, days.
    """

    firms: int
    official: int
    median: float | None
    lower: float | None
    upper: float | None
    at_least: Mapping[int, float | None]
    plain_median: float | None
    curve: pd.DataFrame
    followed: float

    @property
    def censored(self) -> int:
        """Firms that are not official yet."""
        return self.firms - self.official


def kaplan_meier(days: ArrayLike, ended: ArrayLike) -> pd.DataFrame:
    """The survival curve: one row a day on which something ended.

    Columns day, at_risk (rows open just before), ended, survival (share still open after it). A row
    censored on a day counts as at risk on that day.
    """
    table = pd.DataFrame({"day": np.asarray(days, float), "ended": np.asarray(ended, bool)})
    if (table["day"] < 0).any() or table["day"].isna().any():
        raise ValueError("a lead time is negative or missing: list days lie before official days")
    ends = table[table["ended"]].groupby("day", sort=True).size()
    lengths = np.sort(table["day"].to_numpy())
    at_risk = len(table) - np.searchsorted(lengths, ends.index.to_numpy(), side="left")
    survival = np.cumprod(1 - ends.to_numpy() / at_risk) if len(ends) else np.empty(0)
    return pd.DataFrame(
        {
            "day": ends.index.to_numpy(float),
            "at_risk": at_risk.astype(int),
            "ended": ends.to_numpy(int),
            "survival": survival,
        }
    )


def lead_days(
    first_listed: pd.Series, official: pd.Series, until: date
) -> tuple[pd.Series, pd.Series]:
    """Days to the first official day, or so far, and whether the day came by `until`; by index."""
    listed = pd.to_datetime(first_listed)
    end = pd.to_datetime(official).reindex(listed.index)
    over = end.notna() & (end <= pd.Timestamp(until))
    return (end.where(over, pd.Timestamp(until)) - listed).dt.days, over


def lead_time(first_listed: pd.Series, official: pd.Series, until: date) -> LeadTime:
    """The lead times of firms, aligned by index: the day first listed, and the first official day.

    `official` is missing where nothing is official by `until`; an official day after it counts as
    not known yet. Firms first listed on or after their official day were not found: leave them out.
    """
    days, over = lead_days(first_listed, official, until)
    curve = kaplan_meier(days, over)
    plain = days[over]
    return LeadTime(
        firms=len(days),
        official=int(over.sum()),
        median=_quantile(curve, 0.5),
        lower=_quantile(curve, 0.25),
        upper=_quantile(curve, 0.75),
        at_least={least: _open_until(curve, days, least) for least in LEAST_DAYS},
        plain_median=float(plain.median()) if len(plain) else None,
        curve=curve,
        followed=float(days.max()) if len(days) else 0.0,
    )


def _quantile(curve: pd.DataFrame, share: float) -> float | None:
    # a product of fractions may miss one half by a bit
    passed = curve[curve["survival"] <= 1 - share + 1e-12]
    return float(passed["day"].iloc[0]) if len(passed) else None


def _open_until(curve: pd.DataFrame, days: pd.Series, day: int) -> float | None:
    """The share whose lead is at least `day` days."""
    before = curve[curve["day"] < day]
    share = float(before["survival"].iloc[-1]) if len(before) else 1.0
    # past the longest time that anybody was followed the curve says nothing, unless all ended
    return share if share == 0 or (days >= day).any() else None

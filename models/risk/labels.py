"""Labels: what became of each firm after a day, as far as it was known on another.

Labels are positive and unlabelled: a firm without a case is not known to be honest. A reviewed firm
(only stages such as 排除) is a negative somebody looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from conf.target import Target

CASE_COLUMNS = ("subject_id", "stage", "stage_date")


@dataclass(frozen=True)
class Labels:
    """Firms by what became of them: disjoint sets of subject ids.

    `positive`: a case was opened within the horizon. `reviewed`: looked at, nothing found.
    `under_case`: official before the day; they neither train nor count as found.
    """

    positive: frozenset[str]
    reviewed: frozenset[str]
    under_case: frozenset[str]


def first_official(cases: pd.DataFrame, target: Target) -> pd.Series:
    """The day of each firm's first official stage, by subject id. `cases` as `CASE_COLUMNS`."""
    official = cases[cases["stage"].isin(target.official_stages)]
    return official.groupby("subject_id")["stage_date"].min()


def dated_labels(cases: pd.DataFrame, target: Target, at: date, known_by: date) -> Labels:
    """The labels of a training row that sees features as of `at`.

    `cases` is the known state of the label table as of `known_by`. A case counts when its first
    positive stage lies after `at`, within the target's horizon, and was known by `known_by`.
    """
    until = min(at + timedelta(days=target.horizon_days), known_by)
    hits = cases[cases["stage"].isin(target.positive_stages)]
    first = hits.groupby("subject_id")["stage_date"].min()
    official = first_official(cases, target)
    under_case = frozenset(official[official <= at].index)
    positive = frozenset(first[(first > at) & (first <= until)].index) - under_case
    later = frozenset(first.index)
    reviewed = frozenset(cases[cases["stage"].isin(target.negative_stages)]["subject_id"]) - later
    return Labels(positive, reviewed - under_case, under_case)


def static_labels(cases: pd.DataFrame, target: Target) -> Labels:
    """The labels of a city whose cases bear no dates of their own: only labelled firms train."""
    positive = frozenset(cases[cases["stage"].isin(target.positive_stages)]["subject_id"])
    reviewed = frozenset(cases[cases["stage"].isin(target.negative_stages)]["subject_id"])
    return Labels(positive, reviewed - positive, frozenset())


DELAY_SHARE = 0.9
"""The share of cases that are known by the measured delay (project default)."""


def label_delay(cases: pd.DataFrame, target: Target, since: date) -> int | None:
    """Days until a city knows of a positive stage, for `DELAY_SHARE` of them; None without any.

    `cases`: subject_id, stage, stage_date, known_at. Stages before `since`, the day of the first
    record, came in one lump with the first delivery and say nothing of how long one takes.
    """
    told = cases[cases["stage"].isin(target.positive_stages) & (cases["stage_date"] >= since)]
    if len(told) == 0:
        return None
    taken = pd.to_datetime(told["known_at"]) - pd.to_datetime(told["stage_date"])
    return max(0, int(np.ceil(taken.dt.days.quantile(DELAY_SHARE))))


def known_on(cases: pd.DataFrame, target: Target) -> pd.Series:
    """The day each firm's first positive stage became known, by subject id."""
    hits = cases[cases["stage"].isin(target.positive_stages)]
    return hits.groupby("subject_id")["known_at"].min()


def training_dates(
    first_known: date,
    as_of: date,
    target: Target,
    most: int,
    gap_days: int | None = None,
    months_apart: int = 3,
) -> list[date]:
    """The month-ends a dated city trains on: `months_apart`, newest first, at most `most`.

    The newest lies `gap_days` (by default the target's) or more before `as_of`, for labels need
    that long to come; the oldest a year after the first record, so that windows of a year are full.
    """
    dates: list[date] = []
    gap = target.gap_days if gap_days is None else gap_days
    day = _month_end(as_of - timedelta(days=gap) + timedelta(days=1), -1)
    while len(dates) < most and day >= first_known + timedelta(days=365):
        dates.append(day)
        day = _month_end(day, -months_apart)
    return dates


def _month_end(day: date, months: int) -> date:
    """The last day of the month that many months from that of `day`."""
    month = day.year * 12 + day.month + months  # of the month after it, counted from 0
    return date(month // 12, month % 12 + 1, 1) - timedelta(days=1)

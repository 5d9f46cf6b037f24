"""Labels: what became of each firm after a day, as far as it was known on another.

Labels are positive and unlabelled: a firm without a case is not known to be honest. A reviewed firm
(only stages such as 排除) is a negative somebody looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

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


def training_dates(first_known: date, as_of: date, target: Target, most: int) -> list[date]:
    """The days a dated city trains on: a quarter apart, newest first, at most `most`.

    The last lies `gap_days` before `as_of` (labels need that long to come), the first a year after
    the first record, so that windows of a year are filled.
    """
    dates: list[date] = []
    day = as_of - timedelta(days=target.gap_days)
    while len(dates) < most and day >= first_known + timedelta(days=365):
        dates.append(day)
        day -= timedelta(days=91)
    return dates

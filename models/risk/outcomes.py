"""What became of firms after a day: by a planted truth, or by the cases as they came to be known.

A planted truth knows every firm whose scheme runs, found or not. A real city knows only the cases
that were opened later, so its precision is a lower bound: a firm without a case is not known to be
honest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import pandas as pd

from conf.target import Target
from models.risk.labels import dated_labels, first_official

Source = Literal["truth", "cases"]


@dataclass(frozen=True)
class Outcomes:
    """What a list as of `as_of` is held against, known by `until`.

    `to_find`: not official as of the day, and (truth) its scheme runs, or (cases) a case was opened
    after it within the horizon. `under_case`: official by the day, left out everywhere. `official`:
    first official day by firm, known by `until`. `came`: a case within the horizon, which is what a
    probability speaks of. `suspects`: firms whose lead counts as censored while they are not
    official: all of `to_find` (truth), firms with an open lead (cases). `horizon_over`: all days of
    the horizon lie before `until`.
    """

    source: Source
    as_of: date
    until: date
    to_find: frozenset[str]
    under_case: frozenset[str]
    official: Mapping[str, date]
    came: frozenset[str]
    suspects: frozenset[str]
    lookalikes: frozenset[str]
    horizon_over: bool


def outcomes_of_cases(cases: pd.DataFrame, target: Target, as_of: date, until: date) -> Outcomes:
    """By the cases (`subject_id`, `stage`, `stage_date`) as the city knew them on `until`."""
    labels = dated_labels(cases, target, as_of, until)
    official = first_official(cases, target)
    cleared = set(cases[cases["stage"].isin(target.negative_stages)]["subject_id"])
    open_leads = set(cases["subject_id"]) - cleared - set(official.index)
    return Outcomes(
        source="cases",
        as_of=as_of,
        until=until,
        to_find=labels.positive,
        under_case=labels.under_case,
        official={str(subject): day for subject, day in official.items()},
        came=labels.positive,
        suspects=labels.positive | frozenset(open_leads),
        lookalikes=frozenset(),
        horizon_over=as_of + timedelta(days=target.horizon_days) <= until,
    )


def outcomes_of_truth(
    truth: pd.DataFrame, cases: pd.DataFrame, target: Target, as_of: date, until: date
) -> Outcomes:
    """By the simulator's truth: subject_id, started, first_official, lookalike.

    Firms the city itself took for official (`cases`) are left out too, rightly or not. Raises
    ValueError when no ring firm could have been found.
    """
    told = outcomes_of_cases(cases, target, as_of, until)
    alike = truth["lookalike"].fillna(False).astype(bool)
    ring = truth[~alike].set_index("subject_id")
    started = pd.to_datetime(ring["started"]) <= pd.Timestamp(as_of)
    ended = pd.to_datetime(ring["first_official"])
    over = frozenset(ring.index[ended <= pd.Timestamp(as_of)])
    under_case = told.under_case | over
    hidden = frozenset(ring.index[started]) - under_case
    if not hidden:
        raise ValueError(
            f"No ring firm of the truth could have been found as of {as_of}: check that the truth "
            "file belongs to this lake's deliveries."
        )
    known = ended[ended <= pd.Timestamp(until)].dropna()
    return Outcomes(
        source="truth",
        as_of=as_of,
        until=until,
        to_find=hidden,
        under_case=under_case,
        official={str(subject): day.date() for subject, day in known.items()},
        came=told.came,
        suspects=hidden,
        lookalikes=frozenset(truth[alike]["subject_id"]),
        horizon_over=told.horizon_over,
    )

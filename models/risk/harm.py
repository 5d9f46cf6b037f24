"""Lead time weighed by harm: a month's warning of a great scheme is worth more than of a small one.

The harm of a firm is what the table of cases states: people involved, or money. It is stated when a
case is opened, so firms that are not official yet have none, and no estimate for censored rows can
be had: the figures are of official firms, and say how many they leave out.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

HARMS = ("participants", "amount_fen")
"""Columns of the table of cases that carry harm."""
NO_HARM = "firms"
"""The measure where no column does: each firm counts once."""


@dataclass(frozen=True)
class HarmLead:
    """The lead of firms listed before their case, weighed by one measure of harm.

    `measure`: one of `HARMS`, or `NO_HARM`. `firms`: official firms whose harm is stated;
    `unstated`: official ones without; `censored`: not official yet, so of unknown harm. `harm`: the
    sum over `firms`. `mean`: days, weighed; `plain_mean`: of the same firms, each counted once;
    `median`: days by which half of the harm had been listed or longer.
    """

    measure: str
    firms: int
    unstated: int
    censored: int
    harm: int
    mean: float
    plain_mean: float
    median: float


def harm_of_firms(cases: pd.DataFrame) -> pd.DataFrame:
    """What the cases state of each firm, by subject_id: the columns of `HARMS`, missing where none.

    `cases`: subject_id, case_id, stage_date, and `HARMS`. Of a firm in one case the figure stated
    last counts, of equal days the larger; several cases of a firm add up.
    """
    found = {}
    for name in HARMS:
        stated = cases.dropna(subset=[name]).assign(**{name: lambda r, n=name: r[n].astype(float)})
        stated = stated.sort_values(["subject_id", "case_id", "stage_date", name])
        last = stated.groupby(["subject_id", "case_id"])[name].last()
        found[name] = last.groupby("subject_id").sum()
    return pd.DataFrame(found)


def harm_leads(days: pd.Series, over: pd.Series, harm: pd.DataFrame | None) -> tuple[HarmLead, ...]:
    """The weighed leads: one a measure that weighs anything, else one in which each firm counts once.

    `days`: of each firm found, by subject_id, to its first official day where `over`, else so far.
    `harm`: as `harm_of_firms` has it. Empty when no firm is official.
    """
    ended = days[over.astype(bool)]
    if ended.empty:
        return ()
    censored = len(days) - len(ended)
    weights = [] if harm is None else [harm[n].astype(float).reindex(ended.index) for n in HARMS]
    told = [_weighed(ended, weight, censored) for weight in weights if weight.gt(0).any()]
    return tuple(told) or (_weighed(ended, pd.Series(1, ended.index, name=NO_HARM), censored),)


def _weighed(ended: pd.Series, weight: pd.Series, censored: int) -> HarmLead:
    stated = weight.notna()
    rows = pd.DataFrame({"days": ended[stated], "weight": weight[stated].astype(float)})
    # floats are added in one order, and the longest lead first gives the median
    rows = rows.sort_values(["days", "weight"], ascending=False, kind="stable")
    total = float(rows["weight"].sum())
    half = rows["weight"].cumsum() >= total / 2
    return HarmLead(
        measure=str(weight.name),
        firms=len(rows),
        unstated=int((~stated).sum()),
        censored=censored,
        harm=round(total),
        mean=float((rows["days"] * rows["weight"]).sum() / total),
        plain_mean=float(rows["days"].mean()),
        median=float(rows["days"][half].iloc[0]),
    )

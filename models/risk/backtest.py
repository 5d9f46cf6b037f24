"""The dated backtest: lists at capacity on a run of days, held against the whole truth.

A ring firm is found when it stands in a list, within its district's capacity, on a day on which
its scheme runs and before its first official action. Firms the city already pursues take no place.
The scores of a day must be made from what was known on it; this module only counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from models.risk.intervals import Estimate, Share, grouped_ratio
from models.risk.lead_time import LeadTime, lead_time
from models.risk.ranking import NOT_LISTED, REVOKED

SEED = 20240101


@dataclass(frozen=True)
class Backtest:
    """What lists on a run of days found.

    `lists`: as_of, subject_id, district, margin, probability, lookalike, ring (its scheme runs and
    nothing is official yet). `found` of the ring firms that could be found on any of the days.
    `by_scheme`: scheme, could_be_found, found (when the truth names schemes). `firms`: ring firms
    that could be found: subject_id, first_listed (missing when not found), first_official.
    `lookalikes`: of the places of all lists; `lookalikes_interval` draws whole firms. `warned`:
    as_of, warned, firms: in the year to each list the firms ever listed, and those scored that day.
    """

    days: tuple[date, ...]
    lists: pd.DataFrame
    firms: pd.DataFrame
    found: Share
    by_scheme: pd.DataFrame
    lead: LeadTime
    ring_places: Share
    lookalikes: Share
    lookalikes_interval: Estimate | None
    warned: pd.DataFrame

    @property
    def most_warned(self) -> float:
        """The largest share of firms listed within any year to a list day."""
        return float((self.warned["warned"] / self.warned["firms"]).max())


def backtest(
    scores_by_day: pd.DataFrame,
    truth: pd.DataFrame,
    capacity: pd.DataFrame,
    under_case: pd.DataFrame | None = None,
    until: date | None = None,
    quiet_days: int = 0,
) -> Backtest:
    """Lists at capacity on every day of the scores, against the truth.

    `scores_by_day`: subject_id, as_of, margin, probability, district, and `status` where known.
    `truth`: subject_id, started, first_official, lookalike, and `scheme` where told. `capacity`:
    district, inspections, and `as_of` where it changes; a district without a row lists nobody.
    `under_case`: subject_id, since: the day from which the city itself knew a case; without it the
    truth's first official day. `until`: the last day of the truth, which ends open lead times
    (default: the last list day). `quiet_days`: listed firms are inspected before the next list; a
    ring firm is then found and never listed again, any other rests so long (0: lists are not acted
    on). Raises ValueError when no ring firm could have been found.
    """
    alike = truth["lookalike"].fillna(False).astype(bool)
    ring = _ring(truth[~alike])
    aside = _under_case(truth, under_case)
    lists = _lists(scores_by_day, capacity, aside, ring, quiet_days)
    days = tuple(sorted({_day(day) for day in scores_by_day["as_of"]}))
    seen = _could_be_found(ring, scores_by_day)
    if not len(seen):
        raise ValueError(
            "No ring firm of the truth runs on any list day: check that the scores and the truth "
            "are of one city, and that the list days lie within its years."
        )
    lists = lists.merge(ring, "left", "subject_id")
    day = pd.to_datetime(lists["as_of"])
    lists["ring"] = (lists["started"] <= day) & ~(lists["first_official"] <= day)
    lists["lookalike"] = lists["subject_id"].isin(set(truth[alike]["subject_id"]))
    first = lists[lists["ring"]].groupby("subject_id")["as_of"].min().rename("first_listed")
    firms = seen.merge(first, "left", "subject_id").sort_values("subject_id", ignore_index=True)
    hit = firms[firms["first_listed"].notna()].set_index("subject_id")
    columns = ["as_of", "subject_id", "district", "margin", "probability", "lookalike", "ring"]
    return Backtest(
        days=days,
        lists=lists[columns],
        firms=firms[["subject_id", "first_listed", "first_official"]],
        found=Share(len(hit), len(firms)),
        by_scheme=_by_scheme(firms, truth),
        lead=lead_time(hit["first_listed"], hit["first_official"], until or days[-1]),
        ring_places=Share(int(lists["ring"].sum()), len(lists)),
        lookalikes=Share(int(lists["lookalike"].sum()), len(lists)),
        lookalikes_interval=grouped_ratio(
            lists["lookalike"], np.ones(len(lists)), lists["subject_id"], SEED
        ),
        warned=_warned(lists, scores_by_day, days),
    )


def lists_at_capacity(
    scores: pd.DataFrame, capacity: pd.DataFrame, under_case: pd.DataFrame
) -> pd.DataFrame:
    """The firms listed on each day: the highest margins of each district, within its capacity.

    The rules are those of `models.risk.ranking`: equal margins by subject id; firms under case, and
    those that left the register, take no place; a revoked firm only one that no other takes.
    Columns as in `scores`, by day, district and place.
    """
    rows = scores.merge(under_case[["subject_id", "since"]], "left", "subject_id")
    over = pd.to_datetime(rows["since"]) <= pd.to_datetime(rows["as_of"])
    if "status" in rows:
        over |= rows["status"].isin(NOT_LISTED)
        rows["_revoked"] = (rows["status"] == REVOKED).astype(int)
    else:
        rows["_revoked"] = 0
    keys = ["as_of", "district"] if "as_of" in capacity else ["district"]
    rows = rows[~over].merge(capacity[[*keys, "inspections"]], "inner", keys)
    rows = rows.sort_values(
        ["as_of", "district", "_revoked", "margin", "subject_id"],
        ascending=[True, True, True, False, True],
        kind="stable",
    )
    place = rows.groupby(["as_of", "district"]).cumcount()
    return rows[place < rows["inspections"]][list(scores.columns)].reset_index(drop=True)


def _lists(
    scores: pd.DataFrame,
    capacity: pd.DataFrame,
    under_case: pd.DataFrame,
    ring: pd.DataFrame,
    quiet_days: int,
) -> pd.DataFrame:
    """`lists_at_capacity` of every day; with `quiet_days` each list is inspected before the next.

    `ring`: subject_id, started, first_official. A firm found running its scheme is listed no more;
    any other rests for `quiet_days`.
    """
    if not quiet_days:
        return lists_at_capacity(scores, capacity, under_case)
    ring = ring.set_index("subject_id")
    parts: list[pd.DataFrame] = []
    found: set[str] = set()
    rests: dict[str, date] = {}
    for day in sorted({_day(value) for value in scores["as_of"]}):
        aside = found | {subject for subject, until in rests.items() if until > day}
        rows = scores[(pd.to_datetime(scores["as_of"]) == pd.Timestamp(day))]
        free = rows[~rows["subject_id"].isin(aside)]
        parts.append(lists_at_capacity(free, capacity, under_case))
        listed = parts[-1]["subject_id"]
        known = ring.reindex(listed)
        now = pd.Timestamp(day)
        runs = ((known["started"] <= now) & ~(known["first_official"] <= now)).to_numpy()
        found |= set(listed[runs])
        rests |= dict.fromkeys(listed[~runs], day + timedelta(days=quiet_days))
    return pd.concat(parts, ignore_index=True)


def _under_case(truth: pd.DataFrame, under_case: pd.DataFrame | None) -> pd.DataFrame:
    if under_case is None:
        under_case = truth[["subject_id", "first_official"]].set_axis(
            ["subject_id", "since"], axis=1
        )
    since = under_case.assign(since=pd.to_datetime(under_case["since"])).dropna(subset=["since"])
    return since.groupby("subject_id")["since"].min().reset_index()


def _ring(truth: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject_id": truth["subject_id"].to_numpy(),
            "started": pd.to_datetime(truth["started"]).to_numpy(),
            "first_official": pd.to_datetime(truth["first_official"]).to_numpy(),
        }
    )


def _could_be_found(ring: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Ring firms that were scored on a list day on which they ran and were not official yet."""
    rows = scores[["subject_id", "as_of"]].merge(ring, "inner", "subject_id")
    day = pd.to_datetime(rows["as_of"])
    runs = (rows["started"] <= day) & ~(rows["first_official"] <= day)
    return ring[ring["subject_id"].isin(set(rows[runs]["subject_id"]))]


def _by_scheme(firms: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    columns = ["scheme", "could_be_found", "found"]
    if "scheme" not in truth:
        return pd.DataFrame(columns=columns)
    told = firms.merge(truth[["subject_id", "scheme"]], "left", "subject_id")
    counted = told.assign(found=told["first_listed"].notna()).groupby("scheme", as_index=False)
    return counted.agg(could_be_found=("found", "size"), found=("found", "sum"))[columns]


def _warned(lists: pd.DataFrame, scores: pd.DataFrame, days: tuple[date, ...]) -> pd.DataFrame:
    """In the year to each day: firms on any of its lists, beside the firms scored on the day."""
    when = pd.to_datetime(lists["as_of"])
    size = pd.to_datetime(scores["as_of"]).value_counts()
    told = []
    for day in map(pd.Timestamp, days):
        year = (when <= day) & (when > day - pd.Timedelta(days=365))
        told.append((day.date(), int(lists[year]["subject_id"].nunique()), int(size[day])))
    return pd.DataFrame(told, columns=["as_of", "warned", "firms"])


def _day(value: object) -> date:
    return pd.Timestamp(value).date()  # type: ignore[arg-type]

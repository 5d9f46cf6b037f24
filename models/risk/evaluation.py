"""How a list did: what a supervisor reads, as figures with their intervals.

Pure functions over small frames. Firms under case as of the day are left out everywhere: naming a
firm the city already pursues finds nothing. What a city does not know is None, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from models.risk.baselines import five_index, one_word
from models.risk.coverage import Coverage, coverage
from models.risk.harm import HarmLead, harm_leads
from models.risk.intervals import Estimate, Share, drawn_share
from models.risk.lead_time import LeadTime, lead_days, lead_time
from models.risk.outcomes import Outcomes, Source
from models.risk.reliability import Reliability, reliability
from models.risk.reordering import Reordering, reordered
from models.risk.stability import Steadiness, drift, steadiness
from models.risk.subgroups import subgroups

SEED = 20240101
REORDERED_DAYS = 180
"""Inspections up to so long after the list are re-ordered by its scores (project default)."""


@dataclass(frozen=True)
class Held:
    """What a list is evaluated from.

    Attributes:
        firms: every scored firm: subject_id, name, district, industry, probability, margin, group.
        features: subject_id and the features of the day; `age_days`, `registered_employees` and
            `serious_listings` are used where they are there.
        listed: the list's firms: subject_id, district, record_count, department_count, elements.
        lists: every published list, this one and later ones too: as_of, subject_id.
        inspections: inspections after the day: subject_id, day, hit, drawn (by lot), and the
            inclusion_probability of those that a lot or the list beside it sent (else missing).
            None where the city keeps none.
        leads: where there are no inspections, firms looked at after the day: subject_id, day, hit.
        told: firms of which a record came since the last of `lists` before this one.
        before_scores, before_features: the same of the list before; None for a first list.
        outcomes: what became of the firms.
        harm: what cases state of firms, as `harm.harm_of_firms` has it; None where no case does.
    """

    firms: pd.DataFrame
    features: pd.DataFrame
    listed: pd.DataFrame
    lists: pd.DataFrame
    outcomes: Outcomes
    inspections: pd.DataFrame | None = None
    leads: pd.DataFrame | None = None
    told: frozenset[str] = frozenset()
    before_scores: pd.DataFrame | None = None
    before_features: pd.DataFrame | None = None
    harm: pd.DataFrame | None = None


@dataclass(frozen=True)
class Note:
    """What a reader must know before the figures, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Method:
    """What one way of choosing found with the same places in each district.

    For the random draw `expected` hits stand in for counts, and there is no interval.
    """

    name: str
    precision: Share | None
    recall: Share | None
    expected: float = 0.0
    places: int = 0
    to_find: int = 0


@dataclass(frozen=True)
class Evaluation:
    """The figures of one list. What could not be known is None.

    `newly`: of the firms neither under case nor on an official serious list. `first_time`: of the
    firms that stood on no list before. `drawn`: the share of hits among all firms, estimated from
    lots and from the firms ranked beside them; `drawn_listed`: among the list's, from lots alone.
    `drawn_firms`: inspections that lots sent. `warned`: firms on any list in the year to the day.
    `drift_features`: column, index. `families_to_find`, `families_with_case`: groups of alike firms
    of which one was to be found, or got a case within the horizon: what figures rest on, for firms
    of a family are no separate witnesses.
    """

    as_of: date
    until: date
    source: Source
    firms: int
    places: int
    to_find: int
    families_to_find: int
    families_with_case: int
    methods: tuple[Method, ...]
    auc: float | None
    average_precision: float | None
    best_feature: tuple[str, float] | None
    lookalikes: Share | None
    newly: Method
    first_time: Share
    lead: LeadTime
    harm_leads: tuple[HarmLead, ...]
    reordering: Reordering | None
    reordering_of: str
    reliability: Reliability | None
    horizon_over: bool
    subgroups: pd.DataFrame
    steadiness: Steadiness | None
    drift_features: pd.DataFrame | None
    drift_scores: float | None
    coverage: Coverage
    warned: Share
    inspected: Share | None
    drawn: Estimate | None
    drawn_listed: Estimate | None
    drawn_firms: int = 0
    notes: tuple[Note, ...] = field(default=())


def evaluate(held: Held) -> Evaluation:
    """The figures of one list."""
    out = held.outcomes
    scored = held.firms[~held.firms["subject_id"].isin(out.under_case)]
    scored = scored.sort_values("subject_id", kind="stable", ignore_index=True)
    listed = held.listed[~held.listed["subject_id"].isin(out.under_case)]
    chosen = set(listed["subject_id"])
    hit = scored["subject_id"].isin(out.to_find)
    label = hit.to_numpy()
    known = held.features.drop_duplicates("subject_id").set_index("subject_id")
    known = known.reindex(scored["subject_id"]).reset_index()
    both = bool(label.any() and not label.all())
    margin = scored["margin"].to_numpy(float)
    earlier = set(held.lists[held.lists["as_of"] < out.as_of]["subject_id"])
    fresh = chosen - earlier
    return Evaluation(
        as_of=out.as_of,
        until=out.until,
        source=out.source,
        firms=len(scored),
        places=len(chosen),
        to_find=int(label.sum()),
        families_to_find=scored["group"][hit].nunique(),
        families_with_case=scored["group"][scored["subject_id"].isin(out.came)].nunique(),
        methods=_methods(scored, known, chosen, label),
        auc=float(roc_auc_score(label, margin)) if both else None,
        average_precision=float(average_precision_score(label, margin)) if both else None,
        best_feature=_best_feature(known, label) if both else None,
        lookalikes=_share(chosen, out.lookalikes) if out.source == "truth" else None,
        newly=_newly(scored, known, chosen, label),
        first_time=_share(fresh, out.to_find),
        **_leads(held),
        **_reordering(held),
        reliability=_reliability(scored, chosen, out),
        horizon_over=out.horizon_over,
        subgroups=subgroups(scored, known, chosen, label),
        steadiness=_steadiness(held, chosen),
        **_drift(held),
        coverage=coverage(listed),
        warned=_warned(held.lists, out.as_of, set(held.firms["subject_id"])),
        **_drawn(held.inspections, chosen, out.under_case),
    )


def lead_of_lists(lists: pd.DataFrame, outcomes: Outcomes) -> LeadTime:
    """The lead times of suspects on any list by `until`, from their first place before the case.

    `lists`: as_of, subject_id.
    """
    return lead_time(*_found(lists, outcomes), outcomes.until)


def _found(lists: pd.DataFrame, outcomes: Outcomes) -> tuple[pd.Series, pd.Series]:
    """By subject_id of the suspects found: the first list's day, and the first official one."""
    end = pd.Series(outcomes.official, dtype=object)
    rows = lists[pd.to_datetime(lists["as_of"]) <= pd.Timestamp(outcomes.until)]
    who = outcomes.suspects | set(outcomes.official)
    first = rows[rows["subject_id"].isin(who)].groupby("subject_id")["as_of"].min()
    official = pd.to_datetime(end.reindex(first.index))
    found = official.isna() | (pd.to_datetime(first) < official)
    return first[found], official[found]


def _leads(held: Held) -> dict[str, Any]:
    """Lead times, plain and weighed by harm."""
    until = held.outcomes.until
    found = _found(held.lists, held.outcomes)
    return {
        "lead": lead_time(*found, until),
        "harm_leads": harm_leads(*lead_days(*found, until), held.harm),
    }


def _share(chosen: set[str], among: frozenset[str]) -> Share:
    return Share(len(chosen & among), len(chosen))


def _methods(
    scored: pd.DataFrame, features: pd.DataFrame, chosen: set[str], label: NDArray[np.bool_]
) -> tuple[Method, ...]:
    """This list, and the others with as many places in each district as it took there."""
    listed = scored["subject_id"].isin(chosen).to_numpy()
    places = scored[listed].groupby("district")["subject_id"].size()
    total = int(label.sum())
    found = [("this list", listed)]
    for name, score in (
        ("five indices", five_index(features)),
        ("one-word rule", one_word(scored["name"])),
    ):
        found.append((name, _first(scored, score, places)))
    methods = [
        Method(name, Share(int(label[took].sum()), int(took.sum())),
               Share(int(label[took].sum()), total), places=int(took.sum()), to_find=total)
        for name, took in found
    ]  # fmt: skip
    by_district = pd.Series(label).groupby(scored["district"]).mean()
    expected = float((by_district.reindex(places.index) * places).sum())
    methods.append(Method("random draw", None, None, expected, int(places.sum()), total))
    return tuple(methods)


def _first(
    scored: pd.DataFrame, score: NDArray[np.float64], places: pd.Series
) -> NDArray[np.bool_]:
    """The highest scores of each district, equal ones by subject id; a score of 0 takes none."""
    rows = pd.DataFrame(
        {"district": scored["district"], "score": score, "subject_id": scored["subject_id"]}
    )
    rows = rows[rows["score"] > 0].sort_values(
        ["score", "subject_id"], ascending=[False, True], kind="stable"
    )
    position = rows.groupby("district").cumcount()
    taken = rows[position < rows["district"].map(places).fillna(0)]
    return scored.index.isin(taken.index)


def _newly(
    scored: pd.DataFrame, features: pd.DataFrame, chosen: set[str], label: NDArray[np.bool_]
) -> Method:
    listings = features.get("serious_listings", pd.Series(0, index=features.index))
    open_ = ~(pd.to_numeric(listings, errors="coerce").fillna(0) > 0).to_numpy()
    took = scored["subject_id"].isin(chosen).to_numpy() & open_
    hits, total = int(label[took].sum()), int(label[open_].sum())
    return Method("newly surfaced", Share(hits, int(took.sum())), Share(hits, total),
                  places=int(took.sum()), to_find=total)  # fmt: skip


def _best_feature(features: pd.DataFrame, label: NDArray[np.bool_]) -> tuple[str, float] | None:
    """The feature with the best AUC by itself, in either direction, missing values put below."""
    best: tuple[str, float] | None = None
    for name in sorted(set(features.columns) - {"subject_id"}):
        values = pd.to_numeric(features[name], errors="coerce").to_numpy(dtype=float)
        if np.isnan(values).all():
            continue
        low = np.nanmin(values) - 1.0
        auc = float(roc_auc_score(label, np.where(np.isnan(values), low, values)))
        if best is None or max(auc, 1 - auc) > best[1]:
            best = (name, max(auc, 1 - auc))
    return best


def _reordering(held: Held) -> dict[str, Any]:
    """The gain over inspections, or over leads where a city keeps no inspections."""
    rows, of = held.inspections, "inspections"
    if rows is None:
        rows, of = held.leads, "leads"
    if rows is None or len(rows) == 0:
        return {"reordering": None, "reordering_of": of}
    score = held.firms.set_index("subject_id")["margin"]
    last = pd.Timestamp(held.outcomes.as_of) + pd.Timedelta(days=REORDERED_DAYS)
    rows = rows[~rows["subject_id"].isin(held.outcomes.under_case)]
    rows = rows[pd.to_datetime(rows["day"]) <= last]
    rows = rows.assign(score=rows["subject_id"].map(score))
    return {"reordering": reordered(rows), "reordering_of": of}


def _reliability(scored: pd.DataFrame, chosen: set[str], out: Outcomes) -> Reliability | None:
    if out.until <= out.as_of:
        return None
    rows = scored[["subject_id", "probability", "group"]].assign(
        as_of=out.as_of,
        came=scored["subject_id"].isin(out.came),
        listed=scored["subject_id"].isin(chosen),
    )
    return reliability(rows, SEED)


def _steadiness(held: Held, chosen: set[str]) -> Steadiness | None:
    days = held.lists["as_of"]
    earlier = days[days < held.outcomes.as_of]
    if earlier.empty:
        return None
    before = set(held.lists[days == earlier.max()]["subject_id"])
    return steadiness(before, chosen, held.told)


def _drift(held: Held) -> dict[str, Any]:
    if held.before_scores is None or held.before_features is None:
        return {"drift_features": None, "drift_scores": None}
    scores = drift(held.before_scores[["margin"]], held.firms[["margin"]])
    return {
        "drift_features": drift(held.before_features, held.features),
        "drift_scores": float(scores["index"].iloc[0]) if len(scores) else None,
    }


def _warned(lists: pd.DataFrame, as_of: date, firms: set[str]) -> Share:
    year = lists[(lists["as_of"] > as_of - timedelta(days=365)) & (lists["as_of"] <= as_of)]
    return Share(len(set(year["subject_id"]) & firms), len(firms))


def _drawn(
    inspections: pd.DataFrame | None, chosen: set[str], under_case: frozenset[str]
) -> dict[str, Any]:
    """What inspections found: of the list's firms, and by lot without the list's own choice."""
    if inspections is None or len(inspections) == 0:
        return {"inspected": None, "drawn": None, "drawn_listed": None}
    rows = inspections[~inspections["subject_id"].isin(under_case)]
    of_list = rows[rows["subject_id"].isin(chosen)]
    confirmed = of_list.groupby("subject_id")["hit"].any()
    by_lot = rows[rows["drawn"].astype(bool)]
    # a ranked firm can be drawn by no lot of its list: it stands beside it with its own chance
    weighed = rows[rows["inclusion_probability"].notna()] if len(by_lot) else by_lot
    listed = by_lot[by_lot["subject_id"].isin(chosen)]
    return {
        "inspected": Share(int(confirmed.sum()), len(confirmed)) if len(confirmed) else None,
        "drawn": drawn_share(weighed["hit"], weighed["inclusion_probability"]),
        "drawn_listed": drawn_share(listed["hit"], listed["inclusion_probability"]),
        "drawn_firms": len(by_lot),
    }

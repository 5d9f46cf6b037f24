"""Scores of a run of days, each by a model that was trained on what was known on that day.

The protocol: on every list day a model learns from features as of earlier month-ends (the newest
at least `gap_days` before) and from the cases known by the day. The ceiling learns from the truth
instead: every ring firm whose scheme ran on the training day is a positive, found or not, and each
firm is scored by a model that never saw its ring or its family. A model judges the lists of a
quarter, as a champion does that is trained anew four times a year.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Protocol

import numpy as np
import pandas as pd

from conf.target import Target
from models.risk.contributions import contribution_matrix
from models.risk.estimator import RiskModel, Settings, trained
from models.risk.family import FAMILY, with_family
from models.risk.labels import Labels, dated_labels, first_official, known_on, label_delay
from models.risk.ranking import UNASSIGNED
from models.risk.training_set import group_of, labelled_rows

CEILING_FOLDS = 5
RETRAINED = 3
"""Months for which a model judges (project default)."""


class DayFrames(Protocol):
    """What the protocol asks for; a sweep can stand behind it as well as files."""

    def days(self) -> list[date]: ...
    def features_of(self, day: date) -> pd.DataFrame: ...
    def firms_of(self, day: date) -> pd.DataFrame: ...
    def cases_of(self, day: date) -> pd.DataFrame: ...
    def capacity_of(self, day: date) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Design:
    """What a model is trained with."""

    features: tuple[str, ...]
    directions: Mapping[str, int]
    settings: Settings
    target: Target
    months_a_step: int = 1


@dataclass
class Judged:
    """The scores of every list day, and what making them cost (CPU seconds).

    `scores`, `ceiling`: subject_id, as_of, margin, probability, district, status, group (scores
    alone). `capacity`: as_of, district, inspections. `under_case`: subject_id, since. `widest`: the
    largest distance of contributions' sum from the margin over firms of the lists' length.
    """

    scores: pd.DataFrame
    ceiling: pd.DataFrame
    capacity: pd.DataFrame
    under_case: pd.DataFrame
    training_seconds: list[float] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    positives: list[int] = field(default_factory=list)
    ceiling_positives: list[int] = field(default_factory=list)
    last_model: RiskModel | None = None
    widest: float = 0.0
    contributions_checked: int = 0


def judge_days(
    frames: DayFrames, truth: pd.DataFrame, days: Sequence[date], design: Design, top: int = 1000
) -> Judged:
    """Scores every firm on every day, by the city's own model and by the ceiling's."""
    parts: dict[str, list[pd.DataFrame]] = {"scores": [], "ceiling": [], "capacity": [], "case": []}
    judged = Judged(*(pd.DataFrame() for _ in range(4)))
    every = max(1, RETRAINED // design.months_a_step)
    for place, day in enumerate(days):
        rows = frames.features_of(day).sort_values("subject_id", ignore_index=True)
        rows = rows.assign(as_of=day)
        standing = _standing(rows, frames.firms_of(day), day)
        cases = frames.cases_of(day)
        if place % every == 0:
            model, ceiling = _trained(judged, frames, truth, rows, cases, day, design)
        rows = with_family(rows, model)
        margin = model.margin(rows)
        group = group_of(rows, design.settings.alike).to_numpy()
        parts["scores"].append(
            standing.assign(margin=margin, probability=model.probability(margin), group=group)
        )
        _check_contributions(judged, model, rows, margin, top)
        best = ceiling.margin(rows.drop(columns=FAMILY, errors="ignore"), group)
        parts["ceiling"].append(standing.assign(margin=best, probability=np.nan))
        parts["capacity"].append(frames.capacity_of(day).assign(as_of=day))
        official = first_official(cases, design.target).rename("since").reset_index()
        parts["case"].append(official.assign(known=day))
    judged.scores = pd.concat(parts["scores"], ignore_index=True)
    judged.ceiling = pd.concat(parts["ceiling"], ignore_index=True)
    judged.capacity = pd.concat(parts["capacity"], ignore_index=True)
    # a case bars a firm from the first list day on which the city knew of it
    judged.under_case = (
        pd.concat(parts["case"]).groupby("subject_id")["known"].min().rename("since").reset_index()
    )
    return judged


def _trained(
    judged: Judged, frames: DayFrames, truth: pd.DataFrame, rows: pd.DataFrame,
    cases: pd.DataFrame, day: date, design: Design,
) -> tuple[RiskModel, Ceiling]:  # fmt: skip
    """The city's own model and the ceiling's, both on features as of the same earlier days."""
    delay = label_delay(cases, design.target, min(frames.days()))
    gap = max(design.target.gap_days, delay or 0)
    then = training_days(frames.days(), day, design, gap)
    known = _training_rows(frames, then, design, lambda at: dated_labels(
        cases, design.target, at, day))  # fmt: skip
    known["known_on"] = known["subject_id"].map(known_on(cases, design.target))
    known["known_on"] = known["known_on"].where(known["label"] == 1)
    complete = day - timedelta(days=design.target.horizon_days + (delay or 0))
    started = time.process_time()
    model = _fit(known, design, day, gap, complete)
    judged.training_seconds.append(time.process_time() - started)
    judged.last_model = model
    judged.kinds.append(str(model.card["kind"]))
    judged.positives.append(int(known["label"].sum()))
    full = _training_rows(frames, then, design, lambda at: true_labels(truth, at))
    judged.ceiling_positives.append(int(full["label"].sum()))
    family = dict(zip(rows["subject_id"], group_of(rows, design.settings.alike), strict=True))
    print(f"{day}: {judged.kinds[-1]}, {judged.positives[-1]} positive rows known, "
          f"{judged.ceiling_positives[-1]} in truth, {judged.training_seconds[-1]:.1f} CPU s",
          flush=True)  # fmt: skip
    # the same model: what the city's own labels made it choose
    chosen = {"kind": str(model.card["kind"]), "unlabelled": str(model.card["unlabelled"])}
    same = replace(design, settings=replace(design.settings, **chosen))  # type: ignore[arg-type]
    return model, Ceiling.of(full, truth, family, same, day)


def training_days(there: Sequence[date], day: date, design: Design, gap_days: int) -> list[date]:
    """The days to train on: newest first, the gap before `day` kept."""
    fitting = [one for one in there if one <= day - timedelta(days=gap_days)]
    step = max(1, design.settings.months_apart // design.months_a_step)
    return fitting[::-1][::step][: design.settings.most_dates]


def true_labels(truth: pd.DataFrame, at: date) -> Labels:
    """The labels a city would have that knew everything: who runs a scheme on the day."""
    ring = truth[~truth["lookalike"].fillna(False).astype(bool)]
    now = pd.Timestamp(at)
    running = pd.to_datetime(ring["started"]) <= now
    over = pd.to_datetime(ring["first_official"]) <= now
    under_case = frozenset(ring[over]["subject_id"])
    return Labels(frozenset(ring[running & ~over]["subject_id"]), frozenset(), under_case)


def _standing(rows: pd.DataFrame, firms: pd.DataFrame, day: date) -> pd.DataFrame:
    known = firms.set_index("subject_id").reindex(rows["subject_id"])
    district = known["district"].fillna("").str.strip().replace("", UNASSIGNED)
    return pd.DataFrame(
        {
            "subject_id": rows["subject_id"].to_numpy(),
            "as_of": day,
            "district": district.to_numpy(),
            "status": known["status"].to_numpy(),
        }
    )


def _training_rows(frames: DayFrames, then: Sequence[date], design: Design, labels) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    if not then:
        raise ValueError("no month-end lies far enough back to train on: choose later list days")
    most = design.settings.most_unlabelled
    rows = pd.concat(
        [labelled_rows(frames.features_of(at), labels(at), most, False).assign(as_of=at)
         for at in then], ignore_index=True,
    )  # fmt: skip
    newest = rows.drop_duplicates("subject_id", keep="first")
    group = group_of(newest, design.settings.alike)
    rows["group"] = rows["subject_id"].map(dict(zip(newest["subject_id"], group, strict=True)))
    return rows


def _fit(
    rows: pd.DataFrame,
    design: Design,
    day: date,
    gap_days: int = 0,
    complete_until: date | None = None,
) -> RiskModel:
    about = {"as_of": str(day), "target": design.target.name}
    names = [name for name in design.features if name in rows.columns]
    return trained(
        rows, names, design.directions, design.settings, "dated", about, gap_days, complete_until
    ).model


class Ceiling:
    """Models of the whole truth, one for each fold of rings and families it has not seen."""

    def __init__(self, models: list[RiskModel], rings: Mapping[str, str]) -> None:
        self.models, self.rings = models, rings
        order = sorted(set(rings.values()), key=_draw)
        self.fold_of_ring = {ring: place % CEILING_FOLDS for place, ring in enumerate(order)}

    @classmethod
    def of(
        cls, known: pd.DataFrame, truth: pd.DataFrame, family: Mapping[str, str], design: Design,
        day: date,
    ) -> Ceiling:  # fmt: skip
        """Trains them. `known`: rows labelled by the truth; `family`: the groups of the day."""
        rings = truth.dropna(subset=["ring_id"]).set_index("subject_id")["ring_id"].to_dict()
        own = cls([], rings)
        ring_of = {subject: f"ring:{ring}" for subject, ring in rings.items()}
        known = known.assign(group=known["subject_id"].map(ring_of).fillna(known["group"]))
        groups = known["subject_id"].map(family).fillna(known["group"])
        fold = own.folds(known["subject_id"], groups)
        own.models = [_fit(known[fold != one], design, day) for one in range(CEILING_FOLDS)]
        return own

    def folds(self, subjects: pd.Series, groups: Iterable[str]) -> np.ndarray:
        """The fold of each firm: its ring's, else its family's."""
        return np.array(
            [
                self.fold_of_ring[self.rings[subject]]
                if subject in self.rings
                else int(_draw(str(group))[:8], 16) % CEILING_FOLDS
                for subject, group in zip(subjects, groups, strict=True)
            ]
        )

    def margin(self, rows: pd.DataFrame, groups: Iterable[str]) -> np.ndarray:
        """Each firm's log odds by the model that never saw its ring or family."""
        fold, margin = self.folds(rows["subject_id"], groups), np.zeros(len(rows))
        for one, model in enumerate(self.models):
            # by families first: those of a firm may lie in other folds
            some = with_family(rows, model)[fold == one]
            # probabilities of differently calibrated models compare, margins need not
            chance = np.clip(model.probability(model.margin(some)), 1e-15, 1 - 1e-15)
            margin[fold == one] = np.log(chance / (1 - chance))
        return margin


def _check_contributions(
    judged: Judged, model: RiskModel, rows: pd.DataFrame, margin: np.ndarray, top: int
) -> None:
    """Holds base and contributions of the highest firms against their margins."""
    best = np.argsort(-margin, kind="stable")[:top]
    base, found = contribution_matrix(model, rows.iloc[best])
    apart = float(np.abs(base + found.sum(axis=1) - margin[best]).max())
    judged.widest = max(judged.widest, apart)
    judged.contributions_checked += len(best)


def _draw(text: str) -> str:
    return hashlib.sha256(f"fold:{text}".encode()).hexdigest()

"""The risk model: a scikit-learn pipeline, calibrated on folds that keep groups whole.

What it is (a directional model that needs no cases to begin with, boosted trees, trees that keep
declared directions) and how unlabelled rows are treated is chosen by evidence (`model_choice`), on dated
data where there are dates (`dated_trial`). The margin becomes a probability by a strictly increasing
curve (`calibration`). A firm that trained is always judged by the fold that had not seen its group.
Same rows in any order, same bits: rows are sorted, seeds are arguments, and one thread works.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from models.risk.calibration import Curve, fitted_curve, share_curve
from models.risk.curves import best_f1, curves
from models.risk.dated_trial import Split, dated_margins, dated_split
from models.risk.designs import (
    FOLDS,
    Design,
    Floats,
    HeldOut,
    Labels,
    Settings,
    design_of,
    fold_of_rows,
    held_out,
    typed,
)
from models.risk.family import FAMILY, FAMILY_WEIGHT, families, family_evidence
from models.risk.model_choice import COMPARE_FROM, Trial, chosen
from models.risk.trust import dated_figures

__all__ = ["Floats", "RiskModel", "Settings", "Trained", "best_f1", "train", "trained"]

LEAST_TO_CALIBRATE = 5
"""Positive groups below which the probability is the share of positives, moved by the margin."""


@dataclass(frozen=True)
class RiskModel:
    """A trained, calibrated model.

    `curve` makes a probability of a margin; `flagged` from `threshold` on, the model's own line
    (the best F1 of held-out folds), whatever the capacity. `fold_of`: which of `folds` had not seen
    a training subject's group; it judges that subject, and `pipeline` everybody else. `held_out`:
    the margins that training subjects got so (static cities). `family_weight`: what a point of the
    family's evidence (`models.risk.family`) adds to the margin, 0 where it is not read; `middle`: the
    mean margin of a firm by its own features.
    """

    features: tuple[str, ...]
    categories: tuple[str, ...]
    pipeline: Pipeline
    curve: Curve
    threshold: float
    version: str
    card: Mapping[str, Any]
    folds: tuple[Pipeline, ...] = ()
    fold_of: Mapping[str, int] = field(default_factory=dict)
    held_out: Mapping[str, float] = field(default_factory=dict)
    family_weight: float = 0.0
    middle: float = 0.0

    @property
    def columns(self) -> tuple[str, ...]:
        """What `margin` reads: the features, and the family's evidence where it counts."""
        return (*self.features, FAMILY) if self.family_weight else self.features

    def margin(self, rows: pd.DataFrame) -> Floats:
        """The sum of contributions (log odds before calibration) of each row of `columns`."""
        own = self.own_margin(rows)
        if not self.family_weight:
            return own
        return own + self.family_weight * rows[FAMILY].to_numpy(dtype=float)

    def own_margin(self, rows: pd.DataFrame) -> Floats:
        """The part of the margin that the firm's own row of features makes.

        With the column subject_id, subjects that trained are judged by the fold that had not seen
        them; without it, everybody by the whole model.
        """
        margin = np.empty(len(rows))
        with threadpool_limits(1):
            for places, pipeline in self.judges(rows):
                table = prepared(rows.iloc[places], self)
                margin[places] = pipeline.decision_function(table)
        return margin

    def judges(self, rows: pd.DataFrame) -> list[tuple[NDArray[np.int64], Pipeline]]:
        """Which rows (by place) each pipeline judges."""
        fold = np.full(len(rows), -1)
        if self.fold_of and "subject_id" in rows:
            fold = rows["subject_id"].map(self.fold_of).fillna(-1).to_numpy(dtype=int)
        return [
            (np.flatnonzero(fold == number), self.pipeline if number < 0 else self.folds[number])
            for number in np.unique(fold)
        ]

    def probability(self, margin: Floats) -> Floats:
        """Calibrated probability, strictly increasing in the margin."""
        return self.curve.probability(margin)


@dataclass(frozen=True)
class Trained:
    """A model and what it was judged on.

    `judged`: subject_id, as_of, label, group, weight, known_on (NaT for no case), margin and the
    feature columns of the held-out rows, dated where there are dates: what a champion is held to.
    """

    model: RiskModel
    judged: pd.DataFrame


def prepared(rows: pd.DataFrame, model: RiskModel) -> pd.DataFrame:
    """Feature columns in the model's order and types: numbers as doubles, categories as text."""
    return typed(rows, model.features, model.categories)


def train(
    rows: pd.DataFrame,
    features: Sequence[str],
    directions: Mapping[str, int],
    settings: Settings,
    mode: str,
    about: Mapping[str, Any] | None = None,
) -> RiskModel:
    """The model of `trained`."""
    return trained(rows, features, directions, settings, mode, about).model


def trained(
    rows: pd.DataFrame,
    features: Sequence[str],
    directions: Mapping[str, int],
    settings: Settings,
    mode: str,
    about: Mapping[str, Any] | None = None,
    gap_days: int = 0,
    complete_until: date | None = None,
) -> Trained:
    """Trains and calibrates. `rows`: subject_id, as_of, label, group and the feature columns.

    Args:
        rows: beside these, `weight` says how many firms of that day a row stands for (1 without
            the column; one of weight 0 is there for its family's sake alone) and `known_on` the day
            a positive's label became known. In a dated city with group_id and group_size.
        features: the columns a model may read.
        directions: +1 or -1 of the features that declare one.
        settings: of the estimator.
        mode: `dated` or `static`; it goes into the card, with `about`.
        about: what else the card says.
        gap_days: days between what trains and what is judged in the dated trial.
        complete_until: the last day whose labels had the whole horizon to come; the curve is fitted
            on rows up to it, where any are positive.

    Raises:
        ValueError: there are no rows.
    """
    if len(rows) == 0:
        raise ValueError("There are no rows to train on: nobody was registered on those days.")
    rows = rows.sort_values(["as_of", "subject_id"], kind="stable", ignore_index=True)
    if "weight" not in rows:
        rows = rows.assign(weight=1.0)
    label = rows["label"].to_numpy(dtype=int)
    family = families(rows) if mode == "dated" else np.full(len(rows), -1)
    positive_groups = int(rows.loc[label == 1, "group"].nunique())
    with threadpool_limits(1):
        return _Training(
            rows, label, family, positive_groups, tuple(features), directions, settings, mode,
            about or {}, gap_days, complete_until,
        ).run()  # fmt: skip


@dataclass(frozen=True)
class _Training:
    rows: pd.DataFrame
    label: Labels
    family: NDArray[np.int64]
    positive_groups: int
    features: tuple[str, ...]
    directions: Mapping[str, int]
    settings: Settings
    mode: str
    about: Mapping[str, Any]
    gap_days: int
    complete_until: date | None

    def run(self) -> Trained:
        rows, label, settings = self.rows, self.label, self.settings
        folds = min(FOLDS, self.positive_groups)
        fold = None if folds < 2 else fold_of_rows(label, rows["group"], folds, settings.seed)
        split = None
        if fold is not None and self.mode == "dated":
            split = dated_split(rows, self.gap_days, folds, settings.seed)
        made: dict[tuple[str, str], HeldOut] = {}
        design, trial_margin, seen = self._choose(fold, split, made)
        table, used = self._table(design), self.used
        pipeline = design.fit(table[used], label[used], rows["group"][used])
        held = None if fold is None else self._held_out(design, fold, made)
        own = pipeline.decision_function(table) if held is None else held.margin
        margin = self._with_family(own, slice(None))
        curve = self._curve(margin)
        probability = curve.probability(margin)
        line, f1 = (float(probability.max()), 0.0)
        if label.any():
            line, f1 = best_f1(label[used], probability[used])
        card = self._card(design, seen, folds, line)
        card |= _figures(label[used], margin[used], probability[used], f1)
        card["curves"] = curves(label[used], probability[used])
        judged = rows.assign(margin=margin)
        if split is not None and trial_margin is not None:
            judged = rows.iloc[split.judged].assign(margin=trial_margin)
            card["dated"] = dated_figures(judged, split.cut, self.gap_days, settings)
        model = RiskModel(
            features=design.features,
            categories=design.categories,
            pipeline=pipeline,
            curve=curve,
            threshold=line,
            version=_version(rows, design),
            card=card,
            folds=() if held is None else held.pipelines,
            fold_of={} if held is None else dict(zip(rows["subject_id"], held.fold.tolist(), strict=True)),
            held_out=dict(zip(rows["subject_id"], margin.tolist(), strict=True)) if self.mode == "static" else {},
            family_weight=self._family_weight,
            middle=self._middle(own, slice(None)),
        )  # fmt: skip
        return Trained(model, judged.reset_index(drop=True))

    @property
    def used(self) -> NDArray[np.bool_]:
        """The rows that train and are judged."""
        used: NDArray[np.bool_] = self.rows["weight"].to_numpy(dtype=float) > 0
        return used

    @property
    def _family_weight(self) -> float:
        return FAMILY_WEIGHT if (self.family >= 0).any() else 0.0

    def _middle(self, own: Floats, at: Any) -> float:
        return float(np.average(own, weights=self.rows["weight"].to_numpy(dtype=float)[at]))

    def _with_family(self, own: Floats, at: Any) -> Floats:
        """The margins of some rows from those by their own features; whole families are there."""
        if not self._family_weight:
            return own
        return own + FAMILY_WEIGHT * family_evidence(own, self.family[at], self._middle(own, at))

    def _choose(
        self,
        fold: NDArray[np.int64] | None,
        split: Split | None,
        made: dict[tuple[str, str], HeldOut],
    ) -> tuple[Design, Floats | None, list[dict[str, Any]]]:
        """The design, its margins on the trial's rows, and what was seen of the candidates."""
        enough = fold is not None and self.positive_groups >= COMPARE_FROM
        candidates = self._candidates(enough)
        if fold is None or (len(candidates) == 1 and split is None):
            return candidates[0], None, []

        def margins(design: Design) -> Floats | None:
            if split is None:
                return self._with_family(self._held_out(design, fold, made).margin, slice(None))
            own = dated_margins(self._table(design), self.rows["group"], split, design)
            return None if own is None else self._with_family(own, split.judged)

        at = slice(None) if split is None else split.judged
        group = pd.factorize(self.rows["group"])[0].astype(np.int64)
        trial = Trial(
            self.label[at], group[at], self.rows["weight"].to_numpy(dtype=float)[at],
            self.settings.seed, margins,
        )  # fmt: skip
        if margins(candidates[0]) is None:  # trees were asked for, and there is too little to try
            return candidates[0], None, []
        design, margin, seen = chosen(candidates, trial)
        ways = self._ways(design) if enough else []
        if ways:
            design, margin, more = chosen([design, *ways], trial)
            seen += more[1:]
        return design, margin, seen

    def _candidates(self, enough: bool) -> list[Design]:
        asked = self.settings.kind
        kinds: list[str] = [asked]
        if asked == "auto":
            kinds = ["characteristics", "surprise", "monotone", "trees"][: 4 if enough else 1]
        way = "plain" if self.settings.unlabelled == "auto" else self.settings.unlabelled
        return [self._design(kind, way) for kind in kinds]

    def _ways(self, design: Design) -> list[Design]:
        """The other treatments of the unlabelled, where the rows are dated and none was asked."""
        if self.mode == "static" or self.settings.unlabelled != "auto":
            return []
        return [self._design(design.kind, way) for way in ("weighted", "bagging")]

    def _design(self, kind: str, way: str) -> Design:
        return design_of(kind, way, self.rows, self.features, self.directions, self.settings)

    def _table(self, design: Design) -> pd.DataFrame:
        return typed(self.rows, design.features, design.categories)

    def _held_out(
        self, design: Design, fold: NDArray[np.int64], made: dict[tuple[str, str], HeldOut]
    ) -> HeldOut:
        key = (design.kind, design.way)
        if key not in made:
            table = self._table(design)
            made[key] = held_out(table, self.label, self.rows["group"], fold, design, self.used)
        return made[key]

    def _curve(self, margin: Floats) -> Curve:
        weight, at = self.rows["weight"].to_numpy(dtype=float), np.ones(len(margin), dtype=bool)
        if self.complete_until is not None:
            days = pd.to_datetime(self.rows["as_of"])
            whole = (days <= pd.Timestamp(self.complete_until)).to_numpy()
            positive = self.rows.loc[whole & (self.label == 1), "group"].nunique()
            at = whole if positive >= LEAST_TO_CALIBRATE else at
        if self.positive_groups < LEAST_TO_CALIBRATE:
            return share_curve(margin[at], self.label[at], weight[at])
        return fitted_curve(margin[at], self.label[at], weight[at])

    def _card(
        self, design: Design, seen: list[dict[str, Any]], folds: int, line: float
    ) -> dict[str, Any]:
        whole = self.positive_groups >= LEAST_TO_CALIBRATE
        return {
            **self.about,
            "mode": self.mode,
            "kind": design.kind,
            "unlabelled": design.way,
            "candidates": seen,
            "settings": asdict(self.settings),
            "rows": int(self.used.sum()),
            "family_weight": self._family_weight,
            "positive_rows": int(self.label.sum()),
            "positive_groups": self.positive_groups,
            "folds": folds,
            "split": "grouped folds, for the labels bear no dates"
            if self.mode == "static"
            else "grouped folds, and a dated trial where both sides have a case",
            "gap_days": self.gap_days,
            "calibrated": whole,
            "threshold": line,
            "labels": "rows without a case are unlabelled, not known to be honest",
            "scikit_learn": sklearn.__version__,
        }


def _figures(label: Labels, margins: Floats, probability: Floats, f1: float) -> dict[str, float]:
    """How held-out folds did; nothing to say when there is one class only."""
    if not label.any() or label.all():
        return {}
    return {
        "auc": float(roc_auc_score(label, margins)),
        "average_precision": float(average_precision_score(label, margins)),
        "f1": f1,
        "brier": float(brier_score_loss(label, probability)),
    }


def _version(rows: pd.DataFrame, design: Design) -> str:
    """16 hex digits of the training content, the design and the library."""
    kin = [name for name in ("group_id", "group_size") if name in rows]
    content = rows[["subject_id", "as_of", "label", "group", "weight", *kin, *design.features]]
    told = hashlib.sha256(content.to_csv(index=False, float_format="%.17g").encode())
    told.update(json.dumps([asdict(design), sklearn.__version__], sort_keys=True).encode())
    return told.hexdigest()[:16]

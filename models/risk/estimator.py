"""The risk model: a scikit-learn pipeline, calibrated on folds that keep groups whole.

With few positive groups a directional model judges (`models.risk.directional`), which needs none to
begin with. From `TREES_FROM` on it is boosted trees: categories become the share of positives among
their training rows (cross-fitted), numbers go in as they are. The margin of held-out folds becomes
a probability by a logistic curve with a positive slope, so that the order never changes. Same rows
in any order, same bits: rows are sorted, seeds are arguments, and one thread works.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import sklearn
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass as checked_dataclass
from scipy.special import expit
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    precision_recall_curve,
    roc_auc_score,
)
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import TargetEncoder
from threadpoolctl import threadpool_limits

from models.risk.directional import LeaningLogistic, SignedRanks

FOLDS = 5
TREES_FROM = 100
"""Positive groups from which boosted trees are trusted (project default)."""
LEAST_TO_CALIBRATE = 5
"""Positive groups below which the probability is the share of positives, moved by the margin."""

Floats = NDArray[np.float64]


Count = Annotated[int, Field(ge=1)]


@checked_dataclass(frozen=True, config={"extra": "forbid"})
class Settings:
    """Settings of the estimator (`model:` in city.yaml). Defaults suit few positives.

    Raises pydantic's ValidationError, a ValueError, when a value is out of bounds.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 20240101
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.05
    trees: Count = 150
    leaves: Annotated[int, Field(ge=2)] = 8
    least_rows_a_leaf: Count = 20
    l2: Annotated[float, Field(ge=0)] = 5.0
    features_a_split: Annotated[float, Field(gt=0, le=1)] = 0.3
    most_dates: Count = 6
    most_unlabelled: Count = 20_000
    kind: Literal["auto", "trees", "directional"] = "auto"
    """`trees`, `directional`, or `auto`: by the number of positive groups."""
    lean: Annotated[float, Field(gt=0)] = 1.0
    """How strongly the directional model's weights are held at their prior."""
    alike: tuple[str, ...] = ()
    """Columns whose equal values make firms one group (bulk registrations)."""


@dataclass(frozen=True)
class RiskModel:
    """A trained, calibrated model.

    `probability` = 1 / (1 + exp(-(slope * margin + intercept))); `flagged` from `threshold` on,
    the model's own line (the best F1 of held-out folds), whatever the capacity. `held_out`: the
    margins that training subjects got from the folds that had not seen them (static cities).
    """

    features: tuple[str, ...]
    categories: tuple[str, ...]
    pipeline: Pipeline
    slope: float
    intercept: float
    threshold: float
    version: str
    card: Mapping[str, Any]
    held_out: Mapping[str, float] = field(default_factory=dict)

    def margin(self, rows: pd.DataFrame) -> Floats:
        """The trees' sum (log odds before calibration) of each row of feature columns."""
        if len(rows) == 0:
            return np.empty(0)
        with threadpool_limits(1):
            return np.asarray(self.pipeline.decision_function(prepared(rows, self)), float)

    def probability(self, margin: Floats) -> Floats:
        """Calibrated probability, strictly increasing in the margin."""
        return calibrated(margin, self.slope, self.intercept)


def calibrated(margin: Floats, slope: float, intercept: float) -> Floats:
    """The logistic curve over the margin."""
    result: Floats = expit(slope * margin + intercept)
    return result


def prepared(rows: pd.DataFrame, model: RiskModel) -> pd.DataFrame:
    """Feature columns in the model's order and types: numbers as doubles, categories as text."""
    return _typed(rows, model.features, model.categories)


def _typed(rows: pd.DataFrame, features: Sequence[str], categories: Sequence[str]) -> pd.DataFrame:
    columns = {
        name: rows[name].astype(object).where(rows[name].notna(), "~").astype(str)
        if name in categories
        else pd.to_numeric(rows[name]).astype("float64")
        for name in features
    }
    return pd.DataFrame(columns, index=rows.index)


@dataclass(frozen=True)
class _Design:
    """Which pipeline is built, over which columns."""

    kind: str
    features: tuple[str, ...]
    categories: tuple[str, ...]
    directions: Mapping[str, int]
    settings: Settings

    def pipeline(self) -> Pipeline:
        """A fresh, unfitted pipeline."""
        if self.kind == "trees":
            return _trees(self.categories, self.features, self.settings)
        return Pipeline(
            [
                ("prepare", SignedRanks(dict(self.directions))),
                ("linear", LeaningLogistic(self.settings.lean)),
            ]
        )


def _trees(categories: Sequence[str], features: Sequence[str], settings: Settings) -> Pipeline:
    numbers = [name for name in features if name not in categories]
    steps: list[tuple[str, Any, list[str]]] = []
    if categories:
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=settings.seed)
        encoder = TargetEncoder(target_type="binary", cv=folds)
        steps.append(("categories", encoder, list(categories)))
    steps.append(("numbers", "passthrough", numbers))
    trees = HistGradientBoostingClassifier(
        learning_rate=settings.learning_rate,
        max_iter=settings.trees,
        max_leaf_nodes=settings.leaves,
        min_samples_leaf=settings.least_rows_a_leaf,
        l2_regularization=settings.l2,
        max_features=settings.features_a_split,
        early_stopping=False,
        random_state=settings.seed,
    )
    return Pipeline([("prepare", ColumnTransformer(steps)), ("trees", trees)])


def train(
    rows: pd.DataFrame,
    features: Sequence[str],
    directions: Mapping[str, int],
    settings: Settings,
    mode: str,
    about: Mapping[str, Any] | None = None,
) -> RiskModel:
    """Trains and calibrates. `rows`: subject_id, as_of, label, group and the feature columns.

    `directions`: +1 or -1 of the features that declare one. `mode` is `dated` or `static` and goes
    into the card, with `about`. Raises ValueError when there are no rows.
    """
    if len(rows) == 0:
        raise ValueError("There are no rows to train on: nobody was registered on those days.")
    rows = rows.sort_values(["as_of", "subject_id"], kind="stable", ignore_index=True)
    label = rows["label"].to_numpy(dtype=int)
    positive_groups = int(rows.loc[label == 1, "group"].nunique())
    design = _design(rows, features, directions, settings, positive_groups)
    table = _typed(rows, design.features, design.categories)
    folds = min(FOLDS, positive_groups)
    with threadpool_limits(1):
        margins = _held_out_margins(table, label, rows["group"], folds, design)
        pipeline = design.pipeline().fit(table, label)
        if margins is None:
            margins = pipeline.decision_function(table)
        calibrate = positive_groups >= LEAST_TO_CALIBRATE
        slope, intercept = _curve(margins, label) if calibrate else _share_curve(margins, label)
    probability = calibrated(margins, slope, intercept)
    threshold, f1 = best_f1(label, probability) if label.any() else (float(probability.max()), 0.0)
    card = {
        **(about or {}),
        "mode": mode,
        "kind": design.kind,
        "settings": asdict(settings),
        "rows": len(rows),
        "positive_rows": int(label.sum()),
        "positive_groups": positive_groups,
        "folds": folds,
        "calibrated": calibrate,
        "threshold": threshold,
        **_figures(label, margins, probability, f1),
        "curves": _curves(label, probability),
        "unlabelled": "rows without a case are unlabelled, not known to be honest",
        "scikit_learn": sklearn.__version__,
    }
    held_out = dict(zip(rows["subject_id"], margins.tolist(), strict=True))
    return RiskModel(
        features=design.features,
        categories=design.categories,
        pipeline=pipeline,
        slope=slope,
        intercept=intercept,
        threshold=threshold,
        version=_version(rows, design),
        card=card,
        held_out=held_out if mode == "static" else {},
    )


def _design(
    rows: pd.DataFrame,
    features: Sequence[str],
    directions: Mapping[str, int],
    settings: Settings,
    positive_groups: int,
) -> _Design:
    kind = settings.kind
    if kind == "auto":
        kind = "trees" if positive_groups >= TREES_FROM else "directional"
    # a column without any value is no feature of this city
    used = [name for name in features if rows[name].notna().any()]
    categories = [name for name in used if isinstance(rows[name].dropna().iloc[0], str)]
    turned = {n: directions[n] for n in used if directions.get(n) and n not in categories}
    if kind == "directional":
        used, categories = list(turned), []
    return _Design(kind, tuple(used), tuple(categories), turned, settings)


def _figures(
    label: NDArray[np.int64], margins: Floats, probability: Floats, f1: float
) -> dict[str, float]:
    """How held-out folds did; nothing to say when there is one class only."""
    if not label.any() or label.all():
        return {}
    return {
        "auc": float(roc_auc_score(label, margins)),
        "average_precision": float(average_precision_score(label, margins)),
        "f1": f1,
        "brier": float(brier_score_loss(label, probability)),
    }


def _held_out_margins(
    table: pd.DataFrame,
    label: NDArray[np.int64],
    group: pd.Series,
    folds: int,
    design: _Design,
) -> Floats | None:
    """Each row's margin from the fold that had not seen its group; None with under two folds."""
    if folds < 2:
        return None
    margins = np.zeros(len(table))
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=design.settings.seed)
    for seen, held_out in splitter.split(table, label, group):
        fold = design.pipeline().fit(table.iloc[seen], label[seen])
        margins[held_out] = fold.decision_function(table.iloc[held_out])
    return margins


def _curve(margins: Floats, label: NDArray[np.int64]) -> tuple[float, float]:
    """Slope and intercept of the logistic curve; the slope is kept positive."""
    fitted = LogisticRegression(C=1e6, max_iter=1000).fit(margins.reshape(-1, 1), label)
    slope = float(fitted.coef_[0, 0])
    if slope <= 1e-3:  # nothing learnt
        return _share_curve(margins, label)
    return slope, float(fitted.intercept_[0])


def _share_curve(margins: Floats, label: NDArray[np.int64]) -> tuple[float, float]:
    """A slope of one, moved so that the middle firm has about the share of positives."""
    share = (float(label.sum()) + 0.5) / (len(label) + 1.0)
    return 1.0, float(np.log(share / (1 - share)) - np.median(margins))


def best_f1(label: NDArray[np.int64], score: Floats) -> tuple[float, float]:
    """The threshold with the highest F1 of the positive class, and that F1."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(label[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + label.sum())
    # equal scores cannot be parted: only the last of each run of ties is a threshold
    last = np.append(np.diff(score[order]) != 0, True)
    best = int(np.argmax(np.where(last, f1, -1.0)))
    return float(score[order][best]), float(f1[best])


def _curves(label: NDArray[np.int64], probability: Floats) -> dict[str, list[dict[str, float]]]:
    """Held-out folds as curves to draw: empty when there is one class only.

    `precision_recall`: at most 101 points; `reliability`: tenths of the rows by probability, with
    the rows, the mean probability and the share of positives of each.
    """
    if not label.any() or label.all():
        return {}
    precision, recall, threshold = precision_recall_curve(label, probability)
    places = np.unique(np.linspace(0, len(threshold) - 1, 101).astype(int))
    order = np.argsort(probability, kind="stable")
    return {
        "precision_recall": [
            {
                "threshold": float(threshold[at]),
                "precision": float(precision[at]),
                "recall": float(recall[at]),
            }
            for at in places
        ],
        "reliability": [
            {
                "rows": len(tenth),
                "expected": float(probability[tenth].mean()),
                "observed": float(label[tenth].mean()),
            }
            for tenth in np.array_split(order, 10)
            if len(tenth)
        ],
    }


def _version(rows: pd.DataFrame, design: _Design) -> str:
    """16 hex digits of the training content, the design and the library."""
    content = rows[["subject_id", "as_of", "label", "group", *design.features]]
    told = hashlib.sha256(content.to_csv(index=False, float_format="%.17g").encode())
    told.update(json.dumps([asdict(design), sklearn.__version__], sort_keys=True).encode())
    return told.hexdigest()[:16]

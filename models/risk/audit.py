"""Audit for leaks: how much of a model's order comes from who is looked at, not from what is seen.

Departments look closer at suspects, so having any row in a table can betray the label. The
presence-only model knows nothing else: one column a table, whether the firm has records there at
all. It is fitted and judged on the same rows and folds as the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from models.risk.designs import FOLDS, Floats, Labels, Settings, fold_of_rows

LEAST_GROUPS = 5
"""Positive groups below which nothing can be said."""


@dataclass(frozen=True)
class Audit:
    """What mere presence explains.

    `presence_auc`: of the presence-only model; `explained`: its part of the model's AUC above a
    half. `tables`: the AUC of each table's presence by itself, either way round. `leaks`: columns
    that order the labels by themselves as no honest fact does, with that AUC. `alarm`: over a limit.
    """

    presence_auc: float | None
    model_auc: float | None
    explained: float | None
    tables: Mapping[str, float]
    leaks: Mapping[str, float]
    alarm: bool
    warning: str | None

    def card(self) -> dict[str, Any]:
        """As it stands in the model's card."""
        return asdict(self)


def audit(
    rows: pd.DataFrame,
    presence: pd.DataFrame,
    features: Sequence[str],
    model_auc: float | None,
    settings: Settings,
) -> Audit:
    """Audits the rows a model was trained on.

    `rows`: label, group, the model's `features`. `presence`: in the same order, one column of True
    and False a table. `model_auc`: of the model on the same rows, held out. With fewer than
    `LEAST_GROUPS` positive groups nothing is said and nothing is alarmed.
    """
    label = rows["label"].to_numpy(dtype=int)
    groups = rows.loc[label == 1, "group"].nunique()
    if groups < LEAST_GROUPS or label.all() or model_auc is None:
        return Audit(None, model_auc, None, {}, {}, False, None)
    has = presence.to_numpy(dtype=float)
    tables = {
        name: _either_way(label, has[:, place]) for place, name in enumerate(presence.columns)
    }
    fold = fold_of_rows(label, rows["group"], min(FOLDS, groups), settings.seed)
    found = float(roc_auc_score(label, _held_out(has, label, fold)))
    explained = max(0.0, found - 0.5) / max(model_auc - 0.5, 1e-9)
    leaks = _leaks(rows, label, features, settings)
    told = _warning(found, model_auc, explained, tables, leaks, settings)
    return Audit(found, model_auc, explained, tables, leaks, told is not None, told)


def _leaks(
    rows: pd.DataFrame, label: Labels, features: Sequence[str], settings: Settings
) -> dict[str, float]:
    """Columns whose value, or whose being filled at all, orders the labels by itself."""
    found = {}
    for name in features:
        filled = rows[name].notna().to_numpy()
        auc = _either_way(label, filled.astype(float))
        if not isinstance(rows[name].dropna().iloc[0] if filled.any() else "", str):
            values = pd.to_numeric(rows[name]).to_numpy(dtype=float)
            low = np.nanmin(values) - 1.0
            auc = max(auc, _either_way(label, np.where(np.isnan(values), low, values)))
        if auc >= settings.leak_auc:
            found[name] = auc
    return found


def _held_out(has: Floats, label: Labels, fold: np.ndarray) -> Floats:
    margin = np.zeros(len(label))
    for number in range(int(fold.max()) + 1):
        seen, aside = fold != number, fold == number
        fitted = LogisticRegression(C=1.0, max_iter=1000).fit(has[seen], label[seen])
        margin[aside] = fitted.decision_function(has[aside])
    return margin


def _either_way(label: Labels, score: Floats) -> float:
    auc = float(roc_auc_score(label, score))
    return max(auc, 1 - auc)


def _warning(
    found: float,
    model_auc: float,
    explained: float,
    tables: Mapping[str, float],
    leaks: Mapping[str, float],
    settings: Settings,
) -> str | None:
    told = []
    if explained > settings.presence_limit:
        most = max(tables, key=lambda name: (tables[name], name))
        told.append(
            f"whether a firm has records at all explains {explained:.0%} of what the model knows "
            f"(AUC {found:.3f} of {model_auc:.3f}; limit {settings.presence_limit:.0%}), most of "
            f"all the table {most} (AUC {tables[most]:.3f}): departments may look closer at "
            "suspects, so do not take the figures at their word"
        )
    told += [
        f"the column {name} orders the labels by itself (AUC {auc:.3f}): it may be made from them; "
        "check where it comes from, or take it out of the feature set"
        for name, auc in leaks.items()
    ]
    return "; ".join(told) or None

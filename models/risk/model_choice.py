"""Which estimator, and which treatment of the unlabelled: the simplest, unless another is better.

Candidates are tried on the same held-out rows: dated ones where the rows bear dates of knowledge
(`dated_trial`), else the grouped folds. The first candidate stands until one is better beyond noise
(`comparing`); every figure goes into the card.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from models.risk.comparing import average_precision, compared
from models.risk.designs import Design, Floats, Labels

COMPARE_FROM = 10
"""Positive groups from which candidates are compared; below, the first stands (project default)."""


@dataclass(frozen=True)
class Trial:
    """The rows candidates are judged on: labels, groups as numbers, weights, and how to try one.

    `margins`: the held-out margins of a design on those rows, None where it cannot be fitted.
    """

    label: Labels
    group: NDArray[np.int64]
    weight: Floats
    seed: int
    margins: Callable[[Design], Floats | None]


def chosen(
    candidates: Sequence[Design], trial: Trial
) -> tuple[Design, Floats, list[dict[str, Any]]]:
    """The design kept, its margins, and what was seen of each candidate, in the order tried.

    The first of `candidates` must be one that can always be fitted.
    """
    best = candidates[0]
    standing = trial.margins(best)
    if standing is None:
        raise ValueError(f"The first candidate, {best.kind} {best.way}, could not be fitted.")
    told = [_seen(best, standing, trial)]
    for design in candidates[1:]:
        margin = trial.margins(design)
        if margin is None:
            told.append({"kind": design.kind, "unlabelled": design.way, "tried": False})
            continue
        result = compared(margin, standing, trial.label, trial.group, trial.weight, trial.seed)
        against = {"against": f"{best.kind} {best.way}", **asdict(result), "better": result.better}
        told.append({**_seen(design, margin, trial), "compared": against})
        if result.better:
            best, standing = design, margin
    return best, standing, told


def _seen(design: Design, margin: Floats, trial: Trial) -> dict[str, Any]:
    if not trial.label.any() or trial.label.all():
        return {"kind": design.kind, "unlabelled": design.way, "tried": True}
    return {
        "kind": design.kind,
        "unlabelled": design.way,
        "tried": True,
        "auc": float(roc_auc_score(trial.label, margin, sample_weight=trial.weight)),
        "average_precision": average_precision(margin, trial.label, trial.weight),
    }

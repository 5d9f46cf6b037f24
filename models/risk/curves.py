"""How held-out folds did, as a threshold and as curves to draw."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import precision_recall_curve

from models.risk.designs import Floats, Labels


def best_f1(label: Labels, score: Floats) -> tuple[float, float]:
    """The threshold with the highest F1 of the positive class, and that F1."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(label[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + label.sum())
    # equal scores cannot be parted: only the last of each run of ties is a threshold
    last = np.append(np.diff(score[order]) != 0, True)
    best = int(np.argmax(np.where(last, f1, -1.0)))
    return float(score[order][best]), float(f1[best])


def curves(label: Labels, probability: Floats) -> dict[str, list[dict[str, float]]]:
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

"""Whether one model orders firms better than another, beyond noise: a paired bootstrap of groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DRAWS = 200
SURE = 0.95
"""Share of draws in which the newcomer must be the better one (project default)."""


@dataclass(frozen=True)
class Compared:
    """Average precision of two orders of the same rows.

    `low`, `high`: 90 % of the draws' differences; `share_better`: of the draws in which the
    newcomer was better. `better`: in at least `SURE` of them.
    """

    newcomer: float
    incumbent: float
    difference: float
    low: float
    high: float
    share_better: float
    positive_groups: int

    @property
    def better(self) -> bool:
        """Better beyond noise."""
        return self.share_better >= SURE


def compared(
    newcomer: Floats,
    incumbent: Floats,
    label: NDArray[np.int64],
    group: NDArray[np.int64],
    weight: Floats,
    seed: int,
    draws: int = DRAWS,
) -> Compared:
    """Compares two scores of the same rows. `group`: 0, 1, ...: drawn whole or not at all.

    Raises ValueError when the rows are of one class only.
    """
    if not label.any() or label.all():
        raise ValueError("Two orders of firms of one class cannot be compared.")
    ranked = [_order(score) for score in (newcomer, incumbent)]
    one, other = (_precision(*order, label, weight) for order in ranked)
    draw = np.random.default_rng(seed)
    groups = int(group.max()) + 1
    differences = []
    for _ in range(draws):
        times = weight * draw.poisson(1.0, groups)[group]
        if (times * label).sum() > 0:
            pair = [_precision(*order, label, times) for order in ranked]
            differences.append(pair[0] - pair[1])
    told = np.array(differences)
    low, high = np.quantile(told, [0.05, 0.95])
    return Compared(
        newcomer=one,
        incumbent=other,
        difference=one - other,
        low=float(low),
        high=float(high),
        share_better=float((told > 0).mean()),
        positive_groups=len(np.unique(group[label == 1])),
    )


def average_precision(score: Floats, label: NDArray[np.int64], weight: Floats) -> float:
    """Average precision of weighted rows; equal scores stand or fall together."""
    return _precision(*_order(score), label, weight)


def _order(score: Floats) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    order = np.argsort(-score, kind="stable")
    return order, np.append(np.diff(score[order]) != 0, True)


def _precision(
    order: NDArray[np.int64], last: NDArray[np.bool_], label: NDArray[np.int64], weight: Floats
) -> float:
    taken = weight[order]
    hits, all_ = np.cumsum(taken * label[order])[last], np.cumsum(taken)[last]
    precision = np.divide(hits, all_, out=np.zeros(len(hits)), where=all_ > 0)
    return float(np.sum(np.diff(hits, prepend=0.0) * precision) / hits[-1])

"""How right the list is, estimated without bias from inspections.

The firms that a list ranks are inspected because the model says so; what is found there says nothing
of the firms that it passed over. The firms drawn by lot (双随机) close the gap: each is weighed by one
over its probability of being drawn. Of any group of firms whose members were all listed or could all
be drawn, this gives

- the total of firms with a finding, by Horvitz and Thompson: the weights of the findings, summed;
- the share with a finding, by Hájek: that total over the weights of all inspected.

The total is unbiased over the lots; the share nearly so, and the less the more were drawn. The
interval is Wilson's at the effective number of inspections (Kish): weights that differ count less.

An inspection counts when its result says whether the warning was right (`inspections.RESOLVED`). A
firm that could not be reached is no hit and no miss; how many there were stands beside the estimate,
for if their share is large the estimate speaks only of firms that can be inspected.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from models.risk.inspections import CONFIRMED, RESOLVED

Z = 1.959963984540054
"""Of a two-sided interval of 95 %."""


@dataclass(frozen=True)
class Estimate:
    """A share of firms with a finding.

    share: None when nothing was inspected. low, high: its interval of 95 %. total: the estimated
    number of firms with a finding in the population. inspected, confirmed: as counted. unresolved:
    inspections that say neither. effective: the number of equally weighed inspections that would
    tell as much.
    """

    share: float | None
    low: float
    high: float
    total: float
    inspected: int
    confirmed: int
    unresolved: int
    effective: float


@dataclass(frozen=True)
class InspectedPrecision:
    """What inspections say of lists.

    listed: of the firms that were ranked. drawn: of the firms that were passed over, from the lot.
    whole: of all listable firms, both together. lift: how many times as often the ranked firms have
    a finding as the passed-over ones; None where either share is unknown or nothing was found by
    lot. lift_low, lift_high: its interval, on the scale of logarithms (Katz).
    """

    listed: Estimate
    drawn: Estimate
    whole: Estimate
    lift: float | None
    lift_low: float
    lift_high: float


def inspected_precision(inspections: Iterable[Mapping[str, Any]]) -> InspectedPrecision:
    """The estimates from inspections of the same lists.

    `inspections`: rows of draw_type ('ranked' or 'random', as in `warnings`), inclusion_prob and
    result, one for each inspection of a firm that stood on a list, with the draw type and the
    probability of that list. Raises ValueError for a probability outside (0, 1] and for another
    draw type.
    """
    by_type: dict[str, list[Mapping[str, Any]]] = {"ranked": [], "random": []}
    for row in inspections:
        if row["draw_type"] not in by_type:
            raise ValueError(
                f"draw_type is {row['draw_type']!r}; expected 'ranked' or 'random', from the list "
                "that sent the inspectors"
            )
        by_type[row["draw_type"]].append(row)
    listed, drawn = estimated(by_type["ranked"]), estimated(by_type["random"])
    whole = estimated([*by_type["ranked"], *by_type["random"]])
    return InspectedPrecision(listed, drawn, whole, *_lift(listed, drawn))


def estimated(inspections: Iterable[Mapping[str, Any]]) -> Estimate:
    """The share of one group of firms: rows of inclusion_prob and result."""
    rows = list(inspections)
    told = [row for row in rows if row["result"] in RESOLVED]
    weights = [_weight(row) for row in told]
    hits = [w for w, row in zip(weights, told, strict=True) if row["result"] == CONFIRMED]
    everything, found = math.fsum(weights), math.fsum(hits)
    share, effective, low, high = None, 0.0, 0.0, 1.0
    if weights:
        share = found / everything
        effective = everything**2 / math.fsum(w * w for w in weights)
        low, high = wilson(share, effective)
    return Estimate(share, low, high, found, len(told), len(hits), len(rows) - len(told), effective)


def wilson(share: float, number: float) -> tuple[float, float]:
    """Wilson's interval of 95 % around a share of `number` inspections."""
    middle = share + Z**2 / (2 * number)
    half = Z * math.sqrt(share * (1 - share) / number + Z**2 / (4 * number**2))
    below = 1 + Z**2 / number
    return max(0.0, (middle - half) / below), min(1.0, (middle + half) / below)


def _weight(row: Mapping[str, Any]) -> float:
    probability = row["inclusion_prob"]
    if probability is None or not 0 < probability <= 1:
        raise ValueError(
            f"inclusion_prob is {probability}; expected more than 0 and at most 1: take it from the "
            "list that sent the inspectors"
        )
    return 1.0 / float(probability)


def _lift(listed: Estimate, drawn: Estimate) -> tuple[float | None, float, float]:
    if not listed.share or not drawn.share:
        return None, 0.0, math.inf
    lift = listed.share / drawn.share
    variance = math.fsum(
        (1 - e.share) / (e.share * e.effective) for e in (listed, drawn) if e.share
    )
    spread = Z * math.sqrt(variance)
    return lift, lift * math.exp(-spread), lift * math.exp(spread)

"""Shares and ratios with their 95 % intervals.

Wilson's for a plain share; whole groups drawn with replacement where rows hang together (a firm
seen on several days, a family); inverse probability where firms were drawn at random with unequal
chances. Every interval holds its own value. Same rows in any order, same bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

Z95 = 1.959963984540054
DRAWS = 1000
"""Resamples of a bootstrap (project default): the ends move by less than a tenth of the width."""


@dataclass(frozen=True)
class Share:
    """`hits` of `of`, with its 95 % Wilson interval."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share; 0 of nothing is 0."""
        return self.hits / self.of if self.of else 0.0

    def interval(self) -> tuple[float, float]:
        """The Wilson interval at 95 %; (0, 1) of nothing."""
        return wilson(self.value, self.of)


@dataclass(frozen=True)
class Estimate:
    """A value with the ends of its 95 % interval; `high` may be infinite."""

    value: float
    low: float
    high: float


def wilson(value: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share `value` of `n` rows (`n` may be an effective size)."""
    if not n:
        return 0.0, 1.0
    middle = (value + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    spread = math.sqrt(max(0.0, value * (1 - value) / n) + Z95**2 / (4 * n * n))
    half = Z95 * spread / (1 + Z95**2 / n)
    # at 0 and 1 an end is the value itself, which rounding may miss by a bit
    return min(value, max(0.0, middle - half)), max(value, min(1.0, middle + half))


def grouped_ratio(
    top: ArrayLike, bottom: ArrayLike, group: ArrayLike, seed: int, draws: int = DRAWS
) -> Estimate | None:
    """sum(top) / sum(bottom), its interval from whole groups drawn with replacement.

    One value a row in each. None when the bottom sums to nothing: there is no ratio. Draws whose
    bottom is nothing count as infinite, so a thin bottom shows as an open end.
    """
    table = pd.DataFrame({"group": group, "top": top, "bottom": bottom}).astype(
        {"group": str, "top": float, "bottom": float}
    )
    # floats are added in one order, whatever order the rows came in
    table = table.sort_values(["group", "top", "bottom"], kind="stable")
    sums = table.groupby("group", sort=True)[["top", "bottom"]].sum()
    above, below = sums["top"].to_numpy(), sums["bottom"].to_numpy()
    if below.sum() == 0:
        return None
    value = float(above.sum() / below.sum())
    rng = np.random.default_rng(seed)
    every = np.full(len(sums), 1 / len(sums))
    found = []
    for _ in range(draws):
        times = rng.multinomial(len(sums), every)
        over, under = float(times @ above), float(times @ below)
        found.append(over / under if under else (math.inf if over else math.nan))
    known = np.array([one for one in found if not math.isnan(one)] or [value])
    low, high = np.quantile(known, [0.025, 0.975], method="inverted_cdf")
    return Estimate(value, min(float(low), value), max(float(high), value))


def drawn_share(hit: ArrayLike, inclusion_probability: ArrayLike) -> Estimate | None:
    """The share of hits among all that could be drawn, from a random draw of unequal chances.

    Each drawn row stands for 1 / probability rows (Hajek's estimate); Wilson's interval at Kish's
    effective size. None when nothing was drawn. Raises ValueError for a probability outside (0, 1].
    """
    chance = np.asarray(inclusion_probability, float)
    if len(chance) == 0:
        return None
    if not ((chance > 0) & (chance <= 1)).all():
        raise ValueError(
            "an inclusion probability lies outside (0, 1]: the draw must store the chance each "
            "firm had of being drawn"
        )
    weight = 1 / chance
    order = np.lexsort((weight, np.asarray(hit, float)))
    weight, hits = weight[order], np.asarray(hit, float)[order]
    value = min(1.0, float((weight * hits).sum() / weight.sum()))
    size = float(weight.sum() ** 2 / (weight**2).sum())
    return Estimate(value, *wilson(value, size))

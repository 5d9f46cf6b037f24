"""The monthly draws of 双随机: whom chance sends an inspector to, in each district.

Every district draws at the beginning of a month from the firms that stand in its register, all with
the same chance. The number of the draw's seed and that chance are delivered with each result, which
is what an estimate without bias needs. Who is drawn hangs on nothing that a firm does.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.simulation import vocabulary
from pipelines.simulation.calendar import Calendar, date_of, day
from pipelines.simulation.population import Population

YEARLY_SHARE = 0.03
"""Share of the firms that a year's draws reach: the usual quota of the general draw."""
_SETTLED = 60
"""Days a firm must have stood in the register."""


@dataclass(frozen=True)
class Draws:
    """Firms drawn, one entry each, ordered by firm and day.

    Attributes:
        firm: its number; day: of the draw; seed: of the draw.
        millionths: the chance of being drawn, in millionths.
    """

    firm: NDArray[np.int64]
    day: NDArray[np.int32]
    seed: NDArray[np.int64]
    millionths: NDArray[np.int64]


def draw(population: Population, calendar: Calendar, seed: int) -> Draws:
    """Make all draws of a city, from the start of its history to its end."""
    order = np.argsort(population.district, kind="stable")
    bounds = np.searchsorted(population.district[order], np.arange(len(vocabulary.DISTRICTS) + 1))
    born, died = population.born[order], population.died[order]
    owed = np.zeros(len(vocabulary.DISTRICTS))
    found: list[tuple[NDArray[np.int64], int, int, int]] = []
    for first in _months(calendar):
        standing = (born <= first - _SETTLED) & (died > first)
        for district in range(len(owed)):
            low, high = bounds[district], bounds[district + 1]
            pool = order[low:high][standing[low:high]]
            owed[district] += len(pool) * YEARLY_SHARE / 12
            count = int(owed[district])
            owed[district] -= count  # a small district draws every other month
            if count:
                number = _seed(seed, first, district)
                rng = np.random.Generator(np.random.PCG64(number))
                drawn = pool[np.sort(rng.choice(len(pool), count, replace=False))]
                found.append((drawn, first, number, round(1_000_000 * count / len(pool))))
    return _ordered(found)


def _months(calendar: Calendar) -> list[int]:
    """First days of the months of the history and of the city's time."""
    first = date_of(calendar.history)
    year, month = first.year, first.month
    days = []
    while (number := day(dt.date(year, month, 1))) <= calendar.until:
        days.append(number)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return days


def _seed(seed: int, first: int, district: int) -> int:
    """The number of a draw's seed, of up to eight digits."""
    sequence = np.random.SeedSequence([seed, 98, first, district])
    return int(sequence.generate_state(1)[0]) % 10**8


def _ordered(found: list[tuple[NDArray[np.int64], int, int, int]]) -> Draws:
    counts = [len(firms) for firms, _, _, _ in found]
    firm = np.concatenate([np.empty(0, np.int64), *[firms for firms, _, _, _ in found]])
    days, seeds, millionths = (
        np.repeat(np.array([row[n] for row in found], np.int64), counts) for n in (1, 2, 3)
    )
    order = np.lexsort((days, firm))
    return Draws(firm[order], days[order].astype(np.int32), seeds[order], millionths[order])

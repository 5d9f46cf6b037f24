"""What changes in the register: names, addresses, representatives, holders, scope, capital.

Drawn once a part; registration versions, change records, holders, posts and moves all follow it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.simulation.world import Part, arrivals

ITEMS = ("name", "address", "legal_rep", "shareholder", "scope", "capital", "manager", "other")
_YEARLY = (0.012, 0.045, 0.030, 0.030, 0.040, 0.025, 0.030, 0.030)

# trait → item, days around the start of its conduct, and how often at most
_BY_TRAIT = (
    ("moves", "address", (0, 330), 3),
    ("rep_change", "legal_rep", (-60, 150), 2),
    ("share_change", "shareholder", (-90, 200), 2),
    ("capital_jump", "capital", (-90, 120), 1),
    ("scope_change", "scope", (-90, 90), 1),
)


@dataclass(frozen=True)
class Changes:
    """Changes of a part's firms, ordered by firm and day.

    Attributes:
        who: place of the firm in the part; day: when; item: index into `ITEMS`;
        nth: which change of this item of this firm it is, from 1.
    """

    who: NDArray[np.int64]
    day: NDArray[np.int32]
    item: NDArray[np.int64]
    nth: NDArray[np.int64]

    def of_item(self, item: str) -> Changes:
        """The changes of one item."""
        keep = self.item == ITEMS.index(item)
        return Changes(self.who[keep], self.day[keep], self.item[keep], self.nth[keep])


def draw(part: Part) -> Changes:
    """Draw the changes of a part's firms."""
    rng = part.random("changes")
    whos, days, items = [], [], []
    restless = part.of(part.world.population.frailty)  # some honest firms change all the time
    for item, rate in enumerate(_YEARLY):
        who, when = arrivals(rng, rate * restless, part.opening + 30, part.closing)
        whos.append(who)
        days.append(when)
        items.append(np.full(len(who), item))
    onset = part.of(part.world.population.onset)
    for trait, item_name, (low, high), most in _BY_TRAIT:
        firms = np.flatnonzero(part.shows(trait))
        times = np.maximum(1, rng.integers(1, most + 1, len(firms)))
        if trait == "moves":
            times = np.maximum(times, 2)
        who = np.repeat(firms, times)
        when = onset[who] + rng.integers(low, high, len(who))
        whos.append(who)
        days.append(when)
        items.append(np.full(len(who), ITEMS.index(item_name)))
    return _numbered(part, np.concatenate(whos), np.concatenate(days), np.concatenate(items))


def _numbered(
    part: Part, who: NDArray[np.int64], when: NDArray[np.int64], item: NDArray[np.int64]
) -> Changes:
    inside = (when > part.opening[who] + 5) & (when <= part.closing[who])
    who, when, item = who[inside], when[inside], item[inside]
    order = np.lexsort((item, when, who))
    who, when, item = who[order], when[order], item[order]
    # The same item twice on one day is one change: a firm has one state a day.
    fresh = np.ones(len(who), bool)
    fresh[1:] = (np.diff(who) != 0) | (np.diff(when) != 0) | (np.diff(item) != 0)
    who, when, item = who[fresh], when[fresh], item[fresh]
    nth = np.empty(len(who), np.int64)
    by_item = np.lexsort((when, item, who))
    key = who[by_item] * len(ITEMS) + item[by_item]
    nth[by_item] = np.arange(len(key)) - np.searchsorted(key, key) + 1
    return Changes(who, when.astype(np.int32), item, nth)

"""The lot (双随机): which firms are drawn, how likely each was to be, and who inspects them.

The order of the lot is the SHA-256 of `city|Monday of the week|random_share|district|subject_id`,
smallest first. Nobody chooses it and whoever has the ids can work it out again. The first firms of
that order that the ranking did not take are drawn, so each of the firms left had the same chance.

Inspectors are numbers 1 to n: the lake holds no roster, and a district puts its own against them.
"""

from __future__ import annotations

import hashlib
import math
from datetime import date, timedelta

from models.risk.levels import ListPolicy


def week_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def lot_of(city: str, as_of: date, policy: ListPolicy) -> str:
    """What the lots of all districts of one week begin with."""
    return f"{city}|{week_of(as_of).isoformat()}|{policy.random_share:g}"


def draw_seed(lot: str, district: str) -> str:
    """The seed of one district's draw, as it is stored with every firm drawn."""
    return f"{lot}|{district}"


def lot_order(seed: str, subject_id: str) -> str:
    """A firm's place in the lot, as a text that sorts; `ranking.candidates` makes the same."""
    return hashlib.sha256(f"{seed}|{subject_id}".encode()).hexdigest()


def draw_size(inspections: int, share: float) -> int:
    """How many of a district's inspections are drawn by lot.

    At least one where the ranking keeps one too, never all of them.

    >>> [draw_size(k, 0.1) for k in (0, 1, 2, 14, 15, 60)]
    [0, 0, 1, 1, 2, 6]
    """
    if share == 0 or inspections < 2:
        return 0
    return min(inspections - 1, max(1, math.floor(inspections * share + 0.5)))


def drawn_inspectors(seed: str, subject_id: str, among: int, together: int) -> str:
    """The inspectors drawn for one firm: numbers from 1 to `among`, joined with `;`.

    Each firm's draw is its own, so that no other firm's coming or going changes it.
    """
    numbers = sorted(
        range(1, among + 1), key=lambda n: lot_order(f"{seed}|inspector {n}", subject_id)
    )
    return ";".join(str(n) for n in sorted(numbers[:together]))

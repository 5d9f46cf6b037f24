"""The lot (双随机): which firms are drawn, how likely each was to be, and who inspects them.

The order of the lot is the SHA-256 of `city|Monday of the week|random_share|district|subject_id`,
smallest first. Nobody chooses it and whoever has the ids can work it out again. The first firms of
that order that the ranking did not take are drawn, so each of the firms left had the same chance.

How many is drawn too: a district that can inspect two firms a week has a lot of one in every fifth
week, at a share of a tenth, and none in the others. Each district has a number of its own, so that
its lot can be worked out again without the other districts.

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


def week_of_lot(lot: str) -> date:
    """The Monday of the week that a lot (`lot_of`) is drawn for."""
    return date.fromisoformat(lot.rsplit("|", 2)[1])


def draw_seed(lot: str, district: str) -> str:
    """The seed of one district's draw, as it is stored with every firm drawn."""
    return f"{lot}|{district}"


def lot_order(seed: str, subject_id: str) -> str:
    """A firm's place in the lot, as a text that sorts; `ranking.candidates` makes the same."""
    return hashlib.sha256(f"{seed}|{subject_id}".encode()).hexdigest()


def lot_sizes(inspections: int, share: float) -> tuple[tuple[int, float], ...]:
    """How many of a district's inspections its lot may have, each number with its probability.

    The whole part of `inspections * share` for certain, one more as often as the rest says: in the
    mean of many weeks the lot has exactly its share, however few firms the district can inspect.

    >>> lot_sizes(2, 0.1), lot_sizes(30, 0.1)
    (((0, 0.8), (1, 0.2)), ((3, 1.0),))
    """
    # rounded, so that 0.07 of 100 is 7 and not a billionth more
    wanted = round(inspections * share, 9)
    least = math.floor(wanted)
    more = round(wanted - least, 9)
    return ((least, 1 - more), (least + 1, more)) if more else ((least, 1.0),)


def draw_size(seed: str, inspections: int, share: float) -> int:
    """How many of a district's inspections are drawn by lot in the week of `seed`.

    One more than for certain where the SHA-256 of `seed|places`, as a fraction of the largest there
    is, lies below the probability of it. More inspections never draw fewer with the same seed.
    """
    sizes = lot_sizes(inspections, share)
    size, _ = sizes[0]
    more = sum(chance for _, chance in sizes[1:])
    return size + (int(lot_order(seed, "places"), 16) / 2**256 < more)


def drawn_inspectors(seed: str, subject_id: str, among: int, together: int) -> str:
    """The inspectors drawn for one firm: numbers from 1 to `among`, joined with `;`.

    Each firm's draw is its own, so that no other firm's coming or going changes it.
    """
    numbers = sorted(
        range(1, among + 1), key=lambda n: lot_order(f"{seed}|inspector {n}", subject_id)
    )
    return ";".join(str(n) for n in sorted(numbers[:together]))

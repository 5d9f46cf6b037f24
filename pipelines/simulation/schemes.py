"""Planted rings and their honest look-alikes.

A ring and a look-alike group are built by the same code, with the same links, ages, lines of
business and dates; they differ only in how often they show the signs of `parameters`, so what
tells them apart is behaviour seen together with structure, never one column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.simulation import vocabulary
from pipelines.simulation.calendar import NEVER, Calendar
from pipelines.simulation.parameters import (
    SCHEME_SHARES,
    SCHEMES,
    TRAITS,
    Difficulty,
    lookalike_rates,
    ring_rates,
)
from pipelines.simulation.population import Population, group_person, staff_person

ROLES = ("core", "front", "shell")
"""core: where the money goes; front: what the public sees; shell: holds shares or an address."""

# Chance of each kind of link inside a group, by scheme: common representative, common holder,
# common officer, common room, holding in a fellow.
_LINKS = (
    (0.80, 0.70, 0.60, 0.20, 0.30),
    (0.35, 0.35, 0.40, 1.00, 0.10),
    (0.40, 0.40, 0.40, 0.10, 1.00),
    (0.45, 0.45, 0.45, 0.20, 0.20),
    (0.50, 0.60, 0.40, 0.05, 0.60),
)

# Lines of business by scheme; None is any line, as an honest firm's.
_LINES: tuple[tuple[tuple[str | None, float], ...], ...] = (
    (("L7212", 0.16), ("J6999", 0.05), ("L7249", 0.16), ("I6450", 0.08), ("F5129", 0.08),
     ("R8810", 0.06), ("M7519", 0.08), (None, 0.33)),
    (("L7249", 0.15), ("F5129", 0.14), ("L7212", 0.12), ("M7519", 0.12), (None, 0.47)),
    (("L7212", 0.18), ("F5129", 0.12), ("K7010", 0.08), ("J6760", 0.04), (None, 0.58)),
    (("L7212", 0.10), ("J6999", 0.06), ("I6450", 0.15), ("M7340", 0.08), ("L7249", 0.12),
     ("R8810", 0.10), (None, 0.39)),
    (("Q8514", 0.28), ("O8090", 0.20), ("O8010", 0.10), ("P8391", 0.10), (None, 0.32)),
)  # fmt: skip

# Days from registration to the start, by scheme: (share bought off the shelf, young range,
# shelf range). A ring often buys an old firm, so that age says little.
_AGES = (
    (0.55, (30, 500), (400, 3000)),
    (0.35, (20, 600), (400, 2500)),
    (0.65, (100, 700), (500, 3500)),
    (0.10, (15, 300), (300, 1500)),
    (0.60, (60, 700), (400, 3000)),
)


@dataclass(frozen=True)
class Groups:
    """Rings and look-alike groups, one row a group.

    Attributes:
        scheme: scheme of the group; ring: whether it is a ring; start: first day of misconduct
        (for look-alikes: of whatever makes them look alike); members: firms, group after group;
        first: place in `members` where each group begins (one more entry at the end).
    """

    scheme: NDArray[np.int8]
    ring: NDArray[np.bool_]
    start: NDArray[np.int32]
    members: NDArray[np.int64]
    first: NDArray[np.int64]

    def of_members(self) -> NDArray[np.int64]:
        """Group of each entry of `members`."""
        return np.repeat(np.arange(len(self.scheme)), np.diff(self.first))

    def places(self) -> NDArray[np.int64]:
        """Place of each entry of `members` inside its group, from 0."""
        return np.arange(len(self.members)) - self.first[self.of_members()]


def plant(
    population: Population, calendar: Calendar, difficulty: Difficulty, rng: np.random.Generator
) -> Groups:
    """Turn some of the firms into rings and ten times as many into their look-alikes."""
    groups = _divide(population.firms, calendar, difficulty, rng)
    if not len(groups.members):
        return groups
    _mark(population, groups, rng)
    _settle(population, groups, calendar, rng)
    _link(population, groups, difficulty, rng)
    _behave(population, groups, difficulty, rng)
    return groups


def ring_firms(firms: int, difficulty: Difficulty) -> int:
    """Number of ring firms of a city; a small one still has one ring of three."""
    if firms < 40:
        return 0
    return max(3, round(firms * difficulty.ring_share))


def _divide(
    firms: int, calendar: Calendar, difficulty: Difficulty, rng: np.random.Generator
) -> Groups:
    total = ring_firms(firms, difficulty)
    schemes: list[int] = []
    sizes: list[int] = []
    rings: list[bool] = []
    for is_ring, count in ((True, total), (False, min(total * difficulty.lookalikes, firms // 2))):
        for scheme, share in enumerate(_portions(count)):
            for size in _cut(share, rng):
                schemes.append(scheme)
                sizes.append(size)
                rings.append(is_ring)
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    members = rng.permutation(firms)[: first[-1]].astype(np.int64)
    # All have begun before the city ends: a member follows its group by up to 90 days (`_settle`).
    low, high = calendar.since - 540, max(calendar.until - 135, calendar.since - 500)
    # Evenly spread starts (one in each equal slice of time) instead of free ones: small cities
    # then have early and late rings too.
    start = np.empty(len(sizes), np.int32)
    ring = np.array(rings, bool)
    for kind in (True, False):
        chosen = np.flatnonzero(ring == kind)
        slots = (rng.permutation(len(chosen)) + rng.random(len(chosen))) / max(1, len(chosen))
        start[chosen] = low + (slots * (high - low)).astype(np.int32)
    return Groups(np.array(schemes, np.int8), ring, start, members, first)


def _portions(total: int) -> list[int]:
    """Share firms out to the schemes by largest remainder; with few firms, whole rings of three."""
    if total < 3 * len(SCHEMES):
        rings = total // 3
        portions = [3 if n < rings else 0 for n in range(len(SCHEMES))]
        portions[0] += total - sum(portions)
        return portions
    exact = np.array(SCHEME_SHARES) * total
    portions = np.maximum(3, np.floor(exact)).astype(int).tolist()
    while sum(portions) > total:
        portions[int(np.argmax(portions))] -= 1
    order = np.argsort(-(exact - np.floor(exact)), kind="stable")
    for n in range(total - sum(portions)):
        portions[int(order[n % len(order)])] += 1
    return portions


def _cut(total: int, rng: np.random.Generator) -> list[int]:
    """Cut a scheme's firms into groups of three to twelve."""
    sizes: list[int] = []
    left = total
    while left > 0:
        size = int(rng.choice([3, 4, 5, 6, 7, 8, 9, 10, 12]))
        if left - size < 3:
            size = left if left <= 12 else left // 2
        sizes.append(size)
        left -= size
    return sizes


def _mark(population: Population, groups: Groups, rng: np.random.Generator) -> None:
    members, of = groups.members, groups.of_members()
    population.group[members] = of
    population.scheme[members] = groups.scheme[of]
    population.ring[members] = groups.ring[of]
    place = groups.places()
    role = np.where(place == 0, 0, np.where(rng.random(len(members)) < 0.6, 1, 2))
    population.role[members] = role


def _settle(
    population: Population, groups: Groups, calendar: Calendar, rng: np.random.Generator
) -> None:
    """Give members their line of business, district, age and days of misconduct."""
    members, of = groups.members, groups.of_members()
    scheme = groups.scheme[of]
    count = len(members)
    start = groups.start[of] + rng.integers(0, 90, count)
    age = np.empty(count, np.int64)
    line = population.industry[members].copy()
    for kind in range(len(SCHEMES)):
        here = np.flatnonzero(scheme == kind)
        shelf, young, old = _AGES[kind]
        bought = rng.random(len(here)) < shelf
        age[here] = np.where(bought, rng.integers(*old, len(here)), rng.integers(*young, len(here)))
        names, shares = zip(*_LINES[kind], strict=True)
        drawn = np.searchsorted(np.cumsum(shares), rng.random(len(here))).clip(0, len(names) - 1)
        codes = np.array([-1 if name is None else vocabulary.INDUSTRY_OF[name] for name in names])
        line[here] = np.where(codes[drawn] >= 0, codes[drawn], line[here])
    population.industry[members] = line
    population.segment[members] = np.where(np.isin(line, vocabulary.INVESTMENT_LINES), 2, 0)
    # Half of a group's members sit in the district of its first member.
    home = population.district[groups.members[groups.first[of]]]
    population.district[members] = np.where(
        rng.random(count) < 0.55, home, population.district[members]
    )
    # Early enough for the last file of the register, which may lie a month before the end.
    population.born[members] = np.minimum(start - age, calendar.until - 70)
    population.onset[members] = start
    population.offset[members] = start + rng.integers(240, 900, count)
    gone = rng.random(count) < 0.12
    died = population.offset[members] + rng.integers(30, 400, count)
    population.died[members] = np.where(gone & (died < calendar.until), died, NEVER)
    ending = np.where(rng.random(count) < 0.5, 1, 2)
    population.ending[members] = np.where(population.died[members] < NEVER, ending, 0)
    population.parent[members] = -1


def _link(
    population: Population, groups: Groups, difficulty: Difficulty, rng: np.random.Generator
) -> None:
    """Tie members to each other through persons, rooms and holdings."""
    members, of, place = groups.members, groups.of_members(), groups.places()
    scheme = groups.scheme[of]
    size = np.diff(groups.first)[of]
    chances = np.array(_LINKS)[scheme] * difficulty.visible_links
    tied = rng.random((len(members), 5)) < chances
    firms = population.firms
    fronts = np.maximum(1, np.ceil(size * 0.55)).astype(np.int64)
    own = staff_person(firms, members, 5)
    population.representative[members] = np.where(
        tied[:, 0], group_person(firms, of, place % fronts), own
    )
    population.founder[members] = np.where(
        tied[:, 1], group_person(firms, of, (place + 1) % fronts), staff_person(firms, members, 6)
    )
    # The controller (place 14) or a relative (15) keeps an eye on the firms from a minor post.
    watcher = np.where(rng.random(len(members)) < 0.6, 14, 15)
    population.officer[members] = np.where(
        tied[:, 2], group_person(firms, of, watcher), population.officer[members]
    )
    common = population.room[members[groups.first[of]]]
    population.room[members] = np.where(tied[:, 3], common, population.room[members])
    _hold(population, groups, tied[:, 4], rng)


def _hold(
    population: Population, groups: Groups, tied: NDArray[np.bool_], rng: np.random.Generator
) -> None:
    """Holdings inside groups: a circle in `circular_holding`, else a share in an earlier member."""
    members, of, place = groups.members, groups.of_members(), groups.places()
    circle = SCHEMES.index("circular_holding")
    first = groups.first[of]
    size = np.diff(groups.first)[of]
    for n in np.flatnonzero(tied | (groups.scheme[of] == circle)):
        firm = int(members[n])
        if groups.scheme[of[n]] == circle:
            holder = int(members[first[n] + (place[n] - 1) % size[n]])
            percent = int(rng.integers(15, 55))
        elif place[n] > 0:
            holder = int(members[first[n] + rng.integers(0, place[n])])
            percent = int(rng.choice([100, 90, 80, 60, 51, 30]))
        else:
            continue
        begun = max(population.born[firm], population.born[holder]) + 5
        day = max(int(begun), int(population.onset[firm]) - int(rng.integers(-60, 300)))
        population.extra_holdings.append((holder, firm, percent, day))


def _behave(
    population: Population, groups: Groups, difficulty: Difficulty, rng: np.random.Generator
) -> None:
    """Give members their traits, in exact proportions, louder in some groups than in others."""
    members, of = groups.members, groups.of_members()
    scheme = groups.scheme[of]
    loud = (2 * rng.random(len(groups.scheme)) - 1)[of] * 0.5 * difficulty.ring_loudness
    rates = np.empty((len(members), len(TRAITS)))
    for kind in range(len(SCHEMES)):
        rates[(scheme == kind) & groups.ring[of]] = ring_rates(kind, difficulty)
        rates[(scheme == kind) & ~groups.ring[of]] = lookalike_rates(kind, difficulty)
    rates = np.clip(rates * (1 + loud)[:, None], 0, 0.95)
    traits = np.zeros(len(members), np.uint32)
    for bit in range(len(TRAITS)):
        for kind in (True, False):
            chosen = np.flatnonzero(groups.ring[of] == kind)
            has = systematic(rates[chosen, bit], rng)
            traits[chosen] |= has.astype(np.uint32) << np.uint32(bit)
    population.traits[members] = traits
    _share(population, groups, rng)


def systematic(chance: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw each entry with its chance, but so that the number drawn is the sum of the chances.

    Systematic sampling over a random order: a small city is then as hard as a large one, not
    easy or hard by luck.
    """
    order = rng.permutation(len(chance))
    offset = rng.random()
    marks = np.floor(np.cumsum(chance[order]) + offset)
    drawn = np.empty(len(chance), bool)
    drawn[order] = np.diff(marks, prepend=0.0) > 0
    return drawn


def _share(population: Population, groups: Groups, rng: np.random.Generator) -> None:
    """Act on the traits that are links: a common phone and a common agent."""
    members, of = groups.members, groups.of_members()
    firms = population.firms
    phone = group_person(firms, of, np.full(len(of), 13))
    shared = population.shows("shared_phone")[members]
    population.phone[members] = np.where(shared, phone, population.founder[members])
    agents = max(int(population.agent.max()) + 1, 1)
    common = rng.integers(0, agents, len(groups.scheme))[of]
    population.agent[members] = np.where(
        population.shows("shared_agent")[members], common, population.agent[members]
    )

"""The firms of the synthetic city: what each is, when it lives, where it sits, who is behind it.

Everything here is an array over all firms (about 120 bytes a firm); names, codes and records are
computed from it chunk by chunk.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.simulation import vocabulary
from pipelines.simulation.calendar import NEVER, Calendar
from pipelines.simulation.parameters import TRAITS, Difficulty, honest_rates

ENDINGS = ("存续", "注销", "吊销", "迁出")
SEGMENTS = ("plain", "failing", "investment")
TRAIT_BIT = {name: np.uint32(1 << n) for n, name in enumerate(TRAITS)}


@dataclass
class Population:
    """Arrays over the firms; one row a firm.

    Attributes:
        born: day of registration.
        died: day it left the register (`NEVER` if it has not).
        ending: how it left, an index into `ENDINGS`.
        district: index into `vocabulary.DISTRICTS`.
        home: district of the room that bears the firm's number (see `places`).
        industry: index into `vocabulary.INDUSTRIES`.
        form: index into `vocabulary.FORMS`.
        staff: number of employees.
        capital: registered capital in 万元.
        paid_percent: share of it paid in.
        segment: index into `SEGMENTS`.
        room: its room (see `places`).
        agent: registration agent, -1 without.
        founder: person who holds it first; representative: its first legal representative.
        officer: person who serves as its supervisor.
        phone: number of its contact phone (a person's number or an agent's).
        parent: firm that holds it, -1 without; parent_percent: the parent's share.
        traits: bit set over `TRAITS`.
        onset, offset: days between which its traits show.
        frailty: how much trouble it draws, around 1.
        group: ring or look-alike group, -1 for the others.
        scheme: scheme it takes part in or resembles, -1 for the others.
        ring: whether it takes part.
        role: index into `schemes.ROLES`, -1 without.
        case: day of its first 立案, `NEVER` without.
    """

    firms: int
    born: NDArray[np.int32]
    died: NDArray[np.int32]
    ending: NDArray[np.int8]
    district: NDArray[np.int8]
    home: NDArray[np.int8]
    industry: NDArray[np.int8]
    form: NDArray[np.int8]
    staff: NDArray[np.int32]
    capital: NDArray[np.int64]
    paid_percent: NDArray[np.int8]
    segment: NDArray[np.int8]
    room: NDArray[np.int64]
    agent: NDArray[np.int32]
    founder: NDArray[np.int64]
    representative: NDArray[np.int64]
    officer: NDArray[np.int64]
    phone: NDArray[np.int64]
    parent: NDArray[np.int32]
    parent_percent: NDArray[np.int8]
    traits: NDArray[np.uint32]
    onset: NDArray[np.int32]
    offset: NDArray[np.int32]
    frailty: NDArray[np.float32]
    group: NDArray[np.int32]
    scheme: NDArray[np.int8]
    ring: NDArray[np.bool_]
    role: NDArray[np.int8]
    case: NDArray[np.int32]
    extra_holdings: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Holdings of firms in firms beside `parent`: (holder, firm, percent, day)."""

    def shows(self, trait: str) -> NDArray[np.bool_]:
        """Which firms have a trait."""
        return (self.traits & TRAIT_BIT[trait]) != 0


# Numbers of persons. Every firm reserves eight of its own; every agent four; every group sixteen.
def spouse(firms: int, founder: NDArray[np.int64]) -> NDArray[np.int64]:
    """The other half of a founder's household."""
    return founder + firms


def staff_person(
    firms: int, firm: NDArray[np.int64], place: int | NDArray[np.int64]
) -> NDArray[np.int64]:
    """A person who belongs to one firm: places 0-1 partners, 2 supervisor, 3 manager, 4-7 later."""
    return 2 * firms + firm * 8 + place


def agent_person(firms: int, agent: NDArray[np.int64], place: int) -> NDArray[np.int64]:
    """A bookkeeper or clerk of an agent, who serves many of its firms."""
    return 10 * firms + agent * 4 + place


def group_person(
    firms: int, group: NDArray[np.int64], place: NDArray[np.int64]
) -> NDArray[np.int64]:
    """A person of a ring or of a look-alike group: nominee, relative or controller."""
    return 11 * firms + group * 16 + place


def caller(firms: int, number: NDArray[np.int64]) -> NDArray[np.int64]:
    """A citizen who complains."""
    return 16 * firms + number


def draw(
    firms: int, calendar: Calendar, difficulty: Difficulty, rng: np.random.Generator
) -> Population:
    """Draw the honest city; `schemes.plant` then puts the rings into it."""
    index = np.arange(firms, dtype=np.int64)
    industry = _weighted(rng, [i.share for i in vocabulary.INDUSTRIES], firms).astype(np.int8)
    segment = _segments(industry, rng)
    born, died, ending = _lives(firms, segment, calendar, rng)
    district = _weighted(rng, [share for _, _, share in vocabulary.DISTRICTS], firms).astype(
        np.int8
    )
    founder = _founders(firms, rng)
    agent = _agents(firms, rng)
    parent, percent = _honest_groups(born, rng)
    capital, paid, staff = _sizes(industry, rng)
    onset = rng.integers(calendar.history, calendar.until, firms)
    onset = np.maximum(onset, born + 10).astype(np.int32)
    offset = (onset + rng.integers(240, 900, firms)).astype(np.int32)
    own_representative = rng.random(firms) < 0.8
    clerk = agent_person(firms, agent.astype(np.int64), 0)
    traits = _honest_traits(segment, difficulty, rng)
    shares_phone = (traits & TRAIT_BIT["shared_phone"]) != 0
    clerk = np.where(agent >= 0, clerk, np.roll(founder, 1))  # an agent's phone, or a friend's
    return Population(
        firms=firms, born=born, died=died, ending=ending, district=district, industry=industry,
        form=_weighted(rng, list(vocabulary.FORM_SHARES), firms).astype(np.int8),
        staff=staff, capital=capital, paid_percent=paid, segment=segment,
        room=_rooms(firms, rng), agent=agent, founder=founder,
        representative=np.where(own_representative, founder, staff_person(firms, index, 0)),
        officer=np.where(rng.random(firms) < 0.25, spouse(firms, founder),
                         staff_person(firms, index, 2)),
        phone=np.where(shares_phone, clerk, founder),
        parent=parent, parent_percent=percent, home=district.copy(),
        traits=traits, onset=onset, offset=offset,
        frailty=rng.gamma(0.8, 1 / 0.8, firms).astype(np.float32),
        group=np.full(firms, -1, np.int32), scheme=np.full(firms, -1, np.int8),
        ring=np.zeros(firms, bool), role=np.full(firms, -1, np.int8),
        case=np.full(firms, NEVER, np.int32),
    )  # fmt: skip


def room_count(firms: int) -> int:
    """Rooms that many firms share: incubators, managed clusters, hot desks."""
    return max(4, firms // 250)


def agent_count(firms: int) -> int:
    """Registration agents of the city."""
    return max(3, firms // 90)


def _weighted(rng: np.random.Generator, shares: list[float], count: int) -> NDArray[np.int64]:
    cumulative = np.cumsum(shares) / np.sum(shares)
    return np.searchsorted(cumulative, rng.random(count), side="right").clip(0, len(shares) - 1)


def _segments(industry: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.int8]:
    segment = np.where(np.isin(industry, vocabulary.INVESTMENT_LINES), 2, 0)
    failing = rng.random(len(industry)) < 0.04
    return np.where(failing, 1, segment).astype(np.int8)


def _lives(
    firms: int, segment: NDArray[np.int8], calendar: Calendar, rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int8]]:
    age = np.minimum(rng.exponential(7.0 * 365, firms), 30 * 365)
    born = (calendar.until - 20 - age).astype(np.int32)
    mean_life = np.where(segment == 1, 5.0, 20.0) * 365
    died = born + 300 + rng.exponential(mean_life)
    # A register does not go back for ever: who left before the history is not in it.
    died = np.where((died < calendar.history + 60) | (died > calendar.until + 400), NEVER, died)
    ending = np.where(died < NEVER, 1 + _weighted(rng, [0.70, 0.22, 0.08], firms), 0)
    return born, died.astype(np.int32), ending.astype(np.int8)


def _founders(firms: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Most founders have one firm; some have two; a few serial ones have many."""
    index = np.arange(firms, dtype=np.int64)
    kind = rng.random(firms)
    again = rng.integers(0, firms, firms)
    serial = rng.integers(0, max(1, firms // 400), firms)
    return np.where(kind < 0.025, serial, np.where(kind < 0.16, again, index))


def _agents(firms: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Two in five firms came through an agent; the busiest agents have hundreds of firms."""
    count = agent_count(firms)
    chosen = (count * rng.random(firms) ** 2.2).astype(np.int32)
    return np.where(rng.random(firms) < 0.4, chosen, -1).astype(np.int32)


def _rooms(firms: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Own room, a neighbour's room, or one of the shared ones (see `places` for the numbers)."""
    own = np.arange(firms, dtype=np.int64)
    shared = firms + (room_count(firms) * rng.random(firms) ** 1.8).astype(np.int64)
    with_neighbour = np.maximum(own - 1 - rng.integers(0, 3, firms), 0)
    kind = rng.random(firms)
    return np.where(kind < 0.10, shared, np.where(kind < 0.16, with_neighbour, own))


def _sizes(
    industry: NDArray[np.int8], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.int32]]:
    median = np.array([i.capital for i in vocabulary.INDUSTRIES])[industry]
    raw = median * np.exp(rng.normal(0, 1.1, len(industry)))
    rounded = np.array([10, 30, 50, 100, 200, 300, 500, 1000, 2000, 3000, 5000, 10000, 50000])
    capital = rounded[np.searchsorted(rounded, raw).clip(0, len(rounded) - 1)]
    paid = np.where(rng.random(len(industry)) < 0.45, 100, rng.integers(0, 60, len(industry)))
    staff = np.array([i.staff for i in vocabulary.INDUSTRIES])[industry]
    people = np.maximum(1, staff * np.exp(rng.normal(0, 0.9, len(industry))))
    return capital.astype(np.int64), paid.astype(np.int8), people.astype(np.int32)


def _honest_groups(
    born: NDArray[np.int32], rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Put one firm in five into a group: a tree of holdings under its oldest member."""
    firms = len(born)
    parent = np.full(firms, -1, np.int32)
    percent = np.zeros(firms, np.int8)
    members = rng.permutation(firms)[: firms // 5]
    if len(members) < 2:
        return parent, percent
    heads = rng.random(len(members)) < 0.22
    heads[0] = True
    group = np.cumsum(heads) - 1
    order = np.lexsort((born[members], group))
    members, group = members[order], group[order]
    first = np.searchsorted(group, group)
    place = np.arange(len(members)) - first
    above = first + (rng.random(len(members)) * place).astype(np.int64)
    child = place > 0
    parent[members[child]] = members[above[child]]
    percent[members[child]] = rng.choice([100, 80, 70, 60, 51, 40, 30, 20], child.sum())
    return parent, percent


def _honest_traits(
    segment: NDArray[np.int8], difficulty: Difficulty, rng: np.random.Generator
) -> NDArray[np.uint32]:
    rates = np.array([honest_rates(name) for name in SEGMENTS]) * difficulty.honest_strength
    traits = np.zeros(len(segment), np.uint32)
    for bit in range(len(TRAITS)):
        has = rng.random(len(segment)) < rates[segment, bit]
        traits |= has.astype(np.uint32) << np.uint32(bit)
    return traits

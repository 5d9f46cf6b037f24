"""Which ring firms get a case, when, and which labels are wrong.

Cases come ring by ring, as police work does: some rings are never found. Labels are what the city
writes down, so a part of them is wrong: honest firms with a case, ring firms cleared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.simulation.calendar import NEVER, Calendar
from pipelines.simulation.parameters import SCHEMES, UNLABELLED_SCHEME, Difficulty
from pipelines.simulation.population import Population
from pipelines.simulation.schemes import Groups

STAGES = ("线索", "约谈", "立案", "起诉", "判决", "排除")


@dataclass(frozen=True)
class Stages:
    """Stages of cases, one row a firm and stage: firm, index into `STAGES`, day, case number."""

    firm: NDArray[np.int64]
    stage: NDArray[np.int8]
    day: NDArray[np.int32]
    case: NDArray[np.int64]
    wrong: int
    """Firms whose label is wrong."""


def open_cases(
    population: Population,
    groups: Groups,
    calendar: Calendar,
    difficulty: Difficulty,
    rng: np.random.Generator,
) -> Stages:
    """Decide the cases; sets `population.case` and ends the conduct of firms under case."""
    cased = _cased(population, groups, difficulty, rng)
    of = population.group[cased].astype(np.int64)
    low, high = difficulty.case_delay
    pace = rng.integers(low, high - 60, len(groups.scheme))  # a ring's cases come close together
    delay = np.clip(pace[of] + rng.integers(-40, 70, len(cased)), low, high)
    opened = population.onset[cased] + delay
    population.case[cased] = opened
    population.offset[cased] = np.minimum(
        population.offset[cased], opened + rng.integers(0, 90, len(cased))
    )
    cleared, accused, wrongly_cleared, leads = _others(population, groups, cased, difficulty, rng)
    honest_day = rng.integers(calendar.history + 60, calendar.until, len(accused))
    rows = [_proceedings(cased, opened, of, rng)]
    first = len(groups.scheme)
    rows.append(_proceedings(accused, honest_day, first + np.arange(len(accused)), rng))
    first += len(accused)
    for firms, ends in ((cleared, True), (leads, False), (wrongly_cleared, True)):
        anywhere = rng.integers(calendar.history + 30, calendar.until, len(firms))
        after_start = population.onset[firms] + rng.integers(60, 300, len(firms))
        day = np.where(population.ring[firms], after_start, anywhere)
        rows.append(_inquiries(firms, day, first + np.arange(len(firms)), ends, rng))
        first += len(firms)
    firm, stage, days, case = (np.concatenate(part) for part in zip(*rows, strict=True))
    return Stages(
        firm, stage.astype(np.int8), days.astype(np.int32), case,
        len(accused) + len(wrongly_cleared),
    )  # fmt: skip


def _cased(
    population: Population, groups: Groups, difficulty: Difficulty, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Firms that get a case: about three in five members of the rings that are found."""
    quota = round(difficulty.case_share * int(population.ring.sum()))
    known = groups.ring & (groups.scheme != SCHEMES.index(UNLABELLED_SCHEME))
    chosen: list[NDArray[np.int64]] = []
    left = quota
    for ring in rng.permutation(np.flatnonzero(known)):
        members = groups.members[groups.first[ring] : groups.first[ring + 1]]
        count = min(left, max(1, round(0.62 * len(members))))
        chosen.append(rng.permutation(members)[:count])
        left -= count
        if left <= 0:
            break
    return np.sort(np.concatenate(chosen)) if chosen else np.empty(0, np.int64)


def _others(
    population: Population,
    groups: Groups,
    cased: NDArray[np.int64],
    difficulty: Difficulty,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], ...]:
    """Honest firms cleared, honest firms accused, ring firms cleared, and open leads."""
    right = 3 * len(cased)  # the cases, and twice as many honest firms looked at and cleared
    wrong = round(right * difficulty.wrong_labels / (1 - difficulty.wrong_labels))
    lookalikes = rng.permutation(np.flatnonzero((population.group >= 0) & ~population.ring))
    plain = np.flatnonzero(
        (population.group < 0) & (population.shows("complaints") | (population.segment == 2))
    )
    pool = rng.permutation(
        np.concatenate([lookalikes[: 3 * len(cased)], rng.permutation(plain)[: 2 * len(cased)]])
    )
    uncased = rng.permutation(np.flatnonzero(population.ring & (population.case == NEVER)))
    cleared_rings = uncased[: wrong // 2]
    accused = pool[: wrong - len(cleared_rings)]
    rest = pool[len(accused) :]
    cleared = rest[: 2 * len(cased)]
    leads = np.concatenate(
        [rest[2 * len(cased) : 3 * len(cased)], uncased[wrong // 2 :][: len(cased) // 6]]
    )
    return cleared, accused, cleared_rings, leads


_Rows = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def _proceedings(
    firm: NDArray[np.int64], opened: NDArray[np.int64], case: NDArray[np.int64],
    rng: np.random.Generator,
) -> _Rows:  # fmt: skip
    count = len(firm)
    charged = rng.random(count) < 0.7
    judged = charged & (rng.random(count) < 0.75)
    lead = opened - rng.integers(10, 75, count)
    talk = opened - rng.integers(3, 10, count)
    charge = opened + rng.integers(60, 200, count)
    verdict = charge + rng.integers(60, 240, count)
    every = np.ones(count, bool)
    parts = [
        (lead, 0, every), (talk, 1, rng.random(count) < 0.4), (opened, 2, every),
        (charge, 3, charged), (verdict, 4, judged),
    ]  # fmt: skip
    return _stacked(firm, case, parts)


def _inquiries(
    firm: NDArray[np.int64], lead: NDArray[np.int64], case: NDArray[np.int64], ends: bool,
    rng: np.random.Generator,
) -> _Rows:  # fmt: skip
    count = len(firm)
    parts = [(lead, 0, np.ones(count, bool)), (lead + 20, 1, rng.random(count) < 0.3)]
    if ends:
        parts.append((lead + rng.integers(30, 150, count), 5, np.ones(count, bool)))
    return _stacked(firm, case, parts)


def _stacked(
    firm: NDArray[np.int64],
    case: NDArray[np.int64],
    parts: list[tuple[NDArray[np.int64], int, NDArray[np.bool_]]],
) -> _Rows:
    return (
        np.concatenate([firm[keep] for _, _, keep in parts]),
        np.concatenate([np.full(int(keep.sum()), stage) for _, stage, keep in parts]),
        np.concatenate([day[keep] for day, _, keep in parts]),
        np.concatenate([case[keep] for _, _, keep in parts]),
    )

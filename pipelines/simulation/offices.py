"""Files of the city's own offices: addresses, cases, and the inspectors' capacity."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.simulation import places, spelling, vocabulary
from pipelines.simulation.cases import STAGES
from pipelines.simulation.changes import Changes
from pipelines.simulation.population import room_count
from pipelines.simulation.world import Part, Rows, World, heard


def address(part: Part, changes: Changes) -> Rows:
    """Addresses: the rooms in use, each when its first firm comes, and those moved to."""
    rng = part.random("address")
    population, firms = part.world.population, part.world.population.firms
    own = np.flatnonzero(_in_use(part))
    moves = changes.of_item("address")
    moves_kept = moves.nth <= 4  # a firm has four rooms to move to; then it comes back to them
    moved = places.moved_room(firms, part.firm[moves.who[moves_kept]], moves.nth[moves_kept])
    elsewhere = np.flatnonzero(places.mixed(part.firm, 43) % 100 < 12)
    other = places.moved_room(firms, part.firm[elsewhere], np.full(len(elsewhere), 4))
    room = np.concatenate([part.firm[own], moved, other])
    born = part.of(population.born).astype(np.int64)
    first = np.concatenate([born[own], moves.day[moves_kept].astype(np.int64), born[elsewhere]])
    if part.number == 0:
        shared = firms + np.arange(room_count(firms), dtype=np.int64)
        room = np.concatenate([room, shared])
        first = np.concatenate([first, np.full(len(shared), part.world.calendar.history)])
    order = np.lexsort((first, room))
    room, first = room[order], first[order]
    once = np.ones(len(room), bool)
    once[1:] = np.diff(room) != 0
    room, first = room[once], first[once]
    known = heard(rng, first, 0, 2.0)
    return Rows(known, places.describe(population, room, part.world.key))


def _in_use(part: Part) -> NDArray[np.bool_]:
    """Rooms of the part's numbers in which some firm of the city sits."""
    rooms = part.world.population.room
    used = np.zeros(part.high - part.low, bool)
    inside = rooms[(rooms >= part.low) & (rooms < part.high)]
    used[inside - part.low] = True
    return used


_ORIGINS = ("群众举报", "监测预警", "公安移送", "部门移送")


def case_label(part: Part) -> Rows:
    """Stages of cases of the part's firms, from the first lead to the verdict or the clearing."""
    rng = part.random("case_label")
    stages = part.world.stages
    here = np.flatnonzero((stages.firm >= part.low) & (stages.firm < part.high))
    here = here[np.lexsort((stages.stage[here], stages.day[here], stages.firm[here]))]
    stage, when, case = stages.stage[here], stages.day[here], stages.case[here]
    count = len(here)
    weighty = (stage >= 2) & (stage <= 4)
    amount = (np.exp(rng.normal(15.5, 1.0, count)) * 100).astype(np.int64)
    people = 30 + rng.poisson(160, count)
    return Rows(
        heard(rng, when, 3, 10.0),
        {
            "统一社会信用代码": part.codes.take(pa.array(stages.firm[here] - part.low)),
            "案件编号": spelling.joined("AJ", spelling.whole(100_000 + case)),
            "阶段": spelling.words(STAGES, stage),
            "阶段日期": spelling.dates(when, "zh"),
            "涉及金额": spelling.yuan(amount, ~weighty),
            "涉及人数": spelling.whole(people, ~weighty),
            "线索来源": spelling.words(_ORIGINS, places.mixed(case, 91) % 4),
            "操作": spelling.words(("",), np.full(count, -1)),
        },
    )


def capacity(world: World) -> Rows:
    """Inspections each district can make in each week, told about a month ahead.

    Every week's total is the city's capacity; districts take turns so that, over the weeks, each
    gets its share of the firms.
    """
    total = max(1, round(world.population.firms * world.difficulty.capacity_share))
    weeks = world.calendar.mondays(ahead=45)
    firms = np.bincount(world.population.district, minlength=len(vocabulary.DISTRICTS))
    share = firms / firms.sum()
    owed = np.zeros(len(share))
    inspections = np.empty((len(weeks), len(share)), np.int64)
    for week in range(len(weeks)):
        owed += share * total
        given = np.maximum(np.floor(owed), 0).astype(np.int64)
        missing = total - int(given.sum())
        for district in np.argsort(given - owed, kind="stable")[: max(missing, 0)]:
            given[district] += 1
        for district in np.argsort(owed - given, kind="stable")[: max(-missing, 0)]:
            given[district] -= 1
        owed -= given
        inspections[week] = given
    week_start = np.repeat(weeks, len(share))
    return Rows(
        (week_start - 35).astype(np.int32),
        {
            "行政区划": spelling.words(
                vocabulary.DISTRICT_CODES, np.tile(np.arange(len(share)), len(weeks))
            ),
            "周起始日": spelling.dates(week_start),
            "可检查户次": spelling.whole(inspections.ravel()),
        },
    )

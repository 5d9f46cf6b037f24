"""Points against firms that deal with food: 食品药品信用扣分."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.simulation import spelling, vocabulary
from pipelines.simulation.planted import Plan
from pipelines.simulation.world import Part, Rows, arrivals, heard

_LINES = tuple(vocabulary.INDUSTRY_OF[code] for code in ("C1361", "F5219", "H6210"))
_TENTHS = np.array([5, 10, 20, 30, 60])
_MOST = 110  # all points of an honest firm together: who reaches twelve is planted
_SPREAD = (("points_locked", (590, 380, 150, 0)), ("points_not_locked", (1180, 1150, 20, 0)))
_PLANTED_TENTHS = (40, 30, 30, 25)


def food_firms(part: Part) -> NDArray[np.bool_]:
    """Which of the part's firms deal with food."""
    return np.isin(part.of(part.world.population.industry), _LINES)


def usual(part: Part) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Points that are not planted: firm, day and tenths; one in six or seven food firms a year."""
    rng = part.random("points_event")
    rate = np.where(food_firms(part), 0.15 * part.of(part.world.population.frailty), 0.0)
    who, when = arrivals(rng, rate, part.opening + 30, part.closing)
    order = np.lexsort((when, who))
    who, when = who[order], when[order].astype(np.int64)
    tenths = _TENTHS[rng.choice(5, len(who), p=[0.2, 0.3, 0.27, 0.18, 0.05])]
    total = np.cumsum(tenths)
    before = total - tenths
    fits = total - before[np.searchsorted(who, who)] <= _MOST if len(who) else np.ones(0, bool)
    return who[fits], when[fits], tenths[fits]


def points_event(part: Part, plan: Plan) -> Rows:
    """Acts that cost points."""
    who, when, tenths = usual(part)
    known = heard(part.random("points_known"), when, 4, 12.0)
    rows = Rows(known, _columns(part, who, when, tenths, first=1))
    return rows.plus(*(_planted(part, plan, kind, before) for kind, before in _SPREAD))


def _planted(part: Part, plan: Plan, kind: str, before: tuple[int, ...]) -> Rows:
    """Four acts a firm, 12.5 points together."""
    planted = plan[kind]
    who = np.repeat(planted.who, len(before))
    when = np.repeat(planted.since, len(before)) - np.tile(before, len(planted.who))
    tenths = np.tile(_PLANTED_TENTHS, len(planted.who))
    return Rows((when + 6).astype(np.int32), _columns(part, who, when, tenths, first=900))


def _columns(
    part: Part,
    who: NDArray[np.int64],
    when: NDArray[np.int64],
    tenths: NDArray[np.int64],
    first: int,
) -> dict[str, pa.Array]:
    place = np.arange(len(who)) - np.searchsorted(who, who) + first
    number = spelling.joined(spelling.whole(part.firm[who]), "-", spelling.whole(place))
    return {
        "统一社会信用代码": part.codes.take(pa.array(who)),
        "扣分编号": spelling.joined("KF", number),
        "扣分领域": spelling.words(("食品药品",), np.zeros(len(who), np.int8)),
        "扣分": spelling.joined(spelling.whole(tenths // 10), ".", spelling.whole(tenths % 10)),
        "生效日期": spelling.dates(when),
        "处理决定文号": spelling.joined("云市监食处", number, "号"),
    }

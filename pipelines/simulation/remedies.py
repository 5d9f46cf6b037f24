"""What a firm can do about a record: object to it, or have its credit repaired."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.simulation import oversight, spelling
from pipelines.simulation.calendar import NEVER
from pipelines.simulation.planted import Plan, Planted
from pipelines.simulation.world import Part, Rows, heard, joined_rows

_CLAIMS = ("非本企业行为", "信息内容有误", "已履行完毕", "处罚决定已撤销")
_STATES = ("受理", "成立", "不成立", "撤回")
_OUTCOMES = ("准予", "不予")


@dataclass(frozen=True)
class Targets:
    """Records that a decision can be about, each once.

    Attributes:
        table: of the catalogue; who: place of the firm; number: record's number in its source;
        day: when it happened; known: day from which it is told; repaired: day from which its
        department shows it as repaired, `NEVER` without; settled: whether it is repaired, or the
        firm has left the list.
    """

    table: str
    who: NDArray[np.int64]
    number: pa.Array
    day: NDArray[np.int64]
    known: NDArray[np.int64]
    repaired: NDArray[np.int64]
    settled: NDArray[np.bool_]


def _days(texts: pa.Array) -> NDArray[np.int64]:
    """Days spelled as ISO dates; `NEVER` for empty cells."""
    days = texts.cast(pa.date32()).cast(pa.int32()).fill_null(int(NEVER))
    found: NDArray[np.int64] = days.to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def penalties(part: Part) -> Targets:
    """The penalties of a part's firms."""
    rows = oversight.penalty(part)
    repaired = _days(rows.columns["信用修复日期"])
    first = np.flatnonzero(repaired >= NEVER)  # a repaired one comes again behind them
    number = rows.columns["决定书文号"]
    again = pc.index_in(
        number.take(pa.array(first)), value_set=number.filter(pa.array(repaired < NEVER))
    )
    later = np.append(repaired[repaired < NEVER], int(NEVER))
    shown = later[again.fill_null(len(later) - 1).to_numpy(zero_copy_only=False)]
    take = pa.array(first)
    return Targets(
        "penalty",
        part.places(rows.columns["统一社会信用代码"].take(take)),
        number.take(take),
        _days(rows.columns["处罚决定日期"].take(take)),
        rows.known[first].astype(np.int64),
        shown,
        shown < NEVER,
    )


def abnormal_entries(part: Part) -> Targets:
    """The entries into the list of abnormal operation."""
    rows = oversight.list_event(part)
    kind, way = rows.columns["名录类型"], rows.columns["方向"]
    who = part.places(rows.columns["统一社会信用代码"])
    left = np.zeros(part.high - part.low, bool)
    left[who[pc.equal(way, "移出").to_numpy(zero_copy_only=False)]] = True
    chosen = pc.and_(pc.equal(kind, "经营异常"), pc.equal(way, "列入"))
    here = np.flatnonzero(chosen.to_numpy(zero_copy_only=False))
    take = pa.array(here)
    return Targets(
        "list_event",
        who[here],
        rows.columns["文书号"].take(take),
        _days(rows.columns["日期"].take(take)),
        rows.known[here].astype(np.int64),
        np.full(len(here), int(NEVER)),
        left[who[here]],
    )


def _spared(targets: Targets, planted: Planted) -> NDArray[np.bool_]:
    """Records of firms in which nothing of this kind is planted."""
    return ~np.isin(targets.who, planted.who)


def objection(part: Part, plan: Plan) -> Rows:
    """Objections: to one penalty in forty and one entry in sixty; a fifth of them is sustained."""
    rng = part.random("objection")
    planted = plan["sustained_objection"]
    pieces, count = [], 0
    for targets, share in ((penalties(part), 0.025), (abnormal_entries(part), 0.016)):
        spared = _spared(targets, planted) & _spared(targets, plan["repaired_record"])
        chosen = np.flatnonzero((rng.random(len(targets.who)) < share) & spared & ~targets.settled)
        filed = targets.known[chosen] + rng.integers(10, 120, len(chosen))
        ended = filed + rng.integers(10, 60, len(chosen))
        state = rng.choice(4, len(chosen), p=[0.20, 0.20, 0.45, 0.15])  # 0: not yet decided
        place = count + np.arange(len(chosen))
        count += len(chosen)
        number = spelling.joined(f"YY{part.number}-", spelling.whole(1 + place))
        who, record = targets.who[chosen], targets.number.take(pa.array(chosen))
        pieces += _objections(part, targets.table, who, record, number, filed, ended, state)
    usual = joined_rows(pieces)
    number = spelling.joined(f"YY{part.number}-", spelling.whole(9_000_000 + planted.who))
    record = pa.array(planted.record, pa.string())
    state = np.ones(len(planted.who), np.int64)
    filed = planted.since - 30
    added = _objections(
        part, "list_event", planted.who, record, number, filed, planted.since, state
    )
    return usual.plus(*added)


def _objections(
    part: Part,
    table: str,
    who: NDArray[np.int64],
    record: pa.Array,
    number: pa.Array,
    filed: NDArray[np.int64],
    ended: NDArray[np.int64],
    state: NDArray[np.int64],
) -> list[Rows]:
    """The rows of objections: that they were taken in, and how they ended."""
    done = np.flatnonzero(state > 0)
    steps = (
        (np.arange(len(who)), np.zeros(len(who), np.int64), filed),
        (done, state[done], ended[done]),
    )
    return [
        Rows(
            (when + 5).astype(np.int32),
            {
                "统一社会信用代码": part.codes.take(pa.array(who[rows])),
                "异议编号": number.take(pa.array(rows)),
                "异议目录": spelling.words((table,), np.zeros(len(rows), np.int8)),
                "异议记录号": record.take(pa.array(rows)),
                "异议理由": spelling.words(_CLAIMS, who[rows] % len(_CLAIMS)),
                "处理状态": spelling.words(_STATES, told),
                "状态日期": spelling.dates(when),
            },
        )
        for rows, told, when in steps
    ]


def repair(part: Part, plan: Plan) -> Rows:
    """Decisions on repair: of one in five repaired penalties, and refusals of one in a hundred."""
    rng = part.random("repair")
    planted = plan["repaired_record"]
    targets = penalties(part)
    spared = _spared(targets, planted) & _spared(targets, plan["sustained_objection"])
    luck = rng.random(len(targets.who))
    granted = targets.settled & (luck < 0.2) & spared
    refused = ~targets.settled & (luck < 0.01) & spared
    chosen = np.flatnonzero(granted | refused)
    tried = targets.known[chosen] + rng.integers(100, 500, len(chosen))
    decided = np.where(granted[chosen], targets.repaired[chosen], tried)
    number = spelling.joined(f"XF{part.number}-", spelling.whole(1 + np.arange(len(chosen))))
    record = targets.number.take(pa.array(chosen))
    outcome = np.where(granted[chosen], 0, 1)
    known = heard(rng, decided, 2, 6.0)
    usual = Rows(known, _decisions(part, targets.who[chosen], number, record, outcome, decided))
    number = spelling.joined(f"XF{part.number}-", spelling.whole(9_000_000 + planted.who))
    record = pa.array(planted.record, pa.string())
    nought = np.zeros(len(planted.who), np.int64)
    columns = _decisions(part, planted.who, number, record, nought, planted.since)
    return usual.plus(Rows((planted.since + 5).astype(np.int32), columns))


def _decisions(
    part: Part,
    who: NDArray[np.int64],
    number: pa.Array,
    record: pa.Array,
    outcome: NDArray[np.int64],
    decided: NDArray[np.int64],
) -> dict[str, pa.Array]:
    return {
        "统一社会信用代码": part.codes.take(pa.array(who)),
        "修复决定编号": number,
        "修复目录": spelling.words(("penalty",), np.zeros(len(who), np.int8)),
        "修复记录号": record,
        "决定": spelling.words(_OUTCOMES, outcome),
        "决定日期": spelling.dates(decided),
    }

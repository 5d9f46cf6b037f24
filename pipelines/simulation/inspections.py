"""Inspections: drawn by lot, sent after complaints, or part of a campaign, and what they found.

Inspectors err both ways. They look for a day and see a ring for what it is in one visit of four; they
find ordinary faults in honest firms, and now and then take one for a ring. No case follows from a
result here: cases are drawn apart (`cases`), as they were before there were inspections.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.simulation import spelling, vocabulary
from pipelines.simulation.calendar import date_of, day
from pipelines.simulation.oversight import serials, year_words
from pipelines.simulation.places import mixed
from pipelines.simulation.voices import calls
from pipelines.simulation.world import Part, Rows, heard

RESULTS = ("未发现问题", "责令整改", "移送线索", "无法联系", "不予配合", "未发现经营活动")
_HANDED_ON = RESULTS.index("移送线索")

# What an inspector writes down, by what the firm is on that day. A ring at work is seen by one in
# four; of 10,000 ordinary honest firms eight are taken for one.
_WRITTEN = np.array([
    (0.7800, 0.1550, 0.0008, 0.0350, 0.0042, 0.0250),  # an honest firm
    (0.6920, 0.2200, 0.0100, 0.0400, 0.0080, 0.0300),  # an honest firm that looks like a ring
    (0.4770, 0.2000, 0.0030, 0.2200, 0.0200, 0.0800),  # a failing firm
    (0.3400, 0.2200, 0.2500, 0.1100, 0.0400, 0.0400),  # a ring at work
    (0.1700, 0.0800, 0.1000, 0.5000, 0.0500, 0.1000),  # a ring that has ended
])  # fmt: skip
_ORDINARY, _ALIKE, _FAILING, _AT_WORK, _ENDED = range(5)

_TYPES = ("随机", "定向", "专项")
_AFTER_COMPLAINT = (0.03, 0.08)
"""Share of the complaints, ordinary and in a wave, that send an inspector."""
_CAMPAIGN_SHARE = 0.12
_CAMPAIGN_LINES = tuple(vocabulary.INDUSTRY_OF[c] for c in ("J6760", "J6999", "L7212", "Q8514"))
"""Lines that the campaign of each spring looks at: investment and care of the old."""
_CORRECTED = 0.025
"""Share of the results that are set right some weeks later."""


def inspection(part: Part) -> Rows:
    """Results of inspections; a few are delivered wrong first and set right later."""
    rng = part.random("inspection")
    lots = np.searchsorted(part.world.draws.firm, [part.low, part.high])
    drawn = _drawn(part, int(lots[0]), int(lots[1]), rng)
    who, when, kind = _in_order(drawn, _after_complaints(part, rng), _in_campaigns(part, rng))
    # The draws stand in the order of firms already, and so does what came of them.
    lot = np.where(kind == 0, lots[0] + np.cumsum(kind == 0) - 1, -1)
    keep = when <= part.world.calendar.until
    who, when, kind, lot = who[keep], when[keep], kind[keep], lot[keep]
    result = _result(part, who, when, rng)
    first = np.where(result == 0, 1, 0)
    again = np.flatnonzero(rng.random(len(who)) < _CORRECTED)
    both = np.concatenate([np.arange(len(who)), again])
    shown = result.copy()
    shown[again] = first[again]
    known = heard(rng, when, 3, 15.0)
    known = np.concatenate([known, known[again] + rng.integers(20, 100, len(again))])
    columns = _columns(part, who, when, kind, lot)
    columns = {name: values.take(pa.array(both)) for name, values in columns.items()}
    columns["检查结果"] = spelling.words(RESULTS, np.concatenate([shown, result[again]]))
    columns["名单批次"] = spelling.words(("",), np.full(len(both), -1))  # no list sent them
    set_right = np.arange(len(both)) >= len(who)
    columns["操作"] = spelling.words(("更正",), np.where(set_right, 0, -1))
    return Rows(known.astype(np.int32), columns)


_Events = tuple[NDArray[np.int64], NDArray[np.int64]]


def _in_order(*events: _Events) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Inspections of several kinds: place of the firm, day and kind, by firm; draws as they came."""
    who = np.concatenate([w for w, _ in events])
    when = np.concatenate([d for _, d in events])
    kind = np.repeat(np.arange(len(events)), [len(w) for w, _ in events])
    order = np.lexsort((kind, who))
    return who[order], when[order], kind[order]


def _drawn(part: Part, low: int, high: int, rng: np.random.Generator) -> _Events:
    """Visits to the firms drawn by lot, some days or weeks after the draw."""
    draws = part.world.draws
    return draws.firm[low:high] - part.low, draws.day[low:high] + rng.integers(3, 45, high - low)


def _after_complaints(part: Part, rng: np.random.Generator) -> _Events:
    """Visits that complaints led to."""
    who, when, wave = calls(part, part.random("complaint"))
    sent = rng.random(len(who)) < np.array(_AFTER_COMPLAINT)[wave]
    who, when = who[sent], when[sent] + rng.integers(7, 60, int(sent.sum()))
    open_ = when <= part.closing[who]
    return who[open_], when[open_]


def _in_campaigns(part: Part, rng: np.random.Generator) -> _Events:
    """Visits of each spring's campaign to firms of the lines it is about."""
    calendar = part.world.calendar
    line = np.flatnonzero(np.isin(part.of(part.world.population.industry), _CAMPAIGN_LINES))
    whos, days = [], []
    for year in range(date_of(calendar.history).year, date_of(calendar.until).year + 1):
        here = line[rng.random(len(line)) < _CAMPAIGN_SHARE]
        when = day(dt.date(year, 4, 10)) + rng.integers(0, 80, len(here))
        open_ = (when >= part.opening[here] + 30) & (when <= part.closing[here])
        whos.append(here[open_])
        days.append(when[open_])
    return np.concatenate(whos), np.concatenate(days)


def _result(
    part: Part, who: NDArray[np.int64], when: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """What was written down: an index into `RESULTS`."""
    population = part.world.population
    ring, onset = part.of(population.ring)[who], part.of(population.onset)[who]
    offset = part.of(population.offset)[who]
    resembles = (part.of(population.group)[who] >= 0) & (when >= onset) & (when <= offset)
    alike = resembles | (part.of(population.segment)[who] == 2)
    failing = part.of(population.segment)[who] == 1
    state = np.select(
        [ring & (when > offset), ring & (when >= onset), failing, alike],
        [_ENDED, _AT_WORK, _FAILING, _ALIKE],
        _ORDINARY,
    )
    written = _WRITTEN[state]
    # a ring that has learnt is seen less often, an easy one more often
    seen = written[:, _HANDED_ON] * part.world.difficulty.ring_strength
    change = np.where(state == _AT_WORK, seen - written[:, _HANDED_ON], 0.0)
    written[:, _HANDED_ON] += change
    written[:, 0] -= change
    result = (rng.random(len(who))[:, None] >= np.cumsum(written, axis=1)).sum(axis=1)
    result = result.clip(0, len(RESULTS) - 1)
    gone = when > part.of(population.died)[who]
    return np.where(gone, RESULTS.index("未发现经营活动"), result)


def _columns(
    part: Part,
    who: NDArray[np.int64],
    when: NDArray[np.int64],
    kind: NDArray[np.int64],
    lot: NDArray[np.int64],
) -> dict[str, pa.Array]:
    """The columns of the file up to the day; `lot` is the draw's place in the city's, or -1."""
    draws = part.world.draws
    by_lot = lot >= 0
    seed = np.zeros(len(who), np.int64)
    seed[by_lot] = draws.seed[lot[by_lot]]
    chance = np.zeros(len(who), np.int64)
    chance[by_lot] = draws.millionths[lot[by_lot]]
    return {
        "统一社会信用代码": part.codes.take(pa.array(who)),
        "检查编号": spelling.joined("JC", year_words(when), "-", serials(part, who)),
        "选取方式": spelling.words(_TYPES, kind),
        "抽中概率": spelling.joined(_ten_thousandths(chance, ~by_lot), "%"),
        "随机种子": spelling.whole(seed, ~by_lot),
        "检查人员": _inspectors(part, who, when, seed),
        "检查日期": spelling.dates(when),
    }


def _ten_thousandths(values: NDArray[np.int64], missing: NDArray[np.bool_]) -> pa.Array:
    """Spell numbers given in ten thousandths with four decimals: 2502 is 0.2502."""
    high, low = np.divmod(values, 10_000)
    return spelling.joined(
        spelling.whole(high, missing), ".", pc.utf8_lpad(spelling.whole(low), 4, "0")
    )


def _inspectors(
    part: Part, who: NDArray[np.int64], when: NDArray[np.int64], seed: NDArray[np.int64]
) -> pa.Array:
    """Staff numbers of two inspectors of the district, by lot too: nobody is inspected by one."""
    population = part.world.population
    district = part.of(population.district)[who].astype(np.int64)
    staff = max(4, population.firms // 25_000)
    lot = mixed(part.firm[who] * 4096 + when + seed, 83)
    one = lot % staff
    other = (one + 1 + lot // staff % (staff - 1)) % staff
    code = spelling.words(vocabulary.DISTRICT_CODES, district)
    return spelling.joined(
        code, "-", spelling.whole(101 + one), ";", code, "-", spelling.whole(101 + other)
    )

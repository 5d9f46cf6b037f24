"""Files of the market supervision bureau on the register itself: registration, changes, branches."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.simulation import naming, places, spelling, vocabulary
from pipelines.simulation.calendar import NEVER
from pipelines.simulation.changes import ITEMS, Changes
from pipelines.simulation.departments import SOURCES
from pipelines.simulation.population import ENDINGS, group_person, staff_person
from pipelines.simulation.world import Part, Rows, arrivals, heard

_JUMPS = np.array([2, 3, 5, 10])


def representative(
    part: Part, who: NDArray[np.int64], changes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Legal representative after a number of changes: an own person, in groups often a common one."""
    population = part.world.population
    firm = part.firm[who]
    own = staff_person(population.firms, firm, 4 + (changes - 1) % 4)
    group = population.group[firm].astype(np.int64)
    common = group_person(population.firms, np.maximum(group, 0), (firm + changes) % 5)
    shared = (group >= 0) & (places.mixed(firm + changes, 41) % 100 < 55)
    later = np.where(shared, common, own)
    return np.where(changes == 0, population.representative[firm], later)


def room_after(part: Part, who: NDArray[np.int64], moves: NDArray[np.int64]) -> NDArray[np.int64]:
    """Room of a firm after a number of moves."""
    population = part.world.population
    firm = part.firm[who]
    moved = places.moved_room(population.firms, firm, np.maximum(moves, 1))
    return np.where(moves == 0, population.room[firm], moved)


def capital_after(
    part: Part, who: NDArray[np.int64], raises: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Registered capital in 万元 after a number of changes."""
    firm = part.firm[who]
    factor = _JUMPS[places.mixed(firm, 42) % 4] ** np.minimum(raises, 2)
    return part.world.population.capital[firm] * factor


def registration(part: Part, changes: Changes) -> Rows:
    """Monthly file of the register: each firm that is new or changed since the last file, once."""
    who, when, known, counts, ended = states(part, changes)
    return Rows(known, _registration_columns(part, who, when, counts, ended))


def states(part: Part, changes: Changes) -> tuple[NDArray[np.int64], ...]:
    """The states of the part's firms that the register delivers, ordered by firm and day.

    Returns:
        Place of the firm, day, day from which it can be delivered, how many changes of each of
        `ITEMS` it has had (one column an item), and whether it has ended.
    """
    rng = part.random("registration")
    who, when, counts, ended = _versions(part, changes)
    known = heard(rng, when, 1, 3.0)
    return _last_of_each_delivery(part, who, when, known, counts, ended)


def operating_room(part: Part, firm: NDArray[np.int64]) -> NDArray[np.int64]:
    """Room where a firm works when not at its domicile; -1 for those that work there."""
    elsewhere = places.mixed(firm, 43) % 100 < 12
    room = places.moved_room(part.world.population.firms, firm, np.full(len(firm), 4))
    return np.where(elsewhere, room, -1)


def _versions(part: Part, changes: Changes) -> tuple[NDArray[np.int64], ...]:
    """One entry a state of a firm: after its birth, after each change, after its end."""
    population, count = part.world.population, part.high - part.low
    died = part.of(population.died)
    dead = np.flatnonzero(died <= part.world.calendar.until)
    who = np.concatenate([np.arange(count), changes.who, dead])
    when = np.concatenate([part.of(population.born), changes.day, died[dead]]).astype(np.int64)
    item = np.concatenate([np.full(count, -1), changes.item, np.full(len(dead), 99)])
    order = np.lexsort((item, when, who))
    who, when, item = who[order], when[order], item[order]
    first = np.searchsorted(who, who)
    counts = np.empty((len(who), len(ITEMS)), np.int64)
    for n in range(len(ITEMS)):
        total = np.cumsum(item == n)
        counts[:, n] = total - total[first] + (item[first] == n)
    return who, when, counts, item == 99


def _last_of_each_delivery(
    part: Part,
    who: NDArray[np.int64],
    when: NDArray[np.int64],
    known: NDArray[np.int32],
    counts: NDArray[np.int64],
    ended: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], ...]:
    known = _not_before_earlier(who, known)
    deliveries = part.world.calendar.delivery_days(SOURCES["registration"].day_of_month)
    slot = np.searchsorted(deliveries, known)
    last = np.ones(len(who), bool)
    last[:-1] = (np.diff(who) != 0) | (np.diff(slot) != 0)
    return who[last], when[last], known[last], counts[last], ended[last]


def _not_before_earlier(who: NDArray[np.int64], known: NDArray[np.int32]) -> NDArray[np.int32]:
    """Make states of one firm known in their order (running maximum inside each firm)."""
    lift = who * np.int64(10_000_000)
    return (np.maximum.accumulate(known + lift) - lift).astype(np.int32)


def _registration_columns(
    part: Part,
    who: NDArray[np.int64],
    when: NDArray[np.int64],
    counts: NDArray[np.int64],
    ended: NDArray[np.bool_],
) -> dict[str, pa.Array]:
    population, world = part.world.population, part.world
    firm = part.firm[who]
    name, address, rep = (counts[:, ITEMS.index(n)] for n in ("name", "address", "legal_rep"))
    room = room_after(part, who, address)
    capital = capital_after(part, who, counts[:, ITEMS.index("capital")])
    jumped = counts[:, ITEMS.index("capital")] > 0
    paid = population.capital[firm] * population.paid_percent[firm]
    status = np.where(ended, population.ending[firm], 0)
    born = population.born[firm]
    apart = operating_room(part, firm)
    operating = np.where(apart >= 0, apart, room)
    staff_known = places.mixed(firm, 44) % 100 < 80
    agent = population.agent[firm].astype(np.int64)
    limited = places.mixed(firm, 45) % 100 < 60
    return {
        "统一社会信用代码": part.codes.take(pa.array(who)),
        "企业名称": naming.names(population, firm, name),
        "曾用名": naming.former_names(population, firm, name),
        "企业类型": spelling.words(vocabulary.FORMS, population.form[firm]),
        "行业代码": spelling.words(_INDUSTRY_CODES, population.industry[firm]),
        "注册资本": spelling.hundredths(capital * 100),
        "币种": spelling.words(("人民币", "美元"), (places.mixed(firm, 46) % 100 < 1).astype(np.int8)),
        "实缴资本": spelling.hundredths(paid, jumped & (paid == 0)),
        "成立日期": spelling.dates(born),
        "经营期限自": spelling.dates(born),
        "经营期限至": spelling.dates(np.where(limited, born + 365 * 20 + 4, NEVER)),
        "登记状态": spelling.words(ENDINGS, status),
        "状态日期": spelling.dates(np.where(ended, when, born)),
        "住所编号": places.address_ids(room, world.key),
        "经营场所编号": places.address_ids(operating, world.key),
        "行政区划": spelling.words(vocabulary.DISTRICT_CODES, population.district[firm]),
        "法定代表人证件号": world.persons(representative(part, who, rep)),
        "经营范围": naming.scopes(population, firm, counts[:, ITEMS.index("scope")]),
        "登记机关": spelling.joined(
            "云江市", spelling.words(vocabulary.DISTRICT_NAMES, population.district[firm]),
            "市场监督管理局",
        ),
        "代理机构": spelling.only_where(
            spelling.joined("DL", spelling.whole(10_000 + np.maximum(agent, 0))), agent >= 0
        ),
        "联系电话": world.phones(population.phone[firm]),
        "集群登记": spelling.yes_no(places.cluster_registered(population, room)),
        "从业人数": spelling.whole(population.staff[firm], ~staff_known),
        "核准日期": spelling.dates(when),
        "操作": spelling.words(("",), np.full(len(who), -1)),
    }  # fmt: skip


_INDUSTRY_CODES = tuple(industry.code for industry in vocabulary.INDUSTRIES)


def change_record(part: Part, changes: Changes) -> Rows:
    """Changes as the bureau records them, with the text before and after."""
    rng = part.random("change_record")
    firm = part.firm[changes.who]
    before = pa.array(np.full(len(firm), None), pa.string())
    after = before
    for item in ("name", "address", "capital", "scope"):
        here = pa.array(changes.item == ITEMS.index(item))
        old, new = (_text(part, changes.who, firm, item, changes.nth - step) for step in (1, 0))
        before = pc.if_else(here, old, before)
        after = pc.if_else(here, new, after)
    return Rows(
        heard(rng, changes.day, 2, 6.0),
        {
            "统一社会信用代码": part.codes.take(pa.array(changes.who)),
            "变更事项": spelling.words(_ITEM_WORDS, changes.item),
            "变更前": before,
            "变更后": after,
            "变更日期": spelling.dates(changes.day),
        },
    )


_ITEM_WORDS = (
    "名称变更", "住所变更", "法定代表人变更", "股东变更", "经营范围变更", "注册资本变更",
    "高级管理人员变更", "其他事项变更",
)  # fmt: skip


def _text(
    part: Part, who: NDArray[np.int64], firm: NDArray[np.int64], item: str, count: NDArray[np.int64]
) -> pa.Array:
    population = part.world.population
    count = np.maximum(count, 0)
    if item == "name":
        return naming.names(population, firm, count)
    if item == "address":
        return places.address_ids(room_after(part, who, count), part.world.key)
    if item == "capital":
        return spelling.joined(spelling.whole(capital_after(part, who, count)), "万元")
    return naming.scopes(population, firm, count)


def branch(part: Part) -> Rows:
    """Branches: a few firms have some; a burst of them in the first year of a campaign."""
    rng = part.random("branch")
    population = part.world.population
    who, opened = arrivals(rng, 0.008 * part.of(population.frailty), part.opening, part.closing)
    burst = part.shows("branches")
    end = np.minimum(part.active_from + 400, part.active_to)
    quick, quick_day = arrivals(rng, np.where(burst, 4.0, 0.0), part.active_from, end)
    who = np.concatenate([who, quick])
    opened = np.concatenate([opened, quick_day])
    order = np.lexsort((opened, who))
    who, opened = who[order], opened[order]
    place = np.arange(len(who)) - np.searchsorted(who, who)
    who, opened, place = who[place < 16], opened[place < 16], place[place < 16]
    number = 2 * population.firms + part.firm[who] * 16 + place
    closed = opened + rng.integers(200, 4000, len(who))
    near = rng.random(len(who)) < 0.4
    district = np.where(near, population.district[part.firm[who]], rng.integers(0, 16, len(who)))
    shut = closed <= part.world.calendar.until
    known = heard(rng, opened, 2, 8.0)
    later = heard(rng, closed, 2, 8.0)[shut]
    both = np.concatenate([np.arange(len(who)), np.flatnonzero(shut)])
    end_day = np.concatenate([np.full(len(who), NEVER), closed[shut]])
    return Rows(
        np.concatenate([known, np.maximum(later, known[shut])]),
        {
            "统一社会信用代码": part.codes.take(pa.array(who[both])),
            "分支机构代码": part.world.codes(number[both]),
            "设立日期": spelling.dates(opened[both], "slash"),
            "注销日期": spelling.dates(end_day, "slash"),
            "所在区划": spelling.words(vocabulary.DISTRICT_CODES, district[both]),
        },
    )

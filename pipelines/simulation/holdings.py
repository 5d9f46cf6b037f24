"""Who holds and who runs the firms: shareholders, outward investments, posts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.simulation import naming, spelling, vocabulary
from pipelines.simulation.calendar import NEVER
from pipelines.simulation.changes import Changes
from pipelines.simulation.places import mixed
from pipelines.simulation.population import (
    Population,
    agent_person,
    group_person,
    spouse,
    staff_person,
)
from pipelines.simulation.registry import representative
from pipelines.simulation.world import Holdings, Part, Rows, heard

_HOLDER_KINDS = ("自然人", "企业法人", "其他")
_ROLES = ("法定代表人", "监事", "经理", "财务负责人", "联络员", "董事")


def of_firms(population: Population) -> Holdings:
    """Holdings of firms in firms, from the groups and from the rings."""
    child = np.flatnonzero(population.parent >= 0).astype(np.int64)
    holder = population.parent[child].astype(np.int64)
    percent = population.parent_percent[child].astype(np.int64)
    begun = np.maximum(population.born[child], population.born[holder]) + 3
    if population.extra_holdings:
        extra = np.array(population.extra_holdings, np.int64)
        holder = np.concatenate([holder, extra[:, 0]])
        child = np.concatenate([child, extra[:, 1]])
        percent = np.concatenate([percent, extra[:, 2]])
        begun = np.concatenate([begun, extra[:, 3]])
    order = np.lexsort((holder, child))
    return Holdings(holder[order], child[order], percent[order], begun[order].astype(np.int32))


def shareholder(part: Part, changes: Changes) -> Rows:
    """Holders of the part's firms: firms, the founder (or who came after), and partners."""
    rng = part.random("shareholder")
    world = part.world
    held = slice(*np.searchsorted(world.holdings.firm, [part.low, part.high]))
    by_firm = world.holdings.firm[held] - part.low
    percent = world.holdings.percent[held]
    taken = np.bincount(by_firm, weights=percent, minlength=part.high - part.low)
    left = np.maximum(0, 100 - taken).astype(np.int64)
    partners = rng.choice(3, part.high - part.low, p=[0.55, 0.33, 0.12])
    main = np.where(partners == 0, left, left * rng.integers(51, 90, len(left)) // 100)
    who, holder, share, start, end = _persons(part, changes, partners, left, main)
    count = len(by_firm)
    firm_holder = np.concatenate([world.holdings.holder[held], np.full(len(who), -1)])
    person = np.concatenate([np.full(count, -1), holder])
    who = np.concatenate([by_firm, who])
    share = np.concatenate([percent, share])
    start = np.concatenate([world.holdings.begun[held].astype(np.int64), start])
    end = np.concatenate([np.full(count, int(NEVER)), end])
    keep = (share > 0) & (start <= world.calendar.until)
    who, person, firm_holder, share, start, end = (
        a[keep] for a in (who, person, firm_holder, share, start, end)
    )
    known = heard(rng, start, 2, 6.0)
    closed = np.flatnonzero(end <= world.calendar.until)
    both = np.concatenate([np.arange(len(who)), closed])
    valid_to = np.concatenate([np.full(len(who), int(NEVER)), end[closed]])
    later = np.maximum(heard(rng, end[closed], 2, 6.0), known[closed])
    columns = _holder_columns(part, who, person, firm_holder, share, start)
    taken_rows = pa.array(both)
    columns = {name: values.take(taken_rows) for name, values in columns.items()}
    columns["持股至"] = spelling.dates(valid_to, "plain")
    return Rows(np.concatenate([known, later]), columns)


def _persons(
    part: Part,
    changes: Changes,
    partners: NDArray[np.int64],
    left: NDArray[np.int64],
    main: NDArray[np.int64],
) -> tuple[NDArray[np.int64], ...]:
    """Persons as holders: firm, person, percent, first and last day."""
    population, firms = part.world.population, part.world.population.firms
    born = part.of(population.born).astype(np.int64)
    sold = changes.of_item("shareholder")
    every = np.arange(part.high - part.low)
    # The first holder, then one more for each sale; each stays until the next sale.
    who = np.concatenate([every, sold.who])
    nth = np.concatenate([np.zeros(len(every), np.int64), sold.nth])
    start = np.concatenate([born, sold.day.astype(np.int64)])
    order = np.lexsort((nth, who))
    who, nth, start = who[order], nth[order], start[order]
    end = np.full(len(who), int(NEVER))
    same = np.diff(who) == 0
    end[:-1][same] = start[1:][same]
    firm = part.firm[who]
    group = population.group[firm].astype(np.int64)
    common = group_person(firms, np.maximum(group, 0), (firm * 3 + nth) % 6)
    shared = (group >= 0) & (mixed(firm + nth, 51) % 100 < 50)
    buyer = np.where(shared, common, staff_person(firms, firm, 4 + nth % 4))
    holder = np.where(nth == 0, population.founder[firm], buyer)
    rest = left - main
    rows = [(who, holder, main[who], start, end)]
    for place in (0, 1):
        here = np.flatnonzero(partners > place)
        portion = np.where(
            partners[here] == 1, rest[here], rest[here] // 2 + place * (rest[here] % 2)
        )
        wife = (place == 0) & (mixed(part.firm[here], 52) % 100 < 35)
        person = np.where(
            wife,
            spouse(firms, population.founder[part.firm[here]] % firms),
            staff_person(firms, part.firm[here], place),
        )
        rows.append((here, person, portion, born[here], np.full(len(here), int(NEVER))))
    return tuple(np.concatenate(parts) for parts in zip(*rows, strict=True))


def _holder_columns(
    part: Part,
    who: NDArray[np.int64],
    person: NDArray[np.int64],
    firm_holder: NDArray[np.int64],
    share: NDArray[np.int64],
    start: NDArray[np.int64],
) -> dict[str, pa.Array]:
    world, population = part.world, part.world.population
    firm = part.firm[who]
    is_firm = firm_holder >= 0
    holder_firm = np.maximum(firm_holder, 0)
    fund = population.capital[firm] * share  # hundredths of 万元
    paid = fund * population.paid_percent[firm] // 100
    deadline = start + 365 * (10 + mixed(firm, 53) % 20)
    hidden = mixed(firm, 54) % 100 < 15
    return {
        "统一社会信用代码": part.codes.take(pa.array(who)),
        "股东类型": spelling.words(_HOLDER_KINDS, is_firm.astype(np.int8)),
        "股东信用代码": spelling.only_where(world.codes(holder_firm), is_firm),
        "股东证件号": world.persons(person),
        "股东名称": spelling.only_where(
            naming.names(population, holder_firm, np.zeros_like(holder_firm)), is_firm
        ),
        "认缴额": spelling.hundredths(fund),
        "实缴额": spelling.hundredths(paid, hidden),
        "持股比例": spelling.hundredths(share * 100),
        "认缴期限": spelling.dates(deadline, "plain"),
        "持股自": spelling.dates(start, "plain"),
    }


def investment(part: Part) -> Rows:
    """What the part's firms hold in other firms of the city, and in firms elsewhere."""
    rng = part.random("investment")
    world, population = part.world, part.world.population
    here = np.flatnonzero((world.holdings.holder >= part.low) & (world.holdings.holder < part.high))
    investee, percent = world.holdings.firm[here], world.holdings.percent[here]
    outside = np.flatnonzero(rng.random(part.high - part.low) < 0.02)
    outside = np.repeat(outside, rng.integers(1, 4, len(outside)))
    stranger = 20 * population.firms + part.low * 4 + np.arange(len(outside))
    who = np.concatenate([world.holdings.holder[here] - part.low, outside])
    firm = np.concatenate([investee, stranger])
    share = np.concatenate([percent, rng.integers(5, 101, len(outside))])
    begun = part.of(population.born)[outside] + rng.integers(30, 2500, len(outside))
    start = np.concatenate([world.holdings.begun[here].astype(np.int64), begun])
    region = np.concatenate(
        [np.zeros(len(here), np.int64), rng.integers(1, len(vocabulary.REGIONS), len(outside))]
    )
    capital = np.where(
        firm < population.firms, population.capital[np.minimum(firm, population.firms - 1)], 500
    )
    return Rows(
        heard(rng, start, 3, 12.0),
        {
            "统一社会信用代码": part.codes.take(pa.array(who)),
            "被投资企业代码": world.codes(firm),
            "投资比例": spelling.joined(spelling.whole(share), "%"),
            "投资额": spelling.hundredths(capital * share),
            "投资地区": spelling.words(vocabulary.REGIONS, region),
            "投资日期": spelling.dates(start, "zh"),
            "退出日期": spelling.dates(np.full(len(who), NEVER), "zh"),
        },
    )


def key_person(part: Part, changes: Changes) -> Rows:
    """Posts: representative and manager with their successors, supervisor, bookkeeper, clerk."""
    rng = part.random("key_person")
    population, firms = part.world.population, part.world.population.firms
    firm = part.firm
    agent = np.maximum(part.of(population.agent), 0).astype(np.int64)
    served = (part.of(population.agent) >= 0) & (rng.random(len(firm)) < 0.6)
    own = staff_person(firms, firm, 3)
    posts = [_succession(part, changes, "legal_rep", 0), _succession(part, changes, "manager", 2)]
    born = part.of(population.born).astype(np.int64)
    never = np.full(len(firm), int(NEVER))
    book = np.where(served, agent_person(firms, agent, 1), own)
    clerk = np.where(served, agent_person(firms, agent, 2), part.of(population.founder))
    for role, person, has in (
        (1, part.of(population.officer), np.ones(len(firm), bool)),
        (3, book, rng.random(len(firm)) < 0.7),
        (4, clerk, rng.random(len(firm)) < 0.4),
    ):
        here = np.flatnonzero(has)
        posts.append((here, person[here], np.full(len(here), role), born[here], never[here]))
    child = np.flatnonzero(part.of(population.parent) >= 0)
    boss = population.founder[part.of(population.parent)[child]]
    posts.append((child, boss, np.full(len(child), 5), born[child], never[child]))
    who, person, role, start, end = (np.concatenate(p) for p in zip(*posts, strict=True))
    known = heard(rng, start, 2, 6.0)
    closed = np.flatnonzero(end <= part.world.calendar.until)
    both = np.concatenate([np.arange(len(who)), closed])
    valid_to = np.concatenate([np.full(len(who), int(NEVER)), end[closed]])
    later = np.maximum(heard(rng, end[closed], 2, 6.0), known[closed])
    return Rows(
        np.concatenate([known, later]),
        {
            "统一社会信用代码": part.codes.take(pa.array(who[both])),
            "人员证件号": part.world.persons(person[both]),
            "职务": spelling.words(_ROLES, role[both]),
            "任职日期": spelling.dates(start[both], "slash"),
            "离职日期": spelling.dates(valid_to, "slash"),
        },
    )


def _succession(
    part: Part, changes: Changes, item: str, role: int
) -> tuple[NDArray[np.int64], ...]:
    """A post that changes hands: one row a holder of the post, until the next one comes."""
    population = part.world.population
    every = np.arange(part.high - part.low)
    turns = changes.of_item(item)
    who = np.concatenate([every, turns.who])
    nth = np.concatenate([np.zeros(len(every), np.int64), turns.nth])
    start = np.concatenate([part.of(population.born), turns.day]).astype(np.int64)
    order = np.lexsort((nth, who))
    who, nth, start = who[order], nth[order], start[order]
    end = np.full(len(who), int(NEVER))
    same = np.diff(who) == 0
    end[:-1][same] = start[1:][same]
    if role == 0:
        person = representative(part, who, nth)
    else:
        runs_it = mixed(part.firm[who], 55) % 100 < 70
        own = staff_person(population.firms, part.firm[who], 3 + 4 * np.minimum(nth, 1))
        first = population.representative[part.firm[who]]
        person = np.where(runs_it & (nth == 0), first, own)
    return who, person, np.full(len(who), role), start, end

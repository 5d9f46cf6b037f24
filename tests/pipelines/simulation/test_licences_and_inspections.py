"""Licences that honest firms hold, and inspections: draws by lot, errors both ways, late truth."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.simulation import inspections, licences, oversight, vocabulary
from pipelines.simulation.draws import YEARLY_SHARE
from pipelines.simulation.world import Rows, World, kept
from tests.pipelines.simulation.conftest import Drawn
from tests.pipelines.simulation.reading import rows_of

CODE, OP = "统一社会信用代码", "操作"


def frame(world: World, rows: Rows) -> pd.DataFrame:
    """Rows known by the end, with the firm's place and the day they are known."""
    within = kept(rows, world.calendar)
    found = pa.table(within.columns).to_pandas().assign(known=within.known)
    place = pd.Series(
        np.arange(world.population.firms),
        index=world.codes(np.arange(world.population.firms)).to_pandas(),
    )
    return found.assign(firm=found[CODE].map(place))


@pytest.fixture(scope="module")
def held(large: World) -> pd.DataFrame:
    return frame(large, licences.licence_finance(large.parts()[0]))


@pytest.fixture(scope="module")
def visits(large: World) -> pd.DataFrame:
    """Each inspection with its last result, and what the firm was on that day."""
    rows = frame(large, inspections.inspection(large.parts()[0]))
    rows = rows.drop_duplicates("检查编号", keep="last")
    people = large.population
    day = (pd.to_datetime(rows["检查日期"]) - pd.Timestamp("1970-01-01")).dt.days.to_numpy()
    ring = people.ring[rows.firm]
    at_work = ring & (people.onset[rows.firm] <= day) & (day <= people.offset[rows.firm])
    return rows.assign(day=day, ring=ring, at_work=at_work)


def test_a_draw_can_be_made_again_from_its_seed(large: World) -> None:
    draws, people = large.draws, large.population
    lots = pd.DataFrame(
        {"firm": draws.firm, "day": draws.day, "seed": draws.seed, "of": draws.millionths}
    )
    assert len(lots) > 9_000
    # forty of some 900, in the order of the days
    for (day, seed), drawn in itertools.islice(lots.groupby(["day", "seed"]), 40):
        district = people.district[drawn.firm.iloc[0]]
        # everyone registered there for two months who has not left
        pool = [
            firm
            for firm in np.flatnonzero(people.district == district).tolist()
            if people.born[firm] <= day - 60 and people.died[firm] > day
        ]
        rng = np.random.Generator(np.random.PCG64(int(seed)))
        again = rng.choice(len(pool), len(drawn), replace=False)
        assert sorted(pool[n] for n in again) == drawn.firm.tolist()
        assert drawn.of.unique().tolist() == [round(1_000_000 * len(drawn) / len(pool))]
    # districts and months have seeds of their own
    assert lots.groupby("day").seed.nunique().max() == len(vocabulary.DISTRICTS)
    assert lots.groupby("seed").day.nunique().max() == 1


def test_a_year_of_draws_reaches_its_share(large: World) -> None:
    draws, people = large.draws, large.population
    year = (draws.day >= large.calendar.until - 365) & (draws.day < large.calendar.until)
    standing = int(((people.born < large.calendar.until - 400) & (people.died > 20_000)).sum())
    # the register grows over the year and shrinks by those who leave
    assert year.sum() / standing == pytest.approx(YEARLY_SHARE, rel=0.15)


def test_chance_is_blind_and_weights_give_the_truth_back(large: World) -> None:
    draws, people = large.draws, large.population
    # every draw stands for 1 / chance firms of its month: summed, for all firms of all months
    weight = 1e6 / draws.millionths
    months = np.unique(draws.day)
    firms = rings = 0
    for day in months:
        pool = (people.born <= day - 60) & (people.died > day)
        firms, rings = firms + int(pool.sum()), rings + int(people.ring[pool].sum())
    assert weight.sum() == pytest.approx(firms, rel=0.02)
    found = weight[people.ring[draws.firm]].sum() / weight.sum()
    drawn = int(people.ring[draws.firm].sum())
    assert abs(found - rings / firms) < 4 * (rings / firms) / np.sqrt(drawn)


def test_only_lots_have_a_chance_and_a_seed(visits: pd.DataFrame) -> None:
    by_lot = visits["选取方式"] == "随机"
    assert set(visits["选取方式"]) == {"随机", "定向", "专项"}
    assert (visits["抽中概率"].notna() == by_lot).all()
    assert (visits["随机种子"].notna() == by_lot).all()
    chance = visits.loc[by_lot, "抽中概率"].str.rstrip("%").astype(float)
    assert chance.between(0.05, 1.0).all()  # a month's share of 3 % a year is a quarter per cent
    assert visits["名单批次"].isna().all()  # no list of ours sent anybody


def test_inspectors_come_in_twos(visits: pd.DataFrame) -> None:
    one, other = zip(*(text.split(";") for text in visits["检查人员"]), strict=True)
    assert all(a != b and a[:6] == b[:6] for a, b in zip(one, other, strict=True))
    assert len(set(one)) >= 4 * len(vocabulary.DISTRICTS)


def test_inspectors_err_both_ways(visits: pd.DataFrame) -> None:
    rings = visits[visits.at_work]["检查结果"].value_counts(normalize=True)
    honest = visits[~visits.ring]["检查结果"].value_counts(normalize=True)
    assert len(visits[visits.at_work]) > 25
    # a ring is missed more often than seen, and an honest firm is seldom taken for one
    assert 0.05 < rings["移送线索"] < 0.5
    assert rings["未发现问题"] > 0.15
    assert 0 < honest["移送线索"] < 0.005
    assert honest["责令整改"] > 0.1
    # of the firms handed on, some are honest: a result is no truth
    handed_on = visits[visits["检查结果"] == "移送线索"]
    assert 0.2 < (~handed_on.ring).mean() < 0.95


def test_complaints_send_inspectors(large: World, visits: pd.DataFrame) -> None:
    loud = large.population.shows("complaints")
    sent = visits[visits["选取方式"] == "定向"].firm
    assert loud[sent].mean() > 1.5 * loud.mean()


def test_results_set_right_come_after_the_wrong_one(drawn: Drawn) -> None:
    versions: dict[object, list[dict[str, object]]] = defaultdict(list)
    for row in rows_of(drawn.deliveries, "inspection"):
        versions[row["检查编号"]].append(row)
    changed = [rows for rows in versions.values() if len({row["检查结果"] for row in rows}) > 1]
    assert len(changed) > 5  # one in forty of some 700
    for rows in changed:
        assert rows[0][OP] is None
        assert any(row[OP] == "更正" for row in rows[1:])


def test_honest_fund_managers_are_registered_and_rings_are_not(
    large: World, held: pd.DataFrame
) -> None:
    people = large.population
    has = np.zeros(people.firms, bool)
    has[held.firm.unique()] = True
    funds = people.industry == vocabulary.INDUSTRY_OF["J6760"]
    investment = np.isin(people.industry, vocabulary.INVESTMENT_LINES)
    assert has[funds & ~people.ring].mean() > 0.6
    honest, ring = has[investment & ~people.ring].mean(), has[investment & people.ring].mean()
    assert 0.3 < honest < 0.7  # many 投资管理 firms manage their own money
    assert ring < honest / 3
    alike = (people.group >= 0) & ~people.ring & investment
    assert has[alike].mean() > 0.3
    assert has[~investment].mean() < 0.01


def test_some_licences_have_ended(large: World, held: pd.DataFrame) -> None:
    last = held.drop_duplicates(["牌照种类", "许可证编号"], keep="last")
    until = pd.Timestamp("2024-12-31")
    ran_out = (last["状态"] == "有效") & (pd.to_datetime(last["有效期至"]) < until)
    assert 0.01 < ran_out.mean() < 0.2  # and still stand on the list
    assert set(last["状态"]) == {"有效", "注销", "撤销"}
    ended = last["状态"] != "有效"
    assert last.loc[ended, "有效期至"].notna().all()
    first, end = pd.to_datetime(held["有效期自"]), pd.to_datetime(held["有效期至"])
    assert ((end >= first) | end.isna()).all()


def test_a_licence_is_told_again_with_a_later_term_until_it_ends(held: pd.DataFrame) -> None:
    renewed = 0
    for _, rows in held.groupby(["牌照种类", "许可证编号"]):
        assert rows["known"].is_monotonic_increasing
        assert rows["有效期自"].nunique() == 1
        in_force = rows[rows["状态"] == "有效"]["有效期至"]
        assert in_force.is_monotonic_increasing
        assert in_force.nunique(dropna=False) == len(in_force)
        renewed += len(in_force) > 1
        assert (rows["状态"] == "有效").iloc[:-1].all()  # what has ended does not come back
    assert renewed > 50


def test_who_has_the_permit_is_on_the_list(large: World, held: pd.DataFrame) -> None:
    part, people = large.parts()[0], large.population
    managers = oversight.private_funds(part)
    assert len(managers) > 20
    stands = managers[
        (people.died[managers] > large.calendar.until)
        & (people.born[managers] < large.calendar.until - 700)
    ]
    registered = held[held["牌照种类"] == "私募基金管理人"].firm
    # all but those who gave it up before the lists begin
    assert np.isin(stands, registered).mean() > 0.85

"""What firms file: annual reports, tax registrations, tax returns, and the grades given on them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.simulation import spelling, vocabulary
from pipelines.simulation.calendar import NEVER, date_of, day
from pipelines.simulation.places import mixed
from pipelines.simulation.world import Part, Rows, heard

TAXES = ("增值税", "企业所得税")
OFFICES = tuple(f"国家税务总局云江市{name}税务局" for name in vocabulary.DISTRICT_NAMES)


def conduct(part: Part, trait: str, when: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the part's firms show a trait on a day (one day a firm)."""
    return part.shows(trait) & (when >= part.active_from) & (when <= part.active_to + 300)


def yearly_revenue(part: Part, year: int) -> NDArray[np.int64]:
    """Turnover of a year in fen: staff times a productivity that differs by firm and year."""
    population = part.world.population
    firm = part.firm
    level = 60_000 * (1 + mixed(firm, 61) % 400 / 40.0)  # yuan a head
    swing = 0.6 + mixed(firm * 64 + year % 64, 62) % 1000 / 1000.0
    idle = mixed(firm, 63) % 100 < 14
    revenue = part.of(population.staff) * level * swing * np.where(idle, 0.02, 1.0)
    return (revenue * 100).astype(np.int64)


def annual_report(part: Part) -> Rows:
    """Annual reports: filed by the end of June of the next year, or late, or not at all."""
    rng = part.random("annual_report")
    calendar = part.world.calendar
    years = range(date_of(calendar.since).year - 3, date_of(calendar.until).year)
    pieces = [_reports_of(part, year, rng) for year in years]
    known = np.concatenate([rows.known for rows in pieces])
    names = pieces[0].columns
    return Rows(known, {n: pa.concat_arrays([p.columns[n] for p in pieces]) for n in names})


def filed_days(part: Part, year: int) -> NDArray[np.int32]:
    """Day on which each firm of the part files its report for a year; `NEVER` if it does not."""
    rng = part.random(f"filed{year}")
    population = part.world.population
    january = day(dt.date(year + 1, 1, 1))
    count = part.high - part.low
    alive = (part.of(population.born) < january - 60) & (part.of(population.died) > january + 30)
    silent = conduct(part, "no_report", np.full(count, january + 100))
    fails = rng.random(count) < np.where(silent, 0.65, 0.045)
    on_time = january + 180 - np.minimum(179, rng.exponential(45.0, count)).astype(np.int64)
    late = january + 190 + rng.integers(0, 400, count)
    comes_late = fails & (rng.random(count) < 0.45)
    filed = np.where(fails, np.where(comes_late, late, NEVER), on_time)
    filed = np.where(filed >= part.of(population.died), NEVER, filed)
    return np.where(alive, filed, NEVER).astype(np.int32)


def _reports_of(part: Part, year: int, rng: np.random.Generator) -> Rows:
    filed = filed_days(part, year)
    here = np.flatnonzero(filed < NEVER)
    population = part.world.population
    count = len(here)
    days = np.full(part.high - part.low, day(dt.date(year, 12, 31)), np.int64)
    low = conduct(part, "low_tax", days)[here]
    silent = conduct(part, "no_report", days)[here]
    staff = part.of(population.staff)[here]
    insured = np.floor(staff * rng.beta(3, 1.2, count) * np.where(low, 0.4, 1.0)).astype(np.int64)
    revenue = (yearly_revenue(part, year)[here] * np.where(low, 0.35, 1.0)).astype(np.int64)
    profit = (revenue * rng.normal(0.05, 0.12, count)).astype(np.int64)
    capital = part.of(population.capital)[here] * 1_000_000  # 万元 to fen
    paid_in = capital * part.of(population.paid_percent)[here] // 100
    assets = paid_in + (revenue * rng.gamma(2.0, 0.4, count)).astype(np.int64)
    failing = part.of(population.segment)[here] == 1
    debts = (assets * rng.beta(2, 3, count) * np.where(failing, 2.2, 1.0)).astype(np.int64)
    state = np.where(
        rng.random(count) < np.where(silent, 0.6, 0.22), 3, np.where(rng.random(count) < 0.25, 2, 1)
    )
    hidden = state == 3
    sells = part.shows("share_change")[here] & (rng.random(count) < 0.4)
    site = part.shows("web")[here] | (rng.random(count) < 0.18)

    def shown(values: NDArray[np.int64]) -> pa.Array:
        return pa.array(values.astype(np.int64), mask=hidden)

    return Rows(
        heard(rng, filed[here], 1, 4.0),
        {
            "统一社会信用代码": part.codes.take(pa.array(here)),
            "年度": pa.array(np.full(count, year)),
            "填报日期": spelling.typed_dates(filed[here]),
            "从业人数": shown(staff),
            "参保人数": pa.array(insured),
            "营业总收入": shown(revenue // 100),
            "利润总额": shown(profit // 100),
            "纳税总额": shown(revenue // 100 * 3 // 100),
            "资产总额": shown(assets // 100),
            "负债总额": shown(debts // 100),
            "对外担保": shown(np.where(mixed(here, 64) % 100 < 4, assets // 400, 0)),
            "实缴资本": pa.array(paid_in // 100),
            "有网站": pa.array(site),
            "股权转让": pa.array(sells | (rng.random(count) < 0.03)),
            "对外投资": pa.array(rng.random(count) < 0.06),
            "公示状态": pa.array(state.astype(np.int64)),
        },
    )


def lost_days(part: Part) -> NDArray[np.int32]:
    """Day on which the tax office finds a firm gone (非正常户); `NEVER` if it does not."""
    rng = part.random("lost")
    count = part.high - part.low
    gone = part.shows("tax_lost") | (rng.random(count) < 0.008)
    lost = part.active_from + rng.integers(150, 600, count)
    return np.where(gone & (lost < part.closing), lost, NEVER).astype(np.int32)


_REGISTERED_SHARE = 0.93


def tax_registered(part: Part) -> NDArray[np.bool_]:
    """Which of the part's firms `tax_registration` has rows of."""
    return part.random("tax_registration").random(part.high - part.low) < _REGISTERED_SHARE


def registered_days(part: Part) -> NDArray[np.int64]:
    """Day on which each firm of the part registers for tax; `NEVER` if it does not."""
    rng = part.random("tax_registration")
    here = rng.random(part.high - part.low) < _REGISTERED_SHARE
    registered = np.full(part.high - part.low, int(NEVER))
    count = int(here.sum())
    registered[here] = part.of(part.world.population.born)[here] + rng.integers(3, 60, count)
    return registered


def files_taxes(part: Part) -> NDArray[np.bool_]:
    """Which of the part's firms file tax returns, and are graded for it."""
    return mixed(part.firm, 66) % 1000 >= 70


def tax_registration(part: Part) -> Rows:
    """Tax registrations of most firms, and their changes of status (see `taxpayers` for the rest)."""
    rng = part.random("tax_registration")
    population = part.world.population
    here = np.flatnonzero(rng.random(part.high - part.low) < _REGISTERED_SHARE)
    born = part.of(population.born)[here].astype(np.int64)
    registered = born + rng.integers(3, 60, len(here))
    lost = lost_days(part)[here].astype(np.int64)
    ended = part.of(population.died)[here].astype(np.int64) - rng.integers(5, 60, len(here))
    cancelled = (part.of(population.ending)[here] == 1) & (lost >= NEVER) & (ended > registered)
    steps = [
        (np.ones(len(here), bool), 0, registered),
        (lost < NEVER, 1, lost),
        (cancelled, 2, ended),
    ]
    row = np.concatenate([np.flatnonzero(keep) for keep, _, _ in steps])
    status = np.concatenate([np.full(int(keep.sum()), s) for keep, s, _ in steps])
    when = np.concatenate([days[keep] for keep, _, days in steps])
    general = mixed(part.firm[here], 65) % 100 < np.where(
        part.of(population.staff)[here] > 15, 70, 18
    )
    codes = part.codes.take(pa.array(here[row]))
    return Rows(
        heard(rng, when, 3, 10.0),
        {
            "统一社会信用代码": codes,
            "纳税人识别号": codes,
            "纳税人状态": spelling.words(("正常", "非正常", "注销"), status),
            "纳税人类型": spelling.words(("小规模", "一般"), general[row].astype(np.int8)),
            "主管税务机关": spelling.words(OFFICES, part.of(population.district)[here[row]]),
            "登记日期": spelling.dates(registered[row], "zh"),
            "状态日期": spelling.dates(when, "zh"),
        },
    )


def tax_filing(part: Part) -> Rows:
    """Quarterly value-added tax and yearly profit tax returns from a year before `since` on."""
    rng = part.random("tax_filing")
    calendar = part.world.calendar
    first = date_of(calendar.since - 365).year
    lost = lost_days(part)
    pieces = []
    for year in range(first, date_of(calendar.until).year + 1):
        for quarter in range(4):
            start = dt.date(year, 3 * quarter + 1, 1)
            end = dt.date(year, 12, 31) if quarter == 3 else dt.date(year, 3 * quarter + 4, 1)
            last = day(end) if quarter == 3 else day(end) - 1
            pieces.append(_returns(part, lost, day(start), last, year, 0, rng))
        pieces.append(
            _returns(part, lost, day(dt.date(year, 1, 1)), day(dt.date(year, 12, 31)), year, 1, rng)
        )
    pieces = [p for p in pieces if len(p.known)]
    known = np.concatenate([p.known for p in pieces]) if pieces else np.empty(0, np.int32)
    if not pieces:
        pieces = [_returns(part, lost, 0, 1, 1970, 0, rng)]
    return Rows(
        known, {n: pa.concat_arrays([p.columns[n] for p in pieces]) for n in pieces[0].columns}
    )


def _returns(
    part: Part,
    lost: NDArray[np.int32],
    start: int,
    end: int,
    year: int,
    tax: int,
    rng: np.random.Generator,
) -> Rows:
    calendar, population = part.world.calendar, part.world.population
    count = part.high - part.low
    days = np.full(count, end, np.int64)
    alive = (
        (part.of(population.born) + 30 < end) & (part.of(population.died) > end + 10) & (lost > end)
    )
    files = alive & files_taxes(part)
    if end > calendar.until or end < calendar.since - 365:
        files[:] = False
    here = np.flatnonzero(files & (rng.random(count) > 0.02))
    low = conduct(part, "low_tax", days)[here]
    part_of_year = 1.0 if tax else 0.25 * (0.7 + 0.6 * rng.random(len(here)))
    revenue = (yearly_revenue(part, year)[here] * part_of_year).astype(np.int64)
    dormant = mixed(part.firm[here], 63) % 100 < 14
    zero = rng.random(len(here)) < np.where(low, 0.62, np.where(dormant, 0.75, 0.07))
    revenue[zero] = 0
    base = (
        revenue
        if tax == 0
        else (revenue * np.clip(rng.normal(0.06, 0.08, len(here)), 0, 1)).astype(np.int64)
    )
    deduction = np.where(mixed(part.firm[here], 67) % 100 < 30, base // 10, 0)
    declared = (base - deduction) * 3 // 100 if tax == 0 else (base - deduction) * 25 // 100
    owes = rng.random(len(here)) < np.where(part.of(population.segment)[here] == 1, 0.25, 0.02)
    paid = np.where(owes, declared // 2, declared)
    late = np.where(
        rng.random(len(here)) < np.where(low, 0.16, 0.06), rng.integers(1, 90, len(here)), 0
    )
    due = end + (150 if tax else 15)
    filed = due - rng.integers(0, 12, len(here)) + late
    return Rows(
        heard(rng, filed, 1, 5.0),
        {
            "统一社会信用代码": part.codes.take(pa.array(here)),
            "税种": spelling.words(TAXES, np.full(len(here), tax)),
            "所属期起": spelling.typed_dates(np.full(len(here), start)),
            "所属期止": spelling.typed_dates(np.full(len(here), end)),
            "申报日期": spelling.typed_dates(filed),
            "应纳税额": pa.array(declared),
            "实缴税额": pa.array(paid),
            "零申报": pa.array(zero),
            "逾期天数": pa.array(late),
            "申报收入": pa.array(revenue),
            "计税依据": pa.array(base),
            "扣除额": pa.array(deduction),
        },
    )


def filed_after_the_end(part: Part, who: NDArray[np.int64], ended: NDArray[np.int64]) -> Rows:
    """Quarterly returns of firms that go on as if they had not left the register.

    Args:
        part: whose firms they are.
        who: place of each; ended: day on which it left.
    """
    until = part.world.calendar.until
    starts = np.arange("1990-01", "2061-01", 3, dtype="datetime64[M]").astype("datetime64[D]")
    start = starts.astype(np.int64)
    firm, quarter = np.nonzero((start[:-1] >= ended[:, None]) & (start[1:] < until - 75))
    first, last = start[quarter], start[quarter + 1] - 1
    here = who[firm]
    revenue = yearly_revenue(part, date_of(until).year - 1)[here] // 4
    declared = revenue * 3 // 100
    nought = np.zeros(len(here), np.int64)
    return Rows(
        (last + 18).astype(np.int32),
        {
            "统一社会信用代码": part.codes.take(pa.array(here)),
            "税种": spelling.words(TAXES, nought),
            "所属期起": spelling.typed_dates(first),
            "所属期止": spelling.typed_dates(last),
            "申报日期": spelling.typed_dates(last + 14),
            "应纳税额": pa.array(declared),
            "实缴税额": pa.array(declared),
            "零申报": pa.array(nought > 0),
            "逾期天数": pa.array(nought),
            "申报收入": pa.array(revenue),
            "计税依据": pa.array(revenue),
            "扣除额": pa.array(nought),
        },
    )


def published(year: int) -> int:
    """Day on which the grades of a year are published."""
    return day(dt.date(year + 1, 4, 20))


def grade(part: Part) -> Rows:
    """Yearly tax credit grades (A best, D worst), and work safety grades of builders and makers."""
    rng = part.random("grade")
    calendar, population = part.world.calendar, part.world.population
    codes, known, words, periods, starts, schemes = [], [], [], [], [], []
    lost = lost_days(part)
    for year in range(date_of(calendar.since).year - 2, date_of(calendar.until).year):
        appears = published(year)
        alive = (part.of(population.born) < appears - 400) & (part.of(population.died) > appears)
        here = np.flatnonzero(alive & files_taxes(part))
        bad = (part.of(population.segment)[here] == 1) | conduct(
            part, "low_tax", np.full(part.high - part.low, appears)
        )[here]
        luck = rng.random(len(here)) + np.where(bad, -0.18, 0.0)
        mark = np.select([luck > 0.80, luck > 0.35, luck > 0.12, luck > 0.03], [0, 1, 2, 3], 4)
        mark[lost[here] < appears] = 4
        safety = np.flatnonzero(
            alive & (part.of(population.industry) <= 5) & (mixed(part.firm, 68) % 3 == 0)
        )
        level = np.searchsorted([0.2, 0.75, 0.96], rng.random(len(safety)))
        codes += [here, safety]
        words += [mark, 5 + level]
        schemes += [np.zeros(len(here), np.int64), np.ones(len(safety), np.int64)]
        periods.append(np.full(len(here) + len(safety), year))
        starts.append(np.full(len(here) + len(safety), appears))
        known.append(heard(rng, starts[-1], 1, 8.0))
    who, scheme = np.concatenate(codes), np.concatenate(schemes)
    period, start = np.concatenate(periods), np.concatenate(starts)
    basis = np.where(scheme == 0, 0, 1)
    return Rows(
        np.concatenate(known),
        {
            "统一社会信用代码": part.codes.take(pa.array(who)),
            "评价体系": spelling.words(("纳税信用", "安全生产"), scheme),
            "评价年度": spelling.whole(period),
            "等级": spelling.words(_MARKS, np.concatenate(words)),
            "评价依据": spelling.words(("年度评价", "标准化评审"), basis),
            "有效期自": spelling.dates(start),
            "有效期至": spelling.dates(start + 365),
        },
    )


_MARKS = ("A", "B", "M", "C", "D", "一级", "二级", "三级", "四级")

"""Files of oversight: penalties, permits, abnormal and other lists, judgments, enforcement."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.simulation import spelling, vocabulary
from pipelines.simulation.calendar import NEVER, date_of, day
from pipelines.simulation.filings import filed_days
from pipelines.simulation.places import mixed
from pipelines.simulation.world import Part, Rows, arrivals, heard

_YEARS = tuple(str(year) for year in range(1940, 2080))


def merged(
    *events: tuple[NDArray[np.int64], NDArray[np.int32]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Put several draws together: place of the firm, day, and which draw it came from."""
    who = np.concatenate([w for w, _ in events])
    when = np.concatenate([d for _, d in events]).astype(np.int64)
    kind = np.concatenate([np.full(len(w), n) for n, (w, _) in enumerate(events)])
    order = np.lexsort((kind, when, who))
    return who[order], when[order], kind[order]


def year_words(days: NDArray[np.int64]) -> pa.Array:
    """Spell the year of each day."""
    years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return spelling.words(_YEARS, years - 1940)


def serials(part: Part, who: NDArray[np.int64]) -> pa.Array:
    """A number no other row of this table has: firm, and place among its rows."""
    place = np.arange(len(who)) - np.searchsorted(who, who)
    return spelling.joined(spelling.whole(part.firm[who]), "-", spelling.whole(place + 1))


_BUREAUX = (
    "市场监督管理局",
    "综合行政执法局",
    "应急管理局",
    "生态环境局",
    "消防救援支队",
    "税务局",
)
_MARKS = ("市监", "综执", "应急", "环", "消", "税")
_LAWS = (
    "《广告法》第五十五条", "《反不正当竞争法》第二十条", "《消费者权益保护法》第五十六条",
    "《市场主体登记管理条例》第四十四条", "《安全生产法》第九十七条", "《环境保护法》第六十条",
    "《消防法》第六十条", "《税收征收管理法》第六十二条", "《防范和处置非法集资条例》第三十条",
)  # fmt: skip
_FACTS = ("GG01", "BZ02", "XF03", "DJ04", "AQ05", "HB06", "XF07", "SW08", "JZ09")
_LAW_BUREAU = np.array([0, 0, 0, 0, 2, 3, 4, 5, 1])


def penalty(part: Part) -> Rows:
    """Administrative penalties: anyone's small ones, false advertising, and the end of rings."""
    rng = part.random("penalty")
    population = part.world.population
    usual = arrivals(rng, 0.022 * part.of(population.frailty), part.opening, part.closing)
    fined = arrivals(
        rng, np.where(part.shows("fined"), 0.9, 0.0), part.active_from + 60, part.active_to + 200
    )
    case = part.of(population.case)
    after = arrivals(
        rng, np.where(case < NEVER, 0.8, 0.0), case + 30, np.minimum(case + 400, part.closing)
    )
    who, when, kind = merged(usual, fined, after)
    keep = when <= part.closing[who]
    who, when, kind = who[keep], when[keep], kind[keep]
    count = len(who)
    any_law = rng.choice(8, count, p=[0.08, 0.08, 0.14, 0.22, 0.16, 0.10, 0.14, 0.08])
    loud_law = rng.choice([0, 1, 2, 3], count, p=[0.45, 0.25, 0.15, 0.15])
    law = np.select([kind == 0, kind == 1], [any_law, loud_law], 8)
    sanction = rng.choice(6, count, p=[0.24, 0.60, 0.06, 0.04, 0.01, 0.05])
    amount = np.exp(rng.normal(8.4, 1.2, count)) * np.where(kind > 0, 2.0, 1.0)
    amount = np.where(np.isin(sanction, (1, 2)), (amount // 100 + 1) * 100 * 100, 0).astype(
        np.int64
    )
    bureau = _LAW_BUREAU[law]
    published = when + rng.integers(3, 20, count)
    repaired = np.where(rng.random(count) < 0.3, published + rng.integers(95, 700, count), NEVER)
    repaired = np.where(repaired > part.world.calendar.until, NEVER, repaired)
    known = heard(rng, when, 5, 14.0)
    # A repair is news of an old record: the department delivers the record again.
    again = np.flatnonzero(repaired < NEVER)
    both = np.concatenate([np.arange(count), again])
    known = np.concatenate([known, np.maximum(known[again], heard(rng, repaired[again], 3, 8.0))])
    shown = np.concatenate([np.full(count, NEVER), repaired[again]])
    columns = {
        "统一社会信用代码": part.codes.take(pa.array(who)),
        "决定书文号": spelling.joined(
            "云", spelling.words(_MARKS, bureau), "罚〔", year_words(when), "〕",
            serials(part, who), "号",
        ),
        "处罚机关": spelling.joined("云江市", spelling.words(_BUREAUX, bureau)),
        "处罚依据": spelling.words(_LAWS, law),
        "处罚种类": spelling.words(("警告", "罚款", "没收", "停业", "吊销", "其他"), sanction),
        "罚没金额": spelling.hundredths(amount),
        "违法事实代码": spelling.words(_FACTS, law),
        "处罚决定日期": spelling.dates(when),
        "公示日期": spelling.dates(published),
    }  # fmt: skip
    rows = pa.array(both)
    columns = {name: values.take(rows) for name, values in columns.items()}
    columns["信用修复日期"] = spelling.dates(shown)
    columns["操作"] = spelling.words(("",), np.full(len(both), -1))
    return Rows(known, columns)


_PERMITS = (
    "食品经营许可证", "道路运输经营许可证", "人力资源服务许可证", "建筑业企业资质证书",
    "私募基金管理人登记", "养老机构备案",
)  # fmt: skip
_PERMIT_OF = {
    "C1361": (0, 0.8), "H6210": (0, 0.85), "F5219": (0, 0.25), "G5430": (1, 0.7),
    "L7262": (2, 0.75), "E4710": (3, 0.7), "J6760": (4, 0.35), "Q8514": (5, 0.5),
}  # fmt: skip
_PERMIT_OFFICES = ("市场监督管理局", "交通运输局", "人力资源和社会保障局", "住房和城乡建设局",
                   "地方金融监督管理局", "民政局")  # fmt: skip


def permit(part: Part) -> Rows:
    """Permits of the lines that need one; honest investment firms hold a registration."""
    rng = part.random("permit")
    population = part.world.population
    here, number = _permitted(part, rng)
    start = part.of(population.born)[here] + rng.integers(20, 120, len(here))
    start = np.maximum(start, part.world.calendar.history - rng.integers(0, 700, len(here)))
    return Rows(
        heard(rng, start, 3, 12.0),
        {
            "统一社会信用代码": part.codes.take(pa.array(here)),
            "许可证编号": spelling.joined(
                "XK", spelling.whole(number + 10), "-", spelling.whole(10_000_000 + part.firm[here])
            ),
            "许可机关": spelling.joined("云江市", spelling.words(_PERMIT_OFFICES, number)),
            "许可名称": spelling.words(_PERMITS, number),
            "许可内容": spelling.words(_PERMITS, number),
            "有效期自": spelling.dates(start, "zh"),
            "有效期至": spelling.dates(start + 365 * 5, "zh"),
        },
    )


def private_funds(part: Part) -> NDArray[np.int64]:
    """Places of the firms whose permit is the registration as a manager of private funds."""
    here, number = _permitted(part, part.random("permit"))
    return here[number == _PERMITS.index("私募基金管理人登记")]


def _permitted(part: Part, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the firms that hold a permit, and its kind: an index into `_PERMITS`."""
    population = part.world.population
    kind = np.full(len(vocabulary.INDUSTRIES), -1)
    chance = np.zeros(len(vocabulary.INDUSTRIES))
    for code, (number, share) in _PERMIT_OF.items():
        kind[vocabulary.INDUSTRY_OF[code]] = number
        chance[vocabulary.INDUSTRY_OF[code]] = share
    industry = part.of(population.industry)
    share = chance[industry] * np.where(part.of(population.ring), 0.45, 1.0) * 0.4
    here = np.flatnonzero(rng.random(len(industry)) < share)
    return here, kind[industry[here]]


_LISTS = ("经营异常", "严重违法", "失信被执行人", "重大税收违法", "安全生产", "其他")
_REASONS = ("未按期公示年度报告", "通过登记的住所无法联系", "公示信息隐瞒真实情况", "三年未移出",
            "有履行能力而拒不履行", "逃避追缴欠税", "发生生产安全事故")  # fmt: skip


def list_event(part: Part) -> Rows:
    """Entries into lists and exits from them."""
    rng = part.random("list_event")
    population, calendar = part.world.population, part.world.calendar
    entries = [_missed_reports(part)]
    odd = np.where(part.shows("abnormal"), 0.0, 0.007) * part.of(population.frailty)
    entries.append((*arrivals(rng, odd, part.opening + 60, part.closing), 0, 1))
    signs = np.flatnonzero(part.shows("abnormal"))
    found = part.active_from[signs] + rng.integers(120, 480, len(signs))
    inside = found < part.closing[signs]
    entries.append((signs[inside], found[inside].astype(np.int32), 0, 1))
    failing = np.where(part.of(population.segment) == 1, 0.05, 0.002)
    entries.append((*arrivals(rng, failing, part.opening + 200, part.closing), 2, 4))
    entries.append((*arrivals(rng, 0.0006, part.opening + 200, part.closing), 3, 5))
    entries.append((*arrivals(rng, 0.0008, part.opening + 200, part.closing), 4, 6))
    who = np.concatenate([w for w, _, _, _ in entries])
    when = np.concatenate([d for _, d, _, _ in entries]).astype(np.int64)
    kind = np.concatenate([np.full(len(w), k) for w, _, k, _ in entries])
    reason = np.concatenate([np.full(len(w), r) for w, _, _, r in entries])
    order = np.lexsort((reason, kind, when, who))
    who, when, kind, reason = who[order], when[order], kind[order], reason[order]
    leaves = rng.random(len(who)) < np.where(part.of(population.ring)[who], 0.35, 0.55)
    exit_day = when + rng.integers(30, 420, len(who))
    leaves &= exit_day <= np.minimum(part.of(population.died)[who], calendar.until)
    known_in = heard(rng, when, 1, 5.0)
    out = np.flatnonzero(leaves)
    both = np.concatenate([np.arange(len(who)), out])
    going = np.concatenate([np.zeros(len(who), np.int64), np.ones(len(out), np.int64)])
    date = np.concatenate([when, exit_day[out]])
    known = np.concatenate([known_in, np.maximum(known_in[out], heard(rng, exit_day[out], 1, 5.0))])
    lock = np.where(np.isin(kind[both], (1, 3, 4)) & (going == 0), date + 365 * 3, NEVER)
    return Rows(
        known,
        {
            "统一社会信用代码": part.codes.take(pa.array(who[both])),
            "名录类型": spelling.words(_LISTS, kind[both]),
            "事由": spelling.words(_REASONS, reason[both]),
            "方向": spelling.words(("列入", "移出"), going),
            "作出机关": spelling.joined("云江市", spelling.words(_LIST_OFFICES, kind[both])),
            "文书号": spelling.joined(
                "云名录", spelling.words(("列", "移"), going), "〔", year_words(date), "〕",
                serials(part, who).take(pa.array(both)), "号",
            ),
            "日期": spelling.dates(date),
            "锁定至": spelling.dates(lock),
            "修复状态": spelling.words(("未修复", "已修复"), going),
            "操作": spelling.words(("",), np.full(len(both), -1)),
        },
    )  # fmt: skip


_LIST_OFFICES = (
    "市场监督管理局",
    "市场监督管理局",
    "中级人民法院",
    "税务局",
    "应急管理局",
    "信用办",
)


def _missed_reports(part: Part) -> tuple[NDArray[np.int64], NDArray[np.int32], int, int]:
    """Firms that did not file by the end of June are listed in the weeks after."""
    rng = part.random("missed_reports")
    calendar, population = part.world.calendar, part.world.population
    whos, days = [], []
    for year in range(date_of(calendar.since).year - 3, date_of(calendar.until).year):
        july = day(dt.date(year + 1, 7, 1))
        due = (part.of(population.born) < july - 240) & (part.of(population.died) > july + 40)
        here = np.flatnonzero(due & (filed_days(part, year) > july))
        here = here[rng.random(len(here)) < 0.8]
        listed = july + 5 + rng.integers(0, 40, len(here))
        inside = listed <= calendar.until
        whos.append(here[inside])
        days.append(listed[inside])
    return np.concatenate(whos), np.concatenate(days).astype(np.int32), 0, 0


_CAUSES = (
    "买卖合同纠纷", "劳动争议", "房屋租赁合同纠纷", "服务合同纠纷", "建设工程施工合同纠纷",
    "民间借贷纠纷", "委托理财合同纠纷", "金融借款合同纠纷",
)  # fmt: skip
_USUAL_CAUSES = (0.33, 0.18, 0.12, 0.16, 0.08, 0.07, 0.01, 0.05)
_LOAN_CAUSES = (0.08, 0.10, 0.08, 0.16, 0.02, 0.34, 0.20, 0.02)
_COURTS = (
    "云江市中枢区人民法院",
    "云江市临江区人民法院",
    "云江市高新区人民法院",
    "云江市中级人民法院",
)


def judgment(part: Part) -> Rows:
    """Judgments: ordinary disputes on either side, and suits over loans of those who cannot pay."""
    rng = part.random("judgment")
    who, when, kind = _suits(part)
    count = len(who)
    usual = rng.choice(8, count, p=_USUAL_CAUSES)
    loans = rng.choice(8, count, p=_LOAN_CAUSES)
    cause = np.where(kind == 1, loans, usual)
    side = np.where(kind == 1, 1, rng.choice(3, count, p=[0.42, 0.53, 0.05]))
    amount = (np.exp(rng.normal(10.8, 1.3, count)) * 100).astype(np.int64)
    result = rng.choice(5, count, p=[0.40, 0.22, 0.12, 0.18, 0.08])
    return Rows(
        heard(rng, when, 12, 40.0),
        {
            "统一社会信用代码": part.codes.take(pa.array(who)),
            "案号": spelling.joined("（", year_words(when), "）云01民初", serials(part, who), "号"),
            "案由": spelling.words(_CAUSES, cause),
            "诉讼地位": spelling.words(("原告", "被告", "第三人"), side),
            "标的金额": spelling.yuan(amount),
            "裁判结果": spelling.words(("支持", "部分支持", "驳回", "调解", "撤诉"), result),
            "裁判日期": spelling.dates(when),
            "审理法院": spelling.words(_COURTS, mixed(part.firm[who], 71) % 4),
            "操作": spelling.words(("",), np.full(count, -1)),
        },
    )


def _suits(part: Part) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Suits of the part's firms: place, day of judgment, 1 where it is over unpaid debts."""
    rng = part.random("suits")
    population = part.world.population
    usual = arrivals(rng, 0.08 * part.of(population.frailty), part.opening, part.closing)
    start = part.active_from + 200
    end = np.minimum(part.active_to + 300, part.closing)
    debts = arrivals(rng, np.where(part.shows("lawsuits"), 1.6, 0.0), start, end)
    return merged(usual, debts)


def enforcement(part: Part) -> Rows:
    """Enforcement of judgments that the firm did not obey by itself."""
    rng = part.random("enforcement")
    who, when, kind = _suits(part)
    taken = rng.random(len(who)) < np.where(kind == 1, 0.35, 0.08)
    who, when, kind = who[taken], when[taken], kind[taken]
    filed = when + rng.integers(40, 240, len(who))
    inside = filed <= np.minimum(part.closing[who] + 200, part.world.calendar.until)
    who, filed, kind = who[inside], filed[inside], kind[inside]
    count = len(who)
    done = rng.random(count) < np.where(kind == 1, 0.3, 0.7)
    dishonest = ~done & (rng.random(count) < 0.35)
    return Rows(
        heard(rng, filed, 8, 25.0),
        {
            "统一社会信用代码": part.codes.take(pa.array(who)),
            "执行案号": spelling.joined(
                "（", year_words(filed), "）云01执", serials(part, who), "号"
            ),
            "执行标的": spelling.yuan(
                (np.exp(rng.normal(10.6, 1.2, count)) * 100).astype(np.int64)
            ),
            "立案日期": spelling.dates(filed),
            "已执结": pa.array(done),
            "失信": pa.array(dishonest),
            "执行法院": spelling.words(_COURTS, mixed(part.firm[who], 71) % 4),
            "操作": spelling.words(("",), np.full(count, -1)),
        },
    )

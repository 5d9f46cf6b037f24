"""What the public says and sees: complaints, advertisements, news, recruitment, sites."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.simulation import spelling, vocabulary
from pipelines.simulation.oversight import merged, serials, year_words
from pipelines.simulation.places import mixed
from pipelines.simulation.population import caller
from pipelines.simulation.world import Part, Rows, arrivals, heard

_PUBLIC = np.array([industry.public for industry in vocabulary.INDUSTRIES])
_CATEGORIES = ("商品质量", "服务质量", "退款纠纷", "虚假宣传", "合同违约", "非法集资举报")
_TOPICS = (
    "质量", "退款", "态度", "虚假宣传", "不发货", "合同", "兑付", "失联", "理财", "高息",
    "预付卡", "养老",
)  # fmt: skip
_USUAL_TOPICS = (0.24, 0.25, 0.16, 0.10, 0.10, 0.09, 0.002, 0.01, 0.003, 0.005, 0.03, 0.01)
_MONEY_TOPICS = (0.02, 0.20, 0.03, 0.08, 0.01, 0.08, 0.20, 0.12, 0.12, 0.08, 0.03, 0.03)


def complaint(part: Part) -> Rows:
    """Complaints to 12315, 12345 and the finance office."""
    rng = part.random("complaint")
    population = part.world.population
    who, when, kind = calls(part, rng)
    count = len(who)
    money = part.shows("redemption")[who] & (kind == 1) & (rng.random(count) < 0.55)
    topic = np.where(
        money, rng.choice(12, count, p=_MONEY_TOPICS), rng.choice(12, count, p=_USUAL_TOPICS)
    )
    second = np.where(rng.random(count) < 0.3, rng.choice(12, count, p=_USUAL_TOPICS), -1)
    second = np.where(
        money & (rng.random(count) < 0.5), rng.choice(12, count, p=_MONEY_TOPICS), second
    )
    second = np.where(second == topic, -1, second)
    category = np.select(
        [topic == 0, topic == 2, topic == 1, topic == 3, topic < 6],
        [0, 1, 2, 3, 4],
        np.where(rng.random(count) < 0.35, 5, 4),
    )
    channel = np.where(category == 5, 2, rng.choice(3, count, p=[0.55, 0.42, 0.03]))
    elder = rng.random(count) < np.where(money, 0.35, 0.12)
    amount = (np.exp(rng.normal(7.0, 1.3, count) + np.where(money, 2.2, 0)) * 100).astype(np.int64)
    resolved = np.where(
        rng.random(count) < np.where(money, 0.3, 0.8), when + rng.integers(3, 60, count), 2_000_000
    )
    resolved = np.where(resolved > part.world.calendar.until, 2_000_000, resolved)
    topics = spelling.joined(
        spelling.words(_TOPICS, topic),
        spelling.words(("", *(";" + word for word in _TOPICS)), second + 1),
    )
    person = caller(
        population.firms, mixed(np.arange(count) + part.low * 7, 81) % (3 * population.firms)
    )
    return Rows(
        heard(rng, when, 1, 6.0),
        {
            "统一社会信用代码": part.codes.take(pa.array(who)),
            "工单编号": spelling.joined("GD", year_words(when), "-", serials(part, who)),
            "来源渠道": spelling.words(("12315", "12345", "金融办"), channel),
            "诉求类别": spelling.words(_CATEGORIES, category),
            "关键词": topics,
            "涉及金额": spelling.yuan(amount, rng.random(count) < 0.35),
            "老年人": pa.array(elder),
            "受理时间": spelling.dates(when),
            "办结时间": spelling.dates(resolved),
            "事发区划": spelling.words(
                vocabulary.DISTRICT_CODES, part.of(population.district)[who]
            ),
            "来电号码": part.world.phones(np.where(rng.random(count) < 0.9, person, -1)),
            "操作": spelling.words(("",), np.full(count, -1)),
        },
    )


def calls(
    part: Part, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Complaints of the part's firms: place, day, 1 in a wave; the first draws of their stream."""
    population = part.world.population
    rate = 0.16 * _PUBLIC[part.of(population.industry)] * part.of(population.frailty)
    usual = arrivals(rng, rate, part.opening, part.closing)
    start = part.active_from + rng.integers(60, 260, len(part.firm))
    end = np.minimum(part.active_to + 250, part.closing)
    wave = arrivals(rng, np.where(part.shows("complaints"), 2.6, 0.0), start, end)
    return merged(usual, wave)


_MEDIA = ("户外", "网络", "短视频", "楼宇电梯", "宣传单页", "电视", "讲座")
_USUAL_MEDIA = (0.2, 0.36, 0.18, 0.12, 0.08, 0.05, 0.01)
_LOUD_MEDIA = (0.15, 0.30, 0.20, 0.12, 0.13, 0.02, 0.08)


def ad_monitor(part: Part) -> Rows:
    """Advertisements that the monitoring centre saw; few of them promise a yield."""
    rng = part.random("ad_monitor")
    population = part.world.population
    usual = arrivals(
        rng, 0.05 * _PUBLIC[part.of(population.industry)] * part.of(population.frailty),
        part.opening, part.closing,
    )  # fmt: skip
    rate = np.where(part.shows("ads"), 3.2, 0.0)
    end = np.minimum(part.active_to, part.closing)
    loud = arrivals(rng, rate, part.active_from, end)
    who, when, kind = merged(usual, loud)
    count = len(who)
    yields = part.shows("yield_words")[who] & (kind == 1) & (rng.random(count) < 0.6)
    lure = part.of(population.ring)[who] & (rng.random(count) < 0.55)
    percent = np.where(lure, rng.normal(13.5, 4.0, count), rng.normal(7.0, 3.0, count))
    percent = np.clip(percent * 100, 250, 3600).astype(np.int64)
    safe = yields & (rng.random(count) < np.where(lure, 0.45, 0.2))
    notice = rng.random(count) < np.where(yields, np.where(lure, 0.35, 0.6), 0.15)
    elder = rng.random(count) < np.where(kind == 1, np.where(lure, 0.3, 0.15), 0.05)
    months = rng.choice([1, 3, 6, 12, 24, 36], count)
    medium = np.where(
        kind == 1, rng.choice(7, count, p=_LOUD_MEDIA), rng.choice(7, count, p=_USUAL_MEDIA)
    )
    return Rows(
        heard(rng, when, 2, 10.0),
        {
            "统一社会信用代码": part.codes.take(pa.array(who)),
            "监测编号": spelling.joined("GG", year_words(when), "-", serials(part, who)),
            "媒介": spelling.words(_MEDIA, medium),
            "承诺收益率": spelling.only_where(
                spelling.joined(spelling.hundredths(percent), "%"), yields
            ),
            "保本用语": pa.array(safe),
            "期限月": spelling.whole(months, ~yields),
            "风险提示": pa.array(notice),
            "面向老人": pa.array(elder),
            "监测日期": spelling.dates(when),
            "操作": spelling.words(("",), np.full(count, -1)),
        },
    )


_JOBS = ("销售", "理财顾问", "客服", "技术", "行政", "操作工", "市场推广")
_CITIES = ("云江市", "上海市", "北京市", "杭州市", "南京市", "成都市")


def public_info(part: Part) -> Rows:
    """News, recruitment, sites and apps gathered from the web: no record numbers there."""
    rng = part.random("public_info")
    population = part.world.population
    end = np.minimum(part.active_to, part.closing)
    draws = [
        arrivals(rng, 0.05 * part.of(population.frailty), part.opening, part.closing),  # news
        arrivals(rng, 0.12 * part.of(population.frailty), part.opening, part.closing),  # jobs
        arrivals(rng, 0.02, part.opening, part.closing),  # icp
        arrivals(rng, 0.006, part.opening, part.closing),  # app
        arrivals(rng, 0.03, part.opening, part.closing),  # profile
        arrivals(
            rng, np.where(part.shows("bad_news"), 1.8, 0.0), part.active_from + 150,
            np.minimum(part.active_to + 200, part.closing),
        ),
        arrivals(rng, np.where(part.shows("hiring"), 3.0, 0.0), part.active_from, end),
        arrivals(
            rng, np.where(part.shows("web"), 2.5, 0.0), part.active_from - 30,
            np.minimum(part.active_from + 300, part.closing),
        ),
    ]  # fmt: skip
    who, when, draw = merged(*draws)
    return Rows(heard(rng, when, 1, 12.0), _item_columns(part, who, when, draw, rng))


def _item_columns(
    part: Part,
    who: NDArray[np.int64],
    when: NDArray[np.int64],
    draw: NDArray[np.int64],
    rng: np.random.Generator,
) -> dict[str, pa.Array]:
    count = len(who)
    kind = np.array([0, 1, 2, 3, 4, 0, 1, 2])[draw]
    kind = np.where((draw == 7) & (rng.random(count) < 0.3), 3, kind)
    mood = np.select(
        [draw == 5, draw == 0],
        [np.where(rng.random(count) < 0.75, 2, 1), rng.choice(3, count, p=[0.5, 0.4, 0.1])],
        1,
    )
    heads = np.where(draw == 6, 4 + rng.poisson(8, count), 1 + rng.poisson(2, count))
    job = np.where(
        draw == 6, rng.choice(7, count, p=[0.34, 0.16, 0.15, 0.06, 0.06, 0.03, 0.20]),
        rng.choice(7, count, p=[0.20, 0.01, 0.14, 0.22, 0.14, 0.20, 0.09]),
    )  # fmt: skip
    is_job, is_site = kind == 1, kind == 2
    near = np.where(rng.random(count) < 0.85, 0, rng.integers(1, len(_CITIES), count))
    site = spelling.joined("www.yj", spelling.whole(part.firm[who]), ".example")
    return {
        "统一社会信用代码": part.codes.take(pa.array(who)),
        "信息编号": spelling.joined("WX", year_words(when), "-", serials(part, who)),
        "信息类型": spelling.words(("新闻", "招聘", "网站备案", "应用上架", "企业主页"), kind),
        "倾向": spelling.words(("积极", "中立", "消极"), mood),
        "招聘人数": spelling.whole(heads, ~is_job),
        "岗位": spelling.words(_JOBS, np.where(is_job, job, -1)),
        "城市": spelling.words(_CITIES, np.where(is_job, near, -1)),
        "域名": spelling.only_where(site, is_site),
        "发布日期": spelling.dates(when, "slash"),
    }

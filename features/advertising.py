"""Features of advertising that was monitored."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from conf.characteristic import load_characteristics
from features.chinese_text import speaks_of
from features.declaration import EVER, Theme
from features.rows import Rows, flag, trend
from features.vocabulary import GATHERINGS

theme = Theme("advertising", zh="广告", en="Advertising")

YIELD_LINES = tuple(line.above for line in load_characteristics().characteristics["B1"].lines)
"""Yields beyond which a promise is called high, from the characteristic library."""

theme.note_rank("medium_no", table="ad_monitor", by=("subject_id", "medium"), newest="seen_date")


@theme.of_records(
    table="ad_monitor",
    windows=(90, 365),
    zh="广告条数",
    en="Advertisements",
    unit="count",
    nothing=0,
    direction=1,
)
def ads(rows: Rows) -> Column:
    """Advertisements seen."""
    return rows.count()


@theme.derived(zh="广告趋势", en="Trend of advertising", unit="times", nothing=None, direction=1)
def ad_trend(ads_90d: Column, ads_365d: Column) -> Column:
    """Advertisements a day in the last 90 days over those of the 275 before; 1 = no trend."""
    return trend(ads_90d, ads_365d)


@theme.of_records(
    table="ad_monitor",
    where="promised_yield > 0",
    windows=(365,),
    zh="承诺收益广告条数",
    en="Advertisements that promise a yield",
    unit="count",
    nothing=0,
    direction=1,
)
def yield_ads(rows: Rows) -> Column:
    """Advertisements that promise a yield."""
    return rows.count()


@theme.of_records(
    table="ad_monitor",
    where="promised_yield > 0",
    windows=(EVER, 365),
    type="DOUBLE",
    zh="最高承诺年化收益",
    en="Highest promised yield",
    unit="ratio",
    nothing=None,
    direction=1,
)
def highest_yield(rows: Rows) -> Column:
    """The highest yearly yield promised, 0.1 = 10 %; NULL when none was promised."""
    return rows.largest("promised_yield")


@theme.of_records(
    table="ad_monitor",
    where="guarantee_words",
    windows=(365,),
    zh="保本保收益广告条数",
    en="Advertisements that guarantee",
    unit="count",
    nothing=0,
    direction=1,
)
def guarantee_ads(rows: Rows) -> Column:
    """Advertisements that guarantee capital or yield."""
    return rows.count()


@theme.of_records(
    table="ad_monitor",
    where="promised_yield > 0 AND NOT coalesce(risk_notice, false)",
    windows=(EVER, 365),
    zh="承诺收益且无风险提示广告条数",
    en="Yield promised without a risk notice",
    unit="count",
    nothing=0,
    direction=1,
)
def unwarned_ads(rows: Rows) -> Column:
    """Advertisements that promise a yield and carry no risk notice."""
    return rows.count()


@theme.of_records(
    table="ad_monitor",
    where="elderly_target",
    windows=(365,),
    zh="面向老年人广告条数",
    en="Advertisements aimed at elderly people",
    unit="count",
    nothing=0,
    direction=1,
)
def elderly_ads(rows: Rows) -> Column:
    """Advertisements aimed at elderly people."""
    return rows.count()


@theme.of_records(
    table="ad_monitor",
    zh="距最近广告天数",
    en="Days since the last advertisement",
    unit="days",
    nothing=None,
    direction=-1,
)
def days_since_ad(rows: Rows) -> Column:
    """Days since the last advertisement; NULL when there is none."""
    return rows.days_since_latest()


@theme.derived(
    zh="无许可而承诺收益",
    en="Promises a yield without a permit",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def unlicensed_yield_ads(yield_ads_365d: Column, finance_permits: Column) -> Column:
    """1 when the firm advertised a yield in the last year and has no finance permit in force."""
    return flag((yield_ads_365d > 0) & (finance_permits == 0))


@theme.derived(
    zh="承诺收益超过的警戒线数",
    en="Lines that the promised yield exceeds",
    unit="count",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def yield_lines_crossed(highest_yield_365d: Column) -> Column:
    """How many of the lines of characteristic B1 the highest yield of the last year exceeds."""
    crossed = F.lit(0)
    for line in YIELD_LINES:
        crossed = crossed + flag(highest_yield_365d > float(line))
    return crossed


@theme.of_records(
    table="ad_monitor",
    where="promised_yield > 0 AND guarantee_words",
    windows=(365,),
    zh="承诺收益并保本保收益广告条数",
    en="Advertisements of a guaranteed yield",
    unit="count",
    nothing=0,
    direction=1,
)
def guaranteed_yield_ads(rows: Rows) -> Column:
    """Advertisements that promise a yield and guarantee it or the capital."""
    return rows.count()


@theme.of_records(
    table="ad_monitor",
    where="promised_yield > 0 OR term_months > 0",
    windows=(365,),
    zh="宣传收益或期限广告条数",
    en="Advertisements of a yield or a term",
    unit="count",
    nothing=0,
    direction=1,
)
def return_ads(rows: Rows) -> Column:
    """Advertisements that name a yield, or a term after which money comes back."""
    return rows.count()


@theme.derived(
    zh="非金融企业宣传收益或期限广告条数",
    en="Yield or term advertised outside finance",
    unit="count",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def return_ads_outside_finance(
    return_ads_365d: Column, finance_permits: Column, investment_industry: Column
) -> Column:
    """Such advertisements of a firm of another industry without a finance permit; else 0."""
    outside = (finance_permits == 0) & (investment_industry == 0)
    return F.when(outside, return_ads_365d).otherwise(F.lit(0))


@theme.of_records(
    table="ad_monitor",
    where="medium_no = 1",
    windows=(365,),
    zh="广告媒介种数",
    en="Media of advertising",
    unit="count",
    nothing=0,
    direction=1,
)
def ad_media(rows: Rows) -> Column:
    """Different media in which advertisements were seen within the window."""
    return rows.count()


@theme.of_records(
    table="ad_monitor",
    where=speaks_of("medium", GATHERINGS),
    windows=(365,),
    zh="讲座传单类广告条数",
    en="Lectures and leaflets",
    unit="count",
    nothing=0,
    direction=1,
)
def gathering_ads(rows: Rows) -> Column:
    """Advertising by lectures, meetings and leaflets, which meets the public face to face."""
    return rows.count()


@theme.derived(
    zh="不在持牌名单而承诺收益",
    en="Promises a yield, and on no list of licences",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def unlisted_yield_ads(yield_ads_365d: Column, finance_licences: Column) -> Column:
    """1 when the firm advertised a yield in the last year and no licence for finance is in force."""
    return flag((yield_ads_365d > 0) & (finance_licences == 0))

"""Features of what stands in public: news, job offers, sites and apps."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.chinese_text import speaks_of
from features.declaration import EVER, Theme
from features.rows import Rows, ratio, trend
from features.vocabulary import SALES_JOBS, SITE_WORDS

theme = Theme("public_information", zh="公开信息", en="Public information")

RECRUITMENT = "kind = 'recruitment'"

SITES = "kind IN ('icp', 'app')"

OFFERS_AND_NEWS = "kind IN ('recruitment', 'news')"

theme.note_rank(
    "city_no",
    table="public_info",
    by=("subject_id", "city"),
    where=OFFERS_AND_NEWS,
    newest="published_date",
)


@theme.of_records(
    table="public_info",
    where=RECRUITMENT,
    windows=(90, 365),
    zh="招聘人数",
    en="People sought",
    unit="count",
    nothing=0,
    direction=1,
)
def recruited(rows: Rows) -> Column:
    """People sought in job offers."""
    return rows.total("headcount")


@theme.of_records(
    table="public_info",
    where=f"{RECRUITMENT} AND ({speaks_of('job_type', SALES_JOBS)})",
    windows=(90, 365),
    zh="招聘销售理财人员数",
    en="Sales people sought",
    unit="count",
    nothing=0,
    direction=1,
)
def sales_recruited(rows: Rows) -> Column:
    """People sought to sell to the public."""
    return rows.total("headcount")


@theme.derived(
    zh="销售招聘占比", en="Share of sales people sought", unit="ratio", nothing=None, direction=1
)
def sales_recruited_share(sales_recruited_365d: Column, recruited_365d: Column) -> Column:
    """Sales people over all people sought in the last year; NULL without job offers."""
    return ratio(sales_recruited_365d, recruited_365d)


@theme.derived(
    zh="招聘与参保人数比",
    en="People sought over insured staff",
    unit="ratio",
    nothing=None,
    direction=1,
)
def recruitment_burst(recruited_365d: Column, insured_employees: Column) -> Column:
    """People sought in the last year over insured staff, one added; NULL when staff is unknown."""
    return ratio(recruited_365d, insured_employees.cast("double") + 1)


@theme.of_records(
    table="public_info",
    where="kind = 'news' AND polarity = 'negative'",
    windows=(EVER, 365),
    zh="负面新闻条数",
    en="Negative news",
    unit="count",
    nothing=0,
    direction=1,
)
def negative_news(rows: Rows) -> Column:
    """News items that speak ill of the firm."""
    return rows.count()


@theme.of_records(
    table="public_info",
    where="kind = 'news' AND polarity = 'positive'",
    zh="正面新闻条数",
    en="Positive news",
    unit="count",
    nothing=0,
    direction=0,
)
def positive_news(rows: Rows) -> Column:
    """News items that speak well of the firm; bought praise is common, so nothing is claimed."""
    return rows.count()


@theme.of_records(
    table="public_info",
    where=SITES,
    windows=(EVER, 365),
    zh="网站与应用数",
    en="Sites and apps",
    unit="count",
    nothing=0,
    direction=1,
)
def sites_and_apps(rows: Rows) -> Column:
    """Registered sites and published apps."""
    return rows.count()


@theme.of_records(
    table="public_info",
    where=f"city_no = 1 AND {OFFERS_AND_NEWS}",
    zh="招聘与报道涉及城市数",
    en="Cities named",
    unit="count",
    nothing=0,
    direction=1,
)
def cities_named(rows: Rows) -> Column:
    """Different cities named in job offers and news."""
    return rows.count()


@theme.of_records(
    table="public_info",
    where="kind = 'news' AND polarity = 'negative'",
    zh="距最近负面新闻天数",
    en="Days since negative news",
    unit="days",
    nothing=None,
    direction=-1,
)
def days_since_negative_news(rows: Rows) -> Column:
    """Days since the last negative news; NULL when there is none."""
    return rows.days_since_latest()


@theme.derived(
    zh="社会传播面", en="Reach into the public", unit="count", nothing=0, direction=1, type="BIGINT"
)
def public_reach(cities_named: Column, sites_and_apps: Column) -> Column:
    """Cities named, and sites and apps, added up."""
    return cities_named + sites_and_apps


@theme.derived(
    zh="销售招聘与参保人数比",
    en="Sales people sought over insured staff",
    unit="ratio",
    nothing=None,
    direction=1,
)
def sales_over_insured(sales_recruited_365d: Column, insured_employees: Column) -> Column:
    """Sales people sought in the last year over insured staff, one added; NULL when unknown."""
    return ratio(sales_recruited_365d, insured_employees.cast("double") + 1)


@theme.derived(
    zh="销售招聘趋势", en="Trend of sales hiring", unit="times", nothing=None, direction=1
)
def sales_hiring_trend(sales_recruited_90d: Column, sales_recruited_365d: Column) -> Column:
    """Sales people sought a day in the last 90 days over those of the 275 before; 1 = no trend."""
    return trend(sales_recruited_90d, sales_recruited_365d)


@theme.of_records(
    table="public_info",
    where=f"{SITES} AND ({speaks_of('domain', SITE_WORDS)})",
    zh="含金融字样的网站与应用数",
    en="Sites and apps that speak of finance",
    unit="count",
    nothing=0,
    direction=1,
)
def finance_sites(rows: Rows) -> Column:
    """Registered sites and published apps whose own name speaks of finance."""
    return rows.count()


@theme.derived(
    zh="投资类名称企业一年内新设网站与应用数",
    en="New sites of a firm with a finance name",
    unit="count",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def new_sites_of_finance_name(
    sites_and_apps_365d: Column, name_banned_words: Column, name_investment_words: Column
) -> Column:
    """Sites and apps of the last year, where the firm's name speaks of finance; else 0."""
    speaks = name_banned_words + name_investment_words > 0
    return F.when(speaks, sites_and_apps_365d).otherwise(F.lit(0))

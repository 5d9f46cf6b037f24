"""Features of registered changes: how many, of what, how fast."""

from __future__ import annotations

from pyspark.sql import Column

from features.chinese_text import claims
from features.declaration import EVER, Theme
from features.rows import Rows, ratio, trend
from features.vocabulary import BANNED_WORDS, INVESTMENT_WORDS

theme = Theme("changes", zh="变更", en="Changes")

FINANCE = BANNED_WORDS + INVESTMENT_WORDS


@theme.of_records(
    table="change_record",
    windows=(EVER, 90, 365),
    zh="变更次数",
    en="Registered changes",
    unit="count",
    nothing=0,
    direction=1,
)
def changes(rows: Rows) -> Column:
    """Changes in the register, of any kind."""
    return rows.count()


@theme.of_records(
    table="change_record",
    where="item_code = 'address'",
    windows=(EVER, 365),
    zh="地址变更次数",
    en="Address changes",
    unit="count",
    nothing=0,
    direction=1,
)
def address_changes(rows: Rows) -> Column:
    """Changes of the registered address."""
    return rows.count()


@theme.of_records(
    table="change_record",
    where="item_code = 'legal_rep'",
    windows=(365,),
    zh="法定代表人变更次数",
    en="Changes of legal representative",
    unit="count",
    nothing=0,
    direction=1,
)
def legal_rep_changes(rows: Rows) -> Column:
    """Changes of the legal representative."""
    return rows.count()


@theme.of_records(
    table="change_record",
    where="item_code = 'shareholder'",
    windows=(365,),
    zh="股东变更次数",
    en="Changes of shareholders",
    unit="count",
    nothing=0,
    direction=1,
)
def shareholder_changes(rows: Rows) -> Column:
    """Changes of shareholders or their stakes."""
    return rows.count()


@theme.of_records(
    table="change_record",
    where="item_code = 'name'",
    zh="名称变更次数",
    en="Changes of name",
    unit="count",
    nothing=0,
    direction=1,
)
def name_changes(rows: Rows) -> Column:
    """Changes of the firm's name."""
    return rows.count()


@theme.of_records(
    table="change_record",
    where="item_code = 'capital'",
    windows=(365,),
    zh="注册资本变更次数",
    en="Changes of capital",
    unit="count",
    nothing=0,
    direction=1,
)
def capital_changes(rows: Rows) -> Column:
    """Changes of the registered capital."""
    return rows.count()


@theme.of_records(
    table="change_record",
    where=(
        "item_code IN ('name', 'scope') AND "
        f"({claims('after', FINANCE)}) AND NOT coalesce({claims('before', FINANCE)}, false)"
    ),
    zh="新增投资金融字样次数",
    en="Finance words added to name or scope",
    unit="count",
    nothing=0,
    direction=1,
)
def finance_words_added(rows: Rows) -> Column:
    """Changes of name or scope after which it speaks of finance and before which it did not."""
    return rows.count()


@theme.of_records(
    table="change_record",
    zh="距最近变更天数",
    en="Days since the last change",
    unit="days",
    nothing=None,
    direction=-1,
)
def days_since_change(rows: Rows) -> Column:
    """Days since the last change; NULL when there is none."""
    return rows.days_since_latest()


@theme.derived(zh="年均变更次数", en="Changes a year", unit="per year", nothing=None, direction=1)
def change_rate(changes: Column, age_days: Column) -> Column:
    """Changes for each year since founding; NULL when the founding date is not known."""
    return ratio(changes * 365, age_days)


@theme.derived(zh="变更趋势", en="Trend of changes", unit="ratio", nothing=None, direction=1)
def change_trend(changes_90d: Column, changes_365d: Column) -> Column:
    """Changes a day in the last 90 days over those of the 275 before; 1 = no trend."""
    return trend(changes_90d, changes_365d)

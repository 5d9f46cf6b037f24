"""Features of registered changes: how many, of what, how fast."""

from __future__ import annotations

from pyspark.sql import Column

from features.chinese_text import claims, level
from features.declaration import EVER, Theme
from features.rows import Rows, flag, ratio, trend
from features.vocabulary import BANNED_WORDS, CONCEPT_WORDS, INVESTMENT_WORDS

theme = Theme("changes", zh="变更", en="Changes")

FINANCE = BANNED_WORDS + INVESTMENT_WORDS

THRICE = 3
"""So many changes of address within a year are often: e租宝 moved three times in its last."""

JUMP = 3
"""A capital that grows so many times at a stroke jumps. Project default."""


def amount(column: str) -> str:
    """SQL for the amount that a text such as 1,000万元 states, in whole units; NULL without one."""
    plain = f"replace({level(column)}, ',', '')"
    number = f"try_cast(regexp_extract({plain}, '([0-9]+([.][0-9]+)?)', 1) AS DECIMAL(18,4))"
    unit = (
        f"CASE WHEN {plain} RLIKE '亿' THEN 100000000 WHEN {plain} RLIKE '万' THEN 10000 ELSE 1 END"
    )
    return f"{number} * {unit}"


theme.note_rank(
    "item_no", table="change_record", by=("subject_id", "item_code"), newest="change_date"
)


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


@theme.derived(zh="变更趋势", en="Trend of changes", unit="times", nothing=None, direction=1)
def change_trend(changes_90d: Column, changes_365d: Column) -> Column:
    """Changes a day in the last 90 days over those of the 275 before; 1 = no trend."""
    return trend(changes_90d, changes_365d)


@theme.derived(
    zh="一年内三次以上变更住所",
    en="Moved three times in a year",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def moved_often(address_changes_365d: Column) -> Column:
    """1 when the registered address changed three times or more in the last year."""
    return flag(address_changes_365d >= THRICE)


@theme.of_records(
    table="change_record",
    where="item_code = 'scope'",
    windows=(365,),
    zh="经营范围变更次数",
    en="Changes of scope",
    unit="count",
    nothing=0,
    direction=1,
)
def scope_changes(rows: Rows) -> Column:
    """Changes of the business scope."""
    return rows.count()


@theme.of_records(
    table="change_record",
    where="item_no = 1",
    windows=(365,),
    zh="变更事项种类数",
    en="Kinds of change",
    unit="count",
    nothing=0,
    direction=1,
)
def kinds_changed(rows: Rows) -> Column:
    """Different matters (name, address, representative, ...) that changed within the window."""
    return rows.count()


@theme.of_records(
    table="change_record",
    where=f"item_code = 'capital' AND {amount('after')} >= {JUMP} * {amount('before')}",
    windows=(730,),
    zh="注册资本成倍增加次数",
    en="Jumps of capital",
    unit="count",
    nothing=0,
    direction=1,
)
def capital_jumps(rows: Rows) -> Column:
    """Changes by which the registered capital grew to three times what it was, or more."""
    return rows.count()


@theme.of_records(
    table="change_record",
    where=(
        f"item_code IN ('name', 'scope') AND ({claims('after', CONCEPT_WORDS)}) "
        f"AND NOT coalesce({claims('before', CONCEPT_WORDS)}, false)"
    ),
    windows=(730,),
    zh="新增热点概念次数",
    en="Hot concepts added to name or scope",
    unit="count",
    nothing=0,
    direction=1,
)
def concepts_added(rows: Rows) -> Column:
    """Changes of name or scope after which it holds a hot concept and before which it did not."""
    return rows.count()


@theme.of_records(
    table="change_record",
    where="item_code IN ('legal_rep', 'shareholder')",
    zh="距最近易主天数",
    en="Days since the last handover",
    unit="days",
    nothing=None,
    direction=-1,
)
def days_since_handover(rows: Rows) -> Column:
    """Days since the representative or the shareholders last changed; NULL without such a change."""
    return rows.days_since_latest()

"""Features of the lists of firms that are licensed or registered for finance."""

from __future__ import annotations

from pyspark.sql import Column

from features.declaration import Theme
from features.rows import Rows, flag

theme = Theme("licences", zh="金融牌照", en="Finance licences")

IN_FORCE = "(status IS NULL OR status = '有效') AND (valid_to IS NULL OR valid_to >= {as_of})"


@theme.of_records(
    table="licence_finance",
    where=IN_FORCE,
    zh="有效金融牌照数",
    en="Finance licences in force",
    unit="count",
    nothing=0,
    direction=-1,
)
def finance_licences(rows: Rows) -> Column:
    """Licences and registrations for finance in force on the day."""
    return rows.count()


@theme.of_records(
    table="licence_finance",
    where=f"NOT ({IN_FORCE})",
    zh="失效金融牌照数",
    en="Finance licences not in force",
    unit="count",
    nothing=0,
    direction=1,
)
def lapsed_licences(rows: Rows) -> Column:
    """Licences and registrations that ran out, were suspended, cancelled or revoked."""
    return rows.count()


@theme.derived(
    zh="金融投资字样而不在持牌名单",
    en="Finance words, and on no list of licences",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def unlisted_finance_name(
    name_banned_words: Column, name_investment_words: Column, finance_licences: Column
) -> Column:
    """1 when the name speaks of money-handling trades and no list of licences holds the firm."""
    return flag((name_banned_words + name_investment_words > 0) & (finance_licences == 0))


@theme.derived(
    zh="不在持牌名单而承诺收益",
    en="Promises a yield, and on no list of licences",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def unlisted_yield_ads(yield_ads_365d: Column, finance_licences: Column) -> Column:
    """1 when the firm advertised a yield in the last year and no list of licences holds it."""
    return flag((yield_ads_365d > 0) & (finance_licences == 0))

"""Features of taxes: registration, filings, and how they fit what the firm tells elsewhere."""

from __future__ import annotations

from pyspark.sql import Column

from features.declaration import Theme
from features.rows import Rows, flag, ratio

theme = Theme("tax", zh="税务", en="Tax")


@theme.of_records(
    table="tax_registration",
    where="status = '非正常'",
    zh="税务非正常户",
    en="Tax status irregular",
    unit="flag",
    nothing=0,
    direction=1,
)
def tax_irregular(rows: Rows) -> Column:
    """1 when a tax registration of the firm is irregular: it could not be found by the office."""
    return rows.any()


@theme.of_records(
    table="tax_registration",
    where="taxpayer_type = '一般'",
    zh="一般纳税人",
    en="General taxpayer",
    unit="flag",
    nothing=0,
    direction=-1,
)
def general_taxpayer(rows: Rows) -> Column:
    """1 when the firm is a general taxpayer, which takes a turnover or sound books."""
    return rows.any()


@theme.of_records(
    table="tax_filing",
    windows=(365,),
    zh="申报次数",
    en="Tax filings",
    unit="count",
    nothing=0,
    direction=-1,
)
def tax_filings(rows: Rows) -> Column:
    """Tax filings within the window."""
    return rows.count()


@theme.of_records(
    table="tax_filing",
    where="zero_filing",
    windows=(365,),
    zh="零申报次数",
    en="Zero filings",
    unit="count",
    nothing=0,
    direction=1,
)
def zero_filings(rows: Rows) -> Column:
    """Filings within the window that declare nothing."""
    return rows.count()


@theme.derived(zh="零申报占比", en="Share of zero filings", unit="ratio", nothing=None, direction=1)
def zero_filing_share(zero_filings_365d: Column, tax_filings_365d: Column) -> Column:
    """Zero filings over all of the last year; NULL when nothing was filed."""
    return ratio(zero_filings_365d, tax_filings_365d)


@theme.of_records(
    table="tax_filing",
    where="late_days > 0",
    windows=(365,),
    zh="逾期申报次数",
    en="Late tax filings",
    unit="count",
    nothing=0,
    direction=1,
)
def late_filings(rows: Rows) -> Column:
    """Filings within the window that came late."""
    return rows.count()


@theme.of_records(
    table="tax_filing",
    zh="最长逾期天数",
    en="Longest delay of a filing",
    unit="days",
    nothing=0,
    direction=1,
)
def longest_filing_delay(rows: Rows) -> Column:
    """The longest delay of a filing, in days."""
    return rows.largest("late_days")


@theme.of_records(
    table="tax_filing",
    windows=(365,),
    zh="申报税额",
    en="Tax declared",
    unit="fen",
    nothing=0,
    direction=-1,
)
def tax_declared(rows: Rows) -> Column:
    """Tax declared within the window, in fen."""
    return rows.total("declared_fen")


@theme.of_records(
    table="tax_filing",
    windows=(365,),
    zh="入库税额",
    en="Tax paid",
    unit="fen",
    nothing=0,
    direction=-1,
)
def tax_paid(rows: Rows) -> Column:
    """Tax paid within the window, in fen."""
    return rows.total("paid_fen")


@theme.derived(zh="税款入库比例", en="Paid share of tax", unit="ratio", nothing=None, direction=-1)
def tax_paid_share(tax_paid_365d: Column, tax_declared_365d: Column) -> Column:
    """Tax paid over declared in the last year; NULL when nothing was declared."""
    return ratio(tax_paid_365d, tax_declared_365d)


@theme.of_records(
    table="tax_filing",
    windows=(365, 730),
    zh="申报收入",
    en="Revenue declared",
    unit="fen",
    nothing=0,
    direction=-1,
)
def declared_revenue(rows: Rows) -> Column:
    """Revenue declared to the tax office within the window, in fen."""
    return rows.total("revenue_declared_fen")


@theme.derived(zh="税负率", en="Tax burden", unit="ratio", nothing=None, direction=-1)
def tax_burden(tax_declared_365d: Column, declared_revenue_365d: Column) -> Column:
    """Tax over revenue declared in the last year; NULL without revenue."""
    return ratio(tax_declared_365d, declared_revenue_365d)


@theme.derived(
    zh="年报收入与申报收入比",
    en="Reported over declared revenue",
    unit="ratio",
    nothing=None,
    direction=1,
)
def revenue_mismatch(reported_revenue: Column, declared_revenue_365d: Column) -> Column:
    """Revenue in the newest annual report over that declared to the tax office in the last year."""
    return ratio(reported_revenue, declared_revenue_365d)


@theme.of_records(
    table="tax_filing",
    zh="距最近申报天数",
    en="Days since the last filing",
    unit="days",
    nothing=None,
    direction=1,
)
def days_since_filing(rows: Rows) -> Column:
    """Days since the last filing; NULL when there is none."""
    return rows.days_since_latest()


@theme.derived(
    zh="广告活跃而零申报",
    en="Advertises and declares nothing",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def loud_but_untaxed(
    yield_ads_365d: Column, tax_filings_365d: Column, zero_filings_365d: Column
) -> Column:
    """1 when it advertised a yield in the last year, and all it filed then declared nothing."""
    return flag(
        (yield_ads_365d > 0) & (tax_filings_365d > 0) & (zero_filings_365d == tax_filings_365d)
    )


MILLION_YUAN = 1_000_000 * 100


@theme.derived(
    zh="申报收入增长倍数",
    en="Growth of declared revenue",
    unit="ratio",
    nothing=None,
    direction=1,
)
def declared_growth(declared_revenue_365d: Column, declared_revenue_730d: Column) -> Column:
    """Revenue declared in the last year over that of the year before; NULL without the latter."""
    return ratio(declared_revenue_365d, declared_revenue_730d - declared_revenue_365d)


@theme.derived(
    zh="单位收入广告条数",
    en="Advertisements over declared revenue",
    unit="per million yuan",
    nothing=None,
    direction=1,
)
def ads_over_revenue(ads_365d: Column, declared_revenue_365d: Column) -> Column:
    """Advertisements of the last year for each million yuan declared in it, one million added."""
    return ratio(ads_365d * MILLION_YUAN, declared_revenue_365d + MILLION_YUAN)


@theme.derived(
    zh="甲级写字楼而零申报",
    en="Grade-A office and nothing declared",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def lavish_but_untaxed(
    grade_a_office: Column, tax_filings_365d: Column, zero_filings_365d: Column
) -> Column:
    """1 when it sits in a grade-A office, and all it filed in the last year declared nothing."""
    return flag(
        (grade_a_office == 1) & (tax_filings_365d > 0) & (zero_filings_365d == tax_filings_365d)
    )

"""Features of what firms report of themselves each year."""

from __future__ import annotations

from pyspark.sql import Column

from features.declaration import Theme
from features.rows import Rows, flag, ratio

theme = Theme("annual_reports", zh="年报", en="Annual reports")

theme.note_rank("report_no", table="annual_report", by=("subject_id",), newest="year")

LATEST = "report_no = 1"
PREVIOUS = "report_no = 2"


@theme.of_records(
    table="annual_report",
    zh="年报份数",
    en="Annual reports",
    unit="count",
    nothing=0,
    direction=-1,
)
def annual_reports(rows: Rows) -> Column:
    """Annual reports filed."""
    return rows.count()


@theme.of_records(
    table="annual_report",
    where="year(filed_date) * 100 + month(filed_date) > (year + 1) * 100 + 6",
    zh="逾期年报份数",
    en="Late annual reports",
    unit="count",
    nothing=0,
    direction=1,
)
def late_annual_reports(rows: Rows) -> Column:
    """Annual reports filed after 30 June of the year that follows."""
    return rows.count()


@theme.of_records(
    table="annual_report",
    zh="距最近年报年度",
    en="Years since the last report",
    unit="years",
    nothing=None,
    direction=1,
)
def years_since_report(rows: Rows) -> Column:
    """The year of the day less that of the newest report; NULL when none was filed."""
    return rows.year() - rows.largest("year")


@theme.of_records(
    table="annual_report",
    where=LATEST,
    zh="年报从业人数",
    en="Reported staff",
    unit="count",
    nothing=None,
    direction=0,
)
def reported_employees(rows: Rows) -> Column:
    """Staff in the newest report; NULL when not published."""
    return rows.largest("employees")


@theme.of_records(
    table="annual_report",
    where=LATEST,
    zh="参保人数",
    en="Socially insured staff",
    unit="count",
    nothing=None,
    direction=-1,
)
def insured_employees(rows: Rows) -> Column:
    """Socially insured staff in the newest report; NULL when not published."""
    return rows.largest("social_insured")


@theme.derived(zh="参保比例", en="Insured share of staff", unit="ratio", nothing=None, direction=-1)
def insured_share(insured_employees: Column, reported_employees: Column) -> Column:
    """Insured over all staff in the newest report; NULL when either is not published."""
    return ratio(insured_employees, reported_employees)


@theme.of_records(
    table="annual_report",
    where=LATEST,
    zh="年报营业收入",
    en="Reported revenue",
    unit="fen",
    nothing=None,
    direction=-1,
)
def reported_revenue(rows: Rows) -> Column:
    """Revenue in the newest report, in fen; NULL when not published."""
    return rows.largest("revenue_fen")


@theme.of_records(
    table="annual_report",
    where=LATEST,
    zh="年报资产总额",
    en="Reported assets",
    unit="fen",
    nothing=None,
    direction=0,
)
def reported_assets(rows: Rows) -> Column:
    """Total assets in the newest report, in fen; NULL when not published."""
    return rows.largest("assets_fen")


@theme.of_records(
    table="annual_report",
    where=PREVIOUS,
    zh="上一年年报资产总额",
    en="Assets reported the year before",
    unit="fen",
    nothing=None,
    direction=0,
)
def previous_assets(rows: Rows) -> Column:
    """Total assets in the report before the newest, in fen; NULL when there is none."""
    return rows.largest("assets_fen")


@theme.derived(zh="资产增长倍数", en="Growth of assets", unit="ratio", nothing=None, direction=1)
def asset_growth(reported_assets: Column, previous_assets: Column) -> Column:
    """Assets of the newest report over those of the one before; NULL when either is unknown."""
    return ratio(reported_assets, previous_assets)


@theme.of_records(
    table="annual_report",
    where=LATEST,
    zh="年报负债总额",
    en="Reported liabilities",
    unit="fen",
    nothing=None,
    direction=1,
)
def reported_liabilities(rows: Rows) -> Column:
    """Total liabilities in the newest report, in fen; NULL when not published."""
    return rows.largest("liabilities_fen")


@theme.derived(
    zh="资产负债率", en="Liabilities over assets", unit="ratio", nothing=None, direction=1
)
def debt_ratio(reported_liabilities: Column, reported_assets: Column) -> Column:
    """Liabilities over assets of the newest report; NULL when either is not published."""
    return ratio(reported_liabilities, reported_assets)


@theme.derived(zh="收入资产比", en="Revenue over assets", unit="ratio", nothing=None, direction=-1)
def revenue_over_assets(reported_revenue: Column, reported_assets: Column) -> Column:
    """Revenue over assets of the newest report: money that works brings revenue in."""
    return ratio(reported_revenue, reported_assets)


@theme.of_records(
    table="annual_report",
    where=LATEST,
    zh="对外担保金额",
    en="Guarantees given",
    unit="fen",
    nothing=None,
    direction=1,
)
def guarantees(rows: Rows) -> Column:
    """Guarantees given, in the newest report, in fen; NULL when not published."""
    return rows.largest("guarantees_fen")


@theme.of_records(
    table="annual_report",
    where=LATEST,
    zh="年报信息不公示程度",
    en="Report withheld",
    unit="level",
    nothing=None,
    direction=1,
)
def report_withheld(rows: Rows) -> Column:
    """How much of the newest report is withheld: 1 nothing, 2 a part, 3 all."""
    return rows.largest("publish_state")


@theme.of_records(
    table="annual_report",
    where=f"{LATEST} AND has_website",
    zh="设有网站",
    en="Has a website",
    unit="flag",
    nothing=0,
    direction=0,
)
def has_website(rows: Rows) -> Column:
    """1 when the newest report names a website."""
    return rows.any()


@theme.of_records(
    table="annual_report",
    where="equity_transfer",
    zh="年报披露股权转让次数",
    en="Reported transfers of equity",
    unit="count",
    nothing=0,
    direction=1,
)
def reported_transfers(rows: Rows) -> Column:
    """Annual reports that tell of a transfer of equity."""
    return rows.count()


@theme.derived(
    zh="从未年报而成立满两年",
    en="Never reported, two years old",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def never_reported(annual_reports: Column, age_days: Column) -> Column:
    """1 when the firm is at least two years old and has never filed an annual report."""
    return flag((annual_reports == 0) & (age_days >= 2 * 365))


@theme.of_records(
    table="annual_report",
    where=PREVIOUS,
    zh="上一年年报营业收入",
    en="Revenue reported the year before",
    unit="fen",
    nothing=None,
    direction=0,
)
def previous_revenue(rows: Rows) -> Column:
    """Revenue in the report before the newest, in fen; NULL when there is none."""
    return rows.largest("revenue_fen")


@theme.derived(zh="收入增长倍数", en="Growth of revenue", unit="ratio", nothing=None, direction=1)
def revenue_growth(reported_revenue: Column, previous_revenue: Column) -> Column:
    """Revenue of the newest report over that of the one before; NULL when either is unknown."""
    return ratio(reported_revenue, previous_revenue)


@theme.of_records(
    table="annual_report",
    where=PREVIOUS,
    zh="上一年年报从业人数",
    en="Staff reported the year before",
    unit="count",
    nothing=None,
    direction=0,
)
def previous_employees(rows: Rows) -> Column:
    """Staff in the report before the newest; NULL when there is none."""
    return rows.largest("employees")


@theme.derived(zh="从业人数增长倍数", en="Growth of staff", unit="ratio", nothing=None, direction=1)
def staff_growth(reported_employees: Column, previous_employees: Column) -> Column:
    """Staff of the newest report over that of the one before; NULL when either is unknown."""
    return ratio(reported_employees, previous_employees)

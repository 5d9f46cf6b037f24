"""Features of complaints from the public."""

from __future__ import annotations

from pyspark.sql import Column

from features.chinese_text import speaks_of
from features.declaration import Theme
from features.rows import Rows, ratio, trend
from features.vocabulary import REDEMPTION_TOPICS

theme = Theme("complaints", zh="投诉举报", en="Complaints")

REDEMPTION = (
    f"({speaks_of('topics', REDEMPTION_TOPICS)}) OR ({speaks_of('category', REDEMPTION_TOPICS)})"
)

theme.note_rank(
    "call_no", table="complaint", by=("subject_id", "caller_phone"), newest="received_date"
)


@theme.of_records(
    table="complaint",
    windows=(30, 90, 365),
    zh="投诉件数",
    en="Complaints",
    unit="count",
    nothing=0,
    direction=1,
)
def complaints(rows: Rows) -> Column:
    """Complaints received about the firm."""
    return rows.count()


@theme.of_records(
    table="complaint",
    where=REDEMPTION,
    windows=(30, 365),
    zh="兑付失联类投诉件数",
    en="Complaints of money not returned",
    unit="count",
    nothing=0,
    direction=1,
)
def redemption_complaints(rows: Rows) -> Column:
    """Complaints that money is not paid back or that the firm cannot be reached."""
    return rows.count()


@theme.derived(
    zh="兑付失联类投诉占比",
    en="Share of complaints of money not returned",
    unit="ratio",
    nothing=None,
    direction=1,
)
def redemption_share(redemption_complaints_365d: Column, complaints_365d: Column) -> Column:
    """Complaints of money not returned over all of the last year; NULL without complaints."""
    return ratio(redemption_complaints_365d, complaints_365d)


@theme.derived(zh="投诉趋势", en="Trend of complaints", unit="ratio", nothing=None, direction=1)
def complaint_trend(complaints_90d: Column, complaints_365d: Column) -> Column:
    """Complaints a day in the last 90 days over those of the 275 before; 1 = no trend."""
    return trend(complaints_90d, complaints_365d)


@theme.of_records(
    table="complaint",
    where="elderly",
    windows=(365,),
    zh="老年人投诉件数",
    en="Complaints by elderly people",
    unit="count",
    nothing=0,
    direction=1,
)
def elderly_complaints(rows: Rows) -> Column:
    """Complaints by or for elderly people."""
    return rows.count()


@theme.of_records(
    table="complaint",
    where="channel = '金融办'",
    zh="金融办举报件数",
    en="Reports to the finance office",
    unit="count",
    nothing=0,
    direction=1,
)
def finance_office_reports(rows: Rows) -> Column:
    """Reports made to the office that handles illegal fundraising."""
    return rows.count()


@theme.of_records(
    table="complaint",
    windows=(365,),
    zh="投诉涉及金额",
    en="Amount complained of",
    unit="fen",
    nothing=0,
    direction=1,
)
def complained_amount(rows: Rows) -> Column:
    """The amount complained of within the window, in fen."""
    return rows.total("amount_fen")


@theme.of_records(
    table="complaint",
    where="call_no = 1",
    zh="投诉人数",
    en="People who complained",
    unit="count",
    nothing=0,
    direction=1,
)
def complainants(rows: Rows) -> Column:
    """Different phones from which complaints came."""
    return rows.count()


@theme.of_records(
    table="complaint",
    where="resolved_date IS NULL OR resolved_date > {as_of}",
    zh="未办结投诉件数",
    en="Complaints not resolved",
    unit="count",
    nothing=0,
    direction=1,
)
def open_complaints(rows: Rows) -> Column:
    """Complaints that are not resolved on the day."""
    return rows.count()


@theme.of_records(
    table="complaint",
    zh="距最近投诉天数",
    en="Days since the last complaint",
    unit="days",
    nothing=None,
    direction=-1,
)
def days_since_complaint(rows: Rows) -> Column:
    """Days since the last complaint; NULL when there is none."""
    return rows.days_since_latest()

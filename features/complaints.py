"""Features of complaints from the public."""

from __future__ import annotations

from pyspark.sql import Column

from features.chinese_text import speaks_of
from features.declaration import Theme
from features.rows import Rows, flag, ratio, surge, trend
from features.vocabulary import PROMISE_WORDS, REDEMPTION_TOPICS

theme = Theme("complaints", zh="投诉举报", en="Complaints")

REDEMPTION = (
    f"({speaks_of('topics', REDEMPTION_TOPICS)}) OR ({speaks_of('category', REDEMPTION_TOPICS)})"
)

PROMISES = f"({speaks_of('topics', PROMISE_WORDS)}) OR ({speaks_of('category', PROMISE_WORDS)})"

theme.note_rank(
    "call_no", table="complaint", by=("subject_id", "caller_phone"), newest="received_date"
)


@theme.of_records(
    table="complaint",
    windows=(30, 60, 90, 365),
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
    windows=(30, 60, 365),
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


@theme.derived(zh="投诉趋势", en="Trend of complaints", unit="times", nothing=None, direction=1)
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


@theme.derived(zh="投诉骤增倍数", en="Surge of complaints", unit="ratio", nothing=None, direction=1)
def complaint_surge(complaints_60d: Column, complaints_365d: Column) -> Column:
    """Complaints a day in the last 60 days over those of the 305 before; 1 = no surge."""
    return surge(complaints_60d, complaints_365d)


@theme.derived(
    zh="兑付失联类投诉骤增倍数",
    en="Surge of complaints of money not returned",
    unit="ratio",
    nothing=None,
    direction=1,
)
def redemption_surge(
    redemption_complaints_60d: Column, redemption_complaints_365d: Column
) -> Column:
    """Complaints of money not returned a day in the last 60 days over those of the 305 before."""
    return surge(redemption_complaints_60d, redemption_complaints_365d)


@theme.of_records(
    table="complaint",
    where=PROMISES,
    windows=(365,),
    zh="承诺收益类投诉件数",
    en="Complaints of promised yields",
    unit="count",
    nothing=0,
    direction=1,
)
def promise_complaints(rows: Rows) -> Column:
    """Complaints that speak of a yield promised, or of capital guaranteed."""
    return rows.count()


@theme.of_records(
    table="complaint",
    windows=(180,),
    zh="距最早投诉天数",
    en="Days since the first complaint",
    unit="days",
    nothing=None,
    direction=0,
)
def days_since_first_complaint(rows: Rows) -> Column:
    """Days since the first complaint within the window; NULL when there is none."""
    return rows.days_since_earliest()


@theme.derived(
    zh="被投诉后易主",
    en="Handed over after complaints",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def handed_over_after_complaints(
    days_since_handover: Column, days_since_first_complaint_180d: Column
) -> Column:
    """1 when representative or shareholders changed after a complaint, both in the last 180 days."""
    return flag(days_since_handover < days_since_first_complaint_180d)


@theme.derived(
    zh="被投诉后注销迁出",
    en="Ended after complaints",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def ended_after_complaints(
    days_since_end: Column, days_since_first_complaint_180d: Column
) -> Column:
    """1 when the firm was ended or moved away after a complaint, both in the last 180 days."""
    return flag(days_since_end < days_since_first_complaint_180d)

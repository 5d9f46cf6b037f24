"""Features of official measures: penalties, lists of untrustworthy firms, permits."""

from __future__ import annotations

from pyspark.sql import Column

from features.chinese_text import speaks_of
from features.declaration import EVER, Theme
from features.rows import Rows, flag
from features.vocabulary import FINANCE_PERMITS, UNREACHABLE_REASONS

theme = Theme("penalties", zh="处罚与名单", en="Penalties and lists")

theme.note_rank(
    "penalty_no", table="penalty", by=("subject_id", "department"), newest="decided_date"
)

ENTERED = "direction = 'in'"
ABNORMAL = "list_type = '经营异常'"


@theme.of_records(
    table="penalty",
    windows=(EVER, 90, 365),
    zh="行政处罚次数",
    en="Administrative penalties",
    unit="count",
    nothing=0,
    direction=1,
)
def penalties(rows: Rows) -> Column:
    """Administrative penalties decided against the firm."""
    return rows.count()


@theme.of_records(
    table="penalty",
    windows=(365,),
    zh="罚没金额",
    en="Fines and confiscations",
    unit="fen",
    nothing=0,
    direction=1,
)
def fined(rows: Rows) -> Column:
    """Fines and confiscations decided within the window, in fen."""
    return rows.total("amount_fen")


@theme.of_records(
    table="penalty",
    where="kind IN ('停业', '吊销', '没收')",
    zh="严重处罚次数",
    en="Severe penalties",
    unit="count",
    nothing=0,
    direction=1,
)
def severe_penalties(rows: Rows) -> Column:
    """Closures, revocations and confiscations."""
    return rows.count()


@theme.of_records(
    table="penalty",
    where="penalty_no = 1",
    zh="处罚部门数",
    en="Departments that penalised it",
    unit="count",
    nothing=0,
    direction=1,
)
def penalising_departments(rows: Rows) -> Column:
    """Different departments that penalised the firm."""
    return rows.count()


@theme.of_records(
    table="penalty",
    where="repaired_date IS NULL OR repaired_date > {as_of}",
    zh="未修复处罚次数",
    en="Penalties not repaired",
    unit="count",
    nothing=0,
    direction=1,
)
def penalties_not_repaired(rows: Rows) -> Column:
    """Penalties for which no credit repair was granted by the day."""
    return rows.count()


@theme.of_records(
    table="penalty",
    zh="距最近处罚天数",
    en="Days since the last penalty",
    unit="days",
    nothing=None,
    direction=-1,
)
def days_since_penalty(rows: Rows) -> Column:
    """Days since the last penalty; NULL when there is none."""
    return rows.days_since_latest()


@theme.of_records(
    table="list_event",
    where=f"{ENTERED} AND {ABNORMAL}",
    windows=(EVER, 365),
    zh="列入经营异常名录次数",
    en="Entries in the abnormal list",
    unit="count",
    nothing=0,
    direction=1,
)
def abnormal_listings(rows: Rows) -> Column:
    """Entries in the list of abnormal operations."""
    return rows.count()


@theme.of_records(
    table="list_event",
    where=f"direction = 'out' AND {ABNORMAL}",
    zh="移出经营异常名录次数",
    en="Exits from the abnormal list",
    unit="count",
    nothing=0,
    direction=0,
)
def abnormal_exits(rows: Rows) -> Column:
    """Exits from the list of abnormal operations."""
    return rows.count()


@theme.derived(
    zh="在经营异常名录中",
    en="On the abnormal list",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def on_abnormal_list(abnormal_listings: Column, abnormal_exits: Column) -> Column:
    """1 when the firm entered the list of abnormal operations more often than it left."""
    return flag(abnormal_listings > abnormal_exits)


@theme.of_records(
    table="list_event",
    where=f"{ENTERED} AND ({speaks_of('reason_code', UNREACHABLE_REASONS)})",
    zh="因无法联系列入名录次数",
    en="Listed as unreachable",
    unit="count",
    nothing=0,
    direction=1,
)
def listed_unreachable(rows: Rows) -> Column:
    """Entries in any list because the firm could not be reached at its address."""
    return rows.count()


@theme.of_records(
    table="list_event",
    where=f"{ENTERED} AND list_type IN ('严重违法', '失信被执行人', '重大税收违法')",
    zh="列入严重失信名单次数",
    en="Entries in serious lists",
    unit="count",
    nothing=0,
    direction=1,
)
def serious_listings(rows: Rows) -> Column:
    """Entries as a serious violator, a dishonest debtor or a major tax offender."""
    return rows.count()


@theme.of_records(
    table="list_event",
    where=ENTERED,
    zh="距最近列入名单天数",
    en="Days since the last listing",
    unit="days",
    nothing=None,
    direction=-1,
)
def days_since_listing(rows: Rows) -> Column:
    """Days since the last entry in any list; NULL when there is none."""
    return rows.days_since_latest()


@theme.of_records(
    table="permit",
    where="valid_to IS NULL OR valid_to >= {as_of}",
    zh="有效许可数",
    en="Valid permits",
    unit="count",
    nothing=0,
    direction=-1,
)
def permits(rows: Rows) -> Column:
    """Permits in force on the day."""
    return rows.count()


@theme.of_records(
    table="permit",
    where=(
        "(valid_to IS NULL OR valid_to >= {as_of}) AND "
        f"({speaks_of('kind', FINANCE_PERMITS)} OR {speaks_of('department', FINANCE_PERMITS)})"
    ),
    zh="有效金融许可数",
    en="Valid finance permits",
    unit="count",
    nothing=0,
    direction=-1,
)
def finance_permits(rows: Rows) -> Column:
    """Permits in force to handle other people's money."""
    return rows.count()


@theme.derived(
    zh="投资字样而无金融许可",
    en="Investment words without a permit",
    unit="flag",
    nothing=0,
    direction=1,
    type="BIGINT",
)
def unlicensed_investment_words(
    name_banned_words: Column, name_investment_words: Column, finance_permits: Column
) -> Column:
    """1 when the name speaks of money-handling trades and no finance permit is in force."""
    return flag((name_banned_words + name_investment_words > 0) & (finance_permits == 0))

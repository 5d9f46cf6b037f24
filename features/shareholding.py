"""Features of who holds the firm and what it holds: shareholders and outward investments."""

from __future__ import annotations

from pyspark.sql import Column

from features.declaration import Theme
from features.rows import Rows, ratio

theme = Theme("shareholding", zh="股权", en="Holdings")

HELD = "valid_to IS NULL OR valid_to > {as_of}"

theme.note_count("holdings_of_holder", table="shareholder", by=("holder_key",), where=HELD)


@theme.of_records(
    table="shareholder",
    where=HELD,
    zh="股东数",
    en="Shareholders",
    unit="count",
    nothing=0,
    direction=0,
)
def shareholders(rows: Rows) -> Column:
    """Shareholders that hold a stake on the day."""
    return rows.count()


@theme.of_records(
    table="shareholder",
    where=f"({HELD}) AND holder_type = 'firm'",
    zh="法人股东数",
    en="Corporate shareholders",
    unit="count",
    nothing=0,
    direction=0,
)
def firm_shareholders(rows: Rows) -> Column:
    """Shareholders on the day that are firms."""
    return rows.count()


@theme.of_records(
    table="shareholder",
    where=HELD,
    type="DOUBLE",
    zh="第一大股东比例",
    en="Largest stake",
    unit="ratio",
    nothing=None,
    direction=0,
)
def largest_stake(rows: Rows) -> Column:
    """The largest single stake on the day, 1 = all; NULL when no stake is stated."""
    return rows.largest("ratio")


@theme.of_records(
    table="shareholder",
    where=HELD,
    zh="认缴总额",
    en="Subscribed by shareholders",
    unit="fen",
    nothing=None,
    direction=0,
)
def subscribed(rows: Rows) -> Column:
    """What the shareholders of the day have subscribed, in fen; NULL when not stated."""
    return rows.total("subscribed_fen")


@theme.of_records(
    table="shareholder",
    where=HELD,
    zh="股东实缴总额",
    en="Paid by shareholders",
    unit="fen",
    nothing=None,
    direction=-1,
)
def paid_by_shareholders(rows: Rows) -> Column:
    """What the shareholders of the day have paid in, in fen; NULL when not stated."""
    return rows.total("paid_fen")


@theme.derived(
    zh="股东实缴比例",
    en="Paid share of what was subscribed",
    unit="ratio",
    nothing=None,
    direction=-1,
)
def paid_subscription_share(paid_by_shareholders: Column, subscribed: Column) -> Column:
    """Paid over subscribed by the shareholders of the day; NULL when either is not stated."""
    return ratio(paid_by_shareholders, subscribed)


@theme.of_records(
    table="shareholder",
    windows=(365,),
    clock="valid_to",
    zh="退出股东数",
    en="Shareholders who left",
    unit="count",
    nothing=0,
    direction=1,
)
def shareholders_left(rows: Rows) -> Column:
    """Stakes that ended within the window."""
    return rows.count()


@theme.of_records(
    table="shareholder",
    where=f"({HELD}) AND holder_type = 'person'",
    zh="自然人股东最多持股家数",
    en="Most holdings of one personal shareholder",
    unit="count",
    nothing=0,
    direction=1,
    other_firms=True,
)
def holder_spread(rows: Rows) -> Column:
    """The most stakes in firms of the city that one of its personal shareholders holds."""
    return rows.largest("holdings_of_holder")


@theme.of_records(
    table="investment",
    where=HELD,
    zh="对外投资家数",
    en="Firms invested in",
    unit="count",
    nothing=0,
    direction=0,
)
def investees(rows: Rows) -> Column:
    """Stakes in other firms held on the day."""
    return rows.count()


@theme.of_records(
    table="investment",
    where=HELD,
    zh="对外投资总额",
    en="Invested in other firms",
    unit="fen",
    nothing=None,
    direction=0,
)
def invested(rows: Rows) -> Column:
    """What the firm has put into other firms, in fen; NULL when no amount is stated."""
    return rows.total("amount_fen")


@theme.derived(
    zh="对外投资占注册资本比",
    en="Invested over registered capital",
    unit="ratio",
    nothing=None,
    direction=1,
)
def invested_over_capital(invested: Column, registered_capital: Column) -> Column:
    """Outward investment over the firm's own registered capital; NULL when either is unknown."""
    return ratio(invested, registered_capital)


@theme.of_records(
    table="investment",
    windows=(365,),
    zh="新增对外投资项数",
    en="New stakes in other firms",
    unit="count",
    nothing=0,
    direction=1,
)
def new_investees(rows: Rows) -> Column:
    """Stakes in other firms acquired within the window."""
    return rows.count()


@theme.of_records(
    table="shareholder",
    where=f"({HELD}) AND pay_deadline < {{as_of}} AND coalesce(paid_fen, 0) < subscribed_fen",
    zh="逾期未实缴股东数",
    en="Shareholders past their deadline to pay",
    unit="count",
    nothing=0,
    direction=1,
)
def overdue_subscriptions(rows: Rows) -> Column:
    """Shareholders of the day who had to pay by now and have not paid all they subscribed."""
    return rows.count()

"""Features of judgments and enforcement."""

from __future__ import annotations

from pyspark.sql import Column

from features.chinese_text import speaks_of
from features.declaration import EVER, Theme
from features.rows import Rows
from features.vocabulary import LENDING_CAUSES

theme = Theme("courts", zh="司法", en="Courts")

DEFENDANT = "role = '被告'"
LENDING = f"{DEFENDANT} AND ({speaks_of('cause', LENDING_CAUSES)})"


@theme.of_records(
    table="judgment",
    where=DEFENDANT,
    windows=(EVER, 365),
    zh="作为被告案件数",
    en="Judgments as defendant",
    unit="count",
    nothing=0,
    direction=1,
)
def cases_as_defendant(rows: Rows) -> Column:
    """Judgments in which the firm was the defendant."""
    return rows.count()


@theme.of_records(
    table="judgment",
    where=LENDING,
    windows=(EVER, 365),
    zh="借贷理财类被告案件数",
    en="Lending and wealth judgments as defendant",
    unit="count",
    nothing=0,
    direction=1,
)
def lending_cases(rows: Rows) -> Column:
    """Judgments over lending, entrusted wealth or fundraising in which it was the defendant."""
    return rows.count()


@theme.of_records(
    table="judgment",
    where=LENDING,
    zh="借贷理财类被告金额",
    en="Amount of lending and wealth judgments",
    unit="fen",
    nothing=0,
    direction=1,
)
def lending_cases_amount(rows: Rows) -> Column:
    """The amount of those judgments, in fen."""
    return rows.total("amount_fen")


@theme.of_records(
    table="judgment",
    where="role = '原告'",
    zh="作为原告案件数",
    en="Judgments as plaintiff",
    unit="count",
    nothing=0,
    direction=0,
)
def cases_as_plaintiff(rows: Rows) -> Column:
    """Judgments in which the firm was the plaintiff."""
    return rows.count()


@theme.of_records(
    table="enforcement",
    windows=(EVER, 365),
    zh="被执行案件数",
    en="Enforcement cases",
    unit="count",
    nothing=0,
    direction=1,
)
def enforcements(rows: Rows) -> Column:
    """Cases in which the firm is the one enforced against."""
    return rows.count()


@theme.of_records(
    table="enforcement",
    zh="被执行金额",
    en="Amount under enforcement",
    unit="fen",
    nothing=0,
    direction=1,
)
def enforced_amount(rows: Rows) -> Column:
    """The amount of those cases, in fen."""
    return rows.total("amount_fen")


@theme.of_records(
    table="enforcement",
    where="dishonest",
    zh="失信被执行次数",
    en="Dishonest debtor cases",
    unit="count",
    nothing=0,
    direction=1,
)
def dishonest_cases(rows: Rows) -> Column:
    """Enforcement cases in which the firm was declared a dishonest debtor."""
    return rows.count()


@theme.of_records(
    table="enforcement",
    where="NOT executed",
    zh="未执行完毕案件数",
    en="Cases not executed",
    unit="count",
    nothing=0,
    direction=1,
)
def cases_not_executed(rows: Rows) -> Column:
    """Enforcement cases that are not executed."""
    return rows.count()

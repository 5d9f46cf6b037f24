"""The rival's features of oversight: licences for finance, and what inspectors found.

One function a table; the definitions are the docstrings of the features.
"""

from __future__ import annotations

import polars as pl

from features.licences import TRADES, Trade
from tests.benchmarks.rival_silver import Silver, words_in


def licences(silver: Silver) -> pl.LazyFrame:
    status, in_force = pl.col("status"), _in_force(silver)
    gone = status.is_in(["注销", "撤销"]).fill_null(False)
    ran_out = (pl.col("valid_to") < silver.as_of).fill_null(False)
    last_day = pl.col("valid_to").filter((gone | ran_out) & (pl.col("valid_to") <= silver.as_of))
    return silver.happened("licence_finance").group_by("subject_id").agg(
        finance_licences=in_force.sum(),
        ended_finance_licences=(gone | ran_out).sum(),
        finance_licences_taken=status.is_in(["暂停", "撤销"]).sum(),
        days_since_licence_ended=silver.days_since(last_day.max()),
        finance_licence_lapsed=(gone | ran_out).any() & ~in_force.any(),
    )  # fmt: skip


def unlicensed(silver: Silver) -> pl.LazyFrame:
    """Trades claimed by name or scope, one by one, and whether a licence of each is in force."""
    standing = silver.happened("licence_finance").filter(_in_force(silver))
    held = standing.group_by("subject_id").agg(pl.col("kind").unique().alias("held"))
    firms = silver.one_each("registration", "subject_id").join(held, on="subject_id", how="left")
    names = [(words_in("name", trade.named) > 0) & ~_licensed(trade) for trade in TRADES]
    scopes = [_in_scope(trade) & ~_licensed(trade) for trade in TRADES]
    return firms.select(
        "subject_id",
        name_without_licence=pl.any_horizontal(names),
        scope_without_licence=pl.any_horizontal(scopes),
    )


def inspections(silver: Silver) -> pl.LazyFrame:
    result, year = pl.col("result"), silver.within(365)
    otherwise = pl.col("list_run_id").is_null()
    return silver.happened("inspection").group_by("subject_id").agg(
        inspections_365d=(otherwise & year).sum(),
        days_since_inspection=silver.days_since(pl.col("event_date").filter(otherwise).max()),
        inspection_faults=(result == "责令整改").sum(),
        inspection_faults_365d=((result == "责令整改") & year).sum(),
        inspections_unmet_365d=(result.is_in(["无法联系", "未发现经营活动"]) & year).sum(),
        inspections_refused_365d=((result == "不予配合") & year).sum(),
        inspections_passed_365d=((result == "未发现问题") & year).sum(),
    )  # fmt: skip


def _in_scope(trade: Trade) -> pl.Expr:
    denied = words_in("scope_text", trade.denied) if trade.denied else 0
    return words_in("scope_text", trade.scope) > denied


def _in_force(silver: Silver) -> pl.Expr:
    return (pl.col("status").fill_null("有效") == "有效") & silver.valid("valid_to")


def _licensed(trade: Trade) -> pl.Expr:
    covers = pl.col("held").list.eval(pl.element().is_in(list(trade.kinds))).list.any()
    return covers.fill_null(False)

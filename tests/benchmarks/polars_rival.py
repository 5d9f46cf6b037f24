"""The features of the set `core` once more, by hand in polars: a rival in cost, a twin in content.

It reads the same silver tables of a lake and shares nothing with the `features` room but the word
lists. What a column means is said by the feature of its name; here it is only made again.

    python -m tests.benchmarks.polars_rival LAKE 2024-12-31 FEATURES.parquet
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import polars as pl

from tests.benchmarks import rival_conduct as conduct
from tests.benchmarks import rival_oversight as oversight
from tests.benchmarks import rival_registry as registry
from tests.benchmarks.rival_silver import Silver, share

TABLES = (
    registry.shareholders, registry.investments, registry.key_persons, registry.branches,
    registry.changes, conduct.annual_reports, conduct.tax_registrations, conduct.tax_filings,
    conduct.grades, conduct.penalties, conduct.listings, conduct.permits, conduct.judgments,
    conduct.enforcements, conduct.complaints, conduct.advertisements, conduct.public_information,
    oversight.licences, oversight.unlicensed, oversight.inspections,
)  # fmt: skip

UNKNOWN = (
    "registered_capital", "paid_capital", "age_days", "registered_employees", "scope_items",
    "licence_days", "firms_with_phone", "firms_of_agent", "firms_of_agent_same_day",
    "firms_of_legal_rep", "dissolved_firms_of_legal_rep", "firms_at_address",
    "new_firms_at_address", "investment_firms_at_address", "dissolved_firms_at_address",
    "firms_at_address_same_day", "address_capacity", "subscribed", "paid_by_shareholders",
    "invested", "days_since_change", "years_since_report", "reported_employees",
    "insured_employees", "reported_revenue", "reported_assets", "previous_assets",
    "reported_liabilities", "guarantees", "report_withheld", "days_since_filing",
    "days_since_penalty", "days_since_listing", "days_since_complaint", "days_since_ad",
    "days_since_negative_news", "days_since_licence_ended", "days_since_inspection",
)  # fmt: skip
"""Whole numbers that stay NULL when nothing is known; all others are 0 then."""

TEXTS = (
    "industry_section", "industry_division", "firm_type", "building_grade", "tax_grade",
    "previous_tax_grade",
)  # fmt: skip
DOUBLES = ("largest_stake", "highest_yield")
KEYS = (
    "subject_id", "status", "est_date", "contact_phone", "agent_id", "legal_rep_key",
    "domicile_address_id", "speaks_of_finance",
)  # fmt: skip
"""What the firms' rows carry besides features."""

TAX_LETTERS = ["A", "B", "C", "D"]


def core_features(lake: Path, as_of: date) -> pl.LazyFrame:
    """The columns of `core` for every firm registered as known on the day, one row a firm.

    Args:
        lake: the lake's folder; its silver must hold every table of the catalogue.
        as_of: the day.

    Returns:
        `subject_id` and the columns, in no particular order: Int64, Float64 or String.
    """
    silver = Silver(lake, as_of)
    firms = registry.firms(silver)
    for table in TABLES:
        firms = firms.join(table(silver), on="subject_id", how="left")
    settled = firms.select("subject_id", *TEXTS, *DOUBLES, *_whole_numbers(firms))
    return settled.with_columns(**_ratios(), **_flags())


def _whole_numbers(firms: pl.LazyFrame) -> list[pl.Expr]:
    names = [n for n in firms.collect_schema().names() if n not in {*KEYS, *TEXTS, *DOUBLES}]
    numbers = {name: pl.col(name).cast(pl.Int64) for name in names}
    return [n if name in UNKNOWN else n.fill_null(0) for name, n in numbers.items()]


def _ratios() -> dict[str, pl.Expr]:
    yearly_firms = pl.col("branches") + pl.col("branches_closed_365d")
    return {
        "paid_capital_share": share("paid_capital", "registered_capital"),
        "capital_per_employee": share("registered_capital", "registered_employees"),
        "address_crowding": share("firms_at_address", "address_capacity"),
        "paid_subscription_share": share("paid_by_shareholders", "subscribed"),
        "invested_over_capital": share("invested", "registered_capital"),
        "posts_per_person": share("posts", "key_persons"),
        "branch_burst": share("branches_opened_365d", yearly_firms),
        "change_rate": share(pl.col("changes") * 365, "age_days"),
        "change_trend": _trend("changes_90d", "changes_365d"),
        "insured_share": share("insured_employees", "reported_employees"),
        "asset_growth": share("reported_assets", "previous_assets"),
        "debt_ratio": share("reported_liabilities", "reported_assets"),
        "revenue_over_assets": share("reported_revenue", "reported_assets"),
        "zero_filing_share": share("zero_filings_365d", "tax_filings_365d"),
        "tax_paid_share": share("tax_paid_365d", "tax_declared_365d"),
        "tax_burden": share("tax_declared_365d", "declared_revenue_365d"),
        "revenue_mismatch": share("reported_revenue", "declared_revenue_365d"),
        "redemption_share": share("redemption_complaints_365d", "complaints_365d"),
        "complaint_trend": _trend("complaints_90d", "complaints_365d"),
        "ad_trend": _trend("ads_90d", "ads_365d"),
        "sales_recruited_share": share("sales_recruited_365d", "recruited_365d"),
        "recruitment_burst": share("recruited_365d", pl.col("insured_employees") + 1),
    }


def _trend(recent: str, year: str) -> pl.Expr:
    """(recent / 90 + 1 / 365) over (before / 275 + 1 / 365), in whole numbers up to the division."""
    before = pl.col(year) - pl.col(recent)
    above = pl.col(recent) * 365 * 275 + 90 * 275
    return share(above, before * 365 * 90 + 90 * 275)


def _flags() -> dict[str, pl.Expr]:
    """Columns made of others that are whole numbers."""
    c = pl.col
    ordinary = (c("shared_premises") == 0) & (c("cluster_registered") == 0)
    graded = c("tax_grade").is_in(TAX_LETTERS) & c("previous_tax_grade").is_in(TAX_LETTERS)
    nothing_declared = c("zero_filings_365d") == c("tax_filings_365d")
    finance_words = c("name_banned_words") + c("name_investment_words")
    advertises = c("yield_ads_365d") > 0
    flags = {
        "young_with_large_capital": (c("age_days") < 1095)
        & (c("registered_capital") >= 1_000_000_000),
        "never_reported": (c("annual_reports") == 0) & (c("age_days") >= 730),
        "loud_but_untaxed": advertises & (c("tax_filings_365d") > 0) & nothing_declared,
        "tax_grade_fell": graded & (c("tax_grade") > c("previous_tax_grade")),
        "on_abnormal_list": c("abnormal_listings") > c("abnormal_exits"),
        "unlicensed_investment_words": (finance_words > 0) & (c("finance_permits") == 0),
        "unlicensed_yield_ads": advertises & (c("finance_permits") == 0),
    }
    settled = {name: flag.fill_null(False).cast(pl.Int64) for name, flag in flags.items()}
    return settled | {
        "firms_at_ordinary_address": pl.when(ordinary).then(c("firms_at_address")),
        "public_reach": c("cities_named") + c("sites_and_apps"),
    }


def main() -> None:
    """Makes the features of a lake and writes them as Parquet."""
    lake, as_of, out = sys.argv[1:]
    core_features(Path(lake), date.fromisoformat(as_of)).sink_parquet(out, compression="snappy")


if __name__ == "__main__":
    main()

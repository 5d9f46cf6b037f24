"""The rival's features of how a firm behaves: reports, taxes, grades, measures, courts, the public.

One function a table, each with one `group_by`; the definitions are the docstrings of the features.
"""

from __future__ import annotations

import polars as pl

from features.vocabulary import (
    FINANCE_PERMITS,
    LENDING_CAUSES,
    REDEMPTION_TOPICS,
    SALES_JOBS,
    UNREACHABLE_REASONS,
)
from tests.benchmarks.rival_silver import ARRIVAL, RECORD, Silver, double, names_any, total

BEFORE = -2
"""The place of the last but one in a group."""


def annual_reports(silver: Silver) -> pl.LazyFrame:
    filed, year = pl.col("filed_date"), pl.col("year")
    rows = silver.happened("annual_report").sort(["year", *ARRIVAL, *RECORD])
    return rows.group_by("subject_id").agg(
        annual_reports=pl.len(),
        late_annual_reports=(filed > pl.date(year + 1, 6, 30)).sum(),
        years_since_report=silver.as_of.year - year.max(),
        reported_employees=pl.col("employees").last(),
        insured_employees=pl.col("social_insured").last(),
        reported_revenue=pl.col("revenue_fen").last(),
        reported_assets=pl.col("assets_fen").last(),
        previous_assets=pl.col("assets_fen").get(BEFORE, null_on_oob=True),
        reported_liabilities=pl.col("liabilities_fen").last(),
        guarantees=pl.col("guarantees_fen").last(),
        report_withheld=pl.col("publish_state").last(),
        has_website=pl.col("has_website").last(),
        reported_transfers=pl.col("equity_transfer").sum(),
    )


def tax_registrations(silver: Silver) -> pl.LazyFrame:
    rows = silver.happened("tax_registration")
    return rows.group_by("subject_id").agg(
        tax_irregular=(pl.col("status") == "非正常").any(),
        general_taxpayer=(pl.col("taxpayer_type") == "一般").any(),
    )


def tax_filings(silver: Silver) -> pl.LazyFrame:
    year = silver.within(365)
    rows = silver.happened("tax_filing")
    return rows.group_by("subject_id").agg(
        tax_filings_365d=year.sum(),
        zero_filings_365d=(pl.col("zero_filing") & year).sum(),
        late_filings_365d=((pl.col("late_days") > 0) & year).sum(),
        longest_filing_delay=pl.col("late_days").max(),
        tax_declared_365d=total("declared_fen", year),
        tax_paid_365d=total("paid_fen", year),
        declared_revenue_365d=total("revenue_declared_fen", year),
        days_since_filing=silver.days_since(pl.col("event_date").max()),
    )


def grades(silver: Silver) -> pl.LazyFrame:
    grade, scheme = pl.col("grade"), pl.col("scheme")
    valid = silver.valid("valid_to")
    turned = scheme == "工商风险度"  # its A is the highest risk
    best = grade.str.starts_with("A") & ~turned
    worst = (turned & grade.str.starts_with("A")) | (
        ~turned & grade.str.contains("^[DE]|失信|严重|黑")
    )
    tax = scheme.str.contains("税")
    rows = silver.happened("grade").sort(["valid_from", *ARRIVAL, *RECORD])
    return rows.group_by("subject_id").agg(
        worst_grades=(valid & worst).sum(),
        worst_grades_ever=worst.sum(),
        best_grades=(valid & best).sum(),
        tax_grade=grade.filter(tax).last(),
        previous_tax_grade=grade.filter(tax).get(BEFORE, null_on_oob=True),
    )


def penalties(silver: Silver) -> pl.LazyFrame:
    year = silver.within(365)
    rows = silver.happened("penalty")
    return rows.group_by("subject_id").agg(
        penalties=pl.len(),
        penalties_90d=silver.within(90).sum(),
        penalties_365d=year.sum(),
        fined_365d=total("amount_fen", year),
        severe_penalties=pl.col("kind").is_in(["停业", "吊销", "没收"]).sum(),
        penalising_departments=pl.col("department").drop_nulls().n_unique(),
        penalties_not_repaired=silver.not_ended("repaired_date").sum(),
        days_since_penalty=silver.days_since(pl.col("event_date").max()),
    )


def listings(silver: Silver) -> pl.LazyFrame:
    entered, kind = pl.col("direction") == "in", pl.col("list_type")
    abnormal = kind == "经营异常"
    serious = kind.is_in(["严重违法", "失信被执行人", "重大税收违法"])
    rows = silver.happened("list_event")
    return rows.group_by("subject_id").agg(
        abnormal_listings=(entered & abnormal).sum(),
        abnormal_listings_365d=(entered & abnormal & silver.within(365)).sum(),
        abnormal_exits=((pl.col("direction") == "out") & abnormal).sum(),
        listed_unreachable=(entered & names_any("reason_code", UNREACHABLE_REASONS)).sum(),
        serious_listings=(entered & serious).sum(),
        days_since_listing=silver.days_since(pl.col("event_date").filter(entered).max()),
    )


def permits(silver: Silver) -> pl.LazyFrame:
    valid = silver.valid("valid_to")
    finance = names_any("kind", FINANCE_PERMITS) | names_any("department", FINANCE_PERMITS)
    rows = silver.happened("permit")
    return rows.group_by("subject_id").agg(
        permits=valid.sum(), finance_permits=(valid & finance).sum()
    )


def judgments(silver: Silver) -> pl.LazyFrame:
    defendant, year = pl.col("role") == "被告", silver.within(365)
    lending = defendant & names_any("cause", LENDING_CAUSES)
    rows = silver.happened("judgment")
    return rows.group_by("subject_id").agg(
        cases_as_defendant=defendant.sum(),
        cases_as_defendant_365d=(defendant & year).sum(),
        lending_cases=lending.sum(),
        lending_cases_365d=(lending & year).sum(),
        lending_cases_amount=total("amount_fen", lending),
        cases_as_plaintiff=(pl.col("role") == "原告").sum(),
    )


def enforcements(silver: Silver) -> pl.LazyFrame:
    rows = silver.happened("enforcement")
    return rows.group_by("subject_id").agg(
        enforcements=pl.len(),
        enforcements_365d=silver.within(365).sum(),
        enforced_amount=pl.col("amount_fen").sum(),
        dishonest_cases=pl.col("dishonest").sum(),
        cases_not_executed=(~pl.col("executed")).sum(),
    )


def complaints(silver: Silver) -> pl.LazyFrame:
    month, year = silver.within(30), silver.within(365)
    money = names_any("topics", REDEMPTION_TOPICS) | names_any("category", REDEMPTION_TOPICS)
    rows = silver.happened("complaint")
    return rows.group_by("subject_id").agg(
        complaints_30d=month.sum(),
        complaints_90d=silver.within(90).sum(),
        complaints_365d=year.sum(),
        redemption_complaints_30d=(money & month).sum(),
        redemption_complaints_365d=(money & year).sum(),
        elderly_complaints_365d=(pl.col("elderly") & year).sum(),
        finance_office_reports=(pl.col("channel") == "金融办").sum(),
        complained_amount_365d=total("amount_fen", year),
        complainants=pl.col("caller_phone").drop_nulls().n_unique(),
        open_complaints=silver.not_ended("resolved_date").sum(),
        days_since_complaint=silver.days_since(pl.col("event_date").max()),
    )


def advertisements(silver: Silver) -> pl.LazyFrame:
    year = silver.within(365)
    promises = pl.col("promised_yield") > 0
    rows = silver.happened("ad_monitor")
    return rows.group_by("subject_id").agg(
        ads_90d=silver.within(90).sum(),
        ads_365d=year.sum(),
        yield_ads_365d=(promises & year).sum(),
        highest_yield=double(pl.col("promised_yield").filter(promises).max()),
        guarantee_ads_365d=(pl.col("guarantee_words") & year).sum(),
        unwarned_ads=(promises & ~pl.col("risk_notice").fill_null(False)).sum(),
        elderly_ads_365d=(pl.col("elderly_target") & year).sum(),
        days_since_ad=silver.days_since(pl.col("event_date").max()),
    )


def public_information(silver: Silver) -> pl.LazyFrame:
    kind, year = pl.col("kind"), silver.within(365)
    offer, news = kind == "recruitment", kind == "news"
    negative = news & (pl.col("polarity") == "negative")
    sales = offer & names_any("job_type", SALES_JOBS)
    rows = silver.happened("public_info")
    return rows.group_by("subject_id").agg(
        recruited_90d=total("headcount", offer & silver.within(90)),
        recruited_365d=total("headcount", offer & year),
        sales_recruited_365d=total("headcount", sales & year),
        negative_news=negative.sum(),
        negative_news_365d=(negative & year).sum(),
        positive_news=(news & (pl.col("polarity") == "positive")).sum(),
        sites_and_apps=kind.is_in(["icp", "app"]).sum(),
        cities_named=pl.col("city").filter(offer | news).drop_nulls().n_unique(),
        days_since_negative_news=silver.days_since(pl.col("event_date").filter(negative).max()),
    )

"""The rival's features of what the registers hold: the firm itself, its owners, people, branches.

One function a table, each with one `group_by`; the definitions are the docstrings of the features.
"""

from __future__ import annotations

import polars as pl

from features.vocabulary import (
    BANNED_WORDS,
    CONCEPT_WORDS,
    DISCLAIMERS,
    INVESTMENT_INDUSTRIES,
    INVESTMENT_WORDS,
)
from tests.benchmarks.rival_silver import (
    Silver,
    double,
    names_any,
    stated_total,
    words_in,
)

FINANCE = BANNED_WORDS + INVESTMENT_WORDS


def firms(silver: Silver) -> pl.LazyFrame:
    """The registered firms: what their own rows say, their address, and whom they share it with."""
    rows = silver.one_each("registration", "subject_id")
    return _at_address(silver, _shared(silver, _own(silver, rows)))


def _own(silver: Silver, rows: pl.LazyFrame) -> pl.LazyFrame:
    scope = pl.col("scope_text").str.strip_chars(" ")
    former = pl.col("former_names").str.strip_chars(" ")
    industry = pl.col("industry")
    invests = pl.any_horizontal([industry.str.starts_with(code) for code in INVESTMENT_INDUSTRIES])
    elsewhere = pl.col("operating_address_id") != pl.col("domicile_address_id")
    return rows.select(
        "subject_id", "status", "est_date", "contact_phone", "agent_id", "legal_rep_key",
        "domicile_address_id",
        registered_capital=pl.col("reg_cap_fen"),
        paid_capital=pl.col("paid_cap_fen"),
        paid_capital_undisclosed=pl.col("paid_cap_fen").is_null(),
        age_days=silver.days_since(pl.col("est_date")),
        registered_employees=pl.col("employees"),
        name_banned_words=words_in("name", BANNED_WORDS),
        name_investment_words=words_in("name", INVESTMENT_WORDS),
        concept_words=words_in("name", CONCEPT_WORDS) + words_in("scope_text", CONCEPT_WORDS),
        scope_banned_words=words_in("scope_text", BANNED_WORDS),
        scope_investment_words=words_in("scope_text", INVESTMENT_WORDS),
        scope_disclaims=pl.col("scope_text").str.contains("|".join(DISCLAIMERS)),
        scope_items=pl.when(scope != "").then(scope.str.count_matches("[;；、，]") + 1),
        former_names=pl.when(former != "").then(former.str.count_matches("[;；]") + 1),
        industry_section=industry.str.head(1),
        industry_division=pl.when(industry.str.len_chars() >= 3).then(industry.str.head(3)),
        investment_industry=invests,
        firm_type=pl.col("ent_type"),
        not_active=pl.col("status") != "存续",
        licence_days=(pl.col("op_to") - pl.col("op_from")).dt.total_days(),
        operates_elsewhere=elsewhere,
        cluster_registered=pl.col("cluster_registered"),
        speaks_of_finance=names_any("name", FINANCE, denials=True),
    )  # fmt: skip


def _shared(silver: Silver, rows: pl.LazyFrame) -> pl.LazyFrame:
    active = pl.col("status").is_null() | (pl.col("status") == "存续")
    dissolved = pl.col("status").is_in(["吊销", "注销"])
    new = silver.within(365, "est_date")

    def among(chosen: pl.Expr, *keys: str) -> pl.Expr:
        known = pl.all_horizontal([pl.col(key).is_not_null() for key in keys])
        return pl.when(known).then(chosen.sum().over(*keys))

    everyone = pl.col("subject_id").is_not_null()
    return rows.with_columns(
        firms_with_phone=among(active, "contact_phone"),
        firms_of_agent=among(active, "agent_id"),
        firms_of_agent_same_day=among(everyone, "agent_id", "est_date"),
        firms_of_legal_rep=among(active, "legal_rep_key"),
        dissolved_firms_of_legal_rep=among(dissolved, "legal_rep_key"),
        firms_at_address=among(active, "domicile_address_id"),
        new_firms_at_address=among(new, "domicile_address_id"),
        investment_firms_at_address=among(
            active & pl.col("speaks_of_finance"), "domicile_address_id"
        ),
        dissolved_firms_at_address=among(dissolved, "domicile_address_id"),
        firms_at_address_same_day=among(everyone, "domicile_address_id", "est_date"),
    )


def _at_address(silver: Silver, rows: pl.LazyFrame) -> pl.LazyFrame:
    address = silver.one_each("address", "address_id").select(
        "address_id",
        "building_grade",
        shared_premises=pl.col("shared_office").fill_null(False) | pl.col("managed_cluster"),
        address_capacity=pl.col("capacity_estimate"),
    )
    return rows.join(address, left_on="domicile_address_id", right_on="address_id", how="left")


def shareholders(silver: Silver) -> pl.LazyFrame:
    held = silver.not_ended("valid_to")
    person = pl.col("holder_type") == "person"
    holder = pl.col("holder_key").is_not_null()
    stakes = pl.when(holder).then(held.sum().over("holder_key"))
    rows = silver.happened("shareholder").with_columns(stakes_of_holder=stakes)
    return rows.group_by("subject_id").agg(
        shareholders=held.sum(),
        firm_shareholders=(held & (pl.col("holder_type") == "firm")).sum(),
        largest_stake=double(pl.col("ratio").filter(held).max()),
        subscribed=stated_total("subscribed_fen", held),
        paid_by_shareholders=stated_total("paid_fen", held),
        shareholders_left_365d=silver.within(365, "valid_to").sum(),
        holder_spread=pl.col("stakes_of_holder").filter(held & person).max(),
    )


def investments(silver: Silver) -> pl.LazyFrame:
    held = silver.not_ended("valid_to")
    rows = silver.happened("investment")
    return rows.group_by("subject_id").agg(
        investees=held.sum(),
        invested=stated_total("amount_fen", held),
        new_investees_365d=silver.within(365).sum(),
    )


def key_persons(silver: Silver) -> pl.LazyFrame:
    in_post = silver.not_ended("valid_to")
    rows = silver.happened("key_person")
    elsewhere = (
        rows.filter(in_post & pl.col("person_key").is_not_null())
        .group_by("person_key", "role")
        .agg(same_posts=pl.len())
    )
    rows = rows.join(elsewhere, on=["person_key", "role"], how="left")
    return rows.group_by("subject_id").agg(
        key_persons=pl.col("person_key").filter(in_post).drop_nulls().n_unique(),
        posts=in_post.sum(),
        person_spread=pl.col("same_posts").filter(in_post).max(),
        departures_90d=silver.within(90, "valid_to").sum(),
        departures_365d=silver.within(365, "valid_to").sum(),
        new_legal_representatives_365d=(
            (pl.col("role") == "法定代表人") & silver.within(365)
        ).sum(),
    )


def branches(silver: Silver) -> pl.LazyFrame:
    is_open = silver.not_ended("closed")
    rows = silver.happened("branch")
    return rows.group_by("subject_id").agg(
        branches=is_open.sum(),
        branches_opened_90d=silver.within(90, "opened").sum(),
        branches_opened_365d=silver.within(365, "opened").sum(),
        branches_closed_365d=silver.within(365, "closed").sum(),
        branch_districts=pl.col("district").filter(is_open).drop_nulls().n_unique(),
    )


def changes(silver: Silver) -> pl.LazyFrame:
    item = pl.col("item_code")
    year = silver.within(365)
    texts = item.is_in(["name", "scope"])
    before = names_any("before", FINANCE, denials=True).fill_null(False)
    newly = names_any("after", FINANCE, denials=True) & ~before
    rows = silver.happened("change_record")
    return rows.group_by("subject_id").agg(
        changes=pl.len(),
        changes_90d=silver.within(90).sum(),
        changes_365d=year.sum(),
        address_changes=(item == "address").sum(),
        address_changes_365d=((item == "address") & year).sum(),
        legal_rep_changes_365d=((item == "legal_rep") & year).sum(),
        shareholder_changes_365d=((item == "shareholder") & year).sum(),
        name_changes=(item == "name").sum(),
        capital_changes_365d=((item == "capital") & year).sum(),
        finance_words_added=(texts & newly).sum(),
        days_since_change=silver.days_since(pl.col("event_date").max()),
    )

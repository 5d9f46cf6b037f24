"""Named sets of features, pinned in git.

A model names the set it was trained on. A set is a list of column names in a fixed order; a change
to one is a new set or a new model, and never comes by itself when somebody adds a feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from conf.declared_feature import DeclaredFeature
from features.characteristics import allowed
from features.declaration import FeatureColumn, FeatureError, nearest
from features.declared import declared_feature
from features.library import FEATURES

CORE: tuple[str, ...] = (
    "registered_capital",
    "paid_capital",
    "paid_capital_undisclosed",
    "paid_capital_share",
    "age_days",
    "young_with_large_capital",
    "registered_employees",
    "capital_per_employee",
    "name_banned_words",
    "name_investment_words",
    "concept_words",
    "scope_banned_words",
    "scope_investment_words",
    "scope_disclaims",
    "scope_items",
    "former_names",
    "industry_section",
    "industry_division",
    "investment_industry",
    "firm_type",
    "not_active",
    "licence_days",
    "operates_elsewhere",
    "cluster_registered",
    "firms_with_phone",
    "firms_of_agent",
    "firms_of_agent_same_day",
    "firms_of_legal_rep",
    "dissolved_firms_of_legal_rep",
    "firms_at_address",
    "new_firms_at_address",
    "investment_firms_at_address",
    "dissolved_firms_at_address",
    "firms_at_address_same_day",
    "building_grade",
    "shared_premises",
    "address_capacity",
    "address_crowding",
    "firms_at_ordinary_address",
    "shareholders",
    "firm_shareholders",
    "largest_stake",
    "subscribed",
    "paid_by_shareholders",
    "paid_subscription_share",
    "shareholders_left_365d",
    "holder_spread",
    "investees",
    "invested",
    "invested_over_capital",
    "new_investees_365d",
    "key_persons",
    "posts",
    "posts_per_person",
    "person_spread",
    "departures_90d",
    "departures_365d",
    "new_legal_representatives_365d",
    "branches",
    "branches_opened_90d",
    "branches_opened_365d",
    "branches_closed_365d",
    "branch_districts",
    "branch_burst",
    "changes",
    "changes_90d",
    "changes_365d",
    "address_changes",
    "address_changes_365d",
    "legal_rep_changes_365d",
    "shareholder_changes_365d",
    "name_changes",
    "capital_changes_365d",
    "finance_words_added",
    "days_since_change",
    "change_rate",
    "change_trend",
    "annual_reports",
    "late_annual_reports",
    "years_since_report",
    "reported_employees",
    "insured_employees",
    "insured_share",
    "reported_revenue",
    "reported_assets",
    "previous_assets",
    "asset_growth",
    "reported_liabilities",
    "debt_ratio",
    "revenue_over_assets",
    "guarantees",
    "report_withheld",
    "has_website",
    "reported_transfers",
    "never_reported",
    "tax_irregular",
    "general_taxpayer",
    "tax_filings_365d",
    "zero_filings_365d",
    "zero_filing_share",
    "late_filings_365d",
    "longest_filing_delay",
    "tax_declared_365d",
    "tax_paid_365d",
    "tax_paid_share",
    "declared_revenue_365d",
    "tax_burden",
    "revenue_mismatch",
    "days_since_filing",
    "loud_but_untaxed",
    "worst_grades",
    "worst_grades_ever",
    "best_grades",
    "tax_grade",
    "previous_tax_grade",
    "tax_grade_fell",
    "penalties",
    "penalties_90d",
    "penalties_365d",
    "fined_365d",
    "severe_penalties",
    "penalising_departments",
    "penalties_not_repaired",
    "days_since_penalty",
    "abnormal_listings",
    "abnormal_listings_365d",
    "abnormal_exits",
    "on_abnormal_list",
    "listed_unreachable",
    "serious_listings",
    "days_since_listing",
    "permits",
    "finance_permits",
    "unlicensed_investment_words",
    "cases_as_defendant",
    "cases_as_defendant_365d",
    "lending_cases",
    "lending_cases_365d",
    "lending_cases_amount",
    "cases_as_plaintiff",
    "enforcements",
    "enforcements_365d",
    "enforced_amount",
    "dishonest_cases",
    "cases_not_executed",
    "complaints_30d",
    "complaints_90d",
    "complaints_365d",
    "redemption_complaints_30d",
    "redemption_complaints_365d",
    "redemption_share",
    "complaint_trend",
    "elderly_complaints_365d",
    "finance_office_reports",
    "complained_amount_365d",
    "complainants",
    "open_complaints",
    "days_since_complaint",
    "ads_90d",
    "ads_365d",
    "ad_trend",
    "yield_ads_365d",
    "highest_yield",
    "guarantee_ads_365d",
    "unwarned_ads",
    "elderly_ads_365d",
    "days_since_ad",
    "unlicensed_yield_ads",
    "recruited_90d",
    "recruited_365d",
    "sales_recruited_365d",
    "sales_recruited_share",
    "recruitment_burst",
    "negative_news",
    "negative_news_365d",
    "positive_news",
    "sites_and_apps",
    "cities_named",
    "days_since_negative_news",
    "public_reach",
)

SETS: dict[str, tuple[str, ...]] = {"core": CORE}
"""The sets by name."""


@dataclass(frozen=True)
class FeatureSet:
    """A named, ordered list of columns.

    Attributes:
        name: the set's name, as `city.yaml` and a model give it.
        features: names of library columns, in order.
        declared: the city's own features, which follow them.
    """

    name: str
    features: tuple[str, ...]
    declared: tuple[DeclaredFeature, ...] = ()

    @cached_property
    def columns(self) -> dict[str, FeatureColumn]:
        """The set's columns by name, in order."""
        own = [column for d in self.declared for column in declared_feature(d).columns()]
        return {name: FEATURES[name] for name in self.features} | {c.name: c for c in own}

    def names(self) -> tuple[str, ...]:
        """The names of the set's columns, in order: those of the feature table after the keys."""
        return tuple(self.columns)

    def with_inputs(self) -> dict[str, FeatureColumn]:
        """The set's columns and all that derived ones are made of, in it or not."""
        needed: dict[str, FeatureColumn] = {}
        waiting = list(self.columns.values())
        while waiting:
            column = waiting.pop(0)
            if column.name not in needed:
                needed[column.name] = column
                waiting.extend(FEATURES[name] for name in column.feature.inputs)
        return needed


def feature_set(
    name: str, declared: Sequence[DeclaredFeature] = (), *, personal: bool = False
) -> FeatureSet:
    """The set of that name, with a city's declared features behind it.

    Args:
        name: one of `SETS`.
        declared: the city's own features, in the order of its file.
        personal: whether the city states its basis for features that rest on a person's age or
            kin (`PERSONAL_COLUMNS`); without one they are left out of the set.

    Raises:
        FeatureError: there is no such set, or a declared name is taken.
    """
    if name not in SETS:
        raise FeatureError(
            f"no feature set {name!r}{nearest(name, SETS)}; there are {', '.join(sorted(SETS))}"
        )
    taken = {"subject_id", *FEATURES}
    for d in declared:
        if d.name in taken:
            raise FeatureError(
                f"declared feature {d.name}: the name is taken; give the city's another"
            )
        taken.add(d.name)
    chosen = FeatureSet(name, allowed(SETS[name], personal), tuple(declared))
    chosen.columns  # noqa: B018  # a declared feature that cannot be made is refused here
    return chosen

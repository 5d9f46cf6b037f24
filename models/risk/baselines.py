"""What the list is held against: a one-word rule and a keyword score of five indices.

The five indices are named after a published dashboard of a finance office (合规性, 收益性偏离,
投诉举报, 涉众传播, 特征词命中). What goes into each and that all weigh the same is a project
default: no text gives the weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

WORDS = ("投资", "理财", "资产管理")

FIVE_INDICES: Mapping[str, tuple[str, ...]] = {
    "合规性": (
        "penalties_365d", "abnormal_listings_365d", "serious_listings",
        "unlicensed_investment_words", "tax_irregular",
    ),
    "收益性偏离": ("highest_yield", "yield_ads_365d", "guarantee_ads_365d"),
    "投诉举报": ("complaints_365d", "redemption_complaints_365d", "finance_office_reports"),
    "涉众传播": ("ads_365d", "public_reach", "branches_opened_365d", "sales_recruited_365d"),
    "特征词命中": (
        "name_investment_words", "name_banned_words", "scope_banned_words",
        "scope_investment_words", "concept_words",
    ),
}  # fmt: skip
"""The features behind each index (project default)."""


def one_word(names: pd.Series) -> NDArray[np.float64]:
    """1 where the name bears one of `WORDS`, else 0."""
    return np.asarray(names.fillna("").str.contains("|".join(WORDS)), dtype=np.float64)


def five_index(features: pd.DataFrame) -> NDArray[np.float64]:
    """The mean of the five indices, 0 to 1, of each row of `features`.

    A feature says how far up the firm stands among the firms that show it at all (0 where it shows
    nothing); an index is the highest of its features. Features a city lacks are passed over.
    """
    indices = []
    for names in FIVE_INDICES.values():
        parts = [_standing(features[name]) for name in names if name in features.columns]
        indices.append(np.max(parts, axis=0) if parts else np.zeros(len(features)))
    return np.asarray(np.mean(indices, axis=0), float)


def _standing(column: pd.Series) -> NDArray[np.float64]:
    values = pd.to_numeric(column, errors="coerce").fillna(0.0)
    shown = values > 0
    rank = values.where(shown).rank(method="average", pct=True)
    return np.asarray(rank.fillna(0.0), dtype=np.float64)

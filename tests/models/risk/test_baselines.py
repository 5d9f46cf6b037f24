"""The one-word rule and the five indices."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.feature_sets import feature_set
from models.risk.baselines import FIVE_INDICES, five_index, one_word


def test_one_word() -> None:
    names = pd.Series(["云江投资公司", "王记面馆", None, "某理财咨询"])
    assert one_word(names).tolist() == [1, 0, 0, 1]


def test_five_indices_by_hand() -> None:
    features = pd.DataFrame(
        {
            "subject_id": list("ABCD"),
            "penalties_365d": [0, 2, 5, 0],  # of two that show it: B half way up, C at the top
            "highest_yield": [None, None, 12.0, None],  # C alone
            "complaints_365d": [0, 0, 0, 0],  # nobody
        }
    )
    # of five indices A has none, B a half of one, C two
    assert five_index(features).tolist() == [0, 0.1, 0.4, 0]


def test_an_index_is_its_loudest_sign() -> None:
    features = pd.DataFrame({"yield_ads_365d": [1, 2], "highest_yield": [9.0, 0.0]})
    # A is first by yield and half way by ads; B the other way round without a yield: both 1 of 5
    assert five_index(features).tolist() == [0.2, 0.2]


def test_a_city_without_these_features_scores_nought() -> None:
    assert np.array_equal(five_index(pd.DataFrame({"subject_id": ["A"]})), [0.0])


def test_every_feature_behind_an_index_is_one() -> None:
    known = set(feature_set("core", ()).names())
    assert {name for names in FIVE_INDICES.values() for name in names} <= known

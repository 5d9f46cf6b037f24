"""Positive and unlabelled: hidden positives cost less when they are not taken for negatives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from literal_rows import DIRECTIONS, FEATURES, SMALL, drawn_rows

from models.risk.contributions import contribution_matrix
from models.risk.directional import LeaningLogistic
from models.risk.estimator import train
from models.risk.unlabelled import Bagged, Weighted


def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(6)
    rows = draw.normal(size=(3000, 2))
    real = (draw.random(3000) < 1 / (1 + np.exp(4 - 3 * rows[:, 0]))).astype(int)
    return rows, real, real * (draw.random(3000) < 0.3)


def test_elkan_and_noto_find_the_share_that_is_known() -> None:
    rows, real, known = drawn()
    found = Weighted(LeaningLogistic(1.0), seed=1).fit(rows, known)
    # three in ten are known; the estimate is low where classes overlap
    assert 0.1 < found.known_share_ < 0.45
    chance = 1 / (1 + np.exp(-found.decision_function(rows)))
    plain = LeaningLogistic(1.0).fit(rows, known).decision_function(rows)
    taken_for_negative = 1 / (1 + np.exp(-plain))
    assert abs(chance.sum() - real.sum()) < abs(taken_for_negative.sum() - real.sum())


def test_a_bag_is_the_mean_of_its_models() -> None:
    rows, _, known = drawn()
    bag = Bagged(LeaningLogistic(1.0), seed=1, bags=4).fit(rows, known)
    each = [one.decision_function(rows) for one in bag.estimators_]
    assert bag.decision_function(rows) == pytest.approx(np.mean(each, axis=0))
    assert len({one.intercept_ for one in bag.estimators_}) == 4  # each of its own draw


@pytest.mark.parametrize("way", ["weighted", "bagging"])
@pytest.mark.parametrize("kind", ["surprise", "directional", "monotone", "trees"])
def test_every_way_stays_additive_and_deterministic(kind: str, way: str) -> None:
    settings = replace(SMALL, kind=kind, unlabelled=way, trees=5)
    rows = drawn_rows(firms=200)
    one = train(rows, FEATURES, DIRECTIONS, settings, "dated")
    two = train(rows.iloc[::-1], FEATURES, DIRECTIONS, settings, "dated")
    assert one.card["unlabelled"] == way
    assert one.margin(rows).tobytes() == two.margin(rows).tobytes()
    base, found = contribution_matrix(one, rows)
    assert np.abs(base + found.sum(axis=1) - one.margin(rows)).max() < 1e-9


def test_a_dated_city_compares_the_ways() -> None:
    rows = pd.concat(
        [
            drawn_rows(seed=1, firms=300).assign(as_of=f"2023-{month:02d}-28", known_on=f"2023-{month:02d}-28")
            for month in (1, 4, 7, 10)
        ],
        ignore_index=True,
    )  # fmt: skip
    rows["known_on"] = rows["known_on"].where(rows["label"] == 1)
    card = train(rows, FEATURES, DIRECTIONS, replace(SMALL, kind="surprise"), "dated").card
    assert [seen["unlabelled"] for seen in card["candidates"]] == ["plain", "weighted", "bagging"]
    assert card["unlabelled"] in ("plain", "weighted", "bagging")
    assert card["dated"]["cut"] == "2023-10-28"
    assert card["dated"]["calibration_all"]["ratio"] > 0

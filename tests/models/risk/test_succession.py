"""A challenger takes over only when it is better on held-out rows beyond noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from literal_rows import DIRECTIONS, FEATURES, SMALL, drawn_rows

from models.risk.estimator import Trained, trained
from models.risk.succession import judged_against

ABOUT = {"as_of": "2024-06-30"}


def made(rows: pd.DataFrame, mode: str = "static", seed: int = 1) -> Trained:
    return trained(rows, FEATURES, DIRECTIONS, replace(SMALL, seed=seed), mode, ABOUT)


def test_better_beyond_noise_is_promoted_and_worse_is_not() -> None:
    rows = drawn_rows(firms=600)
    good = made(rows)
    poor = made(drawn_rows(firms=600, shuffled=True))
    won = judged_against(poor.model, good.model, good.judged, SMALL)
    assert won.promoted
    assert "average precision" in won.reason
    lost = judged_against(good.model, poor.model, good.judged.assign(margin=0.0), SMALL)
    assert not lost.promoted


def test_another_seed_is_noise() -> None:
    rows = drawn_rows(firms=600)
    champion, challenger = made(rows), made(rows, seed=2)
    told = judged_against(champion.model, challenger.model, challenger.judged, SMALL)
    assert not told.promoted
    assert 0 < told.figures["share_better"] < 0.95


def test_the_same_content_changes_nothing() -> None:
    one = made(drawn_rows())
    assert not judged_against(one.model, one.model, one.judged, SMALL).promoted


def test_a_champion_that_cannot_read_the_columns_gives_way() -> None:
    one, other = made(drawn_rows()), made(drawn_rows(seed=2))
    told = judged_against(one.model, other.model, other.judged.drop(columns="debt"), SMALL)
    assert told.promoted
    assert "debt" in told.reason


def test_cases_the_champion_knew_are_no_evidence() -> None:
    rows = drawn_rows().assign(known_on=np.where(drawn_rows()["label"] == 1, "2024-06-01", None))
    champion, other = made(rows, "dated"), made(rows.iloc[:-2], "dated")
    told = judged_against(champion.model, other.model, other.judged, SMALL)
    assert not told.promoted
    assert told.reason.startswith("no case has come to be known since")

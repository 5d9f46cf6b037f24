"""Dated trials: later days, other groups, and labels as they were known at the cut."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.risk.dated_trial import dated_margins, dated_split
from models.risk.designs import Settings, design_of

DAYS = [f"2023-{month:02d}-28" for month in (1, 4, 7, 10)]


def rows() -> pd.DataFrame:
    """40 firms on four days, two to a group. F00 to F09 are cases; F05 to F09 known only in 2024."""
    parts = []
    for day in DAYS:
        firm = np.arange(40)
        parts.append(pd.DataFrame({
            "subject_id": [f"F{n:02d}" for n in firm], "as_of": day, "debt": firm.astype(float),
            "group": [f"g{n // 2}" for n in firm], "label": (firm < 10).astype(int),
            "known_on": np.where(firm < 5, "2023-05-01", np.where(firm < 10, "2024-01-01", None)),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def test_a_split_knows_nothing_later() -> None:
    given = rows()
    split = dated_split(given, gap_days=90, folds=3, seed=1)
    assert split is not None
    assert str(split.cut.date()) == "2023-10-28"
    # 90 days before the cut is the 30th of July
    assert set(given.loc[split.train, "as_of"]) == set(DAYS[:3])
    assert set(given.loc[split.judged, "as_of"]) == {DAYS[3]}
    # a case not known by the cut trains as unlabelled, and counts as found afterwards
    known = dict(zip(given.loc[split.train, "subject_id"], split.train_label, strict=True))
    assert (known["F04"], known["F05"]) == (1, 0)
    assert given.loc[split.judged, "label"].sum() == 10


def test_a_longer_gap_takes_days_away() -> None:
    split = dated_split(rows(), gap_days=100, folds=3, seed=1)
    assert split is not None
    assert set(rows().loc[split.train, "as_of"]) == set(DAYS[:2])
    assert dated_split(rows(), gap_days=300, folds=3, seed=1) is None
    assert dated_split(rows().assign(as_of=DAYS[0]), 90, 3, 1) is None  # one day only


def test_a_group_is_on_one_side() -> None:
    given = rows()
    split = dated_split(given, gap_days=90, folds=3, seed=1)
    assert split is not None
    assert (pd.Series(split.fold).groupby(given["group"]).nunique() == 1).all()
    # trees that could tell a firm again by its debt: nobody is told by a model that saw the firm
    settings = Settings(kind="trees", trees=40, least_rows_a_leaf=1, l2=0.0)
    design = design_of("trees", "plain", given, ["debt"], {}, settings)
    own = given.assign(debt=given["group"].str[1:].astype(int).map(lambda n: (n * 7) % 20))
    label = own.loc[split.judged, "label"].to_numpy()
    margin = dated_margins(own[["debt"]].astype(float), own["group"], split, design)
    assert margin is not None
    found = (margin[label == 1] > np.median(margin)).mean()
    assert found < 1.0

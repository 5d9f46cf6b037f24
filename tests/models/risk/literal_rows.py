"""Small training sets drawn from a seed: no real firm stands behind them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from models.risk.estimator import Settings

DAY = date(2024, 6, 30)
FEATURES = ["debt", "age", "kind"]
DIRECTIONS = {"debt": 1, "age": -1}
SMALL = Settings(trees=20, leaves=5, least_rows_a_leaf=5, kind="trees", lean=1.0)


def drawn_rows(seed: int = 1, firms: int = 400, shuffled: bool = False) -> pd.DataFrame:
    """Rows of one day: indebted firms of kind `fund` are positive more often; a tenth lack `age`.

    Two firms make a group. `shuffled` takes the meaning out of the labels.
    """
    draw = np.random.default_rng(seed)
    debt, age = draw.normal(size=firms), draw.integers(1, 30, firms).astype(float)
    kind = draw.choice(["fund", "shop", "farm"], firms, p=[0.2, 0.5, 0.3])
    risk = 1.6 * debt + 2.0 * (kind == "fund") - 2.2
    label = (draw.random(firms) < 1 / (1 + np.exp(-risk))).astype("int8")
    age[draw.random(firms) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "subject_id": [f"F{n:05d}" for n in range(firms)],
            "as_of": DAY,
            "debt": debt,
            "age": age,
            "kind": kind,
            "label": draw.permutation(label) if shuffled else label,
            "group": [f"g{n // 2}" for n in range(firms)],
        }
    )

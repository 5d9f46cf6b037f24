"""A small training set whose label depends on two of its columns."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

FEATURES = ("complaints", "age", "kind", "noise")
DIRECTIONS = {"complaints": 1, "age": -1}


def training_rows(firms: int = 600, seed: int = 3) -> pd.DataFrame:
    """subject_id, as_of, label, group and `FEATURES`; about one firm in six is positive."""
    rng = np.random.default_rng(seed)
    complaints = rng.poisson(2, firms).astype(float)
    age = rng.integers(30, 5000, firms).astype(float)
    kind = rng.choice(["a", "b", "c"], firms)
    risk = complaints - age / 2000 + (kind == "c") + rng.normal(0, 0.7, firms)
    rows = pd.DataFrame(
        {
            "subject_id": [f"F{n:04d}" for n in range(firms)],
            "as_of": date(2024, 1, 1),
            "label": (risk > np.quantile(risk, 0.83)).astype(int),
            "group": [f"G{n // 2}" for n in range(firms)],
            "complaints": complaints,
            "age": age,
            "kind": kind,
            "noise": rng.normal(size=firms),
        }
    )
    rows.loc[rng.random(firms) < 0.1, "age"] = np.nan
    return rows

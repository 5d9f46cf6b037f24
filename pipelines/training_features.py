"""The rows a model learns from: chosen firms of many days, features and labels, in one sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from conf.city import City
from models.risk.estimator import Settings
from models.risk.labels import Labels
from models.risk.training_set import row_weights
from pipelines.lake import Lake
from pipelines.progress import Step
from pipelines.sweeping import swept


def training_rows(
    lake: Lake,
    city: City,
    days: Sequence[date],
    labels_by_day: Mapping[date, Labels],
    settings: Settings,
    step: Step,
) -> pd.DataFrame:
    """One row a firm and day, in the order of `days`, then by subject_id.

    subject_id, label (1 positive, 0 not), as_of, weight, then the feature set's columns and the
    graph's, each as `assembling.assembled` has it for that day. Which firms, and of what weight:
    `training_set.row_weights`; a city with one date for all its records has reviewed firms alone.
    """
    static = city.known_at is not None
    step(f"choosing firms of {len(days)} days to train on", 0.40)

    weights: dict[date, NDArray[np.float64]] = {}

    def choose(day: date, firms: pa.Array, eldest: NDArray[np.int64]) -> pa.Array:
        found = row_weights(
            firms.to_pandas(), eldest, labels_by_day[day], settings.most_unlabelled, static
        )
        chosen = ~np.isnan(found)
        weights[day] = found[chosen]
        return firms.filter(pa.array(chosen))

    parts = []
    with swept(lake, city, days, choose) as sweep:
        for place, day in enumerate(days):
            step(f"features as of {day} to train on", 0.48 + 0.10 * place / len(days))
            rows = _labelled(sweep.table(day), day, labels_by_day[day])
            parts.append(rows.add_column(3, "weight", pa.array(weights[day], pa.float64())))
    return pa.concat_tables(parts).to_pandas()


def _labelled(features: pa.Table, day: date, labels: Labels) -> pa.Table:
    ids = features["subject_id"].to_pylist()
    label = pa.array([int(firm in labels.positive) for firm in ids], pa.int8())
    days = pa.array([day] * len(ids), pa.date32())
    return features.add_column(1, "label", label).add_column(2, "as_of", days)

"""Scoring inside the engine: each task loads the model once and scores its rows in batches."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame

from models.risk.estimator import RiskModel

SCORE_SCHEMA = "subject_id string, probability double, margin double, flagged boolean"


def score(features: DataFrame, model: RiskModel) -> DataFrame:
    """subject_id, probability, margin, flagged: one row a row of `features`.

    Row by row, so neither order nor partitioning changes a bit. A subject that trained the
    model gets the margin of the fold that had not seen its group.
    """
    wanted = features.select("subject_id", *model.features)
    return wanted.mapInArrow(_scorer(pickle.dumps(model)), SCORE_SCHEMA)


@lru_cache(maxsize=2)
def _loaded(content: bytes) -> RiskModel:
    model: RiskModel = pickle.loads(content)
    return model


def _scorer(content: bytes) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from models.risk import scoring

        model = scoring._loaded(content)
        for batch in batches:
            yield scoring.scored(batch.to_pandas(), model)

    return run


def scored(rows: pd.DataFrame, model: RiskModel) -> pa.RecordBatch:
    """The scores of one batch of feature rows, as `SCORE_SCHEMA`."""
    margin = model.margin(rows)
    probability = model.probability(margin)
    return pa.RecordBatch.from_arrays(
        [
            pa.array(rows["subject_id"].astype(str), pa.string()),
            pa.array(probability, pa.float64()),
            pa.array(margin, pa.float64()),
            pa.array(probability >= model.threshold, pa.bool_()),
        ],
        names=["subject_id", "probability", "margin", "flagged"],
    )

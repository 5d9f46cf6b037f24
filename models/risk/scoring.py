"""Scoring inside the engine: each task loads the model once and scores its rows in batches."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from models.risk.estimator import RiskModel
from models.risk.family import LARGEST_FAMILY, grains, with_family_evidence

SCORE_SCHEMA = "subject_id string, probability double, margin double, flagged boolean"
GRAIN_SCHEMA = "subject_id string, group_id string, grains bigint"


def score(features: DataFrame, model: RiskModel) -> DataFrame:
    """subject_id, probability, margin, flagged: one row a row of `features`.

    `features`: subject_id and the model's columns; `judged_by_family` makes what families say.

    Row by row, so neither order nor partitioning changes a bit. A subject that trained the
    model gets the margin of the fold that had not seen its group.
    """
    wanted = features.select("subject_id", *model.columns)
    return wanted.mapInArrow(_scorer(pickle.dumps(model), "scored"), SCORE_SCHEMA)


def judged_by_family(features: DataFrame, model: RiskModel) -> DataFrame:
    """The features with what each firm's family says of it, where the model asks for that.

    `features`: subject_id, group_id, group_size and the model's features of every firm.
    """
    if not model.family_weight:
        return features
    kin = F.col("group_size").between(2, LARGEST_FAMILY) & F.col("group_id").isNotNull()
    wanted = features.where(kin).select("subject_id", "group_id", *model.features)
    own = wanted.mapInArrow(_scorer(pickle.dumps(model), "own_grains"), GRAIN_SCHEMA)
    return with_family_evidence(features, own, model)


@lru_cache(maxsize=2)
def _loaded(content: bytes) -> RiskModel:
    model: RiskModel = pickle.loads(content)
    return model


def _scorer(
    content: bytes, what: str
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from models.risk import scoring

        model = scoring._loaded(content)
        for batch in batches:
            yield getattr(scoring, what)(batch.to_pandas(), model)

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


def own_grains(rows: pd.DataFrame, model: RiskModel) -> pa.RecordBatch:
    """The firms' own margins as whole numbers, as `GRAIN_SCHEMA`."""
    return pa.RecordBatch.from_arrays(
        [
            pa.array(rows["subject_id"].astype(str), pa.string()),
            pa.array(rows["group_id"].astype(str), pa.string()),
            pa.array(grains(model.own_margin(rows)), pa.int64()),
        ],
        names=["subject_id", "group_id", "grains"],
    )

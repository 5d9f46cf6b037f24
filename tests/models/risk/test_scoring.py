from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from literal_rows import DIRECTIONS, FEATURES, SMALL, drawn_rows
from pyspark.sql import DataFrame, SparkSession

from models.risk.estimator import RiskModel, train
from models.risk.scoring import SCORE_SCHEMA, score, scored


@pytest.fixture(scope="module", params=["trees", "directional"])
def model(request: pytest.FixtureRequest) -> RiskModel:
    return train(drawn_rows(), FEATURES, DIRECTIONS, replace(SMALL, kind=request.param), "dated")


def bits(scores: DataFrame) -> dict[str, tuple[bytes, bytes, bool]]:
    return {
        row["subject_id"]: (
            struct.pack("d", row["probability"]),
            struct.pack("d", row["margin"]),
            row["flagged"],
        )
        for row in scores.collect()
    }


def in_engine(spark: SparkSession, rows: pd.DataFrame) -> DataFrame:
    """As the feature table is: doubles with NULL for what is missing, text for categories."""
    listed = [
        (r.subject_id, float(r.debt), None if np.isnan(r.age) else int(r.age), r.kind)
        for r in rows.itertuples()
    ]
    return spark.createDataFrame(listed, "subject_id string, debt double, age bigint, kind string")


def test_order_and_partitions_change_no_bit(spark: SparkSession, model: RiskModel) -> None:
    rows = drawn_rows(seed=2, firms=60)
    whole = bits(score(in_engine(spark, rows).coalesce(1), model))
    assert len(whole) == 60
    mixed = in_engine(spark, rows.sample(frac=1.0, random_state=5))
    for parts in (2, 7):
        assert bits(score(mixed.repartition(parts, "subject_id"), model)) == whole
    # nor does the engine: the same rows in this process
    here = scored(rows, model).to_pandas()
    assert {
        r.subject_id: (struct.pack("d", r.probability), struct.pack("d", r.margin), r.flagged)
        for r in here.itertuples()
    } == whole


def test_a_firm_s_score_does_not_depend_on_its_neighbours(model: RiskModel) -> None:
    rows = drawn_rows(seed=2, firms=50)
    together = scored(rows, model)
    alone = [scored(rows.iloc[[n]], model) for n in range(50)]
    assert [one.column("margin")[0] for one in alone] == list(together.column("margin"))
    assert [one.column("probability")[0] for one in alone] == list(together.column("probability"))


def test_contract(spark: SparkSession, model: RiskModel) -> None:
    extra = in_engine(spark, drawn_rows(firms=3))
    found = score(extra.selectExpr("'run' as run_id", "*"), model)
    spelt = ", ".join(f"{name} {kind}" for name, kind in found.dtypes)
    assert spelt == SCORE_SCHEMA
    assert score(extra.limit(0), model).count() == 0


def test_flagged_is_the_model_s_own_line() -> None:
    rows = drawn_rows()
    model = train(rows, FEATURES, DIRECTIONS, SMALL, "dated")
    found = scored(rows, model).to_pandas()
    assert (found["flagged"] == (found["probability"] >= model.threshold)).all()
    assert 0 < found["flagged"].sum() < len(rows)


def test_a_static_city_s_training_firms_get_the_margin_of_the_fold_that_had_not_seen_them() -> None:
    rows = drawn_rows()
    model = train(rows, FEATURES, DIRECTIONS, SMALL, "static")
    stranger = rows.iloc[[0]].assign(subject_id="stranger")
    found = scored(pd.concat([rows, stranger], ignore_index=True), model).to_pandas()
    assert found["margin"].tolist()[:-1] == [model.held_out[s] for s in rows["subject_id"]]
    assert found["margin"].iloc[-1] == model.margin(stranger)[0]

"""What the others of a family say of a firm: by hand, in any order, and in the engine the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk.estimator import RiskModel, Settings, train
from models.risk.family import FAMILY, LARGEST_FAMILY, families, family_evidence, with_family
from models.risk.scoring import judged_by_family, score


def test_evidence_by_hand() -> None:
    own = np.array([3.0, 1.0, 5.0, 2.0, 9.0])
    family = np.array([0, 0, 0, -1, 1])
    found = family_evidence(own, family, middle=1.0)
    assert found.tolist() == pytest.approx([
        0.5 * (3.0 - 1.0),  # two others of mean 3, a weight of 2 / 4
        0.5 * (4.0 - 1.0),
        0.5 * (2.0 - 1.0),
        0.0,  # no family
        0.0,  # alone in what is left of it
    ])  # fmt: skip


def test_families_are_of_one_day_and_neither_alone_nor_glued_by_hubs() -> None:
    rows = pd.DataFrame(
        [
            ("2024-01-31", "G1", 2), ("2024-01-31", "G1", 2),
            ("2024-02-29", "G1", 2),  # the same group on another day
            ("2024-01-31", "G2", 1),  # alone
            ("2024-01-31", "G3", LARGEST_FAMILY + 1),  # hubs made it
            ("2024-01-31", None, None),  # no node of the graph
        ],
        columns=["as_of", "group_id", "group_size"],
    )  # fmt: skip
    found = families(rows)
    assert found[0] == found[1] != found[2]
    assert found[2] >= 0
    assert found[3:].tolist() == [-1, -1, -1]
    assert families(rows[["as_of"]]).tolist() == [-1] * 6  # a city without a graph


@given(
    st.lists(st.tuples(st.floats(-50, 50), st.integers(-1, 4)), min_size=1, max_size=40),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_changes_no_bit(firms, random) -> None:
    own, family = (np.array(column) for column in zip(*firms, strict=True))
    order = list(range(len(firms)))
    random.shuffle(order)
    found = family_evidence(own, family, 0.25)
    mixed = family_evidence(own[order], family[order], 0.25)
    assert mixed.tolist() == found[order].tolist()


def rows_of(seed: int = 3) -> pd.DataFrame:
    """Families of four; in every tenth all members show the sign, and one of them is a case."""
    rng = np.random.default_rng(seed)
    number = np.arange(400)
    ring = number // 4 % 10 == 0
    return pd.DataFrame(
        {
            "subject_id": [f"F{n:03}" for n in number],
            "as_of": "2024-01-31",
            "label": (ring & (number % 4 == 0)).astype(int),
            "group": [f"G{n // 4:03}" for n in number],
            "group_id": [f"G{n // 4:03}" for n in number],
            "group_size": 4,
            "sign": rng.normal(size=400) + 1.5 * ring,
            "noise": rng.normal(size=400),
        }
    )


@pytest.fixture(scope="module")
def model() -> RiskModel:
    settings = Settings(kind="characteristics", unlabelled="plain")
    return train(rows_of(), ["sign", "noise"], {"sign": 1, "noise": 1}, settings, "dated")


def test_a_sign_that_a_family_shares_tells_of_every_member(model: RiskModel) -> None:
    fresh = rows_of(seed=4).assign(subject_id=lambda r: "X" + r["subject_id"])
    ring = (np.arange(400) // 4 % 10 == 0).astype(int)
    own = model.own_margin(fresh)
    whole = model.margin(with_family(fresh, model))

    def found(margin: np.ndarray) -> int:
        return int(ring[np.argsort(-margin)[:40]].sum())

    assert found(whole) > found(own)


def test_the_engine_says_the_same_in_any_partitioning(spark, model: RiskModel) -> None:
    rows = rows_of(seed=5)
    rows.loc[:3, "group_size"] = 1  # a family that is none
    expected = with_family(rows, model)
    features = spark.createDataFrame(rows.drop(columns=["as_of", "label", "group"]))
    for parts in (1, 5):
        judged = judged_by_family(features.repartition(parts), model)
        found = judged.toPandas().set_index("subject_id")[FAMILY].loc[rows["subject_id"]]
        assert found.tolist() == expected[FAMILY].tolist()
        scores = score(judged, model).toPandas().set_index("subject_id")["margin"]
        assert scores.loc[rows["subject_id"]].tolist() == model.margin(expected).tolist()


def test_a_duplicate_changes_its_family_alone(model: RiskModel) -> None:
    rows = rows_of(seed=6)
    twice = pd.concat([rows, rows.iloc[[8]].assign(subject_id="TWIN")], ignore_index=True)
    before = model.margin(with_family(rows, model))
    after = model.margin(with_family(twice, model))[: len(rows)]
    kin = (rows["group_id"] == rows.at[8, "group_id"]).to_numpy()
    assert after[~kin].tolist() == before[~kin].tolist()
    assert (after[kin] != before[kin]).any()


def test_a_row_of_weight_nought_trains_nothing(model: RiskModel) -> None:
    rows = rows_of()
    settings = Settings(kind="characteristics", unlabelled="plain")
    # loud firms that are there for their families' sake alone
    extra = rows.iloc[:40].assign(
        subject_id=lambda r: "K" + r["subject_id"], sign=90.0, label=0, weight=0.0
    )
    both = pd.concat([rows.assign(weight=1.0), extra], ignore_index=True)
    trained = train(both, ["sign", "noise"], {"sign": 1, "noise": 1}, settings, "dated")
    fresh = rows_of(seed=7).assign(subject_id=lambda r: "X" + r["subject_id"])
    assert trained.pipeline.decision_function(fresh[["sign", "noise"]]).tolist() == (
        model.pipeline.decision_function(fresh[["sign", "noise"]]).tolist()
    )
    assert trained.card["rows"] == len(rows)

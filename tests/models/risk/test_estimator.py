from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal_rows import DIRECTIONS, FEATURES, SMALL, drawn_rows
from pydantic import ValidationError

from models.risk.curves import best_f1
from models.risk.designs import DIRECTIONAL as LEANING
from models.risk.designs import FOLDS
from models.risk.estimator import LEAST_TO_CALIBRATE, RiskModel, Settings, train
from models.risk.model_choice import COMPARE_FROM

KINDS = ("trees", "monotone", "directional", "surprise", "characteristics")
DIRECTIONAL = replace(SMALL, kind="directional")


def trained(rows: pd.DataFrame, settings: Settings = SMALL, mode: str = "static") -> RiskModel:
    return train(rows, FEATURES, DIRECTIONS, settings, mode)


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_what_there_is_to_learn(kind: str) -> None:
    model = trained(drawn_rows(), replace(SMALL, kind=kind))
    assert model.card["auc"] > 0.7
    assert model.card["average_precision"] > 1.5 * drawn_rows()["label"].mean()
    assert model.card["brier"] < drawn_rows()["label"].var(ddof=0)  # better than the bare share


@pytest.mark.parametrize("kind", KINDS)
def test_shuffled_labels_teach_nothing(kind: str) -> None:
    rows = drawn_rows(seed=3, firms=600, shuffled=True)
    positives = int(rows["label"].sum())
    negatives = len(rows) - positives
    # the standard error of an AUC of 0.5 (Mann-Whitney)
    error = np.sqrt((len(rows) + 1) / (12.0 * positives * negatives))
    assert abs(trained(rows, replace(SMALL, kind=kind)).card["auc"] - 0.5) < 3 * error


@pytest.mark.parametrize("kind", KINDS)
def test_order_of_training_rows_changes_no_bit(kind: str) -> None:
    rows, settings = drawn_rows(), replace(SMALL, kind=kind)
    mixed = rows.sample(frac=1.0, random_state=7)
    one, other = trained(rows, settings), trained(mixed, settings)
    assert one.version == other.version
    assert one.card == other.card
    assert one.held_out == other.held_out
    assert one.margin(rows).tobytes() == other.margin(rows).tobytes()


def test_another_process_gets_the_same_bits() -> None:
    # set order and string hashes differ from one process to the next
    script = (
        "from literal_rows import *; from models.risk.estimator import train\n"
        "rows = drawn_rows(); model = train(rows, FEATURES, DIRECTIONS, SMALL, 'static')\n"
        "print(model.version, model.margin(rows).tobytes().hex())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{Path(__file__).parent}:{Path.cwd()}"},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    here = trained(drawn_rows())
    assert told == {f"{here.version} {here.margin(drawn_rows()).tobytes().hex()}\n"}


def test_version_tells_what_differs() -> None:
    rows = drawn_rows()
    flipped = rows.assign(label=rows["label"].where(rows.index != 0, 1 - rows["label"]))
    turned = train(rows, FEATURES, {"debt": -1}, DIRECTIONAL, "static")
    versions = [
        trained(rows).version,
        trained(flipped).version,
        trained(rows, replace(SMALL, seed=2)).version,
        trained(rows, DIRECTIONAL).version,
        turned.version,
        train(rows, FEATURES[:2], DIRECTIONS, SMALL, "static").version,
    ]
    assert len(set(versions)) == len(versions)


def test_a_group_is_never_judged_by_a_fold_that_saw_it() -> None:
    # forty groups of ten twins with a label each and nothing else to learn: who has seen a twin
    # knows its label, who has not can only guess
    draw = np.random.default_rng(5)
    label = np.repeat(draw.permutation(np.repeat([0, 1], 20)), 10)
    rows = pd.DataFrame(
        {
            "subject_id": [f"F{n:03d}" for n in range(400)],
            "as_of": "2024-06-30",
            "debt": np.repeat(draw.normal(size=40), 10),
            "label": label,
        }
    )
    settings = Settings(kind="trees", trees=40, least_rows_a_leaf=1, l2=0.0)

    def auc(group: list[str]) -> float:
        figure: float = train(rows.assign(group=group), ["debt"], {}, settings, "static").card[
            "auc"
        ]
        return figure

    assert auc([f"g{n // 10}" for n in range(400)]) < 0.8
    assert auc([f"g{n}" for n in range(400)]) > 0.95  # split by row: the twins betray each other


def test_missing_and_unseen_values_are_judged() -> None:
    model = trained(drawn_rows())
    odd = pd.DataFrame(
        {"debt": [0.0, np.nan, 0.0], "age": [5.0, np.nan, 5.0], "kind": ["fund", None, "circus"]}
    )
    assert np.isfinite(model.margin(odd)).all()
    assert len(model.margin(odd.iloc[:0])) == 0


def test_a_column_without_values_is_no_feature() -> None:
    model = trained(drawn_rows().assign(age=np.nan))
    assert model.features == ("debt", "kind")


def test_auto_compares_once_there_are_enough_positive_groups() -> None:
    auto = replace(SMALL, kind="auto")
    few = drawn_rows(firms=30)
    assert few.loc[few["label"] == 1, "group"].nunique() < COMPARE_FROM
    card = trained(few, auto).card
    assert (card["kind"], card["candidates"]) == ("characteristics", [])
    # the category tells most, and leaning models cannot read one: trees are better beyond noise
    rows = drawn_rows(firms=600)
    card = trained(rows.assign(label=(rows["kind"] == "fund").astype(int)), auto).card
    assert card["kind"] not in LEANING
    kinds = [seen["kind"] for seen in card["candidates"]]
    assert kinds == ["characteristics", "surprise", "monotone", "trees"]
    assert any(seen.get("compared", {}).get("better") for seen in card["candidates"])


@pytest.mark.parametrize("positives", [0, 1, LEAST_TO_CALIBRATE - 1])
def test_too_few_cases_still_give_an_ordered_probability(positives: int) -> None:
    rows = drawn_rows().assign(label=0)
    rows.loc[rows.index[: 2 * positives : 2], "label"] = 1
    model = trained(rows, replace(SMALL, kind="directional"))
    assert not model.card["calibrated"]
    assert min(model.curve.slopes) > 0
    # the middle firm has about the share of positives
    middle = float(np.median(model.probability(model.margin(rows))))
    assert middle < 0.05
    assert ("auc" in model.card) == (positives > 0)


def test_only_static_cities_keep_held_out_margins() -> None:
    rows = drawn_rows()
    static, dated = trained(rows), trained(rows, mode="dated")
    assert set(static.held_out) == set(rows["subject_id"])
    assert dated.held_out == {}
    # they are what the figures were worked out on
    margin = rows["subject_id"].map(static.held_out).to_numpy()
    _, f1 = best_f1(rows["label"].to_numpy(), static.probability(margin))
    assert f1 == static.card["f1"]


def test_curves_of_the_card() -> None:
    rows = drawn_rows()
    curves = trained(rows).card["curves"]
    assert sum(tenth["rows"] for tenth in curves["reliability"]) == len(rows)
    assert len(curves["reliability"]) == 10
    # Platt's curve matches the share of positives over all rows
    expected = sum(tenth["rows"] * tenth["expected"] for tenth in curves["reliability"])
    assert expected == pytest.approx(float(rows["label"].sum()), rel=1e-3)
    recalls = [point["recall"] for point in curves["precision_recall"]]
    assert recalls == sorted(recalls, reverse=True)
    assert recalls[0] == 1.0
    assert len(recalls) <= 101


def test_no_rows_are_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="no rows to train on"):
        trained(drawn_rows().iloc[:0])


@pytest.mark.parametrize(
    ("setting", "value"),
    [("learning_rate", 0), ("trees", 0), ("leaves", 1), ("kind", "forest"), ("l2", -1.0),
     ("features_a_split", 1.5), ("trees", "many"), ("most_dates", 2.5), ("forest", 1)],
)  # fmt: skip
def test_settings_out_of_bounds_are_refused(setting: str, value: object) -> None:
    with pytest.raises(ValidationError, match=setting):
        Settings(**{setting: value})  # type: ignore[arg-type]


def test_best_f1() -> None:
    # cut at 0.8: 2 of 2 right, 1 missed: F1 = 4/5; at 0.4: 3 of 4: 6/7; at 0.1: 3 of 5: 6/8
    label = np.array([1, 1, 0, 1, 0])
    assert best_f1(label, np.array([0.9, 0.8, 0.5, 0.4, 0.1])) == (0.4, pytest.approx(6 / 7))
    # equal scores stand or fall together: 0.5 takes one right and two wrong
    assert best_f1(np.array([1, 0, 0]), np.array([0.5, 0.5, 0.5])) == (0.5, pytest.approx(0.5))


labels_and_scores = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5])), min_size=1, max_size=30
).filter(lambda rows: any(label for label, _ in rows))


@given(labels_and_scores)
def test_best_f1_against_trying_every_threshold(rows: list[tuple[bool, float]]) -> None:
    label = np.array([int(hit) for hit, _ in rows])
    score = np.array([value for _, value in rows])

    def f1(threshold: float) -> float:
        flagged = score >= threshold
        return float(2 * (label & flagged).sum() / (flagged.sum() + label.sum()))

    threshold, best = best_f1(label, score)
    assert best == pytest.approx(max(f1(value) for value in set(score)))
    assert f1(threshold) == pytest.approx(best)


def test_folds_never_outnumber_positive_groups() -> None:
    rows = drawn_rows().assign(label=0)
    rows.loc[rows.index[:6:2], "label"] = 1  # three groups with a positive
    assert trained(rows, DIRECTIONAL).card["folds"] == 3 < FOLDS

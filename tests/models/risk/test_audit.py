"""The audit: who is looked at must not tell the label, nor may a column made from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from literal_rows import DIRECTIONS, FEATURES, SMALL, drawn_rows

from models.risk.audit import audit
from models.risk.estimator import train


def presence(rows: pd.DataFrame, betrays: bool) -> pd.DataFrame:
    """tax: of everybody alike, or of suspects nine times in ten; news: of everybody alike."""
    draw = np.random.default_rng(2)
    chance = np.where(rows["label"] == 1, 0.9, 0.05) if betrays else np.full(len(rows), 0.5)
    return pd.DataFrame({"tax": draw.random(len(rows)) < chance,
                         "news": draw.random(len(rows)) < 0.5})  # fmt: skip


def test_presence_that_says_nothing_raises_no_alarm() -> None:
    rows = drawn_rows()
    auc = train(rows, FEATURES, DIRECTIONS, SMALL, "static").card["auc"]
    found = audit(rows, presence(rows, betrays=False), FEATURES, auc, SMALL)
    assert abs(found.presence_auc - 0.5) < 0.1  # type: ignore[operator]
    assert not found.alarm
    assert found.warning is None
    assert set(found.tables) == {"tax", "news"}


def test_a_table_that_holds_suspects_only_is_told() -> None:
    rows = drawn_rows()
    found = audit(rows, presence(rows, betrays=True), FEATURES, 0.95, SMALL)
    assert found.tables["tax"] > 0.85 > 0.6 > found.tables["news"]
    assert found.explained > SMALL.presence_limit  # type: ignore[operator]
    assert found.alarm
    assert "the table tax" in str(found.warning)
    # the limit is the city's to set
    assert not audit(
        rows, presence(rows, True), FEATURES, 0.95, replace(SMALL, presence_limit=1.0)
    ).alarm


def test_a_leaked_column_is_caught() -> None:
    rows = drawn_rows()
    # a column made from the label: filled for cases only, or a number that follows it
    leaked = rows.assign(
        case_no=np.where(rows["label"] == 1, "C1", None), fine=rows["label"] * 100.0 - rows["debt"]
    )
    columns = [*FEATURES, "case_no", "fine"]
    found = audit(leaked, presence(rows, betrays=False), columns, 0.99, SMALL)
    assert set(found.leaks) == {"case_no", "fine"}
    assert found.alarm
    assert "the column fine orders the labels by itself" in str(found.warning)


def test_with_few_cases_nothing_is_said() -> None:
    rows = drawn_rows().assign(label=0)
    rows.loc[[0, 10, 20], "label"] = 1
    found = audit(rows, presence(rows, betrays=True), FEATURES, 0.9, SMALL)
    assert (found.presence_auc, found.alarm, found.tables) == (None, False, {})

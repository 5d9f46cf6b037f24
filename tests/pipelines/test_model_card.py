"""The model card as a page: what is there is said, what is not is not made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.model_card import card_markdown, page
from pipelines.refusals import RefusalError


def ratio(value: float, low: float, high: float) -> dict[str, float]:
    return {"expected": 2.0, "observed": 15.0, "ratio": value, "low": low, "high": high}


CARD: dict[str, Any] = {
    "version": "abc", "city": "demo", "as_of": "2024-12-31", "target": "illegal_fundraising",
    "features": ["a", "b"], "kind": "characteristics", "unlabelled": "plain", "family_weight": 2.0,
    "days": ["2024-09-30", "2023-01-31"], "rows": 84841, "positive_rows": 121,
    "positive_groups": 8, "labels": "unlabelled, not known to be honest", "label_delay_days": 41,
    "gap_days": 90, "calibrated": True, "auc": 0.689, "average_precision": 0.021, "f1": 0.087,
    "brier": 0.0014,
    "candidates": [{"kind": "characteristics", "unlabelled": "plain", "tried": True, "auc": 0.883,
                    "average_precision": 0.162},
                   {"kind": "trees", "unlabelled": "plain", "tried": False}],
    "dated": {"cut": "2024-04-30", "positive_groups": 4, "auc": 0.883, "average_precision": 0.162,
              "calibration_all": ratio(0.6, 0.2, 8.4),  # 1 lies within: nothing to say
              "calibration_list": ratio(0.11, 0.02, 0.21)},
    "audit": {"warning": "records alone explain it", "tables": {"x": 0.6, "y": 0.7, "z": 0.6},
              "leaks": {}},
}  # fmt: skip


def test_the_card_says_what_to_overlook_nothing_of() -> None:
    told = card_markdown(CARD, "nothing to compare it with")
    assert "a score card: each characteristic" in told
    assert "family adds 2 times what it shows" in told
    assert "It is the champion: nothing to compare it with." in told
    assert "| days | 2, 2023-01-31 to 2024-09-30 |" in told
    assert "| AUC | 0.689 | 0.883 |" in told
    assert "| best F1 | 0.087 | – |" in told  # the trial has none
    assert "Only 8 families with a case stood behind it: too few to compare" in told
    assert "too low for the list: 2.0 cases were expected and 15 came" in told
    assert "for all firms: 2.0" not in told
    assert "Audit: records alone explain it." in told
    assert "`y` 0.70, `x` 0.60, `z` 0.60" in told  # equal ones by name
    assert "| characteristics | plain | 0.883 | 0.162 | chosen |" in told
    assert "| trees | plain | – | – |  |" in told  # it could not be tried
    assert card_markdown(CARD, "nothing to compare it with") == told


def test_a_static_citys_card_has_no_trial_and_enough_families() -> None:
    card = {k: v for k, v in CARD.items() if k not in ("days", "dated", "label_delay_days")}
    told = card_markdown(card | {"positive_groups": 300, "audit": None, "family_weight": 0.0}, None)
    assert "one, records undated" in told
    assert "dated trial" not in told
    assert "too few" not in told
    assert "Audit" not in told
    assert "family adds" not in told
    assert "champion:" not in told


def test_a_lake_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="has no model of demo"):
        page(tmp_path, "demo")

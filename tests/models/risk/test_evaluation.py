"""The figures of a list against the planted truth."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from models.risk.evaluation import Share, evaluate

DAY = date(2024, 12, 31)


def test_the_figures_of_a_small_list() -> None:
    scores = pd.DataFrame(
        {
            "subject_id": ["A", "B", "C", "D", "E", "F"],
            "margin": [5.0, 4.0, 3.0, 2.0, 1.0, 0.0],
            "name": ["甲投资", "乙", "丙", "丁", "戊理财", "己"],
        }
    )
    truth = pd.DataFrame(
        [
            ("A", date(2024, 1, 1), None, False),  # runs, not official: to be found
            ("B", date(2024, 1, 1), date(2024, 6, 1), False),  # official: not counted
            ("C", None, None, True),  # an honest look-alike
            ("D", date(2025, 6, 1), None, False),  # has not begun: cannot be found
            ("F", date(2024, 1, 1), None, False),  # to be found, ranks last
        ],
        columns=["subject_id", "started", "first_official", "lookalike"],
    )
    features = pd.DataFrame({"subject_id": list("ABCDEF"), "x": [9, 1, 1, 1, 1, 8], "empty": None})
    found = evaluate(scores, ["A", "B", "C"], truth, features, DAY)
    assert (found.ring_firms, found.capacity) == (2, 2)  # B takes no place
    assert (found.precision, found.recall) == (Share(1, 2), Share(1, 2))
    assert found.lookalikes == Share(1, 2)
    assert found.rule_precision == Share(1, 2)  # A and E bear the words
    assert found.random_precision == pytest.approx(2 / 5)
    assert (found.best_feature, found.best_feature_auc) == ("x", 1.0)


def test_a_foreign_truth_is_refused() -> None:
    scores = pd.DataFrame({"subject_id": ["A"], "margin": [1.0], "name": ["甲"]})
    truth = pd.DataFrame(
        [("Z", date(2024, 1, 1), None, False)],
        columns=["subject_id", "started", "first_official", "lookalike"],
    )
    with pytest.raises(ValueError, match="belongs to this lake"):
        evaluate(scores, [], truth, pd.DataFrame({"subject_id": ["A"]}), DAY)


def test_wilson() -> None:
    low, high = Share(2, 20).interval()
    assert (round(low, 3), round(high, 3)) == (0.028, 0.301)  # Wilson, by hand
    assert Share(0, 0).interval() == (0.0, 1.0)

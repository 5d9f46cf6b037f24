"""One characteristic, one vote: columns share it, cases move it, contributions stay by column."""

from __future__ import annotations

import numpy as np
import pytest

from models.risk.directional import PRIOR_TOTAL
from models.risk.score_card import (
    CONFIDENCE_VOTES,
    UNNAMED_VOTE,
    CharacteristicLogistic,
    votes,
)


def test_votes_by_confidence_shared_by_columns() -> None:
    # B14 is of high confidence and has two of these columns; B8 of medium, one; nobody names the last
    found = votes(["exposure", "concept_words", "group_case_count", "no_such_column"])
    assert found == (
        (CONFIDENCE_VOTES["H"], (0, 2)),
        (CONFIDENCE_VOTES["M"], (1,)),
        (UNNAMED_VOTE, (3,)),
    )


def test_without_cases_the_votes_are_the_librarys() -> None:
    card = CharacteristicLogistic(30.0, votes(["exposure", "concept_words", "group_case_count"]))
    card.fit(np.zeros((5, 3)), np.zeros(5, int))
    # 12 shared 3 to 2, and the 3 halved between two columns
    assert card.coef_.tolist() == pytest.approx([3.6, 4.8, 3.6])
    assert card.coef_.sum() == pytest.approx(PRIOR_TOTAL)


def test_cases_move_a_vote_and_never_a_column_within_it() -> None:
    rng = np.random.default_rng(1)
    table = rng.normal(size=(500, 3))
    label = (table[:, 1] + 0.3 * rng.normal(size=500) > 1).astype(int)
    card = CharacteristicLogistic(5.0, votes(["exposure", "concept_words", "group_case_count"]))
    card.fit(table, label)
    assert card.coef_[0] == card.coef_[2]
    assert card.coef_[1] > 2 * card.coef_[0]
    margin = card.decision_function(table)
    assert np.allclose(margin, card.intercept_ + table @ card.coef_, atol=1e-9)


def test_no_columns_at_all() -> None:
    card = CharacteristicLogistic(30.0, votes([])).fit(np.zeros((4, 0)), np.array([0, 1, 0, 0]))
    assert np.isfinite(card.decision_function(np.zeros((2, 0)))).all()

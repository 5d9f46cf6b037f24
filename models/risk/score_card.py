"""A score card of characteristics: one characteristic, one vote, weighed by how sure its source is.

Thirteen columns that measure one characteristic are not thirteen witnesses. Each characteristic
of the library (`conf/characteristics`) speaks with the mean of its columns, and leans on a vote
that its confidence gives it; cases move the votes, never the columns within one. A column that
no characteristic names speaks for itself, with a small vote.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.characteristics import characteristics_of
from models.risk.directional import PRIOR_TOTAL, Floats, LeaningLogistic

CONFIDENCE_VOTES = {"H": 3.0, "M": 2.0, "L": 1.0}
"""Votes by confidence: statute or measured, practice document, plausible only (project default)."""
UNNAMED_VOTE = 0.25
"""The vote of a column that no characteristic names (project default)."""

Votes = tuple[tuple[float, tuple[int, ...]], ...]


def votes(columns: Sequence[str]) -> Votes:
    """The vote of each characteristic that `columns` measure, and their places among them."""
    found: dict[str, tuple[float, list[int]]] = {}
    for place, column in enumerate(columns):
        named = characteristics_of(column)
        for one in named:
            found.setdefault(one.name, (CONFIDENCE_VOTES[one.confidence], []))[1].append(place)
        if not named:
            found[f"column {column}"] = (UNNAMED_VOTE, [place])
    return tuple((vote, tuple(places)) for vote, places in found.values())


class CharacteristicLogistic(LeaningLogistic):
    """Logistic regression over the means of each characteristic's columns; see `votes`.

    `coef_`: by column, so that contributions are told by feature.
    """

    def __init__(self, strength: float, votes: Votes) -> None:
        super().__init__(strength)
        self.votes = votes

    def fit(
        self,
        ranks: Floats,
        label: NDArray[np.int64],
        groups: Any = None,
        sample_weight: Floats | None = None,
    ) -> CharacteristicLogistic:
        """Finds the votes; with one class only they stay as the library has them."""
        shares = np.zeros((ranks.shape[1], len(self.votes)))
        for number, (_, places) in enumerate(self.votes):
            shares[list(places), number] = 1.0 / len(places)
        super().fit(ranks @ shares, label, groups, sample_weight)
        self.votes_ = self.coef_
        self.coef_ = shares @ self.votes_
        return self

    def _prior(self, columns: int) -> Floats:
        stated = np.array([vote for vote, _ in self.votes])
        return PRIOR_TOTAL * stated / max(float(stated.sum()), 1e-12)

"""What is said when firms do not come out as published."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from models.risk.counterfactuals import Scored, Standing
from models.risk.levels import ListPolicy
from pipelines import lowering


def test_one_sentence_with_at_most_three_names() -> None:
    (told,) = lowering.unverified_note({"D", "A", "C", "B"}, list("ABCDEF"))
    assert "not told of 4 of 6 listed firms (A, B, C, …)" in told
    assert "do not get the score that was published" in told
    assert lowering.unverified_note(set(), list("AB")) == ()


@pytest.mark.parametrize(
    ("made", "held_out", "unsaid"),
    [
        ({"A": 0.5, "B": 0.2}, {}, ()),  # both come out as published
        ({"A": 0.5, "B": 0.2000000001}, {}, ("B",)),  # not to the last bit
        ({"A": 0.5}, {}, ("B",)),  # B was not worked out at all
        ({"A": 0.5, "B": 0.3}, {"B": 1.0}, ()),  # B trained a static city's model
    ],
)
def test_a_firm_that_does_not_come_out_as_published_is_reported(
    monkeypatch: pytest.MonkeyPatch,
    made: dict[str, float],
    held_out: dict[str, float],
    unsaid: tuple[str, ...],
) -> None:
    standing = {
        subject: Standing(subject, probability, rank, (1.0, 0.0), None, (), {})
        for rank, (subject, probability) in enumerate({"A": 0.5, "B": 0.2}.items(), start=1)
    }

    class Scorer:
        def __init__(self, *given: Any) -> None:
            pass

        def offered(self) -> dict[str, list[str]]:
            return {subject: [] for subject in made}

        def scored(self, plans: list[tuple[str, str]]) -> list[Scored]:
            return [Scored(subject, plan, made[subject], 0.0, {}) for subject, plan in plans]

    monkeypatch.setattr(lowering, "_Scorer", Scorer)
    model: Any = SimpleNamespace(held_out=held_out)
    none: Any = None
    found = lowering.lowered(none, none, model, standing, {}, ListPolicy(), none)
    assert isinstance(found.counterfactuals, pa.Table)
    assert found.notes == lowering.unverified_note(set(unsaid), standing)
    assert bool(found.notes) == bool(unsaid)

"""The sentences before the figures."""

from __future__ import annotations

from datetime import date

import pandas as pd

from models.risk.evaluation import evaluate
from pipelines.evaluation_notes import evaluation_notes
from tests.models.risk.literal_list import FIRMS, held, outcomes


def told(**changed: object) -> str:
    return "\n".join(note.en for note in evaluation_notes(evaluate(held(**changed))))


def test_too_few_cases_are_said_in_plain_words() -> None:
    english = told()
    assert "Too few to judge this list by: only 2 firms in 2 families could have been" in english
    assert "Too few to judge lead times by: 1 firm became official" in english
    assert "Too few to judge the probabilities by: 1 family got a case" in english
    leads = pd.DataFrame([("A", date(2024, 3, 1), True)], columns=["subject_id", "day", "hit"])
    assert "the re-ordering by: 1 firm confirmed" in told(leads=leads)
    chinese = "".join(note.zh for note in evaluation_notes(evaluate(held())))
    assert "应查企业只有 2 户、2 个家族，太少，不足以评判这份名单" in chinese


def test_enough_cases_need_no_excuse() -> None:
    rows = [(f"X{n}", "企业", "north", "F", 0.1, float(n)) for n in range(10)]  # ten families
    more = pd.DataFrame(rows, columns=FIRMS.columns[:6])
    firms = pd.concat([FIRMS, more], ignore_index=True)
    firms = firms.assign(group=firms["subject_id"])
    to_find = frozenset(more["subject_id"])
    english = told(firms=firms, outcomes=outcomes(to_find=to_find, came=to_find))
    assert "judge this list" not in english
    assert "judge the probabilities" not in english


def test_nothing_later_is_one_sentence_and_not_four() -> None:
    day = outcomes().as_of
    english = told(outcomes=outcomes(source="cases", until=day, to_find=frozenset(),
                                     came=frozenset(), official={}))  # fmt: skip
    assert "Nothing is known later" in english
    assert "Too few" not in english


def test_leads_that_nothing_weighs_are_said() -> None:
    assert "No case states people or money involved" in told()
    harm = pd.DataFrame({"participants": [200.0], "amount_fen": [None]}, index=["A"])
    assert "No case states" not in told(harm=harm)

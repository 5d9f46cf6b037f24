"""The figures of a list, row by row."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from models.risk.evaluation import evaluate
from models.risk.intervals import Share
from tests.models.risk.literal_list import DAY, FIRMS, held, outcomes


def test_precision_and_recall_beside_the_simple_ways() -> None:
    found = evaluate(held())
    ways = {method.name: method for method in found.methods}
    assert (found.firms, found.places, found.to_find) == (6, 3, 2)  # B counts nowhere
    assert ways["this list"].precision == Share(1, 3)  # A of A, C, D
    assert ways["this list"].recall == Share(1, 2)  # F is missed
    # two places in the north, one in the south: 甲投资 and 庚投资, 戊理财
    assert ways["one-word rule"].precision == Share(1, 3)
    # nobody shows any sign but D, on the serious list: the score of 0 takes no place
    assert ways["five indices"].precision == Share(0, 1)
    # north 1 of 3 firms is to be found, south 1 of 3: 2 * 1/3 + 1 * 1/3
    assert ways["random draw"].expected == pytest.approx(1.0)
    assert ways["random draw"].precision is None


def test_what_is_new_and_what_was_known() -> None:
    found = evaluate(held())
    assert found.newly.precision == Share(1, 2)  # A of A and C: D is on the official serious list
    assert found.first_time == Share(1, 2)  # C stood on the list before: A of A and D
    assert found.lookalikes == Share(1, 3)
    assert evaluate(held(outcomes=outcomes(source="cases"))).lookalikes is None


def test_the_order_of_all_firms() -> None:
    found = evaluate(held())
    # of A, C, D, E, F, G by margin: A above all four honest ones, F above G alone
    assert found.auc == pytest.approx((4 + 1) / 8)
    assert found.best_feature == ("x", 1.0)


def test_lead_times_of_all_lists() -> None:
    lead = evaluate(held()).lead
    # A: listed 31 January, official 30 May; F: listed 31 December, open; B was official before
    assert (lead.firms, lead.official, lead.censored) == (2, 1, 1)
    assert lead.plain_median == 120


def test_evidence_and_burden() -> None:
    found = evaluate(held())
    assert found.coverage.one_record == Share(2, 3)  # A and C; B's nine records do not count
    assert found.coverage.two_departments == Share(1, 3)
    assert found.coverage.elements["unlawfulness"] == Share(2, 3)  # A and C
    assert found.coverage.elements["openness"] == Share(0, 3)  # B's alone
    assert found.warned == Share(5, 7)  # A, B, C, D and F in the year, of all firms


def test_steadiness_and_drift() -> None:
    found = evaluate(held())
    assert found.steadiness is not None
    assert found.steadiness.kept == Share(1, 3)  # C
    assert found.steadiness.without_fact == Share(2, 3)  # F went, A and D came; of A we were told
    assert found.drift_scores == 0
    assert found.drift_features is not None
    assert (found.drift_features["index"] == 0).all()
    first = evaluate(held(before_scores=None, before_features=None,
                          lists=pd.DataFrame({"as_of": [DAY], "subject_id": ["A"]})))  # fmt: skip
    assert first.steadiness is None
    assert first.drift_scores is None


def test_subgroups() -> None:
    rows = evaluate(held()).subgroups.set_index(["by", "value"])
    north = rows.loc[("district", "north")]
    assert (north["firms"], north["listed"], north["hits"], north["to_find"]) == (3, 2, 1, 1)
    assert north["share_of_list"] == pytest.approx(2 / 3)
    assert rows.loc[("industry", "unknown"), "firms"] == 1  # E
    assert rows.loc[("industry", "L"), "firms"] == 2  # A's class L7212 and G
    assert rows.loc[("age", "under 1 year"), "to_find"] == 2  # A and F
    assert rows.loc[("age", "unknown"), "firms"] == 1  # G
    assert rows.loc[("size", "300 and more"), "listed"] == 1  # D
    for name in ("district", "industry", "age", "size"):
        assert rows.loc[name]["firms"].sum() == 6
        assert rows.loc[name]["share_of_list"].sum() == pytest.approx(1)


INSPECTED = ["subject_id", "day", "hit", "drawn", "inclusion_probability"]


def test_inspections_count_by_firm_and_draws_are_weighed() -> None:
    inspections = pd.DataFrame(
        [
            ("A", date(2024, 3, 1), False, True, 0.5),  # drawn: stands for two
            ("A", date(2024, 4, 1), True, False, None),  # targeted: confirmed
            ("C", date(2024, 3, 1), False, False, None),
            ("F", date(2024, 5, 1), True, True, 0.25),  # drawn: stands for four
            ("B", date(2024, 2, 1), True, True, 0.01),  # under case: no part in anything
        ],
        columns=INSPECTED,
    )
    found = evaluate(held(inspections=inspections))
    assert found.inspected == Share(1, 2)  # A of A and C
    assert found.drawn is not None
    assert found.drawn.value == pytest.approx(4 / 6)
    assert found.drawn_listed is not None
    assert found.drawn_listed.value == 0  # A alone, not confirmed when it was drawn
    assert (found.drawn_firms, found.reordering_of) == (2, "inspections")
    assert found.reordering is not None
    assert (found.reordering.inspections, found.reordering.hits) == (4, 2)
    # by score A, A, C, F: A's hit may come on 1 March already; F stays last
    assert found.reordering.days_earlier == pytest.approx(31 / 2)


def test_ranked_firms_stand_beside_the_lot_that_could_not_draw_them() -> None:
    inspections = pd.DataFrame(
        [
            ("A", date(2024, 3, 1), True, False, 1.0),  # ranked: stands for itself
            ("C", date(2024, 3, 1), False, False, 0.8),  # ranked when the lot was small
            ("F", date(2024, 3, 1), False, True, 0.25),  # drawn: stands for four
        ],
        columns=INSPECTED,
    )
    found = evaluate(held(inspections=inspections))
    assert found.drawn is not None
    assert found.drawn.value == pytest.approx(1 / (1 + 1 / 0.8 + 4))  # the lot alone says 0
    assert (found.drawn_firms, found.drawn_listed) == (1, None)
    none = evaluate(held(inspections=inspections.iloc[:2]))
    assert (none.drawn, none.drawn_firms) == (None, 0)  # ranked firms alone speak of nobody else


def test_leads_stand_in_where_there_are_no_inspections() -> None:
    leads = pd.DataFrame(
        [
            ("C", date(2024, 2, 1), False),
            ("A", date(2024, 3, 1), True),
            ("F", date(2024, 9, 1), True),
        ],  # too late for these scores
        columns=["subject_id", "day", "hit"],
    )
    found = evaluate(held(leads=leads))
    assert found.reordering_of == "leads"
    assert found.reordering is not None
    assert found.reordering.days_earlier == 29
    assert found.inspected is None


def test_leads_are_weighed_by_what_cases_state() -> None:
    harm = pd.DataFrame({"participants": [200.0], "amount_fen": [None]}, index=["A"])
    (lead,) = evaluate(held(harm=harm)).harm_leads
    # A alone is official after its list; F, listed in December, is open
    assert (lead.measure, lead.firms, lead.censored, lead.harm) == ("participants", 1, 1, 200)
    assert lead.mean == 120


def test_firms_of_one_family_are_one_witness() -> None:
    found = evaluate(held())
    assert (found.families_to_find, found.families_with_case) == (2, 1)  # A and F; A
    kin = FIRMS.assign(group=["G", "B", "C", "D", "E", "G", "H"])
    assert evaluate(held(firms=kin)).families_to_find == 1


def test_nothing_later_is_known() -> None:
    nothing = outcomes(source="cases", until=DAY, to_find=frozenset(), came=frozenset(),
                       suspects=frozenset(), official={}, horizon_over=False)  # fmt: skip
    found = evaluate(held(outcomes=nothing))
    assert found.auc is None
    assert found.reliability is None
    assert found.lead.firms == 0
    assert found.methods[0].precision == Share(0, 3)

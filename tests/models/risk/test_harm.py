"""Leads weighed by harm, by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from models.risk.harm import NO_HARM, harm_leads, harm_of_firms


def test_the_harm_of_a_firm_is_what_its_cases_state_last() -> None:
    cases = pd.DataFrame(
        [
            ("A", "c1", date(2024, 1, 1), None, None),  # a lead states nothing
            ("A", "c1", date(2024, 2, 1), 200, 500),
            ("A", "c1", date(2024, 3, 1), 150, None),  # the later figure; money was not said again
            ("A", "c2", date(2024, 1, 5), 10, None),  # a second case adds up
            ("B", "c1", date(2024, 2, 1), None, 70),
            ("C", "c3", date(2024, 2, 1), None, None),
        ],
        columns=["subject_id", "case_id", "stage_date", "participants", "amount_fen"],
    )
    harm = harm_of_firms(cases)
    assert harm["participants"].dropna().to_dict() == {"A": 160}
    assert harm["amount_fen"].dropna().to_dict() == {"A": 500, "B": 70}
    assert harm_of_firms(cases.sample(frac=1, random_state=3)).equals(harm)


DAYS = pd.Series({"A": 100, "B": 20, "C": 60, "D": 300})
OVER = pd.Series({"A": True, "B": True, "C": True, "D": False})  # D is open: of unknown harm


def test_a_great_scheme_weighs_more() -> None:
    harm = pd.DataFrame({"participants": [10.0, 90.0], "amount_fen": [None, None]}, ["A", "B"])
    (lead,) = harm_leads(DAYS, OVER, harm)  # no money is stated, so people alone
    assert (lead.measure, lead.firms, lead.unstated, lead.censored) == ("participants", 2, 1, 1)
    assert lead.harm == 100
    assert lead.mean == pytest.approx((10 * 100 + 90 * 20) / 100)
    assert lead.plain_mean == 60  # the same two firms
    assert lead.median == 20  # A's ten people alone are no half


def test_where_no_column_carries_harm_each_firm_counts_once() -> None:
    nothing = pd.DataFrame({"participants": [0.0], "amount_fen": [None]}, ["A"])
    for harm in (None, nothing, nothing.iloc[:0]):
        (lead,) = harm_leads(DAYS, OVER, harm)
        assert (lead.measure, lead.firms, lead.unstated, lead.censored) == (NO_HARM, 3, 0, 1)
        assert lead.mean == lead.plain_mean == 60


def test_nobody_is_official_so_nothing_is_weighed() -> None:
    assert harm_leads(DAYS, OVER & False, None) == ()

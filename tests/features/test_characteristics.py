"""The library names all of I1 to I13 and B1 to B15, and only columns that exist."""

from __future__ import annotations

import datetime

from features.characteristics import (
    CHARACTERISTICS,
    ELEMENTS,
    PERSONAL_COLUMNS,
    allowed,
    characteristics_of,
    check_graph_columns,
    elements_of,
)
from graphs.declaration import GRAPH_FEATURES


def test_every_characteristic_of_the_domain_is_there():
    expected = [f"I{n}" for n in range(1, 14)] + [f"B{n}" for n in range(1, 16)]
    assert list(CHARACTERISTICS) == expected
    assert [e.zh for e in ELEMENTS.values()] == ["非法性", "利诱性", "社会性", "公开性"]


def test_its_graph_columns_are_the_graph_s():
    check_graph_columns(GRAPH_FEATURES)
    named = {c for one in CHARACTERISTICS.values() for c in one.graph}
    assert all(GRAPH_FEATURES[c].measure for c in named)  # an id measures nothing


def test_columns_speak_for_elements():
    assert elements_of("highest_yield") == ("inducement",)
    assert elements_of("unwarned_ads") == ("inducement", "openness")
    assert elements_of("branch_burst_size") == ("public_reach",)  # of the graph
    assert elements_of("paid_capital_share") == ()  # goes with unlawfulness, is no evidence of it
    assert elements_of("name_banned_words", datetime.date(2021, 5, 1)) == ("unlawfulness",)
    assert elements_of("name_banned_words", datetime.date(2021, 4, 30)) == ()  # before order 737
    assert elements_of("scope_items") == ()
    assert [one.name for one in characteristics_of("elderly_ads_365d")] == ["B3"]


def test_what_rests_on_age_or_kin_is_off():
    # B3 asks for the callers' and the readers' age; I10 and I13 take somebody for a front
    assert {
        "elderly_ads_365d", "elderly_complaints_365d", "proxy_firms", "front_parts",
    } == PERSONAL_COLUMNS  # fmt: skip
    columns = ("ads_365d", "elderly_ads_365d")
    assert allowed(columns, personal=False) == ("ads_365d",)
    assert allowed(columns, personal=True) == columns
    # the part of I8 that counts posts asks for nobody's age
    assert not PERSONAL_COLUMNS & set(CHARACTERISTICS["I8"].measures)

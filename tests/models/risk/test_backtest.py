"""The dated backtest on literal frames: who counts as found, and when."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk.backtest import backtest, lists_at_capacity
from models.risk.intervals import Share

JAN, FEB, MAR = date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)
ONE_EACH = pd.DataFrame({"district": ["north", "south"], "inspections": [1, 1]})


def scores(rows: list[tuple[str, date, float, str]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["subject_id", "as_of", "margin", "district"])
    return table.assign(probability=0.5)


def truth(rows: list[tuple[str, date | None, date | None, bool]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["subject_id", "started", "first_official", "lookalike"])


def test_found_means_in_a_list_while_it_runs_and_before_the_first_official_day() -> None:
    rows = []
    for day in (JAN, FEB, MAR):
        rows += [("A", day, 9.0, "north"), ("B", day, 5.0, "north"), ("H", day, 1.0, "north")]
        rows += [("C", day, 9.0, "south"), ("D", day, 5.0, "south")]
    found = backtest(
        scores(rows),
        truth(
            [
                ("A", date(2024, 2, 10), None, False),  # listed in January, before it begins
                ("B", date(2023, 1, 1), None, False),  # always second: never listed
                (
                    "C",
                    date(2023, 1, 1),
                    date(2024, 2, 10),
                    False,
                ),  # listed in January, then official
                (
                    "D",
                    date(2023, 1, 1),
                    date(2024, 3, 31),
                    False,
                ),  # first only once C is under case
                ("E", date(2024, 6, 1), None, False),  # begins after the last list
                ("H", None, None, True),
            ]
        ),
        ONE_EACH,
    )
    first = found.firms.set_index("subject_id")["first_listed"]
    assert first["A"] == FEB  # January does not count: its scheme had not begun
    assert pd.isna(first["B"])
    assert first["C"] == JAN
    assert first["D"] == FEB  # and not March, its first official day
    assert found.found == Share(3, 4)  # E could not be found
    # leads: C 10 days, D 31 days; A is open for the 31 days to the last list
    assert (found.lead.official, found.lead.censored) == (2, 1)
    assert found.lead.plain_median == 20.5
    # north lists A thrice; south C in January, D in February, nobody in March
    assert found.lists[["as_of", "subject_id"]].values.tolist() == [
        [JAN, "A"], [JAN, "C"], [FEB, "A"], [FEB, "D"], [MAR, "A"],
    ]  # fmt: skip
    assert found.ring_places == Share(4, 5)  # all but A in January
    assert found.warned["warned"].tolist() == [2, 3, 3]  # A and C; then D too


def test_a_list_that_is_acted_on_makes_room_for_others() -> None:
    rows = []
    for day in (JAN, FEB, MAR):
        rows += [("R", day, 9.0, "north"), ("H", day, 8.0, "north")]
        rows += [("S", day, 7.0, "north"), ("L", day, 6.0, "north")]
    running = [(name, date(2023, 1, 1), None, False) for name in ("R", "S")]
    found = backtest(
        scores(rows), truth([*running, ("L", None, None, True)]), ONE_EACH, quiet_days=60
    )
    # R is found in January and gone; H is inspected in February in vain and rests in March
    assert found.lists["subject_id"].tolist() == ["R", "H", "S"]
    assert found.found == Share(2, 2)
    short = backtest(scores(rows), truth(running), ONE_EACH, quiet_days=31)
    assert short.lists["subject_id"].tolist() == ["R", "H", "H"]  # rested before March


def test_the_city_itself_says_who_is_under_case() -> None:
    rows = scores([("A", JAN, 9.0, "north"), ("X", JAN, 5.0, "north"), ("H", JAN, 1.0, "north")])
    planted = truth(
        [("A", date(2023, 1, 1), date(2024, 1, 20), False),  # official, the city learns it later
         ("X", date(2023, 1, 1), None, False)]
    )  # fmt: skip
    told_later = pd.DataFrame({"subject_id": ["A"], "since": [FEB]})
    found = backtest(rows, planted, ONE_EACH, told_later)
    assert found.lists["subject_id"].tolist() == ["A"]  # takes the place
    assert found.found == Share(0, 1)  # but is no find
    wrongly = pd.DataFrame({"subject_id": ["A", "X"], "since": [JAN, JAN]})
    assert backtest(rows, planted, ONE_EACH, wrongly).lists["subject_id"].tolist() == ["H"]


def test_lookalikes_and_ties() -> None:
    rows = scores([("B", JAN, 1.0, "north"), ("A", JAN, 1.0, "north"), ("R", JAN, 0.0, "south")])
    found = backtest(
        rows, truth([("A", None, None, True), ("R", date(2023, 1, 1), None, False)]), ONE_EACH
    )
    assert found.lists["subject_id"].tolist() == ["A", "R"]  # equal margins by subject id
    assert found.lookalikes == Share(1, 2)
    assert found.most_warned == pytest.approx(2 / 3)


def test_who_left_the_register_takes_no_place_and_the_revoked_come_last() -> None:
    rows = scores([("A", JAN, 9.0, "north"), ("B", JAN, 5.0, "north"), ("C", JAN, 1.0, "north")])
    rows["status"] = ["注销", "吊销", "存续"]
    listed = lists_at_capacity(rows, ONE_EACH, pd.DataFrame(columns=["subject_id", "since"]))
    assert listed["subject_id"].tolist() == ["C"]


def test_capacity_may_change_from_day_to_day() -> None:
    rows = scores([(f, day, m, "north") for day in (JAN, FEB) for f, m in (("A", 2.0), ("B", 1.0))])
    capacity = pd.DataFrame({"district": ["north"] * 2, "as_of": [JAN, FEB], "inspections": [2, 0]})
    listed = lists_at_capacity(rows, capacity, pd.DataFrame(columns=["subject_id", "since"]))
    assert listed["subject_id"].tolist() == ["A", "B"]  # both in January, nobody in February


def test_a_truth_of_another_city_is_refused() -> None:
    with pytest.raises(ValueError, match="of one city"):
        backtest(scores([("A", JAN, 1.0, "north")]),
                 truth([("Z", date(2023, 1, 1), None, False)]), ONE_EACH)  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from("ABCDEFGH"), st.sampled_from([JAN, FEB]),
                       st.integers(-3, 3), st.sampled_from(["north", "south"])),
             unique_by=lambda row: row[:2], min_size=1, max_size=16),
    st.integers(0, 4), st.randoms(use_true_random=False),
)  # fmt: skip
def test_a_list_is_the_highest_margins_of_each_district(rows, places, random) -> None:
    table = scores([(f, d, float(m), w) for f, d, m, w in rows])
    capacity = ONE_EACH.assign(inspections=places)
    nobody = pd.DataFrame(columns=["subject_id", "since"])
    listed = lists_at_capacity(table, capacity, nobody)
    for key, group in table.groupby(["as_of", "district"]):
        best = sorted(zip(-group["margin"], group["subject_id"], strict=True))[:places]
        of_it = listed[(listed["as_of"] == key[0]) & (listed["district"] == key[1])]
        assert of_it["subject_id"].tolist() == [subject for _, subject in best]
    order = list(range(len(table)))
    random.shuffle(order)
    again = lists_at_capacity(table.iloc[order], capacity, nobody)
    pd.testing.assert_frame_equal(again, listed)

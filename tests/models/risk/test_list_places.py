"""The list's laws: capacity, the hold, the lot, and a cause behind every change."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk.change_words import change_words, cleared_words
from models.risk.facts import Change
from models.risk.inspections import odds
from models.risk.list_places import CAUSES, Before
from models.risk.random_draw import week_of
from models.risk.wording import FeatureWords
from tests.models.risk.literal_nights import (
    MONDAY,
    NEW,
    POLICY,
    after,
    causes,
    firm,
    first,
    night,
    placed,
    six,
)

CAME_OR_LEFT_BY_ITSELF = {"own_fact", "new_firm", "case_over", "rest_over", "draw_over", "model",
                          "under_case", "status", "inspected", "not_registered"}  # fmt: skip


def test_a_newcomer_must_be_ahead_by_more_than_the_hold() -> None:
    before = after(first(), firms=six())
    lot = placed(first(), "random")
    waiting = next(s for s in ("D", "E") if s not in lot)
    # C has odds of 0.667 and is held at 0.833: 0.45 (0.818) is not enough, 0.46 (0.852) is
    near = night(six(**{waiting: 0.45}), MONDAY + timedelta(1), before)
    assert placed(near) == {"A", "B", "C"}
    over = night(
        six(**{waiting: 0.46}), MONDAY + timedelta(1),
        after(first(), firms=six(), changed={waiting: NEW}),
    )  # fmt: skip
    assert placed(over) == {"A", "B", waiting}
    assert causes(over) == {waiting: ("own_fact", None), "C": ("displaced", waiting)}


def test_a_fact_that_speaks_for_a_firm_ends_its_hold() -> None:
    lot = placed(first(), "random")
    waiting = next(s for s in ("D", "E") if s not in lot)
    fell = six(C=0.37)
    calm = night(fell, MONDAY + timedelta(1), after(first(), firms=six()))
    assert placed(calm) == {"A", "B", "C"}  # it fell, but nothing is new of it
    told = night(fell, MONDAY + timedelta(1), after(first(), firms=six(), changed={"C": NEW}))
    assert placed(told) == {"A", "B", waiting}
    assert causes(told) == {waiting: ("place_freed", "C"), "C": ("own_fact", None)}
    # a fact that speaks against a firm never costs it its place
    rose = night(
        six(C=0.41), MONDAY + timedelta(1), after(first(), changed={"C": NEW}, firms=six())
    )
    assert placed(rose) == {"A", "B", "C"}


def test_time_alone_needs_the_whole_hold_and_says_so() -> None:
    lot = placed(first(), "random")
    waiting = next(s for s in ("D", "E") if s not in lot)
    chosen = night(six(**{waiting: 0.46}), MONDAY + timedelta(1), after(first(), firms=six()))
    assert causes(chosen) == {waiting: ("calendar", "C"), "C": ("calendar", waiting)}


def test_capacity_and_model_are_causes() -> None:
    fewer = [f | {"inspections": 3} for f in six()]
    assert causes(night(fewer, MONDAY + timedelta(1), after(first(), firms=six()))) == {
        "C": ("capacity", None)
    }
    other = night(six(C=0.1), MONDAY + timedelta(1), after(first(), firms=six(), same_model=False))
    assert {cause for cause, _ in causes(other).values()} == {"model"}


def test_a_firm_that_leaves_by_itself_frees_its_place() -> None:
    lot = placed(first(), "random")
    waiting = next(s for s in ("D", "E") if s not in lot)
    for gone, cause in (
        ({"queue": "none", "case_stage": "立案", "case_date": MONDAY}, "under_case"),
        ({"queue": "none", "status": "注销"}, "status"),
        ({"queue": "none", "rests": True, "inspected_date": MONDAY}, "inspected"),
    ):
        firms = [f | gone if f["subject_id"] == "A" else f for f in six()]
        chosen = night(firms, MONDAY + timedelta(1), after(first(), firms=six()))
        assert causes(chosen) == {"A": (cause, None), waiting: ("place_freed", "A")}
    missing = [f for f in six() if f["subject_id"] != "A"]
    chosen = night(missing, MONDAY + timedelta(1), after(first(), firms=six()))
    assert causes(chosen) == {waiting: ("place_freed", "A")}


def test_revoked_firms_stand_behind_operating_ones_even_when_held() -> None:
    firms = [firm("A", 0.9, status="吊销"), *six()[1:]]
    before = after(night(six()), firms=six())
    assert "A" not in placed(night(firms, MONDAY + timedelta(1), before))


FIRM = st.tuples(
    st.integers(1, 60),  # probability in hundredths
    st.sampled_from(["1", "1", "2"]),
    st.sampled_from(["存续"] * 5 + ["吊销", "注销"]),
    st.booleans(),  # is a fact new of it
)


def drawn_night(draw: list[tuple[int, str, str, bool]], capacity: int) -> list[dict[str, Any]]:
    return [
        firm(f"F{i:02d}", p / 100, district=d, status=s, inspections=capacity,
             queue="none" if s == "注销" else "list")
        for i, (p, d, s, _) in enumerate(draw)
    ]  # fmt: skip


def facts(draw: list[tuple[int, str, str, bool]]) -> dict[str, Any]:
    return {f"F{i:02d}": NEW if fresh else () for i, (*_, fresh) in enumerate(draw)}


@given(
    st.lists(st.lists(FIRM, min_size=8, max_size=14), min_size=2, max_size=6),
    st.lists(st.integers(0, 7), min_size=6, max_size=6),
)
def test_laws_of_many_nights(nights: list[list[Any]], capacities: list[int]) -> None:
    before, day = None, MONDAY
    for number, draw in enumerate(nights):
        capacity = capacities[number]
        firms = drawn_night(draw, capacity)
        changed = facts(draw)
        if before is not None:
            before = Before(before.rows, before.as_of, True, changed)
        chosen = night(firms, day, before)
        for district in ("1", "2"):
            here = [
                r for r in chosen if r["district"] == district and r["place"] in ("list", "random")
            ]
            assert len(here) <= capacity
        for row in chosen:
            assert row["cause"] is None or row["cause"] in CAUSES
            if row["place"] == "random":
                assert 0 < row["inclusion_prob"] <= 1
            assert row["status"] != "注销" or row["place"] == "watched"
        if before is not None:
            _every_change_has_its_cause(chosen, before, changed)
        before, day = after(chosen, day), day + timedelta(days=3)


def _every_change_has_its_cause(chosen: list[Any], before: Before, changed: dict[str, Any]) -> None:
    old, now = before.by_subject("list"), {r["subject_id"]: r for r in chosen}
    moved = [r for r in chosen if (r["place"] == "list") != (r["subject_id"] in old)]
    for row in (r for r in moved if r["place"] == "list" or r["subject_id"] in old):
        cause, by = row["cause"], row["because_of"]
        assert cause is not None
        if cause == "own_fact":
            assert changed[row["subject_id"]]
        if cause in ("displaced", "place_freed"):
            # the one that made room, or took it, moved the other way by something of its own
            assert by not in now or now[by]["cause"] in (*CAME_OR_LEFT_BY_ITSELF, "moved")
        if cause == "calendar" and row["place"] == "list":
            assert (
                row["_odds"] > POLICY.hold * odds(now[by]["probability"])
                or now[by]["status"] == "吊销"
            )


@given(st.lists(FIRM, min_size=3, max_size=14), st.integers(0, 8), st.integers(1, 20))
def test_the_same_features_give_the_same_list(draw: list[Any], capacity: int, days: int) -> None:
    one = night(drawn_night(draw, capacity))
    later = MONDAY + timedelta(days=days)
    two = night(drawn_night(draw, capacity), later, after(one, firms=drawn_night(draw, capacity)))
    if week_of(later) == MONDAY:
        assert placed(one) == placed(two)
        assert placed(one, "random") == placed(two, "random")
    # another week's lot may be larger or smaller by a place; nothing else moves anybody
    assert {r["cause"] for r in two} <= {None, "lot", "drawn", "draw_over"}
    if len(placed(one, "random")) == len(placed(two, "random")) == 0:
        assert placed(one) == placed(two)


@given(st.lists(FIRM, min_size=6, max_size=14), st.data())
def test_without_drift_no_change_is_the_calendars(draw: list[Any], data: st.DataObject) -> None:
    """Only firms of which a fact is new get another score: then every change is somebody's fact."""
    capacity = data.draw(st.integers(2, 6))
    one = night(drawn_night(draw, capacity))
    moved = [
        (data.draw(st.integers(1, 60)) if fresh else p, d, s, fresh) for p, d, s, fresh in draw
    ]
    before = after(one, changed=facts(moved))
    two = night(drawn_night(moved, data.draw(st.integers(2, 6))), MONDAY + timedelta(7), before)
    assert "calendar" not in {r["cause"] for r in two}


@given(st.lists(FIRM, min_size=1, max_size=14), st.integers(0, 8), st.randoms())
def test_the_order_of_the_rows_changes_nothing(draw: list[Any], capacity: int, mixed: Any) -> None:
    firms = drawn_night(draw, capacity)
    shuffled = drawn_night(draw, capacity)
    mixed.shuffle(shuffled)
    assert night(firms) == night(shuffled)


WORDS = {
    "complaints_30d": FeatureWords("complaints_30d", "近30天投诉件数", "Complaints", "count", 1),
    "staff": FeatureWords("staff", "参保人数", "Staff", "count", -1),
}
CAME = set(CAUSES) - {"not_registered", "status", "inspected", "floor", "displaced"}
LEFT = {"own_fact", "model", "moved", "floor", "displaced", "lot", "capacity", "calendar"}


@pytest.mark.parametrize(
    ("left", "cause"), [(False, c) for c in sorted(CAME)] + [(True, c) for c in sorted(LEFT)]
)
def test_every_cause_has_words(left: bool, cause: str) -> None:
    row = firm("A", 0.2) | {"cause": cause, "changed": NEW, "because_of": "B"}
    zh, en = change_words(row, WORDS, left)
    assert zh
    assert en
    assert "；" not in zh  # the separators of the list's columns
    assert "; " not in en
    assert ("B" in zh) == (cause in ("displaced", "place_freed", "calendar"))


def test_what_changed_is_told_as_the_list_moved() -> None:
    changed = (*NEW, Change("staff", 2, 5), Change("group_size", 1, 2))
    row = {"cause": "own_fact", "changed": changed}
    assert change_words({"cause": None}, WORDS) == ("", "")
    # more complaints speak for coming, more staff for leaving; the third has no words
    assert change_words(row, WORDS)[0] == (
        "本企业有新情况：近30天投诉件数 1→5，参保人数 2→5等 3 项"
    )
    assert change_words(row, WORDS, left=True)[1] == (
        "something new of its own: Staff 2 → 5, Complaints 1 → 5, 1 more"
    )


def test_who_left_is_told_why() -> None:
    row = firm("A", 0.2, position=7) | {"cause": "displaced", "because_of": "B", "changed": ()}
    told = cleared_words(row, {"probability": 0.5}, WORDS, POLICY)
    assert told[0].startswith("有新情况的 B 排到其前，概率由 50.0% 变为 20.0%")
    rests = row | {"cause": "inspected", "inspected_date": MONDAY}
    assert cleared_words(rests, {"probability": 0.5}, WORDS, POLICY)[0] == (
        "2024-12-30 检查未发现问题，90 天内无新情况不再列入"
    )


def test_weeks_begin_on_mondays() -> None:
    days = [MONDAY + timedelta(days=n) for n in range(7)]
    assert {week_of(d) for d in days} == {MONDAY}
    assert all(a <= b for a, b in pairwise(map(week_of, days)))

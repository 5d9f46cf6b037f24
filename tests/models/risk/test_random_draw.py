"""The lot's laws: its size, its chances, and that its inspections tell the truth in the mean."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.risk.intervals import drawn_share
from models.risk.levels import ListPolicy
from models.risk.random_draw import (
    draw_seed,
    draw_size,
    drawn_inspectors,
    lot_of,
    lot_order,
    lot_sizes,
    week_of_lot,
)
from tests.models.risk.literal_nights import (
    MONDAY,
    POLICY,
    SIX,
    after,
    causes,
    firm,
    first,
    night,
    placed,
    six,
)

TENTH = ListPolicy()


def of_capacity(inspections: int) -> list[dict[str, Any]]:
    return [one | {"inspections": inspections} for one in six()]


def monday_with(inspections: int, drawn: int, since: date = MONDAY) -> date:
    """The first Monday of whose lot the district has so many places, at a share of a tenth."""
    for week in range(200):
        day = since + timedelta(days=7 * week)
        if draw_size(draw_seed(lot_of("demo", day, TENTH), "1"), inspections, 0.1) == drawn:
            return day
    raise AssertionError(f"no week draws {drawn} of {inspections}")


@given(st.integers(0, 500), st.floats(0.0, 0.5), st.text(max_size=8))
def test_the_lot_has_its_share_in_the_mean(inspections: int, share: float, seed: str) -> None:
    sizes = lot_sizes(inspections, share)
    assert sum(chance for _, chance in sizes) == pytest.approx(1)
    assert sum(n * chance for n, chance in sizes) == pytest.approx(inspections * share, abs=1e-6)
    size = draw_size(seed, inspections, share)
    assert size in [n for n, _ in sizes]
    assert 0 <= size <= inspections
    # a district that can inspect one more never draws fewer: a draw made stands when capacity grows
    assert draw_size(seed, inspections + 1, share) >= size


def test_a_share_that_comes_out_whole_is_certain() -> None:
    # 0.07 * 100 is 7.000000000000001 in floats
    assert lot_sizes(100, 0.07) == ((7, 1.0),)
    assert lot_sizes(0, 0.1) == lot_sizes(5, 0.0) == ((0, 1.0),)


def test_what_the_chance_is_of_each_place() -> None:
    """Two inspections a week, six firms: one of them is drawn in a fifth of the weeks."""
    with_lot = night(of_capacity(2), monday_with(2, 1), policy=TENTH)
    without = night(of_capacity(2), monday_with(2, 0), policy=TENTH)
    assert placed(without) == {"A", "B"}
    assert placed(without, "random") == set()
    assert placed(with_lot) == {"A"}
    chances = {r["subject_id"]: r["inclusion_prob"] for r in without}
    assert chances["A"] == 1.0  # ranked whatever the lot has
    assert chances["B"] == pytest.approx(0.8 + 0.2 / 5)  # ranked, or one of the five left
    (drawn,) = [r for r in with_lot if r["place"] == "random"]
    others = pytest.approx(0.2 / 5)  # never ranked
    assert drawn["inclusion_prob"] == (chances["B"] if drawn["subject_id"] == "B" else others)


def test_the_estimate_is_unbiased_over_many_weeks() -> None:
    """Districts of 1, 2, 3 and 14 inspections: the mean over the weeks is the truth.

    All that have a place are inspected. Ranked firms are guiltier, so that a firm whose chance is
    wrong shifts the mean.
    """
    rng, weeks = np.random.default_rng(3), 2000
    capacity = {"1": (1, 9), "2": (2, 15), "3": (3, 20), "4": (14, 40)}
    firms = [
        firm(f"{d}-{i:02d}", 0.9 - i / 60, district=d, inspections=c)
        for d, (c, size) in capacity.items()
        for i in range(size)
    ]
    guilty = {f["subject_id"]: bool(rng.random() < f["probability"]) for f in firms}
    totals, shares, places = [], [], []
    chance: dict[str, set[float]] = defaultdict(set)
    times: Counter[str] = Counter()
    for week in range(weeks):
        rows = night([dict(f) for f in firms], MONDAY + timedelta(days=7 * week), policy=TENTH)
        here = [r for r in rows if r["place"] in ("list", "random")]
        assert len(here) == 20  # whatever the lot has, every inspection has its firm
        for row in here:
            chance[row["subject_id"]].add(row["inclusion_prob"])
        times.update(r["subject_id"] for r in here)
        hits, odds_of = [guilty[r["subject_id"]] for r in here], [r["inclusion_prob"] for r in here]
        totals.append(sum(h / p for h, p in zip(hits, odds_of, strict=True)))
        found = drawn_share(hits, odds_of)
        assert found is not None
        shares.append(found.value)
        places.append(len(placed(rows, "random")))

    def missed_by(found: list[Any], truth: float) -> float:
        return abs(np.mean(found) - truth) / (np.std(found) / weeks**0.5)

    assert missed_by(places, 0.1 * 20) < 3
    assert missed_by(totals, sum(guilty.values())) < 3
    # a share of two estimates is nearly unbiased only, and the less the more were drawn
    assert abs(np.mean(shares) - np.mean(list(guilty.values()))) < 0.03
    assert len(chance) == len(firms)  # a district with one inspection draws too
    for subject, told in chance.items():
        (p,) = told  # the same whether it was ranked or drawn
        assert abs(times[subject] - p * weeks) <= 4 * (weeks * p * (1 - p)) ** 0.5


def test_no_second_draw_in_a_week() -> None:
    """The drawn firm was inspected on Monday and rests: its place is the ranking's until Sunday."""
    gone = next(iter(placed(first(), "random")))
    left = [
        f | ({"queue": "none", "rests": True} if f["subject_id"] == gone else {}) for f in six()
    ]
    tuesday = night(left, MONDAY + timedelta(1), after(first(), firms=six()))
    (comes,) = placed(tuesday) - placed(first())
    assert causes(tuesday) == {comes: ("lot", None)}
    # no chance led to it: it comes because a drawn firm could not be inspected again
    assert [r["inclusion_prob"] for r in tuesday if r["subject_id"] == comes] == [1.0]
    wednesday = night(
        left, MONDAY + timedelta(2), after(tuesday, MONDAY + timedelta(1), firms=six())
    )
    assert placed(wednesday, "random") == set()
    assert placed(wednesday) == placed(tuesday)


def test_a_place_that_goes_to_the_lot_or_comes_back_is_no_change_of_capacity() -> None:
    calm = monday_with(2, 0)
    drawing = monday_with(2, 1, since=calm)
    before = after(night(of_capacity(2), calm, policy=TENTH), calm)
    chosen = night(of_capacity(2), drawing, before, TENTH)
    # B may have been drawn itself; else it waits a week
    assert causes(chosen)["B"] == ("lot", None)
    back = monday_with(2, 0, since=drawing)
    again = night(of_capacity(2), back, after(chosen, drawing, firms=of_capacity(2)), TENTH)
    assert placed(again) == {"A", "B"}
    assert causes(again)["B"] in (("lot", None), ("draw_over", None))


def test_the_week_of_a_lot() -> None:
    assert week_of_lot(lot_of("市|区", MONDAY + timedelta(4), POLICY)) == MONDAY


def test_the_lot_is_fair_and_says_how_likely_each_was() -> None:
    """Over many weeks every firm outside the ranking is drawn as often as its probability says."""
    weeks, times = 3000, dict.fromkeys("DEFG", 0)
    firms = [firm(s, p) for s, p in {**SIX, "G": 0.05}.items()]
    for week in range(weeks):
        for row in night([dict(f) for f in firms], MONDAY + timedelta(days=7 * week)):
            if row["place"] == "random":
                times[row["subject_id"]] += 1
                assert row["inclusion_prob"] == pytest.approx(1 / 4)
    # four standard errors of a share of a quarter
    assert all(abs(n / weeks - 0.25) < 4 * (0.25 * 0.75 / weeks) ** 0.5 for n in times.values())


def test_anyone_can_work_the_lot_out_again() -> None:
    (drawn,) = [r for r in first() if r["place"] == "random"]
    seed = draw_seed(lot_of("demo", MONDAY, POLICY), "1")
    assert drawn["draw_seed"] == seed == "demo|2024-12-30|0.25|1"
    assert drawn["subject_id"] == min("DEF", key=lambda s: lot_order(seed, s))
    assert drawn["inspector_no"] == drawn_inspectors(seed, drawn["subject_id"], 2, 2) == "1;2"


def test_inspectors_are_spread_over_all_of_them() -> None:
    told = [drawn_inspectors("s", f"F{i}", 6, 2) for i in range(3000)]
    times = {n: sum(str(n) in one.split(";") for one in told) / 3000 for n in range(1, 7)}
    assert all(abs(share - 1 / 3) < 0.04 for share in times.values())
    assert all(one < other for one, other in (map(int, t.split(";")) for t in told))

"""Precision from inspections: unbiased over the lots, whatever the ranking passed over."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from models.risk.inspected_precision import estimated, inspected_precision, wilson
from models.risk.random_draw import lot_order


def row(probability: float | None, hit: bool, draw: str = "random", **more: Any) -> dict[str, Any]:
    result = "移送线索" if hit else "未发现问题"
    return {"draw_type": draw, "inclusion_prob": probability, "result": result, **more}


def test_the_total_is_unbiased_over_every_lot_there_is() -> None:
    """Two districts, all samples of two of five and one of four: the mean is the truth."""
    first, second = [1, 0, 0, 1, 0], [0, 1, 0, 0]
    totals = [
        estimated(
            [row(2 / 5, bool(first[i])) for i in one] + [row(1 / 4, bool(second[j])) for j in other]
        ).total
        for one in itertools.combinations(range(5), 2)
        for other in itertools.combinations(range(4), 1)
    ]
    assert np.mean(totals) == pytest.approx(sum(first) + sum(second))


def test_a_ranked_list_alone_would_mislead_and_the_lot_corrects_it() -> None:
    listed = [row(1.0, i < 8, "ranked") for i in range(10)]
    drawn = [row(0.1, i < 1) for i in range(20)]  # 200 firms passed over, one in twenty has it
    told = inspected_precision([*listed, *drawn])
    assert told.listed.share == 0.8
    assert told.drawn.share == pytest.approx(0.05)
    assert told.drawn.total == pytest.approx(10)
    # 18 of 210 firms, not 9 of the 30 inspected
    assert told.whole.share == pytest.approx(18 / 210)
    assert told.lift == pytest.approx(16)
    assert told.lift_low < 16 < told.lift_high


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """The lot's own order, 400 weeks: two districts of unequal probabilities."""
    rng = np.random.default_rng(5)
    sizes, truth = {"1": 300, "2": 60}, {}
    for district, size in sizes.items():
        for i in range(size):
            truth[f"{district}-{i}"] = bool(rng.random() < 0.15)
    share = np.mean(list(truth.values()))
    covered = 0
    for week in range(400):
        rows = []
        for district, size in sizes.items():
            firms = [f"{district}-{i}" for i in range(size)]
            firms.sort(key=lambda s, w=week, d=district: lot_order(f"demo|{w}|0.1|{d}", s))
            rows += [row(30 / size, truth[firm]) for firm in firms[:30]]
        found = estimated(rows)
        covered += found.low <= share <= found.high
    assert 0.92 <= covered / 400 <= 1.0


def test_what_says_neither_is_counted_apart() -> None:
    told = estimated([row(0.5, True), row(0.5, False), row(0.5, False, result="无法联系")])
    assert (told.inspected, told.confirmed, told.unresolved) == (2, 1, 1)
    assert told.share == 0.5
    fault = estimated([row(1.0, False, result="责令整改")])
    assert fault.share == 0.0  # a fault that was set right confirms no warning


def test_nothing_inspected_says_nothing() -> None:
    told = inspected_precision([])
    assert told.whole.share is None
    assert (told.whole.low, told.whole.high, told.lift) == (0.0, 1.0, None)


def test_wilson_is_wilsons() -> None:
    # of 10 in 100, as tables have it
    assert wilson(0.1, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (row(None, True), "inclusion_prob is None"),
        (row(0.0, True), "inclusion_prob is 0.0"),
        (row(1.0, True, "targeted"), "draw_type is 'targeted'"),
    ],
)
def test_what_cannot_be_weighed_is_refused(bad: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        inspected_precision([bad])

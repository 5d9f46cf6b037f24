"""What the city writes down about the cases: wrong labels, leads, and the inspectors' capacity."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from pipelines.simulation.cases import STAGES
from pipelines.simulation.city import build
from pipelines.simulation.offices import capacity
from pipelines.simulation.world import World
from tests.pipelines.simulation.conftest import SINCE, UNTIL

FILED, CLEARED = STAGES.index("立案"), STAGES.index("排除")


def stages_of_firms(world: World) -> dict[int, set[int]]:
    """Stages a firm went through."""
    found: dict[int, set[int]] = defaultdict(set)
    for firm, stage in zip(world.stages.firm.tolist(), world.stages.stage.tolist(), strict=True):
        found[firm].add(stage)
    return found


def test_five_in_a_hundred_labels_are_wrong(large: World) -> None:
    ring = large.population.ring
    labels = stages_of_firms(large)
    accused = [firm for firm, stages in labels.items() if FILED in stages and not ring[firm]]
    acquitted = [firm for firm, stages in labels.items() if CLEARED in stages and ring[firm]]
    labelled = [firm for firm, stages in labels.items() if stages & {FILED, CLEARED}]
    wrong = len(accused) + len(acquitted)
    # a quota of the firms with a case or a clearing; half a firm is lost to rounding
    assert abs(wrong - 0.05 * len(labelled)) <= 1
    assert large.stages.wrong == wrong
    assert accused  # wrong both ways
    assert acquitted


def test_no_firm_is_both_under_case_and_cleared(large: World) -> None:
    assert not any({FILED, CLEARED} <= stages for stages in stages_of_firms(large).values())


def test_the_stages_of_a_case_come_in_their_order(large: World) -> None:
    days: dict[int, dict[int, int]] = defaultdict(dict)
    stages = large.stages
    for n in range(len(stages.firm)):
        days[int(stages.firm[n])][int(stages.stage[n])] = int(stages.day[n])
    for of in days.values():
        assert sorted(of, key=lambda stage: of[stage]) == sorted(of)
        assert 0 in of  # every matter begins with a lead


def test_the_first_filing_is_the_day_of_the_truth(large: World) -> None:
    stages, population = large.stages, large.population
    filed = stages.stage == FILED
    firm, day = stages.firm[filed], stages.day[filed]
    right = population.ring[firm]
    assert right.sum() == 90
    assert np.array_equal(population.case[firm[right]], day[right])
    assert (population.case[firm[~right]] > 1_000_000).all()  # an accused honest firm has no truth


def test_a_lookalike_is_official_only_by_a_wrong_label(large: World) -> None:
    population = large.population
    alike = (population.group >= 0) & ~population.ring
    labels = stages_of_firms(large)
    filed = [firm for firm in np.flatnonzero(alike).tolist() if FILED in labels.get(firm, ())]
    # 5 % of the labels are wrong; a look-alike's chance of a case is far below a ring firm's 30 %
    assert len(filed) <= large.stages.wrong
    assert len(filed) / alike.sum() < 0.01


def test_the_unlabelled_family_has_no_filing_in_any_difficulty() -> None:
    for difficulty in ("easy", "realistic", "hard"):
        world = build(20_000, 3, SINCE, UNTIL, difficulty)
        population = world.population
        ring = np.flatnonzero(population.ring & (population.scheme == 4))
        assert len(ring) == 6  # a tenth of 60
        labels = stages_of_firms(world)
        assert not any(FILED in labels.get(firm, ()) for firm in ring.tolist())


def test_the_weekly_capacity_is_one_in_a_thousand_firms(large: World) -> None:
    rows = capacity(large).columns
    weeks: Counter[str] = Counter()
    districts: Counter[str] = Counter()
    for district, week, inspections in zip(
        rows["行政区划"].to_pylist(), rows["周起始日"].to_pylist(),
        map(int, rows["可检查户次"].to_pylist()), strict=True,
    ):  # fmt: skip
        assert inspections >= 0
        weeks[week] += inspections
        districts[district] += inspections
    assert set(weeks.values()) == {100}  # 0.1 % of 100,000, each week exactly
    firms = np.bincount(large.population.district, minlength=16)
    shares = np.array([districts[key] for key in sorted(districts)]) / sum(districts.values())
    # districts take turns, so over three years each has its share within one inspection a week
    assert np.abs(shares - firms / firms.sum()).max() < 0.01


def test_a_small_city_can_still_inspect_one_firm_a_week() -> None:
    rows = capacity(build(300, 1, SINCE, UNTIL, "realistic")).columns
    weeks = len(set(rows["周起始日"].to_pylist()))
    assert sum(map(int, rows["可检查户次"].to_pylist())) == weeks

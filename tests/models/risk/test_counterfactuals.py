"""What would lower a firm's risk: the smallest plans, each as it was scored."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from conf.correction import load_corrections
from models.risk.counterfactuals import (
    COUNTERFACTUALS_SCHEMA,
    Scored,
    Standing,
    counterfactuals,
    plans_alone,
    plans_together,
)
from models.risk.levels import LEVELS, ListPolicy
from models.risk.reasons import Reason, Record
from models.risk.wording import FeatureWords

POLICY = ListPolicy()
CORRECTIONS = load_corrections()
WORDS = {
    "open_complaints": FeatureWords(
        "open_complaints", "未办结投诉件数", "Open complaints", "count", 1
    ),
    "on_abnormal_list": FeatureWords(
        "on_abnormal_list", "在经营异常名录中", "On the list", "flag", 1
    ),
}
LIST, ANSWER, TAX = "abnormal_list_left", "complaints_answered", "declared_tax_paid"
STAFF, REPORT = "staff_insured", "report_filed"


def fact(department: str) -> Reason:
    record = Record("d/f.csv", 2, "penalty", "p", department, None, None, None)
    return Reason("A", "t", "f", 1.0, 0.5, "一", "one", True, (record,))


def standing(
    probability: float = 0.6, next_odds: float | None = 0.01, size: int = 40
) -> dict[str, Standing]:
    """The first of a list, red: two departments stand behind it."""
    margins = [10.0, *(5.0 - i / 100 for i in range(size - 1))]
    values = {"open_complaints": 3, "on_abnormal_list": 1}
    reasons = (fact("税务局"), fact("市场监督管理局"))
    return {"A": Standing("A", probability, 1, margins, next_odds, reasons, values)}


def scored(plan: str, probability: float, margin: float = 9.0, **values: Any) -> Scored:
    after = {"open_complaints": 3, "on_abnormal_list": 1, **values}
    return Scored("A", plan, probability, margin, after)


def told(
    plans: list[Scored],
    firm: dict[str, Standing] | None = None,
    policy: ListPolicy = POLICY,
) -> list[dict[str, Any]]:
    return counterfactuals(plans, firm or standing(), CORRECTIONS, WORDS, policy).to_pylist()


def test_each_correction_is_tried_alone_first() -> None:
    assert plans_alone({"B": [], "A": [TAX, LIST]}) == [
        ("A", ""),
        ("A", LIST),
        ("A", TAX),
        ("B", ""),
    ]


def test_a_plan_that_is_enough_is_told_in_a_sentence() -> None:
    (row,) = told([scored("", 0.6), scored(ANSWER, 0.4, 6.0, open_complaints=0)])
    assert row["level_before"] == "red"
    assert row["level_after"] == "orange"
    assert row["enough"]
    assert row["sentence_zh"] == (
        "若办结未结投诉（未办结投诉件数 3→0），概率由 60.0% 降至 40.0%，等级由红色降为橙色"
    )
    assert row["sentence_en"] == (
        "were it to settle the complaints that are open (Open complaints 3 → 0), the probability "
        "would go from 60.0% to 40.0%, and the level from red to orange"
    )
    assert (row["features"], row["value_before"], row["value_after"]) == (
        "open_complaints",
        "3",
        "0",
    )
    names = [n for n in COUNTERFACTUALS_SCHEMA.names if n not in ("run_id", "as_of")]
    assert list(row) == names


def test_the_smallest_plans_come_first_and_larger_ones_are_not_told() -> None:
    rows = told([
        scored(LIST, 0.45), scored(ANSWER, 0.40, 8.0), scored(TAX, 0.59),
        scored(STAFF, 0.44, 8.5), scored(REPORT, 0.3, 7.0), scored(f"{LIST}+{ANSWER}", 0.1, 1.0),
    ])  # fmt: skip
    # three of the four that are enough alone, by how much they do; TAX is not enough
    assert [r["corrections"] for r in rows] == [REPORT, ANSWER, STAFF]
    assert [r["place"] for r in rows] == [1, 2, 3]


def test_where_nothing_is_enough_the_most_is_told_and_said_to_be_so() -> None:
    rows = told(
        [scored(LIST, 0.58, 9.5), scored(f"{LIST}+{TAX}", 0.55, 9.3), scored(TAX, 0.59, 9.7)]
    )
    assert [r["corrections"] for r in rows] == [f"{LIST},{TAX}"]
    assert not rows[0]["enough"]
    assert rows[0]["sentence_zh"].endswith("仍为红色（所试可改正事项中降幅最大）")


def test_what_does_nothing_or_harm_is_not_offered() -> None:
    assert told([scored(LIST, 0.6), scored(TAX, 0.7), scored(STAFF, 0.5999)]) == []


def test_leaving_the_list_is_enough_for_the_mildest_level() -> None:
    firm = standing(0.04, next_odds=0.03)
    (row,) = told([scored(LIST, 0.02, 0.1)], firm)
    assert row["leaves_list"]
    assert row["level_before"] == row["level_after"] == "blue"
    assert row["sentence_zh"].endswith("，不再列入名单")


def test_below_the_floor_a_firm_leaves_though_nobody_waits() -> None:
    firm, floor = standing(0.04, next_odds=None), ListPolicy(floor=0.03)
    assert [r["leaves_list"] for r in told([scored(LIST, 0.02, 0.1)], firm, floor)] == [True]
    assert [r["leaves_list"] for r in told([scored(LIST, 0.03, 0.1)], firm, floor)] == [False]


def test_twos_and_threes_are_tried_only_where_one_is_not_enough() -> None:
    weak = [scored(n, p) for n, p in ((LIST, 0.58), (TAX, 0.57), (STAFF, 0.65), (ANSWER, 0.56))]
    plans = plans_together(weak, standing(), POLICY)
    # STAFF made it worse and is tried no further
    assert plans == [
        ("A", f"{LIST}+{ANSWER}"), ("A", f"{LIST}+{TAX}"), ("A", f"{ANSWER}+{TAX}"),
        ("A", f"{LIST}+{ANSWER}+{TAX}"),
    ]  # fmt: skip
    assert plans_together([*weak, scored(REPORT, 0.2)], standing(), POLICY) == []


@given(st.lists(st.tuples(st.sampled_from([LIST, ANSWER, TAX, STAFF, REPORT]), st.floats(0.001, 0.99),
                          st.floats(-9, 10)), max_size=8))  # fmt: skip
def test_every_plan_told_lowers_the_risk_as_it_was_scored(
    drawn: list[tuple[str, float, float]],
) -> None:
    plans = {name: scored(name, p, m) for name, p, m in drawn}
    rows = told(list(plans.values()))
    assert len(rows) <= 3
    for row in rows:
        made = plans[row["corrections"]]
        assert row["probability_after"] == made.probability < 0.6
        if row["enough"] and not row["leaves_list"]:
            assert LEVELS.index(row["level_after"]) > LEVELS.index(row["level_before"])
    assert told(list(reversed(plans.values()))) == rows

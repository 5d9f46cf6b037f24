"""法无规定不可为: which measure follows from which verdict, and none without a basis in force."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from literal_judged import behind, everything, frame, pack, record_frame, rows, verdict_frame

from models.grading.measures import measures
from models.grading.trace import Judged

REPORT = pack()
LATER = pack("regime_2022")
DAY = date(2018, 6, 30)  # the 2016 order of the serious list is in force
STANDING = (
    "subject_id string, scheme string, value string, verdict_id string, "
    "holds_from date, holds_to date"
)
HISTORY = "subject_id string, scheme string, period int, value string"
FEW = settings(max_examples=min(12, settings.default.max_examples))


def grade(subject: str, scheme: str, value: str, until: date | None = None) -> tuple[Any, ...]:
    return (subject, scheme, value, f"{subject}-{scheme}", date(2018, 1, 1), until)


def verdict(subject: str, family: str, rule: str, value: str, **more: Any) -> dict[str, Any]:
    told = {"subject_id": subject, "family": family, "rule": rule, "value": value}
    return {"verdict_id": f"{subject}-{rule}", "holds_from": date(2018, 2, 1), **told, **more}


def judged(
    spark,
    *verdicts: dict[str, Any],
    grades: tuple[tuple[Any, ...], ...] = (),
    history: tuple[tuple[Any, ...], ...] = (),
    records: tuple[dict[str, Any], ...] = (),
    rules=REPORT,
    as_of: date = DAY,
) -> Judged:
    given = Judged(verdict_frame(spark, *verdicts), record_frame(spark, *records))
    standing = frame(spark, STANDING, *grades)
    return measures([given], standing, frame(spark, HISTORY, *history), rules, as_of)


def test_grades_in_force_call_for_measures(spark):
    found = judged(
        spark,
        grades=(
            grade("A", "安全生产", "四级"),
            grade("B", "安全生产", "二级"),  # no measure is attached to it
            grade("C", "纳税信用", "D", until=date(2018, 6, 30)),  # its last day counts
            grade("D", "纳税信用", "D", until=date(2018, 6, 29)),  # over since yesterday
            grade("E", "质量信用", "D"),  # a scheme the pack does not know
        ),
    )
    assert rows(found, "subject_id", "rule", "value", "department", "effect", "quota_a_year") == [
        ("A", "safety_4_inspections", "四级", "应急管理局", "supervision", 2),
        ("C", "tax_d_close_watch", "D", "税务局", "supervision", None),
    ]
    told = {row.subject_id: row for row in found.verdicts.collect()}
    assert told["A"].sum_zh == (
        "安全生产信用等级为四级；依据《关于建立完善守信联合激励和失信联合惩戒制度加快推进社会诚信建设的"
        "指导意见》（国发〔2016〕33号）失信联合惩戒（仅知名称，未读条文）"
    )
    assert told["A"].sum_en.startswith("Work safety is 四级; basis: 《")
    assert told["A"].measure_zh == "每年检查不少于2次，约谈、培训"
    assert told["A"].basis_read is False
    assert (told["A"].standing, told["A"].because) == ("cited", "A-安全生产")
    assert told["A"].citation.endswith("安全生产四级：「每年检查不少于2次」")
    assert told["C"].citation is None
    assert told["C"].standing == "project default"
    # a measure holds while its ground does, and no longer
    assert (told["C"].holds_from, told["C"].holds_to) == (date(2018, 1, 1), date(2018, 6, 30))
    # the instrument's own end, where the grade has none
    assert told["A"].holds_to is None


def test_cells_lists_points_and_composites_call_for_measures(spark):
    found = judged(
        spark,
        verdict("A", "cell", "business_matrix", "A-Ⅰ"),
        verdict("B", "cell", "business_matrix", "B-Ⅱ"),
        verdict("C", "list", "严重违法", "listed"),
        verdict("D", "list", "严重违法", "candidate"),  # a candidate is no decision
        verdict("E", "list", "其他", "listed"),  # no measure is attached to that list
        verdict("F", "points", "food_drug", "locked"),
        verdict("G", "points", "food_drug", "counting"),
        verdict("H", "composite", "composite", "优"),  # the pack attaches nothing to classes
        verdict("I", "grade", "纳税信用", "D"),  # grades come as standing grades only
        verdict("J", "cell", "business_matrix", "A-Ⅰ", holds_from=date(2018, 7, 1)),  # not yet
    )
    assert rows(found, "subject_id", "rule", "value", "standing", "because") == [
        ("A", "business_matrix", "A-Ⅰ", "cited", "A-business_matrix"),
        ("B", "business_matrix", "B-Ⅱ", "project default", "B-business_matrix"),
        ("C", "serious_list_restrictions", "listed", "project default", "C-严重违法"),
        ("F", "food_drug_lock", "locked", "cited", "F-food_drug"),
    ]
    told = {row.subject_id: row for row in found.verdicts.collect()}
    assert told["A"].measure_zh.startswith("重点一级监控对象")
    assert told["A"].department == "市场监督管理局"
    assert told["A"].basis.startswith(
        "《关于推广随机抽查规范事中事后监管的通知》（国办发〔2015〕58号）"
    )
    assert told["C"].sum_zh.startswith(
        "在严重违法失信企业名单上；依据《严重违法失信企业名单管理暂行办法》"
    )
    # the order ended in 2021, and the measure ends with it
    assert told["C"].holds_to == date(2021, 8, 31)
    assert told["F"].sum_en.startswith("Food and drug points: locked; basis:")


def test_a_composite_class_can_call_for_a_measure(spark):
    known = REPORT.measures.measures
    on_class = known["safety_4_inspections"].model_copy(
        update={
            "name": "class_watch",
            "trigger": known["safety_4_inspections"].trigger.model_copy(
                update={"kind": "composite", "of": None, "values": ("中", "差")}
            ),
        }
    )
    file = REPORT.measures.model_copy(update={"measures": {"class_watch": on_class}})
    rules = dataclasses.replace(REPORT, measures=file)
    found = judged(
        spark,
        verdict("A", "composite", "composite", "差"),
        verdict("B", "composite", "composite", "优"),
        rules=rules,
    )
    assert rows(found, "subject_id", "rule", "value") == [("A", "class_watch", "差")]


@pytest.mark.parametrize(
    ("name", "history", "held"),
    [
        ("three years", {2015: "A", 2016: "A", 2017: "A"}, True),
        ("longer", {2012: "D", 2014: "A", 2015: "A", 2016: "A", 2017: "A"}, True),
        ("two years", {2016: "A", 2017: "A"}, False),
        ("a gap", {2014: "A", 2015: "A", 2017: "A"}, False),
        ("another grade between", {2015: "A", 2016: "B", 2017: "A"}, False),
        ("the last is no A", {2015: "A", 2016: "A", 2017: "A", 2018: "B"}, False),
        ("none", {}, False),
    ],
)
def test_years_on_end(spark, name, history, held):
    given = tuple(("A", "纳税信用", year, value) for year, value in history.items())
    other = tuple(("B", "纳税信用", year, "A") for year in (2015, 2016, 2017))  # has no grade now
    scheme = tuple(("A", "安全生产", year, "A") for year in (2015, 2016, 2017))  # another scheme
    found = judged(spark, grades=(grade("A", "纳税信用", "A"),), history=(*given, *other, *scheme))
    expected = [("A", "tax_a_green_channel")] * held + [("A", "tax_a_joint_incentives")]
    assert rows(found, "subject_id", "rule") == expected
    if held:
        told = found.verdicts.where("rule = 'tax_a_green_channel'").first()
        assert told.sum_zh.startswith("纳税信用等级为A，连续3年（2015—2017）；依据")
        assert "3 years on end (2015-2017)" in told.sum_en


def test_a_year_with_two_values_was_not_held(spark):
    years = [("A", "纳税信用", year, "A") for year in (2015, 2016, 2017)]
    history = (*years, ("A", "纳税信用", 2016, "D"))
    found = judged(spark, grades=(grade("A", "纳税信用", "A"),), history=history)
    assert rows(found, "rule") == [("tax_a_joint_incentives",)]


def test_the_same_list_under_two_regimes_rests_on_two_orders(spark):
    listed = verdict("A", "list", "严重违法", "listed")
    # after August 2021 the old order is no basis, and the pack of 2016 knows no other
    assert rows(judged(spark, listed, as_of=date(2021, 8, 31)), "rule") != []
    assert rows(judged(spark, listed, as_of=date(2021, 9, 1)), "rule") == []
    later = judged(spark, listed, rules=LATER, as_of=date(2022, 1, 1))
    assert "第44号" in rows(later, "basis")[0][0]
    assert rows(later, "holds_from") == [(date(2021, 9, 1),)]  # since the new order is in force


def test_the_records_are_those_of_the_ground(spark):
    shown = {"table_name": "list_event", "source": "s", "source_record_id": "r1", "line": 7}
    found = judged(
        spark,
        verdict("A", "list", "严重违法", "listed"),
        verdict("B", "list", "其他", "listed"),
        verdict("A", "grade", "安全生产", "四级"),  # behind the standing grade of the same id
        grades=(grade("A", "安全生产", "四级"),),
        records=(
            {"verdict_id": "A-严重违法", "subject_id": "A", **shown},
            {"verdict_id": "B-其他", "subject_id": "B", **shown},  # calls for nothing
            {"verdict_id": "A-安全生产", "subject_id": "A", **shown, "table_name": "grade"},
        ),
    )
    assert behind(found) == {
        ("A", "serious_list_restrictions"): ["list_event:r1"],
        ("A", "safety_4_inspections"): ["grade:r1"],
    }


def test_no_measure_in_force_gives_no_row(spark):
    long_ago = date(1999, 1, 1)
    found = judged(
        spark,
        verdict("A", "cell", "business_matrix", "A-Ⅰ", holds_from=date(1990, 1, 1)),
        as_of=long_ago,
    )
    assert (found.verdicts.count(), found.records.count()) == (0, 0)
    standing, history = frame(spark, STANDING), frame(spark, HISTORY)
    alone = measures([], standing, history, REPORT, DAY)  # no verdicts at all
    assert (alone.verdicts.columns, alone.verdicts.count()) == (found.verdicts.columns, 0)


def test_any_order_of_rows_gives_the_same(spark):
    given = [verdict(f"s{n}", "cell", "business_matrix", "C-Ⅳ") for n in range(20)]
    assert everything(judged(spark, *given)) == everything(judged(spark, *given[::-1]))


EDGES = sorted(
    {
        day + timedelta(days=shift)
        for found in LATER.instruments.values()
        for day in (found.effective_from, found.effective_to)
        if day is not None
        for shift in (-1, 0, 1)
    }
)


@FEW
@given(st.sampled_from([REPORT, LATER]), st.sampled_from(EDGES))
def test_no_measure_on_a_day_on_which_its_basis_is_not_in_force(spark, rules, as_of):
    """Everything that can call for a measure is there, and all of it has held for ever."""
    ever = date(1990, 1, 1)
    schemes = rules.grades.schemes.values()
    grades = tuple(
        (f"{s.name}{v}", s.name, v, f"{s.name}{v}", ever, None) for s in schemes for v in s.values
    )
    history = tuple((f"纳税信用{v}", "纳税信用", y, v) for v in "ABCD" for y in (2001, 2002, 2003))
    cells = [
        verdict(f"{c.risk}{c.credit}", "cell", "m", f"{c.risk}-{c.credit}", holds_from=ever)
        for c in rules.business_matrix.cells
    ]
    lists = [verdict(n, "list", n, "listed", holds_from=ever) for n in rules.lists.lists]
    points = [verdict("p", "points", "food_drug", "locked", holds_from=ever)]
    found = judged(
        spark, *cells, *lists, *points, grades=grades, history=history, rules=rules, as_of=as_of
    )
    in_force = {
        f"《{i.title}》（{i.number}）" for i in rules.instruments.values() if i.in_force(as_of)
    }
    told = rows(found, "basis", "holds_from", "holds_to")
    for basis, begins, ends in told:
        assert any(basis.startswith(title) for title in in_force), (basis, as_of)
        assert begins <= as_of
        assert ends is None or ends >= as_of
    founded = {m.name for m in rules.measures.measures.values()
               if rules.instruments[m.basis.instrument].in_force(as_of)}  # fmt: skip
    if rules.instruments[rules.business_matrix.basis.instrument].in_force(as_of):
        founded.add("business_matrix")
    assert {rule for (rule,) in rows(found, "rule")} == founded

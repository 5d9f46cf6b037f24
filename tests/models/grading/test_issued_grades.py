"""Grades in force, what they are worth, and where departments disagree."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal_verdicts import FEWER, REGIME_2022, REPORT, D, behind, known, pack_with, plain, rows_of

from models.grading.issued_grades import (
    grade_conflicts,
    grades_in_force,
    issued_grades,
    resolved_severity,
)

DAY = D("2018-06-30")
TAX, SAFETY = "纳税信用", "安全生产"


def grade(subject, value, scheme=TAX, begins="2018-04-20", ends="2019-04-19", **more):
    return {
        "subject_id": subject,
        "scheme": scheme,
        "grade": value,
        "period": "2017",
        "valid_from": begins and D(begins),
        "valid_to": ends and D(ends),
        "known_at": D("2018-05-01"),
        **more,
    }


def in_force(spark, *grades, pack=REPORT):
    found = grades_in_force(known(spark, DAY, grade=grades), DAY, pack).collect()
    return sorted((r.subject_id, r.scheme, r.grade, r.severity) for r in found)


IN_FORCE = [
    ("a plain one", [grade("A", "D")], [("A", TAX, "D", 100)]),
    ("its last day counts", [grade("A", "B", ends="2018-06-30")], [("A", TAX, "B", 20)]),
    ("ended yesterday", [grade("A", "B", ends="2018-06-29")], []),
    ("its first day counts", [grade("A", "C", begins="2018-06-30")], [("A", TAX, "C", 60)]),
    ("begins tomorrow", [grade("A", "C", begins="2018-07-01")], []),
    ("no end set", [grade("A", "M", ends=None)], [("A", TAX, "M", 30)]),
    ("no beginning: not placed in time", [grade("A", "D", begins=None)], []),
    (
        "of two in force the one that began last, in whatever order they came",
        [grade("A", "A"), grade("A", "D", begins="2017-04-20", known_at=D("2018-06-01"))],
        [("A", TAX, "A", 0)],
    ),
    (
        "begun on one day: the one that came last",
        [grade("A", "D"), grade("A", "B", known_at=D("2018-05-02"))],
        [("A", TAX, "B", 20)],
    ),
    (
        "came in one delivery: the later line",
        [grade("A", "D"), grade("A", "C")],
        [("A", TAX, "C", 60)],
    ),
    (
        "a scheme each",
        [grade("A", "A"), grade("A", "四级", SAFETY), grade("B", "一级", SAFETY)],
        [("A", SAFETY, "四级", 100), ("A", TAX, "A", 0), ("B", SAFETY, "一级", 0)],
    ),
    ("a value outside its scheme is kept", [grade("A", "E")], [("A", TAX, "E", None)]),
    (
        "a scheme the pack does not know is kept",
        [grade("A", "A", "海关")],
        [("A", "海关", "A", None)],
    ),
    (
        "withdrawn: as if it had never come",
        [
            grade("A", "C", begins="2017-04-20", ends=None),
            grade("A", "D", source_record_id="x"),
            grade("A", "D", source_record_id="x", op="withdraw", known_at=D("2018-06-30")),
        ],
        [("A", TAX, "C", 60)],
    ),
    ("known tomorrow", [grade("A", "D", known_at=DAY + timedelta(1))], []),
]


def test_grades_in_force(spark):
    """All cases in one frame, each with subjects of its own."""
    grades, expected = [], []
    for number, (_, told, found) in enumerate(IN_FORCE):
        grades += [row | {"subject_id": f"{number:02}{row['subject_id']}"} for row in told]
        expected += [(f"{number:02}{subject}", *rest) for subject, *rest in found]
    assert in_force(spark, *grades) == expected


def test_a_later_pack_knows_more_schemes(spark):
    rated = grade("A", "D", "国家信用风险分类")
    assert in_force(spark, rated) == [("A", "国家信用风险分类", "D", None)]
    assert in_force(spark, rated, pack=REGIME_2022) == [("A", "国家信用风险分类", "D", 100)]


def test_issued_verdicts_say_what_they_rest_on(spark):
    grades = [
        grade("A", "D", basis="年度评价"),
        grade("B", "E", ends=None, period=None),
        grade("C", "A", "海关", source_dept="海关"),
    ]
    found = issued_grades(known(spark, DAY, grade=grades), DAY, REPORT)
    tax, outside, unknown = rows_of(found)
    assert (tax.rule, tax.value, tax.severity, tax.period) == (TAX, "D", 100, "2017")
    assert (tax.holds_from, tax.holds_to) == (D("2018-04-20"), D("2019-04-19"))
    assert tax.sum_zh == (
        "纳税信用等级（评价期2017）：税务局评为D，自2018-04-20至2019-04-19；"
        "折算严重度100（0最好，100最重）"
    )
    assert tax.standing == "project default"
    assert outside.severity is None
    assert "“E”不在本规则所知的等级（A、B、M、C、D）之内" in outside.sum_zh
    assert outside.holds_to is None
    assert unknown.severity is None
    assert "本规则未收录该评价体系" in unknown.sum_zh
    assert "海关评为A" in unknown.sum_zh
    assert behind(found) == {
        tax.verdict_id: ["grade:r0"],
        outside.verdict_id: ["grade:r1"],
        unknown.verdict_id: ["grade:r2"],
    }


def test_conflicts(spark):
    grades = [
        # tax A beside work safety 四级: 100 apart
        grade("A", "A"),
        grade("A", "四级", SAFETY, begins="2018-05-20", ends="2018-12-31"),
        # exactly the least gap of 60
        grade("B", "C"),
        grade("B", "一级", SAFETY),
        # B and 三级 are 40 apart: no conflict
        grade("C", "B"),
        grade("C", "三级", SAFETY),
        # one scheme disagrees with nobody
        grade("D", "D"),
        # what has no severity disagrees with nobody
        grade("E", "D"),
        grade("E", "五级", SAFETY),
    ]
    found = grade_conflicts(known(spark, DAY, grade=grades), DAY, REPORT)
    first, second = rows_of(found)
    assert (first.subject_id, first.value, first.severity) == ("A", "安全生产信用等级四级", 100)
    assert (first.resolved_scheme, first.resolved_grade, first.policy) == (
        SAFETY,
        "四级",
        "most_severe",
    )
    # while both stand
    assert (first.holds_from, first.holds_to) == (D("2018-05-20"), D("2018-12-31"))
    assert first.sum_zh == (
        "安全生产信用等级四级（应急管理局，自2018-05-20，严重度100）、"
        "纳税信用等级A（税务局，自2018-04-20，严重度0）；最重与最轻相差100−0=100≥60，各自仍然有效；"
        "按“取最重者”（most_severe）：安全生产信用等级四级，严重度100"
    )
    assert (second.subject_id, second.resolved_grade) == ("B", "C")
    assert behind(found) == {
        first.verdict_id: ["grade:r0", "grade:r1"],
        second.verdict_id: ["grade:r2", "grade:r3"],
    }


def test_policies_resolve(spark):
    grades = [
        # the mild one began last
        grade("A", "D"),
        grade("A", "一级", SAFETY, begins="2018-05-20"),
        # begun on one day: the more severe of the two under either policy
        grade("B", "A"),
        grade("B", "三级", SAFETY),
    ]
    tables = known(spark, DAY, grade=grades)
    found = {
        policy: {
            r.subject_id: (r.scheme, r.grade, r.severity, r.policy, r.schemes)
            for r in resolved_severity(
                tables, DAY, pack_with(conflict={"policy": policy})
            ).collect()
        }
        for policy in ("most_severe", "latest")
    }
    assert found == {
        "most_severe": {
            "A": (TAX, "D", 100, "most_severe", 2),
            "B": (SAFETY, "三级", 60, "most_severe", 2),
        },
        "latest": {
            "A": (SAFETY, "一级", 0, "latest", 2),
            "B": (SAFETY, "三级", 60, "latest", 2),
        },
    }
    latest = grade_conflicts(tables, DAY, pack_with(conflict={"policy": "latest"}))
    assert [(r.subject_id, r.severity) for r in rows_of(latest)] == [("A", 0), ("B", 60)]


def test_nothing_known(spark):
    nothing = known(spark, DAY, key_person=[])
    assert rows_of(issued_grades(nothing, DAY, REPORT)) == []
    assert rows_of(grade_conflicts(nothing, DAY, REPORT)) == []
    assert resolved_severity(nothing, DAY, REPORT).collect() == []
    with pytest.raises(ValueError, match="no table is known"):
        grades_in_force({}, DAY, REPORT)


ORDERED = {n: sorted(s.values, key=dict(zip(s.values, s.severity, strict=True)).get)
           for n, s in REPORT.grades.schemes.items()}  # fmt: skip
GRADED = st.fixed_dictionaries(
    {name: st.none() | st.integers(0, len(v) - 1) for name, v in ORDERED.items()}
)


@FEWER
@given(st.lists(st.tuples(GRADED, st.sampled_from(sorted(ORDERED))), min_size=4, max_size=10),
       st.sampled_from(["most_severe", "latest"]), st.randoms(use_true_random=False))  # fmt: skip
def test_laws(spark, subjects, policy, random):
    """A worse grade never lowers the severity taken; later records and row order change nothing."""
    pack = pack_with(conflict={"policy": policy})
    mild, worse = [], []
    for s, (places, fallen) in enumerate(subjects):
        for n, (scheme, place) in enumerate(places.items()):
            if place is None:
                continue
            values = ORDERED[scheme]
            row = grade(f"S{s}", values[place], scheme, begins=f"2018-0{n % 3 + 1}-01")
            mild.append(row | {"source_record_id": f"{s}-{n}"})
            drop = min(place + (scheme == fallen), len(values) - 1)
            worse.append(mild[-1] | {"grade": values[drop]})
    later = [r | {"known_at": DAY + timedelta(1), "batch_id": "b2"} for r in worse]
    shuffled = random.sample(mild + later, len(mild + later))
    before, after = (
        {r.subject_id: r.severity for r in resolved_severity(tables, DAY, pack).collect()}
        for tables in (known(spark, DAY, grade=mild), known(spark, DAY, grade=worse))
    )
    assert before.keys() == after.keys()
    assert all(after[s] >= before[s] for s in before)
    line = {r["source_record_id"]: n for n, r in enumerate(mild)}  # as they came
    shuffled = [r | {"line": line[r["source_record_id"]]} for r in shuffled]
    states = [known(spark, DAY, grade=rows) for rows in (mild, shuffled)]
    one, two = (plain(grade_conflicts(tables, DAY, pack)) for tables in states)
    assert one == two

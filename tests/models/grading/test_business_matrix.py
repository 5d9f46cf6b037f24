"""The cell of business risk and business credit, and how it is watched."""

from __future__ import annotations

import itertools

from literal_verdicts import REPORT, D, behind, known, rows_of

from models.grading.business_matrix import business_cells

DAY = D("2018-06-30")
RISK, CREDIT = "工商风险度", "工商信用度"


def grade(subject, scheme, value, begins="2018-01-01", ends=None):
    return {
        "subject_id": subject,
        "scheme": scheme,
        "grade": value,
        "valid_from": D(begins),
        "valid_to": ends and D(ends),
    }


def cells(spark, *grades):
    return business_cells(known(spark, DAY, grade=grades), DAY, REPORT)


def test_cells(spark):
    found = cells(
        spark,
        # the report's worst cell, from when both stand to when the first of them ends
        grade("A", RISK, "A", "2018-01-01", "2018-12-31"),
        grade("A", CREDIT, "Ⅰ", "2018-03-01"),
        # a cell that the report does not give
        grade("B", RISK, "B"),
        grade("B", CREDIT, "Ⅱ"),
        # the class before is over: C counts
        grade("C", RISK, "A", "2017-01-01"),
        grade("C", RISK, "C", "2018-01-01"),
        grade("C", CREDIT, "Ⅳ"),
        # one of both: nothing is said
        grade("D", RISK, "A"),
        grade("E", CREDIT, "Ⅰ"),
        # the credit grade is over
        grade("F", RISK, "A"),
        grade("F", CREDIT, "Ⅰ", "2017-01-01", "2018-06-29"),
        # no class of the scheme
        grade("G", RISK, "X"),
        grade("G", CREDIT, "Ⅰ"),
        # grades of others make no cell
        grade("H", "纳税信用", "A"),
        grade("H", CREDIT, "Ⅰ"),
    )
    a, b, c = rows_of(found)
    assert (a.subject_id, a.value, a.severity, a.standing) == ("A", "A-Ⅰ", 100, "cited")
    assert (a.holds_from, a.holds_to) == (D("2018-03-01"), D("2018-12-31"))
    assert a.measure_zh == "重点一级监控对象，除专项整治外，随时进行巡查，年检时重点审查"
    assert a.measure_zh in a.citation
    assert (
        a.sum_zh
        == f"工商风险度A（自2018-01-01起） × 工商信用度Ⅰ（自2018-03-01起） = A-Ⅰ：{a.measure_zh}"
    )
    assert (b.subject_id, b.value, b.severity, b.standing) == ("B", "B-Ⅱ", 60, "project default")
    assert b.citation is None
    assert b.sum_zh.endswith("（本格为项目默认，并非文件原文）")
    assert b.sum_en.endswith("(a project default, not the text of a law)")
    assert (c.subject_id, c.value, c.severity, c.holds_to) == ("C", "C-Ⅳ", 0, None)
    assert behind(found) == {
        a.verdict_id: ["grade:r0", "grade:r1"],
        b.verdict_id: ["grade:r2", "grade:r3"],
        c.verdict_id: ["grade:r5", "grade:r6"],
    }


def test_every_cell_and_no_worse_grade_is_milder(spark):
    risks, credits = ("C", "B", "A"), ("Ⅳ", "Ⅲ", "Ⅱ", "Ⅰ")  # from good to bad
    pairs = list(itertools.product(risks, credits))
    grades = [grade(f"{r}-{c}", RISK, r) for r, c in pairs]
    grades += [grade(f"{r}-{c}", CREDIT, c) for r, c in pairs]
    severity = {row.value: row.severity for row in rows_of(cells(spark, *grades))}
    assert len(severity) == 12
    for (r1, r2), c in itertools.product(itertools.pairwise(risks), credits):
        assert severity[f"{r1}-{c}"] <= severity[f"{r2}-{c}"]
    for r, (c1, c2) in itertools.product(risks, itertools.pairwise(credits)):
        assert severity[f"{r}-{c1}"] <= severity[f"{r}-{c2}"]


def test_nothing_known(spark):
    found = business_cells(known(spark, DAY, key_person=[]), DAY, REPORT)
    assert rows_of(found) == []
    assert behind(found) == {}

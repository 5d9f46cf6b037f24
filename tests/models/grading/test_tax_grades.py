"""The tax grade of a year, and what an earlier D does to it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from literal_verdicts import (
    FEWER,
    REGIME_2022,
    REPORT,
    D,
    behind,
    known,
    pack_with,
    plain,
    rows_of,
)

from models.grading.tax_grades import retained_tax_grades, standing_tax_grades

TAX = "纳税信用"


def grade(subject, year, value, begins=None, ends=None, **more):
    """The grade for a year: issued on April 20 of the next, for a year."""
    begins = D(begins or f"{int(year) + 1}-04-20")
    ends = D(ends) if ends else begins.replace(year=begins.year + 1) - timedelta(1)
    return {
        "subject_id": subject,
        "scheme": TAX,
        "period": str(year),
        "grade": value,
        "valid_from": begins,
        "valid_to": ends,
        **more,
    }


def standing(spark, as_of, *grades, pack=REPORT):
    """By subject and year: issued, standing, kept from, barred by."""
    found = standing_tax_grades(known(spark, D(as_of), grade=grades), D(as_of), pack).collect()
    assert len({(r.subject_id, r.year) for r in found}) == len(found)
    return {(r.subject_id, r.year): (r.issued, r.standing, r.kept_from, r.barred_by) for r in found}


def retained(spark, as_of, *grades, pack=REPORT):
    return retained_tax_grades(known(spark, D(as_of), grade=grades), D(as_of), pack)


def told(found):
    return [
        (r.subject_id, r.year, r.value, str(r.holds_from), str(r.holds_to)) for r in rows_of(found)
    ]


def test_a_d_stands_two_years_and_bars_the_third(spark):
    found = standing(
        spark, "2021-01-01",
        # the report's rule: D in 2016, so 2017 is D whatever was issued, and 2018 is no A
        grade("A", 2016, "D"), grade("A", 2017, "A"), grade("A", 2018, "A"), grade("A", 2019, "A"),
        # 2018 may be anything but A
        grade("B", 2016, "D"), grade("B", 2017, "B"), grade("B", 2018, "C"),
        # nothing was issued for 2017 and 2018: D is kept, and nothing stands but A is barred
        grade("C", 2016, "D"), grade("C", 2019, "A"),
        # D again in 2017: kept from 2017 on, 2019 barred
        grade("D", 2016, "D"), grade("D", 2017, "D"), grade("D", 2018, "B"), grade("D", 2019, "A"),
        # a C is no D
        grade("E", 2016, "C"), grade("E", 2017, "A"),
    )  # fmt: skip
    assert found == {
        ("A", 2016): ("D", "D", None, None),
        ("A", 2017): ("A", "D", 2016, None),
        ("A", 2018): ("A", "B", None, 2016),
        ("A", 2019): ("A", "A", None, None),
        ("B", 2016): ("D", "D", None, None),
        ("B", 2017): ("B", "D", 2016, None),
        ("B", 2018): ("C", "C", None, 2016),
        ("C", 2016): ("D", "D", None, None),
        ("C", 2017): (None, "D", 2016, None),
        ("C", 2018): (None, None, None, 2016),
        ("C", 2019): ("A", "A", None, None),
        ("D", 2016): ("D", "D", None, None),
        # its own D decides, not the kept one
        ("D", 2017): ("D", "D", None, None),
        # kept goes before barred
        ("D", 2018): ("B", "D", 2017, None),
        ("D", 2019): ("A", "B", None, 2017),
        ("E", 2016): ("C", "C", None, None),
        ("E", 2017): ("A", "A", None, None),
    }


def test_what_counts_as_the_grade_of_a_year(spark):
    found = standing(
        spark, "2018-12-31",
        # the D was put right within its year: nothing is kept
        grade("A", 2016, "D"), grade("A", 2016, "B", "2017-09-01"),
        # judged D later in the year
        grade("B", 2016, "A"), grade("B", 2016, "D", "2017-09-01"),
        # a period written as 2016年度 is the year; one that is no year is left out
        grade("C", 2016, "D", period="2016年度"), grade("C", 2017, "A", period="2017年上半年"),
        # another scheme's D is another matter
        grade("D", 2016, "D", scheme="国家信用风险分类"),
        # begins tomorrow
        grade("E", 2018, "D", "2019-01-01", known_at=D("2018-12-31")),
    )  # fmt: skip
    assert found == {
        ("A", 2016): ("B", "B", None, None),
        ("B", 2016): ("D", "D", None, None),
        ("B", 2017): (None, "D", 2016, None),
        ("B", 2018): (None, None, None, 2016),
        ("C", 2016): ("D", "D", None, None),
        ("C", 2017): (None, "D", 2016, None),
        ("C", 2018): (None, None, None, 2016),
    }


def test_some_ds_are_not_kept(spark):
    """Under the later pack a D by points is not kept; one without a basis or judged D is."""
    found = standing(
        spark, "2024-12-31",
        grade("A", 2022, "D", basis="年度评价"), grade("A", 2023, "A"),
        grade("B", 2022, "D", basis="直接判级"), grade("B", 2023, "A"),
        grade("C", 2022, "D"), grade("C", 2023, "A"),
        pack=REGIME_2022,
    )  # fmt: skip
    assert [found[s, 2023] for s in "ABC"] == [
        ("A", "A", None, None),
        ("A", "D", 2022, None),
        ("A", "D", 2022, None),
    ]


def test_a_kept_grade_never_replaces_a_severer_one(spark):
    kept_c = pack_with(tax_retention={"grade": "C"})
    found = standing(spark, "2018-12-31", grade("A", 2016, "C"), grade("A", 2017, "D"), pack=kept_c)
    assert found["A", 2017] == ("D", "D", None, None)


def test_verdicts_of_the_day(spark):
    grades = [
        # 2017's grade is in force: D, not A
        grade("A", 2016, "D"),
        grade("A", 2017, "A"),
        # no grade for 2017: D stays for its second year, counted from its own first day
        grade("B", 2016, "D", "2017-05-31"),
        # 2016's C counts, no D behind it
        grade("C", 2016, "C", ends="2019-01-01"),
        # the D itself is in force: issued, so nothing to say
        grade("D", 2017, "D"),
        # a barred A
        grade("E", 2015, "D"),
        grade("E", 2017, "A"),
        # barred, but no A was given
        grade("F", 2015, "D"),
        grade("F", 2017, "B"),
        # a barred year without a grade
        grade("G", 2015, "D"),
        # the last day of the second year, a leap day's
        grade("H", 2015, "D", "2016-07-01"),
        # ... and the day after
        grade("I", 2015, "D", "2016-06-30", ends="2017-06-29"),
    ]
    found = retained(spark, "2018-06-30", *grades)
    assert told(found) == [
        ("A", 2017, "D", "2018-04-20", "2019-04-19"),
        ("B", 2017, "D", "2018-05-31", "2019-05-30"),
        ("E", 2017, "B", "2018-04-20", "2019-04-19"),
        ("H", 2016, "D", "2017-07-01", "2018-06-30"),
    ]
    a, b, e, _ = rows_of(found)
    assert a.sum_zh == (
        "2016年度评为D；D级保留2年（2016年至2017年）；2017年度评为A，保留为D [2018-04-20 — 2019-04-19]"
    )
    assert "2017年度未见评级，保留为D" in b.sum_zh
    assert e.sum_zh == (
        "2015年度评为D，保留至2016年；其后1年不得评为A：2017年度评为A，距2015年2年，按B计"
        " [2018-04-20 — 2019-04-19]"
    )
    assert (a.severity, e.severity, e.kept_from, e.barred_by) == (100, 20, None, 2015)
    assert a.standing == "cited"
    assert "D级评价保留2年" in a.citation
    by_id = behind(found)
    # the D and the year's own; where none was issued, the D alone
    assert by_id[a.verdict_id] == ["grade:r0", "grade:r1"]
    assert by_id[b.verdict_id] == ["grade:r2"]
    assert by_id[e.verdict_id] == ["grade:r5", "grade:r6"]


def test_days_of_a_year_end_where_the_next_begins(spark):
    leap = [
        # from a leap day: the second year begins on February 28
        grade("A", 2014, "D", "2016-02-29", ends="2017-02-27"),
        # 2015's grade came early, in the middle of the D's own days
        grade("B", 2014, "D", "2016-02-29", ends="2017-02-27"),
        grade("B", 2015, "B", "2016-12-01", ends="2017-11-30"),
    ]
    found = standing_tax_grades(known(spark, D("2017-01-01"), grade=leap), D("2017-01-01"), REPORT)
    days = {(r.subject_id, r.year): (str(r.holds_from), str(r.holds_to)) for r in found.collect()}
    assert days == {
        ("A", 2014): ("2016-02-29", "2017-02-27"),
        ("A", 2015): ("2017-02-28", "2018-02-27"),
        ("A", 2016): ("2018-02-28", "2019-02-27"),
        ("B", 2014): ("2016-02-29", "2016-11-30"),
        ("B", 2015): ("2016-12-01", "2017-11-30"),
        ("B", 2016): ("2018-02-28", "2019-02-27"),
    }


def test_nothing_known(spark):
    nothing = known(spark, D("2018-01-01"), registration=[])
    assert rows_of(retained_tax_grades(nothing, D("2018-01-01"), REPORT)) == []


# --- against a slow twin -----------------------------------------------------------------------


def twin(issued: dict[int, tuple[str, str]], rule) -> dict[int, tuple]:
    """Year by year, each looking back at every year before it."""
    order = "ABMCD"
    reach = rule.keep_years + rule.barred_years
    found = {}
    for year in range(2000, 2060):
        own = issued.get(year, (None, None))[0]
        bad = [
            y
            for y, (value, basis) in issued.items()
            if y < year < y + reach
            and value == rule.grade
            and basis not in rule.not_kept_when_basis
        ]
        keeping = [y for y in bad if year < y + rule.keep_years]
        barring = [y for y in bad if year >= y + rule.keep_years]
        if keeping and (own is None or order.index(own) <= order.index(rule.grade)):
            kept = max(keeping) if own != rule.grade else None
            found[year] = (own, rule.grade, kept, None)
        elif barring:
            stands = rule.instead if own == rule.barred else own
            found[year] = (own, stands, None, max(barring))
        elif own:
            found[year] = (own, own, None, None)
    return found


ISSUED = st.dictionaries(
    st.integers(2010, 2017),
    st.tuples(st.sampled_from("AABMCDDD"), st.sampled_from(["年度评价", "直接判级"])),
)


@given(
    st.lists(ISSUED, min_size=6, max_size=12),
    st.integers(1, 4),
    st.integers(0, 3),
    st.sampled_from([(), ("年度评价",)]),
    st.sampled_from("CD"),
)
def test_as_the_twin_says(spark, subjects, keep, barred, not_kept, bad):
    kept = {"keep_years": keep, "barred_years": barred, "not_kept_when_basis": not_kept}
    pack = pack_with(tax_retention={**kept, "grade": bad})
    grades = [
        grade(f"S{s}", year, value, basis=basis)
        for s, issued in enumerate(subjects)
        for year, (value, basis) in issued.items()
    ]
    found = standing(spark, "2020-01-01", *grades, pack=pack)
    expected = {
        (f"S{s}", year): said
        for s, issued in enumerate(subjects)
        for year, said in twin(issued, pack.tax_grade.retention).items()
    }
    assert found == expected


@FEWER
@given(st.lists(ISSUED, min_size=4, max_size=8), st.data())
def test_withdrawn_and_later_records(spark, subjects, data):
    """A withdrawn grade never came, what is known later changes nothing, in any row order."""
    as_of = data.draw(st.sampled_from(["2015-05-01", "2017-04-20", "2018-04-19"]))
    grades = [
        grade(f"S{s}", year, value, basis=basis, source_record_id=f"{s}-{year}")
        for s, issued in enumerate(subjects)
        for year, (value, basis) in issued.items()
        if f"{year + 1}-04-20" <= as_of
    ]
    gone = data.draw(st.sets(st.sampled_from(range(len(grades))))) if grades else set()
    withdrawals = [
        grades[n] | {"op": "withdraw", "known_at": D(as_of), "batch_id": "b2"} for n in gone
    ]
    later = [g | {"grade": "D", "known_at": D(as_of) + timedelta(1)} for g in grades]
    versions = data.draw(st.permutations(grades + withdrawals + later))
    left = [g for n, g in enumerate(grades) if n not in gone]
    assert plain(retained(spark, as_of, *versions)) == plain(retained(spark, as_of, *left))


WORSE = {"A": "B", "B": "M", "M": "C", "C": "D", "D": "D"}


@FEWER
@given(st.lists(ISSUED, min_size=4, max_size=8), st.integers(2010, 2017))
def test_a_worse_grade_never_lowers_severity(spark, subjects, fallen):
    def severities(of):
        grades = [
            grade(f"S{s}", y, v) for s, issued in enumerate(of) for y, (v, _) in issued.items()
        ]
        day = D("2020-01-01")
        found = standing_tax_grades(known(spark, day, grade=grades), day, REPORT).collect()
        return {(r.subject_id, r.year): r.severity for r in found if r.severity is not None}

    worse = [
        {y: (WORSE[v] if y == fallen else v, basis) for y, (v, basis) in issued.items()}
        for issued in subjects
    ]
    before, after = severities(subjects), severities(worse)
    assert all(after[key] >= severity for key, severity in before.items())

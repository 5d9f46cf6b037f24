"""How a D reaches other firms through the people responsible for it."""

from __future__ import annotations

from datetime import timedelta

from literal_verdicts import REPORT, D, behind, known, pack_with, plain, rows_of

from models.grading.carried_grades import carried_grades

DAY = D("2018-06-30")
BEGAN = "2017-04-20"
LEGAL, FINANCE = "法定代表人", "财务负责人"


def grade(subject, value="D", year=2016, begins=BEGAN, **more):
    begins = D(begins)
    return {
        "subject_id": subject,
        "scheme": "纳税信用",
        "period": str(year),
        "grade": value,
        "valid_from": begins,
        "valid_to": begins.replace(year=begins.year + 1) - timedelta(1),
        **more,
    }


def role(subject, person, role=LEGAL, begins="2010-01-01", ends=None, **more):
    return {
        "subject_id": subject,
        "person_key": person,
        "role": role,
        "valid_from": begins and D(begins),
        "valid_to": ends and D(ends),
        "known_at": D("2018-01-01"),
        **more,
    }


def firm(subject, person, est_date="2010-01-01"):
    return {
        "subject_id": subject,
        "legal_rep_key": person,
        "est_date": D(est_date),
        "known_at": D("2018-01-01"),
    }


def carried(spark, grades, roles=(), firms=(), as_of=DAY, pack=REPORT):
    tables = known(spark, as_of, grade=grades, key_person=roles, registration=firms)
    return carried_grades(tables, as_of, pack)


def reached(found):
    return [
        (r.subject_id, r.source_subject, str(r.holds_from), str(r.holds_to)) for r in rows_of(found)
    ]


FULL = ("bad", BEGAN, "2019-04-19")
"""Carried from the firm `bad`, from its D's first day to the end of the second year."""

CASES = [
    # the person was responsible on the D's first day, and represents the other firm today
    ("legal representative of both", [role("bad", "p"), role("T", "p")], [], [FULL]),
    ("chief of finance is responsible too", [role("bad", "p", FINANCE), role("T", "p")], [], [FULL]),
    ("a supervisor is not", [role("bad", "p", "监事"), role("T", "p")], [], []),
    ("only firms he represents are reached", [role("bad", "p"), role("T", "p", FINANCE)], [], []),
    ("another person", [role("bad", "p"), role("T", "q")], [], []),
    ("people without a key are nobody", [role("bad", None), role("T", None)], [], []),
    ("left the day before the D", [role("bad", "p", ends="2017-04-19"), role("T", "p")], [], []),
    ("left on the D's first day", [role("bad", "p", ends=BEGAN), role("T", "p")], [], [FULL]),
    ("came the day after", [role("bad", "p", begins="2017-04-21"), role("T", "p")], [], []),
    ("came on that day", [role("bad", "p", begins=BEGAN), role("T", "p")], [], [FULL]),
    ("since when is not known: counts", [role("bad", "p", begins=None), role("T", "p")], [], [FULL]),
    ("no longer in the other firm", [role("bad", "p"), role("T", "p", ends="2018-06-29")], [], []),
    (
        "the last day in the other firm",
        [role("bad", "p"), role("T", "p", ends="2018-06-30")],
        [],
        [FULL],
    ),
    (
        "took the other firm later: from then on",
        [role("bad", "p"), role("T", "p", begins="2018-02-28")],
        [],
        [("bad", "2018-02-28", "2019-04-19")],
    ),
    ("takes it tomorrow", [role("bad", "p"), role("T", "p", begins="2018-07-01")], [], []),
    ("never onto itself", [role("bad", "p"), role("bad", "p", FINANCE)], [], []),
    ("both by the register", [], [firm("bad", "p"), firm("T", "p")], [FULL]),
    (
        "the register knows the present one only; another was responsible on that day",
        [role("bad", "q", ends="2017-12-31")],
        [firm("bad", "p"), firm("T", "p")],
        [],
    ),
    (
        "known to have taken over after the D: the register does not say otherwise",
        [role("bad", "p", begins="2018-01-01")],
        [firm("bad", "p"), firm("T", "p")],
        [],
    ),
    ("a firm younger than the D", [role("bad", "p")], [firm("T", "p", "2017-10-31")],
     [("bad", "2017-10-31", "2019-04-19")]),
]  # fmt: skip


def test_reach(spark):
    """All cases in one frame, each with firms and people of its own."""

    def own(number, row):
        names = ("subject_id", "person_key", "legal_rep_key")
        return row | {n: f"{number:02}{row[n]}" for n in names if row.get(n)}

    grades, roles, firms, expected = [], [], [], []
    for number, (_, told, registered, found) in enumerate(CASES):
        grades.append(own(number, grade("bad")))
        roles += [own(number, row) for row in told]
        firms += [own(number, row) for row in registered]
        expected += [(f"{number:02}T", f"{number:02}{e[0]}", *e[1:]) for e in found]
    assert reached(carried(spark, grades, roles, firms)) == expected


def test_days_of_the_source(spark):
    roles = [role("bad", "p"), role("T", "p")]

    def on(day, *grades, pack=REPORT):
        return [d[2:] for d in reached(carried(spark, grades, roles, as_of=D(day), pack=pack))]

    kept = (BEGAN, "2019-04-19")
    assert on("2019-04-19", grade("bad")) == [kept]  # the last day of two years
    assert on("2019-04-20", grade("bad")) == []
    # a better grade for the second year ends nothing: the D stands in its place, as long as it holds
    assert on("2018-06-30", grade("bad"), grade("bad", "A", 2017, "2018-04-02")) == [
        (BEGAN, "2019-04-01")
    ]
    # put right within its year: no D was issued
    assert on("2018-06-30", grade("bad"), grade("bad", "B", 2016, "2017-09-01")) == []
    # a D that is not kept ends with its own year
    unkept = pack_with(tax_retention={"not_kept_when_basis": ("年度评价",)})
    points = grade("bad", basis="年度评价")
    assert on("2018-04-19", points, pack=unkept) == [(BEGAN, "2018-04-19")]
    assert on("2018-04-20", points, pack=unkept) == []
    # kept for its own year alone
    short = pack_with(tax_retention={"keep_years": 1})
    assert on("2018-04-19", grade("bad"), pack=short) == [(BEGAN, "2018-04-19")]
    # two D years: one verdict each
    assert on("2018-01-01", grade("bad", year=2015, begins="2016-04-20"), grade("bad")) == [
        ("2016-04-20", "2018-04-19"),
        kept,
    ]


def test_one_step_only(spark):
    """T has a carried D, and its own chief of finance leads U: nothing reaches U."""
    roles = [role("bad", "p"), role("T", "p"), role("T", "q", FINANCE), role("U", "q")]
    assert [r[0] for r in reached(carried(spark, [grade("bad")], roles))] == ["T"]


def test_only_after(spark):
    after = pack_with(tax_spread={"only_after": True})
    roles = [
        role("bad", "p"),
        role("before", "p", begins="2017-04-19"),
        role("that day", "p", begins=BEGAN),
        # since when is not known: not reached, in doubt for the firm
        role("unknown", "p", begins=None),
    ]
    # the register does not say since when, but a firm founded after the D was taken after it
    firms = [firm("young", "p", "2017-05-01"), firm("old", "p", "2010-01-01")]
    found = carried(spark, [grade("bad")], roles, firms, pack=after)
    assert [r[0] for r in reached(found)] == ["that day", "young"]
    everyone = carried(spark, [grade("bad")], roles, firms)
    assert [r[0] for r in reached(everyone)] == ["before", "old", "that day", "unknown", "young"]


def test_path_and_records(spark):
    roles = [
        role("bad", "secret1", FINANCE, "2015-03-01"),
        role("bad", "secret2"),
        role("bad", "secret2", FINANCE, "2016-01-01"),
        role("T", "secret1", begins="2018-01-31"),
        role("T", "secret2", begins="2018-02-01", ends="2019-01-01"),
    ]
    found = carried(spark, [grade("bad")], roles)
    (row,) = rows_of(found)
    # two people carry it; of the two roles of the second, the one that the pack names first
    assert row.persons == 2
    assert row.sum_zh == (
        "bad 2016年度评为D（自2017-04-20，保留至2019-04-19） → "
        "某自然人（该级生效之日为其法定代表人，自2010-01-01） → "
        "本主体（同一人为法定代表人，自2018-02-01）；"
        "某自然人（该级生效之日为其财务负责人，自2015-03-01） → "
        "本主体（同一人为法定代表人，自2018-01-31）；据此判为D，只传一层"
    )
    assert "a person (on its first day chief of finance there, since 2015-03-01)" in row.sum_en
    assert (row.rule, row.value, row.severity, row.standing) == ("tax_spread", "D", 100, "cited")
    assert str(row.holds_from) == "2018-01-31"  # the earlier of the two
    assert behind(found) == {
        row.verdict_id: ["grade:r0"] + [f"key_person:r{n}" for n in (0, 1, 3, 4)]
    }
    everything = repr(plain(found)) + repr(found.records.collect())
    assert "secret" not in everything


def test_withdrawn_and_later(spark):
    roles = [role("bad", "p"), role("T", "p", source_record_id="t")]
    gone = roles[1] | {"op": "withdraw", "known_at": DAY, "batch_id": "b2"}
    later = role("U", "p", known_at=DAY + timedelta(1))
    # withdrawn: as if T's role had never come
    assert plain(carried(spark, [grade("bad")], [*roles, gone])) == []
    # known tomorrow, and in another order
    one = carried(spark, [grade("bad")], roles)
    two = carried(spark, [grade("bad")], [later, *roles[::-1]])
    assert plain(one) == plain(two) != []


def test_absent_tables(spark):
    assert plain(carried_grades(known(spark, DAY, grade=[grade("bad")]), DAY, REPORT)) == []
    assert plain(carried_grades(known(spark, DAY, registration=[]), DAY, REPORT)) == []

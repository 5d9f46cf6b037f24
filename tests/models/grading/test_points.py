"""Points: what the balance is, when a lock begins and ends, to the day."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal_verdicts import FEWER, HALF, REPORT, D, behind, known, pack_with, plain, rows_of

from models.grading.points import points_verdicts

FOOD = "食品药品"


def event(subject, day, points, no="n1", **more):
    """Points (in whole or half ones) that take effect on a day."""
    return {
        "subject_id": subject,
        "event_no": no,
        "domain": FOOD,
        "points_tenths": round(points * 10),
        "effective_date": D(day),
        "event_date": D(day),
        **more,
    }


def judged(spark, as_of, events, pack=REPORT):
    return points_verdicts(known(spark, D(as_of), points_event=events), D(as_of), pack)


def balances(found) -> dict[str, tuple[str, str, str]]:
    """By subject: the balance, since when, until when."""
    return {
        row.subject_id: (row.value, str(row.holds_from), str(row.holds_to))
        for row in rows_of(found)
        if row.statement == "points_balance"
    }


def locks(found) -> list[tuple[str, str, str, str]]:
    return [
        (row.subject_id, row.value, str(row.holds_from), str(row.holds_to))
        for row in rows_of(found)
        if row.statement == "points_locked"
    ]


def test_locks_to_the_day(spark):
    found = judged(
        spark,
        "2020-06-30",
        [
            # the report's example: 6 + 6 within three years lock that day for three years
            event("within", "2016-05-01", 6, "1"),
            event("within", "2018-05-01", 6, "2"),
            # the very last day of the cycle still counts
            event("last day", "2016-05-01", 6, "1"),
            event("last day", "2019-05-01", 6, "2"),
            # three years and a day: the first no longer counts, no lock
            event("day after", "2016-05-01", 6, "1"),
            event("day after", "2019-05-02", 6, "2"),
            # three years from a leap day end on February 28
            event("leap", "2016-02-29", 6, "1"),
            event("leap", "2019-02-28", 6, "2"),
            # ... so on March 1 it is too late
            event("leap over", "2016-02-29", 6, "1"),
            event("leap over", "2019-03-01", 6, "2"),
            # 12 in two events of one day
            event("same day", "2018-03-31", 4, "1"),
            event("same day", "2018-03-31", 8, "2"),
            # one act alone; the lock from a leap day ends on February 28
            event("at once", "2016-02-29", 12),
            # 11.5 does not reach 12
            event("short", "2018-01-01", 11.5),
            # half points add up
            event("halves", "2018-01-01", 11.5, "1"),
            event("halves", "2018-02-01", 0.5, "2"),
            # other domains are no business of this rule
            event("other", "2018-01-01", 12, domain="环境保护"),
        ],
    )
    assert locks(found) == [
        ("at once", "unlocked", "2016-02-29", "2019-02-28"),
        ("halves", "locked", "2018-02-01", "2021-02-01"),
        ("last day", "locked", "2019-05-01", "2022-05-01"),
        ("leap", "locked", "2019-02-28", "2022-02-28"),
        ("same day", "locked", "2018-03-31", "2021-03-31"),
        ("within", "locked", "2018-05-01", "2021-05-01"),
    ]


def test_overlapping_and_touching_locks_are_one(spark):
    found = judged(
        spark,
        "2024-12-31",
        [
            # one more point during the lock reaches 13: the lock runs anew from there, as one lock
            event("longer", "2016-01-01", 12, "1"),
            event("longer", "2017-06-15", 1, "2"),
            # the second lock begins on the day after the first ends: touching, one lock
            event("touch", "2016-01-01", 12, "1"),
            event("touch", "2019-01-02", 12, "2"),
            # a day between: two locks
            event("apart", "2016-01-01", 12, "1"),
            event("apart", "2019-01-03", 12, "2"),
            # points are not cancelled by a lock: on 2019-01-01 the 12 of 2016 still count
            event("kept", "2016-01-01", 12, "1"),
            event("kept", "2019-01-01", 0.5, "2"),
            # but a day later they do not, and half a point locks nobody
            event("gone", "2016-01-01", 12, "1"),
            event("gone", "2019-01-02", 0.5, "2"),
        ],
    )
    assert locks(found) == [
        ("apart", "unlocked", "2016-01-01", "2019-01-01"),
        ("apart", "unlocked", "2019-01-03", "2022-01-03"),
        ("gone", "unlocked", "2016-01-01", "2019-01-01"),
        ("kept", "unlocked", "2016-01-01", "2022-01-01"),
        ("longer", "unlocked", "2016-01-01", "2020-06-15"),
        ("touch", "unlocked", "2016-01-01", "2022-01-02"),
    ]


def test_balance_and_its_days(spark):
    found = judged(
        spark,
        "2019-05-02",
        [
            # 6 of 2016-05-01 expired yesterday evening: 2.5 are left, since today
            event("expired", "2016-05-01", 6, "1"),
            event("expired", "2018-01-31", 2.5, "2"),
            # counted today for the last time
            event("last", "2016-05-02", 3),
            # today's own act
            event("today", "2019-05-02", 1),
            # two acts: the earlier one bounds the days
            event("two", "2017-08-31", 4, "1"),
            event("two", "2018-08-31", 4.5, "2"),
            # all expired: nothing is said
            event("none", "2015-01-01", 6),
            # not in effect yet
            event("ahead", "2019-05-03", 6, known_at=D("2019-05-01")),
        ],
    )
    assert balances(found) == {
        "expired": ("2.5", "2019-05-02", "2021-01-31"),
        "last": ("3", "2016-05-02", "2019-05-02"),
        "today": ("1", "2019-05-02", "2022-05-02"),
        "two": ("8.5", "2018-08-31", "2020-08-31"),
    }


def test_lock_ends_with_its_last_day(spark):
    events = [event("A", "2016-05-01", 12)]
    # the same calendar day three years on is the last one locked, the day after is free
    assert locks(judged(spark, "2019-05-01", events)) == [
        ("A", "locked", "2016-05-01", "2019-05-01")
    ]
    assert locks(judged(spark, "2019-05-02", events)) == [
        ("A", "unlocked", "2016-05-01", "2019-05-01")
    ]


def test_sum_records_and_standing(spark):
    found = judged(
        spark,
        "2019-01-01",
        [event("A", "2018-05-01", 6, "2"), event("A", "2016-05-01", 6, "1")],
    )
    balance, lock = sorted(rows_of(found), key=lambda row: row.statement)
    assert lock.sum_zh == (
        "2016年：6分（2016-05-01，计至2019-05-01） ＋ 2018年：6分（2018-05-01，计至2021-05-01）"
        " = 12分 ≥ 12分，自2018-05-01起锁入36个月，至2021-05-01"
    )
    assert lock.sum_en == (
        "2016-05-01: 6 (counts to 2019-05-01) + 2018-05-01: 6 (counts to 2021-05-01) = 12 >= 12: "
        "locked from 2018-05-01 for 36 months, to 2021-05-01"
    )
    assert balance.value == "12"
    assert balance.sum_en.endswith(" = 12 points")
    # the name that measures ask for
    assert {balance.rule, lock.rule} == {"food_drug"}
    assert lock.standing == "cited"
    assert "12分" in lock.citation
    both = ["points_event:r0", "points_event:r1"]
    assert behind(found) == {balance.verdict_id: both, lock.verdict_id: both}


def test_fixed_cycles(spark):
    fixed = pack_with(points={"cycle": "fixed", "anchor": D("2016-01-01"), "cycle_months": 12})
    found = judged(
        spark,
        "2018-03-01",
        [
            # both in the year 2017
            event("one", "2017-01-01", 6, "1"),
            event("one", "2017-12-31", 6, "2"),
            # a day apart, in two cycles
            event("two", "2016-12-31", 6, "1"),
            event("two", "2017-01-01", 6, "2"),
            # before the anchor the cycles run on backwards
            event("before", "2015-01-01", 6, "1"),
            event("before", "2015-12-31", 6, "2"),
            event("before too", "2014-12-31", 6, "1"),
            event("before too", "2015-01-01", 6, "2"),
            # this year's counts to the end of the year
            event("now", "2018-02-28", 7.5),
        ],
        fixed,
    )
    assert locks(found) == [
        ("before", "locked", "2015-12-31", "2018-12-31"),
        ("one", "locked", "2017-12-31", "2020-12-31"),
    ]
    assert balances(found) == {"now": ("7.5", "2018-02-28", "2018-12-31")}


def test_time_alone_sets_no_lock(spark):
    """A lock of a year ends although 12 points still count: reaching them takes an act."""
    short = pack_with(points={"lock_months": 12})
    found = judged(spark, "2018-01-01", [event("A", "2016-01-01", 12)], short)
    assert locks(found) == [("A", "unlocked", "2016-01-01", "2017-01-01")]
    assert balances(found) == {"A": ("12", "2016-01-01", "2019-01-01")}


def test_nothing_known(spark):
    found = points_verdicts(known(spark, D("2020-01-01"), grade=[]), D("2020-01-01"), REPORT)
    assert rows_of(found) == []
    assert behind(found) == {}


# --- against a slow twin -----------------------------------------------------------------------


def months_on(day: date, months: int) -> date:
    """The same calendar day so many months later; the month's last day where there is none."""
    month = day.year * 12 + day.month - 1 + months
    year, month = divmod(month, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def last_counted(day: date, rule) -> date:
    if rule.cycle == "rolling":
        return months_on(day, rule.cycle_months)
    start = rule.anchor
    while start > day:
        start = months_on(start, -rule.cycle_months)
    while months_on(start, rule.cycle_months) <= day:
        start = months_on(start, rule.cycle_months)
    return months_on(start, rule.cycle_months) - timedelta(1)


def twin(events, as_of: date, rule):
    """Day by day: `(value, from, to)` of the balance or None, and the locks."""
    events = [(no, d, p) for no, d, p in events if d <= as_of]

    def alive(day):
        return [(no, p) for no, d, p in events if d <= day <= last_counted(d, rule)]

    held, today = None, alive(as_of)
    if today:
        first = last = as_of
        while alive(first - timedelta(1)) == today:
            first -= timedelta(1)
        while alive(last + timedelta(1)) == today:
            last += timedelta(1)
        tenths = sum(p for _, p in today)
        held = (f"{tenths / 10:g}", str(first), str(last))
    locked: set[date] = set()
    for _, day, _ in events:
        if sum(p for _, p in alive(day)) >= rule.threshold * 10:
            end = months_on(day, rule.lock_months)
            locked |= {day + timedelta(n) for n in range((end - day).days + 1)}
    runs = []
    for day in sorted(locked):
        if runs and runs[-1][1] == day - timedelta(1):
            runs[-1][1] = day
        else:
            runs.append([day, day])
    return held, [
        ("locked" if last >= as_of else "unlocked", str(first), str(last)) for first, last in runs
    ]


DAYS = st.one_of(
    st.sampled_from(
        [D(d) for d in ("2016-02-29", "2016-01-31", "2017-02-28", "2019-02-28", "2019-03-01")]
    ),
    st.dates(D("2015-12-01"), D("2020-02-29")),
    st.dates(D("2016-01-01"), D("2016-04-30")),
)
EVENTS = st.lists(st.tuples(DAYS, st.sampled_from([5, 20, 55, 60, 120])), max_size=6)
RULES = st.fixed_dictionaries(
    {"cycle_months": st.sampled_from([1, 2, 12, 36]), "lock_months": st.sampled_from([1, 7, 36])}
)


def drawn(subjects):
    return [
        event(f"S{s}", str(day), tenths / 10, f"e{n}")
        for s, own in enumerate(subjects)
        for n, (day, tenths) in enumerate(own)
    ]


@pytest.mark.parametrize("cycle", ["rolling", "fixed"])
def test_as_the_twin_says(spark, cycle):
    anchored = {"cycle": cycle, "anchor": D("2017-03-01") if cycle == "fixed" else None}

    @HALF
    @given(st.lists(EVENTS, min_size=8, max_size=16), RULES, DAYS)
    def check(subjects, months, as_of):
        pack = pack_with(points={**anchored, **months})
        rule = pack.points.points["food_drug"]
        # the days of the acts are known at once; those after the day belong to the future
        found = judged(spark, str(as_of), drawn(subjects), pack)
        rows = rows_of(found)
        for s, own in enumerate(subjects):
            held, locked = twin([(n, d, p) for n, (d, p) in enumerate(own)], as_of, rule)
            mine = [r for r in rows if r.subject_id == f"S{s}"]
            said = [
                (r.value, str(r.holds_from), str(r.holds_to))
                for r in mine
                if r.statement == "points_balance"
            ]
            assert said == ([held] if held else []), own
            said = [
                (r.value, str(r.holds_from), str(r.holds_to))
                for r in mine
                if r.statement == "points_locked"
            ]
            assert said == locked, own

    check()


@FEWER
@given(st.lists(EVENTS, min_size=4, max_size=8), st.data())
def test_withdrawn_and_later_records(spark, subjects, data):
    """A withdrawn event never came, and what is known later changes nothing, in any row order."""
    as_of = D("2019-03-01")
    events = [e | {"source_record_id": f"r{n}"} for n, e in enumerate(drawn(subjects))]
    events = [e for e in events if e["effective_date"] <= as_of]
    gone = data.draw(st.sets(st.sampled_from(range(len(events))))) if events else set()
    withdrawals = [
        events[n] | {"op": "withdraw", "known_at": as_of, "batch_id": "b2"} for n in sorted(gone)
    ]
    later = [
        e | {"source_record_id": f"l{n}", "event_no": f"l{n}", "known_at": as_of + timedelta(1)}
        for n, e in enumerate(events)
    ]
    versions = data.draw(st.permutations(events + withdrawals + later))
    left = [e for n, e in enumerate(events) if n not in gone]
    changed, untouched = judged(spark, str(as_of), versions), judged(spark, str(as_of), left)
    assert plain(changed) == plain(untouched)

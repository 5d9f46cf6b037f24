"""Who is on which list on a day: exact days, decisions only, and the laws of correction."""

from __future__ import annotations

import datetime
import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conf.rule_pack import load_pack
from features.as_of import known_tables
from features.repairs import without_repaired
from models.grading.lists import LIST_OWN, list_states
from models.grading.trace import RECORD_COLUMNS, VERDICT_COLUMNS
from tests.features.literal_tables import records
from tests.models.grading.list_twin import Event, Stay, life

OLD, NEW = load_pack("report_2016"), load_pack("regime_2022")
ABNORMAL, SERIOUS = "经营异常", "严重违法"  # without months of its own; 60 months, later 36


def entered(subject: str, on: date | None, list_type: str = SERIOUS, **more):
    event = {"subject_id": subject, "list_type": list_type, "direction": "in", "listed_date": on}
    return (
        {"known_at": on or date(2015, 1, 1), "source_record_id": f"{subject}in{on}"} | event | more
    )


def left(subject: str, on: date | None, list_type: str = SERIOUS, **more):
    more = {"source_record_id": f"{subject}out{on}", **more}
    return entered(subject, on, list_type, **more) | {"direction": "out"}


def judged(spark, rows, as_of: date, pack=NEW, **tables):
    silver = {"list_event": rows, **tables}
    made = {name: records(spark, name, found) for name, found in silver.items()}
    known = without_repaired(known_tables(made, as_of), as_of)
    return list_states(known, as_of, pack)


def told(found) -> dict[str, tuple]:
    rows = found.verdicts.collect()
    assert len({r.verdict_id for r in rows}) == len(rows)
    return {r.subject_id: (r.value, r.holds_from, r.holds_to) for r in rows}


DAY = date(2020, 6, 30)


def test_days_of_entry_and_exit_are_exact(spark):
    d = date
    rows = [
        entered("own date", d(2019, 6, 30), lock_until=d(2020, 6, 30)),
        entered("own date over", d(2019, 6, 29), lock_until=d(2020, 6, 29)),
        entered("months", d(2017, 6, 30)),
        entered("months over", d(2017, 6, 29)),
        entered("until exit", d(2000, 1, 1), ABNORMAL),
        entered("left", d(2019, 1, 1)), left("left", d(2020, 6, 30)),
        entered("leaves later", d(2019, 1, 1)), left("leaves later", d(2020, 7, 1), known_at=DAY),
        entered("today", DAY),
        entered("tomorrow", d(2020, 7, 1), known_at=DAY),
        entered("at once", d(2019, 5, 5)), left("at once", d(2019, 5, 5)),
        entered("back at once", d(2019, 1, 1)), left("back at once", d(2020, 1, 1)),
        entered("back at once", d(2020, 1, 1)),
        left("never in", d(2019, 1, 1)),
        left("out first", d(2018, 1, 1)), entered("out first", d(2019, 1, 1)),
        entered("out twice", d(2019, 1, 1)), left("out twice", d(2019, 3, 1)),
        left("out twice", d(2019, 4, 1)),
        entered("out after the end", d(2016, 1, 1)), left("out after the end", d(2020, 1, 1)),
        entered("undated", None),
        entered("undated too", None), entered("undated too", d(2019, 1, 1)),
        entered("other list", d(2001, 1, 1), "其他"),
    ]  # fmt: skip
    assert told(judged(spark, rows, DAY)) == {
        # 锁定至 names the last locked day: it still holds on that day
        "own date": ("listed", d(2019, 6, 30), d(2020, 6, 30)),
        "own date over": ("exited", d(2019, 6, 29), d(2020, 6, 29)),
        # 36 months end on the same day of the month, that day included
        "months": ("listed", d(2017, 6, 30), d(2020, 6, 30)),
        "months over": ("exited", d(2017, 6, 29), d(2020, 6, 29)),
        # no date and no months: nothing but an exit ends it
        "until exit": ("listed", d(2000, 1, 1), None),
        # the day before the exit is the last
        "left": ("exited", d(2019, 1, 1), d(2020, 6, 29)),
        # an exit dated tomorrow has not happened
        "leaves later": ("listed", d(2019, 1, 1), d(2022, 1, 1)),
        "today": ("listed", DAY, d(2023, 6, 30)),
        # "tomorrow" has no row: its entry has not happened
        # entered and removed on one day: it held on no day
        "at once": ("exited", d(2019, 5, 5), d(2019, 5, 4)),
        # the exit ends the stay before, the entry of that day begins another
        "back at once": ("listed", d(2020, 1, 1), d(2023, 1, 1)),
        "never in": ("exit_without_entry", None, None),
        # an exit before the entry ends nothing
        "out first": ("listed", d(2019, 1, 1), d(2022, 1, 1)),
        # the second exit ends nothing more
        "out twice": ("exited", d(2019, 1, 1), d(2019, 2, 28)),
        # it was over by itself on 2019-01-01; an exit later does not lengthen it
        "out after the end": ("exited", d(2016, 1, 1), d(2019, 1, 1)),
        "undated": ("undated", None, None),
        "undated too": ("listed", d(2019, 1, 1), d(2022, 1, 1)),
        "other list": ("listed", d(2001, 1, 1), None),
    }


@pytest.mark.parametrize(
    ("entry", "last"),
    [
        (date(2016, 2, 29), date(2019, 2, 28)),  # no 29th in 2019: the last day of the month
        (date(2017, 2, 28), date(2020, 2, 28)),  # the 28th stays the 28th, also in a leap year
        (date(2016, 12, 31), date(2019, 12, 31)),
        (date(2017, 3, 1), date(2020, 3, 1)),
    ],
)
def test_locked_and_unlocked_to_the_day(spark, entry, last):
    rows = [entered("A", entry)]
    before = told(judged(spark, rows, entry - datetime.timedelta(days=1)))
    assert before == {}  # the day before it had not come
    assert told(judged(spark, rows, last))["A"] == ("listed", entry, last)
    assert told(judged(spark, rows, last + datetime.timedelta(days=1)))["A"][0] == "exited"


def test_entries_while_listed_make_one_stay(spark):
    d = date
    rows = [
        entered("longer", d(2018, 1, 1)), entered("longer", d(2020, 1, 1)),
        entered("shorter", d(2018, 1, 1)),
        entered("shorter", d(2020, 1, 1), lock_until=d(2020, 2, 1)),
        entered("on the last day", d(2017, 5, 1)), entered("on the last day", d(2020, 5, 1)),
        entered("a day late", d(2017, 5, 1)), entered("a day late", d(2020, 5, 2)),
        entered("twice a day", d(2019, 1, 1), lock_until=d(2020, 1, 1)),
        entered("twice a day", d(2019, 1, 1), lock_until=d(2021, 1, 1), source_record_id="x"),
        entered("one exit", d(2019, 1, 1)), entered("one exit", d(2019, 2, 1)),
        left("one exit", d(2019, 3, 1)),
    ]  # fmt: skip
    assert told(judged(spark, rows, DAY)) == {
        "longer": ("listed", d(2018, 1, 1), d(2023, 1, 1)),  # the later end counts
        "shorter": ("listed", d(2018, 1, 1), d(2021, 1, 1)),  # a shorter one cuts nothing off
        "on the last day": ("listed", d(2017, 5, 1), d(2023, 5, 1)),  # still listed that day
        "a day late": ("listed", d(2020, 5, 2), d(2023, 5, 2)),  # a stay of its own
        "twice a day": ("listed", d(2019, 1, 1), d(2021, 1, 1)),
        "one exit": ("exited", d(2019, 1, 1), d(2019, 2, 28)),  # ends both entries
    }


def test_withdrawn_and_corrected_entries(spark):
    d = date
    first = entered("corrected", d(2017, 1, 1), source_record_id="c")
    rows = [
        entered("withdrawn", d(2019, 1, 1), source_record_id="w"),
        entered("withdrawn", d(2019, 1, 1), source_record_id="w", op="withdraw", known_at=d(2020, 1, 1)),
        first,
        {**first, "listed_date": d(2019, 1, 1), "op": "correct", "known_at": d(2020, 1, 1)},
        entered("later", d(2019, 1, 1), source_record_id="l"),
        entered("later", d(2019, 1, 1), source_record_id="l", op="withdraw", known_at=d(2020, 7, 1)),
    ]  # fmt: skip
    assert told(judged(spark, rows, DAY)) == {
        "corrected": ("listed", d(2019, 1, 1), d(2022, 1, 1)),  # the corrected day counts
        "later": ("listed", d(2019, 1, 1), d(2022, 1, 1)),  # its withdrawal is not known yet
    }
    assert told(judged(spark, rows, d(2019, 6, 30)))["withdrawn"][0] == "listed"  # as known then


def test_columns_of_the_rule_and_its_packs(spark):
    d = date
    rows = [
        entered("A", d(2018, 2, 28), decision_no="列1"), left("A", d(2018, 12, 1), decision_no="移1"),
        entered("B", d(2018, 1, 1), ABNORMAL), left("B", d(2019, 1, 1), ABNORMAL),
        entered("C", d(2016, 2, 29)),
        entered("D", d(2019, 1, 31)),
    ]  # fmt: skip
    old = {r.subject_id: r for r in judged(spark, rows, DAY, OLD).verdicts.collect()}
    new = {r.subject_id: r for r in judged(spark, rows, DAY, NEW).verdicts.collect()}
    assert {s: r.verdict_id for s, r in old.items()} == {s: r.verdict_id for s, r in new.items()}
    # 60 months under the old pack, 36 under the new
    assert (old["C"].value, old["C"].holds_to) == ("listed", d(2021, 2, 28))
    assert (new["C"].value, new["C"].ended_by, new["C"].severity) == ("exited", "lapse", None)
    assert (new["D"].severity, old["D"].severity, new["D"].rule) == (90, 90, SERIOUS)
    # twelve months from 2019-01-31 end on 2020-01-31: from the day after a repair may end it
    assert (new["D"].earliest_exit, old["D"].earliest_exit) == (d(2020, 2, 1), None)
    # left before that: the decision counts, and the sum says that it came early
    assert (new["A"].ended_by, new["A"].earliest_exit) == ("exit", d(2019, 3, 1))
    assert new["A"].sum_zh == (
        "2018-02-28列入（列1），36个月，至2021-02-28；2018-12-01移出（移1），列入至前一日2018-11-30；"
        "2020-06-30已不在列：最后一日2018-11-30，移出早于2019-03-01，以决定为准"
    )
    assert new["D"].sum_en == (
        "2019-01-31 entry, 36 months, to 2022-01-31; listed on 2020-06-30: from 2019-01-31 "
        "to 2022-01-31; may leave early from 2020-02-01"
    )
    # the new pack hides abnormal entries once the firm has left
    assert (old["B"].shown, new["B"].shown, new["A"].shown, new["D"].shown) == (
        True, False, True, True,
    )  # fmt: skip
    assert {r.standing for r in new.values()} == {"project default"}


def test_objections_leave_the_entry_until_they_are_decided(spark):
    d = date

    def objected(subject: str, state: str, on: date, number: str = "异1"):
        return {
            "subject_id": subject,
            "objection_no": f"{number}{subject}",
            "target_table": "list_event",
            "target_record_id": f"{subject}in2019-01-01",
            "state": state,
            "state_date": on,
        }

    subjects = ("open", "rejected", "withdrawn", "sustained", "of another", "none")
    rows = [entered(s, d(2019, 1, 1)) for s in subjects]
    objections = [objected(s, "受理", d(2020, 1, 1)) for s in subjects[:-2]]
    objections += [
        objected("rejected", "不成立", d(2020, 2, 1)),
        objected("withdrawn", "撤回", d(2020, 2, 1)),
        objected("sustained", "成立", d(2020, 2, 1)),
        # names the entry of another subject: touches nothing
        {**objected("none", "受理", d(2020, 1, 1)), "target_record_id": "of anotherin2019-01-01"},
    ]
    found = judged(spark, rows, DAY, objection=objections)
    stands = ("listed", d(2019, 1, 1), d(2022, 1, 1))
    # a sustained objection takes the entry away as if it had never come: no row at all
    assert told(found) == {s: stands for s in subjects if s != "sustained"}
    remedy = {r.subject_id: r.remedy for r in found.verdicts.collect()}
    assert [s for s in remedy if remedy[s]] == ["open"]
    behind = [r for r in found.records.collect() if r.subject_id == "open"]
    assert sorted(r.table_name for r in behind) == ["list_event", "objection"]
    # before it was decided the entry stood, under objection
    then = judged(spark, rows, d(2020, 1, 31), objection=objections)
    assert {r.subject_id for r in then.verdicts.collect() if r.remedy} == {
        "open", "rejected", "withdrawn", "sustained",
    }  # fmt: skip


def test_a_repaired_entry_leaves_on_the_day_of_the_decision(spark):
    d = date
    rows = [entered("A", d(2019, 1, 1)), entered("A", d(2019, 6, 1))]
    repair = {
        "subject_id": "A",
        "repair_no": "修1",
        "target_table": "list_event",
        "target_record_id": "Ain2019-01-01",
        "outcome": "准予",
        "decided_date": d(2020, 2, 29),
    }
    later = told(judged(spark, rows, d(2020, 2, 29), repair=[repair]))
    assert later == told(judged(spark, rows[1:], d(2020, 2, 29)))
    assert later == {"A": ("listed", d(2019, 6, 1), d(2022, 6, 1))}
    day_before = told(judged(spark, rows, d(2020, 2, 28), repair=[repair]))
    assert day_before == {"A": ("listed", d(2019, 1, 1), d(2022, 6, 1))}


def test_without_the_table_there_are_no_verdicts(spark):
    firms = records(spark, "registration", [{"subject_id": "A"}])
    found = list_states({"registration": firms}, DAY, NEW)
    assert found.verdicts.columns == [n for n, _ in VERDICT_COLUMNS] + list(LIST_OWN)
    assert found.records.columns == [n for n, _ in RECORD_COLUMNS]
    assert (found.verdicts.count(), found.records.count()) == (0, 0)


def test_texts_do_not_depend_on_the_order_of_rows(spark):
    rows = [
        entered("A", date(2019, 1, 1), source_record_id=f"r{n}", decision_no=f"列{n}")
        for n in range(6)
    ]
    rows += [
        left("A", date(2019, 2, 1), source_record_id=f"x{n}", decision_no=f"移{n}")
        for n in range(4)
    ]
    said = [r for order in (rows, rows[::-1]) for r in judged(spark, order, DAY).verdicts.collect()]
    assert said[0] == said[1]
    assert "移0）、（移1" in said[0].sum_zh


# Days close together around the ends of months, and locks that end among them.
DAYS = (
    date(2019, 2, 28), date(2019, 3, 1), date(2020, 2, 28), date(2020, 2, 29), date(2020, 3, 1),
    date(2021, 2, 28), date(2023, 2, 28), date(2023, 3, 1), date(2016, 2, 29), date(2018, 8, 31),
)  # fmt: skip


def lives(seed: int) -> list[tuple[str, list[Event]]]:
    """A hundred subjects, each on one list, with up to six events on few days."""
    chance = random.Random(seed)

    def event(days: list[date]) -> Event:
        day = None if chance.random() < 0.1 else chance.choice(days)
        direction = chance.choice(("in", "in", "out"))
        until = chance.choice((None, *DAYS))
        dated = day is not None and until is not None and day <= until
        return Event(direction, day, until if direction == "in" and dated else None)

    made = []
    for _ in range(100):
        days = chance.sample(DAYS, 4)  # few, so that entry and exit often meet on one
        events = [event(days) for _ in range(chance.randint(1, 6))]
        made.append((chance.choice((SERIOUS, ABNORMAL)), events))
    return made


@settings(max_examples=6)
@given(st.integers(0, 2**32), st.sampled_from(DAYS))
def test_stays_are_those_of_reading_the_days_in_order(spark, seed, as_of):
    rows, expected = [], {}
    for number, (list_type, events) in enumerate(lives(seed)):
        name = f"s{number}"
        for place, e in enumerate(events):
            row = entered(
                name, e.day, list_type, lock_until=e.until, source_record_id=f"{name}-{place}"
            )
            rows.append({**row, "direction": e.direction})
        stay = life(events, as_of, 36 if list_type == SERIOUS else None)
        if stay is not None:
            expected[name] = stay
    found = judged(spark, rows, as_of).verdicts.collect()
    made = {
        r.subject_id: Stay(r.value, r.holds_from, r.holds_to, expected[r.subject_id].exit_day)
        for r in found
    }
    assert made == expected
    for r in found:  # what ended it is what the twin saw
        by_exit = expected[r.subject_id].exit_day is not None
        assert r.ended_by == (
            {True: "exit", False: "lapse"}[by_exit] if r.value == "exited" else None
        )


LIFE = st.lists(
    st.tuples(st.sampled_from(DAYS), st.sampled_from(["in", "out"]), st.booleans()), max_size=8
)


@settings(max_examples=6)
@given(st.lists(LIFE, min_size=5, max_size=10), st.sampled_from(DAYS))
def test_records_taken_back_or_not_known_yet_are_as_if_they_never_came(spark, drawn, as_of):
    """Each life four times: without the records taken back, and with them withdrawn, repaired, late."""
    rows, repairs = [], []
    for number, made in enumerate(drawn):
        for place, (day, direction, taken_back) in enumerate(made):
            for how in ("never", "withdrawn", "repaired", "late"):
                subject = f"{number} {how}"
                same = {"direction": direction, "source_record_id": f"{subject} {place}"}
                record = entered(subject, day) | same
                if not taken_back:
                    rows.append(record)
                elif how == "withdrawn":
                    rows += [record, {**record, "op": "withdraw", "line": 10_000}]
                elif how == "late":
                    rows.append({**record, "known_at": as_of + datetime.timedelta(days=1)})
                elif how == "repaired":
                    rows.append(record)
                    repairs.append(
                        {
                            "subject_id": subject,
                            "repair_no": f"修{subject}{place}",
                            "target_table": "list_event",
                            "target_record_id": record["source_record_id"],
                            "outcome": "准予",
                            "decided_date": day,
                        }
                    )
    of_life: dict[str, dict[str, tuple]] = {
        "never": {},
        "withdrawn": {},
        "repaired": {},
        "late": {},
    }
    for r in judged(spark, rows, as_of, repair=repairs).verdicts.collect():
        number, how = r.subject_id.split(" ")
        same_for_all = {**r.asDict(), "subject_id": None, "verdict_id": None}
        of_life[how][number] = tuple(same_for_all.items())
    assert of_life["withdrawn"] == of_life["never"]
    assert of_life["repaired"] == of_life["never"]
    assert of_life["late"] == of_life["never"]

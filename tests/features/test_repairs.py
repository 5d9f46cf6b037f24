"""Repair and objection: what a decision took back is gone from its day on, and no day earlier."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from literal_tables import DAY, day, firms, records

from conf.table import load_catalogue
from features.as_of import known_tables
from features.assemble import subject_features
from features.evidence import evidence_rows
from features.feature_sets import feature_set
from features.repairs import (
    REPAIRABLE,
    latest_objections,
    unmatched_repairs,
    without_repaired,
)


def repair(target: str, subject: str = "A", decided: int = 10, **more):
    return {
        "subject_id": subject,
        "repair_no": f"修{target}",
        "target_table": "penalty",
        "target_record_id": target,
        "outcome": "准予",
        "decided_date": day(decided),
        **more,
    }


def objection(target: str, state: str, since: int, subject: str = "A", **more):
    return {
        "subject_id": subject,
        "objection_no": f"异{target}",
        "target_table": "penalty",
        "target_record_id": target,
        "state": state,
        "state_date": day(since),
        **more,
    }


def penalties(spark, *ids: str, subject: str = "A", **more):
    rows = [
        {"subject_id": subject, "source_record_id": i, "decided_date": day(100), **more}
        for i in ids
    ]
    return records(spark, "penalty", rows)


def known(spark, as_of=DAY, **tables):
    """Known states of literal tables; rows become a table of that name."""
    made = {
        name: records(spark, name, rows) if isinstance(rows, list) else rows
        for name, rows in tables.items()
    }
    return known_tables(made, as_of)


def left(tables, table: str = "penalty") -> list[str]:
    return sorted(r.source_record_id for r in tables[table].select("source_record_id").collect())


def reasons(frame) -> dict[str, str]:
    return {r.decision_no: r.reason for r in frame.collect()}


def test_a_granted_repair_takes_its_record_away(spark):
    state = known(
        spark,
        penalty=penalties(spark, "granted", "refused", "untouched", "decided later", "today"),
        repair=[
            repair("granted"),
            repair("refused", outcome="不予"),  # a refusal takes nothing away
            # decided tomorrow, though somebody told us today
            repair("decided later", decided=-1, known_at=day(0)),
            repair("today", decided=0),  # the day itself counts
        ],
    )
    assert left(without_repaired(state, DAY)) == ["decided later", "refused", "untouched"]
    assert left(without_repaired(state, DAY), "repair") == left(state, "repair")  # stay whole


def test_a_repair_touches_its_own_subject_and_its_own_table_only(spark):
    state = known(
        spark,
        penalty=penalties(spark, "of B", "p", subject="B"),
        complaint=[{"subject_id": "A", "source_record_id": "p", "received_date": day(50)}],
        repair=[
            repair("of B", subject="A"),  # A asks for the record of B: stays
            repair("p", subject="A", target_table="complaint"),  # the penalty p of B stays
        ],
    )
    kept = without_repaired(state, DAY)
    assert left(kept) == ["of B", "p"]
    assert left(kept, "complaint") == []
    assert reasons(unmatched_repairs(state, DAY)) == {"修of B": "other_subject"}


def test_an_objection_counts_by_its_latest_state(spark):
    state = known(
        spark,
        penalty=penalties(spark, "open", "sustained", "rejected", "withdrawn", "reopened", "later"),
        objection=[
            objection("open", "受理", 20),  # both stand while it is looked into
            objection("sustained", "受理", 20),
            objection("sustained", "成立", 10),  # gone
            objection("rejected", "受理", 20),
            objection("rejected", "不成立", 10),
            objection("withdrawn", "受理", 20),
            objection("withdrawn", "撤回", 10),
            objection("reopened", "成立", 10),
            objection("reopened", "受理", 5),  # taken up again: the record is back
            objection("later", "受理", 5),
            objection("later", "成立", -3, known_at=day(0)),  # sustained in three days' time
        ],
    )
    assert left(without_repaired(state, DAY)) == [
        "later", "open", "rejected", "reopened", "withdrawn",
    ]  # fmt: skip
    assert unmatched_repairs(state, DAY).count() == 0


def test_two_states_of_one_day_the_last_that_came_stands(spark):
    state = known(
        spark,
        penalty=penalties(spark, "p"),
        objection=[
            objection("p", "成立", 5, known_at=day(1)),  # came last
            objection("p", "受理", 5, known_at=day(3)),
        ],
    )
    assert [r.state for r in latest_objections(state["objection"], DAY).collect()] == ["成立"]
    assert left(without_repaired(state, DAY)) == []


def test_decisions_without_effect_are_reported(spark):
    state = known(
        spark,
        penalty=records(
            spark,
            "penalty",
            [
                {"subject_id": "A", "source_record_id": "twice", "source": "one"},
                {"subject_id": "A", "source_record_id": "twice", "source": "two"},
                {"subject_id": "A", "source_record_id": "plain"},
                {"subject_id": "A", "source_record_id": "undated"},
                {"subject_id": "A", "source_record_id": "undated objection"},
                {"subject_id": None, "source_record_id": "of nobody"},
            ],
        ),
        case_label=[{"subject_id": "A", "source_record_id": "case", "stage": "立案"}],
        repair=[
            repair("plain"),  # did its work: not reported
            repair("twice"),  # took two records away
            repair("nowhere"),  # no such record
            repair("of nobody"),  # the record belongs to no subject
            repair("undated", decided_date=None, known_at=day(5)),
            repair("case", target_table="case_label"),  # cases are not repairable
            repair("firm", target_table="registration"),
            repair("typo", target_table="penalties"),
            repair("refused and nowhere", outcome="不予"),  # decides nothing
            repair("elsewhere", target_table="grade"),  # the city has no such table
        ],
        objection=[
            objection("nowhere else", "成立", 5),
            objection("undated objection", "成立", 5, state_date=None, known_at=day(5)),
        ],
    )
    assert reasons(unmatched_repairs(state, DAY)) == {
        "修twice": "several_records",
        "修nowhere": "no_such_record",
        "修of nobody": "other_subject",
        "修undated": "undated",
        "修case": "table_not_repairable",
        "修firm": "table_not_repairable",
        "修typo": "table_not_repairable",
        "修elsewhere": "no_such_record",
        "异nowhere else": "no_such_record",
        "异undated objection": "undated",
    }
    kept = without_repaired(state, DAY)
    assert left(kept) == ["of nobody", "undated", "undated objection"]
    assert left(kept, "case_label") == ["case"]


def test_without_either_table_nothing_is_touched(spark):
    state = known(spark, penalty=penalties(spark, "p"))
    assert without_repaired(state, DAY)["penalty"] is state["penalty"]  # no cost
    report = unmatched_repairs(state, DAY)
    assert report.count() == 0
    assert report.columns[-1] == "reason"
    with pytest.raises(ValueError, match="no table"):
        unmatched_repairs({}, DAY)


def test_a_withdrawn_repair_gives_the_record_back(spark):
    given_back = repair("p", source_record_id="x", known_at=day(9))
    state = known(
        spark,
        penalty=penalties(spark, "p"),
        repair=[given_back, {**given_back, "op": "withdraw", "known_at": day(2)}],
    )
    assert left(without_repaired(state, DAY)) == ["p"]


def test_repairable_tables_are_of_the_catalogue():
    assert set(REPAIRABLE) < set(load_catalogue())
    assert "case_label" not in REPAIRABLE


def test_features_and_evidence_forget_a_repaired_penalty(spark):
    chosen = feature_set("core", personal=True)
    rows = [repair("p1"), objection("p2", "成立", 10)]
    state = known(
        spark,
        registration=firms(spark, "A"),
        penalty=penalties(spark, "p1", "p2", "p3"),
        repair=rows[:1],
        objection=rows[1:],
    )
    never = known(spark, registration=firms(spark, "A"), penalty=penalties(spark, "p3"))
    kept = without_repaired(state, DAY)
    asked = spark.createDataFrame([("A", "penalties")], "subject_id string, feature string")
    shown = evidence_rows(kept, DAY, asked).collect()
    assert [r.source_record_id for r in shown if r.table_name == "penalty"] == ["p3"]
    made = subject_features(kept, DAY, chosen).collect()
    assert made == subject_features(never, DAY, chosen).collect()


CITY = st.lists(
    st.tuples(
        st.sampled_from(["repair", "受理", "成立", "不成立", "撤回", "不予"]),
        st.sampled_from(["p0", "p1", "p2", "p3"]),
        st.sampled_from(["A", "B"]),
        st.integers(-3, 6),  # decided so many days before the day
        st.integers(0, 4),  # known so many days later
    ),
    max_size=10,
)
OWNER = {"p0": "A", "p1": "A", "p2": "B", "p3": "B"}


@settings(max_examples=10)
@given(CITY)
def test_every_day_is_as_reading_the_decisions_one_by_one(spark, made):
    """From the day on which a decision is taken and known, and not a day earlier."""
    repairs, objections = [], []
    for kind, target, subject, decided, late in made:
        known_at = day(decided - late)
        if kind in ("repair", "不予"):
            outcome = "准予" if kind == "repair" else kind
            repairs.append(repair(target, subject, decided, outcome=outcome, known_at=known_at))
        else:
            objections.append(objection(target, kind, decided, subject, known_at=known_at))
    tables = {
        "penalty": records(
            spark,
            "penalty",
            [
                {"subject_id": o, "source_record_id": p, "decided_date": day(50)}
                for p, o in OWNER.items()
            ],
        ),
        "repair": records(spark, "repair", repairs),
        "objection": records(spark, "objection", objections),
    }
    for as_of in (day(4), day(1), DAY):
        kept = left(without_repaired(known_tables(tables, as_of), as_of))
        assert kept == sorted(p for p in OWNER if not _taken(p, made, as_of)), as_of


def _taken(target: str, made, as_of: datetime.date) -> bool:
    latest: tuple | None = None
    for line, (kind, of, subject, decided, late) in enumerate(made):
        dated, known_at = day(decided), day(decided - late)
        if of != target or subject != OWNER[target] or dated > as_of or known_at > as_of:
            continue
        if kind == "repair":
            return True
        if kind != "不予":
            latest = max(latest or (), (dated, known_at, line, kind))
    return latest is not None and latest[-1] == "成立"

"""The feature table as a whole: population, nothing, missing tables, the two clocks, its laws."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal_tables import DAY, day, firms, records

import features.as_of
from features.as_of import known_tables
from features.assemble import subject_features
from features.declaration import FEATURE_TABLES, FeatureError
from features.feature_sets import CORE, FeatureSet, feature_set
from features.library import FEATURES


def features_of(tables, names, as_of=DAY, plan="hash") -> dict[str, dict]:
    chosen = FeatureSet("trial", tuple(names))
    # by way of the module, so that a test may break the filter
    known = {n: features.as_of.known_state(t, as_of, plan) for n, t in tables.items()}
    rows = subject_features(known, as_of, chosen).collect()
    assert len({row.subject_id for row in rows}) == len(rows)
    return {row.subject_id: {name: row[name] for name in names} for row in rows}


def test_population_is_the_registered_firms(spark):
    tables = {
        "registration": firms(spark, "A", "B"),
        # X has a complaint and no registration: it is reported elsewhere, not scored
        "complaint": records(spark, "complaint", [{"subject_id": "X", "received_date": day(1)}]),
    }
    assert features_of(tables, ["complaints_30d"]) == {
        "A": {"complaints_30d": 0},
        "B": {"complaints_30d": 0},
    }


def test_without_registration_there_are_no_features(spark):
    with pytest.raises(FeatureError, match=r"need the table registration.*there are complaint"):
        subject_features(
            {"complaint": records(spark, "complaint", [])}, DAY, feature_set("core", personal=True)
        )


def test_a_window_is_open_at_its_far_end_and_closed_at_the_day(spark):
    at = [0, 29, 30, 89, 90, 364, 365, -1]
    tables = {
        "registration": firms(spark, "A"),
        "complaint": records(
            spark,
            "complaint",
            [{"subject_id": "A", "received_date": day(n), "known_at": day(0)} for n in at],
        ),
    }
    found = features_of(tables, ["complaints_30d", "complaints_90d", "complaints_365d"])["A"]
    # 0 and 29 days before; then 30 and 89; then 90 and 364. 365 is out, and so is tomorrow.
    assert found == {"complaints_30d": 2, "complaints_90d": 4, "complaints_365d": 6}


def test_an_event_known_beforehand_has_not_happened(spark):
    tables = {
        "registration": firms(spark, "A"),
        "penalty": records(
            spark,
            "penalty",
            [
                {"subject_id": "A", "decided_date": day(-5), "known_at": day(3)},  # announced
                {"subject_id": "A", "decided_date": None, "known_at": day(3)},  # undated: counts
            ],
        ),
    }
    found = features_of(tables, ["penalties", "penalties_365d", "days_since_penalty"])["A"]
    assert found == {"penalties": 1, "penalties_365d": 0, "days_since_penalty": None}


def test_nothing_is_zero_or_null_as_declared_and_an_absent_table_is_always_null(spark):
    registration = firms(spark, "A")
    empty = {t: records(spark, t, []) for t in FEATURE_TABLES} | {"registration": registration}
    nothing = features_of(empty, CORE)["A"]
    for name, value in nothing.items():
        column = FEATURES[name]
        if column.feature.kind == "records":
            assert value == column.feature.nothing, name
    absent = features_of({"registration": registration}, CORE)["A"]
    for name, value in absent.items():
        if FEATURES[name].feature.kind == "records":
            assert value is None, name
    # of a table that is not there nothing is known, so neither is what is derived from it
    assert absent["on_abnormal_list"] is None
    assert nothing["on_abnormal_list"] == 0
    assert absent["address_crowding"] is None


def test_columns_and_types_are_the_contract(spark):
    tables = known_tables({"registration": firms(spark, "A")}, DAY)
    frame = subject_features(tables, DAY, feature_set("core", personal=True))
    assert frame.columns == ["subject_id", *CORE]
    spelt = {"BIGINT": "bigint", "DOUBLE": "double", "STRING": "string"}
    assert frame.dtypes[1:] == [(n, spelt[FEATURES[n].feature.type]) for n in CORE]


def test_a_sum_beyond_the_largest_integer_stands_at_its_end(spark):
    row = {"subject_id": "A", "received_date": day(1), "amount_fen": 2**62}
    small = {"subject_id": "B", "received_date": day(1), "amount_fen": None}
    tables = {
        "registration": firms(spark, "A", "B"),
        "complaint": records(spark, "complaint", [row, row, row, small]),
    }
    found = features_of(tables, ["complained_amount_365d"])
    assert found["A"]["complained_amount_365d"] == 2**63 - 1
    assert found["B"]["complained_amount_365d"] == 0  # no amount was given


# Laws -----------------------------------------------------------------------------------------

SEEN = (
    "complaints_30d",
    "complaints_90d",
    "complaints_365d",
    "redemption_complaints_365d",
    "complained_amount_365d",
    "complainants",
    "open_complaints",
    "days_since_complaint",
    "complaint_trend",
    "redemption_share",
    "penalties_90d",
    "penalties",
    "fined_365d",
    "penalising_departments",
    "days_since_penalty",
)

COMPLAINTS = st.lists(
    st.fixed_dictionaries(
        {
            "subject_id": st.sampled_from(["A", "B", "X"]),
            "source_record_id": st.sampled_from(["r1", "r2", "r3", "r4"]),
            "received_date": st.one_of(
                st.none(),
                st.integers(-40, 420).map(day),
                st.sampled_from([30, 90, 365, 29, 89, 364, 0, -1]).map(day),
            ),
            "known_at": st.integers(-5, 5).map(day),
            "op": st.sampled_from(["insert", "insert", "correct", "withdraw"]),
            "topics": st.sampled_from([None, "质量", "兑付;失联"]),
            "amount_fen": st.one_of(st.none(), st.integers(0, 10**12)),
            "caller_phone": st.sampled_from([None, "p1", "p2"]),
            "resolved_date": st.one_of(st.none(), st.integers(-9, 9).map(day)),
        }
    ),
    max_size=14,
)
PENALTIES = st.lists(
    st.fixed_dictionaries(
        {
            "subject_id": st.sampled_from(["A", "B"]),
            "source_record_id": st.sampled_from(["r1", "r2", "r3"]),
            "decided_date": st.integers(-10, 400).map(day),
            "known_at": st.integers(-5, 5).map(day),
            "op": st.sampled_from(["insert", "correct", "withdraw"]),
            "amount_fen": st.one_of(st.none(), st.integers(0, 10**12)),
            "department": st.sampled_from([None, "税务局", "城管局"]),
        }
    ),
    max_size=8,
)


def lined(rows: list[dict]) -> list[dict]:
    """The rows with line numbers, so that the order of arrival is total."""
    return [{**row, "line": number + 2} for number, row in enumerate(rows)]


def tables_of(spark, complaints, penalties):
    return {
        "registration": firms(spark, "A", "B", "C"),
        "complaint": records(spark, "complaint", complaints),
        "penalty": records(spark, "penalty", penalties),
    }


def standing(rows: list[dict]) -> list[dict]:
    """The slow, obvious known state: versions read in the order in which they came."""
    last: dict[str, dict] = {}
    for row in sorted(rows, key=lambda r: (r["known_at"], r["line"])):
        if row["known_at"] <= DAY:
            last[row["source_record_id"]] = row
    return [row for row in last.values() if row["op"] != "withdraw"]


def twin(subject: str, complaints: list[dict], penalties: list[dict]) -> dict:
    """The slow, obvious features of one firm."""

    def happened(rows, clock):
        mine = [r for r in standing(rows) if r["subject_id"] == subject]
        return [r for r in mine if r[clock] is None or r[clock] <= DAY]

    def within(rows, clock, days):
        start = DAY - datetime.timedelta(days=days)
        return [r for r in rows if r[clock] is not None and r[clock] > start]

    def total(rows):
        return sum(r["amount_fen"] for r in rows if r["amount_fen"] is not None)

    def since(rows, clock):
        dates = [r[clock] for r in rows if r[clock] is not None]
        return (DAY - max(dates)).days if dates else None

    heard = happened(complaints, "received_date")
    fined = happened(penalties, "decided_date")
    of_year = within(heard, "received_date", 365)
    unpaid = [r for r in of_year if r["topics"] and "兑付" in r["topics"]]
    recent = len(within(heard, "received_date", 90))
    before = len(of_year) - recent
    return {
        "complaints_30d": len(within(heard, "received_date", 30)),
        "complaints_90d": recent,
        "complaints_365d": len(of_year),
        "redemption_complaints_365d": len(unpaid),
        "complained_amount_365d": total(of_year),
        "complainants": len({r["caller_phone"] for r in heard} - {None}),
        "open_complaints": sum(
            1 for r in heard if r["resolved_date"] is None or r["resolved_date"] > DAY
        ),
        "days_since_complaint": since(heard, "received_date"),
        "complaint_trend": (recent * 275 * 365 + 90 * 275) / (before * 90 * 365 + 90 * 275),
        "redemption_share": len(unpaid) / len(of_year) if of_year else None,
        "penalties_90d": len(within(fined, "decided_date", 90)),
        "penalties": len(fined),
        "fined_365d": total(within(fined, "decided_date", 365)),
        "penalising_departments": len({r["department"] for r in fined} - {None}),
        "days_since_penalty": since(fined, "decided_date"),
    }


@given(COMPLAINTS, PENALTIES)
def test_features_agree_with_their_slow_twin(spark, complaints, penalties):
    complaints, penalties = lined(complaints), lined(penalties)
    found = features_of(tables_of(spark, complaints, penalties), SEEN)
    assert found == {s: twin(s, complaints, penalties) for s in ("A", "B", "C")}


def check_that_later_records_change_nothing(spark, complaints, penalties):
    complaints, penalties = lined(complaints), lined(penalties)
    early = [r for r in complaints if r["known_at"] <= DAY]
    early_penalties = [r for r in penalties if r["known_at"] <= DAY]
    before = features_of(tables_of(spark, early, early_penalties), SEEN)
    after = features_of(tables_of(spark, complaints, penalties), SEEN)
    assert after == before


@given(COMPLAINTS, PENALTIES)
def test_records_that_come_later_never_change_an_earlier_feature(spark, complaints, penalties):
    check_that_later_records_change_nothing(spark, complaints, penalties)


def test_without_the_filter_on_known_at_the_law_is_broken(spark, monkeypatch):
    complaint = {
        "subject_id": "A",
        "source_record_id": "r1",
        "received_date": day(2),
        "known_at": day(-1),  # it happened before the day and came after it
        "topics": None,
        "amount_fen": None,
        "caller_phone": None,
        "resolved_date": None,
        "op": "insert",
    }
    check_that_later_records_change_nothing(spark, [complaint], [])
    honest = features.as_of.known_state
    end_of_time = datetime.date(9999, 1, 1)
    monkeypatch.setattr(
        features.as_of, "known_state", lambda versions, as_of, plan: honest(versions, end_of_time)
    )
    with pytest.raises(AssertionError):
        check_that_later_records_change_nothing(spark, [complaint], [])


@given(COMPLAINTS, st.randoms(use_true_random=False))
def test_the_order_and_the_partitions_of_rows_do_not_matter(spark, complaints, random):
    complaints = lined(complaints)
    shuffled = random.sample(complaints, len(complaints))
    before = features_of(tables_of(spark, complaints, []), SEEN)
    tables = tables_of(spark, shuffled, [])
    tables["complaint"] = tables["complaint"].repartition(3)
    assert features_of(tables, SEEN) == before
    assert features_of(tables, SEEN, plan="sort") == before


@given(COMPLAINTS, st.sampled_from(["r1", "r2", "r3"]))
def test_a_withdrawn_record_is_as_if_it_never_came(spark, complaints, record):
    last = {
        "subject_id": "A",
        "source_record_id": record,
        "received_date": day(3),
        "known_at": DAY,
        "op": "withdraw",
        "batch_id": "b9",  # after all others of the day
    }
    complaints = lined(complaints)
    without = [r for r in complaints if r["source_record_id"] != record]
    withdrawn = features_of(tables_of(spark, [*complaints, last], []), SEEN)
    assert withdrawn == features_of(tables_of(spark, without, []), SEEN)


@given(COMPLAINTS)
def test_a_correction_is_as_if_it_had_come_at_first(spark, complaints):
    correction = {
        "subject_id": "A",
        "source_record_id": "r1",
        "received_date": day(3),
        "known_at": DAY,
        "op": "correct",
        "batch_id": "b9",
        "topics": "兑付",
        "amount_fen": 5,
    }
    complaints = lined(complaints)
    others = [r for r in complaints if r["source_record_id"] != "r1"]
    corrected = features_of(tables_of(spark, [*complaints, correction], []), SEEN)
    assert corrected == features_of(tables_of(spark, [*others, correction], []), SEEN)

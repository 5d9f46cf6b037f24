"""The records behind a feature are the records that it counted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal_tables import DAY, day, firms, records

from conf.declared_feature import DeclaredFeature
from features.as_of import known_tables
from features.assemble import subject_features
from features.evidence import evidence_rows
from features.feature_sets import FeatureSet


def of(subject: str, **more):
    return {"subject_id": subject, "known_at": day(0), **more}


@pytest.fixture(scope="module")
def evidence_of(spark):
    """table, record id and number of the rows behind one feature of one firm, in order."""

    def found(tables, subject, feature, **how):
        wanted = spark.createDataFrame([(subject, feature)], "subject_id string, feature string")
        rows = evidence_rows(known_tables(tables, DAY), DAY, wanted, **how).collect()
        assert {(r.subject_id, r.feature) for r in rows} <= {(subject, feature)}
        rows = sorted(rows, key=lambda r: r.evidence_no)
        assert [r.evidence_no for r in rows] == list(range(1, len(rows) + 1))
        return [(r.table_name, r.source_record_id) for r in rows]

    return found


@pytest.fixture(scope="module")
def tables(spark):
    return {
        "registration": records(
            spark,
            "registration",
            [{"subject_id": "A", "known_at": day(40), "domicile_address_id": "x"}],
        ),
        "address": records(spark, "address", [{"address_id": "x", "capacity_estimate": 3}]),
        "complaint": records(
            spark,
            "complaint",
            [
                of("A", received_date=day(3), topics="兑付"),  # r0
                of("A", received_date=day(1), topics="质量"),  # r1
                of("A", received_date=day(200), topics="失联"),  # r2
                of("A", received_date=day(-2), topics="兑付"),  # r3 is still to come
                of("A", received_date=day(2), topics="兑付", known_at=day(-1)),  # r4 not known yet
                of("B", received_date=day(3), topics="兑付"),  # r5, another firm's
            ],
        ),
        "list_event": records(
            spark,
            "list_event",
            [of("A", list_type="经营异常", direction="in", listed_date=day(9))],
        ),
    }


def test_rows_are_those_counted_latest_first(tables, evidence_of):
    assert evidence_of(tables, "A", "complaints_365d") == [
        ("complaint", "r1"),
        ("complaint", "r0"),
        ("complaint", "r2"),
    ]
    assert evidence_of(tables, "A", "redemption_complaints_30d") == [("complaint", "r0")]


def test_no_more_than_asked_for(tables, evidence_of):
    assert evidence_of(tables, "A", "complaints_365d", limit_per_feature=1) == [("complaint", "r1")]


def test_a_derived_feature_rests_on_its_inputs(tables, evidence_of):
    assert evidence_of(tables, "A", "on_abnormal_list") == [("list_event", "r0")]
    # firms at the address are read off the register, its capacity off the address: newest first
    assert evidence_of(tables, "A", "address_crowding") == [
        ("address", "r0"),
        ("registration", "r0"),
    ]


def test_what_is_shared_rests_on_the_own_registration(tables, evidence_of):
    assert evidence_of(tables, "A", "firms_at_address") == [("registration", "r0")]


def test_what_found_nothing_rests_on_the_registration(tables, evidence_of):
    assert evidence_of(tables, "A", "penalties") == [("registration", "r0")]  # no such table
    assert evidence_of(tables, "A", "serious_listings") == [("registration", "r0")]  # no such row


def test_unknown_features_and_firms_have_no_rows(tables, evidence_of):
    assert evidence_of(tables, "A", "graph_component_size") == []  # another room's
    assert evidence_of(tables, "B", "complaints_30d") == [("complaint", "r5")]


def test_columns_lead_to_the_line_of_the_file(tables, spark):
    wanted = spark.createDataFrame(
        [("A", "redemption_complaints_30d")] * 2, "subject_id string, feature string"
    )
    frame = evidence_rows(known_tables(tables, DAY), DAY, wanted)
    assert frame.columns == [
        "subject_id", "feature", "table_name", "source", "source_dept", "source_record_id", "file",
        "line", "event_date", "known_at", "evidence_no",
    ]  # fmt: skip
    (row,) = frame.collect()  # asked for twice, shown once
    assert (row.file, row.line, row.event_date, row.known_at) == (
        "complaint.csv",
        2,
        day(3),
        day(0),
    )


def test_a_declared_feature_has_evidence_too(spark, evidence_of):
    declared = DeclaredFeature(
        name="large_fines",
        table="penalty",
        expr="sum(amount_fen)",
        kind="number",
        where="amount_fen > 10",
        window_days=90,
        zh="大额罚款",
        en="Large fines",
        definition="Fines above 10 fen.",
    )
    tables = {
        "registration": firms(spark, "A"),
        "penalty": records(
            spark,
            "penalty",
            [
                of("A", decided_date=day(5), amount_fen=11),
                of("A", decided_date=day(4), amount_fen=10),  # not large
                of("A", decided_date=day(90), amount_fen=99),  # not within 90 days
            ],
        ),
    }
    chosen = FeatureSet("city", (), (declared,))
    assert evidence_of(tables, "A", "large_fines", feature_set=chosen) == [("penalty", "r0")]


COUNTED = ("complaints_30d", "redemption_complaints_365d", "open_complaints")


@given(
    st.lists(
        st.tuples(
            st.integers(-5, 400),
            st.sampled_from(["质量", "兑付"]),
            st.one_of(st.none(), st.integers(-5, 5)),
        ),
        max_size=8,
    )
)
def test_as_many_rows_as_were_counted(spark, complaints):
    tables = {
        "registration": firms(spark, "A"),
        "complaint": records(
            spark,
            "complaint",
            [
                of("A", received_date=day(n), topics=topic,
                   resolved_date=None if done is None else day(done))
                for n, topic, done in complaints
            ],
        ),
    }  # fmt: skip
    (counts,) = subject_features(tables, DAY, FeatureSet("trial", COUNTED)).collect()
    wanted = spark.createDataFrame(
        [("A", name) for name in COUNTED], "subject_id string, feature string"
    )
    rows = evidence_rows(tables, DAY, wanted, limit_per_feature=99).collect()
    for name in COUNTED:
        shown = [r for r in rows if r.feature == name and r.table_name == "complaint"]
        assert len(shown) == counts[name]


def test_ads_behind_the_highest_yield(spark, evidence_of):
    tables = {
        "registration": firms(spark, "A"),
        "ad_monitor": records(
            spark,
            "ad_monitor",
            [
                of("A", seen_date=day(5), promised_yield=Decimal("0.2")),
                of("A", seen_date=day(4), promised_yield=None),  # promises nothing
            ],
        ),
    }
    assert evidence_of(tables, "A", "highest_yield") == [("ad_monitor", "r0")]

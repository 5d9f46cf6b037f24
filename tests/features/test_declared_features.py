"""What a city declares in its own files joins the pass and gives exact values."""

from __future__ import annotations

from decimal import Decimal

import pytest
from literal_tables import DAY, day, firms, records

from conf.declared_feature import DeclaredFeature
from features.assemble import subject_features
from features.declaration import FeatureError
from features.feature_sets import FeatureSet, feature_set


def declared(name: str, expr: str, **more) -> DeclaredFeature:
    whole = {"table": "penalty", "kind": "number", "zh": "甲", "en": "A", "definition": "One."}
    return DeclaredFeature(name=name, expr=expr, **{**whole, **more})


def value(tables, expr: str, subject: str = "A", **more):
    one = FeatureSet("city", (), (declared("one", expr, **more),))
    rows = {r.subject_id: r.one for r in subject_features(tables, DAY, one).collect()}
    return rows[subject]


@pytest.fixture(scope="module")
def tables(spark):
    penalties = [
        {"decided_date": day(50), "kind": "警告", "amount_fen": 2**62, "x_area": None},
        {"decided_date": day(3), "kind": "罚款", "amount_fen": 10, "x_area": Decimal("1.500001")},
        {"decided_date": day(60), "kind": "警告", "amount_fen": 2**62, "x_area": Decimal("8")},
    ]
    flags = [False, True, False]
    return {
        "registration": firms(spark, "A", "B", reg_cap_fen=7, ent_type="有限公司"),
        "penalty": records(
            spark,
            "penalty",
            [{"subject_id": "A", "x_flag": f, **p} for f, p in zip(flags, penalties, strict=True)],
            x_area="DECIMAL(24,6)",
            x_flag="BOOLEAN",
        ),
    }


@pytest.mark.parametrize(
    ("expr", "more", "expected"),
    [
        ("count(*)", {}, 3.0),
        ("sum(x_area)", {}, 9.500001),
        ("sum(amount_fen)", {}, float(2**63 + 10)),  # beyond BIGINT, and still right
        ("avg(x_area)", {}, 4.7500005),  # of the two that are known
        ("avg(x_area)", {"where": "kind = '罚款'"}, 1.500001),
        ("try_divide(sum(x_area), count(x_area))", {}, 4.7500005),
        ("try_divide(sum(x_area), count_if(kind = '没收'))", {}, None),  # by 0
        ("max(amount_fen)", {"window_days": 30}, 10.0),
        ("count(distinct kind)", {}, 2.0),
        ("bool_or(x_flag)", {}, 1.0),
        ("datediff(as_of, max(event_date))", {}, 3.0),
        ("count(*)", {"where": "datediff(as_of, decided_date) > 55"}, 1.0),
        ("x_area", {}, 1.500001),  # without an aggregate: the latest record's
        ("x_area", {"where": "kind = '警告'"}, None),  # the latest of those, though it says nothing
        ("x_flag", {}, 1.0),
        ("kind", {"kind": "category"}, "罚款"),
        ("reg_cap_fen", {"table": "registration"}, 7.0),
        ("max(ent_type)", {"table": "registration", "kind": "category"}, "有限公司"),
    ],
)
def test_values(tables, expr, more, expected):
    assert value(tables, expr, **more) == expected


def test_nothing_is_as_declared(tables):
    assert value(tables, "count(*)", "B") is None
    assert value(tables, "count(*)", "B", nothing=0) == 0.0


def test_declared_features_follow_the_set(tables):
    chosen = feature_set("core", [declared("fines", "sum(amount_fen)")])
    assert chosen.names()[-1] == "fines"
    frame = subject_features(tables, DAY, chosen)
    assert frame.columns == ["subject_id", *chosen.names()]


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(FeatureError, match="declared feature penalties: the name is taken"):
        feature_set("core", [declared("penalties", "count(*)")])
    with pytest.raises(FeatureError, match="declared feature subject_id: the name is taken"):
        feature_set("core", [declared("subject_id", "count(*)")])


def test_what_is_predicted_is_refused():
    with pytest.raises(FeatureError, match="no features are made of table 'case_label'"):
        feature_set("core", [declared("leak", "count(*)", table="case_label")])

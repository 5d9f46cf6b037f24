"""Licences for finance and inspections as features; every expected value says why."""

from __future__ import annotations

import pytest
from literal_tables import DAY, day, records

from conf.table import load_catalogue
from features.as_of import known_tables
from features.assemble import subject_features
from features.evidence import evidence_rows
from features.feature_sets import SETS, FeatureSet
from features.library import FEATURES
from features.licences import TRADES
from models.risk.inspections import CONFIRMED, RESOLVED

LICENCES = (
    "finance_licences ended_finance_licences finance_licences_taken days_since_licence_ended "
    "finance_licence_lapsed"
)
CLAIMS = "name_without_licence scope_without_licence"
INSPECTIONS = (
    "inspections_365d days_since_inspection inspection_faults inspection_faults_365d "
    "inspections_unmet_365d inspections_refused_365d inspections_passed_365d inspection_leads"
)


@pytest.fixture
def features_of(spark):
    """The named features of every firm on a day, from literal rows of each table."""

    def found(names: str, as_of=DAY, **rows):
        tables = {table: records(spark, table, its) for table, its in rows.items()}
        chosen = FeatureSet("trial", tuple(names.split()))
        frame = subject_features(known_tables(tables, as_of), as_of, chosen)
        return {r.subject_id: tuple(r)[1:] for r in frame.collect()}

    return found


def firm(subject: str, **more):
    return {"subject_id": subject, "known_at": day(400), **more}


def licence(subject: str, kind: str = "私募基金管理人", **more):
    return {
        "subject_id": subject, "kind": kind, "valid_from": day(900), "known_at": day(0),
        "status": "有效", **more,
    }  # fmt: skip


def visit(subject: str, days_before: int, result: str | None, **more):
    return {
        "subject_id": subject, "inspected_date": day(days_before), "known_at": day(0),
        "result": result, "draw_type": "random", **more,
    }  # fmt: skip


def test_licences_in_force_and_ended(features_of):
    found = features_of(
        LICENCES,
        registration=[firm(name) for name in "ABCDEFG"],
        licence_finance=[
            licence("A"),  # without a term
            licence("A", "典当", valid_to=day(0)),  # its last day
            licence("A", "支付", valid_to=day(1)),  # ran out, and the list did not notice
            licence("B", "小额贷款", status="注销", valid_to=day(30)),
            licence("B", "典当", valid_to=day(50)),
            licence("C", status="暂停"),  # neither in force nor ended
            licence("D", status="撤销", valid_to=None),  # withdrawn, nobody says when
            licence("E", status=None),  # the list does not say: it stands there
            licence("F", valid_from=day(-5)),  # from next week on
        ],
    )
    assert found == {
        # in force | ended | suspended or withdrawn | days since the last ended | lapsed
        "A": (2, 1, 0, 1, 0),
        "B": (0, 2, 0, 30, 1),
        "C": (0, 0, 1, None, 0),
        "D": (0, 1, 1, None, 1),
        "E": (1, 0, 0, None, 0),
        "F": (0, 0, 0, None, 0),
        "G": (0, 0, 0, None, 0),
    }


def test_a_licence_must_be_of_the_trade_that_is_claimed(features_of):
    found = features_of(
        CLAIMS,
        registration=[
            firm("A", name="甲投资管理有限公司", scope_text="资产管理；企业管理咨询"),
            firm("B", name="乙投资管理有限公司", scope_text="企业管理咨询"),
            firm("C", name="丙典当有限公司", scope_text="典当业务"),
            firm("D", name="丁融资担保有限公司", scope_text="融资担保业务；资产管理"),
            firm("E", name="戊商贸有限公司", scope_text="非融资担保服务；慈善基金；以自有资金投资"),
            firm("F", name="己商贸有限公司", scope_text="受托管理股权投资基金"),
            firm("G"),
        ],
        licence_finance=[
            licence("A"),
            licence("B", "典当"),  # a pawnshop's licence covers no investment
            licence("C", "典当", valid_to=day(1)),  # ran out yesterday
            licence("D", "融资担保"),  # covers the name, not all of the scope
        ],
    )
    assert found == {
        "A": (0, 0),
        "B": (1, 0),
        "C": (1, 1),
        "D": (0, 1),
        "E": (0, 0),  # no trade is claimed: the guarantees are expressly none of finance
        "F": (0, 1),  # the name is silent, the scope is not
        "G": (0, 0),  # no text claims nothing
    }


def test_without_the_list_nobody_is_called_unlicensed(features_of):
    found = features_of(
        f"{LICENCES} {CLAIMS} {INSPECTIONS}", registration=[firm("A", name="甲典当有限公司")]
    )
    assert set(found["A"]) == {None}


def test_every_kind_but_the_unnamed_covers_a_trade():
    kinds = set(load_catalogue()["licence_finance"].columns["kind"].values)
    assert {kind for trade in TRADES for kind in trade.kinds} == kinds - {"其他"}


def test_what_inspectors_found(features_of):
    found = features_of(
        INSPECTIONS,
        registration=[firm(name) for name in "ABCD"],
        inspection=[
            visit("A", 10, "责令整改"),
            visit("A", 364, "未发现问题"),
            visit("A", 365, "责令整改"),  # a year ago to the day: outside the year
            visit("A", 20, "无法联系"),
            visit("A", 30, "未发现经营活动", draw_type="campaign"),
            visit("A", 40, "不予配合", draw_type="targeted"),
            visit("A", -2, "责令整改"),  # planned
            visit("B", 5, "移送线索"),
            visit("B", 8, None),  # no result yet
            # a list of warnings sent them: what they found counts, that they came does not
            visit("C", 3, "责令整改", list_run_id="run-1"),
            visit("C", 90, "未发现问题"),
        ],
    )
    assert found == {
        # visits | days since | faults, in the year | nobody | refused | nothing found | handed on
        "A": (5, 10, 2, 1, 2, 1, 1, 0),
        "B": (2, 5, 0, 0, 0, 0, 0, 1),
        "C": (1, 90, 1, 1, 0, 0, 1, 0),
        "D": (0, None, 0, 0, 0, 0, 0, 0),
    }


def test_a_result_speaks_from_the_day_it_is_known(features_of):
    rows = [
        visit("A", 30, "责令整改", source_record_id="v", known_at=day(10)),
        visit("A", 30, "未发现问题", source_record_id="v", known_at=day(2), op="correct"),
    ]
    names = "inspections_365d inspection_faults inspections_passed_365d"

    def on(days_before: int):
        return features_of(names, day(days_before), registration=[firm("A")], inspection=rows)["A"]

    assert on(11) == (0, 0, 0)  # it has happened, and nobody has told
    assert on(10) == on(3) == (1, 1, 0)
    assert on(2) == (1, 0, 1)  # set right; what was said before stays what it was then


def test_no_model_learns_from_what_is_all_but_the_label():
    """移送线索 opens cases: no feature of a set may tell it from a visit without a result."""
    for names in SETS.values():
        assert "inspection_leads" not in names
        wheres = {FEATURES[name].feature.where for name in names if name in FEATURES}
        assert not [where for where in wheres if "移送线索" in where]


def test_results_are_those_of_the_catalogue():
    results = set(load_catalogue()["inspection"].columns["result"].values)
    assert results - set(RESOLVED) == {"无法联系", "不予配合", "未发现经营活动"}
    assert CONFIRMED in results & set(RESOLVED)


@pytest.mark.parametrize(
    ("feature", "behind"),
    [
        # the licence that is not of the trade is shown too: it is what was looked at
        ("name_without_licence", [("licence_finance", "r0"), ("registration", "r0")]),
        ("finance_licence_lapsed", [("licence_finance", "r0"), ("licence_finance", "r1")]),
        ("ended_finance_licences", [("licence_finance", "r1")]),
        ("inspection_faults", [("inspection", "r0")]),
        ("inspections_refused_365d", [("registration", "r0")]),  # no such record
    ],
)
def test_reasons_lead_to_their_records(spark, feature, behind):
    tables = {
        "registration": records(spark, "registration", [firm("A", name="甲投资有限公司")]),
        "licence_finance": records(
            spark,
            "licence_finance",
            [licence("A", "典当"), licence("A", valid_from=day(950), valid_to=day(7))],
        ),
        "inspection": records(
            spark, "inspection", [visit("A", 9, "责令整改"), visit("A", 2, "未发现问题")]
        ),
    }
    wanted = spark.createDataFrame([("A", feature)], "subject_id string, feature string")
    rows = evidence_rows(known_tables(tables, DAY), DAY, wanted).collect()
    rows = sorted(rows, key=lambda r: r.evidence_no)
    assert [(r.table_name, r.source_record_id) for r in rows] == behind

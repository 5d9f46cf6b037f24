"""What a firm would look like had it put things right: all that is derived changes with it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from literal_tables import DAY, day, firms, records

from conf.correction import load_corrections
from features.as_of import known_tables
from features.assemble import subject_features
from features.corrected import corrected_features
from features.declaration import FeatureError
from features.feature_sets import FeatureSet, feature_set
from features.library import FEATURES

CORRECTIONS = load_corrections()


def tables(spark: Any) -> dict[str, Any]:
    told = {
        "registration": firms(
            spark, "A", "B", name="甲投资管理有限公司", scope_text="食品销售；投资咨询；会务服务",
            reg_cap_fen=500_00, contact_phone="p", est_date=day(900),
        ),
        "list_event": records(spark, "list_event", [
            {"subject_id": "A", "list_type": "经营异常", "direction": "in", "listed_date": day(40)},
        ]),
        "tax_registration": records(spark, "tax_registration", [
            {"subject_id": "A", "status": "非正常", "status_date": day(9), "tax_no": "1"},
        ]),
        "tax_filing": records(spark, "tax_filing", [
            {"subject_id": "A", "period_end": day(20), "declared_fen": 100, "paid_fen": 40},
            # older than the window: what it paid then does not matter now
            {"subject_id": "A", "period_end": day(400), "declared_fen": 100, "paid_fen": 0},
        ]),
        "annual_report": records(spark, "annual_report", [
            {"subject_id": "A", "year": 2021, "filed_date": day(800), "employees": 8,
             "social_insured": 2},
        ]),
        "ad_monitor": records(spark, "ad_monitor", [
            {"subject_id": "A", "seen_date": day(10), "promised_yield": Decimal("0.2")},
            {"subject_id": "A", "seen_date": day(200), "promised_yield": Decimal("0.1")},
        ]),
        "complaint": records(spark, "complaint", [{"subject_id": "A", "received_date": day(3)}]),
        "enforcement": records(spark, "enforcement", [
            {"subject_id": "A", "filed_date": day(3), "executed": False, "dishonest": True},
        ]),
        "change_record": records(spark, "change_record", []),
        "permit": records(spark, "permit", []),
    }  # fmt: skip
    return known_tables(told, DAY)


def corrected(spark: Any, *plans: str) -> dict[str, dict[str, Any]]:
    known, core = tables(spark), feature_set("core")
    published = subject_features(known, DAY, core)
    wanted = spark.createDataFrame(
        [("A", p) for p in ("", *plans)], "subject_id string, plan string"
    )
    rows = corrected_features(known, DAY, core, published, CORRECTIONS, wanted)
    found = {row["plan"]: row.asDict() for row in rows.collect()}
    before = published.where("subject_id = 'A'").collect()[0].asDict()
    # nothing put right is nothing changed, in every single feature
    assert {k: v for k, v in found.pop("").items() if k != "plan"} == before
    return {
        plan: {n: (before[n], v) for n, v in row.items() if n in before and before[n] != v}
        for plan, row in found.items()
    }


def test_leaving_the_list_adds_an_exit_and_keeps_the_entry(spark: Any) -> None:
    assert corrected(spark, "abnormal_list_left")["abnormal_list_left"] == {
        "abnormal_exits": (0, 1),
        "on_abnormal_list": (1, 0),
    }


def test_a_repaired_fact_changes_all_that_is_derived_from_it(spark: Any) -> None:
    found = corrected(spark, "declared_tax_paid", "capital_paid_and_disclosed", "staff_insured")
    assert found["declared_tax_paid"] == {"tax_paid_365d": (40, 100), "tax_paid_share": (0.4, 1.0)}
    assert found["capital_paid_and_disclosed"] == {
        "paid_capital": (None, 500_00),
        "paid_capital_undisclosed": (1, 0),
        "paid_capital_share": (None, 1.0),
    }
    # people sought over insured staff too, had it sought any
    assert found["staff_insured"] == {"insured_employees": (2, 8), "insured_share": (0.25, 1.0)}


def test_a_change_of_name_is_a_change_and_leaves_a_former_name(spark: Any) -> None:
    found = corrected(spark, "name_changed")["name_changed"]
    assert found["name_investment_words"] == (1, 0)
    assert found["unlicensed_investment_words"] == (1, 0)
    # honest about the price: it counts as a change like any other
    assert found["former_names"] == (0, 1)
    assert found["name_changes"] == (0, 1)
    assert found["changes_90d"] == (0, 1)
    assert found["days_since_change"] == (None, 0)
    assert "finance_words_added" not in found


def test_two_corrections_at_once_are_one_plan(spark: Any) -> None:
    found = corrected(spark, "name_changed+scope_changed")["name_changed+scope_changed"]
    assert found["changes"] == (0, 2)
    assert found["scope_investment_words"] == (1, 0)
    assert found["scope_items"] == (3, 2)
    assert found["former_names"] == (0, 1)


def test_a_late_report_is_late(spark: Any) -> None:
    found = corrected(spark, "report_filed")["report_filed"]
    assert found["years_since_report"] == (3, 1)
    assert found["annual_reports"] == (1, 2)
    # filed on 30 June of the year after: in time; the assets of two years can now be compared
    assert "late_annual_reports" not in found


def test_only_the_advertisements_that_run_are_put_right(spark: Any) -> None:
    found = corrected(spark, "ads_put_right")["ads_put_right"]
    assert found["yield_ads_365d"] == (2, 1)
    assert found["unwarned_ads"] == (2, 1)
    assert found["highest_yield"] == (0.2, 0.1)
    assert "ads_90d" not in found  # they were seen all the same


def test_the_rest_of_the_corrections(spark: Any) -> None:
    found = corrected(spark, "tax_status_regular", "complaints_answered", "judgments_fulfilled")
    assert found["tax_status_regular"] == {"tax_irregular": (1, 0)}
    assert found["complaints_answered"] == {"open_complaints": (1, 0)}
    assert found["judgments_fulfilled"] == {"cases_not_executed": (1, 0), "dishonest_cases": (1, 0)}


def test_what_other_firms_decide_stays(spark: Any) -> None:
    # A and B share a phone; a copy of A with its plan is no third firm there
    assert "firms_with_phone" not in corrected(spark, "name_changed")["name_changed"]


def test_features_that_other_firms_decide_must_be_published(spark: Any) -> None:
    known, core = tables(spark), FeatureSet("one", ("firms_with_phone",))
    bare = spark.createDataFrame([("A",)], "subject_id string")
    plans = spark.createDataFrame([("A", "")], "subject_id string, plan string")
    with pytest.raises(FeatureError, match="lack firms_with_phone"):
        corrected_features(known, DAY, core, bare, CORRECTIONS, plans)


def test_every_correction_speaks_of_features_that_there_are() -> None:
    assert all(name in FEATURES for c in CORRECTIONS for name in c.features)
    # never the firm's age, a case, another firm, or a person
    forbidden = ("age", "exposure", "case_label", "legal_rep", "shareholder", "person")
    assert not [c.name for c in CORRECTIONS for name in c.features if name.startswith(forbidden)]

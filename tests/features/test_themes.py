"""Each theme on a few literal records; every expected value says why."""

from __future__ import annotations

from decimal import Decimal

import pytest
from literal_tables import DAY, day, firms, records

from features.as_of import known_tables
from features.assemble import subject_features
from features.feature_sets import FeatureSet


@pytest.fixture
def features_of(spark):
    """The named features of every firm, from literal rows of each table."""

    def found(names: str, **rows):
        tables = {table: records(spark, table, its) for table, its in rows.items()}
        tables.setdefault("registration", firms(spark, "A"))
        chosen = FeatureSet("trial", tuple(names.split()))
        frame = subject_features(known_tables(tables, DAY), DAY, chosen)
        return {r.subject_id: tuple(r)[1:] for r in frame.collect()}

    return found


def firm(subject: str, **more):
    return {"subject_id": subject, "known_at": day(40), **more}


def of(subject: str, **more):
    return {"subject_id": subject, "known_at": day(0), **more}


def test_names_and_scopes(features_of):
    names = (
        "name_banned_words name_investment_words concept_words scope_banned_words scope_disclaims "
        "scope_items former_names"
    )
    found = features_of(
        names,
        registration=[
            firm(
                "A",
                name="某某财富管理投资有限公司",
                scope_text="理财咨询；养老服务；未经金融等监管部门批准不得从事吸收存款",
                former_names="甲公司;乙公司",
            ),
            firm("B", name="某某五金店", scope_text="五金零售"),
            firm("C"),
        ],
    )
    assert found == {
        # 财富管理 | 投资, 财富 | 养老 | 理财 (金融 is denied) | denies | 3 parts
        "A": (1, 2, 1, 1, 1, 3, 2),
        "B": (0, 0, 0, 0, 0, 1, 0),
        "C": (0, 0, 0, 0, 0, None, 0),  # no text holds no word; how many items is not known
    }


def test_capital_age_and_kind(features_of):
    names = (
        "paid_capital_undisclosed paid_capital_share age_days young_with_large_capital "
        "capital_per_employee industry_section industry_division investment_industry not_active"
    )
    found = features_of(
        names,
        registration=[
            firm(
                "A",
                reg_cap_fen=2_000_000_000,  # 20 million yuan
                paid_cap_fen=500_000_000,
                est_date=day(700),
                employees=4,
                industry="L7212",
                status="存续",
            ),
            firm("B", reg_cap_fen=100, employees=0, est_date=day(1), industry="J", status="吊销"),
            firm("C", paid_cap_fen=5, reg_cap_fen=0, industry="L7211"),
        ],
    )
    assert found == {
        "A": (0, 0.25, 700, 1, 500_000_000.0, "L", "L72", 1, 0),
        # nobody is employed: no capital per employee; the division is not coded
        "B": (1, None, 1, 0, None, "J", None, 1, 1),
        # a registered capital of 0 divides nothing; L7211 belongs to L721; no date, no age
        "C": (0, None, None, 0, None, "L", "L72", 1, 0),
    }


def test_firms_that_share_a_phone_an_agent_or_a_representative(features_of):
    names = (
        "firms_with_phone firms_of_agent_same_day firms_of_legal_rep dissolved_firms_of_legal_rep"
    )
    alike = {"contact_phone": "p", "agent_id": "agent", "legal_rep_key": "person"}
    found = features_of(
        names,
        registration=[
            firm("A", **alike, est_date=day(50), status="存续"),
            firm("B", **alike, est_date=day(50)),  # a firm without a status counts as active
            firm("C", **alike, est_date=day(51), status="注销"),
            firm("D", contact_phone="q"),
        ],
    )
    assert found == {
        "A": (2, 2, 2, 1),  # phone: A, B; founded that day: A, B; representative: A, B and C
        "B": (2, 2, 2, 1),
        "C": (2, 1, 2, 1),
        "D": (1, None, None, None),  # what is not known is not shared
    }


def test_firms_at_an_address(features_of):
    names = (
        "firms_at_address new_firms_at_address investment_firms_at_address "
        "dissolved_firms_at_address shared_premises address_crowding firms_at_ordinary_address "
        "building_grade"
    )
    found = features_of(
        names,
        registration=[
            firm("A", domicile_address_id="x", est_date=day(10), name="甲投资", status="存续"),
            firm("B", domicile_address_id="x", est_date=day(365), name="乙", status="存续"),
            firm("C", domicile_address_id="x", est_date=day(10), name="丙投资", status="吊销"),
            firm("D", domicile_address_id="y", cluster_registered=False),
            firm("E", domicile_address_id="lost"),
            firm("F"),
        ],
        address=[
            {"address_id": "x", "capacity_estimate": 4, "building_grade": "A"},
            {"address_id": "y", "managed_cluster": True, "shared_office": None},
        ],
    )
    # at x: A and B are active; A and C are of this year (365 days ago is not); A has the name
    assert found["A"] == found["B"] == found["C"] == (2, 2, 1, 1, 0, 0.5, 2, "A")
    assert found["D"] == (1, 0, 0, 0, 1, None, None, None)  # a cluster: no ordinary address
    assert found["E"] == (1, 0, 0, 0, 0, None, 1, None)  # the address table does not know it
    assert found["F"] == (None, None, None, None, 0, None, None, None)  # no address at all


def test_holdings(features_of):
    names = (
        "shareholders firm_shareholders largest_stake subscribed paid_subscription_share "
        "shareholders_left_365d holder_spread investees invested invested_over_capital"
    )
    found = features_of(
        names,
        registration=[firm("A", reg_cap_fen=1000), firm("B")],
        shareholder=[
            of("A", holder_type="person", holder_key="p", ratio=Decimal("0.3"),
               subscribed_fen=300, paid_fen=30, valid_from=day(900)),
            of("A", holder_type="firm", ratio=Decimal("0.7"), subscribed_fen=700, paid_fen=None,
               valid_from=day(900)),
            # left a month ago; what was hers no longer counts
            of("A", holder_type="person", holder_key="q", ratio=Decimal("0.9"),
               subscribed_fen=900, paid_fen=900, valid_from=day(900), valid_to=day(30)),
            of("B", holder_type="person", holder_key="p", valid_from=day(800)),
            # enters next week: nothing of it has happened
            of("B", holder_type="person", holder_key="p", valid_from=day(-7)),
        ],
        investment=[
            of("A", investee_id="X", amount_fen=1500, valid_from=day(100)),
            of("A", investee_id="Y", amount_fen=500, valid_from=day(400), valid_to=day(0)),
        ],
    )  # fmt: skip
    # p holds A and B
    assert found["A"] == (2, 1, 0.7, 1000, 0.03, 1, 2, 1, 1500, 1.5)
    assert found["B"] == (1, 0, None, None, None, 0, 2, 0, None, None)


def test_posts(features_of):
    names = (
        "key_persons posts posts_per_person person_spread departures_90d "
        "new_legal_representatives_365d"
    )
    found = features_of(
        names,
        registration=[firm("A"), firm("B"), firm("C")],
        key_person=[
            of("A", person_key="p", role="法定代表人", valid_from=day(300)),
            of("A", person_key="p", role="经理", valid_from=day(300)),
            of("A", person_key="q", role="监事", valid_from=day(900), valid_to=day(80)),
            of("B", person_key="p", role="法定代表人", valid_from=day(500)),
            of("B", person_key="r", role="监事", valid_from=day(500)),
            of("C", person_key="p", role="法定代表人", valid_from=day(500), valid_to=day(400)),
        ],
    )
    assert found == {
        "A": (1, 2, 2.0, 2, 1, 1),  # p leads A and B; q left within 90 days
        "B": (2, 2, 1.0, 2, 0, 0),
        "C": (0, 0, None, 0, 0, 0),  # p has left it
    }


def test_branches(features_of):
    found = features_of(
        "branches branches_opened_90d branches_closed_365d branch_districts branch_burst",
        branch=[
            of("A", branch_id="1", opened=day(20), district="340202"),
            of("A", branch_id="2", opened=day(100), district="340203"),
            of("A", branch_id="3", opened=day(700), district="340203"),
            of("A", branch_id="4", opened=day(700), closed=day(5), district="340204"),
            of("A", branch_id="5", opened=day(-3), district="340207"),  # not yet open
        ],
    )
    # three open in two districts; two of the four that stood this year are new
    assert found["A"] == (3, 1, 1, 2, 0.5)


def test_changes(features_of):
    found = features_of(
        "changes changes_90d address_changes_365d name_changes finance_words_added "
        "days_since_change change_rate change_trend",
        registration=[firm("A", est_date=day(730))],
        change_record=[
            of("A", item_code="address", change_date=day(10)),
            of("A", item_code="address", change_date=day(370)),
            of("A", item_code="scope", change_date=day(200), before="五金", after="五金；投资"),
            of("A", item_code="scope", change_date=day(201), before=None, after="资产管理"),
            of("A", item_code="name", change_date=day(300), before="甲投资", after="乙投资"),
        ],
    )
    # finance words came in twice (once from nothing); the name had them before
    trend = (1 * 275 * 365 + 90 * 275) / (3 * 90 * 365 + 90 * 275)
    assert found["A"] == (5, 1, 1, 1, 2, 10, 5 * 365 / 730, trend)


def test_annual_reports(features_of):
    found = features_of(
        "annual_reports late_annual_reports years_since_report reported_employees insured_share "
        "reported_assets previous_assets asset_growth debt_ratio report_withheld has_website "
        "reported_transfers never_reported",
        registration=[firm("A", est_date=day(2000)), firm("B", est_date=day(2000))],
        annual_report=[
            of("A", year=2021, filed_date=day(900), assets_fen=7, equity_transfer=True),
            # filed on 1 July of the year that follows: one day late
            of("A", year=2022, filed_date=day(365), assets_fen=100, has_website=True),
            of("A", year=2023, filed_date=day(60), assets_fen=300, liabilities_fen=150,
               employees=8, social_insured=2, publish_state=2, has_website=False),
        ],
    )  # fmt: skip
    assert day(365).isoformat() == "2023-07-01"
    assert found["A"] == (3, 1, 1, 8, 0.25, 300, 100, 3.0, 0.5, 2, 0, 1, 0)
    assert found["B"] == (0, 0, None, None, None, None, None, None, None, None, 0, 0, 1)


def test_tax(features_of):
    found = features_of(
        "tax_irregular general_taxpayer tax_filings_365d zero_filing_share late_filings_365d "
        "longest_filing_delay tax_paid_share tax_burden days_since_filing loud_but_untaxed",
        registration=[firm("A"), firm("B")],
        tax_registration=[
            of("A", tax_no="1", status="非正常", taxpayer_type="小规模", status_date=day(9))
        ],
        tax_filing=[
            of("A", period_end=day(30), zero_filing=True, declared_fen=0, paid_fen=0),
            of("A", period_end=day(120), zero_filing=True, late_days=3),
            of("A", period_end=day(500), zero_filing=False, declared_fen=9, late_days=40),
            of("B", period_end=day(30), zero_filing=False, declared_fen=200, paid_fen=50,
               revenue_declared_fen=4000),
            of("B", period_end=day(31), zero_filing=True),
        ],
        ad_monitor=[
            of("A", promised_yield=Decimal("0.12"), seen_date=day(5)),
            of("B", promised_yield=Decimal("0.12"), seen_date=day(5)),
        ],
    )  # fmt: skip
    # A promises a yield and declared nothing all year; what it declared before does not help
    assert found["A"] == (1, 0, 2, 1.0, 1, 40, None, None, 30, 1)
    assert found["B"] == (0, 0, 2, 0.5, 0, 0, 0.25, 0.05, 30, 0)


def test_grades(features_of):
    alike = {"scheme": "纳税信用"}
    found = features_of(
        "worst_grades worst_grades_ever best_grades tax_grade previous_tax_grade tax_grade_fell",
        registration=[firm("A"), firm("B"), firm("C")],
        grade=[
            of("A", **alike, period="2021", grade="A", valid_from=day(800), valid_to=day(400)),
            of("A", **alike, period="2022", grade="D", valid_from=day(400)),
            of("A", scheme="劳动保障", period="2022", grade="A", valid_from=day(300)),
            of("B", **alike, period="2021", grade="M", valid_from=day(800), valid_to=day(400)),
            of("B", **alike, period="2022", grade="D", valid_from=day(399), valid_to=day(9)),
        ],
    )
    assert found == {
        "A": (1, 1, 1, "D", "A", 1),
        "B": (0, 1, 0, "D", "M", 0),  # M is for new firms: no grade to fall from
        "C": (0, 0, 0, None, None, 0),
    }


def test_penalties_lists_and_permits(features_of):
    listed = {"list_type": "经营异常", "direction": "in"}
    found = features_of(
        "penalties penalties_90d fined_365d severe_penalties penalising_departments "
        "penalties_not_repaired abnormal_listings on_abnormal_list listed_unreachable "
        "serious_listings days_since_listing permits finance_permits unlicensed_investment_words",
        registration=[firm("A", name="甲理财"), firm("B", name="乙理财"), firm("C", name="丙")],
        penalty=[
            of("A", department="甲局", kind="罚款", amount_fen=500, decided_date=day(10)),
            of("A", department="甲局", kind="吊销", decided_date=day(400), amount_fen=9),
            of("A", department="乙局", kind="警告", decided_date=day(400), repaired_date=day(1)),
        ],
        list_event=[
            of("A", **listed, listed_date=day(30), reason_code="通过登记的住所无法联系"),
            of("A", list_type="失信被执行人", direction="in", listed_date=day(20)),
            of("B", **listed, listed_date=day(90), reason_code="未公示年报"),
            of("B", list_type="经营异常", direction="out", listed_date=day(60)),
        ],
        permit=[
            of("B", department="地方金融监管局", kind="许可", valid_to=day(0)),  # its last day
            of("A", department="地方金融监管局", kind="许可", valid_to=day(1)),  # ran out
        ],
    )
    assert found["A"] == (3, 1, 500, 1, 2, 2, 1, 1, 1, 1, 20, 0, 0, 1)
    assert found["B"] == (0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 90, 1, 1, 0)
    assert found["C"] == (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, None, 0, 0, 0)


def test_courts(features_of):
    found = features_of(
        "cases_as_defendant cases_as_defendant_365d lending_cases lending_cases_amount "
        "cases_as_plaintiff enforcements enforced_amount dishonest_cases cases_not_executed",
        judgment=[
            of("A", role="被告", cause="民间借贷纠纷", amount_fen=70, judged_date=day(30)),
            of("A", role="被告", cause="买卖合同纠纷", amount_fen=5, judged_date=day(400)),
            of("A", role="原告", cause="民间借贷纠纷", amount_fen=5, judged_date=day(400)),
        ],
        enforcement=[
            of("A", amount_fen=40, executed=False, dishonest=True, filed_date=day(3)),
            of("A", amount_fen=2, executed=True, dishonest=False, filed_date=day(3)),
            of("A", amount_fen=None, executed=None, dishonest=None, filed_date=day(3)),
        ],
    )
    # whether the third was executed is not known, so it is no case "not executed"
    assert found["A"] == (2, 1, 1, 70, 1, 3, 42, 1, 1)


def test_complaints(features_of):
    found = features_of(
        "redemption_complaints_30d elderly_complaints_365d finance_office_reports complainants "
        "open_complaints",
        complaint=[
            of("A", received_date=day(3), topics="兑付;失联", channel="金融办", caller_phone="p"),
            of("A", received_date=day(4), topics="质量", caller_phone="p", elderly=True),
            of("A", received_date=day(9), category="理财", caller_phone="q", resolved_date=day(1)),
        ],
    )
    assert found["A"] == (2, 1, 1, 2, 2)  # the category names 理财 where there are no topics


def test_advertising(features_of):
    found = features_of(
        "ads_90d yield_ads_365d highest_yield guarantee_ads_365d unwarned_ads elderly_ads_365d "
        "unlicensed_yield_ads",
        permit=[],
        ad_monitor=[
            of("A", seen_date=day(1), promised_yield=Decimal("0.18"), guarantee_words=True),
            of("A", seen_date=day(2), promised_yield=Decimal("0.08"), risk_notice=True),
            of("A", seen_date=day(3), elderly_target=True, risk_notice=False),
        ],
    )
    assert found["A"] == (3, 2, 0.18, 1, 1, 1, 1)  # unwarned: no notice is known of the first


def test_public_information(features_of):
    found = features_of(
        "recruited_365d sales_recruited_share recruitment_burst negative_news positive_news "
        "sites_and_apps cities_named public_reach",
        annual_report=[of("A", year=2023, filed_date=day(60), social_insured=4)],
        public_info=[
            of("A", kind="recruitment", headcount=30, job_type="理财顾问", city="芜湖",
               published_date=day(9)),
            of("A", kind="recruitment", headcount=10, job_type="会计", city="合肥",
               published_date=day(9)),
            of("A", kind="news", polarity="negative", city="芜湖", published_date=day(9)),
            of("A", kind="news", polarity="positive", published_date=day(9)),
            of("A", kind="icp", published_date=day(9)),
            of("A", kind="app", published_date=day(9)),
        ],
    )  # fmt: skip
    assert found["A"] == (40, 0.75, 8.0, 1, 1, 2, 2, 4)

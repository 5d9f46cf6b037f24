"""What the characteristic library measures beyond `core`, on literal records with their reasons."""

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
        tables.setdefault("registration", firms(spark, "A", "B"))
        chosen = FeatureSet("trial", tuple(names.split()))
        frame = subject_features(known_tables(tables, DAY), DAY, chosen)
        return {r.subject_id: tuple(r)[1:] for r in frame.collect()}

    return found


def firm(subject: str, **more):
    return {"subject_id": subject, "known_at": day(40), **more}


def of(subject: str, **more):
    return {"subject_id": subject, "known_at": day(0), **more}


def test_b2_a_yield_promised_on_no_list_of_licences(features_of):
    rows = {
        "registration": [firm("A", name="甲基金管理"), firm("B"), firm("C")],
        "ad_monitor": [of(s, seen_date=day(9), promised_yield=Decimal("0.1")) for s in "AB"],
    }
    licences = [
        of("A", kind="私募基金管理人", licence_no="1", status="有效", valid_from=day(900)),
        # the list says 有效, its term has run out
        of("B", kind="典当", licence_no="3", status="有效", valid_from=day(900), valid_to=day(1)),
    ]
    found = features_of("unlisted_yield_ads", **rows, licence_finance=licences)
    assert found == {"A": (0,), "B": (1,), "C": (0,)}  # C promises nothing
    # a city without such a list knows nothing of licences
    assert features_of("unlisted_yield_ads", **rows)["B"] == (None,)


def test_i3_capital_not_paid_in(features_of):
    found = features_of(
        "unpaid_capital overdue_subscriptions",
        registration=[firm("A", reg_cap_fen=900, paid_cap_fen=300), firm("B", reg_cap_fen=900)],
        shareholder=[
            of("A", holder_type="person", subscribed_fen=9, paid_fen=3, pay_deadline=day(1),
               valid_from=day(300)),
            of("A", holder_type="person", subscribed_fen=9, paid_fen=9, pay_deadline=day(1),
               valid_from=day(300)),  # paid
            of("A", holder_type="person", subscribed_fen=9, pay_deadline=day(0),
               valid_from=day(300)),  # may pay until tonight
            of("A", holder_type="person", subscribed_fen=9, pay_deadline=day(1),
               valid_from=day(300), valid_to=day(5)),  # left
        ],
    )  # fmt: skip
    assert found == {"A": (600, 1), "B": (None, 0)}  # B does not say what is paid in


def capital(subject: str, days_before: int, before: str | None, after: str):
    return of(
        subject, item_code="capital", change_date=day(days_before), before=before, after=after
    )


def test_i4_a_jump_of_capital(features_of):
    found = features_of(
        "capital_jumps_730d",
        registration=firms_named("ABCDEF"),
        change_record=[
            capital("A", 100, "300万元", "900万元"),  # three times: a jump
            capital("B", 100, "300万元", "899.99万元"),  # a little less
            capital("C", 100, "５０００万元", "１.５亿元"),  # full width; 亿 is ten thousand 万
            capital("D", 100, "1,000,000元", "3,000,000元"),
            capital("E", 100, None, "900万元"),  # what it was is not known
            capital("F", 731, "300万元", "900万元"),  # more than two years ago
        ],
    )
    assert found == {"A": (1,), "B": (0,), "C": (1,), "D": (1,), "E": (0,), "F": (0,)}


def firms_named(subjects: str):
    return [firm(s) for s in subjects]


def change(subject: str, item: str, days_before: int, **more):
    return of(subject, item_code=item, change_date=day(days_before), **more)


def test_i5_b7_changes_of_address_and_kinds_of_change(features_of):
    found = features_of(
        "moved_often scope_changes_365d kinds_changed_365d days_since_handover",
        change_record=[
            *[change("A", "address", n) for n in (10, 100, 364)],
            change("A", "scope", 364),
            change("A", "legal_rep", 50),
            *[change("B", "address", n) for n in (10, 100, 365)],  # the third is a year ago
            change("B", "shareholder", 365),
        ],
    )
    assert found == {
        "A": (1, 1, 3, 50),  # address, scope, representative
        "B": (0, 0, 1, 365),
    }


def test_i6_b9_a_lavish_front_that_declares_nothing(features_of):
    filings = [
        of(s, period_start=day(60), period_end=day(30), tax="增值税", zero_filing=zero,
           revenue_declared_fen=revenue)
        for s, zero, revenue in (("A", True, 0), ("B", False, 300_000_000))
    ]  # fmt: skip
    found = features_of(
        "grade_a_office lavish_but_untaxed ads_over_revenue",
        registration=[firm(s, domicile_address_id="top") for s in "AB"] + [firm("C")],
        address=[{"address_id": "top", "building_grade": "A", "known_at": day(50)}],
        tax_filing=filings,
        ad_monitor=[of(s, seen_date=day(9)) for s in "AABB"],
    )
    assert found == {
        "A": (1, 1, 2.0),  # two advertisements over (0 + 1) million yuan
        "B": (1, 0, 0.5),  # two over (3 + 1) million
        "C": (0, 0, 0.0),  # no address
    }


def test_i11_new_sites_and_finance_words(features_of):
    found = features_of(
        "sites_and_apps_365d finance_sites new_sites_of_finance_name",
        registration=[firm("A", name="甲财富管理"), firm("B", name="乙五金")],
        public_info=[
            of("A", kind="icp", domain="www.JiaCaiFu.example", published_date=day(9)),
            of("A", kind="app", domain="甲宝", published_date=day(400)),
            of("A", kind="news", published_date=day(9)),
            of("B", kind="icp", domain="wujin.example", published_date=day(9)),
        ],
    )
    assert found == {
        "A": (1, 1, 1),  # the app is older than a year; caifu is 财富
        "B": (1, 0, 0),
    }


def ad(subject: str, days_before: int = 9, **more):
    return of(subject, seen_date=day(days_before), **more)


def test_b1_lines_that_a_promised_yield_exceeds(features_of):
    found = features_of(
        "yield_lines_crossed highest_yield_365d guaranteed_yield_ads_365d",
        registration=firms_named("ABCD"),
        ad_monitor=[
            ad("A", promised_yield=Decimal("0.1"), guarantee_words=True),
            ad("B", promised_yield=Decimal("0.240001")),
            ad("C", promised_yield=Decimal("0.5"), days_before=365),  # a year ago
            ad("D", guarantee_words=True),
        ],
    )
    assert found == {
        "A": (1, 0.1, 1),  # above 8.7 %; 10 % is the line itself
        "B": (3, 0.240001, 0),  # above 8.7, 10 and 24 %
        "C": (0, None, 0),
        "D": (0, None, 0),  # guarantees and promises no yield
    }


def test_b1_complaints_of_promised_yields(features_of):
    found = features_of(
        "promise_complaints_365d",
        complaint=[
            of("A", ticket_no="1", topics="退款;高收益", received_date=day(9)),
            of("A", ticket_no="2", category="保本理财", received_date=day(9)),
            of("A", ticket_no="3", topics="質量", received_date=day(9)),  # of quality
            of("B", ticket_no="4", topics="保本", received_date=day(365)),
        ],
    )
    assert found == {"A": (2,), "B": (0,)}


def test_b2_returns_advertised_outside_finance(features_of):
    found = features_of(
        "return_ads_365d return_ads_outside_finance unwarned_ads_365d",
        registration=[firm("A", industry="F5219"), firm("B", industry="J66"), firm("C")],
        permit=[of("C", permit_no="1", kind="小额贷款", valid_from=day(90))],
        ad_monitor=[
            ad("A", term_months=12),
            ad("A", promised_yield=Decimal("0.1"), risk_notice=True),
            ad("A"),  # of goods
            ad("B", promised_yield=Decimal("0.1")),
            ad("C", term_months=6),
        ],
    )
    assert found == {
        "A": (2, 2, 0),  # its promise carries a notice; a term alone promises no yield
        "B": (1, 0, 1),  # of the trade
        "C": (1, 0, 0),  # licensed
    }


def test_b4_surges(features_of):
    complaints = [
        of("A", ticket_no=str(n), topics="兑付" if n < 2 else "质量", received_date=day(n))
        for n in range(4)
    ]
    complaints += [of("B", ticket_no="b", topics="兑付", received_date=day(100))]
    found = features_of("complaint_surge redemption_surge", complaint=complaints)
    a = (4 / 60 + 1 / 365) / (0 / 305 + 1 / 365)
    assert found["A"][0] == pytest.approx(a, rel=1e-12)
    assert found["A"][1] == pytest.approx((2 / 60 + 1 / 365) * 365, rel=1e-12)
    assert found["B"] == (1.0, 1.0)  # one of long ago: it falls, which is no surge


def test_b5_new_branches_over_districts(features_of):
    found = features_of(
        "new_branch_districts_365d",
        branch=[
            of("A", branch_id="1", district="110101", opened=day(10)),
            of("A", branch_id="2", district="110101", opened=day(20)),
            of("A", branch_id="3", district="110102", opened=day(20), closed=day(1)),  # closed
            of("A", branch_id="4", district="110103", opened=day(365)),  # a year ago
            of("A", branch_id="5", opened=day(5)),  # where is not known
        ],
    )
    assert found == {"A": (2,), "B": (0,)}


def test_b6_sales_people(features_of):
    found = features_of(
        "sales_recruited_90d sales_over_insured sales_hiring_trend",
        public_info=[
            of("A", kind="recruitment", job_type="理财顾问", headcount=30, published_date=day(9)),
            of("A", kind="recruitment", job_type="销售", headcount=10, published_date=day(91)),
            of("A", kind="recruitment", job_type="技术", headcount=99, published_date=day(9)),
        ],
        annual_report=[of("A", year=2023, filed_date=day(30), social_insured=4)],
    )
    trend = (30 / 90 + 1 / 365) / (10 / 275 + 1 / 365)
    assert found["A"][:2] == (30, 8.0)  # forty over four, one added
    assert found["A"][2] == pytest.approx(trend, rel=1e-12)
    assert found["B"] == (0, None, 1.0)  # its staff is not known; nothing happened, no trend


def test_b8_a_turn_to_hot_concepts(features_of):
    found = features_of(
        "concepts_added_730d",
        change_record=[
            change("A", "scope", 9, before="软件", after="软件；养老服务"),
            change("A", "scope", 5, before="软件；养老服务", after="软件；養老服務；茶"),  # had it
            change("A", "scope", 800, before="软件", after="影视"),
            change("B", "name", 9, before="甲", after="甲（不含影视）"),  # denies it
        ],
    )
    assert found == {"A": (1,), "B": (0,)}


def test_b12_growth(features_of):
    reports = [
        of("A", year=year, filed_date=day(days), revenue_fen=revenue, employees=staff)
        for year, days, revenue, staff in ((2022, 400, 100, 4), (2023, 30, 500, 10))
    ]
    filings = [
        of("A", period_start=day(n + 30), period_end=day(n), tax="增值税",
           revenue_declared_fen=revenue)
        for n, revenue in ((10, 900), (400, 300))
    ]  # fmt: skip
    found = features_of(
        "revenue_growth staff_growth declared_growth", annual_report=reports, tax_filing=filings
    )
    assert found == {"A": (5.0, 2.5, 3.0), "B": (None, None, None)}


def test_b13_media_and_meetings(features_of):
    found = features_of(
        "ad_media_365d gathering_ads_365d",
        ad_monitor=[
            ad("A", medium="网络"),
            ad("A", medium="网络"),
            ad("A", medium="讲座"),
            ad("A", medium="宣傳單頁"),  # leaflets, in traditional letters
            ad("A", medium="电视", days_before=365),
        ],
    )
    assert found == {"A": (3, 2), "B": (0, 0)}


def test_b15_gone_or_handed_over_after_complaints(features_of):
    found = features_of(
        "handed_over_after_complaints ended_after_complaints days_since_end",
        registration=[
            firm("A", status="存续"),
            firm("B", status="存续"),
            firm("C", status="注销", status_date=day(5)),
            firm("D", status="注销", status_date=day(150)),
        ],
        complaint=[of(s, ticket_no=s, received_date=day(100)) for s in "ABCD"],
        change_record=[change("A", "shareholder", 99), change("B", "legal_rep", 101)],
    )
    assert found == {
        "A": (1, 0, None),
        "B": (0, 0, None),  # changed hands the day before the complaint
        "C": (0, 1, 5),
        "D": (0, 0, 150),  # it had ended before
    }

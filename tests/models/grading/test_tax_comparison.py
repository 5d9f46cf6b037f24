"""工商、税务数据对比: what stands on each side, and when that is no difference."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from literal_judged import behind, changed, everything, pack, rows
from pyspark.sql import functions as F

from features.as_of import known_tables
from models.grading.tax_comparison import normalised, tax_comparison
from models.grading.trace import Judged
from tests.features.literal_tables import DAY, day, records

REPORT = pack()
ACTIVE = {"status": "存续", "known_at": day(300)}


def firm(subject: str, **more: Any) -> dict[str, Any]:
    return {"subject_id": subject, "est_date": day(3000), **ACTIVE, **more}


def taxed(subject: str, **more: Any) -> dict[str, Any]:
    return {"subject_id": subject, "status": "正常", "status_date": day(900), **more}


def filing(subject: str, days_ago: int, **more: Any) -> dict[str, Any]:
    started = {"period_start": day(days_ago + 29), "period_end": day(days_ago)}
    return {"subject_id": subject, "tax": "增值税", **started, **more}


def compared(spark, rule: str, **tables: list[dict[str, Any]]):
    """The verdicts of one rule over literal tables."""
    known = {name: records(spark, name, given) for name, given in tables.items()}
    found = tax_comparison(known, REPORT, DAY)
    verdicts = found.verdicts.where(F.col("rule") == rule)
    behind_them = found.records.join(verdicts, "verdict_id", "left_semi")
    return Judged(verdicts, behind_them.select(*found.records.columns))


def test_firms_that_the_tax_office_does_not_know(spark):
    found = compared(
        spark,
        "not_registered_with_tax",
        registration=[
            firm("old", est_date=day(61)),  # 61 days: more than 60 of grace
            firm("new", est_date=day(60)),  # 60 days: within the grace
            firm("registered"),  # the tax office knows it
            firm("files"),  # files without a registration: known to the tax office
            firm("revoked", status="吊销"),  # need not register
            firm("gone", status="注销"),  # the same
            firm("moved", status="迁出"),  # the same
            firm("undated", est_date=None),  # nobody knows whether its grace is over
            firm("was revoked", status="吊销", known_at=day(50)),
            firm("was revoked", known_at=day(40)),  # the row that came last speaks: 存续
        ],
        tax_registration=[taxed("registered", status="注销")],  # cancelled is known, too
        tax_filing=[filing("files", 700)],  # however long ago
    )
    assert rows(found, "subject_id", "value", "holds_from") == [
        ("old", "unregistered", DAY),  # the first day beyond the grace
        ("was revoked", "unregistered", date(2016, 6, 13)),
    ]
    assert behind(found)["old", "not_registered_with_tax"] == ["registration:r0"]
    words = {row.subject_id: row for row in found.verdicts.collect()}["old"]
    assert words.sum_zh == (
        "登记：存续，成立于2024-04-30，至2024-06-30满61天，超过60天；税务：无登记、无申报"
    )
    assert words.sum_en.startswith("Registration: 存续, established 2024-04-30, 61 days")
    assert (words.standing, words.severity) == ("project default", None)
    assert words.check_zh.startswith("核实")
    assert "tax office" in words.check_en


def test_taxpayers_without_a_valid_licence(spark):
    found = compared(
        spark,
        "no_valid_licence",
        registration=[
            firm("good"),  # licensed
            firm("revoked", status="吊销", status_date=day(500)),  # revoked, and files since
            firm("just closed", status="注销", status_date=day(5)),  # after its last sign of life
            firm("undated", status="迁出", known_at=day(20)),  # void on day 20 at the latest
            firm("dead", status="注销", status_date=day(800)),  # tax cancelled, no recent filing
            firm("status after", status="吊销", status_date=day(901)),  # tax renewed a day later
        ],
        tax_registration=[
            taxed("good"),
            taxed("revoked"),
            taxed("just closed"),
            taxed("undated"),
            taxed("dead", status="注销"),
            taxed("status after"),
            taxed("unknown", registered_date=day(950)),  # no registration row at all
            taxed("lost", status="非正常"),  # lost to the tax office, files nothing: not at work
        ],
        tax_filing=[
            filing("revoked", 30),
            filing("revoked", 400),  # before the last year: not among the records
            filing("just closed", 30),
            filing("undated", 10),
            filing("dead", 365),  # 365 days ago is no longer in the last 365 days
            filing("only files", 364),  # the oldest day that counts, and no registration
        ],
    )
    assert rows(found, "subject_id", "value", "holds_from") == [
        ("only files", "no registration", day(364)),  # since its first filing
        ("revoked", "吊销", day(500)),
        ("status after", "吊销", day(901)),
        ("undated", "迁出", day(20)),
        ("unknown", "no registration", day(950)),
    ]
    records_of = behind(found)
    assert records_of["revoked", "no_valid_licence"] == [
        "registration:r1",
        "tax_filing:r0",
        "tax_registration:r1",
    ]
    # an old void one without recent filings would still show its last: here it has none
    assert records_of["unknown", "no_valid_licence"] == ["tax_registration:r6"]
    words = {row.subject_id: row.sum_zh for row in found.verdicts.collect()}
    assert words["revoked"] == (
        "登记：吊销，自2023-02-16，早于2024-05-31；税务：正常，自2022-01-12，近365天申报1次，最近所属期止2024-05-31"
    )
    assert words["unknown"] == "登记：无登记记录；税务：正常，自2022-01-12，无申报"


def test_details_that_disagree_one_verdict_a_field(spark):
    found = compared(
        spark,
        "details_disagree",
        registration=[
            firm("status"),
            firm("width", name="北京甲（集团）公司", scope_text="零售；批发"),
            firm("name", name="乙公司"),
            firm("silent", name=None),
            firm("domicile", domicile_address_id="a1", operating_address_id="a2"),
            firm("operating", domicile_address_id="a1", operating_address_id="a2"),
            firm("elsewhere", domicile_address_id="a1", operating_address_id="a2"),
            firm("half told", domicile_address_id=None, operating_address_id="a2"),
            firm("no address"),
            firm("two", name="丙", scope_text="零售"),
            firm("void", status="吊销"),
        ],
        tax_registration=[
            taxed("status", status="注销"),  # cancelled at tax, alive here
            taxed("width", name="北京甲(集团) 公司", scope_text="零售;批发　"),  # brackets, blanks
            taxed("name", name="乙有限公司"),  # another name
            taxed("silent", name="丁"),  # what one side does not tell is no difference
            taxed("domicile", address_id="a1"),
            taxed("operating", address_id="a2"),
            taxed("elsewhere", address_id="a3"),  # neither of the two
            taxed("half told", address_id="a3"),  # differs from the one that is told
            taxed("no address", address_id="a3"),  # nothing to compare with
            taxed("two", name="丁", scope_text="批发"),  # two fields: two verdicts
            taxed("void"),  # 正常 beside 吊销 is the licence's rule, not this one
            taxed("unknown", name="戊"),  # no registration: not this rule
        ],
    )
    assert rows(found, "subject_id", "value") == [
        ("elsewhere", "address"),
        ("half told", "address"),
        ("name", "name"),
        ("status", "status"),
        ("two", "name"),
        ("two", "scope"),
    ]
    words = {(row.subject_id, row.value): row.sum_zh for row in found.verdicts.collect()}
    assert words["name", "name"] == "名称不一致。登记：乙公司；税务：乙有限公司"
    assert words["half told", "address"] == "地址不一致。登记：（空）、a2；税务：a3"
    ids = {row.verdict_id for row in found.records.collect()}
    assert len(ids) == 6
    assert found.records.count() == 12  # both sides of each


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＡＢＣ１２３", "ABC123"),  # full width
        ("甲（乙）", "甲(乙)"),  # brackets
        (" 甲\u3000乙\t\n", "甲乙"),  # blanks, the wide one too
        ("甲、乙。", "甲、乙。"),  # Chinese marks without a half-width twin stay
        ("", ""),
    ],
)
def test_normalised_texts(spark, text, expected):
    given = spark.createDataFrame([(text,)], "t string")
    assert given.select(normalised(F.col("t"))).collect()[0][0] == expected


def total(paid_fen: int, **more: Any) -> dict[str, Any]:
    period = {"period_start": date(2024, 1, 1), "period_end": date(2024, 3, 31)}
    place = {"district": "110101", "industry_section": "J", "tax": "增值税"}
    return {**place, **period, "paid_fen": paid_fen, **more}


def paid(subject: str, paid_fen: int | None, **more: Any) -> dict[str, Any]:
    period = {"period_start": date(2024, 1, 1), "period_end": date(2024, 3, 31)}
    return {"subject_id": subject, "tax": "增值税", **period, "paid_fen": paid_fen, **more}


def test_receipts_beside_filings(spark):
    found = compared(
        spark,
        "receipts_disagree",
        registration=[
            firm("A", district="110101", industry="J66"),
            firm("B", district="110101", industry="J"),
            firm("C", district="110102", industry="J66"),  # another district
            firm("D", district="110101", industry="K70"),  # another section
        ],
        tax_receipts=[
            total(10_000_000),  # filed: 6,000,000 + 3,000,000 + 800,000
            total(10_000_000, tax="企业所得税"),  # filed 9,900,001: less than 1 000 元 apart
            total(500_000_000, tax="印花税"),  # filed 495,000,000: 1 % exactly is not more
            total(0, tax="消费税"),  # filed 200,000: more than any percentage of nothing
            total(7_000_000, district="110102"),  # C filed just that
            total(9_000_000, district="110105"),  # nobody filed there
        ],
        tax_filing=[
            paid("A", 6_000_000),
            paid("B", 3_000_000),
            paid(
                "B", 800_000, source="second", known_at=date(2024, 5, 1)
            ),  # replaces the 3,000,000
            paid("A", 5_000_000, period_start=date(2023, 10, 1)),  # another period
            paid("A", 5_000_000, period_end=date(2024, 1, 31), tax="个人所得税"),  # no total of it
            paid("A", 9_900_001, tax="企业所得税"),
            paid("A", 495_000_000, tax="印花税"),
            paid("A", 200_000, tax="消费税"),
            paid("C", 7_000_000),
            paid("D", 1_000_000),  # its section has no total: not taken for 0
            paid("E", 1_000_000),  # registered nowhere: in no cell
        ],
    )
    assert rows(found, "subject_id", "value", "holds_from") == [
        ("110101|J", "-200000", date(2024, 3, 31)),
        ("110101|J", "3200000", date(2024, 3, 31)),
        ("110105|J", "9000000", date(2024, 3, 31)),
    ]
    words = {row.value: row for row in found.verdicts.collect()}
    assert words["3200000"].sum_zh == (
        "110101区J门类，增值税，所属期自2024-01-01：入库合计 − 申报入库合计 = "
        "100000.00 − 68000.00 = 32000.00（元），超过1%且超过1000.00元"
    )
    ids = words["3200000"].verdict_id
    shown = found.records.where(F.col("verdict_id") == ids).collect()
    assert sorted((r.table_name, r.source_record_id, r.subject_id) for r in shown) == [
        ("tax_filing", "r0", "110101|J"),
        ("tax_filing", "r2", "110101|J"),
        ("tax_receipts", "r0", "110101|J"),
    ]


def test_a_period_end_both_tell_must_be_the_same(spark):
    found = compared(
        spark,
        "receipts_disagree",
        registration=[firm("A", district="110101", industry="J66")],
        tax_receipts=[total(1_000_000, period_end=date(2024, 1, 31))],  # a month
        tax_filing=[paid("A", 1_000_000)],  # a quarter that begins on the same day: not the month's
    )
    assert rows(found, "value") == [("1000000",)]


@pytest.mark.parametrize("absent", ["registration", "tax_registration", "tax_filing"])
def test_a_table_that_never_came(spark, absent):
    tables = {
        "registration": [firm("A"), firm("B")],
        "tax_registration": [taxed("A"), taxed("C")],
        "tax_filing": [filing("A", 30)],
    }
    del tables[absent]
    known = {name: records(spark, name, given) for name, given in tables.items()}
    found = rows(tax_comparison(known, REPORT, DAY), "subject_id", "rule")
    expected = {
        "registration": [("A", "no_valid_licence"), ("C", "no_valid_licence")],
        "tax_registration": [("B", "not_registered_with_tax")],  # A is known: it files
        "tax_filing": [("B", "not_registered_with_tax"), ("C", "no_valid_licence")],
    }
    assert found == expected[absent]


def test_no_table_at_all_is_an_error():
    with pytest.raises(ValueError, match="no table is known at all; expected registration"):
        tax_comparison({}, REPORT, DAY)


def test_the_tolerance_is_the_packs(spark):
    stricter = REPORT.tax_comparison.model_copy(update={"grace_days": 10})
    known = {"registration": records(spark, "registration", [firm("A", est_date=day(11))])}
    found = tax_comparison(known, changed(REPORT, tax_comparison=stricter), DAY)
    assert rows(found, "subject_id", "rule") == [("A", "not_registered_with_tax")]


def test_withdrawn_and_later_records_are_as_if_they_never_came(spark):
    base = [taxed("A", source_record_id="a"), taxed("B", source_record_id="b")]
    withdrawn = taxed("C", source_record_id="c", known_at=day(30))
    more = [
        *base,
        withdrawn,
        {**withdrawn, "known_at": day(10), "op": "withdraw"},  # C is gone again
        taxed("A", source_record_id="a", status="注销", known_at=day(-5)),  # known in five days
    ]
    firms_ = [firm("A"), firm("C")]

    def judged(given):
        tables = {
            "registration": records(spark, "registration", firms_),
            "tax_registration": records(spark, "tax_registration", given),
        }
        return everything(tax_comparison(known_tables(tables, DAY), REPORT, DAY))

    assert judged(more) == judged(base)

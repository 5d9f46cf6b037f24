"""工商、税务数据对比: the business registration beside the tax office's records of the same firm.

Four outputs, each a rule: `not_registered_with_tax` (未登记户识别), `no_valid_licence` (无照户监管),
`details_disagree` (纳税户管理) and `receipts_disagree` (入库税额统计). A verdict says what stands on
either side and what to check; it accuses nobody, and has no severity.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.rule_pack import RulePack
from features.as_of import latest_by_key
from features.rows import Rows, days_between
from models.grading.frames import Known, say, spread, table_or_empty, union_all, yuan
from models.grading.trace import Judged, records, verdict_id, verdicts

COMPARISON = "comparison"
COMPARISON_OWN = ("check_zh", "check_en")
"""The own columns: the check that is suggested."""

UNREGISTERED = "not_registered_with_tax"
UNLICENSED = "no_valid_licence"
DETAILS = "details_disagree"
RECEIPTS = "receipts_disagree"

RECENT_DAYS = 365
"""Filings of so many days up to the day show a taxpayer at work."""

VOID = ("吊销", "注销", "迁出")
"""States of a registration under which a firm must not trade here."""

RECEIPT_KEYS = ("district", "industry_section", "period_start", "tax")
_CELL_KEY = RECEIPT_KEYS[2:]
_TEXT = ("status", "name", "domicile_address_id", "operating_address_id", "scope_text")
REGISTRATION = {
    **dict.fromkeys(("subject_id", *_TEXT, "district", "industry"), "STRING"),
    **dict.fromkeys(("est_date", "status_date"), "DATE"),
}
TAX_REGISTRATION = {
    **dict.fromkeys(("subject_id", "status", "name", "address_id", "scope_text"), "STRING"),
    **dict.fromkeys(("registered_date", "status_date"), "DATE"),
}
TAX_FILING = {
    **dict.fromkeys(("subject_id", "tax"), "STRING"),
    **dict.fromkeys(("period_start", "period_end"), "DATE"),
    "paid_fen": "BIGINT",
}
TAX_RECEIPTS = {
    **dict.fromkeys(("district", "industry_section", "tax"), "STRING"),
    **dict.fromkeys(("period_start", "period_end"), "DATE"),
    "paid_fen": "BIGINT",
}
"""The columns that are read of each table, for one that is absent."""

_FULL = "".join(chr(c) for c in range(0xFF01, 0xFF5F))
_HALF = "".join(chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F))
_BLANKS = " \t\r\n\u00a0\u3000"


@dataclass(frozen=True)
class _Finding:
    """What one rule finds over a row of `_sides`: whether, since when, in words, what to check."""

    rule: str
    value: Column | str
    found: Column
    since: Column
    zh: Column
    en: Column
    check_zh: str
    check_en: str

    def case(self) -> tuple[Column, dict[str, Column]]:
        """When it is found, and the verdict's columns."""
        told = {
            "rule": F.lit(self.rule),
            "value": F.lit(self.value) if isinstance(self.value, str) else self.value,
            "holds_from": self.since,
            "sum_zh": self.zh,
            "sum_en": self.en,
            "check_zh": F.lit(self.check_zh),
            "check_en": F.lit(self.check_en),
        }
        return self.found, told


def tax_comparison(known: Known, pack: RulePack, as_of: datetime.date) -> Judged:
    """The four outputs of the comparison.

    Args:
        known: the tables as known on the day: registration, tax_registration, tax_filing and
            tax_receipts. Of the first two the row that came last speaks for a subject.
        pack: whose `tax_comparison` has the days of grace and the tolerances.
        as_of: the day.

    Returns:
        Verdicts of family 'comparison', then `COMPARISON_OWN`; rule and value: not_registered_with_tax
        (unregistered), no_valid_licence (no registration, or the registration's status),
        details_disagree (the field: status, name, address or scope; one verdict each),
        receipts_disagree (the total of receipts less the filings', in fen; subject_id is
        'district|section', one verdict a period and tax). Records: those of both sides.
    """
    sides = _sides(known, as_of)
    grace = pack.tax_comparison.grace_days
    findings = [_unregistered(grace, as_of), _unlicensed(), *_disagreements()]
    # of one subject only the fields that disagree can be several
    field = F.when(F.col("rule") == DETAILS, F.col("value"))
    judged = _verdicts(spread(sides, [finding.case() for finding in findings]), pack, [field])
    cells = _receipts_disagree(known, pack)

    def behind(kept: DataFrame) -> DataFrame:
        of_firms = _records(kept.where(F.col("rule") != RECEIPTS), known, as_of)
        return of_firms.unionAll(cells.records_of(kept.where(F.col("rule") == RECEIPTS)))

    return Judged(judged.unionAll(cells.verdicts), behind)


def _verdicts(rows: DataFrame, pack: RulePack, key: Sequence[str | Column]) -> DataFrame:
    return verdicts(
        rows,
        family=COMPARISON,
        rule=F.col("rule"),
        key=key,
        pack=pack,
        sourced=pack.tax_comparison,
        own=COMPARISON_OWN,
    )


def normalised(text: Column) -> Column:
    """A text for comparison: full-width letters, digits and brackets as half, without blanks."""
    return F.translate(text, _FULL + _BLANKS, _HALF)


def _registrations(known: Known) -> DataFrame:
    return latest_by_key(table_or_empty(known, "registration", REGISTRATION), ["subject_id"])


def _tax_registrations(known: Known) -> DataFrame:
    table = table_or_empty(known, "tax_registration", TAX_REGISTRATION)
    return latest_by_key(table, ["subject_id"])


def _filings(known: Known, as_of: datetime.date) -> DataFrame:
    filings = table_or_empty(known, "tax_filing", TAX_FILING)
    return filings.where(F.col("subject_id").isNotNull())


def _recent(as_of: datetime.date) -> Column:
    start = as_of - datetime.timedelta(days=RECENT_DAYS)
    return (F.col("event_date") > F.lit(start)) & (F.col("event_date") <= F.lit(as_of))


def _sides(known: Known, as_of: datetime.date) -> DataFrame:
    """One row a subject that either side knows.

    Columns r_… of the registration, t_… of the tax registration (r_subject_id, t_subject_id NULL
    where there is none), and of the filings: filings, recent_filings, first_filing, last_filing.
    """
    sides = []
    for prefix, side, columns in (
        ("r_", _registrations(known), REGISTRATION),
        ("t_", _tax_registrations(known), TAX_REGISTRATION),
    ):
        kept = [F.col(name).alias(prefix + name) for name in (*columns, "known_at")]
        sides.append(side.select("subject_id", *kept))
    done = F.when(F.col("event_date") <= F.lit(as_of), F.col("event_date"))
    filed = (
        _filings(known, as_of)
        .groupBy("subject_id")
        .agg(
            F.count(F.lit(1)).alias("filings"),
            F.count(F.when(_recent(as_of), F.lit(1))).alias("recent_filings"),
            F.min(done).alias("first_filing"),
            F.max(done).alias("last_filing"),
        )
    )
    joined = sides[0].join(sides[1], "subject_id", "full_outer")
    none = {name: F.coalesce(name, F.lit(0)) for name in ("filings", "recent_filings")}
    return joined.join(filed, "subject_id", "full_outer").withColumns(none)


def _unregistered(grace: int, as_of: datetime.date) -> _Finding:
    age = days_between(F.col("r_est_date"), F.lit(as_of))
    unknown = F.col("t_subject_id").isNull() & (F.col("filings") == 0)
    since = F.col("r_est_date")
    return _Finding(
        UNREGISTERED,
        "unregistered",
        (F.col("r_status") == "存续") & (age > grace) & unknown,
        F.date_add(since, grace + 1),
        say("登记：存续，成立于", since, "，至", as_of, "满", age, f"天，超过{grace}天；税务：无登记、无申报"),
        say("Registration: 存续, established ", since, ", ", age, " days up to ", as_of,
            f" (more than {grace}); tax: no registration, no filing"),
        "核实是否实际经营；已开业的，提示办理税务信息确认",
        "Find out whether it operates; if it does, ask it to register with the tax office",
    )  # fmt: skip


def _unlicensed() -> _Finding:
    at_work = (F.col("t_status") == "正常") | (F.col("recent_filings") > 0)
    # a state whose day is not told has held since the day it was known at the latest
    void_since = F.coalesce("r_status_date", "r_known_at")
    last_sign = F.greatest("last_filing", "t_status_date")
    no_row = F.col("r_subject_id").isNull()
    void = F.col("r_status").isin(*VOID) & (void_since < last_sign)
    began = F.coalesce("t_registered_date", "t_status_date", "first_filing")
    tax_zh, tax_en = _tax_words()
    return _Finding(
        UNLICENSED,
        F.when(no_row, F.lit("no registration")).otherwise(F.col("r_status")),
        F.coalesce(at_work, F.lit(False)) & (no_row | void),
        F.when(no_row, began).otherwise(void_since),
        F.when(no_row, say("登记：无登记记录；", tax_zh)).otherwise(
            say("登记：", F.col("r_status"), "，自", void_since, "，早于", last_sign, "；", tax_zh)
        ),
        F.when(no_row, say("Registration: none; ", tax_en)).otherwise(
            say("Registration: ", F.col("r_status"), " since ", void_since,
                ", before ", last_sign, "; ", tax_en)
        ),
        "核对统一社会信用代码；属实的，现场核查是否无照经营",
        "Check the credit code first; if it is right, see on site whether it trades unlicensed",
    )  # fmt: skip


def _tax_words() -> tuple[Column, Column]:
    """The tax side: the state of the registration and the filings."""
    none, last, recent = F.col("t_status").isNull(), F.col("last_filing"), F.col("recent_filings")
    state = ("t_status", "t_status_date")
    zh = F.when(none, F.lit("税务：无登记")).otherwise(
        say("税务：", F.col(state[0]), "，自", F.col(state[1]))
    )
    en = F.when(none, F.lit("tax: no registration")).otherwise(
        say("tax: ", F.col(state[0]), " since ", F.col(state[1]))
    )
    filed_zh = say(f"，近{RECENT_DAYS}天申报", recent, "次，最近所属期止", last)
    filed_en = say(f", {RECENT_DAYS}-day filings: ", recent, ", last period ends ", last)
    no_filing = last.isNull()
    return (
        F.concat(zh, F.when(no_filing, F.lit("，无申报")).otherwise(filed_zh)),
        F.concat(en, F.when(no_filing, F.lit(", no filing")).otherwise(filed_en)),
    )


def _disagreements() -> list[_Finding]:
    """One finding for each field: both sides know the firm and tell different things of it."""
    both_known = F.greatest("r_known_at", "t_known_at")
    pair = F.col("t_address_id"), F.col("r_domicile_address_id"), F.col("r_operating_address_id")
    elsewhere = (
        pair[0].isNotNull()
        & F.coalesce(pair[1], pair[2]).isNotNull()
        & ~pair[0].eqNullSafe(pair[1])
        & ~pair[0].eqNullSafe(pair[2])
    )
    addresses = say(pair[1], "、", pair[2])
    status = (F.col("t_status") == "注销") & (F.col("r_status") == "存续")
    status_since = F.coalesce("t_status_date", both_known)
    name, scope = (normalised(F.col(f"t_{f}")) != normalised(F.col(f"r_{f}")) for f in _WORDED)
    return [
        _detail("status", status, status_since, F.col("t_status"), F.col("r_status")),
        _detail("name", name, both_known, F.col("t_name"), F.col("r_name")),
        _detail("address", elsewhere, both_known, pair[0], addresses),
        _detail("scope", scope, both_known, F.col("t_scope_text"), F.col("r_scope_text")),
    ]


_WORDED = ("name", "scope_text")
_FIELDS = {
    "status": (
        "状态",
        "核实是否停业：停业的应办理注销登记，仍经营的应恢复税务登记",
        "See whether it has ceased: then it should deregister, else register for tax again",
    ),
    "name": ("名称", "核对名称变更是否已到税务机关办理", "See whether tax was told of a new name"),
    "address": (
        "地址",
        "核实实际经营地址，提示办理地址变更",
        "See where it really is; advise a change",
    ),
    "scope": ("经营范围", "核对经营范围变更是否已办理", "See whether tax was told of a new scope"),
}
"""Of each field: its Chinese name, and the check in Chinese and English."""


def _detail(field: str, found: Column, since: Column, tax: Column, registered: Column) -> _Finding:
    zh, check_zh, check_en = _FIELDS[field]
    return _Finding(
        DETAILS,
        field,
        found,
        since,
        say(zh, "不一致。登记：", registered, "；税务：", tax),
        say("The ", field, " differs. Registration: ", registered, "; tax: ", tax),
        check_zh,
        check_en,
    )


def _records(judged: DataFrame, known: Known, as_of: datetime.date) -> DataFrame:
    """The rows of both sides; of the filings, for a licence, the recent ones or else the last."""
    about = judged.select("verdict_id", "subject_id", "rule")
    firms = about.select("subject_id").distinct()
    known = {
        table: rows.join(firms, "subject_id", "left_semi")
        for table, rows in known.items()
        if table in ("registration", "tax_registration", "tax_filing")
    }
    filings = _filings(known, as_of).where(F.col("event_date") <= F.lit(as_of))
    last = filings.groupBy("subject_id").agg(F.max("event_date").alias("last_filing"))
    shown = _recent(as_of) | (F.col("event_date") == F.col("last_filing"))
    rows = {
        "registration": _registrations(known),
        "tax_registration": _tax_registrations(known),
        "tax_filing": filings.join(last, "subject_id").where(shown),
    }
    unnamed = F.lit(None).alias("verdict_id")
    sides = union_all(records(side.select("*", unnamed), table) for table, side in rows.items())
    told = (F.col("table_name") != "tax_filing") | (F.col("rule") == UNLICENSED)
    found = sides.drop("verdict_id").join(about, "subject_id").where(told)
    return found.select(*sides.columns)


def _receipts_disagree(known: Known, pack: RulePack) -> Judged:
    """Totals of receipts that differ from what the firms filed, by cell, period and tax.

    A firm counts in the cell of its latest registration. A filing counts when period_start and tax
    are the total's, and period_end too where both tell it. Totals that were not delivered are not
    taken for 0.
    """
    totals = latest_by_key(table_or_empty(known, "tax_receipts", TAX_RECEIPTS), RECEIPT_KEYS)
    filed = _filed_in_cells(known, totals)
    # no window and no day: the sum of whole fen, held at the ends of BIGINT
    filed_sum = Rows(datetime.date.min).total("paid_fen").alias("filed_fen")
    sums = filed.groupBy(*RECEIPT_KEYS).agg(filed_sum)
    cell = F.concat_ws("|", "district", "industry_section")
    rows = (
        totals.join(sums, list(RECEIPT_KEYS), "left")
        .withColumn("subject_id", cell)
        .withColumn("total", F.col("paid_fen").cast("decimal(20,0)"))
        .withColumn("filed", F.coalesce("filed_fen", F.lit(0)).cast("decimal(20,0)"))
        .withColumn("gap", (F.col("total") - F.col("filed")).cast("decimal(20,0)"))
    )

    def behind(kept: DataFrame) -> DataFrame:
        keyed = verdict_id(COMPARISON, F.lit(RECEIPTS), _CELL_KEY)
        apart = totals.withColumn("subject_id", cell).withColumn("verdict_id", keyed)
        apart = apart.join(kept.select("verdict_id"), "verdict_id", "left_semi")
        filed = _filed_in_cells(known, apart).withColumn("subject_id", cell)
        filed = filed.withColumn("verdict_id", keyed)
        return records(apart, "tax_receipts").unionAll(records(filed, "tax_filing"))

    return Judged(_verdicts(_worded_receipts(rows, pack), pack, _CELL_KEY), behind)


def _worded_receipts(rows: DataFrame, pack: RulePack) -> DataFrame:
    """The rows beyond both tolerances, in words."""
    limits = pack.tax_comparison
    total, filed, gap = (F.col(name) for name in ("total", "filed", "gap"))
    beyond = F.abs(gap) * 100 > F.abs(total) * limits.receipts_percent
    sums = say(yuan(total), " − ", yuan(filed), " = ", yuan(gap))
    about = ("district", "industry_section", "tax", "period_start")
    district, section, tax, start = (F.col(name) for name in about)
    tolerance = yuan(F.lit(limits.receipts_fen))
    percent = f"{limits.receipts_percent}%"
    zh = say(district, "区", section, "门类，", tax, "，所属期自", start, "：入库合计 − 申报入库合计 = ",
             sums, "（元），超过", percent, "且超过", tolerance, "元")  # fmt: skip
    en = say("District ", district, ", section ", section, ", ", tax, ", period from ", start,
             ": receipts less filings = ", sums, " yuan, more than ", percent, " and than ",
             tolerance)  # fmt: skip
    check_en = "Look for unregistered taxpayers, wrong districts or sections, refunds"
    return (
        rows.where(beyond & (F.abs(gap) > limits.receipts_fen))
        .withColumn("rule", F.lit(RECEIPTS))
        .withColumn("value", gap.cast("string"))
        .withColumn("holds_from", F.coalesce("period_end", "period_start"))
        .withColumn("sum_zh", zh)
        .withColumn("sum_en", en)
        .withColumn("check_zh", F.lit("核对未登记户、所属区或行业门类有误、跨期入库和退税"))
        .withColumn("check_en", F.lit(check_en))
    )


def _filed_in_cells(known: Known, totals: DataFrame) -> DataFrame:
    """The filings that a total is compared with: their own columns, and `RECEIPT_KEYS`."""
    cells = _registrations(known).select(
        "subject_id", "district", F.substring("industry", 1, 1).alias("industry_section")
    )
    wanted = totals.select(*RECEIPT_KEYS, F.col("period_end").alias("total_end"))
    same_end = F.coalesce(F.col("period_end") == F.col("total_end"), F.lit(True))
    filings = table_or_empty(known, "tax_filing", TAX_FILING)
    periods = wanted.select("period_start", "tax").distinct()
    filings = filings.join(periods, ["period_start", "tax"], "left_semi")
    filings = latest_by_key(filings, ["subject_id", "period_start", "tax"], plan="hash")
    return filings.join(cells, "subject_id").join(wanted, list(RECEIPT_KEYS)).where(same_end)

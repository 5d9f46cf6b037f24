"""阻止出境: the state of every exit control, and the check that it is lifted once the tax is paid.

Only checked, never proposed: to control somebody is a decision of others. Who is controlled is not
read here, so no text can tell it.
"""

from __future__ import annotations

import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.citation import Sourced
from conf.rule_pack import RulePack
from features.rows import days_between
from models.grading.frames import Known, say, union_all, yuan
from models.grading.known import RECORD, last_of, state
from models.grading.lists import LIST, LIST_OWN
from models.grading.trace import Judged, records, verdict_id, verdicts

RULE = "exit_control"
RELEASE_DUE = "release_due"
LIFTED = "撤控"

EXIT_CONTROL = {
    "subject_id": "string",
    "control_no": "string",
    "arrears_no": "string",
    "state": "string",
    "state_date": "date",
}
TAX_ARREARS = {
    "subject_id": "string",
    "arrears_no": "string",
    "amount_fen": "bigint",
    "since_date": "date",
    "cleared_date": "date",
}
PROJECT_DEFAULT = Sourced(
    source="project default",
    note="The report names the states and that some firms paid; it does not say when to lift.",
)


def exit_controls(known: Known, as_of: datetime.date, pack: RulePack) -> Judged:
    """The state of every exit control as of the day. Family `list`, rule `exit_control`.

    One row a subject and control number. Value: the latest state by the day (布控, 续控, 阻止, 撤控;
    a state without a date counts from the day it was known), or `release_due` when the arrears are
    paid and the control is not lifted; then `days_since_paid` counts from the day of payment, and
    `holds_from` is the later of that day and the state's. Arrears that several records tell of are
    paid when all say so. No severity. Own columns: those of `lists.LIST_OWN`. Records: the
    control's states, and the arrears.
    """
    states = state(known, "exit_control", EXIT_CONTROL)
    since = F.coalesce("state_date", "known_at")
    states = states.withColumn("since", since).where(F.col("since") <= F.lit(as_of))
    latest = last_of(states, ("subject_id", "control_no"), "since")
    arrears = state(known, "tax_arrears", TAX_ARREARS).where(
        F.col("since_date").isNull() | (F.col("since_date") <= F.lit(as_of))
    )
    rows = latest.select("subject_id", "control_no", "arrears_no", "state", "since").join(
        _paid(arrears, as_of), ["subject_id", "arrears_no"], "left"
    )
    due = F.coalesce(F.col("paid_on").isNotNull() & (F.col("state") != LIFTED), F.lit(False))
    days = F.when(due, days_between(F.col("paid_on"), F.lit(as_of)))
    rows = rows.withColumn("due", due).withColumn("days_since_paid", days)
    own = {n: F.lit(None).cast(kind).alias(n) for n, kind in LIST_OWN.items()}
    told = rows.select(
        "subject_id",
        "control_no",
        F.when(due, F.lit(RELEASE_DUE)).otherwise(F.col("state")).alias("value"),
        F.when(due, F.greatest("paid_on", "since")).otherwise(F.col("since")).alias("holds_from"),
        _words(as_of, "zh").alias("sum_zh"),
        _words(as_of, "en").alias("sum_en"),
        *(F.col(n) if n == "days_since_paid" else column for n, column in own.items()),
    )
    made = verdicts(
        told,
        family=LIST,
        rule=RULE,
        key=("control_no",),
        pack=pack,
        sourced=PROJECT_DEFAULT,
        own=tuple(LIST_OWN),
    )
    of_arrears = latest.select("subject_id", "arrears_no", "control_no")
    behind_arrears = arrears.join(of_arrears, ["subject_id", "arrears_no"])
    behind = [(states, "exit_control"), (behind_arrears, "tax_arrears")]
    return Judged(made, union_all(records(_keyed(frame), table) for frame, table in behind))


def _keyed(rows: DataFrame) -> DataFrame:
    rows = rows.select("subject_id", "control_no", *(n for n, _ in RECORD))
    return rows.withColumn("verdict_id", verdict_id(LIST, F.lit(RULE), ("control_no",)))


def _paid(arrears: DataFrame, as_of: datetime.date) -> DataFrame:
    """subject_id, arrears_no, `owed` (fen) and `paid_on`: when the last record was paid, or NULL."""
    paid = F.col("cleared_date") <= F.lit(as_of)
    settled = F.count(F.when(paid, F.lit(1))) == F.count(F.lit(1))
    return arrears.groupBy("subject_id", "arrears_no").agg(
        F.max("amount_fen").alias("owed"),
        F.when(settled, F.max("cleared_date")).alias("paid_on"),
        F.count(F.lit(1)).alias("arrears_records"),
    )


def _words(as_of: datetime.date, language: str) -> Column:
    zh = language == "zh"
    number, now, since = F.col("arrears_no"), F.col("state"), F.col("since")
    paid, days = F.col("paid_on"), F.col("days_since_paid")
    owed = yuan(F.col("owed"))
    if zh:
        control = say("控制", F.col("control_no"), "自", since, "为", now)
        tax = say("欠税", number, "（", owed, "元）")
        due = say(tax, "已于", paid, f"结清，至{as_of}已", days, "天，未见撤控，应核对是否解除")
        open_ = say(tax, f"截至{as_of}未结清")
        done = say(tax, "已于", paid, "结清")
        unknown = say("欠税", number, "没有记录，无从核对是否结清")
    else:
        control = say("control ", F.col("control_no"), " is ", now, " since ", since)
        tax = say("the arrears ", number, " (", owed, " yuan)")
        due = say(
            tax, " were paid on ", paid, ", ", days, f" days before {as_of}, and it is not lifted: "
            "check whether it must be",
        )  # fmt: skip
        open_ = say(tax, f" are not paid on {as_of}")
        done = say(tax, " were paid on ", paid)
        unknown = say("no record of the arrears ", number, ": whether they are paid is unknown")
    rest = (
        F.when(F.col("due"), due)
        .when(F.col("arrears_records").isNull(), unknown)
        .when(paid.isNull(), open_)
        .otherwise(done)
    )
    return F.concat(control, F.lit("；" if zh else "; "), rest)

"""Repair and objection: a record that a decision took back leaves everything from that day on.

The decision is a record itself, with its two clocks: the target leaves once the decision is both
taken and known, and no day earlier. It leaves as if it had never come, from features, graph,
evidence and rules alike, because all of them start from what `without_repaired` gives.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from features.as_of import ARRIVAL_ORDER, RECORD_KEY

REPAIRABLE = (
    "penalty",
    "list_event",
    "complaint",
    "ad_monitor",
    "judgment",
    "enforcement",
    "points_event",
    "tax_arrears",
    "grade",
    "public_info",
)
"""Tables whose records a decision can take away.

What is not among them stays whatever is decided: a registration is corrected, not repaired, and a
case (`case_label`) ends by its own stage 排除, or a repair would erase what the model learns from. An
inspection found wrong is corrected by its department: taken away, it would bend every estimate made
from the draws.
"""

DECISION_COLUMNS = (
    "subject_id",
    "decision",
    "decision_no",
    "target_table",
    "target_record_id",
    "decided_date",
    "source",
    "source_dept",
    "source_record_id",
    "known_at",
    "file",
    "line",
)
"""A decision that takes a record away.

decision: repair or objection. decided_date: from when on; NULL when it was never dated. The rest
names the decision's own record.
"""

_DECISION_SCHEMA = ", ".join(
    f"{name} {({'decided_date': 'DATE', 'known_at': 'DATE', 'line': 'BIGINT'}).get(name, 'STRING')}"
    for name in DECISION_COLUMNS
)

Known = Mapping[str, DataFrame]


def without_repaired(known: Known, as_of: datetime.date) -> dict[str, DataFrame]:
    """The known tables without the records that a repair or a sustained objection took away.

    A record leaves when a repair with outcome 准予, decided by the day, names it, or an objection
    whose latest state by the day is 成立. Both name it by table and record id, and touch records of
    their own subject only. The tables repair and objection stay whole.

    Args:
        known: known states by table name (`features.as_of.known_tables`).
        as_of: the day they belong to.

    Returns:
        The same tables with the same columns; the very same frames when nothing can be repaired.
    """
    decisions = _decisions(known, as_of)
    if decisions is None:
        return dict(known)
    valid = decisions.where(F.col("decided_date").isNotNull())
    targets = valid.select(
        F.col("target_table").alias("gone_from"),
        F.col("target_record_id").alias("gone_record"),
        F.col("subject_id").alias("gone_subject"),
    ).distinct()
    named = (F.col("source_record_id") == F.col("gone_record")) & (
        F.col("subject_id") == F.col("gone_subject")
    )
    left = dict(known)
    for table in REPAIRABLE:
        if table in known:
            own = targets.where(F.col("gone_from") == table)
            left[table] = known[table].join(own, named, "left_anti")
    return left


def unmatched_repairs(known: Known, as_of: datetime.date) -> DataFrame:
    """The decisions that took nothing away, or more than one record: none is ignored silently.

    Args:
        known: known states before `without_repaired`: after it no target would be found.
        as_of: the day they belong to.

    Returns:
        `DECISION_COLUMNS` and `reason`, one row a decision: `table_not_repairable` (no table of
        `REPAIRABLE`), `undated` (nobody knows from when on it holds), `no_such_record`,
        `other_subject` (the record is there, but not of the decision's subject), or
        `several_records` (sources share the id: all of the subject's records of that id left).

    Raises:
        ValueError: no table at all is known.
    """
    decisions = _decisions(known, as_of)
    if decisions is None:
        if not known:
            raise ValueError("no table is known at all; expected at least one in `known`")
        session = next(iter(known.values())).sparkSession
        return session.createDataFrame([], f"{_DECISION_SCHEMA}, reason STRING")
    found = _found(known, decisions)
    keys = ("target_table", "target_record_id", "subject_id")
    told = decisions if found is None else decisions.join(found, list(keys), "left")
    if found is None:
        told = told.withColumn("own_", F.lit(0)).withColumn("others_", F.lit(0))
    own, others = F.coalesce("own_", F.lit(0)), F.coalesce("others_", F.lit(0))
    known_table = F.coalesce(F.col("target_table").isin(*REPAIRABLE), F.lit(False))
    reason = (
        F.when(~known_table, F.lit("table_not_repairable"))
        .when(F.col("decided_date").isNull(), F.lit("undated"))
        .when((own == 0) & (others > 0), F.lit("other_subject"))
        .when(own == 0, F.lit("no_such_record"))
        .when(own > 1, F.lit("several_records"))
    )
    told = told.withColumn("reason", reason).where(F.col("reason").isNotNull())
    return told.select(*DECISION_COLUMNS, "reason")


def latest_objections(objections: DataFrame, as_of: datetime.date) -> DataFrame:
    """The latest state of every objection by the day, one row a subject and objection number.

    The state with the latest `state_date` stands, of several of one day the one that came last. A
    state without a date, or dated after the day, is not reached yet.

    Args:
        objections: the known state of table objection.
        as_of: the day.

    Returns:
        The same columns.
    """
    newest = [F.col(name).desc() for name in ("state_date", *ARRIVAL_ORDER, *RECORD_KEY)]
    rank = F.row_number().over(Window.partitionBy("subject_id", "objection_no").orderBy(*newest))
    reached = objections.where(F.col("state_date") <= F.lit(as_of))
    latest = reached.withColumn("rank_", rank).where(F.col("rank_") == 1)
    return latest.select(*objections.columns)


def _decisions(known: Known, as_of: datetime.date) -> DataFrame | None:
    """`DECISION_COLUMNS` of what was granted or sustained by the day; None without either table."""
    parts = []
    if "repair" in known:
        decided = F.col("decided_date")
        granted = known["repair"].where(F.col("outcome") == "准予")
        granted = granted.where(decided.isNull() | (decided <= F.lit(as_of)))
        parts.append(_decision(granted, "repair", F.col("repair_no"), decided))
    if "objection" in known:
        dated = F.col("state_date")
        sustained = latest_objections(known["objection"], as_of)
        # One that was sustained on an unknown day takes nothing away, but is to be reported.
        undated = known["objection"].where(dated.isNull())
        states = sustained.unionByName(undated).where(F.col("state") == "成立")
        parts.append(_decision(states, "objection", F.col("objection_no"), dated))
    return reduce(DataFrame.unionByName, parts) if parts else None


def _decision(rows: DataFrame, kind: str, number: Column, decided: Column) -> DataFrame:
    said = {
        "decision": F.lit(kind),
        "decision_no": number,
        "decided_date": decided,
    }
    return rows.select(*(said.get(name, F.col(name)).alias(name) for name in DECISION_COLUMNS))


def _found(known: Known, decisions: DataFrame) -> DataFrame | None:
    """For each target the records of that id: `own_` of the subject, `others_` of other subjects."""
    keys = ["target_table", "target_record_id", "subject_id"]
    targets = decisions.select(*keys).distinct()
    there = [
        known[table].select(
            F.lit(table).alias("table_"),
            F.col("source_record_id").alias("id_"),
            F.col("subject_id").alias("of_"),
        )
        for table in REPAIRABLE
        if table in known
    ]
    if not there:
        return None
    records = reduce(DataFrame.unionByName, there)
    named = (F.col("target_table") == F.col("table_")) & (F.col("target_record_id") == F.col("id_"))
    same = F.col("of_").eqNullSafe(F.col("subject_id"))
    return (
        targets.join(records, named)
        .groupBy(*keys)
        .agg(
            F.count(F.when(same, F.lit(1))).alias("own_"),
            F.count(F.when(~same, F.lit(1))).alias("others_"),
        )
    )

"""Whom a list may be chosen from: the few of all scored firms that can have a place on it.

The rules that are applied here, inside the engine
- A district lists as many firms as it can inspect in the week of `as_of` (the latest `week_start`
  not after it); a district without a capacity gets the city's default.
- 注销 and 迁出 firms are never listed. A firm whose licence was revoked (吊销) takes only a place
  that no operating firm of its district takes. A firm without a status counts as operating.
- A firm under case (立案 or later, not 排除) takes no place. It stands in a section of its own
  while its latest stage is at most `case_recent_days` old or the model still flags it.
- A firm that was inspected lately without a finding rests (`models.risk.inspections`).

Who of them has a place is decided on the driver (`models.risk.list_places`): frames in, frames out,
and what `candidates` returns is small.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from models.risk.levels import ListPolicy

UNASSIGNED = "unassigned"
"""The district of a firm without one."""

STAGES = ("线索", "约谈", "立案", "起诉", "判决", "排除")
OFFICIAL_STAGES = ("立案", "起诉", "判决")
NOT_LISTED = ("注销", "迁出")
REVOKED = "吊销"

LIST, UNDER_CASE, NOWHERE = "list", "under_case", "none"
"""The queues a firm may stand in: it can be listed, it is shown under case, or neither."""

CASE_COLUMNS = {
    "stage": "case_stage",
    "stage_date": "case_date",
    "source": "case_source",
    "source_dept": "case_dept",
    "source_record_id": "case_record_id",
    "file": "case_file",
    "line": "case_line",
    "event_date": "case_event_date",
    "known_at": "case_known_at",
}
"""Columns of `official_cases`, and their names in `candidates`."""


def district_capacity(
    capacity: DataFrame, registration: DataFrame, as_of: date, default_inspections: int
) -> DataFrame:
    """How many firms each district can inspect in the week of `as_of`.

    `capacity` and `registration` are known states. One row for every district of either; columns
    district, inspections (INT), week_start (DATE, NULL for a default), basis, subjects (BIGINT,
    registered firms). `basis`: 'week' (a figure for the week of `as_of`), 'carried' (the latest
    figure is of an earlier week), 'default' (none, the city's default).
    """
    newest = Window.partitionBy("district").orderBy(
        F.col("week_start").desc(),
        F.col("known_at").desc(),
        F.col("batch_id").desc(),
        F.col("line").desc(),
    )
    latest = (
        capacity.where((F.col("week_start") <= F.lit(as_of)) & F.col("inspections").isNotNull())
        .withColumn("district", _district())
        .withColumn("_n", F.row_number().over(newest))
        .where("_n = 1")
        .select("district", "inspections", "week_start")
    )
    registered = (
        registration.select(_district().alias("district"))
        .groupBy("district")
        .agg(F.count(F.lit(1)).alias("subjects"))
    )
    week_is_now = F.date_add(F.col("week_start"), 7) > F.lit(as_of)
    return latest.join(registered, "district", "full_outer").select(
        "district",
        F.coalesce("inspections", F.lit(default_inspections)).cast("int").alias("inspections"),
        "week_start",
        F.when(F.col("week_start").isNull(), "default")
        .when(week_is_now, "week")
        .otherwise("carried")
        .alias("basis"),
        F.coalesce("subjects", F.lit(0)).cast("bigint").alias("subjects"),
    )


def official_cases(
    case_label: DataFrame, official_stages: Sequence[str] = OFFICIAL_STAGES
) -> DataFrame:
    """The firms under case, from the known state of `case_label`: one row a firm.

    A case counts by its latest stage: `official_stages` are the target's; 线索 and 约谈 are not
    yet official, 排除 ends it. Of several cases of a firm the one with the newest stage is given.
    Columns subject_id, stage, stage_date, and the record's source, source_dept, source_record_id,
    file, line, event_date, known_at.
    """
    order = F.coalesce(*(F.when(F.col("stage") == s, F.lit(i)) for i, s in enumerate(STAGES)))
    moment = F.coalesce("stage_date", "event_date", "known_at")
    staged = case_label.withColumn("_order", order).withColumn("_moment", moment)
    tail = [F.col("_order").desc_nulls_last(), F.col("known_at").desc()]
    tail += [F.col("batch_id").desc(), F.col("line").desc()]
    of_case = Window.partitionBy("case_id", "subject_id").orderBy(F.col("_moment").desc(), *tail)
    of_subject = Window.partitionBy("subject_id").orderBy(
        F.col("_moment").desc(), *tail[:1], F.col("case_id")
    )
    return (
        staged.withColumn("_n", F.row_number().over(of_case))
        .where(F.col("_n") == 1)
        .where(F.col("stage").isin(*official_stages))
        .withColumn("_n", F.row_number().over(of_subject))
        .where(F.col("_n") == 1)
        .select(
            "subject_id",
            "stage",
            F.col("_moment").alias("stage_date"),
            "source",
            "source_dept",
            "source_record_id",
            "file",
            "line",
            "event_date",
            "known_at",
        )
    )


def candidates(
    scores: DataFrame,
    registration: DataFrame,
    capacity: DataFrame,
    cases: DataFrame,
    previous: DataFrame,
    resting: DataFrame,
    as_of: date,
    policy: ListPolicy,
    seed: str,
) -> DataFrame:
    """The firms that can have a place on the list, and those of the list before.

    `scores` (subject_id, probability, margin, flagged), one row a firm; `registration` the known
    state, one row a firm; `capacity` of `district_capacity`; `cases` of `official_cases`;
    `previous` (subject_id) the firms of the list before, empty if there was none; `resting`
    (subject_id, inspected_date, rests): those inspected without a finding. `seed`: what the lot of
    the week is drawn with (`random_draw.draw_seed` without its district).

    Columns: subject_id, name, district, industry, status, probability, margin, flagged, queue,
    position (INT), draw_position (INT), listable (INT), inspections (INT), inspected_date, rests,
    case_stage, case_date, case_source, case_dept, case_record_id, case_file, case_line,
    case_event_date, case_known_at. `queue`: 'list', 'under_case' or 'none' (it cannot be listed).
    `position` counts within district and queue, highest margin first, equal margins by subject id;
    `draw_position` among the `listable` firms of the district in the order of the lot. Both are
    NULL outside the queue. Of each district come as many firms as could have a place, by either
    order, and the one that waits next.
    """
    standing = _standing(scores, registration, capacity, cases, previous, resting)
    gone = F.coalesce(F.col("status").isin(*NOT_LISTED), F.lit(False))
    since = F.date_sub(F.lit(as_of), policy.case_recent_days)
    in_case = F.col("_official") & ((F.col("case_date") >= since) | F.col("flagged"))
    can_list = ~F.col("_official") & ~gone & ~F.col("rests")
    queue = F.when(can_list, LIST).when(in_case, UNDER_CASE).otherwise(NOWHERE)
    of_queue = Window.partitionBy("district", "queue")
    in_turn = of_queue.orderBy(
        (F.coalesce(F.col("status"), F.lit("")) == REVOKED).cast("int"),
        F.col("margin").desc(),
        F.col("subject_id"),
    )
    by_lot = of_queue.orderBy("_lot", "subject_id")
    lot = F.sha2(F.concat(F.lit(seed + "|"), "district", F.lit("|"), "subject_id"), 256)
    # all firms of the list before may be held in their places: behind them others still wait
    reach = F.col("inspections") + F.col("_listed_before") + 1
    near = F.col("position") <= F.when(F.col("queue") == LIST, reach).otherwise(
        policy.under_case_limit
    )
    drawn = (F.col("queue") == LIST) & (F.col("draw_position") <= F.col("inspections"))
    queued = F.col("queue") != NOWHERE
    return (
        standing.withColumn("queue", queue)
        .withColumn("_lot", lot)
        .withColumn("position", F.row_number().over(in_turn))
        .withColumn("draw_position", F.row_number().over(by_lot))
        .withColumn("listable", F.count(F.lit(1)).over(of_queue).cast("int"))
        .withColumn("_listed_before", F.sum(F.col("_was_listed").cast("int")).over(of_queue))
        .where((queued & near) | drawn | F.col("_was_listed"))
        .select(
            "subject_id",
            "name",
            "district",
            "industry",
            "status",
            "probability",
            "margin",
            "flagged",
            "queue",
            *[F.when(queued, F.col(n)).alias(n) for n in ("position", "draw_position", "listable")],
            "inspections",
            "inspected_date",
            "rests",
            *CASE_COLUMNS.values(),
        )
    )


def _district() -> Any:
    named = F.trim(F.coalesce(F.col("district"), F.lit("")))
    return F.when(named == "", UNASSIGNED).otherwise(named)


def _standing(
    scores: DataFrame,
    registration: DataFrame,
    capacity: DataFrame,
    cases: DataFrame,
    previous: DataFrame,
    resting: DataFrame,
) -> DataFrame:
    """Every scored firm with its registration, its district's capacity, its case, its past."""
    firms = registration.select(
        "subject_id", "name", _district().alias("_district"), "industry", "status"
    )
    case_rows = cases.select(
        "subject_id", *(F.col(name).alias(to) for name, to in CASE_COLUMNS.items())
    )
    was_listed = previous.select("subject_id").distinct().withColumn("_was_listed", F.lit(True))
    return (
        scores.select("subject_id", "probability", "margin", "flagged")
        .join(firms, "subject_id", "left")
        # a firm scored without a registration row is never dropped
        .withColumn("district", F.coalesce("_district", F.lit(UNASSIGNED)))
        .join(capacity.select("district", "inspections"), "district", "left")
        .join(case_rows, "subject_id", "left")
        .join(was_listed, "subject_id", "left")
        .join(resting.select("subject_id", "inspected_date", "rests"), "subject_id", "left")
        .withColumn("rests", F.coalesce("rests", F.lit(False)))
        .withColumn("inspections", F.coalesce("inspections", F.lit(0)))
        .withColumn("_official", F.col("case_stage").isNotNull())
        .withColumn("_was_listed", F.coalesce("_was_listed", F.lit(False)))
    )

"""What inspections brought, and who rests after one.

A firm whose latest inspection found nothing (未发现问题) is not put on the list again for
`quiet_days`, unless a new fact speaks against it: since the list of that day a feature changed
that is a fact, and its odds rose by more than `hold`. A firm that could not be reached, that would
not be inspected, or where nothing was going on was not cleared and does not rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from models.risk.facts import changed_facts
from models.risk.levels import ListPolicy

NOTHING_FOUND = "未发现问题"
CONFIRMED = "移送线索"
RESOLVED = (NOTHING_FOUND, "责令整改", CONFIRMED)
"""Results that say whether a warning was right; only `CONFIRMED` says that it was."""

RESTING_SCHEMA = "subject_id string, inspected_date date, rests boolean"


def latest_inspections(inspection: DataFrame, as_of: date, policy: ListPolicy) -> DataFrame:
    """Each firm's latest inspection, if it found nothing and is younger than twice `quiet_days`.

    `inspection` is the known state. Columns subject_id, inspected_date; of several on one day the
    one that was known last counts. The older ones rest no more, but tell why a firm comes back.
    """
    days = 2 * policy.quiet_days
    newest = Window.partitionBy("subject_id").orderBy(
        F.col("inspected_date").desc(),
        F.col("known_at").desc(),
        F.col("batch_id").desc(),
        F.col("line").desc(),
    )
    day = F.col("inspected_date")
    lately = (day <= F.lit(as_of)) & (day > F.date_sub(F.lit(as_of), days))
    return (
        inspection.where(lately)
        .withColumn("_n", F.row_number().over(newest))
        .where((F.col("_n") == 1) & (F.col("result") == NOTHING_FOUND))
        .select("subject_id", "inspected_date")
    )


def resting(
    inspected: Iterable[Mapping[str, Any]],
    then: Iterable[Mapping[str, Any]],
    now: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    policy: ListPolicy,
    as_of: date,
) -> list[tuple[str, date, bool]]:
    """Who of the inspected rests on the day: subject_id, inspected_date, rests, by their ids.

    A firm inspected on day d rests from d to d + `quiet_days` - 1.

    `then` and `now`: rows of subject_id, probability and features, as of the list before the
    inspection and today. Whoever has no row in `then` rests: nothing says that anything is new.
    """
    old = {row["subject_id"]: row for row in then}
    new = {row["subject_id"]: row for row in now}
    changed = changed_facts(old.values(), new.values(), columns)
    result = []
    for row in sorted(inspected, key=lambda row: row["subject_id"]):
        subject = row["subject_id"]
        fresh = (
            subject in old
            and subject in new
            and bool(changed[subject])
            and odds(new[subject]["probability"]) > policy.hold * odds(old[subject]["probability"])
        )
        young = as_of < row["inspected_date"] + timedelta(days=policy.quiet_days)
        result.append((subject, row["inspected_date"], young and not fresh))
    return result


def odds(probability: float) -> float:
    """A probability as odds; certainty is a very large number, so that it can be compared."""
    return probability / (1 - probability) if probability < 1 else 1e17

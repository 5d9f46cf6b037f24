"""Groups followed from run to run: the gold tables `groups` and `group_events`.

`subject_features.group_id` is drawn from the day alone; here the ids go on from the run before.
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa
from pyspark.sql import DataFrame

from graphs.group_history import GroupHistory, follow_groups
from pipelines.lake import Lake
from pipelines.runs import Run, rows_of

GROUPS, GROUP_EVENTS = "groups", "group_events"
SHAPE_MEMBERS = "shape_members"


def followed_groups(
    lake: Lake, features: DataFrame, previous: Run | None, as_of: date
) -> GroupHistory:
    """The groups of `features` (subject_id, group_id) under the ids of the run before.

    `previous`: the last published run of an earlier day, None for the first; one that an older
    program made has no groups of its own, and the ids go on from those of its features.
    """
    today = features.select("subject_id", "group_id").toArrow()
    return follow_groups(_groups_of(lake, previous), today, as_of)


def _groups_of(lake: Lake, run: Run | None) -> pa.Table | None:
    if run is None:
        return None
    for table in (GROUPS, "subject_features"):
        if lake.exists("gold", table):
            rows = rows_of(lake, table, run)
            if {"subject_id", "group_id"} <= set(rows.columns):
                told = rows.select("subject_id", "group_id").toArrow()
                if told.num_rows:
                    return told
    return None

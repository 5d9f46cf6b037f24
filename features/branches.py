"""Features of branches: how many, how fast, over how many districts."""

from __future__ import annotations

from pyspark.sql import Column

from features.declaration import Theme
from features.rows import Rows, ratio

theme = Theme("branches", zh="分支机构", en="Branches")

OPEN = "closed IS NULL OR closed > {as_of}"

theme.note_rank(
    "branch_no", table="branch", by=("subject_id", "district"), where=OPEN, newest="opened"
)

theme.note_rank("opening_no", table="branch", by=("subject_id", "district"), newest="opened")


@theme.of_records(
    table="branch",
    where=OPEN,
    zh="分支机构数",
    en="Branches",
    unit="count",
    nothing=0,
    direction=1,
)
def branches(rows: Rows) -> Column:
    """Branches open on the day."""
    return rows.count()


@theme.of_records(
    table="branch",
    windows=(90, 365),
    clock="opened",
    zh="新设分支机构数",
    en="Branches opened",
    unit="count",
    nothing=0,
    direction=1,
)
def branches_opened(rows: Rows) -> Column:
    """Branches opened within the window, also those closed since."""
    return rows.count()


@theme.of_records(
    table="branch",
    windows=(365,),
    clock="closed",
    zh="关闭分支机构数",
    en="Branches closed",
    unit="count",
    nothing=0,
    direction=1,
)
def branches_closed(rows: Rows) -> Column:
    """Branches closed within the window."""
    return rows.count()


@theme.of_records(
    table="branch",
    where=f"({OPEN}) AND branch_no = 1",
    zh="分支机构覆盖区县数",
    en="Districts with branches",
    unit="count",
    nothing=0,
    direction=1,
)
def branch_districts(rows: Rows) -> Column:
    """Different districts in which branches are open on the day."""
    return rows.count()


@theme.derived(
    zh="一年内新设分支占比",
    en="Share of branches opened in a year",
    unit="ratio",
    nothing=None,
    direction=1,
)
def branch_burst(
    branches_opened_365d: Column, branches: Column, branches_closed_365d: Column
) -> Column:
    """Branches opened in the last year over those that stood in it; NULL without any."""
    return ratio(branches_opened_365d, branches + branches_closed_365d)


@theme.of_records(
    table="branch",
    where="opening_no = 1",
    windows=(365,),
    clock="opened",
    zh="新设分支机构覆盖区县数",
    en="Districts with new branches",
    unit="count",
    nothing=0,
    direction=1,
)
def new_branch_districts(rows: Rows) -> Column:
    """Different districts in which a branch was opened within the window, also those closed since."""
    return rows.count()

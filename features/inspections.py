"""Features of inspections: what inspectors wrote down by the day.

Three things keep them honest:

- An inspection speaks from the day its result was known, in the version known by then, like every
  other record. A result set right later changes nothing before.
- 移送线索 (suspicion handed on) is all but the label: a firm so marked is already with those who open
  cases, and to predict its case is no warning. `inspection_leads` tells of it and stands in no set,
  so no model learns from it, and no other feature counts it as a finding.
- Where a list of this software sent the inspectors (`list_run_id`), being inspected is the echo of an
  earlier score. Such visits are not counted as visits; what they found is counted, for it is a fact.
"""

from __future__ import annotations

from pyspark.sql import Column

from features.declaration import EVER, Theme
from features.rows import Rows

theme = Theme("inspections", zh="检查结果", en="Inspections")

SENT_OTHERWISE = "list_run_id IS NULL"


@theme.of_records(
    table="inspection",
    where=SENT_OTHERWISE,
    windows=(365,),
    zh="接受检查次数（非预警派出）",
    en="Inspections that no warning list sent",
    unit="count",
    nothing=0,
    direction=0,
)
def inspections(rows: Rows) -> Column:
    """Inspections by lot, for a reason or in a campaign, but not those sent by a list of warnings."""
    return rows.count()


@theme.of_records(
    table="inspection",
    where=SENT_OTHERWISE,
    zh="距最近检查天数（非预警派出）",
    en="Days since an inspection that no warning list sent",
    unit="days",
    nothing=None,
    direction=0,
)
def days_since_inspection(rows: Rows) -> Column:
    """Days since the last inspection that no list of warnings sent; NULL when there is none."""
    return rows.days_since_latest()


@theme.of_records(
    table="inspection",
    where="result = '责令整改'",
    windows=(EVER, 365),
    zh="检查责令整改次数",
    en="Faults found by inspectors",
    unit="count",
    nothing=0,
    direction=1,
)
def inspection_faults(rows: Rows) -> Column:
    """Inspections that found a fault and ordered it to be set right."""
    return rows.count()


@theme.of_records(
    table="inspection",
    where="result IN ('无法联系', '未发现经营活动')",
    windows=(365,),
    zh="检查无法联系或未见经营次数",
    en="Inspectors found nobody",
    unit="count",
    nothing=0,
    direction=1,
)
def inspections_unmet(rows: Rows) -> Column:
    """Inspections that could not reach the firm, or found no business at its address."""
    return rows.count()


@theme.of_records(
    table="inspection",
    where="result = '不予配合'",
    windows=(365,),
    zh="不配合检查次数",
    en="Inspectors were refused",
    unit="count",
    nothing=0,
    direction=1,
)
def inspections_refused(rows: Rows) -> Column:
    """Inspections that the firm refused or hindered."""
    return rows.count()


@theme.of_records(
    table="inspection",
    where="result = '未发现问题'",
    windows=(365,),
    zh="检查未发现问题次数",
    en="Inspections that found nothing",
    unit="count",
    nothing=0,
    direction=-1,
)
def inspections_passed(rows: Rows) -> Column:
    """Inspections that looked and found nothing wrong."""
    return rows.count()


@theme.of_records(
    table="inspection",
    where="result = '移送线索'",
    zh="检查移送线索次数",
    en="Inspectors handed on a suspicion",
    unit="count",
    nothing=0,
    direction=1,
)
def inspection_leads(rows: Rows) -> Column:
    """Inspections that handed on a suspicion of illegal fundraising. In no set: all but the label."""
    return rows.count()

"""The planted rule faults of a synthetic city against what the rules found of them.

The truth file is the simulator's; this module only knows which verdict answers which fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyspark.sql import functions as F
from rich.table import Table

from pipelines.assembling import known_lake
from pipelines.reader import CityLake
from pipelines.runs import rows_of

FOUND_BY: Mapping[str, tuple[str, str]] = {
    "not_registered_with_tax": ("tax_comparison", "rule = 'not_registered_with_tax'"),
    "no_valid_licence": ("tax_comparison", "rule = 'no_valid_licence'"),
    "details_disagree_name": ("tax_comparison", "rule = 'details_disagree' and value = 'name'"),
    "details_disagree_address": (
        "tax_comparison", "rule = 'details_disagree' and value = 'address'"
    ),
    "details_disagree_scope": ("tax_comparison", "rule = 'details_disagree' and value = 'scope'"),
    "receipts_disagree": ("tax_comparison", "rule = 'receipts_disagree'"),
    "points_locked": ("points", "value in ('locked', 'unlocked')"),
    "points_not_locked": ("points", "value in ('locked', 'unlocked')"),
    "tax_spread": ("grades", "rule = 'tax_spread'"),
    "tax_barred": ("grades", "rule = 'tax_retention' and barred_by is not null"),
    "exit_release_due": ("list_states", "rule = 'exit_control' and value = 'release_due'"),
    "grade_conflict": ("grades", "rule = 'conflict'"),
}  # fmt: skip
"""Which verdicts tell of a planted fault: the gold table and the condition."""
LOOKALIKES = frozenset({"points_not_locked"})
"""What was planted so as not to be found."""
LEAVES = {"repaired_record": "penalty", "sustained_objection": "list_event"}
"""Faults whose record, named by `other_id`, must have left the known state of the table."""


@dataclass(frozen=True)
class Finding:
    """Of one kind: how many were planted, how many of them found, how many others were said to be."""

    fault: str
    planted: int
    found: int
    others: int | None

    @property
    def wanted(self) -> int:
        """How many should be found."""
        return 0 if self.fault in LOOKALIKES else self.planted


def rule_findings(city: CityLake, truth: Path, as_of: Any = None) -> list[Finding]:
    """What became of every planted rule fault in the run published for the date."""
    run = city.run(as_of)
    planted: dict[str, list[dict[str, Any]]] = {}
    for row in pq.read_table(truth).to_pylist():
        if row["since"] <= run.as_of:
            planted.setdefault(row["fault"], []).append(row)
    findings = []
    for fault, (table, condition) in FOUND_BY.items():
        rows = rows_of(city.lake, table, run).where(condition).select("subject_id").distinct()
        said = set(rows.toArrow().column(0).to_pylist())
        subjects = {row["subject_id"] for row in planted.get(fault, [])}
        findings.append(Finding(fault, len(subjects), len(subjects & said), len(said - subjects)))
    known = known_lake(city.lake, run.as_of)
    for fault, table in LEAVES.items():
        ids = {row["other_id"] for row in planted.get(fault, [])}
        there = known[table].where(F.col("source_record_id").isin(sorted(ids)))
        left = ids - {row["source_record_id"] for row in there.select("source_record_id").collect()}
        findings.append(Finding(fault, len(ids), len(left), None))
    return findings


def findings_shown(findings: list[Finding], pack: str | None) -> Table:
    """The findings as a table of at most 80 columns."""
    table = Table(title=f"Planted rule faults, judged by {pack}", title_justify="left")
    for name in ("fault", "planted", "to be found", "found", "others said so"):
        table.add_column(name, justify="left" if name == "fault" else "right")
    for one in findings:
        others = "" if one.others is None else str(one.others)
        style = None if one.found == one.wanted else "red"
        table.add_row(one.fault, str(one.planted), str(one.wanted), str(one.found), others,
                      style=style)  # fmt: skip
    table.caption = "Others: honest firms of which the rules say the same (natural, or false)."
    return table

"""The matrix of business risk by business credit: which cell a subject is in, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.citation import Sourced
from conf.rule_pack import RulePack
from models.grading.frames import verdicts_of_rules
from models.grading.issued_grades import grades_in_force
from models.grading.known import RECORD
from models.grading.trace import Judged, records, verdict_id
from models.grading.wording import chosen, day_text, with_origin

FAMILY = "cell"
RULE = "business_matrix"


def business_cells(known: Mapping[str, DataFrame], as_of: date, pack: RulePack) -> Judged:
    """The cell of every subject that has both a risk class and a credit grade in force.

    Family `cell`, rule `business_matrix`, value such as A-Ⅰ; standing and citation are the cell's.
    Held while both grades are. Own columns: `risk`, `credit`, `measure_zh`, `measure_en`. Records:
    the two grades. With one of the two, or a value that is no class of its scheme, nothing is said.
    """
    matrix = pack.business_matrix
    grades = grades_in_force(known, as_of, pack)
    risk = _side(grades, matrix.risk_scheme, "risk")
    credit = _side(grades, matrix.credit_scheme, "credit")
    rows = risk.join(credit, "subject_id").withColumn("value", F.concat_ws("-", "risk", "credit"))
    cells = {f"{c.risk}-{c.credit}": c for c in matrix.cells}
    cell = F.col("value")
    rows = rows.where(cell.isin(list(cells))).select(
        "*",
        chosen(cell, {k: c.severity for k, c in cells.items()}).cast("int").alias("severity"),
        F.greatest("risk_from", "credit_from").alias("holds_from"),
        F.least("risk_to", "credit_to").alias("holds_to"),
        chosen(cell, {k: c.measure_zh for k, c in cells.items()}).alias("measure_zh"),
        chosen(cell, {k: c.measure_en for k, c in cells.items()}).alias("measure_en"),
    )
    rows = _worded(rows, cells, pack)
    rows = with_origin(rows.withColumn("rule", F.lit(RULE)), F.col("value"), cells, pack)
    own = ("risk", "credit", "measure_zh", "measure_en")
    made = verdicts_of_rules(rows, family=FAMILY, key=(), pack=pack, own=own)
    behind = grades.where(F.col("scheme").isin(matrix.risk_scheme, matrix.credit_scheme))
    behind = behind.select("subject_id", *(n for n, _ in RECORD)).join(
        rows.select("subject_id"), "subject_id"
    )
    behind = behind.withColumn("verdict_id", verdict_id(FAMILY, F.lit(RULE), ()))
    return Judged(made, records(behind, "grade"))


def _side(grades: DataFrame, scheme: str, name: str) -> DataFrame:
    """One axis: `subject_id`, its value, and its days."""
    return grades.where(F.col("scheme") == scheme).select(
        "subject_id",
        F.col("grade").alias(name),
        F.col("valid_from").alias(f"{name}_from"),
        F.col("valid_to").alias(f"{name}_to"),
    )


def _worded(rows: DataFrame, cells: Mapping[str, Sourced], pack: RulePack) -> DataFrame:
    schemes, matrix = pack.grades.schemes, pack.business_matrix
    risk, credit = schemes[matrix.risk_scheme], schemes[matrix.credit_scheme]
    # What the report does not give must not read like law.
    own = {k: "（本格为项目默认，并非文件原文）" for k, c in cells.items() if c.source != "cited"}
    own_en = dict.fromkeys(own, " (a project default, not the text of a law)")
    began, began_en = _began("risk", "（自", "起）"), _began("risk", " (from ", ")")
    credited = _began("credit", "（自", "起）")
    credited_en = _began("credit", " (from ", ")")
    return rows.withColumn(
        "sum_zh",
        F.concat(
            F.lit(risk.zh), began, F.lit(" × "), F.lit(credit.zh), credited, F.lit(" = "),
            F.col("value"), F.lit("："), F.col("measure_zh"), chosen(F.col("value"), own, ""),
        ),
    ).withColumn(
        "sum_en",
        F.concat(
            F.lit(f"{risk.en} "), began_en, F.lit(f" x {credit.en} "), credited_en, F.lit(" = "),
            F.col("value"), F.lit(": "), F.col("measure_en"), chosen(F.col("value"), own_en, ""),
        ),
    )  # fmt: skip


def _began(axis: str, before: str, behind: str) -> Column:
    """The axis's value and the day it began."""
    return F.concat(F.col(axis), F.lit(before), day_text(F.col(f"{axis}_from")), F.lit(behind))

"""Who may do what to whom, on which basis: the measures that follow from the verdicts of a day.

法无规定不可为: a measure whose instrument is not in force on the day has no row at all. Whether the
instrument's text was read, or is known by name only, is printed with every measure.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.citation import Basis, Instrument, Sourced
from conf.consequence_kinds import Measure
from conf.rule_pack import RulePack
from models.grading.frames import holds_on, no_records, say, union_all, verdicts_of_rules
from models.grading.trace import RECORD_COLUMNS, Judged, citation_words

MEASURE = "measure"
MATRIX_RULE = "business_matrix"
"""The rule of the measures that the cells of the business matrix state themselves."""

MEASURE_OWN = (
    "measure_zh",
    "measure_en",
    "department",
    "effect",
    "basis",
    "basis_read",
    "quota_a_year",
    "because",
)
"""The own columns of a measure.

measure_zh, measure_en: what may be done. department: by whom. effect: incentive, supervision or
restriction. basis: instrument, number and article. basis_read: whether any passage of the
instrument was read. quota_a_year: inspections it asks for, else NULL. because: the verdict_id of
what it follows from.
"""

_TRIGGERED = (
    "rule string, kind string, of string, value string, years int, measure_zh string, "
    "measure_en string, department string, effect string, basis string, basis_read boolean, "
    "quota_a_year int, fact_zh string, fact_en string, standing string, citation string, "
    "begins date, ends date"
)


def measures(
    judged: Sequence[Judged],
    standing_grades: DataFrame,
    grade_history: DataFrame,
    pack: RulePack,
    as_of: datetime.date,
) -> Judged:
    """The measures of a day: one row for each verdict or grade that calls for one.

    Args:
        judged: verdicts of any families, with their records: those of family 'cell' (value such as
            A-Ⅰ), 'list' (rule the list, value 'listed'), 'points' (rule the points' rule, value
            'locked') and 'composite' (value the class) call for measures, the records of all are
            looked up. At least one.
        standing_grades: subject_id, scheme, value, verdict_id, holds_from, holds_to.
        grade_history: subject_id, scheme, period (INT, a year), value: for measures that ask for a
            grade held years on end. The last `years_on_end` years up to the subject's latest must
            all be there, with no other value.
        pack: whose `measures`, and cells of `business_matrix`, say what follows from what.
        as_of: the day: the verdict must hold and the basis be in force on it.

    Returns:
        Verdicts of family 'measure' (rule the measure's name, or `MATRIX_RULE`; value what it
        follows from), then `MEASURE_OWN`. It holds while both verdict and basis do. Records: those
        of the verdict that it follows from.
    """
    session = standing_grades.sparkSession
    triggered = session.createDataFrame(_triggers(pack, as_of), _TRIGGERED)
    rows = (
        _facts(judged, standing_grades)
        .where(holds_on(as_of))
        .join(triggered, ["kind", "of", "value"])
        .join(_long_held(grade_history, pack), ["rule", "subject_id"], "left")
        .where((F.col("years") == 1) | F.col("until_year").isNotNull())
        .withColumn("holds_from", F.greatest("holds_from", "begins"))
        .withColumn("holds_to", F.least("holds_to", "ends"))
        .withColumn("sum_zh", _words(chinese=True))
        .withColumn("sum_en", _words(chinese=False))
    )
    found = verdicts_of_rules(rows, family=MEASURE, key=["because"], pack=pack, own=MEASURE_OWN)
    return Judged(found, lambda kept: _records(kept, judged))


def _facts(judged: Sequence[Judged], standing_grades: DataFrame) -> DataFrame:
    """What may call for a measure: kind, of, value, subject_id, because, holds_from, holds_to."""
    days = ("subject_id", F.col("verdict_id").alias("because"), "holds_from", "holds_to")
    of = F.when(F.col("family").isin("list", "points"), F.col("rule")).otherwise(F.lit(""))
    facts = [
        verdict.verdicts.where(F.col("family").isin("cell", "list", "points", "composite")).select(
            F.col("family").alias("kind"), of.alias("of"), "value", *days
        )
        for verdict in judged
    ]
    grades = standing_grades.select(
        F.lit("grade").alias("kind"), F.col("scheme").alias("of"), "value", *days
    )
    return union_all([*facts, grades])


def _long_held(history: DataFrame, pack: RulePack) -> DataFrame:
    """rule, subject_id, until_year: who held the grade as long as a measure asks for."""
    asking = [m for m in pack.measures.measures.values() if m.trigger.years_on_end > 1]
    frames = [_held(history, measure) for measure in asking]
    if not frames:
        schema = "rule string, subject_id string, until_year int"
        return history.sparkSession.createDataFrame([], schema)
    return union_all(frames)


def _held(history: DataFrame, measure: Measure) -> DataFrame:
    trigger = measure.trigger
    good = F.when(F.col("value").isin(*trigger.values), F.lit(1)).otherwise(F.lit(0))
    # a year with two values counts as the worse: it was not held throughout
    years = (
        history.where(F.col("scheme") == (trigger.of or ""))
        .groupBy("subject_id", "period")
        .agg(F.min(good).alias("good"))
    )
    last = years.groupBy("subject_id").agg(F.max("period").alias("until_year"))
    return (
        years.join(last, "subject_id")
        .where(F.col("period") > F.col("until_year") - trigger.years_on_end)
        .groupBy("subject_id", "until_year")
        .agg(F.sum("good").alias("held"))
        .where(F.col("held") == trigger.years_on_end)
        .select(F.lit(measure.name).alias("rule"), "subject_id", F.col("until_year").cast("int"))
    )


def _triggers(pack: RulePack, as_of: datetime.date) -> list[tuple[Any, ...]]:
    """The rows of `_TRIGGERED`: each measure whose basis is in force, for each of its values."""
    rows: list[tuple[Any, ...]] = []
    for measure in pack.measures.measures.values():
        trigger = measure.trigger
        assert measure.basis is not None  # the loader refuses a measure without one
        done = (measure.zh, measure.en, measure.department, measure.effect)
        for value in trigger.values:
            called = (measure.name, trigger.kind, trigger.of or "", value, trigger.years_on_end)
            told = _fact(pack, trigger.kind, trigger.of or "", value)
            quota = measure.quota_a_year
            rows += _triggered(pack, as_of, called, done, measure.basis, quota, told, measure)
    matrix = pack.business_matrix
    for cell in matrix.cells:
        value = f"{cell.risk}-{cell.credit}"
        done = (cell.measure_zh, cell.measure_en, matrix.department, "supervision")
        called = (MATRIX_RULE, "cell", "", value, 1)
        told = _fact(pack, "cell", "", value)
        rows += _triggered(pack, as_of, called, done, matrix.basis, None, told, cell)
    return rows


def _triggered(
    pack: RulePack,
    as_of: datetime.date,
    called: tuple[Any, ...],
    done: tuple[str, ...],
    basis: Basis,
    quota: int | None,
    told: tuple[str, str],
    sourced: Sourced,
) -> Iterable[tuple[Any, ...]]:
    found = pack.instruments[basis.instrument]
    if not found.in_force(as_of):
        return []
    founded = (_basis_words(found, basis), bool(found.passages), quota)
    origin = (sourced.source, citation_words(sourced, pack))
    return [(*called, *done, *founded, *told, *origin, found.effective_from, found.effective_to)]


def _basis_words(found: Instrument, basis: Basis) -> str:
    return f"《{found.title}》（{found.number}）{basis.article}"


def _fact(pack: RulePack, kind: str, of: str, value: str) -> tuple[str, str]:
    """What a measure follows from, in Chinese and in English."""
    if kind == "grade":
        scheme = pack.grades.schemes[of]
        return f"{scheme.zh}为{value}", f"{scheme.en} is {value}"
    if kind == "list":
        entry = pack.lists.lists[of]
        return f"在{entry.zh}上", f"on the list: {entry.en}"
    if kind == "points":
        rule = pack.points.points[of]
        return f"{rule.zh}已锁入", f"{rule.en}: locked"
    if kind == "cell":
        return f"三类四级为{value}", f"business cell {value}"
    return f"综合信用为{value}", f"composite grade {value}"


def _words(*, chinese: bool) -> Column:
    """`纳税信用等级为A，连续3年（2014—2016）；依据《…》（…）…`."""
    first, until = F.col("until_year") - F.col("years") + 1, F.col("until_year")
    if chinese:
        run = say("，连续", F.col("years"), "年（", first, "—", until, "）")
        basis, unread = "；依据", "（仅知名称，未读条文）"
    else:
        run = say(", ", F.col("years"), " years on end (", first, "-", until, ")")
        basis, unread = "; basis: ", " (known by name, text not read)"
    return F.concat(
        F.col("fact_zh" if chinese else "fact_en"),
        F.when(F.col("years") > 1, run).otherwise(F.lit("")),
        F.lit(basis),
        F.col("basis"),
        F.when(F.col("basis_read"), F.lit("")).otherwise(F.lit(unread)),
    )


def _records(found: DataFrame, judged: Sequence[Judged]) -> DataFrame:
    """The records of the verdicts that measures follow from, under the measure's own id."""
    if not judged:
        return no_records(found)
    names = [name for name, _ in RECORD_COLUMNS]
    behind = union_all(j.records.select(*names) for j in judged)
    behind = behind.withColumnRenamed("verdict_id", "because").drop("subject_id")
    wanted = found.select("verdict_id", "subject_id", "because")
    return wanted.join(behind, "because").select(*names)
